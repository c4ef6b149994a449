package console

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	books "effigate/domain/period" // period is a word of this package
	"effigate/domain/terms"
	rows "effigate/readmodels/staff"
)

type timerBody struct {
	Fresh
	rows.Timer
}

type startTimerBody struct {
	Contract     uuid.UUID `json:"contract" format:"uuid"`
	JobType      string    `json:"job_type" minLength:"1" maxLength:"200"`
	Zone         string    `json:"zone" maxLength:"64" example:"Australia/Sydney" doc:"IANA name, in which the person works."`
	WorkKind     string    `json:"work_kind,omitempty" enum:",ticket,task"`
	WorkID       uuid.UUID `json:"work_id,omitzero" format:"uuid"`
	SupportLevel string    `json:"support_level,omitempty" enum:",standard,priority,24x7"`
	TimerTexts
}

// TimerTexts are what the record of a timer will say.
type TimerTexts struct {
	Description string `json:"description,omitempty" maxLength:"20000" doc:"What the client will read."`
	Note        string `json:"note,omitempty" maxLength:"20000" doc:"Internal."`
}

type stopTimerBody struct {
	Submit bool `json:"submit,omitempty" doc:"Hand the record in, if it is complete."`
}

func (c *Console) registerTimer() {
	get(c, "read-timer", "/timer", "The own timer", access.LogTime, func(ctx context.Context, tx pgx.Tx, r reader, _ *struct{ Reading }) (b timerBody, err error) {
		b.Timer, err = rows.TimerOf(ctx, tx, r.Actor.Person.UUID)
		return b, err
	})
	writing(c, access.LogTime, post("start-timer", "/timer/start", "Start the own timer", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked startTimerBody) (commands.Answer, error) {
			return c.commands.StartTimer(ctx, r, commands.StartTimer{
				Contract: domain.ContractID{UUID: asked.Contract}, Work: books.Work{Kind: books.WorkKind(asked.WorkKind), ID: asked.WorkID},
				JobType: asked.JobType, SupportLevel: terms.SupportLevel(asked.SupportLevel), Zone: asked.Zone,
				Description: asked.Description, Note: asked.Note,
			})
		})
	writing(c, access.LogTime, post("describe-timer", "/timer/describe", "Say what the own timer is for", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked TimerTexts) (commands.Answer, error) {
			return c.commands.DescribeTimer(ctx, r, commands.DescribeTimer(asked))
		})
	writing(c, access.LogTime, post("stop-timer", "/timer/stop", "Stop the own timer and log the time", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked stopTimerBody) (commands.Answer, error) {
			return c.commands.StopTimer(ctx, r, commands.StopTimer(asked))
		})
	writing(c, access.LogTime, post("discard-timer", "/timer/discard", "Stop the own timer and log nothing", http.StatusOK),
		func(ctx context.Context, r commands.Request, _ *nothing) (commands.Answer, error) {
			return c.commands.DiscardTimer(ctx, r, commands.DiscardTimer{})
		})
}

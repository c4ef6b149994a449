package portal

import (
	"context"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// OveragePath is embedded in the input of what concerns one request for hours beyond the bought ones.
type OveragePath struct {
	ID string `path:"id" doc:"The request's id, a UUID."`
}

type listOverageInput struct {
	Reading
	State  string `query:"state" enum:"asked,allowed,refused,all" default:"all" doc:"asked: it waits for your answer."`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type overageListBody struct {
	Fresh
	Items []client.OverageRequest `json:"items" nullable:"false"`
	Next  string                  `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type overageBody struct {
	Fresh
	client.OverageRequest
}

type answerInput struct {
	web.Write
	After
	OveragePath
	Body answerBody
}

type answerBody struct {
	Allow  bool   `json:"allow" doc:"Whether work may go on beyond the bought hours, for as long as was asked for."`
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

func (p *Portal) registerOverage() {
	web.Register(p.API, access.ReadContracts, get("list-overage-requests", "/overage-requests", "Requests for hours beyond the bought ones, newest first"), p.listOverage)
	web.Register(p.API, access.ReadContracts, get("read-overage-request", "/overage-requests/{id}", "One such request"),
		func(ctx context.Context, actor domain.Actor, in *struct {
			Reading
			OveragePath
		},
		) (*answered[overageBody], error) {
			id, err := web.ID(in.ID)
			if err != nil {
				return nil, err
			}
			return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (overageBody, error) {
				found, err := client.ReadOverageRequest(ctx, tx, v, id)
				return overageBody{OverageRequest: found}, err
			})
		})
	web.Register(p.API, access.AcceptContracts, post("answer-overage-request", "/overage-requests/{id}/answer", "Allow or refuse the hours, after a fresh proof of who you are"),
		func(ctx context.Context, actor domain.Actor, in *answerInput) (*written, error) {
			r, err := p.request(ctx, actor, in.Write, "/overage-requests/"+in.ID+"/answer", in.Body)
			if err != nil {
				return nil, err
			}
			return p.write(r, func() (Answer, error) { return p.answerOverage(ctx, r, in.After, in.ID, in.Body) })
		})
}

func (p *Portal) listOverage(ctx context.Context, actor domain.Actor, in *listOverageInput) (*answered[overageListBody], error) {
	cursor, err := p.openCursor(actor, in.Cursor)
	if err != nil {
		return nil, err
	}
	filter := client.OverageFilter{State: in.State, After: cursor, Limit: in.Limit}
	if in.State == "all" {
		filter.State = ""
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (overageListBody, error) {
		items, next, err := client.ListOverageRequests(ctx, tx, v, filter)
		return overageListBody{Items: items, Next: p.sealCursor(actor, next)}, err
	})
}

// answerOverage answers for the organisation. Whether anybody has answered before is for the command to know.
func (p *Portal) answerOverage(ctx context.Context, r Request, since After, text string, said answerBody) (Answer, error) {
	id, err := web.ID(text)
	if err != nil {
		return Answer{}, err
	}
	var about client.OverageRequest
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		about, err = client.ReadOverageRequest(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	answer, err := p.commands.AnswerOverage(ctx, r, OverageAnswer{
		Contract: about.ContractID, Month: about.Month, Request: id, Allow: said.Allow, Reason: said.Reason,
	})
	answer.ID = id
	return answer, err
}

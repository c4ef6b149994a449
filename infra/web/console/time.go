package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	books "effigate/domain/period" // period is a word of this package
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type listTimeInput struct {
	Reading
	Page
	Contract string `query:"contract" maxLength:"36" doc:"A contract's id."`
	Person   string `query:"person" maxLength:"36" doc:"Whose time; whoever sees the own time alone gets that."`
	Month    string `query:"month" maxLength:"7" example:"2026-03" doc:"The period that it counts in."`
	State    string `query:"state" enum:"draft,submitted,returned,approved,discarded,moved" doc:"Absent for all that was neither discarded nor is on its way to another period."`
	From     string `query:"from" format:"date" doc:"The first day."`
	Until    string `query:"to" format:"date" doc:"The last day."`
}

type timesBody struct {
	Fresh
	Items  []rows.TimeLine   `json:"items" nullable:"false" doc:"From the latest day back."`
	People map[string]string `json:"people" doc:"Names by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type timeInput struct {
	Reading
	ID string `path:"id" doc:"The record's id, a UUID."`
}

// partPrice is the price of a part.
type partPrice books.Price

// partBody is a stretch of a record under one condition.
type partBody struct {
	Condition     string     `json:"condition"`
	From          *time.Time `json:"from,omitempty"`
	Until         *time.Time `json:"until,omitempty"`
	Seconds       int64      `json:"seconds" doc:"Raw."`
	BilledMinutes int        `json:"billed_minutes" doc:"Its share of the rounded record."`
	DrawnMinutes  int        `json:"drawn_minutes"`
	Price         partPrice  `json:"price,omitzero" doc:"The rate row that won, and why; absent where nothing is priced, and for a role that may not see it."`
	Worth         string     `json:"worth,omitempty" doc:"At that price, before tax, to ten digits after the point."`
}

type timeBody struct {
	Fresh
	rows.TimeLine
	Source   rows.TimeSource    `json:"source" doc:"How it came to be."`
	Parts    []partBody         `json:"parts" nullable:"false" doc:"How it was split, rounded and priced when it was approved."`
	Overlap  []rows.TimeLine    `json:"overlap" nullable:"false" doc:"What the person logged for the same time."`
	Charged  []rows.ChargedTime `json:"charged" nullable:"false" doc:"The lines of invoices and of drafts that charge it or take it back; none for a role that may not see invoices."`
	Currency string             `json:"currency,omitempty" doc:"Of the prices."`
	People   map[string]string  `json:"people" doc:"Names by id."`
	Parked   *rows.Parked       `json:"parked,omitempty" doc:"There when an event of the period could not be applied: what is shown ends before it."`
}

// TimeEntry is work as somebody enters it.
type TimeEntry struct {
	JobType      string     `json:"job_type" minLength:"1" maxLength:"200"`
	From         *time.Time `json:"from,omitempty" doc:"With until; or give day and minutes."`
	Until        *time.Time `json:"until,omitempty"`
	Day          string     `json:"day,omitempty" format:"date" doc:"With minutes, in the contract's zone."`
	Minutes      int        `json:"minutes,omitempty" minimum:"0" maximum:"100000"`
	BreakMinutes int        `json:"break_minutes,omitempty" minimum:"0" maximum:"100000"`
	Zone         string     `json:"zone" maxLength:"64" example:"Australia/Sydney" doc:"IANA name, in which the person works."`
	Condition    string     `json:"condition,omitempty" enum:",regular,after_hours,weekend,holiday,emergency" doc:"With minutes; or emergency."`
	Billing      string     `json:"billing,omitempty" enum:",included,no_charge,non_billable" doc:"Absent when it is charged."`
	Reason       string     `json:"reason,omitempty" maxLength:"2000" doc:"Internal: why it is not charged."`
	Description  string     `json:"description,omitempty" maxLength:"20000" doc:"What the client reads."`
	Note         string     `json:"note,omitempty" maxLength:"20000" doc:"Internal."`
	WorkKind     string     `json:"work_kind,omitempty" enum:",ticket,task"`
	WorkID       uuid.UUID  `json:"work_id,omitzero" format:"uuid" doc:"The ticket or task."`
	SupportLevel string     `json:"support_level,omitempty" enum:",standard,priority,24x7" doc:"Of the work item; absent for the contract's."`
}

// entry is what a command takes.
func (b TimeEntry) entry() books.Entry {
	e := books.Entry{
		Work: books.Work{Kind: books.WorkKind(b.WorkKind), ID: b.WorkID}, JobType: b.JobType, SupportLevel: terms.SupportLevel(b.SupportLevel),
		Day: calendar.Date(b.Day), Seconds: int64(b.Minutes) * 60, BreakSeconds: int64(b.BreakMinutes) * 60, Zone: b.Zone,
		Condition: hours.Condition(b.Condition), Billing: books.Billing(b.Billing), Reason: b.Reason, Description: b.Description, Note: b.Note,
	}
	if b.From != nil {
		e.From = b.From.UTC()
	}
	if b.Until != nil {
		e.Until = b.Until.UTC()
	}
	return e
}

type logTimeBody struct {
	TimeEntry
	Contract uuid.UUID `json:"contract" format:"uuid"`
	Submit   bool      `json:"submit,omitempty" doc:"Hand it in at once, if it is complete."`
}

type reviseTimeBody struct {
	TimeEntry
	Submit bool `json:"submit,omitempty" doc:"Hand it in at once."`
}

// TimesOf names records of one period.
type TimesOf struct {
	Contract uuid.UUID   `json:"contract" format:"uuid"`
	Month    string      `json:"month" pattern:"^[0-9]{4}-[0-9]{2}$" example:"2026-03" doc:"The period that has them."`
	Times    []uuid.UUID `json:"times" minItems:"1" maxItems:"200" nullable:"false" doc:"All or none."`
}

type returnTimeBody struct {
	TimesOf
	Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"What is to be changed."`
}

type correctTimeBody struct {
	Reason string     `json:"reason" minLength:"1" maxLength:"2000"`
	Entry  *TimeEntry `json:"entry,omitempty" doc:"What takes its place; absent when it was wrong altogether."`
}

func (c *Console) registerTime() {
	get(c, "list-time", "/time", "Time records by filter", access.ReadTime, c.listTime)
	get(c, "read-time", "/time/{id}", "One time record with how it was split and priced", access.ReadTime, c.readTime)
	logging := post("log-time", "/time", "Log the own time", http.StatusCreated)
	writing(c, access.LogTime, logging, func(ctx context.Context, r commands.Request, asked logTimeBody) (commands.Answer, error) {
		return c.commands.LogTime(ctx, r, commands.LogTime{
			Contract: domain.ContractID{UUID: asked.Contract}, Entry: asked.entry(), Submit: asked.Submit,
		})
	})
	editing(c, access.LogTime, post("revise-time", "/time/{id}/revise", "Replace the own draft or returned record", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked reviseTimeBody) (commands.Answer, error) {
			on, err := c.timeAt(ctx, access.LogTime, id)
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.ReviseTime(ctx, r, commands.ReviseTime{
				Contract: on.contract, Month: on.month, Time: on.time, Entry: asked.entry(), Submit: asked.Submit,
			})
		})
	editing(c, access.LogTime, post("discard-time", "/time/{id}/discard", "Throw away the own draft or returned record", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, _ *nothing) (commands.Answer, error) {
			on, err := c.timeAt(ctx, access.LogTime, id)
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.DiscardTime(ctx, r, commands.DiscardTime{Contract: on.contract, Month: on.month, Time: on.time})
		})
	editing(c, access.ManagePeriods, post("correct-time", "/time/{id}/correct", "Reverse a record of a closed period, and replace it", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked correctTimeBody) (commands.Answer, error) {
			on, err := c.timeAt(ctx, access.ManagePeriods, id)
			if err != nil {
				return commands.Answer{}, err
			}
			correct := commands.CorrectTime{Contract: on.contract, Month: on.month, Time: on.time, Reason: asked.Reason}
			if asked.Entry != nil {
				entry := asked.Entry.entry()
				correct.Entry = &entry
			}
			return c.commands.CorrectTime(ctx, r, correct)
		})
	c.registerApproval()
}

func (c *Console) registerApproval() {
	writing(c, access.LogTime, post("submit-time", "/time/submit", "Hand own records in for approval", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked TimesOf) (commands.Answer, error) {
			return c.commands.SubmitTime(ctx, r, commands.SubmitTime{Contract: asked.contract(), Month: asked.month(), Times: timeIDs(asked.Times)})
		})
	writing(c, access.ApproveTime, post("approve-time", "/time/approve", "Approve records", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked TimesOf) (commands.Answer, error) {
			return c.commands.ApproveTime(ctx, r, commands.ApproveTime{Contract: asked.contract(), Month: asked.month(), Times: timeIDs(asked.Times)})
		})
	writing(c, access.ApproveTime, post("return-time", "/time/return", "Hand records back to who logged them", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked returnTimeBody) (commands.Answer, error) {
			return c.commands.ReturnTime(ctx, r, commands.ReturnTime{
				Contract: asked.contract(), Month: asked.month(), Times: timeIDs(asked.Times), Reason: asked.Reason,
			})
		})
	writing(c, access.ManagePeriods, post("move-time", "/time/move", "Move what nobody approved to the next period", http.StatusOK),
		func(ctx context.Context, r commands.Request, asked TimesOf) (commands.Answer, error) {
			return c.commands.MoveTime(ctx, r, commands.MoveTime{Contract: asked.contract(), Month: asked.month(), Times: timeIDs(asked.Times)})
		})
}

func (b TimesOf) contract() domain.ContractID { return domain.ContractID{UUID: b.Contract} }
func (b TimesOf) month() calendar.Month       { return calendar.Month(b.Month) }

func timeIDs(plain []uuid.UUID) []domain.TimeID {
	ids := make([]domain.TimeID, len(plain))
	for i, id := range plain {
		ids[i] = domain.TimeID{UUID: id}
	}
	return ids
}

// stand is where a record stands, and what it is about.
type stand struct {
	contract domain.ContractID
	month    calendar.Month
	time     domain.TimeID
	work     books.Work
	level    terms.SupportLevel
}

func standOf(ctx context.Context, tx pgx.Tx, id uuid.UUID) (stand, error) {
	found, err := rows.TimeByID(ctx, tx, id)
	at := stand{
		contract: domain.ContractID{UUID: found.Contract}, month: calendar.Month(found.Month), time: domain.TimeID{UUID: id},
		work: books.Work{Kind: books.WorkKind(found.WorkKind)}, level: terms.SupportLevel(found.SupportLevel),
	}
	if found.WorkID != nil {
		at.work.ID = *found.WorkID
	}
	return at, err
}

// timeAt finds the period that has a record. Whether the actor may touch it is the command's business.
func (c *Console) timeAt(ctx context.Context, needed access.Permission, id uuid.UUID) (at stand, err error) {
	_, err = c.read(ctx, web.LoginOf(ctx), needed, domain.Position{}, func(tx pgx.Tx, _ reader) (err error) {
		at, err = standOf(ctx, tx, id)
		return err
	})
	return at, err
}

// ownAlone reports whether the reader sees no time but the own.
func (r reader) ownAlone() bool { return access.ScopeOf(r.Actor.Role, access.ReadTime) == access.Own }

func (c *Console) listTime(ctx context.Context, tx pgx.Tx, r reader, in *listTimeInput) (b timesBody, err error) {
	filter := rows.TimeFilter{Month: in.Month, From: in.From, Until: in.Until, Limit: in.Limit}
	if in.State != "" {
		filter.Statuses = []string{in.State}
	}
	if filter.Contract, err = optionalID(in.Contract, "contract"); err != nil {
		return b, err
	}
	if filter.Person, err = optionalID(in.Person, "person"); err != nil {
		return b, err
	}
	if r.ownAlone() {
		filter.Person = r.Actor.Person.UUID
	}
	if filter.After, err = rows.ParseTimeCursor(in.Cursor); err != nil {
		return b, wrongField("cursor", "must be one that a list gave")
	}
	items, next, err := rows.Times(ctx, tx, filter)
	if err != nil {
		return b, err
	}
	b.Items, b.Next = items, next.String()
	b.People, err = c.people(ctx, tx, peopleOf(items))
	return b, err
}

// peopleOf lists who did, logged, approved or returned records.
func peopleOf(times []rows.TimeLine) []uuid.UUID {
	var ids []uuid.UUID
	for _, t := range times {
		ids = append(ids, given(t.Person, t.LoggedBy, t.StatusBy)...)
	}
	return ids
}

func (c *Console) readTime(ctx context.Context, tx pgx.Tx, r reader, in *timeInput) (b timeBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	return c.timeInFull(ctx, tx, r, id)
}

// timeInFull is a record with everything that the reader may see of it.
func (c *Console) timeInFull(ctx context.Context, tx pgx.Tx, r reader, id uuid.UUID) (b timeBody, err error) {
	if b.TimeLine, err = rows.TimeByID(ctx, tx, id); err != nil {
		return b, err
	}
	own := b.Person != nil && *b.Person == r.Actor.Person.UUID
	if r.ownAlone() && !own {
		return b, domain.Refuse(domain.ErrForbidden, "not_yours", "time record %s is another person's", id)
	}
	if b.Parts, err = explained(b.TimeLine, r.may(access.ReadPeriods), r.may(access.ReadRates)); err != nil {
		return b, err
	}
	if slices.ContainsFunc(b.Parts, func(part partBody) bool { return part.Price.Unit != "" }) {
		c.peeked(ctx, "prices of time record", id)
	}
	if err := decoded(b.TimeRecord.Source, &b.Source); err != nil {
		return b, fmt.Errorf("decode source of time record %s: %w", id, err)
	}
	if b.Overlap, err = rows.Overlapping(ctx, tx, id); err != nil {
		return b, err
	}
	b.Charged = []rows.ChargedTime{}
	if r.may(access.ReadInvoices) {
		if b.Charged, err = rows.ChargesOfTime(ctx, tx, id); err != nil {
			return b, err
		}
	}
	if r.may(access.ReadPeriods) {
		if b.Currency, err = rows.CurrencyOf(ctx, tx, b.Contract); err != nil {
			return b, err
		}
	}
	stream := books.Stream(domain.ContractID{UUID: b.Contract}, calendar.Month(b.Month))
	if b.Parked, err = parked(ctx, tx, stream); err != nil {
		return b, err
	}
	b.People, err = c.people(ctx, tx, peopleOf(append([]rows.TimeLine{b.TimeLine}, b.Overlap...)))
	return b, err
}

// decoded reads a JSON column; an empty one leaves the value as it is.
func decoded(column string, into any) error {
	if column == "" {
		return nil
	}
	return json.NewDecoder(strings.NewReader(column)).Decode(into)
}

// explained says how an approved record was split, rounded and, for whoever may see it, priced.
func explained(t rows.TimeLine, valued, priced bool) ([]partBody, error) {
	approved := books.TimeApproved{Staff: books.TimeApprovedStaff{Line: t.Line}}
	if err := decoded(t.Parts, &approved.Staff.Parts); err != nil {
		return nil, fmt.Errorf("decode parts of time record %s: %w", t.ID, err)
	}
	parts, worth := make([]partBody, len(approved.Staff.Parts)), approved.Worth()
	for i, part := range approved.Staff.Parts {
		parts[i] = partBody{
			Condition: string(part.Condition), From: momentOf(part.From), Until: momentOf(part.Until), Seconds: part.Seconds,
			BilledMinutes: part.BilledMinutes, DrawnMinutes: part.DrawnMinutes,
		}
		if valued && part.Price.Unit != "" {
			parts[i].Worth = worth[i].String()
		}
		if priced {
			parts[i].Price = partPrice(part.Price)
		}
	}
	return parts, nil
}

// momentOf is nil for the zero instant.
func momentOf(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

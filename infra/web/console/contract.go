package console

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type listContractsInput struct {
	Reading
	Page
	Client   string `query:"client" maxLength:"36" doc:"A client's id."`
	State    string `query:"state" enum:"draft,in_review,offered,accepted,active,suspended,expired,terminated"`
	Expiring bool   `query:"expiring" doc:"The renewal queue: what is in force and ends soon, by its end."`
}

type contractsBody struct {
	Fresh
	Items []rows.Scope `json:"items" nullable:"false" doc:"By reference; the renewal queue by end."`
	Next  string       `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type contractInput struct {
	Reading
	ID string `path:"id" doc:"The contract's id, a UUID."`
}

// termsBody are terms as far as the reader may see them.
type termsBody struct {
	Agreed terms.Agreed `json:"agreed"`
	Staff  *terms.Staff `json:"staff,omitempty" doc:"How it is charged; absent for a role that may not see that."`
}

// shown are terms as a reader may see them.
func (r reader) shown(all terms.Terms) termsBody {
	if !r.may(access.ReadTerms) {
		return termsBody{Agreed: all.Agreed}
	}
	return termsBody{Agreed: all.Agreed, Staff: &all.Staff}
}

type contractBody struct {
	Fresh
	rows.Scope
	Terms     termsBody                `json:"terms" doc:"Of the version in force."`
	Statement string                   `json:"statement" doc:"What the client is or was asked to agree to."`
	Lines     []rows.LineHours         `json:"lines" nullable:"false" doc:"The ledger of bought hours by line."`
	Work      []rows.JobTypeHours      `json:"work" nullable:"false" doc:"What each job type has taken."`
	Forecasts []rows.Forecast          `json:"forecasts" nullable:"false" doc:"The newest of each line."`
	Alerts    []rows.HoursAlert        `json:"alerts" nullable:"false" doc:"The newest first."`
	Released  []rows.MilestoneReleased `json:"released" nullable:"false" doc:"Entries of the schedule that are billable."`
	Spend     *spendBody               `json:"spend,omitempty" doc:"What the present month has come to; absent for a role that may not see periods."`
	Parked    *rows.Parked             `json:"parked,omitempty" doc:"There when an event of the contract could not be applied: what is shown ends before it."`
}

func (b contractBody) revision() int64 { return b.Revision }

type draftContractBody struct {
	Reference    string          `json:"reference" minLength:"1" maxLength:"200" example:"CON-2024-018"`
	Type         string          `json:"type,omitempty" enum:"bucket,fixed,time_and_materials,retainer"`
	JobTypes     []terms.JobType `json:"job_types,omitempty" maxItems:"200" nullable:"false"`
	SupportLevel string          `json:"support_level,omitempty" enum:"standard,priority,24x7"`
	Starts       string          `json:"starts,omitempty" format:"date" example:"2026-01-01"`
	Ends         string          `json:"ends,omitempty" format:"date" doc:"The last day; absent when open-ended."`
	Terms        *terms.Terms    `json:"terms,omitempty" doc:"Everything that the contract says, instead of type, job types, level and days, which make a plain one."`
	Activate     bool            `json:"activate,omitempty" doc:"Put the contract in force at once."`
}

// terms are those given, or those of a plain contract.
func (b draftContractBody) terms() terms.Terms {
	if b.Terms != nil {
		return *b.Terms
	}
	plain := terms.Plain(terms.Type(b.Type), terms.SupportLevel(b.SupportLevel), calendar.Date(b.Starts), b.JobTypes...)
	plain.Agreed.Ends = calendar.Date(b.Ends)
	return plain
}

type draftContractInput struct {
	web.Write
	ID   string `path:"id" doc:"The client's id, a UUID."`
	Body draftContractBody
}

type reviseContractBody struct {
	Reference string      `json:"reference" minLength:"1" maxLength:"200"`
	Terms     terms.Terms `json:"terms"`
}

type offerContractBody struct {
	Statement string `json:"statement" minLength:"1" maxLength:"20000" doc:"What the client is asked to agree to, word for word."`
}

type paperBody struct {
	Paper string `json:"paper" minLength:"1" maxLength:"200" doc:"Where the paper is that the client signed."`
}

// reasonBody is a body of one reason.
type reasonBody struct {
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Internal."`
}

type renewContractBody struct {
	Ends string `json:"ends" format:"date" doc:"The new last day."`
}

type terminateContractBody struct {
	Ends   string `json:"ends,omitempty" format:"date" doc:"The last day, not after today; absent for today."`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Internal."`
}

func (c *Console) registerContracts() {
	get(c, "list-all-contracts", "/contracts", "Contracts by filter", access.ReadContracts, c.listAllContracts)
	get(c, "list-contracts", "/clients/{id}/contracts", "The contracts of a client", access.ReadContracts, c.listContracts)
	get(c, "read-contract", "/contracts/{id}", "One contract with its hours", access.ReadContracts, c.readContract)
	drafting := post("draft-contract", "/clients/{id}/contracts", "Draft a contract with a client", http.StatusCreated)
	web.Register(c.API, access.ManageContracts, drafting, func(ctx context.Context, actor domain.Actor, in *draftContractInput) (*written, error) {
		id, request, err := c.edit(actor, Edit{Write: in.Write, ID: in.ID}, drafting.Path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(c.draftContract(ctx, request, id, in.Body))
	})
	c.registerContractLife()
	c.registerVersions()
	c.registerAmendments()
	c.registerBuckets()
}

// editingContract registers a command on a contract.
func editingContract[B any](
	c *Console, needed access.Permission, act, summary string, run func(context.Context, commands.Request, domain.ContractID, B) (commands.Answer, error),
) {
	editing(c, needed, post(act+"-contract", "/contracts/{id}/"+act, summary, http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked B) (commands.Answer, error) {
			return run(ctx, r, domain.ContractID{UUID: id}, asked)
		})
}

func (c *Console) registerContractLife() {
	type id = domain.ContractID
	editingContract(c, access.ManageContracts, "revise", "Replace the terms of a draft",
		func(ctx context.Context, r commands.Request, id id, asked reviseContractBody) (commands.Answer, error) {
			return c.commands.ReviseContract(ctx, r, commands.ReviseContract{Contract: id, Reference: asked.Reference, Terms: asked.Terms})
		})
	editingContract(c, access.ManageContracts, "submit", "Hand a draft in for internal review",
		func(ctx context.Context, r commands.Request, id id, _ *nothing) (commands.Answer, error) {
			return c.commands.SubmitContract(ctx, r, commands.SubmitContract{Contract: id})
		})
	editingContract(c, access.ManageContracts, "return", "Send a contract back to draft",
		func(ctx context.Context, r commands.Request, id id, asked reasonBody) (commands.Answer, error) {
			return c.commands.ReturnContract(ctx, r, commands.ReturnContract{Contract: id, Reason: asked.Reason})
		})
	editingContract(c, access.ManageContracts, "offer", "Show a reviewed contract to the client",
		func(ctx context.Context, r commands.Request, id id, asked offerContractBody) (commands.Answer, error) {
			return c.commands.OfferContract(ctx, r, commands.OfferContract{Contract: id, Statement: asked.Statement})
		})
	editingContract(c, access.ManageContracts, "accept", "Record that the client signed the offer on paper",
		func(ctx context.Context, r commands.Request, id id, asked paperBody) (commands.Answer, error) {
			return c.commands.AcceptContract(ctx, r, commands.AcceptContract{Contract: id, Evidence: contract.Evidence{Paper: asked.Paper}})
		})
	editingContract(c, access.ManageContracts, "decline", "Record that the client declined the offer",
		func(ctx context.Context, r commands.Request, id id, asked reasonBody) (commands.Answer, error) {
			return c.commands.DeclineContract(ctx, r, commands.DeclineContract{Contract: id, Reason: asked.Reason})
		})
	editingContract(c, access.ApproveContracts, "activate", "Put a contract in force",
		func(ctx context.Context, r commands.Request, id id, _ *nothing) (commands.Answer, error) {
			return c.commands.ActivateContract(ctx, r, commands.ActivateContract{Contract: id})
		})
	editingContract(c, access.ApproveContracts, "suspend", "Stop new work under a contract",
		func(ctx context.Context, r commands.Request, id id, asked reasonBody) (commands.Answer, error) {
			return c.commands.SuspendContract(ctx, r, commands.SuspendContract{Contract: id, Reason: asked.Reason})
		})
	editingContract(c, access.ApproveContracts, "resume", "End a suspension",
		func(ctx context.Context, r commands.Request, id id, _ *nothing) (commands.Answer, error) {
			return c.commands.ResumeContract(ctx, r, commands.ResumeContract{Contract: id})
		})
	editingContract(c, access.ApproveContracts, "renew", "Move the last day",
		func(ctx context.Context, r commands.Request, id id, asked renewContractBody) (commands.Answer, error) {
			return c.commands.RenewContract(ctx, r, commands.RenewContract{Contract: id, Ends: calendar.Date(asked.Ends)})
		})
	editingContract(c, access.ApproveContracts, "terminate", "End a contract in force",
		func(ctx context.Context, r commands.Request, id id, asked terminateContractBody) (commands.Answer, error) {
			return c.commands.TerminateContract(ctx, r, commands.TerminateContract{Contract: id, Ends: calendar.Date(asked.Ends), Reason: asked.Reason})
		})
}

// today is the day that contracts are read on: that of UTC.
func (c *Console) today() calendar.Date { return calendar.DateOf(c.now(), time.UTC) }

func (c *Console) listAllContracts(ctx context.Context, tx pgx.Tx, r reader, in *listContractsInput) (b contractsBody, err error) {
	filter := rows.ContractFilter{Status: in.State, Expiring: in.Expiring, Limit: in.Limit}
	if filter.Client, err = optionalID(in.Client, "client"); err != nil {
		return b, err
	}
	if filter.After, err = optionalID(in.Cursor, "cursor"); err != nil {
		return b, err
	}
	items, next, err := rows.Contracts(ctx, tx, filter, c.today())
	b.Items, b.Next = r.scopes(items), idOf(next)
	return b, err
}

// optionalID reads an id that may be left out.
func optionalID(text, field string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil && text != "" {
		return uuid.Nil, wrongField(field, "must be a UUID")
	}
	return id, nil
}

func (c *Console) listContracts(ctx context.Context, tx pgx.Tx, r reader, in *clientInput) (b contractsBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if _, err = rows.ClientByID(ctx, tx, id); err != nil {
		return b, err
	}
	items, err := rows.ContractsOf(ctx, tx, id, c.today())
	b.Items = r.scopes(items)
	return b, err
}

// scopes leaves out of contracts what the reader may not see: why one ended is said among those who know how it is
// charged.
func (r reader) scopes(contracts []rows.Scope) []rows.Scope {
	if !r.may(access.ReadTerms) {
		for i := range contracts {
			contracts[i].EndedBecause = ""
		}
	}
	return contracts
}

func (c *Console) readContract(ctx context.Context, tx pgx.Tx, r reader, in *contractInput) (b contractBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	found, err := c.contractInFull(ctx, tx, r, id)
	if err != nil {
		return b, err
	}
	if !r.may(access.ReadTerms) {
		found.EndedBecause = ""
		for i := range found.Released {
			found.Released[i].Amount = ""
		}
	}
	found.Terms = r.shown(found.terms)
	return found.contractBody, nil
}

// fullContract is a contract with everything that its page and its API tell of it. Its terms are not yet cut to
// what the reader may see.
type fullContract struct {
	contractBody
	terms terms.Terms
}

func (c *Console) contractInFull(ctx context.Context, tx pgx.Tx, r reader, id uuid.UUID) (f fullContract, err error) {
	if f.Scope, err = rows.ContractByID(ctx, tx, id, c.today()); err != nil {
		return f, err
	}
	version, err := rows.VersionByNumber(ctx, tx, id, f.Version)
	if err != nil {
		return f, err
	}
	f.terms = version.Terms
	if f.Statement, err = rows.ContractStatement(ctx, tx, id); err != nil {
		return f, err
	}
	if f.Lines, err = rows.HoursByLine(ctx, tx, id); err != nil {
		return f, err
	}
	if f.Work, err = rows.HoursByJobType(ctx, tx, id); err != nil {
		return f, err
	}
	if f.Forecasts, err = rows.LatestForecasts(ctx, tx, id); err != nil {
		return f, err
	}
	if f.Alerts, err = rows.HoursAlerts(ctx, tx, id, 20); err != nil {
		return f, err
	}
	if f.Released, err = rows.MilestonesReleased(ctx, tx, id); err != nil {
		return f, err
	}
	if r.may(access.ReadPeriods) {
		if f.Spend, err = c.spendOf(ctx, r, f.Scope); err != nil {
			return f, err
		}
	}
	f.Parked, err = parked(ctx, tx, contract.Stream(domain.ContractID{UUID: id}))
	return f, err
}

// draftContract may run two commands, each with an id of its own that derives from the one key: a repeat
// completes what failed in between.
func (c *Console) draftContract(ctx context.Context, r commands.Request, client uuid.UUID, asked draftContractBody) (commands.Answer, error) {
	drafted, err := c.commands.DraftContract(ctx, r, commands.DraftContract{
		Client: domain.ClientID{UUID: client}, Reference: asked.Reference, Terms: asked.terms(),
	})
	if err != nil || !asked.Activate {
		return drafted, err
	}
	r.Route += " and activate"
	return c.commands.ActivateContract(ctx, r, commands.ActivateContract{Contract: domain.ContractID{UUID: drafted.ID}})
}

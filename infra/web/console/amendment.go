package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Amendment is an amendment with its approvals, as far as the reader may see it.
type Amendment struct {
	rows.Proposal
	Approved []rows.Approval `json:"approvals" nullable:"false" doc:"The first one first."`
}

type amendmentsBody struct {
	Fresh
	Items  []Amendment       `json:"items" nullable:"false" doc:"The newest first."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
}

type oneAmendmentBody struct {
	Fresh
	Amendment
	Terms       termsBody         `json:"terms" doc:"As they would be."`
	Differences []differenceBody  `json:"differences" nullable:"false" doc:"From the version that it changes."`
	People      map[string]string `json:"people" doc:"The names of the people in here, by id."`
}

type amendmentInput struct {
	Reading
	ID        string `path:"id" doc:"The contract's id, a UUID."`
	Amendment string `path:"aid" doc:"The amendment's id, a UUID."`
}

type proposeAmendmentBody struct {
	Base      int             `json:"base,omitempty" minimum:"0" doc:"The version that was read, so that a newer one is not undone; absent for the newest."`
	Effective string          `json:"effective" format:"date" doc:"The day from which it is to hold."`
	Statement string          `json:"statement" minLength:"1" maxLength:"20000" doc:"What the client is asked to agree to, word for word."`
	Reason    string          `json:"reason" maxLength:"2000" doc:"Internal."`
	Value     decimal.Decimal `json:"value,omitzero" required:"false" doc:"By how much the contract's value changes."`
	Terms     terms.Terms     `json:"terms" doc:"As they are to be."`
}

func (c *Console) registerAmendments() {
	get(c, "list-amendments", "/contracts/{id}/amendments", "The amendments of a contract", access.ReadContracts, c.listAmendments)
	get(c, "read-amendment", "/contracts/{id}/amendments/{aid}", "One amendment with what it changes", access.ReadContracts, c.readAmendment)
	proposing := post("propose-amendment", "/contracts/{id}/amendments", "Propose the next version of the terms", http.StatusCreated)
	editing(c, access.ManageContracts, proposing, func(ctx context.Context, r commands.Request, id uuid.UUID, asked proposeAmendmentBody) (commands.Answer, error) {
		return c.commands.ProposeAmendment(ctx, r, commands.ProposeAmendment{
			Contract: domain.ContractID{UUID: id}, Base: asked.Base, Effective: calendar.Date(asked.Effective), Statement: asked.Statement,
			Reason: asked.Reason, Value: asked.Value, Terms: asked.Terms,
		})
	})
	type id = domain.AmendmentID
	editingAmendment(c, access.ApproveContracts, "approve", "Approve an amendment inside",
		func(ctx context.Context, r commands.Request, of domain.ContractID, id id, _ *nothing) (commands.Answer, error) {
			return c.commands.ApproveAmendment(ctx, r, commands.ApproveAmendment{Contract: of, Amendment: id})
		})
	editingAmendment(c, access.ApproveContracts, "reject", "End an amendment inside",
		func(ctx context.Context, r commands.Request, of domain.ContractID, id id, asked reasonBody) (commands.Answer, error) {
			return c.commands.RejectAmendment(ctx, r, commands.RejectAmendment{Contract: of, Amendment: id, Reason: asked.Reason})
		})
	editingAmendment(c, access.ManageContracts, "offer", "Show an approved amendment to the client",
		func(ctx context.Context, r commands.Request, of domain.ContractID, id id, _ *nothing) (commands.Answer, error) {
			return c.commands.OfferAmendment(ctx, r, commands.OfferAmendment{Contract: of, Amendment: id})
		})
	editingAmendment(c, access.ManageContracts, "accept", "Record that the client signed an amendment on paper",
		func(ctx context.Context, r commands.Request, of domain.ContractID, id id, asked paperBody) (commands.Answer, error) {
			return c.commands.AcceptAmendment(ctx, r, commands.AcceptAmendment{Contract: of, Amendment: id, Evidence: contract.Evidence{Paper: asked.Paper}})
		})
	editingAmendment(c, access.ManageContracts, "decline", "Record that the client declined an amendment",
		func(ctx context.Context, r commands.Request, of domain.ContractID, id id, asked reasonBody) (commands.Answer, error) {
			return c.commands.DeclineAmendment(ctx, r, commands.DeclineAmendment{Contract: of, Amendment: id, Reason: asked.Reason})
		})
	editingAmendment(c, access.ManageContracts, "withdraw", "Take an amendment back",
		func(ctx context.Context, r commands.Request, of domain.ContractID, id id, _ *nothing) (commands.Answer, error) {
			return c.commands.WithdrawAmendment(ctx, r, commands.WithdrawAmendment{Contract: of, Amendment: id})
		})
}

// editingAmendment registers a command on an amendment.
func editingAmendment[B any](
	c *Console, needed access.Permission, act, summary string,
	run func(context.Context, commands.Request, domain.ContractID, domain.AmendmentID, B) (commands.Answer, error),
) {
	type input struct {
		Edit
		Amendment string `path:"aid" doc:"The amendment's id, a UUID."`
		Body      B
	}
	operation := post(act+"-amendment", "/contracts/{id}/amendments/{aid}/"+act, summary, http.StatusOK)
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *input) (*written, error) {
		amendment, err := web.ID(in.Amendment)
		if err != nil {
			return nil, err
		}
		id, request, err := c.edit(actor, in.Edit, strings.Replace(operation.Path, "{aid}", in.Amendment, 1), in.Body)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, domain.ContractID{UUID: id}, domain.AmendmentID{UUID: amendment}, in.Body))
	})
}

func (c *Console) listAmendments(ctx context.Context, tx pgx.Tx, r reader, in *contractInput) (b amendmentsBody, err error) {
	id, err := c.existingContract(ctx, tx, in.ID)
	if err != nil {
		return b, err
	}
	found, err := rows.Amendments(ctx, tx, id)
	if err != nil {
		return b, err
	}
	b.Items = []Amendment{}
	var people []uuid.UUID
	for _, proposal := range found {
		item, err := r.amendment(proposal)
		if err != nil {
			return b, err
		}
		b.Items, people = append(b.Items, item), append(people, item.people()...)
	}
	b.People, err = c.people(ctx, tx, people)
	return b, err
}

func (c *Console) readAmendment(ctx context.Context, tx pgx.Tx, r reader, in *amendmentInput) (b oneAmendmentBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	amendment, err := web.ID(in.Amendment)
	if err != nil {
		return b, err
	}
	proposal, proposed, err := rows.AmendmentByID(ctx, tx, id, amendment)
	if err != nil {
		return b, err
	}
	base, err := rows.VersionByNumber(ctx, tx, id, proposal.Base)
	if err != nil {
		return b, err
	}
	if b.Amendment, err = r.amendment(proposal); err != nil {
		return b, err
	}
	b.Terms, b.Differences = r.shown(proposed.Terms), r.compare(base.Terms, proposed.Terms)
	b.People, err = c.people(ctx, tx, b.people())
	return b, err
}

// amendment is an amendment as a reader may see it: what it is worth, and why, is of those who see terms.
func (r reader) amendment(p rows.Proposal) (b Amendment, err error) {
	b.Proposal = p
	if !r.may(access.ReadTerms) {
		b.Reason, b.Value, b.Answer = "", "", ""
	}
	b.Approved, err = p.Approvals()
	return b, err
}

// people are those whom the amendment names.
func (b Amendment) people() []uuid.UUID {
	ids := given(b.ProposedBy, b.StatusBy)
	for _, approval := range b.Approved {
		ids = append(ids, approval.By)
	}
	return ids
}

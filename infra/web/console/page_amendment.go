package console

import (
	"context"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain/access"
	"effigate/domain/contract"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// amendmentView is one amendment beside the version that it changes.
type amendmentView struct {
	rows.Scope // of the contract
	oneAmendmentBody
	Path     string // of the amendment
	Back     string
	Acts     []contractAct
	Key      string
	SeeTerms bool
}

func (c *Console) addAmendmentPages() {
	showing(c, "/contracts/{id}/amendments/{aid}", access.ReadContracts, c.viewAmendment, amendmentPage)
}

func (c *Console) viewAmendment(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v amendmentView, err error) {
	in := &amendmentInput{ID: chi.URLParam(request, "id"), Amendment: chi.URLParam(request, "aid")}
	if v.oneAmendmentBody, err = c.readAmendment(ctx, tx, r, in); err != nil {
		return v, err
	}
	if err = nameRefs(ctx, tx, v.Differences); err != nil {
		return v, err
	}
	id, err := web.ID(in.ID)
	if err != nil {
		return v, err
	}
	v.Scope, err = rows.ContractByID(ctx, tx, id, c.today())
	v.Back = contractPath(id)
	v.Path = v.Back + "/amendments/" + in.Amendment
	v.Key, v.SeeTerms = blank().Key, r.may(access.ReadTerms)
	v.Acts = slices.DeleteFunc(amendmentActs(), func(a contractAct) bool {
		return !r.may(a.needed) || !slices.Contains(a.from, contract.Status(v.Proposal.Status)) ||
			a.suffix == approveAmendment && v.approvedBy(r)
	})
	return v, err
}

// approvedBy reports whether a reader proposed the amendment, or approved it before: then another one has to.
func (v amendmentView) approvedBy(r reader) bool {
	self := r.Actor.Person.UUID
	return v.ProposedBy != nil && *v.ProposedBy == self ||
		slices.ContainsFunc(v.Approved, func(a rows.Approval) bool { return a.By == self })
}

const approveAmendment = "/amendments/{aid}/approve"

// amendmentActs are the acts on an amendment. Their from are its states.
func amendmentActs() []contractAct {
	states := func(of ...contract.AmendmentStatus) []contract.Status {
		var all []contract.Status
		for _, status := range of {
			all = append(all, contract.Status(status))
		}
		return all
	}
	return []contractAct{
		{
			suffix: approveAmendment, from: states(contract.AmendmentInReview), needed: access.ApproveContracts, label: "Approve", notice: "amendment_approved", tone: page.Primary,
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.ApproveAmendment(ctx, r, commands.ApproveAmendment{Contract: on.contract, Amendment: on.amendment()})
			},
		},
		{
			suffix: "/amendments/{aid}/offer", from: states(contract.AmendmentReady), needed: access.ManageContracts, label: "Offer to the client", notice: "offered", tone: page.Primary,
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.OfferAmendment(ctx, r, commands.OfferAmendment{Contract: on.contract, Amendment: on.amendment()})
			},
		},
		{
			suffix: "/amendments/{aid}/accept", from: states(contract.AmendmentOut), needed: access.ManageContracts, label: "Signed on paper", notice: "amended",
			lead: "The client agreed to the amendment outside the portal.", fields: []page.Field{paperField()},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.AcceptAmendment(ctx, r, commands.AcceptAmendment{
					Contract: on.contract, Amendment: on.amendment(), Evidence: contract.Evidence{Paper: on.Get("paper")},
				})
			},
		},
		{
			suffix: "/amendments/{aid}/decline", from: states(contract.AmendmentOut), needed: access.ManageContracts, label: "Declined by the client", notice: "declined",
			lead: "The contract stays as it is.", fields: []page.Field{reasonField("What the client said", false)},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.DeclineAmendment(ctx, r, commands.DeclineAmendment{Contract: on.contract, Amendment: on.amendment(), Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/amendments/{aid}/reject", from: states(contract.AmendmentInReview, contract.AmendmentReady), needed: access.ApproveContracts, label: "Reject", notice: "rejected",
			lead: "The amendment ends before the client sees it.", fields: []page.Field{reasonField("Reason", true)},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.RejectAmendment(ctx, r, commands.RejectAmendment{Contract: on.contract, Amendment: on.amendment(), Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/amendments/{aid}/withdraw", from: states(contract.AmendmentInReview, contract.AmendmentReady, contract.AmendmentOut), needed: access.ManageContracts, label: "Withdraw", notice: "taken_back",
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.WithdrawAmendment(ctx, r, commands.WithdrawAmendment{Contract: on.contract, Amendment: on.amendment()})
			},
		},
	}
}

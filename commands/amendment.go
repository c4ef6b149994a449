package commands

import (
	"context"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/terms"
)

// ProposeAmendment proposes the next version of a contract's terms. The answer's ID is the amendment's.
type ProposeAmendment struct {
	Contract  domain.ContractID
	Base      int // the version that the proposer saw; 0 = the newest
	Effective calendar.Date
	Statement string
	Reason    string          // internal
	Value     decimal.Decimal // by how much the contract's value changes
	Terms     terms.Terms
}

// ProposeAmendment runs the command. Terms without a currency keep the one that the contract has.
func (s *Service) ProposeAmendment(ctx context.Context, r Request, c ProposeAmendment) (Answer, error) {
	amendment := domain.AmendmentID{UUID: domain.Derive(r.Command().UUID, "amendment")}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManageContracts); err != nil {
			return Answer{}, err
		}
		of, err := s.agreement(ctx, c.Contract)
		if err != nil {
			return Answer{}, err
		}
		held := of.newest()
		if c.Terms.Agreed.Currency == "" {
			c.Terms.Agreed.Currency = held.Agreed.Currency
		}
		if err := s.refers(ctx, c.Terms.Staff, held.Staff); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(c.Contract)), contract.Command(contract.ProposeAmendment{
			Amendment: amendment, Base: c.Base, Effective: c.Effective, Statement: c.Statement, Reason: c.Reason,
			Value: c.Value, Terms: c.Terms, By: r.Actor, At: r.At,
		}))
		return Answer{ID: amendment.UUID, Position: position}, err
	})
}

// ApproveAmendment approves one inside.
type ApproveAmendment struct {
	Contract  domain.ContractID
	Amendment domain.AmendmentID
}

// ApproveAmendment runs the command.
func (s *Service) ApproveAmendment(ctx context.Context, r Request, c ApproveAmendment) (Answer, error) {
	approve := contract.ApproveAmendment{Amendment: c.Amendment, By: r.Actor, At: r.At}
	return ofAmendment(c.Amendment)(s.onContract(ctx, r, access.ApproveContracts, c.Contract, approve))
}

// RejectAmendment ends one inside.
type RejectAmendment struct {
	Contract  domain.ContractID
	Amendment domain.AmendmentID
	Reason    string
}

// RejectAmendment runs the command.
func (s *Service) RejectAmendment(ctx context.Context, r Request, c RejectAmendment) (Answer, error) {
	reject := contract.RejectAmendment{Amendment: c.Amendment, Reason: c.Reason, By: r.Actor, At: r.At}
	return ofAmendment(c.Amendment)(s.onContract(ctx, r, access.ApproveContracts, c.Contract, reject))
}

// OfferAmendment shows an approved one to the client.
type OfferAmendment struct {
	Contract  domain.ContractID
	Amendment domain.AmendmentID
}

// OfferAmendment runs the command.
func (s *Service) OfferAmendment(ctx context.Context, r Request, c OfferAmendment) (Answer, error) {
	offer := contract.OfferAmendment{Amendment: c.Amendment, By: r.Actor, At: r.At}
	return ofAmendment(c.Amendment)(s.onContract(ctx, r, access.ManageContracts, c.Contract, offer))
}

// AcceptAmendment agrees to one, as AcceptContract does to a contract.
type AcceptAmendment struct {
	Contract  domain.ContractID
	Amendment domain.AmendmentID
	Evidence  contract.Evidence
}

// AcceptAmendment runs the command. The open periods pin what it changes: until one does, the next command on it
// would.
func (s *Service) AcceptAmendment(ctx context.Context, r Request, c AcceptAmendment) (Answer, error) {
	accept := contract.AcceptAmendment{Amendment: c.Amendment, Evidence: c.Evidence, By: r.Actor, At: r.At}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, answering(r.Actor)); err != nil {
			return Answer{}, err
		}
		position, err := s.thenPinned(ctx, r, c.Contract, accept)
		return Answer{ID: c.Amendment.UUID, Position: position}, err
	})
}

// DeclineAmendment refuses one.
type DeclineAmendment struct {
	Contract  domain.ContractID
	Amendment domain.AmendmentID
	Reason    string
}

// DeclineAmendment runs the command.
func (s *Service) DeclineAmendment(ctx context.Context, r Request, c DeclineAmendment) (Answer, error) {
	decline := contract.DeclineAmendment{Amendment: c.Amendment, Reason: c.Reason, By: r.Actor, At: r.At}
	return ofAmendment(c.Amendment)(s.onContract(ctx, r, answering(r.Actor), c.Contract, decline))
}

// WithdrawAmendment takes one back before the client agreed.
type WithdrawAmendment struct {
	Contract  domain.ContractID
	Amendment domain.AmendmentID
}

// WithdrawAmendment runs the command.
func (s *Service) WithdrawAmendment(ctx context.Context, r Request, c WithdrawAmendment) (Answer, error) {
	withdraw := contract.WithdrawAmendment{Amendment: c.Amendment, By: r.Actor, At: r.At}
	return ofAmendment(c.Amendment)(s.onContract(ctx, r, access.ManageContracts, c.Contract, withdraw))
}

// ofAmendment answers with the amendment that was acted on.
func ofAmendment(id domain.AmendmentID) func(Answer, error) (Answer, error) {
	return func(answer Answer, err error) (Answer, error) {
		if err == nil {
			answer.ID = id.UUID
		}
		return answer, err
	}
}

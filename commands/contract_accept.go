package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/contract"
)

// AcceptContract agrees to an offer: as a Client Admin of the contract's client, or as staff who hold the signed
// paper. It puts nothing in force; ActivateContract does.
type AcceptContract struct {
	Contract domain.ContractID
	Evidence contract.Evidence
}

// AcceptContract runs the command.
func (s *Service) AcceptContract(ctx context.Context, r Request, c AcceptContract) (Answer, error) {
	return s.onContract(ctx, r, answering(r.Actor), c.Contract, contract.Accept{Evidence: c.Evidence, By: r.Actor, At: r.At})
}

// DeclineContract refuses an offer, which is a draft again then.
type DeclineContract struct {
	Contract domain.ContractID
	Reason   string
}

// DeclineContract runs the command.
func (s *Service) DeclineContract(ctx context.Context, r Request, c DeclineContract) (Answer, error) {
	return s.onContract(ctx, r, answering(r.Actor), c.Contract, contract.Decline{Reason: c.Reason, By: r.Actor, At: r.At})
}

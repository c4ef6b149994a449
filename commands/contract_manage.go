package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/contract"
)

// DraftContract begins a contract with a client. ID is zero for a new one, which then derives from the
// request, or given by an import.
type DraftContract struct {
	ID           domain.ContractID
	Client       domain.ClientID
	Reference    string
	Type         contract.Type
	JobTypes     []contract.JobType
	SupportLevel contract.SupportLevel
	Starts       contract.Date
	Ends         contract.Date
}

// DraftContract runs the command. The contract names its client first; then the client names the
// contract, under an id derived from it, so a repeat completes what a crash cut short.
func (s *Service) DraftContract(ctx context.Context, r Request, c DraftContract) (Answer, error) {
	if c.ID.IsZero() {
		c.ID = domain.ContractID{UUID: domain.Derive(r.Command().UUID, "contract")}
	}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManageContracts); err != nil {
			return Answer{}, err
		}
		if err := s.exists(ctx, c.Client); err != nil {
			return Answer{}, err
		}
		draft := contract.Draft{
			Contract: c.ID, Client: c.Client, Reference: c.Reference, Type: c.Type, JobTypes: c.JobTypes,
			SupportLevel: c.SupportLevel, Starts: c.Starts, Ends: c.Ends, By: r.Actor, At: r.At,
		}
		drafted, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(c.ID)), contract.Command(draft))
		if err != nil {
			return Answer{}, err
		}
		linked, err := onStream(ctx, s, client.Decider, r.then("link contract", c.ID.String()).on(client.Stream(c.Client)),
			client.Command(client.LinkContract{Contract: c.ID, By: r.Actor, At: r.At}))
		return Answer{ID: c.ID.UUID, Position: later(drafted, linked)}, err
	})
}

// ActivateContract puts a drafted contract in force.
type ActivateContract struct{ Contract domain.ContractID }

// ActivateContract runs the command.
func (s *Service) ActivateContract(ctx context.Context, r Request, c ActivateContract) (Answer, error) {
	return s.onContract(ctx, r, c.Contract, contract.Activate{By: r.Actor, At: r.At})
}

// TerminateContract ends a contract in force. The reason stays inside.
type TerminateContract struct {
	Contract domain.ContractID
	Reason   string
}

// TerminateContract runs the command.
func (s *Service) TerminateContract(ctx context.Context, r Request, c TerminateContract) (Answer, error) {
	return s.onContract(ctx, r, c.Contract, contract.Terminate{Reason: c.Reason, By: r.Actor, At: r.At})
}

// onContract runs one command on a contract.
func (s *Service) onContract(ctx context.Context, r Request, id domain.ContractID, command contract.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ApproveContracts); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}

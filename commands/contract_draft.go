package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/terms"
)

// DraftContract begins a contract with a client. ID is zero for a new one, which then derives from the
// request, or given by an import.
type DraftContract struct {
	ID        domain.ContractID
	Client    domain.ClientID
	Reference string
	Terms     terms.Terms
}

// DraftContract runs the command. Its days begin and end in the client's zone, and it is charged in the client's
// currency unless the terms name one. The contract names its client first; then the client names the contract,
// under an id derived from it, so a repeat completes what a crash cut short.
func (s *Service) DraftContract(ctx context.Context, r Request, c DraftContract) (Answer, error) {
	if c.ID.IsZero() {
		c.ID = domain.ContractID{UUID: domain.Derive(r.Command().UUID, "contract")}
	}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManageContracts); err != nil {
			return Answer{}, err
		}
		of, err := load(ctx, s.log, client.Decider, client.Stream(c.Client), domain.CommandID{})
		if err != nil {
			return Answer{}, err
		}
		if !of.state.Exists() {
			return Answer{}, noClient(c.Client)
		}
		if c.Terms.Agreed.Currency == "" {
			c.Terms.Agreed.Currency = of.state.Currency()
		}
		if err := s.refers(ctx, c.Terms.Staff, terms.Staff{}); err != nil {
			return Answer{}, err
		}
		draft := contract.Draft{
			Contract: c.ID, Client: c.Client, Zone: of.state.Zone(), Reference: c.Reference, Terms: c.Terms, By: r.Actor, At: r.At,
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

// ReviseContract replaces reference and terms of a draft.
type ReviseContract struct {
	Contract  domain.ContractID
	Reference string
	Terms     terms.Terms
}

// ReviseContract runs the command. Terms without a currency keep the one that the contract has.
func (s *Service) ReviseContract(ctx context.Context, r Request, c ReviseContract) (Answer, error) {
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
		position, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(c.Contract)), contract.Command(contract.Revise{
			Reference: c.Reference, Terms: c.Terms, By: r.Actor, At: r.At,
		}))
		return Answer{ID: c.Contract.UUID, Position: position}, err
	})
}

// SubmitContract hands a draft in for internal review.
type SubmitContract struct{ Contract domain.ContractID }

// SubmitContract runs the command.
func (s *Service) SubmitContract(ctx context.Context, r Request, c SubmitContract) (Answer, error) {
	return s.onContract(ctx, r, access.ManageContracts, c.Contract, contract.Submit{By: r.Actor, At: r.At})
}

// ReturnContract sends a contract that is not in force yet back to draft. The reason stays inside.
type ReturnContract struct {
	Contract domain.ContractID
	Reason   string
}

// ReturnContract runs the command.
func (s *Service) ReturnContract(ctx context.Context, r Request, c ReturnContract) (Answer, error) {
	return s.onContract(ctx, r, access.ManageContracts, c.Contract, contract.Return{Reason: c.Reason, By: r.Actor, At: r.At})
}

// OfferContract shows a reviewed contract to the client. Statement is what it is asked to agree to.
type OfferContract struct {
	Contract  domain.ContractID
	Statement string
}

// OfferContract runs the command.
func (s *Service) OfferContract(ctx context.Context, r Request, c OfferContract) (Answer, error) {
	return s.onContract(ctx, r, access.ManageContracts, c.Contract, contract.Offer{Statement: c.Statement, By: r.Actor, At: r.At})
}

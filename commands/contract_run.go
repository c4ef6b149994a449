package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
)

// ActivateContract puts a contract in force: one that the client accepted, or that was signed outside.
type ActivateContract struct{ Contract domain.ContractID }

// ActivateContract runs the command.
func (s *Service) ActivateContract(ctx context.Context, r Request, c ActivateContract) (Answer, error) {
	return s.onContract(ctx, r, access.ApproveContracts, c.Contract, contract.Activate{By: r.Actor, At: r.At})
}

// SuspendContract stops new work under a contract in force. The reason stays inside.
type SuspendContract struct {
	Contract domain.ContractID
	Reason   string
}

// SuspendContract runs the command.
func (s *Service) SuspendContract(ctx context.Context, r Request, c SuspendContract) (Answer, error) {
	return s.onContract(ctx, r, access.ApproveContracts, c.Contract, contract.Suspend{Reason: c.Reason, By: r.Actor, At: r.At})
}

// ResumeContract ends a suspension.
type ResumeContract struct{ Contract domain.ContractID }

// ResumeContract runs the command.
func (s *Service) ResumeContract(ctx context.Context, r Request, c ResumeContract) (Answer, error) {
	return s.onContract(ctx, r, access.ApproveContracts, c.Contract, contract.Resume{By: r.Actor, At: r.At})
}

// RenewContract moves the last day of a contract in force, or that has expired.
type RenewContract struct {
	Contract domain.ContractID
	Ends     calendar.Date
}

// RenewContract runs the command.
func (s *Service) RenewContract(ctx context.Context, r Request, c RenewContract) (Answer, error) {
	return s.onContract(ctx, r, access.ApproveContracts, c.Contract, contract.Renew{Ends: c.Ends, By: r.Actor, At: r.At})
}

// TerminateContract ends a contract in force. The reason stays inside.
type TerminateContract struct {
	Contract domain.ContractID
	Ends     calendar.Date // the last day; empty = today
	Reason   string
}

// TerminateContract runs the command.
func (s *Service) TerminateContract(ctx context.Context, r Request, c TerminateContract) (Answer, error) {
	return s.onContract(ctx, r, access.ApproveContracts, c.Contract, contract.Terminate{Ends: c.Ends, Reason: c.Reason, By: r.Actor, At: r.At})
}

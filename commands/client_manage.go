package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
)

// RenameClient gives a client another name.
type RenameClient struct {
	Client domain.ClientID
	Name   string
}

// RenameClient runs the command.
func (s *Service) RenameClient(ctx context.Context, r Request, c RenameClient) (Answer, error) {
	return s.onClient(ctx, r, access.ManageClients, c.Client, func() (client.Command, error) {
		return client.Rename{Name: c.Name, By: r.Actor, At: r.At}, nil
	})
}

// AssignAccountManager makes a staff person answer for a client.
type AssignAccountManager struct {
	Client  domain.ClientID
	Manager domain.PersonID
}

// AssignAccountManager runs the command.
func (s *Service) AssignAccountManager(ctx context.Context, r Request, c AssignAccountManager) (Answer, error) {
	return s.onClient(ctx, r, access.AssignManagers, c.Client, func() (client.Command, error) {
		manager, err := load(ctx, s.log, person.Decider, person.Stream(c.Manager), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		if manager.state.Role.Side() != domain.StaffSide || manager.state.Status == person.StatusDeactivated {
			return nil, wrong("manager", "must be a staff person who has not left")
		}
		return client.AssignAccountManager{Manager: c.Manager, By: r.Actor, At: r.At}, nil
	})
}

// SetSeatLimit says up to how many users a client's own admins may invite.
type SetSeatLimit struct {
	Client domain.ClientID
	Limit  int
}

// SetSeatLimit runs the command.
func (s *Service) SetSeatLimit(ctx context.Context, r Request, c SetSeatLimit) (Answer, error) {
	return s.onClient(ctx, r, access.SetLoginRules, c.Client, func() (client.Command, error) {
		return client.SetSeatLimit{Limit: c.Limit, By: r.Actor, At: r.At}, nil
	})
}

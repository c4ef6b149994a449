package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/client"
)

// RenameClient gives a client another name.
type RenameClient struct {
	Client domain.ClientID
	Name   string
}

// RenameClient runs the command.
func (s *Service) RenameClient(ctx context.Context, r Request, c RenameClient) (Answer, error) {
	return s.onClient(ctx, r, manageClients, c.Client, func() (client.Command, error) {
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
	return s.onClient(ctx, r, manageClients, c.Client, func() (client.Command, error) {
		return client.AssignAccountManager{Manager: c.Manager, By: r.Actor, At: r.At}, nil
	})
}

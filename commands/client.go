package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
)

// onClient runs one command on a client organisation.
func (s *Service) onClient(ctx context.Context, r Request, needed access.Permission, id domain.ClientID, build func() (client.Command, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		scope, err := s.may(ctx, r.Actor, needed)
		if err != nil {
			return Answer{}, err
		}
		command, err := build()
		if err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, guarded(client.Decider, managed(r.Actor, scope)), r.on(client.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}

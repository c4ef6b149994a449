package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/client"
)

// onClient runs one command on a client organisation.
func (s *Service) onClient(ctx context.Context, r Request, needed permission, id domain.ClientID, build func() (client.Command, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if err := s.may(ctx, r.Actor, needed); err != nil {
			return Answer{}, err
		}
		command, err := build()
		if err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, client.Decider, r.on(client.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}

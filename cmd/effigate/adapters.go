package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/infra/postgres"
	"effigate/infra/web/console"
	"effigate/infra/web/portal"
	"effigate/projections"
)

// clientCommands is the door from the portal to the use cases: exactly the client's commands, in the
// portal's plain types. Whoever is no client user is refused here, whatever the portal let through.
type clientCommands struct{ service *commands.Service }

var _ portal.Commands = clientCommands{}

func (c clientCommands) request(r portal.Request) (commands.Request, error) {
	if r.Actor.Side != domain.ClientSide || r.Actor.Client.IsZero() {
		return commands.Request{}, domain.Refuse(domain.ErrNotFound, "not_found", "not found")
	}
	return commands.Request{Actor: r.Actor, Route: r.Route, Key: r.Key, Body: r.Body, At: r.At, Traceparent: r.Traceparent}, nil
}

// RaiseTicket raises for the actor's own organisation, visible, and for nobody else.
func (c clientCommands) RaiseTicket(ctx context.Context, r portal.Request, t portal.RaiseTicket) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.RaiseTicket(ctx, request, commands.RaiseTicket{
		Client: r.Actor.Client, Contract: domain.ContractID{UUID: t.Contract}, JobType: t.JobType,
		Title: t.Title, Description: t.Description, Priority: ticket.Priority(t.Priority), Visibility: domain.ClientVisible,
	})
	return portal.Answer(answer), err
}

// CommentOnTicket writes a visible comment.
func (c clientCommands) CommentOnTicket(ctx context.Context, r portal.Request, id uuid.UUID, text string) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.CommentOnTicket(ctx, request, commands.CommentOnTicket{
		Ticket: domain.TicketID{UUID: id}, Text: text, Visibility: domain.ClientVisible,
	})
	return portal.Answer(answer), err
}

// ReopenTicket reopens with a visible comment.
func (c clientCommands) ReopenTicket(ctx context.Context, r portal.Request, id uuid.UUID, text string) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.ReopenTicket(ctx, request, commands.ReopenTicket{Ticket: domain.TicketID{UUID: id}, Text: text})
	return portal.Answer(answer), err
}

// clientNames reads the names of client users from the client database, for staff pages.
type clientNames struct{ database *postgres.Database }

// Names gives the names of those of the people that are client users.
func (n clientNames) Names(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := n.database.Pool.Query(ctx, `SELECT id, name FROM accounts.people WHERE id = ANY($1)`, people)
	if err != nil {
		return nil, fmt.Errorf("read the names of client users: %w", err)
	}
	defer rows.Close()
	names := map[uuid.UUID]string{}
	for rows.Next() {
		var id uuid.UUID
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("read the names of client users: %w", err)
		}
		names[id] = name
	}
	return names, rows.Err()
}

// people keeps names where they can be erased: client users in the client database, staff in the staff
// database with a public profile in the client database.
type people struct{ client, staff *postgres.Database }

// PutClientPerson names a client user.
func (p people) PutClientPerson(ctx context.Context, id domain.PersonID, client domain.ClientID, name string) error {
	_, err := p.client.Pool.Exec(ctx, `
		INSERT INTO accounts.people (id, client, name) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE people.client = excluded.client`, id.UUID, client.UUID, name)
	if err != nil {
		return fmt.Errorf("name client user %s: %w", id, err)
	}
	return nil
}

// PutStaffPerson names a staff person, inside.
func (p people) PutStaffPerson(ctx context.Context, id domain.PersonID, name string) error {
	_, err := p.staff.Pool.Exec(ctx, `
		INSERT INTO accounts.people (id, name) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name`, id.UUID, name)
	if err != nil {
		return fmt.Errorf("name staff person %s: %w", id, err)
	}
	return nil
}

// PutProfile makes a staff person's name and role known to clients, who see its messages.
func (p people) PutProfile(ctx context.Context, id domain.PersonID, name, role string) error {
	_, err := p.client.Pool.Exec(ctx, `
		INSERT INTO accounts.staff_profiles (person, name, role) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET name = excluded.name, role = excluded.role`, id.UUID, name, role)
	if err != nil {
		return fmt.Errorf("publish the profile of staff person %s: %w", id, err)
	}
	return nil
}

// openImport opens the world for an import, which acts as the system.
func (s *settings) openImport(ctx context.Context, use func(context.Context, importWorld) error) error {
	return withWorld(ctx, s, func(ctx context.Context, w *world) error {
		return use(ctx, importWorld{
			service: w.service, log: w.store, people: people{client: w.client.database, staff: w.staff.database},
			actor: domain.System(), now: clock,
		})
	})
}

// consoleProjections tells the console how the live read models are doing.
func (w *world) consoleProjections(ctx context.Context, running projectors) ([]console.Projection, error) {
	statuses, err := w.projectionStatuses(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]postgres.ProjectorStatus{"client": running.client.Status(), "staff": running.staff.Status()}
	shown := []console.Projection{}
	for _, s := range statuses {
		if s.State != "live" {
			continue
		}
		state := states[s.Name].Generations[s.Generation].State
		if state == "" {
			state = projections.Starting
		}
		shown = append(shown, console.Projection{
			Name: s.Name, Generation: s.Generation, Position: fmt.Sprintf("%d/%d", s.Position.Commit, s.Position.Prepare),
			LagEvents: s.LagEvents, LagSeconds: s.LagSeconds, Parked: s.Parked, State: string(state),
		})
	}
	return shown, nil
}

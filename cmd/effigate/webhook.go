package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/ticket"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
	"effigate/infra/webhook"
	"effigate/infra/webhook/clienthook"
	"effigate/infra/webhook/staffhook"
	"effigate/projections"
)

// The lanes that find what there is to tell programs elsewhere.
const (
	clientHooksLane = "webhooks of clients"
	staffHooksLane  = "webhooks of staff"
)

// factsToTell are those that the firm's programs can be told of.
func factsToTell() []domain.Event {
	return slices.Concat(widened(ticket.All()), widened(client.All()), widened(contract.All()), widened(period.All()))
}

// factsOfTickets are those that may change what clients are told.
func factsOfTickets() []domain.Event { return widened(ticket.All()) }

func widened[E domain.Event](all []E) []domain.Event {
	wide := make([]domain.Event, len(all))
	for i, event := range all {
		wide[i] = event
	}
	return wide
}

func kindsOf(facts []domain.Event) []string {
	kinds := make([]string, len(facts))
	for i, fact := range facts {
		kinds[i] = fact.Kind()
	}
	return kinds
}

// newWebhooks opens the webhooks of a side. The key is the side's.
func newWebhooks(s *settings, side domain.Side, pool *pgxpool.Pool, key string, logger *slog.Logger) (*webhook.Service, error) {
	sealing, err := derivedKey(key, forWebhooks)
	if err != nil {
		return nil, err
	}
	kinds := clienthook.Kinds()
	if side == domain.StaffSide {
		kinds = staffhook.Kinds(factsToTell())
	}
	return webhook.New(webhook.Options{Pool: pool, Key: sealing, Kinds: kinds, Loopback: s.loopbackProviders, Now: clock, Logger: logger})
}

// tell finds what there is to tell programs elsewhere, and tells them, until ctx ends.
func (w *world) tell(ctx context.Context, p *parts) error {
	clientKey, err := w.clientKey()
	if err != nil {
		return err
	}
	clients, err := newWebhooks(w.settings, domain.ClientSide, w.client.database.Pool, clientKey, w.logger)
	if err != nil {
		return err
	}
	staffKey, err := w.secret(staffKeyFile)
	if err != nil {
		return err
	}
	staff, err := newWebhooks(w.settings, domain.StaffSide, w.staff.database.Pool, staffKey, w.logger)
	if err != nil {
		return err
	}
	identity, err := w.store.Identity(ctx)
	if err != nil {
		return fmt.Errorf("identify the event store: %w", err)
	}
	lanes := postgres.NewLanes(w.staff.database, identity)
	if err := beginAtHead(ctx, w.source, lanes, clientHooksLane, staffHooksLane); err != nil {
		return err
	}
	router, err := messaging.NewRouter(w.source, lanes, w.logger, clientHooks(w.source, clients), staffHooks(w.source, staff))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ignoreCanceled(router.Run(ctx)) })
	group.Go(func() error {
		return ignoreCanceled(webhook.Run(ctx, w.logger,
			webhook.Side{Side: domain.ClientSide, Service: clients, Render: clienthook.Render(postgres.ClientReads{Reads: p.reads.client})},
			webhook.Side{Side: domain.StaffSide, Service: staff, Render: staffhook.Render}))
	})
	return group.Wait()
}

// beginAtHead puts lanes that have no place yet behind everything recorded so far: history is not told.
func beginAtHead(ctx context.Context, source projections.Source, lanes messaging.Lanes, names ...string) error {
	head, err := source.Head(ctx)
	if err != nil {
		return fmt.Errorf("find the head of the log: %w", err)
	}
	for _, name := range names {
		at, err := lanes.Place(ctx, name)
		if err == nil && at.IsZero() && !head.IsZero() {
			err = lanes.Keep(ctx, name, head)
		}
		if err != nil && !errors.Is(err, domain.ErrUnavailable) {
			return fmt.Errorf("begin lane %s: %w", name, err)
		}
	}
	return nil
}

// clientHooks finds what clients' programs are to be told: from client-safe changes alone, of what happened when
// somebody listened already.
func clientHooks(source projections.Source, hooks *webhook.Service) messaging.Manager {
	telling := projections.NewTelling(source, 0, projections.Disclose("ticket", ticket.Disclose))
	return messaging.Manager{Lane: clientHooksLane, Kinds: kindsOf(factsOfTickets()), React: func(ctx context.Context, fact domain.Recorded) error {
		at := happened(fact)
		listening, err := hooks.Listening(ctx, at)
		if err != nil || !listening {
			return err
		}
		told, err := telling.Tell(ctx, fact)
		if err != nil {
			return err
		}
		return hooks.Enqueue(ctx, clienthook.News(fact.ID, at, fact.Position, told))
	}}
}

// staffHooks finds what the firm's programs are to be told.
func staffHooks(source projections.Source, hooks *webhook.Service) messaging.Manager {
	teller := staffhook.NewTeller(source)
	return messaging.Manager{Lane: staffHooksLane, Kinds: kindsOf(factsToTell()), React: func(ctx context.Context, fact domain.Recorded) error {
		at := happened(fact)
		listening, err := hooks.Listening(ctx, at)
		if err != nil || !listening {
			return err
		}
		news, err := teller.News(ctx, fact, at)
		if err != nil {
			return err
		}
		return hooks.Enqueue(ctx, []webhook.News{news})
	}}
}

// happened is when a fact was true, as its own data says; else when it was recorded. What is imported happened long
// before, and so nobody is told of it.
func happened(fact domain.Recorded) time.Time {
	var said struct {
		At time.Time `json:"at"`
	}
	if err := json.Unmarshal(fact.Raw.Data, &said); err != nil || said.At.IsZero() {
		return fact.RecordedAt
	}
	return said.At
}

// Package staffhook says what the firm's own programs are told: that a fact was recorded, by names and ids. Who wants
// its content reads it with the staff API, as somebody who may.
//
// It may import domain, projections and infra/webhook. It knows no aggregate: of an event it reads its name and the
// ids that stand in its data under the names of ids, and no text.
package staffhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/webhook"
	"effigate/projections"
)

// kept bounds the memory for whose streams are, in bytes.
const kept = 4 << 20

// Teller makes news of facts.
type Teller struct {
	source  projections.Source
	clients *projections.Cache[string, uuid.UUID]
}

// NewTeller makes a teller that reads streams from the source.
func NewTeller(source projections.Source) *Teller {
	return &Teller{source: source, clients: projections.NewCache[string, uuid.UUID](kept)}
}

// Kinds are the stored names of the facts without their versions, each once and in order: what an endpoint can be told.
func Kinds(facts []domain.Event) []string {
	kinds := make([]string, len(facts))
	for i, fact := range facts {
		kinds[i] = unversioned(fact.Kind())
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// unversioned gives "ticket.raised" for "ticket.raised.v1".
func unversioned(kind string) string {
	return strings.TrimSuffix(strings.TrimRight(kind, "0123456789"), ".v")
}

// body is the data of a webhook.
type body struct {
	Event    uuid.UUID `json:"event_id"`
	Kind     string    `json:"kind"` // with its version
	Stream   string    `json:"stream"`
	Revision int64     `json:"revision"`
	Client   uuid.UUID `json:"client_id,omitzero"`
	Ticket   uuid.UUID `json:"ticket_id,omitzero"`
}

// ids are what is read of an event's data.
type ids struct {
	Client id `json:"client"`
	Ticket id `json:"ticket"`
}

// id is an id, or nothing where an event means something else by its name.
type id uuid.UUID

// UnmarshalJSON takes what is no id for none.
func (i *id) UnmarshalJSON(text []byte) error {
	if parsed, err := uuid.ParseBytes(bytes.Trim(text, `"`)); err == nil {
		*i = id(parsed)
	}
	return nil
}

// News gives what there is to tell of a fact that happened at the time.
func (t *Teller) News(ctx context.Context, fact domain.Recorded, at time.Time) (webhook.News, error) {
	named, err := idsOf(fact)
	if err != nil {
		return webhook.News{}, err
	}
	b := body{Event: fact.ID, Kind: fact.Raw.Kind, Stream: fact.Stream, Revision: fact.Revision, Client: uuid.UUID(named.Client), Ticket: uuid.UUID(named.Ticket)}
	if b.Client == uuid.Nil {
		if b.Client, err = t.clientOf(ctx, fact); err != nil {
			return webhook.News{}, err
		}
	} else {
		t.clients.Put(fact.Stream, b.Client, len(fact.Stream)+entryBytes)
	}
	if of, ok := strings.CutPrefix(fact.Stream, "ticket-"); ok {
		b.Ticket, _ = uuid.Parse(of) // No stream of another form is written.
	}
	if of, ok := strings.CutPrefix(fact.Stream, "client-"); ok {
		b.Client, _ = uuid.Parse(of)
	}
	return webhook.News{
		ID: domain.Derive(fact.ID, "staff webhook"), Kind: unversioned(fact.Raw.Kind), Subject: b, At: at, Position: fact.Position,
	}, nil
}

// entryBytes estimates what remembering a stream costs besides its name.
const entryBytes = 128

// clientOf finds the client that a stream belonged to at an event: the last one that it names.
func (t *Teller) clientOf(ctx context.Context, fact domain.Recorded) (uuid.UUID, error) {
	if known, ok := t.clients.Get(fact.Stream); ok {
		return known, nil
	}
	var found uuid.UUID
	for delivery, err := range t.source.Stream(ctx, fact.Stream, fact.Revision) {
		if err != nil {
			return found, fmt.Errorf("read %s: %w", fact.Stream, err)
		}
		named, err := idsOf(delivery.Recorded)
		if err != nil {
			return found, err
		}
		if named.Client != id(uuid.Nil) {
			found = uuid.UUID(named.Client)
		}
	}
	t.clients.Put(fact.Stream, found, len(fact.Stream)+entryBytes)
	return found, nil
}

func idsOf(fact domain.Recorded) (ids, error) {
	var named ids
	if err := json.Unmarshal(fact.Raw.Data, &named); err != nil {
		return named, fmt.Errorf("read the ids of %s revision %d: %w", fact.Stream, fact.Revision, err)
	}
	return named, nil
}

// Render writes the bodies: the subject, as it is.
func Render(_ context.Context, due webhook.Due) (any, error) { return due.Subject, nil }

package eventstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/projections"
)

// metadata is what stands beside an event for tools, and what the codec itself needs again. No fold reads
// it. The two keys with a dollar are EventStoreDB's own names.
type metadata struct {
	Command     domain.CommandID `json:"command_id,omitzero"`
	Correlation uuid.UUID        `json:"$correlationId,omitzero"`
	Causation   uuid.UUID        `json:"$causationId,omitzero"`
	Actor       actor            `json:"actor,omitzero"`
	RequestHash string           `json:"request_hash,omitzero"`
	Format      int              `json:"format,omitzero"`
	CodeVersion string           `json:"code_version,omitzero"`
	Traceparent string           `json:"traceparent,omitzero"`
}

type actor struct {
	Person domain.PersonID `json:"person,omitzero"`
	Side   domain.Side     `json:"side,omitzero"`
	Client domain.ClientID `json:"client,omitzero"`
}

// readBack is the part of the metadata that decoding needs. The rest may come from other tools in any
// form, and must not stand in the way.
type readBack struct {
	Command domain.CommandID `json:"command_id"`
	Format  int              `json:"format"`
	// RecordedAt is set on events that were copied from another store: when they became known there.
	RecordedAt time.Time `json:"recorded_at"`
}

// Encode gives the stored form of an append's events, in order. codeVersion names the program that writes.
func (r *Registry) Encode(a domain.Append, codeVersion string) ([]domain.Raw, error) {
	beside, err := json.Marshal(metadata{
		Command:     a.Command,
		Correlation: a.Cause.Correlation,
		Causation:   a.Cause.Causation,
		Actor:       actor{Person: a.Cause.Actor.Person, Side: a.Cause.Actor.Side, Client: a.Cause.Actor.Client},
		RequestHash: a.Cause.RequestHash,
		Format:      Format,
		CodeVersion: codeVersion,
		Traceparent: a.Cause.Traceparent,
	})
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	raw := make([]domain.Raw, len(a.Events))
	for i, event := range a.Events {
		data, err := r.data(event)
		if err != nil {
			return nil, err
		}
		raw[i] = domain.Raw{Kind: event.Kind(), Data: data, Metadata: beside}
	}
	return raw, nil
}

// Decode completes an event that was read: from Raw it fills Event and Command, and RecordedAt where the
// event was copied from another store. Missing metadata is no error. What it cannot decode it gives back
// as it came, with an error that wraps projections.ErrUnknownKind, ErrNewer or ErrMalformed.
func (r *Registry) Decode(recorded domain.Recorded) (domain.Recorded, error) {
	known, ok := r.kinds[recorded.Raw.Kind]
	if !ok {
		return recorded, fmt.Errorf("%w: %s", projections.ErrUnknownKind, recorded.Raw.Kind)
	}
	var beside readBack
	if len(recorded.Raw.Metadata) > 0 {
		if err := json.Unmarshal(recorded.Raw.Metadata, &beside); err != nil {
			return recorded, fmt.Errorf("%w: metadata of %s: %w", projections.ErrMalformed, recorded.Raw.Kind, err)
		}
	}
	if beside.Format > Format {
		return recorded, fmt.Errorf("%w: %s has format %d, this code knows %d", projections.ErrNewer, recorded.Raw.Kind, beside.Format, Format)
	}
	event, err := r.event(known, recorded.Raw.Data)
	if err != nil {
		return recorded, err
	}
	recorded.Event, recorded.Command = event, beside.Command
	if !beside.RecordedAt.IsZero() {
		recorded.RecordedAt = beside.RecordedAt.UTC()
	}
	return recorded, nil
}

// deliver decodes an event for a projection. What the store keeps for itself has no Event.
func (r *Registry) deliver(recorded domain.Recorded) projections.Delivery {
	if strings.HasPrefix(recorded.Raw.Kind, "$") || strings.HasPrefix(recorded.Stream, "$") {
		return projections.Delivery{Recorded: recorded}
	}
	decoded, err := r.Decode(recorded)
	return projections.Delivery{Recorded: decoded, Err: err}
}

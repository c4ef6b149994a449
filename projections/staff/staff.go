// Package staff projects events into the rows of the staff read model, which holds everything.
//
// It may import projections, readmodels/staff and the whole domain. Each file holds the projection of one
// table. A test says for every kind of event where it goes, or why it changes no row.
//
// Surprises: a row is made by the first event of its stream, and later ones only change it. An event that
// stands in a stream of another aggregate is damage, and its fold panics: the engine then parks the stream.
package staff

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	rows "effigate/readmodels/staff"
)

// streamID is the id in the name of a stream of the aggregate.
func streamID(r domain.Recorded, aggregate string) uuid.UUID {
	name, ok := strings.CutPrefix(r.Stream, aggregate+"-")
	id, err := uuid.Parse(name)
	if !ok || err != nil {
		panic(fmt.Sprintf("%s does not belong into stream %s", r.Raw.Kind, r.Stream))
	}
	return id
}

// of gives a Key function: events of type E belong to the row that their stream names.
func of[E domain.Event](aggregate string) func(domain.Recorded) (uuid.UUID, bool) {
	return func(r domain.Recorded) (uuid.UUID, bool) {
		if _, ok := r.Event.(E); !ok {
			return uuid.Nil, false
		}
		return streamID(r, aggregate), true
	}
}

// known is nil for the id that names nothing.
func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// visibility gives the stored name of a visibility.
func visibility(v domain.Visibility) string {
	if v == domain.ClientVisible {
		return rows.ClientVisible
	}
	return rows.InternalOnly
}

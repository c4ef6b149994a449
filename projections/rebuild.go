package projections

import (
	"time"

	"effigate/domain"
)

// Phase is a step of building a generation.
type Phase string

// The phases, in order.
const (
	Replaying  Phase = "replaying"
	Indexing   Phase = "indexing"
	Comparing  Phase = "comparing"
	Switching  Phase = "switching"
	RebuildEnd Phase = "done"
)

// Progress tells how far the building of a generation is.
type Progress struct {
	Generation  int   `json:"generation"`
	Phase       Phase `json:"phase"`
	Done        int64 `json:"done"`            // events applied
	Total       int64 `json:"total,omitempty"` // events to apply, an estimate; 0 = not known
	PerSecond   int64 `json:"per_second"`      // events, over the whole replay
	SecondsLeft int64 `json:"seconds_left,omitempty"`
	// Position is where both generations stood when they were compared.
	Position domain.Position `json:"position,omitzero"`
	// Differences has one entry per table once the generations were compared.
	Differences []Difference `json:"differences,omitempty"`
}

// Difference compares one table of two generations at the same position.
type Difference struct {
	Table string `json:"table"`
	// LiveRows and NewRows count the rows of either.
	LiveRows int64 `json:"live_rows"`
	NewRows  int64 `json:"new_rows"`
	// Equal says that both hold the same rows.
	Equal bool `json:"equal"`
}

// AllEqual reports whether no table differs.
func AllEqual(differences []Difference) bool {
	for _, difference := range differences {
		if !difference.Equal {
			return false
		}
	}
	return true
}

// Replayed gives the progress of a replay that began a while ago.
func Replayed(generation int, done, total int64, elapsed time.Duration) Progress {
	p := Progress{Generation: generation, Phase: Replaying, Done: done, Total: max(total, done)}
	if total == 0 {
		p.Total = 0
	}
	if elapsed > 0 {
		p.PerSecond = int64(float64(done) / elapsed.Seconds())
	}
	if p.PerSecond > 0 && p.Total > 0 {
		p.SecondsLeft = (p.Total - done) / p.PerSecond
	}
	return p
}

package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Suggestion is a ticket that may be about the same as one that is being written.
type Suggestion struct {
	ID      uuid.UUID `db:"id"     json:"id" format:"uuid"`
	Display string    `db:"-"      json:"display" example:"TKT-0041"`
	Number  int       `db:"number" json:"-"`
	Title   string    `db:"title"  json:"title"`
	State   string    `db:"state"  json:"state" enum:"open,in_progress,waiting_for_you,awaiting_approval,on_hold,resolved,closed,cancelled,merged"`
}

// The bounds of suggestions. Words of one or two letters say nothing about what a ticket is about.
const (
	maxSuggestions     = 5
	minSuggestingWord  = 3    // letters
	suggestionsAreFrom = 1000 // the newest tickets that share a word
)

// SuggestTickets gives the tickets, of the newest that the viewer may see (F10), that hold at least half of the words of
// a title: those with most of them first, then the last updated.
func SuggestTickets(ctx context.Context, tx pgx.Tx, v Viewer, title string) ([]Suggestion, error) {
	arguments := v.arguments()
	arguments["title"], arguments["letters"] = title, minSuggestingWord
	arguments["candidates"], arguments["limit"] = suggestionsAreFrom, maxSuggestions
	found, err := list[Suggestion](ctx, tx, "suggestions", `
		WITH typed AS (
		    SELECT array_agg(word) AS words, string_agg(nullif(plainto_tsquery('pg_catalog.simple', word)::text, ''), ' | ')::tsquery AS any_word
		    FROM unnest(tsvector_to_array(to_tsvector('pg_catalog.simple', @title))) word WHERE length(word) >= @letters
		), shared AS (
		    SELECT t.*, typed.words AS typed FROM tickets t CROSS JOIN typed
		    WHERE t.client = @client AND t.words @@ typed.any_word`+v.own(" AND t.raised_by = @person")+`
		    ORDER BY t.raised_at DESC, t.id DESC LIMIT @candidates
		), counted AS (
		    SELECT id, number, title, state, updated_at, cardinality(typed) AS typed,
		           (SELECT count(*) FROM unnest(tsvector_to_array(words)) word WHERE word = ANY(typed)) AS hits
		    FROM shared
		)
		SELECT id, number, title, state FROM counted WHERE 2 * hits >= typed ORDER BY hits DESC, updated_at DESC, id LIMIT @limit`, arguments)
	for i := range found {
		found[i].Display = ticketNumber(found[i].Number)
	}
	return found, err
}

package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The kinds of message.
const (
	Comment = "comment"
	Note    = "note"
)

// Message is a row of messages: a comment or a note on a ticket. A deleted one has no text any more.
type Message struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	Ticket     uuid.UUID  `db:"ticket" json:"ticket"`
	Kind       string     `db:"kind" json:"kind"`
	Visibility string     `db:"visibility" json:"visibility"`
	ByClient   bool       `db:"by_client" json:"by_client"`
	Automatic  bool       `db:"automatic" json:"automatic,omitempty"` // no person wrote it
	Author     *uuid.UUID `db:"author" json:"author,omitempty"`
	Text       string     `db:"text" json:"text"`
	Original   string     `db:"original" json:"-"`                // the first text, once there was another
	Mentions   string     `db:"mentions" json:"-"`                // a JSON list of people; empty for none
	CopyOf     *uuid.UUID `db:"copy_of" json:"copy_of,omitempty"` // the internal note that this one discloses
	WrittenAt  time.Time  `db:"written_at" json:"written_at"`
	EditedAt   *time.Time `db:"edited_at" json:"edited_at,omitempty"` // absent while nothing else is readable as its text
	DeletedAt  *time.Time `db:"deleted_at" json:"deleted_at,omitempty"`
	DeletedBy  *uuid.UUID `db:"deleted_by" json:"deleted_by,omitempty"`
	Revision   int64      `db:"revision" json:"revision"` // of the ticket, when it was written
}

// Mentioned lists who is meant to read the message.
func (m Message) Mentioned() ([]uuid.UUID, error) {
	people, err := decodePeople(m.Mentions)
	if err != nil {
		return nil, fmt.Errorf("decode mentions of message %s: %w", m.ID, err)
	}
	return people, nil
}

// MaxHistory bounds the messages and the history of one ticket. A ticket's stream stays far below it.
const MaxHistory = 5000

// Messages gives a ticket's comments and notes in the order they were written.
func Messages(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Message, error) {
	messages, err := list[Message](ctx, db, `
		SELECT id, ticket, kind, visibility, by_client, automatic, author, text, original, mentions, copy_of,
			written_at, edited_at, deleted_at, deleted_by, revision
		FROM messages
		WHERE ticket = $1
		ORDER BY revision
		LIMIT $2`, ticket, MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("read messages of ticket %s: %w", ticket, err)
	}
	return messages, nil
}

// CommentEdit is a row of comment_edits: what a comment was changed to.
type CommentEdit struct {
	ID       uuid.UUID  `db:"id"` // of the event
	Ticket   uuid.UUID  `db:"ticket"`
	Message  uuid.UUID  `db:"message"`
	Version  int        `db:"version"` // of the text before that stays readable; 0 = none does
	Text     string     `db:"text"`
	EditedBy *uuid.UUID `db:"edited_by"`
	EditedAt time.Time  `db:"edited_at"`
	Revision int64      `db:"revision"`
}

// CommentVersion is what a comment said before it was edited (F11).
type CommentVersion struct {
	Message uuid.UUID  `db:"message" json:"message"`
	Version int        `db:"version" json:"version"` // from 1
	Text    string     `db:"text" json:"text"`
	Until   time.Time  `db:"until" json:"until"` // when something else was written
	By      *uuid.UUID `db:"by" json:"by,omitempty"`
}

// CommentVersions gives the earlier texts of a ticket's comments in the order in which they were replaced. Those of
// comments that were deleted are gone with them.
func CommentVersions(ctx context.Context, db Queryer, ticket uuid.UUID) ([]CommentVersion, error) {
	versions, err := list[CommentVersion](ctx, db, `
		SELECT message, version, text, until, by
		FROM (
			SELECT e.message, e.version, coalesce(lag(e.text) OVER earlier, m.original) AS text,
				e.edited_at AS until, e.edited_by AS by, e.revision
			FROM comment_edits e JOIN messages m ON m.id = e.message
			WHERE e.ticket = $1 AND m.deleted_at IS NULL
			WINDOW earlier AS (PARTITION BY e.message ORDER BY e.revision)
		) AS edits
		WHERE version > 0
		ORDER BY revision
		LIMIT $2`, ticket, MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("read edits on ticket %s: %w", ticket, err)
	}
	return versions, nil
}

// Entry is a row of timeline: one event of a ticket.
type Entry struct {
	ID         uuid.UUID  `db:"id"` // of the event
	Ticket     uuid.UUID  `db:"ticket"`
	Revision   int64      `db:"revision"`
	What       string     `db:"what"`      // the event without aggregate and version, as "waiting_started"
	Arguments  string     `db:"arguments"` // a JSON object
	Item       uuid.UUID  `db:"item"`
	Audience   *string    `db:"audience"`
	Actor      *uuid.UUID `db:"actor"`
	HappenedAt time.Time  `db:"happened_at"`
	RecordedAt time.Time  `db:"recorded_at"`
}

// Step is one event of a ticket as its timeline shows it: a key and arguments, from which a page makes a
// sentence in the reader's language.
type Step struct {
	Event      uuid.UUID       `db:"id" json:"event"`
	Revision   int64           `db:"revision" json:"revision"`
	What       string          `db:"what" json:"what"`
	Arguments  json.RawMessage `db:"arguments" json:"arguments"`
	Item       uuid.UUID       `db:"item" json:"item"`             // the ticket, or the message it is about
	Actor      *uuid.UUID      `db:"actor" json:"actor,omitempty"` // absent for the system
	HappenedAt time.Time       `db:"happened_at" json:"happened_at"`
	RecordedAt time.Time       `db:"recorded_at" json:"recorded_at"`
}

// Timeline gives what happened to a ticket after a revision (-1: from the start), in order.
func Timeline(ctx context.Context, db Queryer, ticket uuid.UUID, after int64) ([]Step, error) {
	steps, err := list[Step](ctx, db, `
		SELECT id, revision, what, arguments::json, item, actor, happened_at, recorded_at
		FROM timeline
		WHERE ticket = $1 AND revision > $2
		ORDER BY revision
		LIMIT $3`, ticket, after, MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("read timeline of ticket %s: %w", ticket, err)
	}
	return steps, nil
}

// Disclosure is a time during which the client could see an item; it can be ended, never undone.
type Disclosure struct {
	Item        uuid.UUID  `db:"item" json:"item"` // the ticket, or one of its messages
	From        time.Time  `db:"from_at" json:"from"`
	DisclosedBy *uuid.UUID `db:"disclosed_by" json:"disclosed_by,omitempty"`
	To          *time.Time `db:"to_at" json:"to,omitempty"` // absent while it lasts
	WithdrawnBy *uuid.UUID `db:"withdrawn_by" json:"withdrawn_by,omitempty"`
}

// Disclosures gives when a ticket and its messages were visible to the client, in order. A message is
// visible no longer than its ticket, because withdrawing a ticket withdraws its messages.
func Disclosures(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Disclosure, error) {
	disclosures, err := list[Disclosure](ctx, db, `
		SELECT item, from_at, disclosed_by, to_at, withdrawn_by
		FROM (
			SELECT item, revision, audience, happened_at AS from_at, actor AS disclosed_by,
				lead(happened_at) OVER next AS to_at, lead(actor) OVER next AS withdrawn_by
			FROM timeline
			WHERE ticket = $1 AND audience IS NOT NULL
			WINDOW next AS (PARTITION BY item ORDER BY revision)
		) AS changes
		WHERE audience = $2
		ORDER BY revision
		LIMIT $3`, ticket, ClientVisible, MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("read disclosures of ticket %s: %w", ticket, err)
	}
	return disclosures, nil
}

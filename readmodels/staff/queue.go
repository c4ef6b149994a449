package staff

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// MaxQueue bounds the queue: the tickets whose promises are due first, and those without a due instant after them.
const MaxQueue = 2000

// Group is where a ticket stands in the queue.
type Group string

// The groups. Paused tickets stand still; Later are also those that nothing is promised about.
const (
	GroupBreached Group = "breached"
	GroupNear     Group = "near"
	GroupToday    Group = "today"
	GroupLater    Group = "later"
	GroupPaused   Group = "paused"
)

// Groups lists them, the most urgent one first.
func Groups() []Group { return []Group{GroupBreached, GroupNear, GroupToday, GroupLater, GroupPaused} }

// Queued is a ticket that goes on, as it stands in the queue at an instant.
type Queued struct {
	Ticket          Ticket
	SupportLevel    string
	EscalatedAt     *time.Time // the newest escalation, while EscalationLevel is not 0
	EscalationLevel int
	Group           Group
	// Promised says that something is promised, and Reading is the promise that matters first.
	Promised bool
	Reading  sla.Reading
}

// Queue gives the open tickets that a filter leaves, in the order in which they are to be worked on at an instant
// (F20): breached ones first, then by the share of the target that is left, support level, priority and age. What stands
// still comes after what counts. It reports whether there are more than MaxQueue, the rest of which is left out. The
// filter's After and Limit are of no account. Descriptions are cut to their beginning.
func Queue(ctx context.Context, db Queryer, filter TicketFilter, now time.Time) (queue []Queued, more bool, err error) {
	type row struct {
		Ticket
		Promises        string     `db:"promises"`
		SupportLevel    string     `db:"support_level"`
		EscalatedAt     *time.Time `db:"escalated_at"`
		EscalationLevel int        `db:"escalation_level"`
	}
	filter.After = TicketCursor{}
	where, arguments := filter.where()
	arguments = append(arguments, MaxQueue+1)
	rows, err := list[row](ctx, db, fmt.Sprintf(`
		SELECT %s, promises, support_level, escalated_at, escalation_level
		FROM tickets JOIN (
			SELECT id AS clock, due AS first_due, promises, support_level, escalated_at, escalation_level
			FROM clocks
			WHERE open
		) AS clocks ON clock = id
		%s
		ORDER BY first_due NULLS LAST, raised_at, id
		LIMIT $%d`, shortTicketColumns, where, len(arguments)), arguments...)
	if err != nil {
		return nil, false, fmt.Errorf("read the queue: %w", err)
	}
	if more = len(rows) > MaxQueue; more {
		rows = rows[:MaxQueue]
	}
	queue = make([]Queued, len(rows))
	for i, r := range rows {
		clock, err := decodeClock(r.ID, r.Promises)
		if err != nil {
			return nil, false, err
		}
		queue[i] = place(Queued{
			Ticket: r.Ticket, SupportLevel: r.SupportLevel, EscalatedAt: r.EscalatedAt, EscalationLevel: r.EscalationLevel,
		}, clock, now)
	}
	slices.SortStableFunc(queue, Queued.compare)
	return queue, more, nil
}

// place reads a ticket's clock.
func place(q Queued, clock sla.Clock, now time.Time) Queued {
	q.Group = GroupLater
	for _, reading := range clock.Readings(now) {
		if reading.GoalSeconds == 0 || !reading.Ended.IsZero() {
			continue
		}
		if !q.Promised || compareReadings(reading, q.Reading) < 0 {
			q.Promised, q.Reading = true, reading
		}
	}
	if !q.Promised {
		return q
	}
	switch q.Reading.State {
	case sla.Breached:
		q.Group = GroupBreached
	case sla.Paused:
		q.Group = GroupPaused
	case sla.NearBreach:
		q.Group = GroupNear
	default:
		if dueToday(clock, q.Reading, now) {
			q.Group = GroupToday
		}
	}
	return q
}

// dueToday reports whether the due instant lies in the present day where the service has its opening hours.
func dueToday(clock sla.Clock, reading sla.Reading, now time.Time) bool {
	schedule, err := clock.Pins[reading.Pin].Hours.Schedule()
	if err != nil || reading.Due.IsZero() {
		return false // Hours that were pinned are valid; a promise that never falls due is not due today.
	}
	return calendar.DateOf(reading.Due, schedule.Zone()) == calendar.DateOf(now, schedule.Zone())
}

// compareReadings orders promises: breached, then counting, then standing still; within these by the share left.
func compareReadings(a, b sla.Reading) int {
	return cmp.Or(
		cmp.Compare(urgency(a), urgency(b)),
		cmp.Compare(a.RemainingSeconds*b.GoalSeconds, b.RemainingSeconds*a.GoalSeconds),
	)
}

func urgency(r sla.Reading) int {
	switch r.State {
	case sla.Breached:
		return 0
	case sla.Paused:
		return 2
	default:
		return 1
	}
}

// compare orders tickets. It is total, so the order is the same each time.
func (q Queued) compare(other Queued) int {
	switch {
	case q.Promised != other.Promised && q.Promised:
		return -1
	case q.Promised != other.Promised:
		return 1
	case q.Promised:
		if order := compareReadings(q.Reading, other.Reading); order != 0 {
			return order
		}
	}
	return cmp.Or(
		cmp.Compare(rank(supportLevels, q.SupportLevel), rank(supportLevels, other.SupportLevel)),
		cmp.Compare(rank(sla.Priorities(), q.Ticket.Priority), rank(sla.Priorities(), other.Ticket.Priority)),
		q.Ticket.RaisedAt.Compare(other.Ticket.RaisedAt),
		strings.Compare(q.Ticket.ID.String(), other.Ticket.ID.String()),
	)
}

// supportLevels are those of contracts, the highest first.
var supportLevels = []string{"24x7", "priority", "standard"}

// rank is the place in a list, which names outside of it come after.
func rank(names []string, name string) int {
	if at := slices.Index(names, name); at >= 0 {
		return at
	}
	return len(names)
}

// QueueCursor is the last ticket of a page of the queue, and the instant that the whole list is of: the queue changes
// as time passes, and pages must be of one. The zero cursor stands before the first ticket.
type QueueCursor struct {
	At    time.Time
	Place int // how many tickets there were up to it
	ID    uuid.UUID
}

// queueCursorBytes is the length of a cursor: an instant in microseconds, a place and an id.
const queueCursorBytes = 8 + 4 + 16

// String gives the cursor as one opaque word; empty for the zero cursor.
func (c QueueCursor) String() string {
	if c.ID == uuid.Nil {
		return ""
	}
	word := binary.BigEndian.AppendUint64(make([]byte, 0, queueCursorBytes), uint64(c.At.UnixMicro()))
	word = binary.BigEndian.AppendUint32(word, uint32(c.Place))
	return base64.RawURLEncoding.EncodeToString(append(word, c.ID[:]...))
}

// ParseQueueCursor reads what String gave; domain.ErrInvalid for anything else.
func ParseQueueCursor(text string) (QueueCursor, error) {
	if text == "" {
		return QueueCursor{}, nil
	}
	word, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(word) != queueCursorBytes || uuid.UUID(word[12:]) == uuid.Nil {
		var check domain.Check
		check.That(false, "cursor", "must be one that a list gave")
		return QueueCursor{}, check.Err()
	}
	return QueueCursor{
		At:    time.UnixMicro(int64(binary.BigEndian.Uint64(word))).UTC(),
		Place: int(binary.BigEndian.Uint32(word[8:])),
		ID:    uuid.UUID(word[12:]),
	}, nil
}

// Rest is where in the queue the page behind the cursor begins: after its ticket or, when that is in it no more, where
// it would be.
func (c QueueCursor) Rest(queue []Queued) int {
	if at := slices.IndexFunc(queue, func(q Queued) bool { return q.Ticket.ID == c.ID }); at >= 0 {
		return at + 1
	}
	return min(max(c.Place-1, 0), len(queue))
}

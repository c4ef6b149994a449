package staff

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain/sla"
)

// The kinds of Finding.
const (
	OutlivedReply  = "outlived_reply" // the pause went on after the client had written
	AvoidedBreach  = "avoided_breach" // the pause began within AvoidedWithin of the due instant
	findingsOfPage = 50               // tickets that one page of the audit looks into
	AvoidedWithin  = 10 * time.Minute // how shortly before its due instant a pause avoids a breach
)

// Finding is a pause that deserves a look.
type Finding struct {
	Ticket    Ticket
	Kind      string
	Goal      sla.Goal
	Cycle     int
	PausedFor sla.Condition
	From      time.Time
	Until     time.Time // zero: it goes on
	// Reply is when the client wrote, Due when the target would have been breached without the pause; each of the
	// kind that it belongs to.
	Reply, Due time.Time
	// Seconds of opening time that the pause went on after the reply, or that were left of the target.
	Seconds int64
}

// AuditPauses looks into the tickets with pauses whose clocks last moved within [from, until), in the order of that,
// a page at a time. It gives the cursor of the next page, which is zero after the last one; a page may have no findings.
// A zero client means all of them.
func AuditPauses(
	ctx context.Context, db Queryer, client uuid.UUID, from, until time.Time, after TicketCursor, now time.Time,
) ([]Finding, TicketCursor, error) {
	type row struct {
		Ticket
		Promises string    `db:"promises"`
		MovedAt  time.Time `db:"moved_at"`
	}
	rows, err := list[row](ctx, db, `
		SELECT `+shortTicketColumns+`, promises, moved_at
		FROM tickets JOIN (
			SELECT id AS clock, promises, moved_at
			FROM clocks
			WHERE pauses > 0 AND moved_at >= $1 AND moved_at < $2
		) AS clocks ON clock = id
		WHERE ($3 = '00000000-0000-0000-0000-000000000000'::uuid OR client = $3) AND (moved_at, id) > ($4, $5)
		ORDER BY moved_at, id
		LIMIT $6`, from, until, client, after.RaisedAt, after.ID, findingsOfPage+1)
	if err != nil {
		return nil, TicketCursor{}, fmt.Errorf("list tickets with pauses: %w", err)
	}
	var next TicketCursor
	if len(rows) > findingsOfPage {
		rows = rows[:findingsOfPage]
		last := rows[len(rows)-1]
		next = TicketCursor{RaisedAt: last.MovedAt, ID: last.ID}
	}
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	replies, err := clientMessages(ctx, db, ids)
	if err != nil {
		return nil, TicketCursor{}, err
	}
	findings := []Finding{}
	for _, r := range rows {
		clock, err := decodeClock(r.ID, r.Promises)
		if err != nil {
			return nil, TicketCursor{}, err
		}
		for _, finding := range Audit(clock, replies[r.ID], now) {
			finding.Ticket = r.Ticket
			findings = append(findings, finding)
		}
	}
	return findings, next, nil
}

// clientMessages gives when the client wrote on tickets, in order.
func clientMessages(ctx context.Context, db Queryer, tickets []uuid.UUID) (map[uuid.UUID][]time.Time, error) {
	type row struct {
		Ticket    uuid.UUID `db:"ticket"`
		WrittenAt time.Time `db:"written_at"`
	}
	found, err := list[row](ctx, db, `
		SELECT ticket, written_at
		FROM messages
		WHERE ticket = ANY ($1::uuid[]) AND by_client
		ORDER BY written_at
		LIMIT $2`, tickets, findingsOfPage*MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("list messages by clients: %w", err)
	}
	messages := map[uuid.UUID][]time.Time{}
	for _, m := range found {
		messages[m.Ticket] = append(messages[m.Ticket], m.WrittenAt)
	}
	return messages, nil
}

// Audit looks into the pauses of a clock until an instant, given when the client wrote. Ticket is left empty.
func Audit(clock sla.Clock, replies []time.Time, now time.Time) []Finding {
	var findings []Finding
	if len(clock.Pins) == 0 {
		return nil // Nothing is promised, so nothing is paused.
	}
	for _, run := range clock.Runs {
		elapsed, paused := int64(0), false
		for i, segment := range run.Segments {
			if segment.Paused == sla.Working || segment.Paused == sla.Unpromised {
				elapsed, paused = elapsed+segment.Seconds, false
				continue
			}
			pause := Finding{
				Goal: run.Goal, Cycle: run.Cycle, PausedFor: segment.Paused, From: segment.From, Until: end(run.Segments[i:]),
			}
			pin := clock.Pins[segment.Pin]
			if !paused && (run.Breached.IsZero() || run.Breached.After(pause.From)) {
				findings = append(findings, avoided(pause, pin, elapsed)...)
			}
			if !paused && run.Goal == sla.Resolution { // Every ticket has this goal, and the pauses of all are its.
				findings = append(findings, outlived(pause, pin, replies, now)...)
			}
			paused = true
		}
	}
	return findings
}

// end is when the pause ends that the segments begin with: a change of what is promised cuts it, and ends it not.
func end(segments []sla.Segment) time.Time {
	ends := segments[0].Until
	for _, segment := range segments[1:] {
		if segment.Paused == sla.Working || segment.Paused == sla.Unpromised {
			break
		}
		ends = segment.Until
	}
	return ends
}

func avoided(pause Finding, pin sla.Pin, elapsed int64) []Finding {
	left := pin.Seconds(pause.Goal) - elapsed
	schedule, err := pin.Hours.Schedule()
	if err != nil || left <= 0 {
		return nil // Nothing was promised, or it was broken before.
	}
	due, ok := schedule.Due(pause.From, left)
	if !ok || due.Sub(pause.From) > AvoidedWithin {
		return nil
	}
	pause.Kind, pause.Due, pause.Seconds = AvoidedBreach, due, left
	return []Finding{pause}
}

func outlived(pause Finding, pin sla.Pin, replies []time.Time, now time.Time) []Finding {
	until := pause.Until
	if until.IsZero() {
		until = now
	}
	at := slices.IndexFunc(replies, func(reply time.Time) bool { return reply.After(pause.From) && reply.Before(until) })
	if at < 0 {
		return nil
	}
	pause.Kind, pause.Reply = OutlivedReply, replies[at]
	if schedule, err := pin.Hours.Schedule(); err == nil {
		pause.Seconds = schedule.Elapsed(pause.Reply, until)
	}
	return []Finding{pause}
}

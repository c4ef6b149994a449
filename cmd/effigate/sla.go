package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/projections"
	staffrows "effigate/readmodels/staff"
)

func slaCommand(s *settings) *cobra.Command {
	command := &cobra.Command{Use: "sla", GroupID: "data", Short: "Look at how promises about tickets were kept"}
	command.AddCommand(
		slaSubcommand(s, "report", "Count what was kept and what was missed", `Replay every ticket of a span from its events, and count by goal and priority what was met, met late, or is
breached.

With --policy the tickets are reckoned as if that policy had held for all of them: so for tickets that were
imported, to which nobody had promised anything.`, slaReport),
		slaSubcommand(s, "pauses", "Find pauses that deserve a look", `List the pauses that went on after the client had written, and those that began within ten minutes of the
instant at which a target would have been breached.`, slaPauses),
		slaSubcommand(s, "what-if", "Compare history with what another policy would have made of it", `Replay the tickets of a span, once as it was and once as if another policy or calendar had held for all of
them, and compare.

Without --policy and --calendar history is replayed under its own rules and compared with what was written
down at the time: every target that was concluded and every breach. Any difference makes it exit with 3.`, slaWhatIf),
	)
	return command
}

// slaOptions say which tickets are looked at, and under which rules.
type slaOptions struct {
	client      string
	from, to    string
	rules, base rules // base is what-if's alone
	level       string
}

// rules name what holds instead of what was promised.
type rules struct{ policy, calendar string }

func (r rules) given() bool { return r.policy != "" || r.calendar != "" }

// slaSubcommand makes one of the commands; they differ in what they make of the tickets.
func slaSubcommand(s *settings, name, short, long string, tell func(context.Context, slaView) error) *cobra.Command {
	var o slaOptions
	command := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		Long: long + `

--policy and --calendar take the id of a published one, with @N for its version N, or a JSON file with the
content of one, as the API takes it.

Where history has no messages, as that of an incident log, a first response counts as given when the ticket
was resolved.`,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				view, err := o.look(ctx, w.source.Scan(ctx, domain.Position{}), w.store, w.now())
				if err != nil {
					return err
				}
				view.out, view.json = command.OutOrStdout(), s.JSON
				return tell(ctx, view)
			})
		},
	}
	command.Flags().StringVar(&o.client, "client", "", "id of a client; all of them when left out")
	command.Flags().StringVar(&o.from, "from", "", "first day on which the tickets were raised, in UTC, such as 2026-01-01")
	command.Flags().StringVar(&o.to, "to", "", "last day on which they were raised")
	command.Flags().StringVar(&o.rules.policy, "policy", "", "ID[@VERSION] or FILE of an SLA policy that holds instead")
	command.Flags().StringVar(&o.rules.calendar, "calendar", "", "ID[@VERSION] or FILE of a calendar that holds with it; around the clock when left out")
	if name == "what-if" {
		command.Flags().StringVar(&o.base.policy, "base-policy", "", "policy to compare with, instead of history; for tickets that were imported")
		command.Flags().StringVar(&o.base.calendar, "base-calendar", "", "calendar that holds with --base-policy")
	}
	command.Flags().StringVar(&o.level, "support-level", string(terms.Standard), "support level that selects the targets of --policy: standard, priority or 24x7")
	return command
}

// slaView is what the commands look at.
type slaView struct {
	tickets []*slaTicket
	now     time.Time
	// The tickets were rehearsed under other rules, and under those that these are compared with.
	other, base bool
	out         io.Writer
	json        bool
}

// slaTicket is a ticket as it went, and as it would have gone.
type slaTicket struct {
	id       uuid.UUID
	number   staffrows.Number
	client   uuid.UUID
	priority string
	raised   time.Time
	history  ticket.Promises
	took     bool        // another ticket in, whose earlier beginning may tell of an earlier breach
	replies  []time.Time // when the client wrote
	written  []slaWritten
	other    ticket.Rehearsal
	base     ticket.Rehearsal
}

// slaWritten is what was written down about a target at the time.
type slaWritten struct {
	goal    sla.Goal
	cycle   int
	state   sla.State
	at      time.Time
	elapsed int64 // of a concluded one
}

// clock is the one that counts: under the other rules where there are some.
func (v slaView) clock(t *slaTicket) sla.Clock {
	if v.other {
		return t.other.Clock
	}
	return t.history.Clock
}

// look replays the tickets.
func (o slaOptions) look(
	ctx context.Context, history iter.Seq2[projections.Delivery, error], log commands.Log, now time.Time,
) (slaView, error) {
	view := slaView{now: now, other: o.rules.given(), base: o.base.given()}
	if view.base && !view.other {
		return view, usageError{errors.New("--base-policy is compared with --policy, which is not given")}
	}
	wanted, err := o.wanted()
	if err != nil {
		return view, usageError{err}
	}
	promise, err := o.rules.promise(ctx, log, o.level)
	if err != nil {
		return view, err
	}
	base, err := o.base.promise(ctx, log, o.level)
	if err != nil {
		return view, err
	}
	known := map[string]*slaTicket{}
	for delivery, err := range history {
		if err == nil && !errors.Is(delivery.Err, projections.ErrMalformed) {
			err = delivery.Err
		}
		if err != nil {
			return view, fmt.Errorf("read history: %w", err)
		}
		event, ok := delivery.Recorded.Event.(ticket.Event)
		if !ok {
			continue
		}
		stream := delivery.Recorded.Stream
		if raised, first := event.(ticket.Raised); first && wanted(raised) {
			known[stream] = &slaTicket{id: raised.Ticket.UUID, raised: raised.At, other: ticket.Rehearse(promise), base: ticket.Rehearse(base)}
			view.tickets = append(view.tickets, known[stream])
		}
		if t, ok := known[stream]; ok {
			t.apply(event, view, func(id domain.TicketID) *slaTicket { return known[ticket.Stream(id)] })
		}
	}
	view.tickets = slices.DeleteFunc(view.tickets, func(t *slaTicket) bool { return o.client != "" && t.client.String() != o.client })
	return view, nil
}

// wanted tells which tickets are looked at by when they were raised. Whose they are is known at their end alone.
func (o slaOptions) wanted() (func(ticket.Raised) bool, error) {
	if o.client != "" {
		if _, err := uuid.Parse(o.client); err != nil {
			return nil, fmt.Errorf("--client %q is no id of a client", o.client)
		}
	}
	for flag, day := range map[string]string{"--from": o.from, "--to": o.to} {
		if day != "" && !calendar.Date(day).Valid() {
			return nil, fmt.Errorf("%s %q is no day such as 2026-01-01", flag, day)
		}
	}
	return func(r ticket.Raised) bool {
		day := r.At.UTC().Format(time.DateOnly)
		return (o.from == "" || o.from <= day) && (o.to == "" || day <= o.to)
	}, nil
}

// apply takes over one event of the ticket. Those it took in are found by their ids; nil is one that isn't looked at.
func (t *slaTicket) apply(event ticket.Event, view slaView, find func(domain.TicketID) *slaTicket) {
	t.history = t.history.Apply(event)
	if view.other {
		t.other = t.other.Apply(rehearsed(event, find, func(of *slaTicket) sla.Clock { return of.other.Clock }))
	}
	if view.base {
		t.base = t.base.Apply(rehearsed(event, find, func(of *slaTicket) sla.Clock { return of.base.Clock }))
	}
	switch e := event.(type) {
	case ticket.Raised:
		t.client, t.priority = e.Client.UUID, string(e.Priority)
	case ticket.Triaged:
		t.priority = string(e.Priority)
	case ticket.ClientChanged:
		t.client = e.Client.UUID
	case ticket.Numbered:
		if e.Series == domain.ClientVisible || t.number.Value == 0 {
			t.number = staffrows.Number{Value: int64(e.Number), Internal: e.Series == domain.InternalOnly}
		}
	case ticket.Commented:
		if e.ByClient {
			t.replies = append(t.replies, e.At)
		}
	case ticket.MergedIn:
		t.took = true
	case ticket.TargetConcluded:
		t.written = append(t.written, slaWritten{e.Goal, e.Staff.Cycle, e.State, e.At, e.Staff.ElapsedSeconds})
	case ticket.SLAStateReached:
		if e.State == sla.Breached {
			t.written = append(t.written, slaWritten{e.Goal, e.Staff.Cycle, e.State, e.At, 0})
		}
	default: // Nothing that is told.
	}
}

// rehearsed is an event as it would have been: a ticket that is taken in brings the clock that it would have had.
func rehearsed(event ticket.Event, find func(domain.TicketID) *slaTicket, clock func(*slaTicket) sla.Clock) ticket.Event {
	if e, merged := event.(ticket.MergedIn); merged && !e.Staff.Clock.At.IsZero() {
		if from := find(e.Staff.From); from != nil {
			e.Staff.Clock = clock(from)
			return e
		}
	}
	return event
}

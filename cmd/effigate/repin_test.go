package main

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/domain/zone"
	staffrows "effigate/readmodels/staff"
)

// openClocks are the open tickets as the staff's projection works them out of the log.
func (b *bench) openClocks() (open []staffrows.OpenClock) {
	states := map[string]ticket.State{}
	var order []string
	for _, recorded := range b.log.All() {
		event, ok := recorded.Event.(ticket.Event)
		if !ok {
			continue
		}
		if _, known := states[recorded.Stream]; !known {
			order = append(order, recorded.Stream)
		}
		states[recorded.Stream] = ticket.Evolve(states[recorded.Stream], event)
	}
	for _, stream := range order {
		t := states[stream]
		if !t.Status.Open() {
			continue
		}
		row := staffrows.OpenClock{Ticket: t.ID.UUID, Client: t.Client.UUID, Contract: &t.Contract.UUID}
		if pin, pinned := t.Clock.Pin(); pinned {
			row.Policy, row.PolicyVersion, row.Source, row.SupportLevel = &pin.Policy.ID, pin.Policy.Version, string(pin.Source), pin.SupportLevel
			row.Zones = pin.Zones
			if pin.Calendar.ID != uuid.Nil {
				row.Calendar, row.CalendarVersion = &pin.Calendar.ID, pin.Calendar.Version
			}
		}
		open = append(open, row)
	}
	return open
}

// repinner is one that reads the tickets one by one.
func (b *bench) repinner(t *testing.T, edited <-chan struct{}) repinner {
	t.Helper()
	return repinner{
		service: b.service, edited: edited, now: clock, logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		open: func(_ context.Context, after uuid.UUID) ([]staffrows.OpenClock, error) {
			if b.failing > 0 {
				b.failing--
				return nil, errors.New("no read model is ready")
			}
			found := after == uuid.Nil
			for _, row := range b.openClocks() {
				if found {
					return []staffrows.OpenClock{row}, nil
				}
				found = row.Ticket == after
			}
			return nil, nil
		},
	}
}

// pins are how often each ticket pinned what it is promised, and the minutes that its newest pin promises.
func (b *bench) pins(ids ...domain.TicketID) (all [][2]int) {
	synctest.Wait()
	for _, id := range ids {
		var found [2]int
		for _, recorded := range b.log.All() {
			if pinned, ok := recorded.Event.(ticket.SLAPinned); ok && recorded.Stream == ticket.Stream(id) {
				found = [2]int{found[0] + 1, pinned.Staff.Pin.Target.ResolutionMinutes}
			}
		}
		all = append(all, found)
	}
	return all
}

// An edit reaches the open tickets, each by one event, and at a pace that leaves room for others; what nobody told of is
// found within the hour. A contract that cannot be read keeps no other from it.
func TestOpenTicketsLearnWhatIsPromised(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		one, two, done := b.raise(t, "one"), b.raise(t, "two"), b.raise(t, "done")
		accepted(t)(b.service.ResolveTicket(t.Context(), asSystem("resolve"), commands.ResolveTicket{Ticket: done, Note: "Solved."}))
		b.failing = 1
		edited := make(chan struct{}, 1)
		defer b.start(t, b.repinner(t, edited))()
		time.Sleep(2 * passAgain) // The bubble's time.
		check := func(when string, want ...[2]int) {
			t.Helper()
			if diff := cmp.Diff(want, b.pins(one, two, done)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		check("at the start", [2]int{1, 10}, [2]int{1, 10}, [2]int{1, 10})
		accepted(t)(b.service.PublishSLAPolicy(t.Context(), asSystem("second"), b.policy(1, 20)))
		edited <- struct{}{}
		check("after the first ticket", [2]int{2, 20}, [2]int{1, 10}, [2]int{1, 10})
		time.Sleep(time.Second)
		check("after an edit", [2]int{2, 20}, [2]int{2, 20}, [2]int{1, 10})
		accepted(t)(b.service.PublishSLAPolicy(t.Context(), asSystem("third"), b.policy(2, 30)))
		time.Sleep(repinEvery + time.Second)
		check("within the hour", [2]int{3, 30}, [2]int{3, 30}, [2]int{1, 10})
		time.Sleep(2 * repinEvery)
		check("when nothing changes", [2]int{3, 30}, [2]int{3, 30}, [2]int{1, 10})
	})
}

// A version that holds from a day on reaches the open tickets when that day begins where the client is, not up to an
// hour later.
func TestAFutureVersionHoldsFromItsDayOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sydney, err := zone.Load("Australia/Sydney")
		if err != nil {
			t.Fatal(err)
		}
		tomorrow := calendar.DateOf(clock(), sydney).Add(1)
		time.Sleep(tomorrow.Start(sydney).Sub(clock()) - 5*time.Minute - 7*time.Second) // The bubble's time.
		ticket := b.raise(t, "one")
		version := b.policy(1, 20)
		version.From = tomorrow
		accepted(t)(b.service.PublishSLAPolicy(t.Context(), asSystem("second"), version))
		defer b.start(t, b.repinner(t, nil))()
		time.Sleep(tomorrow.Start(sydney).Sub(clock()) - time.Second)
		check := func(when string, want [2]int) {
			t.Helper()
			if diff := cmp.Diff([][2]int{want}, b.pins(ticket)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		check("the day before", [2]int{1, 10})
		time.Sleep(3 * time.Second)
		check("as the day begins", [2]int{2, 20})
	})
}

// A ticket that cannot be read is tried again, and keeps no other from what is promised: it used to hold up all that
// came after it. Without the store the rest waits.
func TestATicketThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failure error
		pinned  int
	}{
		"one that is damaged":       {errors.New("revision 7 cannot be decoded"), 2 * repinFailures},
		"the store is out of reach": {domain.ErrUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				bad := map[string]bool{}
				for i := range repinFailures {
					bad[ticket.Stream(b.raise(t, "bad "+strconv.Itoa(i)))] = true
				}
				var good []domain.TicketID
				for i := range 2 * repinFailures {
					good = append(good, b.raise(t, "good "+strconv.Itoa(i)))
				}
				accepted(t)(b.service.PublishSLAPolicy(t.Context(), asSystem("second"), b.policy(1, 20)))
				p := b.repinner(t, nil)
				p.service = commands.NewService(damagedLog{b.log, bad, test.failure}, commandstest.NewAnswers())
				if err := p.all(t.Context()); !errors.Is(err, test.failure) {
					t.Errorf("the pass ends with %v, want %v", err, test.failure)
				}
				pinned := 0
				for _, pin := range b.pins(good...) {
					pinned += pin[0] - 1
				}
				if pinned != test.pinned {
					t.Errorf("%d tickets pinned the new version, want %d", pinned, test.pinned)
				}
			})
		})
	}
}

// damagedLog cannot read some streams.
type damagedLog struct {
	commands.Log

	bad     map[string]bool
	failure error
}

func (l damagedLog) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	if l.bad[stream] {
		return func(yield func(domain.Recorded, error) bool) { yield(domain.Recorded{}, l.failure) }
	}
	return l.Log.Read(ctx, stream, after)
}

// Another tz database is another promise: due instants may lie elsewhere.
func TestAnotherTimeZoneDatabasePinsAnew(t *testing.T) {
	t.Parallel()
	row := staffrows.OpenClock{Source: string(sla.FromFirm), SupportLevel: "24x7", Zones: "2019a"}
	promised := pinnedOn(row)
	promised.zones = zone.Version
	if promised == pinnedOn(row) || promised.reason(pinnedOn(row)) != "time zones" {
		t.Errorf("the reason is %q", promised.reason(pinnedOn(row)))
	}
}

// countedLog counts the reads of one stream.
type countedLog struct {
	commands.Log

	stream string
	reads  *int
}

func (l countedLog) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	if stream == l.stream {
		*l.reads++
	}
	return l.Log.Read(ctx, stream, after)
}

// What is promised is worked out once for each contract, and what cannot be told is passed over.
func TestAContractThatPromisesNothingToTell(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	on := b.raise(t, "one")
	gone := uuid.New()
	reads := 0
	p := b.repinner(t, nil)
	p.service = commands.NewService(countedLog{b.log, contract.Stream(b.contract), &reads}, nil)
	p.open = func(_ context.Context, after uuid.UUID) ([]staffrows.OpenClock, error) {
		if after != uuid.Nil {
			return nil, nil
		}
		rows := b.openClocks()
		return []staffrows.OpenClock{{Ticket: uuid.New(), Contract: &gone}, {Ticket: uuid.New()}, {Ticket: uuid.New(), Contract: &gone, Imported: true}, rows[0], rows[0]}, nil
	}
	if err := p.all(t.Context()); err != nil {
		t.Error(err)
	}
	if reads != 1 {
		t.Errorf("the contract was read %d times", reads)
	}
	if pins := b.openClocks(); len(pins) != 1 || pins[0].Ticket != on.UUID || sla.Source(pins[0].Source) != sla.FromFirm {
		t.Errorf("pinned %+v", pins)
	}
}

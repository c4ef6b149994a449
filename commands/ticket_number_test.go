package commands_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/numbering"
	"effigate/domain/ticket"
)

// numbers are those of a ticket in the visible and the internal series, 0 for none.
func (w *world) numbers(t *testing.T, on domain.TicketID) (visible, internal int) {
	t.Helper()
	for _, event := range w.history(t, on) {
		if e, ok := event.(ticket.Numbered); ok && e.Series == domain.ClientVisible {
			visible = e.Number
		} else if ok {
			internal = e.Number
		}
	}
	return visible, internal
}

// Many raise at once, in two processes: each series counts its own tickets from 1, without gap or
// duplicate, and no gap of the visible one tells of the others (X11).
func TestConcurrentRaisesNumberWithoutGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	services := []*commands.Service{w.service, commands.NewService(w.log, w.answers)}
	const raises = 100
	ids := make([]domain.TicketID, 2*raises)
	errs := make([]error, len(ids))
	var all sync.WaitGroup
	for i := range ids {
		r := request([]domain.Actor{w.employee, owner}[i%2], fmt.Sprint("raise ", i))
		all.Go(func() {
			answer, err := services[i/2%2].RaiseTicket(t.Context(), r, w.raise())
			ids[i], errs[i] = domain.TicketID{UUID: answer.ID}, err
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	var visible, internal []int
	for i, on := range ids {
		shown, inside := w.numbers(t, on)
		if i%2 == 0 {
			visible = append(visible, shown)
		} else {
			internal = append(internal, inside)
		}
	}
	want := lines(1, raises)
	slices.Sort(visible)
	slices.Sort(internal)
	if !slices.Equal(visible, want) || !slices.Equal(internal, want) {
		t.Errorf("visible numbers %v, internal numbers %v, want 1 to %d each", visible, internal, raises)
	}
	w.checkIDs(t)
}

// dying is a log whose process dies after some appends: they took place, but nobody was told.
func dying(log commands.Log, appends int) *faultyLog {
	died := fmt.Errorf("%w: the process died", domain.ErrUnavailable)
	return &faultyLog{
		Log: log,
		before: func(domain.Append) error {
			if appends == 0 {
				return died
			}
			return nil
		},
		after: func(domain.Append) error {
			if appends--; appends == 0 {
				return died
			}
			return nil
		},
	}
}

// Wherever a raise or a publication is cut short, the process manager completes it, the repeated command
// is answered, and nothing happens twice.
func TestWhatACrashCutShortIsCompleted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		on   func(*testing.T, *world) (domain.TicketID, func(*commands.Service, commands.Request) (commands.Answer, error))
		want []string
	}{
		"a raise": {
			func(_ *testing.T, w *world) (domain.TicketID, func(*commands.Service, commands.Request) (commands.Answer, error)) {
				on := domain.TicketID{UUID: domain.Derive(request(w.employee, "cut").Command().UUID, "ticket")}
				return on, func(s *commands.Service, r commands.Request) (commands.Answer, error) {
					r.Actor = w.employee
					return s.RaiseTicket(t.Context(), r, w.raise())
				}
			}, []string{"ticket.raised.v1", "numbering.opened.v1", "numbering.allocated.v1", "ticket.numbered.v1"},
		},
		"a publication": {
			func(t *testing.T, w *world) (domain.TicketID, func(*commands.Service, commands.Request) (commands.Answer, error)) {
				t.Helper()
				on := w.raised(t, owner)
				return on, func(s *commands.Service, r commands.Request) (commands.Answer, error) {
					return s.PublishTicket(t.Context(), r, commands.PublishTicket{Ticket: on})
				}
			}, []string{"ticket.published.v1", "numbering.opened.v1", "numbering.allocated.v1", "ticket.numbered.v1"},
		},
	} {
		for appends := 1; appends <= 3; appends++ {
			t.Run(fmt.Sprintf("%s after append %d", name, appends), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				on, run := test.on(t, w)
				mark, r := w.mark(), request(owner, "cut")
				if _, err := run(commands.NewService(dying(w.log, appends), w.answers), r); !errors.Is(err, domain.ErrUnavailable) {
					t.Fatalf("got %v, want ErrUnavailable", err)
				}
				restarted := commands.NewService(w.log, w.answers)
				for range 2 {
					if _, err := restarted.NumberTickets(t.Context(), request(domain.System(), "completed"), on); err != nil {
						t.Fatal(err)
					}
				}
				wantKinds(t, w.since(mark), test.want...)
				if answer := must(t)(run(restarted, r)); answer.ID != on.UUID {
					t.Errorf("the repeat was answered %+v", answer)
				}
				wantKinds(t, w.since(mark), test.want...)
				if visible, _ := w.numbers(t, on); visible != 1 {
					t.Errorf("the ticket has the number %d, want 1", visible)
				}
				w.checkIDs(t)
			})
		}
	}
}

// Once, the command id of an allocation derived from the first subject asked for. A second allocation whose
// first subject had its number already then gave its events the ids of the first one's.
func TestAllocationsThatBeginAlikeHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []domain.TicketID
	for i := range 3 { // Raised, and then the process dies before a number is allocated.
		r := request(w.employee, fmt.Sprint("raise ", i))
		if _, err := commands.NewService(dying(w.log, 1), w.answers).RaiseTicket(t.Context(), r, w.raise()); err == nil {
			t.Fatal("the process didn't die")
		}
		ids = append(ids, domain.TicketID{UUID: domain.Derive(r.Command().UUID, "ticket")})
	}
	r := request(domain.System(), "number")
	if _, err := commands.NewService(dying(w.log, 1), w.answers).NumberTickets(t.Context(), r, ids[0]); err == nil {
		t.Fatal("the process didn't die")
	}
	if _, err := w.service.NumberTickets(t.Context(), r, ids...); err != nil {
		t.Fatal(err)
	}
	for i, on := range ids {
		if visible, _ := w.numbers(t, on); visible != i+1 {
			t.Errorf("ticket %d has number %d", i+1, visible)
		}
	}
	w.checkIDs(t)
}

func TestManyTicketsAreNumberedInTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []domain.TicketID
	for i := range numbering.MaxSubjects + 5 {
		key := fmt.Sprint("INC", i)
		c := w.imported(key, "digest", w.raiseRow(1))
		if _, err := w.service.ImportTicket(t.Context(), w.next(owner), c); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.Ticket)
	}
	position, err := w.service.NumberTickets(t.Context(), w.next(domain.System()), ids...)
	if err != nil {
		t.Fatal(err)
	}
	if head, _ := w.log.Head(t.Context()); position != head {
		t.Errorf("complete at %v, the head is %v", position, head)
	}
	for i, on := range ids {
		if _, internal := w.numbers(t, on); internal != i+1 {
			t.Fatalf("ticket %d has number %d", i+1, internal)
		}
	}
	if position, err := w.service.NumberTickets(t.Context(), w.next(domain.System()), ids...); err != nil || !position.IsZero() {
		t.Errorf("numbered again: %v, %v", position, err)
	}
	w.checkIDs(t)
}

// Somebody always faster, and a caller without a deadline: the allocation gives up all the same.
func TestAnAllocationDoesNotTryForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		beaten := commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
			if _, allocates := a.Events[len(a.Events)-1].(numbering.Allocated); allocates {
				return fmt.Errorf("append to %s: %w", a.Stream, domain.ErrRevision)
			}
			return nil
		}}, w.answers)
		r := w.next(w.employee)
		if _, err := beaten.RaiseTicket(t.Context(), r, w.raise()); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		must(t)(w.service.RaiseTicket(t.Context(), r, w.raise()))
		w.checkIDs(t)
	})
}

// switching is a log that another one takes the place of.
type switching struct{ commands.Log }

// A restored backup is shorter than what a process has folded. It finds back by itself.
func TestASeriesThatBecameShorter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		current := &switching{w.log}
		service := commands.NewService(current, w.answers)
		for range 3 {
			must(t)(service.RaiseTicket(t.Context(), w.next(w.employee), w.raise()))
		}
		restored := commandstest.NewLog()
		for _, recorded := range w.log.All() {
			if _, number := recorded.Event.(numbering.Event); number {
				break // Up to the first number.
			}
			if _, err := restored.Append(t.Context(), domain.Append{
				Stream: recorded.Stream, Expected: recorded.Revision - 1, Command: domain.CommandID{UUID: recorded.ID}, Events: []domain.Event{recorded.Event},
			}); err != nil {
				t.Fatal(err)
			}
		}
		current.Log, w.log = restored, restored
		on := domain.TicketID{UUID: must(t)(service.RaiseTicket(t.Context(), w.next(w.employee), w.raise())).ID}
		if visible, _ := w.numbers(t, on); visible != 1 {
			t.Errorf("the first ticket after the restoration has number %d", visible)
		}
	})
}

// What is remembered of streams is bounded, and what was dropped is read again.
func TestWhatIsFoldedIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const most = 1 << 20
	w.service.FoldAtMost(most)
	for i := range 1000 {
		c := w.imported(fmt.Sprint("INC", i), "digest", row(1, ticket.Raise{
			Ticket: domain.TicketID{UUID: id(fmt.Sprint("INC", i))}, Client: domain.ClientID{UUID: id(fmt.Sprint("client ", i))},
			JobType: "api", Title: "Export stops", Priority: ticket.High, Imported: true, By: owner, At: at,
		}))
		if _, err := w.service.ImportTicket(t.Context(), w.next(owner), c); err != nil {
			t.Fatal(err)
		}
		for range 2 { // The second time it is there already.
			if _, err := w.service.NumberTickets(t.Context(), w.next(domain.System()), c.Ticket); err != nil {
				t.Fatal(err)
			}
		}
	}
	if streams, bytes := w.service.Folded(); bytes > most || bytes < most*9/10 || streams > 500 {
		t.Errorf("%d streams with %d bytes are kept, want at most %d bytes", streams, bytes, most)
	}
}

// The id of an event depends on what it says alone, so that two processes that complete one step agree.
func TestWhoCompletesAStepDoesNotMatter(t *testing.T) {
	t.Parallel()
	var logs [2][]string
	for i, completes := range []bool{false, true} {
		w := newWorld(t)
		r := request(w.employee, "raise")
		if completes {
			if _, err := commands.NewService(dying(w.log, 1), w.answers).RaiseTicket(t.Context(), r, w.raise()); err == nil {
				t.Fatal("the process didn't die")
			}
			on := domain.TicketID{UUID: domain.Derive(r.Command().UUID, "ticket")}
			if _, err := w.service.NumberTickets(t.Context(), request(domain.System(), "number"), on); err != nil {
				t.Fatal(err)
			}
		} else {
			must(t)(w.service.RaiseTicket(t.Context(), r, w.raise()))
		}
		for _, recorded := range w.log.All() {
			logs[i] = append(logs[i], recorded.Stream+" "+recorded.ID.String())
		}
	}
	if diff := cmp.Diff(logs[0], logs[1]); diff != "" {
		t.Errorf("ids (-the command +the process manager):\n%s", diff)
	}
}

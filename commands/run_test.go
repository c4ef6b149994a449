package commands_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
)

// Every use case acts once per key: a repeat gets the first answer, also after a crash that lost the
// stored one; the same key with another body is refused.
func TestEveryUseCaseActsOnce(t *testing.T) {
	t.Parallel()
	for name, row := range useCases {
		if strings.HasPrefix(name, "Preview") || name == "ImportTicket" || name == "PinTicket" || name == "TickTicket" {
			continue // The ones write nothing, the others tell a repeat by their ticket: TestImport, TestTicksActOnce.
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			run, mark := row.on(t, w), w.mark()
			r := w.next(w.doer(name))
			first := must(t)(run(t.Context(), r))
			if all := w.log.All(); first.Position.Compare(all[len(all)-1].Position) != 0 {
				t.Errorf("the answer is complete at %v, the log ends at %v", first.Position, all[len(all)-1].Position)
			}
			w.organisation(t, "Vega AG") // The log goes on.
			if again := must(t)(run(t.Context(), r)); again != first {
				t.Errorf("a repeat was answered %+v, the first time %+v", again, first)
			}
			altered := r
			altered.Body = []byte(`{"other":true}`)
			_, err := run(t.Context(), altered)
			wantRefused(t, err, domain.ErrInvalid, "key_reused")

			effect := len(w.log.All())
			w.answers.Forget()
			if again := must(t)(run(t.Context(), r)); again.ID != first.ID {
				t.Errorf("after a crash a repeat was answered %+v, the first time %+v", again, first)
			}
			if extra := w.log.All()[effect:]; len(extra) > 0 {
				t.Errorf("after a crash a repeat appended %s", extra[0].Raw.Kind)
			}
			wantKinds(t, w.since(mark)[:len(strings.Fields(row.leads))], strings.Fields(row.leads)...)
		})
	}
}

func TestARefusalIsAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.resolved(t)
	r := w.next(agent)
	start := commands.StartTicket{Ticket: on}
	_, first := w.service.StartTicket(t.Context(), r, start)
	wantRefused(t, first, domain.ErrConflict, "wrong_state")
	must(t)(w.service.ReopenTicket(t.Context(), w.next(agent), commands.ReopenTicket{Ticket: on}))
	_, again := w.service.StartTicket(t.Context(), r, start)
	if !reflect.DeepEqual(first, again) {
		t.Errorf("refused with %v, the repeat with %v", first, again)
	}
	must(t)(w.service.StartTicket(t.Context(), w.next(agent), start))

	invalid := commands.RaiseTicket{Client: w.nexus, Contract: w.contract, JobType: "api"}
	r = w.next(agent)
	_, first = w.service.RaiseTicket(t.Context(), r, invalid)
	wantRefused(t, first, domain.ErrInvalid, "invalid_fields")
	if _, again = w.service.RaiseTicket(t.Context(), r, invalid); !reflect.DeepEqual(first, again) {
		t.Errorf("wrong fields were told as %v, then as %v", first, again)
	}
}

func TestANoOpAnswersTheHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	must(t)(w.service.StartTicket(t.Context(), w.next(agent), commands.StartTicket{Ticket: on}))
	w.raised(t, owner)
	head, err := w.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, mark := w.next(other), w.mark()
	first := must(t)(w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on}))
	if first.Position != head || first.ID != on.UUID {
		t.Errorf("answered %+v, want the head %v", first, head)
	}
	wantKinds(t, w.since(mark))
	w.raised(t, owner)
	if again := must(t)(w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on})); again != first {
		t.Errorf("a repeat was answered %+v, the first time %+v", again, first)
	}
}

// What is no decision must not become the answer for ever: the client tries again under the same key.
func TestTroubleIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trouble error
		kind    error
	}{
		"a busy stream":                     {fmt.Errorf("append: %w", domain.ErrRevision), domain.ErrConflict},
		"an unreachable store":              {fmt.Errorf("append: %w", domain.ErrUnavailable), domain.ErrUnavailable},
		"a store that refuses for a moment": {domain.Refuse(domain.ErrUnavailable, "node_down", "no quorum"), domain.ErrUnavailable},
		"what nobody foresaw":               {errors.New("disk on fire"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			on := w.raised(t, w.employee)
			trouble := true
			service := commands.NewService(&faultyLog{Log: w.log, before: func(domain.Append) error {
				if trouble {
					return test.trouble
				}
				return nil
			}}, w.answers)
			r, mark := w.next(agent), w.mark()
			if _, err := service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on}); err == nil || test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			trouble = false
			must(t)(service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on}))
			wantKinds(t, w.since(mark), "ticket.started.v1")
		})
	}
}

// forgetful is a table of answers that cannot be written.
type forgetful struct{ commands.Answers }

func (forgetful) Store(context.Context, domain.CommandID, []byte) error {
	return errors.New("disk full")
}

func TestAnAnswerThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, r := w.raised(t, w.employee), w.next(agent)
	mark := w.mark()
	_, err := commands.NewService(w.log, forgetful{w.answers}).StartTicket(t.Context(), r, commands.StartTicket{Ticket: on})
	if !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	must(t)(w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on}))
	wantKinds(t, w.since(mark), "ticket.started.v1")
}

func TestIdenticalCommandsHaveOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, r := w.raised(t, w.employee), w.next(agent)
	mark := w.mark()
	// Two processes share the log and the answers.
	services := []*commands.Service{w.service, commands.NewService(w.log, w.answers)}
	got := make([]commands.Answer, 100)
	errs := make([]error, len(got))
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			got[i], errs[i] = services[i%2].AskClient(t.Context(), r, commands.AskClient{Ticket: on, Question: "Since when?"})
		})
	}
	all.Wait()
	for i := range got {
		if errs[i] != nil || got[i] != got[0] {
			t.Errorf("sender %d was answered %+v, %v, sender 0 %+v", i, got[i], errs[i], got[0])
		}
	}
	wantKinds(t, w.since(mark), "ticket.commented.v1", "ticket.waiting_started.v1")
}

// counting is a table of answers that counts who looks.
type counting struct {
	commands.Answers
	finds atomic.Int32
}

func (c *counting) Find(ctx context.Context, command domain.CommandID) ([]byte, bool, error) {
	c.finds.Add(1)
	return c.Answers.Find(ctx, command)
}

// A repeat waits for the one in flight, so that it gets the very same answer: one that is complete with
// the number.
func TestARepeatInFlightWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r, answers, reply := w.next(w.employee), &counting{Answers: w.answers}, make(chan struct{})
		service := commands.NewService(&faultyLog{Log: w.log, before: func(domain.Append) error {
			<-reply
			return nil
		}}, answers)
		got := make([]commands.Answer, 10)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				answer, err := service.RaiseTicket(t.Context(), r, w.raise())
				if err != nil {
					t.Error(err)
				}
				got[i] = answer
			})
		}
		synctest.Wait()
		if finds := answers.finds.Load(); finds != 1 {
			t.Errorf("%d of %d senders do not wait", finds, len(got))
		}
		close(reply)
		all.Wait()
		for i := range got {
			if got[i] != got[0] {
				t.Errorf("sender %d was answered %+v, sender 0 %+v", i, got[i], got[0])
			}
		}
	})
}

func TestDistinctCommandsAllSucceed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	errs := make([]error, 100)
	var all sync.WaitGroup
	for i := range errs {
		r := request(agent, fmt.Sprint("comment ", i))
		all.Go(func() {
			_, errs[i] = w.service.CommentOnTicket(t.Context(), r, commands.CommentOnTicket{Ticket: on, Text: "x"})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got := len(w.history(t, on)); got != 102 { // raised, numbered and the comments
		t.Errorf("%d events, want 102", got)
	}
	w.checkIDs(t)
}

func TestContradictoryAgents(t *testing.T) {
	t.Parallel()
	t.Run("one resolves, the other resolves otherwise", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		on := w.raised(t, w.employee)
		contradict(t, "already_resolved", func(i int) error {
			r := request([]domain.Actor{agent, other}[i], "resolve")
			_, err := w.service.ResolveTicket(t.Context(), r, commands.ResolveTicket{Ticket: on, Note: []string{"Streams.", "Proxy."}[i]})
			return err
		})
	})
	t.Run("both assign what they saw unassigned", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		on := w.raised(t, w.employee)
		seen := int64(len(w.history(t, on)) - 1)
		contradict(t, "changed_since", func(i int) error {
			by := []domain.Actor{agent, other}[i]
			r := request(by, "assign")
			r.Seen = &seen
			_, err := w.service.AssignTicket(t.Context(), r, commands.AssignTicket{Ticket: on, Assignee: by.Person})
			return err
		})
	})
}

// contradict runs both at once: one succeeds and the other is told why not.
func contradict(t *testing.T, code string, run func(int) error) {
	t.Helper()
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = run(i) })
	}
	both.Wait()
	if errs[0] != nil {
		slices.Reverse(errs)
	}
	if errs[0] != nil {
		t.Fatalf("both were refused: %v", errors.Join(errs...))
	}
	wantRefused(t, errs[1], domain.ErrConflict, code)
}

// Another process writes between load and append; the command is decided anew on what it wrote.
func TestAFasterWriterLeadsToANewDecision(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faster command
		leads  string
		code   string
	}{
		"that still acts": {leads: "ticket.assigned.v1 ticket.resolved.v1"},
		"that refuses":    {code: "wrong_state"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			on, once := w.raised(t, w.employee), sync.Once{}
			log := &faultyLog{Log: w.log, before: func(domain.Append) error {
				once.Do(func() {
					if test.code == "" {
						must(t)(w.service.AssignTicket(t.Context(), w.next(other), commands.AssignTicket{Ticket: on, Team: "Platform"}))
						return
					}
					must(t)(w.service.ResolveTicket(t.Context(), w.next(other), commands.ResolveTicket{Ticket: on, Note: "Done."}))
					must(t)(w.service.CloseTicket(t.Context(), w.next(other), commands.CloseTicket{Ticket: on}))
				})
				return nil
			}}
			mark := w.mark()
			_, err := commands.NewService(log, w.answers).ResolveTicket(t.Context(), request(agent, "slow"), commands.ResolveTicket{Ticket: on, Note: "It streams now."})
			if test.code != "" {
				wantRefused(t, err, domain.ErrConflict, test.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantKinds(t, w.since(mark), strings.Fields(test.leads)...)
		})
	}
}

func TestWhoSawAnOlderRevisionIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	seen, mark := int64(0), w.mark()
	r := w.next(agent)
	r.Seen = &seen
	_, err := w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on})
	wantRefused(t, err, domain.ErrConflict, "changed_since")
	wantKinds(t, w.since(mark))
	seen = int64(len(w.history(t, on)) - 1)
	r = w.next(agent)
	r.Seen = &seen
	must(t)(w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on}))
	w.answers.Forget()
	must(t)(w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on})) // It moved the revision itself.
}

func TestTheQueueHandsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := commands.NewQueue()
		unlock, err := q.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if free, err := q.Lock(t.Context(), "b"); err != nil {
			t.Fatal(err)
		} else {
			free() // Another name waits for nobody.
		}
		var held, order []int
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				pass, err := q.Lock(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				held = append(held, i) // The race detector watches: one at a time.
				pass()
			})
			synctest.Wait()
			order = append(order, i)
		}
		if len(held) > 0 {
			t.Errorf("%v held what was held", held)
		}
		unlock()
		all.Wait()
		if diff := cmp.Diff(order, held); diff != "" {
			t.Errorf("order of turns (-want +got):\n%s", diff)
		}
		if q.Len() != 0 {
			t.Errorf("%d names are left behind", q.Len())
		}
	})
}

func TestWhoStopsWaitingLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := commands.NewQueue()
		unlock, err := q.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var failed error
		var all sync.WaitGroup
		all.Go(func() { _, failed = q.Lock(ctx, "a") })
		synctest.Wait()
		cancel()
		all.Wait()
		if !errors.Is(failed, domain.ErrUnavailable) || !errors.Is(failed, context.Canceled) {
			t.Errorf("got %v, want ErrUnavailable", failed)
		}
		if q.Len() != 1 {
			t.Errorf("%d names are held, want the one", q.Len())
		}
		unlock()
		if q.Len() != 0 {
			t.Errorf("%d names are left behind", q.Len())
		}
		if again, err := q.Lock(t.Context(), "a"); err != nil {
			t.Error(err)
		} else {
			again()
		}
	})
}

// A command that cannot have its turn in time is no decision: the same key acts later.
func TestACommandWhoseTurnDoesNotCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, r := w.raised(t, w.employee), w.next(agent)
	mark := w.mark()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.service.StartTicket(ctx, r, commands.StartTicket{Ticket: on}); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	must(t)(w.service.StartTicket(t.Context(), r, commands.StartTicket{Ticket: on}))
	wantKinds(t, w.since(mark), "ticket.started.v1")
}

// The two sides may use one key each.
func TestKeysBelongToTheirActor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	for _, by := range []domain.Actor{agent, other, w.employee, w.admin} {
		must(t)(w.service.CommentOnTicket(t.Context(), request(by, "one key"), commands.CommentOnTicket{Ticket: on, Text: "x"}))
	}
	if got := len(w.history(t, on)); got != 6 {
		t.Errorf("%d events, want 6", got)
	}
}

// A stream that holds another aggregate's events is refused instead of being half read.
func TestAForeignEventStopsACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := domain.TicketID{UUID: id("foreign")}
	if _, err := w.log.Append(t.Context(), domain.Append{
		Stream: ticket.Stream(on), Expected: domain.NoStream, Command: domain.CommandID{UUID: id("foreign command")},
		Events: []domain.Event{w.log.All()[0].Event},
	}); err != nil {
		t.Fatal(err)
	}
	_, err := w.service.StartTicket(t.Context(), w.next(agent), commands.StartTicket{Ticket: on})
	if refusal, ok := errors.AsType[*domain.Refusal](err); err == nil || ok {
		t.Errorf("got %v, %v, want an error that is no refusal", err, refusal)
	}
}

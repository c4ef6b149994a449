package commands_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
)

// raiseRow is the row that raises an imported ticket for the client's employee.
func (w *world) raiseRow(line int) commands.ImportStep {
	return row(line, ticket.Raise{
		Ticket: domain.TicketID{UUID: id("INC1")}, Client: w.nexus, Contract: w.contract, JobType: "api", Title: "Export stops",
		Priority: ticket.High, OnBehalfOf: w.employee.Person, Imported: true, By: owner, At: at,
	})
}

func row(line int, asked ...ticket.Command) commands.ImportStep {
	return commands.ImportStep{Line: line, Commands: asked}
}

func (w *world) imported(key, digest string, rows ...commands.ImportStep) commands.ImportTicket {
	return commands.ImportTicket{
		Ticket: domain.TicketID{UUID: id(key)}, Steps: rows,
		From: ticket.ImportedStaff{System: "incidents", Key: key, File: "9f86d081", Line: 1, Rows: len(rows), Digest: digest},
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	resume, finish := ticket.Resume{By: owner, At: at}, ticket.Close{Imported: true, By: owner, At: at}
	wrong := ticket.Raise{Imported: true, By: owner, At: at}
	for name, test := range map[string]struct {
		rows     func(*world) []commands.ImportStep
		imported int
		rejected []int  // lines
		leads    string // to these events
	}{
		"a history goes in whole": {
			func(w *world) []commands.ImportStep {
				return []commands.ImportStep{w.raiseRow(1), row(2), row(3, finish)}
			},
			3, nil, "ticket.raised.v1 ticket.resolved.v1 ticket.closed.v1 ticket.imported.v1",
		},
		"a row that is refused is left out": {
			func(w *world) []commands.ImportStep {
				return []commands.ImportStep{w.raiseRow(1), row(2, resume), row(3, finish)}
			},
			2,
			[]int{2},
			"ticket.raised.v1 ticket.resolved.v1 ticket.closed.v1 ticket.imported.v1",
		},
		"a row is in or out as a whole": {
			func(w *world) []commands.ImportStep {
				return []commands.ImportStep{w.raiseRow(1), row(2, finish, resume)}
			},
			1,
			[]int{2},
			"ticket.raised.v1 ticket.imported.v1",
		},
		"rows before the one that raises are left out": {
			func(w *world) []commands.ImportStep {
				return []commands.ImportStep{row(1), row(2, finish), w.raiseRow(3)}
			},
			1,
			[]int{1, 2},
			"ticket.raised.v1 ticket.imported.v1",
		},
		"without a row that raises there is no ticket": {
			func(*world) []commands.ImportStep {
				return []commands.ImportStep{row(1, wrong), row(2), row(3, finish)}
			},
			0,
			[]int{1, 2, 3},
			"",
		},
		"no rows, no ticket": {func(*world) []commands.ImportStep { return nil }, 0, nil, ""},
		"more than a store takes is rejected": {
			func(w *world) []commands.ImportStep {
				rows := []commands.ImportStep{w.raiseRow(1)}
				for line := 2; line <= 60; line++ {
					rows = append(rows, row(line, ticket.Note{
						Note: domain.CommentID{UUID: id(strings.Repeat("n", line))}, Text: strings.Repeat("x", domain.MaxText), By: owner, At: at,
					}))
				}
				return rows
			},
			0, lines(1, 60), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c, mark := w.imported("INC1", "digest 1", test.rows(w)...), w.mark()

			c.DryRun = true
			dry, err := w.service.ImportTicket(t.Context(), w.next(owner), c)
			if err != nil {
				t.Fatal(err)
			}
			wantKinds(t, w.since(mark))
			c.DryRun = false
			first, err := w.service.ImportTicket(t.Context(), w.next(owner), c)
			if err != nil {
				t.Fatal(err)
			}
			wantKinds(t, w.since(mark), strings.Fields(test.leads)...)
			wantAccount(t, first, test.imported, 0, test.rejected)
			if len(c.Steps) < 60 && (dry.Imported != first.Imported || !cmp.Equal(dry.Rejected, first.Rejected)) {
				t.Errorf("the dry run told %+v, then it was %+v", dry, first)
			}
			second, err := w.service.ImportTicket(t.Context(), w.next(owner), c)
			if err != nil {
				t.Fatal(err)
			}
			wantAccount(t, second, 0, test.imported, test.rejected)
			wantKinds(t, w.since(mark), strings.Fields(test.leads)...)
		})
	}
}

func lines(first, last int) []int {
	var all []int
	for line := first; line <= last; line++ {
		all = append(all, line)
	}
	return all
}

func wantAccount(t *testing.T, got commands.ImportedTicket, imported, unchanged int, rejected []int) {
	t.Helper()
	var told []int
	for _, r := range got.Rejected {
		told = append(told, r.Line)
		if r.Reason == "" {
			t.Errorf("line %d is rejected for no reason", r.Line)
		}
	}
	if got.Imported != imported || got.Unchanged != unchanged || !slices.Equal(told, rejected) {
		t.Errorf("imported %d, unchanged %d, rejected lines %v, want %d, %d, %v", got.Imported, got.Unchanged, told, imported, unchanged, rejected)
	}
	if got.Position.IsZero() != (imported == 0) {
		t.Errorf("%d imported rows end at %v", imported, got.Position)
	}
}

func TestAChangedSourceIsRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.service.ImportTicket(t.Context(), w.next(owner), w.imported("INC1", "digest 1", w.raiseRow(1))); err != nil {
		t.Fatal(err)
	}
	mark := w.mark()
	changed, err := w.service.ImportTicket(t.Context(), w.next(owner), w.imported("INC1", "digest 2", w.raiseRow(1), row(2)))
	if err != nil {
		t.Fatal(err)
	}
	wantAccount(t, changed, 0, 0, []int{1, 2})
	wantKinds(t, w.since(mark))
}

// Two processes import one file: the slower one finds its rows there.
func TestAnImportThatWasForestalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, forestalled := w.imported("INC1", "digest 1", w.raiseRow(1), row(2)), false
	slow := commands.NewService(&faultyLog{Log: w.log, before: func(domain.Append) error {
		if forestalled {
			return nil
		}
		forestalled = true
		_, err := w.service.ImportTicket(t.Context(), w.next(owner), c)
		return err
	}}, w.answers)
	outcome, err := slow.ImportTicket(t.Context(), w.next(w.hire(t, staff("somebody", domain.Delivery))), c)
	if err != nil {
		t.Fatal(err)
	}
	wantAccount(t, outcome, 0, 2, nil)
}

// What is imported stays inside until it is published, and then it has a number of the visible series.
func TestAnImportedTicketIsPublishedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.imported("INC1", "digest 1", w.raiseRow(1))
	if _, err := w.service.ImportTicket(t.Context(), w.next(owner), c); err != nil {
		t.Fatal(err)
	}
	_, err := w.service.CommentOnTicket(t.Context(), w.next(w.employee), commands.CommentOnTicket{Ticket: c.Ticket, Text: "x"})
	wantRefused(t, err, domain.ErrNotFound, "no_such_ticket")
	if _, err := w.service.NumberTickets(t.Context(), w.next(domain.System()), c.Ticket); err != nil {
		t.Fatal(err)
	}
	must(t)(w.service.PublishTicket(t.Context(), w.next(owner), commands.PublishTicket{Ticket: c.Ticket}))
	must(t)(w.service.CommentOnTicket(t.Context(), w.next(w.employee), commands.CommentOnTicket{Ticket: c.Ticket, Text: "x"}))
	if visible, internal := w.numbers(t, c.Ticket); visible != 1 || internal != 1 {
		t.Errorf("numbers %d and %d, want the first of both series", visible, internal)
	}
}

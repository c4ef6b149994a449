package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	staffrows "effigate/readmodels/staff"
)

// overdue is a worker over pages of overdue invoices, of which some fail, and notes what it acted on.
func overdue(fail map[int]error, reminded *[]int, pages ...[]int) dueInvoices {
	id := func(n int) uuid.UUID { return uuid.UUID{15: byte(n)} }
	return dueInvoices{
		what: "remind of invoice",
		now:  func() time.Time { return demoNow }, logger: slog.New(slog.DiscardHandler),
		due: func(_ context.Context, _ time.Time, after staffrows.InvoiceCursor) (page []staffrows.InvoiceLine, next staffrows.InvoiceCursor, err error) {
			at := int(after.ID[15])
			for _, n := range pages[at] {
				page = append(page, staffrows.InvoiceLine{Invoice: staffrows.Invoice{ID: id(n)}, Today: "2026-03-16"})
			}
			if at+1 < len(pages) {
				next.ID = id(at + 1)
			}
			return page, next, nil
		},
		act: func(_ context.Context, r commands.Request, of domain.InvoiceID) (commands.Answer, error) {
			n := int(of.UUID[15])
			if err := fail[n]; err != nil {
				return commands.Answer{}, err
			}
			if r.Actor != domain.System() || r.Key != of.String()+" 2026-03-16" || r.Route != "remind of invoice" {
				return commands.Answer{}, errors.New("the step is not named by its day")
			}
			*reminded = append(*reminded, n)
			return commands.Answer{}, nil
		},
	}
}

// One invoice that cannot be acted on does not keep the others from it; a store that is away ends the pass.
func TestEveryDueInvoiceIsLookedAt(t *testing.T) {
	t.Parallel()
	refused := domain.Refuse(domain.ErrConflict, "not_overdue", "it was paid meanwhile")
	away := domain.ErrUnavailable
	for name, test := range map[string]struct {
		fail map[int]error
		want []int
		err  error
	}{
		"all":               {nil, []int{1, 2, 3, 4, 5}, nil},
		"one is refused":    {map[int]error{2: refused}, []int{1, 3, 4, 5}, nil},
		"one fails":         {map[int]error{2: away}, []int{1, 3, 4, 5}, away},
		"the store is away": {map[int]error{2: away, 3: away, 4: away, 5: away}, []int{1}, away},
	} {
		var reminded []int
		if err := overdue(test.fail, &reminded, []int{1, 2}, nil, []int{3, 4, 5}).all(t.Context()); !errors.Is(err, test.err) {
			t.Errorf("%s: got %v, want %v", name, err, test.err)
		}
		if diff := cmp.Diff(test.want, reminded); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

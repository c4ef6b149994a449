package commands_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// cut is a use case of two streams, and who completes it.
type cut struct {
	appends int // of the use case
	leads   string
	run     func(*commands.Service, context.Context, commands.Request) (commands.Answer, error)
	// complete is what the process manager does about the facts that it is told.
	complete func(*commands.Service, context.Context, commands.Request) (domain.Position, error)
}

// cuts prepares every use case of contracts, time and periods that needs two streams.
var cuts = map[string]func(*testing.T, *world) cut{
	"a price for hours": func(t *testing.T, w *world) cut {
		t.Helper()
		on := w.signed(t, bucketTerms())
		w.opened(t, on)
		bucket := domain.BucketID{UUID: domain.Derive(request(owner, "cut").Command().UUID, "bucket")}
		return cut{
			3, "contract.bucket_granted.v1 period.terms_pinned.v1 period.charge_added.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.GrantBucket(ctx, r, commands.GrantBucket{Contract: on, Line: "support", Minutes: 600, Price: decimal.NewFromInt(1500)})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.CompleteGrant(ctx, r, on, bucket)
			},
		}
	},
	"an adjustment": func(t *testing.T, w *world) cut {
		t.Helper()
		on := w.signed(t, bucketTerms())
		w.opened(t, on)
		return cut{
			2, "contract.bucket_adjusted.v1 period.terms_pinned.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.AdjustBucket(ctx, r, commands.AdjustBucket{Contract: on, Bucket: startBucket(on), Minutes: -60, Reason: "twice"})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.PinTerms(ctx, r, on)
			},
		}
	},
	"an amendment": func(t *testing.T, w *world) cut {
		t.Helper()
		on := w.signed(t, bucketTerms())
		w.opened(t, on)
		id := domain.AmendmentID{UUID: must(t)(w.service.ProposeAmendment(t.Context(), w.next(manager), amendment(on))).ID}
		must(t)(w.service.ApproveAmendment(t.Context(), w.next(owner), commands.ApproveAmendment{Contract: on, Amendment: id}))
		must(t)(w.service.OfferAmendment(t.Context(), w.next(owner), commands.OfferAmendment{Contract: on, Amendment: id}))
		return cut{
			2, "contract.amendment_accepted.v1 contract.bucket_granted.v1 period.terms_pinned.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.AcceptAmendment(ctx, r, commands.AcceptAmendment{Contract: on, Amendment: id, Evidence: contract.Evidence{Paper: "binder 4"}})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.PinTerms(ctx, r, on)
			},
		}
	},
	"a milestone": func(t *testing.T, w *world) cut {
		t.Helper()
		on := w.signed(t, bucketTerms())
		return cut{
			2, "contract.milestone_released.v1 " + opening + "period.charge_added.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.ReleaseMilestone(ctx, r, commands.ReleaseMilestone{Contract: on, Line: "build", Milestone: "launch"})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.ChargeMilestone(ctx, r, on, "build", "launch")
			},
		}
	},
	"the end of a month": func(t *testing.T, w *world) cut {
		t.Helper()
		on := w.signed(t, sinceFebruary())
		return cut{
			2, opening + "period.closed.v1 " + opening + "period.carried_in.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.ClosePeriod(ctx, r, commands.ClosePeriod{Contract: on, Month: february})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.CarryIn(ctx, r, on, february)
			},
		}
	},
	"a correction": func(t *testing.T, w *world) cut {
		t.Helper()
		on, id := w.billed(t)
		entry := w.work().Entry
		entry.From, entry.Until = inFebruary, inFebruary.Add(time.Hour)
		return cut{
			3, "period.time_corrected.v1 period.time_reversed.v1 period.time_logged.v1 period.time_submitted.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.CorrectTime(ctx, r, commands.CorrectTime{Contract: on, Month: february, Time: id, Entry: &entry, Reason: "one hour only"})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.CompleteCorrection(ctx, r, on, february, id)
			},
		}
	},
	"a move": func(t *testing.T, w *world) cut {
		t.Helper()
		id := w.handedIn(t)
		return cut{
			2, "period.time_moved.v1 " + opening + "period.time_logged.v1 period.time_submitted.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.MoveTime(ctx, r, commands.MoveTime{Contract: w.contract, Month: march, Times: []domain.TimeID{id}})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.ReceiveTime(ctx, r, w.contract, march, id)
			},
		}
	},
	"a timer": func(t *testing.T, w *world) cut {
		t.Helper()
		must(t)(w.service.StartTimer(t.Context(), w.on(owner, at.Add(-time.Hour)), w.start()))
		return cut{
			2, "timer.stopped.v1 " + opening + "period.time_logged.v1",
			func(s *commands.Service, ctx context.Context, r commands.Request) (commands.Answer, error) {
				return s.StopTimer(ctx, r, commands.StopTimer{})
			},
			func(s *commands.Service, ctx context.Context, r commands.Request) (domain.Position, error) {
				return s.LogTimer(ctx, r, owner.Person)
			},
		}
	},
}

// opened opens the present month of a contract.
func (w *world) opened(t *testing.T, on domain.ContractID) {
	t.Helper()
	must(t)(w.service.OpenPeriod(t.Context(), w.next(owner), commands.OpenPeriod{Contract: on, Month: march}))
}

// Wherever a step of two streams is cut short, the process manager completes it, the repeated command is answered,
// and nothing happens twice.
func TestWhatFollowsIsCompleted(t *testing.T) {
	t.Parallel()
	for name, prepare := range cuts {
		for appends := 1; appends <= 3; appends++ {
			for _, managed := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s after append %d, managed %t", name, appends, managed), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					c := prepare(t, w)
					if appends > c.appends {
						t.Skip("it has no more")
					}
					mark, r := w.mark(), request(owner, "cut")
					if _, err := c.run(commands.NewService(dying(w.log, appends), w.answers), t.Context(), r); !errors.Is(err, domain.ErrUnavailable) {
						t.Fatalf("got %v, want ErrUnavailable", err)
					}
					restarted := commands.NewService(w.log, w.answers)
					if managed {
						for i := range 2 {
							if _, err := c.complete(restarted, t.Context(), request(domain.System(), fmt.Sprint("completed ", i))); err != nil {
								t.Fatal(err)
							}
						}
						wantKinds(t, w.since(mark), strings.Fields(c.leads)...)
					}
					must(t)(c.run(restarted, t.Context(), r))
					wantKinds(t, w.since(mark), strings.Fields(c.leads)...)
					if _, err := c.complete(restarted, t.Context(), request(domain.System(), "late")); err != nil {
						t.Fatal(err)
					}
					wantKinds(t, w.since(mark), strings.Fields(c.leads)...)
					w.checkIDs(t)
				})
			}
		}
	}
}

// What nobody began is not completed.
func TestNothingIsCompletedThatNobodyBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, r := w.signed(t, bucketTerms()), request(domain.System(), "complete")
	id := w.handedIn(t)
	mark := w.mark()
	for name, complete := range map[string]func() (domain.Position, error){
		"a milestone": func() (domain.Position, error) {
			return w.service.ChargeMilestone(t.Context(), r, on, "build", "launch")
		},
		"a month": func() (domain.Position, error) { return w.service.CarryIn(t.Context(), r, w.contract, march) },
		"a correction": func() (domain.Position, error) {
			return w.service.CompleteCorrection(t.Context(), r, w.contract, march, id)
		},
		"a move":  func() (domain.Position, error) { return w.service.ReceiveTime(t.Context(), r, w.contract, march, id) },
		"a timer": func() (domain.Position, error) { return w.service.LogTimer(t.Context(), r, other.Person) },
		"hours":   func() (domain.Position, error) { return w.service.CompleteGrant(t.Context(), r, on, startBucket(on)) },
	} {
		if position, err := complete(); err != nil || !position.IsZero() {
			t.Errorf("%s: completed at %v, %v", name, position, err)
		}
	}
	wantKinds(t, w.since(mark))
}

// A line that buys hours by itself buys them once, charges them and draws on them.
func TestTopUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := bucketTerms()
	said.Staff.Charges[0] = terms.Charge{
		Line: "support", Overage: terms.TopUpOverage, OveragePrice: decimal.NewFromInt(150), TopUpMinutes: 600, TopUpAtMinutes: 300,
	}
	on := w.signed(t, said)
	w.opened(t, on)
	due := period.TopUpDue{
		Line: "support", Bucket: period.TopUp(on, "support", march, 1), Staff: period.TopUpDueStaff{Minutes: 600}, At: at,
	}
	mark := w.mark()
	for i := range 3 {
		if _, err := w.service.TopUp(t.Context(), request(domain.System(), fmt.Sprint("top up ", i)), on, due); err != nil {
			t.Fatal(err)
		}
	}
	wantKinds(t, w.since(mark), "contract.bucket_granted.v1", "period.terms_pinned.v1", "period.charge_added.v1")
	charge, ok := w.log.All()[mark+2].Event.(period.ChargeAdded)
	if !ok || !charge.Staff.Amount.Equal(decimal.NewFromInt(1500)) || charge.Text != "Support, 10 h" {
		t.Errorf("charged %+v, want 1500 for 10 h", charge)
	}
	w.checkIDs(t)
}

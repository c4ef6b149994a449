package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/terms"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
)

const (
	february = "2026-02"
	march    = "2026-03"
)

func (f *firm) billing(service *commands.Service) messaging.Manager {
	return messaging.Billing(service, func() time.Time { return monday }, f.logger)
}

// dying is a log whose process dies after one append.
type dying struct {
	commands.Log
	appended bool
}

func (l *dying) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	if l.appended {
		return domain.Position{}, fmt.Errorf("%w: the process died", domain.ErrUnavailable)
	}
	l.appended = true
	return l.Log.Append(ctx, a)
}

// cut sends a command that dies after its first append.
func cut[C any](t *testing.T, f *firm, run func(*commands.Service) func(context.Context, commands.Request, C) (commands.Answer, error), c C) {
	t.Helper()
	service := commands.NewService(&dying{Log: f.world.client}, postgres.NewAnswers(f.staff))
	_, err := run(service)(t.Context(), f.request("cut", fmt.Sprintf("%T", c)), c)
	if !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("%T: got %v, want ErrUnavailable", c, err)
	}
}

// billable is a contract with 20 bought hours, two milestones and work on time and materials.
func billable() terms.Terms {
	return terms.Terms{
		Agreed: terms.Agreed{Starts: "2026-02-01", Lines: []terms.Line{
			{Key: "support", Name: "Support", Type: terms.Bucket, Minutes: 1200, JobTypes: []terms.JobType{{Key: "api", Name: "API"}}},
			{Key: "more", Name: "More", Type: terms.TimeAndMaterials, JobTypes: []terms.JobType{{Key: "web", Name: "Web"}}},
			{Key: "build", Name: "Build", Type: terms.Fixed, Milestones: []terms.Milestone{{Key: "launch", Name: "Launch"}}},
		}},
		Staff: terms.Staff{SupportLevel: terms.Standard, Charges: []terms.Charge{
			{
				Line: "support", Overage: terms.TopUpOverage, OveragePrice: decimal.NewFromInt(150),
				TopUpMinutes: 600, TopUpAtMinutes: 120,
			},
			{Line: "build", Amounts: []terms.Amount{{Milestone: "launch", Amount: decimal.NewFromInt(9000)}}},
		}, Penalties: []terms.Penalty{
			{Key: "solve", Name: "Resolution", Trigger: terms.Resolution, Kind: terms.FixedPerBreach, Amount: decimal.NewFromInt(100)},
		}},
	}
}

// engage registers the client and puts the billable contract in force.
func (f *firm) engage(t *testing.T) {
	t.Helper()
	f.contract = domain.ContractID{UUID: named("billable")}
	send(t, f, f.service.RegisterClient, commands.RegisterClient{ID: f.client, Name: "Wattle Dental", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD"})
	send(t, f, f.service.PublishRates, commands.PublishRates{
		Name: "Firm", Layer: rate.FirmDefault, Currency: "AUD", From: "2026-01-01",
		Rows: []rate.Row{{Key: "any", Price: decimal.NewFromInt(120), Unit: rate.PerHour}},
	})
	send(t, f, f.service.DraftContract, commands.DraftContract{ID: f.contract, Client: f.client, Reference: "C-2", Terms: billable()})
	send(t, f, f.service.ActivateContract, commands.ActivateContract{Contract: f.contract})
}

// send sends a command under a key of its own.
func send[C any](t *testing.T, f *firm, run func(context.Context, commands.Request, C) (commands.Answer, error), c C) uuid.UUID {
	t.Helper()
	return sendAt(t, f, run, c, monday)
}

func sendAt[C any](t *testing.T, f *firm, run func(context.Context, commands.Request, C) (commands.Answer, error), c C, at time.Time) uuid.UUID {
	t.Helper()
	f.sent++
	r := f.request("send", strconv.Itoa(f.sent))
	r.At = at
	answer, err := run(t.Context(), r, c)
	if err != nil {
		t.Fatalf("%T: %v", c, err)
	}
	return answer.ID
}

// log is a submitted record of some hours, which ended an hour before it is logged.
func (f *firm) log(jobType string, at time.Time, hours int) commands.LogTime {
	until := at.Add(-time.Hour)
	return commands.LogTime{Contract: f.contract, Submit: true, Entry: period.Entry{
		JobType: jobType, From: until.Add(-time.Duration(hours) * time.Hour), Until: until, Zone: "Australia/Sydney", Description: "Export",
	}}
}

// kinds counts the facts since a number of events.
func (f *firm) kinds(t *testing.T, since int) map[string]int {
	t.Helper()
	found, ids := map[string]int{}, map[uuid.UUID]bool{}
	for i, recorded := range f.all(t) {
		if ids[recorded.ID] {
			t.Errorf("event %s of %s stands in the log twice", recorded.ID, recorded.Stream)
		}
		ids[recorded.ID] = true
		if i >= since {
			found[recorded.Raw.Kind]++
		}
	}
	return found
}

// Commands died after the first of two streams, each in another way. The process manager does what follows, once,
// however often it is told.
func TestBillingCompletesWhatDied(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	thursday := time.Date(2026, time.February, 19, 3, 0, 0, 0, time.UTC)
	billed := domain.TimeID{UUID: sendAt(t, f, f.service.LogTime, f.log("web", thursday, 2), thursday)}
	sendAt(t, f, f.service.ApproveTime, commands.ApproveTime{Contract: f.contract, Month: february, Times: []domain.TimeID{billed}}, thursday)
	waiting := domain.TimeID{UUID: send(t, f, f.service.LogTime, f.log("web", monday, 1))}
	sendAt(t, f, f.service.StartTimer, commands.StartTimer{Contract: f.contract, JobType: "web", Zone: "Australia/Sydney"}, monday.Add(-time.Hour))
	since := len(f.all(t))

	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.ClosePeriod) (commands.Answer, error) {
		return s.ClosePeriod
	}, commands.ClosePeriod{Contract: f.contract, Month: february})
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.CorrectTime) (commands.Answer, error) {
		return s.CorrectTime
	}, commands.CorrectTime{Contract: f.contract, Month: february, Time: billed, Entry: &period.Entry{
		JobType: "web", From: thursday.Add(-2 * time.Hour), Until: thursday.Add(-time.Hour), Zone: "Australia/Sydney", Description: "Export",
	}, Reason: "one hour only"})
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.GrantBucket) (commands.Answer, error) {
		return s.GrantBucket
	}, commands.GrantBucket{Contract: f.contract, Line: "support", Minutes: 60, Price: decimal.NewFromInt(150)})
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.ReleaseMilestone) (commands.Answer, error) {
		return s.ReleaseMilestone
	}, commands.ReleaseMilestone{Contract: f.contract, Line: "build", Milestone: "launch"})
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.StopTimer) (commands.Answer, error) {
		return s.StopTimer
	}, commands.StopTimer{})
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.MoveTime) (commands.Answer, error) {
		return s.MoveTime
	}, commands.MoveTime{Contract: f.contract, Month: march, Times: []domain.TimeID{waiting}})
	last := f.head(t)
	stop := f.run(t, f.world.client, f.lanes(), f.billing(f.service))
	f.awaitPlace(t, "billing", last)
	stop()

	want := map[string]int{
		"period.closed.v1": 1, "period.carried_in.v1": 1,
		"period.time_corrected.v1": 1, "period.time_reversed.v1": 1, // The replacement, the timer's and what moved:
		"period.time_logged.v1": 3, "period.time_submitted.v1": 2,
		"contract.bucket_granted.v1": 1, "period.charge_added.v1": 2, "contract.milestone_released.v1": 1,
		"timer.stopped.v1": 1, "period.time_moved.v1": 1,
		"period.opened.v1": 1, "period.terms_pinned.v1": 2, // April with its pin, and the hours in March.
	}
	if diff := cmp.Diff(want, f.kinds(t, since)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	before := f.all(t)
	again := f.billing(f.service)
	again.Lane = "billing again"
	stop = f.run(t, f.connect(t), f.lanes(), again)
	f.awaitPlace(t, again.Lane, f.head(t))
	stop()
	if after := f.all(t); len(after) != len(before) {
		t.Errorf("%d events after every message came again, %d before", len(after), len(before))
	}
}

func (f *firm) head(t *testing.T) domain.Position {
	t.Helper()
	head, err := f.world.client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// Hours are bought when a line runs low, through two services beside two process managers: as often as they ran
// low, and each time once.
func TestBillingBuysHours(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	sendAt(t, f, f.service.ClosePeriod, commands.ClosePeriod{Contract: f.contract, Month: february}, monday)
	for range 2 {
		service := commands.NewService(f.connect(t), postgres.NewAnswers(f.open(t)))
		defer f.run(t, f.connect(t), postgres.NewLanes(f.open(t), f.identity), f.billing(service))()
	}
	for _, used := range []int{18, 10, 10} { // Of 20, 30 and 40 hours.
		record := domain.TimeID{UUID: send(t, f, f.service.LogTime, f.log("api", monday, used/2))}
		other := domain.TimeID{UUID: send(t, f, f.service.LogTime, f.log("api", monday, used-used/2))}
		send(t, f, f.service.ApproveTime, commands.ApproveTime{Contract: f.contract, Month: march, Times: []domain.TimeID{record, other}})
		f.awaitPlace(t, "billing", f.head(t))
	}
	f.awaitPlace(t, "billing", f.head(t))
	got := f.kinds(t, 0)
	for kind, want := range map[string]int{"period.top_up_due.v1": 3, "contract.bucket_granted.v1": 4, "period.charge_added.v1": 3} {
		if got[kind] != want {
			t.Errorf("%d of %s, want %d", got[kind], kind, want)
		}
	}
}

// What is refused for good is passed over: it holds up nobody else's facts.
func TestBillingGoesOnAfterARefusal(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.engage(t)
	var revision int64
	for _, recorded := range f.all(t) {
		if recorded.Stream == contract.Stream(f.contract) {
			revision = recorded.Revision
		}
	}
	unknown := contract.MilestoneReleased{Line: "build", Milestone: "nothing", Name: "Nothing", Day: "2026-03-10", At: monday}
	unknown.Staff = contract.MilestoneReleasedStaff{Charge: domain.ChargeID{UUID: named("charge")}, Amount: decimal.RequireFromString("1.005")}
	f.write(t, contract.Stream(f.contract), revision, unknown)
	cut(t, f, func(s *commands.Service) func(context.Context, commands.Request, commands.ReleaseMilestone) (commands.Answer, error) {
		return s.ReleaseMilestone
	}, commands.ReleaseMilestone{Contract: f.contract, Line: "build", Milestone: "launch"})
	last := f.head(t)
	stop := f.run(t, f.world.client, f.lanes(), f.billing(f.service))
	f.awaitPlace(t, "billing", last)
	stop()
	if charged := f.kinds(t, 0)["period.charge_added.v1"]; charged != 1 {
		t.Errorf("%d charges, want the one for what was agreed", charged)
	}
}

// Grants come in through three services at once, beside two process managers: each is pinned once and charged once.
func TestBillingBesideCommands(t *testing.T) {
	t.Parallel()
	const hands, each = 4, 10
	f := newFirm(t)
	f.engage(t)
	send(t, f, f.service.OpenPeriod, commands.OpenPeriod{Contract: f.contract, Month: march})
	services := []*commands.Service{f.service}
	for range 2 {
		service := commands.NewService(f.connect(t), postgres.NewAnswers(f.open(t)))
		services = append(services, service)
		defer f.run(t, f.connect(t), postgres.NewLanes(f.open(t), f.identity), f.billing(service))()
	}
	var working sync.WaitGroup
	for hand := range hands {
		service := services[hand%len(services)]
		working.Go(func() {
			for i := range each {
				persist(t, func(try int) error {
					_, err := service.GrantBucket(t.Context(), f.request("grant", fmt.Sprint(hand, i, try)), commands.GrantBucket{
						Contract: f.contract, Line: "support", Minutes: 60, Price: decimal.NewFromInt(int64(100 + i)),
					})
					return err
				})
			}
		})
	}
	working.Wait()
	f.awaitPlace(t, "billing", f.head(t))
	pinned, charged := map[uuid.UUID]int{}, 0
	for _, recorded := range f.all(t) {
		switch event := recorded.Event.(type) {
		case period.TermsPinned:
			for _, lot := range event.Granted {
				pinned[lot.ID]++
			}
		case period.ChargeAdded:
			charged++
		}
	}
	granted := 0
	for _, recorded := range f.all(t) {
		event, ok := recorded.Event.(contract.BucketGranted)
		if !ok || event.Source == contract.FromStart {
			continue
		}
		granted++
		if pinned[event.Bucket.UUID] != 1 {
			t.Errorf("bucket %s is pinned %d times", event.Bucket, pinned[event.Bucket.UUID])
		}
	}
	if granted < hands*each || charged != granted {
		t.Errorf("%d buckets were granted and %d charged, of %d asked for", granted, charged, hands*each)
	}
	f.kinds(t, 0)
}

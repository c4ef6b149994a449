package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/slapolicy"
	"effigate/domain/terms"
	"effigate/domain/workcalendar"
)

// The months of a story: it happens in March, whose books stay open, and February can be closed.
const (
	february calendar.Month = "2026-02"
	march    calendar.Month = "2026-03"
)

// booked is a time record of the script.
type booked struct {
	id    domain.TimeID
	org   *organisation
	by    cast           // whose time it is
	month calendar.Month // of the period that has it
	entry period.Entry
}

// books are what contracts refer to, and what is worked under them.
type books struct {
	account  cast // account manager, known to no client
	partner  cast // a second owner, known to no client
	calendar terms.Ref
	policy   terms.Ref
	card     terms.Ref
	records  []*booked
	asked    map[domain.ContractID]string // what the client is asked to agree to, by the contract offered
}

// bookActs are the acts of the script about contracts and time, by their names.
var bookActs = map[string]func(s *stage, a act, org *organisation, key string) error{
	"logs time": (*stage).logsTime, "logs more time": (*stage).logsTime, "logs yet more time": (*stage).logsTime,
	"hands time in": (*stage).handsIn, "approves time": (*stage).approves, "approves more time": (*stage).approves,
	"returns time": (*stage).returns, "revises time": (*stage).revises, "discards time": (*stage).discards,
	"moves time": (*stage).moves, "works by the clock": (*stage).worksByTheClock, "closes the books": (*stage).closesTheBooks,
	"corrects time": (*stage).corrects, "grants hours": (*stage).grantsHours, "adjusts hours": (*stage).adjustsHours,
	"asks for more hours": (*stage).asksForHours, "answers about hours": (*stage).answersAboutHours,
	"proposes an amendment": (*stage).proposes, "proposes another": (*stage).proposes, "answers a proposal": (*stage).answersProposal,
	"takes a proposal back": (*stage).takesProposalBack, "suspends": (*stage).suspends, "resumes": (*stage).resumes,
	"renews": (*stage).renews, "offers a contract": (*stage).offers, "answers an offer": (*stage).answersOffer,
	"invoices": (*stage).invoices, "takes an offer back": (*stage).takesOfferBack, "puts in force": (*stage).putsInForce, "lets one expire": (*stage).letsExpire,
}

// booksInside are those that no client notices.
var booksInside = map[string]func(s *stage, a act, org *organisation, key string) error{
	"works unbilled": (*stage).worksUnbilled, "drops time": (*stage).dropsTime, "lets a timer run": (*stage).letsTimerRun,
	"publishes prices": (*stage).publishesPrices, "publishes promises": (*stage).publishesPromises,
	"publishes opening hours": (*stage).publishesHours, "charges": (*stage).charges, "releases a milestone": (*stage).releases,
	"proposes inside": (*stage).proposesInside, "forecasts": (*stage).forecasts,
}

// booksTour is the part of the tour about contracts and time. Ticket is the number of a record, of a proposal or of
// an offer, or chooses the kind of work; see entry for what Choice makes of a record.
func booksTour() story {
	return story{
		{Name: "logs time", Ticket: 0, Choice: 0},
		{Name: "logs time", Ticket: 4, Choice: 3},
		{Name: "logs time", Ticket: 2, Choice: 2},
		{Name: "logs time", Ticket: 3, Choice: 11, Who: 1},
		{Name: "logs time", Ticket: 1, Choice: 1},
		{Name: "logs time", Ticket: 0, Choice: 8},
		{Name: "logs time", Ticket: 1, Choice: 9},
		{Name: "logs time", Ticket: 5, Choice: 10},
		{Name: "logs time", Ticket: 0, Choice: 5, Who: 1},
		{Name: "logs time", Ticket: 2, Choice: 7},
		{Name: "revises time", Ticket: 4, Choice: 1},
		{Name: "hands time in", Ticket: 4},
		{Name: "returns time", Ticket: 5},
		{Name: "discards time", Ticket: 5},
		{Name: "logs time", Ticket: 0, Choice: 3}, // With a few records of February, a forecast can be made.
		{Name: "logs time", Ticket: 1, Choice: 3, Who: 1},
		{Name: "logs time", Ticket: 0, Choice: 3, Who: 1},
		{Name: "moves time"},
		{Name: "closes the books"},
		{Name: "approves time", Choice: 1},
		{Name: "returns time", Ticket: 7},
		{Name: "works by the clock"},
		{Name: "corrects time", Choice: 1},
		{Name: "logs time", Ticket: 1, Choice: 3},
		{Name: "approves time", Choice: 9},
		{Name: "grants hours", Choice: 1},
		{Name: "adjusts hours"},
		{Name: "asks for more hours"},
		{Name: "answers about hours", Choice: 1},
		{Name: "proposes an amendment", Ticket: 1},
		{Name: "answers a proposal", Choice: 3},
		{Name: "proposes an amendment", Ticket: 1, Choice: 1},
		{Name: "takes a proposal back", Ticket: 1},
		{Name: "proposes an amendment", Ticket: 1, Choice: 2},
		{Name: "proposes an amendment", Ticket: 1, Choice: 3},
		{Name: "answers a proposal", Ticket: 2, Choice: 2},
		{Name: "proposes an amendment", Ticket: 1, Choice: 3},
		{Name: "answers a proposal", Ticket: 4},
		{Name: "proposes an amendment", Ticket: 1, Choice: 3},
		{Name: "answers a proposal", Ticket: 5, Choice: 1},
		{Name: "suspends", Choice: 5},
		{Name: "renews"},
		{Name: "offers a contract"},
		{Name: "answers an offer", Choice: 3},
		{Name: "offers a contract"},
		{Name: "answers an offer", Ticket: 1, Choice: 1},
		{Name: "puts in force", Ticket: 1},
		{Name: "offers a contract"},
		{Name: "answers an offer", Ticket: 2, Choice: 2},
		{Name: "offers a contract"},
		{Name: "takes an offer back", Ticket: 3},
		{Name: "offers a contract"},
		{Name: "answers an offer", Ticket: 4, Choice: 6},
		{Name: "lets one expire", Choice: 1},
		{Name: "lets one expire"},
		{Name: "logs time", Org: 1, Choice: 2},
		{Name: "approves more time", Org: 1, Choice: 1},
		{Name: "logs time", Org: 1, Ticket: 1, Choice: 1},
		{Name: "logs time", Org: 1, Choice: 5},
		{Name: "asks for more hours", Org: 1},
		{Name: "proposes an amendment", Org: 1, Ticket: 1, Choice: 1},
		{Name: "invoices", Choice: 4},
		{Name: "invoices", Org: 1, Choice: 2},
		{Name: "invoices", Org: 1, Choice: 5},
	}
}

// booksInsideTour is what happens beside it and no client notices.
func booksInsideTour() story {
	return story{
		{Name: "works unbilled"},
		{Name: "drops time"},
		{Name: "lets a timer run"},
		{Name: "lets a timer run", Choice: 1},
		{Name: "publishes prices"},
		{Name: "publishes promises", Choice: 1},
		{Name: "publishes opening hours", Choice: 1},
		{Name: "charges"},
		{Name: "releases a milestone"},
		{Name: "proposes inside"},
		{Name: "proposes inside", Choice: 2},
		{Name: "forecasts"},
	}
}

// otherwise reports whether the story is told in its other version: what is internal differs in it wherever it can.
func (s *stage) otherwise() bool { return s.salt != "" }

// either gives one of two values by the version that is told.
func either[T any](s *stage, one, other T) T {
	if s.otherwise() {
		return other
	}
	return one
}

// price is an amount that no client may ever meet. Its digits are its mark.
func (s *stage) price(label string, names ...string) decimal.Decimal {
	number, err := strconv.ParseUint(s.mark(append([]string{s.salt, label}, names...))[:15], 16, 64)
	if err != nil {
		panic(err) // A mark is hexadecimal.
	}
	amount := decimal.New(int64(1_000_000_000+number%8_999_999_999)/10*10+7, -2) // Two digits after the point, the last one not 0.
	s.secrets[amount.String()] = label
	return amount
}

// hide gives an id that no client may ever meet.
func (s *stage) hide(label string, names ...string) uuid.UUID {
	id := s.id(append([]string{s.salt, label}, names...)...)
	s.hideIDs[id] = label
	return id
}

// openBooks brings in who keeps the books, and publishes what contracts refer to.
func (s *stage) openBooks(tb failing) {
	tb.Helper()
	s.account = s.cast(tb, domain.ClientID{}, domain.AccountManager, "account manager")
	s.partner = s.cast(tb, domain.ClientID{}, domain.Owner, "partner")
	s.hideIDs[s.account.Person.UUID], s.hideIDs[s.partner.Person.UUID] = "hidden staff", "hidden staff"
	s.calendar, s.policy, s.card = terms.Ref{ID: s.hide("calendar")}, terms.Ref{ID: s.hide("SLA policy")}, terms.Ref{ID: s.hide("rate card")}
	for _, publish := range []func(act, *organisation, string) error{s.publishesPrices, s.publishesPromises, s.publishesHours} {
		if err := publish(act{}, nil, "opening"); err != nil {
			tb.Fatalf("publish: %v", err)
		}
	}
}

// openPeriods opens the months of the story, as the review of each day would.
func (s *stage) openPeriods(of domain.ContractID) error {
	for _, month := range []calendar.Month{february, march} {
		r := s.request(s.manager.Actor, fmt.Sprint("open ", of, month))
		if _, err := s.in.service.OpenPeriod(context.Background(), r, commands.OpenPeriod{Contract: of, Month: month}); err != nil {
			return err
		}
	}
	return nil
}

// agreement is what the contracts of the story begin with: a line of every type.
func (s *stage) agreement(name string) terms.Terms {
	shows := terms.Shows{Unapproved: name == "0", NoCharge: name == "0", Alerts: name == "0"}
	kind := func(key string) []terms.JobType { return []terms.JobType{{Key: key, Name: "Kind " + key}} }
	return terms.Terms{
		Agreed: terms.Agreed{
			Starts: february.First(), Ends: "2026-12-31", NoticeDays: 30, RenewMonths: 12, Currency: "EUR", Shows: shows,
			Payment: terms.Payment{Rule: terms.Net, Days: 30}, PurchaseOrder: "PO-" + name,
			Lines: []terms.Line{
				{Key: "work", Name: "Work", Type: terms.Bucket, JobTypes: jobTypes, Minutes: 300},
				{Key: "care", Name: "Care", Type: terms.Retainer, JobTypes: kind("care"), Minutes: 120},
				{Key: "ops", Name: "Operations", Type: terms.Bucket, JobTypes: kind("ops"), Minutes: 60},
				{Key: "extra", Name: "Extras", Type: terms.TimeAndMaterials, JobTypes: kind("extra")},
				{Key: "build", Name: "Rewrite", Type: terms.Fixed, JobTypes: kind("build"), Milestones: []terms.Milestone{
					{Key: "m0", Name: "Concept"}, {Key: "m1", Name: "Draft"}, {Key: "m2", Name: "Trial"}, {Key: "m3", Name: "Launch"},
				}},
			},
		},
		Staff: s.charging(name),
	}
}

// charging is how it is charged. Rounding, weights of emergencies, rollover and policies of overage are felt by the
// client; everything else differs between the two versions of a story.
func (s *stage) charging(names ...string) terms.Staff {
	p := func(label string) decimal.Decimal { return s.price(label, names...) }
	weekend := []calendar.Weekday{"sat", "sun"}
	amounts := make([]terms.Amount, 4)
	for i := range amounts {
		amounts[i] = terms.Amount{Milestone: "m" + strconv.Itoa(i), Amount: s.price("amount of a milestone", append(names, strconv.Itoa(i))...)}
	}
	capped := p("cap")
	return terms.Staff{
		SupportLevel: either(s, terms.Standard, terms.Priority), Calendar: s.calendar, RateCard: s.card, SLAPolicy: s.policy,
		TaxProfile: s.secret("tax profile", names...), Rounding: hours.Rounding{Mode: hours.Up, StepMinutes: 15},
		Conditions: either(s,
			[]hours.Window{{Condition: hours.AfterHours, From: "18:00", Until: "08:00"}},
			[]hours.Window{{Condition: hours.Weekend, Weekdays: weekend, From: "00:00", Until: "24:00"}}),
		Charges: []terms.Charge{
			{
				Line: "work", Mode: either(s, terms.Prepaid, terms.PostpaidCapped), Overage: terms.AskOverage, OveragePrice: p("price of overage"),
				Fee: either(s, p("fee of a bucket"), decimal.Zero), Weights: []terms.Weight{{Condition: hours.Emergency, Percent: 150}},
			},
			{
				Line: "care", Overage: terms.AllowOverage, Fee: p("fee of a retainer"),
				Rollover: bucket.Rollover{Kind: bucket.RollPeriods, Periods: 1},
			},
			{Line: "ops", Overage: terms.TopUpOverage, TopUpMinutes: 120, TopUpAtMinutes: 30, OveragePrice: p("price of a top-up")},
			{Line: "extra", Cap: capped},
			{Line: "build", Amounts: amounts},
		},
		Penalties: []terms.Penalty{
			{
				Key: s.secret("key of a penalty", names...), Name: s.secret("name of a penalty", names...), Trigger: terms.Response,
				Kind: terms.FixedPerBreach, Amount: p("penalty"),
			},
			{
				Key: s.secret("key of another penalty", names...), Name: s.secret("name of another penalty", names...), Trigger: terms.Resolution,
				Kind: terms.FixedPerBreach, Amount: p("another penalty"),
			},
		},
		PurchaseOrderLimit: p("limit of a purchase order"), TwoApproversAbove: decimal.NewFromInt(1000), TwoWaiversAbove: decimal.NewFromInt(100),
	}
}

// kindsOfWork are the job types of the agreement, by how a record chooses among them.
var kindsOfWork = []string{"api", "web", "care", "ops", "extra", "build"}

// worker is whose time a record is: another person in each version.
func (s *stage) worker(a act) cast { return either(s, s.hidden, s.staff)[a.Who] }

// approver approves it, likewise.
func (s *stage) approver() cast { return either(s, s.partner, s.manager) }

// entry is a record of either month. The client reads the day, the minutes and the description; from when until when
// it was, on which work item and under which conditions is nobody's business.
func (s *stage) entry(a act, key string) period.Entry {
	from, day := time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC), calendar.Date("2026-03-02")
	if a.Choice%3 == 0 {
		from, day = time.Date(2026, time.February, 26, 13, 0, 0, 0, time.UTC), "2026-02-26"
	}
	length := time.Duration(10+5*a.Choice) * time.Minute
	e := period.Entry{
		JobType: kindsOfWork[a.Ticket%len(kindsOfWork)], Zone: either(s, "Asia/Tokyo", "Europe/Berlin"), Description: s.item("time", key),
		Note: s.secret("note on time", key), Work: period.Work{Kind: either(s, period.Ticket, period.Task), ID: s.hide("work item", strconv.Itoa(a.Ticket%2))},
		SupportLevel: either(s, terms.Priority, ""),
	}
	switch a.Choice {
	case 6, 7:
		e.Billing = period.Included
	case 8:
		e.Billing, e.Reason = period.NoCharge, s.secret("why time is not charged", key)
	case 9:
		e.Billing, e.Reason = period.NonBillable, s.secret("why time is not billable", key)
	case 10:
		e.Condition = hours.Emergency
	}
	switch {
	case !s.otherwise():
		e.From, e.Until = from, from.Add(length)
	case a.Choice%2 == 0: // It was later, and there was a break.
		e.From, e.Until, e.BreakSeconds = from.Add(7*time.Minute), from.Add(7*time.Minute+length+5*time.Minute), 300
	default: // Nobody knows when.
		e.Day, e.Seconds = day, int64(length/time.Second)-20
		if e.Condition == "" {
			e.Condition = hours.AfterHours
		}
	}
	return e
}

func (s *stage) logsTime(a act, org *organisation, key string) error {
	by := s.worker(a)
	made := &booked{id: domain.TimeID{UUID: s.id("time", key)}, org: org, by: by, month: march, entry: s.entry(a, key)}
	if a.Choice%3 == 0 && !org.closed {
		made.month = february
	}
	c := commands.LogTime{Contract: org.contract, Time: made.id, Entry: made.entry, Submit: a.Choice != 1 && a.Choice != 4}
	if a.Who == 0 {
		c.Source = period.Source{
			Kind: period.FromImport, System: s.secret("system of imported time", key), Key: s.secret("key of imported time", key),
			File: s.secret("file of imported time", key), Row: a.Choice,
		}
	}
	_, err := s.in.service.LogTime(context.Background(), s.request(by.Actor, key), c)
	if err == nil {
		s.records = append(s.records, made)
	}
	return err
}

// recordsOf are those of an organisation in a month; of both when month is empty.
func (s *stage) recordsOf(org *organisation, month calendar.Month) (all []*booked) {
	for _, b := range s.records {
		if b.org == org && (month == "" || b.month == month) {
			all = append(all, b)
		}
	}
	return all
}

// waiting are the ids of those that have a status, in the order of the version.
func (s *stage) waiting(org *organisation, month calendar.Month, of ...period.Status) (ids []domain.TimeID, err error) {
	state, err := foldOf(context.Background(), s.in.store, period.Decider, period.Stream(org.contract, month))
	for _, b := range s.recordsOf(org, month) {
		if t, known := state.Time(b.id); known && slices.Contains(of, t.Status) {
			ids = append(ids, b.id)
		}
	}
	if s.otherwise() {
		slices.Reverse(ids)
	}
	return ids, err
}

func byID(a, b domain.TimeID) int { return slices.Compare(a.UUID[:], b.UUID[:]) }

// onRecord does something with a record of an organisation, if there is one.
func (s *stage) onRecord(a act, org *organisation, month calendar.Month, do func(ctx context.Context, b *booked, times []domain.TimeID) error) error {
	for _, b := range pick(s.recordsOf(org, month), a.Ticket) {
		return do(context.Background(), b, []domain.TimeID{b.id})
	}
	return nil
}

func (s *stage) handsIn(a act, org *organisation, key string) error {
	return s.onRecord(a, org, "", func(ctx context.Context, b *booked, times []domain.TimeID) error {
		_, err := s.in.service.SubmitTime(ctx, s.request(b.by.Actor, key), commands.SubmitTime{Contract: org.contract, Month: b.month, Times: times})
		return err
	})
}

func (s *stage) approves(a act, org *organisation, key string) error {
	month := march
	if a.Choice%2 == 0 {
		month = february
	}
	if a.Name == "approves more time" && month == march && !org.closed { // Whether the hours do is not known before.
		if err := s.closesTheBooks(a, org, key+" close"); err != nil {
			return err
		}
	}
	times, err := s.waiting(org, month, period.StatusSubmitted)
	if len(times) == 0 || err != nil {
		return err
	}
	if a.Choice > 7 {
		times = []domain.TimeID{slices.MinFunc(times, byID)}
	}
	_, err = s.in.service.ApproveTime(context.Background(), s.request(s.approver().Actor, key), commands.ApproveTime{Contract: org.contract, Month: month, Times: times})
	return err
}

func (s *stage) returns(a act, org *organisation, key string) error {
	return s.onRecord(a, org, "", func(ctx context.Context, b *booked, times []domain.TimeID) error {
		_, err := s.in.service.ReturnTime(ctx, s.request(s.approver().Actor, key), commands.ReturnTime{
			Contract: org.contract, Month: b.month, Times: times, Reason: s.secret("why time is returned", key),
		})
		return err
	})
}

func (s *stage) revises(a act, org *organisation, key string) error {
	return s.onRecord(a, org, "", func(ctx context.Context, b *booked, _ []domain.TimeID) error {
		next := b.entry
		next.Description, next.Note = s.item("revised time", key), s.secret("note on revised time", key)
		_, err := s.in.service.ReviseTime(ctx, s.request(b.by.Actor, key), commands.ReviseTime{
			Contract: org.contract, Month: b.month, Time: b.id, Entry: next, Submit: a.Choice%2 == 0,
		})
		if err == nil {
			b.entry = next
		}
		return err
	})
}

func (s *stage) discards(a act, org *organisation, key string) error {
	return s.onRecord(a, org, "", func(ctx context.Context, b *booked, _ []domain.TimeID) error {
		_, err := s.in.service.DiscardTime(ctx, s.request(b.by.Actor, key), commands.DiscardTime{Contract: org.contract, Month: b.month, Time: b.id})
		return err
	})
}

func (s *stage) moves(a act, org *organisation, key string) error {
	return s.onRecord(a, org, february, func(ctx context.Context, b *booked, times []domain.TimeID) error {
		_, err := s.in.service.MoveTime(ctx, s.request(s.manager.Actor, key), commands.MoveTime{Contract: org.contract, Month: february, Times: times})
		if err == nil {
			b.month = march
		}
		return err
	})
}

// timed is a request of the present act, but some seconds earlier.
func (s *stage) timed(by domain.Actor, key string, ago time.Duration) commands.Request {
	r := s.request(by, key)
	r.At = r.At.Add(-ago)
	return r
}

// worksByTheClock runs a timer for half a minute. Its record is named by who runs it, who is the same in both versions.
func (s *stage) worksByTheClock(a act, org *organisation, key string) error {
	ctx, by := context.Background(), s.staff[a.Who]
	e := s.entry(a, key)
	_, err := s.in.service.StartTimer(ctx, s.timed(by.Actor, key+" start", 30*time.Second), commands.StartTimer{
		Contract: org.contract, Work: e.Work, JobType: e.JobType, SupportLevel: e.SupportLevel, Zone: e.Zone,
		Description: s.secret("first words of a timer", key), Note: e.Note,
	})
	if err == nil {
		_, err = s.in.service.DescribeTimer(ctx, s.timed(by.Actor, key+" describe", 15*time.Second), commands.DescribeTimer{Description: e.Description, Note: e.Note})
	}
	if err != nil {
		return err
	}
	stopped, err := s.in.service.StopTimer(ctx, s.request(by.Actor, key), commands.StopTimer{Submit: true})
	if err == nil {
		e.From, e.Until, e.Day, e.Seconds, e.BreakSeconds, e.Billing, e.Reason, e.Condition = s.now().Add(-30*time.Second), s.now(), "", 0, 0, "", "", ""
		s.records = append(s.records, &booked{id: domain.TimeID{UUID: stopped.ID}, org: org, by: by, month: march, entry: e})
	}
	return err
}

// closesTheBooks approves what can be approved of February, moves the rest on, and closes it.
func (s *stage) closesTheBooks(_ act, org *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	submitted, err := s.waiting(org, february, period.StatusSubmitted)
	if err != nil {
		return err
	}
	slices.SortFunc(submitted, byID) // The hours may not do for all.
	for _, id := range submitted {
		_, err := service.ApproveTime(ctx, s.request(s.approver().Actor, key+id.String()), commands.ApproveTime{Contract: org.contract, Month: february, Times: []domain.TimeID{id}})
		if err != nil && !commands.Final(err) {
			return err
		}
	}
	left, err := s.waiting(org, february, period.StatusDraft, period.StatusReturned, period.StatusSubmitted)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if _, err := service.MoveTime(ctx, s.request(s.manager.Actor, key+" move"), commands.MoveTime{Contract: org.contract, Month: february, Times: left}); err != nil {
			return err
		}
		for _, b := range s.recordsOf(org, february) {
			if slices.Contains(left, b.id) {
				b.month = march
			}
		}
	}
	_, err = service.ClosePeriod(ctx, s.request(s.manager.Actor, key), commands.ClosePeriod{Contract: org.contract, Month: february})
	org.closed = org.closed || err == nil
	return err
}

func (s *stage) corrects(a act, org *organisation, key string) error {
	return s.onRecord(a, org, february, func(ctx context.Context, b *booked, _ []domain.TimeID) error {
		c := commands.CorrectTime{Contract: org.contract, Month: february, Time: b.id, Reason: s.secret("why time is corrected", key)}
		next := b.entry
		if a.Choice%3 > 0 {
			next.Description, next.Note, next.Person = s.item("corrected time", key), s.secret("note on corrected time", key), b.by.Person
			c.Entry = &next
		}
		_, err := s.in.service.CorrectTime(ctx, s.request(s.manager.Actor, key), c)
		if err == nil && c.Entry != nil {
			s.records = append(s.records, &booked{id: domain.TimeID{UUID: domain.Derive(b.id.UUID, "replacement")}, org: org, by: b.by, month: march, entry: next})
		}
		return err
	})
}

func (s *stage) grantsHours(a act, org *organisation, key string) error {
	granted, err := s.in.service.GrantBucket(context.Background(), s.request(s.manager.Actor, key), commands.GrantBucket{
		Contract: org.contract, Line: []string{"work", "ops", "care"}[a.Ticket%3], Minutes: 30 * (1 + a.Choice),
		Price: s.price("price of hours", key), Reason: s.secret("why hours are granted", key),
	})
	if err == nil {
		org.buckets = append(org.buckets, domain.BucketID{UUID: granted.ID})
	}
	return err
}

func (s *stage) adjustsHours(a act, org *organisation, key string) error {
	all := append([]domain.BucketID{{UUID: domain.Derive(org.contract.UUID, "bucket", "work", "start")}}, org.buckets...)
	_, err := s.in.service.AdjustBucket(context.Background(), s.request(s.manager.Actor, key), commands.AdjustBucket{
		Contract: org.contract, Bucket: pick(all, a.Ticket)[0], Minutes: 45 - 10*a.Choice, Reason: s.secret("why hours are adjusted", key),
	})
	return err
}

func (s *stage) asksForHours(a act, org *organisation, key string) error {
	asked, err := s.in.service.AskOverage(context.Background(), s.request(s.manager.Actor, key), commands.AskOverage{
		Contract: org.contract, Line: "work", Minutes: 60 * (1 + a.Choice), Text: s.item("question", key),
	})
	if err == nil {
		org.questions = append(org.questions, asked.ID)
	}
	return err
}

func (s *stage) answersAboutHours(a act, org *organisation, key string) error {
	for _, id := range pick(org.questions, a.Ticket) {
		_, err := s.in.service.AnswerOverage(context.Background(), s.request(org.users[a.Who].Actor, key), commands.AnswerOverage{
			Contract: org.contract, Month: march, Request: id, Allow: a.Choice%3 > 0, Reason: s.secret("why a client answered so", key),
		})
		return err
	}
	return nil
}

// amended is what an amendment would make of the newest terms.
func (s *stage) amended(a act, org *organisation, key string) (terms.Terms, error) {
	state, err := foldOf(context.Background(), s.in.store, contract.Decider, contract.Stream(org.contract))
	if err != nil {
		return terms.Terms{}, err
	}
	held := state.Versions(state.Starts(), terms.LastDay)
	next := held[len(held)-1].Terms
	next.Agreed.Lines = slices.Clone(next.Agreed.Lines)
	next.Staff = s.charging(key)
	switch a.Choice % 4 {
	case 0:
		next.Agreed.Lines[0].Minutes += 60
	case 1:
		next.Agreed.Shows = terms.Shows{Unapproved: !next.Agreed.Shows.Unapproved, NoCharge: !next.Agreed.Shows.NoCharge, Alerts: !next.Agreed.Shows.Alerts}
	case 2:
		extra := &next.Agreed.Lines[3]
		extra.JobTypes = append(slices.Clone(extra.JobTypes), terms.JobType{Key: "more" + strconv.Itoa(s.step), Name: "More"})
	default:
		next.Agreed.PurchaseOrder = "PO-" + key
	}
	return next, nil
}

// amendment proposes one and has it approved, by two owners or by one.
func (s *stage) amendment(a act, org *organisation, by cast, statement, key string) (domain.AmendmentID, error) {
	ctx, service := context.Background(), s.in.service
	next, err := s.amended(a, org, key)
	if err != nil {
		return domain.AmendmentID{}, err
	}
	proposed, err := service.ProposeAmendment(ctx, s.request(by.Actor, key), commands.ProposeAmendment{
		Contract: org.contract, Effective: []calendar.Date{"2026-02-10", "2026-03-02", "2026-05-01"}[a.Ticket%3], Statement: statement,
		Reason: s.secret("why an amendment is proposed", key), Value: either(s, s.price("value of an amendment", key), decimal.NewFromInt(900)), Terms: next,
	})
	id := domain.AmendmentID{UUID: proposed.ID}
	for _, owner := range []cast{s.partner, s.manager}[:either(s, 2, 1)] {
		if err == nil {
			_, err = service.ApproveAmendment(ctx, s.request(owner.Actor, key+" approve"), commands.ApproveAmendment{Contract: org.contract, Amendment: id})
		}
	}
	return id, err
}

func (s *stage) proposes(a act, org *organisation, key string) error {
	id, err := s.amendment(a, org, s.account, s.item("statement", key), key)
	if err == nil {
		_, err = s.in.service.OfferAmendment(context.Background(), s.request(s.account.Actor, key+" offer"), commands.OfferAmendment{Contract: org.contract, Amendment: id})
	}
	if err == nil {
		org.proposals = append(org.proposals, id)
	}
	return err
}

func (s *stage) answersProposal(a act, org *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	state, err := foldOf(ctx, s.in.store, contract.Decider, contract.Stream(org.contract))
	if err != nil {
		return err
	}
	for _, id := range pick(org.proposals, a.Ticket) {
		made, _ := state.Amendment(id)
		p := made.Proposed
		switch a.Choice % 4 {
		case 0:
			_, err = service.DeclineAmendment(ctx, s.request(org.users[a.Who].Actor, key), commands.DeclineAmendment{
				Contract: org.contract, Amendment: id, Reason: s.secret("why a client declined", key),
			})
		case 1:
			_, err = service.DeclineAmendment(ctx, s.request(s.approver().Actor, key), commands.DeclineAmendment{
				Contract: org.contract, Amendment: id, Reason: s.secret("why a client is said to have declined", key),
			})
		default:
			by, evidence := s.agrees(a, org, contract.Digest(p.Statement, p.Terms.Agreed, p.Effective, state.Reference), key)
			_, err = service.AcceptAmendment(ctx, s.request(by, key), commands.AcceptAmendment{Contract: org.contract, Amendment: id, Evidence: evidence})
		}
	}
	return err
}

// agrees is who agrees, and how: somebody of the client, or staff who hold the paper.
func (s *stage) agrees(a act, org *organisation, digest, key string) (domain.Actor, contract.Evidence) {
	if a.Choice%2 == 0 {
		return s.approver().Actor, contract.Evidence{Paper: s.secret("place of a signed paper", key)}
	}
	by := org.users[a.Who].Actor
	return by, contract.Evidence{Role: by.Role, Proved: true, SHA256: digest, Sealed: s.secret("sealed origin", key)}
}

func (s *stage) takesProposalBack(a act, org *organisation, key string) (err error) {
	for _, id := range pick(org.proposals, a.Ticket) {
		_, err = s.in.service.WithdrawAmendment(context.Background(), s.request(s.account.Actor, key), commands.WithdrawAmendment{Contract: org.contract, Amendment: id})
	}
	return err
}

// suspends suspends the contract, mostly for a moment.
func (s *stage) suspends(a act, org *organisation, key string) error {
	_, err := s.in.service.SuspendContract(context.Background(), s.request(s.approver().Actor, key), commands.SuspendContract{
		Contract: org.contract, Reason: s.secret("why a contract is suspended", key),
	})
	if err == nil && a.Choice > 2 {
		err = s.resumes(a, org, key)
	}
	return err
}

func (s *stage) resumes(_ act, org *organisation, key string) error {
	_, err := s.in.service.ResumeContract(context.Background(), s.request(s.approver().Actor, key+" resume"), commands.ResumeContract{Contract: org.contract})
	return err
}

func (s *stage) renews(_ act, org *organisation, key string) error {
	_, err := s.in.service.RenewContract(context.Background(), s.request(s.approver().Actor, key), commands.RenewContract{
		Contract: org.contract, Ends: calendar.Date("2027-01-01").Add(s.step),
	})
	return err
}

// offers takes another contract from a draft that nobody is to see to an offer.
func (s *stage) offers(_ act, org *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	id := domain.ContractID{UUID: s.id("offered contract", key)}
	drafted := terms.Plain(terms.Bucket, either(s, terms.Standard, terms.Priority), february.First(), terms.JobType{Key: s.secret("key of a draft", key), Name: s.secret("category of a draft", key)})
	revised := terms.Plain(terms.Bucket, either(s, terms.Standard, terms.Priority), february.First(), jobTypes...)
	revised.Agreed.Lines[0].Minutes, revised.Staff.TaxProfile = 60, s.secret("tax profile", key)
	r := func(what string) commands.Request { return s.request(s.account.Actor, key+what) }
	_, err := service.DraftContract(ctx, r(" draft"), commands.DraftContract{ID: id, Client: org.id, Reference: s.secret("reference of a draft", key), Terms: drafted})
	if err == nil {
		_, err = service.ReviseContract(ctx, r(" revise"), commands.ReviseContract{Contract: id, Reference: "CON-offer-" + key, Terms: revised})
	}
	if err == nil && !s.otherwise() {
		_, err = service.SubmitContract(ctx, r(" submit"), commands.SubmitContract{Contract: id})
		if err == nil {
			_, err = service.ReturnContract(ctx, r(" return"), commands.ReturnContract{Contract: id, Reason: s.secret("why a draft is returned", key)})
		}
	}
	if err == nil {
		_, err = service.SubmitContract(ctx, r(" submit again"), commands.SubmitContract{Contract: id})
	}
	if err == nil {
		s.asked[id] = s.item("offer", key)
		_, err = service.OfferContract(ctx, r(" offer"), commands.OfferContract{Contract: id, Statement: s.asked[id]})
	}
	if err == nil {
		org.offers = append(org.offers, id)
	}
	return err
}

func (s *stage) answersOffer(a act, org *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	offers := pick(org.offers, a.Ticket)
	if len(offers) == 0 {
		return nil
	}
	id := offers[0]
	state, err := foldOf(ctx, s.in.store, contract.Decider, contract.Stream(id))
	if err != nil {
		return err
	}
	if a.Choice%3 == 0 {
		by := either(s, s.partner, s.manager).Actor
		if a.Choice%2 == 0 {
			by = org.users[a.Who].Actor
		}
		_, err = service.DeclineContract(ctx, s.request(by, key), commands.DeclineContract{Contract: id, Reason: s.secret("why an offer is declined", key)})
		return err
	}
	held := state.Versions(state.Starts(), terms.LastDay)[0].Terms.Agreed
	by, evidence := s.agrees(a, org, contract.Digest(s.asked[id], held, held.Starts, state.Reference), key)
	_, err = service.AcceptContract(ctx, s.request(by, key), commands.AcceptContract{Contract: id, Evidence: evidence})
	return err
}

func (s *stage) takesOfferBack(a act, org *organisation, key string) (err error) {
	for _, id := range pick(org.offers, a.Ticket) {
		_, err = s.in.service.ReturnContract(context.Background(), s.request(s.approver().Actor, key), commands.ReturnContract{
			Contract: id, Reason: s.secret("why an offer is taken back", key),
		})
	}
	return err
}

func (s *stage) putsInForce(a act, org *organisation, key string) (err error) {
	for _, id := range pick(org.offers, a.Ticket) {
		_, err = s.in.service.ActivateContract(context.Background(), s.request(s.approver().Actor, key), commands.ActivateContract{Contract: id})
	}
	return err
}

// letsExpire signs a contract whose last day has passed; at times it goes on after all.
func (s *stage) letsExpire(a act, org *organisation, key string) error {
	id := domain.ContractID{UUID: s.id("short contract", key)}
	short := terms.Plain(terms.Bucket, terms.Standard, february.First(), jobTypes...)
	short.Agreed.Ends = february.Last()
	err := s.sign(org.id, id, "CON-short-"+key, short)
	if err == nil {
		_, err = s.in.service.ReviewContract(context.Background(), s.request(domain.System(), key), commands.ReviewContract{Contract: id})
	}
	if err == nil && a.Choice%2 == 0 {
		_, err = s.in.service.RenewContract(context.Background(), s.request(s.manager.Actor, key), commands.RenewContract{Contract: id, Ends: "2026-12-31"})
	}
	return err
}

// topUp buys what the organisation's contract is due, as the process manager does: the next act is to find it done.
func (s *stage) topUp(org *organisation) error {
	ctx := context.Background()
	var due []period.TopUpDue
	for recorded, err := range s.in.store.Read(ctx, period.Stream(org.contract, march), domain.NoStream) {
		if err != nil {
			return err
		}
		if e, ok := recorded.Event.(period.TopUpDue); ok {
			due = append(due, e)
		}
	}
	for _, e := range due {
		if _, err := s.in.service.TopUp(ctx, s.request(domain.System(), "top up"), org.contract, e); err != nil && !commands.Final(err) {
			return err
		}
	}
	return nil
}

// actOnBooks does one thing of the script that is about contracts and time.
func (s *stage) actOnBooks(a act, org *organisation, key string) error {
	err := bookActs[a.Name](s, a, org, key)
	if more := s.topUp(org); more != nil {
		return more
	}
	return err
}

// bookNames are the names of acts, in an order that is the same in every run.
func bookNames[F any](of map[string]F) []string {
	return slices.Sorted(maps.Keys(of))
}

// hiddenEntry is a record of which nobody hears.
func (s *stage) hiddenEntry(key string) period.Entry {
	from := time.Date(2026, time.March, 2, 5, 0, 0, 0, time.UTC)
	return period.Entry{
		JobType: "api", From: from, Until: from.Add(time.Hour), Zone: "Asia/Tokyo", Description: s.secret("description of hidden time", key),
		Note: s.secret("note on hidden time", key), Work: period.Work{Kind: period.Ticket, ID: s.hide("work item", "hidden")},
	}
}

// worksUnbilled is work that is nobody's business, from its entry to its approval.
func (s *stage) worksUnbilled(a act, org *organisation, key string) error {
	ctx, service, by := context.Background(), s.in.service, s.hidden[a.Who].Actor
	id, e := domain.TimeID{UUID: s.hide("unbilled time", key)}, s.hiddenEntry(key)
	e.Billing, e.Reason = period.NonBillable, s.secret("why time is not billable", key)
	times := []domain.TimeID{id}
	_, err := service.LogTime(ctx, s.request(by, key), commands.LogTime{Contract: org.contract, Time: id, Entry: e, Submit: true})
	if err == nil {
		_, err = service.ReturnTime(ctx, s.request(s.partner.Actor, key), commands.ReturnTime{Contract: org.contract, Month: march, Times: times, Reason: s.secret("why time is returned", key)})
	}
	if err == nil {
		e.Note = s.secret("note on revised time", key)
		_, err = service.ReviseTime(ctx, s.request(by, key+" revise"), commands.ReviseTime{Contract: org.contract, Month: march, Time: id, Entry: e, Submit: true})
	}
	if err == nil {
		_, err = service.ApproveTime(ctx, s.request(s.partner.Actor, key+" approve"), commands.ApproveTime{Contract: org.contract, Month: march, Times: times})
	}
	return err
}

// dropsTime is work that turns out to be none before anybody hands it in.
func (s *stage) dropsTime(a act, org *organisation, key string) error {
	ctx, service, by := context.Background(), s.in.service, s.hidden[a.Who].Actor
	id, e := domain.TimeID{UUID: s.hide("dropped time", key)}, s.hiddenEntry(key)
	_, err := service.LogTime(ctx, s.request(by, key), commands.LogTime{Contract: org.contract, Time: id, Entry: e})
	if err == nil {
		e.Description = s.secret("revised description of hidden time", key)
		_, err = service.ReviseTime(ctx, s.request(by, key+" revise"), commands.ReviseTime{Contract: org.contract, Month: march, Time: id, Entry: e})
	}
	if err == nil {
		_, err = service.DiscardTime(ctx, s.request(by, key+" discard"), commands.DiscardTime{Contract: org.contract, Month: march, Time: id})
	}
	return err
}

// letsTimerRun is a timer that leads to nothing, or to a draft that is discarded.
func (s *stage) letsTimerRun(a act, org *organisation, key string) error {
	ctx, service, by := context.Background(), s.in.service, s.hidden[a.Who].Actor
	e := s.hiddenEntry(key)
	started, err := service.StartTimer(ctx, s.timed(by, key+" start", 20*time.Second), commands.StartTimer{
		Contract: org.contract, Work: e.Work, JobType: e.JobType, Zone: e.Zone, Description: e.Description, Note: e.Note,
	})
	if err != nil {
		return err
	}
	s.hideIDs[started.ID] = "time of a timer"
	if a.Choice%4 == 0 {
		_, err = service.DiscardTimer(ctx, s.request(by, key), commands.DiscardTimer{})
		return err
	}
	if _, err = service.StopTimer(ctx, s.request(by, key), commands.StopTimer{}); err == nil {
		_, err = service.DiscardTime(ctx, s.request(by, key+" discard"), commands.DiscardTime{Contract: org.contract, Month: march, Time: domain.TimeID{UUID: started.ID}})
	}
	return err
}

// publishesPrices publishes prices and costs anew, and a card that is taken out of the choice at once.
func (s *stage) publishesPrices(_ act, _ *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	publish := func(id domain.RateCardID, names ...string) error {
		known, err := foldOf(ctx, s.in.store, ratecard.Decider, ratecard.Stream(id))
		if err != nil {
			return err
		}
		_, err = service.PublishRates(ctx, s.request(s.partner.Actor, fmt.Sprint("prices ", names)), commands.PublishRates{
			Card: id, Base: known.Newest(), Name: s.secret("name of a rate card", names...), Layer: rate.ContractVersion, Currency: "EUR",
			From: "2026-01-01", Reason: s.secret("why prices are published", names...), Rows: []rate.Row{
				{Key: s.secret("key of a rate", names...), Price: s.price("rate", names...), Unit: rate.PerHour, TaxCategory: s.secret("tax category of a rate", names...)},
				{Key: "web", JobType: "web", Price: s.price("rate", append(names, "web")...), Unit: rate.PerDay},
			},
		})
		return err
	}
	if err := publish(domain.RateCardID{UUID: s.card.ID}, key); err != nil {
		return err
	}
	_, err := service.PublishCosts(ctx, s.request(s.partner.Actor, key+" costs"), commands.PublishCosts{
		Card: domain.RateCardID{UUID: s.card.ID}, From: "2026-01-01", Rows: []ratecard.Cost{{Hour: s.price("cost", key)}},
	})
	spare := domain.RateCardID{UUID: s.hide("spare rate card")}
	if err == nil {
		err = publish(spare, key, "spare")
	}
	if err == nil {
		_, err = service.SupersedeRates(ctx, s.request(s.partner.Actor, key+" supersede prices"), commands.SupersedeRates{Card: spare, Reason: s.secret("why a card is superseded", key)})
	}
	return err
}

// publishesPromises does the same with promises.
func (s *stage) publishesPromises(a act, _ *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	publish := func(id domain.SLAPolicyID, names ...string) error {
		known, err := foldOf(ctx, s.in.store, slapolicy.Decider, slapolicy.Stream(id))
		if err != nil {
			return err
		}
		_, err = service.PublishSLAPolicy(ctx, s.request(s.partner.Actor, fmt.Sprint("promises ", names)), commands.PublishSLAPolicy{
			Policy: id, Base: known.Newest(), Name: s.secret("name of a policy", names...), From: "2026-01-01", Reason: s.secret("why promises are published", names...),
			Content: s.promises(a.Choice, names...),
		})
		return err
	}
	if err := publish(domain.SLAPolicyID{UUID: s.policy.ID}, key); err != nil {
		return err
	}
	spare := domain.SLAPolicyID{UUID: s.hide("spare policy")}
	if err := publish(spare, key, "spare"); err != nil {
		return err
	}
	_, err := service.SupersedeSLAPolicy(ctx, s.request(s.partner.Actor, key+" supersede promises"), commands.SupersedeSLAPolicy{Policy: spare, Reason: s.secret("why a policy is superseded", key)})
	return err
}

// publishesHours does the same with opening hours and holidays.
func (s *stage) publishesHours(a act, _ *organisation, key string) error {
	ctx, service := context.Background(), s.in.service
	publish := func(id domain.CalendarID, names ...string) error {
		known, err := foldOf(ctx, s.in.store, workcalendar.Decider, workcalendar.Stream(id))
		if err != nil {
			return err
		}
		// What is open is the same in either version: the promises count in it.
		open := either(s, []calendar.Interval{{From: "09:00", Until: "17:00"}}, []calendar.Interval{{From: "09:00", Until: "12:00"}, {From: "12:00", Until: "17:00"}})
		content := calendar.Calendar{
			Zone:   "Europe/Berlin",
			Yearly: []calendar.YearlyDay{{Month: 12, Day: 25, Name: s.secret("name of a yearly holiday", names...)}},
			Days:   []calendar.SpecialDay{{Date: "2026-04-03", Name: s.secret("name of a holiday", names...), Holiday: true}},
		}
		for _, day := range []calendar.Weekday{"mon", "tue", "wed", "thu", "fri"} {
			content.Week = append(content.Week, calendar.OpenDay{Weekday: day, Hours: open})
		}
		_, err = service.PublishCalendar(ctx, s.request(s.partner.Actor, fmt.Sprint("opening hours ", names)), commands.PublishCalendar{
			Calendar: id, Base: known.Newest(), Name: s.secret("name of a calendar", names...), From: "2026-01-01", Content: content, Reason: s.secret("why hours are published", names...),
		})
		return err
	}
	main, spare := domain.CalendarID{UUID: s.calendar.ID}, domain.CalendarID{UUID: s.hide("spare calendar")}
	if err := publish(main, key); err != nil {
		return err
	}
	_, err := service.AddHoliday(ctx, s.request(s.partner.Actor, key+" holiday"), commands.AddHoliday{
		Calendar: main, Day: calendar.SpecialDay{Date: either(s, calendar.Date("2026-02-07"), "2026-02-14").Add(a.Choice % 2), Name: s.secret("name of an added holiday", key), Holiday: true},
	})
	if err == nil {
		err = publish(spare, key, "spare")
	}
	if err == nil {
		_, err = service.SupersedeCalendar(ctx, s.request(s.partner.Actor, key+" supersede opening hours"), commands.SupersedeCalendar{Calendar: spare, Reason: s.secret("why a calendar is superseded", key)})
	}
	return err
}

func (s *stage) charges(a act, org *organisation, key string) error {
	charged, err := s.in.service.AddCharge(context.Background(), s.request(s.partner.Actor, key), commands.AddCharge{
		Contract: org.contract, Month: march, Line: []string{"work", "extra", "build"}[a.Choice%3], Text: s.secret("text of a charge", key),
		Amount: s.price("charge", key), TaxCategory: s.secret("tax category of a charge", key),
	})
	if err == nil {
		s.hideIDs[charged.ID] = "charge"
	}
	return err
}

func (s *stage) releases(a act, org *organisation, key string) error {
	_, err := s.in.service.ReleaseMilestone(context.Background(), s.request(s.partner.Actor, key), commands.ReleaseMilestone{
		Contract: org.contract, Line: "build", Milestone: fmt.Sprint("m", a.Ticket%4),
	})
	return err
}

// proposesInside is an amendment that no client is ever asked about: rejected, or taken back in time.
func (s *stage) proposesInside(a act, org *organisation, key string) error {
	id, err := s.amendment(a, org, s.account, s.secret("statement never offered", key), key)
	if err != nil {
		return err
	}
	s.hideIDs[id.UUID], s.unoffered = "amendment never offered", append(s.unoffered, id.UUID)
	if a.Choice%4 == 2 {
		_, err = s.in.service.WithdrawAmendment(context.Background(), s.request(s.account.Actor, key+" withdraw"), commands.WithdrawAmendment{Contract: org.contract, Amendment: id})
		return err
	}
	_, err = s.in.service.RejectAmendment(context.Background(), s.request(s.partner.Actor, key), commands.RejectAmendment{
		Contract: org.contract, Amendment: id, Reason: s.secret("why an amendment is rejected", key),
	})
	return err
}

func (s *stage) forecasts(_ act, org *organisation, key string) error {
	_, err := s.in.service.ReviewContract(context.Background(), s.request(domain.System(), key), commands.ReviewContract{Contract: org.contract})
	return err
}

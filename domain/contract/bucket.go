package contract

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/terms"
)

// Bounds of bought hours.
const (
	MaxBuckets     = 5_000 // of one contract
	MaxAdjustments = 5_000 // of one contract
)

// granted is a bucket with its place among the grants.
type granted struct {
	number   int // from 1
	lot      bucket.Lot
	adjusted int // minutes, by all adjustments
}

// adjusted is an adjustment, linked to the one before.
type adjusted struct {
	Adjustment
	staff  BucketAdjustedStaff
	at     time.Time
	before *adjusted // nil for the first one
}

// Adjustment is a change of a bucket by hand.
type Adjustment struct {
	Number  int // in the contract, from 1
	Bucket  domain.BucketID
	Day     calendar.Date
	Minutes int
}

// Lots are the hours granted that begin in a month, oldest grant first, without those of retainers.
func (s State) Lots(month calendar.Month) []bucket.Lot {
	var begun []granted
	for _, g := range s.buckets.All() {
		if g.lot.From.Month() == month {
			begun = append(begun, g)
		}
	}
	slices.SortFunc(begun, func(a, b granted) int { return a.number - b.number })
	var lots []bucket.Lot
	for _, g := range begun {
		lots = append(lots, g.lot)
	}
	return lots
}

// Adjustments are those of a month, in order.
func (s State) Adjustments(month calendar.Month) []Adjustment {
	var made []Adjustment
	for a := s.adjusted; a != nil; a = a.before {
		if a.Day.Month() == month {
			made = append(made, a.Adjustment)
		}
	}
	slices.Reverse(made)
	return made
}

// Released gives what releasing a milestone decided; false while nobody did.
func (s State) Released(line, milestone string) (MilestoneReleased, bool) {
	return s.released.Get(s.chargeOf(line, milestone).UUID)
}

// chargeOf is the charge that a milestone becomes, once.
func (s State) chargeOf(line, milestone string) domain.ChargeID {
	return domain.ChargeID{UUID: domain.Derive(s.Contract.UUID, "milestone", line, milestone)}
}

// firstHours grants what the lines with bought hours begin with.
func (s State) firstHours(by domain.Actor, at time.Time) []Event {
	var events []Event
	said := s.drafting()
	for _, line := range said.Agreed.Lines {
		if line.Type != terms.Bucket || line.Minutes == 0 {
			continue
		}
		events = append(events, BucketGranted{
			Bucket: domain.BucketID{UUID: domain.Derive(s.Contract.UUID, "bucket", line.Key, "start")},
			Line:   line.Key, Minutes: line.Minutes, From: s.Starts(), Until: until(said.Staff.ChargeOf(line.Key), s.Starts(), s.ends),
			Source: FromStart, By: by.Person, At: at,
		})
	}
	return events
}

// moreHours grants what an amendment adds to the lines with bought hours, for what it adds to their fee. They begin
// with it: what was done since and is not approved yet may draw on them.
func (s State) moreHours(a AmendmentProposed, ends calendar.Date, by domain.Actor, at time.Time) []Event {
	var events []Event
	for _, line := range a.Terms.Agreed.Lines {
		before, _ := lineOf(s.newest().Terms.Agreed, line.Key)
		if line.Type != terms.Bucket || line.Minutes <= before.Minutes {
			continue
		}
		charge := a.Terms.Staff.ChargeOf(line.Key)
		fee := charge.Fee.Sub(s.newest().Terms.Staff.ChargeOf(line.Key).Fee)
		events = append(events, BucketGranted{
			Bucket: domain.BucketID{UUID: domain.Derive(a.Amendment.UUID, "bucket", line.Key)},
			Line:   line.Key, Minutes: line.Minutes - before.Minutes, From: a.Effective, Until: until(charge, a.Effective, ends),
			Source: FromPurchase, Staff: BucketGrantedStaff{Price: decimal.Max(fee, decimal.Zero)}, By: by.Person, At: at,
		})
	}
	return events
}

// until is the last day of bought hours that begin on a day, by the line's rule.
func until(charge terms.Charge, from, ends calendar.Date) calendar.Date {
	if charge.LivesMonths > 0 {
		return lastDay(from, charge.LivesMonths)
	}
	return ends
}

func lineOf(agreed terms.Agreed, key string) (terms.Line, bool) {
	i := slices.IndexFunc(agreed.Lines, func(line terms.Line) bool { return line.Key == key })
	if i < 0 {
		return terms.Line{}, false
	}
	return agreed.Lines[i], true
}

// grantBucket knows a repetition by the id, which derives from what led to it. Hours that a policy buys begin with the
// month, or the work that used up the others could not draw on them; they live as long as if they began today.
func (s State) grantBucket(c GrantBucket) ([]Event, error) {
	if _, known := s.buckets.Get(c.Bucket.UUID); known {
		return nil, nil
	}
	if !s.running() {
		return nil, s.notActive()
	}
	today := s.day(c.At)
	lives := c.From
	if c.From == "" {
		c.From, lives = today, today
		if c.Source == FromTopUp {
			c.From = max(today.Month().First(), s.Starts())
		}
	}
	said := s.newest().Terms
	if err := s.checkGrant(c, said, today); err != nil {
		return nil, err
	}
	if s.buckets.Len() >= MaxBuckets {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_buckets", "the contract has %d buckets; draft a new contract", MaxBuckets)
	}
	if c.Until == "" {
		c.Until = until(said.Staff.ChargeOf(c.Line), lives, s.ends)
	}
	return []Event{BucketGranted{
		Bucket: c.Bucket, Line: c.Line, Minutes: c.Minutes, From: c.From, Until: c.Until, Source: c.Source,
		Staff: BucketGrantedStaff{Price: c.Price, Reason: c.Reason}, By: c.By.Person, At: c.At,
	}}, nil
}

func (s State) checkGrant(c GrantBucket, said terms.Terms, today calendar.Date) error {
	var check domain.Check
	check.That(!c.Bucket.IsZero(), "bucket", "must be given")
	line, _ := lineOf(said.Agreed, c.Line)
	check.That(line.Type.HasHours(), "line", "must be a line with hours of the contract")
	check.That(c.Minutes >= 1 && c.Minutes <= bucket.MaxMinutes, "minutes", "must be at least one, and not absurdly many")
	s.checkWithin(&check, "from", c.From, today)
	check.That(c.Until == "" || c.Until.Valid() && c.Until >= c.From, "until", "must be a day, and not before the first one")
	check.That(c.Source.valid(), "source", "must be start, purchase, top_up or renewal")
	checkAmount(&check, "price", c.Price, said.Agreed.Currency)
	checkReason(&check, c.Reason, 0)
	return check.Err()
}

func (g GrantSource) valid() bool {
	return g == FromStart || g == FromPurchase || g == FromTopUp || g == FromRenewal
}

// checkWithin checks from when on something changes: on a day of the contract, and not too long ago.
func (s State) checkWithin(check *domain.Check, field string, day, today calendar.Date) {
	check.That(day.Valid() && day <= terms.LastDay, field, "must be a day, such as 2026-12-31")
	check.That(day >= s.Starts(), field, "must not lie before the contract's first day")
	check.That(s.ends == "" || day <= s.ends, field, "must not lie after the contract's last day")
	check.That(day >= today.Add(-RetroactiveDays), field, "must not lie that far back")
}

// checkAmount checks what somebody asks or pays. The digits are counted first, so that an absurd number costs
// nothing.
func checkAmount(check *domain.Check, field string, amount decimal.Decimal, currency money.Currency) {
	exponent := amount.Exponent()
	bounded := exponent >= -money.MaxDecimals && exponent <= money.MaxWhole && amount.NumDigits()+int(exponent) <= money.MaxWhole
	check.That(bounded && !amount.IsNegative() && amount.Equal(amount.Truncate(currency.Exponent())), field,
		"must be an amount of "+string(currency)+", 0 or more")
}

// adjustBucket takes the same change at the same instant for one. What was drawn stands in the periods: whether so
// much is left is settled there.
func (s State) adjustBucket(c AdjustBucket) ([]Event, error) {
	if a := s.adjusted; a != nil && a.Bucket == c.Bucket && a.Minutes == c.Minutes && a.at.Equal(c.At) && a.staff.Reason == c.Reason {
		return nil, nil
	}
	g, known := s.buckets.Get(c.Bucket.UUID)
	if !known {
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_bucket", "the contract has no bucket %s", c.Bucket)
	}
	day := max(s.day(c.At), g.lot.From)
	if g.lot.Until != "" && g.lot.Until < day {
		return nil, domain.Refuse(domain.ErrConflict, "bucket_expired", "the hours expired on %s; grant new ones", g.lot.Until)
	}
	var check domain.Check
	check.That(c.Minutes != 0, "minutes", "must not be zero")
	left := g.lot.GrantedMinutes + g.adjusted
	check.That(c.Minutes >= -left, "minutes", "must not take more than was granted")
	check.That(c.Minutes <= bucket.MaxMinutes-left, "minutes", "must not leave absurdly many")
	checkReason(&check, c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.adjusted != nil && s.adjusted.Number >= MaxAdjustments {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_adjustments", "the contract has %d adjustments; draft a new contract", MaxAdjustments)
	}
	return []Event{BucketAdjusted{
		Bucket: c.Bucket, Minutes: c.Minutes, Day: day, Staff: BucketAdjustedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At,
	}}, nil
}

// releaseMilestone freezes the amount that the terms say on the day. What was done under a contract that has ended
// since counts on its last day.
func (s State) releaseMilestone(c ReleaseMilestone) ([]Event, error) {
	if _, done := s.Released(c.Line, c.Milestone); done {
		return nil, nil
	}
	switch s.Status {
	case StatusActive, StatusSuspended, StatusExpired, StatusTerminated:
	default:
		return nil, s.notActive()
	}
	day := s.day(c.At)
	if s.ends != "" {
		day = min(day, s.ends)
	}
	held, begun := s.holds(day)
	if !begun {
		return nil, s.wrongState("contract_not_begun", "it begins on "+string(s.Starts()))
	}
	line, _ := lineOf(held.Terms.Agreed, c.Line)
	i := slices.IndexFunc(line.Milestones, func(m terms.Milestone) bool { return m.Key == c.Milestone })
	if i < 0 {
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_milestone", "the schedule of %q names no milestone %q", c.Line, c.Milestone)
	}
	amount, worth := held.Terms.Staff.ChargeOf(c.Line).AmountOf(c.Milestone)
	if !worth {
		return nil, domain.Refuse(domain.ErrConflict, "milestone_without_amount", "the terms do not say what milestone %q is worth; amend them", c.Milestone)
	}
	return []Event{MilestoneReleased{
		Line: c.Line, Milestone: c.Milestone, Name: line.Milestones[i].Name, Day: day,
		Staff: MilestoneReleasedStaff{Charge: s.chargeOf(c.Line, c.Milestone), Amount: amount},
		By:    c.By.Person, At: c.At,
	}}, nil
}

func (s State) grant(e BucketGranted) State {
	s.buckets = s.buckets.With(e.Bucket.UUID, granted{
		number: s.buckets.Len() + 1,
		lot: bucket.Lot{
			ID: e.Bucket.UUID, Line: e.Line, GrantedMinutes: e.Minutes, RemainingMinutes: e.Minutes,
			From: e.From, Until: e.Until, BoughtAt: e.At,
		},
	})
	return s
}

func (s State) adjust(e BucketAdjusted) State {
	number := 1
	if s.adjusted != nil {
		number = s.adjusted.Number + 1
	}
	s.adjusted = &adjusted{
		Adjustment: Adjustment{Number: number, Bucket: e.Bucket, Day: e.Day, Minutes: e.Minutes},
		staff:      e.Staff, at: e.At, before: s.adjusted,
	}
	if g, known := s.buckets.Get(e.Bucket.UUID); known {
		g.adjusted += e.Minutes
		s.buckets = s.buckets.With(e.Bucket.UUID, g)
	}
	return s
}

func (s State) release(e MilestoneReleased) State {
	s.released = s.released.With(s.chargeOf(e.Line, e.Milestone).UUID, e)
	return s
}

package period_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/spec"
	"effigate/domain/terms"
	"effigate/domain/visible"
)

// The properties below run over random contracts: lines of all types, policies, roundings, conditions and zones.
// Every internal text begins with the marker.
const marker = "INTERNAL"

var zones = []string{"Australia/Sydney", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "Pacific/Apia", "America/St_Johns"}

// The lines of a random contract, each with a job type of the same name.
var lineKeys = []string{"support", "monthly", "extras", "build"}

func anyTerms(t *rapid.T) terms.Terms {
	said := terms.Terms{
		Agreed: terms.Agreed{Starts: "2025-06-01", Currency: "AUD", Shows: terms.Shows{
			Unapproved: rapid.Bool().Draw(t, "unapproved"), NoCharge: rapid.Bool().Draw(t, "no charge"), Alerts: rapid.Bool().Draw(t, "alerts"),
		}},
		Staff: terms.Staff{
			SupportLevel: terms.Standard, Rounding: anyRounding(t), TaxProfile: marker,
			Conditions: []hours.Window{
				{Condition: hours.AfterHours, From: "18:00", Until: "08:00"},
				{Condition: hours.Weekend, Weekdays: []calendar.Weekday{"sat", "sun"}, From: "00:00", Until: "24:00", Priority: 1},
				{Condition: hours.Holiday, Holidays: true, From: "00:00", Until: "24:00", Priority: 2},
			},
		},
	}
	for i, kind := range []terms.Type{terms.Bucket, terms.Retainer, terms.TimeAndMaterials, terms.Fixed} {
		key := lineKeys[i]
		line := terms.Line{Key: key, Name: "Line " + key, Type: kind, JobTypes: []terms.JobType{{Key: key, Name: key}}}
		if kind == terms.Retainer {
			line.Minutes = rapid.IntRange(60, 1200).Draw(t, "included")
		}
		said.Agreed.Lines = append(said.Agreed.Lines, line)
		said.Staff.Charges = append(said.Staff.Charges, anyCharge(t, key, kind))
	}
	return said
}

func anyRounding(t *rapid.T) hours.Rounding {
	return hours.Rounding{
		Mode:        rapid.SampledFrom([]hours.Mode{hours.Exact, hours.Up, hours.Nearest, hours.Down}).Draw(t, "mode"),
		StepMinutes: rapid.SampledFrom([]int{0, 1, 5, 6, 15, 60}).Draw(t, "step"), MinimumMinutes: rapid.SampledFrom([]int{0, 0, 15, 40}).Draw(t, "minimum"),
		TicketDayMinimumMinutes: rapid.SampledFrom([]int{0, 0, 30, 120, 500}).Draw(t, "ticket day"),
	}
}

func anyCharge(t *rapid.T, key string, kind terms.Type) terms.Charge {
	charge := terms.Charge{Line: key}
	switch kind {
	case terms.Bucket, terms.Retainer:
		charge.Overage = rapid.SampledFrom([]terms.OveragePolicy{terms.AllowOverage, terms.AllowOverage, terms.BlockOverage, terms.AskOverage, terms.TopUpOverage}).Draw(t, "overage")
		charge.TopUpMinutes, charge.TopUpAtMinutes = 300, rapid.IntRange(0, 200).Draw(t, "top up at")
		charge.OveragePrice = rapid.SampledFrom([]decimal.Decimal{{}, amount("205.55")}).Draw(t, "overage price")
		for _, condition := range []hours.Condition{hours.AfterHours, hours.Weekend} {
			charge.Weights = append(charge.Weights, terms.Weight{Condition: condition, Percent: rapid.SampledFrom([]int{100, 133, 150, 200, 50}).Draw(t, "weight")})
		}
		charge.Fee = rapid.SampledFrom([]decimal.Decimal{{}, amount("900")}).Draw(t, "fee")
		if kind == terms.Retainer {
			charge.Rollover = rapid.SampledFrom([]bucket.Rollover{
				{}, {Kind: bucket.RollMinutes, CapMinutes: 100}, {Kind: bucket.RollPercent, CapPercent: 50}, {Kind: bucket.RollPeriods, Periods: 2},
			}).Draw(t, "rollover")
		} else {
			charge.Mode = rapid.SampledFrom([]terms.Mode{terms.Prepaid, terms.PostpaidCapped}).Draw(t, "mode of charge")
		}
	case terms.TimeAndMaterials:
		charge.Cap = rapid.SampledFrom([]decimal.Decimal{{}, amount("1000"), amount("250.50")}).Draw(t, "cap")
		charge.CapPolicy = rapid.SampledFrom([]terms.CapPolicy{terms.NotifyCap, terms.HardCap}).Draw(t, "cap policy")
	case terms.Fixed:
	}
	return charge
}

// anySays is a random contract in February 2026.
func anySays(t *rapid.T) period.Says {
	zone := rapid.SampledFrom(zones).Draw(t, "zone")
	holidays := calendar.Calendar{Zone: zone, Always: true, Days: []calendar.SpecialDay{{Date: "2026-02-11", Name: "Fair", Holiday: true}}}
	s := period.Says{
		Contract: contract, Client: nexus, Month: "2026-02", Zone: zone, First: rapid.Bool().Draw(t, "first"), InForce: true,
		Versions: []period.Version{{From: "2025-06-01", Version: 1, Terms: anyTerms(t), Calendar: holidays, Cards: anyCards(t)}},
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "lots") {
		l := lot(fmt.Sprint("lot ", i), rapid.IntRange(30, 900).Draw(t, "bought"))
		l.From = calendar.Date("2026-02-01").Add(rapid.IntRange(0, 10).Draw(t, "from"))
		l.Until = rapid.SampledFrom([]calendar.Date{"", "2026-02-15", "2026-02-28", "2026-06-30"}).Draw(t, "until")
		s.Granted = append(s.Granted, l)
	}
	return s
}

func anyCards(t *rapid.T) []rate.Card {
	price := func(name string) decimal.Decimal {
		return decimal.New(rapid.Int64Range(100, 30_000).Draw(t, name), -2)
	}
	unit := rapid.SampledFrom([]rate.Unit{rate.PerHour, rate.PerHour, rate.PerDay, rate.Fixed}).Draw(t, "unit")
	return []rate.Card{{Layer: rate.ContractVersion, Name: marker + " card", Version: 1, Currency: "AUD", Rows: []rate.Row{
		{Key: "any", Price: price("price"), Unit: unit, MinimumMinutes: rapid.SampledFrom([]int{0, 0, 20}).Draw(t, "least"), MaximumMinutes: rapid.SampledFrom([]int{0, 0, 300}).Draw(t, "most")},
		{Key: "after", Condition: hours.AfterHours, Price: price("after hours"), Unit: rate.PerHour},
	}}}
}

// anyEntry is work of February, by few people on few tickets, so that records meet on one ticket and day.
func anyEntry(t *rapid.T, zone string) period.Entry {
	e := period.Entry{
		Person: rapid.SampledFrom([]domain.PersonID{anna.Person, ben.Person}).Draw(t, "person"), JobType: rapid.SampledFrom(lineKeys).Draw(t, "job type"),
		Zone: zone, Billing: rapid.SampledFrom([]period.Billing{period.Billable, period.Billable, period.Billable, period.Included, period.NoCharge, period.NonBillable}).Draw(t, "billing"),
		Reason: marker + " reason", Note: marker + " note", Description: fmt.Sprintf("text %d", rapid.Uint64().Draw(t, "description")),
	}
	if rapid.IntRange(0, 4).Draw(t, "on a ticket") > 0 {
		e.Work = period.Work{Kind: period.Ticket, ID: id(rapid.SampledFrom([]string{"TKT-1", "TKT-2"}).Draw(t, "ticket"))}
	}
	seconds := rapid.Int64Range(1, 14*3600).Draw(t, "seconds")
	if rapid.IntRange(0, 3).Draw(t, "duration") == 0 {
		e.Day = calendar.Date("2026-02-01").Add(rapid.IntRange(0, 17).Draw(t, "day"))
		e.Seconds = seconds
		e.Condition = rapid.SampledFrom([]hours.Condition{"", hours.Regular, hours.AfterHours, hours.Emergency}).Draw(t, "condition")
	} else {
		e.From = utc("2026-02-02T00:00:00Z").Add(time.Duration(rapid.Int64Range(0, 16*86400).Draw(t, "from")) * time.Second)
		e.Until = e.From.Add(time.Duration(seconds) * time.Second)
	}
	e.BreakSeconds = rapid.SampledFrom([]int64{0, 0, seconds / 3, seconds - 1}).Draw(t, "break")
	return e
}

var names = []string{"a", "b", "c", "d", "e", "f", "g", "h"}

// anyCommand draws from few records and people, so that commands meet each other's effects.
func anyCommand(s period.Says) *rapid.Generator[period.Command] {
	return rapid.Custom(func(t *rapid.T) period.Command {
		by := rapid.SampledFrom([]domain.Actor{anna, ben, olive, clara, domain.System()}).Draw(t, "by")
		at := at.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "minute")) * time.Minute)
		if rapid.IntRange(0, 3).Draw(t, "in March") == 0 {
			at = march
		}
		one := func() domain.TimeID { return timeID(rapid.SampledFrom(names).Draw(t, "record")) }
		some := func() []domain.TimeID {
			return timeIDs(rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 4, rapid.ID).Draw(t, "records")...)
		}
		says := s
		if rapid.IntRange(0, 9).Draw(t, "amended") == 0 {
			says = amended(t, s)
		}
		submit := rapid.Bool().Draw(t, "submit")
		switch rapid.IntRange(0, 27).Draw(t, "command") {
		case 0:
			return period.Pin{Says: says, By: by, At: at}
		case 1, 2, 3, 4, 5:
			return period.Log{Time: one(), Entry: anyEntry(t, s.Zone), Source: anySource(t), Submit: submit, Says: says, By: by, At: at}
		case 6:
			return period.Revise{Time: one(), Entry: anyEntry(t, s.Zone), Submit: submit, Says: says, By: by, At: at}
		case 7:
			return period.Discard{Time: one(), By: by, At: at}
		case 8:
			return period.Submit{Times: some(), By: by, At: at}
		case 9, 10, 11:
			return period.Approve{Times: some(), Says: says, By: by, At: at}
		case 12:
			return period.Return{Times: some(), Reason: marker + " reason", By: by, At: at}
		case 13:
			return period.Move{Times: some(), Into: "2026-03", By: by, At: at}
		case 14:
			return anyMoney(t, says, by, at)
		case 15:
			return period.AskOverage{Request: id(rapid.SampledFrom(names).Draw(t, "request")), Line: rapid.SampledFrom(lineKeys).Draw(t, "line"), Minutes: rapid.IntRange(1, 500).Draw(t, "minutes"), Text: "May we?", Says: says, By: by, At: at}
		case 16:
			return period.AnswerOverage{Request: id(rapid.SampledFrom(names).Draw(t, "request")), Allow: submit, By: clara, At: at}
		case 17:
			return period.CarryIn{Closed: anyClosed(t), From: "2026-01", Says: says, By: by, At: at}
		case 18:
			return period.Correct{Time: one(), Reversal: timeID("reversal"), Into: "2026-03", Reason: marker + " reason", By: by, At: at}
		case 19, 20, 21, 22:
			return anyDeduction(t, says, by, at)
		case 23, 24, 25, 26:
			return anyBilling(t, says, by)
		default:
			return period.Close{Says: says, By: by, At: march}
		}
	})
}

// amended is the contract with a later version, other prices, or more hours.
func amended(t *rapid.T, s period.Says) period.Says {
	return with(s, func(s *period.Says) {
		v := s.Versions[0]
		v.From, v.Version, v.Cards = rapid.SampledFrom([]calendar.Date{"2026-01-15", "2026-02-05", "2026-02-12"}).Draw(t, "effective"), 2, anyCards(t)
		s.Versions = append(s.Versions, v)
		if rapid.Bool().Draw(t, "more hours") {
			s.Granted = append(s.Granted, lot("more", 240))
		}
		if rapid.Bool().Draw(t, "adjusted") {
			s.Adjustments = append(s.Adjustments, period.AdjustmentPinned{ID: id("adjustment"), Bucket: domain.BucketID{UUID: id("lot 0")}, Day: "2026-02-10", Minutes: -100})
		}
	})
}

func anySource(t *rapid.T) period.Source {
	return rapid.SampledFrom([]period.Source{manual, {Kind: period.FromTimer}, {Kind: period.FromImport, System: marker, Key: "1"}}).Draw(t, "source")
}

func anyMoney(t *rapid.T, says period.Says, by domain.Actor, at time.Time) period.Command {
	switch rapid.IntRange(0, 2).Draw(t, "money") {
	case 0:
		return period.AddCharge{
			Charge: domain.ChargeID{UUID: id(rapid.SampledFrom(names).Draw(t, "charge"))}, Line: rapid.SampledFrom(lineKeys).Draw(t, "line"), What: period.OtherCharge,
			Text: marker, Amount: amount("12.50"), Says: says, By: by, At: at,
		}
	case 1:
		return period.MakeForecast{Lines: []period.ForecastLine{{Line: "support"}, {Line: "monthly"}}, Today: calendar.DateOf(at, time.UTC), By: by, At: at}
	default:
		record := period.Record{
			JobType: "support", Day: "2026-01-20", Seconds: 3600, Description: "text reversed",
			Staff: period.RecordStaff{Person: ben.Person, Zone: "UTC", Condition: hours.Regular, Note: marker},
		}
		return period.Reverse{Time: timeID(rapid.SampledFrom(names).Draw(t, "record")), Of: timeID("january"), OfMonth: "2026-01", Record: record, Counted: period.TimeApproved{
			Time: timeID("january"), BilledMinutes: 60, DrawnMinutes: 60,
			Staff: period.TimeApprovedStaff{Pin: 1, Line: "support", Parts: []period.Part{{Condition: hours.Regular, Seconds: 3600, BilledMinutes: 60, DrawnMinutes: 60}}},
		}, Says: says, By: by, At: at}
	}
}

func anyClosed(t *rapid.T) period.Closed {
	old := bucket.Lot{ID: id("old"), Line: "support", GrantedMinutes: 600, RemainingMinutes: rapid.IntRange(0, 600).Draw(t, "left"), From: "2025-12-01", BoughtAt: at}
	return period.Closed{CarryOut: []bucket.Lot{old}, Staff: period.ClosedStaff{
		Overage: []period.LineMinutes{{Line: "support", Minutes: rapid.IntRange(1, 90).Draw(t, "overage before")}},
		Spent:   []period.Spent{{Line: "extras", Amount: amount("100.1")}},
		Alerts:  []period.Armed{{Line: "support", Percent: 50, OfMinutes: 600}},
	}}
}

// answers is all that is asked of a period, of few of its records and months.
func answers(s period.State) []any {
	held, reserved := s.Reservation()
	by, billed := s.BilledBy()
	closing, closed := s.Closing()
	pin, pinned := s.PinOf("2026-02-10")
	said := []any{
		held, reserved, by, billed, s.BilledNet().String(), s.Frozen(), s.Unbilled(), s.Blockers("2026-03-02", charged(s)), s.Charges(), s.Conditions(), s.Deductions(),
		s.GivenBefore(domain.TicketID{UUID: id("TKT-1")}, at).String(), s.DeductionEntries(), s.Burn("support"), charged(s), s.Ledger(), s.Hours("support", "2026-02-20"),
		s.Pending(), s.Carried(), closing, closed, pin, pinned, s.PinnedHours(), s.Values(),
	}
	for _, name := range names {
		record, _ := s.Time(timeID(name))
		counted, _ := s.Counted(timeID(name))
		reversal, _ := s.Reversal(timeID(name))
		quote, err := s.Quote(timeID(name), evening(regular("2026-02-12", time.Hour)))
		said = append(said, record, counted, reversal, quote, fmt.Sprint(err))
	}
	return said
}

// A period is shared by all who work on it at the same time: what any of them does changes nothing that another reads.
func TestAPeriodIsNeverChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySays(t)
		by := rapid.SampledFrom([]domain.Actor{anna, olive, domain.System()})
		billing := rapid.Custom(func(t *rapid.T) period.Command { return anyBilling(t, s, by.Draw(t, "who bills")) })
		commands := func(name string, most int) []period.Command {
			return rapid.SliceOfN(rapid.OneOf(anyCommand(s), anyCommand(s), billing), 0, most).Draw(t, name)
		}
		opened := append([]period.Command{period.Pin{Says: s, By: anna, At: at}}, commands("past", 40)...)
		history := spec.Replays(t, period.Decider, append(opened, reserve("a", s)))
		past := history
		if rapid.Bool().Draw(t, "a part") {
			past = history[:rapid.IntRange(1, len(history)).Draw(t, "of it")]
		}
		spec.Forks(t, period.Decider, answers, past, append([]period.Command{billed("a")}, commands("one way", 12)...), commands("another way", 12))
	})
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySays(t)
		history := spec.Replays(t, period.Decider, rapid.SliceOfN(anyCommand(s), 0, 60).Draw(t, "commands"))
		spec.DisclosureInvariants(t, period.Disclose, history)
		checkCounted(t, history)
		checkLedger(t, fold(history))
		checkShown(t, history)
		checkDeductions(t, history)
		checkTaken(t, fold(history))
		checkCharged(t, fold(history))
		if state := fold(history); state.Closed {
			checkClosing(t, state)
		}
	})
}

// checkCounted: minutes and seconds conserve from the record through split, rounding and allocation.
func checkCounted(t *rapid.T, history []period.Event) {
	var state period.State
	for _, event := range history {
		if approved, ok := event.(period.TimeApproved); ok {
			record, _ := state.Time(approved.Time)
			var seconds int64
			billed, drawn := 0, 0
			for i, part := range approved.Staff.Parts {
				seconds, billed, drawn = seconds+part.Seconds, billed+part.BilledMinutes, drawn+part.DrawnMinutes
				if part.Seconds <= 0 || part.BilledMinutes < 0 || part.DrawnMinutes < 0 {
					t.Fatalf("part %d is %+v", i, part)
				}
			}
			if seconds != record.Record.Seconds || billed != approved.BilledMinutes || drawn != approved.DrawnMinutes {
				t.Fatalf("%+v\nis counted as %+v:\nparts of %d s, %d min billed, %d drawn", record.Record, approved, seconds, billed, drawn)
			}
		}
		state = period.Evolve(state, event)
	}
}

// checkLedger: each lot's sum holds and is never negative, and every minute drawn is a lot's, overage or lapsed.
func checkLedger(t *rapid.T, state period.State) {
	ledger := state.Ledger()
	balance := map[string]int{}
	for _, st := range ledger.Statements {
		if sum := st.CarriedInMinutes + st.GrantedMinutes + st.AdjustedMinutes - st.DrawnMinutes - st.ExpiredMinutes; sum != st.RemainingMinutes || sum < 0 || st.ExpiredMinutes < 0 {
			t.Fatalf("the sum of a lot does not hold: %+v", st)
		}
	}
	for _, draw := range ledger.Draws {
		balance[draw.Demand.String()] += draw.Minutes
	}
	for _, beyond := range append(ledger.Excess, ledger.Lapsed...) {
		balance[beyond.Demand.String()] += beyond.Minutes
	}
	for _, name := range names {
		counts, ok := state.Counted(timeID(name))
		if ok && state.Closed && balance[counts.Time.String()] != counts.DrawnMinutes {
			t.Fatalf("record %s draws %d minutes, the ledger has %d", name, counts.DrawnMinutes, balance[counts.Time.String()])
		}
	}
}

// checkClosing: what the event that closed the period says is what the ledger says for ever.
func checkClosing(t *rapid.T, state period.State) {
	closing, _ := state.Closing()
	ledger := state.Ledger()
	if len(state.Pending()) > 0 || !state.Carried() {
		t.Fatal("closed with time that waits, or before the month before")
	}
	if fmt.Sprint(ledger.Statements) != fmt.Sprint(closing.Lots) || fmt.Sprint(ledger.CarriedOut) != fmt.Sprint(closing.CarryOut) {
		t.Fatalf("the ledger after closing is another one:\n%+v\n%+v", ledger, closing)
	}
}

// checkShown: nothing internal is shown, and what is shown of a closed period sums to its ledger.
func checkShown(t *rapid.T, history []period.Event) {
	var d period.Disclosure
	shown := visible.Shown{}
	var said strings.Builder
	for _, event := range history {
		next, changes := period.Disclose(d, event)
		d = next
		for _, change := range changes {
			fmt.Fprintf(&said, "%+v\n", change)
			switch change := change.(type) {
			case visible.Put:
				shown[change.Key()] = change.Record
			case visible.Remove:
				delete(shown, change.Gone)
			}
		}
	}
	if strings.Contains(said.String(), marker) {
		t.Fatalf("something internal was shown:\n%s", said.String())
	}
	state := fold(history)
	closing, closed := state.Closing()
	if !closed {
		return
	}
	work, settled, left := 0, 0, 0
	for _, record := range shown {
		switch r := record.(type) {
		case visible.Work:
			work += r.Drawn
		case visible.Settlement:
			settled += r.Drawn + r.Overage
		case visible.CarriedLot:
			left += r.Minutes
		default:
		}
	}
	for _, lapsed := range state.Ledger().Lapsed {
		settled += lapsed.Minutes
	}
	for _, lot := range closing.CarryOut {
		left -= lot.RemainingMinutes
	}
	if work != settled || left != 0 {
		t.Fatalf("the client sees work that drew %d minutes, settled are %d; %d minutes are carried too much", work, settled, left)
	}
}

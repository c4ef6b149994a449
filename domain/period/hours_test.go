package period_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/terms"
)

// counted approves one entry and gives what it counts for.
func counted(t *testing.T, s period.Says, e period.Entry) period.TimeApproved {
	t.Helper()
	approved := found[period.TimeApproved](run(t, nil, logged("a", s, e), approve(s, "a")))
	if len(approved) != 1 {
		t.Fatalf("approved: %+v", approved)
	}
	return approved[0]
}

func TestCounting(t *testing.T) {
	t.Parallel()
	weights := line(func(_ *terms.Line, c *terms.Charge) {
		c.Weights = []terms.Weight{{Condition: hours.AfterHours, Percent: 150}, {Condition: hours.Emergency, Percent: 200}}
	})
	quarter := rounding(hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 30})
	type parts [][2]int // billed and drawn minutes
	for name, test := range map[string]struct {
		says  period.Says
		entry period.Entry
		want  parts
	}{
		"split at 18:00":            {says(), evening(), parts{{120, 120}, {180, 180}}},
		"weighted after it":         {says(weights), evening(), parts{{120, 120}, {180, 270}}},
		"a break off both":          {says(), evening(func(e *period.Entry) { e.BreakSeconds = 1800 }), parts{{108, 108}, {162, 162}}},
		"rounded once, after split": {says(quarter), evening(func(e *period.Entry) { e.Until = e.From.Add(121 * time.Minute) }), parts{{134, 134}, {1, 1}}},
		"at least half an hour":     {says(quarter), evening(regular("2026-02-12", time.Second)), parts{{30, 30}}},
		"an emergency is not split": {says(weights), evening(func(e *period.Entry) { e.Condition = hours.Emergency }), parts{{300, 600}}},
		"a duration":                {says(weights), evening(lasting("2026-02-12", 61*time.Second)), parts{{2, 2}}},
		"half a minute rounds up":   {says(weights), evening(func(e *period.Entry) { lasting("2026-02-12", time.Minute)(e); e.Condition = hours.AfterHours }), parts{{1, 2}}},
		"weekend":                   {says(weights), evening(regular("2026-02-14", time.Hour)), parts{{60, 60}}},
		"included draws nothing":    {says(), evening(func(e *period.Entry) { e.Billing = period.Included }), parts{{120, 0}, {180, 0}}},
		"no charge draws nothing":   {says(), evening(func(e *period.Entry) { e.Billing, e.Reason = period.NoCharge, "goodwill" }), parts{{120, 0}, {180, 0}}},
		"time draws nothing":        {says(line(timeAndMaterials)), evening(), parts{{120, 0}, {180, 0}}},
	} {
		got := parts{}
		for _, part := range counted(t, test.says, test.entry).Staff.Parts {
			got = append(got, [2]int{part.BilledMinutes, part.DrawnMinutes})
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A65, A67: the night of a clock change counts the seconds that passed.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for month, test := range map[calendar.Month]struct {
		from, until string
		want        int
	}{
		"2026-04": {"2026-04-04T14:00:00Z", "2026-04-04T18:00:00Z", 240}, // 01:00 to 04:00 on 5 April
		"2026-10": {"2026-10-03T15:00:00Z", "2026-10-03T17:00:00Z", 120}, // 01:00 to 04:00 on 4 October
	} {
		s := with(says(), func(s *period.Says) { s.Month = month })
		log := logged("a", s, evening(func(e *period.Entry) { e.From, e.Until = utc(test.from), utc(test.until) }))
		log.At = month.Last().Start(time.UTC)
		approval := approve(s, "a")
		approval.At = log.At
		counts := found[period.TimeApproved](run(t, nil, log, approval))[0]
		if counts.BilledMinutes != test.want {
			t.Errorf("%s: %d minutes, want %d", month, counts.BilledMinutes, test.want)
		}
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	card := func(rows ...rate.Row) func(*period.Says) {
		return func(s *period.Says) {
			s.Versions[0].Cards = []rate.Card{{Layer: rate.ContractVersion, Name: "card", Version: 3, Currency: "AUD", Rows: rows}}
		}
	}
	hourly := says(line(timeAndMaterials))
	fifteen := card(rate.Row{Key: "any", Price: amount("15.00"), Unit: rate.PerHour})
	for name, test := range map[string]struct {
		says    period.Says
		entries []period.Entry
		want    string
	}{
		"A50: 3 h 28 min at 15": {with(hourly, fifteen), []period.Entry{evening(regular("2026-02-12", 208*time.Minute))}, "52"},
		"A51: 25 min at 34.34":  {with(hourly, card(rate.Row{Key: "any", Price: amount("34.34"), Unit: rate.PerHour})), []period.Entry{evening(regular("2026-02-12", 25*time.Minute))}, "14.3083333333"},
		"A52: 2 × 15 min at 27.50": {
			with(hourly, card(rate.Row{Key: "any", Price: amount("27.50"), Unit: rate.PerHour})),
			[]period.Entry{evening(regular("2026-02-12", 15*time.Minute)), evening(regular("2026-02-13", 15*time.Minute))},
			"13.75",
		},
		"a day's price":       {with(hourly, card(rate.Row{Key: "any", Price: amount("960"), Unit: rate.PerDay})), []period.Entry{evening(regular("2026-02-12", time.Hour))}, "120"},
		"a fixed price, once": {with(hourly, card(rate.Row{Key: "any", Price: amount("75"), Unit: rate.Fixed})), []period.Entry{evening()}, "75"},
		"the longest part's fixed price": {
			with(hourly, card(rate.Row{Key: "any", Price: amount("75"), Unit: rate.Fixed}, rate.Row{Key: "evening", Condition: hours.AfterHours, Price: amount("10"), Unit: rate.Fixed})),
			[]period.Entry{evening(func(e *period.Entry) { e.Until = e.From.Add(3 * time.Hour) })},
			"75",
		},
		"at least an hour's price": {with(hourly, card(rate.Row{Key: "any", Price: amount("60"), Unit: rate.PerHour, MinimumMinutes: 60})), []period.Entry{evening(regular("2026-02-12", time.Minute))}, "60"},
		"at most two":              {with(hourly, card(rate.Row{Key: "any", Price: amount("60"), Unit: rate.PerHour, MaximumMinutes: 120})), []period.Entry{evening(regular("2026-02-12", 5*time.Hour))}, "120"},
		"the record's own level": {
			with(hourly, card(rate.Row{Key: "any", Price: amount("60"), Unit: rate.PerHour}, rate.Row{Key: "standard", SupportLevel: "standard", Price: amount("30"), Unit: rate.PerHour})),
			[]period.Entry{evening(func(e *period.Entry) { regular("2026-02-12", time.Hour)(e); e.SupportLevel = terms.Standard })},
			"30",
		},
		"what is not charged": {hourly, []period.Entry{evening(func(e *period.Entry) { e.Billing, e.Reason = period.NonBillable, "internal" })}, "0"},
	} {
		commands := logs(test.says, test.entries, true)
		history := run(t, nil, append(commands, approve(test.says, names[:len(test.entries)]...))...)
		if got := fold(history).Values()[0].Time.String(); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	price := counted(t, with(hourly, fifteen), evening()).Staff.Parts[0].Price
	if price.Row != "any" || price.Version != 3 || price.Layer != rate.ContractVersion || len(price.Why) == 0 {
		t.Errorf("the price is not explained: %+v", price)
	}
}

// A57: hundreds of short records lose no minute.
func TestShortRecordsLoseNothing(t *testing.T) {
	t.Parallel()
	s := says(line(timeAndMaterials))
	var commands []period.Command
	var all []domain.TimeID
	for i := range 150 {
		name := string(rune('a'+i%26)) + time.Duration(i).String()
		commands = append(commands, logged(name, s, evening(regular(calendar.Date("2026-02-02").Add(i%5), 7*time.Minute))))
		all = append(all, timeID(name))
	}
	history := run(t, nil, append(commands, period.Approve{Times: all, Says: s, By: anna, At: later})...)
	if got := fold(history).Values()[0].Time.String(); got != "2100" { // 150 × 7 min at 120
		t.Fatalf("150 records of 7 minutes come to %s", got)
	}
}

func TestOverage(t *testing.T) {
	t.Parallel()
	short := func(change func(*terms.Charge)) period.Says {
		return with(says(line(func(_ *terms.Line, c *terms.Charge) { c.Overage = terms.AllowOverage; change(c) })), func(s *period.Says) {
			s.Granted = []bucket.Lot{lot("short", 150)}
		})
	}
	for name, test := range map[string]struct {
		says          period.Says
		time, overage string
	}{
		"in arrears at the card's prices": {short(func(*terms.Charge) {}), "390", "390"}, // half of 2 × 120 + 3 × 180
		"in arrears at its own price":     {short(func(c *terms.Charge) { c.OveragePrice = amount("200") }), "390", "500"},
		"paid before, at the card's":      {short(func(c *terms.Charge) { c.Mode = terms.Prepaid }), "0", "390"},
		"paid before, at its own price":   {short(func(c *terms.Charge) { c.Mode, c.OveragePrice = terms.Prepaid, amount("200") }), "0", "500"},
		"paid before and enough of it":    {with(short(func(c *terms.Charge) { c.Mode = terms.Prepaid }), func(s *period.Says) { s.Granted = []bucket.Lot{lot("long", 600)} }), "0", "0"},
	} {
		state := fold(run(t, nil, logged("a", test.says, evening()), approve(test.says, "a")))
		if v := state.Values()[0]; v.Time.String() != test.time || v.Overage.String() != test.overage {
			t.Errorf("%s: %s within and %s beyond, want %s and %s", name, v.Time, v.Overage, test.time, test.overage)
		}
	}
}

func TestAsking(t *testing.T) {
	t.Parallel()
	s := with(says(line(func(_ *terms.Line, c *terms.Charge) { c.Overage = terms.AskOverage })), func(s *period.Says) { s.Granted = []bucket.Lot{lot("short", 150)} })
	ask := period.AskOverage{Request: id("request"), Line: "support", Minutes: 150, Text: "May we go on?", Says: s, By: anna, At: at}
	answer := period.AnswerOverage{Request: id("request"), Allow: true, Reason: "Yes.", By: clara, At: later}
	refuse := answer
	refuse.Allow = false
	history := run(t, nil, logged("a", s, evening()), ask)
	given(history...).When(ask).ThenNothing(t)
	given(history...).When(approve(s, "a")).ThenRefused(t, domain.ErrConflict, "hours_used_up")
	given(history...).When(answer).Then(t, period.OverageAnswered{Request: id("request"), Allowed: true, Reason: "Yes.", By: clara.Person, At: later})
	given(run(t, history, answer)...).When(answer).ThenNothing(t)
	given(run(t, history, answer)...).When(refuse).ThenRefused(t, domain.ErrConflict, "answered")
	given(run(t, history, refuse)...).When(approve(s, "a")).ThenRefused(t, domain.ErrConflict, "hours_used_up")
	if got := outcome(run(t, history, answer), approve(s, "a")); got != "time_approved+threshold_reached" {
		t.Errorf("once allowed: %s", got)
	}
	stranger, colleague := answer, answer
	stranger.By, colleague.By = oscar, anna
	given(history...).When(stranger).ThenRefused(t, domain.ErrNotFound, "not_found")
	given(history...).When(colleague).ThenRefused(t, domain.ErrForbidden, "for_the_client")
	given().When(answer).ThenRefused(t, domain.ErrNotFound, "not_found")

	other, nobody, elsewhere := ask, ask, ask
	other.Minutes = 10
	given(history...).When(other).ThenRefused(t, domain.ErrConflict, "request_exists")
	nobody.Request, nobody.Minutes, nobody.Text = id("another"), 0, ""
	given(history...).When(nobody).ThenInvalid(t, "minutes", "text")
	elsewhere.Request, elsewhere.Line = id("another"), "gardening"
	given(history...).When(elsewhere).ThenRefused(t, domain.ErrInvalid, "line_unknown")
	elsewhere.Line, elsewhere.Says = "support", says()
	given().When(elsewhere).ThenRefused(t, domain.ErrConflict, "not_asked")
}

// Histories that part after some requests or top-ups do not reach into each other.
func TestBranchesShareNothing(t *testing.T) {
	t.Parallel()
	s := says(line(func(_ *terms.Line, c *terms.Charge) {
		c.Overage = terms.AskOverage
	}))
	ask := func(name string) period.AskOverage {
		return period.AskOverage{Request: id(name), Line: "support", Minutes: 60, Text: "May we?", Says: s, By: anna, At: at}
	}
	asked := fold(run(t, nil, ask("1"), ask("2"), ask("3"), ask("4"), ask("5")))
	first := period.Evolve(asked, period.OverageAsked{Request: id("6"), Line: "support", Minutes: 60, Text: "May we?"})
	_ = period.Evolve(asked, period.OverageAsked{Request: id("other"), Line: "support", Minutes: 60, Text: "May we?"})
	if events, err := period.Decide(first, ask("6")); err != nil || len(events) > 0 {
		t.Errorf("a request was forgotten: %v %v", events, err)
	}
	_ = period.Evolve(asked, period.OverageAnswered{Request: id("1"), Allowed: true})
	if events, err := period.Decide(asked, period.AnswerOverage{Request: id("1"), By: clara, At: later}); err != nil || len(events) != 1 {
		t.Errorf("a request was answered in another history: %v %v", events, err)
	}
	var d period.Disclosure
	for _, e := range []period.Event{
		period.Opened{Contract: contract, Client: nexus, Month: "2026-02"}, period.OverageAsked{Request: id("1")}, period.OverageAsked{Request: id("2")}, period.OverageAsked{Request: id("3")},
	} {
		d, _ = period.Disclose(d, e)
	}
	one, _ := period.Disclose(d, period.OverageAsked{Request: id("4")})
	_, _ = period.Disclose(d, period.OverageAsked{Request: id("other")})
	if _, changes := period.Disclose(one, period.OverageAnswered{Request: id("4")}); len(changes) != 1 {
		t.Errorf("a request of the other history is shown: %v", changes)
	}
}

// alerts lists the alerts of a history, in percent.
func alerts(history []period.Event) []int {
	var percents []int
	for _, e := range found[period.ThresholdReached](history) {
		percents = append(percents, e.Percent)
	}
	return percents
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	s := with(says(shows(terms.Shows{Alerts: true})), func(s *period.Says) { s.Granted = []bucket.Lot{lot("ten", 600)} })
	hour := func(name string, day calendar.Date, d time.Duration, s period.Says) []period.Command {
		return []period.Command{logged(name, s, evening(regular(day, d))), approve(s, name)}
	}
	history := run(t, nil, hour("a", "2026-02-02", 299*time.Minute, s)...)
	check := func(step string, want ...int) {
		t.Helper()
		if diff := cmp.Diff(want, alerts(history), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", step, diff)
		}
	}
	check("one minute under half")
	history = run(t, history, hour("b", "2026-02-03", time.Minute, s)...)
	check("half", 50)
	history = run(t, history, hour("c", "2026-02-04", 250*time.Minute, s)...)
	check("past 75 and 90 at once", 50, 90)
	history = run(t, history, period.Return{Times: timeIDs("c"), Reason: "again", By: anna, At: later}, period.Submit{Times: timeIDs("c"), By: ben, At: later}, approve(s, "c"))
	check("down and up again", 50, 90)
	more := with(s, func(s *period.Says) { s.Granted = append(s.Granted, lot("more", 600)) })
	history = run(t, history, period.Pin{Says: more, By: anna, At: later})
	check("more hours: silent while less is used than was told", 50, 90)
	history = run(t, history, hour("d", "2026-02-05", 50*time.Minute, more)...)
	history = run(t, history, hour("e", "2026-02-06", 300*time.Minute, more)...)
	check("armed again", 50, 90, 50, 75)
	if last := found[period.ThresholdReached](history)[3]; !last.Shown || last.UsedMinutes != 900 || last.OfMinutes != 1200 {
		t.Fatalf("the alert says %+v", last)
	}
	history = run(t, history, period.Close{Says: more, By: anna, At: march})
	closing, _ := fold(history).Closing()
	if diff := cmp.Diff([]period.Armed{{Line: "support", Percent: 75, OfMinutes: 1200}}, closing.Staff.Alerts); diff != "" {
		t.Fatalf("carried (-want +got):\n%s", diff)
	}
	next := with(inMarch(), func(s *period.Says) { s.Granted = nil })
	if got := outcome(nil, period.CarryIn{Closed: closing, From: "2026-02", Says: next, By: anna, At: march}); got != "opened+terms_pinned+carried_in" {
		t.Fatalf("carried in, it leads to %s", got)
	}
}

func TestTopUps(t *testing.T) {
	t.Parallel()
	s := with(says(line(func(_ *terms.Line, c *terms.Charge) {
		c.Overage, c.TopUpMinutes, c.TopUpAtMinutes = terms.TopUpOverage, 120, 60
	})), func(s *period.Says) { s.Granted = []bucket.Lot{lot("ten", 600)} })
	history := run(t, nil, logged("a", s, evening(regular("2026-02-02", 539*time.Minute))), logged("b", s, evening(regular("2026-02-03", 200*time.Minute))), approve(s, "a"))
	if due := found[period.TopUpDue](history); len(due) > 0 {
		t.Fatalf("bought with 61 minutes left: %+v", due)
	}
	history = run(t, history, approve(s, "b"), logged("c", s, evening(regular("2026-02-04", time.Hour))), approve(s, "c"))
	due := found[period.TopUpDue](history)
	first := period.TopUp(contract, "support", "2026-02", 1)
	if len(due) != 1 || due[0].Bucket != first || due[0].Staff != (period.TopUpDueStaff{Minutes: 120}) {
		t.Fatalf("bought: %+v", due)
	}
	bought := with(s, func(s *period.Says) {
		s.Granted = append(s.Granted, bucket.Lot{ID: first.UUID, Line: "support", GrantedMinutes: 120, From: "2026-02-20", BoughtAt: at})
	})
	history = run(t, history, period.Pin{Says: bought, By: domain.System(), At: later})
	due = found[period.TopUpDue](history)
	if len(due) != 1 { // The work of days before the purchase stays beyond; 120 minutes are left.
		t.Fatalf("bought after the first was pinned: %+v", due)
	}
	history = run(t, history, logged("d", bought, evening(regular("2026-02-20", time.Hour))), approve(bought, "d"))
	if due = found[period.TopUpDue](history); len(due) != 2 || due[1].Bucket != period.TopUp(contract, "support", "2026-02", 2) || due[1].Staff.RemainingMinutes != 60 {
		t.Fatalf("bought once more: %+v", due)
	}
}

func TestForecasts(t *testing.T) {
	t.Parallel()
	s := with(says(line(retainer)), func(s *period.Says) {
		s.Granted, s.Versions[0].Calendar = nil, calendar.Calendar{Zone: "Australia/Sydney", Week: []calendar.OpenDay{
			{Weekday: "mon", Hours: []calendar.Interval{{From: "09:00", Until: "17:00"}}}, {Weekday: "tue", Hours: []calendar.Interval{{From: "09:00", Until: "17:00"}}},
		}}
	})
	waiting := logged("b", s, evening(regular("2026-02-11", time.Hour)))
	history := run(t, nil, logged("a", s, evening(regular("2026-02-10", 2*time.Hour))), approve(s, "a"), waiting,
		logged("today", s, evening(func(e *period.Entry) { e.From, e.Until = at.Add(-time.Hour), at })))
	forecasting := period.MakeForecast{
		Lines: []period.ForecastLine{{Line: "support", Days: []forecast.Day{{Date: "2026-01-30", ApprovedMinutes: 30, Records: 1}, {Date: "2025-11-30", ApprovedMinutes: 9, Records: 1}}}},
		Today: "2026-02-20", By: domain.System(), At: at,
	}
	history = run(t, history, forecasting)
	made := found[period.ForecastMade](history)
	if len(made) != 1 {
		t.Fatalf("made: %+v", made)
	}
	in := made[0].Staff.Input
	want := []forecast.Day{
		{Date: "2026-01-30", ApprovedMinutes: 30, Records: 1}, {Date: "2026-02-10", ApprovedMinutes: 120, Records: 1}, {Date: "2026-02-11", UnapprovedMinutes: 60, Records: 1},
	}
	if diff := cmp.Diff(want, in.Days); diff != "" {
		t.Errorf("burn (-want +got):\n%s", diff)
	}
	if in.RemainingMinutes != 480 || in.Weekends || in.AsOf != "2026-02-20" || in.Since != "2026-01-01" || in.Seed <= 0 {
		t.Errorf("made of %+v", in)
	}
	if first := in.Changes[:2]; first[0] != (forecast.Change{Date: "2026-03-01", Minutes: -480, What: forecast.Expiry}) ||
		first[1] != (forecast.Change{Date: "2026-03-01", Minutes: 600, What: forecast.Grant}) {
		t.Errorf("the next month is %+v", first)
	}
	if closed := in.Closed[0]; closed.Weekday() == time.Monday || closed.Weekday() == time.Tuesday {
		t.Errorf("%s is closed", closed)
	}
	if diff := cmp.Diff(forecast.Make(in), made[0].Staff.Forecast); diff != "" {
		t.Errorf("replayed (-again +stored):\n%s", diff)
	}
	given(history...).When(forecasting).ThenNothing(t)
	early := forecasting
	early.Today = "2026-01-31"
	given(history...).When(early).ThenRefused(t, domain.ErrInvalid, "not_in_period")
	given().When(forecasting).ThenRefused(t, domain.ErrNotFound, "not_found")
	unknown := run(t, nil, period.Pin{Says: with(s, func(s *period.Says) { s.First = false }), By: anna, At: at})
	given(unknown...).When(forecasting).ThenNothing(t)
}

package period_test

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/spec"
	"effigate/domain/terms"
)

var (
	given     = spec.Decider(period.Decider).Given
	disclosed = spec.Discloser(period.Disclose).Given

	contract = domain.ContractID{UUID: id("CON-2024-018")}
	nexus    = domain.ClientID{UUID: id("nexus")}

	anna  = staff("anna", domain.Delivery)
	ben   = staff("ben", domain.Engineer)
	olive = staff("olive", domain.Owner)
	clara = domain.Actor{Person: domain.PersonID{UUID: id("clara")}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: nexus}
	oscar = domain.Actor{Person: domain.PersonID{UUID: id("oscar")}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: domain.ClientID{UUID: id("orion")}}

	at    = utc("2026-02-20T01:00:00Z") // Friday noon in Sydney
	later = utc("2026-02-20T02:00:00Z")
	march = utc("2026-03-02T00:00:00Z")
)

func id(name string) uuid.UUID           { return domain.Derive(uuid.NameSpaceURL, "period test", name) }
func timeID(name string) domain.TimeID   { return domain.TimeID{UUID: id(name)} }
func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }
func staff(n string, r domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: id(n)}, Side: domain.StaffSide, Role: r}
}

func utc(text string) time.Time {
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return instant.UTC()
}

// agreement is CON-2024-018: 100 hours, priced in arrears at 120, and at 180 after 18:00 and at weekends.
func agreement(changes ...func(*terms.Terms)) terms.Terms {
	weekdays := []calendar.Weekday{"mon", "tue", "wed", "thu", "fri"}
	t := terms.Terms{
		Agreed: terms.Agreed{
			Starts: "2026-01-01", Currency: "AUD",
			Lines: []terms.Line{{
				Key: "support", Name: "Support", Type: terms.Bucket, Minutes: 6000,
				JobTypes: []terms.JobType{{Key: "api", Name: "API"}, {Key: "web", Name: "Web"}},
			}},
		},
		Staff: terms.Staff{
			SupportLevel: terms.Always,
			Conditions: []hours.Window{
				{Condition: hours.AfterHours, Weekdays: weekdays, From: "18:00", Until: "08:00"},
				{Condition: hours.Weekend, Weekdays: []calendar.Weekday{"sat", "sun"}, From: "00:00", Until: "24:00", Priority: 1},
			},
			Charges: []terms.Charge{{Line: "support", Mode: terms.PostpaidCapped}},
		},
	}
	for _, change := range changes {
		change(&t)
	}
	return t
}

// line changes how the only line is charged.
func line(change func(*terms.Line, *terms.Charge)) func(*terms.Terms) {
	return func(t *terms.Terms) {
		t.Agreed.Lines, t.Staff.Charges = slices.Clone(t.Agreed.Lines), slices.Clone(t.Staff.Charges)
		change(&t.Agreed.Lines[0], &t.Staff.Charges[0])
	}
}

func shows(s terms.Shows) func(*terms.Terms) { return func(t *terms.Terms) { t.Agreed.Shows = s } }
func rounding(r hours.Rounding) func(*terms.Terms) {
	return func(t *terms.Terms) { t.Staff.Rounding = r }
}

func retainer(l *terms.Line, c *terms.Charge) { l.Type, l.Minutes, c.Mode = terms.Retainer, 600, "" }

func timeAndMaterials(l *terms.Line, c *terms.Charge) {
	l.Type, l.Minutes, c.Mode = terms.TimeAndMaterials, 0, ""
}

// prices are 120 an hour, and 180 outside business hours.
func prices() []rate.Card {
	return []rate.Card{{
		Layer: rate.ContractVersion, Name: "CON-2024-018", Version: 1, Currency: "AUD",
		Rows: []rate.Row{
			{Key: "regular", Price: amount("120"), Unit: rate.PerHour},
			{Key: "evening", Condition: hours.AfterHours, Price: amount("180"), Unit: rate.PerHour},
			{Key: "weekend", Condition: hours.Weekend, Price: amount("180"), Unit: rate.PerHour},
			{Key: "other card", JobType: "none of ours", Price: amount("1"), Unit: rate.PerHour},
		},
	}}
}

// says is what the contract says in February, its first period, with 100 hours bought.
func says(changes ...func(*terms.Terms)) period.Says {
	return period.Says{
		Contract: contract, Client: nexus, Month: "2026-02", Zone: "Australia/Sydney", First: true, InForce: true,
		Versions: []period.Version{{From: "2026-01-01", Version: 1, Terms: agreement(changes...), Calendar: calendar.Calendar{Zone: "Australia/Sydney"}, Cards: prices()}},
		Granted:  []bucket.Lot{lot("hundred", 6000)},
	}
}

func lot(name string, minutes int) bucket.Lot {
	return bucket.Lot{ID: id(name), Line: "support", GrantedMinutes: minutes, RemainingMinutes: minutes, From: "2026-02-01", BoughtAt: at}
}

// with changes what the contract says.
func with(s period.Says, change func(*period.Says)) period.Says {
	s.Versions, s.Granted, s.Adjustments = slices.Clone(s.Versions), slices.Clone(s.Granted), slices.Clone(s.Adjustments)
	change(&s)
	return s
}

// inMarch is the period after, which carries in.
func inMarch(changes ...func(*terms.Terms)) period.Says {
	return with(says(changes...), func(s *period.Says) { s.Month, s.First = "2026-03", false })
}

// evening is the record of the worked example: Tuesday, 16:00 to 21:00 in Sydney.
func evening(changes ...func(*period.Entry)) period.Entry {
	e := period.Entry{
		Person: ben.Person, Work: period.Work{Kind: period.Ticket, ID: id("TKT-0041")}, JobType: "api",
		From: utc("2026-02-10T05:00:00Z"), Until: utc("2026-02-10T10:00:00Z"), Zone: "Australia/Sydney",
		Description: "Made the export stream.", Note: "pool size was ours",
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

// lasting is a record of a day that is known by its length alone.
func lasting(day calendar.Date, d time.Duration) func(*period.Entry) {
	return func(e *period.Entry) {
		e.From, e.Until, e.Day, e.Seconds, e.Condition = time.Time{}, time.Time{}, day, int64(d/time.Second), hours.Regular
	}
}

// regular is a record of a day from 09:00 in Sydney on.
func regular(day calendar.Date, d time.Duration) func(*period.Entry) {
	return func(e *period.Entry) {
		e.From = utc(string(day.Add(-1)) + "T22:00:00Z")
		e.Until = e.From.Add(d)
	}
}

var manual = period.Source{Kind: period.FromManual}

func logged(name string, s period.Says, e period.Entry) period.Log {
	return period.Log{Time: timeID(name), Entry: e, Source: manual, Submit: true, Says: s, By: ben, At: at}
}

func approve(s period.Says, names ...string) period.Approve {
	return period.Approve{Times: timeIDs(names...), Says: s, By: anna, At: later}
}

func timeIDs(names ...string) []domain.TimeID {
	ids := make([]domain.TimeID, len(names))
	for i, name := range names {
		ids[i] = timeID(name)
	}
	return ids
}

// run decides commands one after the other and gives what they led to; a refusal fails the test.
func run(t spec.T, history []period.Event, commands ...period.Command) []period.Event {
	t.Helper()
	history = slices.Clone(history)
	for _, command := range commands {
		events, err := period.Decide(fold(history), command)
		if err != nil {
			t.Fatalf("%T is refused: %v", command, err)
		}
		history = append(history, events...)
	}
	return history
}

func fold(history []period.Event) period.State {
	return period.Decider.Fold(period.State{}, history...)
}

// found are the events of one kind.
func found[E period.Event](history []period.Event) []E {
	var all []E
	for _, event := range history {
		if e, ok := event.(E); ok {
			all = append(all, e)
		}
	}
	return all
}

package period

import (
	"cmp"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// Bounds of one record's texts, in characters.
const (
	MaxDescription = 2_000
	MaxNote        = 4_000
	MaxReason      = 500
)

// What Limits mean when the terms do not say.
const (
	defaultLongestMinutes = 16 * 60
	defaultBackdatingDays = 92
)

// The kinds of source. What a timer or an import brings may be an unfinished draft: it is completed before it is
// handed in, and nothing measured is lost.
const (
	FromManual   = "manual"
	FromTimer    = "timer"
	FromImport   = "import"
	FromCalendar = "calendar"
)

func (s State) log(c Log) ([]Event, error) {
	if known, ok := s.times.Get(c.Time.UUID); ok {
		// It was moved or revised since, or its period was closed: it is logged all the same.
		return nil, s.sameLog(known, c)
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	record := d.record(c.Entry)
	var check domain.Check
	check.That(!c.Time.IsZero(), "time", "must have an id")
	checkSource(&check, c.Source)
	d.checkEntry(&check, c.Entry)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if err := d.checkDay(c, record); err != nil {
		return nil, err
	}
	measured := c.Source.Kind == FromTimer
	d.checkRecord(&check, record, c.Submit && !measured, c.Source.Kind)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if d.times.Len() >= MaxRecords {
		return nil, errFull
	}
	d.add(TimeLogged{
		Time: c.Time, Record: record, Replaces: c.Replaces, Staff: TimeLoggedStaff{Source: c.Source, Late: c.Late}, By: d.by, At: d.at,
	})
	if c.Submit {
		var unfinished domain.Check
		d.checkRecord(&unfinished, record, true, c.Source.Kind)
		if unfinished.Err() == nil {
			d.add(TimeSubmitted{Time: c.Time, By: d.by, At: d.at})
		}
	}
	return d.events, nil
}

func (s State) sameLog(known entry, c Log) error {
	if known.first() == s.record(c.Entry) && known.Source == c.Source && known.Replaces == c.Replaces {
		return nil
	}
	return domain.Refuse(domain.ErrConflict, "time_exists", "time record %s was logged with other content", c.Time)
}

// record is the record that an entry makes. It is only right for an entry that passes checkEntry.
func (s State) record(e Entry) Record {
	r := Record{
		JobType: e.JobType, Day: e.Day, Seconds: e.Seconds - e.BreakSeconds, BreakSeconds: e.BreakSeconds,
		Billing: e.Billing, Description: e.Description,
		Staff: RecordStaff{
			Person: e.Person, Work: e.Work, SupportLevel: e.SupportLevel, Zone: e.Zone, Condition: e.Condition,
			Note: e.Note, Reason: e.Reason,
		},
	}
	if e.timed() {
		r.From, r.Until = e.From.UTC().Truncate(time.Second), e.Until.UTC().Truncate(time.Second)
		r.Day = s.today(r.From)
		r.Seconds = int64(r.Until.Sub(r.From)/time.Second) - e.BreakSeconds
	}
	return r
}

// timed reports whether the entry is from an instant until another.
func (e Entry) timed() bool { return !e.From.IsZero() || !e.Until.IsZero() }

func checkSource(check *domain.Check, s Source) {
	switch s.Kind {
	case FromManual, FromTimer, FromCalendar:
	case FromImport:
		check.Line("source", s.System)
		check.Line("source", s.Key)
	default:
		check.That(false, "source", "must be manual, timer, import or calendar, is "+s.Kind)
	}
}

// checkEntry checks what a record can never be without.
func (d *decision) checkEntry(check *domain.Check, e Entry) {
	check.That(!e.Person.IsZero(), "person", "must be the person who worked")
	check.That((e.Work.Kind == NoWork) == (e.Work.ID == uuid.Nil) &&
		(e.Work.Kind == NoWork || e.Work.Kind == Ticket || e.Work.Kind == Task), "work", "must be a ticket or a task with its id, or none")
	check.That(e.SupportLevel == "" || e.SupportLevel == terms.Standard || e.SupportLevel == terms.Priority ||
		e.SupportLevel == terms.Always, "support_level", "must be standard, priority, 24x7 or none")
	check.That(zone.Valid(e.Zone), "zone", "must be an IANA zone")
	duration := e.Seconds
	if e.timed() {
		from, until := e.From.Truncate(time.Second), e.Until.Truncate(time.Second)
		check.That(!e.From.IsZero() && e.From.Location() == time.UTC, "from", "must be an instant in UTC")
		check.That(e.Until.Location() == time.UTC && until.After(from), "until", "must be an instant in UTC after the start")
		check.That(!until.After(d.at), "until", "must not lie in the future")
		check.That(e.Seconds == 0 && e.Day == "", "seconds", "must not be given with a start and an end")
		check.That(e.Condition == "" || e.Condition == hours.Emergency, "condition", "follows from the hours worked; only an emergency is told")
		duration = int64(until.Sub(from) / time.Second)
	} else {
		check.That(e.Day.Valid() && e.Day <= d.today(d.at), "day", "must be a day that is not in the future")
		check.That(e.Seconds > 0, "seconds", "must be more than nothing")
		check.That(e.Condition == "" || known(e.Condition), "condition", "must be regular, after_hours, weekend, holiday or emergency")
	}
	check.That(e.BreakSeconds >= 0 && e.BreakSeconds < duration, "break_seconds", "must be shorter than the record")
	check.That(e.Billing == Billable || e.Billing == Included || e.Billing == NoCharge || e.Billing == NonBillable,
		"billing", "must be billable, included, no_charge or non_billable")
	check.Text("description", e.Description, 0)
	check.Text("note", e.Note, 0)
	check.Text("reason", e.Reason, 0)
	check.That(len([]rune(e.Description)) <= MaxDescription, "description", "must have at most 2,000 characters")
	check.That(len([]rune(e.Note)) <= MaxNote, "note", "must have at most 4,000 characters")
	check.That(len([]rune(e.Reason)) <= MaxReason, "reason", "must have at most 500 characters")
}

func known(c hours.Condition) bool {
	return c == hours.Regular || c == hours.AfterHours || c == hours.Weekend || c == hours.Holiday || c == hours.Emergency
}

// checkRecord checks what a record must say before it is handed in. A draft that somebody typed is held to the
// same, but for the time of day.
func (d *decision) checkRecord(check *domain.Check, r Record, submit bool, source string) {
	held := d.pinOn(r.Day)
	_, covered := held.Agreed.LineOf(r.JobType)
	check.That(covered, "job_type", "must be one that the contract covers on that day")
	if !submit && (source == FromTimer || source == FromImport) {
		return
	}
	longest := cmp.Or(held.Staff.Terms.Limits.LongestMinutes, defaultLongestMinutes)
	check.That(r.Seconds+r.BreakSeconds <= int64(longest)*60, "until", "must not be longer than the contract's longest record")
	check.That(r.Description != "" || r.Billing == NonBillable, "description", "must tell the client what was done")
	check.That(r.Staff.Reason != "" || r.Billing == Billable || r.Billing == Included, "reason", "must say why it is not charged")
	check.That(!submit || !r.From.IsZero() || r.Staff.Condition != "", "condition", "a duration needs the time of day or a condition")
}

// checkDay refuses a day that the period, the contract or the limit on back-dating excludes. A correction is
// bound to the day of what it corrects, whatever has become of the contract since.
func (d *decision) checkDay(c Log, r Record) error {
	if err := d.checkMonth(r.Day, c.Late); err != nil {
		return err
	}
	if !c.Replaces.IsZero() {
		return nil
	}
	return d.checkInForce(c.Says, r.Day, c.Source.Kind != FromImport)
}

func (d *decision) checkMonth(day calendar.Date, late bool) error {
	if day.Month() == d.Month || late && day.Month() < d.Month {
		return nil
	}
	return domain.Refuse(domain.ErrConflict, "other_month", "work of %s does not belong to the period %s", day, d.Month)
}

func (d *decision) checkInForce(says Says, day calendar.Date, limited bool) error {
	held := d.pinOn(day)
	agreed := held.Agreed
	if !says.InForce || day < agreed.Starts || agreed.Ends != "" && day > agreed.Ends {
		return domain.Refuse(domain.ErrConflict, "not_in_force", "the contract takes no work of %s", day)
	}
	oldest := d.today(d.at).Add(-cmp.Or(held.Staff.Terms.Limits.BackdatingDays, defaultBackdatingDays))
	if limited && day < oldest {
		return domain.Refuse(domain.ErrConflict, "too_old", "work of %s is logged too late: the oldest day now is %s", day, oldest)
	}
	return nil
}

func (s State) revise(c Revise) ([]Event, error) {
	t, ok := s.times.Get(c.Time.UUID)
	if !ok {
		return nil, errNoTime
	}
	if c.Entry.Person.IsZero() {
		c.Entry.Person = t.Record.Staff.Person
	}
	record := s.record(c.Entry)
	if record == t.Record && (t.Status == StatusSubmitted || t.Status == StatusDraft && !c.Submit) {
		return nil, nil
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	if t.Status != StatusDraft && t.Status != StatusReturned {
		return nil, notDraft(c.Time, t.Status)
	}
	var check domain.Check
	// Or somebody hands own time to another one, and approves it then.
	check.That(record.Staff.Person == t.Record.Staff.Person, "person", "must stay who worked; discard the record and log it for the other person")
	d.checkEntry(&check, c.Entry)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if err := d.checkMonth(record.Day, t.Late); err != nil {
		return nil, err
	}
	if record.Day != t.Record.Day {
		if err := d.checkInForce(c.Says, record.Day, t.Source.Kind != FromImport); err != nil {
			return nil, err
		}
	}
	d.checkRecord(&check, record, c.Submit, t.Source.Kind)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if record != t.Record || !c.Submit {
		d.add(TimeRevised{Time: c.Time, Record: record, By: d.by, At: d.at})
	}
	if c.Submit {
		d.add(TimeSubmitted{Time: c.Time, By: d.by, At: d.at})
	}
	return d.events, nil
}

func notDraft(id domain.TimeID, status Status) error {
	return domain.Refuse(domain.ErrConflict, "time_not_draft", "time record %s is %s; only a draft or returned one can be changed", id, status)
}

func (s State) discard(c Discard) ([]Event, error) {
	t, ok := s.times.Get(c.Time.UUID)
	if !ok {
		return nil, errNoTime
	}
	if t.Status == StatusDiscarded {
		return nil, nil
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	if t.Status != StatusDraft && t.Status != StatusReturned {
		return nil, notDraft(c.Time, t.Status)
	}
	return []Event{TimeDiscarded{Time: c.Time, By: c.By.Person, At: c.At}}, nil
}

func (s State) submit(c Submit) ([]Event, error) {
	d := s.decide(c.By, c.At)
	return d.each(c.Times, func(id domain.TimeID, t entry) error {
		switch t.Status {
		case StatusSubmitted, StatusApproved:
			return nil
		case StatusDraft, StatusReturned:
		case StatusDiscarded, StatusMoved:
			return notDraft(id, t.Status)
		}
		if err := d.open(); err != nil {
			return err
		}
		var check domain.Check
		d.checkRecord(&check, t.Record, true, t.Source.Kind)
		if err := check.Err(); err != nil {
			return domain.Refuse(domain.ErrConflict, "time_unfinished", "time record %s cannot be handed in yet: %v", id, err)
		}
		d.add(TimeSubmitted{Time: id, By: d.by, At: d.at})
		return nil
	})
}

// each decides on records one by one, all or none. A record that is named twice counts once.
func (d *decision) each(ids []domain.TimeID, decide func(domain.TimeID, entry) error) ([]Event, error) {
	if len(ids) == 0 || len(ids) > MaxTimes {
		var check domain.Check
		check.That(false, "times", "must be 1 to 200 records")
		return nil, check.Err()
	}
	for _, id := range ids {
		t, ok := d.times.Get(id.UUID)
		if !ok {
			return nil, errNoTime
		}
		if err := decide(id, t); err != nil {
			return nil, err
		}
	}
	return d.events, nil
}

func (s State) move(c Move) ([]Event, error) {
	if !c.Into.Valid() || c.Into <= s.Month {
		return nil, domain.Refuse(domain.ErrInvalid, "not_later", "time moves into a later month than %s, not into %q", s.Month, c.Into)
	}
	d := s.decide(c.By, c.At)
	return d.each(c.Times, func(id domain.TimeID, t entry) error {
		switch t.Status {
		case StatusMoved:
			return nil
		case StatusApproved, StatusDiscarded:
			return domain.Refuse(domain.ErrConflict, "time_not_pending", "time record %s is %s; only time that waits can be moved", id, t.Status)
		case StatusDraft, StatusSubmitted, StatusReturned:
		}
		if err := d.open(); err != nil {
			return err
		}
		d.add(TimeMoved{Time: id, Into: c.Into, By: d.by, At: d.at})
		return nil
	})
}

func (s State) receive(c Receive) ([]Event, error) {
	if known, ok := s.times.Get(c.Time.UUID); ok {
		if known.first() == c.Record && known.Late {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "time_exists", "time record %s is another one here", c.Time)
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	if err := d.checkMonth(c.Record.Day, true); err != nil {
		return nil, err
	}
	if d.times.Len() >= MaxRecords {
		return nil, errFull
	}
	d.add(TimeLogged{
		Time: c.Time, Record: c.Record, Replaces: c.Replaces, Staff: TimeLoggedStaff{Source: c.Source, Late: true, Author: c.Author}, By: d.by, At: d.at,
	})
	if c.Submitted {
		d.add(TimeSubmitted{Time: c.Time, By: d.by, At: d.at})
	}
	return d.events, nil
}

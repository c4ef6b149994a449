package period

import (
	"reflect"
	"slices"

	"effigate/domain"
)

// correct says in the closed period that another record takes the place of one. It refuses before the open period
// is touched.
func (s State) correct(c Correct) ([]Event, error) {
	t, ok := s.times.Get(c.Time.UUID)
	if !ok {
		return nil, errNoTime
	}
	staff := TimeCorrectedStaff{Reason: c.Reason, Into: c.Into}
	if !c.Replacement.IsZero() {
		staff.Record = s.record(c.Entry)
	}
	if known := t.correction; known != nil {
		if known.Reversal == c.Reversal && known.Replacement == c.Replacement && known.Staff.Into == c.Into && known.Staff.Record == staff.Record {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "time_corrected", "time record %s was corrected already, in %s", c.Time, known.Staff.Into)
	}
	var check domain.Check
	check.That(!c.Reversal.IsZero() && c.Reversal != c.Replacement && c.Reversal != c.Time, "reversal", "must have an id of its own")
	check.That(c.Replacement != c.Time, "replacement", "must have an id of its own, or none")
	check.That(c.Into.Valid() && c.Into > s.Month, "into", "must be a later month")
	check.Text("reason", c.Reason, 1)
	check.That(len([]rune(c.Reason)) <= MaxReason, "reason", "must have at most 500 characters")
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch {
	case s.Frozen():
		return nil, s.frozen()
	case !s.Closed:
		return nil, domain.Refuse(domain.ErrConflict, "period_open", "the period is open: return the record and revise it")
	case t.Status != StatusApproved:
		return nil, domain.Refuse(domain.ErrConflict, "time_not_approved", "time record %s is %s and was never charged", c.Time, t.Status)
	case !t.Reverses.IsZero():
		return nil, domain.Refuse(domain.ErrConflict, "is_reversal", "time record %s takes another one back; correct what took its place", c.Time)
	}
	return []Event{TimeCorrected{
		Time: c.Time, Reversal: c.Reversal, Replacement: c.Replacement, Staff: staff, By: c.By.Person, At: c.At,
	}}, nil
}

// Reversal is the command that takes back a record of this closed period, as far as it is known here: terms, actor
// and instant are the caller's. False unless the record was corrected.
func (s State) Reversal(id domain.TimeID) (Reverse, bool) {
	t, _ := s.times.Get(id.UUID)
	counted, ok := s.Counted(id)
	if !ok || t.correction == nil {
		return Reverse{}, false
	}
	pin, _ := s.Pin(counted.Staff.Pin)
	counted.Staff.Version = pin.Staff.Version
	return Reverse{Time: t.correction.Reversal, Of: id, OfMonth: s.Month, Record: t.Record, Counted: counted}, true
}

func (s State) reverse(c Reverse) ([]Event, error) {
	reversal := TimeReversed{
		Time: c.Time, Of: c.Of, OfMonth: c.OfMonth, Record: c.Record,
		BilledMinutes: -c.Counted.BilledMinutes, DrawnMinutes: -c.Counted.DrawnMinutes, Staff: c.Counted.Staff.negated(),
		By: c.By.Person, At: c.At,
	}
	if t, known := s.times.Get(c.Time.UUID); known {
		if t.Reverses == c.Of && t.Record == c.Record && reflect.DeepEqual(t.Approved.Staff.minutes(), reversal.Staff.minutes()) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "time_exists", "time record %s is another one here", c.Time)
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(!c.Time.IsZero() && !c.Of.IsZero() && c.Time != c.Of, "time", "must have an id of its own and name another one")
	check.That(c.OfMonth.Valid() && c.OfMonth < d.Month, "of_month", "must be an earlier month")
	check.That(len(c.Counted.Staff.Parts) > 0, "counted", "must be what the record counted for")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if d.times.Len() >= MaxRecords {
		return nil, errFull
	}
	d.add(reversal)
	return d.events, nil
}

// negated takes back what was counted, part by part. Prices stay what they were.
func (t TimeApprovedStaff) negated() TimeApprovedStaff {
	t.Parts = slices.Clone(t.Parts)
	for i := range t.Parts {
		part := &t.Parts[i]
		part.Seconds, part.BilledMinutes, part.DrawnMinutes = -part.Seconds, -part.BilledMinutes, -part.DrawnMinutes
	}
	return t
}

// minutes lists what each part counts for.
func (t TimeApprovedStaff) minutes() [][2]int {
	minutes := make([][2]int, len(t.Parts))
	for i, part := range t.Parts {
		minutes[i] = [2]int{part.BilledMinutes, part.DrawnMinutes}
	}
	return minutes
}

package period

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/terms"
)

// The days that a forecast looks back and ahead.
const (
	burnDays  = 8 * 7
	aheadDays = forecast.HorizonDays
)

// lineDay is the day that a line's newest forecast is for.
type lineDay struct {
	line string
	asOf calendar.Date
}

// makeForecast makes the forecasts of a day. Where it is not known what is carried in, none is made.
func (s State) makeForecast(c MakeForecast) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	if !c.Today.Valid() || c.Today < s.Month.First() {
		return nil, domain.Refuse(domain.ErrInvalid, "not_in_period", "a forecast of %s is not one of the period %s", c.Today, s.Month)
	}
	d := s.decide(c.By, c.At)
	if !d.carried {
		return nil, nil
	}
	ledger, held := d.Ledger(), d.pinOn(c.Today)
	closed, weekends, err := closedDays(held, c.Today)
	if err != nil {
		return nil, domain.Refuse(domain.ErrConflict, "calendar_unusable", "the contract's calendar cannot be read: %v", err)
	}
	for _, asked := range c.Lines {
		line, err := d.line(asked.Line)
		if err != nil {
			continue // It begins with a version that is not pinned yet.
		}
		known := slices.ContainsFunc(d.forecasts, func(f lineDay) bool { return f.line == line.Key && f.asOf >= c.Today })
		if known || !holdsHours(line.Type) {
			continue
		}
		input := forecast.Input{
			AsOf: c.Today, Since: held.Agreed.Starts, Ends: held.Agreed.Ends,
			RemainingMinutes: d.hours(ledger, line.Key, c.Today).RemainingMinutes,
			Days:             recent(slices.Concat(asked.Days, d.Burn(line.Key)), c.Today),
			Changes:          d.changes(ledger, line, asked.Changes, c.Today),
			Closed:           closed, Weekends: weekends, Seed: d.seed(line.Key, c.Today),
		}
		made := forecast.Make(input)
		d.add(ForecastMade{Line: line.Key, Staff: ForecastMadeStaff{Input: input, Forecast: made}, By: d.by, At: d.at})
		d.warn(line.Key, made, held)
	}
	return d.events, nil
}

// warn tells of a line whose hours will be used up before the contract ends, unless it was told of when there were as
// many hours.
func (d *decision) warn(line string, made forecast.Forecast, held *pinned) {
	ends, bought := held.Agreed.Ends, d.bought(line)
	if made.Verdict != forecast.Empties || ends == "" || made.Date >= ends {
		return
	}
	if i := slices.IndexFunc(d.early, func(told LineMinutes) bool { return told.Line == line }); i >= 0 && bought <= d.early[i].Minutes {
		return
	}
	d.add(RunsOutEarly{
		Line: line, Date: made.Date, Ends: ends, BoughtMinutes: bought, Shown: held.Agreed.Shows.Alerts, By: d.by, At: d.at,
	})
}

// bought are the hours of a line as they were granted and adjusted, drawn or not, of all lots that are there. What a
// retainer includes every month is not among them: forecasts know that it comes.
func (s State) bought(line string) int {
	minutes := 0
	for _, lot := range slices.Concat(s.carriedIn.Lots, s.lots) {
		if !s.buys(lot, line) {
			continue
		}
		minutes += lot.GrantedMinutes
		for _, a := range s.adjustments {
			if a.Lot == lot.ID {
				minutes += a.Minutes
			}
		}
	}
	return minutes
}

func (s State) buys(lot bucket.Lot, line string) bool {
	return lot.Line == line && lot.Rolls == 0 && lot.ID != IncludedLot(s.Contract, line, s.Month)
}

// earlyOut are the lines that need not be told of again, with the hours that are left of those they had then: more
// than these are new ones.
func (s State) earlyOut(ledger bucket.Ledger) []LineMinutes {
	early := slices.Clone(s.early)
	for i, told := range early {
		left := 0
		for _, lot := range ledger.CarriedOut {
			if s.buys(lot, told.Line) {
				left += lot.GrantedMinutes
			}
		}
		early[i].Minutes = min(told.Minutes, left)
	}
	return early
}

// seed is fixed by line and day, so that the same forecast comes of the same input for ever.
func (s State) seed(line string, day calendar.Date) int64 {
	id := domain.Derive(s.Contract.UUID, "forecast", line, string(day))
	return int64(binary.BigEndian.Uint64(id[:8]) >> 1)
}

// recent merges what several periods burned by day, for the weeks that a forecast looks back on.
func recent(days []forecast.Day, today calendar.Date) []forecast.Day {
	slices.SortStableFunc(days, func(a, b forecast.Day) int { return cmp.Compare(a.Date, b.Date) })
	var merged []forecast.Day
	for _, day := range days {
		if day.Date >= today || day.Date < today.Add(-burnDays) {
			continue
		}
		if last := len(merged) - 1; last >= 0 && merged[last].Date == day.Date {
			merged[last].ApprovedMinutes += day.ApprovedMinutes
			merged[last].UnapprovedMinutes += day.UnapprovedMinutes
			merged[last].Records += day.Records
			continue
		}
		merged = append(merged, day)
	}
	for i := range merged { // What a correction takes back may exceed what is left of a day.
		merged[i].ApprovedMinutes = max(merged[i].ApprovedMinutes, 0)
		merged[i].Records = max(merged[i].Records, 0)
	}
	return merged
}

// changes are what comes and goes from today on: what the caller knows of, the ends of the lots there are, and the
// hours that a retainer will include in the months to come.
func (s State) changes(ledger bucket.Ledger, line terms.Line, known []forecast.Change, today calendar.Date) []forecast.Change {
	changes := slices.Clone(known)
	goes := func(last calendar.Date, minutes int) {
		if minutes > 0 && last != "" {
			changes = append(changes, forecast.Change{Date: last.Add(1), Minutes: -minutes, What: forecast.Expiry})
		}
	}
	for _, st := range ledger.Statements {
		if st.Line == line.Key && (st.Until == "" || st.Until >= today) {
			goes(st.Until, st.RemainingMinutes)
			goes(min(st.Until, s.Month.Last()), st.ExpiredMinutes)
		}
	}
	if line.Type == terms.Retainer && line.Minutes > 0 {
		rolls := s.newest().Staff.Terms.ChargeOf(line.Key).Rollover
		for month := s.Month.Next(); month.First() <= today.Add(forecast.HorizonDays); month = month.Next() {
			changes = append(changes, forecast.Change{Date: month.First(), Minutes: line.Minutes, What: forecast.Grant})
			rolled := rolling(rolls, line.Minutes)
			goes(month.Last(), line.Minutes-rolled)
			goes(after(month, max(rolls.Periods, 1)).Last(), rolled)
		}
	}
	slices.SortStableFunc(changes, func(a, b forecast.Change) int { return cmp.Compare(a.Date, b.Date) })
	return changes
}

// rolling is how much of a month's hours may be carried on at most.
func rolling(r bucket.Rollover, minutes int) int {
	switch r.Kind {
	case bucket.RollNothing:
		return 0
	case bucket.RollMinutes:
		return min(r.CapMinutes, minutes)
	case bucket.RollPercent:
		return minutes * r.CapPercent / 100
	case bucket.RollPeriods:
		return minutes
	}
	return 0
}

// after is the month that many months later.
func after(month calendar.Month, months int) calendar.Month {
	for range months {
		month = month.Next()
	}
	return month
}

// closedDays lists the days around a forecast on which the contract's service does not work, but for Saturdays and
// Sundays where it works on neither.
func closedDays(held *pinned, today calendar.Date) (closed []calendar.Date, weekends bool, err error) {
	schedule, err := held.Staff.Calendar.Schedule()
	if err != nil {
		return nil, false, err
	}
	first, last := today.Add(-burnDays), today.Add(aheadDays)
	for day := first; day <= last && !weekends; day = day.Add(1) {
		weekends = weekend(day) && schedule.BusinessDay(day)
	}
	for day := first; day <= last; day = day.Add(1) {
		if (weekends || !weekend(day)) && !schedule.BusinessDay(day) {
			closed = append(closed, day)
		}
	}
	return closed, weekends, nil
}

func weekend(day calendar.Date) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// Burn is what each day of a line burned, by day: what was approved, weighted, and what waits, as it would count.
func (s State) Burn(line string) []forecast.Day {
	days := map[calendar.Date]forecast.Day{}
	for _, t := range s.times.All() {
		approved, waiting := t.Approved, t.Status.pending()
		if waiting && t.Record.Billing == Billable {
			approved = s.wouldCount(t.Record)
		}
		if approved.Staff.Line != line || approved.DrawnMinutes == 0 {
			continue
		}
		day := days[t.Record.Day]
		day.Date = t.Record.Day
		if waiting {
			day.UnapprovedMinutes += approved.DrawnMinutes
		} else {
			day.ApprovedMinutes += approved.DrawnMinutes
		}
		if approved.DrawnMinutes > 0 {
			day.Records++
		} else {
			day.Records--
		}
		days[t.Record.Day] = day
	}
	burned := make([]forecast.Day, 0, len(days))
	for _, day := range days {
		burned = append(burned, day)
	}
	slices.SortFunc(burned, func(a, b forecast.Day) int { return cmp.Compare(a.Date, b.Date) })
	return burned
}

// wouldCount is what a record that waits would be approved as, for its minutes alone; nothing when it cannot be.
func (s State) wouldCount(r Record) TimeApproved {
	counts, err := s.pinOn(r.Day).count(domain.TimeID{}, r)
	if err != nil {
		return TimeApproved{}
	}
	return counts
}

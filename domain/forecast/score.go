package forecast

import "effigate/domain/calendar"

// Rate compares a past forecast with the day on which the hours were used up; empty when they are not yet on
// today. One that gave no answer has no score. An open band holds as well when nothing is used up by the last day
// that the forecast looked at.
func Rate(in Input, told Forecast, usedUp, today calendar.Date) Score {
	if told.Verdict != Empties && told.Verdict != NotBeforeEnd {
		return Score{}
	}
	if usedUp == "" {
		if told.Latest != "" {
			return Score{Known: today > told.Latest}
		}
		over := today > in.lastDay()
		return Score{Known: over, Within: over}
	}
	score := Score{Known: true}
	if told.Date != "" {
		score.OffBusinessDays = in.businessDaysBetween(told.Date, usedUp)
	}
	after := told.Earliest != "" && usedUp >= told.Earliest || usedUp > in.lastDay()
	score.Within = after && (told.Latest == "" || usedUp <= told.Latest)
	return score
}

// businessDaysBetween counts the business days after from up to until, negative when that lies before.
func (in Input) businessDaysBetween(from, until calendar.Date) int {
	if until < from {
		return -in.businessDaysBetween(until, from)
	}
	count, business := 0, in.businessDays()
	for date := from.Add(1); date <= until; date = date.Add(1) {
		if business(date) {
			count++
		}
	}
	return count
}

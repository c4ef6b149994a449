package forecast

import (
	"fmt"
	"strconv"
)

// why tells in one sentence what was found, and from what.
func (in Input) why(told Forecast) string {
	pace := "At " + hours(told.RateMilliminutes/1_000) + " per business day"
	if told.RateMilliminutes <= 0 {
		pace = "With nothing used on balance"
	} else if told.UnapprovedMilliminutes > 0 {
		pace += ", of which " + hours(told.UnapprovedMilliminutes/1_000) + " are not approved yet,"
	}
	left := "the " + hours(int64(in.RemainingMinutes)) + " left"
	if told.Verdict == NotBeforeEnd {
		until := "within two years"
		if in.Ends != "" && in.lastDay() == in.Ends {
			until = "before the contract ends on " + string(in.Ends)
		}
		sentence := fmt.Sprintf("%s %s will not be used up %s", pace, left, until)
		if told.Earliest != "" {
			sentence += ", though one time in ten by " + string(told.Earliest)
		}
		return sentence + "."
	}
	band := "eight times in ten between " + string(told.Earliest) + " and " + string(told.Latest)
	if told.Latest == "" {
		band = "nine times in ten not before " + string(told.Earliest)
	}
	return fmt.Sprintf("%s %s will be used up on %s, %s.", pace, left, told.Date, band)
}

func (p past) whyNotEnough() string {
	return fmt.Sprintf("There are %d business days with %d records to go by; a forecast needs %d and %d.",
		len(p.burn), p.records, LeastBusinessDays, LeastRecords)
}

// hours writes minutes as "1 h 30 min".
func hours(minutes int64) string {
	if minutes < 60 {
		return strconv.FormatInt(minutes, 10) + " min"
	}
	if minutes%60 == 0 {
		return strconv.FormatInt(minutes/60, 10) + " h"
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

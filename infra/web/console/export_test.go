package console

import (
	"net/url"

	"effigate/domain/terms"
)

// The parts of an import and an export, and of the form of terms, that are tested on their own.
var (
	ParseRoster = parseRoster
	WriteCSV    = writeCSV

	ParseMinutes   = parseMinutes
	ParseIntervals = parseIntervals
	ReadRateSheet  = readRateSheet
	MinutesOf      = minutesOf
	TypedHours     = typedHours
)

// RosterRow is a row of a roster.
type RosterRow = rosterRow

// Fill writes terms into a form.
func Fill(t terms.Terms) url.Values {
	form := url.Values{}
	fill(form, t)
	return form
}

// TermsOf reads terms out of a form.
func TermsOf(form url.Values) (terms.Terms, error) { return termsOf(typed{Values: form}) }

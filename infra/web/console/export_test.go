package console

// The parts of an import and an export that are tested on their own.
var (
	ParseRoster = parseRoster
	WriteCSV    = writeCSV
)

// RosterRow is a row of a roster.
type RosterRow = rosterRow

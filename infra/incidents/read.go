package incidents

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
	"unique"

	"effigate/domain/ticket"
	"effigate/infra/sheet"
)

// column is a column that is imported.
type column int

const (
	colNumber column = iota
	colState
	colReopens
	colChanges
	colCaller
	colOpened
	colUpdated
	colLocation
	colCategory
	colSubcategory
	colSymptom
	colPriority
	colTeam
	colAssignee
	colCode
	columns // how many
)

var columnNames = [columns]string{
	"number", "incident_state", "reopen_count", "sys_mod_count", "caller_id", "opened_at", "sys_updated_at",
	"location", "category", "subcategory", "u_symptom", "priority", "assignment_group", "assigned_to", "closed_code",
}

// wholeRow stands for the field of a rejection that is about no field alone.
const wholeRow = "row"

// text is one of the few different values of a column. A file repeats them, so each is kept once.
type text = unique.Handle[string]

// row is a row of the log as far as it is imported.
type row struct {
	number, state, caller, location, category, subcategory, symptom text
	team, assignee, code                                            text

	opened, updated     stamp
	openedAt, updatedAt int64 // in seconds since 1970
	line                int32
	changes, reopens    int32       // -1: absent
	ticket              int32       // number in the order of first appearance
	priority            uint8       // place in priorities; 0: absent
	clock               sheet.Clock // of updated
}

// priorities are those of the source, by the digit they begin with.
var priorities = [...]ticket.Priority{"", ticket.Critical, ticket.High, ticket.Medium, ticket.Low}

var priorityNames = map[string]uint8{"1 - Critical": 1, "2 - High": 2, "3 - Moderate": 3, "4 - Low": 4}

// The states of the source. Any other one that begins with stateAwaiting waits for a third party.
const (
	stateNew      = "New"
	stateActive   = "Active"
	stateUserInfo = "Awaiting User Info"
	stateAwaiting = "Awaiting "
	stateResolved = "Resolved"
	stateClosed   = "Closed"
)

func knownState(name string) bool {
	switch name {
	case stateNew, stateActive, stateResolved, stateClosed:
		return true
	}
	return strings.HasPrefix(name, stateAwaiting)
}

// Read reads a whole log: CSV with a header, comma or semicolon, LF or CRLF, with or without a byte order
// mark, plain or compressed by gzip.
//
// An error means that nothing of the file can be used; a row that cannot is in Rejected.
func Read(source io.Reader, o Options) (*File, error) {
	records, err := sheet.Open(source)
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	t := table{limit: o.MaxRows}
	if t.limit == 0 {
		t.limit = MaxRows
	}
	if err := t.header(records); err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	if err := t.read(records); err != nil {
		return nil, err
	}
	return t.file(o, records.Hash())
}

// table is a file while it is read.
type table struct {
	limit    int
	width    int          // fields of the header
	at       [columns]int // field of a column, -1 when it is missing
	rows     []row
	count    int
	rejected []sheet.Rejection
	notes    []sheet.Note
	orders   sheet.Orders
	tickets  map[text]int32
}

func (t *table) header(r *sheet.Records) error {
	fields, _, err := r.Next()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	t.width = len(fields)
	for c := range t.at {
		t.at[c] = -1
	}
	var ignored []string
	for i, field := range fields {
		name := strings.ToLower(strings.TrimSpace(field))
		c := columnNamed(name)
		switch {
		case c < 0:
			ignored = append(ignored, sheet.Shortened(name))
		case t.at[c] >= 0:
			return fmt.Errorf("the column %s is there twice", name)
		default:
			t.at[c] = i
		}
	}
	for c, at := range t.at {
		if at >= 0 {
			continue
		}
		switch column(c) {
		case colNumber, colState, colUpdated:
			return fmt.Errorf("there is no column %s, so this is no incident event log", columnNames[c])
		default:
			t.notes = append(t.notes, sheet.Note{Kind: MissingColumn, Text: "there is no column " + columnNames[c]})
		}
	}
	if len(ignored) > 0 {
		t.notes = append(t.notes, sheet.Note{Kind: IgnoredColumns, Text: "not imported: " + strings.Join(ignored, ", ")})
	}
	return nil
}

func columnNamed(name string) int {
	for c, known := range columnNames {
		if known == name {
			return c
		}
	}
	return -1
}

// read takes every record. One that is no row is rejected; the file goes on behind it.
func (t *table) read(r *sheet.Records) error {
	t.tickets = map[text]int32{}
	for {
		fields, line, err := r.Next()
		switch wrong, malformed := sheet.Malformed(err); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !malformed:
			return fmt.Errorf("read the row after %d others: %w", t.count, err)
		case t.count == t.limit:
			return fmt.Errorf("the file has more than %d rows; split it by %s", t.limit, columnNames[colNumber])
		case malformed:
			t.count++
			t.rejected = append(t.rejected, sheet.Rejection{
				Line: line, Field: wholeRow, Value: fmt.Sprintf("column %d of line %d", wrong.Column, wrong.Line),
				Reason: "is no CSV: a quote is missing or misplaced",
			})
		default:
			t.count++
			t.take(fields, line)
		}
	}
}

// take reads one row.
func (t *table) take(fields []string, line int) {
	reject := func(c column, reason string) {
		t.rejected = append(t.rejected, sheet.Rejection{Line: line, Field: columnNames[c], Value: sheet.Shortened(t.value(fields, c)), Reason: reason})
	}
	if len(fields) != t.width {
		t.rejected = append(t.rejected, sheet.Rejection{
			Line: line, Field: wholeRow, Value: sheet.Shortened(strings.Join(fields, ",")), Reason: fmt.Sprintf("has %d fields; the header has %d", len(fields), t.width),
		})
		return
	}
	for c := range columns {
		if wrong := wrongText(t.value(fields, c)); wrong != "" {
			reject(c, wrong)
			return
		}
	}
	r := row{line: int32(line), changes: -1, reopens: -1}
	for _, c := range []column{colNumber, colState, colUpdated, colOpened, colChanges, colReopens, colPriority} {
		if wrong := r.set(c, t.value(fields, c)); wrong != "" {
			reject(c, wrong)
			return
		}
	}
	for _, to := range [...]struct {
		value *text
		from  column
	}{
		{&r.caller, colCaller},
		{&r.location, colLocation},
		{&r.category, colCategory},
		{&r.subcategory, colSubcategory},
		{&r.symptom, colSymptom},
		{&r.team, colTeam},
		{&r.assignee, colAssignee},
		{&r.code, colCode},
	} {
		*to.value = unique.Make(t.value(fields, to.from))
	}
	t.see(r.opened, line)
	t.see(r.updated, line)
	known, ok := t.tickets[r.number]
	if !ok {
		known = int32(len(t.tickets))
		t.tickets[r.number] = known
	}
	r.ticket = known
	t.rows = append(t.rows, r)
}

// set reads one of the fields that have a form, and tells what is wrong with it.
func (r *row) set(c column, value string) (wrong string) {
	switch c {
	case colNumber:
		r.number, wrong = unique.Make(value), when(value == "", "must be given")
	case colState:
		r.state = unique.Make(value)
		wrong = when(!knownState(value), "must be New, Active, Awaiting …, Resolved or Closed")
	case colUpdated:
		r.updated, wrong = timeOf(value)
		if value == "" {
			wrong = "must be given"
		}
	case colOpened:
		r.opened, wrong = timeOf(value)
	case colChanges:
		r.changes, wrong = countOf(value)
	case colReopens:
		r.reopens, wrong = countOf(value)
	case colPriority:
		priority, known := priorityNames[value]
		r.priority, wrong = priority, when(value != "" && !known, "must be 1 - Critical, 2 - High, 3 - Moderate or 4 - Low")
	default: // The rest are texts.
	}
	return wrong
}

func when(is bool, wrong string) string {
	if is {
		return wrong
	}
	return ""
}

func timeOf(value string) (stamp, string) {
	if value == "" {
		return stamp{}, ""
	}
	s, ok := parseStamp(value)
	return s, when(!ok, "must be a time such as 29/2/2016 01:16")
}

func countOf(value string) (int32, string) {
	if value == "" {
		return -1, ""
	}
	n := sheet.Digits(value, 1, 9)
	return int32(n), when(n < 0, "must be a number of at most 9 digits")
}

// value is a field without the spaces around it; empty when it is absent.
func (t *table) value(fields []string, c column) string {
	if t.at[c] < 0 || t.at[c] >= len(fields) {
		return ""
	}
	value := strings.TrimSpace(fields[t.at[c]])
	if value == "?" {
		return ""
	}
	return value
}

func wrongText(value string) string {
	switch {
	case !utf8.ValidString(value):
		return "must be UTF-8"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "must be one line without control characters"
	case utf8.RuneCountInString(value) > maxValue:
		return fmt.Sprintf("must have at most %d characters", maxValue)
	}
	return ""
}

// see takes a time into account for the order of day and month.
func (t *table) see(s stamp, line int) {
	if s != (stamp{}) {
		t.orders.See(int(s.first), int(s.second), line)
	}
}

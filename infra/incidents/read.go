package incidents

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
	"unique"

	"effigate/domain/ticket"
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
	changes, reopens    int32 // -1: absent
	ticket              int32 // number in the order of first appearance
	priority            uint8 // place in priorities; 0: absent
	clock               clock // of updated
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
	records, err := open(source)
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
	return t.file(o, hex.EncodeToString(records.hash.Sum(nil)))
}

// records are the records of a CSV file whose sizes are bounded.
type records struct {
	*csv.Reader
	guard *guard
	hash  hash.Hash // of the file as it came, complete once the records have ended
}

func open(source io.Reader) (records, error) {
	sum := sha256.New()
	plain, err := decompress(io.TeeReader(source, sum))
	if err != nil {
		return records{}, err
	}
	g := &guard{source: plain}
	buffered := bufio.NewReaderSize(g, maxRecordBytes)
	beginning, err := buffered.Peek(maxRecordBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return records{}, err
	}
	beginning, marked := bytes.CutPrefix(beginning, []byte("\xef\xbb\xbf"))
	if marked {
		_, err = buffered.Discard(3)
	}
	r := csv.NewReader(buffered)
	header, _, _ := bytes.Cut(beginning, []byte("\n"))
	if bytes.Count(header, []byte(";")) > bytes.Count(header, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return records{Reader: r, guard: g, hash: sum}, err
}

func decompress(source io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(source)
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// guard bounds what is read for one record, since a missing quote makes a record of the whole file, and
// what is read at all, since a small compressed file can hold a large one.
type guard struct {
	source      io.Reader
	sinceRecord int
	total       int64
}

var (
	errLongRecord = fmt.Errorf("a record is longer than %d bytes: is a quote missing?", maxRecordBytes)
	errLongFile   = fmt.Errorf("the file holds more than %d bytes", int64(maxFileBytes))
)

// Read implements io.Reader. Two buffers may be filled ahead of the record that is read.
func (g *guard) Read(p []byte) (int, error) {
	if g.sinceRecord > 3*maxRecordBytes {
		return 0, errLongRecord
	}
	n, err := g.source.Read(p)
	g.sinceRecord += n
	g.total += int64(n)
	if g.total > maxFileBytes {
		return n, errLongFile
	}
	return n, err
}

// next gives a record and the line it begins on.
func (r records) next() ([]string, int, error) {
	r.guard.sinceRecord = 0
	fields, err := r.Read()
	if err != nil {
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, wrong.StartLine, err
		}
		return nil, 0, err
	}
	line, _ := r.FieldPos(0)
	return fields, line, nil
}

// table is a file while it is read.
type table struct {
	limit    int
	width    int          // fields of the header
	at       [columns]int // field of a column, -1 when it is missing
	rows     []row
	count    int
	rejected []Rejection
	notes    []Note
	orders   orders
	tickets  map[text]int32
}

func (t *table) header(r records) error {
	fields, _, err := r.next()
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
			ignored = append(ignored, shortened(name))
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
			t.notes = append(t.notes, Note{Kind: MissingColumn, Text: "there is no column " + columnNames[c]})
		}
	}
	if len(ignored) > 0 {
		t.notes = append(t.notes, Note{Kind: IgnoredColumns, Text: "not imported: " + strings.Join(ignored, ", ")})
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
func (t *table) read(r records) error {
	t.tickets = map[text]int32{}
	for {
		fields, line, err := r.next()
		switch wrong, malformed := errors.AsType[*csv.ParseError](err); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !malformed:
			return fmt.Errorf("read the row after %d others: %w", t.count, err)
		case t.count == t.limit:
			return fmt.Errorf("the file has more than %d rows; split it by %s", t.limit, columnNames[colNumber])
		case malformed:
			t.count++
			t.rejected = append(t.rejected, Rejection{
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
		t.rejected = append(t.rejected, Rejection{Line: line, Field: columnNames[c], Value: shortened(t.value(fields, c)), Reason: reason})
	}
	if len(fields) != t.width {
		t.rejected = append(t.rejected, Rejection{
			Line: line, Field: wholeRow, Value: shortened(strings.Join(fields, ",")), Reason: fmt.Sprintf("has %d fields; the header has %d", len(fields), t.width),
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
	t.orders.see(r.opened, line)
	t.orders.see(r.updated, line)
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
	n := digits(value, 1, 9)
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

// shortened makes a value fit to be shown.
func shortened(value string) string {
	return cut(strings.ToValidUTF8(value, "\uFFFD"), maxRejectedValue)
}

// cut bounds a text to so many characters, the last of which then says that there was more.
func cut(value string, most int) string {
	if utf8.RuneCountInString(value) <= most {
		return value
	}
	return string([]rune(value)[:most-1]) + "…"
}

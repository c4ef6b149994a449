package timesheets

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/infra/sheet"
)

// field is something that a format tells of an entry.
type field int

const (
	fieldID field = iota
	fieldPerson
	fieldFirstName
	fieldLastName
	fieldEmail
	fieldClient
	fieldProject
	fieldTask
	fieldText
	fieldDate
	fieldFrom
	fieldUntilDate
	fieldUntil
	fieldHours   // decimal hours
	fieldSeconds // whole seconds
	fieldLength  // h:mm:ss
	fieldBreak
	fieldBillable
	fieldBilled
	fieldAmount
	fieldCurrency // where the name of the amount's column has none
	fields        // how many
)

// columns are the names that each format gives to the fields, in lower case; the first that is there is read. A
// name that ends in "(" is followed by a currency.
var columns = map[Format][fields][]string{
	Harvest: {
		fieldFirstName: {"first name"}, fieldLastName: {"last name"}, fieldClient: {"client"}, fieldProject: {"project"},
		fieldTask: {"task"}, fieldText: {"notes"}, fieldDate: {"date"}, fieldHours: {"hours"},
		fieldBillable: {"billable?"}, fieldBilled: {"invoiced?"}, fieldAmount: {"billable amount"}, fieldCurrency: {"currency"},
	},
	Toggl: {
		fieldPerson: {"user", "member"}, fieldEmail: {"email"}, fieldClient: {"client"}, fieldProject: {"project"}, fieldTask: {"task"},
		fieldText: {"description"}, fieldDate: {"start date"}, fieldFrom: {"start time"}, fieldUntilDate: {"end date", "stop date"},
		fieldUntil: {"end time", "stop time"}, fieldLength: {"duration"}, fieldBillable: {"billable"}, fieldAmount: {"amount ("},
	},
	Clockify: {
		fieldPerson: {"user"}, fieldEmail: {"email"}, fieldClient: {"client"}, fieldProject: {"project"}, fieldTask: {"task"},
		fieldText: {"description"}, fieldDate: {"start date"}, fieldFrom: {"start time"}, fieldUntilDate: {"end date"},
		fieldUntil: {"end time"}, fieldLength: {"duration (h)"}, fieldBillable: {"billable"}, fieldBilled: {"invoiced"}, fieldAmount: {"billable amount ("},
	},
	Kimai: {
		fieldID: {"id"}, fieldPerson: {"user", "user.alias", "username", "user.name"}, fieldEmail: {"user.email"}, fieldClient: {"customer", "customer.name"},
		fieldProject: {"project", "project.name"}, fieldTask: {"activity", "activity.name"}, fieldText: {"description"},
		fieldDate: {"date"}, fieldFrom: {"begin", "from"}, fieldUntil: {"end", "to"}, fieldSeconds: {"duration_seconds"}, fieldHours: {"duration_decimal"},
		fieldLength: {"duration"}, fieldBreak: {"break"}, fieldBillable: {"billable"}, fieldBilled: {"exported"}, fieldAmount: {"rate"}, fieldCurrency: {"currency"},
	},
}

// required are the fields without which a file is not of its format.
var required = map[Format][]field{
	Harvest:  {fieldFirstName, fieldProject, fieldDate, fieldHours},
	Toggl:    {fieldPerson, fieldProject, fieldDate, fieldFrom, fieldUntilDate, fieldUntil},
	Clockify: {fieldPerson, fieldProject, fieldDate, fieldFrom, fieldUntilDate, fieldUntil},
	Kimai:    {fieldPerson, fieldProject, fieldDate, fieldFrom, fieldUntil},
}

// ErrZone says that the file's times have no zone and none was given.
var ErrZone = errors.New("the file does not say in which zone its times were read off the clock")

// Read reads a whole export. An error means that nothing of the file can be used; a row that cannot is in Rejected.
// It wraps ErrZone or sheet.ErrDateOrder when something must be given.
func Read(source io.Reader, format Format, o Options) (*File, error) {
	if !format.Valid() {
		return nil, fmt.Errorf("%q is none of the formats %v", format, Formats())
	}
	if format.Timed() && o.Zone == nil {
		return nil, ErrZone
	}
	records, err := sheet.Open(source)
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	t := table{format: format, options: o, seen: map[string]int{}}
	if err := t.header(records); err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	if err := t.read(records); err != nil {
		return nil, err
	}
	return t.file(records.Hash())
}

// table is a file while it is read.
type table struct {
	format   Format
	options  Options
	at       [fields]int // column of a field, -1 when it is missing
	names    [fields]string
	width    int
	rows     []row
	count    int
	rejected []sheet.Rejection
	notes    []sheet.Note
	orders   sheet.Orders
	seen     map[string]int // how often an identity came up
}

// row is a row of the file before it is known which number of a date is the day.
type row struct {
	line    int
	values  [fields]string
	day     date
	lastDay date
}

func (t *table) header(records *sheet.Records) error {
	names, _, err := records.Next()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	t.width = len(names)
	used := make([]bool, len(names))
	for f, known := range columns[t.format] {
		t.at[f] = -1
		for _, name := range known {
			if i := find(names, name); i >= 0 && t.at[f] < 0 {
				t.at[f], t.names[f], used[i] = i, strings.TrimSpace(names[i]), true
			}
		}
	}
	for _, f := range required[t.format] {
		if t.at[f] < 0 {
			return fmt.Errorf("there is no column %q, so this is no export of %s", columns[t.format][f][0], t.format)
		}
	}
	var ignored []string
	for i, name := range names {
		if !used[i] {
			ignored = append(ignored, sheet.Shortened(strings.TrimSpace(name)))
		}
	}
	if len(ignored) > 0 {
		t.notes = append(t.notes, sheet.Note{Kind: IgnoredColumns, Text: "not imported: " + strings.Join(ignored, ", ")})
	}
	return nil
}

// find gives the column of a name; one that ends in "(" is followed by whatever stands between parentheses.
func find(names []string, name string) int {
	return slices.IndexFunc(names, func(column string) bool {
		column = strings.ToLower(strings.TrimSpace(column))
		return column == name || strings.HasSuffix(name, "(") && strings.HasPrefix(column, name)
	})
}

// read takes every record. One that is no row is rejected; the file goes on behind it.
func (t *table) read(records *sheet.Records) error {
	for {
		values, line, err := records.Next()
		wrong, malformed := sheet.Malformed(err)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !malformed:
			return fmt.Errorf("read the row after %d others: %w", t.count, err)
		case t.count == MaxRows:
			return fmt.Errorf("the file has more than %d rows; split it", MaxRows)
		}
		t.count++
		if malformed {
			t.reject(line, "row", fmt.Sprintf("column %d of line %d", wrong.Column, wrong.Line), "is no CSV: a quote is missing or misplaced")
			continue
		}
		t.take(values, line)
	}
}

func (t *table) reject(line int, field, value, reason string) {
	t.rejected = append(t.rejected, sheet.Rejection{Line: line, Field: field, Value: sheet.Shortened(value), Reason: reason})
}

// take keeps one row, once its texts and dates have a form.
func (t *table) take(values []string, line int) {
	if len(values) != t.width {
		t.reject(line, "row", strings.Join(values, ","), fmt.Sprintf("has %d fields; the header has %d", len(values), t.width))
		return
	}
	r := row{line: line}
	for f := range fields {
		if t.at[f] < 0 {
			continue
		}
		value := strings.TrimSpace(values[t.at[f]])
		if wrong := wrongText(f, value); wrong != "" {
			t.reject(line, t.names[f], value, wrong)
			return
		}
		r.values[f] = value
	}
	for _, of := range []struct {
		field field
		into  *date
	}{{fieldDate, &r.day}, {fieldUntilDate, &r.lastDay}} {
		if t.at[of.field] < 0 {
			continue
		}
		parsed, ok := parseDate(r.values[of.field])
		if !ok {
			t.reject(line, t.names[of.field], r.values[of.field], "must be a day such as 2026-02-10 or 10/02/2026")
			return
		}
		*of.into = parsed
		if !parsed.iso {
			t.orders.See(parsed.first, parsed.second, line)
		}
	}
	t.rows = append(t.rows, r)
}

func wrongText(f field, value string) string {
	most := domain.MaxLine
	if f == fieldText {
		most = domain.MaxText
	}
	switch {
	case !utf8.ValidString(value):
		return "must be UTF-8"
	case strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) && (f != fieldText || r != '\n' && r != '\r' && r != '\t')
	}):
		return "must have no control characters"
	case utf8.RuneCountInString(value) > most:
		return fmt.Sprintf("must have at most %d characters", most)
	}
	return ""
}

// file makes entries of the rows, now that the order of day and month is known.
func (t *table) file(hash string) (*File, error) {
	order, err := t.orders.Settle(t.options.Dates)
	if err != nil {
		return nil, err
	}
	f := &File{Format: t.format, Hash: hash, Rows: t.count}
	for _, r := range t.rows {
		e, wrong := t.entry(r, order)
		if wrong != nil {
			t.rejected = append(t.rejected, *wrong)
			continue
		}
		f.Entries = append(f.Entries, e)
	}
	t.findOverlaps(f.Entries)
	f.Rejected, f.Notes = t.rejected, t.notes
	slices.SortStableFunc(f.Rejected, func(a, b sheet.Rejection) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(f.Notes, func(a, b sheet.Note) int { return cmp.Compare(a.Line, b.Line) })
	return f, nil
}

// entry reads one row.
func (t *table) entry(r row, order sheet.DateOrder) (Entry, *sheet.Rejection) {
	refuse := func(f field, reason string) (Entry, *sheet.Rejection) {
		name := t.names[f]
		if name == "" {
			name = columns[t.format][f][0]
		}
		return Entry{}, &sheet.Rejection{Line: r.line, Field: name, Value: sheet.Shortened(r.values[f]), Reason: reason}
	}
	e := Entry{
		Line: r.line, Person: r.values[fieldPerson], Email: strings.ToLower(r.values[fieldEmail]),
		Client: r.values[fieldClient], Project: r.values[fieldProject], Task: r.values[fieldTask], Text: r.values[fieldText],
	}
	if t.format == Harvest {
		e.Person = strings.TrimSpace(r.values[fieldFirstName] + " " + r.values[fieldLastName])
	}
	if e.Person == "" {
		return refuse(t.personField(), "must be given")
	}
	day, ok := r.day.in(order)
	if !ok {
		return refuse(fieldDate, "is no day of the calendar")
	}
	e.Day = day
	if f, reason := t.times(&e, r, order); reason != "" {
		return refuse(f, reason)
	}
	var wrong string
	if e.Billable, wrong = parseBool(r.values[fieldBillable], true); wrong != "" {
		return refuse(fieldBillable, wrong)
	}
	if e.Billed, wrong = parseBool(r.values[fieldBilled], false); wrong != "" {
		return refuse(fieldBilled, wrong)
	}
	if e.Billed {
		t.note(r.line, BilledBefore, "the other system has billed it; it is not billed again")
	}
	e.Amount = t.amount(r)
	e.Key = t.key(e, r)
	return e, nil
}

// personField is the field that names who did it.
func (t *table) personField() field {
	if t.format == Harvest {
		return fieldFirstName
	}
	return fieldPerson
}

// times reads when it was done and how long it took.
func (t *table) times(e *Entry, r row, order sheet.DateOrder) (field, string) {
	var ok bool
	if value := r.values[fieldBreak]; value != "" {
		if e.BreakSeconds, ok = parseLength(value); !ok {
			return fieldBreak, "must be a duration such as 0:30 or 00:30:00"
		}
	}
	if t.format.Timed() {
		if f, reason := t.span(e, r, order); reason != "" {
			return f, reason
		}
	}
	f, told, reason := t.told(r)
	switch {
	case reason != "":
		return f, reason
	case !t.format.Timed():
		e.Seconds = told
		if o := t.options; !o.Now.IsZero() && e.Day > calendar.DateOf(o.Now, cmp.Or(o.Zone, time.UTC)) {
			return fieldDate, "lies in the future"
		}
	default:
		e.Seconds = int64(e.Until.Sub(e.From)/time.Second) - e.BreakSeconds
	}
	switch difference := told - e.Seconds; {
	case e.Seconds <= 0:
		return f, "must be more than nothing"
	case e.Seconds > maxEntrySeconds:
		return f, "is longer than " + length(maxEntrySeconds)
	case !t.format.Timed():
		t.note(r.line, NoTimeOfDay, "a duration without a time of day cannot be split by condition")
	case told > 0 && (difference >= 60 || difference <= -60):
		t.note(r.line, DurationDiffer, fmt.Sprintf("the file says %s, its times say %s; the times are taken", length(told), length(e.Seconds)))
	}
	return 0, ""
}

// span reads the two instants.
func (t *table) span(e *Entry, r row, order sheet.DateOrder) (field, string) {
	from, ok := parseClock(r.values[fieldFrom])
	if !ok {
		return fieldFrom, "must be a time such as 16:00, 16:00:00 or 04:00 PM"
	}
	until, ok := parseClock(r.values[fieldUntil])
	if !ok {
		return fieldUntil, "must be a time such as 16:00, 16:00:00 or 04:00 PM"
	}
	lastDay := e.Day
	if t.at[fieldUntilDate] >= 0 {
		if lastDay, ok = r.lastDay.in(order); !ok {
			return fieldUntilDate, "is no day of the calendar"
		}
	} else if until < from { // Kimai names the day on which it began.
		lastDay = e.Day.Add(1)
	}
	e.From, e.Until = t.instant(r.line, e.Day, from), t.instant(r.line, lastDay, until)
	if !e.Until.After(e.From) {
		return fieldUntil, "must be after the beginning"
	}
	if now := t.options.Now; !now.IsZero() && e.Until.After(now) {
		return fieldUntil, "lies in the future"
	}
	return 0, ""
}

// instant finds the instant of a local time and notes when there is none, or more than one.
func (t *table) instant(line int, day calendar.Date, clock time.Duration) time.Time {
	wall, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		panic(err) // Dates are checked before.
	}
	wall = wall.Add(clock)
	seconds, shown := sheet.Locate(wall, t.options.Zone)
	switch shown {
	case sheet.Never:
		t.note(line, ClockGap, wall.Format("2006-01-02 15:04")+" does not exist in "+t.options.Zone.String()+": clocks went forward; it is read as if they had not")
	case sheet.Twice:
		t.note(line, ClockFold, wall.Format("2006-01-02 15:04")+" exists twice in "+t.options.Zone.String()+": clocks went back; the earlier is taken")
	case sheet.Once:
	}
	return time.Unix(seconds, 0).UTC()
}

// told is how long the file says that it took; 0 where it does not.
func (t *table) told(r row) (field, int64, string) {
	for _, f := range []field{fieldSeconds, fieldHours, fieldLength} {
		value := r.values[f]
		if value == "" {
			continue
		}
		seconds, ok := parseAny(f, value)
		if !ok {
			return f, 0, "must be a duration such as 1.5, 1,5, 1:30 or 01:30:00"
		}
		return f, seconds, ""
	}
	if !t.format.Timed() {
		return fieldHours, 0, "must be given"
	}
	return fieldUntil, 0, ""
}

func parseAny(f field, value string) (int64, bool) {
	switch {
	case f == fieldSeconds, f == fieldLength && !strings.ContainsAny(value, ":.,"): // Kimai's plain number is seconds.
		seconds := sheet.Digits(value, 1, 9)
		return int64(seconds), seconds >= 0
	case strings.Contains(value, ":"):
		return parseLength(value)
	}
	return parseHours(value)
}

// key names the row. Without an id of the system's own it is a hash of who did what when, and how many such rows
// came before.
func (t *table) key(e Entry, r row) string {
	if id := r.values[fieldID]; id != "" {
		return id
	}
	identity := strings.Join([]string{e.Person, e.Client, e.Project, e.Task, string(e.Day), e.From.Format(time.RFC3339)}, "\x1f")
	t.seen[identity]++
	sum := sha256.Sum256([]byte(identity + "\x1f" + strconv.Itoa(t.seen[identity])))
	return hex.EncodeToString(sum[:16])
}

// amount is what the other system made of it, with a decimal point, nothing between thousands, and the currency
// of its own column or of the name of the amount's, if there is one.
func (t *table) amount(r row) string {
	value := r.values[fieldAmount]
	if value == "" {
		return ""
	}
	if point, comma := strings.LastIndexByte(value, '.'), strings.LastIndexByte(value, ','); comma > point {
		value = strings.ReplaceAll(value[:comma], ".", "") + "." + value[comma+1:]
	} else {
		value = strings.ReplaceAll(value, ",", "")
	}
	currency := r.values[fieldCurrency]
	if _, named, found := strings.Cut(t.names[fieldAmount], "("); found {
		currency = strings.TrimRight(strings.TrimSpace(named), ")")
	}
	return strings.TrimSpace(value + " " + currency)
}

func (t *table) note(line int, kind sheet.NoteKind, text string) {
	t.notes = append(t.notes, sheet.Note{Line: line, Kind: kind, Text: text})
}

// findOverlaps notes entries of one person that were done at the same time.
func (t *table) findOverlaps(entries []Entry) {
	byStart := make([]*Entry, 0, len(entries))
	for i := range entries {
		if !entries[i].From.IsZero() {
			byStart = append(byStart, &entries[i])
		}
	}
	slices.SortStableFunc(byStart, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), a.From.Compare(b.From), cmp.Compare(a.Line, b.Line))
	})
	var open *Entry // of those before, the one that ended last
	for _, e := range byStart {
		if open != nil && open.Person == e.Person && e.From.Before(open.Until) {
			t.note(e.Line, Overlap, fmt.Sprintf("%s was at line %d at the same time", e.Person, open.Line))
		}
		if open == nil || open.Person != e.Person || e.Until.After(open.Until) {
			open = e
		}
	}
}

package incidents

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/infra/sheet"
)

// file makes a File of the table: times are placed, rows put in the order of their histories, and what
// they speak of is gathered.
func (t *table) file(o Options, sum string) (*File, error) {
	order, err := t.orders.Settle(o.Dates)
	if err != nil {
		return nil, err
	}
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	kept := t.rows[:0]
	for _, r := range t.rows {
		if wrong := r.place(order, zone, o.Now); wrong != nil {
			t.rejected = append(t.rejected, *wrong)
			continue
		}
		kept = append(kept, r)
	}
	slices.SortFunc(kept, inHistory)
	slices.SortFunc(t.rejected, func(a, b sheet.Rejection) int { return cmp.Compare(a.Line, b.Line) })
	f := &File{
		Hash: sum, Rows: t.count, Rejected: t.rejected, zone: zone, rows: kept,
		Notes: append(t.notes, sheet.Note{Kind: DayMonthOrder, Text: fmt.Sprintf("times are read as %s in %s", order, zone)}),
	}
	f.gather()
	return f, nil
}

// place finds the instants of a row's times.
func (r *row) place(order sheet.DateOrder, zone *time.Location, now time.Time) *sheet.Rejection {
	reject := func(c column, s stamp, reason string) *sheet.Rejection {
		return &sheet.Rejection{Line: int(r.line), Field: columnNames[c], Value: s.String(), Reason: reason}
	}
	const noSuchDay = "is no day of the calendar"
	updated, ok := r.updated.wall(order)
	if !ok {
		return reject(colUpdated, r.updated, noSuchDay)
	}
	r.updatedAt, r.clock = sheet.Locate(updated, zone)
	r.openedAt = r.updatedAt
	if r.opened != (stamp{}) {
		opened, ok := r.opened.wall(order)
		if !ok {
			return reject(colOpened, r.opened, noSuchDay)
		}
		r.openedAt, _ = sheet.Locate(opened, zone)
	}
	switch {
	case !now.IsZero() && r.updatedAt > now.Unix():
		return reject(colUpdated, r.updated, "lies in the future")
	case r.updatedAt < r.openedAt:
		return reject(colUpdated, r.updated, "lies before opened_at, "+r.opened.String())
	}
	return nil
}

// inHistory orders rows by ticket, and those of a ticket by time, by number of changes, by line.
func inHistory(a, b row) int {
	return cmp.Or(
		cmp.Compare(a.ticket, b.ticket), cmp.Compare(a.updatedAt, b.updatedAt),
		cmp.Compare(a.changes, b.changes), cmp.Compare(a.line, b.line),
	)
}

// seen is what the rows say about one organisation.
type seen struct {
	location string
	callers  map[string]bool
	jobTypes map[string]string // names by key
	first    int64             // the first opening
	tickets  []span
}

// gather finds the tickets, and the organisations, people and contracts they speak of.
func (f *File) gather() {
	byLocation := map[text]*seen{}
	staff := map[string]bool{}
	for start := 0; start < len(f.rows); {
		end := start + 1
		for end < len(f.rows) && f.rows[end].ticket == f.rows[start].ticket {
			end++
		}
		first := f.rows[start]
		of, known := byLocation[first.location]
		if !known {
			of = &seen{location: first.location.Value(), callers: map[string]bool{}, jobTypes: map[string]string{}, first: first.openedAt}
			byLocation[first.location] = of
		}
		of.take(f.rows[start:end])
		of.tickets = append(of.tickets, span{first: start, last: end})
		for _, r := range f.rows[start:end] {
			staff[r.assignee.Value()] = true
		}
		start = end
	}
	delete(staff, "")
	for _, name := range slices.Sorted(maps.Keys(staff)) {
		f.Staff = append(f.Staff, Person{ID: assigneeID(name), Name: name})
	}
	for _, of := range slices.SortedFunc(maps.Values(byLocation), func(a, b *seen) int { return cmp.Compare(a.location, b.location) }) {
		slices.SortFunc(of.tickets, func(a, b span) int {
			return cmp.Or(cmp.Compare(f.rows[a.first].openedAt, f.rows[b.first].openedAt), cmp.Compare(a.first, b.first))
		})
		for _, t := range of.tickets {
			t.organisation = len(f.Organisations)
			f.tickets = append(f.tickets, t)
		}
		f.Organisations = append(f.Organisations, of.organisation(f.zone))
	}
}

// take learns from the rows of one ticket. Absent categories repeat the one before.
func (s *seen) take(history []row) {
	first := history[0]
	s.first = min(s.first, first.openedAt)
	if caller := first.caller.Value(); caller != "" {
		s.callers[caller] = true
	}
	for i, r := range history {
		if category := r.category.Value(); category != "" || i == 0 {
			key, name := jobType(category)
			if known, ok := s.jobTypes[key]; !ok || name < known {
				s.jobTypes[key] = name
			}
		}
	}
}

func (s *seen) organisation(zone *time.Location) Organisation {
	o := Organisation{ID: clientID(s.location), Name: s.location, Source: s.location, Tickets: len(s.tickets)}
	if o.Name == "" {
		o.Name = "(no location)"
	}
	for _, caller := range slices.Sorted(maps.Keys(s.callers)) {
		o.Users = append(o.Users, Person{ID: callerID(s.location, caller), Name: caller})
	}
	starts := calendar.Date(time.Unix(s.first, 0).In(zone).Format(time.DateOnly))
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(s.jobTypes)), terms.MaxJobTypes) {
		c := Contract{Starts: starts}
		words := []string{"contract", s.location, string(starts)}
		for _, key := range keys {
			c.JobTypes = append(c.JobTypes, terms.JobType{Key: key, Name: s.jobTypes[key]})
			words = append(words, key, s.jobTypes[key])
		}
		// Other terms make another contract: a contract once drafted doesn't change.
		c.ID = domain.ContractID{UUID: derive(words...)}
		c.Reference = "IMPORT-" + strings.ToUpper(hex.EncodeToString(c.ID.UUID[:4]))
		o.Contracts = append(o.Contracts, c)
	}
	return o
}

// maxKey is the most characters of a contract's job type key.
const maxKey = 64

// jobType gives the key and name of a category. Categories that differ in case alone are one; a name that
// a key cannot spell is told from others by its hash.
func jobType(category string) (key, name string) {
	if category == "" {
		return "none", "(no category)"
	}
	lower := strings.ToLower(category)
	key = strings.Join(strings.FieldsFunc(lower, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
	if strings.ReplaceAll(key, "-", " ") == lower && len(key) <= maxKey && key != "none" {
		return key, category
	}
	id := derive("job type", lower)
	sum := hex.EncodeToString(id[:4])
	return strings.TrimPrefix(key[:min(len(key), maxKey-len(sum)-1)]+"-"+sum, "-"), category
}

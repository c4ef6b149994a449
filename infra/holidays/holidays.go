// Package holidays knows the public holidays of some countries and their regions, so that people need not type them
// into a calendar.
//
// It imports domain/calendar only. What it says is a proposal that somebody looks at: the days are written into a
// version of a calendar, and nothing that is reckoned from a calendar asks here again. Holidays of parts of a day and of
// single towns are left out, and so is what a government proclaims for one year, unless the table names it.
package holidays

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"effigate/domain/calendar"
)

// The years that the table was made for. Some of its days are listed one by one, such as those of the moon.
const (
	FirstYear = 2025
	LastYear  = 2035
)

// Place is a country, or a region of one with holidays of its own.
type Place struct {
	Country string `json:"country"`          // ISO 3166-1: "AU"
	Region  string `json:"region,omitempty"` // the second part of ISO 3166-2: "NSW"; empty for what holds everywhere in the country
	Name    string `json:"name"`             // "Australia, New South Wales"
}

//go:embed regions.csv
var regions string

//go:embed holidays.csv
var table string

var (
	places = sync.OnceValue(readPlaces)
	rules  = sync.OnceValue(readRules)
)

// Places lists the countries, each before its regions, in the order of their codes.
func Places() []Place { return slices.Clone(places()) }

// Find gives a place by its codes, whose case does not matter; false when nothing is known of it.
func Find(country, region string) (Place, bool) {
	at := slices.IndexFunc(places(), func(p Place) bool {
		return strings.EqualFold(p.Country, country) && strings.EqualFold(p.Region, region)
	})
	if at < 0 {
		return Place{}, false
	}
	return places()[at], true
}

// Between lists the holidays from the first to the last year, in order, one entry for each day. A day off for one that
// falls on a weekend is a day of its own, and the weekend's stays one unless the law moves it. Years outside FirstYear
// to LastYear have none.
func (p Place) Between(first, last int) []calendar.SpecialDay {
	first, last = max(first, FirstYear), min(last, LastYear)
	from, until := calendar.Date(fmt.Sprintf("%04d-01-01", first)), calendar.Date(fmt.Sprintf("%04d-12-31", last))
	names := map[calendar.Date][]string{}
	for _, r := range rules() {
		if !r.holdsIn(p) {
			continue
		}
		for year := first; year <= last+1; year++ { // New Year's Day may be taken on the last day of the year before.
			for date, name := range r.days(year) {
				if date >= from && date <= until && !slices.Contains(names[date], name) {
					names[date] = append(names[date], name)
				}
			}
		}
	}
	days := make([]calendar.SpecialDay, 0, len(names))
	for date, all := range names {
		days = append(days, calendar.SpecialDay{Date: date, Name: strings.Join(all, ", "), Holiday: true})
	}
	slices.SortFunc(days, func(a, b calendar.SpecialDay) int { return cmp.Compare(a.Date, b.Date) })
	return days
}

// Choice is what somebody asks for: a place, and years.
type Choice struct {
	Country, Region string // as in Place; their case does not matter
	First, Last     int    // years
}

// Check lists what is wrong with a choice, by field ("country", "region", "from", "to"), so that the text goes on after
// the field's name; empty when nothing is.
func (c Choice) Check() map[string]string {
	wrong := map[string]string{}
	if _, ok := Find(c.Country, ""); !ok {
		wrong["country"] = "must be the code of a country whose holidays are known, such as AU"
	} else if _, ok := Find(c.Country, c.Region); !ok {
		wrong["region"] = "must be the code of a region of the country, such as NSW of AU, or empty"
	}
	if c.First < FirstYear || c.First > LastYear {
		wrong["from"] = fmt.Sprintf("must be a year from %d to %d", FirstYear, LastYear)
	}
	if c.Last < max(c.First, FirstYear) || c.Last > LastYear {
		wrong["to"] = fmt.Sprintf("must be a year from the first one to %d", LastYear)
	}
	return wrong
}

// Days are the holidays chosen; none of a place that nothing is known of.
func (c Choice) Days() []calendar.SpecialDay {
	place, ok := Find(c.Country, c.Region)
	if !ok {
		return nil
	}
	return place.Between(c.First, c.Last)
}

// String says what was chosen, as the reason of a version does.
func (c Choice) String() string {
	place, _ := Find(c.Country, c.Region)
	years := strconv.Itoa(c.First)
	if c.Last != c.First {
		years += " to " + strconv.Itoa(c.Last)
	}
	return "Holidays of " + place.Name + ", " + years
}

func readPlaces() []Place {
	all, country := []Place{}, ""
	for _, row := range read(regions) {
		place := Place{Country: row[0], Region: row[1], Name: row[2]}
		if place.Region == "" {
			country = place.Name
		} else {
			place.Name = country + ", " + place.Name
		}
		all = append(all, place)
	}
	return all
}

// read gives the rows of an embedded table below its head.
func read(text string) [][]string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic("holidays: the table cannot be read: " + err.Error())
	}
	return rows[1:]
}

// rule is a row of the table: a holiday, where it holds, when it falls, and what happens when that is a weekend.
type rule struct {
	country, name string
	regions       []string // none for the whole country
	on            func(year int) []calendar.Date
	moves         bool // what falls on a weekend is no holiday there
	instead       map[time.Weekday]int
}

func (r rule) holdsIn(p Place) bool {
	return r.country == p.Country && (len(r.regions) == 0 || slices.Contains(r.regions, p.Region))
}

// days gives the days off that a year's holiday leads to, by their names.
func (r rule) days(year int) map[calendar.Date]string {
	off := map[calendar.Date]string{}
	for _, date := range r.on(year) {
		shift := r.instead[date.Weekday()]
		switch {
		case shift == 0:
			off[date] = r.name
		case r.moves:
			off[date.Add(shift)] = r.name
		default:
			off[date], off[date.Add(shift)] = r.name, r.name+" (substitute day)"
		}
	}
	return off
}

func readRules() []rule {
	rows := read(table)
	all := make([]rule, len(rows))
	for i, row := range rows {
		on, ok := readDay(row[2])
		substitute, moves := strings.CutPrefix(row[3], "moves ")
		all[i] = rule{country: row[0], regions: strings.Fields(row[1]), on: on, moves: moves, instead: map[time.Weekday]int{}, name: row[4]}
		for shift := range strings.FieldsSeq(substitute) {
			day, known := weekdayOf(shift[:3])
			days, err := strconv.Atoi(shift[3:])
			ok = ok && known && err == nil
			all[i].instead[day] = days
		}
		if !ok {
			panic(fmt.Sprintf("holidays: row %d of the table cannot be read: %q", i+1, row))
		}
	}
	return all
}

// readDay reads when a holiday falls: "12-25", "easter-2" in days from Easter, "mon>=06-08" for the first Monday from
// that day on, or the very days "2026-07-10 2027-06-25".
func readDay(text string) (func(year int) []calendar.Date, bool) {
	if offset, ok := strings.CutPrefix(text, "easter"); ok {
		days, err := strconv.Atoi(offset)
		return func(year int) []calendar.Date { return []calendar.Date{easter(year).Add(days)} }, err == nil
	}
	if name, after, ok := strings.Cut(text, ">="); ok {
		weekday, known := weekdayOf(name)
		return func(year int) []calendar.Date {
			from := in(year, after)
			return []calendar.Date{from.Add((int(weekday) - int(from.Weekday()) + 7) % 7)}
		}, known && in(FirstYear, after).Valid()
	}
	if in(FirstYear, text).Valid() {
		return func(year int) []calendar.Date { return []calendar.Date{in(year, text)} }, true
	}
	var all []calendar.Date
	for day := range strings.FieldsSeq(text) {
		all = append(all, calendar.Date(day))
	}
	return func(year int) []calendar.Date {
		return slices.DeleteFunc(slices.Clone(all), func(d calendar.Date) bool { return !strings.HasPrefix(string(d), strconv.Itoa(year)) })
	}, len(all) > 0 && !slices.ContainsFunc(all, func(d calendar.Date) bool { return !d.Valid() })
}

func in(year int, day string) calendar.Date { return calendar.Date(fmt.Sprintf("%04d-%s", year, day)) }

func weekdayOf(name string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if string(calendar.WeekdayOf(day)) == name {
			return day, true
		}
	}
	return 0, false
}

// easter is Easter Sunday of the western churches: the Sunday after the first full moon of spring, as the Gregorian
// calendar reckons moons. The years of the table need none of the corrections of other centuries.
func easter(year int) calendar.Date {
	moon := (19*(year%19) + 24) % 30 // days from 21 March to the full moon
	if moon == 29 || moon == 28 && year%19 > 10 {
		moon--
	}
	full := in(year, "03-21").Add(moon)
	return full.Add(7 - int(full.Weekday()))
}

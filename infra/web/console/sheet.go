package console

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain/calendar"
)

// A sheet is a table as people paste it from a spreadsheet or type it: a line that names its columns, then a line for
// each row, with tabs, semicolons or commas in between.

// sheetLine is one row of a sheet. What is wrong with its cells is noted as they are read.
type sheetLine struct {
	number int // of the line, from 1
	cells  map[string]string
	fault  string
}

// parseSheet reads a sheet that has some of the columns, and at most that many rows. Its errors name the line.
func parseSheet(field, text string, columns []string, most int) ([]sheetLine, error) {
	records := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	records.Comma, records.FieldsPerRecord = separator(text), -1
	records.TrimLeadingSpace = records.Comma != '\t' // Else empty cells would be lost.
	head, err := records.Read()
	if err != nil {
		return nil, wrongField(field, "must begin with a line that names the columns: "+list(columns))
	}
	for i, name := range head {
		if head[i] = columnName(name); !slices.Contains(columns, head[i]) {
			return nil, wrongField(field, fmt.Sprintf("must have columns among %s in the first line; %q is none", list(columns), name))
		}
	}
	var lines []sheetLine
	for {
		cells, err := records.Read()
		switch {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return nil, wrongField(field, brokenLine(err))
		case len(lines) == most:
			return nil, wrongField(field, fmt.Sprintf("must be at most %d", most))
		}
		line := sheetLine{cells: map[string]string{}}
		line.number, _ = records.FieldPos(0)
		if len(cells) > len(head) {
			return nil, line.refused(field, fmt.Sprintf("it has %d cells, and the first line names %d columns", len(cells), len(head)))
		}
		for i, cell := range cells {
			line.cells[head[i]] = strings.TrimSpace(cell)
		}
		if strings.Join(cells, "") != "" {
			lines = append(lines, line)
		}
	}
}

// separator is what stands between the cells of the first line.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	for _, mark := range "\t;" {
		if strings.ContainsRune(first, mark) {
			return mark
		}
	}
	return ','
}

// columnName is a column as it is known: "Job type" is "job_type".
func columnName(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
}

func (l *sheetLine) refused(field, fault string) error {
	return wrongField(field, fmt.Sprintf("are wrong in line %d: %s", l.number, fault))
}

func (l *sheetLine) wrong(fault string) {
	if l.fault == "" {
		l.fault = fault
	}
}

// word gives a cell as it is stored: "After hours" is "after_hours".
func (l *sheetLine) word(column string) string { return columnName(l.cells[column]) }

// amount reads a number with a point or a comma before its decimals.
func (l *sheetLine) amount(column string) decimal.Decimal {
	text := l.cells[column]
	if !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	value, err := decimal.NewFromString(text)
	if err != nil || len(text) > 30 || strings.ContainsAny(text, "eE") {
		l.wrong(fmt.Sprintf("the %s must be a number such as 120.00, is %q", column, l.cells[column]))
		return decimal.Decimal{}
	}
	return value
}

// minutes reads a length of time; none is 0.
func (l *sheetLine) minutes(column string) int {
	minutes, ok := parseMinutes(l.cells[column])
	if !ok {
		l.wrong(fmt.Sprintf("the %s must be a time such as 30m, 4h or 1h30m, is %q", strings.ReplaceAll(column, "_", " "), l.cells[column]))
	}
	return minutes
}

// intervals reads opening hours; none is closed.
func (l *sheetLine) intervals(column string) []calendar.Interval {
	all, ok := parseIntervals(l.cells[column])
	if !ok {
		l.wrong(fmt.Sprintf("the %s must be such as 09:00-12:00 13:00-17:30, is %q", column, l.cells[column]))
	}
	return all
}

// parseMinutes reads "30m", "4h", "1h30m" or a number of minutes; false when it is none.
func parseMinutes(text string) (int, bool) {
	text = strings.ToLower(strings.ReplaceAll(text, " ", ""))
	if text == "" {
		return 0, true
	}
	if minutes, err := strconv.Atoi(text); err == nil {
		return minutes, minutes >= 0
	}
	length, err := time.ParseDuration(text)
	return int(length / time.Minute), err == nil && length >= 0 && length%time.Minute == 0
}

var intervalForm = regexp.MustCompile(`^(\d{1,2}:\d{2})[-–](\d{1,2}:\d{2})$`)

// parseIntervals reads "09:00-12:00 13:00-17:30", "closed" or nothing; false when it is none of these.
func parseIntervals(text string) ([]calendar.Interval, bool) {
	var all []calendar.Interval
	text = strings.NewReplacer(" - ", "-", " – ", "–", ",", " ").Replace(text)
	if strings.EqualFold(strings.TrimSpace(text), "closed") {
		return nil, true
	}
	for word := range strings.FieldsSeq(text) {
		found := intervalForm.FindStringSubmatch(word)
		if found == nil {
			return nil, false
		}
		all = append(all, calendar.Interval{From: twoDigits(found[1]), Until: twoDigits(found[2])})
	}
	return all, true
}

// twoDigits writes "9:00" as "09:00".
func twoDigits(text string) calendar.Clock {
	if len(text) < len("09:00") {
		text = "0" + text
	}
	return calendar.Clock(text)
}

// writeSheet gives a sheet of rows, without the columns that are empty in all of them; kept names those that stay.
func writeSheet(columns []string, kept string, all [][]string) string {
	used := make([]int, 0, len(columns))
	for i, column := range columns {
		filled := func(row []string) bool { return row[i] != "" }
		if slices.Contains(strings.Fields(kept), column) || slices.ContainsFunc(all, filled) {
			used = append(used, i)
		}
	}
	var text strings.Builder
	lines := csv.NewWriter(&text)
	for _, row := range append([][]string{columns}, all...) {
		cells := make([]string, len(used))
		for i, column := range used {
			cells[i] = row[column]
		}
		_ = lines.Write(cells) // A builder takes everything.
	}
	lines.Flush()
	return text.String()
}

// minutesText writes a length of time as parseMinutes reads it: "1h30m"; empty for none.
func minutesText(minutes int) string {
	text := ""
	if minutes >= 60 {
		text = strconv.Itoa(minutes/60) + "h"
	}
	if minutes%60 != 0 {
		text += strconv.Itoa(minutes%60) + "m"
	}
	return text
}

// intervalsText writes opening hours as parseIntervals reads them.
func intervalsText(all []calendar.Interval) string {
	words := make([]string, len(all))
	for i, interval := range all {
		words[i] = string(interval.From) + "-" + string(interval.Until)
	}
	return strings.Join(words, " ")
}

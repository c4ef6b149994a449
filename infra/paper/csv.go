package paper

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bill"
)

// record is a row of a document's table: a line, an entry of a line, a tax, or one of the totals.
type record struct {
	what   string
	number int // of the line, from 1
	text   string
	line   bill.Line // of a line
	entry  bill.Entry
	tax    bill.Tax
	net    string
	amount decimal.Decimal
}

// field is a column of a document's table.
type field struct {
	name string
	of   func(record) string
}

// fields are the columns for everybody, staffFields those with the internal parts of entries.
var (
	fields = []field{
		{"row", func(r record) string { return r.what }},
		{"line", func(r record) string { return unlessZero(r.number) }},
		{"section", func(r record) string { return harmless(r.line.Section) }},
		{"text", func(r record) string { return harmless(r.text) }},
		{"job_type", func(r record) string { return harmless(r.entry.JobType) }},
		{"from", func(r record) string { return joined("", string(r.line.From), string(r.entry.Day)) }},
		{"until", func(r record) string { return joined("", string(r.line.Until), string(r.entry.Day)) }},
		{"condition", func(r record) string { return joined("", string(r.line.Condition), string(r.entry.Condition)) }},
		{"quantity", func(r record) string {
			if r.line.Unit == bill.Piece {
				return r.line.Quantity // A plain number.
			}
			return harmless(r.line.Quantity)
		}},
		{"worked_seconds", func(r record) string { return unlessZero(int(r.entry.Seconds)) }},
		{"minutes", func(r record) string { return unlessZero(r.line.Minutes + r.entry.Minutes) }},
		{"rule", func(r record) string { return harmless(r.entry.Rule) }},
		{"clause", func(r record) string { return harmless(r.entry.Clause) }},
		{"terms_version", func(r record) string { return unlessZero(r.entry.Version) }},
		{"unit_price", func(r record) string {
			if r.number == 0 {
				return ""
			}
			return r.line.UnitPrice.Add(r.entry.UnitPrice).String()
		}},
		{"tax", func(r record) string { return joined("", string(r.line.TaxKind), string(r.tax.Kind)) }},
		{"tax_percent", func(r record) string {
			if r.line.TaxKind == "" && r.tax.Kind == "" {
				return ""
			}
			return r.line.TaxPercent.Add(r.tax.Percent).String()
		}},
		{"net", func(r record) string { return r.net }},
	}
	staffFields = []field{
		{"time", func(r record) string { return known(r.entry.Staff.Time.UUID) }},
		{"part", func(r record) string { return unlessZero(r.entry.Staff.Part) }},
		{"person", func(r record) string { return known(r.entry.Staff.Person.UUID) }},
		{"charge", func(r record) string { return known(r.entry.Staff.Charge.UUID) }},
		{"deduction", func(r record) string { return known(r.entry.Staff.Deduction.UUID) }},
		{"card", func(r record) string { return harmless(joined(" ", r.entry.Staff.CardLayer, r.entry.Staff.Card)) }},
		{"card_version", func(r record) string { return unlessZero(r.entry.Staff.CardVer) }},
		{"card_row", func(r record) string { return harmless(r.entry.Staff.Row) }},
		{"why", func(r record) string { return harmless(strings.Join(r.entry.Staff.Why, "; ")) }},
		{"corrected_month", func(r record) string { return string(r.entry.Staff.OfMonth) }},
		{"drawn_minutes", func(r record) string { return unlessZero(r.entry.Staff.DrawnMinutes) }},
		{"overage_minutes", func(r record) string { return unlessZero(r.entry.Staff.OverageMinutes) }},
	}
)

// CSV writes a document as a table: a row for each line and below it one for each of its entries, then the taxes and
// the totals, so that the amounts of the rows "line" come to those of the total. With staff it has the internal parts
// of the entries as well, which no client may get. Days are those of the zone that each row names, amounts plain
// decimals; no cell is a formula. It fails beyond the bounds of package bill.
func CSV(doc bill.Document, entries []bill.Entry, staff bool) ([]byte, error) {
	if err := bounded(doc, entries); err != nil {
		return nil, err
	}
	columns, fixed := fields, func(value decimal.Decimal) string { return value.StringFixed(doc.Currency.Exponent()) }
	columns = append(slices.Clip(columns),
		field{"amount", func(r record) string { return fixed(r.amount) }},
		field{"currency", func(record) string { return string(doc.Currency) }},
		field{"document", func(record) string { return harmless(doc.Number) }},
		field{"contract", func(record) string { return harmless(doc.Contract) }},
		field{"zone", func(record) string { return doc.Zone }})
	if staff {
		columns = append(columns, staffFields...)
	}
	rows := [][]string{make([]string, len(columns))}
	for i, column := range columns {
		rows[0][i] = column.name
	}
	for _, r := range recordsOf(doc, entries, fixed) {
		row := make([]string, len(columns))
		for i, column := range columns {
			row[i] = column.of(r)
		}
		rows = append(rows, row)
	}
	return asCSV(rows)
}

// recordsOf are the rows of a document's table, in their order.
func recordsOf(doc bill.Document, entries []bill.Entry, fixed func(decimal.Decimal) string) []record {
	records, under := make([]record, 0, len(doc.Lines)+len(entries)+8), byLine(entries)
	for i, line := range doc.Lines {
		records = append(records, record{what: "line", number: i + 1, text: line.Text, line: line, net: fixed(line.Net), amount: line.Amount})
		for _, entry := range under[line.ID] {
			records = append(records, record{what: "entry", number: i + 1, text: entry.Text, entry: entry, amount: entry.Amount})
		}
	}
	for _, tax := range doc.Taxes {
		records = append(records, record{what: "tax", text: tax.Name, tax: tax, net: fixed(tax.Base), amount: tax.Amount})
	}
	return append(records,
		record{what: "total", net: fixed(doc.Net), amount: doc.Total},
		record{what: "rounding", amount: doc.Rounding},
		record{what: "payable", amount: doc.Payable})
}

// asCSV writes rows, whose texts are harmless.
func asCSV(rows [][]string) ([]byte, error) {
	out := bytes.Buffer{}
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	return out.Bytes(), nil
}

// harmless takes from a text what a spreadsheet would compute: an apostrophe, which spreadsheets do not show, stands
// before it. A formula begins the text, or a cell that the text comes to where cells end at semicolons, tabs or line
// breaks: there the quotes of this table mean nothing. Blanks and quotes before a formula do not hide it. Numbers that we
// wrote are left alone, or no sum would take in a negative one.
func harmless(text string) string {
	safe := strings.Builder{}
	if text != "" && strings.ContainsRune("\t\r\n", rune(text[0])) {
		safe.WriteByte('\'')
	}
	for rest := text; rest != ""; {
		if computes(rest) {
			safe.WriteByte('\'')
		}
		end := strings.IndexAny(rest, ";\t\r\n") + 1
		if end == 0 {
			end = len(rest)
		}
		safe.WriteString(rest[:end])
		rest = rest[end:]
	}
	return safe.String()
}

// computes tells whether a spreadsheet may take what begins a cell for a formula; in some countries of the wide signs,
// too.
func computes(cell string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \"\v\f\u00a0"))
	return strings.ContainsRune("=+-@|%＝＋－＠", first)
}

func unlessZero(number int) string {
	if number == 0 {
		return ""
	}
	return strconv.Itoa(number)
}

func known(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// Package paper writes what leaves the house: invoices and credit notes as PDF, as UBL 2.1 XML and as CSV, and
// statements of account as PDF and CSV.
//
// It imports the documents and their values (domain/bill, domain/calendar, domain/money) and nothing else of ours. It
// computes nothing: every figure is the document's, only grouped and lined up. It reads no clock, no zone and no random
// source, so the same document gives the same bytes. No conformance with PDF/A or EN 16931 is claimed.
//
// PDFs carry the Go fonts, which know Latin, Greek and Cyrillic letters. What they do not know, such as Hebrew, Arabic
// or Chinese letters, is printed as an empty box, of which Lacking warns; XML and CSV carry it as it is.
package paper

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Layout is the version of how PDFs look. Who keeps the digest of a PDF keeps the layout with it: the same document
// gives the same bytes within one layout, and whatever changes them is a new one.
const Layout = 1

// MaxSize bounds each form, in bytes: a document within the bounds of package bill never has more.
const MaxSize = 128 << 20

// bounded refuses a document that no draft could have become, so that nobody prints for minutes.
func bounded(doc bill.Document, entries []bill.Entry) error {
	if len(doc.Lines) > bill.MaxLines {
		return fmt.Errorf("%d lines are more than the %d of a document", len(doc.Lines), bill.MaxLines)
	}
	if len(entries) > bill.MaxEntries {
		return fmt.Errorf("%d entries are more than the %d of a document", len(entries), bill.MaxEntries)
	}
	if texts := bill.Texts(entries); texts > bill.MaxTexts {
		return fmt.Errorf("%d bytes of texts of entries are more than the %d of a document", texts, bill.MaxTexts)
	}
	return nil
}

// byLine gathers entries under the lines they explain, each in the order it came in.
func byLine(entries []bill.Entry) map[uuid.UUID][]bill.Entry {
	under := map[uuid.UUID][]bill.Entry{}
	for _, entry := range entries {
		under[entry.Line] = append(under[entry.Line], entry)
	}
	return under
}

// figure writes a number for people: thousands apart, a true minus sign, so many decimals.
func figure(value decimal.Decimal, decimals int32) string {
	whole, fraction, broken := strings.Cut(value.Abs().StringFixed(decimals), ".")
	text := strings.Builder{}
	if value.Round(decimals).IsNegative() {
		text.WriteString("−")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			text.WriteByte(',')
		}
		text.WriteRune(digit)
	}
	if broken {
		text.WriteString("." + fraction)
	}
	return text.String()
}

// price writes a unit price, which may be finer than its currency.
func price(value decimal.Decimal, currency money.Currency) string {
	_, fraction, _ := strings.Cut(value.String(), ".")
	return figure(value, max(currency.Exponent(), int32(min(len(fraction), money.MaxDecimals)))) //nolint:gosec // at most 12
}

// written is a day in words, "31 March 2026", the same for readers of every country.
func written(day calendar.Date) string {
	if !day.Valid() {
		return string(day)
	}
	return day.Start(time.UTC).Format("2 January 2006")
}

// span is a while of days in words: "1 – 28 February 2026" within a month.
func span(from, until calendar.Date) string {
	switch {
	case from == until || until == "":
		return written(from)
	case from.Valid() && until.Valid() && from.Month() == until.Month():
		day, _, _ := strings.Cut(written(from), " ")
		return day + " – " + written(until)
	}
	return written(from) + " – " + written(until)
}

// clock writes minutes as hours and minutes, "28:30".
func clock(minutes int64) string {
	sign := ""
	if minutes < 0 {
		sign, minutes = "−", -minutes
	}
	return fmt.Sprintf("%s%d:%02d", sign, minutes/60, minutes%60)
}

// stopwatch writes seconds as hours, minutes and seconds, "28:30:00".
func stopwatch(seconds int64) string {
	return fmt.Sprintf("%s:%02d", clock(seconds/60), max(seconds, -seconds)%60)
}

// joined puts together the texts that say something.
func joined(separator string, texts ...string) string {
	said := make([]string, 0, len(texts))
	for _, text := range texts {
		if text != "" {
			said = append(said, text)
		}
	}
	return strings.Join(said, separator)
}

// named puts a name before a value; there is nothing to say where that is empty.
func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

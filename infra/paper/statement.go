package paper

import (
	"fmt"

	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// MaxRows bounds a statement.
const MaxRows = bill.MaxEntries

// Statement is a client's account with an issuer over some days, in one currency. Its figures come reckoned; a positive
// balance is what the client owes.
type Statement struct {
	Issuer, Client string // by name
	Zone           string // of the issuer, IANA: where days end
	From, Until    calendar.Date
	Currency       money.Currency
	Opening        decimal.Decimal // balance before From
	Rows           []StatementRow  // in the order they are printed
	Closing        decimal.Decimal // balance after Until
	Held           decimal.Decimal // of the client's payments, set against no invoice at Until; not printed when zero
}

// StatementRow is what changed the balance: Debit is charged, Credit paid or credited. One of them is usually zero.
type StatementRow struct {
	Day                    calendar.Date
	What                   string // "Invoice", "Payment"
	Number                 string // of the document, or the reference of a payment
	Debit, Credit, Balance decimal.Decimal
}

func (s Statement) bounded() error {
	if len(s.Rows) > MaxRows {
		return fmt.Errorf("%d rows are more than the %d of a statement; ask for fewer days", len(s.Rows), MaxRows)
	}
	return nil
}

// PDF prints the statement, the same bytes each time. It fails where Until is no day, and above MaxRows rows.
func (s Statement) PDF() ([]byte, error) {
	if err := s.bounded(); err != nil {
		return nil, err
	}
	const name = "Statement of account"
	c, err := newCanvas(name, s.Issuer, s.Until)
	if err != nil {
		return nil, err
	}
	amount := func(value decimal.Decimal) string { return figure(value, s.Currency.Exponent()) }
	moved := func(value decimal.Decimal) string {
		if value.IsZero() {
			return ""
		}
		return amount(value)
	}
	c.paragraph(heading, s.Issuer)
	c.paragraph(title, name)
	c.paragraph(plain.strong(), s.Client)
	c.paragraph(plain, span(s.From, s.Until))
	c.paragraph(label, fmt.Sprintf("Amounts are in %s, days those of %s. A balance is what is owed to %s.", s.Currency, s.Zone, s.Issuer))
	c.y += 4
	t := table{canvas: c, x: left, head: label, columns: []column{
		{"Day", 32, "L"}, {"", 40, "L"}, {"Number", 30, "L"}, {"Charged", 24, "R"}, {"Paid or credited", 24, "R"}, {"Balance", 24, "R"},
	}}
	t.begin()
	t.row(plain.strong(), 0, written(s.From), "Opening balance", "", "", "", amount(s.Opening))
	for _, row := range s.Rows {
		t.row(plain, 0, written(row.Day), row.What, row.Number, moved(row.Debit), moved(row.Credit), amount(row.Balance))
	}
	t.end()
	t.row(plain.strong(), 0, written(s.Until), "Closing balance", "", "", "", amount(s.Closing))
	if !s.Held.IsZero() {
		t.row(plain.strong(), 0, written(s.Until), "Held for you, not yet set against an invoice", "", "", "", amount(s.Held))
		c.paragraph(label, "What is held is of your payments and no part of the balance. What a credit note gave you is not in it.")
	}
	return c.finish(name, "")
}

// CSV writes the statement as a table with a row for the opening and one for the closing balance, and a last one, with
// its amount in the place of a balance, where something is held. It fails above MaxRows rows.
func (s Statement) CSV() ([]byte, error) {
	if err := s.bounded(); err != nil {
		return nil, err
	}
	amount := func(value decimal.Decimal) string { return value.StringFixed(s.Currency.Exponent()) }
	rows := [][]string{{"day", "what", "number", "debit", "credit", "balance", "currency", "zone"}}
	add := func(day calendar.Date, what, number, debit, credit string, balance decimal.Decimal) {
		rows = append(rows, []string{
			string(day), harmless(what), harmless(number), debit, credit, amount(balance), string(s.Currency), s.Zone,
		})
	}
	add(s.From, "opening balance", "", "", "", s.Opening)
	for _, row := range s.Rows {
		add(row.Day, row.What, row.Number, amount(row.Debit), amount(row.Credit), row.Balance)
	}
	add(s.Until, "closing balance", "", "", "", s.Closing)
	if !s.Held.IsZero() {
		add(s.Until, "held for you, not yet set against an invoice", "", "", "", s.Held)
	}
	return asCSV(rows)
}

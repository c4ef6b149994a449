package paper_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/bill"
	"effigate/domain/money"
	"effigate/infra/paper"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file that stands for what other systems were sent.
func golden(tb testing.TB, name string, got []byte) {
	tb.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestUBLOfTheWorkedExample(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]bill.Document{"invoice.xml": invoice(t), "credit_note.xml": credited(t, invoice(t))} {
		got, err := paper.UBL(doc)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
		checkOrder(t, got)
		checkArithmetic(t, got, doc)
	}
}

func TestUBLAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := anyDocument(t)
		got, err := paper.UBL(doc)
		if err != nil {
			t.Fatal(err)
		}
		checkOrder(t, got)
		checkArithmetic(t, got, doc)
	})
}

// anyDocument is an invoice of any lines, or a credit note of a part of one.
func anyDocument(t *rapid.T) bill.Document {
	c := content()
	c.Currency = rapid.SampledFrom([]money.Currency{"AUD", "EUR", "JPY", "KWD"}).Draw(t, "currency")
	c.Inclusive = rapid.Bool().Draw(t, "inclusive")
	c.RoundTo = decimal.New(int64(rapid.SampledFrom([]int{0, 5}).Draw(t, "round to")), -c.Currency.Exponent())
	c.Treatment = rapid.SampledFrom([]bill.Treatment{bill.Taxed, bill.Taxed, bill.TaxExempt, bill.ClientOwesIt}).Draw(t, "treatment")
	c.ExemptReason, c.Client.TaxID = "Article 44", "53 004 085 616"
	c.Rates = append(c.Rates,
		bill.TaxRate{Category: "odd", Kind: bill.StandardRate, Percent: number("9.975"), Name: "QST 9.975 %"},
		bill.TaxRate{Category: "outside", Kind: bill.OutsideScope, Name: "Outside", Reason: "Not in the scope of the tax"})
	c.Lines = nil
	for n := range rapid.IntRange(1, 12).Draw(t, "lines") {
		c.Lines = append(c.Lines, anyLine(t, n+1, c.Currency))
	}
	doc, err := c.Finish("INV-2026-0041", "2026-03-01")
	if err != nil {
		t.Skip(err) // Deductions can be more than the rest.
	}
	if rapid.Bool().Draw(t, "invoice") {
		return doc
	}
	var part []bill.Credit
	for _, line := range doc.Lines {
		net := line.Net
		if rapid.Bool().Draw(t, "part") {
			net = net.DivRound(decimal.NewFromInt(3), c.Currency.Exponent())
		}
		if line.Net.Sign() == net.Sign() && !net.IsZero() {
			part = append(part, bill.Credit{Line: line.ID, Net: net})
		}
	}
	lines, err := doc.Credit(nil, part)
	if err != nil {
		t.Skip(err)
	}
	return doc.CreditNoteOf(nil, lines, "CN-2026-0001", "2026-03-02", "Agreed")
}

func anyLine(t *rapid.T, n int, currency money.Currency) bill.Line {
	line := bill.Line{
		ID: lineID(n), Kind: bill.Time, Text: "A <line> & more", Unit: rapid.SampledFrom([]bill.Unit{bill.Hour, bill.Day, bill.Piece}).Draw(t, "unit"),
		UnitPrice:   decimal.New(rapid.Int64Range(-200_000, 2_000_000).Draw(t, "price"), -rapid.Int32Range(0, 4).Draw(t, "decimals")),
		TaxCategory: rapid.SampledFrom([]string{"", "free", "financial", "odd", "outside"}).Draw(t, "category"),
	}
	if line.Unit == bill.Piece {
		line.Kind, line.Count = bill.Manual, decimal.New(rapid.Int64Range(-500, 5_000).Draw(t, "count"), -rapid.Int32Range(0, 2).Draw(t, "fine"))
	} else {
		line.Minutes = rapid.IntRange(-500, 10_000).Draw(t, "minutes")
	}
	if line.Unit == bill.Day {
		line.DayMinutes = rapid.SampledFrom([]int{480, 456, 420}).Draw(t, "day")
	}
	line.Amount = bill.AmountOf(line, currency)
	line.Net = line.Amount
	return line
}

// element is a node of parsed XML.
type element struct {
	name       string
	attributes []xml.Attr
	text       string
	children   []element
}

// parsed reads XML back without the types that wrote it.
func parsed(tb rapid.TB, text []byte) element {
	tb.Helper()
	decoder, stack := xml.NewDecoder(bytes.NewReader(text)), []element{{}}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return stack[0].children[0]
		}
		if err != nil {
			tb.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			stack = append(stack, element{name: token.Name.Local, attributes: token.Attr})
		case xml.CharData:
			stack[len(stack)-1].text += string(token)
		case xml.EndElement:
			last := len(stack) - 1
			stack[last-1].children = append(stack[last-1].children, stack[last])
			stack = stack[:last]
		}
	}
}

// all are the elements at a path below one.
func (e element) all(path ...string) []element {
	found := []element{e}
	for _, name := range path {
		var next []element
		for _, parent := range found {
			for _, child := range parent.children {
				if child.name == name {
					next = append(next, child)
				}
			}
		}
		found = next
	}
	return found
}

// sum adds up the numbers at a path; of one element it is its number.
func (e element) sum(path ...string) decimal.Decimal {
	sum := decimal.Zero
	for _, found := range e.all(path...) {
		sum = sum.Add(number(found.text))
	}
	return sum
}

func (e element) said(path ...string) string {
	text := strings.Builder{}
	for _, found := range e.all(path...) {
		text.WriteString(found.text)
	}
	return text.String()
}

func (e element) attribute(name string, path ...string) string {
	for _, found := range e.all(path...) {
		for _, attribute := range found.attributes {
			if attribute.Name.Local == name {
				return attribute.Value
			}
		}
	}
	return ""
}

// checkArithmetic checks the rules BR-CO-10, 13, 14, 15, 16 and 17, and that each line is quantity × price.
func checkArithmetic(tb rapid.TB, text []byte, doc bill.Document) {
	tb.Helper()
	e, exponent := parsed(tb, text), doc.Currency.Exponent()
	same := func(rule string, want, got decimal.Decimal) {
		tb.Helper()
		if !want.Equal(got) {
			tb.Errorf("%s: %s is not %s in\n%s", rule, got, want, text)
		}
	}
	total := e.all("LegalMonetaryTotal")[0]
	kind := strings.TrimSuffix(e.name, "Line") + "Line"
	same("BR-CO-10", e.sum(kind, "LineExtensionAmount"), total.sum("LineExtensionAmount"))
	same("BR-CO-13", total.sum("LineExtensionAmount"), total.sum("TaxExclusiveAmount"))
	same("BR-CO-14", e.sum("TaxTotal", "TaxSubtotal", "TaxAmount"), e.sum("TaxTotal", "TaxAmount"))
	same("BR-CO-15", total.sum("TaxExclusiveAmount").Add(e.sum("TaxTotal", "TaxAmount")), total.sum("TaxInclusiveAmount"))
	same("BR-CO-16", total.sum("TaxInclusiveAmount").Add(total.sum("PayableRoundingAmount")), total.sum("PayableAmount"))
	for _, subtotal := range e.all("TaxTotal", "TaxSubtotal") {
		want := subtotal.sum("TaxableAmount").Mul(subtotal.sum("TaxCategory", "Percent")).Shift(-2).Round(exponent)
		got := subtotal.sum("TaxAmount")
		// Prices with tax, and credits that add up to their invoice, leave a smallest unit to one side.
		if doc.Inclusive || doc.Kind == bill.CreditNote {
			if want.Sub(got).Abs().LessThanOrEqual(decimal.New(1, -exponent)) {
				continue
			}
		}
		same("BR-CO-17", want, got)
	}
	for _, line := range e.all(kind) {
		checkLine(tb, line, exponent)
	}
	if currency := e.attribute("currencyID", "LegalMonetaryTotal", "PayableAmount"); currency != string(doc.Currency) {
		tb.Errorf("payable in %q", currency)
	}
}

func checkLine(tb rapid.TB, line element, exponent int32) {
	tb.Helper()
	quantity := "InvoicedQuantity"
	if line.name == "CreditNoteLine" {
		quantity = "CreditedQuantity"
	}
	each := line.sum("Price", "PriceAmount")
	if each.IsNegative() {
		tb.Errorf("a negative price: %s", each)
	}
	got := line.sum(quantity).Mul(each).DivRound(line.sum("Price", "BaseQuantity"), exponent)
	if want := line.sum("LineExtensionAmount"); !got.Equal(want) {
		tb.Errorf("line %s: quantity × price / base is %s, not %s", line.said("ID"), got, want)
	}
	if unit := line.attribute("unitCode", quantity); unit != line.attribute("unitCode", "Price", "BaseQuantity") {
		tb.Errorf("line %s counts %s at the price of another unit", line.said("ID"), unit)
	}
	percent := line.said("Item", "ClassifiedTaxCategory", "Percent")
	if outside := line.said("Item", "ClassifiedTaxCategory", "ID") == "O"; outside == (percent != "") {
		tb.Errorf("line %s: outside the scope is %v, at %q %%", line.said("ID"), outside, percent)
	}
}

// sequences are the elements that we write, in the order in which the schemas of UBL 2.1 want them.
var sequences = map[string]string{
	"Invoice":                    "ID IssueDate DueDate InvoiceTypeCode Note DocumentCurrencyCode InvoicePeriod OrderReference ContractDocumentReference AccountingSupplierParty AccountingCustomerParty PaymentMeans PaymentTerms TaxTotal LegalMonetaryTotal InvoiceLine",
	"CreditNote":                 "ID IssueDate CreditNoteTypeCode Note DocumentCurrencyCode InvoicePeriod OrderReference BillingReference ContractDocumentReference AccountingSupplierParty AccountingCustomerParty TaxTotal LegalMonetaryTotal CreditNoteLine",
	"InvoicePeriod":              "StartDate EndDate",
	"OrderReference":             "ID",
	"BillingReference":           "InvoiceDocumentReference",
	"InvoiceDocumentReference":   "ID IssueDate",
	"ContractDocumentReference":  "ID",
	"AccountingSupplierParty":    "Party",
	"AccountingCustomerParty":    "Party",
	"Party":                      "EndpointID PostalAddress PartyTaxScheme PartyLegalEntity Contact",
	"PostalAddress":              "StreetName AdditionalStreetName CityName PostalZone CountrySubentity AddressLine Country",
	"AddressLine":                "Line",
	"Country":                    "IdentificationCode",
	"PartyTaxScheme":             "CompanyID TaxScheme",
	"TaxScheme":                  "ID",
	"PartyLegalEntity":           "RegistrationName CompanyID",
	"Contact":                    "ElectronicMail",
	"PaymentMeans":               "PaymentMeansCode PaymentID PayeeFinancialAccount",
	"PayeeFinancialAccount":      "ID Name FinancialInstitutionBranch",
	"FinancialInstitutionBranch": "ID",
	"PaymentTerms":               "Note",
	"TaxTotal":                   "TaxAmount TaxSubtotal",
	"TaxSubtotal":                "TaxableAmount TaxAmount TaxCategory",
	"TaxCategory":                "ID Percent TaxExemptionReason TaxScheme",
	"LegalMonetaryTotal":         "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount PayableRoundingAmount PayableAmount",
	"InvoiceLine":                "ID Note InvoicedQuantity LineExtensionAmount InvoicePeriod Item Price",
	"CreditNoteLine":             "ID Note CreditedQuantity LineExtensionAmount InvoicePeriod Item Price",
	"Item":                       "Description Name ClassifiedTaxCategory",
	"ClassifiedTaxCategory":      "ID Percent TaxScheme",
	"Price":                      "PriceAmount BaseQuantity",
}

// checkOrder checks that elements stand where the schemas have a place for them, and that their prefixes say which
// namespace they are from.
func checkOrder(tb rapid.TB, text []byte) {
	tb.Helper()
	var walk func(e element)
	walk = func(e element) {
		order, at := strings.Fields(sequences[e.name]), 0
		for _, child := range e.children {
			place := slices.Index(order, child.name)
			if place < at {
				tb.Errorf("%s has %s where the schema does not", e.name, child.name)
				return
			}
			at = place
			walk(child)
		}
		if len(e.children) == 0 && strings.TrimSpace(e.text) == "" {
			tb.Errorf("%s is empty", e.name)
		}
	}
	e := parsed(tb, text)
	walk(e)
	if space := fmt.Sprintf("urn:oasis:names:specification:ubl:schema:xsd:%s-2", e.name); e.attribute("xmlns") != space {
		tb.Errorf("the root is of %q, not of %q", e.attribute("xmlns"), space)
	}
}

func TestUBLCountsWhatIsExact(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line      bill.Line
		inclusive bool
		want      []string // quantity, its unit, price, for how many, net, note
	}{
		"exact hours":          {bill.Line{Unit: bill.Hour, Minutes: 1710, UnitPrice: number("120")}, false, []string{"28.5", "HUR", "120", "1", "3420.00", ""}},
		"hours by the minute":  {bill.Line{Unit: bill.Hour, Minutes: 208, UnitPrice: number("99.99")}, false, []string{"208", "MIN", "99.99", "60", "346.63", ""}},
		"exact days":           {bill.Line{Unit: bill.Day, Minutes: 720, DayMinutes: 480, UnitPrice: number("900")}, false, []string{"1.5", "DAY", "900", "1", "1350.00", ""}},
		"days by the minute":   {bill.Line{Unit: bill.Day, Minutes: 100, DayMinutes: 456, UnitPrice: number("900")}, false, []string{"100", "MIN", "900", "456", "197.37", ""}},
		"a fine price":         {bill.Line{Unit: bill.Piece, Count: number("1000"), UnitPrice: number("0.0125")}, false, []string{"1000", "C62", "0.0125", "1", "12.50", ""}},
		"a price below zero":   {bill.Line{Unit: bill.Piece, Count: number("3"), UnitPrice: number("-5")}, false, []string{"-3", "C62", "5", "1", "-15.00", ""}},
		"a price with tax":     {bill.Line{Unit: bill.Hour, Minutes: 120, UnitPrice: number("110")}, true, []string{"1", "C62", "200", "1", "200.00", "2.00 h × 110.00"}},
		"less, at prices with": {bill.Line{Unit: bill.Piece, Count: number("-1"), UnitPrice: number("110")}, true, []string{"-1", "C62", "100", "1", "-100.00", "-1 × 110.00"}},
	} {
		c := content()
		c.Inclusive = test.inclusive
		test.line.ID, test.line.Kind, test.line.Text = lineID(9), bill.Manual, name
		test.line.Amount = bill.AmountOf(test.line, c.Currency)
		test.line.Net = test.line.Amount
		c.Lines = append(c.Lines, test.line)
		text, err := paper.UBL(finish(t, c, "2026-03-01"))
		if err != nil {
			t.Fatal(err)
		}
		line := parsed(t, text).all("InvoiceLine")[3]
		got := []string{
			line.said("InvoicedQuantity"), line.attribute("unitCode", "InvoicedQuantity"), line.said("Price", "PriceAmount"),
			line.said("Price", "BaseQuantity"), line.said("LineExtensionAmount"), line.said("Note"),
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

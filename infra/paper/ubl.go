package paper

import (
	"encoding/xml"
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Namespaces of UBL 2.1.
const (
	ublInvoice    = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	ublCreditNote = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
	ublAggregate  = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	ublBasic      = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
)

// Codes of the lists that UBL takes from UN/ECE.
const (
	commercialInvoice = "380" // UNTDID 1001
	creditNote        = "381"
	creditTransfer    = "30" // UNTDID 4461
	hours             = "HUR"
	minutes           = "MIN"
	days              = "DAY"
	pieces            = "C62"
)

// ublDocument is an invoice or a credit note: the schemas differ in a few names only. Here and below the order of
// fields is the order that the schemas demand.
type ublDocument struct {
	XMLName      xml.Name
	Namespace    string        `xml:"xmlns,attr"`
	Aggregate    string        `xml:"xmlns:cac,attr"`
	Basic        string        `xml:"xmlns:cbc,attr"`
	ID           string        `xml:"cbc:ID"`
	IssueDate    string        `xml:"cbc:IssueDate"`
	DueDate      string        `xml:"cbc:DueDate,omitempty"`
	InvoiceType  string        `xml:"cbc:InvoiceTypeCode,omitempty"`
	CreditType   string        `xml:"cbc:CreditNoteTypeCode,omitempty"`
	Notes        []string      `xml:"cbc:Note"`
	Currency     string        `xml:"cbc:DocumentCurrencyCode"`
	Period       *ublPeriod    `xml:"cac:InvoicePeriod"`
	Order        *ublReference `xml:"cac:OrderReference"`
	Billing      *ublBilling   `xml:"cac:BillingReference"`
	Contract     *ublReference `xml:"cac:ContractDocumentReference"`
	Supplier     ublParty      `xml:"cac:AccountingSupplierParty>cac:Party"`
	Customer     ublParty      `xml:"cac:AccountingCustomerParty>cac:Party"`
	Means        *ublMeans     `xml:"cac:PaymentMeans"`
	Terms        *ublTerms     `xml:"cac:PaymentTerms"`
	Tax          ublTaxTotal   `xml:"cac:TaxTotal"`
	Total        ublTotal      `xml:"cac:LegalMonetaryTotal"`
	InvoiceLines []ublLine     `xml:"cac:InvoiceLine"`
	CreditLines  []ublLine     `xml:"cac:CreditNoteLine"`
}

type ublPeriod struct {
	Start string `xml:"cbc:StartDate"`
	End   string `xml:"cbc:EndDate"`
}

type ublReference struct {
	ID   string `xml:"cbc:ID"`
	Date string `xml:"cbc:IssueDate,omitempty"`
}

type ublBilling struct {
	Invoice ublReference `xml:"cac:InvoiceDocumentReference"`
}

type ublParty struct {
	Endpoint *ublEndpoint `xml:"cbc:EndpointID"`
	Address  ublAddress   `xml:"cac:PostalAddress"`
	Tax      *ublPartyTax `xml:"cac:PartyTaxScheme"`
	Legal    ublLegal     `xml:"cac:PartyLegalEntity"`
	Contact  *ublContact  `xml:"cac:Contact"`
}

type ublEndpoint struct {
	Scheme string `xml:"schemeID,attr"`
	ID     string `xml:",chardata"`
}

type ublAddress struct {
	Street     string          `xml:"cbc:StreetName,omitempty"`
	Additional string          `xml:"cbc:AdditionalStreetName,omitempty"`
	City       string          `xml:"cbc:CityName,omitempty"`
	PostalZone string          `xml:"cbc:PostalZone,omitempty"`
	Region     string          `xml:"cbc:CountrySubentity,omitempty"`
	Line       *ublAddressLine `xml:"cac:AddressLine"`
	Country    string          `xml:"cac:Country>cbc:IdentificationCode"`
}

type ublAddressLine struct {
	Line string `xml:"cbc:Line"`
}

type ublPartyTax struct {
	ID     string `xml:"cbc:CompanyID"`
	Scheme string `xml:"cac:TaxScheme>cbc:ID"`
}

type ublLegal struct {
	Name string `xml:"cbc:RegistrationName"`
	ID   string `xml:"cbc:CompanyID,omitempty"`
}

type ublContact struct {
	Email string `xml:"cbc:ElectronicMail"`
}

type ublMeans struct {
	Code    string     `xml:"cbc:PaymentMeansCode"`
	ID      string     `xml:"cbc:PaymentID"`
	Account ublAccount `xml:"cac:PayeeFinancialAccount"`
}

type ublAccount struct {
	ID     string        `xml:"cbc:ID"`
	Name   string        `xml:"cbc:Name,omitempty"`
	Branch *ublReference `xml:"cac:FinancialInstitutionBranch"`
}

type ublTerms struct {
	Note string `xml:"cbc:Note"`
}

type ublAmount struct {
	Currency string `xml:"currencyID,attr"`
	Value    string `xml:",chardata"`
}

type ublQuantity struct {
	Unit  string `xml:"unitCode,attr"`
	Value string `xml:",chardata"`
}

type ublTaxTotal struct {
	Amount    ublAmount        `xml:"cbc:TaxAmount"`
	Subtotals []ublTaxSubtotal `xml:"cac:TaxSubtotal"`
}

type ublTaxSubtotal struct {
	Taxable  ublAmount   `xml:"cbc:TaxableAmount"`
	Amount   ublAmount   `xml:"cbc:TaxAmount"`
	Category ublCategory `xml:"cac:TaxCategory"`
}

type ublCategory struct {
	ID      bill.TaxKind `xml:"cbc:ID"`
	Percent string       `xml:"cbc:Percent,omitempty"`
	Reason  string       `xml:"cbc:TaxExemptionReason,omitempty"`
	Scheme  string       `xml:"cac:TaxScheme>cbc:ID"`
}

type ublTotal struct {
	Lines     ublAmount  `xml:"cbc:LineExtensionAmount"`
	Exclusive ublAmount  `xml:"cbc:TaxExclusiveAmount"`
	Inclusive ublAmount  `xml:"cbc:TaxInclusiveAmount"`
	Rounding  *ublAmount `xml:"cbc:PayableRoundingAmount"`
	Payable   ublAmount  `xml:"cbc:PayableAmount"`
}

type ublLine struct {
	ID       string       `xml:"cbc:ID"`
	Note     string       `xml:"cbc:Note,omitempty"`
	Invoiced *ublQuantity `xml:"cbc:InvoicedQuantity"`
	Credited *ublQuantity `xml:"cbc:CreditedQuantity"`
	Net      ublAmount    `xml:"cbc:LineExtensionAmount"`
	Period   *ublPeriod   `xml:"cac:InvoicePeriod"`
	Item     ublItem      `xml:"cac:Item"`
	Price    ublPrice     `xml:"cac:Price"`
}

type ublItem struct {
	Description string      `xml:"cbc:Description,omitempty"`
	Name        string      `xml:"cbc:Name"`
	Category    ublCategory `xml:"cac:ClassifiedTaxCategory"`
}

type ublPrice struct {
	Amount ublAmount   `xml:"cbc:PriceAmount"`
	Base   ublQuantity `xml:"cbc:BaseQuantity"`
}

// UBL writes a document as a UBL 2.1 Invoice or CreditNote, with the structure and the arithmetic of EN 16931: line
// nets add up to the total before tax, tax is that of each rate, and no price is negative. It names no customization,
// since no conformance is claimed. It fails beyond the bounds of package bill.
func UBL(doc bill.Document) ([]byte, error) {
	if err := bounded(doc, nil); err != nil {
		return nil, err
	}
	text, err := xml.MarshalIndent(ublOf(doc), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write %s as UBL: %w", doc.Number, err)
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

func ublOf(doc bill.Document) ublDocument {
	u := ubl{currency: doc.Currency, scheme: schemeOf(doc.Issuer.Country)}
	out := ublDocument{
		XMLName: xml.Name{Local: "Invoice"}, Namespace: ublInvoice, Aggregate: ublAggregate, Basic: ublBasic,
		ID: doc.Number, IssueDate: string(doc.Date), Notes: doc.Wording, Currency: string(doc.Currency),
		Supplier: u.party(doc.Issuer), Customer: u.party(doc.Client), Tax: u.taxes(doc), Total: u.total(doc),
	}
	if doc.Month.Valid() {
		out.Period = period(doc.Month.First(), doc.Month.Last())
	}
	if doc.PurchaseOrder != "" {
		out.Order = &ublReference{ID: doc.PurchaseOrder}
	}
	if doc.Contract != "" {
		out.Contract = &ublReference{ID: doc.Contract}
	}
	if doc.Kind == bill.CreditNote {
		out.XMLName.Local, out.Namespace, out.CreditType = "CreditNote", ublCreditNote, creditNote
		out.Billing = &ublBilling{ublReference{ID: doc.Invoice, Date: string(doc.InvoiceDate)}}
		if doc.Reason != "" {
			out.Notes = append([]string{doc.Reason}, doc.Wording...)
		}
		out.CreditLines = u.lines(doc.Lines, true)
		return out
	}
	out.InvoiceType, out.DueDate, out.InvoiceLines = commercialInvoice, string(doc.Due), u.lines(doc.Lines, false)
	out.Means = means(doc)
	if doc.Terms != "" {
		out.Terms = &ublTerms{doc.Terms}
	}
	return out
}

// ubl is what all parts of a document have to know of it.
type ubl struct {
	currency money.Currency
	scheme   string
}

// schemeOf is the tax that a country has, as the exchanges of its region name it.
func schemeOf(country string) string {
	switch country {
	case "AU", "IN", "NZ", "SG":
		return "GST"
	}
	return "VAT"
}

func (u ubl) amount(value decimal.Decimal) ublAmount {
	return ublAmount{string(u.currency), value.StringFixed(u.currency.Exponent())}
}

func (u ubl) party(p bill.Party) ublParty {
	out := ublParty{
		Address: ublAddress{City: p.City, PostalZone: p.PostalCode, Region: p.Region, Country: p.Country},
		Legal:   ublLegal{p.Name, p.CompanyID},
	}
	switch lines := p.Address; {
	case len(lines) > 2:
		out.Address.Line = &ublAddressLine{joined(", ", lines[2:]...)}
		fallthrough
	case len(lines) == 2:
		out.Address.Additional = lines[1]
		fallthrough
	case len(lines) == 1:
		out.Address.Street = lines[0]
	}
	if p.TaxID != "" {
		out.Tax = &ublPartyTax{p.TaxID, u.scheme}
	}
	if p.Email != "" {
		out.Endpoint = &ublEndpoint{"EM", p.Email} // a mail address, in the list of electronic addresses
		out.Contact = &ublContact{p.Email}
	}
	return out
}

func period(from, until calendar.Date) *ublPeriod {
	if from == "" || until == "" {
		return nil
	}
	return &ublPeriod{string(from), string(until)}
}

func means(doc bill.Document) *ublMeans {
	account := doc.Account
	if account.Number == "" {
		return nil
	}
	out := &ublMeans{creditTransfer, doc.Number, ublAccount{ID: account.Number, Name: account.Holder}}
	if account.BIC != "" {
		out.Account.Branch = &ublReference{ID: account.BIC}
	}
	return out
}

// category is a tax category: one outside the scope of tax has no rate, only untaxed ones have a reason.
func (u ubl) category(kind bill.TaxKind, percent decimal.Decimal, reason string) ublCategory {
	out := ublCategory{ID: kind, Percent: percent.String(), Reason: reason, Scheme: u.scheme}
	switch kind {
	case bill.OutsideScope:
		out.Percent = ""
	case bill.StandardRate, bill.ZeroRate:
		out.Reason = ""
	case bill.Exempt, bill.ReverseCharge:
	}
	return out
}

func (u ubl) taxes(doc bill.Document) ublTaxTotal {
	out := ublTaxTotal{Amount: u.amount(doc.Tax)}
	for _, tax := range doc.Taxes {
		reason := tax.Reason
		if reason == "" {
			reason = tax.Name
		}
		out.Subtotals = append(out.Subtotals, ublTaxSubtotal{
			u.amount(tax.Base), u.amount(tax.Amount), u.category(tax.Kind, tax.Percent, reason),
		})
	}
	return out
}

func (u ubl) total(doc bill.Document) ublTotal {
	lines := decimal.Zero
	for _, line := range doc.Lines {
		lines = lines.Add(line.Net)
	}
	out := ublTotal{
		Lines: u.amount(lines), Exclusive: u.amount(doc.Net), Inclusive: u.amount(doc.Total), Payable: u.amount(doc.Payable),
	}
	if !doc.Rounding.IsZero() {
		rounding := u.amount(doc.Rounding)
		out.Rounding = &rounding
	}
	return out
}

func (u ubl) lines(lines []bill.Line, credited bool) []ublLine {
	out := make([]ublLine, len(lines))
	for i, line := range lines {
		count, each, note := u.counted(line)
		out[i] = ublLine{
			ID: strconv.Itoa(i + 1), Note: note, Net: u.amount(line.Net), Period: period(line.From, line.Until),
			Item:  ublItem{line.Section, line.Text, u.category(line.TaxKind, line.TaxPercent, "")},
			Price: each,
		}
		if credited {
			out[i].Credited = &count
		} else {
			out[i].Invoiced = &count
		}
	}
	return out
}

// counted gives a line's quantity and price so that quantity × price / base quantity, rounded, is its net, and no price
// is negative. Where the printed ones cannot do that (the price is with tax, or the line credits a part) it is one
// piece at the net, and the note tells what is printed.
func (u ubl) counted(line bill.Line) (ublQuantity, ublPrice, string) {
	quantity, unit, base := quantityOf(line)
	each, note := line.UnitPrice, ""
	if each.IsNegative() {
		quantity, each = quantity.Neg(), each.Neg()
	}
	if net := quantity.Mul(each).DivRound(base, u.currency.Exponent()); !net.Equal(line.Net) {
		note = line.Quantity + " × " + price(line.UnitPrice, u.currency)
		quantity, unit, base, each = decimal.NewFromInt(1), pieces, decimal.NewFromInt(1), line.Net.Abs()
		if line.Net.IsNegative() {
			quantity = quantity.Neg()
		}
	}
	return ublQuantity{unit, quantity.String()},
		ublPrice{ublAmount{string(u.currency), each.String()}, ublQuantity{unit, base.String()}}, note
}

// quantityOf is how much a line is, of what unit, and how many of that unit its price is for: hours and days where
// these are exact to the hundredth, else minutes at the price of an hour or a day.
func quantityOf(line bill.Line) (quantity decimal.Decimal, unit string, base decimal.Decimal) {
	one, time := decimal.NewFromInt(1), decimal.NewFromInt(int64(line.Minutes))
	whole, unit := 60, hours
	switch {
	case line.Unit == bill.Piece:
		return line.Count, pieces, one
	case line.Unit == bill.Day && line.DayMinutes > 0:
		whole, unit = line.DayMinutes, days
	}
	if line.Minutes*100%whole == 0 {
		return time.DivRound(decimal.NewFromInt(int64(whole)), 2), unit, one
	}
	return time, minutes, decimal.NewFromInt(int64(whole))
}

package bill

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/terms"
)

// Content is a draft: all that Finish needs but number and date.
type Content struct {
	Contract      string         `json:"contract"`
	Month         calendar.Month `json:"month"`
	PurchaseOrder string         `json:"purchase_order,omitzero"`
	Currency      money.Currency `json:"currency"`
	Zone          string         `json:"zone"`
	Issuer        Party          `json:"issuer"`
	Client        Party          `json:"client"`
	Account       Account        `json:"account,omitzero"`
	Payment       terms.Payment  `json:"payment,omitzero"`
	// BusinessDays moves a due date off a weekend, to the Monday after.
	BusinessDays bool      `json:"business_days,omitzero"`
	Treatment    Treatment `json:"treatment,omitzero"`
	// ExemptReason is printed where Treatment charges no tax.
	ExemptReason string          `json:"exempt_reason,omitzero"`
	Inclusive    bool            `json:"inclusive,omitzero"`
	RoundTo      decimal.Decimal `json:"round_to,omitzero"` // the unit that can be paid; zero = the currency's own
	// Rates are the issuer's rates on TaxDay, by category; DefaultCategory is that of lines that name none.
	Rates           []TaxRate     `json:"rates"`
	TaxDay          calendar.Date `json:"tax_day"` // the last day of the period
	DefaultCategory string        `json:"default_category,omitzero"`
	Wording         []string      `json:"wording,omitzero"`
	// Lines have Net and Amount, rounded, and no tax yet.
	Lines         []Line `json:"lines"`
	EntriesSHA256 string `json:"entries_sha256,omitzero"`
}

const maxDays = 365 // of payment

// Check lists what keeps a content from becoming a document, by field as a form names it; nothing when it can.
func (c Content) Check() map[string]string {
	var check domain.Check
	c.check(&check)
	if check.Err() == nil {
		document := c.document("", c.TaxDay)
		check.That(!document.Total.IsNegative(), "lines", "must not come to less than zero together")
		check.That(len(document.Canonical()) <= MaxDocument, "lines", "must be fewer, or have shorter texts: the document is beyond "+strconv.Itoa(MaxDocument)+" bytes")
	}
	return check.Fields()
}

// Finish makes the document of a draft. The number is empty for a preview. It refuses what Check lists.
func (c Content) Finish(number string, date calendar.Date) (Document, error) {
	if wrong := c.Check(); len(wrong) > 0 {
		return Document{}, &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "the draft cannot become a document", Fields: wrong}
	}
	var check domain.Check
	optionalLine(&check, "number", number)
	check.That(date.Valid(), "date", "must be a day, such as 2026-03-31")
	if err := check.Err(); err != nil {
		return Document{}, err
	}
	return c.document(number, date), nil
}

// document is Finish of a content that Check found nothing wrong with.
func (c Content) document(number string, date calendar.Date) Document {
	d := Document{
		Kind: Invoice, Number: number, Date: date, Due: DueOn(c.Payment, date, c.BusinessDays), Zone: c.Zone,
		Contract: c.Contract, Month: c.Month, PurchaseOrder: c.PurchaseOrder, Currency: c.Currency, Issuer: c.Issuer,
		Client: c.Client, Account: c.Account, Lines: slices.Clone(c.Lines), Inclusive: c.Inclusive,
		Terms: paymentText(c.Payment), Wording: c.Wording, EntriesSHA256: c.EntriesSHA256,
	}
	for i := range d.Lines {
		d.Lines[i].Quantity = Printed(d.Lines[i])
	}
	d.Taxes = c.tax(d.Lines)
	d = d.totalled()
	d.Payable = d.Total
	if c.RoundTo.IsPositive() {
		d.Payable = d.Total.DivRound(c.RoundTo, 0).Mul(c.RoundTo)
		d.Rounding = d.Payable.Sub(d.Total)
	}
	return d
}

// totalled is the document with its taxes added up.
func (d Document) totalled() Document {
	for _, tax := range d.Taxes {
		d.Net, d.Tax = d.Net.Add(tax.Base), d.Tax.Add(tax.Amount)
	}
	d.Total = d.Net.Add(d.Tax)
	return d
}

var (
	zoneForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+/-]{0,63}$`)
	digestForm = regexp.MustCompile(`^([0-9a-f]{64})?$`)
)

func (c Content) check(check *domain.Check) {
	check.Line("contract", c.Contract)
	check.That(c.Month.Valid(), "month", "must be a month, such as 2026-03")
	optionalLine(check, "purchase_order", c.PurchaseOrder)
	check.That(c.Currency.Valid(), "currency", "must be a code of ISO 4217, such as EUR")
	check.That(zoneForm.MatchString(c.Zone), "zone", "must be the IANA name of a time zone, such as Europe/Berlin")
	c.Issuer.Check(check, "issuer")
	c.Client.Check(check, "client")
	c.Account.Check(check, "account")
	check.That(c.Payment.Rule == terms.OnReceipt || c.Payment.Rule == terms.Net || c.Payment.Rule == terms.EndOfMonth, "payment", "must be due on receipt, or count days from the date or the end of the month")
	check.That(c.Payment.Days >= 0 && c.Payment.Days <= maxDays, "payment", "must be 0 to 365 days")
	CheckTreatment(check, c.Treatment, c.ExemptReason, c.Client)
	check.That(IsUnit(c.RoundTo, c.Currency), "round_to", "must be a multiple of the currency's smallest unit, at most 1,000")
	check.That(c.TaxDay.Valid(), "tax_day", "must be a day, such as 2026-03-31")
	CheckRates(check, "rates", c.Rates)
	CheckWording(check, "wording", c.Wording)
	check.That(digestForm.MatchString(c.EntriesSHA256), "entries_sha256", "must be a SHA-256 in hex, or empty")
	if check.Err() == nil { // The lines are worked out by the currency and the rates.
		c.checkLines(check)
	}
}

// CheckTreatment notes what a treatment lacks: an exemption its reason, a reverse charge the client's tax id.
func CheckTreatment(check *domain.Check, t Treatment, reason string, client Party) {
	check.That(t == Taxed || t == TaxExempt || t == ClientOwesIt, "treatment", "must be empty, exempt or reverse_charge")
	check.That(t != TaxExempt || reason != "", "exempt_reason", "must be given: it is printed where no tax is charged")
	check.That(reason == "" || isText(reason), "exempt_reason", textRule)
	check.That(t != ClientOwesIt || client.TaxID != "", "treatment", "must be another as long as the client has no tax id: who owes the tax is known by it")
}

// IsUnit reports whether an amount can be the smallest one that is paid in a currency; zero is none.
func IsUnit(unit decimal.Decimal, currency money.Currency) bool {
	return fits(unit, currency.Exponent()) && !unit.IsNegative() && unit.LessThanOrEqual(decimal.NewFromInt(maxUnit))
}

const maxUnit = 1000

func (c Content) checkLines(check *domain.Check) {
	check.That(len(c.Lines) >= 1 && len(c.Lines) <= MaxLines, "lines", "must be 1 to "+strconv.Itoa(MaxLines)+", are "+strconv.Itoa(len(c.Lines)))
	known := make(map[string]bool, len(c.Rates))
	for _, rate := range c.Rates {
		check.That(!known[rate.Category] && rate.From <= c.TaxDay, "rates", "must be those in force on the tax day, one for each category")
		known[rate.Category] = true
	}
	ids := make(map[uuid.UUID]bool, len(c.Lines))
	entries, manual := 0, 0
	for i, line := range c.Lines {
		wrong := line.wrong(c.Currency)
		switch {
		case wrong != "":
		case ids[line.ID]:
			wrong = "must have an id of its own"
		case c.rateOf(line) < 0:
			wrong = fmt.Sprintf("must be taxed in a category that has a rate on %s, not %q", c.TaxDay, line.TaxCategory)
		}
		check.That(wrong == "", "lines", fmt.Sprintf("%s: number %d", wrong, i+1))
		ids[line.ID] = true
		entries += line.Entries
		if line.Kind == Manual {
			manual++
		}
	}
	check.That(entries <= MaxEntries, "lines", "must have at most "+strconv.Itoa(MaxEntries)+" entries")
	check.That(manual <= MaxManual, "lines", "must have at most "+strconv.Itoa(MaxManual)+" that were added by hand")
}

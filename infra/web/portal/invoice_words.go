package portal

import (
	"strconv"
	"strings"

	"effigate/domain/money"
	"effigate/domain/visible"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// amountText is a canonical number as money of a currency, with at least its decimals: "3,420.00".
func amountText(number, currency string) string {
	if number == "" {
		return ""
	}
	sign := ""
	if above, below := strings.CutPrefix(number, "-"); below {
		sign, number = "−", above
	}
	whole, part, _ := strings.Cut(number, ".")
	for len(part) < int(money.Currency(currency).Exponent()) {
		part += "0"
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	return sign + whole
}

// moneyText is amountText with the currency.
func moneyText(number, currency string) string { return amountText(number, currency) + " " + currency }

// quantityText is how many of a line, with the minus sign that amounts have.
func quantityText(quantity string) string { return strings.Replace(quantity, "-", "−", 1) }

// isZero reports whether a canonical number is nothing.
func isZero(number string) bool { return number == "" || number == "0" }

// below is the canonical number of the opposite.
func below(number string) string {
	if above, negative := strings.CutPrefix(number, "-"); negative || isZero(number) {
		return above
	}
	return "-" + number
}

// invoiceTone is the tone of an invoice's label.
func invoiceTone(i client.Invoice) page.Tone {
	switch {
	case i.Overdue:
		return page.Danger
	case i.Label == "Paid":
		return page.Good
	case i.Label == "Awaiting payment", i.Label == "Partly paid":
		return page.Attention
	default:
		return page.Neutral
	}
}

// disputeWords are the states of an objection in words.
var disputeWords = map[string]word{
	visible.DisputeOpen: {page.Attention, "With us"}, visible.DisputeReviewed: {page.Attention, "We look into it"},
	visible.DisputeAccepted: {page.Good, "Accepted"}, visible.DisputeRejected: {page.Neutral, "Rejected"},
	visible.DisputeWithdrawn: {page.Neutral, "Withdrawn"},
}

// undecided reports whether an objection waits for its answer.
func undecided(d client.Dispute) bool {
	return d.State == visible.DisputeOpen || d.State == visible.DisputeReviewed
}

// conditionNames are the conditions of time in words.
var conditionNames = map[string]string{
	"regular": "Regular hours", "after_hours": "After hours", "weekend": "Weekend", "holiday": "Holiday", "emergency": "Emergency",
}

// priceText is the price of a line and what it is for.
func priceText(c client.Charge, currency string) string {
	price := amountText(c.UnitPrice, currency)
	switch c.Unit {
	case "hour":
		return price + " per hour"
	case "day":
		return price + " per day"
	default:
		return price
	}
}

// circumstances are when the work of a line was done, and under what condition.
func circumstances(c client.Charge) string {
	parts := []string{}
	if name := conditionNames[c.Condition]; name != "" {
		parts = append(parts, name)
	}
	if c.From != "" {
		parts = append(parts, spanText(c.From, c.Until))
	}
	return strings.Join(parts, ", ")
}

// spentText is a time in words, to the second.
func spentText(seconds int64) string {
	text := hoursText(int(seconds / 60))
	if rest := seconds % 60; rest != 0 {
		text += " " + strconv.FormatInt(rest, 10) + " s"
	}
	return text
}

// clauseText says what of the contract an entry rests on.
func clauseText(e client.Entry) string {
	switch {
	case e.Version == 0:
		return e.Clause
	case e.Clause == "":
		return "version " + strconv.Itoa(e.Version)
	default:
		return "version " + strconv.Itoa(e.Version) + ", " + e.Clause
	}
}

// roundedText is what time counts for, and how it came to that.
func roundedText(e client.Entry) string {
	if e.Minutes == 0 && e.Seconds == 0 {
		return ""
	}
	if e.Rule == "" {
		return hoursText(e.Minutes)
	}
	return hoursText(e.Minutes) + " (" + e.Rule + ")"
}

// reckoning is how the amount of a line follows from its quantity and price.
func reckoning(c client.Charge, currency string) string {
	if isZero(c.UnitPrice) {
		return quantityText(c.Quantity) + ", nothing to pay"
	}
	text := quantityText(c.Quantity) + " × " + priceText(c, currency) + " = " + moneyText(c.Amount, currency)
	if c.TaxPercent != "" {
		text += ", taxed at " + c.TaxPercent + " %"
	}
	return text
}

// taxText names a tax.
func taxText(t client.Tax, currency string) string {
	text := t.Name + " of " + amountText(t.Base, currency)
	if t.Reason != "" {
		text += " (" + t.Reason + ")"
	}
	return text
}

// partyLines are a legal person as on an envelope, with its numbers.
func partyLines(p client.Party) []string {
	lines := append([]string{p.Name}, p.Address...)
	for _, line := range []string{strings.TrimSpace(p.PostalCode + " " + p.City), p.Region, p.Country, labelled("Tax number", p.TaxID), labelled("Company number", p.CompanyID)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// accountLines are where money is paid to.
func accountLines(a client.Account) (lines []string) {
	for _, line := range []string{a.Holder, a.Bank, a.Number, labelled("BIC", a.BIC)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + " " + text
}

// statementWords are the rows of a statement in words.
var statementWords = map[string]string{
	client.StatementInvoice: "Invoice", client.StatementCreditNote: "Credit note", client.StatementPayment: "Payment",
	client.StatementReversed: "Payment taken back", client.StatementClosed: "Closed",
}

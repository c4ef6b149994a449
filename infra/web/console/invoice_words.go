package console

import (
	"fmt"
	"strconv"
	"strings"

	"effigate/domain/bill"
	"effigate/domain/payment"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// filled lists those of the texts that say something.
func filled(texts ...string) []string {
	var found []string
	for _, text := range texts {
		if text != "" {
			found = append(found, text)
		}
	}
	return found
}

// addressOf is a party below its name, line by line.
func addressOf(p bill.Party) []string {
	lines := append([]string{}, p.Address...)
	lines = append(lines, filled(strings.Join(filled(p.PostalCode, p.City, p.Region), " "), p.Country)...)
	if p.TaxID != "" {
		lines = append(lines, "Tax id "+p.TaxID)
	}
	if p.CompanyID != "" {
		lines = append(lines, "Company "+p.CompanyID)
	}
	return append(lines, filled(p.Email)...)
}

// spanOf is when the work of a line was done.
func spanOf(l documentLine) string {
	if l.From == l.Until {
		return orDash(dayText(l.From))
	}
	return dayText(l.From) + " to " + dayText(l.Until)
}

// taxText names a tax as it is printed, with why nothing is charged.
func taxText(t bill.Tax) string {
	if t.Reason != "" {
		return t.Name + ": " + t.Reason
	}
	return t.Name
}

func entryText(e bill.Entry) string {
	return strings.Join(filled(e.JobType, e.Text), ": ")
}

// ruleText is how raw time became what counts, and by which clause.
func ruleText(e bill.Entry) string {
	clause := e.Clause
	if e.Version > 0 {
		clause = strings.TrimPrefix(clause+", version "+strconv.Itoa(e.Version), ", ")
	}
	return strings.Join(filled(e.Rule, clause), "; ")
}

// sourceText is where the price of an entry comes from.
func sourceText(s bill.EntryStaff) string {
	if s.Row == "" {
		return ""
	}
	text := "row " + s.Row
	if s.CardVer > 0 {
		text += fmt.Sprintf(" of version %d", s.CardVer)
	}
	if s.CardLayer != "" {
		text += ", " + strings.ReplaceAll(s.CardLayer, "_", " ")
	}
	return text
}

// undecided reports whether an objection waits for its answer.
func undecided(item rows.DisputeLine) bool {
	return item.State == "open" || item.State == "under_review"
}

// lateText counts the objections whose answer is late.
func lateText(count int) string {
	if count == 1 {
		return "The answer to an objection is late."
	}
	return "The answers to " + strconv.Itoa(count) + " objections are late."
}

func disputeTone(state string) page.Tone {
	switch state {
	case "open", "under_review":
		return page.Attention
	}
	return page.Neutral
}

// creditReason is the code of a credit note in words.
func creditReason(code string) string {
	for _, known := range creditCodes {
		if string(known.code) == code {
			return known.words
		}
	}
	return label(code)
}

func paymentSource(source string) string {
	switch payment.Source(source) {
	case payment.ByHand:
		return "Recorded by staff"
	case payment.ByGateway:
		return "Payment gateway"
	case payment.ByCredit:
		return "Credit note"
	}
	return label(source)
}

// manualLines are the lines that a person added to the draft.
func (v invoiceView) manualLines() []documentLine {
	var found []documentLine
	if v.Document != nil {
		for _, line := range v.Document.Lines {
			if line.Kind == bill.Manual {
				found = append(found, line)
			}
		}
	}
	return found
}

// A page has several forms, whose fields the commands call by the same names: an error goes to the form that was sent.

func (v invoiceView) reasonError(act string) string {
	if v.Form.Get("act") == act {
		return v.Form.Wrong("reason")
	}
	return ""
}

func (v invoiceView) lineReasonError() string {
	if v.Form.Values.Has("unit_price") {
		return v.Form.Wrong("reason")
	}
	return ""
}

func (v invoiceView) wordsError() string {
	if v.Form.Values.Has("words") {
		return v.Form.Wrong("text")
	}
	return ""
}

func (v invoiceView) disputeError(field string) string {
	if v.Form.Values.Has(field) {
		return v.Form.Wrong("answer")
	}
	return ""
}

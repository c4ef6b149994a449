package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/issuer"
	"effigate/domain/money"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

const (
	issuersPath  = "/issuers"
	describePath = "/issuers/describe"
)

// issuersView lists who issues invoices.
type issuersView struct {
	Items    []issuerBody
	Names    map[string]string
	Describe bool // the viewer may
}

// issuerView is the form of one issuer.
type issuerView struct {
	Key  string // empty for another one
	Form typed
}

// billingView is the form of how a client is invoiced.
type billingView struct {
	Of      rows.Client
	Path    string
	Issuers []page.Option
	Checked *time.Time // when somebody saw that the tax id is valid
	Form    typed
}

func (c *Console) addIssuerPages() {
	showing(c, issuersPath, access.ReadInvoices, c.viewIssuers, issuersPage)
	showing(c, describePath, access.ManageIssuers, c.viewIssuer, issuerPage)
	c.posting(describePath, access.ManageIssuers, c.postIssuer, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		frame := c.frame(r, login)
		frame.Wrong = true
		return page.Render(w, r, status, issuerPage(frame, issuerView{Key: form.Get("issuer"), Form: form}))
	})
	showing(c, "/clients/{id}/billing", access.DescribeBilling, c.viewBilling, billingPage)
	c.posting("/clients/{id}/billing", access.DescribeBilling, c.postBilling, again(c, access.DescribeBilling, c.viewBilling, billingPage, func(v *billingView, form typed) {
		v.Form, v.Issuers = form, chosen(v.Issuers, form.Get("issuer"))
	}))
}

func (c *Console) viewIssuers(ctx context.Context, tx pgx.Tx, r reader, _ *http.Request) (v issuersView, err error) {
	if v.Items, err = issuersIn(ctx, tx); err != nil {
		return v, err
	}
	v.Describe = r.may(access.ManageIssuers)
	var ids []uuid.UUID
	for _, item := range v.Items {
		ids = append(ids, given(item.DescribedBy)...)
	}
	v.Names, err = c.people(ctx, tx, ids)
	return v, err
}

func (c *Console) viewIssuer(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v issuerView, err error) {
	v.Form = blank()
	if v.Key = request.URL.Query().Get("issuer"); v.Key == "" {
		v.Form.Values.Set("issuer", issuer.Main)
		return v, nil
	}
	row, err := rows.IssuerByKey(ctx, tx, v.Key)
	if err != nil {
		return v, err
	}
	var content issuer.Content
	if err := decoded(row.Content, &content); err != nil {
		return v, err
	}
	typeIssuer(v.Form, v.Key, content)
	return v, nil
}

// typeIssuer fills a form in with what is said of an issuer.
func typeIssuer(form typed, key string, content issuer.Content) {
	set := form.Values.Set
	set("issuer", key)
	typeParty(form, content.Party)
	for field, value := range map[string]string{
		"account.holder": content.Account.Holder, "account.bank": content.Account.Bank, "account.number": content.Account.Number,
		"account.bic": content.Account.BIC, "zone": content.Zone, "invoice_prefix": content.InvoicePrefix, "credit_prefix": content.CreditPrefix,
		"default_category": content.DefaultCategory, "reporting_currency": string(content.ReportingCurrency), "wording": strings.Join(content.Wording, "\n"),
	} {
		set(field, value)
	}
	for field, on := range map[string]bool{"two_people": content.TwoPeople, "business_days": content.BusinessDays} {
		if on {
			set(field, "on")
		}
	}
	if content.AnswerDays > 0 {
		set("answer_days", strconv.Itoa(content.AnswerDays))
	}
	var first, units, reminders, rates []string
	for _, f := range content.First {
		first = append(first, string(f.Kind)+" "+strconv.Itoa(f.Year)+" "+strconv.Itoa(f.Number))
	}
	for _, unit := range content.RoundTo {
		units = append(units, string(unit.Currency)+" "+unit.Unit.String())
	}
	for _, reminder := range content.Reminders {
		reminders = append(reminders, strconv.Itoa(reminder.Days)+" "+strings.ReplaceAll(reminder.Text, "\n", " "))
	}
	for _, rate := range content.Rates {
		rates = append(rates, strings.Join([]string{rate.Category, string(rate.Kind), rate.Percent.String(), rate.Name, string(rate.From), rate.Reason}, "; "))
	}
	set("first", strings.Join(first, "\n"))
	set("round_to", strings.Join(units, "\n"))
	set("reminders", strings.Join(reminders, "\n"))
	set("rates", strings.Join(rates, "\n"))
}

func typeParty(form typed, p bill.Party) {
	for field, value := range map[string]string{
		"name": p.Name, "address": strings.Join(p.Address, "\n"), "city": p.City, "postal_code": p.PostalCode, "region": p.Region,
		"country": p.Country, "tax_id": p.TaxID, "company_id": p.CompanyID, "email": p.Email,
	} {
		form.Values.Set("party."+field, value)
	}
}

// partyTyped reads a party of a form.
func partyTyped(form typed) bill.Party {
	get := func(field string) string { return strings.TrimSpace(form.Get("party." + field)) }
	return bill.Party{
		Name: get("name"), Address: linesTyped(form.Get("party.address")), City: get("city"), PostalCode: get("postal_code"), Region: get("region"),
		Country: strings.ToUpper(get("country")), TaxID: get("tax_id"), CompanyID: get("company_id"), Email: get("email"),
	}
}

// linesTyped are the lines of a text that say something.
func linesTyped(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}

func (c *Console) postIssuer(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	content, err := issuerTyped(form)
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.commands.DescribeIssuer(r.Context(), request, commands.DescribeIssuer{Issuer: strings.TrimSpace(form.Get("issuer")), Content: content})
	return then(issuersPath, "issuer_described", answer), err
}

// issuerTyped reads an issuer of a form.
func issuerTyped(form typed) (content issuer.Content, err error) {
	get := func(field string) string { return strings.TrimSpace(form.Get(field)) }
	content = issuer.Content{
		Party:   partyTyped(form),
		Account: bill.Account{Holder: get("account.holder"), Bank: get("account.bank"), Number: get("account.number"), BIC: get("account.bic")},
		Zone:    get("zone"), InvoicePrefix: get("invoice_prefix"), CreditPrefix: get("credit_prefix"), DefaultCategory: get("default_category"),
		TwoPeople: get("two_people") != "", BusinessDays: get("business_days") != "", Wording: linesTyped(form.Get("wording")),
		ReportingCurrency: money.Currency(strings.ToUpper(get("reporting_currency"))),
	}
	var check domain.Check
	content.First = readLines(&check, form, "first", "must be such as invoice 2026 41, each on a line", firstTyped)
	content.RoundTo = readLines(&check, form, "round_to", "must be such as CHF 0.05, each on a line", unitTyped)
	content.Reminders = readLines(&check, form, "reminders", "must be such as 7 The invoice is due, each on a line", reminderTyped)
	if text := get("answer_days"); text != "" {
		content.AnswerDays, err = strconv.Atoi(text)
		check.That(err == nil, "answer_days", "must be a number of business days, or nothing")
	}
	content.Rates = readLines(&check, form, "rates", "must be such as standard; S; 20; VAT 20 %, each on a line", rateTyped)
	return content, check.Err()
}

// readLines reads a field line by line, and notes when one of them is not of the form.
func readLines[T any](check *domain.Check, form typed, field, rule string, read func(string) (T, bool)) []T {
	var found []T
	all := true
	for _, line := range linesTyped(form.Get(field)) {
		one, ok := read(line)
		found, all = append(found, one), all && ok
	}
	check.That(all, field, rule)
	return found
}

func firstTyped(line string) (issuer.First, bool) {
	words := strings.Fields(line)
	if len(words) != 3 {
		return issuer.First{}, false
	}
	year, err := strconv.Atoi(words[1])
	number, err2 := strconv.Atoi(words[2])
	return issuer.First{Kind: bill.DocumentKind(words[0]), Year: year, Number: number}, err == nil && err2 == nil
}

func unitTyped(line string) (issuer.RoundTo, bool) {
	code, text, _ := strings.Cut(line, " ")
	unit, err := amountOf(strings.TrimSpace(text))
	return issuer.RoundTo{Currency: money.Currency(code), Unit: unit}, err == nil
}

func reminderTyped(line string) (issuer.Reminder, bool) {
	days, text, _ := strings.Cut(line, " ")
	number, err := strconv.Atoi(days)
	return issuer.Reminder{Days: number, Text: strings.TrimSpace(text)}, err == nil
}

func rateTyped(line string) (bill.TaxRate, bool) {
	parts := strings.SplitN(line, ";", 6)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) < 4 {
		return bill.TaxRate{}, false
	}
	parts = slices.Grow(parts, 2)
	for len(parts) < 6 {
		parts = append(parts, "")
	}
	percent, err := amountOf(strings.TrimSuffix(parts[2], "%"))
	return bill.TaxRate{
		Category: parts[0], Kind: bill.TaxKind(parts[1]), Percent: percent, Name: parts[3], From: calendar.Date(parts[4]), Reason: parts[5],
	}, err == nil
}

func (c *Console) viewBilling(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v billingView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.Of, err = rows.ClientByID(ctx, tx, id); err != nil {
		return v, err
	}
	if err := r.sees(v.Of); err != nil {
		return v, err
	}
	v.Path, v.Form = clientPath(id), blank()
	described, err := c.readBilling(ctx, tx, r, &clientInput{ID: id.String()})
	if err != nil {
		return v, err
	}
	said := described.Billing
	typeParty(v.Form, said.Party)
	if described.DescribedAt == nil {
		v.Form.Values.Set("party.name", v.Of.Name)
	}
	v.Form.Values.Set("treatment", string(said.Treatment))
	v.Form.Values.Set("exempt_reason", said.ExemptReason)
	if said.Inclusive {
		v.Form.Values.Set("inclusive", "on")
	}
	if !said.TaxIDChecked.IsZero() {
		v.Checked = &said.TaxIDChecked
	}
	issuers, err := rows.Issuers(ctx, tx)
	v.Issuers = []page.Option{{Label: "The main one"}}
	for _, one := range issuers {
		if one.Key != issuer.Main {
			v.Issuers = append(v.Issuers, page.Option{Value: one.Key, Label: one.Name + " (" + one.Key + ")", Selected: one.Key == said.Issuer})
		}
	}
	return v, err
}

// postBilling says how a client is invoiced. That the tax id was checked holds on as long as the id is the same.
func (c *Console) postBilling(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	said := client.Billing{
		Issuer: form.Get("issuer"), Party: partyTyped(form), Treatment: bill.Treatment(form.Get("treatment")),
		ExemptReason: strings.TrimSpace(form.Get("exempt_reason")), Inclusive: form.Get("inclusive") != "",
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	if said.TaxIDChecked, err = c.taxIDChecked(r, login, id, said.Party.TaxID); err != nil {
		return "", err
	}
	if form.Get("tax_id_checked") != "" {
		said.TaxIDChecked = request.At
	}
	answer, err := c.commands.DescribeBilling(r.Context(), request, commands.DescribeBilling{Client: domain.ClientID{UUID: id}, Billing: said})
	return then(clientPath(id), "billing_described", answer), err
}

// taxIDChecked gives when somebody saw that the tax id is valid, if it is the one that was there.
func (c *Console) taxIDChecked(r *http.Request, login auth.Login, id uuid.UUID, taxID string) (at time.Time, err error) {
	_, err = c.read(r.Context(), login, access.DescribeBilling, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		row, err := rows.BillingOf(r.Context(), tx, id)
		if errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		var said client.Billing
		if err := decoded(row.Content, &said); err != nil {
			return err
		}
		if said.Party.TaxID == taxID {
			at = said.TaxIDChecked
		}
		return nil
	})
	return at, err
}

// treatmentOptions are how a client is taxed.
func treatmentOptions(chosenOne string) []page.Option {
	return chosen([]page.Option{
		{Value: string(bill.Taxed), Label: "By the issuer's rates"},
		{Value: string(bill.TaxExempt), Label: "Exempt", Hint: "The reason is printed."},
		{Value: string(bill.ClientOwesIt), Label: "Reverse charge", Hint: "The client owes the tax itself. Needs a tax id that was checked."},
	}, chosenOne)
}

// field fills in what the form says of a field.
func (v issuerView) field(name string, f page.Field) page.Field { return filledIn(v.Form, name, f) }

func partyField(form typed, name string, f page.Field) page.Field {
	return filledIn(form, "party."+name, f)
}

func filledIn(form typed, name string, f page.Field) page.Field {
	f.Name, f.Value, f.Error = name, form.Get(name), form.Wrong(name)
	return f
}

// taxRateText is a rate of tax in words.
func taxRateText(r bill.TaxRate, usual string) string {
	text := or(r.Category, "usual") + ": " + r.Name + " (" + string(r.Kind) + ", " + r.Percent.String() + " %)"
	if r.From != "" {
		text += " from " + dayText(r.From)
	}
	if r.Category == usual {
		text += ", the usual one"
	}
	return text
}

func checkedText(at *time.Time) string {
	if at == nil {
		return "Nobody has checked it yet."
	}
	return "It was checked on " + at.Format("2 Jan 2006") + ". Another tax id is to be checked again."
}

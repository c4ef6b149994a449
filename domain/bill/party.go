package bill

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"effigate/domain"
)

// Party is a legal person on an invoice, as it stood when the draft was made. The law wants it, so it is kept for ever.
type Party struct {
	Name       string   `json:"name"`
	Address    []string `json:"address,omitzero"` // street lines
	City       string   `json:"city,omitzero"`
	PostalCode string   `json:"postal_code,omitzero"`
	Region     string   `json:"region,omitzero"`
	Country    string   `json:"country"` // ISO 3166-1 alpha-2
	TaxID      string   `json:"tax_id,omitzero"`
	CompanyID  string   `json:"company_id,omitzero"` // in the register of companies
	Email      string   `json:"email,omitzero"`      // where invoices go to, or come from
}

// Account is where money is paid to.
type Account struct {
	Holder string `json:"holder,omitzero"`
	Bank   string `json:"bank,omitzero"`
	Number string `json:"number,omitzero"` // IBAN, or BSB and account number
	BIC    string `json:"bic,omitzero"`
}

// Equal reports whether two parties are the same.
func (p Party) Equal(o Party) bool {
	return p.Name == o.Name && slices.Equal(p.Address, o.Address) && p.City == o.City && p.PostalCode == o.PostalCode &&
		p.Region == o.Region && p.Country == o.Country && p.TaxID == o.TaxID && p.CompanyID == o.CompanyID && p.Email == o.Email
}

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// Check notes what is missing or wrong with a party as the law wants it on an invoice. The names of the fields begin
// with the party's own and a dot.
func (p Party) Check(check *domain.Check, field string) {
	check.Line(field+".name", p.Name)
	check.That(countryForm.MatchString(p.Country), field+".country", "must be the two capitals of ISO 3166-1, such as DE")
	check.That(len(p.Address) <= MaxAddress, field+".address", "must have at most "+strconv.Itoa(MaxAddress)+" lines")
	for _, line := range p.Address[:min(len(p.Address), MaxAddress)] {
		check.Line(field+".address", line)
	}
	optionalLine(check, field+".city", p.City)
	optionalLine(check, field+".postal_code", p.PostalCode)
	optionalLine(check, field+".region", p.Region)
	optionalLine(check, field+".tax_id", p.TaxID)
	optionalLine(check, field+".company_id", p.CompanyID)
	optionalLine(check, field+".email", p.Email)
	check.That(p.Email == "" || strings.Count(p.Email, "@") == 1 && !strings.ContainsAny(p.Email, " <>"), field+".email", "must be an address such as billing@example.com")
}

// Check notes what is wrong with an account.
func (a Account) Check(check *domain.Check, field string) {
	optionalLine(check, field+".holder", a.Holder)
	optionalLine(check, field+".bank", a.Bank)
	optionalLine(check, field+".number", a.Number)
	optionalLine(check, field+".bic", a.BIC)
}

func optionalLine(check *domain.Check, field, text string) {
	if text != "" {
		check.Line(field, text)
	}
}

// CheckWording notes what is wrong with the sentences that are printed on each document.
func CheckWording(check *domain.Check, field string, wording []string) {
	check.That(len(wording) <= MaxWording, field, "must be at most "+strconv.Itoa(MaxWording)+" sentences")
	for _, text := range wording {
		check.That(isText(text), field, textRule)
	}
}

// textRule says what isText wants.
var textRule = "must be one line of 1 to " + strconv.Itoa(MaxText) + " characters each, without spaces around it"

// isText reports whether a text can be printed in one paragraph.
func isText(text string) bool {
	length := utf8.RuneCountInString(text)
	return length >= 1 && length <= MaxText && utf8.ValidString(text) && strings.TrimSpace(text) == text &&
		!strings.ContainsFunc(text, unicode.IsControl)
}

package client

import (
	"regexp"
	"time"

	"effigate/domain"
	"effigate/domain/bill"
)

// issuerForm is that of an issuer's key; whether there is such an issuer, the caller has checked.
var issuerForm = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,31})?$`)

func (s State) describeBilling(c DescribeBilling) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(c.By.Side != domain.ClientSide, "by", "must not be a person of a client")
	check.That(issuerForm.MatchString(c.Billing.Issuer), "issuer", "must be the key of an issuer, or empty for the main one")
	c.Billing.Party.Check(&check, "party")
	bill.CheckTreatment(&check, c.Billing.Treatment, c.Billing.ExemptReason, c.Billing.Party)
	checked := c.Billing.TaxIDChecked
	check.That(c.Billing.Treatment != bill.ClientOwesIt || !checked.IsZero(), "tax_id_checked", "must say when somebody saw that the tax id is valid, where the client owes the tax")
	check.That(checked.IsZero() || c.Billing.Party.TaxID != "", "tax_id_checked", "must be empty without a tax id")
	check.That(checked.IsZero() || checked.Location() == time.UTC && !checked.After(c.At), "tax_id_checked", "must be an instant in UTC that is over")
	if err := s.open(check); err != nil || s.billing.equal(c.Billing) {
		return nil, err
	}
	return []Event{BillingDescribed{Staff: c.Billing, By: c.By.Person, At: c.At}}, nil
}

func (b Billing) equal(o Billing) bool {
	return b.Issuer == o.Issuer && b.Party.Equal(o.Party) && b.Treatment == o.Treatment && b.ExemptReason == o.ExemptReason &&
		b.Inclusive == o.Inclusive && b.TaxIDChecked.Equal(o.TaxIDChecked)
}

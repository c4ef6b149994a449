package issuer_test

import (
	"strconv"
	"testing"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/issuer"
	"effigate/domain/spec"
)

func claim(key, invoice, credit string) issuer.Claim {
	return issuer.Claim{Issuer: key, Invoice: invoice, Credit: credit, By: by, At: at}
}

func claimed(key, prefix string, documents bill.DocumentKind) issuer.PrefixClaimed {
	return issuer.PrefixClaimed{Prefix: prefix, Issuer: key, Documents: documents, By: anna, At: at}
}

// Two issuers could choose one prefix, and so could the invoices and the credit notes of two: documents had one number.
func TestNoPrefixIsOfTwo(t *testing.T) {
	t.Parallel()
	claims := spec.Decider(issuer.Prefixes).Given
	inv, cn, re := claimed("main", "INV", bill.Invoice), claimed("main", "CN", bill.CreditNote), claimed("main", "RE", bill.Invoice)
	claims().When(claim("main", "INV", "CN")).Then(t, inv, cn)
	claims(inv, cn).When(claim("main", "INV", "CN")).Then(t)
	claims(inv, cn).When(claim("main", "RE", "CN")).Then(t, re)
	claims(inv, cn, re).When(claim("main", "INV", "CN")).Then(t)
	claims(inv, cn).When(claim("abroad", "INV-A", "CN-A")).Then(t, claimed("abroad", "INV-A", bill.Invoice), claimed("abroad", "CN-A", bill.CreditNote))
	for name, refused := range map[string]issuer.Claim{
		"another's invoices":                    claim("abroad", "INV", "CN-A"),
		"another's credit notes":                claim("abroad", "INV-A", "CN"),
		"invoices as another's credit notes":    claim("abroad", "CN", "CN-A"),
		"credit notes as another's invoices":    claim("abroad", "INV-A", "INV"),
		"invoices as its own former credits":    claim("main", "CN", "GS"),
		"credit notes as its own former prefix": claim("main", "INV", "RE"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims(inv, cn, re).When(refused).ThenRefused(t, domain.ErrConflict, "prefix_taken")
		})
	}
}

func TestPrefixesAreBounded(t *testing.T) {
	t.Parallel()
	all := make([]issuer.Event, issuer.MaxPrefixes)
	for i := range all {
		all[i] = claimed("main", "P"+strconv.Itoa(i), bill.Invoice)
	}
	spec.Decider(issuer.Prefixes).Given(all...).When(claim("main", "INV", "CN")).ThenRefused(t, domain.ErrConflict, "too_many_prefixes")
}

package staff

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/issuer"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Issuers projects the legal entities that invoice.
var Issuers = projections.Projection[domain.Recorded, rows.Issuer]{
	Table: "issuers", Key: issuerOf, Evolve: evolveIssuer,
}

// issuerOf names the row after the issuer's key, which its stream ends in.
func issuerOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(issuer.Described)
	if !ok {
		return uuid.Nil, false
	}
	if !strings.HasPrefix(r.Stream, "issuer-") {
		panic(fmt.Sprintf("%s does not belong into stream %s", r.Raw.Kind, r.Stream))
	}
	return domain.Derive(uuid.NameSpaceURL, "issuer", e.Issuer), true
}

func evolveIssuer(row rows.Issuer, r domain.Recorded) (rows.Issuer, bool) {
	e := r.Event.(issuer.Described)
	row.Key, row.Name, row.Zone, row.Content = e.Issuer, e.Staff.Party.Name, e.Staff.Zone, text(e.Staff)
	row.ReportsIn, row.Decimals = string(e.Staff.ReportingCurrency), int(e.Staff.ReportingCurrency.Exponent())
	row.DescribedBy, row.DescribedAt, row.Revision = known(e.By.UUID), e.At, r.Revision
	return row, true
}

// Billing projects how clients are invoiced.
var Billing = projections.Projection[domain.Recorded, rows.Billing]{
	Table: "billing", Key: of[client.BillingDescribed]("client"), Evolve: evolveBilling,
}

func evolveBilling(row rows.Billing, r domain.Recorded) (rows.Billing, bool) {
	e := r.Event.(client.BillingDescribed)
	row.Issuer, row.Content, row.DescribedBy, row.DescribedAt = e.Staff.Issuer, text(e.Staff), known(e.By.UUID), e.At
	return row, true
}

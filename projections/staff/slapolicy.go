package staff

import (
	"cmp"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// SLAPolicies projects SLA policies as they are now.
var SLAPolicies = projections.Projection[domain.Recorded, rows.SLAPolicy]{
	Table: "sla_policies", Key: of[slapolicy.Event]("slapolicy"), Evolve: evolveSLAPolicy,
}

// SLAPolicyVersions projects the versions of SLA policies.
var SLAPolicyVersions = projections.Projection[domain.Recorded, rows.Published]{
	Table: "sla_policy_versions", Key: slaVersionOf, Evolve: evolveSLAVersion,
}

func evolveSLAPolicy(row rows.SLAPolicy, r domain.Recorded) (rows.SLAPolicy, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(slapolicy.Event).(type) {
	case slapolicy.Published:
		row.Layer, row.Client = cmp.Or(string(e.Staff.Layer), string(sla.FromContract)), known(e.Staff.Client.UUID)
		row.Name, row.Version, row.From, row.PublishedAt = e.Staff.Name, e.Version, string(e.Staff.From), e.At
		row.Superseded, row.SupersededBecause = false, ""
	case slapolicy.Superseded:
		row.Superseded, row.SupersededBecause = true, e.Staff.Reason
	}
	return row, true
}

func slaVersionOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(slapolicy.Published)
	if !ok {
		return uuid.Nil, false
	}
	return versionID(streamID(r, "slapolicy"), e.Version), true
}

func evolveSLAVersion(row rows.Published, r domain.Recorded) (rows.Published, bool) {
	e := r.Event.(slapolicy.Published)
	row.Subject, row.Number, row.Name, row.From = streamID(r, "slapolicy"), e.Version, e.Staff.Name, string(e.Staff.From)
	row.Content, row.Reason = text(e.Staff.Policy), e.Staff.Reason
	row.PublishedBy, row.PublishedAt = known(e.By.UUID), e.At
	return row, true
}

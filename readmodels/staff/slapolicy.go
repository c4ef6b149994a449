package staff

import (
	"context"
	"time"

	"github.com/google/uuid"

	"effigate/domain/sla"
)

// SLAPolicy is a row of sla_policies, without what it promises.
type SLAPolicy struct {
	ID                uuid.UUID  `db:"id" json:"id"`
	Layer             string     `db:"layer" json:"layer"` // "client", "contract" or "firm"
	Client            *uuid.UUID `db:"client" json:"client,omitempty"`
	Name              string     `db:"name" json:"name"`
	Version           int        `db:"version" json:"version"` // the newest
	From              string     `db:"from_day" json:"from"`   // the first day of the newest version
	Superseded        bool       `db:"superseded" json:"superseded"`
	SupersededBecause string     `db:"superseded_because" json:"superseded_because"`
	PublishedAt       time.Time  `db:"published_at" json:"published_at"` // the newest version
	Revision          int64      `db:"revision" json:"revision"`
}

func (p SLAPolicy) id() uuid.UUID { return p.ID }

const slaPolicyColumns = `id, layer, client, name, version, from_day, superseded, superseded_because, published_at, revision`

// SLAVersion is one version of an SLA policy.
type SLAVersion struct {
	VersionLine
	Policy sla.Policy `json:"policy"`
}

// SLAPolicies gives the SLA policies in the order of their names, after the policy given (uuid.Nil: from the start), at
// most limit of them, and the last one given when there are more.
func SLAPolicies(ctx context.Context, db Queryer, after uuid.UUID, limit int) ([]SLAPolicy, uuid.UUID, error) {
	return listByName[SLAPolicy](ctx, db, "sla_policies", slaPolicyColumns, after, limit)
}

// SLAPolicyByID gives one SLA policy; domain.ErrNotFound when there is none.
func SLAPolicyByID(ctx context.Context, db Queryer, id uuid.UUID) (SLAPolicy, error) {
	policy, err := one[SLAPolicy](ctx, db, `SELECT `+slaPolicyColumns+` FROM sla_policies WHERE id = $1`, id)
	return policy, notFound(err, "no_such_policy", "SLA policy", id)
}

// SLAVersions lists the versions of an SLA policy, the newest first.
func SLAVersions(ctx context.Context, db Queryer, policy uuid.UUID) ([]VersionLine, error) {
	return versionsOf(ctx, db, "sla_policy_versions", policy)
}

// SLAVersionNumbered gives one version of an SLA policy, the newest for number 0; domain.ErrNotFound when there is
// none.
func SLAVersionNumbered(ctx context.Context, db Queryer, policy uuid.UUID, number int) (SLAVersion, error) {
	found, err := numbered(ctx, db, "sla_policy_versions", policy, number)
	if err != nil {
		return SLAVersion{}, err
	}
	content, err := decode[sla.Policy](found)
	return SLAVersion{found.line(), content}, err
}

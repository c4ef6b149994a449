package console

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/domain/terms"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// TermsVersion is one version of a contract's terms.
type TermsVersion struct {
	Number    int        `json:"number"`
	Effective string     `json:"effective" doc:"The day from which it holds."`
	AgreedAt  *time.Time `json:"agreed_at,omitempty" doc:"Absent for the first version, which is agreed on with the contract."`
	Terms     termsBody  `json:"terms"`
}

type versionsBody struct {
	Fresh
	Items []TermsVersion `json:"items" nullable:"false" doc:"The newest first."`
}

type oneVersionBody struct {
	Fresh
	TermsVersion
}

type versionInput struct {
	Reading
	ID     string `path:"id" doc:"The contract's id, a UUID."`
	Number int    `path:"number" minimum:"1" doc:"The number of the version."`
}

type compareInput struct {
	Reading
	ID   string `path:"id" doc:"The contract's id, a UUID."`
	From int    `query:"from" required:"true" minimum:"1" doc:"The version before."`
	To   int    `query:"to" required:"true" minimum:"1" doc:"The version after."`
}

// differenceBody is one place where two versions differ.
type differenceBody struct {
	Field  string `json:"field" doc:"A stable name: \"lines.support.minutes\"."`
	Label  string `json:"label"`
	Before string `json:"before" doc:"Empty when there was none."`
	After  string `json:"after"`
	Staff  bool   `json:"staff" doc:"Clients never see it."`
}

type compareBody struct {
	Fresh
	Items []differenceBody `json:"items" nullable:"false" doc:"In the order of the terms."`
}

func (c *Console) registerVersions() {
	get(c, "list-versions", "/contracts/{id}/versions", "Every version of a contract's terms", access.ReadContracts,
		func(ctx context.Context, tx pgx.Tx, r reader, in *contractInput) (b versionsBody, err error) {
			id, err := c.existingContract(ctx, tx, in.ID)
			if err != nil {
				return b, err
			}
			versions, err := rows.Versions(ctx, tx, id)
			b.Items = []TermsVersion{}
			for _, version := range versions {
				b.Items = append(b.Items, r.version(version))
			}
			return b, err
		})
	get(c, "read-version", "/contracts/{id}/versions/{number}", "One version of a contract's terms", access.ReadContracts,
		func(ctx context.Context, tx pgx.Tx, r reader, in *versionInput) (b oneVersionBody, err error) {
			id, err := c.existingContract(ctx, tx, in.ID)
			if err != nil {
				return b, err
			}
			version, err := rows.VersionByNumber(ctx, tx, id, in.Number)
			b.TermsVersion = r.version(version)
			return b, err
		})
	get(c, "compare-versions", "/contracts/{id}/compare", "Two versions of a contract's terms side by side", access.ReadContracts,
		func(ctx context.Context, tx pgx.Tx, r reader, in *compareInput) (b compareBody, err error) {
			id, err := c.existingContract(ctx, tx, in.ID)
			if err != nil {
				return b, err
			}
			before, err := rows.VersionByNumber(ctx, tx, id, in.From)
			if err != nil {
				return b, err
			}
			after, err := rows.VersionByNumber(ctx, tx, id, in.To)
			b.Items = r.compare(before.Terms, after.Terms)
			return b, err
		})
}

// existingContract reads the id of a contract that exists.
func (c *Console) existingContract(ctx context.Context, tx pgx.Tx, text string) (uuid.UUID, error) {
	id, err := web.ID(text)
	if err != nil {
		return uuid.Nil, err
	}
	_, err = rows.ContractByID(ctx, tx, id, c.today())
	return id, err
}

// version is a version as a reader may see it.
func (r reader) version(v rows.TermsVersion) TermsVersion {
	return TermsVersion{Number: v.Number, Effective: v.Effective, AgreedAt: v.AgreedAt, Terms: r.shown(v.Terms)}
}

// compare lists where two terms differ, as far as a reader may see them.
func (r reader) compare(before, after terms.Terms) []differenceBody {
	differences := []differenceBody{}
	for _, d := range terms.Compare(before, after) {
		if !d.Staff || r.may(access.ReadTerms) {
			differences = append(differences, differenceBody{d.Field, d.Label, d.Before, d.After, d.Staff})
		}
	}
	return differences
}

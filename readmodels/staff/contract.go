package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain/calendar"
	"effigate/domain/terms"
)

// Contract is a row of contracts: the life of a contract, without its terms.
type Contract struct {
	ID           uuid.UUID  `db:"id"`
	Client       uuid.UUID  `db:"client"`
	Zone         string     `db:"zone"` // IANA name
	Reference    string     `db:"reference"`
	Version      int        `db:"version"`       // the newest one agreed on
	Status       string     `db:"status"`        // a contract.Status
	Ends         string     `db:"ends"`          // the last day; empty when open-ended
	Statement    string     `db:"statement"`     // of the newest offer
	Evidence     string     `db:"evidence"`      // that the client agreed, as JSON; empty until it did
	EndedBecause string     `db:"ended_because"` // empty unless terminated for a reason given
	DraftedBy    *uuid.UUID `db:"drafted_by"`
	DraftedAt    time.Time  `db:"drafted_at"`
	StatusAt     time.Time  `db:"status_at"`
	Revision     int64      `db:"revision"`
}

// ContractVersion is a row of contract_versions: terms that were written down, in force or not.
type ContractVersion struct {
	ID           uuid.UUID  `db:"id"`
	Contract     uuid.UUID  `db:"contract"`
	Number       int        `db:"number"` // 0 until they are agreed on
	Effective    string     `db:"effective"`
	Type         string     `db:"type"`
	SupportLevel string     `db:"support_level"`
	Starts       string     `db:"starts"`
	NoticeDays   int        `db:"notice_days"`
	RenewMonths  int        `db:"renew_months"`
	Currency     string     `db:"currency"`
	JobTypes     string     `db:"job_types"` // a JSON list of terms.JobType
	Terms        string     `db:"terms"`     // terms.Terms as JSON
	AgreedAt     *time.Time `db:"agreed_at"`
	Revision     int64      `db:"revision"`
}

// Scope is a contract as it stands on a day: its life with what the terms in force say.
type Scope struct {
	ID           uuid.UUID       `db:"id" json:"id"`
	Client       uuid.UUID       `db:"client" json:"client"`
	ClientName   string          `db:"client_name" json:"client_name"`
	Zone         string          `db:"zone" json:"zone" doc:"IANA name; the contract's days begin and end there."`
	Reference    string          `db:"reference" json:"reference"`
	Version      int             `db:"version" json:"version" doc:"The version in force on the day asked about, or the first one."`
	Newest       int             `db:"newest" json:"newest_version" doc:"The newest version agreed on."`
	Type         string          `db:"type" json:"type"`
	SupportLevel string          `db:"support_level" json:"support_level"`
	Currency     string          `db:"currency" json:"currency"`
	Starts       string          `db:"starts" json:"starts"`
	Ends         string          `db:"ends" json:"ends" doc:"The last day; empty when open-ended."`
	NoticeDays   int             `db:"notice_days" json:"notice_days"`
	RenewMonths  int             `db:"renew_months" json:"renew_months" doc:"By how much it renews itself; 0 when it does not."`
	Notice       string          `db:"notice" json:"notice" doc:"The last day on which somebody can say that it ends; empty when there is none."`
	Expiring     bool            `db:"expiring" json:"expiring" doc:"In force, and its end is near."`
	Status       string          `db:"status" json:"status"`
	StatusAt     time.Time       `db:"status_at" json:"status_at"`
	EndedBecause string          `db:"ended_because" json:"ended_because"`
	JobTypes     []terms.JobType `db:"job_types" json:"job_types" nullable:"false"`
	UsedMinutes  int64           `db:"used_minutes" json:"used_minutes" doc:"Of bought hours, approved."`
	OfMinutes    int64           `db:"of_minutes" json:"of_minutes" doc:"Bought, included and adjusted hours."`
	Waiting      int64           `db:"waiting" json:"waiting_minutes" doc:"Raw time that nobody has approved yet, in minutes."`
	DraftedAt    time.Time       `db:"drafted_at" json:"drafted_at"`
	Revision     int64           `db:"revision" json:"revision"`
}

// scopes is the query of all contracts as they stand on the day $1. The version in force is the newest that is
// effective by then. What is in force is expiring 60 days before its end, or as long before as notice must be given.
const scopes = `
	SELECT c.id, c.client, coalesce(client.name, '') AS client_name, c.zone, c.reference, v.number AS version, c.version AS newest,
		v.type, v.support_level, v.currency, v.starts, c.ends, v.notice_days, v.renew_months,
		CASE WHEN c.ends = '' OR v.notice_days = 0 THEN '' ELSE (c.ends::date - v.notice_days::int)::text END AS notice,
		c.status IN ('active', 'suspended') AND c.ends <> ''
			AND c.ends::date - greatest(v.notice_days, 60)::int <= $1::date AS expiring,
		c.status, c.status_at, c.ended_because, v.job_types::json AS job_types,
		drawn.minutes + ledger.shortfall AS used_minutes, granted.minutes + ledger.included AS of_minutes, drawn.waiting AS waiting,
		c.drafted_at, c.revision
	FROM contracts AS c
	JOIN LATERAL (
		SELECT * FROM contract_versions
		WHERE contract = c.id AND number > 0 AND (number = 1 OR effective <= $1) ORDER BY number DESC LIMIT 1
	) AS v ON true
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(drawn_minutes) FILTER (WHERE status = 'approved'), 0)::bigint AS minutes,
			coalesce(sum(seconds) FILTER (WHERE status = 'submitted'), 0)::bigint / 60 AS waiting
		FROM time_records WHERE contract = c.id
	) AS drawn
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(minutes + adjusted_minutes), 0)::bigint AS minutes FROM buckets WHERE contract = c.id
	) AS granted
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(included_minutes), 0)::bigint AS included, coalesce(sum(shortfall_minutes), 0)::bigint AS shortfall
		FROM periods AS p, json_to_recordset(p.hours::json) AS h (included_minutes bigint, shortfall_minutes bigint)
		WHERE p.contract = c.id
	) AS ledger
	LEFT JOIN clients AS client ON client.id = c.client`

// ContractByID gives one contract as it stands on a day; domain.ErrNotFound when there is none.
func ContractByID(ctx context.Context, db Queryer, id uuid.UUID, on calendar.Date) (Scope, error) {
	contract, err := one[Scope](ctx, db, scopes+` WHERE c.id = $2`, string(on), id)
	return contract, notFound(err, "no_such_contract", "contract", id)
}

// ContractStatement gives what the client is or was asked to agree to when the contract was offered.
func ContractStatement(ctx context.Context, db Queryer, id uuid.UUID) (string, error) {
	type row struct {
		Statement string `db:"statement"`
	}
	found, err := one[row](ctx, db, `SELECT statement FROM contracts WHERE id = $1`, id)
	return found.Statement, notFound(err, "no_such_contract", "contract", id)
}

// ContractsOf gives the contracts of a client as they stand on a day, by reference, at most MaxLimit.
func ContractsOf(ctx context.Context, db Queryer, client uuid.UUID, on calendar.Date) ([]Scope, error) {
	contracts, err := list[Scope](ctx, db, scopes+` WHERE c.client = $2 ORDER BY c.reference, c.id LIMIT $3`, string(on), client, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list contracts of client %s: %w", client, err)
	}
	return contracts, nil
}

// ContractFilter narrows the list of contracts; the zero value of a field narrows nothing.
type ContractFilter struct {
	Client uuid.UUID
	Status string
	// Expiring makes it the renewal queue: what is in force and ends soon, by its end.
	Expiring bool
	After    uuid.UUID // the last contract of the page before
	Limit    int       // at most MaxLimit, which zero stands for
}

// Contracts gives contracts as they stand on a day, by reference or, in the renewal queue, by end, and the last
// one given when there are more.
func Contracts(ctx context.Context, db Queryer, filter ContractFilter, on calendar.Date) ([]Scope, uuid.UUID, error) {
	limit := bounded(filter.Limit)
	order, where, arguments := "reference", []string{"true"}, []any{string(on)}
	and := func(condition string, value any) {
		arguments = append(arguments, value)
		where = append(where, fmt.Sprintf(condition, len(arguments)))
	}
	if filter.Client != uuid.Nil {
		and("client = $%d", filter.Client)
	}
	if filter.Status != "" {
		and("status = $%d", filter.Status)
	}
	if filter.Expiring {
		order = "ends"
		where = append(where, "expiring")
	}
	if filter.After != uuid.Nil {
		and("("+order+", id) > (SELECT "+order+", id FROM scopes WHERE id = $%d)", filter.After)
	}
	arguments = append(arguments, limit+1)
	contracts, err := list[Scope](ctx, db, fmt.Sprintf(`
		WITH scopes AS MATERIALIZED (%s)
		SELECT * FROM scopes WHERE %s ORDER BY %s, id LIMIT $%d`, scopes, strings.Join(where, " AND "), order, len(arguments)), arguments...)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list contracts: %w", err)
	}
	if len(contracts) <= limit {
		return contracts, uuid.Nil, nil
	}
	return contracts[:limit], contracts[limit-1].ID, nil
}

// TermsVersion is one version of a contract's terms.
type TermsVersion struct {
	Number    int         `json:"number" doc:"0 while an amendment only proposes it."`
	Effective string      `json:"effective" doc:"The day from which it holds."`
	AgreedAt  *time.Time  `json:"agreed_at,omitempty"`
	Terms     terms.Terms `json:"terms"`
}

// version decodes a row.
func (v ContractVersion) version() (TermsVersion, error) {
	decoded := TermsVersion{Number: v.Number, Effective: v.Effective, AgreedAt: v.AgreedAt}
	if err := json.Unmarshal([]byte(v.Terms), &decoded.Terms); err != nil {
		return TermsVersion{}, fmt.Errorf("decode version %d of contract %s: %w", v.Number, v.Contract, err)
	}
	return decoded, nil
}

const versionColumns = `id, contract, number, effective, type, support_level, starts, notice_days, renew_months, currency, job_types,
	terms, agreed_at, revision`

// Versions gives the versions of a contract that were agreed on, the newest first, at most MaxLimit.
func Versions(ctx context.Context, db Queryer, contract uuid.UUID) ([]TermsVersion, error) {
	found, err := list[ContractVersion](ctx, db, `
		SELECT `+versionColumns+` FROM contract_versions
		WHERE contract = $1 AND number > 0 ORDER BY number DESC LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list versions of contract %s: %w", contract, err)
	}
	versions := make([]TermsVersion, len(found))
	for i, row := range found {
		if versions[i], err = row.version(); err != nil {
			return nil, err
		}
	}
	return versions, nil
}

// VersionByNumber gives one version that was agreed on; domain.ErrNotFound when there is none.
func VersionByNumber(ctx context.Context, db Queryer, contract uuid.UUID, number int) (TermsVersion, error) {
	found, err := one[ContractVersion](ctx, db, `SELECT `+versionColumns+` FROM contract_versions WHERE contract = $1 AND number = $2 AND number > 0`, contract, number)
	if err != nil {
		return TermsVersion{}, notFound(err, "no_such_version", "version of contract", contract)
	}
	return found.version()
}

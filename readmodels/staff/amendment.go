package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Proposal is a row of amendments: a proposal to change a contract. Its terms are the version with its id.
type Proposal struct {
	ID           uuid.UUID  `db:"id" json:"id"`
	Contract     uuid.UUID  `db:"contract" json:"contract"`
	Base         int        `db:"base" json:"base" doc:"The version that it changes."`
	Version      int        `db:"version" json:"version" doc:"That it made; 0 until it is agreed on."`
	Status       string     `db:"status" json:"status"`
	Effective    string     `db:"effective" json:"effective"`
	Statement    string     `db:"statement" json:"statement" doc:"What the client is asked to agree to, word for word."`
	Reason       string     `db:"reason" json:"reason" doc:"Internal."`
	Value        string     `db:"value" json:"value" doc:"By how much the contract's value changes; empty unless that was said."`
	ApprovedBy   string     `db:"approvals" json:"-"` // a JSON list of Approval
	Evidence     string     `db:"evidence" json:"-"`  // that the client agreed, as JSON
	Answer       string     `db:"answer" json:"answer" doc:"Why it was rejected inside, or declined by the client."`
	SupersededBy *uuid.UUID `db:"superseded_by" json:"superseded_by,omitempty"`
	ProposedBy   *uuid.UUID `db:"proposed_by" json:"proposed_by,omitempty"`
	ProposedAt   time.Time  `db:"proposed_at" json:"proposed_at"`
	StatusBy     *uuid.UUID `db:"status_by" json:"status_by,omitempty"` // who put it where it stands
	StatusAt     time.Time  `db:"status_at" json:"status_at"`
	Revision     int64      `db:"revision" json:"revision" doc:"Of the contract, when the amendment last changed."`
	Needed       int        `db:"needed" json:"approvals_needed" doc:"How many people must approve it inside."`
}

// Approval is one internal approval.
type Approval struct {
	By uuid.UUID `json:"by"`
	At time.Time `json:"at"`
}

// Approvals lists the approvals, the first one first.
func (p Proposal) Approvals() ([]Approval, error) {
	approvals := []Approval{}
	if p.ApprovedBy == "" {
		return approvals, nil
	}
	if err := json.Unmarshal([]byte(p.ApprovedBy), &approvals); err != nil {
		return nil, fmt.Errorf("decode approvals of amendment %s: %w", p.ID, err)
	}
	return approvals, nil
}

const proposals = `
	SELECT id, contract, base, version, status, effective, statement, reason, value, approvals, evidence, answer,
		superseded_by, proposed_by, proposed_at, status_by, status_at, revision, needed
	FROM amendments`

// Amendments gives the amendments of a contract, the newest first, at most MaxLimit.
func Amendments(ctx context.Context, db Queryer, contract uuid.UUID) ([]Proposal, error) {
	amendments, err := list[Proposal](ctx, db, proposals+` WHERE contract = $1 ORDER BY proposed_at DESC, id DESC LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list amendments of contract %s: %w", contract, err)
	}
	return amendments, nil
}

// AmendmentByID gives one amendment of a contract and the terms that it proposes; domain.ErrNotFound when the
// contract has none with that id.
func AmendmentByID(ctx context.Context, db Queryer, contract, id uuid.UUID) (Proposal, TermsVersion, error) {
	amendment, err := one[Proposal](ctx, db, proposals+` WHERE contract = $1 AND id = $2`, contract, id)
	if err != nil {
		return Proposal{}, TermsVersion{}, notFound(err, "no_such_amendment", "amendment", id)
	}
	row, err := one[ContractVersion](ctx, db, `SELECT `+versionColumns+` FROM contract_versions WHERE contract = $1 AND id = $2`, contract, id)
	if err != nil {
		return Proposal{}, TermsVersion{}, notFound(err, "no_such_amendment", "terms of amendment", id)
	}
	proposed, err := row.version()
	return amendment, proposed, err
}

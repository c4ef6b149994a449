package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ProposalRow is a row of proposals.
type ProposalRow struct {
	ID        uuid.UUID  `db:"id"` // of the contract or of the amendment
	Client    uuid.UUID  `db:"client"`
	Contract  uuid.UUID  `db:"contract"`
	Kind      string     `db:"kind"` // "contract" or "amendment"
	Reference string     `db:"reference"`
	Statement string     `db:"statement"`
	Document  string     `db:"document"` // what the digest is of
	SHA256    string     `db:"sha256"`
	Effective string     `db:"effective"`
	State     string     `db:"state"`
	OfferedAt time.Time  `db:"offered_at"`
	DecidedBy *uuid.UUID `db:"decided_by"` // nil: undecided, or decided outside of the portal
	DecidedAt *time.Time `db:"decided_at"`
}

// Proposal is a contract or an amendment that the organisation is or was asked to agree to (F35).
type Proposal struct {
	ID         uuid.UUID  `db:"id" json:"id" format:"uuid"`
	ContractID uuid.UUID  `db:"contract_id" json:"contract_id" format:"uuid"`
	Reference  string     `db:"reference" json:"reference" example:"CON-2024-018" doc:"Of the contract."`
	Kind       string     `db:"kind" json:"kind" enum:"contract,amendment"`
	Effective  string     `db:"effective" json:"effective" example:"2026-04-01" doc:"The first day on which it holds."`
	State      string     `db:"state" json:"state" enum:"offered,accepted,declined"`
	OfferedAt  time.Time  `db:"offered_at" json:"offered_at"`
	DecidedAt  *time.Time `db:"decided_at" json:"decided_at,omitempty"`
	DecidedBy  string     `db:"decided_by_name" json:"decided_by_name,omitempty" doc:"Who of your organisation decided; absent where the account has no name any more."`
	Outside    bool       `db:"outside" json:"outside,omitempty" doc:"You decided outside of this portal, on paper for instance, and we recorded that."`
}

// ProposalDetail is a proposal word for word.
type ProposalDetail struct {
	Proposal
	Statement string `db:"statement" json:"statement" doc:"What you are asked to agree to, word for word."`
	Terms     Terms  `db:"-" json:"terms" doc:"What it stands for, out of the document."`
	Document  string `db:"document" json:"document" doc:"Statement and terms in one JSON text."`
	SHA256    string `db:"sha256" json:"sha256" doc:"The SHA-256 of the document's bytes, in hex."`
}

// Terms are what a contract says, as both parties sign it. They are read out of a proposal's document, whose other
// fields stay unseen until they are named here.
type Terms struct {
	Starts        string      `json:"starts"`
	Ends          string      `json:"ends,omitempty" doc:"The last day; absent when it is open-ended."`
	NoticeDays    int         `json:"notice_days,omitempty"`
	RenewMonths   int         `json:"renew_months,omitempty" doc:"By how much it renews itself at its end; absent when it does not."`
	Currency      string      `json:"currency"`
	Payment       Payment     `json:"payment"`
	PurchaseOrder string      `json:"purchase_order,omitempty"`
	Lines         []TermsLine `json:"lines" nullable:"false"`
}

// Payment is when an invoice is due.
type Payment struct {
	Rule string `json:"rule,omitempty" doc:"net: so many days after the invoice; end_of_month: after the end of its month; absent: on receipt."`
	Days int    `json:"days,omitempty"`
}

// TermsLine is a part of a contract that is charged in one way.
type TermsLine struct {
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	Minutes    int              `json:"minutes,omitempty" doc:"Included in each month of a retainer, or bought at the start of a bucket."`
	JobTypes   []TermsJobType   `json:"job_types" nullable:"false"`
	Milestones []TermsMilestone `json:"milestones,omitempty" nullable:"false"`
}

// TermsJobType is a category of work that a line covers.
type TermsJobType struct {
	Name    string `json:"name"`
	Minutes int    `json:"minutes,omitempty" doc:"Of the line's hours those meant for it; absent when it shares them."`
}

// TermsMilestone is an entry of a fixed line's schedule.
type TermsMilestone struct {
	Name string `json:"name"`
	Due  string `json:"due,omitempty"`
}

const selectProposals = `
	SELECT p.id, p.contract AS contract_id, p.reference, p.kind, p.effective, p.state, p.offered_at, p.decided_at,
	       coalesce(a.name, '') AS decided_by_name, p.decided_at IS NOT NULL AND p.decided_by IS NULL AS outside`

const fromProposals = `
	FROM proposals p LEFT JOIN accounts.people a ON a.id = p.decided_by AND a.client = p.client
	WHERE p.client = @client AND @scope`

// ProposalFilter says which proposals to list. The zero filter lists the newest.
type ProposalFilter struct {
	State    string    // "offered", "accepted" or "declined"; empty: any
	Contract uuid.UUID // uuid.Nil: any
	After    *Cursor   // where the page before ended; nil: from the newest
	Limit    int       // at most MaxLimit, which 0 stands for
}

// ListProposals gives a page of proposals, last offered first, and the cursor of the next page; nil on the last one.
// It is domain.ErrNotFound for whoever may not see contracts.
func ListProposals(ctx context.Context, tx pgx.Tx, v Viewer, filter ProposalFilter) ([]Proposal, *Cursor, error) {
	if !v.Scope {
		return nil, nil, errNotFound
	}
	arguments := v.arguments()
	limit := bounded(filter.Limit)
	arguments["limit"], arguments["scope"] = limit+1, v.Scope
	sql := selectProposals + fromProposals
	if filter.State != "" {
		arguments["state"] = filter.State
		sql += ` AND p.state = @state`
	}
	if filter.Contract != uuid.Nil {
		arguments["contract"] = filter.Contract
		sql += ` AND p.contract = @contract`
	}
	if filter.After != nil {
		arguments["after_at"], arguments["after_id"] = filter.After.At, filter.After.ID
		sql += ` AND (p.offered_at, p.id) < (@after_at, @after_id)`
	}
	found, err := list[Proposal](ctx, tx, "proposals", sql+` ORDER BY p.offered_at DESC, p.id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, next := page(found, limit, func(p Proposal) Cursor { return Cursor{At: p.OfferedAt, ID: p.ID} })
	return found, next, nil
}

// ReadProposal gives one proposal; domain.ErrNotFound when the viewer may not see one with that id.
func ReadProposal(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (ProposalDetail, error) {
	arguments := v.arguments()
	arguments["id"], arguments["scope"] = id, v.Scope
	found, err := one[ProposalDetail](ctx, tx, "proposal",
		selectProposals+`, p.statement, p.document, p.sha256`+fromProposals+` AND p.id = @id`, arguments)
	if err != nil {
		return ProposalDetail{}, err
	}
	found.Terms, err = termsOf(found.Document)
	return found, err
}

// termsOf reads the terms of a document. Lists that are not there are empty.
func termsOf(document string) (Terms, error) {
	var read struct {
		Terms Terms `json:"terms"`
	}
	if err := json.Unmarshal([]byte(document), &read); err != nil {
		return Terms{}, fmt.Errorf("read the document of a proposal: %w", err)
	}
	terms := read.Terms
	terms.Lines = append([]TermsLine{}, terms.Lines...)
	for i := range terms.Lines {
		terms.Lines[i].JobTypes = append([]TermsJobType{}, terms.Lines[i].JobTypes...)
	}
	return terms, nil
}

package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Bucket is a row of buckets: hours that were granted together.
type Bucket struct {
	ID              uuid.UUID  `db:"id" json:"id"`
	Contract        uuid.UUID  `db:"contract" json:"contract"`
	Line            string     `db:"line" json:"line"`
	Minutes         int        `db:"minutes" json:"minutes"`                   // as granted
	AdjustedMinutes int        `db:"adjusted_minutes" json:"adjusted_minutes"` // by hand since
	From            string     `db:"from_day" json:"from"`
	Until           string     `db:"until_day" json:"until" doc:"The last day; empty when they never expire."`
	Source          string     `db:"source" json:"source"`
	Price           string     `db:"price" json:"price" doc:"Of all of it; empty when none was given."`
	Reason          string     `db:"reason" json:"reason"`
	Adjustments     string     `db:"adjustments" json:"-"` // a JSON list of BucketAdjustment
	GrantedBy       *uuid.UUID `db:"granted_by" json:"granted_by,omitempty"`
	GrantedAt       time.Time  `db:"granted_at" json:"granted_at"`
	Revision        int64      `db:"revision" json:"revision"`
}

// BucketAdjustment is one change of a bucket by hand.
type BucketAdjustment struct {
	Minutes int       `json:"minutes"`
	Day     string    `json:"day"`
	Reason  string    `json:"reason"`
	By      uuid.UUID `json:"by,omitzero"`
	At      time.Time `json:"at"`
}

// Changes lists the changes, the first one first.
func (b Bucket) Changes() ([]BucketAdjustment, error) {
	adjustments := []BucketAdjustment{}
	if b.Adjustments == "" {
		return adjustments, nil
	}
	if err := json.Unmarshal([]byte(b.Adjustments), &adjustments); err != nil {
		return nil, fmt.Errorf("decode adjustments of bucket %s: %w", b.ID, err)
	}
	return adjustments, nil
}

// Buckets gives the hours that a contract granted, the newest first, at most MaxLimit.
func Buckets(ctx context.Context, db Queryer, contract uuid.UUID) ([]Bucket, error) {
	buckets, err := list[Bucket](ctx, db, `
		SELECT id, contract, line, minutes, adjusted_minutes, from_day, until_day, source, price, reason, adjustments,
			granted_by, granted_at, revision
		FROM buckets
		WHERE contract = $1 ORDER BY granted_at DESC, id DESC LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list buckets of contract %s: %w", contract, err)
	}
	return buckets, nil
}

// MilestoneReleased is a row of milestones_released: an entry of a schedule that became billable.
type MilestoneReleased struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	Contract   uuid.UUID  `db:"contract" json:"contract"`
	Line       string     `db:"line" json:"line"`
	Milestone  string     `db:"milestone" json:"milestone"`
	Name       string     `db:"name" json:"name"`
	Day        string     `db:"day" json:"day"`
	Charge     uuid.UUID  `db:"charge" json:"charge"`
	Amount     string     `db:"amount" json:"amount"`
	ReleasedBy *uuid.UUID `db:"released_by" json:"released_by,omitempty"`
	ReleasedAt time.Time  `db:"released_at" json:"released_at"`
}

// MilestonesReleased gives the entries of a contract's schedule that are billable, at most MaxLimit.
func MilestonesReleased(ctx context.Context, db Queryer, contract uuid.UUID) ([]MilestoneReleased, error) {
	released, err := list[MilestoneReleased](ctx, db, `
		SELECT id, contract, line, milestone, name, day, charge, amount, released_by, released_at
		FROM milestones_released
		WHERE contract = $1 ORDER BY released_at, id LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list milestones of contract %s: %w", contract, err)
	}
	return released, nil
}

// ContractStep is a row of contract_steps: one event of a contract, with who, when and the words said about it.
type ContractStep struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	Contract   uuid.UUID  `db:"contract" json:"contract"`
	Revision   int64      `db:"revision" json:"revision"`
	What       string     `db:"what" json:"what" doc:"The event's name: \"amendment_proposed\"."`
	Item       uuid.UUID  `db:"item" json:"item" doc:"The contract, or the amendment or bucket that it is about."`
	Note       string     `db:"note" json:"note"`
	Actor      *uuid.UUID `db:"actor" json:"actor,omitempty"`
	HappenedAt time.Time  `db:"happened_at" json:"happened_at"`
}

// ContractSteps gives what happened to a contract, the newest first, at most limit.
func ContractSteps(ctx context.Context, db Queryer, contract uuid.UUID, limit int) ([]ContractStep, error) {
	steps, err := list[ContractStep](ctx, db, `
		SELECT id, contract, revision, what, item, note, actor, happened_at
		FROM contract_steps
		WHERE contract = $1 ORDER BY revision DESC LIMIT $2`, contract, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list steps of contract %s: %w", contract, err)
	}
	return steps, nil
}

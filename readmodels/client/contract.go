package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ContractRow is a row of contracts: an active contract.
type ContractRow struct {
	ID        uuid.UUID `db:"id"`
	Client    uuid.UUID `db:"client"`
	Reference string    `db:"reference"`
	Type      string    `db:"type"`
}

// CategoryRow is a row of categories: a job type of an active contract.
type CategoryRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	JobType  string    `db:"job_type"`
	Name     string    `db:"name"`
}

// Contract is what the portal's header names of a contract (F8).
type Contract struct {
	Reference string `json:"reference" example:"CON-2024-018"`
	Type      string `json:"type" enum:"bucket,fixed,time_and_materials,retainer"`
}

// Category is what a ticket can be raised under (F10). Its contract's reference tells equal names apart, also
// for whoever may not see the contract itself.
type Category struct {
	ID       uuid.UUID `json:"id" format:"uuid"`
	Name     string    `json:"name"`
	Contract string    `json:"contract" example:"CON-2024-018" doc:"The reference of the contract that covers it."`
	// ContractID and JobType are what the command needs; the API does not name them.
	ContractID uuid.UUID `json:"-"`
	JobType    string    `json:"-"`
}

// maxCategories bounds the categories of one client; a contract has at most 200 job types.
const maxCategories = 1000

const selectCategories = `
	SELECT c.id, c.name, k.reference AS contract, c.contract AS contract_id, c.job_type
	FROM categories c JOIN contracts k ON k.id = c.contract AND k.client = c.client
	WHERE c.client = @client`

// ListCategories gives the categories of the client's active contracts, by name.
func ListCategories(ctx context.Context, tx pgx.Tx, v Viewer) ([]Category, error) {
	arguments := v.arguments()
	arguments["limit"] = maxCategories
	return list[Category](ctx, tx, "categories", selectCategories+` ORDER BY c.name, k.reference, c.id LIMIT @limit`, arguments)
}

// ReadCategory gives one category; domain.ErrNotFound when the client has none with that id.
func ReadCategory(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (Category, error) {
	arguments := v.arguments()
	arguments["id"] = id
	return one[Category](ctx, tx, "category", selectCategories+` AND c.id = @id`, arguments)
}

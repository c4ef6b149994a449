package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
)

// Payers gives the active users of an invoice's client who may see its invoices, by id, at most MaxLimit.
func Payers(ctx context.Context, db Queryer, invoice uuid.UUID) ([]uuid.UUID, error) {
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	found, err := list[row](ctx, db, `
		SELECT p.id
		FROM invoices AS i JOIN people AS p ON p.client = i.client
		WHERE i.id = $1 AND p.status = 'active' AND (p.role = $2 OR $3 = ANY (string_to_array(p.grants, ' ')))
		ORDER BY p.id
		LIMIT $4`, invoice, string(domain.ClientAdmin), string(access.ReadBilling), MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list who pays invoice %s: %w", invoice, err)
	}
	ids := make([]uuid.UUID, len(found))
	for i, person := range found {
		ids[i] = person.ID
	}
	return ids, nil
}

package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Change names a record that changed for a client, and says nothing about how.
type Change struct {
	ID      int64 // rises with time; its gaps are other clients' changes, so it never leaves us unsealed
	Kind    string
	Key     uuid.UUID
	Removed bool
}

// LastChange gives the id of the newest change that the viewer may hear of; 0 when there is none.
func LastChange(ctx context.Context, tx pgx.Tx, v Viewer) (int64, error) {
	type row struct{ ID int64 }
	last, err := one[row](ctx, tx, "last change", `
		SELECT coalesce((SELECT n.id FROM control.changes n
		    WHERE n.version = @version AND n.client = @client`+v.audible()+` ORDER BY n.id DESC LIMIT 1), 0) AS id`,
		changeArguments(v))
	return last.ID, err
}

// ListChanges gives the changes that the viewer may hear of after an id that LastChange or a change before
// gave, oldest first, at most limit. It reports false when it cannot tell: changes are pruned from the
// oldest on, so whoever's own change is gone may have missed some.
func ListChanges(ctx context.Context, tx pgx.Tx, v Viewer, after int64, limit int) (changes []Change, known bool, err error) {
	arguments := changeArguments(v)
	arguments["after"], arguments["limit"] = after, limit+1
	changes, err = list[Change](ctx, tx, "changes", `
		SELECT n.id, n.kind, n.key, n.removed FROM control.changes n
		WHERE n.version = @version AND n.client = @client AND n.id >= @after AND (n.id = @after OR true`+v.audible()+`)
		ORDER BY n.id LIMIT @limit`, arguments)
	switch {
	case err != nil:
		return nil, false, err
	case after == 0 && len(changes) == 0:
		return nil, true, nil // Nothing has happened yet.
	case len(changes) == 0 || changes[0].ID != after:
		return nil, false, nil
	}
	return changes[1:], true, nil
}

// audible narrows a query over changes to those the viewer may hear of. A Client Employee hears of tickets of their
// own, of contracts with all that belongs to them if it may see them, and of invoices likewise. What else is gone
// belongs to nobody any more, so everyone of the organisation hears that the id, which names nothing now, was removed.
func (v Viewer) audible() string {
	return v.own(`
		  AND CASE WHEN n.kind IN ('contract', 'contract_line', 'bucket', 'carried_lot', 'work', 'settlement', 'proposal',
		        'overage_request', 'hours_alert') THEN @scope
		    WHEN n.kind IN ('invoice', 'claim', 'invoice_entry', 'credit_note', 'print', 'receipt', 'dispute', 'reminder') THEN @billing
		    ELSE n.removed OR n.kind IN ('organisation', 'category') OR n.kind = 'person' AND n.key = @person
		      OR EXISTS (SELECT FROM tickets t WHERE t.client = @client AND t.raised_by = @person AND t.id = CASE n.kind
		        WHEN 'ticket' THEN n.key
		        WHEN 'comment' THEN (SELECT c.ticket FROM comments c WHERE c.client = @client AND c.id = n.key)
		        WHEN 'ticket_step' THEN (SELECT s.ticket FROM ticket_steps s WHERE s.client = @client AND s.id = n.key)
		        WHEN 'target' THEN (SELECT g.ticket FROM targets g WHERE g.client = @client AND g.id = n.key)
		        WHEN 'attachment' THEN (SELECT f.ticket FROM attachments f WHERE f.client = @client AND f.id = n.key)
		        WHEN 'comment_edit' THEN (SELECT e.ticket FROM comment_edits e WHERE e.client = @client AND e.id = n.key)
		    END) END`)
}

func changeArguments(v Viewer) pgx.NamedArgs {
	arguments := v.arguments()
	arguments["version"], arguments["scope"], arguments["billing"] = Version, v.Scope, v.Billing
	return arguments
}

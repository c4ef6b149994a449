package client

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Overview is the portal's header (F8). It counts what the viewer sees and nothing else (X12).
type Overview struct {
	Tickets   Counts     `json:"tickets"`
	Contracts []Contract `json:"contracts" nullable:"false" doc:"The active contracts, by reference; none for whoever may not see them."`
}

// Counts of tickets. A ticket that waits for the client counts as open too.
type Counts struct {
	Open          int `json:"open" doc:"Not over yet."`
	WaitingForYou int `json:"waiting_for_you" doc:"Those of the open ones that need an answer or an approval from you."`
	AtRisk        int `json:"at_risk" doc:"Those of the open ones of which a promise is at risk or missed."`
	Resolved      int `json:"resolved" doc:"Resolved, closed, cancelled or merged into another one."`
}

// maxContracts bounds the contracts named in an overview.
const maxContracts = 100

// ReadOverview gives the overview.
func ReadOverview(ctx context.Context, tx pgx.Tx, v Viewer) (Overview, error) {
	counts, err := one[Counts](ctx, tx, "counts of tickets", `
		SELECT count(*) FILTER (WHERE `+isOpen+`) AS open,
		       count(*) FILTER (WHERE `+isWaitingForYou+`) AS waiting_for_you,
		       count(*) FILTER (WHERE `+isAtRisk+`) AS at_risk,
		       count(*) FILTER (WHERE NOT (`+isOpen+`)) AS resolved
		FROM tickets t WHERE t.client = @client`+v.own(" AND t.raised_by = @person"), v.arguments())
	if err != nil {
		return Overview{}, err
	}
	if !v.Scope {
		return Overview{Tickets: counts, Contracts: []Contract{}}, nil
	}
	arguments := v.arguments()
	arguments["limit"] = maxContracts
	contracts, err := list[Contract](ctx, tx, "contracts", `
		SELECT reference, type FROM contracts WHERE client = @client AND state = 'active' ORDER BY reference, id LIMIT @limit`, arguments)
	if err != nil {
		return Overview{}, err
	}
	return Overview{Tickets: counts, Contracts: contracts}, nil
}

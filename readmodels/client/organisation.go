package client

import (
	"context"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// ReadOrganisation gives the client organisation, whoever asks; domain.ErrNotFound when there is none.
func ReadOrganisation(ctx context.Context, tx pgx.Tx, client domain.ClientID) (Organisation, error) {
	return one[Organisation](ctx, tx, "organisation",
		`SELECT name, zone, language, currency FROM organisation WHERE client = @client`, Viewer{Client: client.UUID}.arguments())
}

package commands

import (
	"context"
	"time"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/money"
)

// RegisterClient begins a client organisation. ID is zero for a new one, which then derives from the
// request, or given by an import.
type RegisterClient struct {
	ID       domain.ClientID
	Name     string
	Zone     string // IANA name; refused when this program's tzdata does not know it
	Language string // BCP 47
	Currency money.Currency
	Source   string // key in the system the client is imported from, or empty
}

// RegisterClient runs the command.
func (s *Service) RegisterClient(ctx context.Context, r Request, c RegisterClient) (Answer, error) {
	if c.ID.IsZero() {
		c.ID = domain.ClientID{UUID: domain.Derive(r.Command().UUID, "client")}
	}
	return s.onClient(ctx, r, manageClients, c.ID, func() (client.Command, error) {
		if _, err := time.LoadLocation(c.Zone); err != nil {
			return nil, &domain.Refusal{
				Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "some fields are wrong",
				Fields: map[string]string{"zone": "is no time zone this program knows: " + c.Zone},
			}
		}
		return client.Register{
			Client: c.ID, Name: c.Name, Zone: c.Zone, Language: c.Language, Currency: c.Currency, Source: c.Source,
			By: r.Actor, At: r.At,
		}, nil
	})
}

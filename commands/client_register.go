package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/money"
	"effigate/domain/zone"
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

// RegisterClient runs the command. Who may manage its own clients alone answers for this one from the start:
// only an owner could assign it, and it would lose the client the moment it has registered it.
func (s *Service) RegisterClient(ctx context.Context, r Request, c RegisterClient) (Answer, error) {
	if c.ID.IsZero() {
		c.ID = domain.ClientID{UUID: domain.Derive(r.Command().UUID, "client")}
	}
	return s.onClient(ctx, r, access.RegisterClients, c.ID, func() (client.Command, error) {
		if !zone.Valid(c.Zone) {
			return nil, wrong("zone", "is no time zone this program knows: "+c.Zone)
		}
		var manager domain.PersonID
		if access.ScopeOf(r.Actor.Role, access.ManageClients) == access.OwnClients {
			manager = r.Actor.Person
		}
		return client.Register{
			Client: c.ID, Name: c.Name, Zone: c.Zone, Language: c.Language, Currency: c.Currency, Source: c.Source,
			Manager: manager, By: r.Actor, At: r.At,
		}, nil
	})
}

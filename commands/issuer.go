package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/issuer"
	"effigate/domain/zone"
)

// DescribeIssuer says how a legal entity of the firm invoices from now on. What is drafted already stays as it is.
type DescribeIssuer struct {
	Issuer  string // its key; empty = issuer.Main
	Content issuer.Content
}

// DescribeIssuer runs the command. The answer's ID derives from the key.
func (s *Service) DescribeIssuer(ctx context.Context, r Request, c DescribeIssuer) (Answer, error) {
	if c.Issuer == "" {
		c.Issuer = issuer.Main
	}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManageIssuers); err != nil {
			return Answer{}, err
		}
		if !zone.Valid(c.Content.Zone) { // The decider checks the form alone.
			return Answer{}, wrong("zone", "must be the IANA name of a time zone, such as Europe/Berlin")
		}
		position, err := onStream(ctx, s, issuer.Decider, r.on(issuer.Stream(c.Issuer)), issuer.Command(issuer.Describe{
			Issuer: c.Issuer, Content: c.Content, By: r.Actor, At: r.At,
		}))
		return Answer{ID: issuer.ID(c.Issuer), Position: position}, err
	})
}

// DescribeBilling says how a client is invoiced from now on.
type DescribeBilling struct {
	Client  domain.ClientID
	Billing client.Billing
}

// DescribeBilling runs the command. The answer's ID is the client's.
func (s *Service) DescribeBilling(ctx context.Context, r Request, c DescribeBilling) (Answer, error) {
	return s.onClient(ctx, r, access.DescribeBilling, c.Client, func() (client.Command, error) {
		if c.Billing.Issuer != "" {
			if _, err := s.issuer(ctx, c.Billing.Issuer); err != nil {
				return nil, err
			}
		}
		return client.DescribeBilling{Billing: c.Billing, By: r.Actor, At: r.At}, nil
	})
}

// issuer looks a legal entity up; one that nobody described is refused.
func (s *Service) issuer(ctx context.Context, key string) (issuer.State, error) {
	found, err := load(ctx, s.log, issuer.Decider, issuer.Stream(key), domain.CommandID{})
	if err == nil && !found.state.Exists() {
		err = domain.Refuse(domain.ErrConflict, "issuer_missing", "nothing is known of the issuer %q; say who issues invoices first", key)
	}
	return found.state, err
}

package commands

import (
	"context"
	"strings"

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
		on, describe := r.on(issuer.Stream(c.Issuer)), issuer.Describe{Issuer: c.Issuer, Content: c.Content, By: r.Actor, At: r.At}
		if err := s.claimPrefixes(ctx, r, on, describe); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, issuer.Decider, on, issuer.Command(describe))
		return Answer{ID: issuer.ID(c.Issuer), Position: position}, err
	})
}

// claimPrefixes takes the prefixes of numbers that an issuer is to be described with, before it is: of two who want the
// same, one is refused. What could not be described takes none.
func (s *Service) claimPrefixes(ctx context.Context, r Request, on Target, c issuer.Describe) error {
	known, err := load(ctx, s.log, issuer.Decider, on.Stream, on.Command)
	if err != nil || known.acted {
		return err
	}
	if on.Seen != nil && *on.Seen != known.revision {
		return changedSince(on.Stream, known.revision, *on.Seen)
	}
	if _, err := issuer.Decide(known.state, c); err != nil {
		return err
	}
	main, err := s.issuer(ctx, issuer.Main)
	if err != nil && !Final(err) {
		return err
	}
	if err == nil && c.Issuer != issuer.Main { // It may be described since before prefixes were claimed.
		if err := s.claim(ctx, r, issuer.Main, main.Content(), c); err != nil && !Final(err) {
			return err
		}
	}
	err = s.claim(ctx, r, c.Issuer, c.Content, c)
	had := known.state.Content()
	if had.InvoicePrefix == c.Content.InvoicePrefix && had.CreditPrefix == c.Content.CreditPrefix && Final(err) {
		return nil // It has printed them since before prefixes were claimed, and may still change its account.
	}
	return err
}

// claim takes an issuer the prefixes of a content.
func (s *Service) claim(ctx context.Context, r Request, of string, content issuer.Content, c issuer.Describe) error {
	on := r.then("claim prefixes", strings.Join([]string{of, content.InvoicePrefix, content.CreditPrefix}, " ")).on(issuer.PrefixStream)
	_, err := onStream(ctx, s, issuer.Prefixes, on, issuer.Claim{
		Issuer: of, Invoice: content.InvoicePrefix, Credit: content.CreditPrefix, By: c.By, At: c.At,
	})
	return err
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

package issuer

import (
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/bill"
)

// PrefixStream is the stream that says whose each prefix of numbers is: one for all issuers, so that two that are
// described at the same moment cannot both get one. No key of an issuer has capitals.
const PrefixStream = "issuer-PREFIXES"

// MaxPrefixes bounds how many prefixes all issuers have had.
const MaxPrefixes = 1_000

// Prefixes is the aggregate of the prefixes of numbers. Who got one keeps it for one kind of document, also after taking
// another: documents carry it, and no two may have one number (F39).
var Prefixes = domain.Decider[Claims, Claim, Event]{Decide: decideClaim, Evolve: evolveClaims}

// Claims is what decisions need to know of the prefixes that are taken.
type Claims struct{ claimed []PrefixClaimed }

// Claim takes an issuer the prefixes it is to be described with. Taking them again changes nothing.
type Claim struct {
	Issuer          string // its key
	Invoice, Credit string
	By              domain.Actor
	At              time.Time
}

func decideClaim(s Claims, c Claim) (events []Event, err error) {
	for _, asked := range []PrefixClaimed{
		{Prefix: c.Invoice, Issuer: c.Issuer, Documents: bill.Invoice, By: c.By.Person, At: c.At},
		{Prefix: c.Credit, Issuer: c.Issuer, Documents: bill.CreditNote, By: c.By.Person, At: c.At},
	} {
		at := slices.IndexFunc(s.claimed, func(p PrefixClaimed) bool { return p.Prefix == asked.Prefix })
		if at < 0 {
			events = append(events, asked)
			continue
		}
		if has := s.claimed[at]; has.Issuer != asked.Issuer || has.Documents != asked.Documents {
			return nil, domain.Refuse(domain.ErrConflict, "prefix_taken",
				"%s is the prefix of %s of the issuer %s, and two documents must not have one number; choose another", has.Prefix, plurals[has.Documents], has.Issuer)
		}
	}
	if len(s.claimed)+len(events) > MaxPrefixes {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_prefixes", "issuers have had %d prefixes; use one of this issuer's earlier ones", MaxPrefixes)
	}
	return events, nil
}

var plurals = map[bill.DocumentKind]string{bill.Invoice: "invoices", bill.CreditNote: "credit notes"}

func evolveClaims(s Claims, e Event) Claims {
	switch e := e.(type) {
	case PrefixClaimed:
		s.claimed = append(slices.Clip(s.claimed), e)
	case Described: // Of an issuer's own stream.
	}
	return s
}

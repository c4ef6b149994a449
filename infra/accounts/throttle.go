package accounts

import (
	"context"
	"net/netip"

	"effigate/domain"
)

// throttle is a bound on failures to prove something. Tries are counted before they are judged, so that
// many at once count as well; a success takes its count back.
type throttle struct {
	name string
	free int
	// Delays says that from the free-th failure on each one blocks for longer, up to 15 min; otherwise the
	// free-th within an hour blocks for the rest of the hour.
	delays bool
}

// The throttles. What they count is the same for addresses that are somebody's and those that are not.
var (
	ofNetwork = throttle{"login from a network", 5, true}
	ofAddress = throttle{"login from anywhere", 50, false}
	ofResets  = throttle{"reset", 3, false}
	ofInvites = throttle{"invitation", 5, false}
	ofChanges = throttle{"change of address", 5, false}
	ofFactor  = throttle{"second factor", 5, true}
	ofProof   = throttle{"proof", 5, true}
)

// attempt counts a try of whoever is named, and tells whether it may be judged. Call succeeded after it
// when the proof was right.
func (s *Service) attempt(ctx context.Context, t throttle, who string) (bool, error) {
	return value[bool](ctx, s, "count a try", `SELECT accounts.attempt($1, $2, $3, $4)`, s.box.key(t.name, who), t.free, t.delays, s.now())
}

// mayMail counts a mail that somebody asks for, to be sent to a person who did not. Nobody takes it back.
func (s *Service) mayMail(ctx context.Context, t throttle, who string) error {
	allowed, err := s.attempt(ctx, t, who)
	if err != nil || allowed {
		return err
	}
	return domain.Refuse(domain.ErrConflict, "too_many_mails", "too many e-mails were asked for within an hour; wait until they have arrived")
}

// attemptOf is attempt for a person.
func (s *Service) attemptOf(ctx context.Context, t throttle, person domain.PersonID) (bool, error) {
	return s.attempt(ctx, t, person.String())
}

// succeeded forgets the failures of whoever is named.
func (s *Service) succeeded(ctx context.Context, t throttle, who string) error {
	return s.run(ctx, "forget failures", `SELECT accounts.forget_failures($1)`, s.box.key(t.name, who))
}

// network is what an address shares with its neighbours: an IPv6 customer has a whole /64.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ""
	}
	return prefix.String()
}

package commands

import (
	"context"
	"slices"

	"effigate/domain"
)

// permission is something a role may be allowed to do (product rule F54).
type permission string

// The permissions of this package's use cases.
const (
	manageClients    permission = "manage clients"
	manageContracts  permission = "manage contracts"
	managePeople     permission = "manage people"
	raiseTickets     permission = "raise tickets"
	commentOnTickets permission = "comment on tickets"
	reopenTickets    permission = "reopen tickets"
	workTickets      permission = "work on tickets"
	publishTickets   permission = "publish and withdraw tickets"
	importTickets    permission = "import tickets"
)

// permitted lists the roles of each permission. A role that is not listed may not.
var permitted = map[permission][]domain.Role{
	manageClients:    {domain.Owner, domain.AccountManager},
	manageContracts:  {domain.Owner, domain.AccountManager},
	managePeople:     {domain.Owner, domain.AccountManager},
	raiseTickets:     {domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer, domain.Support, domain.ClientAdmin, domain.ClientEmployee},
	commentOnTickets: {domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer, domain.Support, domain.ClientAdmin, domain.ClientEmployee},
	reopenTickets:    {domain.Owner, domain.Delivery, domain.Engineer, domain.Support, domain.ClientAdmin, domain.ClientEmployee},
	workTickets:      {domain.Owner, domain.Delivery, domain.Engineer, domain.Support},
	publishTickets:   {domain.Owner, domain.AccountManager, domain.Delivery},
	importTickets:    {domain.Owner, domain.AccountManager, domain.Delivery},
}

// may refuses whoever lacks the permission. A client user who lacks it is told that the thing does not
// exist: for a client, staff commands do not. The system acts on facts and does what a use case asks.
//
// A client user's standing is read from the events at every command, so a deactivation takes effect at
// once.
func (s *Service) may(ctx context.Context, actor domain.Actor, needed permission) error {
	if actor.Side == domain.SystemSide {
		return nil
	}
	listed := slices.Contains(permitted[needed], actor.Role) && actor.Role.Side() == actor.Side
	switch {
	case listed && actor.Side == domain.ClientSide:
		_, err := s.member(ctx, actor)
		return err
	case listed:
		return nil
	case actor.Side == domain.StaffSide:
		return domain.Refuse(domain.ErrForbidden, "role_may_not", "the role %s may not %s; ask one of %v", actor.Role, needed, permitted[needed])
	default:
		return notFound()
	}
}

// notFound is what a client user is told of what is not its own.
func notFound() error { return domain.Refuse(domain.ErrNotFound, "not_found", "not found") }

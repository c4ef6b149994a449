package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// role is a part of the product that a process may run without the others.
type role string

// The roles.
const (
	portalRole    role = "portal"    // answers clients
	consoleRole   role = "console"   // answers staff
	projectorRole role = "projector" // keeps the read models
	workerRole    role = "worker"    // process managers, mail, pruning
)

var allRoles = []role{portalRole, consoleRole, projectorRole, workerRole}

// roles are those that this process runs: all, unless some are named.
func (s *settings) roles() ([]role, error) {
	if s.Roles == "" {
		return allRoles, nil
	}
	var named []role
	for name := range strings.SplitSeq(s.Roles, ",") {
		if !slices.Contains(allRoles, role(name)) || slices.Contains(named, role(name)) {
			return nil, fmt.Errorf("EFFIGATE_ROLES is %q; it must name some of %v, divided by commas, each once", s.Roles, allRoles)
		}
		named = append(named, role(name))
	}
	return named, nil
}

// runs reports whether this process runs the role. The settings have been checked.
func (s *settings) runs(r role) bool {
	roles, err := s.roles()
	return err == nil && slices.Contains(roles, r)
}

// alone reports whether this process is a portal and nothing else, which then holds no credential that
// reads or writes anything but what a portal shows.
func (s *settings) alone() bool {
	roles, err := s.roles()
	return err == nil && slices.Equal(roles, []role{portalRole})
}

// checkAlone reports everything that a portal alone lacks, and everything that it must not be told: what
// is not in a process cannot be taken from it.
func (s *settings) checkAlone() error {
	var wrong []error
	for _, needed := range []struct{ name, value string }{
		{"EFFIGATE_CLIENT_READER_URL", s.ReaderURL},
		{"EFFIGATE_CLIENT_ACCOUNTS_URL", s.AccountsURL},
		{"EFFIGATE_BLOBS_PUBLIC", s.PublicFiles},
		{"EFFIGATE_COMMAND_URL", s.CommandURL},
		{"EFFIGATE_COMMAND_TOKEN", s.CommandToken},
		{"EFFIGATE_KEY", s.Key},
	} {
		if needed.value == "" {
			wrong = append(wrong, fmt.Errorf("%s is not set; a portal alone needs it, and `effigate portal env` prints it", needed.name))
		}
	}
	for _, foreign := range []struct{ name, value string }{
		{"EFFIGATE_EVENTSTORE", s.EventStore},
		{"EFFIGATE_CLIENT_DATABASE_URL", s.ClientURL},
		{"EFFIGATE_STAFF_DATABASE_URL", s.StaffURL},
		{"EFFIGATE_SMTP_URL", s.SMTPURL},
		{"EFFIGATE_SEAL_KEY", s.SealKey},
		{"EFFIGATE_PAYMENT_SECRET", s.PaymentSecret},
		{"EFFIGATE_COMMAND_ADDR", s.CommandAddr},
	} {
		if foreign.value != "" {
			wrong = append(wrong, fmt.Errorf("%s is set; a portal alone must not hold what other roles work with", foreign.name))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return usageError{err}
	}
	return nil
}

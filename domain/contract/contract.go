// Package contract is the aggregate of an agreement with one client: type, job types in scope, support
// level and dates, from draft to termination (product rules F10, F29, F30, X10).
//
// It imports the domain and visible packages only. What the client sees is decided in disclosure.go
// alone.
package contract

import (
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"effigate/domain"
)

// Type says how a contract is charged (F29).
type Type string

// The types.
const (
	Bucket           Type = "bucket"
	Fixed            Type = "fixed"
	TimeAndMaterials Type = "time_and_materials"
	Retainer         Type = "retainer"
)

// Valid reports whether t is one of the types.
func (t Type) Valid() bool {
	return t == Bucket || t == Fixed || t == TimeAndMaterials || t == Retainer
}

// SupportLevel selects SLA policy and rate row (X10). It is never shown to clients.
type SupportLevel string

// The support levels.
const (
	Standard SupportLevel = "standard"
	Priority SupportLevel = "priority"
	Always   SupportLevel = "24x7"
)

// Valid reports whether l is one of the support levels.
func (l SupportLevel) Valid() bool { return l == Standard || l == Priority || l == Always }

// JobType is one category of work that a contract covers.
type JobType struct {
	Key  string `json:"key"`  // lower-case letters, digits, dots, dashes and underscores; unique in the contract
	Name string `json:"name"` // as the client reads it
}

// Date is a calendar day, "2026-03-31", in the client's zone. The zero Date is no day.
type Date string

// Valid reports whether d is a day of the calendar.
func (d Date) Valid() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

// Status is where a contract stands in its life (F30). The zero Status is a contract nobody drafted.
type Status string

// The states.
const (
	StatusDraft      Status = "draft"
	StatusActive     Status = "active"
	StatusTerminated Status = "terminated"
)

// Bounds of a contract.
const (
	MaxJobTypes = 200  // per contract
	MaxReason   = 2000 // characters
)

// Stream is the name of a contract's stream.
func Stream(id domain.ContractID) string { return "contract-" + id.String() }

// Decider is the contract aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a contract.
type State struct {
	Status  Status
	drafted Drafted
}

// Covers reports whether a client may have work of this job type done under the contract now.
func (s State) Covers(client domain.ClientID, jobType string) bool {
	return s.Status == StatusActive && s.drafted.Client == client &&
		slices.ContainsFunc(s.drafted.JobTypes, func(j JobType) bool { return j.Key == jobType })
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Draft:
		return s.draft(c)
	case Activate:
		return s.activate(c)
	case Terminate:
		return s.terminate(c)
	}
	panic(fmt.Sprintf("contract: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Drafted:
		s.Status, s.drafted = StatusDraft, e
	case Activated:
		s.Status = StatusActive
	case Terminated:
		s.Status = StatusTerminated
	}
	return s
}

// draft repeats without effect, whatever happened to the contract since.
func (s State) draft(c Draft) ([]Event, error) {
	if err := checkDraft(c); err != nil {
		return nil, err
	}
	drafted := Drafted{
		Contract: c.Contract, Client: c.Client, Reference: c.Reference, Type: c.Type,
		JobTypes: slices.Clone(c.JobTypes), Starts: c.Starts, Ends: c.Ends,
		Staff: DraftedStaff{SupportLevel: c.SupportLevel}, By: c.By.Person, At: c.At,
	}
	if s.Status == "" {
		return []Event{drafted}, nil
	}
	if !s.drafted.sameTerms(drafted) {
		return nil, domain.Refuse(domain.ErrConflict, "contract_exists", "contract %s was drafted with other terms", c.Contract)
	}
	return nil, nil
}

func (e Drafted) sameTerms(other Drafted) bool {
	return e.Contract == other.Contract && e.Client == other.Client && e.Reference == other.Reference &&
		e.Type == other.Type && e.Starts == other.Starts && e.Ends == other.Ends && e.Staff == other.Staff &&
		slices.Equal(e.JobTypes, other.JobTypes)
}

func checkDraft(c Draft) error {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Contract.IsZero(), "contract", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.Line("reference", c.Reference)
	check.That(c.Type.Valid(), "type", "must be bucket, fixed, time_and_materials or retainer")
	check.That(c.SupportLevel.Valid(), "support_level", "must be standard, priority or 24x7")
	check.That(c.Starts.Valid(), "starts", "must be a day, such as 2026-03-31")
	check.That(c.Ends == "" || c.Ends.Valid() && c.Ends >= c.Starts, "ends", "must be empty, or a day not before the start")
	check.That(len(c.JobTypes) >= 1 && len(c.JobTypes) <= MaxJobTypes, "job_types", "must be 1 to 200")
	known := map[string]bool{}
	for _, jobType := range c.JobTypes[:min(len(c.JobTypes), MaxJobTypes)] {
		check.That(keyForm.MatchString(jobType.Key), "job_types", "must have keys of 1 to 64 lower-case letters, digits, dots, dashes and underscores")
		check.Line("job_types", jobType.Name)
		check.That(!known[jobType.Key], "job_types", "must have different keys")
		known[jobType.Key] = true
	}
	return check.Err()
}

func (s State) activate(c Activate) ([]Event, error) {
	if err := s.open(domain.Signed(c.By, c.At)); err != nil || s.Status == StatusActive {
		return nil, err
	}
	if s.Status != StatusDraft {
		return nil, domain.Refuse(domain.ErrConflict, "contract_terminated", "the contract is terminated; draft another")
	}
	return []Event{Activated{By: c.By.Person, At: c.At}}, nil
}

func (s State) terminate(c Terminate) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(utf8.ValidString(c.Reason) && utf8.RuneCountInString(c.Reason) <= MaxReason, "reason", "must be text of at most 2000 characters")
	if err := s.open(check); err != nil || s.Status == StatusTerminated {
		return nil, err
	}
	if s.Status != StatusActive {
		return nil, domain.Refuse(domain.ErrConflict, "contract_not_active", "a contract that is %s is not in force and cannot be terminated", s.Status)
	}
	return []Event{Terminated{Staff: TerminatedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// open refuses commands on a contract that does not exist, and then those with wrong fields.
func (s State) open(check domain.Check) error {
	if s.Status == "" {
		return domain.Refuse(domain.ErrNotFound, "no_such_contract", "no such contract")
	}
	return check.Err()
}

var keyForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

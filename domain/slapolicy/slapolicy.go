// Package slapolicy is the aggregate of promises about tickets in versions (product rule F17).
//
// It imports the domain, visible and value packages only. All of it is internal for ever (F3).
package slapolicy

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

// MaxVersions bounds the versions of one policy.
const MaxVersions = 1000

// Stream is the name of its stream.
func Stream(id domain.SLAPolicyID) string { return "slapolicy-" + id.String() }

// Decider is the aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know.
type State struct {
	Superseded bool // until a version is published again
	versions   []Version
}

// Version is one version.
type Version struct {
	Number int
	Terms  PublishedStaff
}

// Exists reports whether anything was published.
func (s State) Exists() bool { return len(s.versions) > 0 }

// Newest is the number of the newest version; 0 for none.
func (s State) Newest() int { return len(s.versions) }

// Numbered gives a version by its number.
func (s State) Numbered(number int) (Version, bool) {
	if number < 1 || number > len(s.versions) {
		return Version{}, false
	}
	return s.versions[number-1], true
}

// On gives the version in force on a day: the newest of those that begin on or before it, or the first one on a day
// before all of them; false when there is none.
func (s State) On(day calendar.Date) (Version, bool) {
	number := len(s.versions)
	for number > 1 && s.versions[number-1].Terms.From > day {
		number--
	}
	return s.Numbered(number)
}

// FirmDefault is the policy of contracts that choose none; ForClient gives the one that overrides all others for a
// client. Policies that contracts choose have any other id.
func FirmDefault() domain.SLAPolicyID {
	return domain.SLAPolicyID{UUID: uuid.MustParse("6b1f7c52-0d3e-4c8a-9e55-3a7f20c4d1b8")}
}

// ForClient is the policy that overrides all others for a client.
func ForClient(id domain.ClientID) domain.SLAPolicyID {
	return domain.SLAPolicyID{UUID: domain.Derive(id.UUID, "sla policy")}
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Publish:
		return s.publish(c)
	case Supersede:
		return s.supersede(c)
	}
	panic(fmt.Sprintf("slapolicy: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Published:
		s.versions = append(slices.Clip(s.versions), Version{Number: e.Version, Terms: e.Staff})
		s.Superseded = false
	case Superseded:
		s.Superseded = true
	}
	return s
}

func (s State) publish(c Publish) ([]Event, error) {
	if c.Base > 0 && !s.Exists() {
		return nil, missing()
	}
	newest, _ := s.Numbered(s.Newest())
	if c.Layer == sla.FromNowhere {
		c.Layer, c.Client = newest.Terms.Layer, newest.Terms.Client
	}
	if err := s.check(c); err != nil {
		return nil, err
	}
	said := PublishedStaff{Name: c.Name, Layer: c.Layer, Client: c.Client, From: c.From, Policy: c.Policy, Reason: c.Reason}
	same := newest.Terms.Name == c.Name && newest.Terms.From == c.From && reflect.DeepEqual(newest.Terms.Policy, c.Policy)
	switch {
	case same && !s.Superseded:
		return nil, nil
	case c.Base != s.Newest():
		return nil, domain.Refuse(domain.ErrConflict, "version_changed", "version %d was published meanwhile, and you saw %d; look at it and publish again", s.Newest(), c.Base)
	case s.Newest() >= MaxVersions:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_versions", "the policy has %d versions, which is the most; publish another one", s.Newest())
	}
	return []Event{Published{Policy: c.ID, Version: s.Newest() + 1, Staff: said, By: c.By.Person, At: c.At}}, nil
}

func (s State) check(c Publish) error {
	check := domain.Signed(c.By, c.At)
	checkLayer(&check, c)
	check.Line("name", c.Name)
	check.That(c.From.Valid(), "from", "must be a day, such as 2026-03-31")
	if newest, exists := s.Numbered(s.Newest()); exists {
		check.That(c.Layer == newest.Terms.Layer && c.Client == newest.Terms.Client, "layer", "must stay as it was")
		check.That(c.From >= newest.Terms.From, "from", "must not be before "+string(newest.Terms.From)+", from which version "+strconv.Itoa(newest.Number)+" holds")
	}
	for field, wrong := range c.Policy.Check() {
		check.That(false, field, wrong)
	}
	for i, target := range c.Policy.Targets {
		check.That(known(target), "targets", fmt.Sprintf("are wrong in row %d: it must have the support level standard, priority or 24x7, or none", i+1))
	}
	check.Text("reason", c.Reason, 0)
	return check.Err()
}

// checkLayer holds the policy's id and its layer together: the firm has one policy, and each client one.
func checkLayer(check *domain.Check, c Publish) {
	check.That(!c.ID.IsZero(), "id", "must be given")
	check.That(c.Client.IsZero() == (c.Layer != sla.FromClient), "client", "must be given for the layer client, and only for it")
	switch c.Layer {
	case sla.FromFirm:
		check.That(c.ID == FirmDefault(), "id", "must be the firm's own one for the layer firm")
	case sla.FromClient:
		check.That(c.ID == ForClient(c.Client), "id", "must be the client's own one for the layer client")
	case sla.FromNowhere:
		check.That(c.ID != FirmDefault(), "id", "must not be the firm's own one where contracts choose")
	default:
		check.That(false, "layer", "must be firm, client or empty")
	}
}

// known reports whether a contract may have the support level of a target. One that none has would never be met,
// and nobody would notice.
func known(target sla.Target) bool {
	switch terms.SupportLevel(target.SupportLevel) {
	case "", terms.Standard, terms.Priority, terms.Always:
		return true
	default:
		return false
	}
}

func (s State) supersede(c Supersede) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.Text("reason", c.Reason, 0)
	if !s.Exists() {
		return nil, missing()
	}
	if err := check.Err(); err != nil || s.Superseded {
		return nil, err
	}
	return []Event{Superseded{Staff: SupersededStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

func missing() error {
	return domain.Refuse(domain.ErrNotFound, "no_such_policy", "no such SLA policy")
}

// Package client is the aggregate of a client organisation: its name, zone, language and currency, who
// manages it, and which contracts it has. It is the boundary of all client data.
//
// It imports the domain, visible and money packages only. What the client sees is decided in
// disclosure.go alone.
package client

import (
	"fmt"
	"regexp"
	"slices"

	"effigate/domain"
)

// MaxContracts bounds the contracts of one client.
const MaxContracts = 1000

// Stream is the name of a client's stream.
func Stream(id domain.ClientID) string { return "client-" + id.String() }

// Decider is the client aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a client.
type State struct {
	registered Registered // as registered; its name may have changed since
	name       string
	manager    domain.PersonID
	contracts  []domain.ContractID
}

// Exists reports whether the client was registered.
func (s State) Exists() bool { return !s.registered.Client.IsZero() }

// HasContract reports whether the contract was linked to the client.
func (s State) HasContract(id domain.ContractID) bool { return slices.Contains(s.contracts, id) }

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Register:
		return s.register(c)
	case Rename:
		return s.rename(c)
	case AssignAccountManager:
		return s.assignAccountManager(c)
	case LinkContract:
		return s.linkContract(c)
	}
	panic(fmt.Sprintf("client: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Registered:
		s.registered, s.name = e, e.Name
	case Renamed:
		s.name = e.Name
	case AccountManagerAssigned:
		s.manager = e.Staff.Manager
	case ContractLinked:
		s.contracts = append(slices.Clip(s.contracts), e.Contract)
	}
	return s
}

// register repeats without effect, whatever happened to the client since: an import that is run again
// registers everybody again.
func (s State) register(c Register) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.Line("name", c.Name)
	check.That(isZone(c.Zone), "zone", "must be the IANA name of a time zone, such as Europe/Berlin")
	check.That(languageForm.MatchString(c.Language), "language", "must be a BCP 47 tag, such as en or pt-BR")
	check.That(c.Currency.Valid(), "currency", "must be a code of ISO 4217, such as EUR")
	if c.Source != "" {
		check.Line("source", c.Source)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	registered := Registered{
		Client: c.Client, Name: c.Name, Zone: c.Zone, Language: c.Language, Currency: c.Currency,
		Staff: RegisteredStaff{Source: c.Source}, By: c.By.Person, At: c.At,
	}
	if !s.Exists() {
		return []Event{registered}, nil
	}
	registered.By, registered.At = s.registered.By, s.registered.At
	if registered != s.registered {
		return nil, domain.Refuse(domain.ErrConflict, "client_exists", "client %s is registered with other facts; rename it, or register another", c.Client)
	}
	return nil, nil
}

func (s State) rename(c Rename) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.Line("name", c.Name)
	if err := s.open(check); err != nil || s.name == c.Name {
		return nil, err
	}
	return []Event{Renamed{Name: c.Name, By: c.By.Person, At: c.At}}, nil
}

func (s State) assignAccountManager(c AssignAccountManager) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Manager.IsZero(), "manager", "must be given")
	if err := s.open(check); err != nil || s.manager == c.Manager {
		return nil, err
	}
	return []Event{AccountManagerAssigned{
		Staff: AccountManagerAssignedStaff{Manager: c.Manager}, By: c.By.Person, At: c.At,
	}}, nil
}

func (s State) linkContract(c LinkContract) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Contract.IsZero(), "contract", "must be given")
	if err := s.open(check); err != nil || s.HasContract(c.Contract) {
		return nil, err
	}
	if len(s.contracts) >= MaxContracts {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_contracts", "the client has %d contracts, which is the most", len(s.contracts))
	}
	return []Event{ContractLinked{Contract: c.Contract, By: c.By.Person, At: c.At}}, nil
}

// open refuses commands on a client that does not exist, and then those with wrong fields.
func (s State) open(check domain.Check) error {
	if !s.Exists() {
		return domain.Refuse(domain.ErrNotFound, "no_such_client", "no such client")
	}
	return check.Err()
}

// zoneForm and languageForm are forms only. Whether the zone exists is checked at the edge, which has the
// tzdata: a decision must give the same answer under every version of it.
var (
	zoneForm     = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
)

func isZone(name string) bool {
	return len(name) <= 64 && zoneForm.MatchString(name) && name != "Local"
}

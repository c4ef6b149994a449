// Package client is the aggregate of a client organisation: its name, zone, language and currency, who
// manages it, which contracts it has, and who of its users takes a seat. It is the boundary of all client
// data.
//
// It imports the domain, visible, bill and money packages only. What the client sees is decided in
// disclosure.go alone.
package client

import (
	"fmt"
	"regexp"
	"slices"

	"effigate/domain"
	"effigate/domain/money"
)

// MaxContracts bounds the contracts of one client.
const MaxContracts = 1000

// Bounds of the seats of one client.
const (
	DefaultSeats = 25     // the limit until another is set
	MaxSeats     = 10_000 // the highest limit, and the most seats that staff may take beyond a limit
)

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
	billing    Billing

	limit int // of seats
	seats domain.Index[Seat]
	taken int // how many seats are
	given int // how many seats ever were
}

// Seat is one user's place in the client organisation. The zero Seat is nobody's.
type Seat struct {
	Taken SeatTaken
	// Ordinal counts the seats ever given, from 1: a person who takes a seat anew gets another.
	Ordinal int
}

// Exists reports whether the client was registered.
func (s State) Exists() bool { return !s.registered.Client.IsZero() }

// HasContract reports whether the contract was linked to the client.
func (s State) HasContract(id domain.ContractID) bool { return slices.Contains(s.contracts, id) }

// Zone is the IANA name of the time zone in which the client's days begin and end.
func (s State) Zone() string { return s.registered.Zone }

// Currency is what the client is charged in unless a contract says otherwise.
func (s State) Currency() money.Currency { return s.registered.Currency }

// Manager is the staff person who answers for the client; zero for nobody.
func (s State) Manager() domain.PersonID { return s.manager }

// Billing is how the client is invoiced; zero when nobody said.
func (s State) Billing() Billing { return s.billing }

// SeatOf gives the seat that a person has now, and whether there is one.
func (s State) SeatOf(id domain.PersonID) (Seat, bool) {
	seat, _ := s.seats.Get(id.UUID)
	return seat, seat.Ordinal > 0
}

// Seats gives the limit that counts for the client's own admins, and how many seats are taken.
func (s State) Seats() (limit, taken int) {
	return s.limit, s.taken
}

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
	case SetSeatLimit:
		return s.setSeatLimit(c)
	case TakeSeat:
		return s.takeSeat(c)
	case ReleaseSeat:
		return s.releaseSeat(c)
	case DescribeBilling:
		return s.describeBilling(c)
	}
	panic(fmt.Sprintf("client: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Registered:
		s.registered, s.name, s.limit = e, e.Name, DefaultSeats
	case Renamed:
		s.name = e.Name
	case AccountManagerAssigned:
		s.manager = e.Staff.Manager
	case ContractLinked:
		s.contracts = append(slices.Clip(s.contracts), e.Contract)
	case SeatLimitSet:
		s.limit = e.Limit
	case SeatTaken:
		s.given, s.taken = s.given+1, s.taken+1
		s.seats = s.seats.With(e.Person.UUID, Seat{Taken: e, Ordinal: s.given})
	case SeatReleased:
		s.taken--
		s.seats = s.seats.With(e.Person.UUID, Seat{})
	case BillingDescribed:
		s.billing = e.Staff
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
		events := []Event{registered}
		if !c.Manager.IsZero() {
			events = append(events, AccountManagerAssigned{
				Staff: AccountManagerAssignedStaff{Manager: c.Manager}, By: c.By.Person, At: c.At,
			})
		}
		return events, nil
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

// setSeatLimit may go below what is taken: nobody loses a seat, and nobody gets one.
func (s State) setSeatLimit(c SetSeatLimit) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(c.Limit >= 0 && c.Limit <= MaxSeats, "limit", "must be 0 to 10,000")
	if err := s.open(check); err != nil || s.limit == c.Limit {
		return nil, err
	}
	return []Event{SeatLimitSet{Limit: c.Limit, By: c.By.Person, At: c.At}}, nil
}

func (s State) takeSeat(c TakeSeat) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Person.IsZero(), "person", "must be given")
	check.That(c.Role.Side() == domain.ClientSide, "role", "must be a role of a client")
	if err := s.open(check); err != nil {
		return nil, err
	}
	if _, seated := s.SeatOf(c.Person); seated {
		return nil, nil
	}
	limit := s.limit
	if c.Beyond {
		limit = MaxSeats
	}
	if s.taken >= limit {
		return nil, domain.Refuse(domain.ErrConflict, "no_seat_left", "%d seats are taken and the limit is %d; deactivate somebody or raise the limit", s.taken, limit)
	}
	return []Event{SeatTaken{Person: c.Person, Role: c.Role, By: c.By.Person, At: c.At}}, nil
}

func (s State) releaseSeat(c ReleaseSeat) ([]Event, error) {
	if err := s.open(domain.Signed(c.By, c.At)); err != nil {
		return nil, err
	}
	if _, seated := s.SeatOf(c.Person); !seated {
		return nil, nil
	}
	return []Event{SeatReleased{Person: c.Person, By: c.By.Person, At: c.At}}, nil
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

package projectionstest

import (
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
)

// The toy aggregate: a name that is shown to a client or not, and notes that never are.
type (
	// Opened begins a toy, hidden.
	Opened struct{ Client, ID uuid.UUID }
	// Named gives it a name.
	Named struct{ Name string }
	// Noted adds a note for staff.
	Noted struct{ Text string }
	// Shown shows it to its client.
	Shown struct{}
	// Hidden hides it.
	Hidden struct{}
	// Cursed makes every fold panic.
	Cursed struct{}
)

// Kind names the event.
func (Opened) Kind() string { return "toy.opened.v1" }

// Kind names the event.
func (Named) Kind() string { return "toy.named.v1" }

// Kind names the event.
func (Noted) Kind() string { return "toy.noted.v1" }

// Kind names the event.
func (Shown) Kind() string { return "toy.shown.v1" }

// Kind names the event.
func (Hidden) Kind() string { return "toy.hidden.v1" }

// Kind names the event.
func (Cursed) Kind() string { return "toy.cursed.v1" }

// ToyID is the id of toy number n; it decides the stream.
func ToyID(n int) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "toy", strconv.Itoa(n)) }

// ToyStream is the stream of toy number n.
func ToyStream(n int) string { return "toy-" + ToyID(n).String() }

// ClientID is client number n.
func ClientID(n int) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "client", strconv.Itoa(n)) }

// Toy is the state of the toy's disclosure.
type Toy struct {
	record visible.Category
	shown  bool
}

// Disclose is the toy's discloser: a shown toy is a category with its name.
func Disclose(t Toy, event domain.Event) (Toy, []visible.Change) {
	next := t
	switch e := event.(type) {
	case Opened:
		next.record.Client, next.record.ID = e.Client, e.ID
	case Named:
		next.record.Name = e.Name
	case Shown:
		next.shown = true
	case Hidden:
		next.shown = false
	case Cursed:
		panic("cursed")
	}
	return next, visible.Diff(t.view(), next.view())
}

func (t Toy) view() visible.Shown {
	if !t.shown {
		return nil
	}
	return visible.Show(t.record)
}

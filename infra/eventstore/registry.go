// Package eventstore is the one way to EventStoreDB: the registry of stored kinds, the codec, and a client
// that survives what the official client does not.
//
// It imports the domain with every aggregate (for the registry), the Source types of projections, and the
// embedded node (whose log it can scan in process). The surprise to know: the official client ends for
// good at the first connection it cannot make again, and takes its callers with it. Here a client of the
// official library is therefore a consumable: it serves until the first sign of a broken connection and is
// then replaced (link.go).
package eventstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"effigate/domain"
	"effigate/projections"
)

// Format numbers the stored form of everything this code writes. Raise it whenever any stored shape gains
// a field or a kind: older code then refuses what it would read with a loss (projections.ErrNewer).
const Format = 3

// Aggregate is what one aggregate brings into a registry.
type Aggregate struct {
	// Name is the first part of each of its kinds.
	Name string
	// Samples holds one value per kind, a struct with every field filled. Its type is how the kind is
	// decoded.
	Samples []domain.Event
	// Upcasters lead kinds that are no longer written to those that are.
	Upcasters []Upcaster
}

// Upcaster turns the stored JSON of one version of a kind into that of the next version.
type Upcaster struct {
	// From is the older kind, such as "ticket.raised.v1"; its data becomes that of "ticket.raised.v2".
	From string
	// Up changes the data. It must be pure; an error means that the data is malformed.
	Up func(json.RawMessage) (json.RawMessage, error)
}

// Kind describes one kind that a registry decodes.
type Kind struct {
	Name      string // "ticket.raised.v1"
	Aggregate string // "ticket"
	// Sample is a filled value, or nil for a kind that is only read, through its upcaster.
	Sample domain.Event
}

// Registry knows every stored kind. It is immutable and safe for concurrent use.
type Registry struct{ kinds map[string]entry }

type entry struct {
	Kind
	shape reflect.Type
	up    func(json.RawMessage) (json.RawMessage, error) // nil for a kind that is written today
	next  string
}

// NewRegistry makes a registry. It refuses a kind that is ill named, listed twice or of another aggregate,
// a sample that is no plain struct, and a chain of versions with a hole: from the first version on, each
// one is either written today or leads to the next.
func NewRegistry(aggregates ...Aggregate) (*Registry, error) {
	r := &Registry{kinds: map[string]entry{}}
	var wrong []error
	for _, aggregate := range aggregates {
		for _, sample := range aggregate.Samples {
			wrong = append(wrong, r.addSample(aggregate.Name, sample))
		}
		for _, upcaster := range aggregate.Upcasters {
			wrong = append(wrong, r.addUpcaster(aggregate.Name, upcaster))
		}
	}
	if err := errors.Join(append(wrong, r.checkChains())...); err != nil {
		return nil, fmt.Errorf("registry of events: %w", err)
	}
	return r, nil
}

func (r *Registry) addSample(aggregate string, sample domain.Event) error {
	shape := reflect.TypeOf(sample)
	if shape == nil || shape.Kind() != reflect.Struct {
		return fmt.Errorf("%s: a sample is a struct value, not %T", aggregate, sample)
	}
	return r.add(entry{Kind: Kind{Name: sample.Kind(), Aggregate: aggregate, Sample: sample}, shape: shape})
}

func (r *Registry) addUpcaster(aggregate string, upcaster Upcaster) error {
	stem, version, err := splitKind(upcaster.From)
	if err != nil {
		return err
	}
	if upcaster.Up == nil {
		return fmt.Errorf("%s: the upcaster has no function", upcaster.From)
	}
	return r.add(entry{
		Kind: Kind{Name: upcaster.From, Aggregate: aggregate},
		up:   upcaster.Up, next: joinKind(stem, version+1),
	})
}

func (r *Registry) add(e entry) error {
	stem, _, err := splitKind(e.Name)
	if err != nil {
		return err
	}
	if aggregate, _, _ := strings.Cut(stem, "."); aggregate != e.Aggregate {
		return fmt.Errorf("%s is listed under aggregate %q", e.Name, e.Aggregate)
	}
	if _, known := r.kinds[e.Name]; known {
		return fmt.Errorf("%s is listed twice", e.Name)
	}
	r.kinds[e.Name] = e
	return nil
}

func (r *Registry) checkChains() error {
	var wrong []error
	for _, kind := range r.Kinds() {
		if next := r.kinds[kind.Name].next; next != "" {
			if _, known := r.kinds[next]; !known {
				wrong = append(wrong, fmt.Errorf("%s leads to %s, which nobody knows", kind.Name, next))
			}
		}
		if stem, version, err := splitKind(kind.Name); err == nil && version > 1 {
			if earlier := joinKind(stem, version-1); r.kinds[earlier].Name == "" {
				wrong = append(wrong, fmt.Errorf("%s cannot be read any more: %s came after it", earlier, kind.Name))
			}
		}
	}
	return errors.Join(wrong...)
}

// Kinds lists every kind that can be decoded, in alphabetical order.
func (r *Registry) Kinds() []Kind {
	kinds := make([]Kind, 0, len(r.kinds))
	for _, name := range slices.Sorted(maps.Keys(r.kinds)) {
		kinds = append(kinds, r.kinds[name].Kind)
	}
	return kinds
}

// event decodes the data of a known kind, through its upcasters.
func (r *Registry) event(known entry, data []byte) (domain.Event, error) {
	kind := known.Name
	for known.up != nil {
		upcast, err := known.up(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %s to %s: %w", projections.ErrMalformed, known.Name, known.next, err)
		}
		data, known = upcast, r.kinds[known.next]
	}
	// A bare null would decode, without an error, to an event that says nothing.
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return nil, fmt.Errorf("%w: %s is no JSON object", projections.ErrMalformed, kind)
	}
	value := reflect.New(known.shape)
	if err := json.Unmarshal(data, value.Interface()); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", projections.ErrMalformed, kind, err)
	}
	event, ok := reflect.TypeAssert[domain.Event](value.Elem())
	if !ok {
		return nil, fmt.Errorf("%w: %s: %s is no event", projections.ErrMalformed, kind, known.shape)
	}
	return event, nil
}

// data encodes an event, which must be one that this registry can decode again.
func (r *Registry) data(event domain.Event) ([]byte, error) {
	known, ok := r.kinds[event.Kind()]
	if !ok || known.shape != reflect.TypeOf(event) {
		return nil, fmt.Errorf("%w: %T as %s is not in the registry", projections.ErrUnknownKind, event, event.Kind())
	}
	data, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", event.Kind(), err)
	}
	return data, nil
}

var kindForm = regexp.MustCompile(`^([a-z][a-z0-9]*\.[a-z][a-z0-9_]*)\.v([1-9][0-9]{0,3})$`)

func splitKind(kind string) (stem string, version int, err error) {
	parts := kindForm.FindStringSubmatch(kind)
	if parts == nil {
		return "", 0, fmt.Errorf("%q is not of the form <aggregate>.<past_tense>.v<N>", kind)
	}
	version, err = strconv.Atoi(parts[2])
	return parts[1], version, err
}

func joinKind(stem string, version int) string { return stem + ".v" + strconv.Itoa(version) }

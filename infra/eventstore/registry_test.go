package eventstore_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/eventstore"
	"effigate/projections"
)

// weighed is an event whose kind has been through three versions.
type weighed struct {
	Grams int       `json:"grams"`
	At    time.Time `json:"at,omitzero"`
}

func (weighed) Kind() string { return "parcel.weighed.v3" }

type sent struct{}

func (sent) Kind() string { return "parcel.sent.v1" }

type misnamed struct{}

func (misnamed) Kind() string { return "parcel.Sent" }

type pointed struct{}

func (*pointed) Kind() string { return "parcel.pointed.v1" }

// rename gives an upcaster that renames a key and multiplies its number.
func rename(from, key, to string, factor int) eventstore.Upcaster {
	return eventstore.Upcaster{From: from, Up: func(data json.RawMessage) (json.RawMessage, error) {
		fields := map[string]int{}
		if err := json.Unmarshal(data, &fields); err != nil {
			return nil, err
		}
		fields[to] = fields[key] * factor
		delete(fields, key)
		return json.Marshal(fields)
	}}
}

func parcels(t *testing.T) *eventstore.Registry {
	t.Helper()
	registry, err := eventstore.NewRegistry(eventstore.Aggregate{
		Name: "parcel", Samples: []domain.Event{weighed{Grams: 5}, sent{}},
		Upcasters: []eventstore.Upcaster{
			rename("parcel.weighed.v1", "tons", "kilograms", 1000), rename("parcel.weighed.v2", "kilograms", "grams", 1000),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

func TestRegistryRefuses(t *testing.T) {
	t.Parallel()
	up := rename("parcel.weighed.v2", "a", "b", 1)
	for name, test := range map[string]struct {
		aggregate eventstore.Aggregate
		want      string
	}{
		"a hole at the start":      {eventstore.Aggregate{Name: "parcel", Samples: []domain.Event{weighed{}}, Upcasters: []eventstore.Upcaster{up}}, "parcel.weighed.v1 cannot be read"},
		"a hole before the sample": {eventstore.Aggregate{Name: "parcel", Samples: []domain.Event{weighed{}}}, "parcel.weighed.v2 cannot be read"},
		"a chain to nowhere":       {eventstore.Aggregate{Name: "parcel", Upcasters: []eventstore.Upcaster{rename("parcel.sent.v1", "a", "b", 1)}}, "nobody knows"},
		"a kind listed twice":      {eventstore.Aggregate{Name: "parcel", Samples: []domain.Event{sent{}, sent{}}}, "listed twice"},
		"a kind both written and upcast": {eventstore.Aggregate{
			Name: "parcel", Samples: []domain.Event{sent{}}, Upcasters: []eventstore.Upcaster{rename("parcel.sent.v1", "a", "b", 1)},
		}, "listed twice"},
		"another aggregate's kind":    {eventstore.Aggregate{Name: "letter", Samples: []domain.Event{sent{}}}, `listed under aggregate "letter"`},
		"a kind without version":      {eventstore.Aggregate{Name: "parcel", Samples: []domain.Event{misnamed{}}}, "not of the form"},
		"a pointer":                   {eventstore.Aggregate{Name: "parcel", Samples: []domain.Event{&pointed{}}}, "struct value"},
		"nothing":                     {eventstore.Aggregate{Name: "parcel", Samples: []domain.Event{nil}}, "struct value"},
		"an upcaster without content": {eventstore.Aggregate{Name: "parcel", Upcasters: []eventstore.Upcaster{{From: "parcel.sent.v1"}}}, "no function"},
		"an upcaster from no version": {eventstore.Aggregate{Name: "parcel", Upcasters: []eventstore.Upcaster{rename("parcel.sent", "a", "b", 1)}}, "not of the form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := eventstore.NewRegistry(test.aggregate)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	command := domain.CommandID{UUID: uuid.MustParse("00000000-0000-4000-8000-000000000001")}
	there := time.Date(2020, time.May, 1, 10, 0, 0, 0, time.FixedZone("", 7200))
	for name, test := range map[string]struct {
		kind, data, metadata string
		want                 domain.Recorded
		wantErr              error
	}{
		"the present version":            {kind: "parcel.weighed.v3", data: `{"grams":7}`, want: domain.Recorded{Event: weighed{Grams: 7}}},
		"the first version":              {kind: "parcel.weighed.v1", data: `{"tons":7}`, want: domain.Recorded{Event: weighed{Grams: 7_000_000}}},
		"the version between":            {kind: "parcel.weighed.v2", data: `{"kilograms":7}`, want: domain.Recorded{Event: weighed{Grams: 7_000}}},
		"a field no longer read":         {kind: "parcel.weighed.v3", data: `{"grams":7,"colour":"red"}`, want: domain.Recorded{Event: weighed{Grams: 7}}},
		"metadata of ours":               {kind: "parcel.sent.v1", data: `{}`, metadata: `{"command_id":"` + command.String() + `","format":1}`, want: domain.Recorded{Event: sent{}, Command: command}},
		"metadata of another tool":       {kind: "parcel.sent.v1", data: `{}`, metadata: `{"$correlationId":"order 7"}`, want: domain.Recorded{Event: sent{}}},
		"copied from another store":      {kind: "parcel.sent.v1", data: `{}`, metadata: `{"recorded_at":"2020-05-01T10:00:00+02:00"}`, want: domain.Recorded{Event: sent{}, RecordedAt: there.UTC()}},
		"an unknown kind":                {kind: "parcel.lost.v1", data: `{}`, wantErr: projections.ErrUnknownKind},
		"an unknown kind with any bytes": {kind: "parcel.lost.v1", data: `?`, metadata: `?`, wantErr: projections.ErrUnknownKind},
		"an unknown version":             {kind: "parcel.sent.v2", data: `{}`, wantErr: projections.ErrUnknownKind},
		"newer code":                     {kind: "parcel.sent.v1", data: `{}`, metadata: `{"format":99}`, wantErr: projections.ErrNewer},
		"no JSON":                        {kind: "parcel.sent.v1", data: `{`, wantErr: projections.ErrMalformed},
		"no data":                        {kind: "parcel.sent.v1", wantErr: projections.ErrMalformed},
		"null":                           {kind: "parcel.sent.v1", data: ` null`, wantErr: projections.ErrMalformed},
		"another type of value":          {kind: "parcel.weighed.v3", data: `{"grams":"7"}`, wantErr: projections.ErrMalformed},
		"data the upcaster cannot take":  {kind: "parcel.weighed.v1", data: `[]`, wantErr: projections.ErrMalformed},
		"metadata that is no JSON":       {kind: "parcel.sent.v1", data: `{}`, metadata: `{`, wantErr: projections.ErrMalformed},
		"a command id that is none":      {kind: "parcel.sent.v1", data: `{}`, metadata: `{"command_id":"x"}`, wantErr: projections.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored := domain.Recorded{Stream: "parcel-1", Raw: domain.Raw{Kind: test.kind, Data: []byte(test.data), Metadata: []byte(test.metadata)}}
			got, err := parcels(t).Decode(stored)
			if !errors.Is(err, test.wantErr) {
				t.Fatalf("got error %v, want %v", err, test.wantErr)
			}
			want := stored
			want.Event, want.Command, want.RecordedAt = test.want.Event, test.want.Command, test.want.RecordedAt
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{6: 0x40, 8: 0x80, 15: n} }
	a := domain.Append{
		Stream: "parcel-1", Command: domain.CommandID{UUID: id(1)},
		Cause: domain.Cause{
			Actor:       domain.Actor{Person: domain.PersonID{UUID: id(2)}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: domain.ClientID{UUID: id(3)}},
			RequestHash: "abc", Correlation: id(4), Causation: id(5), Traceparent: "00-1-2-01",
		},
		Events: []domain.Event{weighed{Grams: 7}, sent{}},
	}
	raw, err := parcels(t).Encode(a, "v0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	metadata := `{"command_id":"00000000-0000-4000-8000-000000000001",` +
		`"$correlationId":"00000000-0000-4000-8000-000000000004","$causationId":"00000000-0000-4000-8000-000000000005",` +
		`"actor":{"person":"00000000-0000-4000-8000-000000000002","side":"client","client":"00000000-0000-4000-8000-000000000003"},` +
		`"request_hash":"abc","format":3,"code_version":"v0.1.0","traceparent":"00-1-2-01"}`
	want := []domain.Raw{
		{Kind: "parcel.weighed.v3", Data: []byte(`{"grams":7}`), Metadata: []byte(metadata)},
		{Kind: "parcel.sent.v1", Data: []byte(`{}`), Metadata: []byte(metadata)},
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Errorf("encoded (-want +got):\n%s", diff)
	}
	for _, stored := range raw {
		if got, err := parcels(t).Decode(domain.Recorded{Raw: stored}); err != nil || got.Command != a.Command {
			t.Errorf("%s came back with command %v, %v", stored.Kind, got.Command, err)
		}
	}

	a.Events = []domain.Event{sent{}, misnamed{}}
	if _, err := parcels(t).Encode(a, ""); !errors.Is(err, projections.ErrUnknownKind) {
		t.Errorf("an event outside the registry: got %v, want ErrUnknownKind", err)
	}
}

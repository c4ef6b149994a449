package eventstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/eventstore"
	"effigate/projections"
)

var add = flag.Bool("add", false, "add golden files for samples that have none; existing files are never touched")

// golden is one event as it was stored once. It must decode for ever.
type golden struct {
	Kind     string          `json:"kind"`
	Data     json.RawMessage `json:"data"`
	Metadata json.RawMessage `json:"metadata"`
	// Becomes is what the data is today, where that differs: the kind has an upcaster.
	Becomes json.RawMessage `json:"becomes,omitempty"`
}

// TestGolden decodes every stored form that there ever was. Each file must come back whole, and the filled
// sample of each kind that is written today must be among them. After a change of samples run
//
//	go test ./infra/eventstore -run TestGolden -add
//
// which adds files. A test that fails for an existing file means that stored history can no longer be
// read: write an upcaster, or a new kind.
func TestGolden(t *testing.T) {
	t.Parallel()
	registry := eventstore.Product()
	stored := goldenFiles(t)
	byKind := map[string][]domain.Event{}
	for path, file := range stored {
		decoded, err := registry.Decode(domain.Recorded{Raw: domain.Raw{Kind: file.Kind, Data: file.Data, Metadata: file.Metadata}})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		byKind[file.Kind] = append(byKind[file.Kind], decoded.Event)
		want := file.Data
		if file.Becomes != nil {
			want = file.Becomes
		}
		if diff := cmp.Diff(fields(t, want), fields(t, encode(t, registry, decoded.Event).Data)); diff != "" {
			t.Errorf("%s does not come back whole (-want +got):\n%s", path, diff)
		}
	}
	for _, kind := range registry.Kinds() {
		switch {
		case kind.Sample == nil && len(byKind[kind.Name]) == 0:
			t.Errorf("%s is only read and has no golden file", kind.Name)
		case kind.Sample != nil && !contains(byKind[kind.Name], kind.Sample):
			if *add {
				addGolden(t, registry, kind)
				continue
			}
			t.Errorf("%s has no golden file that equals its sample; run this test with -add", kind.Name)
		}
	}
}

// TestSamplesAreFilled guards the corpus and every test that searches for marked fields: a field that the
// sample leaves empty would be stored in none of them.
func TestSamplesAreFilled(t *testing.T) {
	t.Parallel()
	for _, kind := range eventstore.Product().Kinds() {
		if kind.Sample == nil {
			continue
		}
		for _, path := range empty(reflect.ValueOf(kind.Sample), kind.Name) {
			t.Errorf("%s is empty in the sample", path)
		}
	}
}

// empty lists the fields below a value that hold nothing.
func empty(value reflect.Value, path string) []string {
	switch {
	case value.Kind() == reflect.Slice && value.Len() > 0:
		return empty(value.Index(0), path+"[0]")
	case value.Kind() != reflect.Struct || !strings.HasPrefix(value.Type().PkgPath(), "effigate/"):
		if value.IsZero() {
			return []string{path}
		}
		return nil
	}
	var found []string
	for i := range value.NumField() {
		found = append(found, empty(value.Field(i), path+"."+value.Type().Field(i).Name)...)
	}
	return found
}

func goldenFiles(t *testing.T) map[string]golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]golden{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file golden
		if err := json.Unmarshal(content, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files[path] = file
	}
	return files
}

// addGolden adds the file of a kind's sample under the present format. There can be only one: a sample
// that changes once its file is there needs a new format, so that older code refuses what it would lose.
func addGolden(t *testing.T, registry *eventstore.Registry, kind eventstore.Kind) {
	t.Helper()
	raw := encode(t, registry, kind.Sample)
	content, err := json.MarshalIndent(golden{Kind: raw.Kind, Data: raw.Data, Metadata: raw.Metadata}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "golden", fmt.Sprintf("%s.format%d.json", kind.Name, eventstore.Format))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		t.Errorf("%s was stored otherwise under format %d; raise eventstore.Format, then add", kind.Name, eventstore.Format)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(append(content, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("added %s", path)
}

func encode(t *testing.T, registry *eventstore.Registry, event domain.Event) domain.Raw {
	t.Helper()
	raw, err := registry.Encode(domain.Append{
		Stream: "golden", Command: domain.CommandID{UUID: uuid.UUID{6: 0x40, 8: 0x80, 15: 1}}, Events: []domain.Event{event},
		Cause: domain.Cause{Actor: domain.Actor{Person: domain.PersonID{UUID: uuid.UUID{6: 0x40, 8: 0x80, 15: 2}}, Side: domain.StaffSide}},
	}, "v0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	return raw[0]
}

func contains(events []domain.Event, sample domain.Event) bool {
	for _, event := range events {
		if cmp.Equal(event, sample) {
			return true
		}
	}
	return false
}

// fields gives JSON as a value, with numbers as they are written.
func fields(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return value
}

// FuzzDecode feeds the decoder of stored bytes. Whatever comes, it answers with an event that can be
// stored and read again, or with one of the three errors that projections know.
func FuzzDecode(f *testing.F) {
	registry := eventstore.Product()
	for _, kind := range registry.Kinds() {
		if kind.Sample == nil {
			continue
		}
		data, err := json.Marshal(kind.Sample)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(kind.Name, data, []byte(`{"command_id":"00000000-0000-4000-8000-000000000001","format":1}`))
	}
	f.Add("ticket.raised.v1", []byte(`{"at":"9999-12-31T23:59:59Z","title":"\ud800"}`), []byte(`{"format":-1}`))
	f.Fuzz(func(t *testing.T, kind string, data, metadata []byte) {
		decoded, err := registry.Decode(domain.Recorded{Raw: domain.Raw{Kind: kind, Data: data, Metadata: metadata}})
		if err != nil {
			if !errors.Is(err, projections.ErrUnknownKind) && !errors.Is(err, projections.ErrNewer) && !errors.Is(err, projections.ErrMalformed) {
				t.Fatalf("unexpected error: %v", err)
			}
			return
		}
		again, err := registry.Decode(domain.Recorded{Raw: encode(t, registry, decoded.Event)})
		if err != nil {
			t.Fatalf("stored again: %v", err)
		}
		if diff := cmp.Diff(decoded.Event, again.Event); diff != "" {
			t.Errorf("stored again (-first +second):\n%s", diff)
		}
	})
}

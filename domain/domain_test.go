package domain_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
)

var parent = uuid.MustParse("71c30000-0000-4000-8000-000000000001")

// Stored events, numbers and repeated commands rest on these values. None of them may ever change.
func TestDerivedIDsAreForEver(t *testing.T) {
	t.Parallel()
	contract := domain.ContractID{UUID: parent}
	for name, test := range map[string]struct {
		got  uuid.UUID
		want string
	}{
		"no name":         {domain.Derive(parent), "4b411c6f-0dd8-55d3-a0d5-a339284ca9ff"},
		"one name":        {domain.Derive(parent, "step"), "338717af-265c-5bb0-9890-a03b62416c39"},
		"two names":       {domain.Derive(parent, "step", "0"), "9a09e614-0136-5bf9-b3a4-e70072865f73"},
		"the same joined": {domain.Derive(parent, "step0"), "9ecb6664-3b0d-586b-b3f4-a1d66707af5a"},
		"an event":        {domain.EventID(domain.CommandID{UUID: parent}, "ticket-1", 0), "35de46cf-b793-5a8f-bb5b-fc16c7b63056"},
		"the next event":  {domain.EventID(domain.CommandID{UUID: parent}, "ticket-1", 1), "d47b8077-8830-504a-9626-1b7a145aa68e"},
		"a category":      {domain.CategoryID(contract, "api"), "c1045a33-80ed-5b1c-be0d-fbac8585e5d4"},
		"no contract":     {domain.CategoryID(domain.ContractID{}, "api"), "00000000-0000-0000-0000-000000000000"},
	} {
		if got := test.got.String(); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestDerivedIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[uuid.UUID]string{}
	for _, names := range [][]string{{""}, {"", ""}, {"a"}, {"b"}, {"a", "b"}, {"ab"}, {"a", "", "b"}, {"b", "a"}} {
		derived := domain.Derive(parent, names...)
		if other, taken := seen[derived]; taken {
			t.Errorf("%q derives the id of %s", names, other)
		}
		seen[derived] = fmt.Sprintf("%q", names)
	}
	if domain.Derive(parent, "a") == domain.Derive(uuid.Nil, "a") {
		t.Error("the parent does not count")
	}
}

func TestZeroIDs(t *testing.T) {
	t.Parallel()
	if !(domain.ClientID{}).IsZero() || !(domain.PersonID{}).IsZero() || !(domain.ContractID{}).IsZero() ||
		!(domain.TicketID{}).IsZero() || !(domain.CommentID{}).IsZero() || !(domain.CommandID{}).IsZero() {
		t.Error("a zero id names something")
	}
	if (domain.ClientID{UUID: parent}).IsZero() || (domain.CommandID{UUID: parent}).IsZero() {
		t.Error("an id names nothing")
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("raise: %w", domain.Refuse(domain.ErrConflict, "wrong_state", "it is %s", "closed"))
	if !errors.Is(err, domain.ErrConflict) || errors.Is(err, domain.ErrInvalid) {
		t.Errorf("%v is not of the kind conflict alone", err)
	}
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || refusal.Code != "wrong_state" || refusal.Error() != "conflict: it is closed" {
		t.Errorf("got %+v", refusal)
	}
	fields := &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "some fields are wrong", Fields: map[string]string{"b": "must be 2", "a": "must be 1"}}
	if want := "invalid: some fields are wrong: a must be 1; b must be 2"; fields.Error() != want {
		t.Errorf("got %q, want %q", fields, want)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	var check domain.Check
	check.That(true, "fine", "must be wrong")
	if err := check.Err(); err != nil {
		t.Errorf("refused: %v", err)
	}
	check.That(false, "title", "must be the first objection")
	check.That(false, "title", "must be the second")
	check.That(false, "text", "must be there")
	refusal, ok := errors.AsType[*domain.Refusal](check.Err())
	if !ok || !errors.Is(refusal, domain.ErrInvalid) || refusal.Code != "invalid_fields" {
		t.Fatalf("got %v", check.Err())
	}
	want := map[string]string{"title": "must be the first objection", "text": "must be there"}
	if diff := cmp.Diff(want, refusal.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestSigned(t *testing.T) {
	t.Parallel()
	utc := time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	by := domain.Actor{Side: domain.StaffSide, Role: domain.Owner}
	for name, test := range map[string]struct {
		by   domain.Actor
		at   time.Time
		want []string
	}{
		"staff":            {by, utc, nil},
		"the system":       {domain.System(), utc, nil},
		"nobody":           {domain.Actor{}, utc, []string{"by"}},
		"of another side":  {domain.Actor{Side: "partner"}, utc, []string{"by"}},
		"never":            {by, time.Time{}, []string{"at"}},
		"in another zone":  {by, utc.In(time.FixedZone("AEDT", 11*3600)), []string{"at"}},
		"nobody and never": {domain.Actor{}, time.Time{}, []string{"at", "by"}},
	} {
		check := domain.Signed(test.by, test.at)
		if got := wrongFields(check.Err()); !slices.Equal(got, test.want) {
			t.Errorf("%s: wrong fields %v, want %v", name, got, test.want)
		}
	}
}

func wrongFields(err error) []string {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok {
		return nil
	}
	var fields []string
	for field := range refusal.Fields {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return fields
}

func TestLine(t *testing.T) {
	t.Parallel()
	for line, right := range map[string]bool{
		"a":                        true,
		"Export stops":             true,
		"Überlänge 日本語":            true,
		strings.Repeat("é", 200):   true,
		strings.Repeat("é", 201):   false,
		"":                         false,
		" a":                       false,
		"a\u00a0":                  false,
		"a\nb":                     false,
		"a\tb":                     false,
		"a\x00":                    false,
		"a\u0085b":                 false,
		"\xff":                     false,
		"a" + string([]byte{0xc3}): false,
	} {
		var check domain.Check
		check.Line("line", line)
		if (check.Err() == nil) != right {
			t.Errorf("%q: got %v, want right: %t", line, check.Err(), right)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		least int
		right bool
	}{
		{"", 0, true},
		{"", 1, false},
		{"a", 1, true},
		{"one\r\n\ttwo\n", 1, true},
		{strings.Repeat("日", domain.MaxText), 1, true},
		{strings.Repeat("日", domain.MaxText+1), 1, false},
		{"a\x00b", 0, false},
		{"a\x1bb", 0, false},
		{"a\u009bb", 0, false},
		{"\xff", 0, false},
	} {
		var check domain.Check
		check.Text("text", test.text, test.least)
		if (check.Err() == nil) != test.right {
			t.Errorf("%.20q of at least %d: got %v, want right: %t", test.text, test.least, check.Err(), test.right)
		}
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	ordered := []domain.Position{{}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {^uint64(0), 0}, {^uint64(0), ^uint64(0)}}
	for i, p := range ordered {
		if p.IsZero() != (i == 0) {
			t.Errorf("%v is zero: %t", p, p.IsZero())
		}
		for j, q := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := p.Compare(q); got != want {
				t.Errorf("%v compared with %v gives %d, want %d", p, q, got, want)
			}
		}
	}
}

func TestRolesHaveOneSide(t *testing.T) {
	t.Parallel()
	for role, side := range map[domain.Role]domain.Side{
		domain.Owner: domain.StaffSide, domain.AccountManager: domain.StaffSide, domain.Delivery: domain.StaffSide,
		domain.Engineer: domain.StaffSide, domain.Support: domain.StaffSide, domain.Finance: domain.StaffSide,
		domain.Auditor: domain.StaffSide, domain.Ops: domain.StaffSide,
		domain.ClientAdmin: domain.ClientSide, domain.ClientEmployee: domain.ClientSide, "": "", "root": "",
	} {
		if role.Side() != side {
			t.Errorf("%q is on side %q, want %q", role, role.Side(), side)
		}
	}
	if domain.System().Side != domain.SystemSide {
		t.Error("the system is on another side")
	}
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	var undecided domain.Visibility
	if undecided != domain.InternalOnly {
		t.Error("what nobody decided about does not stay inside")
	}
	if !domain.InternalOnly.Valid() || !domain.ClientVisible.Valid() || domain.Visibility("all").Valid() {
		t.Error("wrong visibilities are valid")
	}
}

// An Index is a map that never changes: every one ever made still says what it said.
func TestIndex(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Ids that share their beginnings make deep branches.
		ids := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) uuid.UUID {
			var id uuid.UUID
			id[rapid.SampledFrom([]int{0, 1, 8, 15}).Draw(t, "byte")] = rapid.SampledFrom([]byte{0x01, 0x10, 0x11, 0xff}).Draw(t, "value")
			return id
		}), 0, 40).Draw(t, "ids")
		indexes, models := []domain.Index[int]{{}}, []map[uuid.UUID]int{{}}
		for i, id := range ids {
			from := rapid.IntRange(0, len(indexes)-1).Draw(t, "from")
			model := map[uuid.UUID]int{id: i}
			for known, value := range models[from] {
				if known != id {
					model[known] = value
				}
			}
			indexes, models = append(indexes, indexes[from].With(id, i)), append(models, model)
		}
		for i, index := range indexes {
			checkIndex(t, index, models[i], ids)
		}
	})
}

func checkIndex(t *rapid.T, index domain.Index[int], model map[uuid.UUID]int, ids []uuid.UUID) {
	if index.Len() != len(model) {
		t.Fatalf("%d ids, want %d", index.Len(), len(model))
	}
	for _, id := range append(ids, parent) {
		value, known := index.Get(id)
		if want, there := model[id]; value != want || known != there {
			t.Fatalf("%s has %d, %t, want %d, %t", id, value, known, want, there)
		}
	}
	all, last := map[uuid.UUID]int{}, uuid.Nil
	for id, value := range index.All() {
		if len(all) > 0 && strings.Compare(last.String(), id.String()) >= 0 {
			t.Fatalf("%s comes after %s", id, last)
		}
		all[id], last = value, id
	}
	if diff := cmp.Diff(model, all); diff != "" {
		t.Fatalf("all (-want +got):\n%s", diff)
	}
	for range index.All() {
		break // Leaving early must not panic.
	}
}

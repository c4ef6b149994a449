package staff_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/readmodels/staff"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want staff.Number
		ok   bool
	}{
		{"TKT-0041", staff.Number{Value: 41}, true},
		{"tkt 41", staff.Number{Value: 41}, true},
		{"TKT-041", staff.Number{Value: 41}, true},
		{" 41 ", staff.Number{Value: 41}, true},
		{"TKT-0041-int", staff.Number{Value: 41, Internal: true}, true},
		{"tkt 41 INT", staff.Number{Value: 41, Internal: true}, true},
		{"41-int", staff.Number{Value: 41, Internal: true}, true},
		{"TKT-12345", staff.Number{Value: 12345}, true},
		{"", staff.Number{}, false},
		{"TKT-", staff.Number{}, false},
		{"TKT-0000", staff.Number{}, false},
		{"TSK-0041", staff.Number{}, false},
		{"41 apples", staff.Number{}, false},
		{"+41", staff.Number{}, false},
		{"99999999999999999999", staff.Number{}, false},
	} {
		if got, ok := staff.ParseNumber(c.text); got != c.want || ok != c.ok {
			t.Errorf("ParseNumber(%q) = %+v, %t; want %+v, %t", c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestNumbersAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := staff.Number{Value: rapid.Int64Min(1).Draw(t, "value"), Internal: rapid.Bool().Draw(t, "internal")}
		if got, ok := staff.ParseNumber(number.String()); !ok || got != number {
			t.Fatalf("ParseNumber(%q) = %+v, %t; want %+v", number, got, ok, number)
		}
	})
}

func TestTicketNumber(t *testing.T) {
	t.Parallel()
	visible, internal := int64(41), int64(7)
	for want, ticket := range map[string]staff.Ticket{
		"being assigned": {},
		"TKT-0007-int":   {InternalNumber: &internal},
		"TKT-0041":       {InternalNumber: &internal, VisibleNumber: &visible},
	} {
		if got := ticket.Number().String(); got != want {
			t.Errorf("number of %+v = %q, want %q", ticket, got, want)
		}
	}
}

func TestCursorsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cursor := staff.TicketCursor{
			RaisedAt: time.UnixMicro(rapid.Int64Range(-1e17, 1e17).Draw(t, "at")).UTC(),
			ID:       uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
		}
		got, err := staff.ParseTicketCursor(cursor.String())
		if err != nil || !cursor.IsZero() && got != cursor {
			t.Fatalf("ParseTicketCursor(%q) = %+v, %v; want %+v", cursor, got, err, cursor)
		}
	})
}

func FuzzParseTicketCursor(f *testing.F) {
	f.Add("")
	f.Add(staff.TicketCursor{RaisedAt: time.UnixMicro(1).UTC(), ID: uuid.NameSpaceURL}.String())
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		cursor, err := staff.ParseTicketCursor(text)
		if err == nil && cursor.String() != text {
			t.Fatalf("%q is read as %+v, which is written %q", text, cursor, cursor)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	f.Add("tkt 41")
	f.Add("TKT-0041-int")
	f.Fuzz(func(t *testing.T, text string) {
		number, ok := staff.ParseNumber(text)
		if !ok {
			return
		}
		if again, ok := staff.ParseNumber(number.String()); !ok || again != number {
			t.Fatalf("%q is %+v, whose text %q is %+v", text, number, number, again)
		}
	})
}

package client_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/readmodels/client"
)

func TestTicketNumbersAsTyped(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"41", "0041", "tkt 41", "TKT-041", "TKT-0041", "Tkt41", " t k t - 4 1 ", "tkt–41", "TKT\u00a041"} {
		if number, ok := client.ParseTicketNumber(text); number != 41 || !ok {
			t.Errorf("ParseTicketNumber(%q) = %d, %t", text, number, ok)
		}
	}
	for _, text := range []string{"", "tkt", "0", "-0", "41a", "tsk 41", "4.1", "TKT-0041-int", "٤١", "99999999999999999999"} {
		if number, ok := client.ParseTicketNumber(text); ok {
			t.Errorf("ParseTicketNumber(%q) = %d", text, number)
		}
	}
}

func FuzzParseTicketNumber(f *testing.F) {
	f.Add("TKT-0041")
	f.Fuzz(func(t *testing.T, text string) {
		if number, ok := client.ParseTicketNumber(text); ok != (number > 0) {
			t.Errorf("ParseTicketNumber(%q) = %d, %t", text, number, ok)
		}
	})
}

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want := client.Cursor{At: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(r, "at")).UTC(), ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "id"))}
		got, err := client.ParseCursor(want.Bytes())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			r.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func FuzzParseCursor(f *testing.F) {
	f.Add(client.Cursor{At: monday, ID: acme}.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		cursor, err := client.ParseCursor(stored)
		if err == nil && string(cursor.Bytes()) != string(stored) {
			t.Errorf("%x comes back as %x", stored, cursor.Bytes())
		}
	})
}

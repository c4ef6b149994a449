package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
)

func (d *desk) key(person domain.PersonID, name string) (accounts.Key, string) {
	d.tb.Helper()
	key, text, err := d.CreateKey(d.tb.Context(), accounts.Key{Person: person, Client: d.client, Name: name, ExpiresAt: d.time().Add(time.Hour)})
	if err != nil {
		d.tb.Fatal(err)
	}
	return key, text
}

func TestKeysAreShownOnce(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		given := accounts.Key{
			Person: begun.Person, Client: d.client, Name: "reports", ExpiresAt: d.time().Add(366 * 24 * time.Hour),
			Scopes: []access.Permission{access.ReadTickets, access.OwnAccount},
		}
		made, text, err := d.CreateKey(t.Context(), given)
		if err != nil {
			t.Fatal(err)
		}
		want := given
		want.ID, want.Hint, want.CreatedAt = made.ID, text[:15], d.time()
		want.Scopes = []access.Permission{access.OwnAccount, access.ReadTickets}
		d.pass(time.Minute)
		got, err := d.Key(t.Context(), text)
		want.LastUsedAt = d.time()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("found: %v (-want +got):\n%s", err, diff)
		}
		d.pass(59 * time.Second)
		if _, err := d.Key(t.Context(), text); err != nil {
			t.Error(err)
		}
		listed, err := d.Keys(t.Context(), begun.Person)
		if diff := cmp.Diff([]accounts.Key{want}, listed); diff != "" || err != nil {
			t.Errorf("listed: %v (-want +got):\n%s", err, diff)
		}
		for _, row := range d.texts() {
			if strings.Contains(row, text[15:]) {
				t.Errorf("the key is readable: %s", row)
			}
		}
		whole, _ := d.key(begun.Person, "everything")
		if whole.Scopes != nil {
			t.Errorf("scopes %v", whole.Scopes)
		}
	})
}

func TestKeysEnd(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		ada, bo := d.invited("ada@example.org"), d.invited("bo@example.org")
		key, text := d.key(ada.Person, "one")
		_, other := d.key(ada.Person, "other")
		if err := errors.Join(d.RevokeKey(t.Context(), bo.Person, key.ID), d.RevokeKey(t.Context(), ada.Person, newID())); err != nil {
			t.Error(err)
		}
		if _, err := d.Key(t.Context(), text); err != nil {
			t.Errorf("revoked by another: %v", err)
		}
		if err := d.RevokeKey(t.Context(), ada.Person, key.ID); err != nil {
			t.Error(err)
		}
		_, err := d.Key(t.Context(), text)
		wantError(t, "revoked", err, accounts.ErrWrong)
		d.pass(time.Hour - time.Microsecond)
		if _, err := d.Key(t.Context(), other); err != nil {
			t.Error(err)
		}
		d.pass(time.Microsecond)
		_, err = d.Key(t.Context(), other)
		wantError(t, "expired", err, accounts.ErrWrong)
		if listed, err := d.Keys(t.Context(), ada.Person); len(listed) != 0 || err != nil {
			t.Errorf("listed %+v, %v", listed, err)
		}
	})
}

func TestKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	for name, change := range map[string]func(*accounts.Key){
		"no name":         func(k *accounts.Key) { k.Name = "" },
		"no expiry":       func(k *accounts.Key) { k.ExpiresAt = time.Time{} },
		"expired":         func(k *accounts.Key) { k.ExpiresAt = d.time() },
		"for too long":    func(k *accounts.Key) { k.ExpiresAt = d.time().Add(366*24*time.Hour + time.Second) },
		"no scope":        func(k *accounts.Key) { k.Scopes = []access.Permission{} },
		"a scope twice":   func(k *accounts.Key) { k.Scopes = []access.Permission{access.OwnAccount, access.OwnAccount} },
		"a scope unknown": func(k *accounts.Key) { k.Scopes = []access.Permission{"everything"} },
	} {
		key := accounts.Key{Person: begun.Person, Client: d.client, Name: "key", ExpiresAt: d.time().Add(time.Hour)}
		change(&key)
		_, _, err := d.CreateKey(t.Context(), key)
		wantRefusal(t, name, err, domain.ErrInvalid, "invalid_fields")
	}
	_, _, err := d.CreateKey(t.Context(), accounts.Key{Person: begun.Person, Client: domain.ClientID{UUID: newID()}, Name: "key", ExpiresAt: d.time().Add(time.Hour)})
	wantRefusal(t, "in another organisation", err, domain.ErrNotFound, "person_not_found")
	for range 20 {
		d.key(begun.Person, "key")
	}
	_, _, err = d.CreateKey(t.Context(), accounts.Key{Person: begun.Person, Client: d.client, Name: "key", ExpiresAt: d.time().Add(time.Hour)})
	wantRefusal(t, "the 21st", err, domain.ErrConflict, "many_keys")
	d.pass(time.Hour)
	d.key(begun.Person, "after the others have expired")
}

func TestTyposInKeysAreNoticed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`[A-Za-z0-9_-]{43}`).Draw(t, "token")
		text := accounts.KeyText(token)
		if got, ok := accounts.KeyToken(text); !ok || got != token {
			t.Fatalf("got %q, %v", got, ok)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "position")
		typo := text[:at] + rapid.StringMatching(`[A-Za-z0-9_-]`).Draw(t, "typed") + text[at+1:]
		if _, ok := accounts.KeyToken(typo); ok != (typo == text) {
			t.Fatalf("%q passes for a key", typo)
		}
		if _, ok := accounts.KeyToken(text[:at]); ok {
			t.Fatalf("%q passes for a key", text[:at])
		}
	})
}

func FuzzKey(f *testing.F) {
	d := newDesk(f, domain.ClientSide)
	begun := d.invited("ada@example.org")
	_, text := d.key(begun.Person, "key")
	for _, seed := range []string{"", "effigate_", text[:len(text)-1], text + "A", begun.Token, accounts.KeyText(""), accounts.KeyText("' OR 1=1"), accounts.KeyText(begun.Token)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if given == text {
			t.Skip()
		}
		if _, err := d.Key(t.Context(), given); !errors.Is(err, accounts.ErrWrong) {
			t.Errorf("%q: %v", given, err)
		}
	})
}

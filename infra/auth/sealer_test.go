package auth_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/uuid"

	"effigate/infra/auth"
)

var other = uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")

func sealer(tb testing.TB, key []byte) *auth.Sealer {
	tb.Helper()
	s, err := auth.NewSealer(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSealedTokenOpensForItsKindAndClientAlone(t *testing.T) {
	t.Parallel()
	s := sealer(t, key(1))
	plain := []byte("position 41")
	token := s.Seal("position", acme.UUID, plain)
	if got, err := s.Open("position", acme.UUID, token); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("Open = %q, %v; want %q", got, err, plain)
	}
	if bytes.Contains([]byte(token), plain) {
		t.Errorf("token %q shows what it holds", token)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another kind":   func() ([]byte, error) { return s.Open("cursor", acme.UUID, token) },
		"another client": func() ([]byte, error) { return s.Open("position", other, token) },
		"another key":    func() ([]byte, error) { return sealer(t, key(2)).Open("position", acme.UUID, token) },
		"cut":            func() ([]byte, error) { return s.Open("position", acme.UUID, token[:len(token)-1]) },
		"empty":          func() ([]byte, error) { return s.Open("position", acme.UUID, "") },
	} {
		if got, err := open(); !errors.Is(err, auth.ErrSeal) || got != nil {
			t.Errorf("%s: Open = %q, %v; want ErrSeal", name, got, err)
		}
	}
}

// Equal answers must be equal to the byte, or a difference would tell that something happened unseen.
func TestSealingIsDeterministic(t *testing.T) {
	t.Parallel()
	one, two := sealer(t, key(1)), sealer(t, key(1))
	if a, b := one.Seal("cursor", acme.UUID, []byte("x")), two.Seal("cursor", acme.UUID, []byte("x")); a != b {
		t.Errorf("%q and %q", a, b)
	}
	if a, b := one.Seal("cursor", acme.UUID, []byte("x")), one.Seal("cursor", other, []byte("x")); a == b {
		t.Errorf("two clients share token %q", a)
	}
}

// Tokens for two occasions say nothing of each other, and each opens as what it holds.
func TestSealOnceHidesThatContentsAreEqual(t *testing.T) {
	t.Parallel()
	s := sealer(t, key(1))
	one, two := s.SealOnce("position", acme.UUID, []byte("x"), "one"), s.SealOnce("position", acme.UUID, []byte("x"), "two")
	if one == two || one != s.SealOnce("position", acme.UUID, []byte("x"), "one") {
		t.Errorf("%q and %q", one, two)
	}
	for _, token := range []string{one, two} {
		if got, err := s.Open("position", acme.UUID, token); err != nil || string(got) != "x" {
			t.Errorf("Open(%q) = %q, %v", token, got, err)
		}
	}
}

func TestSealerRefusesAShortKey(t *testing.T) {
	t.Parallel()
	if _, err := auth.NewSealer(make([]byte, 16)); err == nil {
		t.Error("a short key was accepted")
	}
}

func FuzzSealerOpen(f *testing.F) {
	s := sealer(f, key(1))
	f.Add(s.Seal("position", acme.UUID, []byte("x")))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, token string) {
		plain, err := s.Open("position", acme.UUID, token)
		if err == nil && s.Seal("position", acme.UUID, plain) != token {
			t.Errorf("%q opens as %q but is not its token", token, plain)
		}
	})
}

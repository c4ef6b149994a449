package accounts_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/infra/accounts"
)

// What staff does with the accounts of clients is out of reach for the portal, whatever its code asks for.
func TestThePortalMayNotDoWhatStaffDoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada := d.invited("ada@example.org").Person
	ctx := t.Context()
	for name, act := range map[string]func() error{
		"names":       func() error { _, err := d.Names(ctx, []uuid.UUID{ada.UUID}); return err },
		"whole log":   func() error { _, err := d.Entries(ctx, accounts.EntryFilter{Person: ada}); return err },
		"put":         func() error { return d.Put(ctx, accounts.Account{Person: ada, Client: d.client, Name: "Eve"}) },
		"publish":     func() error { return d.Publish(ctx, ada, "Eve", "Support") },
		"close":       func() error { return d.Close(ctx, ada) },
		"erase":       func() error { return d.Erase(ctx, ada) },
		"offer reset": func() error { _, err := d.OfferReset(ctx, ada); return err },
		"set rules":   func() error { return d.SetRules(ctx, accounts.Rules{Client: d.client}) },
		"set mail":    func() error { return d.SetMail(ctx, true) },
		"take mail":   func() error { _, _, err := d.Take(ctx); return err },
		"mint":        func() error { _, err := d.Mint(ctx, accounts.Mail{Kind: accounts.MailReset}); return err },
		"sent":        func() error { return d.Sent(ctx, newID()) },
		"failed":      func() error { return d.Failed(ctx, accounts.Mail{}, true, "") },
		"dead mail":   func() error { _, err := d.Dead(ctx); return err },
		"resend":      func() error { return d.Resend(ctx, newID()) },
		"prune":       func() error { return d.Prune(ctx) },
		"unseal":      func() error { _, err := d.UnsealEvidence(ctx, ada, "AAAA"); return err },
	} {
		err := act()
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" || errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s: got %v, want that it lacks the right", name, err)
		}
	}
}

// Whoever has taken over the portal gets no login, key or line of the log of another time than now, no key for
// ever, and nothing to recognise tokens by.
func TestThePortalIsNotBelievedEverything(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	ada := begun.Person.UUID
	if _, err := d.owner.Exec(t.Context(), `UPDATE accounts.settings SET skew = DEFAULT`); err != nil {
		t.Fatal(err)
	}
	begin := func(offset string) (string, []any) {
		return `SELECT count(*) FROM accounts.begin_session($1, $2, 'full', 'password', false, '', '', now() + '` + offset + `'::interval)`, []any{ada, []byte(newID().String())}
	}
	prove := func(offset string) (string, []any) {
		return `SELECT accounts.prove($1, now() + '` + offset + `'::interval)`, []any{begun.ID}
	}
	record := func(offset string) (string, []any) {
		return `SELECT accounts.record(now() + '` + offset + `'::interval, $1, $1, 'login', 'ok', '', '', '', $2)`, []any{ada, []byte(newID().String())}
	}
	rotate := func(offset string) (string, []any) {
		return `SELECT count(*) FROM accounts.rotate_session('', '', now() + '` + offset + `'::interval)`, nil
	}
	key := func(offset string) (string, []any) {
		return `SELECT outcome FROM accounts.create_key($1, $2, $3, 'key', '', NULL, 'infinity', 1000, now() + '` + offset + `'::interval)`, []any{ada, d.client.UUID, []byte(newID().String())}
	}
	for name, test := range map[string]struct {
		call         func(offset string) (string, []any)
		good, others []string
	}{
		"a session":  {begin, []string{"0", "4 minutes", "-4 minutes"}, []string{"6 minutes", "-6 minutes"}},
		"a proof":    {prove, []string{"0", "-3 hours"}, []string{"6 minutes", "1 year"}},
		"a line":     {record, []string{"0"}, []string{"6 minutes", "-6 minutes"}},
		"a second":   {rotate, []string{"0"}, []string{"6 minutes", "-6 minutes"}},
		"an API key": {key, []string{"0"}, []string{"6 minutes", "-6 minutes"}},
	} {
		for _, offset := range test.good {
			statement, arguments := test.call(offset)
			if _, err := d.options.Pool.Exec(t.Context(), statement, arguments...); err != nil {
				t.Errorf("%s at %s: %v", name, offset, err)
			}
		}
		for _, offset := range test.others {
			statement, arguments := test.call(offset)
			if _, err := d.owner.Exec(t.Context(), statement, arguments...); err != nil {
				t.Errorf("%s at %s, for the owner: %v", name, offset, err)
			}
			_, err := d.options.Pool.Exec(t.Context(), statement, arguments...)
			if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "22023" {
				t.Errorf("%s at %s: got %v, want that the time is refused", name, offset, err)
			}
		}
	}
	if left := collect[bool](d, `SELECT max(expires_at) < now() + interval '368 days' FROM accounts.api_keys`); !left[0] {
		t.Error("a key is for ever")
	}
	for range 30 {
		statement, arguments := key("0")
		if _, err := d.options.Pool.Exec(t.Context(), statement, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	if made := collect[int](d, `SELECT count(*)::int FROM accounts.api_keys`); made[0] != 20 {
		t.Errorf("%d keys were made", made[0])
	}
	leaks := collect[string](d, `SELECT p.proname::text FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'accounts'::regnamespace
		AND p.proname IN ('session', 'sessions_of', 'key', 'keys_of')
		AND (p.prorettype IN ('accounts.sessions'::regtype, 'accounts.api_keys'::regtype) OR 'hash' = ANY (p.proargnames))`)
	if len(leaks) > 0 {
		t.Errorf("hashes are given out by %v", leaks)
	}
}

// An outage is no refusal: whoever has the right password must not be told that it is wrong.
func TestAnOutageIsNoRefusal(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	_, key := d.key(begun.Person, "key")
	nowhere, err := pgxpool.New(t.Context(), "postgres://nobody@127.0.0.1:1/nothing") // Nothing listens there.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nowhere.Close)
	d.options.Pool = nowhere
	d.restart()
	_, err = d.Session(t.Context(), begun.Token)
	_, keyErr := d.Key(t.Context(), key)
	_, logInErr := d.LogIn(t.Context(), "ada@example.org", goodPassword, browser)
	for name, err := range map[string]error{"session": err, "key": keyErr, "login": logInErr, "reset": d.RequestReset(t.Context(), "ada@example.org", browser)} {
		if !errors.Is(err, domain.ErrUnavailable) || errors.Is(err, accounts.ErrWrong) {
			t.Errorf("%s: got %v, want that it is unavailable", name, err)
		}
	}
}

package accounts_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
)

const goodPassword = "correct horse battery staple"

var browser = accounts.Where{Address: "192.0.2.7", UserAgent: "a browser"}

// desk is a service over a database of its own, with a clock that stands still until it is moved.
type desk struct {
	*accounts.Service
	staff   *accounts.Service // of staff who manage its people, with the owner's rights
	owner   *pgxpool.Pool
	options accounts.Options
	tb      testing.TB
	mutex   sync.Mutex
	now     time.Time
	client  domain.ClientID // zero on the staff side
	base    *url.URL
}

func newDesk(tb testing.TB, side domain.Side) *desk {
	tb.Helper()
	d := &desk{tb: tb, now: time.Now().Truncate(time.Second)} //nolint:forbidigo // OpenID providers have clocks of their own
	d.base = &url.URL{Scheme: "http", Host: "localhost:8080"}
	database := postgres.StaffSide
	if side == domain.ClientSide {
		database = postgres.ClientSide
		d.client = domain.ClientID{UUID: newID()}
	}
	access := postgrestest.Database(tb, database)
	owner, err := postgres.Open(tb.Context(), access.Owner, database)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(owner.Close)
	pool := owner.Pool
	d.owner = owner.Pool
	// The clock of a desk is not that of its database.
	if _, err := d.owner.Exec(tb.Context(), `UPDATE accounts.settings SET skew = '10 years'`); err != nil {
		tb.Fatal(err)
	}
	if side == domain.ClientSide {
		// What the portal has: no right but that to call functions.
		if pool, err = pgxpool.New(tb.Context(), access.Accounts); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(pool.Close)
	}
	d.options = accounts.Options{Pool: pool, Side: side, Key: make([]byte, 32), Base: d.base, Now: d.time, LoopbackProviders: true}
	_, _ = rand.Read(d.options.Key)
	d.restart()
	return d
}

// restart makes the service anew, as another process of the deployment has it.
func (d *desk) restart() {
	d.tb.Helper()
	var err error
	if d.Service, err = accounts.New(d.options); err != nil {
		d.tb.Fatal(err)
	}
	managing := d.options
	managing.Pool = d.owner
	if d.staff, err = accounts.New(managing); err != nil {
		d.tb.Fatal(err)
	}
}

// newID is an id of its own.
func newID() uuid.UUID { return domain.Derive(uuid.Nil, rand.Text()) }

func (d *desk) time() time.Time {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.now
}

func (d *desk) pass(some time.Duration) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.now = d.now.Add(some)
}

// invited gives somebody of the desk's organisation who has taken up an invitation, and its session.
func (d *desk) invited(email string) accounts.Begun {
	d.tb.Helper()
	account := accounts.Account{Person: domain.PersonID{UUID: newID()}, Client: d.client, Name: "Ada Example", Email: email}
	link, err := d.staff.Invite(d.tb.Context(), account, func(context.Context) error { return nil })
	if err != nil {
		d.tb.Fatal(err)
	}
	begun, err := d.Accept(d.tb.Context(), link.Token, account.Name, goodPassword, browser)
	if err != nil {
		d.tb.Fatal(err)
	}
	return begun
}

func (d *desk) logIn(email string) accounts.Begun {
	d.tb.Helper()
	begun, err := d.LogIn(d.tb.Context(), email, goodPassword, browser)
	if err != nil {
		d.tb.Fatal(err)
	}
	return begun
}

func (d *desk) setRules(r accounts.Rules) {
	d.tb.Helper()
	r.Client = d.client
	if err := d.staff.SetRules(d.tb.Context(), r); err != nil {
		d.tb.Fatal(err)
	}
}

// enrol gives the person of a session an authenticator, and its recovery codes.
func (d *desk) enrol(session accounts.Begun) (app authenticatorApp, begun accounts.Begun, recovery []string) {
	d.tb.Helper()
	offer, err := d.OfferTOTP(d.tb.Context(), session.Person)
	if err != nil {
		d.tb.Fatal(err)
	}
	app = authenticatorApp{offer.Secret, d}
	begun, recovery, err = d.ConfirmTOTP(d.tb.Context(), session.Token, app.code(0), browser)
	if err != nil {
		d.tb.Fatal(err)
	}
	return app, begun, recovery
}

type authenticatorApp struct {
	secret string
	desk   *desk
}

// code gives what the app shows so many periods from now.
func (a authenticatorApp) code(periods int) string {
	a.desk.tb.Helper()
	code, err := totp.GenerateCode(a.secret, a.desk.time().Add(time.Duration(periods)*30*time.Second))
	if err != nil {
		a.desk.tb.Fatal(err)
	}
	return code
}

func bothSides(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	for _, side := range []domain.Side{domain.ClientSide, domain.StaffSide} {
		t.Run(string(side), func(t *testing.T) {
			t.Parallel()
			test(t, newDesk(t, side))
		})
	}
}

func wantError(tb testing.TB, doing string, got, want error) {
	tb.Helper()
	if !errors.Is(got, want) {
		tb.Errorf("%s: got %v, want %v", doing, got, want)
	}
}

func TestLoginAsksForTheSecondFactor(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		app, begun, _ := d.enrol(d.invited("ada@acme.example"))
		if begun.Token != "" {
			t.Error("a full session changed its token")
		}
		d.pass(time.Minute)
		login := d.logIn("ada@acme.example")
		if login.Stage != accounts.StageFactor {
			t.Fatalf("stage %q after the password alone", login.Stage)
		}
		full, err := d.PassFactor(t.Context(), login.Token, app.code(0), browser)
		if err != nil {
			t.Fatal(err)
		}
		if full.Stage != accounts.StageFull || !full.SecondFactor || full.Token == login.Token {
			t.Errorf("got %+v", full)
		}
		_, err = d.Session(t.Context(), login.Token)
		wantError(t, "the token before the factor", err, accounts.ErrWrong)
		_, err = d.PassFactor(t.Context(), full.Token, app.code(1), browser)
		wantError(t, "a factor in a full session", err, accounts.ErrWrong)
	})
}

func TestRecoveryCodesAreForOneUse(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		session := d.invited("ada@acme.example")
		_, _, codes := d.enrol(session)
		if len(codes) != 10 {
			t.Fatalf("got %d codes", len(codes))
		}
		typed := " " + strings.ToLower(strings.ReplaceAll(codes[3], "-", " ")) + " "
		if _, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, typed, browser); err != nil {
			t.Fatal(err)
		}
		_, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, codes[3], browser)
		wantError(t, "the same code again", err, accounts.ErrWrong)
		if f, err := d.Factors(t.Context(), session.Person); err != nil || !f.TOTP || f.Recovery != 9 {
			t.Errorf("left: %+v, %v", f, err)
		}
		renewed, err := d.RenewRecovery(t.Context(), session.Person)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, codes[4], browser)
		wantError(t, "a code of before", err, accounts.ErrWrong)
		if _, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, renewed[9], browser); err != nil {
			t.Error(err)
		}
	})
}

func TestRecoveryCodesOfOthersAreWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.enrol(d.invited("ada@acme.example"))
	_, _, codes := d.enrol(d.invited("bob@acme.example"))
	_, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, codes[0], browser)
	wantError(t, "another's code", err, accounts.ErrWrong)
}

func TestRecoveryCodesNeedAnAuthenticator(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	_, err := d.RenewRecovery(t.Context(), d.invited("ada@acme.example").Person)
	wantError(t, "without an authenticator", err, domain.ErrConflict)
}

// One code, tried in many sessions at once, opens one of them.
func TestACodeThatRacesOpensOneSession(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	app, _, recovery := d.enrol(d.invited("ada@acme.example"))
	d.pass(time.Minute)
	for name, code := range map[string]string{"authenticator": app.code(0), "recovery": recovery[0]} {
		var tokens []string
		for range 4 {
			tokens = append(tokens, d.logIn("ada@acme.example").Token)
		}
		outcomes := make(chan error, len(tokens))
		for _, token := range tokens {
			go func() {
				_, err := d.PassFactor(t.Context(), token, code, browser)
				outcomes <- err
			}()
		}
		opened := 0
		for range tokens {
			if err := <-outcomes; err == nil {
				opened++
			} else if !errors.Is(err, accounts.ErrWrong) {
				t.Error(err)
			}
		}
		if opened != 1 {
			t.Errorf("%s: one code opened %d sessions", name, opened)
		}
	}
}

func TestGuessingCodesIsThrottled(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		app, _, recovery := d.enrol(d.invited("ada@acme.example"))
		d.pass(time.Minute)
		login := d.logIn("ada@acme.example")
		for range 8 {
			_, err := d.PassFactor(t.Context(), login.Token, "000000", browser)
			wantError(t, "a guess", err, accounts.ErrWrong)
		}
		_, err := d.PassFactor(t.Context(), login.Token, app.code(0), browser)
		wantError(t, "the right code after too many guesses", err, accounts.ErrWrong)
		_, err = d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, recovery[0], browser)
		wantError(t, "a recovery code in a new session", err, accounts.ErrWrong)
		d.pass(2 * time.Hour)
		if _, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, app.code(0), browser); err != nil {
			t.Errorf("long after: %v", err)
		}
	})
}

func TestTheLastFactorStaysWhereOneIsRequired(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		session := d.invited("ada@acme.example")
		d.enrol(session)
		key := newKey(d)
		first := d.register(session.Person, key)
		d.setRules(accounts.Rules{SecondFactor: true})
		session, err := d.loginBy(key) // What began with a password alone has ended.
		if err != nil {
			t.Fatal(err)
		}
		if err := d.RemoveTOTP(t.Context(), session.Person); err != nil {
			t.Errorf("with a passkey left: %v", err)
		}
		wantError(t, "the last", d.RemovePasskey(t.Context(), session.Person, first), domain.ErrConflict)
		second := d.register(session.Person, newKey(d))
		if err := d.RemovePasskey(t.Context(), session.Person, first); err != nil {
			t.Errorf("with another passkey left: %v", err)
		}
		d.enrol(session)
		if err := d.RemovePasskey(t.Context(), session.Person, second); err != nil {
			t.Errorf("with an authenticator left: %v", err)
		}
		wantError(t, "the last", d.RemoveTOTP(t.Context(), session.Person), domain.ErrConflict)
		d.setRules(accounts.Rules{})
		if err := d.RemoveTOTP(t.Context(), session.Person); err != nil {
			t.Errorf("where none is required: %v", err)
		}
		if f, err := d.Factors(t.Context(), session.Person); err != nil || f.TOTP || f.Recovery != 0 || len(f.Passkeys) != 0 {
			t.Errorf("left: %+v, %v", f, err)
		}
	})
}

// together runs functions that meet at rows which are locked until all of them wait for something.
func (d *desk) together(lock string, run ...func() error) []error {
	d.tb.Helper()
	ctx := d.tb.Context()
	tx, err := d.owner.Begin(ctx)
	if err != nil {
		d.tb.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, lock); err != nil {
		d.tb.Fatal(err)
	}
	outcomes := make(chan error, len(run))
	for _, f := range run {
		go func() { outcomes <- f() }()
	}
	deadline := time.After(time.Minute)
	for waiting := 0; waiting < len(run); {
		select {
		case <-deadline:
			d.tb.Fatalf("%d of %d wait", waiting, len(run))
		case <-time.After(10 * time.Millisecond): // Nothing tells who waits but the server, when asked.
		}
		err := d.owner.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			d.tb.Fatal(err)
		}
	}
	if err := tx.Rollback(ctx); err != nil {
		d.tb.Fatal(err)
	}
	var errs []error
	for range run {
		errs = append(errs, <-outcomes)
	}
	return errs
}

// Of two factors that are removed at once, the one that would be the last stays.
func TestRemovalsThatRaceLeaveAFactor(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	session := d.invited("ada@acme.example")
	d.enrol(session)
	passkey := d.register(session.Person, newKey(d))
	d.setRules(accounts.Rules{SecondFactor: true})
	outcomes := d.together(`LOCK TABLE accounts.totp, accounts.passkeys IN SHARE MODE`,
		func() error { return d.RemoveTOTP(t.Context(), session.Person) },
		func() error { return d.RemovePasskey(t.Context(), session.Person, passkey) })
	if (outcomes[0] == nil) == (outcomes[1] == nil) {
		t.Errorf("got %v", outcomes)
	}
	if f, err := d.Factors(t.Context(), session.Person); err != nil || f.TOTP == (len(f.Passkeys) == 1) {
		t.Errorf("left: %+v, %v", f, err)
	}
}

func TestClosingAnAccountEndsItsFactors(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		session := d.invited("ada@acme.example")
		d.enrol(session)
		key := newKey(d)
		d.register(session.Person, key)
		if err := d.staff.Close(t.Context(), session.Person); err != nil {
			t.Fatal(err)
		}
		if f, err := d.Factors(t.Context(), session.Person); err != nil || f.TOTP || f.Recovery != 0 || len(f.Passkeys) != 0 {
			t.Errorf("left: %+v, %v", f, err)
		}
		_, err := d.loginBy(key)
		wantError(t, "its passkey", err, accounts.ErrWrong)
		_, err = d.OfferTOTP(t.Context(), session.Person)
		wantError(t, "another authenticator", err, domain.ErrNotFound)
		_, _, err = d.BeginPasskey(t.Context(), session.Person)
		wantError(t, "another passkey", err, domain.ErrNotFound)
	})
}

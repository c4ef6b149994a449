package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/infra/accounts"
)

func from(address string) accounts.Where { return accounts.Where{Address: address} }

func (d *desk) guess(email string, where accounts.Where) {
	d.tb.Helper()
	_, err := d.LogIn(d.tb.Context(), email, "not the right password", where)
	wantError(d.tb, "a guess", err, accounts.ErrWrong)
}

func TestWrongLoginsAreAllTheSame(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.invited("ada@example.org")
		d.invite(d.newcomer("invited@example.org"))
		for i, test := range []struct{ email, password string }{
			{"ada@example.org", "not the right password"},
			{"ada@example.org", ""},
			{"ada@example.org", goodPassword + " "},
			{"ada@example.org", strings.Repeat(goodPassword, 100)},
			{"ada@example.org", "\xff\xfe not utf-8 at all"},
			{"invited@example.org", goodPassword},
			{"invited@example.org", ""},
			{"nobody@example.org", goodPassword},
			{"no address", goodPassword},
			{"", ""},
			{"ada@example.org\x00", goodPassword},
		} {
			begun, err := d.LogIn(t.Context(), test.email, test.password, from(fmt.Sprintf("192.0.2.%d", i)))
			if err != accounts.ErrWrong || begun.Token != "" { //nolint:errorlint // not even a wrapped text may differ
				t.Errorf("%q: got %+v, %v", test, begun, err)
			}
		}
		d.logIn("ada@example.org")
	})
}

// statements counts what is sent to the database, by text.
type statements struct {
	mutex sync.Mutex
	sent  []string
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sent = append(s.sent, q.SQL)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// traced gives the service over a pool that tells what it sends.
func (d *desk) traced() (*accounts.Service, func() []string) {
	d.tb.Helper()
	seen := &statements{}
	config := d.options.Pool.Config()
	config.ConnConfig.Tracer = seen
	pool, err := pgxpool.NewWithConfig(d.tb.Context(), config)
	if err != nil {
		d.tb.Fatal(err)
	}
	d.tb.Cleanup(pool.Close)
	options := d.options
	options.Pool = pool
	service, err := accounts.New(options)
	if err != nil {
		d.tb.Fatal(err)
	}
	return service, func() []string {
		seen.mutex.Lock()
		defer seen.mutex.Unlock()
		sent := seen.sent
		seen.sent = nil
		return sent
	}
}

// Whoever guesses must not learn from the work done, or from the rows written, whether an address is known.
func TestTheUnknownTakeTheSameWork(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.startMail()
		d.mailed("ada@example.org")
		service, sent := d.traced()
		type trace struct {
			Statements []string
			Written    int
		}
		observe := func(act func()) trace {
			before := d.rows()
			act()
			return trace{sent(), d.rows() - before}
		}
		var logins, resets []trace
		for i, email := range []string{"ada@example.org", "nobody@example.org"} {
			for try := range 8 { // The throttle sets in on the way.
				logins = append(logins, observe(func() {
					_, err := service.LogIn(t.Context(), email, "not the right password", from(fmt.Sprintf("192.0.2.%d", i)))
					wantError(t, fmt.Sprintf("try %d of %s", try, email), err, accounts.ErrWrong)
				}))
			}
			for range 4 {
				resets = append(resets, observe(func() {
					if err := service.RequestReset(t.Context(), email, browser); err != nil {
						t.Error(err)
					}
				}))
			}
		}
		for name, traces := range map[string][]trace{"login": logins, "reset": resets} {
			half := len(traces) / 2
			if diff := cmp.Diff(traces[:half], traces[half:]); diff != "" {
				t.Errorf("%s: the known and the unknown differ (-known +unknown):\n%s", name, diff)
			}
		}
	})
}

// rows counts the rows of all tables.
func (d *desk) rows() int {
	d.tb.Helper()
	return len(d.texts())
}

func TestANetworkThatFailsIsDelayed(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.invited("ada@example.org")
		for range 5 {
			d.guess("ada@example.org", from("2001:db8:1:2::1"))
		}
		right := func(where accounts.Where) error {
			_, err := d.LogIn(t.Context(), "ada@example.org", goodPassword, where)
			return err
		}
		wantError(t, "at once", right(from("2001:db8:1:2::1")), accounts.ErrWrong)
		wantError(t, "a neighbour", right(from("2001:db8:1:2:ffff::9")), accounts.ErrWrong)
		if err := right(from("2001:db8:1:3::1")); err != nil {
			t.Errorf("another network: %v", err)
		}
		d.pass(15*time.Second - time.Millisecond)
		wantError(t, "a little later", right(from("2001:db8:1:2::1")), accounts.ErrWrong)
		d.pass(time.Millisecond)
		d.guess("ada@example.org", from("2001:db8:1:2::1"))
		d.pass(15 * time.Second)
		wantError(t, "the delay has doubled", right(from("2001:db8:1:2::1")), accounts.ErrWrong)
		d.pass(15 * time.Second)
		if err := right(from("2001:db8:1:2::1")); err != nil {
			t.Errorf("after the delay: %v", err)
		}
		for range 4 {
			d.guess("ada@example.org", from("2001:db8:1:2::1"))
		}
		if err := right(from("2001:db8:1:2::1")); err != nil {
			t.Errorf("a success forgets: %v", err)
		}
	})
}

func TestDelaysEndAtFifteenMinutes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@example.org")
	for range 14 {
		d.guess("ada@example.org", browser)
		d.pass(15 * time.Minute)
	}
	d.logIn("ada@example.org")
}

func TestAnAddressThatManyGuessAtIsLocked(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	networks := 0
	right := func(password string) error {
		networks++
		_, err := d.LogIn(t.Context(), "ada@example.org", password, from(fmt.Sprintf("198.51.100.%d", networks)))
		return err
	}
	lock := func() {
		t.Helper()
		for i := range 50 {
			d.guess("ada@example.org", from(fmt.Sprintf("192.0.2.%d", i)))
		}
		wantError(t, "the right password", right(goodPassword), accounts.ErrWrong)
	}
	lock()
	if _, err := d.Session(t.Context(), begun.Token); err != nil {
		t.Errorf("a session that is there: %v", err)
	}
	d.pass(time.Hour - time.Second)
	wantError(t, "before the hour has passed", right(goodPassword), accounts.ErrWrong)
	d.pass(time.Second)
	if err := right(goodPassword); err != nil {
		t.Errorf("after an hour: %v", err)
	}
	d.pass(time.Hour)
	lock()
	if err := d.Reset(t.Context(), d.offered(begun.Person), otherPassword, browser); err != nil {
		t.Fatal(err)
	}
	if err := right(otherPassword); err != nil {
		t.Errorf("after a reset: %v", err)
	}
}

// One network that goes on guessing must not be able to lock everybody else out.
func TestOneNetworkDoesNotLockAnAddress(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@example.org")
	for range 10 {
		d.guess("ada@example.org", browser)
	}
	if diff := cmp.Diff([]int{5, 5}, d.failures()); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	if _, err := d.LogIn(t.Context(), "ada@example.org", goodPassword, from("198.51.100.1")); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

// failures gives what the throttles count, but for the one invitation.
func (d *desk) failures() []int {
	d.tb.Helper()
	return collect[int](d, `SELECT failures FROM accounts.throttles WHERE failures > 1`)
}

// Tries are counted before they are judged: guesses that are made at once are no more than guesses in a row.
func TestGuessesAtOnceCount(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@example.org")
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			patiently(func() error {
				_, err := d.LogIn(t.Context(), "ada@example.org", "not the right password", browser)
				if !errors.Is(err, accounts.ErrBusy) {
					wantError(t, "a guess", err, accounts.ErrWrong)
				}
				return err
			})
		})
	}
	wait.Wait()
	if diff := cmp.Diff([]int{5, 5}, d.failures()); diff != "" {
		t.Errorf("judged (-want +got):\n%s", diff)
	}
}

// patiently tries again as long as it is too busy, as on a slow machine.
func patiently(act func() error) {
	for errors.Is(act(), accounts.ErrBusy) {
	}
}

func TestThrottlesArePrunedAlongTheWay(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	for i := range 6 {
		d.guess(fmt.Sprintf("nobody%d@example.org", i), browser)
	}
	d.pass(time.Hour)
	for i := range 6 {
		d.guess(fmt.Sprintf("somebody%d@example.org", i), browser)
	}
	if left := collect[int](d, `SELECT count(*)::int FROM accounts.throttles`); left[0] != 12 {
		t.Errorf("%d throttles are left, want those of the last hour", left[0])
	}
	for _, text := range d.texts() {
		if strings.Contains(text, "nobody") || strings.Contains(text, "192.0.2") {
			t.Errorf("a throttle tells of whom: %s", text)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8::1": "2001:db8::/64",
		"fe80::1%eth0": "fe80::/64", "": "", "not an address": "",
	} {
		if got := accounts.Network(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestHashesAreRenewedAtLogin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@example.org")
	old, err := argon2id.CreateHash(goodPassword, &argon2id.Params{Memory: 8 << 10, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.owner.Exec(t.Context(), `UPDATE accounts.people SET password = $1`, old); err != nil {
		t.Fatal(err)
	}
	d.guess("ada@example.org", browser)
	stored := func() string { return collect[string](d, `SELECT password FROM accounts.people`)[0] }
	if stored() != old {
		t.Error("a wrong password renewed the hash")
	}
	d.logIn("ada@example.org")
	if got := stored(); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored is %s", got)
	}
	d.logIn("ada@example.org")
}

func TestPasswordsAreWhatIsTyped(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	if err := d.ChangePassword(t.Context(), begun.Person, begun.ID, "une école près d\u2019ici"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.LogIn(t.Context(), "ada@example.org", "une e\u0301cole pre\u0300s d\u2019ici", browser); err != nil {
		t.Errorf("composed otherwise: %v", err)
	}
	_, err := d.LogIn(t.Context(), "ada@example.org", "Une école près d\u2019ici", browser)
	wantError(t, "in another case", err, accounts.ErrWrong)
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	hasher, err := accounts.NewHasher()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		hasher := hasher.InBubble()
		var held []func()
		for {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			release, err := accounts.Turn(hasher, ctx)
			cancel()
			if err != nil {
				break
			}
			held = append(held, release)
		}
		const waiting = 64
		outcomes := make(chan error, waiting)
		for range waiting {
			go func() {
				release, err := accounts.Turn(hasher, t.Context())
				if err == nil {
					release()
				}
				outcomes <- err
			}()
		}
		synctest.Wait()
		started := time.Now() //nolint:forbidigo // how long it really takes
		_, err := accounts.Turn(hasher, t.Context())
		if !errors.Is(err, accounts.ErrBusy) || !errors.Is(err, domain.ErrUnavailable) || time.Since(started) != 0 {
			t.Errorf("one more than may wait: %v after %v", err, time.Since(started))
		}
		time.Sleep(time.Second)
		held[0]()
		synctest.Wait()
		if served := len(outcomes); served != waiting {
			t.Errorf("%d of those who waited were served by one turn", served)
		}
		release, err := accounts.Turn(hasher, t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = accounts.Turn(hasher, t.Context())
		if !errors.Is(err, accounts.ErrBusy) || time.Since(started) != 3*time.Second {
			t.Errorf("who waits in vain: %v after %v", err, time.Since(started))
		}
		release()
	})
}

// A storm of logins ends, and lets those through who are logged in.
func TestAStormOfLoginsIsTurnedAway(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	var busy, wrong int
	var mutex sync.Mutex
	var wait sync.WaitGroup
	for i := range 500 {
		wait.Go(func() {
			_, err := d.LogIn(t.Context(), "ada@example.org", goodPassword+"x", from(fmt.Sprintf("10.0.%d.%d", i/250, i%250)))
			mutex.Lock()
			defer mutex.Unlock()
			switch {
			case errors.Is(err, accounts.ErrBusy):
				busy++
			case errors.Is(err, accounts.ErrWrong):
				wrong++
			default:
				t.Errorf("got %v", err)
			}
		})
		if i%50 == 0 {
			if _, err := d.Session(t.Context(), begun.Token); err != nil {
				t.Errorf("in the storm: %v", err)
			}
		}
	}
	wait.Wait()
	if busy == 0 || wrong == 0 {
		t.Errorf("%d were turned away, %d were judged", busy, wrong)
	}
}

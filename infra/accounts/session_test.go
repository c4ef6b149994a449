package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/auth"
)

func TestSessionsEndWhenIdleOrOld(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		want := accounts.Session{
			ID: begun.ID, Person: begun.Person, Client: d.client, Stage: accounts.StageFull, Method: "password", Where: browser,
			CreatedAt: d.time(), LastSeenAt: d.time(), ProvedAt: d.time(), ExpiresAt: d.time().Add(12 * time.Hour),
		}
		got, err := d.Session(t.Context(), begun.Token)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for range 24 {
			d.pass(30*time.Minute - time.Second)
			if _, err := d.Session(t.Context(), begun.Token); err != nil {
				t.Fatalf("in use: %v", err)
			}
		}
		d.pass(24 * time.Second)
		_, err = d.Session(t.Context(), begun.Token)
		wantError(t, "after 12 h", err, accounts.ErrWrong)
		idle := d.logIn("ada@example.org")
		d.pass(30 * time.Minute)
		_, err = d.Session(t.Context(), idle.Token)
		wantError(t, "after 30 min", err, accounts.ErrWrong)
		if left, err := d.Sessions(t.Context(), begun.Person); len(left) != 0 || err != nil {
			t.Errorf("listed: %+v, %v", left, err)
		}
	})
}

func TestSessionsAreSeenOnceAMinute(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	d.pass(59 * time.Second)
	if got, err := d.Session(t.Context(), begun.Token); err != nil || !got.LastSeenAt.Equal(begun.CreatedAt) {
		t.Errorf("within a minute: %v, %v", got.LastSeenAt, err)
	}
	d.pass(time.Second)
	if got, err := d.Session(t.Context(), begun.Token); err != nil || !got.LastSeenAt.Equal(d.time()) {
		t.Errorf("after a minute: %v, %v", got.LastSeenAt, err)
	}
}

// What nobody in person asks for does not keep a session alive.
func TestUnattendedRequestsAreNotSeen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	for range 29 {
		d.pass(time.Minute)
		if got, err := d.Session(auth.Unattended(t.Context()), begun.Token); err != nil || !got.LastSeenAt.Equal(begun.CreatedAt) {
			t.Fatalf("seen at %v, %v", got.LastSeenAt, err)
		}
	}
	d.pass(time.Minute)
	_, err := d.Session(auth.Unattended(t.Context()), begun.Token)
	wantError(t, "idle for 30 min", err, accounts.ErrWrong)
}

// Whoever knows the password alone must not end the logins of its owner.
func TestUnfinishedLoginsEndNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada := d.invited("ada@example.org")
	app, _, _ := d.enrol(ada)
	for range 21 {
		d.pass(time.Second)
		d.logIn("ada@example.org")
	}
	if _, err := d.Session(t.Context(), ada.Token); err != nil {
		t.Errorf("after 21 without the second factor: %v", err)
	}
	if live := collect[int](d, `SELECT count(*)::int FROM accounts.sessions WHERE stage = 'factor'`); live[0] != 20 {
		t.Errorf("%d are on their way", live[0])
	}
	for range 20 {
		d.pass(31 * time.Second) // No code counts twice, nor that of the enrolment.
		half := d.logIn("ada@example.org")
		if _, err := d.PassFactor(t.Context(), half.Token, app.code(0), browser); err != nil {
			t.Fatal(err)
		}
	}
	if live := collect[int](d, `SELECT count(*)::int FROM accounts.sessions WHERE stage = 'full'`); live[0] != 20 {
		t.Errorf("%d are full", live[0])
	}
	_, err := d.Session(t.Context(), ada.Token)
	wantError(t, "the oldest of 21 full ones", err, accounts.ErrWrong)
}

func TestUnfinishedLoginsEndSoon(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		session := d.invited("ada@example.org")
		app, _, _ := d.enrol(session)
		d.pass(time.Minute)
		half := d.logIn("ada@example.org")
		if half.Stage != accounts.StageFactor || !half.ExpiresAt.Equal(d.time().Add(10*time.Minute)) {
			t.Fatalf("began %+v", half.Session)
		}
		wantError(t, "half a login proves", d.Prove(t.Context(), half.ID, goodPassword, browser), accounts.ErrWrong)
		d.pass(10 * time.Minute)
		_, err := d.PassFactor(t.Context(), half.Token, app.code(0), browser)
		wantError(t, "too late", err, accounts.ErrWrong)
		half = d.logIn("ada@example.org")
		full, err := d.PassFactor(t.Context(), half.Token, app.code(0), browser)
		if err != nil || full.Token == half.Token || full.ID != half.ID || full.Stage != accounts.StageFull || !full.ExpiresAt.Equal(d.time().Add(12*time.Hour)) {
			t.Fatalf("went on as %+v, %v", full.Session, err)
		}
		_, err = d.Session(t.Context(), half.Token)
		wantError(t, "the token of the first half", err, accounts.ErrWrong)
	})
}

func TestAPersonHasTwentySessionsAtMost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	first := d.invited("ada@example.org")
	other := d.invited("bo@example.org")
	for range 20 {
		d.pass(time.Second)
		d.logIn("ada@example.org")
	}
	sessions, err := d.Sessions(t.Context(), first.Person)
	if err != nil || len(sessions) != 20 || !sessions[0].CreatedAt.After(sessions[19].CreatedAt) {
		t.Errorf("%d sessions, %v", len(sessions), err)
	}
	_, err = d.Session(t.Context(), first.Token)
	wantError(t, "the oldest", err, accounts.ErrWrong)
	if _, err := d.Session(t.Context(), other.Token); err != nil {
		t.Errorf("another's: %v", err)
	}
}

func TestEndingSessions(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		ada, bo := d.invited("ada@example.org"), d.invited("bo@example.org")
		second, third := d.logIn("ada@example.org"), d.logIn("ada@example.org")
		wantLive := func(when string, want ...accounts.Begun) {
			t.Helper()
			for _, begun := range []accounts.Begun{ada, bo, second, third} {
				_, err := d.Session(t.Context(), begun.Token)
				live := false
				for _, w := range want {
					live = live || w.ID == begun.ID
				}
				if live != (err == nil) || err != nil && !errors.Is(err, accounts.ErrWrong) {
					t.Errorf("%s: live is %v, %v", when, err == nil, err)
				}
			}
		}
		for _, err := range []error{
			d.EndSession(t.Context(), ada.Person, bo.ID), d.EndSession(t.Context(), ada.Person, newID()),
			d.LogOut(t.Context(), "nothing"), d.LogOut(t.Context(), strings.Repeat("A", 43)),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		wantLive("what is another's or nobody's", ada, bo, second, third)
		if err := d.EndSession(t.Context(), ada.Person, second.ID); err != nil {
			t.Error(err)
		}
		wantLive("one ended", ada, bo, third)
		if err := d.EndOthers(t.Context(), ada.Person, third.ID); err != nil {
			t.Error(err)
		}
		wantLive("the others ended", bo, third)
		if err := d.LogOut(t.Context(), third.Token); err != nil {
			t.Error(err)
		}
		wantLive("logged out", bo)
	})
}

func TestProvingAnew(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		app, _, recovery := d.enrol(begun)
		for i, proof := range []string{goodPassword, app.code(2), recovery[0], strings.ToLower(recovery[1])} {
			if d.pass(time.Minute); i == 1 {
				proof = app.code(0)
			}
			if err := d.Prove(t.Context(), begun.ID, proof, browser); err != nil {
				t.Errorf("%s: %v", proof, err)
			}
			if got, err := d.Session(t.Context(), begun.Token); err != nil || !got.ProvedAt.Equal(d.time()) {
				t.Errorf("proved at %v, %v", got.ProvedAt, err)
			}
		}
		d.pass(time.Minute)
		for _, proof := range []string{"", "not the right password", recovery[0], "000000"} {
			wantError(t, proof, d.Prove(t.Context(), begun.ID, proof, browser), accounts.ErrWrong)
		}
		if got, err := d.Session(t.Context(), begun.Token); err != nil || got.ProvedAt.Equal(d.time()) {
			t.Errorf("proved by nothing, %v", err)
		}
		wantError(t, "the fifth failure", d.Prove(t.Context(), begun.ID, "not the right password", browser), accounts.ErrWrong)
		wantError(t, "after five failures", d.Prove(t.Context(), begun.ID, goodPassword, browser), accounts.ErrWrong)
		d.pass(15 * time.Second)
		if err := d.Prove(t.Context(), begun.ID, goodPassword, browser); err != nil {
			t.Errorf("after the delay: %v", err)
		}
		wantError(t, "no session", d.Prove(t.Context(), newID(), goodPassword, browser), accounts.ErrWrong)
	})
}

// A password that has the length of a recovery code is a password all the same.
func TestAPasswordMayLookLikeACode(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	const password = "wombat-canyons-pianist"
	if err := d.ChangePassword(t.Context(), begun.Person, begun.ID, password); err != nil {
		t.Fatal(err)
	}
	wantError(t, "another", d.Prove(t.Context(), begun.ID, strings.ToUpper(password), browser), accounts.ErrWrong)
	if err := d.Prove(t.Context(), begun.ID, password, browser); err != nil {
		t.Error(err)
	}
}

func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		other, reset := d.logIn("ada@example.org"), d.offered(begun.Person)
		wantRefusal(t, "a bad one", d.ChangePassword(t.Context(), begun.Person, begun.ID, "ada@example.org 2024"), domain.ErrInvalid, "invalid_fields")
		wantRefusal(t, "of nobody", d.ChangePassword(t.Context(), domain.PersonID{UUID: newID()}, begun.ID, otherPassword), domain.ErrNotFound, "person_not_found")
		if err := d.ChangePassword(t.Context(), begun.Person, begun.ID, otherPassword); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Session(t.Context(), begun.Token); err != nil {
			t.Errorf("its own session: %v", err)
		}
		_, err := d.Session(t.Context(), other.Token)
		wantError(t, "the other", err, accounts.ErrWrong)
		_, err = d.ResetOffer(t.Context(), reset)
		wantError(t, "a reset on its way", err, accounts.ErrWrong)
		_, err = d.LogIn(t.Context(), "ada@example.org", goodPassword, browser)
		wantError(t, "the old password", err, accounts.ErrWrong)
	})
}

func TestWhereIsBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@example.org")
	for _, test := range []struct{ given, want accounts.Where }{
		{accounts.Where{Address: "::ffff:192.0.2.1", UserAgent: strings.Repeat("é", 400)}, accounts.Where{Address: "192.0.2.1", UserAgent: strings.Repeat("é", 150)}},
		{accounts.Where{Address: "192.0.2.1:80", UserAgent: "a\x00b\xffc"}, accounts.Where{UserAgent: "a bc"}},
		{accounts.Where{Address: "fe80::1%eth0"}, accounts.Where{Address: "fe80::1"}},
		{accounts.Where{Address: "2001:db8::1", UserAgent: "a" + strings.Repeat("é", 400)}, accounts.Where{Address: "2001:db8::1", UserAgent: "a" + strings.Repeat("é", 149)}},
	} {
		again, err := d.LogIn(t.Context(), "ada@example.org", goodPassword, test.given)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, again.Where); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.given, diff)
		}
	}
}

// Whatever a cookie holds is a token or is not; nothing of it reaches the database but a hash.
func FuzzSession(f *testing.F) {
	d := newDesk(f, domain.ClientSide)
	begun := d.invited("ada@example.org")
	for _, seed := range []string{"", begun.Token[:42], begun.Token + "=", begun.Token + "\x00", strings.Repeat("A", 43), strings.Repeat("_", 43), "' OR 1=1 --"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if token == begun.Token {
			t.Skip()
		}
		if _, err := d.Session(t.Context(), token); !errors.Is(err, accounts.ErrWrong) {
			t.Errorf("%q: %v", token, err)
		}
		if _, err := d.Invitation(t.Context(), token); !errors.Is(err, accounts.ErrWrong) {
			t.Errorf("%q: %v", token, err)
		}
		if _, err := d.ConfirmEmail(t.Context(), token); !errors.Is(err, accounts.ErrWrong) {
			t.Errorf("%q: %v", token, err)
		}
		if err := d.LogOut(t.Context(), token); err != nil {
			t.Errorf("%q: %v", token, err)
		}
	})
}

package accounts_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"effigate/domain"
	"effigate/infra/accounts"
)

const otherPassword = "eleven purple bicycles sing"

// offered gives the token of a reset that was asked for on behalf of a person.
func (d *desk) offered(person domain.PersonID) string {
	d.tb.Helper()
	link, err := d.staff.OfferReset(d.tb.Context(), person)
	if err != nil {
		d.tb.Fatal(err)
	}
	return link.Token
}

func TestAResetSetsThePasswordAndEndsSessions(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		_, key := d.key(begun.Person, "key")
		token := d.offered(begun.Person)
		offer, err := d.ResetOffer(t.Context(), token)
		if err != nil || offer.Person != begun.Person || !offer.Expires.Equal(d.time().Add(30*time.Minute)) {
			t.Errorf("offer %+v, %v", offer, err)
		}
		wantRefusal(t, "a bad password", d.Reset(t.Context(), token, "short", browser), domain.ErrInvalid, "invalid_fields")
		if err := d.Reset(t.Context(), token, otherPassword, browser); err != nil {
			t.Fatal(err)
		}
		wantError(t, "twice", d.Reset(t.Context(), token, goodPassword, browser), accounts.ErrWrong)
		_, err = d.Session(t.Context(), begun.Token)
		wantError(t, "the session", err, accounts.ErrWrong)
		_, err = d.Key(t.Context(), key)
		wantError(t, "the API key", err, accounts.ErrWrong)
		_, err = d.LogIn(t.Context(), "ada@example.org", goodPassword, browser)
		wantError(t, "the old password", err, accounts.ErrWrong)
		if _, err := d.LogIn(t.Context(), "ada@example.org", otherPassword, browser); err != nil {
			t.Errorf("the new password: %v", err)
		}
	})
}

func TestAResetKeepsSecondFactors(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	d.enrol(begun)
	if err := d.Reset(t.Context(), d.offered(begun.Person), otherPassword, browser); err != nil {
		t.Fatal(err)
	}
	again, err := d.LogIn(t.Context(), "ada@example.org", otherPassword, browser)
	if err != nil || again.Stage != accounts.StageFactor {
		t.Errorf("stage %q, %v", again.Stage, err)
	}
}

func TestLinksAreForOnePurposeTimeAndAddress(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		account := d.newcomer("bo@example.org")
		invitation, reset := d.invite(account).Token, d.offered(begun.Person)
		_, err := d.Accept(t.Context(), reset, "Ada", goodPassword, browser)
		wantError(t, "a reset as an invitation", err, accounts.ErrWrong)
		_, err = d.Invitation(t.Context(), reset)
		wantError(t, "a look at a reset as an invitation", err, accounts.ErrWrong)
		wantError(t, "an invitation as a reset", d.Reset(t.Context(), invitation, goodPassword, browser), accounts.ErrWrong)
		_, err = d.ConfirmEmail(t.Context(), reset)
		wantError(t, "a reset as a confirmation", err, accounts.ErrWrong)
		_, err = d.Session(t.Context(), reset)
		wantError(t, "a reset as a session", err, accounts.ErrWrong)
		for _, token := range []string{"", "x", begun.Token, reset + "x", reset[1:] + "A", reset[:42] + "="} {
			_, err = d.ResetOffer(t.Context(), token)
			wantError(t, "the token "+token, err, accounts.ErrWrong)
		}
		d.pass(30*time.Minute - time.Second)
		if _, err := d.ResetOffer(t.Context(), reset); err != nil {
			t.Errorf("in time: %v", err)
		}
		d.pass(time.Second)
		wantError(t, "a reset too late", d.Reset(t.Context(), reset, goodPassword, browser), accounts.ErrWrong)
		d.pass(72*time.Hour - 30*time.Minute - time.Second)
		if _, err := d.Invitation(t.Context(), invitation); err != nil {
			t.Errorf("in time: %v", err)
		}
		d.pass(time.Second)
		_, err = d.Accept(t.Context(), invitation, "Bo", goodPassword, browser)
		wantError(t, "an invitation too late", err, accounts.ErrWrong)
		reset = d.offered(begun.Person)
		if _, err := d.owner.Exec(t.Context(), `UPDATE accounts.people SET email = 'moved@example.org' WHERE email = 'ada@example.org'`); err != nil {
			t.Fatal(err)
		}
		wantError(t, "a reset that went to another address", d.Reset(t.Context(), reset, goodPassword, browser), accounts.ErrWrong)
		// What was looked at a moment ago is checked again by the statement that acts.
		hash := sha256.Sum256([]byte(reset))
		if acted := collect[bool](d, `SELECT accounts.reset($1, 'hash', $2)`, hash[:], d.time()); acted[0] {
			t.Error("a reset that went to another address acted")
		}
		hash = sha256.Sum256([]byte(d.offered(begun.Person)))
		if acted := collect[bool](d, `SELECT accounts.accept($1, 'Eve', 'hash', $2)`, hash[:], d.time()); acted[0] {
			t.Error("a reset acted as an invitation")
		}
	})
}

func TestALinkThatRacesActsOnce(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		token := d.invite(d.newcomer("bo@example.org")).Token
		const many = 6
		won := make(chan accounts.Begun, many)
		var wait sync.WaitGroup
		for range many {
			wait.Go(func() {
				patiently(func() error {
					begun, err := d.Accept(t.Context(), token, "Bo", goodPassword, browser)
					if err == nil {
						won <- begun
					} else if !errors.Is(err, accounts.ErrBusy) {
						wantError(t, "lost", err, accounts.ErrWrong)
					}
					return err
				})
			})
		}
		wait.Wait()
		if len(won) != 1 {
			t.Fatalf("%d accepted the invitation", len(won))
		}
		reset := d.offered((<-won).Person)
		done := make(chan bool, many)
		for range many {
			wait.Go(func() {
				patiently(func() error {
					err := d.Reset(t.Context(), reset, otherPassword, browser)
					if err == nil {
						done <- true
					}
					return err
				})
			})
		}
		wait.Wait()
		if len(done) != 1 {
			t.Errorf("%d used the reset", len(done))
		}
	})
}

func TestRequestedResetsGoToTheAddressOnFile(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		if err := d.RequestReset(t.Context(), "ada@example.org", browser); err != nil {
			t.Errorf("without mail: %v", err)
		}
		d.pass(time.Hour)
		d.startMail()
		begun := d.mailed("ada@example.org")
		account := d.newcomer("bo@example.org")
		d.invite(account)
		d.deliver()
		for _, email := range []string{"nobody@example.org", "bo@example.org", "no address", "ada@example.org\x00", ""} {
			if err := d.RequestReset(t.Context(), email, browser); err != nil {
				t.Errorf("%q: %v", email, err)
			}
			d.wantNoMail()
		}
		for range 3 {
			if err := d.RequestReset(t.Context(), "Ada@Example.org", browser); err != nil {
				t.Fatal(err)
			}
			mail, token := d.deliver()
			if mail.Kind != accounts.MailReset || mail.Person != begun.Person || mail.Email != "ada@example.org" {
				t.Errorf("got %+v", mail)
			}
			if _, err := d.ResetOffer(t.Context(), token); err != nil {
				t.Error(err)
			}
		}
		if err := d.RequestReset(t.Context(), "ada@example.org", browser); err != nil {
			t.Fatal(err)
		}
		d.wantNoMail() // The fourth within the hour.
		d.pass(time.Hour)
		if err := d.RequestReset(t.Context(), "ada@example.org", browser); err != nil {
			t.Fatal(err)
		}
		d.deliver()
	})
}

func TestAnAddressChangesWhenBothAgree(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		wantRefusal(t, "without mail", d.ChangeEmail(t.Context(), begun.Person, "new@example.org"), domain.ErrConflict, "no_mail")
		d.startMail()
		if err := d.ChangeEmail(t.Context(), begun.Person, "New@example.org"); err != nil {
			t.Fatal(err)
		}
		tokens := d.confirmations(t, "ada@example.org", "new@example.org")
		if changed, err := d.ConfirmEmail(t.Context(), tokens["new@example.org"]); changed || err != nil {
			t.Errorf("after one: %v, %v", changed, err)
		}
		_, err := d.ConfirmEmail(t.Context(), tokens["new@example.org"])
		wantError(t, "the same again", err, accounts.ErrWrong)
		d.logIn("ada@example.org")
		if changed, err := d.ConfirmEmail(t.Context(), tokens["ada@example.org"]); !changed || err != nil {
			t.Errorf("after both: %v, %v", changed, err)
		}
		d.logIn("new@example.org")
		_, err = d.LogIn(t.Context(), "ada@example.org", goodPassword, browser)
		wantError(t, "the old address", err, accounts.ErrWrong)
	})
}

// confirmations delivers the two mails of a change, and gives their tokens by address.
func (d *desk) confirmations(t *testing.T, old, changed string) map[string]string {
	t.Helper()
	tokens := map[string]string{}
	for range 2 {
		mail, token := d.deliver()
		tokens[mail.Email] = token
		if want := map[accounts.MailKind]string{accounts.MailEmailOld: old, accounts.MailEmailNew: changed}[mail.Kind]; mail.Email != want {
			t.Errorf("%s went to %s", mail.Kind, mail.Email)
		}
	}
	d.wantNoMail()
	return tokens
}

func TestChangesOfAddressThatDoNotHappen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.startMail()
	begun := d.mailed("ada@example.org")
	change := func(email string) map[string]string {
		t.Helper()
		if err := d.ChangeEmail(t.Context(), begun.Person, email); err != nil {
			t.Fatal(err)
		}
		return d.confirmations(t, "ada@example.org", email)
	}
	replaced := change("first@example.org")
	late := change("second@example.org")
	for _, token := range replaced {
		_, err := d.ConfirmEmail(t.Context(), token)
		wantError(t, "of a change that was replaced", err, accounts.ErrWrong)
	}
	d.pass(24 * time.Hour)
	for _, token := range late {
		_, err := d.ConfirmEmail(t.Context(), token)
		wantError(t, "too late", err, accounts.ErrWrong)
	}
	tokens := change("taken@example.org")
	d.invite(d.newcomer("taken@example.org"))
	d.deliver()
	if _, err := d.ConfirmEmail(t.Context(), tokens["ada@example.org"]); err != nil {
		t.Fatal(err)
	}
	_, err := d.ConfirmEmail(t.Context(), tokens["taken@example.org"])
	wantRefusal(t, "an address that somebody else has by now", err, domain.ErrConflict, "email_taken")
	closed := change("third@example.org")
	if err := d.Reset(t.Context(), d.resetLink(begun.Person), otherPassword, browser); err != nil {
		t.Fatal(err)
	}
	for _, token := range closed {
		_, err := d.ConfirmEmail(t.Context(), token)
		wantError(t, "after a reset", err, accounts.ErrWrong)
	}
	d.setRules(accounts.Rules{Domains: []string{"example.org"}})
	wantRefusal(t, "outside of the domains", d.ChangeEmail(t.Context(), begun.Person, "ada@example.com"), domain.ErrInvalid, "invalid_fields")
	wantRefusal(t, "no address", d.ChangeEmail(t.Context(), begun.Person, "ada"), domain.ErrInvalid, "invalid_fields")
	if got := d.account(begun.Person); got.Email != "ada@example.org" {
		t.Errorf("the address is %s", got.Email)
	}
}

// resetLink gives the token of a reset that was mailed.
func (d *desk) resetLink(person domain.PersonID) string {
	d.tb.Helper()
	link, err := d.staff.OfferReset(d.tb.Context(), person)
	if err != nil || !link.Mailed {
		d.tb.Fatalf("%+v, %v", link, err)
	}
	_, token := d.deliver()
	return token
}

func TestPasswordsCannotBeSetWhereTheyAreOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	invitation, reset := d.invite(d.newcomer("bo@example.org")).Token, d.offered(begun.Person)
	d.setRules(accounts.Rules{PasswordsOff: true, SSO: provider()})
	_, err := d.LogIn(t.Context(), "ada@example.org", goodPassword, browser)
	wantError(t, "the right password", err, accounts.ErrWrong)
	_, err = d.Accept(t.Context(), invitation, "Bo", goodPassword, browser)
	wantRefusal(t, "an invitation", err, domain.ErrConflict, "passwords_off")
	wantRefusal(t, "a reset", d.Reset(t.Context(), reset, otherPassword, browser), domain.ErrConflict, "passwords_off")
	_, err = d.staff.OfferReset(t.Context(), begun.Person)
	wantRefusal(t, "a new reset", err, domain.ErrConflict, "passwords_off")
	wantError(t, "the old password as a proof", d.Prove(t.Context(), begun.ID, goodPassword, browser), accounts.ErrWrong)
	wantRefusal(t, "a change", d.ChangePassword(t.Context(), begun.Person, begun.ID, otherPassword), domain.ErrConflict, "passwords_off")
	d.startMail()
	if err := d.RequestReset(t.Context(), "ada@example.org", browser); err != nil {
		t.Error(err)
	}
	d.wantNoMail()
	d.setRules(accounts.Rules{})
	d.logIn("ada@example.org")
}

func TestInvitationsStayWithinTheDomains(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.setRules(accounts.Rules{Domains: []string{"Example.org", "example.com"}})
		d.invite(d.newcomer("bo@example.com"))
		for _, email := range []string{"bo@sub.example.com", "bo@example.net", "bo@notexample.org"} {
			_, err := d.Invite(t.Context(), d.newcomer(email), func(context.Context) error {
				t.Errorf("%s was recorded", email)
				return nil
			})
			wantRefusal(t, email, err, domain.ErrInvalid, "invalid_fields")
		}
	})
}

package accounts_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/accounts"
)

// collect reads one column with the owner's rights.
func collect[T any](d *desk, statement string, arguments ...any) []T {
	d.tb.Helper()
	rows, err := d.owner.Query(d.tb.Context(), statement, arguments...)
	if err != nil {
		d.tb.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		d.tb.Fatal(err)
	}
	return found
}

func (d *desk) startMail() {
	d.tb.Helper()
	if err := d.staff.SetMail(d.tb.Context(), true); err != nil {
		d.tb.Fatal(err)
	}
}

// take takes the next mail and makes its link.
func (d *desk) take() (accounts.Mail, accounts.Link) {
	d.tb.Helper()
	mail, ok, err := d.staff.Take(d.tb.Context())
	if err != nil || !ok {
		d.tb.Fatalf("no mail: %v", err)
	}
	link, err := d.staff.Mint(d.tb.Context(), mail)
	if err != nil {
		d.tb.Fatal(err)
	}
	return mail, link
}

// deliver takes the next mail, sends it, and gives its link.
func (d *desk) deliver() (accounts.Mail, string) {
	d.tb.Helper()
	mail, link := d.take()
	if err := d.staff.Sent(d.tb.Context(), mail.ID); err != nil {
		d.tb.Fatal(err)
	}
	return mail, link.Token
}

func (d *desk) wantNoMail() {
	d.tb.Helper()
	if mail, ok, err := d.staff.Take(d.tb.Context()); ok || err != nil {
		d.tb.Errorf("got the mail %+v, %v", mail, err)
	}
}

// mailed is invited where there is mail.
func (d *desk) mailed(email string) accounts.Begun {
	d.tb.Helper()
	if link := d.invite(d.newcomer(email)); !link.Mailed || link.Token != "" {
		d.tb.Errorf("got the link %+v", link)
	}
	_, token := d.deliver()
	begun, err := d.Accept(d.tb.Context(), token, "Ada Example", goodPassword, browser)
	if err != nil {
		d.tb.Fatal(err)
	}
	return begun
}

func TestMailIsTakenMintedAndSent(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		if has, err := d.HasMail(t.Context()); err != nil || has {
			t.Errorf("there is mail: %v, %v", has, err)
		}
		d.startMail()
		if has, err := d.HasMail(t.Context()); err != nil || !has {
			t.Errorf("there is no mail: %v, %v", has, err)
		}
		d.wantNoMail()
		account := d.newcomer("bo@example.org")
		d.invite(account)
		mail, link := d.take()
		if mail.Kind != accounts.MailInvitation || mail.Person != account.Person || mail.Client != d.client || mail.Email != "bo@example.org" || mail.Name != "Bo Sample" || mail.Attempts != 1 {
			t.Errorf("took %+v", mail)
		}
		if !link.Expires.Equal(d.time().Add(72*time.Hour)) || link.Mailed {
			t.Errorf("minted %+v", link)
		}
		d.wantNoMail() // It is leased.
		d.pass(5 * time.Minute)
		again, second := d.take() // Its taker died, perhaps after sending it.
		if again.ID != mail.ID || again.Attempts != 2 {
			t.Errorf("took %+v", again)
		}
		if err := d.staff.Sent(t.Context(), mail.ID); err != nil {
			t.Fatal(err)
		}
		d.pass(time.Hour)
		d.wantNoMail()
		if _, err := d.Invitation(t.Context(), link.Token); err != nil {
			t.Errorf("the link of the first attempt: %v", err)
		}
		if _, err := d.Accept(t.Context(), second.Token, "Bo", goodPassword, browser); err != nil {
			t.Fatal(err)
		}
		_, err := d.Accept(t.Context(), link.Token, "Bo", goodPassword, browser)
		wantError(t, "the link of the first attempt, after the second", err, accounts.ErrWrong)
	})
}

func TestMailThatFailsIsRetriedLaterAndLater(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.startMail()
	d.invite(d.newcomer("bo@example.org"))
	for _, delay := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		mail, _ := d.take()
		if err := d.staff.Failed(t.Context(), mail, false, strings.Repeat("no route ", 1000)+"\x00"); err != nil {
			t.Fatal(err)
		}
		d.pass(delay - time.Second)
		d.wantNoMail()
		d.pass(time.Second)
	}
	mail, _ := d.take()
	if mail.Attempts != 4 || len(mail.Error) > 500 || !strings.HasPrefix(mail.Error, "no route") {
		t.Errorf("took %+v", mail)
	}
	if err := d.staff.Failed(t.Context(), mail, true, "no such user"); err != nil {
		t.Fatal(err)
	}
	d.pass(48 * time.Hour)
	d.wantNoMail()
	dead, err := d.staff.Dead(t.Context())
	if err != nil || len(dead) != 1 || dead[0].ID != mail.ID || dead[0].Error != "no such user" {
		t.Fatalf("dead: %+v, %v", dead, err)
	}
	if err := d.staff.Resend(t.Context(), mail.ID); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "twice", d.staff.Resend(t.Context(), mail.ID), domain.ErrNotFound, "mail_not_found")
	wantRefusal(t, "of nothing", d.staff.Resend(t.Context(), newID()), domain.ErrNotFound, "mail_not_found")
	again, token := d.deliver()
	if again.Attempts != 1 || again.Error != "" {
		t.Errorf("sent again: %+v", again)
	}
	if _, err := d.Accept(t.Context(), token, "Bo", goodPassword, browser); err != nil {
		t.Error(err)
	}
}

func TestVoidMailIsDropped(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.startMail()
		account := d.newcomer("typo@example.org")
		d.invite(account)
		void, _ := d.take()
		account.Email = "bo@example.org"
		d.invite(account)
		_, err := d.staff.Mint(t.Context(), void)
		wantRefusal(t, "replaced", err, domain.ErrNotFound, "mail_void")
		closed, _ := d.take()
		if err := d.staff.Close(t.Context(), account.Person); err != nil {
			t.Fatal(err)
		}
		_, err = d.staff.Mint(t.Context(), closed)
		wantRefusal(t, "closed", err, domain.ErrNotFound, "mail_void")
		if left := collect[int](d, `SELECT count(*)::int FROM accounts.mail`); left[0] != 0 {
			t.Errorf("%d mails are left", left[0])
		}
	})
}

func TestAMailIsOneTakersAtATime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.startMail()
	const mails = 5
	for i := range mails {
		d.invite(d.newcomer(string(rune('a'+i)) + "@example.org"))
	}
	var mutex sync.Mutex
	taken := map[uuid.UUID]int{}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for {
				mail, ok, err := d.staff.Take(t.Context())
				if err != nil || !ok {
					if err != nil {
						t.Error(err)
					}
					return
				}
				mutex.Lock()
				taken[mail.ID]++
				mutex.Unlock()
			}
		})
	}
	wait.Wait()
	for id, times := range taken {
		if times != 1 {
			t.Errorf("mail %s was taken %d times", id, times)
		}
	}
	if len(taken) != mails {
		t.Errorf("%d mails were taken", len(taken))
	}
}

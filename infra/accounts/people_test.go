package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/accounts"
)

// newcomer is somebody whom the accounts do not know yet.
func (d *desk) newcomer(email string) accounts.Account {
	return accounts.Account{Person: domain.PersonID{UUID: newID()}, Client: d.client, Name: "Bo Sample", Email: email}
}

func recorded(context.Context) error { return nil }

func (d *desk) invite(a accounts.Account) accounts.Link {
	d.tb.Helper()
	link, err := d.Invite(d.tb.Context(), a, recorded)
	if err != nil {
		d.tb.Fatal(err)
	}
	return link
}

func (d *desk) account(person domain.PersonID) accounts.Account {
	d.tb.Helper()
	account, err := d.Account(d.tb.Context(), d.client, person)
	if err != nil {
		d.tb.Fatal(err)
	}
	return account
}

// wantRefusal checks the kind and code of a refusal.
func wantRefusal(tb testing.TB, doing string, got, kind error, code string) {
	tb.Helper()
	refusal, ok := errors.AsType[*domain.Refusal](got)
	if !ok || !errors.Is(got, kind) || refusal.Code != code {
		tb.Errorf("%s: got %v, want %v %s", doing, got, kind, code)
	}
}

func TestAnInvitationLeadsToALogin(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		account := d.newcomer("Bo@Example.ORG")
		link := d.invite(account)
		if link.Mailed || link.Token == "" || !link.Expires.Equal(d.time().Add(72*time.Hour)) {
			t.Errorf("got the link %+v", link)
		}
		offer, err := d.Invitation(t.Context(), link.Token)
		if err != nil {
			t.Fatal(err)
		}
		want := accounts.Offer{Person: account.Person, Client: d.client, Name: "Bo Sample", Email: "bo@example.org", Minimum: 12, Expires: link.Expires}
		if diff := cmp.Diff(want, offer); diff != "" {
			t.Errorf("offer (-want +got):\n%s", diff)
		}
		if got := d.account(account.Person); !got.InvitedUntil.Equal(link.Expires) || got.HasPassword || !got.LastLogin.IsZero() {
			t.Errorf("before: %+v", got)
		}
		begun, err := d.Accept(t.Context(), link.Token, "Bo Changed", goodPassword, browser)
		if err != nil {
			t.Fatal(err)
		}
		if begun.Person != account.Person || begun.Client != d.client || begun.Stage != accounts.StageFull || begun.Method != "password" {
			t.Errorf("began %+v", begun.Session)
		}
		if _, err := d.Session(t.Context(), begun.Token); err != nil {
			t.Error(err)
		}
		got := d.account(account.Person)
		wanted := accounts.Account{
			Person: account.Person, Client: d.client, Name: "Bo Changed", Email: "bo@example.org", HasPassword: true,
			LastLogin: d.time(), CreatedAt: d.time(),
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("account (-want +got):\n%s", diff)
		}
		_, err = d.Accept(t.Context(), link.Token, "Bo Again", goodPassword, browser)
		wantError(t, "taken up twice", err, accounts.ErrWrong)
		d.logIn(" BO@example.org ")
	})
}

func TestWhoMayBeInvited(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		present := d.invited("ada@example.org")
		for name, test := range map[string]struct {
			change func(*accounts.Account)
			kind   error
			code   string
		}{
			"an address of somebody else": {func(a *accounts.Account) { a.Email = "ADA@example.org" }, domain.ErrConflict, "email_taken"},
			"no address":                  {func(a *accounts.Account) { a.Email = "bo" }, domain.ErrInvalid, "invalid_fields"},
			"no name":                     {func(a *accounts.Account) { a.Name = "" }, domain.ErrInvalid, "invalid_fields"},
			"nobody":                      {func(a *accounts.Account) { a.Person = domain.PersonID{} }, domain.ErrInvalid, "invalid_fields"},
			"of the other side": {func(a *accounts.Account) {
				if a.Client = (domain.ClientID{UUID: newID()}); !d.client.IsZero() {
					a.Client = domain.ClientID{}
				}
			}, domain.ErrInvalid, "invalid_fields"},
			"who is in already": {func(a *accounts.Account) { a.Person, a.Email = present.Person, "ada@example.org" }, domain.ErrConflict, "already_in"},
		} {
			account := d.newcomer("bo@example.org")
			test.change(&account)
			_, err := d.Invite(t.Context(), account, func(context.Context) error {
				t.Errorf("%s: was recorded", name)
				return nil
			})
			wantRefusal(t, name, err, test.kind, test.code)
		}
	})
}

// A Client Admin who could invite a person of another organisation, or one who has logged in, would get a link
// that sets that person's password.
func TestAnInvitationIsNoWayIntoAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	victim := d.invited("ada@example.org")
	attack := accounts.Account{Person: victim.Person, Client: domain.ClientID{UUID: newID()}, Name: "Eve", Email: "eve@example.org"}
	_, err := d.Invite(t.Context(), attack, recorded)
	wantRefusal(t, "from another organisation", err, domain.ErrNotFound, "person_not_found")
	attack.Client = d.client
	_, err = d.Invite(t.Context(), attack, recorded)
	wantRefusal(t, "by another address", err, domain.ErrConflict, "already_in")
	if err := d.staff.Close(t.Context(), victim.Person); err != nil {
		t.Fatal(err)
	}
	_, err = d.Invite(t.Context(), attack, recorded)
	wantRefusal(t, "by another address, when closed", err, domain.ErrConflict, "email_fixed")
	attack.Email = "ada@example.org"
	link := d.invite(attack)
	if _, err := d.LogIn(t.Context(), "ada@example.org", goodPassword, browser); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := d.Accept(t.Context(), link.Token, "Ada", goodPassword, browser); err != nil {
		t.Errorf("invited anew: %v", err)
	}
}

// Who comes back under another id, such as of another organisation, is not kept out by what it was before.
func TestTheAddressOfWhoeverIsClosedIsFree(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		before := d.invited("ada@example.org")
		if err := d.staff.Close(t.Context(), before.Person); err != nil {
			t.Fatal(err)
		}
		after := d.invited("ada@example.org")
		if begun := d.logIn("ada@example.org"); begun.Person != after.Person {
			t.Errorf("logged in as %s, want %s", begun.Person, after.Person)
		}
		back := accounts.Account{Person: before.Person, Client: d.client, Name: "Ada", Email: "ada@example.org"}
		_, err := d.Invite(t.Context(), back, recorded)
		wantRefusal(t, "the first again", err, domain.ErrConflict, "email_taken")
		if err := d.staff.Close(t.Context(), after.Person); err != nil {
			t.Fatal(err)
		}
		d.invite(back)
	})
}

// The logins of a domain are the affair of the organisation that claims it.
func TestADomainThatIsClaimedIsForItsOrganisation(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.startMail()
	present := d.mailed("ada@example.com")
	own := d.client
	d.client = domain.ClientID{UUID: newID()}
	d.setRules(accounts.Rules{SSO: provider()})
	d.invite(d.newcomer("bo@example.org"))
	d.deliver()
	d.client = own
	_, err := d.Invite(t.Context(), d.newcomer("cy@example.org"), recorded)
	wantRefusal(t, "an invitation", err, domain.ErrConflict, "email_taken")
	if err := d.ChangeEmail(t.Context(), present.Person, "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	tokens := d.confirmations(t, "ada@example.com", "ada@example.org")
	if _, err := d.ConfirmEmail(t.Context(), tokens["ada@example.com"]); err != nil {
		t.Fatal(err)
	}
	_, err = d.ConfirmEmail(t.Context(), tokens["ada@example.org"])
	wantRefusal(t, "a change of address", err, domain.ErrConflict, "email_taken")
}

// An address is no target for as many mails as somebody likes.
func TestMailsToOthersAreBounded(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.startMail()
		begun := d.mailed("ada@example.org")
		d.pass(time.Hour)
		for range 5 {
			d.invite(d.newcomer("bo@example.org"))
			if _, err := d.owner.Exec(t.Context(), `DELETE FROM accounts.mail; DELETE FROM accounts.people WHERE email = 'bo@example.org'`); err != nil {
				t.Fatal(err)
			}
			if err := d.ChangeEmail(t.Context(), begun.Person, "other@example.org"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := d.Invite(t.Context(), d.newcomer("Bo@example.org"), recorded)
		wantRefusal(t, "the sixth invitation", err, domain.ErrConflict, "too_many_mails")
		d.invite(d.newcomer("cy@example.org"))
		wantRefusal(t, "the sixth change", d.ChangeEmail(t.Context(), begun.Person, "new@example.org"), domain.ErrConflict, "too_many_mails")
		d.pass(time.Hour)
		d.invite(d.newcomer("bo@example.org"))
		if err := d.ChangeEmail(t.Context(), begun.Person, "new@example.org"); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

func TestInvitingAgainEndsTheEarlierInvitation(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		account := d.newcomer("typo@example.org")
		first := d.invite(account)
		account.Email = "bo@example.org"
		second := d.invite(account)
		_, err := d.Invitation(t.Context(), first.Token)
		wantError(t, "the first", err, accounts.ErrWrong)
		d.invite(d.newcomer("typo@example.org")) // The address is free again.
		if err := d.Withdraw(t.Context(), account.Person); err != nil {
			t.Fatal(err)
		}
		_, err = d.Invitation(t.Context(), second.Token)
		wantError(t, "withdrawn", err, accounts.ErrWrong)
		if got := d.account(account.Person); !got.InvitedUntil.IsZero() {
			t.Errorf("still invited until %v", got.InvitedUntil)
		}
	})
}

func TestAReservationEndsWithItsRecord(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		refused := errors.New("seats are taken")
		inside := func(ctx context.Context) error {
			_, err := d.Invite(ctx, d.newcomer("bo@example.org"), recorded)
			wantRefusal(t, "while the other is being recorded", err, domain.ErrConflict, "email_taken")
			return refused
		}
		_, err := d.Invite(t.Context(), d.newcomer("bo@example.org"), inside)
		wantError(t, "not recorded", err, refused)
		_, err = d.Invite(t.Context(), d.newcomer("cy@example.org"), func(context.Context) error {
			return fmt.Errorf("append: %w", domain.ErrUnavailable) // It may have been recorded.
		})
		wantError(t, "of unknown outcome", err, domain.ErrUnavailable)
		_, err = d.Invite(t.Context(), d.newcomer("cy@example.org"), recorded)
		wantRefusal(t, "after an unknown outcome", err, domain.ErrConflict, "email_taken")
		gone, cancel := context.WithCancel(t.Context())
		_, err = d.Invite(gone, d.newcomer("dee@example.org"), func(context.Context) error {
			cancel() // The browser has hung up.
			return refused
		})
		wantError(t, "not recorded, for nobody", err, refused)
		d.invite(d.newcomer("dee@example.org"))
		d.invite(d.newcomer("bo@example.org"))
		d.pass(10 * time.Minute)
		d.invite(d.newcomer("cy@example.org"))
	})
}

func TestOneAddressIsForOnePerson(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	first, second := d.newcomer("bo@example.org"), d.newcomer("bo@example.org")
	var err error
	d.meanwhile(func() { _, err = d.Invite(t.Context(), second, recorded) },
		`SELECT accounts.reserve('bo@example.org', $1, $2, $3, $4)`, first.Person.UUID, d.client.UUID, d.time().Add(time.Minute), d.time())
	wantRefusal(t, "lost the race", err, domain.ErrConflict, "email_taken")
}

// meanwhile runs a statement in a transaction that commits when act waits for it.
func (d *desk) meanwhile(act func(), statement string, arguments ...any) {
	d.tb.Helper()
	tx, err := d.owner.Begin(d.tb.Context())
	if err != nil {
		d.tb.Fatal(err)
	}
	if _, err := tx.Exec(d.tb.Context(), statement, arguments...); err != nil {
		d.tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		act()
	}()
	deadline := time.After(time.Minute)
	for collect[int](d, `SELECT count(*)::int FROM pg_catalog.pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`)[0] == 0 {
		select {
		case <-deadline:
			d.tb.Fatal("nobody waits")
		default:
		}
	}
	if err := tx.Commit(d.tb.Context()); err != nil {
		d.tb.Fatal(err)
	}
	<-done
}

func TestPuttingNamesPeopleWhoCannotLogIn(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		imported := d.newcomer("ignored@example.org")
		if err := d.staff.Put(t.Context(), imported); err != nil {
			t.Fatal(err)
		}
		imported.Name = "Bo Renamed"
		if err := d.staff.Put(t.Context(), imported); err != nil {
			t.Fatal(err)
		}
		if got := d.account(imported.Person); got.Name != "Bo Renamed" || got.Email != "" {
			t.Errorf("got %+v", got)
		}
		names, err := d.staff.Names(t.Context(), []uuid.UUID{imported.Person.UUID, newID()})
		if diff := cmp.Diff(map[uuid.UUID]string{imported.Person.UUID: "Bo Renamed"}, names); diff != "" || err != nil {
			t.Errorf("names: %v (-want +got):\n%s", err, diff)
		}
		_, err = d.staff.OfferReset(t.Context(), imported.Person)
		wantRefusal(t, "a reset", err, domain.ErrConflict, "no_login")
		wantRefusal(t, "an address", d.ChangeEmail(t.Context(), imported.Person, "bo@example.org"), domain.ErrNotFound, "person_not_found")
		imported.Email = "bo@example.org"
		d.invite(imported) // Who was imported may get a login.
	})
}

func TestAccountsOfOtherOrganisationsAreNotThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	present := d.invited("ada@example.org")
	other := domain.ClientID{UUID: newID()}
	_, err := d.Account(t.Context(), other, present.Person)
	wantRefusal(t, "another's", err, domain.ErrNotFound, "person_not_found")
	wantRefusal(t, "renamed", d.staff.Put(t.Context(), accounts.Account{Person: present.Person, Client: other, Name: "Eve"}), domain.ErrNotFound, "person_not_found")
	if _, err := d.Accounts(t.Context(), d.client, make([]domain.PersonID, 201)); err == nil {
		t.Error("201 accounts at once")
	}
}

func TestClosingEndsEverything(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		begun := d.invited("ada@example.org")
		_, key, err := d.CreateKey(t.Context(), accounts.Key{Person: begun.Person, Client: d.client, Name: "script", ExpiresAt: d.time().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		reset, err := d.staff.OfferReset(t.Context(), begun.Person)
		if err != nil {
			t.Fatal(err)
		}
		pending := d.newcomer("bo@example.org")
		invitation := d.invite(pending)
		for range 2 {
			if err := errors.Join(d.staff.Close(t.Context(), begun.Person), d.staff.Close(t.Context(), pending.Person)); err != nil {
				t.Fatal(err)
			}
		}
		_, err = d.Session(t.Context(), begun.Token)
		wantError(t, "session", err, accounts.ErrWrong)
		_, err = d.Key(t.Context(), key)
		wantError(t, "key", err, accounts.ErrWrong)
		_, err = d.LogIn(t.Context(), "ada@example.org", goodPassword, browser)
		wantError(t, "password", err, accounts.ErrWrong)
		wantError(t, "reset", d.Reset(t.Context(), reset.Token, goodPassword, browser), accounts.ErrWrong)
		_, err = d.Accept(t.Context(), invitation.Token, "Bo", goodPassword, browser)
		wantError(t, "invitation", err, accounts.ErrWrong)
		_, _, err = d.CreateKey(t.Context(), accounts.Key{Person: begun.Person, Client: d.client, Name: "script", ExpiresAt: d.time().Add(time.Hour)})
		wantRefusal(t, "a new key", err, domain.ErrNotFound, "person_not_found")
		_, err = d.staff.OfferReset(t.Context(), begun.Person)
		wantRefusal(t, "a new reset", err, domain.ErrConflict, "no_login")
	})
}

// A login that began before the account was closed must not end after it.
func TestClosingWinsAgainstALoginAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	var err error
	d.meanwhile(func() { _, err = d.LogIn(t.Context(), "ada@example.org", goodPassword, browser) },
		`SELECT accounts.close($1, $2)`, begun.Person.UUID, d.time())
	wantError(t, "the login", err, accounts.ErrWrong)
	if left := collect[int](d, `SELECT count(*)::int FROM accounts.sessions`); left[0] != 0 {
		t.Errorf("%d sessions are left", left[0])
	}
}

// Every text of every table of the schema is looked through for what was personal.
func TestErasingLeavesTheIDAlone(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		if err := d.staff.SetMail(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		begun := d.mailed("marker.ada@example.org")
		d.Record(t.Context(), accounts.Entry{Person: begun.Person, Client: d.client, Kind: accounts.KindLogin, Outcome: "ok", Where: accounts.Where{Address: "203.0.113.77", UserAgent: "marker agent"}})
		if err := d.ChangeEmail(t.Context(), begun.Person, "marker.new@example.org"); err != nil {
			t.Fatal(err)
		}
		if err := d.RequestReset(t.Context(), "marker.ada@example.org", browser); err != nil {
			t.Fatal(err)
		}
		d.enrol(begun)
		if !d.client.IsZero() {
			if err := d.staff.Publish(t.Context(), begun.Person, "marker name", "Support"); err != nil {
				t.Fatal(err)
			}
		}
		before := d.texts()
		if !slices.ContainsFunc(before, personal) {
			t.Fatal("there is nothing personal to erase")
		}
		for range 2 {
			if err := d.staff.Erase(t.Context(), begun.Person); err != nil {
				t.Fatal(err)
			}
		}
		for _, text := range d.texts() {
			if personal(text) {
				t.Errorf("left: %s", text)
			}
		}
		if got := d.account(begun.Person); got.Name != "" || got.Email != "" {
			t.Errorf("left %+v", got)
		}
		wantRefusal(t, "renamed", d.staff.Put(t.Context(), accounts.Account{Person: begun.Person, Client: d.client, Name: "Ada"}), domain.ErrConflict, "erased")
		_, err := d.Invite(t.Context(), accounts.Account{Person: begun.Person, Client: d.client, Name: "Ada", Email: "ada@example.org"}, recorded)
		wantRefusal(t, "invited", err, domain.ErrConflict, "erased")
		entries, err := d.staff.Entries(t.Context(), accounts.EntryFilter{Person: begun.Person})
		if err != nil || len(entries) != 1 || entries[0].Where != (accounts.Where{}) {
			t.Errorf("the log says %+v, %v", entries, err)
		}
	})
}

func personal(text string) bool {
	return strings.Contains(text, "marker") || strings.Contains(text, "203.0.113.77") || strings.Contains(text, "argon2id") || strings.Contains(text, "192.0.2.7")
}

// texts gives all rows of all tables of the schema.
func (d *desk) texts() []string {
	d.tb.Helper()
	tables := collect[string](d, `SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = 'accounts'::regnamespace AND relkind = 'r'`)
	var texts []string
	for _, table := range tables {
		texts = append(texts, collect[string](d, `SELECT '`+table+` ' || row_to_json(t)::text FROM accounts.`+table+` t`)...)
	}
	return texts
}

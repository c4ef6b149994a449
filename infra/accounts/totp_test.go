package accounts_test

import (
	"bytes"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/infra/accounts"
)

func TestEnrolmentEndsWithAFullSession(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.setRules(accounts.Rules{SecondFactor: true})
		enrolling := d.invited("ada@acme.example")
		if enrolling.Stage != accounts.StageEnrol {
			t.Fatalf("stage %q without a factor where one is required", enrolling.Stage)
		}
		offer, err := d.OfferTOTP(t.Context(), enrolling.Person)
		if err != nil {
			t.Fatal(err)
		}
		app := authenticatorApp{offer.Secret, d}
		_, _, err = d.ConfirmTOTP(t.Context(), enrolling.Token, app.code(5), browser)
		wantError(t, "a code of another time", err, domain.ErrInvalid)
		full, codes, err := d.ConfirmTOTP(t.Context(), enrolling.Token, app.code(0), browser)
		if err != nil {
			t.Fatal(err)
		}
		if full.Stage != accounts.StageFull || !full.SecondFactor || full.Token == enrolling.Token || len(codes) != 10 {
			t.Errorf("got %+v and %d codes", full, len(codes))
		}
		_, _, err = d.ConfirmTOTP(t.Context(), enrolling.Token, app.code(1), browser)
		wantError(t, "the token before", err, accounts.ErrWrong)
		_, err = d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, app.code(0), browser)
		wantError(t, "the first code again", err, accounts.ErrWrong)
	})
}

func TestOfferCanBeTakenIntoAnAuthenticator(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	offer, err := d.OfferTOTP(t.Context(), d.invited("ada@acme.example").Person)
	if err != nil {
		t.Fatal(err)
	}
	link, err := url.Parse(offer.URL)
	if err != nil {
		t.Fatal(err)
	}
	if link.Scheme != "otpauth" || link.Path != "/Effigate localhost:ada@acme.example" || link.Query().Get("secret") != offer.Secret {
		t.Errorf("got %s", link)
	}
	if len(offer.Secret) != 32 {
		t.Errorf("the secret has %d characters, want 160 bits in 32", len(offer.Secret))
	}
	if _, err := png.Decode(bytes.NewReader(offer.Image)); err != nil {
		t.Errorf("the QR code: %v", err)
	}
}

func TestCodesCountOnceAndNearTheirTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	app, _, _ := d.enrol(d.invited("ada@acme.example"))
	for _, step := range []struct {
		doing   string
		pass    time.Duration
		periods int
		right   bool
	}{
		{"the code of the enrolment", 0, 0, false},
		{"a code of before", 0, -1, false},
		{"a fast clock", 0, 1, true},
		{"the same code when it is due", 30 * time.Second, 0, false},
		{"two periods too early", 0, 2, false},
		{"two periods too late", 5 * time.Minute, -2, false},
		{"a slow clock", 0, -1, true},
		{"the next", 0, 0, true},
		{"the one before again", 0, -1, false},
	} {
		d.pass(step.pass)
		_, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, app.code(step.periods), browser)
		if (err == nil) != step.right {
			t.Errorf("%s: got %v, want right: %t", step.doing, err, step.right)
		}
	}
}

// A password alone must not take over an account whose person enrolled meanwhile.
func TestEnrolmentIsForWhoeverIsFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.setRules(accounts.Rules{SecondFactor: true})
	own := d.invited("ada@acme.example")
	thief := d.logIn("ada@acme.example")
	d.enrol(own)
	offer, err := d.OfferTOTP(t.Context(), thief.Person)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = d.ConfirmTOTP(t.Context(), thief.Token, authenticatorApp{offer.Secret, d}.code(0), browser)
	wantError(t, "a session from before", err, accounts.ErrWrong)
}

func TestCodesAreDigits(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.enrol(d.invited("ada@acme.example"))
	for _, code := range []string{"", "12345", "12345\t", "-12345", "12345\x00", "٣٣٣", "abcdef", "\xff\xff\xff\xff\xff\xff"} {
		login := d.logIn("ada@acme.example")
		_, err := d.PassFactor(t.Context(), login.Token, code, browser)
		wantError(t, code, err, accounts.ErrWrong)
		d.pass(2 * time.Hour)
	}
}

func FuzzConfirmTOTP(f *testing.F) {
	d := newDesk(f, domain.ClientSide)
	session := d.invited("ada@acme.example")
	offer, err := d.OfferTOTP(f.Context(), session.Person)
	if err != nil {
		f.Fatal(err)
	}
	app := authenticatorApp{offer.Secret, d}
	right := []string{app.code(-1), app.code(0), app.code(1)}
	for _, code := range []string{"", "000000", "12345\t", "٣٣٣", "\x00\x00\x00\x00\x00\x00", app.code(3)} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if slices.Contains(right, strings.NewReplacer(" ", "", "-", "").Replace(code)) {
			t.Skip("a right code")
		}
		_, _, err := d.ConfirmTOTP(t.Context(), session.Token, code, browser)
		wantError(t, "confirm", err, domain.ErrInvalid)
	})
}

func TestOffersEndAndReplaceEachOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	session := d.invited("ada@acme.example")
	old, _, _ := d.enrol(session)
	first, err := d.OfferTOTP(t.Context(), session.Person)
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.OfferTOTP(t.Context(), session.Person)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = d.ConfirmTOTP(t.Context(), session.Token, authenticatorApp{first.Secret, d}.code(0), browser)
	wantError(t, "an offer that was replaced", err, domain.ErrInvalid)
	d.pass(25 * time.Minute)
	if _, err := d.Session(t.Context(), session.Token); err != nil { // It must not idle out.
		t.Fatal(err)
	}
	if _, err := d.PassFactor(t.Context(), d.logIn("ada@acme.example").Token, old.code(0), browser); err != nil {
		t.Errorf("the confirmed secret while another is offered: %v", err)
	}
	d.pass(25 * time.Minute)
	if _, err := d.Session(t.Context(), session.Token); err != nil {
		t.Fatal(err)
	}
	d.pass(15 * time.Minute)
	_, _, err = d.ConfirmTOTP(t.Context(), session.Token, authenticatorApp{second.Secret, d}.code(0), browser)
	wantError(t, "an offer of an hour ago", err, domain.ErrInvalid)
}

package signin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/infra/accounts"
)

func TestInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.invite("ada@acme.example")
	path := "/invitation/" + token
	b := w.browser()
	for range 3 { // Whoever opens the link, scanners of mail included, uses nothing up.
		b.get(path).is(http.StatusOK).has("Welcome to Acme").has(`value="ada@acme.example"`).has(`value="Ada Lovelace"`)
	}
	b.post(path, url.Values{"name": {" "}, "password": {password}}).is(http.StatusUnprocessableEntity).has("Enter your name")
	b.post(path, url.Values{"name": {"Ada L"}, "password": {"short"}}).is(http.StatusUnprocessableEntity).
		has("must have at least 12 characters").has(`value="Ada L"`).lacks(`value="short"`)
	b.post(path, url.Values{"name": {strings.Repeat("a", 300)}, "password": {password}}).is(http.StatusUnprocessableEntity).has("The name must have")
	b.post(path, url.Values{"name": {"Ada L"}, "password": {password}}).to("/")
	b.get("/account").is(http.StatusOK).has("Ada L")
	for _, again := range []answer{b.get(path), b.post(path, url.Values{"name": {"Eve"}, "password": {password}}), w.browser().get(path)} {
		again.is(http.StatusNotFound).has("This link does not work")
	}
}

// Where a second step is asked for, an accepted invitation leads to it.
func TestInvitationWithEnrol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.owner.SetRules(t.Context(), accounts.Rules{Client: w.client, SecondFactor: true}); err != nil {
		t.Fatal(err)
	}
	_, token := w.invite("ada@acme.example")
	b := w.browser()
	b.post("/invitation/"+token, url.Values{"name": {"Ada"}, "password": {password}}).to("/login/enrol")
	b.get("/account").to("/login?next=%2Faccount")
}

// While the fact cannot be recorded nobody is let in; the account waits for the next login.
func TestInvitationWithoutItsFact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.invite("ada@acme.example")
	w.refuse(fmt.Errorf("%w: down", domain.ErrUnavailable))
	b := w.browser()
	b.post("/invitation/"+token, url.Values{"name": {"Ada"}, "password": {password}}).is(http.StatusServiceUnavailable)
	b.get("/account").to("/login?next=%2Faccount")
	w.refuse(nil)
	b.logIn("ada@acme.example").to("/")
}

func TestReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("ada@acme.example")
	b := w.browser()
	b.logIn("ada@acme.example").to("/")
	secret := w.secret(b)
	link, err := w.owner.OfferReset(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	path, other := "/reset/"+link.Token, w.browser()
	for range 2 {
		other.get(path).is(http.StatusOK).has("Choose a new password").has(`value="ada@acme.example"`)
	}
	other.post(path, url.Values{"password": {"short"}}).is(http.StatusUnprocessableEntity).has("must have at least 12 characters")
	b.get("/account").is(http.StatusOK)
	const renewed = "another horse and battery"
	other.post(path, url.Values{"password": {renewed}}).is(http.StatusOK).has("Your password is changed").has("every API key")
	b.get("/account").to("/login?next=%2Faccount")
	other.get("/account").to("/login?next=%2Faccount")
	other.post(path, url.Values{"password": {renewed}}).is(http.StatusNotFound).has("This link does not work")
	other.logIn("ada@acme.example").is(http.StatusUnprocessableEntity)
	// Who reads somebody's mail has not got the second step.
	other.post("/login", url.Values{"email": {"ada@acme.example"}, "password": {renewed}}).to("/login/factor")
	other.post("/login/factor", url.Values{"code": {w.code(secret)}}).to("/")

	late, err := w.owner.OfferReset(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(31 * time.Minute)
	other.get("/reset/" + late.Token).is(http.StatusNotFound)
}

// What a link's page has is kept from wherever it leads, and a token that is good for nothing is told from
// no other.
func TestLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.invite("ada@acme.example")
	tokens := []string{strings.Repeat("A", 43), "x", strings.Repeat("A", 500), "%00", "%ff", "..%2f", token + "x", strings.ToLower(token)}
	for _, page := range []string{"/invitation/", "/reset/", "/confirm-email/"} {
		for _, token := range tokens {
			b := w.browser()
			form := url.Values{"name": {"Ada"}, "password": {password}}
			answers := []answer{b.post(page+token, form)}
			if page != "/confirm-email/" {
				answers = append(answers, b.get(page+token))
			}
			for _, got := range answers {
				got.is(http.StatusNotFound).has("This link does not work")
				if policy := got.header.Get("Referrer-Policy"); policy != "no-referrer" {
					t.Errorf("%s has the referrer policy %q", got.asked, policy)
				}
			}
		}
	}
	ok := w.browser().get("/invitation/" + token).is(http.StatusOK)
	if policy := ok.header.Get("Referrer-Policy"); policy != "no-referrer" {
		t.Errorf("the page of an invitation has the referrer policy %q", policy)
	}
	if kept := ok.header.Get("Cache-Control"); kept != "no-store" {
		t.Errorf("the page of an invitation is kept: %q", kept)
	}
}

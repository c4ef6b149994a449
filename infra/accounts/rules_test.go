package accounts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/accounts"
)

func provider() *accounts.SSO {
	return &accounts.SSO{Issuer: "https://id.example.org", ClientID: "effigate", Secret: "marker secret", Domains: []string{"example.org"}}
}

func TestRulesAreKept(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		got, err := d.Rules(t.Context(), d.client)
		if diff := cmp.Diff(accounts.Rules{Client: d.client}, got); diff != "" || err != nil {
			t.Errorf("none set: %v (-want +got):\n%s", err, diff)
		}
		rules := accounts.Rules{SecondFactor: true, PasswordsOff: true, Domains: []string{"b.example", "A.example", "a.example"}, SSO: provider()}
		rules.SSO.Join = true
		d.setRules(rules)
		want := accounts.Rules{Client: d.client, SecondFactor: true, PasswordsOff: true, Domains: []string{"a.example", "b.example"}, SSO: provider()}
		want.SSO.Join, want.SSO.Secret = true, ""
		got, err = d.Rules(t.Context(), d.client)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("set: %v (-want +got):\n%s", err, diff)
		}
		for _, text := range d.texts() {
			if strings.Contains(text, "marker secret") {
				t.Errorf("the secret is readable: %s", text)
			}
		}
		d.setRules(accounts.Rules{})
		got, err = d.Rules(t.Context(), d.client)
		if err != nil || got.SSO != nil || got.SecondFactor {
			t.Errorf("reset: %+v, %v", got, err)
		}
	})
}

func TestRulesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	for name, change := range map[string]func(*accounts.Rules){
		"passwords off without another way": func(r *accounts.Rules) { r.SSO = nil },
		"no issuer":                         func(r *accounts.Rules) { r.SSO.Issuer = "" },
		"an issuer in the clear":            func(r *accounts.Rules) { r.SSO.Issuer = "http://id.example.org" },
		"an issuer with a password":         func(r *accounts.Rules) { r.SSO.Issuer = "https://a:b@id.example.org" },
		"no client":                         func(r *accounts.Rules) { r.SSO.ClientID = "" },
		"no domain":                         func(r *accounts.Rules) { r.SSO.Domains = nil },
		"something else than a domain":      func(r *accounts.Rules) { r.SSO.Domains = []string{"@example.org"} },
		"a wrong domain to invite":          func(r *accounts.Rules) { r.Domains = []string{"example"} },
		"no secret":                         func(r *accounts.Rules) { r.SSO.Secret = "" },
		"too many domains": func(r *accounts.Rules) {
			for i := range 51 {
				r.Domains = append(r.Domains, fmt.Sprintf("d%d.example", i))
			}
		},
	} {
		rules := accounts.Rules{Client: d.client, PasswordsOff: true, SSO: provider()}
		change(&rules)
		wantRefusal(t, name, d.staff.SetRules(t.Context(), rules), domain.ErrInvalid, "invalid_fields")
	}
	d.setRules(accounts.Rules{SSO: &accounts.SSO{Issuer: "http://127.0.0.1:1234", ClientID: "x", Secret: "y", Domains: []string{"example.org"}}})
}

func TestASecondFactorThatBecomesRequiredEndsLoginsWithout(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		ada, bo := d.invited("ada@example.org"), d.invited("bo@example.org")
		d.enrol(bo)
		d.pass(time.Minute)
		half := d.logIn("bo@example.org")
		key := newKey(d)
		d.register(bo.Person, key)
		full, err := d.loginBy(key)
		if err != nil {
			t.Fatal(err)
		}
		d.setRules(accounts.Rules{SecondFactor: true})
		_, err = d.Session(t.Context(), ada.Token)
		wantError(t, "without", err, accounts.ErrWrong)
		for name, begun := range map[string]accounts.Begun{"with one": full, "on its way": half} {
			if _, err := d.Session(t.Context(), begun.Token); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if again := d.logIn("ada@example.org"); again.Stage != accounts.StageEnrol {
			t.Errorf("then: stage %q", again.Stage)
		}
	})
}

// Whoever sets the address of a provider must not learn the secret that was meant for another one.
func TestASecretStaysWithItsIssuer(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.setRules(accounts.Rules{SSO: provider()})
	same := provider()
	same.Secret, same.ClientID = "", "another"
	d.setRules(accounts.Rules{SSO: same})
	moved := provider()
	moved.Secret, moved.Issuer = "", "https://eve.example.org"
	wantRefusal(t, "moved", d.staff.SetRules(t.Context(), accounts.Rules{Client: d.client, SSO: moved}), domain.ErrInvalid, "invalid_fields")
}

func TestADomainIsClaimedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.setRules(accounts.Rules{SSO: provider()})
	other := accounts.Rules{Client: domain.ClientID{UUID: newID()}, SSO: provider()}
	other.SSO.Domains = []string{"other.example", "EXAMPLE.org"}
	wantRefusal(t, "claimed", d.staff.SetRules(t.Context(), other), domain.ErrConflict, "domain_taken")
	d.setRules(accounts.Rules{})
	if err := d.staff.SetRules(t.Context(), other); err != nil {
		t.Errorf("free again: %v", err)
	}
}

package auth_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

var (
	ada  = domain.PersonID{UUID: uuid.MustParse("11111111-1111-4111-8111-111111111111")}
	bob  = domain.PersonID{UUID: uuid.MustParse("22222222-2222-4222-8222-222222222222")}
	acme = domain.ClientID{UUID: uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")}
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

func key(fill byte) []byte { return bytes.Repeat([]byte{fill}, 32) }

// loginOf is a login session of a role, proved at noon.
func loginOf(role domain.Role, grants ...access.Grant) auth.Login {
	return auth.Login{
		Actor:  domain.Actor{Person: ada, Side: role.Side(), Role: role},
		Grants: grants, Session: uuid.UUID{15: 1}, ProvedAt: noon,
	}
}

// keyOf is an API key of a role.
func keyOf(role domain.Role, scopes ...access.Permission) auth.Login {
	l := loginOf(role)
	l.Session, l.Key, l.ProvedAt, l.Scopes = uuid.Nil, uuid.UUID{15: 2}, time.Time{}, scopes
	return l
}

func TestALoginMayWhatTheTableSays(t *testing.T) {
	t.Parallel()
	for _, rule := range access.Rules() {
		for _, role := range access.Roles() {
			scope := access.ScopeOf(role, rule.Permission)
			granted := loginOf(role, access.Grants()...).May(rule.Permission, noon)
			if (granted == nil) != (scope != access.Nothing) {
				t.Errorf("%s with every grant may %s: %v, but the scope is %q", role, rule.Permission, granted, scope)
			}
			plain := loginOf(role).May(rule.Permission, noon)
			if (plain == nil) != (scope != access.Nothing && scope != access.Granted) {
				t.Errorf("%s without a grant may %s: %v, but the scope is %q", role, rule.Permission, plain, scope)
			}
			// What a client user may not do does not exist; staff are told.
			want := domain.ErrForbidden
			if role.Side() == domain.ClientSide {
				want = domain.ErrNotFound
			}
			if scope == access.Nothing && !errors.Is(plain, want) {
				t.Errorf("%s is refused %s by %v, want %v", role, rule.Permission, plain, want)
			}
		}
	}
}

func TestMay(t *testing.T) {
	t.Parallel()
	wrongSide := loginOf(domain.Owner)
	wrongSide.Actor.Side = domain.ClientSide
	for name, c := range map[string]struct {
		login      auth.Login
		permission access.Permission
		now        time.Time
		want       error
		code       string
	}{
		"fresh proof":                {loginOf(domain.Owner), access.ErasePeople, noon.Add(auth.StepUpFor), nil, ""},
		"old proof":                  {loginOf(domain.Owner), access.ErasePeople, noon.Add(auth.StepUpFor + 1), auth.ErrStepUp, ""},
		"old proof, nothing special": {loginOf(domain.Owner), access.ReadClients, noon.Add(time.Hour), nil, ""},
		"old proof, role may not":    {loginOf(domain.Support), access.ErasePeople, noon.Add(time.Hour), domain.ErrForbidden, "role_may_not"},
		"key without scopes":         {keyOf(domain.Owner), access.ReadClients, noon, nil, ""},
		"key with the scope":         {keyOf(domain.Owner, access.ReadClients), access.ReadClients, noon, nil, ""},
		"key with another scope":     {keyOf(domain.Owner, access.ReadStaff), access.ReadClients, noon, domain.ErrForbidden, "key_may_not"},
		"client key, other scope":    {keyOf(domain.ClientAdmin, access.RaiseTickets), access.ReadTickets, noon, domain.ErrForbidden, "key_may_not"},
		"key where proof is due":     {keyOf(domain.Owner), access.ErasePeople, noon, domain.ErrForbidden, "key_may_not"},
		"no such permission":         {loginOf(domain.Owner), "everything", noon, domain.ErrForbidden, "role_may_not"},
		"role of the other side":     {wrongSide, access.ReadClients, noon, domain.ErrNotFound, "not_found"},
		"nobody":                     {auth.Login{}, access.OwnAccount, noon, domain.ErrNotFound, "not_found"},
	} {
		err := c.login.May(c.permission, c.now)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if refusal, ok := errors.AsType[*domain.Refusal](err); ok && refusal.Code != c.code {
			t.Errorf("%s: code %s, want %s", name, refusal.Code, c.code)
		}
	}
}

func TestRefusalsSayWhatHelps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		login      auth.Login
		permission access.Permission
		want       string
	}{
		"roles of the own side":  {loginOf(domain.Finance), access.ReadTickets, `the role Finance lacks the permission "tickets.read"; it takes the role Owner, Account Manager, Delivery, Engineer, Support or Auditor`},
		"one role":               {loginOf(domain.AccountManager), access.ErasePeople, `the role Account Manager lacks the permission "people.erase"; it takes the role Owner`},
		"a right of clients":     {loginOf(domain.Owner), access.AcceptContracts, `the role Owner lacks the permission "contracts.accept", and so does every role of this side`},
		"no key, whatever scope": {keyOf(domain.Owner, access.IssueInvoices), access.IssueInvoices, `no API key may do this: the permission "invoices.issue" takes a person who has just proved its identity`},
		"another scope":          {keyOf(domain.Owner, access.ReadStaff), access.ReadClients, `this API key lacks the scope "clients.read"`},
	} {
		refusal, ok := errors.AsType[*domain.Refusal](c.login.May(c.permission, noon))
		if !ok || refusal.Text != c.want {
			t.Errorf("%s: %+v, want %q", name, refusal, c.want)
		}
	}
}

package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web/portal"
	"effigate/infra/web/relay"
)

const processToken = "the-token-of-the-portal-process-0001"

// noon is the server's clock.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// The people of the tests. Each one's token is its name.
var (
	nexus   = domain.ClientID{UUID: uuid.MustParse("11111111-1111-4111-8111-111111111111")}
	harbour = domain.ClientID{UUID: uuid.MustParse("22222222-2222-4222-8222-222222222222")}
	olivia  = domain.Actor{Person: person(1), Side: domain.ClientSide, Role: domain.ClientAdmin, Client: nexus}
	ravi    = domain.Actor{Person: person(2), Side: domain.ClientSide, Role: domain.ClientEmployee, Client: nexus}
	maya    = domain.Actor{Person: person(4), Side: domain.StaffSide, Role: domain.Owner}
	newHere = accounts.Session{Person: person(5), Client: harbour, Stage: accounts.StageFactor, Method: "password"}
	proved  = accounts.Session{Person: person(6), Client: harbour, Stage: accounts.StageEnrol, Method: "sso"}
	invitee = accounts.Session{Person: person(7), Client: nexus, Stage: accounts.StageEnrol, Method: "sso"}
)

func person(n byte) domain.PersonID { return domain.PersonID{UUID: uuid.UUID{15: n, 6: 0x40, 8: 0x80}} }

// credentials knows the tokens of the tests.
type credentials struct{}

func (credentials) Session(_ context.Context, token string) (auth.Login, error) {
	switch token {
	case "olivia":
		return auth.Login{Actor: olivia, Session: uuid.Max, ProvedAt: noon}, nil
	case "olivia, proved long ago":
		return auth.Login{Actor: olivia, Session: uuid.Max, ProvedAt: noon.Add(-time.Hour)}, nil
	case "ravi":
		return auth.Login{Actor: ravi, Session: uuid.Max, ProvedAt: noon}, nil
	case "maya":
		return auth.Login{Actor: maya, Session: uuid.Max, ProvedAt: noon}, nil
	case "outage":
		return auth.Login{}, fmt.Errorf("%w: database of the clients", domain.ErrUnavailable)
	}
	return auth.Login{}, fmt.Errorf("%w: unknown", auth.ErrUnauthenticated)
}

func (credentials) Key(_ context.Context, token string) (auth.Login, error) {
	if token == "olivia's key" {
		return auth.Login{Actor: olivia, Key: uuid.Max, Scopes: []access.Permission{access.ReadTickets, access.RaiseTickets}}, nil
	}
	return auth.Login{}, fmt.Errorf("%w: unknown", auth.ErrUnauthenticated)
}

func sessionOf(_ context.Context, token string) (accounts.Session, error) {
	switch token {
	case "new here":
		return newHere, nil
	case "proved":
		return proved, nil
	case "invitee":
		return invitee, nil
	case "of a client whose rules are out of reach":
		return accounts.Session{Person: person(8), Client: domain.ClientID{UUID: uuid.Max}, Stage: accounts.StageEnrol, Method: "sso"}, nil
	case "olivia":
		return accounts.Session{Person: olivia.Person, Client: olivia.Client, Stage: accounts.StageFull, Method: "password"}, nil
	}
	return accounts.Session{}, accounts.ErrWrong
}

// rules are those of two organisations: one lets its people join, the other invites them.
func rules(_ context.Context, of domain.ClientID) (accounts.Rules, error) {
	switch of {
	case harbour:
		return accounts.Rules{Client: of, SSO: &accounts.SSO{Join: true}}, nil
	case nexus:
		return accounts.Rules{Client: of, SSO: &accounts.SSO{}}, nil
	}
	return accounts.Rules{}, fmt.Errorf("%w: database of the clients", domain.ErrUnavailable)
}

// ran is a command that reached the use cases.
type ran struct {
	Name      string
	Request   portal.Request
	Arguments []any
}

// useCases remembers what reached it, and answers what it is told to.
type useCases struct {
	mu     sync.Mutex
	ran    []ran
	answer portal.Answer
	err    error
}

func (u *useCases) run(name string, r portal.Request, arguments ...any) (portal.Answer, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ran = append(u.ran, ran{name, r, arguments})
	if u.err != nil {
		return portal.Answer{}, u.err
	}
	return u.answer, nil
}

func (u *useCases) RaiseTicket(_ context.Context, r portal.Request, t portal.RaiseTicket) (portal.Answer, error) {
	return u.run("RaiseTicket", r, t)
}

func (u *useCases) CommentOnTicket(_ context.Context, r portal.Request, ticket uuid.UUID, c portal.Comment) (portal.Answer, error) {
	return u.run("CommentOnTicket", r, ticket, c)
}

func (u *useCases) EditComment(_ context.Context, r portal.Request, ticket, comment uuid.UUID, c portal.Comment) (portal.Answer, error) {
	return u.run("EditComment", r, ticket, comment, c)
}

func (u *useCases) DeleteComment(_ context.Context, r portal.Request, ticket, comment uuid.UUID) (portal.Answer, error) {
	return u.run("DeleteComment", r, ticket, comment)
}

func (u *useCases) AnswerEstimate(_ context.Context, r portal.Request, ticket uuid.UUID, a portal.EstimateAnswer) (portal.Answer, error) {
	return u.run("AnswerEstimate", r, ticket, a)
}

func (u *useCases) AttachFile(_ context.Context, r portal.Request, f portal.AttachFile, content io.Reader) (portal.Answer, error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return portal.Answer{}, err
	}
	return u.run("AttachFile", r, f, string(text))
}

func (u *useCases) ReopenTicket(_ context.Context, r portal.Request, ticket uuid.UUID, text string) (portal.Answer, error) {
	return u.run("ReopenTicket", r, ticket, text)
}

func (u *useCases) AcceptProposal(_ context.Context, r portal.Request, p portal.Proposal, a portal.Agreement) (portal.Answer, error) {
	return u.run("AcceptProposal", r, p, a)
}

func (u *useCases) DeclineProposal(_ context.Context, r portal.Request, p portal.Proposal, reason string) (portal.Answer, error) {
	return u.run("DeclineProposal", r, p, reason)
}

func (u *useCases) AnswerOverage(_ context.Context, r portal.Request, a portal.OverageAnswer) (portal.Answer, error) {
	return u.run("AnswerOverage", r, a)
}

func (u *useCases) ObjectToLine(_ context.Context, r portal.Request, o portal.Objection) (portal.Answer, error) {
	return u.run("ObjectToLine", r, o)
}

func (u *useCases) AttachToDispute(_ context.Context, r portal.Request, f portal.AttachToDispute, content io.Reader) (portal.Answer, error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return portal.Answer{}, err
	}
	return u.run("AttachToDispute", r, f, string(text))
}

func (u *useCases) WithdrawDispute(_ context.Context, r portal.Request, invoice, dispute uuid.UUID) (portal.Answer, error) {
	return u.run("WithdrawDispute", r, invoice, dispute)
}

func (u *useCases) InviteEmployee(_ context.Context, r portal.Request, person uuid.UUID) (portal.Answer, error) {
	return u.run("InviteEmployee", r, person)
}

func (u *useCases) DeactivateEmployee(_ context.Context, r portal.Request, person uuid.UUID) (portal.Answer, error) {
	return u.run("DeactivateEmployee", r, person)
}

func (u *useCases) GiveGrant(_ context.Context, r portal.Request, person uuid.UUID, grant string) (portal.Answer, error) {
	return u.run("GiveGrant", r, person, grant)
}

func (u *useCases) WithdrawGrant(_ context.Context, r portal.Request, person uuid.UUID, grant string) (portal.Answer, error) {
	return u.run("WithdrawGrant", r, person, grant)
}

func (u *useCases) Activate(_ context.Context, r portal.Request) (portal.Answer, error) {
	return u.run("Activate", r)
}

func (u *useCases) Join(_ context.Context, r portal.Request) (portal.Answer, error) {
	return u.run("Join", r)
}

// endpoint is a server with its use cases and log.
func endpoint(t *testing.T) (*httptest.Server, *useCases, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	cases := &useCases{answer: portal.Answer{ID: uuid.Max, Position: domain.Position{Commit: 7, Prepare: 6}}}
	server := httptest.NewServer(relay.NewServer(relay.Options{
		Commands: cases, Verifier: credentials{}, SessionOf: sessionOf, Rules: rules, Token: processToken,
		Now: func() time.Time { return noon }, Clock: func() time.Time { return noon },
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}))
	t.Cleanup(server.Close)
	return server, cases, &log
}

// ask is what a portal sends with every command; the actor in it is one that it made up.
func ask(kind portal.CredentialKind, token string) portal.Request {
	return portal.Request{
		Actor: domain.Actor{Person: person(99), Side: domain.StaffSide, Role: domain.Owner, Client: harbour}, Credential: portal.Credential{Kind: kind, Token: token},
		Route: "POST /tickets", Key: "key 1", Body: []byte(`{"a":1}`), At: noon.AddDate(-1, 0, 0), Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

// Every command of the interface crosses whole, with the actor that the credential proves and the server's
// time. A method that is added to the interface and not here fails the count.
func TestEveryCommandCrosses(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	client := relay.NewClient(server.URL, processToken)
	ctx, ticket, employee := t.Context(), uuid.UUID{1}, uuid.UUID{2}
	raise := portal.RaiseTicket{
		Category: uuid.UUID{3}, Contract: uuid.UUID{4}, JobType: "api", OutOfScope: true, Title: "Täglich", Description: "<&>\n",
		Impact: "high", Urgency: "low", Priority: "high", Follows: uuid.UUID{8},
	}
	comment, said := uuid.UUID{9}, portal.Comment{Text: "text", Mentions: []uuid.UUID{{10}, {11}}}
	proposal := portal.Proposal{Contract: uuid.UUID{5}, Amendment: uuid.UUID{6}}
	agreement := portal.Agreement{SHA256: "00ff", Sealed: "sealed"}
	overage := portal.OverageAnswer{Contract: uuid.UUID{5}, Month: "2026-03", Request: uuid.UUID{7}, Allow: true, Reason: "Go on"}
	evidence := portal.AttachToDispute{Invoice: uuid.UUID{8}, Dispute: uuid.UUID{10}, Name: "order.pdf"}
	objection := portal.Objection{Invoice: uuid.UUID{8}, Line: uuid.UUID{9}, Amount: "120.50", Reason: "No emergency"}
	session, key := portal.SessionCredential, portal.KeyCredential
	for _, step := range []struct {
		call  func() (portal.Answer, error)
		asked portal.Request
		want  ran
		actor domain.Actor
	}{
		{func() (portal.Answer, error) { return client.RaiseTicket(ctx, ask(key, "olivia's key"), raise) }, ask(key, "olivia's key"), ran{"RaiseTicket", portal.Request{}, []any{raise}}, olivia},
		{func() (portal.Answer, error) {
			return client.CommentOnTicket(ctx, ask(session, "ravi"), ticket, said)
		}, ask(session, "ravi"), ran{"CommentOnTicket", portal.Request{}, []any{ticket, said}}, ravi},
		{func() (portal.Answer, error) {
			return client.EditComment(ctx, ask(session, "ravi"), ticket, comment, said)
		}, ask(session, "ravi"), ran{"EditComment", portal.Request{}, []any{ticket, comment, said}}, ravi},
		{func() (portal.Answer, error) {
			return client.DeleteComment(ctx, ask(session, "ravi"), ticket, comment)
		}, ask(session, "ravi"), ran{"DeleteComment", portal.Request{}, []any{ticket, comment}}, ravi},
		{func() (portal.Answer, error) {
			return client.AnswerEstimate(ctx, ask(session, "olivia"), ticket, portal.EstimateAnswer{Accept: true, SHA256: "00ff", Reason: "Go on"})
		}, ask(session, "olivia"), ran{"AnswerEstimate", portal.Request{}, []any{ticket, portal.EstimateAnswer{Accept: true, SHA256: "00ff", Reason: "Go on"}}}, olivia},
		{func() (portal.Answer, error) {
			return client.AttachFile(ctx, ask(session, "ravi"), portal.AttachFile{Ticket: ticket, Name: "log.txt"}, strings.NewReader("its bytes"))
		}, ask(session, "ravi"), ran{"AttachFile", portal.Request{}, []any{portal.AttachFile{Ticket: ticket, Name: "log.txt"}, "its bytes"}}, ravi},
		{func() (portal.Answer, error) { return client.ReopenTicket(ctx, ask(session, "ravi"), ticket, "again") }, ask(session, "ravi"), ran{"ReopenTicket", portal.Request{}, []any{ticket, "again"}}, ravi},
		{func() (portal.Answer, error) {
			return client.AcceptProposal(ctx, ask(session, "olivia"), proposal, agreement)
		}, ask(session, "olivia"), ran{"AcceptProposal", portal.Request{}, []any{proposal, agreement}}, olivia},
		{func() (portal.Answer, error) {
			return client.DeclineProposal(ctx, ask(session, "olivia"), proposal, "no")
		}, ask(session, "olivia"), ran{"DeclineProposal", portal.Request{}, []any{proposal, "no"}}, olivia},
		{func() (portal.Answer, error) { return client.AnswerOverage(ctx, ask(session, "olivia"), overage) }, ask(session, "olivia"), ran{"AnswerOverage", portal.Request{}, []any{overage}}, olivia},
		{func() (portal.Answer, error) {
			return client.ObjectToLine(ctx, ask(session, "olivia"), objection)
		}, ask(session, "olivia"), ran{"ObjectToLine", portal.Request{}, []any{objection}}, olivia},
		{func() (portal.Answer, error) {
			return client.AttachToDispute(ctx, ask(session, "olivia"), evidence, strings.NewReader("its bytes"))
		}, ask(session, "olivia"), ran{"AttachToDispute", portal.Request{}, []any{evidence, "its bytes"}}, olivia},
		{func() (portal.Answer, error) {
			return client.WithdrawDispute(ctx, ask(session, "olivia"), ticket, comment)
		}, ask(session, "olivia"), ran{"WithdrawDispute", portal.Request{}, []any{ticket, comment}}, olivia},
		{func() (portal.Answer, error) { return client.InviteEmployee(ctx, ask(session, "olivia"), employee) }, ask(session, "olivia"), ran{"InviteEmployee", portal.Request{}, []any{employee}}, olivia},
		{func() (portal.Answer, error) { return client.DeactivateEmployee(ctx, ask(session, "olivia"), employee) }, ask(session, "olivia"), ran{"DeactivateEmployee", portal.Request{}, []any{employee}}, olivia},
		{func() (portal.Answer, error) {
			return client.GiveGrant(ctx, ask(session, "olivia"), employee, "billing.read")
		}, ask(session, "olivia"), ran{"GiveGrant", portal.Request{}, []any{employee, "billing.read"}}, olivia},
		{func() (portal.Answer, error) {
			return client.WithdrawGrant(ctx, ask(session, "olivia"), employee, "billing.read")
		}, ask(session, "olivia"), ran{"WithdrawGrant", portal.Request{}, []any{employee, "billing.read"}}, olivia},
		{func() (portal.Answer, error) { return client.Activate(ctx, ask(session, "new here")) }, ask(session, "new here"), ran{"Activate", portal.Request{}, nil}, domain.Actor{Person: newHere.Person, Side: domain.ClientSide, Client: harbour}},
		{func() (portal.Answer, error) { return client.Join(ctx, ask(session, "proved")) }, ask(session, "proved"), ran{"Join", portal.Request{}, nil}, domain.Actor{Person: proved.Person, Side: domain.ClientSide, Client: harbour}},
	} {
		answer, err := step.call()
		if err != nil || answer != cases.answer {
			t.Errorf("%s answers %v, %v", step.want.Name, answer, err)
			continue
		}
		step.want.Request = step.asked
		step.want.Request.Actor, step.want.Request.At = step.actor, noon
		if diff := cmp.Diff(step.want, cases.ran[len(cases.ran)-1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.want.Name, diff)
		}
	}
	if all := reflect.TypeFor[portal.Commands]().NumMethod(); len(cases.ran) != all {
		t.Errorf("%d commands crossed, and there are %d", len(cases.ran), all)
	}
}

// Whoever the portal's process says is acting, only a live credential of a client user with the permission
// lets a command through.
func TestCredentialsThatProveNothing(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	client := relay.NewClient(server.URL, processToken)
	ctx := t.Context()
	comment := func(r portal.Request) error {
		_, err := client.CommentOnTicket(ctx, r, uuid.UUID{1}, portal.Comment{Text: "text"})
		return err
	}
	estimate := func(r portal.Request) error {
		_, err := client.AnswerEstimate(ctx, r, uuid.UUID{1}, portal.EstimateAnswer{Accept: true})
		return err
	}
	edit := func(r portal.Request) error {
		_, err := client.EditComment(ctx, r, uuid.UUID{1}, uuid.UUID{2}, portal.Comment{Text: "text"})
		return err
	}
	accept := func(r portal.Request) error {
		_, err := client.AcceptProposal(ctx, r, portal.Proposal{Contract: uuid.UUID{5}}, portal.Agreement{})
		return err
	}
	answer := func(r portal.Request) error {
		_, err := client.AnswerOverage(ctx, r, portal.OverageAnswer{})
		return err
	}
	invite := func(r portal.Request) error { _, err := client.InviteEmployee(ctx, r, uuid.UUID{2}); return err }
	activate := func(r portal.Request) error { _, err := client.Activate(ctx, r); return err }
	join := func(r portal.Request) error { _, err := client.Join(ctx, r); return err }
	session, key := portal.SessionCredential, portal.KeyCredential
	for name, test := range map[string]struct {
		call func(portal.Request) error
		with portal.Request
		want error
	}{
		"a forged actor without a credential":     {comment, ask("", ""), auth.ErrUnauthenticated},
		"a session that has ended":                {comment, ask(session, "ended"), auth.ErrUnauthenticated},
		"a session of staff":                      {comment, ask(session, "maya"), auth.ErrUnauthenticated},
		"a session that lacks its second factor":  {comment, ask(session, "new here"), auth.ErrUnauthenticated},
		"a session given as a key":                {comment, ask(key, "olivia"), auth.ErrUnauthenticated},
		"a key given as a session":                {comment, ask(session, "olivia's key"), auth.ErrUnauthenticated},
		"a kind of credential that is none":       {comment, ask("password", "olivia"), auth.ErrUnauthenticated},
		"a key without the scope":                 {comment, ask(key, "olivia's key"), domain.ErrForbidden},
		"an employee who invites":                 {invite, ask(session, "ravi"), domain.ErrNotFound},
		"an employee who agrees":                  {accept, ask(session, "ravi"), domain.ErrNotFound},
		"somebody who proved itself long ago":     {accept, ask(session, "olivia, proved long ago"), auth.ErrStepUp},
		"a key that agrees":                       {accept, ask(key, "olivia's key"), domain.ErrForbidden},
		"an employee who allows more hours":       {answer, ask(session, "ravi"), domain.ErrNotFound},
		"more hours after an old proof":           {answer, ask(session, "olivia, proved long ago"), auth.ErrStepUp},
		"an employee who allows unbought work":    {estimate, ask(session, "ravi"), domain.ErrNotFound},
		"unbought work after an old proof":        {estimate, ask(session, "olivia, proved long ago"), auth.ErrStepUp},
		"a key that allows unbought work":         {estimate, ask(key, "olivia's key"), domain.ErrForbidden},
		"a session of staff that edits":           {edit, ask(session, "maya"), auth.ErrUnauthenticated},
		"a key that edits without the scope":      {edit, ask(key, "olivia's key"), domain.ErrForbidden},
		"a key that takes up an invitation":       {activate, ask(key, "olivia's key"), auth.ErrUnauthenticated},
		"a session of nobody at an invitation":    {activate, ask(session, "ended"), auth.ErrUnauthenticated},
		"a session of staff at an invitation":     {activate, ask(session, "maya"), auth.ErrUnauthenticated},
		"somebody who joins without sign-on":      {join, ask(session, "new here"), auth.ErrUnauthenticated},
		"an admin who joins as somebody":          {join, ask(session, "olivia"), auth.ErrUnauthenticated},
		"somebody whose organisation invites":     {join, ask(session, "invitee"), domain.ErrForbidden},
		"rules that cannot be read now":           {join, ask(session, "of a client whose rules are out of reach"), domain.ErrUnavailable},
		"credentials that cannot be verified now": {comment, ask(session, "outage"), domain.ErrUnavailable},
	} {
		if err := test.call(test.with); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if len(cases.ran) != 0 {
		t.Errorf("these came through: %+v", cases.ran)
	}
}

// A request says nothing about who acts: one that tries is refused whole.
func TestRequestsThatAreRefusedWhole(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	good := `{"kind":"session","credential":"olivia","route":"r","key":"k","body":null,"arguments":{"ticket":"01000000-0000-0000-0000-000000000000","text":"t"}`
	for name, test := range map[string]struct {
		method, path, token, body string
		want                      int
	}{
		"as it should be":           {"POST", "/commands/comment_on_ticket", processToken, good + `}`, http.StatusOK},
		"no token":                  {"POST", "/commands/comment_on_ticket", "", good + `}`, http.StatusUnauthorized},
		"another token":             {"POST", "/commands/comment_on_ticket", processToken + "x", good + `}`, http.StatusUnauthorized},
		"a shorter token":           {"POST", "/commands/comment_on_ticket", processToken[:8], good + `}`, http.StatusUnauthorized},
		"an unknown path, no token": {"POST", "/nothing", "", good + `}`, http.StatusUnauthorized},
		"an actor":                  {"POST", "/commands/comment_on_ticket", processToken, good + `,"actor":{"role":"owner"}}`, http.StatusBadRequest},
		"a time":                    {"POST", "/commands/comment_on_ticket", processToken, good + `,"at":"2020-01-01T00:00:00Z"}`, http.StatusBadRequest},
		"another person to act for": {"POST", "/commands/activate", processToken, strings.Replace(good, `"text"`, `"for":"x","text"`, 1) + `}`, http.StatusBadRequest},
		"a command of staff":        {"POST", "/commands/close_ticket", processToken, good + `}`, http.StatusNotFound},
		"a command under a command": {"POST", "/commands/comment_on_ticket/x", processToken, good + `}`, http.StatusNotFound},
		"reading":                   {"GET", "/commands/comment_on_ticket", processToken, "", http.StatusNotFound},
		"two calls":                 {"POST", "/commands/comment_on_ticket", processToken, good + `}{}`, http.StatusBadRequest},
		"no key":                    {"POST", "/commands/comment_on_ticket", processToken, strings.Replace(good, `"key":"k"`, `"key":""`, 1) + `}`, http.StatusBadRequest},
		"no JSON":                   {"POST", "/commands/comment_on_ticket", processToken, "text=t", http.StatusBadRequest},
		"too much":                  {"POST", "/commands/comment_on_ticket", processToken, strings.Replace(good, `"t"`, `"`+strings.Repeat("t", 1<<20)+`"`, 1) + `}`, http.StatusBadRequest},
	} {
		before := len(cases.ran)
		status, body := post(t, test.method, server.URL+test.path, test.token, test.body)
		if status != test.want || test.want != http.StatusOK && (body != "" || len(cases.ran) != before) {
			t.Errorf("%s: %d %q, want %d and nothing run", name, status, body, test.want)
		}
	}
}

// A call without what its command is about is refused before the use case.
func TestCallsAboutNothing(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	for _, name := range []string{"raise_ticket", "answer_estimate", "accept_proposal", "decline_proposal", "answer_overage"} {
		status, body := post(t, http.MethodPost, server.URL+"/commands/"+name, processToken, `{"kind":"session","credential":"olivia","route":"r","key":"k","body":null,"arguments":{}}`)
		if status != http.StatusOK || !strings.Contains(body, `"kind":"invalid"`) || len(cases.ran) != 0 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func post(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// An endpoint that was given no token lets no process in, an empty one included.
func TestAnEndpointWithoutATokenIsShut(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(relay.NewServer(relay.Options{Commands: &useCases{}, Verifier: credentials{}, SessionOf: sessionOf, Now: func() time.Time { return noon }}))
	defer server.Close()
	for _, header := range []string{"", "Bearer ", "Bearer"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/commands/activate", strings.NewReader(`{}`))
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		server.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("header %q: %d", header, w.Code)
		}
	}
}

// What a refusal says to staff stays behind: kind, code and fields cross, and nothing else.
func TestRefusalsCrossWithoutTheirText(t *testing.T) {
	t.Parallel()
	secret := "the contract ends because of xsecretx"
	for _, test := range []struct {
		name     string
		err      error
		kind     error
		code     string
		fields   map[string]string
		internal bool
	}{
		{"invalid", &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Text: secret, Fields: map[string]string{"title": "must not be empty"}}, domain.ErrInvalid, "invalid_fields", map[string]string{"title": "must not be empty"}, false},
		{"conflict", domain.Refuse(domain.ErrConflict, "no_seat_left", "%s", secret), domain.ErrConflict, "no_seat_left", nil, false},
		{"wrapped", fmt.Errorf("%s: %w", secret, domain.Refuse(domain.ErrForbidden, "not_active", "%s", secret)), domain.ErrForbidden, "not_active", nil, false},
		{"hidden", fmt.Errorf("%w: %s", domain.ErrNotFound, secret), domain.ErrNotFound, "", nil, false},
		{"step-up", fmt.Errorf("%s: %w", secret, auth.ErrStepUp), auth.ErrStepUp, "", nil, false},
		{"down", fmt.Errorf("%w: %s", domain.ErrUnavailable, secret), domain.ErrUnavailable, "", nil, false},
		{"late", fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), domain.ErrUnavailable, "", nil, false},
		{"broken", errors.New(secret), nil, "", nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, cases, log := endpoint(t)
			cases.err = test.err
			_, err := relay.NewClient(server.URL, processToken).Activate(t.Context(), ask(portal.SessionCredential, "new here"))
			if err == nil || test.kind != nil && !errors.Is(err, test.kind) || strings.Contains(err.Error(), "xsecretx") {
				t.Errorf("crossed as %v", err)
			}
			if refused, ok := errors.AsType[*domain.Refusal](err); test.code != "" && (!ok || refused.Code != test.code || !cmp.Equal(refused.Fields, test.fields)) {
				t.Errorf("crossed as %+v", refused)
			}
			_, body := post(t, http.MethodPost, server.URL+"/commands/activate", processToken, `{"kind":"session","credential":"new here","route":"r","key":"k","body":null,"arguments":{}}`)
			if strings.Contains(body, "xsecretx") {
				t.Errorf("the answer is %s", body)
			}
			if logged := strings.Contains(log.String(), "xsecretx"); logged != test.internal {
				t.Errorf("the log of the endpoint: %s", log)
			}
		})
	}
}

// A connection that breaks leaves the outcome unknown: the same call goes out again, to the byte, until the
// endpoint answers.
func TestBrokenConnectionsAreRepeatedAlike(t *testing.T) {
	t.Parallel()
	good, cases, _ := endpoint(t)
	var tries atomic.Int32
	var mu sync.Mutex
	var bodies []string
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		bodies = append(bodies, string(body))
		mu.Unlock()
		switch tries.Add(1) {
		case 1:
			panic(http.ErrAbortHandler) // Nothing comes back.
		case 2:
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		good.Config.Handler.ServeHTTP(w, r)
	}))
	defer between.Close()
	answer, err := relay.NewClient(between.URL, processToken).CommentOnTicket(t.Context(), ask(portal.SessionCredential, "ravi"), uuid.UUID{1}, portal.Comment{Text: "text"})
	if err != nil || answer != cases.answer || len(cases.ran) != 1 {
		t.Errorf("%v, %v after %d tries; %d ran", answer, err, tries.Load(), len(cases.ran))
	}
	if len(slices.Compact(bodies)) != 1 || tries.Load() != 3 {
		t.Errorf("%d tries sent %q", tries.Load(), bodies)
	}
}

// An endpoint that is gone makes the portal unavailable within the request's own deadline.
func TestAnEndpointThatIsGone(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := relay.NewClient(gone.URL, processToken).Activate(ctx, ask(portal.SessionCredential, "new here"))
	if !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// The process's token goes to the endpoint and nowhere else, and a wrong one is no outage: it does not help
// to try again.
func TestTheTokenStaysHere(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirection was followed") }))
	defer elsewhere.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	server, cases, _ := endpoint(t)
	for name, client := range map[string]*relay.Client{
		"redirected":  relay.NewClient(redirecting.URL, processToken),
		"wrong token": relay.NewClient(server.URL, "another-token-of-thirty-two-bytes-xx"),
	} {
		_, err := client.Activate(t.Context(), ask(portal.SessionCredential, "new here"))
		if err == nil || errors.Is(err, domain.ErrUnavailable) || strings.Contains(err.Error(), processToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(cases.ran) != 0 {
		t.Errorf("these came through: %+v", cases.ran)
	}
}

// Whatever bytes come, the endpoint answers one of its statuses and runs nothing that no credential proves.
func FuzzCall(f *testing.F) {
	f.Add("comment_on_ticket", []byte(`{"kind":"session","credential":"x","route":"r","key":"k","body":"e30=","arguments":{"raise":{},"ticket":"","text":"\u0000"}}`))
	f.Add("activate", []byte(`{"kind":"session","credential":"","route":"r","key":"k","body":null,"arguments":{}}`))
	f.Add("raise_ticket", []byte(`[]`))
	f.Add("attach_file", []byte("\x00\x00\x00\x02{}x"))
	f.Add("attach_file", []byte("\x00\x00\x00\x57"+`{"kind":"session","credential":"x","route":"r","key":"k","body":null,"arguments":{"name":""}}`))
	f.Add("raise_ticket", []byte(`{"kind":"session","credential":"olivia","route":"r","key":"k","body":null,"arguments":{"raise":{"out_of_scope":true,"impact":"high","urgency":"none","follows":"x"}}}`))
	f.Add("comment_on_ticket", []byte(`{"kind":"session","credential":"olivia","route":"r","key":"k","body":null,"arguments":{"mentions":["00000000-0000-0000-0000-000000000000",7]}}`))
	f.Add("edit_comment", []byte(`{"kind":"session","credential":"x","route":"r","key":"k","body":null,"arguments":{"comment":"","text":"t","mentions":null}}`))
	f.Add("delete_comment", []byte(`{"kind":"key","credential":"x","route":"r","key":"k","body":null,"arguments":{"comment":"02000000-0000-0000-0000-000000000000"}}`))
	f.Add("answer_estimate", []byte(`{"kind":"session","credential":"x","route":"r","key":"k","body":null,"arguments":{"estimate":{"accept":"yes"}}}`))
	f.Add("accept_proposal", []byte(`{"kind":"session","credential":"olivia","route":"r","key":"k","body":null,"arguments":{"proposal":{"contract":"x"}}}`))
	cases := &useCases{}
	handler := relay.NewServer(relay.Options{
		Commands: cases, Verifier: nobody{}, SessionOf: func(context.Context, string) (accounts.Session, error) { return accounts.Session{}, accounts.ErrWrong },
		Token: processToken, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler),
	})
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		r.URL.Path = "/commands/" + name
		r.Header.Set("Authorization", "Bearer "+processToken)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if !slices.Contains([]int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound}, w.Code) || len(cases.ran) > 0 {
			t.Errorf("%d %s, %v", w.Code, w.Body, cases.ran)
		}
		if w.Code == http.StatusOK && !strings.Contains(w.Body.String(), `"unauthenticated"`) {
			t.Errorf("answered %s", w.Body)
		}
	})
}

// nobody is proved by anything.
type nobody struct{}

func (nobody) Session(context.Context, string) (auth.Login, error) {
	return auth.Login{}, auth.ErrUnauthenticated
}

func (nobody) Key(context.Context, string) (auth.Login, error) {
	return auth.Login{}, auth.ErrUnauthenticated
}

// A request that is printed or logged by mistake does not tell how to log in.
func TestACredentialDoesNotPrintItsToken(t *testing.T) {
	t.Parallel()
	r := ask(portal.SessionCredential, "xtokenx")
	text, err := json.Marshal(r.Credential.Kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", r), string(text)} {
		if strings.Contains(printed, "xtokenx") {
			t.Error(printed)
		}
	}
}

package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
)

// rights is a verifier whose keys have one scope and whose sessions were proved an hour ago.
type rights struct{ tokens }

func (v rights) Session(ctx context.Context, token string) (auth.Login, error) {
	l, err := v.tokens.Session(ctx, token)
	l.ProvedAt = noon.Add(-time.Hour)
	return l, err
}

func (v rights) Key(ctx context.Context, token string) (auth.Login, error) {
	l, err := v.tokens.Key(ctx, token)
	l.Scopes = []access.Permission{access.ReadTickets}
	return l, err
}

// newRights is an API of a side with GET /PERMISSION for some permissions, which answers who asked.
func newRights(side domain.Side) (api *web.API, denied chan string) {
	denied = make(chan string, 10)
	api = web.New(web.Options{
		Title: "rights", Version: "1", Side: side, Verifier: rights{people}, Cookie: "login", Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return noon },
		Denied: func(_ context.Context, l auth.Login, p access.Permission, _ *http.Request) {
			denied <- fmt.Sprint(l.Actor.Role, " ", p)
		},
	})
	for _, p := range []access.Permission{access.ReadTickets, access.ReadPeople, access.SecureAccount} {
		operation := huma.Operation{OperationID: string(p), Method: http.MethodGet, Path: "/" + string(p)}
		web.Register(api, p, operation, func(ctx context.Context, actor domain.Actor, _ *struct{}) (*thingOutput, error) {
			out := &thingOutput{}
			out.Body.Actor = actor.Person.String()
			if web.LoginOf(ctx).Actor != actor {
				return nil, domain.ErrConflict
			}
			return out, nil
		})
	}
	return api, denied
}

func TestOperationsAdmitByPermission(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		side       domain.Side
		session    string
		key        string
		permission access.Permission
		status     int
		code       string
		denied     string
	}{
		"session":                  {domain.ClientSide, "ada", "", access.ReadTickets, 200, "", ""},
		"key":                      {domain.ClientSide, "", "ada", access.ReadTickets, 200, "", ""},
		"key with a good session":  {domain.ClientSide, "ada", "mallory", access.ReadTickets, 401, "unauthenticated", ""},
		"nobody":                   {domain.ClientSide, "", "", access.ReadTickets, 401, "unauthenticated", ""},
		"other side":               {domain.ClientSide, "bob", "", access.ReadTickets, 404, "not_found", ""},
		"client role may not":      {domain.ClientSide, "eve", "", access.ReadPeople, 404, "not_found", "client_employee people.read"},
		"staff role may not":       {domain.StaffSide, "bob", "", access.ReadPeople, 403, "role_may_not", "support people.read"},
		"key lacks the scope":      {domain.ClientSide, "", "ada", access.ReadPeople, 403, "key_may_not", "client_admin people.read"},
		"key lacks it, nor may he": {domain.ClientSide, "", "eve", access.ReadPeople, 404, "not_found", "client_employee people.read"},
		"proof is old":             {domain.ClientSide, "ada", "", access.SecureAccount, 403, "step_up_required", "client_admin account.secure"},
		"key cannot prove":         {domain.StaffSide, "", "bob", access.SecureAccount, 403, "key_may_not", "support account.secure"},
	} {
		api, denied := newRights(c.side)
		r := browse("GET", "/"+string(c.permission), c.session)
		if c.key != "" {
			r.Header.Set("Authorization", "Bearer "+c.key)
		}
		w := do(api, r)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if c.code != "" {
			if p := problem(t, w); p.Code != c.code {
				t.Errorf("%s: code %s, want %s", name, p.Code, c.code)
			}
		}
		if c.denied != "" {
			if got := <-denied; got != c.denied {
				t.Errorf("%s: denied %q, want %q", name, got, c.denied)
			}
		}
		if len(denied) > 0 {
			t.Errorf("%s: denied %q too", name, <-denied)
		}
	}
}

func TestDescriptionNamesCredentialsAndPermissions(t *testing.T) {
	t.Parallel()
	api, _ := newRights(domain.ClientSide)
	text, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Components struct {
			SecuritySchemes map[string]struct{ Type, In, Name, Scheme string }
		}
		Security []map[string][]string
		Paths    map[string]map[string]struct {
			Permission string `json:"x-permission"`
			Responses  map[string]any
		}
	}
	if err := json.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	schemes := map[string]struct{ Type, In, Name, Scheme string }{
		"key": {Type: "http", Scheme: "bearer"}, "session": {Type: "apiKey", In: "cookie", Name: "login"},
	}
	if diff := cmp.Diff(schemes, described.Components.SecuritySchemes); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string][]string{{"key": {}}, {"session": {}}}, described.Security); diff != "" {
		t.Errorf("either does (-want +got):\n%s", diff)
	}
	operation := described.Paths["/tickets.read"]["get"]
	if operation.Permission != "tickets.read" || operation.Responses["403"] == nil || operation.Responses["401"] == nil {
		t.Errorf("described as %+v", operation)
	}
}

// forgetful is a verifier that is told what to forget.
type forgetful struct {
	tokens
	forgot *[]domain.PersonID
}

func (v forgetful) Forget(person domain.PersonID) { *v.forgot = append(*v.forgot, person) }

func TestForgetReachesTheVerifier(t *testing.T) {
	t.Parallel()
	var forgot []domain.PersonID
	api := web.New(web.Options{Side: domain.ClientSide, Verifier: forgetful{people, &forgot}})
	api.Forget(domain.PersonID{UUID: uuid.UUID{15: 9}})
	if len(forgot) != 1 || forgot[0].UUID != (uuid.UUID{15: 9}) {
		t.Errorf("forgot %v", forgot)
	}
	newSite(t).Forget(ada) // A verifier that remembers nothing is none the worse.
}

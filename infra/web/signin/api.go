package signin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
)

// sessionBody is a login session as programs read it.
type sessionBody struct {
	ID         uuid.UUID `json:"id" format:"uuid"`
	This       bool      `json:"this" doc:"It is the session of this request."`
	Method     string    `json:"method" enum:"password,passkey,sso"`
	Device     string    `json:"device" example:"Firefox on Windows" doc:"What the browser claims to be."`
	Address    string    `json:"address" doc:"The IP address that it was begun from."`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends at the latest."`
}

// keyBody is an API key as programs read it.
type keyBody struct {
	ID         uuid.UUID           `json:"id" format:"uuid"`
	Name       string              `json:"name"`
	Hint       string              `json:"hint" doc:"Its first characters."`
	Scopes     []access.Permission `json:"scopes,omitempty" nullable:"false" doc:"What it may do; absent when it may do what its person may."`
	CreatedAt  time.Time           `json:"created_at"`
	ExpiresAt  time.Time           `json:"expires_at"`
	LastUsedAt *time.Time          `json:"last_used_at,omitempty" doc:"Absent when it never was."`
}

type (
	listOutput[T any] struct{ Body listBody[T] }
	listBody[T any]   struct {
		Items []T `json:"items" nullable:"false"`
	}
	idInput struct {
		ID string `path:"id" doc:"A UUID."`
	}
	newKeyInput struct {
		Body struct {
			Name   string              `json:"name" minLength:"1" maxLength:"200"`
			Scopes []access.Permission `json:"scopes,omitempty" nullable:"false" maxItems:"100" doc:"What the key may do; leave it out for everything that you may. What asks for a fresh proof of identity, no key may do."`
			Days   int                 `json:"days" minimum:"1" maximum:"365" doc:"How long the key lives."`
		}
	}
	newKeyOutput struct{ Body newKeyBody }
	newKeyBody   struct {
		keyBody
		Token string `json:"token" doc:"The key itself. It is not shown again."`
	}
)

// mountAPI adds what programs do about the own account. What changes it needs a fresh proof of identity,
// which no API key has: these are for programs that hold a login session. They take no Idempotency-Key: what
// ends has ended however often it is asked, and the answer with a key's text is kept nowhere.
func (s *pages) mountAPI() {
	operation := func(id, method, path, summary string, status int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: s.API + path, Summary: summary, DefaultStatus: status}
	}
	web.Register(s.api, access.OwnAccount, operation("list-sessions", http.MethodGet, "/me/sessions", "Where you are logged in", http.StatusOK), s.listSessions)
	web.Register(s.api, access.SecureAccount, operation("end-session", http.MethodPost, "/me/sessions/{id}/end", "Log out elsewhere", http.StatusNoContent), s.apiEndSession)
	web.Register(s.api, access.OwnAccount, operation("list-keys", http.MethodGet, "/me/keys", "Your API keys", http.StatusOK), s.listKeys)
	web.Register(s.api, access.SecureAccount, operation("create-key", http.MethodPost, "/me/keys", "Create an API key", http.StatusCreated), s.apiCreateKey)
	web.Register(s.api, access.SecureAccount, operation("revoke-key", http.MethodPost, "/me/keys/{id}/revoke", "End an API key", http.StatusNoContent), s.apiRevokeKey)
}

func (s *pages) listSessions(ctx context.Context, actor domain.Actor, _ *struct{}) (*listOutput[sessionBody], error) {
	live, err := s.Accounts.Sessions(ctx, actor.Person)
	if err != nil {
		return nil, err
	}
	items := make([]sessionBody, len(live))
	for i, session := range live {
		items[i] = sessionBody{
			ID: session.ID, This: session.ID == web.LoginOf(ctx).Session, Method: session.Method,
			Device: device(session.Where.UserAgent), Address: session.Where.Address,
			CreatedAt: session.CreatedAt, LastSeenAt: session.LastSeenAt, ExpiresAt: session.ExpiresAt,
		}
	}
	return &listOutput[sessionBody]{listBody[sessionBody]{items}}, nil
}

func (s *pages) apiEndSession(ctx context.Context, _ domain.Actor, in *idInput) (*struct{}, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.end(ctx, web.LoginOf(ctx), id)
}

func (s *pages) listKeys(ctx context.Context, actor domain.Actor, _ *struct{}) (*listOutput[keyBody], error) {
	live, err := s.Accounts.Keys(ctx, actor.Person)
	if err != nil {
		return nil, err
	}
	items := make([]keyBody, len(live))
	for i, key := range live {
		items[i] = bodyOf(key)
	}
	return &listOutput[keyBody]{listBody[keyBody]{items}}, nil
}

func (s *pages) apiCreateKey(ctx context.Context, _ domain.Actor, in *newKeyInput) (*newKeyOutput, error) {
	key, token, err := s.makeKey(ctx, web.LoginOf(ctx), keyForm{
		Name: in.Body.Name, Everything: in.Body.Scopes == nil, Scopes: in.Body.Scopes, Days: in.Body.Days,
	})
	if err != nil {
		return nil, err
	}
	return &newKeyOutput{newKeyBody{bodyOf(key), token}}, nil
}

func (s *pages) apiRevokeKey(ctx context.Context, _ domain.Actor, in *idInput) (*struct{}, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.revoke(ctx, web.LoginOf(ctx), id)
}

func bodyOf(key accounts.Key) keyBody {
	body := keyBody{
		ID: key.ID, Name: key.Name, Hint: key.Hint, Scopes: key.Scopes, CreatedAt: key.CreatedAt, ExpiresAt: key.ExpiresAt,
	}
	if !key.LastUsedAt.IsZero() {
		body.LastUsedAt = &key.LastUsedAt
	}
	return body
}

package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// maxKeyDays is how long an API key lives at most.
const maxKeyDays = 365

// keyDays are the lives that the page offers, in days.
var keyDays = []int{30, 90, maxKeyDays}

// keysView lists the API keys of a person.
type keysView struct {
	Keys  []accounts.Key
	Fresh bool
	Now   time.Time
}

// keyForm is an API key to make.
type keyForm struct {
	Name string
	// Everything says that the key may do what its person may, but for what needs a fresh proof.
	Everything bool
	Scopes     []access.Permission
	Days       int
	// Allowed are the permissions to choose from.
	Allowed []access.Rule
	Errors  []page.FieldError
}

// keyView shows a key that was made, this once.
type keyView struct {
	accounts.Key
	Token string
}

func (s *pages) mountKeys() {
	s.api.Page(http.MethodGet, keysPath, access.OwnAccount, s.keys)
	s.post(keysPath, access.SecureAccount, s.createKey)
	s.api.Page(http.MethodGet, keysPath+"/new", access.SecureAccount, s.newKey)
	s.post(keysPath+"/{id}/revoke", access.SecureAccount, s.revokeKey)
}

// delegable lists what a login's person may let a key do: what it may itself, but for what needs a fresh
// proof.
func delegable(login auth.Login) []access.Rule {
	return slices.DeleteFunc(access.Rules(), func(rule access.Rule) bool {
		scope := rule.Roles[login.Actor.Role]
		return rule.StepUp || scope == access.Nothing ||
			scope == access.Granted && !slices.Contains(login.Grants, rule.Grant)
	})
}

func (s *pages) keys(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	live, err := s.Accounts.Keys(r.Context(), login.Actor.Person)
	if err != nil {
		return fmt.Errorf("keys of %s: %w", login.Actor.Person, err)
	}
	return s.show(w, r, view{login: login, title: "API keys", body: keysPage(keysView{Keys: live, Fresh: s.fresh(login), Now: s.Now()})})
}

func (s *pages) newKey(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showNewKey(w, r, http.StatusOK, login, keyForm{Days: 90})
}

func (s *pages) showNewKey(w http.ResponseWriter, r *http.Request, status int, login auth.Login, v keyForm) error {
	v.Allowed = delegable(login)
	return s.show(w, r, view{status: status, login: login, title: "Create an API key", wrong: len(v.Errors) > 0, body: newKeyPage(v)})
}

func (s *pages) createKey(w http.ResponseWriter, r *http.Request, login auth.Login, form url.Values) error {
	v := keyForm{Name: strings.TrimSpace(form.Get("name")), Everything: form.Get("everything") != ""}
	v.Days, _ = strconv.Atoi(form.Get("days")) // What is no number is refused as too few.
	for _, scope := range form["scopes"] {
		v.Scopes = append(v.Scopes, access.Permission(scope))
	}
	key, token, err := s.makeKey(r.Context(), login, v)
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok && !errors.Is(err, domain.ErrUnavailable) {
		v.Errors = keyFaults(refusal)
		return s.showNewKey(w, r, http.StatusUnprocessableEntity, login, v)
	}
	if err != nil {
		return err
	}
	return s.show(w, r, view{login: login, title: "Your new API key", body: keyPage(keyView{key, token})})
}

// makeKey makes a key that may do nothing that its person may not.
func (s *pages) makeKey(ctx context.Context, login auth.Login, v keyForm) (accounts.Key, string, error) {
	if err := v.check(login); err != nil {
		return accounts.Key{}, "", err
	}
	asked := accounts.Key{
		Person: login.Actor.Person, Client: login.Actor.Client, Name: v.Name,
		ExpiresAt: s.Now().AddDate(0, 0, v.Days),
	}
	if !v.Everything {
		asked.Scopes = v.Scopes
	}
	key, token, err := s.Accounts.CreateKey(ctx, asked)
	if err != nil {
		return accounts.Key{}, "", fmt.Errorf("create a key of %s: %w", login.Actor.Person, err)
	}
	s.changed(ctx, login, accounts.KindKey, key.ID.String())
	return key, token, nil
}

// check refuses a key that is not well described or would do more than its person may.
func (v keyForm) check(login auth.Login) error {
	fields := map[string]string{}
	if length := utf8.RuneCountInString(v.Name); length == 0 || length > maxName {
		fields["name"] = "Give the key a name that tells what uses it."
	}
	if v.Days < 1 || v.Days > maxKeyDays {
		fields["days"] = "Choose how long the key lives: between 1 and 365 days."
	}
	allowed := delegable(login)
	outside := func(p access.Permission) bool {
		return !slices.ContainsFunc(allowed, func(rule access.Rule) bool { return rule.Permission == p })
	}
	switch {
	case v.Everything && len(v.Scopes) > 0:
		fields["scopes"] = "Choose either everything, or some permissions."
	case !v.Everything && len(v.Scopes) == 0:
		fields["scopes"] = "Choose what the key may do."
	case slices.ContainsFunc(v.Scopes, outside):
		fields["scopes"] = "Choose among the permissions that are listed."
	}
	if len(fields) == 0 {
		return nil
	}
	return &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "the key is not well described", Fields: fields}
}

// keyFaults gives each field what is wrong with it, in the order of the form.
func keyFaults(refusal *domain.Refusal) []page.FieldError {
	var faults []page.FieldError
	for _, field := range []string{"name", "scopes", "days"} {
		if text := refusal.Fields[field]; text != "" {
			faults = append(faults, page.FieldError{Field: field, Text: text})
		}
	}
	if faults == nil {
		return wrong(refusal, "")
	}
	return faults
}

func (s *pages) revokeKey(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	if err := s.revoke(r.Context(), login, id); err != nil {
		return err
	}
	return done(w, r, keysPath, "key")
}

// revoke ends a key of who is logged in. That of somebody else is left alone and looks ended too: there is
// nothing to record then.
func (s *pages) revoke(ctx context.Context, login auth.Login, id uuid.UUID) error {
	live, err := s.Accounts.Keys(ctx, login.Actor.Person)
	if err != nil {
		return fmt.Errorf("keys of %s: %w", login.Actor.Person, err)
	}
	if !slices.ContainsFunc(live, func(key accounts.Key) bool { return key.ID == id }) {
		return nil
	}
	if err := s.Accounts.RevokeKey(ctx, login.Actor.Person, id); err != nil {
		return fmt.Errorf("revoke key %s: %w", id, err)
	}
	s.changed(ctx, login, accounts.KindKey, id.String())
	return nil
}

// options are the permissions to choose from.
func (v keyForm) options() []page.Option {
	options := make([]page.Option, len(v.Allowed))
	for i, rule := range v.Allowed {
		options[i] = page.Option{
			Value: string(rule.Permission), Label: rule.Title, Hint: string(rule.Permission),
			Selected: slices.Contains(v.Scopes, rule.Permission),
		}
	}
	return options
}

// lives are the lives to choose from.
func (v keyForm) lives() []page.Option {
	options := make([]page.Option, len(keyDays))
	for i, days := range keyDays {
		options[i] = page.Option{Value: strconv.Itoa(days), Label: counted(days, "day"), Selected: days == v.Days}
	}
	return options
}

// titleOf says what a permission allows.
func titleOf(p access.Permission) string {
	rule, _ := access.Of(p)
	return rule.Title
}

package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
)

const tooManyPasskeys = "You have as many passkeys as there can be. Remove one first."

// Where the button that logs in, or proves, by a passkey talks to.
const (
	passkeyBegin  = web.LoginPath + "/passkey/begin"
	passkeyFinish = web.LoginPath + "/passkey/finish"
)

// maxAnswer bounds what a browser answers for a passkey, in bytes: attestations can have certificates.
const maxAnswer = 64 << 10

func (s *pages) mountPasskeyLogin() {
	s.api.Public(http.MethodPost, passkeyBegin, s.beginPasskeyLogin)
	s.api.Public(http.MethodPost, passkeyFinish, s.finishPasskeyLogin)
}

// passkeys reports whether there can be any: they are bound to a host name.
func (s *pages) passkeys() bool {
	_, err := netip.ParseAddr(s.Base.Hostname())
	return err != nil
}

// passkeyAnswer is what the script of the button sends: what the browser said, and a name for a new passkey.
type passkeyAnswer struct {
	Credential json.RawMessage `json:"credential"`
	Name       string          `json:"name"`
}

func (s *pages) beginPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	options, state, err := s.Accounts.BeginPasskeyLogin(r.Context())
	if err != nil {
		return fmt.Errorf("begin a login by passkey: %w", err)
	}
	return s.ask(w, options, state)
}

// ask gives the browser the question for its passkeys, and the state to come back with.
func (s *pages) ask(w http.ResponseWriter, options []byte, state string) error {
	if err := s.keep(w, errandPasskey, errand{State: state}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(options) // The reader has gone: there is nobody to tell.
	return nil
}

// finishPasskeyLogin begins a session, in the place of the one that the browser may have: this is also how
// somebody who is logged in proves itself anew.
func (s *pages) finishPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	answer, err := readAnswer(w, r)
	if err != nil {
		return err
	}
	e := s.kept(r, errandPasskey)
	s.drop(w, errandPasskey)
	begun, err := s.Accounts.FinishPasskeyLogin(r.Context(), e.State, answer.Credential, from(r.Context()))
	if err == nil {
		if s.somebodyElse(r, begun) {
			if err := s.Accounts.LogOut(r.Context(), begun.Token); err != nil {
				return err
			}
			return refusePasskey(w, "This passkey is not yours. Log out first to log in with it.")
		}
		err = s.begin(w, r, begun)
	}
	if errors.Is(err, accounts.ErrWrong) {
		s.refuse(r.Context(), "passkey")
		return refusePasskey(w, "This passkey does not log anybody in here. Try another one, or another way.")
	}
	if err != nil {
		return err
	}
	return goOn(w, web.Local(r.URL.Query().Get("next")))
}

// somebodyElse reports whether the browser is logged in as another person than a session that has begun. Who
// proves itself anew must not go on as somebody else.
func (s *pages) somebodyElse(r *http.Request, begun accounts.Begun) bool {
	now, err := s.session(r)
	return err == nil && now.Stage == accounts.StageFull && now.Person != begun.Person
}

// goOn tells the script of the button where to go.
func goOn(w http.ResponseWriter, next string) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{"next": next})
}

// refusePasskey answers the script in words that it can show.
func refusePasskey(w http.ResponseWriter, detail string) error {
	const status = http.StatusUnprocessableEntity
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(web.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: "passkey_refused", Detail: detail,
	})
}

// readAnswer reads what the script sent.
func readAnswer(w http.ResponseWriter, r *http.Request) (passkeyAnswer, error) {
	var answer passkeyAnswer
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return answer, domain.Refuse(domain.ErrInvalid, "malformed_body", "the body must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	if err == nil {
		err = errors.Join(web.Textual(body), json.Unmarshal(body, &answer))
	}
	if err != nil || len(answer.Credential) == 0 {
		return answer, domain.Refuse(domain.ErrInvalid, "malformed_body", "the body has no answer of a passkey")
	}
	return answer, nil
}

func (s *pages) beginPasskey(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	options, state, err := s.Accounts.BeginPasskey(r.Context(), login.Actor.Person)
	if errors.Is(err, domain.ErrConflict) {
		return refusePasskey(w, tooManyPasskeys)
	}
	if err != nil {
		return fmt.Errorf("begin a passkey of %s: %w", login.Actor.Person, err)
	}
	return s.ask(w, options, state)
}

func (s *pages) finishPasskey(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	answer, err := readAnswer(w, r)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(answer.Name)
	if name == "" {
		name = device(r.UserAgent())
	}
	if utf8.RuneCountInString(name) > maxName {
		return domain.Refuse(domain.ErrInvalid, "invalid_fields", "a name has at most %d characters", maxName)
	}
	e := s.kept(r, errandPasskey)
	s.drop(w, errandPasskey)
	err = s.Accounts.FinishPasskey(r.Context(), login.Actor.Person, e.State, name, answer.Credential)
	switch {
	case errors.Is(err, domain.ErrConflict):
		return refusePasskey(w, tooManyPasskeys)
	case errors.Is(err, accounts.ErrWrong), errors.Is(err, domain.ErrInvalid):
		return refusePasskey(w, "This passkey cannot be added: it is known already, or it took longer than five minutes. Begin again.")
	}
	if err != nil {
		return fmt.Errorf("add a passkey of %s: %w", login.Actor.Person, err)
	}
	s.changed(r.Context(), login, accounts.KindCredentials, "passkey")
	return goOn(w, factorsPath+"?done=added")
}

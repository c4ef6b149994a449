package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// stepUpView is what somebody is asked for a fresh proof with.
type stepUpView struct {
	Next string
	// What the person has: an app, a password, passkeys, and a provider to log in at again.
	Code     bool
	Password bool
	Passkeys bool
	Provider bool
	Errors   []page.FieldError
}

// Secret says that something can be typed.
func (v stepUpView) Secret() bool { return v.Code || v.Password }

// label names what can be typed.
func (v stepUpView) label() string {
	switch {
	case v.Code && v.Password:
		return "Password, or a code from your app"
	case v.Code:
		return "Code from your app"
	}
	return "Password"
}

func (s *pages) mountStepUp() {
	s.api.Page(http.MethodGet, web.StepUpPath, access.OwnAccount, s.stepUp)
	s.post(web.StepUpPath, access.OwnAccount, s.proveAnew)
}

func (s *pages) stepUp(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showStepUp(w, r, http.StatusOK, login, stepUpView{Next: web.Local(r.URL.Query().Get("next"))})
}

// showStepUp offers every way in which the person can prove itself.
func (s *pages) showStepUp(w http.ResponseWriter, r *http.Request, status int, login auth.Login, v stepUpView) error {
	account, err := s.account(r, login)
	if err != nil {
		return err
	}
	factors, err := s.Accounts.Factors(r.Context(), login.Actor.Person)
	if err != nil {
		return fmt.Errorf("factors of %s: %w", login.Actor.Person, err)
	}
	_, v.Provider, err = s.Accounts.ProviderOf(r.Context(), account.Email)
	if err != nil {
		return fmt.Errorf("provider of %s: %w", login.Actor.Person, err)
	}
	v.Code, v.Password, v.Passkeys = factors.TOTP, account.HasPassword, s.passkeys() && len(factors.Passkeys) > 0
	return s.show(w, r, view{status: status, login: login, card: true, title: "Is it you?", wrong: len(v.Errors) > 0, body: stepUpPage(v)})
}

func (s *pages) proveAnew(w http.ResponseWriter, r *http.Request, login auth.Login, form url.Values) error {
	v := stepUpView{Next: web.Local(form.Get("next"))}
	err := s.Accounts.Prove(r.Context(), login.Session, form.Get("proof"), from(r.Context()))
	switch {
	case err == nil:
		s.changed(r.Context(), login, accounts.KindLogin, "step_up")
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
		return nil
	case errors.Is(err, accounts.ErrWrong):
		s.note(r.Context(), accounts.Entry{
			Kind: accounts.KindLogin, Outcome: "refused", Person: login.Actor.Person, Client: login.Actor.Client, Subject: "step_up",
		})
		v.Errors = []page.FieldError{{Field: "proof", Text: "This does not prove that it is you. After several tries, wait a few minutes."}}
		return s.showStepUp(w, r, http.StatusUnprocessableEntity, login, v)
	}
	return err
}

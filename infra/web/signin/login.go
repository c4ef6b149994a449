package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"effigate/infra/accounts"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// errNoSeat says that somebody came by single sign-on whose organisation has no seat left.
var errNoSeat = errors.New("no seat")

// loginView is what the login page shows.
type loginView struct {
	Email string
	Next  string
	// Password says that the address was given and the password is next.
	Password bool
	Passkeys bool // whether there can be any
	Errors   []page.FieldError
}

func (s *pages) mountLogin() {
	s.public(web.LoginPath, s.login, s.logIn)
	s.mountFactor()
	s.mountPasskeyLogin()
	s.mountSSO()
	s.public("/logout", nil, s.logOut)
	s.mountStepUp()
}

// login asks for the address. Who is logged in already goes on.
func (s *pages) login(w http.ResponseWriter, r *http.Request) error {
	next := web.Local(r.URL.Query().Get("next"))
	session, err := s.session(r)
	switch {
	case errors.Is(err, accounts.ErrWrong):
		return s.showLogin(w, r, http.StatusOK, loginView{Next: next})
	case err != nil:
		return err
	}
	if session.Stage == accounts.StageFull {
		standing, err := s.Standing(r.Context(), session.Client, session.Person)
		if err != nil {
			return fmt.Errorf("standing of %s: %w", session.Person, err)
		}
		if standing != Active { // The page that comes next would lead back here, for ever.
			return s.showLogin(w, r, http.StatusOK, loginView{Next: next})
		}
	}
	return proceed(w, r, session.Stage, next)
}

func (s *pages) showLogin(w http.ResponseWriter, r *http.Request, status int, v loginView) error {
	v.Passkeys = s.passkeys()
	return s.show(w, r, view{status: status, card: true, title: "Log in", wrong: len(v.Errors) > 0, body: loginPage(v)})
}

// logIn takes the address, then, of whom no provider vouches for, the password.
func (s *pages) logIn(w http.ResponseWriter, r *http.Request, form url.Values) error {
	v := loginView{Email: strings.TrimSpace(form.Get("email")), Next: web.Local(form.Get("next")), Password: form.Has("password")}
	if !addressed(v.Email) {
		v.Password = false
		v.Errors = []page.FieldError{{Field: "email", Text: badAddress}}
		return s.showLogin(w, r, http.StatusUnprocessableEntity, v)
	}
	if !v.Password {
		return s.askPassword(w, r, v, form.Get("way") == "password")
	}
	begun, err := s.Accounts.LogIn(r.Context(), v.Email, form.Get("password"), from(r.Context()))
	if err == nil {
		err = s.begin(w, r, begun)
	}
	switch {
	case err == nil:
		return proceed(w, r, begun.Stage, v.Next)
	case errors.Is(err, accounts.ErrWrong):
		s.refuse(r.Context(), "password")
		v.Errors = []page.FieldError{{Field: "password", Text: "This address and password do not log anybody in. After several tries, wait a few minutes."}}
		return s.showLogin(w, r, http.StatusUnprocessableEntity, v)
	}
	return err
}

// askPassword shows where to go on to with an address: the provider that claims its domain, or the password.
func (s *pages) askPassword(w http.ResponseWriter, r *http.Request, v loginView, password bool) error {
	client, claimed, err := s.Accounts.ProviderOf(r.Context(), v.Email)
	if err != nil {
		return fmt.Errorf("provider of an address: %w", err)
	}
	if !claimed || password {
		v.Password = true
		return s.showLogin(w, r, http.StatusOK, v)
	}
	rules, err := s.Accounts.Rules(r.Context(), client)
	if err != nil {
		return fmt.Errorf("login rules of %s: %w", client, err)
	}
	return s.showProvider(w, r, v, rules.PasswordsOff)
}

// addressed reports whether a text could be an e-mail address.
func addressed(text string) bool {
	name, host, found := strings.Cut(text, "@")
	return found && name != "" && host != "" && len(text) <= maxAddress
}

const (
	// maxAddress bounds an e-mail address, in bytes.
	maxAddress = 254
	badAddress = "Enter an e-mail address, such as name@example.com."
)

// begin makes a session that has just begun the browser's own. A full one is a login only when the facts
// say so: an invitation that was taken up is recorded first. A session that may not be is ended again and
// proves nobody.
func (s *pages) begin(w http.ResponseWriter, r *http.Request, begun accounts.Begun) error {
	if begun.Stage == accounts.StageFull {
		if err := s.admit(r.Context(), begun); err != nil {
			return err
		}
		s.record(r.Context(), accounts.KindLogin, begun.Person, begun.Client, begun.Method)
	}
	if before := s.api.Token(r); before != "" && before != begun.Token {
		if err := s.Accounts.LogOut(r.Context(), before); err != nil {
			return fmt.Errorf("end the session before: %w", err)
		}
	}
	s.api.Begin(w, begun.Token)
	s.api.Forget(begun.Person)
	return nil
}

// admit sees to it that the facts let the session's person in; otherwise it ends the session.
func (s *pages) admit(ctx context.Context, begun accounts.Begun) error {
	err := s.settle(ctx, begun)
	if err != nil {
		err = errors.Join(err, s.Accounts.LogOut(ctx, begun.Token))
	}
	return err
}

// settle records that an invitation was taken up, if that is what the facts lack.
func (s *pages) settle(ctx context.Context, begun accounts.Begun) error {
	standing, err := s.Standing(ctx, begun.Client, begun.Person)
	if err != nil {
		return fmt.Errorf("standing of %s: %w", begun.Person, err)
	}
	switch standing {
	case Active:
		return nil
	case Invited:
		if err := s.Activate(ctx, begun); err != nil {
			return fmt.Errorf("activate %s: %w", begun.Person, err)
		}
		return nil
	case Unknown, Ended:
	}
	return fmt.Errorf("%w: %s is %q", accounts.ErrWrong, begun.Person, standing)
}

// proceed sends a browser to what its session needs next.
func proceed(w http.ResponseWriter, r *http.Request, stage accounts.Stage, next string) error {
	switch stage {
	case accounts.StageFactor:
		next = withNext(factorPath, next)
	case accounts.StageEnrol:
		next = withNext(enrolPath, next)
	case accounts.StageFull:
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// withNext gives a path of ours that carries where to go afterwards.
func withNext(path, next string) string {
	if next == "/" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// session gives the session of the browser, whatever its stage; accounts.ErrWrong without one.
func (s *pages) session(r *http.Request) (accounts.Session, error) {
	token := s.api.Token(r)
	if token == "" {
		return accounts.Session{}, accounts.ErrWrong
	}
	return s.Accounts.Session(r.Context(), token)
}

// logOut ends the session. Whoever has none is logged out already.
func (s *pages) logOut(w http.ResponseWriter, r *http.Request, _ url.Values) error {
	session, err := s.session(r)
	if err != nil && !errors.Is(err, accounts.ErrWrong) {
		return err
	}
	if err == nil {
		if err := s.Accounts.LogOut(r.Context(), s.api.Token(r)); err != nil {
			return fmt.Errorf("end session %s: %w", session.ID, err)
		}
		s.api.Forget(session.Person)
		s.record(r.Context(), accounts.KindLogout, session.Person, session.Client, session.ID.String())
	}
	s.api.End(w)
	http.Redirect(w, r, web.LoginPath, http.StatusSeeOther)
	return nil
}

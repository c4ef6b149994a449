package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web/page"
)

// The pages of the own account.
const (
	accountPath  = "/account"
	passwordPath = accountPath + "/password"
	emailPath    = accountPath + "/email"
	sessionsPath = accountPath + "/sessions"
	factorsPath  = accountPath + "/factors"
	totpPath     = factorsPath + "/totp"
	passkeysPath = factorsPath + "/passkeys"
	keysPath     = accountPath + "/keys"
)

// The bounds of what is typed, in characters.
const (
	maxName = 200
	maxCode = 64
)

// minimumPassword is the least length of a password that the pages name, in characters; the accounts
// refuse shorter ones whatever is named.
const minimumPassword = 12

// accountView is the overview of the own account.
type accountView struct {
	accounts.Account
	Organisation string
	Role         string
	Factors      accounts.Factors
	Sessions     int
	Keys         int
}

// passwordView is a password to change.
type passwordView struct{ Errors []page.FieldError }

// emailView is an address to change.
type emailView struct {
	Now    string // the present address
	Email  string // the new one
	Sent   bool
	Errors []page.FieldError
}

func (s *pages) mountAccount() {
	s.api.Page(http.MethodGet, accountPath, access.OwnAccount, s.overview)
	s.api.Page(http.MethodGet, passwordPath, access.SecureAccount, s.password)
	s.post(passwordPath, access.SecureAccount, s.changePassword)
	s.api.Page(http.MethodGet, emailPath, access.SecureAccount, s.email)
	s.post(emailPath, access.SecureAccount, s.changeEmail)
	s.mountSessions()
	s.mountFactors()
	s.mountKeys()
}

// account gives the account of who is logged in.
func (s *pages) account(r *http.Request, login auth.Login) (accounts.Account, error) {
	account, err := s.Accounts.Account(r.Context(), login.Actor.Client, login.Actor.Person)
	if err != nil {
		return account, fmt.Errorf("account of %s: %w", login.Actor.Person, err)
	}
	return account, nil
}

// fresh reports whether a login may change its account without proving itself anew. The pages show what
// changes something only then, because proving oneself leads to another page and loses a form.
func (s *pages) fresh(login auth.Login) bool {
	return login.May(access.SecureAccount, s.Now()) == nil
}

func (s *pages) overview(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	v := accountView{Role: login.Actor.Role.Title()}
	var sessions []accounts.Session
	var keys []accounts.Key
	var err, failed error
	v.Account, err = s.account(r, login)
	failed = errors.Join(failed, err)
	v.Organisation, err = s.Organisation(r.Context(), login.Actor.Client)
	failed = errors.Join(failed, err)
	v.Factors, err = s.Accounts.Factors(r.Context(), login.Actor.Person)
	failed = errors.Join(failed, err)
	sessions, err = s.Accounts.Sessions(r.Context(), login.Actor.Person)
	failed = errors.Join(failed, err)
	keys, err = s.Accounts.Keys(r.Context(), login.Actor.Person)
	if failed = errors.Join(failed, err); failed != nil {
		return fmt.Errorf("overview of %s: %w", login.Actor.Person, failed)
	}
	v.Sessions, v.Keys = len(sessions), len(keys)
	return s.show(w, r, view{login: login, title: "Account and security", body: accountPage(v)})
}

func (s *pages) password(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showPassword(w, r, http.StatusOK, login, passwordView{})
}

func (s *pages) showPassword(w http.ResponseWriter, r *http.Request, status int, login auth.Login, v passwordView) error {
	return s.show(w, r, view{status: status, login: login, title: "Change your password", wrong: len(v.Errors) > 0, body: passwordPage(v)})
}

func (s *pages) changePassword(w http.ResponseWriter, r *http.Request, login auth.Login, form url.Values) error {
	err := s.Accounts.ChangePassword(r.Context(), login.Actor.Person, login.Session, form.Get("password"))
	if faults := wrong(err, "password"); faults != nil {
		return s.showPassword(w, r, http.StatusUnprocessableEntity, login, passwordView{faults})
	}
	if err != nil {
		return fmt.Errorf("change the password of %s: %w", login.Actor.Person, err)
	}
	s.changed(r.Context(), login, accounts.KindCredentials, "password")
	return done(w, r, accountPath, "password")
}

func (s *pages) email(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showEmail(w, r, http.StatusOK, login, emailView{})
}

func (s *pages) showEmail(w http.ResponseWriter, r *http.Request, status int, login auth.Login, v emailView) error {
	account, err := s.account(r, login)
	if err != nil {
		return err
	}
	v.Now = account.Email
	return s.show(w, r, view{status: status, login: login, title: "Change your e-mail address", wrong: len(v.Errors) > 0, body: emailPage(v)})
}

func (s *pages) changeEmail(w http.ResponseWriter, r *http.Request, login auth.Login, form url.Values) error {
	v := emailView{Email: strings.TrimSpace(form.Get("email"))}
	if !addressed(v.Email) {
		v.Errors = []page.FieldError{{Field: "email", Text: badAddress}}
		return s.showEmail(w, r, http.StatusUnprocessableEntity, login, v)
	}
	err := s.Accounts.ChangeEmail(r.Context(), login.Actor.Person, v.Email)
	if v.Errors = wrong(err, "email"); v.Errors != nil {
		return s.showEmail(w, r, http.StatusUnprocessableEntity, login, v)
	}
	if err != nil {
		return fmt.Errorf("change the address of %s: %w", login.Actor.Person, err)
	}
	s.record(r.Context(), accounts.KindCredentials, login.Actor.Person, login.Actor.Client, "email_requested")
	v.Sent = true
	return s.showEmail(w, r, http.StatusOK, login, v)
}

// notices are what a page says was just done, by the word that the address has.
var notices = map[string]string{
	"password": "Your password is changed. Other devices are logged out.",
	"session":  "That device is logged out.",
	"others":   "All other devices are logged out.",
	"totp":     "The authenticator app is removed.",
	"passkey":  "The passkey is removed.",
	"added":    "The passkey is added.",
	"key":      "The key is revoked.",
}

// done leads back to a page, which says what was done.
func done(w http.ResponseWriter, r *http.Request, path, what string) error {
	http.Redirect(w, r, path+"?"+url.Values{"done": {what}}.Encode(), http.StatusSeeOther)
	return nil
}

// counted gives a number with its word.
func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return strconv.Itoa(n) + " " + word
}

// steps says in words which second steps there are.
func (v accountView) steps() string {
	var known []string
	if v.Factors.TOTP {
		known = append(known, "Authenticator app")
	}
	if n := len(v.Factors.Passkeys); n > 0 {
		known = append(known, counted(n, "passkey"))
	}
	if known == nil {
		return "None"
	}
	return strings.Join(known, ", ")
}

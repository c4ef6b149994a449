package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// The pages of a session that is no login yet.
const (
	factorPath = web.LoginPath + "/factor"
	enrolPath  = web.LoginPath + "/enrol"
)

// codeView is what a page that asks for a code shows.
type codeView struct {
	Next   string
	Errors []page.FieldError
}

// wrongCode is the one answer to every code that does not count.
var wrongCode = []page.FieldError{{Field: "code", Text: "This code does not count. Codes change every 30 seconds and each counts once: type the newest one."}}

// enrolView is what setting up an authenticator app shows: at first what it is for, then the offer.
type enrolView struct {
	codeView
	// Begin and Confirm are where the two forms go.
	Begin   string
	Confirm string
	Offer   *offerView
}

// offerView is a secret to put into an app.
type offerView struct {
	Secret string // in groups of four
	URL    string
	Image  string // data URL of the QR code
}

// codesView shows recovery codes, this once.
type codesView struct {
	Codes []string
	Next  string
}

func (s *pages) mountFactor() {
	s.public(factorPath, s.factor, s.passFactor)
	s.public(enrolPath, s.enrol, s.offerEnrol)
	s.public(enrolPath+"/confirm", s.enrol, s.confirmEnrol)
}

// staged gives the browser's session if it is at a stage; else it has sent the browser to where it belongs.
func (s *pages) staged(w http.ResponseWriter, r *http.Request, stage accounts.Stage, next string) (session accounts.Session, ok bool, err error) {
	session, err = s.session(r)
	if errors.Is(err, accounts.ErrWrong) {
		http.Redirect(w, r, withNext(web.LoginPath, next), http.StatusSeeOther)
		return session, false, nil
	}
	if err != nil {
		return session, false, err
	}
	if session.Stage != stage {
		return session, false, proceed(w, r, session.Stage, next)
	}
	return session, true, nil
}

func (s *pages) factor(w http.ResponseWriter, r *http.Request) error {
	v := codeView{Next: web.Local(r.URL.Query().Get("next"))}
	_, ok, err := s.staged(w, r, accounts.StageFactor, v.Next)
	if !ok {
		return err
	}
	return s.showFactor(w, r, http.StatusOK, v)
}

func (s *pages) showFactor(w http.ResponseWriter, r *http.Request, status int, v codeView) error {
	return s.show(w, r, view{status: status, card: true, title: "Second step", wrong: len(v.Errors) > 0, body: factorPage(v)})
}

func (s *pages) passFactor(w http.ResponseWriter, r *http.Request, form url.Values) error {
	v := codeView{Next: web.Local(form.Get("next"))}
	_, ok, err := s.staged(w, r, accounts.StageFactor, v.Next)
	if !ok {
		return err
	}
	begun, err := s.Accounts.PassFactor(r.Context(), s.api.Token(r), code(form), from(r.Context()))
	if err == nil {
		err = s.begin(w, r, begun)
	}
	switch {
	case err == nil:
		return proceed(w, r, begun.Stage, v.Next)
	case errors.Is(err, accounts.ErrWrong):
		s.refuse(r.Context(), "factor")
		v.Errors = wrongCode
		return s.showFactor(w, r, http.StatusUnprocessableEntity, v)
	}
	return err
}

// code gives a code as it was typed, without the spaces that people group it by.
func code(form url.Values) string { return strings.Join(strings.Fields(form.Get("code")), "") }

func (s *pages) enrol(w http.ResponseWriter, r *http.Request) error {
	next := web.Local(r.URL.Query().Get("next"))
	_, ok, err := s.staged(w, r, accounts.StageEnrol, next)
	if !ok {
		return err
	}
	return s.showEnrol(w, r, http.StatusOK, enrolView{codeView: codeView{Next: next}})
}

func (s *pages) showEnrol(w http.ResponseWriter, r *http.Request, status int, v enrolView) error {
	v.Begin, v.Confirm = enrolPath, enrolPath+"/confirm"
	return s.show(w, r, view{status: status, card: true, title: "Set up a second step", wrong: len(v.Errors) > 0, body: enrolPage(v)})
}

// offerEnrol makes a secret. It replaces the one before, so asking for the page alone makes none.
func (s *pages) offerEnrol(w http.ResponseWriter, r *http.Request, form url.Values) error {
	next := web.Local(form.Get("next"))
	session, ok, err := s.staged(w, r, accounts.StageEnrol, next)
	if !ok {
		return err
	}
	offer, err := s.offer(r.Context(), session.Person)
	if err != nil {
		return err
	}
	return s.showEnrol(w, r, http.StatusOK, enrolView{codeView: codeView{Next: next}, Offer: &offer})
}

// offer makes a secret to put into an app.
func (s *pages) offer(ctx context.Context, person domain.PersonID) (offerView, error) {
	made, err := s.Accounts.OfferTOTP(ctx, person)
	if err != nil {
		return offerView{}, fmt.Errorf("offer a secret to %s: %w", person, err)
	}
	return offerView{
		Secret: grouped(made.Secret),
		URL:    made.URL,
		Image:  "data:image/png;base64," + base64.StdEncoding.EncodeToString(made.Image),
	}, nil
}

// grouped sets a text in groups of four, to type it by.
func grouped(text string) string {
	var set strings.Builder
	for i, letter := range text {
		if i > 0 && i%4 == 0 {
			set.WriteByte(' ')
		}
		set.WriteRune(letter)
	}
	return set.String()
}

// confirmEnrol takes the first code: the session becomes a login, and the recovery codes are shown.
func (s *pages) confirmEnrol(w http.ResponseWriter, r *http.Request, form url.Values) error {
	v := enrolView{codeView: codeView{Next: web.Local(form.Get("next"))}}
	_, ok, err := s.staged(w, r, accounts.StageEnrol, v.Next)
	if !ok {
		return err
	}
	begun, codes, err := s.Accounts.ConfirmTOTP(r.Context(), s.api.Token(r), code(form), from(r.Context()))
	if err == nil {
		err = s.begin(w, r, begun)
	}
	switch {
	case err == nil:
		s.record(r.Context(), accounts.KindCredentials, begun.Person, begun.Client, "totp")
		return s.showCodes(w, r, codes, v.Next)
	case errors.Is(err, accounts.ErrWrong), errors.Is(err, domain.ErrInvalid):
		v.Errors = wrongCode
		return s.showEnrol(w, r, http.StatusUnprocessableEntity, v)
	}
	return err
}

// all gives the codes in one line, to copy.
func (v codesView) all() string { return strings.Join(v.Codes, " ") }

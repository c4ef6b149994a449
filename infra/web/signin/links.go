package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/web/page"
)

// maxToken bounds the token of a link, in bytes; ours are far shorter.
const maxToken = 200

// forgotView asks for the address whose password was forgotten, or says what was done about it.
type forgotView struct {
	Email  string
	Sent   bool
	Errors []page.FieldError
}

// invitationView is an invitation to take up.
type invitationView struct {
	accounts.Offer
	Organisation string
	Action       string
	// Provider says that the organisation has a login of its own, PasswordsOff that there is no other.
	Provider     bool
	PasswordsOff bool
	Errors       []page.FieldError
}

// resetView is a password to choose.
type resetView struct {
	accounts.Offer
	Action string
	Errors []page.FieldError
}

// confirmView is a link about an address: at first the question, then what came of it.
type confirmView struct {
	Action    string
	Confirmed bool
	Changed   bool
}

func (s *pages) mountLinks() {
	s.public("/forgot", s.forgot, s.requestReset)
	s.link("/invitation/{token}", s.invitation, s.accept)
	s.link("/reset/{token}", s.reset, s.chooseReset)
	s.link("/confirm-email/{token}", s.confirm, s.confirmEmail)
}

// link adds the page of a link with a token, and what its form does. The token is kept from whatever the
// page leads to.
func (s *pages) link(pattern string, get func(http.ResponseWriter, *http.Request, string) error, post func(http.ResponseWriter, *http.Request, string, url.Values) error) {
	s.public(pattern,
		func(w http.ResponseWriter, r *http.Request) error {
			return s.linked(w, r, func(token string) error { return get(w, r, token) })
		},
		func(w http.ResponseWriter, r *http.Request, form url.Values) error {
			return s.linked(w, r, func(token string) error { return post(w, r, token, form) })
		})
}

// linked runs what follows a link, and gives every token that is good for nothing the one answer.
func (s *pages) linked(w http.ResponseWriter, r *http.Request, follow func(token string) error) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	token, err := chi.URLParam(r, "token"), accounts.ErrWrong
	if len(token) <= maxToken {
		err = follow(token)
	}
	if errors.Is(err, accounts.ErrWrong) {
		return s.sorry(w, r, sorryView{
			Status: http.StatusNotFound,
			Title:  "This link does not work",
			Text:   "Such a link works once and for a limited time, and a newer one replaces it. Ask for another one, or log in if you have used it already.",
		})
	}
	return err
}

func (s *pages) forgot(w http.ResponseWriter, r *http.Request) error {
	return s.showForgot(w, r, http.StatusOK, forgotView{})
}

func (s *pages) showForgot(w http.ResponseWriter, r *http.Request, status int, v forgotView) error {
	return s.show(w, r, view{status: status, card: true, title: "Forgot your password?", wrong: len(v.Errors) > 0, body: forgotPage(v)})
}

// requestReset says the same of every address.
func (s *pages) requestReset(w http.ResponseWriter, r *http.Request, form url.Values) error {
	v := forgotView{Email: strings.TrimSpace(form.Get("email"))}
	if !addressed(v.Email) {
		v.Errors = []page.FieldError{{Field: "email", Text: badAddress}}
		return s.showForgot(w, r, http.StatusUnprocessableEntity, v)
	}
	if err := s.Accounts.RequestReset(r.Context(), v.Email, from(r.Context())); err != nil {
		return fmt.Errorf("request a reset: %w", err)
	}
	v.Sent = true
	return s.showForgot(w, r, http.StatusOK, v)
}

func (s *pages) reset(w http.ResponseWriter, r *http.Request, token string) error {
	offer, err := s.Accounts.ResetOffer(r.Context(), token)
	if err != nil {
		return err
	}
	return s.showReset(w, r, http.StatusOK, resetView{Offer: offer, Action: r.URL.Path})
}

func (s *pages) showReset(w http.ResponseWriter, r *http.Request, status int, v resetView) error {
	return s.show(w, r, view{status: status, card: true, title: "Choose a new password", wrong: len(v.Errors) > 0, body: resetPage(v)})
}

// chooseReset sets the password. It logs nobody in: whoever reads somebody's mail has not got the second step.
func (s *pages) chooseReset(w http.ResponseWriter, r *http.Request, token string, form url.Values) error {
	offer, err := s.Accounts.ResetOffer(r.Context(), token)
	if err != nil {
		return err
	}
	err = s.Accounts.Reset(r.Context(), token, form.Get("password"), from(r.Context()))
	if faults := wrong(err, "password"); faults != nil {
		return s.showReset(w, r, http.StatusUnprocessableEntity, resetView{Offer: offer, Action: r.URL.Path, Errors: faults})
	}
	if err != nil {
		return err
	}
	s.api.Forget(offer.Person)
	s.record(r.Context(), accounts.KindReset, offer.Person, offer.Client, "")
	return s.show(w, r, view{card: true, title: "Your password is changed", body: resetDonePage()})
}

func (s *pages) invitation(w http.ResponseWriter, r *http.Request, token string) error {
	v, err := s.invited(r, token)
	if err != nil {
		return err
	}
	if v.Provider {
		// The way there is as from the login, where the address was typed.
		if err := s.keep(w, errandSSO, errand{Hint: v.Email}); err != nil {
			return err
		}
	}
	return s.showInvitation(w, r, http.StatusOK, v)
}

// invited is what an invitation offers.
func (s *pages) invited(r *http.Request, token string) (invitationView, error) {
	offer, err := s.Accounts.Invitation(r.Context(), token)
	if err != nil {
		return invitationView{}, err
	}
	organisation, err := s.Organisation(r.Context(), offer.Client)
	if err != nil {
		return invitationView{}, fmt.Errorf("name of %s: %w", offer.Client, err)
	}
	v := invitationView{Offer: offer, Organisation: organisation, Action: r.URL.Path}
	var client domain.ClientID
	if client, v.Provider, err = s.Accounts.ProviderOf(r.Context(), offer.Email); err != nil {
		return v, fmt.Errorf("provider of an invitation: %w", err)
	}
	if !v.Provider || client != offer.Client {
		v.Provider = false
		return v, nil
	}
	rules, err := s.Accounts.Rules(r.Context(), client)
	if err != nil {
		return v, fmt.Errorf("login rules of %s: %w", client, err)
	}
	v.PasswordsOff = rules.PasswordsOff
	return v, nil
}

func (s *pages) showInvitation(w http.ResponseWriter, r *http.Request, status int, v invitationView) error {
	return s.show(w, r, view{status: status, card: true, title: "Welcome", wrong: len(v.Errors) > 0, body: invitationPage(v)})
}

// accept takes an invitation up: whoever has it becomes a user, and is logged in as far as the
// organisation's rules let a password.
func (s *pages) accept(w http.ResponseWriter, r *http.Request, token string, form url.Values) error {
	v, err := s.invited(r, token)
	if err != nil {
		return err
	}
	v.Name = strings.TrimSpace(form.Get("name"))
	if v.Name == "" {
		v.Errors = []page.FieldError{{Field: "name", Text: "Enter your name, as others are to see it."}}
		return s.showInvitation(w, r, http.StatusUnprocessableEntity, v)
	}
	begun, err := s.Accounts.Accept(r.Context(), token, v.Name, form.Get("password"), from(r.Context()))
	if v.Errors = wrong(err, "password"); v.Errors != nil {
		return s.showInvitation(w, r, http.StatusUnprocessableEntity, v)
	}
	if err == nil {
		err = s.admit(r.Context(), begun)
	}
	if err == nil {
		s.record(r.Context(), accounts.KindCredentials, begun.Person, begun.Client, "invitation")
		err = s.begin(w, r, begun)
	}
	if err != nil {
		return err
	}
	return proceed(w, r, begun.Stage, "/")
}

// confirm asks, since a mail scanner may have opened the link.
func (s *pages) confirm(w http.ResponseWriter, r *http.Request, _ string) error {
	return s.show(w, r, view{card: true, title: "Confirm your address", body: confirmPage(confirmView{Action: r.URL.Path})})
}

func (s *pages) confirmEmail(w http.ResponseWriter, r *http.Request, token string, _ url.Values) error {
	changed, err := s.Accounts.ConfirmEmail(r.Context(), token)
	if errors.Is(err, domain.ErrConflict) {
		return s.sorry(w, r, sorryView{
			Title: "This address is in use",
			Text:  "Somebody else has the new address by now, so you keep the one that you have. Ask for a change to another one.",
		})
	}
	if err != nil {
		return err
	}
	s.note(r.Context(), accounts.Entry{Kind: accounts.KindCredentials, Outcome: "ok", Subject: "email"})
	return s.show(w, r, view{card: true, title: "Your address is confirmed", body: confirmPage(confirmView{Confirmed: true, Changed: changed})})
}

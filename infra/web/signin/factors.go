package signin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// factorsView is what a person can prove itself with beside the password.
type factorsView struct {
	accounts.Factors
	Fresh  bool
	CanAdd bool // a passkey
	Now    time.Time
	Errors []page.FieldError
}

func (s *pages) mountFactors() {
	s.api.Page(http.MethodGet, factorsPath, access.OwnAccount, s.factors)
	s.api.Page(http.MethodGet, totpPath, access.SecureAccount, s.totp)
	s.post(totpPath, access.SecureAccount, s.offerTOTP)
	s.api.Page(http.MethodGet, totpPath+"/confirm", access.SecureAccount, s.totp)
	s.post(totpPath+"/confirm", access.SecureAccount, s.confirmTOTP)
	s.post(totpPath+"/remove", access.SecureAccount, s.removeTOTP)
	s.post(factorsPath+"/recovery", access.SecureAccount, s.renewRecovery)
	s.post(passkeysPath+"/{id}/remove", access.SecureAccount, s.removePasskey)
	s.api.Page(http.MethodPost, passkeysPath+"/begin", access.SecureAccount, s.beginPasskey)
	s.api.Page(http.MethodPost, passkeysPath+"/finish", access.SecureAccount, s.finishPasskey)
}

func (s *pages) factors(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showFactors(w, r, http.StatusOK, login, nil)
}

func (s *pages) showFactors(w http.ResponseWriter, r *http.Request, status int, login auth.Login, faults []page.FieldError) error {
	known, err := s.Accounts.Factors(r.Context(), login.Actor.Person)
	if err != nil {
		return fmt.Errorf("factors of %s: %w", login.Actor.Person, err)
	}
	return s.show(w, r, view{
		status: status, login: login, title: "Second steps and passkeys", wrong: len(faults) > 0,
		body: factorsPage(factorsView{Factors: known, Fresh: s.fresh(login), CanAdd: s.passkeys(), Now: s.Now(), Errors: faults}),
	})
}

func (s *pages) totp(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showTOTP(w, r, http.StatusOK, login, enrolView{})
}

func (s *pages) showTOTP(w http.ResponseWriter, r *http.Request, status int, login auth.Login, v enrolView) error {
	v.Begin, v.Confirm, v.Next = totpPath, totpPath+"/confirm", factorsPath
	return s.show(w, r, view{status: status, login: login, title: "Set up an authenticator app", wrong: len(v.Errors) > 0, body: totpPage(v)})
}

func (s *pages) offerTOTP(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	offer, err := s.offer(r.Context(), login.Actor.Person)
	if err != nil {
		return err
	}
	return s.showTOTP(w, r, http.StatusOK, login, enrolView{Offer: &offer})
}

func (s *pages) confirmTOTP(w http.ResponseWriter, r *http.Request, login auth.Login, form url.Values) error {
	_, codes, err := s.Accounts.ConfirmTOTP(r.Context(), s.api.Token(r), code(form), from(r.Context()))
	if errors.Is(err, accounts.ErrWrong) || errors.Is(err, domain.ErrInvalid) {
		return s.showTOTP(w, r, http.StatusUnprocessableEntity, login, enrolView{codeView: codeView{Errors: wrongCode}})
	}
	if err != nil {
		return fmt.Errorf("confirm the secret of %s: %w", login.Actor.Person, err)
	}
	s.changed(r.Context(), login, accounts.KindCredentials, "totp")
	return s.showCodes(w, r, codes, factorsPath)
}

// showCodes shows recovery codes. They are in this answer alone, so it is none that a reload repeats.
func (s *pages) showCodes(w http.ResponseWriter, r *http.Request, codes []string, next string) error {
	return s.show(w, r, view{card: true, title: "Keep your recovery codes", body: codesPage(codesView{codes, next})})
}

func (s *pages) removeTOTP(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	err := s.Accounts.RemoveTOTP(r.Context(), login.Actor.Person)
	return s.removed(w, r, login, err, "totp")
}

func (s *pages) removePasskey(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	err = s.Accounts.RemovePasskey(r.Context(), login.Actor.Person, id)
	return s.removed(w, r, login, err, "passkey")
}

// removed answers the removal of a factor, which is refused of the last one where the organisation asks for
// one.
func (s *pages) removed(w http.ResponseWriter, r *http.Request, login auth.Login, err error, what string) error {
	if faults := wrong(err, ""); faults != nil {
		return s.showFactors(w, r, http.StatusUnprocessableEntity, login, faults)
	}
	if err != nil {
		return fmt.Errorf("remove a %s of %s: %w", what, login.Actor.Person, err)
	}
	s.changed(r.Context(), login, accounts.KindCredentials, what+"_removed")
	return done(w, r, factorsPath, what)
}

func (s *pages) renewRecovery(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	codes, err := s.Accounts.RenewRecovery(r.Context(), login.Actor.Person)
	if faults := wrong(err, ""); faults != nil {
		return s.showFactors(w, r, http.StatusUnprocessableEntity, login, faults)
	}
	if err != nil {
		return fmt.Errorf("renew the recovery codes of %s: %w", login.Actor.Person, err)
	}
	s.changed(r.Context(), login, accounts.KindCredentials, "recovery_codes")
	return s.showCodes(w, r, codes, factorsPath)
}

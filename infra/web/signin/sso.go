package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/web"
)

// The way to a provider and back.
const (
	ssoStart    = web.LoginPath + "/sso/start"
	ssoCallback = web.LoginPath + "/sso/callback"
)

// providerView is what somebody is shown whose address a provider vouches for.
type providerView struct {
	loginView
	Domain       string
	PasswordsOff bool
}

// sorryView says why nobody was logged in.
type sorryView struct {
	Status int // 422 when zero
	Title  string
	Text   string
}

func (s *pages) mountSSO() {
	s.api.PublicLimited(http.MethodGet, ssoStart, s.startSSO)
	s.api.PublicLimited(http.MethodGet, ssoCallback, s.finishSSO)
}

// showProvider leads on to the provider by a link: the policy of our pages keeps a form from being
// redirected to another site. The address waits in a cookie, so that no address of a page has it.
func (s *pages) showProvider(w http.ResponseWriter, r *http.Request, v loginView, passwordsOff bool) error {
	if err := s.keep(w, errandSSO, errand{Hint: v.Email, Next: v.Next}); err != nil {
		return err
	}
	return s.show(w, r, view{title: "Log in with your organisation", card: true, body: providerPage(providerView{
		loginView: v, Domain: v.Email[strings.LastIndexByte(v.Email, '@')+1:], PasswordsOff: passwordsOff,
	})})
}

// startSSO sends the browser to the provider of the address that was given, or of who is logged in.
func (s *pages) startSSO(w http.ResponseWriter, r *http.Request) error {
	e := s.kept(r, errandSSO)
	if next := r.URL.Query().Get("next"); next != "" {
		e.Next = web.Local(next)
	}
	session, err := s.session(r)
	again := err == nil && session.Stage == accounts.StageFull
	if again {
		account, err := s.Accounts.Account(r.Context(), session.Client, session.Person)
		if err != nil {
			return fmt.Errorf("account of %s: %w", session.Person, err)
		}
		e.Hint = account.Email
	}
	client, claimed, err := s.Accounts.ProviderOf(r.Context(), e.Hint)
	if err != nil {
		return fmt.Errorf("provider of an address: %w", err)
	}
	if !claimed {
		http.Redirect(w, r, withNext(web.LoginPath, web.Local(e.Next)), http.StatusSeeOther)
		return nil
	}
	begin := s.Accounts.BeginSSO
	if again {
		begin = s.Accounts.ProveSSO
	}
	redirect, state, err := begin(r.Context(), client, e.Hint)
	if err != nil {
		return fmt.Errorf("begin single sign-on of %s: %w", client, err)
	}
	if err := s.keep(w, errandSSO, errand{State: state, Next: e.Next}); err != nil {
		return err
	}
	http.Redirect(w, r, redirect, http.StatusSeeOther)
	return nil
}

// finishSSO takes what the provider says of the browser that left. While the provider is not to be
// reached, the browser keeps its errand, so that a reload finishes it.
func (s *pages) finishSSO(w http.ResponseWriter, r *http.Request) error {
	e := s.kept(r, errandSSO)
	begun, newcomer, err := s.Accounts.FinishSSO(r.Context(), e.State, r.URL.Query(), from(r.Context()))
	if errors.Is(err, domain.ErrUnavailable) {
		return err
	}
	s.drop(w, errandSSO)
	if err == nil && s.somebodyElse(r, begun) {
		if err := s.Accounts.LogOut(r.Context(), begun.Token); err != nil {
			return err
		}
		return s.sorry(w, r, sorryView{
			Title: "You are somebody else there",
			Text:  "Your organisation's login vouches for somebody else than who is logged in here. Log out first to log in as them, or choose your own account there.",
		})
	}
	if err == nil && newcomer {
		err = s.join(r.Context(), begun)
	}
	if err == nil {
		err = s.begin(w, r, begun)
	}
	switch {
	case err == nil:
		return proceed(w, r, begun.Stage, web.Local(e.Next))
	case errors.Is(err, errNoSeat):
		s.refuse(r.Context(), "sso")
		return s.sorry(w, r, sorryView{
			Title: "Your organisation has no free seat",
			Text:  "You are who you say you are, but your organisation may have no more users. Ask its administrator to free a seat, then log in again.",
		})
	case errors.Is(err, accounts.ErrWrong):
		s.refuse(r.Context(), "sso")
		return s.sorry(w, r, sorryView{
			Title: "You are not logged in",
			Text:  "Your organisation's login did not vouch for anybody who has access here, or it took longer than ten minutes. Try again, or ask whoever manages your organisation's users.",
		})
	}
	return err
}

// join records that a newcomer is a user. Whoever may not become one has no session either.
func (s *pages) join(ctx context.Context, begun accounts.Begun) error {
	err := fmt.Errorf("%w: nobody joins here", accounts.ErrWrong)
	if s.Join != nil {
		err = s.Join(ctx, begun)
	}
	if err == nil {
		err = s.Accounts.Joined(ctx, begun.Person)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, domain.ErrConflict):
		// Nothing of it stays, so that its address can be invited once there is a seat.
		err = fmt.Errorf("%w: %w", errNoSeat, errors.Join(err, s.Accounts.TurnAway(ctx, begun.Person)))
	}
	return errors.Join(fmt.Errorf("join of %s: %w", begun.Person, err), s.Accounts.LogOut(ctx, begun.Token))
}

func (s *pages) sorry(w http.ResponseWriter, r *http.Request, v sorryView) error {
	if v.Status == 0 {
		v.Status = http.StatusUnprocessableEntity
	}
	return s.show(w, r, view{status: v.Status, title: v.Title, card: true, body: sorryPage(v)})
}

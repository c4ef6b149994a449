package signin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
)

// sessionsView lists where a person is logged in.
type sessionsView struct {
	Sessions []sessionRow
	Fresh    bool
	Now      time.Time
}

// sessionRow is one login session.
type sessionRow struct {
	ID         string
	Device     string
	Address    string
	Method     string
	CreatedAt  time.Time
	LastSeenAt time.Time
	This       bool
}

// methods are the words for how a session was begun.
var methods = map[string]string{"password": "Password", "passkey": "Passkey", "sso": "Single sign-on"}

func (s *pages) mountSessions() {
	s.api.Page(http.MethodGet, sessionsPath, access.OwnAccount, s.sessions)
	s.post(sessionsPath+"/{id}/end", access.SecureAccount, s.endSession)
	s.post(sessionsPath+"/end-others", access.SecureAccount, s.endOthers)
}

func (s *pages) sessions(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	live, err := s.Accounts.Sessions(r.Context(), login.Actor.Person)
	if err != nil {
		return fmt.Errorf("sessions of %s: %w", login.Actor.Person, err)
	}
	v := sessionsView{Fresh: s.fresh(login), Now: s.Now()}
	for _, session := range live {
		v.Sessions = append(v.Sessions, sessionRow{
			ID: session.ID.String(), Device: device(session.Where.UserAgent), Address: session.Where.Address,
			Method: methods[session.Method], CreatedAt: session.CreatedAt, LastSeenAt: session.LastSeenAt,
			This: session.ID == login.Session,
		})
	}
	return s.show(w, r, view{login: login, title: "Where you are logged in", body: sessionsPage(v)})
}

func (s *pages) endSession(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	if err := s.end(r.Context(), login, id); err != nil {
		return err
	}
	return done(w, r, sessionsPath, "session")
}

// end ends one session of who is logged in. That of somebody else is left alone and looks ended too: there
// is nothing to record then.
func (s *pages) end(ctx context.Context, login auth.Login, id uuid.UUID) error {
	live, err := s.Accounts.Sessions(ctx, login.Actor.Person)
	if err != nil {
		return fmt.Errorf("sessions of %s: %w", login.Actor.Person, err)
	}
	if !slices.ContainsFunc(live, func(session accounts.Session) bool { return session.ID == id }) {
		return nil
	}
	if err := s.Accounts.EndSession(ctx, login.Actor.Person, id); err != nil {
		return fmt.Errorf("end session %s: %w", id, err)
	}
	s.changed(ctx, login, accounts.KindSession, id.String())
	return nil
}

func (s *pages) endOthers(w http.ResponseWriter, r *http.Request, login auth.Login, _ url.Values) error {
	if err := s.Accounts.EndOthers(r.Context(), login.Actor.Person, login.Session); err != nil {
		return fmt.Errorf("end the other sessions of %s: %w", login.Actor.Person, err)
	}
	s.changed(r.Context(), login, accounts.KindSession, "others")
	return done(w, r, sessionsPath, "others")
}

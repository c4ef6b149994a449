package accounts

import (
	"context"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/auth"
)

// sessionRow is a session as the database gives it.
type sessionRow struct {
	ID, Person, Client                         uuid.UUID
	Stage, Method                              string
	SecondFactor                               bool
	Address, UserAgent                         string
	CreatedAt, LastSeenAt, ProvedAt, ExpiresAt time.Time
}

const sessionColumns = `id, person, client, stage, method, second_factor, address, user_agent, created_at, last_seen_at, proved_at, expires_at`

func (r sessionRow) session() Session {
	return Session{
		ID: r.ID, Person: domain.PersonID{UUID: r.Person}, Client: domain.ClientID{UUID: r.Client},
		Stage: Stage(r.Stage), SecondFactor: r.SecondFactor, Method: r.Method,
		Where:     Where{Address: r.Address, UserAgent: r.UserAgent},
		CreatedAt: r.CreatedAt.UTC(), LastSeenAt: r.LastSeenAt.UTC(), ProvedAt: r.ProvedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
	}
}

// begin begins a session of a person who proved itself by the method; ErrWrong for whoever is closed. Beyond
// the 20 that a person may have, and 20 that are no logins yet, the oldest ends.
func (s *Service) begin(ctx context.Context, person domain.PersonID, method string, secondFactor bool, stage Stage, from Where) (Begun, error) {
	token, hash := newToken()
	from = from.bounded()
	row, err := first[sessionRow](ctx, s, "begin a session",
		`SELECT `+sessionColumns+` FROM accounts.begin_session($1, $2, $3, $4, $5, $6, $7, $8)`,
		person.UUID, hash, string(stage), method, secondFactor, from.Address, from.UserAgent, s.now())
	if err != nil {
		return Begun{}, err
	}
	return Begun{Session: row.session(), Token: token}, nil
}

// rotate makes the session of a token full, because the second factor was given, and changes the token.
// ErrWrong when it is not a live session of StageFactor or StageEnrol: of two at once one wins.
func (s *Service) rotate(ctx context.Context, token string) (Begun, error) {
	old, ok := tokenHash(token)
	if !ok {
		return Begun{}, ErrWrong
	}
	next, hash := newToken()
	row, err := first[sessionRow](ctx, s, "go on with a session",
		`SELECT `+sessionColumns+` FROM accounts.rotate_session($1, $2, $3)`, old, hash, s.now())
	if err != nil {
		return Begun{}, err
	}
	return Begun{Session: row.session(), Token: next}, nil
}

// stageOf is how far a login without a second factor has come.
func (s *Service) stageOf(ctx context.Context, person domain.PersonID) (Stage, error) {
	return value[Stage](ctx, s, "find what a login needs", `SELECT accounts.stage_of($1)`, person.UUID)
}

// Session gives the live session of a token, whatever its stage, and counts it as seen unless the request is
// unattended (see auth.Unattended); ErrWrong when the token is unknown, ended, idle for 30 min or older than 12 h (10 min before StageFull).
func (s *Service) Session(ctx context.Context, token string) (Session, error) {
	hash, ok := tokenHash(token)
	if !ok {
		return Session{}, ErrWrong
	}
	row, err := first[sessionRow](ctx, s, "find a session", `SELECT `+sessionColumns+` FROM accounts.session($1, $2, $3)`,
		hash, !auth.IsUnattended(ctx), s.now())
	return row.session(), err
}

// LogOut ends the session of a token.
func (s *Service) LogOut(ctx context.Context, token string) error {
	hash, ok := tokenHash(token)
	if !ok {
		return nil
	}
	return s.run(ctx, "log out", `SELECT accounts.log_out($1)`, hash)
}

// Sessions lists a person's live sessions, newest first.
func (s *Service) Sessions(ctx context.Context, person domain.PersonID) ([]Session, error) {
	rows, err := query[sessionRow](ctx, s, "list sessions", `SELECT `+sessionColumns+` FROM accounts.sessions_of($1, $2)`, person.UUID, s.now())
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, 0, len(rows))
	for _, row := range rows {
		sessions = append(sessions, row.session())
	}
	return sessions, nil
}

// EndSession ends one session of the person. Ending what is not there is no error.
func (s *Service) EndSession(ctx context.Context, person domain.PersonID, session uuid.UUID) error {
	return s.run(ctx, "end a session", `SELECT accounts.end_session($1, $2)`, person.UUID, session)
}

// EndOthers ends all sessions of the person but the one given.
func (s *Service) EndOthers(ctx context.Context, person domain.PersonID, but uuid.UUID) error {
	return s.run(ctx, "end the other sessions", `SELECT accounts.end_other_sessions($1, $2)`, person.UUID, but)
}

// maxAgent is the length of the longest user agent that is kept, in bytes.
const maxAgent = 300

// bounded gives what may be stored: an IP address or nothing, and the beginning of the user agent.
func (w Where) bounded() Where {
	address, err := netip.ParseAddr(w.Address)
	if err != nil {
		w.Address = ""
	} else {
		w.Address = address.Unmap().WithZone("").String()
	}
	w.UserAgent = bounded(w.UserAgent, maxAgent)
	return w
}

// bounded gives the beginning of a text, of at most so many bytes, in one line that a database can hold.
func bounded(text string, most int) string {
	text = strings.ToValidUTF8(text[:min(len(text), most)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

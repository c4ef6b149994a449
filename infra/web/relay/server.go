package relay

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/portal"
)

// runTime bounds the work on one command.
const runTime = 15 * time.Second

// Options of a server; all but Clock and Logger must be given.
type Options struct {
	Commands portal.Commands
	// Verifier verifies the credentials of client users.
	Verifier auth.Verifier
	// SessionOf gives the live session of a client user, whatever its stage; accounts.ErrWrong for any
	// other token.
	SessionOf func(ctx context.Context, token string) (accounts.Session, error)
	// Rules are how an organisation's people log in.
	Rules  func(ctx context.Context, client domain.ClientID) (accounts.Rules, error)
	Token  string           // what the portal's process proves itself with
	Now    func() time.Time // the clock that commands are stamped by
	Clock  func() time.Time // the clock by which a proof of identity is fresh; time.Now when nil
	Logger *slog.Logger     // slog.Default() when nil
}

type server struct {
	Options
	token    [sha256.Size]byte
	commands map[string]command
	uploads  map[string]upload
}

// NewServer makes the handler of the command endpoint. It belongs on an address that portals reach and the
// world does not.
func NewServer(o Options) http.Handler {
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the edge reads the clock
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &server{Options: o, token: sha256.Sum256([]byte(o.Token)), commands: commands(), uploads: uploads()}
}

// ServeHTTP answers one command. Nothing of a request is read before the process that sends it has proved
// itself.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.catch(r.Context(), w)
	if !s.proved(r) {
		s.Logger.WarnContext(r.Context(), "command endpoint refused a process", slog.String("remote", r.RemoteAddr))
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, path)
	if !ok || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	answer, err := s.take(w, r, name)
	switch {
	case errors.Is(err, errUnknown):
		w.WriteHeader(http.StatusNotFound)
		return
	case errors.Is(err, errMalformed):
		s.Logger.WarnContext(r.Context(), "command endpoint refused a request", slog.String("command", name), slog.Any("error", err))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	said := reply{ID: answer.ID, Position: answer.Position}
	if err != nil {
		if said = refusal(err); said.Kind == internal {
			s.Logger.ErrorContext(r.Context(), "command endpoint met an internal error", slog.String("command", name), slog.Any("error", err))
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(said) // The portal has gone: there is nobody to tell.
}

// errUnknown refuses what is none of the commands.
var errUnknown = errors.New("there is no such command")

// take runs the command that a request asks for.
func (s *server) take(w http.ResponseWriter, r *http.Request, name string) (portal.Answer, error) {
	if to, is := s.uploads[name]; is {
		return s.receive(w, r, to)
	}
	asked, known := s.commands[name]
	if !known {
		return portal.Answer{}, errUnknown
	}
	c, err := decode(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return portal.Answer{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), runTime)
	defer cancel()
	return s.run(ctx, asked, c)
}

// catch answers a panic as an internal error.
func (s *server) catch(ctx context.Context, w http.ResponseWriter) {
	if cause := recover(); cause != nil {
		s.Logger.ErrorContext(ctx, "command endpoint panicked", slog.Any("cause", cause))
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// proved compares the process's token in a time that tells nothing of it. An empty one proves nobody.
func (s *server) proved(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	given := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(given[:], s.token[:]) == 1 && ok && token != ""
}

// decode reads one call, strictly.
func decode(body io.Reader) (call, error) {
	var c call
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return call{}, fmt.Errorf("decode the call: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return call{}, errors.New("more than one call was sent")
	}
	if len(c.Route) > maxName || len(c.Key) > maxName || len(c.Traceparent) > maxName || len(c.Credential) > maxToken || c.Key == "" || c.Route == "" {
		return call{}, errors.New("a name is missing or too long")
	}
	return c, nil
}

// run finds out who acts and lets the use case decide.
func (s *server) run(ctx context.Context, asked command, c call) (portal.Answer, error) {
	actor, err := s.actor(ctx, asked, c)
	if err != nil {
		return portal.Answer{}, err
	}
	return asked.run(ctx, s.Commands, portal.Request{
		Actor: actor, Credential: portal.Credential{Kind: c.Kind, Token: c.Credential},
		Route: c.Route, Key: c.Key, Body: c.Body, At: s.Now(), Traceparent: web.Write{Trace: c.Traceparent}.Traceparent(),
	}, c.Arguments)
}

// actor gives whom the credential proves: for a command with a permission a full login of a client user that
// has it, else the person of a session at any stage.
func (s *server) actor(ctx context.Context, asked command, c call) (domain.Actor, error) {
	if asked.permission == "" {
		return s.bearer(ctx, asked, c)
	}
	verify := map[portal.CredentialKind]func(context.Context, string) (auth.Login, error){
		portal.SessionCredential: s.Verifier.Session, portal.KeyCredential: s.Verifier.Key,
	}[c.Kind]
	if verify == nil {
		return domain.Actor{}, auth.ErrUnauthenticated
	}
	login, err := verify(ctx, c.Credential)
	if err != nil {
		return domain.Actor{}, err
	}
	if login.Actor.Side != domain.ClientSide || login.Actor.Client.IsZero() {
		return domain.Actor{}, auth.ErrUnauthenticated
	}
	return login.Actor, login.May(asked.permission, s.Clock())
}

// bearer is the person of a session. What role it is in, and whether it may still take the step, the use case
// finds in the events.
func (s *server) bearer(ctx context.Context, asked command, c call) (domain.Actor, error) {
	if c.Kind != portal.SessionCredential {
		return domain.Actor{}, auth.ErrUnauthenticated
	}
	session, err := s.SessionOf(ctx, c.Credential)
	if errors.Is(err, accounts.ErrWrong) {
		return domain.Actor{}, auth.ErrUnauthenticated
	}
	if err != nil {
		return domain.Actor{}, err
	}
	if session.Client.IsZero() || session.Person.IsZero() {
		return domain.Actor{}, auth.ErrUnauthenticated
	}
	if asked.joins {
		err = s.mayJoin(ctx, session)
	}
	return domain.Actor{Person: session.Person, Side: domain.ClientSide, Client: session.Client}, err
}

// mayJoin refuses whom no provider has proved, and everybody of an organisation whose people are invited.
func (s *server) mayJoin(ctx context.Context, session accounts.Session) error {
	if session.Method != "sso" {
		return auth.ErrUnauthenticated
	}
	rules, err := s.Rules(ctx, session.Client)
	if err != nil {
		return fmt.Errorf("rules of client %s: %w", session.Client, err)
	}
	if rules.SSO == nil || !rules.SSO.Join {
		return domain.Refuse(domain.ErrForbidden, "invitation_needed", "people of client %s are invited", session.Client)
	}
	return nil
}

package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// reservationLife is for how long an address is kept while the fact of an invitation is being recorded.
const reservationLife = 10 * time.Minute

// Invite reserves the address for the person and lets record append the fact (the command InvitePerson);
// then it makes the invitation, which lives 72 h. An address that another person has, or whose
// domain another organisation claims for its single sign-on, is
// domain.ErrConflict "email_taken"; outside the allowed domains domain.ErrInvalid; a person who has logged
// in is domain.ErrConflict "already_in" until it is closed; the sixth to one address within an hour is
// domain.ErrConflict "too_many_mails". Repeated for the same person it makes a new
// invitation and ends the earlier ones. Reservations whose record failed are free again.
func (s *Service) Invite(ctx context.Context, a Account, record func(context.Context) error) (Link, error) {
	email, err := s.invitable(ctx, a)
	if err != nil {
		return Link{}, err
	}
	if err := s.mayMail(ctx, ofInvites, email); err != nil {
		return Link{}, err
	}
	now := s.now()
	outcome, err := value[string](ctx, s, "reserve an address", `SELECT accounts.reserve($1, $2, $3, $4, $5)`,
		email, a.Person.UUID, a.Client.UUID, now.Add(reservationLife), now)
	if err != nil {
		return Link{}, err
	}
	if err := refusal(outcome, a.Person); err != nil {
		return Link{}, err
	}
	if err := record(ctx); err != nil {
		s.free(ctx, email, a.Person, err)
		return Link{}, err
	}
	return s.linkOrMail(MailInvitation, a.Person, func(hash []byte, expires time.Time) (issued, error) {
		return first[issued](ctx, s, "invite a person", `SELECT * FROM accounts.invite($1, $2, $3, $4, $5, $6, $7)`,
			a.Person.UUID, a.Client.UUID, a.Name, email, hash, expires, s.now())
	})
}

// free gives an address back whose fact was not recorded. Where nobody knows whether it was, the reservation
// is left to end by itself.
func (s *Service) free(ctx context.Context, email string, person domain.PersonID, why error) {
	if errors.Is(why, domain.ErrUnavailable) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	if err := s.run(ctx, "free an address", `SELECT accounts.release($1, $2)`, email, person.UUID); err != nil {
		s.options.Logger.WarnContext(ctx, "reservation of an address left to expire", slog.String("person", person.String()), slog.Any("error", err))
	}
}

// check begins the check of what is said of a person.
func (s *Service) check(a Account) domain.Check {
	var check domain.Check
	check.Line("name", a.Name)
	check.That(!a.Person.IsZero(), "person", "must be given")
	check.That(a.Client.IsZero() == (s.options.Side == domain.StaffSide), "client", "must be given for a client user, and for nobody else")
	return check
}

// invitable checks what is said of a person, and gives the address as it is stored.
func (s *Service) invitable(ctx context.Context, a Account) (string, error) {
	check := s.check(a)
	email, ok := normalEmail(a.Email)
	check.That(ok, "email", "must be an e-mail address")
	if err := check.Err(); err != nil {
		return "", err
	}
	return email, s.allowed(ctx, a.Client, email)
}

// allowed refuses an address outside of the domains that the organisation's rules name.
func (s *Service) allowed(ctx context.Context, client domain.ClientID, email string) error {
	rules, err := s.Rules(ctx, client)
	if err != nil {
		return err
	}
	var check domain.Check
	check.That(rules.admits(email), "email", "must be of one of the domains "+strings.Join(rules.Domains, ", "))
	return check.Err()
}

// issued is what came of asking for a link in somebody's name.
type issued struct {
	Outcome string
	Mailed  bool
}

// linkOrMail lets order make a link or, where there is mail, order one.
func (s *Service) linkOrMail(kind MailKind, person domain.PersonID, order func(hash []byte, expires time.Time) (issued, error)) (Link, error) {
	token, hash := newToken()
	expires := s.now().Add(kind.life())
	made, err := order(hash, expires)
	if err != nil {
		return Link{}, err
	}
	if err := refusal(made.Outcome, person); err != nil {
		return Link{}, err
	}
	if made.Mailed {
		token = ""
	}
	return Link{Mailed: made.Mailed, Token: token, Expires: expires}, nil
}

// refusals are what the functions of the database say instead of "ok", and what it means for a person.
var refusals = map[string]string{
	"email_taken":   "the address that person %s was to have belongs to somebody else",
	"already_in":    "person %s has taken up an invitation already",
	"erased":        "person %s was erased",
	"email_fixed":   "person %s had another address when it logged in; invite a new person",
	"no_login":      "person %s has no login to reset; invite it",
	"passwords_off": "person %s logs in by single sign-on",
	"no_mail":       "there is no mail to confirm the address of person %s by",
	"many_keys":     "person %s has as many API keys as it may; revoke one",
}

// refusal turns what a function of the database says into an error; nil for "ok".
func refusal(outcome string, person domain.PersonID) error {
	switch text, known := refusals[outcome]; {
	case outcome == "ok":
		return nil
	case outcome == "unknown":
		return domain.Refuse(domain.ErrNotFound, "person_not_found", "no account of person %s here", person)
	case known:
		return domain.Refuse(domain.ErrConflict, outcome, text, person)
	default:
		return fmt.Errorf("the accounts answered %q for person %s", outcome, person)
	}
}

// Put names a person who cannot log in (an import), or renames anybody.
func (s *Service) Put(ctx context.Context, a Account) error {
	check := s.check(a)
	if err := check.Err(); err != nil {
		return err
	}
	outcome, err := value[string](ctx, s, "name a person", `SELECT accounts.put($1, $2, $3, $4)`, a.Person.UUID, a.Client.UUID, a.Name, s.now())
	if err != nil {
		return err
	}
	return refusal(outcome, a.Person)
}

// Publish makes a staff person's name and role known to clients. Client side only.
func (s *Service) Publish(ctx context.Context, person domain.PersonID, name, role string) error {
	var check domain.Check
	check.Line("name", name)
	check.Line("role", role)
	if err := check.Err(); err != nil {
		return err
	}
	return s.run(ctx, "publish a profile", `SELECT accounts.publish($1, $2, $3)`, person.UUID, name, role)
}

// Account gives one account of the organisation (zero client: staff); domain.ErrNotFound.
func (s *Service) Account(ctx context.Context, client domain.ClientID, person domain.PersonID) (Account, error) {
	found, err := s.Accounts(ctx, client, []domain.PersonID{person})
	if err != nil {
		return Account{}, err
	}
	account, ok := found[person]
	if !ok {
		return Account{}, refusal("unknown", person)
	}
	return account, nil
}

const (
	maxAccounts = 200
	maxNames    = 10_000
)

type accountRow struct {
	ID, Client                         uuid.UUID
	Name, Email                        string
	HasPassword, SecondFactor          bool
	InvitedUntil, LastLogin, CreatedAt *time.Time
}

// Accounts gives those of the people who have an account in the organisation. At most 200 are asked for.
func (s *Service) Accounts(ctx context.Context, client domain.ClientID, people []domain.PersonID) (map[domain.PersonID]Account, error) {
	if len(people) > maxAccounts {
		return nil, fmt.Errorf("read accounts: asked for %d, at most %d", len(people), maxAccounts)
	}
	ids := make([]uuid.UUID, 0, len(people))
	for _, person := range people {
		ids = append(ids, person.UUID)
	}
	rows, err := query[accountRow](ctx, s, "read accounts", `SELECT * FROM accounts.accounts_of($1, $2, $3)`, client.UUID, ids, s.now())
	if err != nil {
		return nil, err
	}
	found := make(map[domain.PersonID]Account, len(rows))
	for _, row := range rows {
		person := domain.PersonID{UUID: row.ID}
		found[person] = Account{
			Person: person, Client: domain.ClientID{UUID: row.Client}, Name: row.Name, Email: row.Email,
			HasPassword: row.HasPassword, SecondFactor: row.SecondFactor,
			InvitedUntil: instant(row.InvitedUntil), LastLogin: instant(row.LastLogin), CreatedAt: instant(row.CreatedAt),
		}
	}
	return found, nil
}

// instant gives a time that may be missing, as zero.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// Names gives the names of people of any organisation. At most 10,000 are asked for. Owner only.
func (s *Service) Names(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	if len(people) > maxNames {
		return nil, fmt.Errorf("read names: asked for %d, at most %d", len(people), maxNames)
	}
	type named struct {
		ID   uuid.UUID
		Name string
	}
	rows, err := query[named](ctx, s, "read names", `SELECT id, name FROM accounts.names($1)`, people)
	if err != nil {
		return nil, err
	}
	names := make(map[uuid.UUID]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, nil
}

// Withdraw ends a person's invitation.
func (s *Service) Withdraw(ctx context.Context, person domain.PersonID) error {
	return s.run(ctx, "withdraw an invitation", `SELECT accounts.withdraw($1)`, person.UUID)
}

// Close ends everything by which a person could come in: sessions, keys, invitations, resets, password and
// factors. It is what a deactivation leads to, and can be repeated. The address is free for another person
// from then on. Owner only.
func (s *Service) Close(ctx context.Context, person domain.PersonID) error {
	return s.run(ctx, "close an account", `SELECT accounts.close($1, $2)`, person.UUID, s.now())
}

// Erase closes the account and removes every personal datum, those in the log of access and in waiting
// mail included. History keeps the id. On the client side it also takes back a staff person's profile.
func (s *Service) Erase(ctx context.Context, person domain.PersonID) error {
	return s.run(ctx, "erase a person", `SELECT accounts.erase($1, $2)`, person.UUID, s.now())
}

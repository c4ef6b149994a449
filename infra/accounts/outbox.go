package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// MailKind is what a mail is about.
type MailKind string

// The kinds of mail. Each holds one link, that of a notice without a token.
const (
	MailInvitation MailKind = "invitation"
	MailReset      MailKind = "reset"
	MailEmailOld   MailKind = "email_old" // asks the old address for its consent to a change
	MailEmailNew   MailKind = "email_new" // asks the new address to confirm itself
	MailNotice     MailKind = "notice"    // a ticket needs the person, or an invoice is overdue
)

// Mail is a mail that waits to be sent. The sender asks for its link by Mint.
type Mail struct {
	ID        uuid.UUID
	Kind      MailKind
	Person    domain.PersonID
	Client    domain.ClientID
	Name      string
	Email     string // where it goes: the address when it was ordered
	CreatedAt time.Time
	Attempts  int    // this one included
	Error     string // of the last failure
}

const (
	invitationLife  = 72 * time.Hour
	resetLife       = 30 * time.Minute
	emailChangeLife = 24 * time.Hour

	// mailLease is for how long a mail that was taken is its taker's: longer than any attempt to send it.
	mailLease = 5 * time.Minute
	// firstRetry is the delay after the first failure; it doubles up to lastRetry.
	firstRetry = 10 * time.Second
	lastRetry  = time.Hour
	// maxCause is the length of the longest error that is kept of a failure, in bytes.
	maxCause = 500
)

// life is for how long a link of the kind is good, from when it is made.
func (k MailKind) life() time.Duration {
	switch k {
	case MailInvitation:
		return invitationLife
	case MailReset:
		return resetLife
	case MailEmailOld, MailEmailNew:
		return emailChangeLife
	case MailNotice:
		return 0
	default:
		panic(fmt.Sprintf("no link for mail of the kind %q", k))
	}
}

// Take claims the mail that is due for longest, for 5 min; false when none is. It is to be followed by
// Mint, then Sent or Failed. Owner only, like all that sends mail.
func (s *Service) Take(ctx context.Context) (Mail, bool, error) {
	now := s.now()
	taken, err := query[mailRow](ctx, s, "take a mail", `SELECT * FROM accounts.take_mail($1, $2)`, now.Add(mailLease), now)
	if err != nil || len(taken) == 0 {
		return Mail{}, false, err
	}
	return taken[0].mail(), true, nil
}

// Mint makes the link of a mail that was taken. Links of earlier attempts stay good, because nobody knows
// which of them arrived. That of a notice has no token. domain.ErrNotFound says that the mail is void, and gone: its person has been closed
// or has another address, or newer mail took its place.
func (s *Service) Mint(ctx context.Context, m Mail) (Link, error) {
	token, hash := newToken()
	expires := s.now().Add(m.Kind.life())
	good, err := value[bool](ctx, s, "make a link", `SELECT accounts.mint($1, $2, $3, $4)`, m.ID, hash, expires, s.now())
	if err != nil {
		return Link{}, err
	}
	if !good {
		return Link{}, domain.Refuse(domain.ErrNotFound, "mail_void", "mail %s has nothing to say any more", m.ID)
	}
	if m.Kind == MailNotice {
		return Link{}, nil
	}
	return Link{Token: token, Expires: expires}, nil
}

// Sent removes a mail that was sent.
func (s *Service) Sent(ctx context.Context, mail uuid.UUID) error {
	return s.run(ctx, "remove a sent mail", `SELECT accounts.sent($1)`, mail)
}

// Failed keeps a mail for another attempt, later with every failure, or sets it aside as dead. The cause is
// kept for whoever operates mail.
func (s *Service) Failed(ctx context.Context, m Mail, dead bool, cause string) error {
	delay := lastRetry
	if exponent := max(m.Attempts, 1) - 1; exponent < 16 {
		delay = min(lastRetry, firstRetry<<exponent)
	}
	return s.run(ctx, "keep a mail that was not sent", `SELECT accounts.failed($1, $2, $3, $4)`, m.ID, dead, bounded(cause, maxCause), s.now().Add(delay))
}

// Dead lists the mails that were set aside, newest first, 200 at most.
func (s *Service) Dead(ctx context.Context) ([]Mail, error) {
	rows, err := query[mailRow](ctx, s, "list dead mail", `SELECT * FROM accounts.dead_mail()`)
	if err != nil {
		return nil, err
	}
	dead := make([]Mail, 0, len(rows))
	for _, row := range rows {
		dead = append(dead, row.mail())
	}
	return dead, nil
}

// Resend has a dead mail sent again; domain.ErrNotFound.
func (s *Service) Resend(ctx context.Context, mail uuid.UUID) error {
	found, err := value[bool](ctx, s, "send a mail again", `SELECT accounts.resend($1, $2)`, mail, s.now())
	if err != nil {
		return err
	}
	if !found {
		return domain.Refuse(domain.ErrNotFound, "mail_not_found", "no dead mail %s", mail)
	}
	return nil
}

// SetMail says, durably and for every process, whether mail is sent at all. Without it links are shown to
// whoever asks for them on behalf of a person.
func (s *Service) SetMail(ctx context.Context, on bool) error {
	return s.run(ctx, "say whether there is mail", `SELECT accounts.set_mail($1)`, on)
}

// HasMail tells whether mail is sent.
func (s *Service) HasMail(ctx context.Context) (bool, error) {
	return value[bool](ctx, s, "ask whether there is mail", `SELECT accounts.has_mail()`)
}

type mailRow struct {
	ID        uuid.UUID
	Kind      string
	Person    uuid.UUID
	Client    uuid.UUID
	Name      string
	Email     string
	CreatedAt time.Time
	Attempts  int
	Error     string
}

func (r mailRow) mail() Mail {
	return Mail{
		ID: r.ID, Kind: MailKind(r.Kind), Person: domain.PersonID{UUID: r.Person}, Client: domain.ClientID{UUID: r.Client},
		Name: r.Name, Email: r.Email, CreatedAt: r.CreatedAt.UTC(), Attempts: r.Attempts, Error: r.Error,
	}
}

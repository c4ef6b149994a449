package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/accounts"
)

// Outbox is the accounts of one side, as far as mail goes.
type Outbox interface {
	// Take claims the mail that is due for longest; false when none is.
	Take(ctx context.Context) (accounts.Mail, bool, error)
	// Mint makes the link of a mail that was taken; domain.ErrNotFound when the mail has nothing to say any
	// more.
	Mint(ctx context.Context, m accounts.Mail) (accounts.Link, error)
	Sent(ctx context.Context, mail uuid.UUID) error
	// Failed keeps a mail for later, or sets it aside as dead.
	Failed(ctx context.Context, m accounts.Mail, dead bool, cause string) error
	// SetMail says whether mail is sent at all.
	SetMail(ctx context.Context, on bool) error
}

// Side is one side's outbox with the public address of the pages that its links lead to.
type Side struct {
	Side   domain.Side
	Outbox Outbox
	Base   *url.URL
}

// The bounds of the router.
const (
	attempts       = 2                      // quick ones after the first, before the mail waits for longer
	firstPause     = 500 * time.Millisecond // before the first of them
	longestPause   = 5 * time.Second
	look           = 2 * time.Second  // between two looks into an outbox that was empty
	routerShutdown = 20 * time.Second // for the mail under way
	settleTime     = 10 * time.Second // for writing down what became of it

	resetPatience = time.Hour      // a reset that comes later is of no use
	patience      = 24 * time.Hour // for every other mail
)

// Options of a router; all but Logger must be given.
type Options struct {
	Server *Server // nil: no mail is sent, and the accounts are told so
	Sides  []Side
	Now    func() time.Time
	Logger *slog.Logger
}

// Run sends mail until ctx ends. Without a server it only tells the accounts that there is no mail.
func Run(ctx context.Context, o Options) error {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	for _, side := range o.Sides {
		if err := side.Outbox.SetMail(ctx, o.Server != nil); err != nil {
			return fmt.Errorf("tell the %s accounts whether there is mail: %w", side.Side, err)
		}
	}
	if o.Server == nil {
		<-ctx.Done()
		return nil
	}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: routerShutdown}, watermill.NewSlogLogger(o.Logger))
	if err != nil {
		return fmt.Errorf("make the mail router: %w", err)
	}
	for _, side := range o.Sides {
		p := &post{side: side, server: o.Server, now: o.Now, logger: o.Logger}
		aside, err := middleware.PoisonQueueWithFilter(p, "mail aside", func(err error) bool { return !errors.Is(err, context.Canceled) })
		if err != nil {
			return fmt.Errorf("make the mail router: %w", err)
		}
		name := "mail of " + string(side.Side)
		router.AddConsumerHandler(name, name, p, p.send).AddMiddleware(
			aside, // The first is the outermost: it gets what the retries gave up on, panics included.
			middleware.Retry{
				MaxRetries: attempts, InitialInterval: firstPause, MaxInterval: longestPause, Multiplier: 3, RandomizationFactor: 0.3,
				ShouldRetry: func(p middleware.RetryParams) bool {
					return !errors.Is(p.Err, errRefused) && !errors.Is(p.Err, context.Canceled)
				},
				ResetContextOnRetry: true,
			}.Middleware,
			middleware.Recoverer,
		)
	}
	if err := router.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("run the mail router: %w", err)
	}
	return nil
}

// post is one side's outbox as Watermill sees it: a subscriber that hands out one mail at a time, and the
// publisher that takes back what could not be sent.
type post struct {
	side   Side
	server *Server
	now    func() time.Time
	logger *slog.Logger
}

// mailKey finds the mail in a message's context.
type mailKey struct{}

// letterOf is the mail that a message stands for.
func letterOf(msg *message.Message) (accounts.Mail, error) {
	m, ok := msg.Context().Value(mailKey{}).(accounts.Mail)
	if !ok {
		return m, fmt.Errorf("message %s carries no mail", msg.UUID)
	}
	return m, nil
}

// Subscribe hands out mail, each when the one before is done with, until ctx ends.
func (p *post) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	messages := make(chan *message.Message)
	go func() {
		defer close(messages)
		for ctx.Err() == nil {
			taken, err := p.hand(ctx, messages)
			if err != nil && ctx.Err() == nil {
				p.logger.WarnContext(ctx, "outbox cannot be read and is tried again", slog.String("side", string(p.side.Side)), slog.Any("error", err))
			}
			if !taken {
				rest(ctx, look)
			}
		}
	}()
	return messages, nil
}

// hand hands out one mail and waits until it is settled. A mail that was refused back (at a shutdown) comes
// again when its lease has run out.
func (p *post) hand(ctx context.Context, messages chan<- *message.Message) (bool, error) {
	m, ok, err := p.side.Outbox.Take(ctx)
	if err != nil || !ok {
		return false, err
	}
	msg := message.NewMessageWithContext(context.WithValue(ctx, mailKey{}, m), m.ID.String(), nil)
	select {
	case messages <- msg:
	case <-ctx.Done():
		return false, nil
	}
	select {
	case <-msg.Acked():
		return true, nil
	case <-msg.Nacked(): // Its outcome could not be written down: the database is away.
		return false, nil
	case <-ctx.Done():
		return false, nil
	}
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// send makes the link, writes the letter and hands it to the server.
func (p *post) send(msg *message.Message) error {
	m, err := letterOf(msg)
	if err != nil {
		return err
	}
	link, err := p.side.Outbox.Mint(msg.Context(), m)
	if errors.Is(err, domain.ErrNotFound) {
		return nil // Nothing to say any more; the outbox has dropped it.
	}
	if err != nil {
		return err
	}
	written, err := letter(m, p.side.Side, p.side.Base, link)
	if err != nil {
		return err
	}
	if err := p.server.Send(msg.Context(), written); err != nil {
		if errors.Is(err, errRefused) {
			msg.Metadata.Set("refused", "for good")
		}
		return err
	}
	// It is sent, so a shutdown that comes now must not have it sent again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(msg.Context()), settleTime)
	defer cancel()
	if err := p.side.Outbox.Sent(ctx, m.ID); err != nil {
		p.logger.ErrorContext(ctx, "a mail was sent and is sent again, because that could not be written down",
			slog.String("mail_id", m.ID.String()), slog.Any("error", err))
	}
	return nil
}

// Publish takes back what could not be sent: it waits for longer in the outbox, or is set aside.
func (p *post) Publish(_ string, messages ...*message.Message) error {
	for _, msg := range messages {
		m, err := letterOf(msg)
		if err != nil {
			return err
		}
		wait := patience
		if m.Kind == accounts.MailReset {
			wait = resetPatience
		}
		dead := msg.Metadata.Get("refused") != "" || p.now().Sub(m.CreatedAt) > wait
		ctx, cancel := context.WithTimeout(context.WithoutCancel(msg.Context()), settleTime)
		err = p.side.Outbox.Failed(ctx, m, dead, msg.Metadata.Get(middleware.ReasonForPoisonedKey))
		cancel()
		if err != nil {
			return err
		}
		p.logger.Warn("a mail could not be sent", slog.String("mail_id", m.ID.String()), slog.Int("attempts", m.Attempts), slog.Bool("dead", dead))
	}
	return nil
}

// Close has nothing to end: what Subscribe started ends with its context.
func (p *post) Close() error { return nil }

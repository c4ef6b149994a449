// Package mail sends what waits in the outbox of the accounts: invitations, resets and changes of address.
//
// It may import infra/accounts and domain, and no aggregate and no read model: a mail holds a person's own
// name and a link, so nothing internal can be in one. Watermill's router runs the sending: retries within
// seconds, longer waits by the outbox, and after those the dead letters that whoever operates mail sees.
//
// Surprises: delivery is at least once, under a Message-ID that stays the same, so that a mail server which
// got it twice can tell. The link of a mail is made when it is sent and is in no store. Nothing here logs an
// address or a link.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// sendTime bounds one attempt to hand a mail to the server.
const sendTime = 30 * time.Second

// errRefused says that the server will never take the mail.
var errRefused = errors.New("the mail server refused the mail for good")

// Server is the mail server that mails are handed to. Make it with Parse.
type Server struct {
	host    string
	from    mail.Address
	tls     *tls.Config // not nil when TLS begins with the connection
	options []gomail.Option
}

// Parse reads the URL of a mail server:
//
//	smtp://user:password@mail.example.org:587?from=Northwind <no-reply@example.org>
//
// smtps:// speaks TLS from the first byte, by default on port 465; smtp:// must upgrade to TLS, by default
// on port 587. tls=off sends in the clear, which is also the default on loopback. Errors name what is wrong
// and never hold the URL, which has a password in it.
func Parse(text string) (*Server, error) {
	u, err := url.Parse(strings.ReplaceAll(text, " ", "%20"))
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" {
		return nil, errors.New("the mail server's URL must have the form smtp://user:password@host:587?from=Name <address>")
	}
	query := u.Query()
	for name := range query {
		if name != "from" && name != "tls" {
			return nil, fmt.Errorf("the mail server's URL knows no parameter %q; it takes from and tls", name)
		}
	}
	from, err := mail.ParseAddress(query.Get("from"))
	if err != nil {
		return nil, errors.New("the mail server's URL needs a parameter from with the sender, such as from=Northwind <no-reply@example.org>")
	}
	s := &Server{host: u.Hostname(), from: *from, options: []gomail.Option{gomail.WithTimeout(sendTime)}}
	if err := s.secure(u.Scheme, query.Get("tls")); err != nil {
		return nil, err
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return nil, fmt.Errorf("the mail server's port %s is none", u.Port())
		}
		s.options = append(s.options, gomail.WithPort(int(port)))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

// secure decides on TLS.
func (s *Server) secure(scheme, said string) error {
	ip := net.ParseIP(s.host)
	loopback := s.host == "localhost" || ip != nil && ip.IsLoopback()
	config := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	switch {
	case said != "" && said != "off":
		return fmt.Errorf("the parameter tls of the mail server's URL is %q; leave it out, or write off", said)
	case scheme == "smtps" && said == "off":
		return errors.New("the mail server's URL says smtps and tls=off; use smtp:// for mail in the clear")
	case scheme == "smtps":
		s.tls = config
		s.options = append(s.options, gomail.WithSSL(), gomail.WithPort(465))
	case said == "off" || loopback:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithPort(25))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithPort(587), gomail.WithTLSConfig(config))
	}
	return nil
}

// Letter is one mail.
type Letter struct {
	ID            string // stable: the same letter has the same
	Name, Address string // of whom it goes to
	Subject       string
	Text, HTML    string
	At            time.Time
}

// Send hands a letter to the server. It wraps errRefused when trying again is of no use. The error names no
// address.
func (s *Server) Send(ctx context.Context, l Letter) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	message, err := s.message(l)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	client, err := gomail.NewClient(s.host, append(slices.Clone(s.options), gomail.WithDialContextFunc(s.dial(ctx)))...)
	if err != nil {
		return fmt.Errorf("prepare for the mail server: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(err, ctx.Err())
	}
	return s.explain(l, err)
}

// dial connects, and cuts the connection when the attempt ends: a server that has stalled does not hold up
// a shutdown.
func (s *Server) dial(attempt context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		if s.tls != nil {
			conn, err = (&tls.Dialer{Config: s.tls}).DialContext(ctx, network, address)
		} else {
			conn, err = new(net.Dialer).DialContext(ctx, network, address)
		}
		if err == nil {
			context.AfterFunc(attempt, func() { _ = conn.Close() }) // Closed before, or of no use any more.
		}
		return conn, err
	}
}

func (s *Server) message(l Letter) (*gomail.Msg, error) {
	message := gomail.NewMsg()
	from := s.from
	message.FromMailAddress(&from)
	to, err := mail.ParseAddress(l.Address)
	if err != nil {
		return nil, errors.New("the address is no address")
	}
	to.Name = oneLine(l.Name)
	message.ToMailAddress(to)
	message.Subject(oneLine(l.Subject))
	_, domain, _ := strings.Cut(s.from.Address, "@")
	message.SetMessageIDWithValue(l.ID + "@" + domain)
	message.SetDateWithValue(l.At)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday notice answers it.
	message.SetBodyString(gomail.TypeTextPlain, l.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return message, nil
}

// explain tells refusals for good from failures of the moment, and takes the address out of what the
// server said.
func (s *Server) explain(l Letter, err error) error {
	text := strings.ReplaceAll(err.Error(), l.Address, "<address>")
	refusal, ok := errors.AsType[*gomail.SendError](err)
	if ok && !refusal.IsTemp() && refusal.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %s", errRefused, text)
	}
	return errors.New(text)
}

// oneLine takes out what would begin another header.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

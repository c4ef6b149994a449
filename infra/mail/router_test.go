package mail_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/accounts"
	ours "effigate/infra/mail"
)

// server is a mail server in this process. reply decides on each recipient; nil takes everything.
type server struct {
	mu       sync.Mutex
	reply    func(address string) error
	received []*mail.Message
	bodies   []string
	arrived  chan struct{}
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

type session struct{ server *server }

func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }
func (*session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.reply == nil {
		return nil
	}
	return s.server.reply(to)
}

func (s *session) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.received = append(s.server.received, message)
	s.server.bodies = append(s.server.bodies, string(body))
	s.server.arrived <- struct{}{}
	return nil
}

// listen starts a mail server, on a port of its own or at the address given, and gives its URL.
func listen(t *testing.T, s *server) string {
	t.Helper()
	s.arrived = make(chan struct{}, 10_000)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(s)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Errorf("serve mail: %v", err)
		}
	})
	return fmt.Sprintf("smtp://%s?from=Northwind <no-reply@northwind.example>", listener.Addr())
}

// outbox keeps mail in memory the way the accounts keep it in their database.
type outbox struct {
	mu      sync.Mutex
	waiting []accounts.Mail
	taken   map[uuid.UUID]accounts.Mail
	dead    []string
	later   []string
	void    map[uuid.UUID]bool
	lost    bool // Sent cannot be written down
	on      *bool
	settled chan struct{}
	minted  int
}

func newOutbox(mails ...accounts.Mail) *outbox {
	return &outbox{waiting: mails, taken: map[uuid.UUID]accounts.Mail{}, void: map[uuid.UUID]bool{}, settled: make(chan struct{}, 10_000)}
}

func (o *outbox) Take(context.Context) (accounts.Mail, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return accounts.Mail{}, false, nil
	}
	m := o.waiting[0]
	o.waiting = o.waiting[1:]
	m.Attempts++
	o.taken[m.ID] = m
	return m, true, nil
}

func (o *outbox) Mint(_ context.Context, m accounts.Mail) (accounts.Link, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.void[m.ID] {
		o.settled <- struct{}{}
		return accounts.Link{}, domain.Refuse(domain.ErrNotFound, "mail_void", "void")
	}
	o.minted++
	return accounts.Link{Token: fmt.Sprintf("token-%d", o.minted), Expires: at.Add(time.Hour)}, nil
}

func (o *outbox) Sent(_ context.Context, id uuid.UUID) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost {
		o.lost = false
		o.waiting = append(o.waiting, o.taken[id])
		return errors.New("the database is away")
	}
	delete(o.taken, id)
	o.settled <- struct{}{}
	return nil
}

func (o *outbox) Failed(_ context.Context, m accounts.Mail, dead bool, cause string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.taken, m.ID)
	if dead {
		o.dead = append(o.dead, cause)
	} else {
		o.later = append(o.later, cause)
		o.waiting = append(o.waiting, m)
	}
	o.settled <- struct{}{}
	return nil
}

func (o *outbox) SetMail(_ context.Context, on bool) error { o.on = &on; return nil }

var at = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)

func letterTo(address, name string) accounts.Mail {
	return accounts.Mail{ID: domain.Derive(uuid.Nil, address, name), Kind: accounts.MailInvitation, Name: name, Email: address, CreatedAt: at}
}

// record is a log that is read while the router may still write to it.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// run sends what the outbox holds while the test goes on, and gives the log.
func run(t *testing.T, o *outbox, where string, now time.Time) (stop func() string) {
	t.Helper()
	log := &record{}
	parsed, err := ours.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	base, _ := url.Parse("https://portal.northwind.example")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- ours.Run(ctx, ours.Options{
			Server: parsed, Sides: []ours.Side{{Side: domain.ClientSide, Outbox: o, Base: base}},
			Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
	}()
	stop = sync.OnceValue(func() string {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		return log.String()
	})
	t.Cleanup(func() { stop() })
	return stop
}

func wait(t *testing.T, signal <-chan struct{}) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing happened for 30 s")
	}
}

func TestMailIsSentWithItsLink(t *testing.T) {
	t.Parallel()
	s := &server{}
	o := newOutbox(letterTo("olivia@nexus.example", "Olivia <Chen>"))
	stop := run(t, o, listen(t, s), at)
	wait(t, o.settled)
	log := stop()
	if len(s.received) != 1 || *o.on != true {
		t.Fatalf("%d mails arrived", len(s.received))
	}
	got := s.received[0].Header
	if to, err := got.AddressList("To"); err != nil || to[0].Name != "Olivia <Chen>" || to[0].Address != "olivia@nexus.example" {
		t.Errorf("To: %v, %v", to, err)
	}
	if from := got.Get("From"); from != `"Northwind" <no-reply@northwind.example>` {
		t.Errorf("From: %s", from)
	}
	if want := "<" + letterTo("olivia@nexus.example", "Olivia <Chen>").ID.String() + "@northwind.example>"; got.Get("Message-ID") != want {
		t.Errorf("Message-ID %s, want %s", got.Get("Message-ID"), want)
	}
	if body := s.bodies[0]; strings.Count(body, "https://portal.northwind.example/invitation/token-1") < 2 || !strings.Contains(body, "Olivia &lt;Chen&gt;") {
		t.Errorf("body:\n%s", body)
	}
	if strings.Contains(log, "olivia") || strings.Contains(log, "token-1") {
		t.Errorf("the log tells an address or a link:\n%s", log)
	}
}

// A reminder leads to the invoices, behind the login, and tells nothing of them.
func TestReminderLeadsToTheInvoices(t *testing.T) {
	t.Parallel()
	s, m := &server{}, letterTo("olivia@nexus.example", "Olivia Chen")
	m.Kind = accounts.MailNotice
	o := newOutbox(m)
	stop := run(t, o, listen(t, s), at)
	wait(t, o.settled)
	stop()
	if len(s.received) != 1 {
		t.Fatalf("%d mails arrived", len(s.received))
	}
	if subject := s.received[0].Header.Get("Subject"); subject != "An invoice is overdue" || !strings.Contains(s.bodies[0], "https://portal.northwind.example/invoices") {
		t.Errorf("%s:\n%s", subject, s.bodies[0])
	}
}

// A mail has no place for what was said (A3), nor for whoever of the staff said it (A10): of what the router is given it
// tells the name of its reader alone, beside a link and the words of its kind. Its headers name the sender of all mails.
func TestAMailTellsNothingOfItsCause(t *testing.T) {
	t.Parallel()
	var fields []string
	for field := range reflect.TypeFor[accounts.Mail]().Fields() {
		fields = append(fields, field.Name)
	}
	if diff := cmp.Diff([]string{"ID", "Kind", "Person", "Client", "Name", "Email", "CreatedAt", "Attempts", "Error"}, fields); diff != "" {
		t.Errorf("a mail is made of more (-want +got):\n%s", diff)
	}
	const internal, staff = "INTERNAL", "anna@firm.example"
	s, mails := &server{}, []accounts.Mail{letterTo(staff, "Anna Staff")}
	for _, kind := range []accounts.MailKind{accounts.MailNotice, accounts.MailInvitation, accounts.MailReset, accounts.MailEmailOld, accounts.MailEmailNew} {
		m := letterTo("olivia@nexus.example", "Olivia Chen")
		m.ID, m.Kind, m.Error = domain.Derive(uuid.Nil, string(kind)), kind, internal+" answer for "+staff
		mails = append(mails, m)
	}
	o := newOutbox(mails...)
	stop := run(t, o, listen(t, s), at)
	for range mails {
		wait(t, o.settled)
	}
	stop()
	if len(s.received) != len(mails) {
		t.Fatalf("%d mails arrived, want %d", len(s.received), len(mails))
	}
	for i, m := range s.received {
		if strings.Contains(m.Header.Get("To"), staff) {
			continue // The one to the staff.
		}
		if said := fmt.Sprint(m.Header, s.bodies[i]); strings.Contains(said, internal) || strings.Contains(said, staff) || strings.Contains(said, "Anna") {
			t.Errorf("a client reads %s", said)
		}
		if from := m.Header.Get("From"); !strings.Contains(from, "no-reply@northwind.example") {
			t.Errorf("it is from %s", from)
		}
	}
}

// What a server cannot take now is tried again at once, then later; what it never takes is set aside.
func TestRefusals(t *testing.T) {
	t.Parallel()
	busy := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try later"}
	unknown := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user ada@nexus.example"}
	t.Run("busy once", func(t *testing.T) {
		t.Parallel()
		asked := 0
		s := &server{reply: func(string) error {
			if asked++; asked == 1 {
				return busy
			}
			return nil
		}}
		o := newOutbox(letterTo("ada@nexus.example", "Ada"))
		run(t, o, listen(t, s), at)
		wait(t, o.settled)
		if len(s.received) != 1 || len(o.later)+len(o.dead) != 0 {
			t.Errorf("%d arrived, %v later, %v dead", len(s.received), o.later, o.dead)
		}
	})
	t.Run("unknown for good", func(t *testing.T) {
		t.Parallel()
		asked := 0
		s := &server{reply: func(string) error { asked++; return unknown }}
		o := newOutbox(letterTo("ada@nexus.example", "Ada"))
		stop := run(t, o, listen(t, s), at)
		wait(t, o.settled)
		log := stop()
		if asked != 1 || len(o.dead) != 1 || !strings.Contains(o.dead[0], "550") || strings.Contains(o.dead[0]+log, "ada@") {
			t.Errorf("asked %d times, dead %v, log:\n%s", asked, o.dead, log)
		}
	})
	t.Run("busy for a day", func(t *testing.T) {
		t.Parallel()
		s := &server{reply: func(string) error { return busy }}
		o := newOutbox(letterTo("ada@nexus.example", "Ada"))
		run(t, o, listen(t, s), at.Add(25*time.Hour))
		wait(t, o.settled)
		if len(o.dead) != 1 {
			t.Errorf("dead %v, later %v", o.dead, o.later)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		o := newOutbox(letterTo("ada@nexus.example", "Ada"))
		run(t, o, "smtp://127.0.0.1:1?from=a@b.org", at)
		wait(t, o.settled)
		if len(o.later) == 0 || len(o.dead) != 0 {
			t.Errorf("later %v, dead %v", o.later, o.dead)
		}
	})
	t.Run("nothing to say any more", func(t *testing.T) {
		t.Parallel()
		s := &server{}
		m := letterTo("ada@nexus.example", "Ada")
		o := newOutbox(m)
		o.void[m.ID] = true
		stop := run(t, o, listen(t, s), at)
		wait(t, o.settled)
		stop()
		if len(s.received) != 0 || len(o.dead)+len(o.later) != 0 {
			t.Errorf("%d arrived, %v, %v", len(s.received), o.dead, o.later)
		}
	})
}

// A mail whose sending could not be written down is sent again under the same Message-ID.
func TestRepeatedMailHasTheSameID(t *testing.T) {
	t.Parallel()
	s := &server{}
	o := newOutbox(letterTo("ada@nexus.example", "Ada"))
	o.lost = true
	stop := run(t, o, listen(t, s), at)
	wait(t, o.settled)
	stop()
	if len(s.received) != 2 || s.received[0].Header.Get("Message-ID") != s.received[1].Header.Get("Message-ID") {
		t.Errorf("%d mails arrived", len(s.received))
	}
}

// A shutdown in the middle leaves the mail to the next process; it is not a failure of the mail.
func TestShutdownIsNoFailure(t *testing.T) {
	t.Parallel()
	reached, let := make(chan struct{}), make(chan struct{})
	s := &server{reply: func(string) error { close(reached); <-let; return nil }}
	o := newOutbox(letterTo("ada@nexus.example", "Ada"))
	stop := run(t, o, listen(t, s), at)
	wait(t, reached)
	stop()
	close(let)
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.dead)+len(o.later) != 0 {
		t.Errorf("dead %v, later %v", o.dead, o.later)
	}
}

// Nobody's name begins a header of its own, and nothing of one mail is in another.
func TestNamesCannotInjectHeaders(t *testing.T) {
	t.Parallel()
	s := &server{}
	o := newOutbox(
		letterTo("ada@nexus.example", "Ada\r\nBcc: eve@evil.example\r\n\r\nHello"),
		letterTo("gil@globex.example", "Gil"),
	)
	stop := run(t, o, listen(t, s), at)
	wait(t, o.settled)
	wait(t, o.settled)
	stop()
	for i, m := range s.received {
		if m.Header.Get("Bcc") != "" || len(m.Header["To"]) != 1 {
			t.Errorf("headers: %v", m.Header)
		}
		if i == 1 && strings.Contains(s.bodies[i], "Ada") {
			t.Errorf("Gil reads:\n%s", s.bodies[i])
		}
	}
}

func TestManyMailsAreSentOneByOne(t *testing.T) {
	t.Parallel()
	const many = 300
	mails := make([]accounts.Mail, many)
	for i := range mails {
		mails[i] = letterTo(fmt.Sprintf("user%d@nexus.example", i), "User")
	}
	s := &server{}
	o := newOutbox(mails...)
	run(t, o, listen(t, s), at)
	for range many {
		wait(t, o.settled)
	}
	if len(s.received) != many {
		t.Errorf("%d of %d arrived", len(s.received), many)
	}
}

func TestWithoutServerTheAccountsAreTold(t *testing.T) {
	t.Parallel()
	o := newOutbox()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ours.Run(ctx, ours.Options{Sides: []ours.Side{{Outbox: o}}}); err != nil || o.on == nil || *o.on {
		t.Errorf("Run: %v, told %v", err, o.on)
	}
}

package web_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web"
)

// bench is a web.Feed in memory. Its changes are numbered from 1.
type bench struct {
	mu      sync.Mutex
	changes []web.Change
	pruned  int
	more    chan struct{}
}

func newBench() *bench { return &bench{more: make(chan struct{})} }

func (b *bench) add(kinds ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, kind := range kinds {
		number := len(b.changes) + 1
		b.changes = append(b.changes, web.Change{ID: strconv.Itoa(number), Kind: kind, Key: uuid.UUID{15: byte(number)}, Removed: kind == "gone"})
	}
	close(b.more)
	b.more = make(chan struct{})
}

func (b *bench) Last(context.Context, domain.Actor) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strconv.Itoa(len(b.changes)), nil
}

func (b *bench) Since(_ context.Context, _ domain.Actor, id string, limit int) ([]web.Change, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	after, err := strconv.Atoi(id)
	if err != nil || after < b.pruned || after > len(b.changes) {
		return nil, fmt.Errorf("%w: %q", web.ErrLost, id)
	}
	found := b.changes[after:]
	return append([]web.Change(nil), found[:min(limit, len(found))]...), nil
}

func (b *bench) Changed(domain.Actor) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.more
}

// revocable is a verifier whose only login can end.
type revocable struct {
	mu    sync.Mutex
	ended bool
	role  domain.Role // another than the one it began with, if any
	// attended and unattended count the verifications.
	attended, unattended int
}

func (v *revocable) Session(context.Context, string) (auth.Login, error) {
	return auth.Login{}, auth.ErrUnauthenticated
}

func (v *revocable) Key(ctx context.Context, token string) (auth.Login, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if auth.IsUnattended(ctx) {
		v.unattended++
	} else {
		v.attended++
	}
	if v.ended {
		return auth.Login{}, auth.ErrUnauthenticated
	}
	actor := people["ada"]
	if token != "any" {
		actor.Person.UUID = domain.Derive(actor.Client.UUID, token) // Somebody else of the organisation.
	}
	if v.role != "" {
		actor.Role = v.role
	}
	return auth.Login{Actor: actor}, nil
}

func (v *revocable) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
}

// pipes is a listener whose connections stay in memory, so that synctest's clock governs them.
type pipes struct {
	offered chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newPipes() *pipes { return &pipes{offered: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.offered:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(t *testing.T) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	p.offered <- theirs
	return ours
}

// service is a served API with a stream at /events.
type service struct {
	api      *web.API
	feed     *bench
	login    *revocable
	listener *pipes
	log      *journal
	stop     func() error
}

// serve starts a service; call stop before the bubble ends.
func serve(t *testing.T) *service {
	t.Helper()
	s := &service{feed: newBench(), login: &revocable{}, listener: newPipes(), log: &journal{}}
	s.api = web.New(web.Options{Title: "things", Side: domain.ClientSide, Verifier: s.login, Logger: slog.New(slog.NewTextHandler(s.log, nil))})
	s.api.Events("/events", s.feed)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.api.Serve(ctx, s.listener) }()
	s.stop = func() error {
		cancel()
		return <-done
	}
	return s
}

// reader reads one stream.
type reader struct {
	conn  net.Conn
	lines *bufio.Scanner
}

// listen opens a stream, from the last event's id if one is given.
func (s *service) listen(t *testing.T, last string) *reader {
	t.Helper()
	return s.listenAs(t, "any", last)
}

// listenAs is listen with a token; "any" is the login's own.
func (s *service) listenAs(t *testing.T, token, last string) *reader {
	t.Helper()
	return s.open(t, "/events", token, last)
}

// open opens a stream at a path with its query.
func (s *service) open(t *testing.T, path, token, last string) *reader {
	t.Helper()
	conn := s.listener.dial(t)
	request := "GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n"
	if last != "" {
		request += "Last-Event-ID: " + last + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		t.Fatal(err)
	}
	buffered := bufio.NewReader(conn)
	answer, err := http.ReadResponse(buffered, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("status %d, Content-Type %q", answer.StatusCode, got)
	}
	return &reader{conn: conn, lines: bufio.NewScanner(answer.Body)}
}

// next gives the next event in one line, or the comment, or "end".
func (r *reader) next() string {
	var parts []string
	for r.lines.Scan() {
		line := r.lines.Text()
		if line == "" {
			return strings.Join(parts, " ")
		}
		parts = append(parts, line)
	}
	return "end"
}

func (r *reader) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if diff := cmp.Diff(w, r.next()); diff != "" {
			t.Fatalf("event (-want +got):\n%s", diff)
		}
	}
}

func changed(number int, kind string) string {
	removed := ""
	if kind == "gone" {
		removed = `,"removed":true`
	}
	return fmt.Sprintf(`id: %d event: %s data: {"key":"%s"%s}`, number, kind, uuid.UUID{15: byte(number)}, removed)
}

func TestStreamSendsNamesOfChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.feed.add("old")
		r := s.listen(t, "")
		r.expect(t, "id: 1 event: ready data: {}")
		s.feed.add("ticket", "gone")
		r.expect(t, changed(2, "ticket"), changed(3, "gone"))
		s.feed.add("comment")
		r.expect(t, changed(4, "comment"))
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStreamResumesAfterTheLastEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.feed.add("a", "b", "c")
		s.listen(t, "1").expect(t, changed(2, "b"), changed(3, "c"))
		s.feed.pruned = 2
		s.listen(t, "1").expect(t, "id: 3 event: resync data: {}")
		s.listen(t, "no id at all").expect(t, "id: 3 event: resync data: {}")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A page says what it shows, so that its stream misses nothing that came between the two.
func TestStreamBeginsWhereItsPageWasRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.feed.add("shown", "missed")
		page := s.open(t, "/events?since=1", "any", "")
		page.expect(t, changed(2, "missed"))
		s.feed.add("new")
		page.expect(t, changed(3, "new"))
		// A reader that comes back asks for the same page's stream, and has heard more since.
		again := s.open(t, "/events?since=1", "any", "2")
		again.expect(t, changed(3, "new"))
		s.feed.pruned = 2
		lost := s.open(t, "/events?since=1", "any", "")
		lost.expect(t, "id: 3 event: resync data: {}")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStreamThatIsFarBehindIsToldToResync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r := s.listen(t, "")
		r.expect(t, "id: 0 event: ready data: {}")
		for range 300 {
			s.feed.add("ticket")
		}
		for r.expectID(t) < 300 {
		}
		s.feed.add("ticket")
		r.expect(t, `id: 301 event: ticket data: {"key":"`+uuid.UUID{15: 301 & 0xff}.String()+`"}`)
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// expectID gives the id of the next event, which is either a change or a resync.
func (r *reader) expectID(t *testing.T) int {
	t.Helper()
	event := r.next()
	var id int
	var rest string
	if _, err := fmt.Sscanf(event, "id: %d event: %s", &id, &rest); err != nil {
		t.Fatalf("event %q: %v", event, err)
	}
	return id
}

// A reader that stops reading loses its stream, holds up nobody, and can resume.
func TestStalledReaderIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		stalled, quick := s.listen(t, ""), s.listen(t, "")
		stalled.expect(t, "id: 0 event: ready data: {}")
		quick.expect(t, "id: 0 event: ready data: {}")
		s.feed.add("ticket") // A pipe holds nothing, so this write to the stalled one blocks.
		quick.expect(t, changed(1, "ticket"))
		time.Sleep(11 * time.Second) // The bubble's clock, not the wall's: past the write timeout.
		synctest.Wait()
		if log := s.log.String(); strings.Count(log, "route=/events") != 1 {
			t.Errorf("the stalled stream has not ended:\n%s", log)
		}
		stalled.expect(t, "end")
		s.listen(t, "0").expect(t, changed(1, "ticket"))
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStreamLivesOnHeartbeatsAndEndsWithItsLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r := s.listen(t, "")
		started := time.Now() //nolint:forbidigo // the bubble's clock
		r.expect(t, "id: 0 event: ready data: {}", ": alive", ": alive", ": alive")
		if got := time.Since(started); got != 45*time.Second {
			t.Errorf("three heartbeats took %s", got)
		}
		synctest.Wait()
		s.login.end()
		r.expect(t, ": alive", "event: bye data: {}", "end")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A tab that is left open says nothing about whether anybody sits before it.
func TestStreamVerifiesItsLoginUnattended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r := s.listen(t, "")
		r.expect(t, "id: 0 event: ready data: {}", ": alive", ": alive")
		s.feed.add("ticket")
		r.expect(t, changed(1, "ticket"))
		s.api.Forget(ada)
		r.expect(t, ": alive")
		synctest.Wait()
		s.login.mu.Lock()
		if s.login.attended != 1 || s.login.unattended < 5 {
			t.Errorf("%d verifications as of a request of somebody, %d by itself", s.login.attended, s.login.unattended)
		}
		s.login.mu.Unlock()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// The page of somebody who logs out elsewhere, or loses their rights, does not stay open until a heartbeat.
func TestStreamEndsAtOnceWhenItsLoginIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r, other := s.listen(t, ""), s.listenAs(t, "other", "")
		r.expect(t, "id: 0 event: ready data: {}")
		other.expect(t, "id: 0 event: ready data: {}")
		synctest.Wait()
		s.api.Forget(ada)
		s.login.end()
		s.api.Forget(ada)
		started := time.Now() //nolint:forbidigo // the bubble's clock
		r.expect(t, "event: bye data: {}", "end")
		if waited := time.Since(started); waited > time.Second {
			t.Errorf("the stream went on for %s", waited)
		}
		s.feed.add("ticket") // The next wake of the other, whose login has ended too.
		other.expect(t, "event: bye data: {}", "end")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A stream began with what its role may hear of; with another role the page has to be made anew.
func TestStreamEndsWhenTheRoleChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r := s.listen(t, "")
		r.expect(t, "id: 0 event: ready data: {}")
		synctest.Wait()
		s.login.mu.Lock()
		s.login.role = domain.ClientEmployee
		s.login.mu.Unlock()
		s.feed.add("ticket")
		r.expect(t, "event: bye data: {}", "end")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A lost signal costs at most one heartbeat.
func TestStreamLooksForItselfAtEachHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r := s.listen(t, "")
		r.expect(t, "id: 0 event: ready data: {}")
		synctest.Wait()
		s.feed.mu.Lock()
		s.feed.changes = append(s.feed.changes, web.Change{ID: "1", Kind: "ticket", Key: uuid.UUID{15: 1}})
		s.feed.mu.Unlock()
		r.expect(t, ": alive", changed(1, "ticket"))
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStopEndsStreamsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r := s.listen(t, "")
		r.expect(t, "id: 0 event: ready data: {}")
		started := time.Now() //nolint:forbidigo // the bubble's clock
		ended := make(chan string, 1)
		go func() { ended <- r.next() }()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if got := <-ended; got != "end" {
			t.Errorf("stream ended with %q", got)
		}
		if waited := time.Since(started); waited > time.Second {
			t.Errorf("stop took %s with a stream open", waited)
		}
	})
}

func TestStreamsOfOnePersonAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		for range 32 {
			s.listen(t, "").expect(t, "id: 0 event: ready data: {}")
		}
		s.expectNoMore(t, "any")
		s.listenAs(t, "bob", "").expect(t, "id: 0 event: ready data: {}")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// The streams of one process are bounded too, and an organisation with many users could take them all.
func TestStreamsOfOneClientAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		for i := range 512 {
			s.listenAs(t, fmt.Sprint("user", i/32), "").expect(t, "id: 0 event: ready data: {}")
		}
		s.expectNoMore(t, "bob")
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// expectNoMore fails the test unless one more stream is refused for now.
func (s *service) expectNoMore(t *testing.T, token string) {
	t.Helper()
	conn := s.listener.dial(t)
	_, _ = conn.Write([]byte("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n"))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one stream more is answered with %d", answer.StatusCode)
	}
	_ = conn.Close() // First, or closing the body of a stream that was admitted would read it to its end.
	_ = answer.Body.Close()
}

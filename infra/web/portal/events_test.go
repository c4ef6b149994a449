package portal_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"effigate/domain/visible"
	"effigate/infra/web/portal"
)

// event is one server-sent event.
type event struct{ id, name, data string }

// listen opens a stream of a served portal and gives a function that waits for the next event.
func listen(t *testing.T, address, token, last string) (next func() event) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: portal.Cookie, Value: token})
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	return func() (e event) {
		t.Helper()
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			case "":
				return e
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return e
	}
}

func serve(t *testing.T, w *world) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	return listener.Addr().String()
}

func TestEventsTellAClientOfItsOwnChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(visible.Category{Client: acme, ID: id(31), Contract: id(21), JobType: "net", Name: "Net"},
		visible.Category{Client: globex, ID: id(32), Contract: id(22), JobType: "tel", Name: "Tel"}))
	address := serve(t, w)
	ada, eve := listen(t, address, "ada", ""), listen(t, address, "eve", "")
	start := ada()
	if start.name != "ready" || eve().name != "ready" {
		t.Fatalf("the stream begins with %+v", start)
	}
	w.show(ticket(70, globex, id(13))) // Nobody of acme hears of it: the next event is the next change of acme.
	w.show(ticket(1, acme, id(11)))    // The admin's.
	w.show(ticket(2, acme, id(12)))
	w.hide(visible.Comment{Client: acme, ID: id(51)}.Key())
	w.show(ticket(71, globex, id(13)))
	w.show(visible.Contract{Client: acme, ID: id(21), Reference: "CON-9", Type: "fixed"}) // Without the grant nobody hears of it.
	w.show(visible.Claim{Client: acme, ID: id(201), Paid: "0", Credited: "0", WrittenOff: "0", Left: "1", Disputed: "0"})
	w.hide(visible.Key{Client: acme, Kind: visible.KindPrint, ID: id(201)})
	w.show(visible.Category{Client: acme, ID: id(31), Contract: id(21), JobType: "net", Name: "Networks"})
	names := func(next func() event, count int) (heard []string, last event) {
		for range count {
			last = next()
			heard = append(heard, last.name+" "+last.data)
		}
		return heard, last
	}
	key := func(kind string, n byte, more string) string {
		return kind + ` {"key":"` + id(n).String() + `"` + more + `}`
	}
	heard, last := names(ada, 7)
	want := []string{
		key("ticket", 101, ""), key("ticket", 102, ""), key("comment", 51, `,"removed":true`), key("contract", 21, ""),
		key("claim", 201, ""), key("print", 201, `,"removed":true`), key("category", 31, ""),
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("the admin hears (-want +got):\n%s", diff)
	}
	heard, _ = names(eve, 3)
	if diff := cmp.Diff([]string{want[1], want[2], want[6]}, heard); diff != "" {
		t.Errorf("the employee hears (-want +got):\n%s", diff)
	}
	if opaque := regexp.MustCompile(`^[A-Za-z0-9_-]{40,}$`); !opaque.MatchString(last.id) || !opaque.MatchString(start.id) {
		t.Errorf("ids %q and %q are not sealed", start.id, last.id)
	}

	heard, _ = names(listen(t, address, "ada", start.id), 7)
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("after a pause the admin hears (-want +got):\n%s", diff)
	}
	for _, id := range []string{"41", last.id + "x"} {
		if got := listen(t, address, "ada", id)(); got.name != "resync" || got.id != last.id {
			t.Errorf("resuming after %q gives %+v", id, got)
		}
	}
	if got := listen(t, address, "gil", last.id)(); got.name != "resync" {
		t.Errorf("resuming after another client's id gives %+v", got)
	}
}

// A client that never heard of anything has no event to resume after, so its first one is a resync.
func TestTheFirstChangeOfAClientIsAResync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	owner, err := pgx.Connect(t.Context(), w.access.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), `DELETE FROM control.changes`); err != nil { // Of populating, if it was live.
		t.Fatal(err)
	}
	if err := owner.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada := listen(t, serve(t, w), "ada", "")
	if got := ada(); got.name != "ready" {
		t.Fatalf("the stream begins with %+v", got)
	}
	w.show(ticket(1, acme, id(11)))
	if got := ada(); got.name != "resync" {
		t.Errorf("the first change is %+v", got)
	}
	w.show(ticket(1, acme, id(11)))
	if got := ada(); got.name != "ticket" {
		t.Errorf("the second change is %+v", got)
	}
}

// A stream is for people of the side alone, and a key needs the scope.
func TestStreamsAreForTheirPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for caller, want := range map[string]int{"": 401, "ended": 401, "sue": 404, "unknown key": 401, "adas-key for tickets.read": 403} {
		if got := call(w.Portal, http.MethodGet, "/events", caller, ""); got.Code != want {
			t.Errorf("%q: status %d, want %d: %s", caller, got.Code, want, got.Body)
		}
	}
}

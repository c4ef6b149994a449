package console_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"effigate/domain"
)

// listen opens the stream of events as a role and gives its lines, but for empty ones.
func (o *office) listen(role domain.Role, last string) (next func() string) {
	o.t.Helper()
	server := httptest.NewServer(o.console.Handler())
	ctx, cancel := context.WithTimeout(o.t.Context(), 30*time.Second) // It ends a wait in vain.
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events", http.NoBody)
	if err != nil {
		o.t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: "__Host-effigate_console", Value: string(role)})
	request.Header.Set("Last-Event-ID", last)
	answer, err := server.Client().Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { cancel(); _ = answer.Body.Close(); server.Close() })
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		o.t.Helper()
		for lines.Scan() {
			if line := lines.Text(); line != "" && !strings.HasPrefix(line, ":") {
				return line
			}
		}
		o.t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	o.world.Read(t, nothing)
	next := o.listen(domain.Engineer, "")
	id := strings.TrimPrefix(next(), "id: ")
	if event := next(); event != "event: ready" {
		t.Fatalf("the stream begins with %q", event)
	}
	next() // Its data, which is empty.
	ticket, _ := o.raise(client, contract, "")
	read := func(next func() string) string {
		next() // The id.
		return next() + " " + next()
	}
	want := `event: ticket data: {"key":"` + ticket + `"}`
	if got := read(next); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	if got := read(o.listen(domain.Engineer, id)); got != want {
		t.Errorf("heard %q after resuming, want %q", got, want)
	}
	for _, lost := range []string{"999999", "-1", "x"} {
		if got := read(o.listen(domain.Engineer, lost)); got != "event: resync data: {}" {
			t.Errorf("heard %q after the unknown id %s", got, lost)
		}
	}
	o.call(domain.ClientAdmin, http.MethodGet, "/events", "").refused(t, http.StatusNotFound, "not_found")
}

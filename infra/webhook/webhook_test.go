package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/infra/outside"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/webhook"
)

var (
	acme   = domain.ClientID{UUID: uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")}
	nexus  = domain.ClientID{UUID: uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")}
	ada    = domain.PersonID{UUID: uuid.MustParse("11111111-1111-4111-8111-111111111111")}
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

// desk is the client side's webhooks, with a clock that stands until it is moved.
type desk struct {
	*webhook.Service                  // of the owner
	portal           *webhook.Service // of portal_accounts
	pool             *pgxpool.Pool
	render           webhook.Render

	mu  sync.Mutex
	now time.Time
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	access := postgrestest.Database(t, postgres.ClientSide)
	database, err := postgres.Open(t.Context(), access.Owner, postgres.ClientSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	narrow, err := pgxpool.New(t.Context(), access.Accounts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(narrow.Close)
	d := &desk{now: monday, pool: database.Pool}
	d.render = func(_ context.Context, due webhook.Due) (any, error) { return due.Subject, nil }
	d.Service, d.portal = d.service(t, database.Pool, true), d.service(t, narrow, true)
	return d
}

func (d *desk) service(t *testing.T, pool *pgxpool.Pool, loopback bool) *webhook.Service {
	t.Helper()
	s, err := webhook.New(webhook.Options{
		Pool: pool, Key: []byte(strings.Repeat("k", 32)), Kinds: []string{"ticket.created", "ticket.updated"}, Loopback: loopback,
		Now: d.clock, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (d *desk) side() webhook.Side {
	return webhook.Side{Side: domain.ClientSide, Service: d.Service, Render: d.render}
}

// step makes one attempt, and fails the test unless there is one to make.
func (d *desk) step(t *testing.T) {
	t.Helper()
	if made, err := d.side().Step(t.Context()); err != nil || !made {
		t.Fatalf("an attempt was made: %t, %v", made, err)
	}
}

func (d *desk) idle(t *testing.T) {
	t.Helper()
	if made, err := d.side().Step(t.Context()); err != nil || made {
		t.Fatalf("an attempt was made: %t, %v; want none", made, err)
	}
}

func (d *desk) add(t *testing.T, n byte, client domain.ClientID, url string, kinds ...string) (secret string) {
	t.Helper()
	secret, err := d.portal.Add(t.Context(), id(n), client, ada, d.clock(), webhook.Asked{URL: url, Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (d *desk) enqueue(t *testing.T, n byte, client domain.ClientID, kind string) {
	t.Helper()
	news := webhook.News{ID: id(n), Client: client, Kind: kind, Subject: map[string]int{"n": int(n)}, At: d.clock(), Position: domain.Position{Commit: 7, Prepare: 7}}
	if err := d.Enqueue(t.Context(), []webhook.News{news}); err != nil {
		t.Fatal(err)
	}
}

// log gives the deliveries of the first endpoint.
func (d *desk) log(t *testing.T, client domain.ClientID) []webhook.Delivery {
	t.Helper()
	all, next, err := d.portal.Deliveries(t.Context(), client, id(1), nil, 0)
	if err != nil || next != nil {
		t.Fatal(err, next)
	}
	return all
}

// received is a webhook as a receiver got it.
type received struct {
	id, signatures, timestamp string
	body                      []byte
}

// receiver keeps what it gets, and answers as it is told.
type receiver struct {
	*httptest.Server
	got    chan received
	mu     sync.Mutex
	answer http.HandlerFunc
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{got: make(chan received, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		h := request.Header
		r.got <- received{h.Get("webhook-id"), h.Get("webhook-signature"), h.Get("webhook-timestamp"), body}
		r.mu.Lock()
		answer := r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(w, request)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) says(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// next gives what came last; nothing else may have come.
func (r *receiver) next(t *testing.T) received {
	t.Helper()
	select {
	case got := <-r.got:
		return got
	default:
		t.Fatal("nothing came")
		return received{}
	}
}

func (r *receiver) none(t *testing.T) {
	t.Helper()
	if n := len(r.got); n > 0 {
		t.Fatalf("%d came, want none", n)
	}
}

// signedBy verifies as the standard tells receivers to, apart from how we sign.
func (m received) signedBy(t *testing.T, secret string) bool {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || !strings.HasPrefix(secret, "whsec_") || len(key) != 32 {
		t.Fatalf("%q is no secret: %v", secret, err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, m.id+"."+m.timestamp+"."+string(m.body))
	for one := range strings.SplitSeq(m.signatures, " ") {
		version, text, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(signature, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

func TestSignsAsTheStandardDoes(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), [][]byte{secret})
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestTellsWhatHappens(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	secret := d.add(t, 1, acme, r.URL+"/in?a=1")
	d.enqueue(t, 10, acme, "ticket.created")
	r.says(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "thanks\x00 \xff") })
	d.step(t)
	d.idle(t)
	got := r.next(t)
	if !got.signedBy(t, secret) || got.timestamp != strconv.FormatInt(monday.Unix(), 10) {
		t.Errorf("not signed, or not by now: %+v", got)
	}
	if want := `{"type":"ticket.created","timestamp":"2026-03-02T09:00:00Z","data":{"n":10}}`; strings.ReplaceAll(string(got.body), " ", "") != want {
		t.Errorf("body %s, want %s", got.body, want)
	}
	want := []webhook.Delivery{{
		ID: uuid.MustParse(got.id), Kind: "ticket.created", At: monday, State: webhook.Sent, CreatedAt: monday, NextAt: monday, Attempts: 1,
		TriedAt: monday, Code: 200, Answer: "thanks �",
	}}
	if diff := cmp.Diff(want, d.log(t, acme)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// A fact that is handled again after a crash is told once, and what is sent again has the id it had.
func TestFactsAreToldOnce(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	d.enqueue(t, 10, acme, "ticket.created")
	d.step(t)
	d.enqueue(t, 10, acme, "ticket.created")
	d.idle(t)
	first := r.next(t)
	if err := d.portal.SendAgain(t.Context(), acme, id(1), uuid.MustParse(first.id)); err != nil {
		t.Fatal(err)
	}
	d.step(t)
	if again := r.next(t); again.id != first.id {
		t.Errorf("sent again as %s, not %s", again.id, first.id)
	}
}

func TestOnlyWhatWasAskedForIsTold(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.enqueue(t, 9, acme, "ticket.created") // Nobody listens yet.
	d.pass(time.Hour)
	d.add(t, 1, acme, r.URL+"/created", "ticket.created")
	d.add(t, 2, nexus, r.URL+"/nexus")
	early := webhook.News{ID: id(11), Client: acme, Kind: "ticket.created", At: d.clock().Add(-time.Second)}
	if err := d.Enqueue(t.Context(), []webhook.News{early}); err != nil {
		t.Fatal(err)
	}
	d.enqueue(t, 12, acme, "ticket.updated")
	d.idle(t)
	d.enqueue(t, 13, acme, "ticket.created")
	d.step(t)
	d.idle(t)
	if got := len(d.log(t, acme)); got != 1 {
		t.Errorf("%d were told, want 1", got)
	}
	for _, at := range []struct {
		time time.Time
		want bool
	}{{monday, false}, {d.clock(), true}} {
		if got, err := d.Listening(t.Context(), at.time); err != nil || got != at.want {
			t.Errorf("listening at %s: %t, %v", at.time, got, err)
		}
	}
}

func TestOrganisationsReachTheirOwnAlone(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	delivery := d.log(t, acme)[0].ID
	ctx, p := t.Context(), d.portal
	for name, try := range map[string]func() error{
		"read":   func() error { _, err := p.Endpoint(ctx, nexus, id(1)); return err },
		"change": func() error { return p.Change(ctx, nexus, id(1), webhook.Asked{URL: r.URL}) },
		"rotate": func() error { _, err := p.Rotate(ctx, nexus, id(1), id(5)); return err },
		"pause":  func() error { return p.Pause(ctx, nexus, id(1)) },
		"resume": func() error { return p.Resume(ctx, nexus, id(1), monday) },
		"remove": func() error { return p.Remove(ctx, nexus, id(1)) },
		"test":   func() error { return p.TestIt(ctx, nexus, id(1), id(6)) },
		"again":  func() error { return p.SendAgain(ctx, nexus, id(1), delivery) },
	} {
		if err := try(); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	if all := d.log(t, nexus); len(all) > 0 {
		t.Errorf("another organisation reads %+v", all)
	}
	if all, err := p.Endpoints(ctx, nexus); err != nil || len(all) > 0 {
		t.Errorf("another organisation lists %+v, %v", all, err)
	}
	if e, err := p.Endpoint(ctx, acme, id(1)); err != nil || e.State != webhook.Active || e.URL != r.URL {
		t.Errorf("it is %+v, %v", e, err)
	}
}

func TestFailuresAreTriedAgainAndGivenUp(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	r.says(status(http.StatusInternalServerError))
	seen := map[string]bool{}
	for attempt, pause := range append([]time.Duration{0}, webhook.Pauses...) {
		d.pass(pause - pause/5)
		if pause > 0 {
			d.idle(t) // Not as early as that.
		}
		d.pass(pause/5 + pause/10)
		d.step(t)
		seen[r.next(t).id] = true
		if got := d.log(t, acme)[0]; got.Attempts != attempt+1 || got.Code != 500 || got.Error != "the receiver answered 500" {
			t.Fatalf("after attempt %d: %+v", attempt+1, got)
		}
	}
	if got := d.log(t, acme)[0]; got.State != webhook.Dead || len(seen) != 1 {
		t.Errorf("%s after %d attempts under %d ids", got.State, got.Attempts, len(seen))
	}
	d.pass(100 * time.Hour)
	d.idle(t)
	r.says(nil)
	if err := d.portal.SendAgain(t.Context(), acme, id(1), d.log(t, acme)[0].ID); err != nil {
		t.Fatal(err)
	}
	d.step(t)
	if got := d.log(t, acme)[0]; got.State != webhook.Sent || got.Attempts != 1 || got.Error != "" {
		t.Errorf("sent again: %+v", got)
	}
}

func TestAnEndpointThatFailsForDaysIsGivenUp(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	r.says(status(http.StatusBadGateway))
	d.enqueue(t, 10, acme, "ticket.created")
	d.step(t)
	if e, err := d.Endpoint(t.Context(), acme, id(1)); err != nil || e.State != webhook.Active || !e.FailingSince.Equal(monday) {
		t.Fatalf("failing: %+v, %v", e, err)
	}
	d.pass(webhook.Patience)
	d.enqueue(t, 11, acme, "ticket.created")
	d.step(t)
	if e, err := d.Endpoint(t.Context(), acme, id(1)); err != nil || e.State != webhook.Failed {
		t.Fatalf("after five days: %+v, %v", e, err)
	}
	d.pass(48 * time.Hour)
	d.enqueue(t, 12, acme, "ticket.created")
	d.idle(t)
	if err := d.portal.Resume(t.Context(), acme, id(1), d.clock()); err != nil {
		t.Fatal(err)
	}
	r.says(nil)
	d.step(t)
	d.step(t)
	d.idle(t) // What happened while it was given up, it is not told.
	if e, err := d.Endpoint(t.Context(), acme, id(1)); err != nil || e.State != webhook.Active || !e.FailingSince.IsZero() {
		t.Errorf("taken up again: %+v, %v", e, err)
	}
}

func TestAnEndpointThatIsGoneIsGivenUp(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	r.says(status(http.StatusGone))
	d.enqueue(t, 10, acme, "ticket.created")
	d.step(t)
	if e, err := d.Endpoint(t.Context(), acme, id(1)); err != nil || e.State != webhook.Failed {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestTwoSecretsSignWhileTheyChange(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	old := d.add(t, 1, acme, r.URL)
	fresh, err := d.portal.Rotate(t.Context(), acme, id(1), id(5))
	if err != nil || fresh == old {
		t.Fatal(fresh, err)
	}
	if again, err := d.portal.Rotate(t.Context(), acme, id(1), id(5)); err != nil || again != fresh {
		t.Errorf("the repeat made another secret, %v", err)
	}
	d.enqueue(t, 10, acme, "ticket.created")
	d.step(t)
	if got := r.next(t); !got.signedBy(t, old) || !got.signedBy(t, fresh) {
		t.Errorf("not signed by both: %s", got.signatures)
	}
	d.pass(webhook.Rotation)
	d.enqueue(t, 11, acme, "ticket.created")
	d.step(t)
	if got := r.next(t); got.signedBy(t, old) || !got.signedBy(t, fresh) {
		t.Errorf("after a day not signed by the new one alone: %s", got.signatures)
	}
	var readable bool
	err = d.pool.QueryRow(t.Context(), `SELECT secret LIKE '%' || $1 || '%' FROM webhooks.endpoints`, strings.TrimPrefix(fresh, "whsec_")).Scan(&readable)
	if err != nil || readable {
		t.Errorf("the secret is in the database as it is: %t, %v", readable, err)
	}
}

// The right to see is asked for when it is sent, not when it happened (F49).
func TestWhatWasWithdrawnIsNotSent(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	d.render = func(context.Context, webhook.Due) (any, error) { return nil, webhook.ErrNotYet }
	d.step(t)
	if got := d.log(t, acme)[0]; got.State != webhook.Waiting || got.Attempts != 0 {
		t.Errorf("while the read model lags: %+v", got)
	}
	d.render = func(_ context.Context, due webhook.Due) (any, error) {
		if due.Position != (domain.Position{Commit: 7, Prepare: 7}) || due.Client != acme {
			t.Errorf("rendered %+v", due)
		}
		return nil, webhook.ErrGone
	}
	d.pass(time.Minute)
	d.step(t)
	if got := d.log(t, acme)[0]; got.State != webhook.Void || got.Attempts != 0 {
		t.Errorf("withdrawn: %+v", got)
	}
	d.pass(time.Hour)
	d.idle(t)
	r.none(t)
}

// A sender that dies leaves what it took to the next one, under the same id.
func TestWhatADeadSenderTookIsSent(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	taken, ok, err := d.Take(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	d.idle(t)
	d.pass(webhook.Lease)
	d.step(t)
	if got := r.next(t); got.id != taken.ID.String() {
		t.Errorf("sent as %s, not %s", got.id, taken.ID)
	}
}

func TestAnswersAreBoundedAndNotFollowed(t *testing.T) {
	t.Parallel()
	d, r, elsewhere := newDesk(t), newReceiver(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	r.says(func(w http.ResponseWriter, request *http.Request) {
		http.Redirect(w, request, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	d.step(t)
	elsewhere.none(t)
	if got := d.log(t, acme)[0]; got.Code != http.StatusTemporaryRedirect || got.State != webhook.Waiting {
		t.Errorf("redirected: %+v", got)
	}
	d.pass(time.Minute)
	r.says(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("ä", 1<<20)) })
	d.step(t)
	if got := d.log(t, acme)[0]; got.Answer != strings.Repeat("ä", webhook.MaxKept) || got.State != webhook.Sent {
		t.Errorf("a long answer: %d bytes kept, %s", len(got.Answer), got.State)
	}
}

func TestOnlyThePublicInternetIsTold(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	strict := d.service(t, d.pool, false)
	for _, url := range []string{
		r.URL, "http://hooks.acme.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/in", "https://169.254.169.254/latest",
		"https://ada@hooks.acme.example/", "ftp://hooks.acme.example/", "", "https://hooks.acme.example/#x", "https://h/" + strings.Repeat("a", 1000),
	} {
		if _, err := strict.Add(t.Context(), id(1), acme, ada, monday, webhook.Asked{URL: url}); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q: %v, want it refused", url, err)
		}
	}
	// A name that leads inside is found out when it is connected to.
	d.add(t, 1, acme, strings.Replace(r.URL, "127.0.0.1", "localhost", 1))
	d.enqueue(t, 10, acme, "ticket.created")
	if made, err := (webhook.Side{Side: domain.ClientSide, Service: strict, Render: d.render}).Step(t.Context()); err != nil || !made {
		t.Fatal(made, err)
	}
	r.none(t)
	if got := d.log(t, acme)[0]; got.Error != "the address is not on the public internet" || got.Code != 0 {
		t.Errorf("log %+v", got)
	}
}

func TestEndpointsAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	secret := d.add(t, 1, acme, "https://hooks.acme.example/")
	if again := d.add(t, 1, acme, "https://hooks.acme.example/"); again != secret {
		t.Error("the repeat of a request was given another secret")
	}
	for n := byte(2); n <= webhook.MaxEndpoints; n++ {
		d.add(t, n, acme, "https://hooks.acme.example/")
	}
	_, err := d.portal.Add(t.Context(), id(99), acme, ada, monday, webhook.Asked{URL: "https://hooks.acme.example/"})
	if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || refusal.Code != "many_webhooks" {
		t.Errorf("one too many: %v", err)
	}
	_, err = d.portal.Add(t.Context(), id(98), nexus, ada, monday, webhook.Asked{URL: "https://hooks.acme.example/", Kinds: []string{"secret.thing"}})
	if !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestTestsAreSentToWhomeverIsPaused(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	secret := d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	if err := d.portal.Pause(t.Context(), acme, id(1)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.portal.TestIt(t.Context(), acme, id(1), id(50)); err != nil {
			t.Fatal(err)
		}
	}
	d.step(t)
	d.idle(t)
	var body struct{ Type string }
	if got := r.next(t); !got.signedBy(t, secret) || json.Unmarshal(got.body, &body) != nil || body.Type != webhook.Test {
		t.Errorf("test %+v", got)
	}
}

func TestTheLogIsPruned(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	d.step(t)
	d.pass(webhook.Retention)
	d.enqueue(t, 11, acme, "ticket.created")
	d.pass(time.Second)
	if err := d.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := d.log(t, acme); len(all) != 1 || all[0].State != webhook.Waiting {
		t.Errorf("left: %+v", all)
	}
}

// Receivers that never answer keep their own deliveries waiting, and nobody else's.
func TestASlowReceiverHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	d, slow, quick := newDesk(t), newReceiver(t), newReceiver(t)
	release := make(chan struct{})
	slow.says(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	for n := byte(1); n <= 5; n++ {
		d.add(t, n, acme, slow.URL)
	}
	d.add(t, 9, nexus, quick.URL)
	for n := byte(20); n < 30; n++ {
		d.enqueue(t, n, acme, "ticket.created")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- webhook.Run(ctx, slog.New(slog.DiscardHandler), d.side()) }()
	for range 5 { // Each has one in hand, and waits for it.
		<-slow.got
	}
	for n := byte(30); n < 50; n++ {
		d.enqueue(t, n, nexus, "ticket.updated")
		<-quick.got
	}
	slow.none(t)
	close(release)
	for range 45 {
		<-slow.got
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A process that is told to end gives back what it has in hand, and the next one sends it.
func TestAShutdownGivesBackWhatIsInHand(t *testing.T) {
	t.Parallel()
	d, r := newDesk(t), newReceiver(t)
	r.says(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	d.add(t, 1, acme, r.URL)
	d.enqueue(t, 10, acme, "ticket.created")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- webhook.Run(ctx, slog.New(slog.DiscardHandler), d.side()) }()
	first := <-r.got
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := d.log(t, acme)[0]; got.State != webhook.Waiting || got.Attempts != 0 {
		t.Errorf("given back: %+v", got)
	}
	r.says(nil)
	d.step(t)
	if got := r.next(t); got.id != first.id {
		t.Errorf("sent as %s, not %s", got.id, first.id)
	}
}

// Which names our own resolver knows is nobody's to learn: one that it knows and one that it does not fail alike.
func TestTheLogDoesNotTellOurOwnNames(t *testing.T) {
	t.Parallel()
	known := fmt.Errorf("dial: %w", outside.ErrInside)
	unknown := fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host", Name: "database", IsNotFound: true})
	if a, b := webhook.Reason(known), webhook.Reason(unknown); a != b {
		t.Errorf("%q and %q", a, b)
	}
}

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// hook is a webhook of one side, with the program that it tells.
type hook struct {
	t                *testing.T
	base, api        string
	credential       string // of whoever set it up
	id, secret       string
	arrived          chan delivered
	refuse           atomic.Int32 // how many of the next deliveries it answers with 500
	kindsOf, bodies  []string
	refused, repeats string // the ids of the delivery that it refused, and of the one that came after that again
}

// delivered is a request as a receiver gets it.
type delivered struct {
	header http.Header
	body   string
	status int
}

// listenFor sets up a webhook by the API, for a receiver of this process.
func listenFor(t *testing.T, base, api, credential string) *hook {
	t.Helper()
	h := &hook{t: t, base: base, api: api, credential: credential, arrived: make(chan delivered, 256)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read a delivery: %v", err)
		}
		status := http.StatusNoContent
		if h.refuse.Add(-1) >= 0 {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		h.arrived <- delivered{r.Header, string(body), status}
	}))
	t.Cleanup(server.Close)
	got, err := sendAs(t.Context(), base, http.MethodPost, api+"/webhooks", credential, uuid.NewString(), map[string]any{"url": server.URL + "/in", "description": "Test"})
	if err != nil {
		t.Fatal(err)
	}
	made := decode[struct{ ID, Secret, State string }](t, got, http.StatusCreated)
	h.id, h.secret = made.ID, made.Secret
	if made.State != "active" || !strings.HasPrefix(h.secret, "whsec_") {
		t.Fatalf("the webhook is %+v", made)
	}
	return h
}

// next waits for a delivery, checks its signature, and gives its kind and body.
func (h *hook) next() (kind string, d delivered) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	select {
	case d = <-h.arrived:
	case <-ctx.Done():
		h.t.Fatalf("%s is told nothing any more; so far %v", h.api, h.kindsOf)
	}
	h.verify(d)
	var envelope struct {
		Type      string
		Timestamp time.Time
	}
	if err := json.Unmarshal([]byte(d.body), &envelope); err != nil || envelope.Timestamp.IsZero() {
		h.t.Fatalf("%v in %s", err, d.body)
	}
	h.bodies = append(h.bodies, d.body)
	return envelope.Type, d
}

// verify checks a delivery as the specification of standard-webhooks says.
func (h *hook) verify(d delivered) {
	h.t.Helper()
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.secret, "whsec_"))
	if err != nil {
		h.t.Fatal(err)
	}
	id, timestamp := d.header.Get("Webhook-Id"), d.header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "." + d.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); d.header.Get("Webhook-Signature") != want {
		h.t.Errorf("delivery %s is signed %q, want %q", id, d.header.Get("Webhook-Signature"), want)
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age.Abs() > 5*time.Minute {
		h.t.Errorf("delivery %s is stamped %s, %v: a receiver would refuse it", id, timestamp, err)
	}
}

// until takes deliveries up to one whose body has the text, or that is of a kind where the text is empty. A delivery
// that was refused must come again, under the same id.
func (h *hook) until(kind, text string) {
	h.t.Helper()
	for {
		got, d := h.next()
		id := d.header.Get("Webhook-Id")
		switch {
		case d.status == http.StatusInternalServerError:
			h.refused = id
			continue
		case id == h.refused:
			h.repeats = id
		}
		h.kindsOf = append(h.kindsOf, got)
		if got == kind && strings.Contains(d.body, text) {
			return
		}
	}
}

// log is what the API says of the deliveries.
func (h *hook) log() (all []struct {
	ID, Kind, State string
	Attempts, Code  int
},
) {
	h.t.Helper()
	got, err := sendAs(h.t.Context(), h.base, http.MethodGet, h.api+"/webhooks/"+h.id+"/deliveries?limit=200", h.credential, "", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return decode[struct {
		Items []struct {
			ID, Kind, State string
			Attempts, Code  int
		}
	}](h.t, got, http.StatusOK).Items
}

// A client's program and one of the firm are told of the same ticket by the running product: each of what its side may
// see, signed, and again where it was refused. An internal note makes no sound on the client's side.
func TestWebhooksOfARunningInstallation(t *testing.T) {
	t.Parallel()
	demo := spawnDemo(t)
	owner, admin := demo.People[0], demo.People[len(demo.People)-1]
	const clientAPI, staffAPI = "/api/client/v1", "/api/staff/v1"
	client := listenFor(t, demo.Portal, clientAPI, logIn(t, demo.Portal, admin.Email, admin.Password))
	staff := listenFor(t, demo.Console, staffAPI, logIn(t, demo.Console, owner.Email, owner.Password))
	post := func(base, path, token string, body map[string]any) string {
		t.Helper()
		got, err := send(t.Context(), base, http.MethodPost, path, token, uuid.NewString(), body)
		if err != nil || got.Status/100 != 2 {
			t.Fatalf("%s: %d %s, %v", path, got.Status, got.Body, err)
		}
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(got.Body), &made); err != nil {
			t.Fatal(err)
		}
		return made.ID
	}

	client.refuse.Store(1)
	ticket := post(demo.Portal, clientAPI+"/tickets", admin.APIKey, map[string]any{"out_of_scope": true, "title": "The export stops", "description": "At 3 o'clock."})
	client.until("ticket.created", ticket)
	if client.refused == "" || client.repeats != client.refused {
		t.Errorf("delivery %q was refused, and %q came again", client.refused, client.repeats)
	}
	staff.until("ticket.raised", ticket)

	const secret = "They never read their own logs."
	post(demo.Portal, clientAPI+"/tickets/"+ticket+"/comments", admin.APIKey, map[string]any{"text": "It is urgent."})
	client.until("ticket.comment_created", "It is urgent.")
	post(demo.Console, staffAPI+"/tickets/"+ticket+"/comments", owner.APIKey, map[string]any{"text": secret, "visibility": "internal_only"})
	post(demo.Console, staffAPI+"/tickets/"+ticket+"/comments", owner.APIKey, map[string]any{"text": "We see it too.", "visibility": "client_visible"})
	client.until("ticket.comment_created", "We see it too.") // What came before it in the log was told before.
	for range 3 {
		staff.until("ticket.commented", ticket)
	}

	comments := 0
	for _, kind := range client.kindsOf {
		if kind == "ticket.comment_created" {
			comments++
		}
	}
	if comments != 2 {
		t.Errorf("the client is told of %d comments of the two that it may see: %v", comments, client.kindsOf)
	}
	for _, body := range append(client.bodies, staff.bodies...) {
		if strings.Contains(body, secret) {
			t.Errorf("the note is told: %s", body)
		}
	}
	checkLog(t, client)
	checkLog(t, staff)
}

// checkLog looks for what arrived in the log of deliveries. More may be there: what is sent after the test has listened.
func checkLog(t *testing.T, h *hook) {
	t.Helper()
	logged := map[string]int{}
	for _, d := range h.log() {
		logged[d.Kind]++
		if d.State != "sent" { // It may have arrived, and not be written down yet.
			continue
		}
		want := 1
		if d.ID == h.refused {
			want = 2
		}
		if d.Attempts != want || d.Code != http.StatusNoContent {
			t.Errorf("the log has %+v, which took %d attempts", d, want)
		}
	}
	arrived := map[string]int{}
	for _, kind := range h.kindsOf {
		arrived[kind]++
	}
	for kind, count := range arrived {
		if logged[kind] < count {
			t.Errorf("%s: %d of %s arrived, and the log has %d", h.api, count, kind, logged[kind])
		}
	}
}

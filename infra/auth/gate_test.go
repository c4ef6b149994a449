package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// house keeps credentials and standings in memory, and counts what it is asked.
type house struct {
	mu       sync.Mutex
	proved   map[string]auth.Proved
	roles    map[domain.PersonID]domain.Role
	asked    int
	attended int // of those
	failure  error
	standing error
	// during is called while a credential is looked up.
	during func()
}

func (h *house) find(ctx context.Context, kind, token string) (auth.Proved, error) {
	h.mu.Lock()
	h.asked++
	if !auth.IsUnattended(ctx) {
		h.attended++
	}
	found, known := h.proved[kind+" "+token]
	failure, during := h.failure, h.during
	h.mu.Unlock()
	if during != nil {
		during()
	}
	if failure != nil {
		return auth.Proved{}, failure
	}
	if !known {
		return auth.Proved{}, auth.ErrUnauthenticated
	}
	return found, nil
}

func (h *house) Session(ctx context.Context, token string) (auth.Proved, error) {
	return h.find(ctx, "session", token)
}

func (h *house) Key(ctx context.Context, token string) (auth.Proved, error) {
	return h.find(ctx, "key", token)
}

func (h *house) role(_ context.Context, _ domain.ClientID, person domain.PersonID) (domain.Role, []access.Grant, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.standing != nil {
		return "", nil, h.standing
	}
	return h.roles[person], []access.Grant{access.ReadBilling}, nil
}

func (h *house) change(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *house) questions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// newGate gives a gate to a house where ada has the session "a" and the key "a", and bob the session "b".
func newGate() (*auth.Gate, *house) {
	h := &house{
		proved: map[string]auth.Proved{
			"session a": {Person: ada, Client: acme, Session: uuid.UUID{15: 1}, ProvedAt: noon, SecondFactor: true},
			"key a":     {Person: ada, Client: acme, Key: uuid.UUID{15: 2}, Scopes: []access.Permission{access.ReadTickets}},
			"session b": {Person: bob, Session: uuid.UUID{15: 3}, ProvedAt: noon},
		},
		roles: map[domain.PersonID]domain.Role{ada: domain.ClientEmployee, bob: domain.Support},
	}
	return auth.NewVerifier(h, h.role, time.Now), h //nolint:forbidigo // the bubble's clock, where there is one
}

func TestGateJoinsCredentialAndStanding(t *testing.T) {
	t.Parallel()
	gate, _ := newGate()
	employee := domain.Actor{Person: ada, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: acme}
	grants := []access.Grant{access.ReadBilling}
	got, err := gate.Session(t.Context(), "a")
	want := auth.Login{Actor: employee, Grants: grants, Session: uuid.UUID{15: 1}, ProvedAt: noon, SecondFactor: true}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("session: %v (-want +got):\n%s", err, diff)
	}
	got, err = gate.Key(t.Context(), "a")
	want = auth.Login{Actor: employee, Grants: grants, Key: uuid.UUID{15: 2}, Scopes: []access.Permission{access.ReadTickets}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("key: %v (-want +got):\n%s", err, diff)
	}
	if got, err = gate.Session(t.Context(), "b"); err != nil || got.Actor.Side != domain.StaffSide {
		t.Errorf("staff: %+v, %v", got.Actor, err)
	}
}

// A session's token is no API key, nor the other way round, remembered or not.
func TestGateKeepsSessionsAndKeysApart(t *testing.T) {
	t.Parallel()
	gate, _ := newGate()
	for range 2 {
		if _, err := gate.Session(t.Context(), "b"); err != nil {
			t.Error(err)
		}
		if _, err := gate.Key(t.Context(), "b"); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("a session's token as a key: %v", err)
		}
	}
}

func TestGateTellsErrorsApart(t *testing.T) {
	t.Parallel()
	down := domain.Refuse(domain.ErrUnavailable, "down", "the database is down")
	for name, c := range map[string]struct {
		token    string
		failure  error
		standing error
		want     error
	}{
		"unknown":              {"x", nil, nil, auth.ErrUnauthenticated},
		"empty":                {"", nil, nil, auth.ErrUnauthenticated},
		"endless":              {strings.Repeat("x", 1<<20), nil, nil, auth.ErrUnauthenticated},
		"credentials are down": {"a", down, nil, domain.ErrUnavailable},
		"standing is down":     {"a", nil, down, domain.ErrUnavailable},
		"no standing":          {"a", nil, domain.Refuse(domain.ErrNotFound, "gone", "no such person"), auth.ErrUnauthenticated},
	} {
		gate, h := newGate()
		h.failure, h.standing = c.failure, c.standing
		for range 2 {
			if _, err := gate.Session(t.Context(), c.token); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
	}
}

func TestGateRemembersForASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate, h := newGate()
		ask := func(want int) {
			t.Helper()
			if _, err := gate.Session(t.Context(), "a"); err != nil {
				t.Error(err)
			}
			if got := h.questions(); got != want {
				t.Errorf("asked %d times, want %d", got, want)
			}
		}
		ask(1)
		time.Sleep(time.Second - 1) // The bubble's clock, not the wall's.
		ask(1)
		time.Sleep(time.Nanosecond)
		ask(2)
		h.change(func() { delete(h.proved, "session a") })
		time.Sleep(time.Second)
		if _, err := gate.Session(t.Context(), "a"); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("an ended session proves: %v", err)
		}
	})
}

// Credentials hear of everybody who is there, however often a page that is open asks by itself.
func TestGateTellsCredentialsWhoIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate, h := newGate()
		ask := func(ctx context.Context, attended, asked int) {
			t.Helper()
			if _, err := gate.Session(ctx, "a"); err != nil {
				t.Error(err)
			}
			h.change(func() {
				if h.attended != attended || h.asked != asked {
					t.Errorf("asked %d times and %d of them attended, want %d and %d", h.asked, h.attended, asked, attended)
				}
			})
		}
		alone := auth.Unattended(t.Context())
		ask(alone, 0, 1)
		ask(alone, 0, 1)
		ask(t.Context(), 1, 2)
		ask(t.Context(), 1, 2)
		ask(alone, 1, 2)
		time.Sleep(time.Second) // The bubble's clock.
		ask(alone, 1, 3)
		if _, err := gate.Key(auth.Unattended(t.Context()), "a"); err != nil || h.attended != 1 {
			t.Errorf("a key: %d attended, %v", h.attended, err)
		}
	})
}

func TestGateForgetsAPersonAtOnce(t *testing.T) {
	t.Parallel()
	gate, h := newGate()
	verify := func(token string) error {
		_, err := gate.Session(t.Context(), token)
		return err
	}
	if err := errors.Join(verify("a"), verify("b")); err != nil {
		t.Fatal(err)
	}
	h.change(func() { delete(h.proved, "session a") })
	gate.Forget(ada)
	before := h.questions()
	if err := verify("a"); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("a forgotten session proves: %v", err)
	}
	if err := verify("b"); err != nil || h.questions() != before+1 {
		t.Errorf("others were forgotten too: asked %d times, %v", h.questions()-before, err)
	}
}

// Somebody whose session ends while it is verified must not be remembered as logged in.
func TestGateDoesNotRememberWhatWasForgottenMeanwhile(t *testing.T) {
	t.Parallel()
	gate, h := newGate()
	h.during = func() { gate.Forget(ada) }
	if _, err := gate.Session(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	h.change(func() { delete(h.proved, "session a"); h.during = nil })
	if _, err := gate.Session(t.Context(), "a"); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("the session still proves: %v", err)
	}
}

func TestGateServesManyAtOnce(t *testing.T) {
	t.Parallel()
	gate, h := newGate()
	const tokens = 12_000 // More than are remembered.
	for i := range tokens {
		h.proved[fmt.Sprint("session ", i)] = auth.Proved{Person: ada, Client: acme, Session: uuid.UUID{15: 1}}
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range tokens / 4 {
				if _, err := gate.Session(t.Context(), strconv.Itoa(worker*tokens/4+i)); err != nil {
					t.Error(err)
				}
				if i%1000 == 0 {
					gate.Forget(bob)
				}
			}
		})
	}
	group.Wait()
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/infra/accounts"
	clientrows "effigate/readmodels/client"
)

// The size of BenchmarkRead.
const (
	readClients     = 500
	readConnections = 16
	readSessions    = 16 // with the database, on both sides
	readTickets     = 50 // on a page
)

// BenchmarkRead lists tickets on the portal, as JSON and over HTTP. The reference is a handler of a few lines
// that puts the same SQL to the same database under the same row security, and does nothing else: no
// identity, no hash of the answer, no description of its interface.
func BenchmarkRead(b *testing.B) {
	folder := benchFolder(b)
	tickets := sized(100_000, 5_000)
	var clients []*firmClient
	storedIn(b, folder, func(write func(context.Context, domain.Append) error) error {
		f, err := newFirm(b.Context(), readClients, write)
		if err != nil {
			return err
		}
		clients = f.clients
		return f.work(b.Context(), tickets*2, func() bool { return f.visible >= tickets })
	})
	w := benchWorld(b, folder)
	users, err := nameUsers(b.Context(), w, clients)
	if err != nil {
		b.Fatal(err)
	}
	// The portal logs each request, to nobody here; slog.DiscardHandler would spare it the work.
	w.logger = slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // see above
	at, _ := benchServe(b, w)
	if err := w.caughtUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	portal := fmt.Sprintf("%s/api/client/v1/tickets?limit=%d", at.Portal, readTickets)
	bare := bareList(b, w, users)
	conclude(b, "read", benchVersions(b, w.staff.database), readFindings(b, portal, bare, users, tickets)...)
}

func readFindings(b *testing.B, portal, bare string, users []benchUser, tickets int) []finding {
	b.Helper()
	get := getter(b)
	rounds, within := sized(5, 3), sized(4*time.Second, 500*time.Millisecond)
	rates := map[string][]float64{}
	for round := range rounds + 1 { // The first warms up and does not count.
		for _, address := range []string{portal, bare} {
			rate, err := throughput(b.Context(), readConnections, within, func(ctx context.Context, worker, i int) error {
				return get(ctx, address, users[(worker*7919+i*31)%len(users)])
			})
			if err != nil {
				b.Fatal(err)
			}
			if round > 0 {
				rates[address] = append(rates[address], rate)
			}
		}
	}
	var half timings
	rate := median(rates[portal]) / 2
	err := steady(b.Context(), int(rate*within.Seconds()), rate, func(ctx context.Context, i int, due time.Time) error {
		defer half.since(due)
		return get(ctx, portal, users[i%len(users)])
	})
	if err != nil {
		b.Fatal(err)
	}
	workload := fmt.Sprintf("list of tickets, %d of %d visible, %d clients, %d connections", readTickets, tickets, len(users), readConnections)
	return []finding{
		{
			workload: workload, unit: "requests/s", against: "bare chi + pgx, same SQL under row security",
			ours: rates[portal], reference: rates[bare], goal: ratioAtLeast(0.8),
		},
		{workload: "the same at half of the peak, p99", unit: "ms", ours: []float64{quantile(half.values, 0.99)}, goal: atMost(50)},
	}
}

// benchUser is a client user with an API key.
type benchUser struct {
	domain.Actor
	key string
}

// getter reads whole answers over kept connections.
func getter(b *testing.B) func(ctx context.Context, address string, user benchUser) error {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: readConnections, MaxConnsPerHost: readConnections}
	b.Cleanup(transport.CloseIdleConnections)
	browser := &http.Client{Transport: transport}
	return func(ctx context.Context, address string, user benchUser) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+user.key)
		response, err := browser.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // it was only read
		length, err := io.Copy(io.Discard, response.Body)
		if err == nil && (response.StatusCode != http.StatusOK || length < 1000) {
			err = fmt.Errorf("%s answered %s with %d bytes", address, response.Status, length)
		}
		return err
	}
}

// bareList serves the reference and gives its address.
func bareList(b *testing.B, w *world, users []benchUser) string {
	b.Helper()
	live, err := liveGeneration(b.Context(), w.client.database)
	if err != nil {
		b.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(w.client.access.Reader)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = readSessions
	config.ConnConfig.RuntimeParams["search_path"] = fmt.Sprintf("gen_%d", live.ID)
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	byKey := map[string]domain.Actor{}
	for _, user := range users {
		byKey[user.key] = user.Actor
	}
	router := chi.NewMux()
	router.Get("/tickets", func(w http.ResponseWriter, r *http.Request) {
		var answer bareAnswer
		user := byKey[r.Header.Get("Authorization")[len("Bearer "):]]
		if err := answer.read(r.Context(), pool, user); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // The reader has gone: there is nobody to tell.
	})
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: router, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // It ends by Close, with the error that says so.
	}()
	b.Cleanup(func() {
		_ = server.Close() // The requests are over.
		<-served
	})
	return "http://" + listener.Addr().String() + "/tickets"
}

// bareAnswer is the reference's answer.
type bareAnswer struct {
	Items []clientrows.Ticket `json:"items"`
	Next  *clientrows.Cursor  `json:"next,omitempty"`
}

func (a *bareAnswer) read(ctx context.Context, pool *pgxpool.Pool, user domain.Actor) error {
	return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT set_config('effigate.client', $1, true)`, user.Client.String())
		if err != nil {
			return err
		}
		a.Items, a.Next, err = clientrows.ListTickets(ctx, tx, clientrows.ViewerOf(user), clientrows.TicketFilter{Limit: readTickets})
		return err
	})
}

// nameUsers gives the users of clients names, which the list shows, and the first of each client an API key.
func nameUsers(ctx context.Context, w *world, clients []*firmClient) ([]benchUser, error) {
	at, err := w.settings.bases(listeners{})
	if err != nil {
		return nil, err
	}
	people, err := w.people(at)
	if err != nil {
		return nil, err
	}
	var readers []benchUser
	for _, c := range clients {
		for i, user := range c.users {
			if err := people.PutClientPerson(ctx, user.Person, c.id, "User of "+c.id.String()); err != nil {
				return nil, err
			}
			if i > 0 {
				continue
			}
			_, key, err := people.clients.CreateKey(ctx, accounts.Key{Person: user.Person, Client: c.id, Name: "benchmark", ExpiresAt: clock().AddDate(0, 0, 1)})
			if err != nil {
				return nil, err
			}
			readers = append(readers, benchUser{user, key})
		}
	}
	return readers, nil
}

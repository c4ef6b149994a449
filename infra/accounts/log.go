package accounts

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

const (
	// defaultRetention is for how long entries of the log of access are kept.
	defaultRetention = 400 * 24 * time.Hour
	// maxAccessed and maxWord are the lengths of the longest texts of an entry, in bytes.
	maxAccessed = 200
	maxWord     = 40
	// maxEntries is how many entries are listed at once.
	maxEntries = 500
)

// Record adds to the log of access, and never fails its caller: what cannot be written is logged. Repeats
// within a minute from one network are counted in one entry, which keeps the address and agent of the first. The zero At is now.
func (s *Service) Record(ctx context.Context, e Entry) {
	if e.At.IsZero() {
		e.At = s.now()
	}
	e.At = e.At.UTC()
	e.Where = e.Where.bounded()
	e.Kind, e.Outcome, e.Subject = bounded(e.Kind, maxWord), bounded(e.Outcome, maxWord), bounded(e.Subject, maxAccessed)
	minute := strconv.FormatInt(e.At.Unix()/60, 10)
	same := s.box.key("entry", minute, e.Person.String(), e.Client.String(), e.Kind, e.Outcome, e.Subject, network(e.Where.Address))
	// Whoever goes away is still to be recorded, so this does not end with the request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	err := s.run(ctx, "record an access", `SELECT accounts.record($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.At, e.Person.UUID, e.Client.UUID, e.Kind, e.Outcome, e.Subject, e.Where.Address, e.Where.UserAgent, same)
	if err != nil {
		s.options.Logger.ErrorContext(ctx, "access not recorded", slog.String("kind", e.Kind), slog.String("outcome", e.Outcome),
			slog.String("person", e.Person.String()), slog.Any("error", err))
	}
}

const recordPatience = 2 * time.Second

// EntryFilter narrows Entries. Zero fields narrow nothing.
type EntryFilter struct {
	Client domain.ClientID
	Person domain.PersonID
	Kind   string
	Before int64 // an id: older entries only
	Limit  int   // at most 500, which is also meant by 0
}

type entryRow struct {
	ID                     int64
	At                     time.Time
	Person, Client         uuid.UUID
	Kind, Outcome, Subject string
	Count                  int
	Address, UserAgent     string
}

// Entries lists the log, newest first: of one organisation or, for the zero client and the owner's pool, of
// all.
func (s *Service) Entries(ctx context.Context, filter EntryFilter) ([]Entry, error) {
	if filter.Limit <= 0 || filter.Limit > maxEntries {
		filter.Limit = maxEntries
	}
	arguments := []any{filter.Person.UUID, filter.Kind, filter.Before, filter.Limit}
	statement := `SELECT * FROM accounts.all_entries($1, $2, $3, $4)`
	if !filter.Client.IsZero() {
		statement = `SELECT * FROM accounts.entries($1, $2, $3, $4, $5)`
		arguments = append(arguments, filter.Client.UUID)
	}
	rows, err := query[entryRow](ctx, s, "list the log of access", statement, arguments...)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(rows))
	for _, row := range rows {
		entries = append(entries, Entry{
			ID: row.ID, At: row.At.UTC(), Person: domain.PersonID{UUID: row.Person}, Client: domain.ClientID{UUID: row.Client},
			Kind: row.Kind, Outcome: row.Outcome, Subject: row.Subject, Count: row.Count,
			Where: Where{Address: row.Address, UserAgent: row.UserAgent},
		})
	}
	return entries, nil
}

// Prune removes what has expired: log entries beyond the retention, sessions, keys, links, reservations,
// throttles, and mail that nobody cared for. Run it once in a while. Owner only.
func (s *Service) Prune(ctx context.Context) error {
	now := s.now()
	return s.run(ctx, "prune the accounts", `SELECT accounts.prune($1, $2)`, now.Add(-s.options.Retention), now)
}

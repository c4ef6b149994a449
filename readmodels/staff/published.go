package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/calendar"
)

// Published is a row of the tables of versions: of a rate card, its costs, an SLA policy or a calendar.
type Published struct {
	ID          uuid.UUID  `db:"id"`
	Subject     uuid.UUID  `db:"subject"` // the card, policy or calendar
	Number      int        `db:"number"`  // from 1
	Name        string     `db:"name"`    // empty where the version keeps that of the one before
	From        string     `db:"from_day"`
	Content     string     `db:"content"` // JSON
	Reason      string     `db:"reason"`
	PublishedBy *uuid.UUID `db:"published_by"`
	PublishedAt time.Time  `db:"published_at"`
}

// VersionLine is one version without its content.
type VersionLine struct {
	Number      int        `db:"number" json:"version"`
	Name        string     `db:"name" json:"name"`
	From        string     `db:"from_day" json:"from"`
	Reason      string     `db:"reason" json:"reason"`
	PublishedBy *uuid.UUID `db:"published_by" json:"published_by,omitempty"`
	PublishedAt time.Time  `db:"published_at" json:"published_at"`
}

// maxVersions bounds the list of versions of one thing; its aggregate allows no more.
const maxVersions = 1000

const publishedColumns = `id, subject, number, name, from_day, content, reason, published_by, published_at`

// line is the version without its content.
func (p Published) line() VersionLine {
	return VersionLine{Number: p.Number, Name: p.Name, From: p.From, Reason: p.Reason, PublishedBy: p.PublishedBy, PublishedAt: p.PublishedAt}
}

// versionsOf lists the versions of one thing, the newest first.
func versionsOf(ctx context.Context, db Queryer, table string, subject uuid.UUID) ([]VersionLine, error) {
	found, err := list[VersionLine](ctx, db, `
		SELECT number, name, from_day, reason, published_by, published_at
		FROM `+table+` WHERE subject = $1 ORDER BY number DESC LIMIT $2`, subject, maxVersions)
	if err != nil {
		return nil, fmt.Errorf("list %s of %s: %w", table, subject, err)
	}
	return found, nil
}

// numbered gives one version, the newest for number 0; domain.ErrNotFound when there is none.
func numbered(ctx context.Context, db Queryer, table string, subject uuid.UUID, number int) (Published, error) {
	found, err := one[Published](ctx, db, `
		SELECT `+publishedColumns+` FROM `+table+`
		WHERE subject = $1 AND (number = $2 OR $2 = 0) ORDER BY number DESC LIMIT 1`, subject, number)
	return found, notFound(err, "no_such_version", "version of", subject)
}

// on gives the version in force on a day: the newest of those that begin on or before it, or the first one on a
// day before all of them. It is false when there is none.
func on(ctx context.Context, db Queryer, table string, subject uuid.UUID, day calendar.Date) (Published, bool, error) {
	found, err := one[Published](ctx, db, `
		SELECT `+publishedColumns+` FROM `+table+`
		WHERE subject = $1 AND (from_day <= $2 OR number = 1) ORDER BY number DESC LIMIT 1`, subject, string(day))
	if errors.Is(err, pgx.ErrNoRows) {
		return Published{}, false, nil
	}
	if err != nil {
		return Published{}, false, fmt.Errorf("find %s of %s on %s: %w", table, subject, day, err)
	}
	return found, true, nil
}

// decode reads the content of a version.
func decode[C any](p Published) (content C, err error) {
	if err := json.Unmarshal([]byte(p.Content), &content); err != nil {
		return content, fmt.Errorf("read version %d of %s: %w", p.Number, p.Subject, err)
	}
	return content, nil
}

// listByName gives the rows of a table in the order of their names, after the one given (uuid.Nil: from the start), at
// most limit of them, and the last one given when there are more.
func listByName[R interface{ id() uuid.UUID }](ctx context.Context, db Queryer, table, columns string, after uuid.UUID, limit int) ([]R, uuid.UUID, error) {
	limit = bounded(limit)
	found, err := list[R](ctx, db, `
		SELECT `+columns+` FROM `+table+`
		WHERE $1 = '00000000-0000-0000-0000-000000000000'::uuid
			OR (lower(name), id) > (SELECT lower(name), id FROM `+table+` WHERE id = $1)
		ORDER BY lower(name), id
		LIMIT $2`, after, limit+1)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list %s: %w", table, err)
	}
	if len(found) <= limit {
		return found, uuid.Nil, nil
	}
	return found[:limit], found[limit-1].id(), nil
}

// Choice is a rate card of contracts, an SLA policy or a calendar that a contract may name.
type Choice struct {
	ID      uuid.UUID `db:"id"`
	Name    string    `db:"name"`
	Version int       `db:"version"` // the newest
}

// Choices gives what contracts may name, by name, at most MaxLimit: of the kind "rate_card", "sla_policy" or "calendar".
func Choices(ctx context.Context, db Queryer, kind string) ([]Choice, error) {
	of, ok := map[string]string{
		"rate_card": `rate_cards WHERE layer = 'contract' AND NOT superseded`, "sla_policy": `sla_policies WHERE NOT superseded`,
		"calendar": `calendars WHERE NOT superseded`,
	}[kind]
	if !ok {
		return nil, fmt.Errorf("contracts name no %s", kind)
	}
	found, err := list[Choice](ctx, db, `SELECT id, name, version FROM `+of+` ORDER BY lower(name), id LIMIT $1`, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list choices of a %s: %w", kind, err)
	}
	return found, nil
}

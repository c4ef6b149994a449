package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Rate cards, SLA policies and calendars are published in versions, and each version stays as it was. This file has
// what the three have in common.

type listPublishedInput struct {
	Reading
	Page
}

type publishedInput struct {
	Reading
	ID      string `path:"id" doc:"The id, a UUID."`
	Version int    `query:"version" minimum:"0" maximum:"1000" doc:"The version to read; absent for the newest."`
}

// VersionChange is one place where a version differs from the one before. It is exported because it is a part of a
// body.
type VersionChange struct {
	What   string `json:"what"`
	Before string `json:"before" doc:"Empty when there was nothing."`
	After  string `json:"after" doc:"Empty when there is nothing any more."`
}

// fact is what a version says in one place, in words. No two facts of a version have the same What.
type fact struct{ what, text string }

// changed lists where facts differ, in the order of the new ones, then what is gone.
func changed(before, after []fact) []VersionChange {
	old := map[string]string{}
	for _, fact := range before {
		old[fact.what] = fact.text
	}
	changes := []VersionChange{}
	for _, fact := range after {
		if was := old[fact.what]; was != fact.text {
			changes = append(changes, VersionChange{What: fact.what, Before: was, After: fact.text})
		}
		delete(old, fact.what)
	}
	for _, fact := range before {
		if was, gone := old[fact.what]; gone && was != "" {
			changes = append(changes, VersionChange{What: fact.what, Before: was})
		}
	}
	return changes
}

// Versioned are the versions of one thing and one of them in full, with what it changed. It is
// exported because it is embedded in bodies.
type Versioned[V any] struct {
	Shown    V                  `json:"shown" doc:"The version asked for."`
	Changes  []VersionChange    `json:"changes" nullable:"false" doc:"What the version shown changed; none for the first."`
	Versions []rows.VersionLine `json:"versions" nullable:"false" doc:"The newest first."`
	People   map[string]string  `json:"people" doc:"The names of the people in here, by id."`
}

// readVersions fetches a version by number, 0 for the newest, and compares it with the one before.
func readVersions[V any](
	ctx context.Context, c *Console, tx pgx.Tx, id uuid.UUID, number int, numberOf func(V) int, facts func(V) []fact,
	one func(context.Context, rows.Queryer, uuid.UUID, int) (V, error),
	lines func(context.Context, rows.Queryer, uuid.UUID) ([]rows.VersionLine, error),
) (v Versioned[V], err error) {
	if v.Versions, err = lines(ctx, tx, id); err != nil {
		return v, err
	}
	if v.Shown, err = one(ctx, tx, id, number); err != nil {
		return v, err
	}
	if v.Changes = []VersionChange{}; numberOf(v.Shown) > 1 {
		before, err := one(ctx, tx, id, numberOf(v.Shown)-1)
		if err != nil {
			return v, err
		}
		v.Changes = changed(facts(before), facts(v.Shown))
	}
	var publishers []uuid.UUID
	for _, line := range v.Versions {
		publishers = append(publishers, given(line.PublishedBy)...)
	}
	v.People, err = c.people(ctx, tx, publishers)
	return v, err
}

// afterCursor reads the cursor of a list by name.
func (p Page) afterCursor() (uuid.UUID, error) {
	id, err := uuid.Parse(p.Cursor)
	if err != nil && p.Cursor != "" {
		return uuid.Nil, wrongField("cursor", "must be one that a list gave")
	}
	return id, nil
}

// creating registers a write that makes something.
func creating[B any](c *Console, needed access.Permission, id, path, summary string, run func(context.Context, commands.Request, B) (commands.Answer, error)) {
	operation := post(id, path, summary, http.StatusCreated)
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *struct {
		web.Write
		Body B
	},
	) (*written, error) {
		request, err := c.request(actor, in.Write, operation.Path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, in.Body))
	})
}

// peeked notes that somebody read what is kept from most (F50).
func (c *Console) peeked(ctx context.Context, what string, id uuid.UUID) {
	c.note(ctx, accounts.KindSensitive, domain.ClientID{}, what+" "+id.String())
}

// versionPath is the page of one version.
func versionPath(path string, number int) string { return path + "?version=" + strconv.Itoa(number) }

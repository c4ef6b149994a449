package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// read fetches in one transaction, on behalf of a login whose rights are those that the very same data tell:
// who was deactivated reads nothing any more, and who has another role now reads as that. It reports whether
// the position was not reached.
func (c *Console) read(
	ctx context.Context, login auth.Login, needed access.Permission, after domain.Position, fetch func(pgx.Tx, reader) error,
) (stale bool, err error) {
	return c.reads.Read(ctx, after, func(tx pgx.Tx) error {
		role, err := standing(ctx, tx, login.Actor)
		if err != nil {
			return err
		}
		now := login
		now.Actor.Role = role
		if err := now.May(needed, login.ProvedAt); err != nil { // How fresh the proof is was judged before.
			return err
		}
		return fetch(tx, reader{now, needed})
	})
}

// standing gives the role that a staff person has now; auth.ErrUnauthenticated when it has none.
func standing(ctx context.Context, tx pgx.Tx, actor domain.Actor) (domain.Role, error) {
	role, err := rows.Standing(ctx, tx, actor.Person.UUID)
	if errors.Is(err, domain.ErrNotFound) {
		return "", fmt.Errorf("%w: staff person %s has no standing", auth.ErrUnauthenticated, actor.Person)
	}
	return role, err
}

// reader is whoever a read is for.
type reader struct {
	auth.Login
	needed access.Permission
}

// may reports whether the reader has a permission on anything, be its proof fresh or not.
func (r reader) may(p access.Permission) bool { return r.May(p, r.ProvedAt) == nil }

// narrowed reports whether the reader has a permission on the clients alone that it manages.
func (r reader) narrowed(p access.Permission) bool {
	return access.ScopeOf(r.Actor.Role, p) == access.OwnClients
}

// reaches reports whether the reader has a permission on a client.
func (r reader) reaches(p access.Permission, of rows.Client) bool {
	own := of.AccountManager != nil && *of.AccountManager == r.Actor.Person.UUID
	return r.may(p) && (own || !r.narrowed(p))
}

// sees refuses a client that the read's own permission does not reach.
func (r reader) sees(of rows.Client) error {
	if r.reaches(r.needed, of) {
		return nil
	}
	return domain.Refuse(domain.ErrForbidden, "not_your_client", "the role %s may do %s for clients alone that it manages; ask the account manager of %s", r.Actor.Role, r.needed, of.Name)
}

// Reading is embedded in the input of every read.
type Reading struct {
	Query  string `query:"after" maxLength:"41" doc:"The Effigate-Position of a write that the answer must contain. After two seconds it is answered without, and says that it is stale."`
	Header string `header:"Effigate-After" maxLength:"41" doc:"The same as the parameter after."`
}

func (r Reading) after() (domain.Position, error) {
	if r.Query != "" {
		return parsePosition(r.Query)
	}
	return parsePosition(r.Header)
}

// Fresh is embedded in the body of every read.
type Fresh struct {
	Stale bool `json:"stale,omitempty" doc:"The write that was waited for is not in here yet."`
}

func (f *Fresh) mark() { f.Stale = true }

// body is a pointer to the body of a read.
type body[B any] interface {
	*B
	mark()
}

// answered is the output of every read.
type answered[B any] struct {
	ETag  string `header:"ETag" doc:"The revision, for the If-Match of an edit; only where one thing is read."`
	Model string `header:"Effigate-Read-Model" doc:"stale when the body is."`
	Body  B
}

// get registers a read. It waits for the position asked for and fetches in one transaction.
func get[B any, P body[B], I interface {
	after() (domain.Position, error)
}](
	c *Console, id, path, summary string, needed access.Permission, fetch func(context.Context, pgx.Tx, reader, *I) (B, error),
) {
	operation := huma.Operation{OperationID: id, Method: http.MethodGet, Path: base + path, Summary: summary}
	web.Register(c.API, needed, operation, func(ctx context.Context, _ domain.Actor, in *I) (*answered[B], error) {
		after, err := (*in).after()
		if err != nil {
			return nil, err
		}
		out := &answered[B]{}
		stale, err := c.read(ctx, web.LoginOf(ctx), needed, after, func(tx pgx.Tx, r reader) (err error) {
			out.Body, err = fetch(ctx, tx, r, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		if one, ok := any(out.Body).(interface{ revision() int64 }); ok {
			out.ETag = etag(one.revision())
		}
		if stale {
			P(&out.Body).mark()
			out.Model = "stale"
		}
		return out, nil
	})
}

// Page is embedded in the input of every list.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
}

// formatPosition gives a position as users of this API carry it.
func formatPosition(p domain.Position) string { return fmt.Sprintf("%d/%d", p.Commit, p.Prepare) }

// parsePosition reads what formatPosition gave; the zero position for an empty text.
func parsePosition(text string) (p domain.Position, err error) {
	if text == "" {
		return p, nil
	}
	commit, prepare, _ := strings.Cut(text, "/")
	p.Commit, err = strconv.ParseUint(commit, 10, 63)
	if err == nil {
		p.Prepare, err = strconv.ParseUint(prepare, 10, 63)
	}
	if err != nil {
		return domain.Position{}, wrongField("after", "must be an Effigate-Position")
	}
	return p, nil
}

// wrongField refuses one field.
func wrongField(field, wrong string) error {
	var check domain.Check
	check.That(false, field, wrong)
	return check.Err()
}

// parked gives the parking of a stream, nil when its rows are up to date.
func parked(ctx context.Context, tx pgx.Tx, stream string) (*rows.Parked, error) {
	found, err := rows.ParkedAmong(ctx, tx, stream)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// people gives the names of people by id. Who has none is left out: names are kept apart from events and
// can be erased.
func (c *Console) people(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (map[string]string, error) {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	people := map[string]string{}
	add := func(names map[uuid.UUID]string) {
		for id, name := range names {
			people[id.String()] = name
		}
		ids = slices.DeleteFunc(ids, func(id uuid.UUID) bool { return people[id.String()] != "" })
	}
	staff, err := rows.Names(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	if add(staff); len(ids) == 0 {
		return people, nil
	}
	users, err := c.clients.Names(ctx, ids)
	if err != nil {
		c.logger.WarnContext(ctx, "names of client users are missing from an answer", slog.Any("error", err))
	}
	add(users)
	return people, nil
}

// given lists those of the ids that are not nil.
func given(ids ...*uuid.UUID) []uuid.UUID {
	var found []uuid.UUID
	for _, id := range ids {
		if id != nil {
			found = append(found, *id)
		}
	}
	return found
}

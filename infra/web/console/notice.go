package console

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Desk keeps what is each staff person's own: the views that it saved, and which notices it has read. Reading them goes
// with everything else.
type Desk interface {
	// SaveView keeps a view in the place of the one that had the id, if there was one. It wraps domain.ErrConflict when
	// the person keeps as many as it may.
	SaveView(ctx context.Context, person, id uuid.UUID, name, list, query string, at time.Time) error
	// DeleteView wraps domain.ErrNotFound when the person has no such view.
	DeleteView(ctx context.Context, person, id uuid.UUID) error
	// ReadNotices marks notices of a person as read.
	ReadNotices(ctx context.Context, person uuid.UUID, ids []uuid.UUID, at time.Time) error
}

type noticesInput struct {
	Reading
	Page
	Unread bool `query:"unread" doc:"Those alone that one has not read."`
}

// Notice is a notice as it is shown. It is exported because it is embedded in a body.
type Notice struct {
	rows.Notice
	Number string `json:"number" doc:"Of the ticket, or of the invoice."`
}

type noticesBody struct {
	Fresh
	Items  []Notice          `json:"items" nullable:"false" doc:"The newest first."`
	Unread int64             `json:"unread" doc:"How many there are that one has not read, on this page or not."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type readNoticesInput struct {
	web.Write
	Body struct {
		IDs []uuid.UUID `json:"ids" minItems:"1" maxItems:"200" nullable:"false"`
	}
}

// registerNotices adds what tells a person that a ticket or an objection needs it, each of them its own.
func (c *Console) registerNotices() {
	get(c, "list-notices", "/notices", "What one was told", access.ReadTickets, c.listNotices)
	reading := post("read-notices", "/notices/read", "Mark notices as read", http.StatusNoContent)
	web.Register(c.API, access.ReadTickets, reading, func(ctx context.Context, actor domain.Actor, in *readNoticesInput) (*struct{}, error) {
		if err := c.stillMay(ctx, access.ReadTickets); err != nil {
			return nil, err
		}
		return nil, c.options.Desk.ReadNotices(ctx, actor.Person.UUID, in.Body.IDs, c.moment())
	})
}

func (c *Console) listNotices(ctx context.Context, tx pgx.Tx, r reader, in *noticesInput) (b noticesBody, err error) {
	after, err := rows.ParseTicketCursor(in.Cursor)
	if err != nil {
		return b, err
	}
	found, next, err := rows.Notices(ctx, tx, r.Actor.Person.UUID, in.Unread, after, in.Limit)
	if err != nil {
		return b, err
	}
	if b.Unread, err = rows.UnreadNotices(ctx, tx, r.Actor.Person.UUID); err != nil {
		return b, err
	}
	b.Next, b.Items = next.String(), make([]Notice, len(found))
	var named []uuid.UUID
	for i, notice := range found {
		b.Items[i] = Notice{Notice: notice, Number: notice.Number()}
		named = append(named, given(notice.By)...)
	}
	b.People, err = c.people(ctx, tx, named)
	return b, err
}

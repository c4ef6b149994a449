package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// noticesView is what somebody was told.
type noticesView struct {
	noticesBody
	Now         time.Time
	All         bool // read ones, too
	Path, Older string
	Open        []string // those on the page that are not read
	Key         string
}

// noticesPath is where a person's notices are.
const noticesPath = "/notices"

// noticesOnPage is how many notices one page lists: as many as are marked at once.
const noticesOnPage = 50

func (c *Console) addNoticePages() {
	showing(c, noticesPath, access.ReadTickets, c.viewNotices, noticesPage)
	c.posting(noticesPath+"/read", access.ReadTickets, c.postReadNotices, nil)
}

func (c *Console) viewNotices(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v noticesView, err error) {
	asked := request.URL.Query()
	v.All, v.Now, v.Key = asked.Get("all") != "", c.moment(), blank().Key
	v.noticesBody, err = c.listNotices(ctx, tx, r, &noticesInput{Page: Page{Limit: noticesOnPage, Cursor: asked.Get("cursor")}, Unread: !v.All})
	for _, notice := range v.Items {
		if notice.ReadAt == nil {
			v.Open = append(v.Open, notice.ID.String())
		}
	}
	v.Path = query(noticesPath, "all", asked.Get("all"), "cursor", asked.Get("cursor"))
	if v.Next != "" {
		v.Older = query(noticesPath, "all", asked.Get("all"), "cursor", v.Next)
	}
	return v, err
}

func (c *Console) postReadNotices(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	if err := c.stillMay(r.Context(), access.ReadTickets); err != nil {
		return "", err
	}
	ids, err := idsOf(form, "notices")
	if err != nil {
		return "", err
	}
	if len(ids) > rows.MaxLimit {
		return "", wrongField("notices", "must be at most "+strconv.Itoa(rows.MaxLimit))
	}
	return noticesPath, c.options.Desk.ReadNotices(r.Context(), login.Actor.Person.UUID, ids, c.moment())
}

// noticePath is where a notice leads: to the objections to an invoice, or to the ticket, and there to the message that it
// is about, if it is about one.
func noticePath(n Notice) string {
	switch {
	case n.Invoice != nil:
		return invoicePath(*n.Invoice) + "#disputes"
	case n.Ticket == nil:
		return noticesPath
	case n.Item != nil:
		return ticketPath(*n.Ticket) + "#message-" + n.Item.String()
	}
	return ticketPath(*n.Ticket)
}

func noticeTone(kind string) page.Tone {
	if kind == rows.NoticeMentioned {
		return page.Neutral
	}
	return page.Danger
}

func noticeText(n Notice, people map[string]string) string {
	switch n.Kind {
	case rows.NoticeEscalated:
		return goalName(n.Goal) + " escalated, level " + strconv.Itoa(n.Level)
	case rows.NoticeAnswerMissed:
		return "An objection was not answered in time"
	}
	return personIn(people, n.By, "Somebody") + " mentions you"
}

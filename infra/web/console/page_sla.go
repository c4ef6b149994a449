package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// spanned is what a report is about, by days of UTC.
type spanned struct {
	First, Last string // days
	Clients     []page.Option
	Query       []string // the same as pairs of an address
}

// slaView tells how promises were kept.
type slaView struct {
	slaReportBody
	spanned
}

// pausesView are pauses that deserve a look.
type pausesView struct {
	pausesBody
	spanned
	Older string
}

func (c *Console) addSLAPages() {
	showing(c, "/sla", access.ReadPolicies, c.viewSLA, slaPage)
	showing(c, "/sla/pauses", access.ReadPolicies, c.viewPauses, pausesPage)
	c.addWhatIfPage()
}

func (c *Console) viewSLA(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v slaView, err error) {
	in, spanned, err := c.span(ctx, tx, request)
	if err != nil {
		return v, err
	}
	v.spanned = spanned
	v.slaReportBody, err = c.readSLAReport(ctx, tx, r, &in)
	return v, err
}

func (c *Console) viewPauses(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v pausesView, err error) {
	in, spanned, err := c.span(ctx, tx, request)
	if err != nil {
		return v, err
	}
	v.spanned = spanned
	v.pausesBody, err = c.readPauses(ctx, tx, r, &pausesInput{Span: in, Cursor: request.URL.Query().Get("cursor")})
	if v.Next != "" {
		v.Older = query("/sla/pauses", append(spanned.Query, "cursor", v.Next)...)
	}
	return v, err
}

// span reads the days and the client of a report: the last 90 days and all clients where none are given.
func (c *Console) span(ctx context.Context, tx pgx.Tx, request *http.Request) (in Span, s spanned, err error) {
	asked := request.URL.Query()
	if in.Client, err = optionalID(asked.Get("client"), "client"); err != nil {
		return in, s, err
	}
	today := c.moment().Truncate(24 * time.Hour)
	last, err := dayOr(asked.Get("to"), "to", today)
	if err != nil {
		return in, s, err
	}
	first, err := dayOr(asked.Get("from"), "from", last.AddDate(0, 0, -89))
	if err != nil {
		return in, s, err
	}
	in.From, in.Until = first, last.AddDate(0, 0, 1)
	s.First, s.Last = first.Format(time.DateOnly), last.Format(time.DateOnly)
	s.Query = []string{"from", s.First, "to", s.Last, "client", idOf(in.Client)}
	clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
	s.Clients = []page.Option{{Label: "All"}}
	for _, client := range clients {
		s.Clients = append(s.Clients, page.Option{Value: client.ID.String(), Label: client.Name, Selected: client.ID == in.Client})
	}
	return in, s, err
}

// dayOr reads the first instant of a day; that of another one when none is given.
func dayOr(text, field string, other time.Time) (time.Time, error) {
	if text == "" {
		return other, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, wrongField(field, "must be a day")
	}
	return day, nil
}

// slaTabs are the reports about one time and client.
func slaTabs(s spanned, current string) []page.Tab {
	tabs := []page.Tab{{Label: "Promises", Path: "/sla"}, {Label: "Pauses", Path: "/sla/pauses"}, {Label: "What if", Path: "/sla/what-if"}}
	for i, tab := range tabs {
		tabs[i].Current, tabs[i].Path = tab.Path == current, query(tab.Path, s.Query...)
	}
	return tabs
}

// keptMeter draws the share of promises that were kept, of those that count.
func keptMeter(k rows.Kept) page.MeterProps {
	all := k.Met + k.MetLate + k.Breached
	if all == 0 {
		return page.MeterProps{Label: "None counts"}
	}
	m := page.MeterProps{Label: fmt.Sprintf("%d %% kept", k.Met*100/all), Used: k.Met, Of: all}
	if k.Met < all {
		m.Tone = page.Attention
	}
	return m
}

func findingText(f finding) string {
	if f.Kind == "avoided_breach" {
		return pausedText(f.PausedFor) + ", begun within 10 minutes of a breach"
	}
	return pausedText(f.PausedFor) + ", although the client had answered"
}

// promiseNote says beside a countdown what it is about.
func promiseNote(p Promise) string {
	if p.PausedFor != "" {
		return goalName(p.Goal) + ": " + pausedText(p.PausedFor)
	}
	return goalName(p.Goal)
}

// viewTabs are the views that somebody keeps of a list.
func viewTabs(path string, s sieve) []page.Tab {
	tabs := []page.Tab{{Label: "All", Path: path, Current: !s.filtered()}}
	for _, view := range s.Views {
		tabs = append(tabs, page.Tab{Label: view.Name, Path: path + "?" + view.Query, Current: view.Query == kept(s.Asked).Encode()})
	}
	return tabs
}

package portal

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// homeView is the page that begins the portal.
type homeView struct {
	screen
	Overview client.Overview
	Seats    client.Seats
	Admin    bool // shows the seats and the ways to people and log
	Waiting  waiting
	Bills    bool // shows what is to be paid
	Balances []client.Balance
}

// homePage shows what waits for the viewer, and how things stand. The page fetches it again as it changes.
func (p *Portal) homePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	view := homeView{Admin: login.May(access.ReadPeople, p.loginClock()) == nil}
	screen, err := p.screen(r, login, "Home", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		if view.Overview, err = client.ReadOverview(ctx, tx, v); err != nil {
			return err
		}
		if view.Bills = v.Billing && login.May(access.ReadInvoices, p.loginClock()) == nil; view.Bills {
			if view.Balances, err = client.ReadBalances(ctx, tx, v, p.now()); err != nil {
				return err
			}
		}
		if view.Waiting, err = p.waitingFor(ctx, tx, v, login); err != nil || !view.Admin {
			return err
		}
		view.Seats, err = client.ReadSeats(ctx, tx, v)
		return err
	})
	if err != nil {
		return err
	}
	view.screen = screen
	return page.Render(w, r, http.StatusOK, homePage(view))
}

// greeting is the page's first line.
func (v homeView) greeting() string {
	if v.Me.Name == "" {
		return "Welcome"
	}
	return "Hello, " + v.Me.Name
}

// lists are the ways to the lists of tickets.
func (v homeView) lists() []page.Tab { return ticketsView{Counts: v.Overview.Tickets}.tabs() }

// needs says what waits for the viewer.
func (v homeView) needs() string {
	switch waiting := v.Overview.Tickets.WaitingForYou; waiting {
	case 0:
		return ""
	case 1:
		return "1 ticket waits for your answer."
	default:
		return plural(waiting, "ticket") + " wait for your answer."
	}
}

// overdue are the balances of which something is overdue.
func (v homeView) overdue() (late []client.Balance) {
	for _, balance := range v.Balances {
		if balance.Overdue != "0" {
			late = append(late, balance)
		}
	}
	return late
}

// quiet reports whether nothing waits for the viewer.
func (v homeView) quiet() bool { return v.needs() == "" && v.Waiting.none() && len(v.overdue()) == 0 }

// contractTypes are the types of contract in words.
var contractTypes = map[string]string{
	"bucket": "Hours bucket", "fixed": "Fixed price", "time_and_materials": "Time and materials", "retainer": "Retainer",
}

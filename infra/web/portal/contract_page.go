package portal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// waiting is what waits for the decision of somebody who may decide.
type waiting struct {
	Proposals []client.Proposal
	Requests  []client.OverageRequest
}

// maxWaiting bounds how much of it a page names.
const maxWaiting = 20

func (w waiting) none() bool { return len(w.Proposals) == 0 && len(w.Requests) == 0 }

// waitingFor reads it; nothing waits for whoever may not decide.
func (p *Portal) waitingFor(ctx context.Context, tx pgx.Tx, v client.Viewer, login auth.Login) (w waiting, err error) {
	if !p.decides(login) {
		return waiting{}, nil
	}
	if w.Proposals, _, err = client.ListProposals(ctx, tx, v, client.ProposalFilter{State: "offered", Limit: maxWaiting}); err != nil {
		return waiting{}, err
	}
	w.Requests, _, err = client.ListOverageRequests(ctx, tx, v, client.OverageFilter{State: "asked", Limit: maxWaiting})
	return w, err
}

// decides says whether somebody may agree for the organisation, once it has proved its identity anew.
func (p *Portal) decides(login auth.Login) bool {
	return access.ScopeOf(login.Actor.Role, access.AcceptContracts) != access.Nothing
}

type contractsView struct {
	screen
	AsOf      time.Time
	Waiting   waiting
	Contracts []client.ContractSummary
	Proposals []client.Proposal // the last ones, whatever came of them
	Older     string
	First     bool
}

func (p *Portal) contractsPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	token := r.URL.Query().Get("cursor")
	cursor, err := p.openCursor(login.Actor, token)
	if err != nil {
		return err
	}
	view := contractsView{First: token == ""}
	view.screen, err = p.screen(r, login, "Contracts", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		if view.Waiting, err = p.waitingFor(ctx, tx, v, login); err != nil {
			return err
		}
		if view.Proposals, _, err = client.ListProposals(ctx, tx, v, client.ProposalFilter{Limit: pageLimit}); err != nil {
			return err
		}
		contracts, next, err := client.ListContracts(ctx, tx, v, cursor, pageLimit)
		view.Contracts, view.Older = contracts, older(contractsPath, url.Values{}, p.sealCursor(login.Actor, next))
		return err
	})
	if err != nil {
		return err
	}
	view.AsOf = p.now().In(view.Zone)
	return page.Render(w, r, http.StatusOK, contractsPage(view))
}

type contractView struct {
	screen
	AsOf      time.Time
	Contract  client.ContractDetail
	Proposals []client.Proposal
	Months    []string // of its work
	Month     string   // that the work is shown of; empty for all
	Category  string   // likewise
	Work      []client.Work
	Older     string
	First     bool
}

func (p *Portal) contractPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	query := r.URL.Query()
	view := contractView{Month: query.Get("month"), Category: query.Get("category"), First: query.Get("cursor") == ""}
	filter := client.WorkFilter{Month: view.Month, Limit: pageLimit}
	if filter.After, err = p.openCursor(login.Actor, query.Get("cursor")); err != nil {
		return err
	}
	if view.Category != "" {
		if filter.Category, err = uuid.Parse(view.Category); err != nil {
			return wrongField("category", "must be a UUID")
		}
	}
	if strings.ContainsRune(view.Month, 0) {
		return wrongField("month", "must be a month")
	}
	view.screen, err = p.screen(r, login, "", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		if view.Contract, err = client.ReadContract(ctx, tx, v, id); err != nil {
			return err
		}
		if view.Proposals, _, err = client.ListProposals(ctx, tx, v, client.ProposalFilter{Contract: id}); err != nil {
			return err
		}
		if view.Months, err = client.ListWorkMonths(ctx, tx, v, id); err != nil {
			return err
		}
		work, next, err := client.ListWork(ctx, tx, v, id, filter)
		view.Work, view.Older = work, older(view.path(), view.filters(), p.sealCursor(login.Actor, next))
		return err
	})
	if err != nil {
		return err
	}
	view.Frame.Title, view.AsOf = view.Contract.Reference, p.now().In(view.Zone)
	return page.Render(w, r, http.StatusOK, contractPage(view))
}

func (v contractView) path() string { return contractsPath + "/" + v.Contract.ID.String() }

// filters are what the list of work is narrowed by.
func (v contractView) filters() url.Values {
	query := url.Values{}
	if v.Month != "" {
		query.Set("month", v.Month)
	}
	if v.Category != "" {
		query.Set("category", v.Category)
	}
	return query
}

// newest is the path of the first page of the work; empty on that page.
func (v contractView) newest() string {
	path := v.path()
	if query := v.filters().Encode(); query != "" {
		path += "?" + query
	}
	return newest(v.First, path)
}

// month is the field that chooses the month of the work.
func (v contractView) month() page.Field {
	field := page.Field{Name: "month", Label: "Month", Required: true, Options: []page.Option{{Label: "All", Selected: v.Month == ""}}}
	for _, month := range v.Months {
		field.Options = append(field.Options, page.Option{Value: month, Label: monthText(month), Selected: month == v.Month})
	}
	return field
}

// category is the field that chooses the job type of the work.
func (v contractView) category() page.Field {
	field := page.Field{Name: "category", Label: "Job type", Required: true, Options: []page.Option{{Label: "All", Selected: v.Category == ""}}}
	for _, line := range v.Contract.Lines {
		for _, jobType := range line.JobTypes {
			id := jobType.ID.String()
			field.Options = append(field.Options, page.Option{Value: id, Label: jobType.Name, Selected: id == v.Category})
		}
	}
	return field
}

// meter is bought hours against consumed ones.
func meter(h client.Hours) page.MeterProps {
	props := page.MeterProps{
		Label: hoursText(h.Used-h.Overage) + " of " + hoursText(h.Bought) + " used, " + hoursText(h.Remaining) + " left",
		Used:  int64(h.Bought - h.Remaining), Of: int64(h.Bought),
	}
	if h.Expired > 0 {
		props.Label += ", " + hoursText(h.Expired) + " expired"
	}
	if h.Overage > 0 {
		props.Tone = page.Danger
		props.Label += "; " + hoursText(h.Overage) + " beyond"
	}
	return props
}

// agreed is what was agreed on for a line.
func agreed(l client.Line) string {
	if l.Minutes == 0 {
		return contractTypes[l.Type]
	}
	if l.Type == "retainer" {
		return contractTypes[l.Type] + ", " + hoursText(l.Minutes) + " a month"
	}
	return contractTypes[l.Type] + ", " + hoursText(l.Minutes) + " in all"
}

// contractStates are the states of a contract in words.
var contractStates = map[string]struct {
	Tone page.Tone
	Word string
}{
	visible.ContractOffered: {page.Attention, "Offered"}, visible.ContractActive: {page.Good, "Active"},
	visible.ContractSuspended: {page.Attention, "Suspended"}, visible.ContractEnded: {page.Neutral, "Ended"},
}

// workCharges are the kinds of work in words.
var workCharges = map[string]string{
	visible.WorkCharged: "Charged", visible.WorkIncluded: "Included", visible.WorkNoCharge: "No charge",
}

// jobTypeColumns are those of a line's table: figures that mean nothing for it are left out.
func jobTypeColumns(l client.Line) []page.Column {
	columns := []page.Column{{Label: "Job type"}}
	if l.Hours != nil {
		columns = append(columns, page.Column{Label: "Agreed", Numeric: true}, page.Column{Label: "Used", Numeric: true})
	}
	columns = append(columns, page.Column{Label: "Done", Numeric: true})
	if l.Pending != nil {
		columns = append(columns, page.Column{Label: "Not approved yet", Numeric: true})
	}
	return columns
}

// hoursText is a number of minutes in words: "63 h", "1 h 30 min", "−45 min".
func hoursText(minutes int) string {
	sign := ""
	if minutes < 0 {
		sign, minutes = "−", -minutes
	}
	hours, rest := minutes/60, minutes%60
	switch {
	case rest == 0:
		return sign + strconv.Itoa(hours) + " h"
	case hours == 0:
		return sign + strconv.Itoa(rest) + " min"
	default:
		return sign + strconv.Itoa(hours) + " h " + strconv.Itoa(rest) + " min"
	}
}

// pendingText is a figure that is withheld where the contract does not show it.
func pendingText(minutes *int) string {
	if minutes == nil {
		return ""
	}
	return hoursText(*minutes)
}

// dayText is a day such as "2026-03-31" in words; what is no day stays as it is.
func dayText(day string) string { return inWords(day, time.DateOnly, "2 Jan 2006") }

// monthText is a month such as "2026-03" in words.
func monthText(month string) string { return inWords(month, "2006-01", "January 2006") }

func inWords(text, from, to string) string {
	at, err := time.Parse(from, text)
	if err != nil {
		return text
	}
	return at.Format(to)
}

// spanText is from when until when something holds.
func spanText(from, until string) string {
	if until == "" {
		return "From " + dayText(from)
	}
	return dayText(from) + " – " + dayText(until)
}

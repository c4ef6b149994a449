package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// approvalsView is the time that waits for approval.
type approvalsView struct {
	Groups []approvalGroup
	Cut    bool // there is more than the page shows
	Names  map[string]string
	Form   typed
}

// approvalGroup is what waits in one period: one command decides on it.
type approvalGroup struct {
	Contract   uuid.UUID
	Reference  string
	ClientName string
	Month      string
	Times      []waitingTime
	Seconds    int64
}

// waitingTime is a record that waits, with what an approver should look at.
type waitingTime struct {
	rows.TimeLine
	Own bool // nobody but an owner approves it
}

func (c *Console) addApprovalPages() {
	showing(c, "/approvals", access.ApproveTime, c.viewApprovals, approvalsPage)
	c.posting("/approvals", access.ApproveTime, c.postApprovals, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, access.ApproveTime, c.viewApprovals)
		if err != nil {
			return err
		}
		v.Form, frame.Wrong = form, true
		return page.Render(w, r, status, approvalsPage(frame, v))
	})
}

func (c *Console) viewApprovals(ctx context.Context, tx pgx.Tx, r reader, _ *http.Request) (v approvalsView, err error) {
	times, more, err := rows.TimesWaiting(ctx, tx, rows.MaxLimit)
	if err != nil {
		return v, err
	}
	v.Cut, v.Form = more, blank()
	for _, t := range times {
		last := len(v.Groups) - 1
		if last < 0 || v.Groups[last].Contract != t.Contract || v.Groups[last].Month != t.Month {
			v.Groups = append(v.Groups, approvalGroup{Contract: t.Contract, Reference: t.Reference, ClientName: t.ClientName, Month: t.Month})
			last++
		}
		own := t.Person != nil && *t.Person == r.Actor.Person.UUID
		v.Groups[last].Times = append(v.Groups[last].Times, waitingTime{TimeLine: t, Own: own && r.Actor.Role != domain.Owner})
		v.Groups[last].Seconds += t.Seconds
	}
	v.Names, err = c.people(ctx, tx, peopleOf(times))
	return v, err
}

// postApprovals approves or returns what was ticked in one period, all of it or none.
func (c *Console) postApprovals(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	contract, err := uuid.Parse(form.Get("contract"))
	if err != nil {
		return "", wrongField("contract", "must be one of the page")
	}
	of, month := domain.ContractID{UUID: contract}, calendar.Month(form.Get("month"))
	var times []domain.TimeID
	for _, text := range form.Values["time"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return "", wrongField("time", "must be one of the page")
		}
		times = append(times, domain.TimeID{UUID: id})
	}
	if len(times) == 0 {
		return "", wrongField("time", "must be ticked in at least one row")
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	if form.Get("act") == "return" {
		returned, err := c.commands.ReturnTime(r.Context(), request, commands.ReturnTime{
			Contract: of, Month: month, Times: times, Reason: strings.TrimSpace(form.Get("reason")),
		})
		return then("/approvals", "time_returned", returned), err
	}
	approved, err := c.commands.ApproveTime(r.Context(), request, commands.ApproveTime{Contract: of, Month: month, Times: times})
	return then("/approvals", "time_approved", approved), err
}

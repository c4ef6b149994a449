package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// periodView is a billing period with its books.
type periodView struct {
	periodBody
	On               rows.Scope // the contract
	Opened           bool
	Over             bool // its last day has passed, where the contract's days end
	Present          bool // it is the present month there
	Path             string
	Before, After    string // paths of the months beside it
	Pending          []rows.TimeLine
	Lines            []terms.Line
	Names            map[string]string
	Form             typed
	Manage, AskExtra bool // what the viewer may do
	Decide           bool // on deductions
}

// forecastsView is what was told about the hours of a contract.
type forecastsView struct {
	rows.Scope
	forecastsBody
	Lines []terms.Line
}

func (c *Console) addPeriodPages() {
	showing(c, "/contracts/{id}/periods/{month}", access.ReadPeriods, c.viewPeriod, periodPage)
	pattern := "/contracts/{id}/periods/{month}"
	c.posting(pattern+"/open", access.ManagePeriods, c.onPeriod("period_opened", c.postOpen), c.periodAgain)
	c.posting(pattern+"/close", access.ManagePeriods, c.onPeriod("period_closed", c.postClose), c.periodAgain)
	c.posting(pattern+"/charges", access.ManagePeriods, c.onPeriod("charged", c.postCharge), c.periodAgain)
	c.posting(pattern+"/move", access.ManagePeriods, c.onPeriod("time_moved", c.postMove), c.periodAgain)
	c.posting(pattern+"/deductions/{deduction}/confirm", access.DecideDeductions, c.onPeriod("confirmed", c.postConfirm), c.periodAgain)
	c.posting(pattern+"/deductions/{deduction}/waive", access.DecideDeductions, c.onPeriod("waived", c.postWaive), c.periodAgain)
	c.posting(pattern+"/overage", access.ManageContracts, c.onPeriod("overage_asked", c.postOverage), c.periodAgain)
	showing(c, "/contracts/{id}/forecasts", access.ReadContracts, c.viewForecasts, forecastsPage)
}

func periodPath(contract, month string) string { return "/contracts/" + contract + "/periods/" + month }

func (c *Console) viewPeriod(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v periodView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	month := calendar.Month(chi.URLParam(request, "month"))
	if !month.Valid() {
		return v, domain.Refuse(domain.ErrNotFound, "no_such_period", "%q is no month", month)
	}
	if v.On, err = rows.ContractByID(ctx, tx, id, c.today()); err != nil {
		return v, err
	}
	today := dayIn(c.now(), v.On.Zone)
	v.Over, v.Present = today > month.Last(), today.Month() == month
	v.Path, v.Form = periodPath(id.String(), string(month)), blank()
	v.Before, v.After = periodPath(id.String(), string(month.Previous())), periodPath(id.String(), string(month.Next()))
	if month <= calendar.Date(v.On.Starts).Month() {
		v.Before = ""
	}
	if month >= today.Month() {
		v.After = ""
	}
	v.Manage, v.AskExtra = r.may(access.ManagePeriods), r.may(access.ManageContracts) && v.Present
	v.Decide = r.may(access.DecideDeductions)
	version, err := rows.VersionByNumber(ctx, tx, id, v.On.Version)
	if err != nil {
		return v, err
	}
	v.Lines = version.Terms.Agreed.Lines
	if v.periodBody, err = c.periodInFull(ctx, tx, r, id, string(month)); errors.Is(err, domain.ErrNotFound) {
		v.Month = string(month)
		return v, nil // Nobody has opened it yet.
	}
	if err != nil {
		return v, err
	}
	v.Opened = true
	return v, c.pending(ctx, tx, &v)
}

// pending lists the records that keep the period from being closed.
func (c *Console) pending(ctx context.Context, tx pgx.Tx, v *periodView) (err error) {
	v.Pending, _, err = rows.Times(ctx, tx, rows.TimeFilter{
		Contract: v.Contract, Month: v.Month, Statuses: []string{rows.TimeDraft, rows.TimeSubmitted, rows.TimeReturned},
	})
	if err != nil {
		return err
	}
	ids := peopleOf(v.Pending)
	for _, charge := range v.Charges {
		ids = append(ids, given(charge.AddedBy)...)
	}
	for _, deduction := range v.Deductions {
		ids = append(ids, given(deduction.AskedBy, deduction.DecidedBy)...)
	}
	v.Names, err = c.people(ctx, tx, append(ids, given(v.OpenedBy, v.ClosedBy)...))
	return err
}

// periodAgain shows a period with a form on it as it was sent.
func (c *Console) periodAgain(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
	v, frame, err := look(c, r, login, access.ReadPeriods, c.viewPeriod)
	if err != nil {
		return err
	}
	v.Form, frame.Wrong = form, true
	return page.Render(w, r, status, periodPage(frame, v))
}

// onPeriod runs the command of a form on a period's page, and leads back there.
func (c *Console) onPeriod(
	notice string, run func(*http.Request, commands.Request, domain.ContractID, calendar.Month, typed) (commands.Answer, error),
) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		id, err := web.ID(chi.URLParam(r, "id"))
		if err != nil {
			return "", err
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		month := calendar.Month(chi.URLParam(r, "month"))
		answer, err := run(r, request, domain.ContractID{UUID: id}, month, form)
		return then(periodPath(id.String(), string(month)), notice, answer), err
	}
}

func (c *Console) postOpen(r *http.Request, request commands.Request, id domain.ContractID, month calendar.Month, _ typed) (commands.Answer, error) {
	return c.commands.OpenPeriod(r.Context(), request, commands.OpenPeriod{Contract: id, Month: month})
}

func (c *Console) postClose(r *http.Request, request commands.Request, id domain.ContractID, month calendar.Month, _ typed) (commands.Answer, error) {
	return c.commands.ClosePeriod(r.Context(), request, commands.ClosePeriod{Contract: id, Month: month})
}

func (c *Console) postCharge(r *http.Request, request commands.Request, id domain.ContractID, month calendar.Month, form typed) (commands.Answer, error) {
	amount, err := amountOf(strings.TrimSpace(form.Get("amount")))
	if err != nil {
		return commands.Answer{}, wrongField("amount", "must be an amount, such as 1250.00")
	}
	return c.commands.AddCharge(r.Context(), request, commands.AddCharge{
		Contract: id, Month: month, Line: form.Get("line"), Text: strings.TrimSpace(form.Get("text")), Amount: amount,
		Day: calendar.Date(form.Get("day")), TaxCategory: strings.TrimSpace(form.Get("tax_category")),
	})
}

func (c *Console) postConfirm(r *http.Request, request commands.Request, id domain.ContractID, month calendar.Month, form typed) (commands.Answer, error) {
	deduction, err := web.ID(chi.URLParam(r, "deduction"))
	if err != nil {
		return commands.Answer{}, err
	}
	shown, err := shownAmount(form.Get("deducted"))
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.ConfirmDeduction(r.Context(), request, commands.DecideDeduction{
		Contract: id, Month: month, Deduction: domain.DeductionID{UUID: deduction}, Shown: shown,
	})
}

func (c *Console) postWaive(r *http.Request, request commands.Request, id domain.ContractID, month calendar.Month, form typed) (commands.Answer, error) {
	deduction, err := web.ID(chi.URLParam(r, "deduction"))
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.WaiveDeduction(r.Context(), request, commands.DecideDeduction{
		Contract: id, Month: month, Deduction: domain.DeductionID{UUID: deduction}, Reason: strings.TrimSpace(form.Get("waiver." + deduction.String())),
	})
}

// waiverField names the field for why a deduction is waived: a page may have several.
func waiverField(d deductionBody) string { return "waiver." + d.ID.String() }

func (v periodView) waiver(d deductionBody) page.Field {
	field := page.Field{
		Name: waiverField(d), Label: "Why the client gets nothing back", Hint: internalHint, Required: true, Rows: 3, MaxLength: 500,
		Value: v.Form.Get(waiverField(d)),
	}
	if v.Form.Values.Has(field.Name) {
		field.Error = v.Form.Wrong("reason")
	}
	return field
}

func deductionTone(status string) page.Tone {
	switch status {
	case rows.DeductionConfirmed:
		return page.Good
	case rows.DeductionProposed:
		return page.Attention
	}
	return page.Neutral
}

// decidedText tells who decided on a deduction and why, or who wants to.
func decidedText(d deductionBody, names map[string]string) string {
	switch {
	case d.Status == rows.DeductionProposed && d.AskedBy != nil:
		return nameOf(names, d.AskedBy.String()) + " asks to waive it: " + d.AskedReason
	case d.DecidedBy != nil && d.Reason != "":
		return "by " + nameOf(names, d.DecidedBy.String()) + ": " + d.Reason
	case d.DecidedBy != nil:
		return "by " + nameOf(names, d.DecidedBy.String())
	}
	return d.Reason
}

// postMove moves all records that nobody approved, as far as one command takes them.
func (c *Console) postMove(r *http.Request, request commands.Request, id domain.ContractID, month calendar.Month, form typed) (commands.Answer, error) {
	var times []domain.TimeID
	for _, text := range form.Values["time"] {
		time, err := web.ID(text)
		if err != nil {
			return commands.Answer{}, err
		}
		times = append(times, domain.TimeID{UUID: time})
	}
	return c.commands.MoveTime(r.Context(), request, commands.MoveTime{Contract: id, Month: month, Times: times})
}

func (c *Console) postOverage(r *http.Request, request commands.Request, id domain.ContractID, _ calendar.Month, form typed) (commands.Answer, error) {
	minutes, err := minutesOf(form.Get("overage_hours"))
	if err != nil || minutes <= 0 {
		return commands.Answer{}, wrongField("overage_hours", "must be hours, such as 20 or 7:30")
	}
	return c.commands.AskOverage(r.Context(), request, commands.AskOverage{
		Contract: id, Line: form.Get("overage_line"), Minutes: minutes, Text: strings.TrimSpace(form.Get("question")),
	})
}

func (c *Console) viewForecasts(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v forecastsView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.Scope, err = rows.ContractByID(ctx, tx, id, c.today()); err != nil {
		return v, err
	}
	version, err := rows.VersionByNumber(ctx, tx, id, v.Version)
	if err != nil {
		return v, err
	}
	v.Lines = version.Terms.Agreed.Lines
	v.forecastsBody, err = c.foretold(ctx, tx, id)
	return v, err
}

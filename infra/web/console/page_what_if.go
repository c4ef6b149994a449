package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/terms"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// whatIfView compares what rules make of the tickets of a time.
type whatIfView struct {
	whatIfBody
	spanned
	Asked         url.Values
	Form          typed // what is wrong with what was asked
	Policies      []page.Option
	Calendars     []page.Option
	BasePolicies  []page.Option
	BaseCalendars []page.Option
	Levels        []page.Option
	Answered      bool
	Based         bool // compared with other rules, not with history
	question      WhatIf
	refused       error // why the question is none
}

func (c *Console) addWhatIfPage() {
	c.Page(http.MethodGet, "/sla/what-if", access.ReadPolicies, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		v, frame, err := look(c, r, login, access.ReadPolicies, c.viewWhatIf)
		if err != nil {
			return err
		}
		status, err := http.StatusOK, v.refused
		if err == nil && v.Asked.Has("policy") {
			err = c.rehearse(r.Context(), v.question, &v.whatIfBody)
			v.Answered = err == nil
		}
		if err != nil {
			if v.Form.Errors, status = mistakes(err); status == 0 {
				return err
			}
		}
		return page.Render(w, r, status, whatIfPage(frame, v))
	})
}

// viewWhatIf reads what can be chosen, and finds the tickets once something is.
func (c *Console) viewWhatIf(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v whatIfView, err error) {
	span, spanned, err := c.span(ctx, tx, request)
	if err != nil {
		return v, err
	}
	v.spanned, v.Asked, v.Form = spanned, request.URL.Query(), blank()
	if err := v.choices(ctx, tx); err != nil {
		return v, err
	}
	if !v.Asked.Has("policy") {
		return v, nil
	}
	in, err := whatIfAsked(v.Asked, span)
	if err == nil {
		v.question, err = in.question()
	}
	v.Based = in.BasePolicy != uuid.Nil
	if err == nil {
		var tickets []domain.TicketID
		v.whatIfBody, tickets, err = c.raised(ctx, tx, span)
		v.question.Tickets = tickets
	}
	if _, status := mistakes(err); status != 0 {
		v.refused, err = err, nil
	}
	return v, err
}

// choices are the policies and calendars, of which the first page is listed, and the support levels.
func (v *whatIfView) choices(ctx context.Context, tx pgx.Tx) error {
	policies, _, err := rows.SLAPolicies(ctx, tx, uuid.Nil, rows.MaxLimit)
	if err != nil {
		return err
	}
	calendars, _, err := rows.Calendars(ctx, tx, uuid.Nil, rows.MaxLimit)
	if err != nil {
		return err
	}
	options := func(field, none string) []page.Option {
		all := []page.Option{{Label: none}}
		for _, p := range policies {
			all = append(all, versionOption(p.ID, p.Name, p.Version, v.Asked.Get(field)))
		}
		return all
	}
	hours := func(field string) []page.Option {
		all := []page.Option{{Label: "Round the clock"}}
		for _, c := range calendars {
			all = append(all, versionOption(c.ID, c.Name, c.Version, v.Asked.Get(field)))
		}
		return all
	}
	v.Policies, v.BasePolicies = options("policy", "Choose one"), options("base_policy", "What was promised")
	v.Calendars, v.BaseCalendars = hours("calendar"), hours("base_calendar")
	for _, level := range []terms.SupportLevel{terms.Standard, terms.Priority, terms.Always} {
		v.Levels = append(v.Levels, page.Option{Value: string(level), Label: label(string(level)), Selected: string(level) == v.Asked.Get("support_level")})
	}
	return nil
}

func versionOption(id uuid.UUID, name string, newest int, selected string) page.Option {
	return page.Option{Value: id.String(), Label: fmt.Sprintf("%s (newest: %d)", name, newest), Selected: id.String() == selected}
}

// whatIfAsked reads the form.
func whatIfAsked(asked url.Values, span Span) (in whatIfInput, err error) {
	in.Span, in.SupportLevel = span, or(asked.Get("support_level"), string(terms.Standard))
	for field, into := range map[string]*uuid.UUID{
		"policy": &in.Policy, "calendar": &in.Calendar, "base_policy": &in.BasePolicy, "base_calendar": &in.BaseCalendar,
	} {
		if *into, err = optionalID(asked.Get(field), field); err != nil {
			return in, err
		}
	}
	for field, into := range map[string]*int{
		"policy_version": &in.PolicyVersion, "calendar_version": &in.CalendarVersion,
		"base_policy_version": &in.BasePolicyVersion, "base_calendar_version": &in.BaseCalendarVersion,
	} {
		if text := asked.Get(field); text != "" {
			if *into, err = strconv.Atoi(text); err != nil || *into < 1 {
				return in, wrongField(field, "must be the number of a version, or empty for the newest")
			}
		}
	}
	return in, nil
}

// countChange tells a count under both rules: "12 → 5", or "5" where they agree.
func countChange(before, after int) string {
	if before == after {
		return strconv.Itoa(after)
	}
	return fmt.Sprintf("%d → %d", before, after)
}

func hoursChange(before, after int64) string {
	if before == after {
		return rawHours(after)
	}
	return rawHours(before) + " → " + rawHours(after)
}

// wouldBe is a state of a target, which may have none.
func wouldBe(state string) string {
	if state == "" {
		return "Nothing promised"
	}
	return stateName(state)
}

// replayed says what an answer rests on.
func replayed(v whatIfView) string {
	text := fmt.Sprintf("%d tickets replayed in %d ms, ", v.Tickets, v.Milliseconds)
	if v.Tickets == 1 {
		text = fmt.Sprintf("One ticket replayed in %d ms, ", v.Milliseconds)
	}
	if v.Based {
		return text + "under the policy to compare with and under the other one."
	}
	return text + "as history went and under the other policy."
}

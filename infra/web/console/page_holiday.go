package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/holidays"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// holidaysView proposes the holidays of a place for a calendar.
type holidaysView struct {
	holidaysBody
	Name    string // of the calendar
	Path    string // its page
	Places  []page.Option
	From    []page.Option // years
	To      []page.Option
	Asked   url.Values
	Lacking int // how many of the items the calendar would take over
	Form    typed
}

func (c *Console) addHolidayPages() {
	showing(c, "/calendars/{id}/import-holidays", access.ManagePolicies, c.viewHolidays, holidaysPage)
	c.posting("/calendars/{id}/import-holidays", access.ManagePolicies, c.postHolidays, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		r.URL.RawQuery = form.Values.Encode() // What is shown again is what was sent.
		v, frame, err := look(c, r, login, access.ManagePolicies, c.viewHolidays)
		if err != nil {
			return err
		}
		v.Form = form
		return page.Render(w, r, status, holidaysPage(frame, v))
	})
}

func (c *Console) viewHolidays(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v holidaysView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	found, err := rows.CalendarByID(ctx, tx, id)
	if err != nil {
		return v, err
	}
	v.Name, v.Path, v.Form, v.Asked = found.Name, "/calendars/"+id.String(), blank(), request.URL.Query()
	choice := choiceOf(v.Asked)
	if v.Asked.Has("place") {
		v.holidaysBody, err = c.readHolidays(ctx, tx, r, &holidaysInput{ID: id.String(), Country: choice.Country, Region: choice.Region, From: choice.First, To: choice.Last})
		v.Form.Errors, _ = mistakes(err)
		if len(v.Form.Errors) == 0 && err != nil {
			return v, err
		}
	} else {
		choice.First = min(max(c.moment().Year(), holidays.FirstYear), holidays.LastYear)
		choice.Last = min(choice.First+2, holidays.LastYear)
	}
	for _, item := range v.Items {
		if !item.Kept {
			v.Lacking++
		}
	}
	for _, place := range holidays.Places() {
		code := strings.TrimSuffix(place.Country+"-"+place.Region, "-")
		v.Places = append(v.Places, page.Option{Value: code, Label: place.Name, Selected: code == v.Asked.Get("place")})
	}
	v.From, v.To = years(choice.First), years(choice.Last)
	return v, nil
}

// choiceOf reads what was chosen. What cannot be read is what nothing is known of.
func choiceOf(asked url.Values) (c holidays.Choice) {
	c.Country, c.Region, _ = strings.Cut(asked.Get("place"), "-")
	c.First, _ = strconv.Atoi(asked.Get("from")) // No year is one that is refused.
	c.Last, _ = strconv.Atoi(asked.Get("to"))
	return c
}

// years are those whose holidays are known.
func years(selected int) (all []page.Option) {
	for year := holidays.FirstYear; year <= holidays.LastYear; year++ {
		all = append(all, page.Option{Value: strconv.Itoa(year), Label: strconv.Itoa(year), Selected: year == selected})
	}
	return all
}

func (c *Console) postHolidays(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.importHolidays(r.Context(), request, id, choiceOf(form.Values))
	return then("/calendars/"+id.String(), "holidays", answer), err
}

package console

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// maxPreviewed bounds the rows that a preview shows. The wrong ones come first.
const maxPreviewed = 200

// rosterView is an import of people: the upload, the preview, or the report.
type rosterView struct {
	Form   typed
	CSV    string // of the preview, to send again
	Lines  []rosterLine
	Hidden int // rows beyond those that are shown
	Counts map[string]int
	Report bool
}

// rosterLine is one row as it was typed and what becomes of it.
type rosterLine struct {
	rosterRow
	Imported
}

func (c *Console) addRosterPages() {
	c.Page(http.MethodGet, "/people/import", access.ManagePeople, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		if err := c.stillMay(r.Context(), access.ManagePeople); err != nil {
			return err
		}
		return page.Render(w, r, http.StatusOK, rosterPage(c.frame(r, login), rosterView{Form: blank()}))
	})
	c.Page(http.MethodPost, "/people/import", access.ManagePeople, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		_, file, err := web.Upload(w, r, "csv")
		if err != nil {
			return err
		}
		roster, err := c.readRoster(r.Context(), string(file))
		return c.showRoster(w, r, login, rosterView{Form: blank(), CSV: string(file)}, roster, preview(roster), err)
	})
	c.Page(http.MethodPost, "/people/import/run", access.ManagePeople, c.postRoster)
}

func (c *Console) postRoster(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	values, _, err := web.Upload(w, r, "")
	if err != nil {
		return err
	}
	form := typed{Values: url.Values{"csv": values["csv"]}, Key: values.Get("key")}
	v := rosterView{Form: form, CSV: form.Get("csv"), Report: true}
	request, err := c.command(r, login, form)
	if err != nil {
		return err
	}
	roster, err := c.readRoster(r.Context(), v.CSV)
	if err != nil {
		return c.showRoster(w, r, login, v, nil, nil, err)
	}
	items, err := c.importRoster(r.Context(), request, roster)
	return c.showRoster(w, r, login, v, roster, items, err)
}

// showRoster shows what becomes of a roster, or the upload once more with what is wrong with the file.
func (c *Console) showRoster(w http.ResponseWriter, r *http.Request, login auth.Login, v rosterView, roster []rosterRow, items []Imported, err error) error {
	status := http.StatusOK
	switch {
	case errors.Is(err, domain.ErrInvalid):
		v = rosterView{Form: typed{Values: url.Values{}, Key: rand.Text()}}
		v.Form.Errors, status = mistakes(err)
	case err != nil:
		return err
	}
	limit := maxPreviewed
	if v.Report {
		limit = maxRosterRows // It may hold links that are shown this once.
	}
	v.Counts = map[string]int{}
	for _, item := range items {
		v.Counts[item.Outcome]++
	}
	for _, wanted := range []bool{true, false} { // First what is refused.
		for i, item := range items {
			if (item.Outcome == rowRefused) == wanted && len(v.Lines) < limit {
				v.Lines = append(v.Lines, rosterLine{roster[i], item})
			}
		}
	}
	v.Hidden = len(items) - len(v.Lines)
	return page.Render(w, r, status, rosterPage(c.frame(r, login), v))
}

package portal

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

type statementView struct {
	screen
	From, To  string
	Statement client.Statement
	Errors    []page.FieldError
}

// statementPage shows a statement of account, of this year unless days are chosen, or sends it as a file.
func (p *Portal) statementPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	query := r.URL.Query()
	view := statementView{From: query.Get("from"), To: query.Get("to")}
	if format := query.Get("format"); format == "csv" || format == "pdf" {
		in := statementInput{From: view.From, To: view.To, Format: format, Currency: query.Get("currency")}
		file, err := p.statementFile(r.Context(), login.Actor, &in)
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	}
	var err error
	view.screen, err = p.screen(r, login, "Statement of account", func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
		if view.From == "" && view.To == "" {
			me, err := client.ReadMe(ctx, tx, v)
			if err != nil {
				return err
			}
			today := p.now().In(zoneOf(me))
			view.From, view.To = today.Format("2006")+"-01-01", today.Format(time.DateOnly)
		}
		statement, err := readStatement(ctx, tx, v, view.From, view.To)
		if view.Errors = formErrors(err); len(view.Errors) > 0 {
			return nil
		}
		view.Statement = statement
		return err
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if view.Frame.Wrong = len(view.Errors) > 0; view.Frame.Wrong {
		status = http.StatusUnprocessableEntity
	}
	return page.Render(w, r, status, statementPage(view))
}

// file is where the statement in a currency is a file.
func (v statementView) file(currency, format string) string {
	return statementPath + "?" + url.Values{"from": {v.From}, "to": {v.To}, "currency": {currency}, "format": {format}}.Encode()
}

// live is where the page is fetched again.
func (v statementView) live() string {
	return statementPath + "?" + url.Values{"from": {v.From}, "to": {v.To}}.Encode()
}

// path is where the document of a row is.
func (v statementView) path(row client.StatementRow) string {
	if row.What == client.StatementCreditNote {
		return notePath(row.Number)
	}
	return invoicePath(row.Number)
}

// partly reports whether a credit note credits more than what was still to be paid.
func partly(row client.StatementRow) bool {
	return row.What == client.StatementCreditNote && row.Total != row.Credit
}

package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

const (
	exchangePath = "/exchange-rates"
	ratesOnPage  = 50
)

// exchangeView lists rates, with the form to record another.
type exchangeView struct {
	Items  []rows.ExchangeRate
	Names  map[string]string
	Older  string
	Form   typed
	Today  string
	In     string // the currency that an issuer reports in; empty where none does
	Record bool   // the viewer may
}

func (c *Console) addExchangePage() {
	showing(c, exchangePath, access.ReadInvoices, c.viewExchange, exchangePage)
	c.posting(exchangePath, access.RecordExchange, c.postExchange, again(c, access.RecordExchange, c.viewExchange, exchangePage, func(v *exchangeView, form typed) { v.Form = form }))
}

func (c *Console) viewExchange(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v exchangeView, err error) {
	after, err := optionalID(request.URL.Query().Get("cursor"), "cursor")
	if err != nil {
		return v, err
	}
	var next uuid.UUID
	if v.Items, next, err = rows.ExchangeRates(ctx, tx, "", "", after, ratesOnPage); err != nil {
		return v, err
	}
	if next != uuid.Nil {
		v.Older = query(exchangePath, "cursor", next.String())
	}
	issuers, err := rows.Issuers(ctx, tx)
	if err != nil {
		return v, err
	}
	for _, one := range issuers {
		v.In = or(v.In, one.ReportsIn)
	}
	v.Form, v.Today, v.Record = blank(), string(c.today()), r.may(access.RecordExchange)
	var ids []uuid.UUID
	for _, item := range v.Items {
		ids = append(ids, given(item.RecordedBy)...)
	}
	v.Names, err = c.people(ctx, tx, ids)
	return v, err
}

func (c *Console) postExchange(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	get := func(field string) string { return strings.TrimSpace(form.Get(field)) }
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.recordExchange(r.Context(), request, recordExchangeBody{
		From: strings.ToUpper(get("from")), To: strings.ToUpper(get("to")), Day: get("day"), Rate: get("rate"), Source: get("source"),
	})
	return then(exchangePath, "exchange_recorded", answer), err
}

// field fills in what the form says of a field, or what it usually is.
func (v exchangeView) field(name, usual string, f page.Field) page.Field {
	f = filledIn(v.Form, name, f)
	f.Value, f.Required = or(f.Value, usual), true
	return f
}

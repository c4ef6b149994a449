package staff

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/exchange"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// ExchangeRates projects what currencies were worth, one row for a pair and a day.
var ExchangeRates = projections.Projection[domain.Recorded, rows.ExchangeRate]{
	Table: "exchange_rates", Key: exchangeOf, Evolve: evolveExchange,
}

func exchangeOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(exchange.Recorded)
	if !ok {
		return uuid.Nil, false
	}
	if !strings.HasPrefix(r.Stream, "exchange-") {
		panic(fmt.Sprintf("%s does not belong into stream %s", r.Raw.Kind, r.Stream))
	}
	return exchange.ID(e.From, e.To, e.Day), true
}

func evolveExchange(row rows.ExchangeRate, r domain.Recorded) (rows.ExchangeRate, bool) {
	e := r.Event.(exchange.Recorded)
	row.From, row.To, row.Day = string(e.From), string(e.To), string(e.Day)
	row.Rate, row.Source = e.Staff.Rate.String(), e.Staff.Source
	row.RecordedBy, row.RecordedAt, row.Revision = known(e.By.UUID), e.At, r.Revision
	return row, true
}

// exchanged gives the columns of the rate that was recorded with a document; empty ones where none was.
func exchanged(rate bill.Exchange) (currency, text, day, source string) {
	if rate.IsZero() {
		return "", "", "", ""
	}
	return string(rate.Currency), rate.Rate.String(), string(rate.Day), rate.Source
}

package staff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/exchange"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/money"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// worth says what a currency was worth on a day, n minutes into the story.
func worth(t *testing.T, log *stafftest.Log, n int, from, to money.Currency, day calendar.Date, rate string) {
	t.Helper()
	log.Record(t, exchange.Stream(from, to), exchange.Recorded{
		From: from, To: to, Day: day, Staff: exchange.RecordedStaff{Rate: number(rate), Source: "RBA"}, By: domain.PersonID{UUID: id("person", 1)}, At: at(n),
	})
}

func TestExchangeRates(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		worth(t, log, 1, "USD", "AUD", "2026-01-31", "1.50")
		worth(t, log, 2, "USD", "AUD", "2026-03-03", "1.52")
		worth(t, log, 3, "EUR", "AUD", "2026-03-03", "1.66")
		worth(t, log, 4, "USD", "EUR", "2026-03-04", "0.92")
		worth(t, log, 5, "USD", "AUD", "2026-01-31", "1.55")
	})
	w.Read(t, func(tx pgx.Tx) error {
		for name, c := range map[string]struct {
			from, to string
			want     []string
		}{
			"all":     {"", "", []string{"USD EUR 2026-03-04 0.92", "USD AUD 2026-03-03 1.52", "EUR AUD 2026-03-03 1.66", "USD AUD 2026-01-31 1.55"}},
			"of one":  {"USD", "", []string{"USD EUR 2026-03-04 0.92", "USD AUD 2026-03-03 1.52", "USD AUD 2026-01-31 1.55"}},
			"a pair":  {"USD", "AUD", []string{"USD AUD 2026-03-03 1.52", "USD AUD 2026-01-31 1.55"}},
			"no such": {"AUD", "USD", nil},
		} {
			var got []string
			var after uuid.UUID
			for range 5 { // Pages of two.
				found, next, err := staff.ExchangeRates(t.Context(), tx, c.from, c.to, after, 2)
				if err != nil {
					return err
				}
				for _, rate := range found {
					got = append(got, rate.From+" "+rate.To+" "+rate.Day+" "+rate.Rate)
				}
				if after = next; next == uuid.Nil {
					break
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for day, want := range map[calendar.Date]string{
			"2026-01-30": "", "2026-01-31": "1.55", "2026-03-02": "1.55", "2026-03-03": "1.52", "2026-04-03": "1.52", "2026-04-04": "",
		} {
			rate, known, err := staff.ExchangeRateOn(t.Context(), tx, "USD", "AUD", day)
			if err != nil || rate.Rate != want || known != (want != "") {
				t.Errorf("on %s: %+v, %v", day, rate, err)
			}
		}
		return nil
	})
}

// F42: each invoice is converted at the rate that was recorded with it, rounded by itself, and added up. What has no rate
// of the currency that its issuer reports in by now is left out and counted.
func TestReports(t *testing.T) {
	t.Parallel()
	in := func(currency money.Currency, rate string) bill.Exchange {
		return bill.Exchange{Currency: currency, Rate: number(rate), Day: "2026-02-28", Source: "RBA"}
	}
	w := world(t, func(log *stafftest.Log) {
		registered(t, log, "Beta", "Acme")
		for key, currency := range map[string]money.Currency{"main": "AUD", "asia": "JPY", "quiet": ""} {
			log.Record(t, issuer.Stream(key), issuer.Described{Issuer: key, Staff: issuer.Content{Zone: "Australia/Sydney", ReportingCurrency: currency}, At: at(1)})
		}
		for n, told := range []struct {
			issuer   string
			client   int
			currency money.Currency
			net      string
			due      calendar.Date
			exchange bill.Exchange
		}{
			{"main", 1, "AUD", "100.25", "2026-03-14", bill.Exchange{}},
			{"main", 1, "USD", "10.5", "2026-03-14", in("AUD", "0.01")},
			{"main", 1, "USD", "10.5", "2026-03-15", in("AUD", "0.01")},
			{"main", 2, "EUR", "1000", "2026-03-14", bill.Exchange{}},
			{"main", 2, "EUR", "1000", "2026-03-15", in("USD", "1.1")},
			{"asia", 2, "AUD", "1.05", "2026-03-14", in("JPY", "98.5712")},
			{"quiet", 2, "AUD", "7", "2026-03-14", bill.Exchange{}},
		} {
			s := story{n: n + 1, client: told.client, date: "2026-03-01", due: told.due, currency: told.currency, net: told.net, tax: "0"}
			events := s.issued()
			for i, event := range events {
				switch e := event.(type) {
				case invoice.Drafted:
					e.Staff.Issuer = told.issuer
					events[i] = e
				case invoice.Issuing:
					e.Staff.Exchange = told.exchange
					events[i] = e
				}
			}
			s.record(t, log, events...)
		}
	})
	w.Read(t, func(tx pgx.Tx) error {
		all, err := staff.Reports(t.Context(), tx, uuid.Nil, noon("2026-03-15"))
		want := []staff.Reported{
			// 0.105 rounds to 0.11, twice; 1000 euros have no rate, and others one of another currency.
			{Currency: "AUD", Invoices: 3, Converted: 2, LeftOut: 2, Outstanding: "100.47", Overdue: "100.36"},
			{Currency: "JPY", Invoices: 1, Converted: 1, Outstanding: "103", Overdue: "103"}, // 103.49976
		}
		if diff := cmp.Diff(want, all); diff != "" || err != nil {
			t.Errorf("reported %v (-want +got):\n%s", err, diff)
		}
		one, err := staff.Reports(t.Context(), tx, id("client", 1), noon("2026-03-15"))
		want = []staff.Reported{{Currency: "AUD", Invoices: 3, Converted: 2, Outstanding: "100.47", Overdue: "100.36"}}
		if diff := cmp.Diff(want, one); diff != "" || err != nil {
			t.Errorf("of one client %v (-want +got):\n%s", err, diff)
		}
		line, err := staff.InvoiceByID(t.Context(), tx, id("invoice", 2), noon("2026-03-15"))
		if err != nil || line.ReportedIn != "AUD" || line.Rate != "0.01" || line.RateDay != "2026-02-28" || line.RateSource != "RBA" {
			t.Errorf("the invoice's rate: %+v, %v", line.Invoice, err)
		}
		return nil
	})
}

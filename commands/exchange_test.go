package commands_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/money"
)

// abroad is the firm when it reports in euros: what it is paid in is another currency.
func abroad() issuer.Content {
	who := harbour()
	who.ReportingCurrency = "EUR"
	return who
}

// worth is what a dollar was worth in euros.
func worth(day calendar.Date, rate string) commands.RecordExchangeRate {
	return commands.RecordExchangeRate{From: "AUD", To: "EUR", Day: day, Rate: decimal.RequireFromString(rate), Source: "ECB"}
}

func (w *world) recorded(t *testing.T, day calendar.Date, rate string) {
	t.Helper()
	must(t)(w.service.RecordExchangeRate(t.Context(), w.next(owner), worth(day, rate)))
}

// reported is February of a contract, approved and waiting to be issued by a firm that reports in euros.
func (w *world) reported(t *testing.T) domain.InvoiceID {
	t.Helper()
	on := w.billable(t)
	w.described(t, abroad())
	return w.approved(t, on)
}

// atIssue is the rate that was recorded with an invoice.
func (w *world) atIssue(t *testing.T, id domain.InvoiceID) bill.Exchange {
	t.Helper()
	issuing, _ := w.invoiced(t, id).Issuing()
	return issuing.Staff.Exchange
}

// atCredit are the rates that were recorded with credit notes, first as the invoice and then as the note knows it.
func (w *world) atCredit() (invoiced, noted []bill.Exchange) {
	for _, recorded := range w.log.All() {
		switch e := recorded.Event.(type) {
		case invoice.CreditReserved:
			invoiced = append(invoiced, e.Staff.Exchange)
		case creditnote.Drafted:
			noted = append(noted, e.Staff.Exchange)
		}
	}
	return invoiced, noted
}

func euros(day calendar.Date, rate string) bill.Exchange {
	return bill.Exchange{Currency: "EUR", Rate: decimal.RequireFromString(rate), Day: day, Source: "ECB"}
}

// F42: an invoice keeps the newest rate of its day, whatever is recorded later, and its document knows nothing of it.
func TestTheRateOfReportsIsRecordedAtIssue(t *testing.T) {
	t.Parallel()
	plain, w := newWorld(t), newWorld(t)
	want := plain.invoiced(t, plain.issued(t)).Document()
	id := w.reported(t)
	w.recorded(t, "2026-03-09", "0.59")
	w.recorded(t, "2026-03-13", "0.61")
	w.recorded(t, "2026-03-13", "0.60")
	w.issue(t, id)
	w.recorded(t, "2026-03-16", "0.70")
	w.recorded(t, "2026-03-13", "0.71")
	if diff := cmp.Diff(euros("2026-03-13", "0.60"), w.atIssue(t, id)); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	document := w.invoiced(t, id).Document()
	document.Contract = want.Contract
	for i := range document.Lines {
		document.Lines[i].ID, document.EntriesSHA256 = want.Lines[i].ID, want.EntriesSHA256
	}
	if diff := cmp.Diff(string(want.Canonical()), string(document.Canonical())); diff != "" {
		t.Errorf("the document (-without a rate +with one):\n%s", diff)
	}
	must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), allOf(id)))
	invoiced, noted := w.atCredit()
	if diff := cmp.Diff([]bill.Exchange{euros("2026-03-16", "0.70")}, invoiced); diff != "" || !slices.EqualFunc(invoiced, noted, bill.Exchange.Equal) {
		t.Errorf("credited by %+v (-want +got):\n%s", noted, diff)
	}
	w.checkIDs(t)
}

// Where there is no rate, or none is needed, nothing is recorded and nobody is kept from issuing: only told before.
func TestAnInvoiceIsIssuedWithoutARate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		currency money.Currency
		rates    []calendar.Date
		told     bool
	}{
		"no reports":          {"", nil, false},
		"its own currency":    {"AUD", nil, false},
		"nobody recorded one": {"EUR", nil, true},
		"too old":             {"EUR", []calendar.Date{"2026-02-12"}, true},
		"as old as it may be": {"EUR", []calendar.Date{"2026-02-13"}, false},
		"of the very day":     {"EUR", []calendar.Date{"2026-03-16"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			on, who := w.billable(t), harbour()
			who.ReportingCurrency = test.currency
			w.described(t, who)
			for _, day := range test.rates {
				w.recorded(t, day, "0.6")
			}
			preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
			told := slices.ContainsFunc(preview.Exceptions, func(e commands.Exception) bool { return e.Code == "exchange_rate_missing" })
			if err != nil || preview.Blocked() || told != test.told {
				t.Errorf("previewed with %+v, %v", preview.Exceptions, err)
			}
			id := w.issue(t, w.approved(t, on))
			if got := w.atIssue(t, id); got.IsZero() != (len(test.rates) == 0 || test.told) {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

// Wherever issuing or crediting is cut short, the rate stays the one that it began with.
func TestTheRateSurvivesACrash(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*world) (func(*commands.Service) command, string){
		"an invoice": func(w *world) (func(*commands.Service) command, string) {
			c := commands.OnInvoice{Invoice: w.reported(t)}
			return func(s *commands.Service) command { return with(s.IssueInvoice, c) }, issuing
		},
		"a credit note": func(w *world) (func(*commands.Service) command, string) {
			c := allOf(w.issue(t, w.reported(t)))
			return func(s *commands.Service) command { return with(s.CreditInvoice, c) }, crediting
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for appends, done := 1, false; !done; appends++ {
				w := newWorld(t)
				run, leads := prepare(w)
				w.recorded(t, "2026-03-16", "0.60")
				mark, r := w.mark(), request(owner, "cut")
				_, err := run(commands.NewService(dying(w.log, appends), w.answers))(t.Context(), r)
				if done = err == nil; !done && !errors.Is(err, domain.ErrUnavailable) {
					t.Fatalf("after append %d: got %v, want ErrUnavailable", appends, err)
				}
				first := w.mark()
				w.recorded(t, "2026-03-16", "0.99")
				w.answers.Forget()
				must(t)(run(w.service)(t.Context(), r))
				kinds := slices.Concat(w.since(mark)[:first-mark], w.since(first+1))
				wantKinds(t, kinds, strings.Fields(leads)...)
				invoiced, noted := w.atCredit()
				for _, recorded := range w.log.All()[mark:] {
					if e, ok := recorded.Event.(invoice.Issuing); ok {
						invoiced = append(invoiced, e.Staff.Exchange)
					}
				}
				for _, got := range append(invoiced, noted...) {
					if !got.Equal(euros("2026-03-16", "0.60")) {
						t.Errorf("cut after append %d, %+v is recorded", appends, got)
					}
				}
			}
		})
	}
}

// What names no currency never becomes the name of a stream.
func TestRatesOfNoCurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	for _, c := range []commands.RecordExchangeRate{{}, {From: "AUD", To: "x-y", Day: "2026-03-16", Rate: decimal.NewFromInt(1), Source: "ECB"}} {
		_, err := w.service.RecordExchangeRate(t.Context(), w.next(owner), c)
		wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	}
	wantKinds(t, w.since(mark))
}

package commands_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/visible"
)

// A64: a contract is made at 07:30 UTC with a client at UTC−8, where it is still the evening before, and ends at that
// hour too. Its days are those of the client everywhere, and the month is charged as a whole: there is no credit of a
// day at the end, and no further month of a day.
func TestTheDaysOfAContractAreThoseOfItsClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	client := domain.ClientID{UUID: must(t)(w.service.RegisterClient(t.Context(), w.next(owner), commands.RegisterClient{
		Name: "Sunset Ltd", Zone: "America/Los_Angeles", Language: "en", Currency: "AUD",
	})).ID}
	must(t)(w.service.DescribeBilling(t.Context(), w.next(owner), commands.DescribeBilling{Client: client, Billing: billing("Sunset Ltd")}))
	made := time.Date(2026, time.February, 2, 7, 30, 0, 0, time.UTC) // 1 February, 23:30
	ended := time.Date(2026, time.March, 1, 7, 30, 0, 0, time.UTC)   // 28 February, 23:30
	later := time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)   // both months are begun
	on := domain.ContractID{UUID: must(t)(w.service.DraftContract(t.Context(), w.on(owner, made), commands.DraftContract{Client: client, Reference: "CON-2026-009", Terms: retained("2026-02-01")})).ID}
	must(t)(w.service.ActivateContract(t.Context(), w.on(owner, made), commands.ActivateContract{Contract: on}))

	hour := func(from time.Time) error {
		_, err := w.service.LogTime(t.Context(), w.on(owner, from.Add(time.Hour)), commands.LogTime{Contract: on, Entry: period.Entry{
			JobType: "api", From: from, Until: from.Add(20 * time.Minute), Zone: "America/Los_Angeles", Description: "Export",
		}})
		return err
	}
	if err := hour(made.AddDate(0, 0, -1)); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("on 31 January: got %v, want ErrConflict", err)
	}
	if err := hour(made); err != nil {
		t.Errorf("on the first day: %v", err)
	}
	must(t)(w.service.TerminateContract(t.Context(), w.on(owner, ended), commands.TerminateContract{Contract: on, Reason: "They asked."}))
	if err := hour(ended); err != nil {
		t.Errorf("on the last day: %v", err)
	}
	if err := hour(ended.Add(time.Hour)); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("on 1 March: got %v, want ErrConflict", err)
	}

	state := folded(t, w, contract.Decider, contract.Stream(on))
	shown := w.shownContract(t, on)
	got := []string{string(state.Starts()), string(state.Ends()), shown.Starts, shown.Ends}
	if diff := cmp.Diff([]string{"2026-02-01", "2026-02-28", "2026-02-01", "2026-02-28"}, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	preview, err := w.service.PreviewInvoice(t.Context(), w.on(owner, later), commands.DraftInvoice{Contract: on, Month: february})
	if lines := preview.Document.Lines; err != nil || preview.Document.Net.String() != "1000" || len(lines) != 1 || lines[0].Kind != bill.Fee {
		t.Errorf("February comes to %s with %+v, %v", preview.Document.Net, lines, err)
	}
	if preview, err = w.service.PreviewInvoice(t.Context(), w.on(owner, later), commands.DraftInvoice{Contract: on, Month: "2026-03"}); err == nil && !blocks(preview, "nothing_to_bill") {
		t.Errorf("March comes to %s with %+v", preview.Document.Net, preview.Exceptions)
	}
}

// shownContract is a contract as its client sees it.
func (w *world) shownContract(t *testing.T, on domain.ContractID) (shown visible.Contract) {
	t.Helper()
	var d contract.Disclosure
	for recorded, err := range w.log.Read(t.Context(), contract.Stream(on), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		var changes []visible.Change
		d, changes = contract.Disclose(d, recorded.Event.(contract.Event))
		for _, change := range changes {
			if put, ok := change.(visible.Put); ok {
				if record, ok := put.Record.(visible.Contract); ok {
					shown = record
				}
			}
		}
	}
	return shown
}

package staff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Periods projects billing periods, without what stands in them.
var Periods = projections.Projection[domain.Recorded, rows.Period]{
	Table: "periods", Key: periodOf, Evolve: evolvePeriod,
}

// periodStream reads the name of the stream that an event of a period stands in.
func periodStream(r domain.Recorded) (contract uuid.UUID, month calendar.Month) {
	id, month, ok := period.StreamOf(r.Stream)
	if !ok {
		panic(fmt.Sprintf("%s does not belong into stream %s", r.Raw.Kind, r.Stream))
	}
	return id.UUID, month
}

// periodOf names the period that an event changes as a whole.
func periodOf(r domain.Recorded) (uuid.UUID, bool) {
	switch r.Event.(type) {
	case period.Opened, period.TermsPinned, period.CarriedIn, period.TopUpDue, period.Closed,
		period.Reserved, period.Released, period.Billed, period.Unbilled:
		contract, month := periodStream(r)
		return domain.Derive(contract, "period", string(month)), true
	default:
		return uuid.Nil, false
	}
}

func evolvePeriod(row rows.Period, r domain.Recorded) (rows.Period, bool) {
	contract, month := periodStream(r)
	row.Contract, row.Month, row.Revision = contract, string(month), r.Revision
	switch e := r.Event.(type) {
	case period.Opened:
		row.Client, row.Month, row.Zone, row.Carried = e.Client.UUID, string(e.Month), e.Zone, e.First
		row.Status, row.Hours, row.Pins, row.TopUps = rows.PeriodOpen, "[]", "[]", "[]"
		row.OpenedBy, row.OpenedAt = known(e.By.UUID), e.At
	case period.TermsPinned:
		row.Pins = appended(row.Pins, rows.Pin{Number: e.Pin, From: string(e.From), Version: e.Staff.Version, At: e.At})
		for _, lot := range e.Granted {
			if lot.ID == period.IncludedLot(domain.ContractID{UUID: contract}, lot.Line, month) {
				row.Hours = onLine(row.Hours, lot.Line, func(h *rows.PeriodHours) { h.IncludedMinutes = lot.GrantedMinutes })
			}
		}
	case period.CarriedIn:
		row.Carried, row.CarriedFrom = true, string(e.From)
	case period.TopUpDue:
		row.TopUps = appended(row.TopUps, rows.TopUp{Line: e.Line, Bucket: e.Bucket.UUID, Minutes: e.Staff.Minutes, At: e.At})
	case period.Closed:
		row.Status, row.Closing = rows.PeriodClosed, text(e)
		row.ClosedBy, row.ClosedAt = known(e.By.UUID), &e.At
		for _, lot := range e.Lots {
			row.Hours = onLine(row.Hours, lot.Line, func(h *rows.PeriodHours) { h.ExpiredMinutes += lot.ExpiredMinutes })
		}
		for _, short := range e.ShortfallByLine {
			row.Hours = onLine(row.Hours, short.Line, func(h *rows.PeriodHours) { h.ShortfallMinutes += short.Minutes })
		}
	default:
		row = invoicing(row, e)
	}
	return row, true
}

// invoicing takes over which invoice charges the period. An invoice of another month that takes deductions of this one
// is in Also alone.
func invoicing(row rows.Period, e domain.Event) rows.Period {
	also := strings.Fields(row.Also)
	without := func(invoice domain.InvoiceID) bool {
		i := slices.Index(also, invoice.String())
		if i >= 0 {
			row.Also = strings.Join(slices.Delete(also, i, i+1), " ")
		}
		return i >= 0
	}
	switch e := e.(type) {
	case period.Reserved:
		if e.Staff.Later {
			row.Also = strings.Join(append(also, e.Invoice.String()), " ")
			return row
		}
		row.ReservedBy, row.BeyondOrder, row.Released = known(e.Invoice.UUID), e.Staff.BeyondOrder, ""
	case period.Released:
		if !without(e.Invoice) {
			row.ReservedBy, row.Released = nil, e.Staff.Reason
		}
	case period.Billed:
		if !without(e.Invoice) {
			row.ReservedBy = nil
			row.BilledBy, row.BilledAs, row.BilledNet = known(e.Invoice.UUID), e.Number, e.Staff.Net.String()
		}
	case period.Unbilled:
		if row.BilledBy != nil && *row.BilledBy == e.Invoice.UUID {
			row.BilledBy, row.BilledAs, row.BilledNet = nil, "", ""
		}
	}
	return row
}

// onLine changes the hours of one line.
func onLine(held, line string, change func(*rows.PeriodHours)) string {
	var hours []rows.PeriodHours
	if held != "" {
		if err := json.Unmarshal([]byte(held), &hours); err != nil {
			panic(err) // Nothing but this function wrote it.
		}
	}
	i := slices.IndexFunc(hours, func(h rows.PeriodHours) bool { return h.Line == line })
	if i < 0 {
		i = len(hours)
		hours = append(hours, rows.PeriodHours{Line: line})
	}
	change(&hours[i])
	return text(hours)
}

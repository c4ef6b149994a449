package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/invoice"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// heardFailures are what a test would have failed with.
type heardFailures []string

func (*heardFailures) Helper() {}

func (h *heardFailures) Errorf(format string, arguments ...any) {
	*h = append(*h, fmt.Sprintf(format, arguments...))
}

func (h *heardFailures) Fatalf(format string, arguments ...any) { h.Errorf(format, arguments...) }

// shownOf is all that a client is shown of events, as text.
func shownOf[S any, E domain.Event](tb testing.TB, disclose domain.Discloser[S, E], events []domain.Event, slip func(E) E) string {
	tb.Helper()
	var state S
	var all strings.Builder
	for _, event := range events {
		var changes []visible.Change
		state, changes = disclose(state, slip(event.(E)))
		for _, change := range changes {
			text, err := json.Marshal(change)
			if err != nil {
				tb.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// entrySlip shows one internal value of every entry of an invoice in its text.
func entrySlip(value func(bill.EntryStaff) string) func(invoice.Event) invoice.Event {
	return func(e invoice.Event) invoice.Event {
		if added, ok := e.(invoice.EntriesAdded); ok {
			added.Entries = slices.Clone(added.Entries)
			for i := range added.Entries {
				added.Entries[i].Text += " (" + value(added.Entries[i].Staff) + ")"
			}
			return added
		}
		return e
	}
}

// The scan for secrets sees what it is for: let one internal value of an invoice or of a ticket slip into a text that
// clients read, and it names that value. Nothing slips of the events as they are.
func TestTheScanSeesALeak(t *testing.T) {
	t.Parallel()
	s := &stage{name: "leak", secrets: map[string]string{}, hideIDs: map[uuid.UUID]string{}}
	invoices := s.planted("invoice", "whole life", without(invoice.All(), []string{invoice.Discarded{}.Kind()}), false)
	tickets := s.planted("ticket", "whole life", ticket.All(), false)
	said := func(slip func(invoice.Event) invoice.Event) string {
		return shownOf(t, invoice.Disclose, invoices, slip)
	}
	for name, test := range map[string]struct{ shown, names string }{
		"an invoice": {said(func(e invoice.Event) invoice.Event { return e }), ""},
		"a ticket":   {shownOf(t, ticket.Disclose, tickets, func(e ticket.Event) ticket.Event { return e }), ""},
		"who worked": {said(entrySlip(func(s bill.EntryStaff) string { return s.Person.String() })), "Staff Person"},
		"the record": {said(entrySlip(func(s bill.EntryStaff) string { return s.Time.String() })), "Staff Time"},
		"the card":   {said(entrySlip(func(s bill.EntryStaff) string { return s.Card })), "Staff Card"},
		"its layer":  {said(entrySlip(func(s bill.EntryStaff) string { return s.CardLayer })), "Staff CardLayer"},
		"its row":    {said(entrySlip(func(s bill.EntryStaff) string { return s.Row })), "Staff Row"},
		"its number": {said(entrySlip(func(s bill.EntryStaff) string { return strconv.Itoa(s.CardVer) })), "918273645"},
		"why":        {said(entrySlip(func(s bill.EntryStaff) string { return strings.Join(s.Why, ", ") })), "Staff Why"},
		"the copied note": {shownOf(t, ticket.Disclose, tickets, func(e ticket.Event) ticket.Event {
			if noted, ok := e.(ticket.Noted); ok {
				noted.Text += noted.Staff.CopyOf.String()
				return noted
			}
			return e
		}), "Staff CopyOf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var heard heardFailures
			s.checkSecrets(&heard, name, test.shown)
			found := slices.ContainsFunc(heard, func(failure string) bool { return strings.Contains(failure, test.names) })
			if found != (test.names != "") || len(test.shown) < 500 {
				t.Errorf("the scan says %q of %d characters, want %q", []string(heard), len(test.shown), test.names)
			}
		})
	}
}

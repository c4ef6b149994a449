package creditnote

import (
	"time"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// Command is one thing that may be asked of a credit note. The steps after Draft are the system's.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Draft begins it. The caller has reserved the lines on the invoice.
type Draft struct {
	CreditNote domain.CreditNoteID
	Invoice    domain.InvoiceID
	Client     domain.ClientID
	Date       calendar.Date
	Staff      DraftedStaff
	By         domain.Actor
	At         time.Time
}

// Complete makes the document when number and date are given.
type Complete struct {
	Number int
	Date   calendar.Date
	Series string
	By     domain.Actor
	At     time.Time
}

// Render names the printed forms; the same again changes nothing.
type Render struct {
	bill.Print

	By domain.Actor
	At time.Time
}

func (Draft) isCommand()    {}
func (Complete) isCommand() {}
func (Render) isCommand()   {}

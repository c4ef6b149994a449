package domain

import (
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Ids are distinct types so that they cannot be mixed up. Each embeds uuid.UUID for its text and SQL
// forms; the zero id means "none".
type (
	// ClientID names a client organisation, the boundary of all client data.
	ClientID struct{ uuid.UUID }
	// PersonID names a staff person or a client user. Names and addresses live outside events.
	PersonID struct{ uuid.UUID }
	// ContractID names a contract.
	ContractID struct{ uuid.UUID }
	// TicketID names a ticket.
	TicketID struct{ uuid.UUID }
	// CommentID names a comment or a note on a ticket.
	CommentID struct{ uuid.UUID }
	// AmendmentID names an amendment of a contract.
	AmendmentID struct{ uuid.UUID }
	// BucketID names a lot of hours that was bought together.
	BucketID struct{ uuid.UUID }
	// TimeID names a time record.
	TimeID struct{ uuid.UUID }
	// ChargeID names a charge of a period that is not time.
	ChargeID struct{ uuid.UUID }
	// RateCardID names a rate card.
	RateCardID struct{ uuid.UUID }
	// SLAPolicyID names an SLA policy.
	SLAPolicyID struct{ uuid.UUID }
	// CalendarID names a calendar.
	CalendarID struct{ uuid.UUID }
	// AttachmentID names a file on a ticket.
	AttachmentID struct{ uuid.UUID }
	// DeductionID names money that a period gives back for a missed promise.
	DeductionID struct{ uuid.UUID }
	// InvoiceID names an invoice, from its draft on.
	InvoiceID struct{ uuid.UUID }
	// CreditNoteID names a credit note.
	CreditNoteID struct{ uuid.UUID }
	// PaymentID names money that was received, or that a credit note gave a client.
	PaymentID struct{ uuid.UUID }
	// DisputeID names an objection to a line of an invoice.
	DisputeID struct{ uuid.UUID }
	// CommandID names one command for ever: a repeated command carries the same id.
	CommandID struct{ uuid.UUID }
)

// IsZero reports whether the id names nothing; it serves the JSON option omitzero.
func (id ClientID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nobody.
func (id PersonID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id ContractID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id TicketID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id CommentID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id AmendmentID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id BucketID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id TimeID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id ChargeID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id RateCardID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id SLAPolicyID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id AttachmentID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id DeductionID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id CalendarID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id CommandID) IsZero() bool { return id.UUID == uuid.Nil }

// Derive makes the id that follows from a parent and a list of names: UUIDv5 over the names joined by a
// unit separator. The same inputs give the same id for ever, so two writers that complete one step agree.
func Derive(parent uuid.UUID, names ...string) uuid.UUID {
	return uuid.NewSHA1(parent, []byte(strings.Join(names, "\x1f")))
}

// EventID is the id of event number index of a command on a stream. An append that is repeated after an
// unknown outcome carries the same ids, and the event store recognises it.
func EventID(command CommandID, stream string, index int) uuid.UUID {
	return Derive(command.UUID, "event", stream, strconv.Itoa(index))
}

// CategoryID is the client-safe id of a job type of a contract, which is what clients raise tickets
// under; the zero UUID without a contract.
func CategoryID(contract ContractID, jobType string) uuid.UUID {
	if contract.IsZero() {
		return uuid.Nil
	}
	return Derive(contract.UUID, "category", jobType)
}

// LineID is the client-safe id of a line of a contract.
func LineID(contract ContractID, line string) uuid.UUID {
	return Derive(contract.UUID, "line", line)
}

// IsZero reports whether the id names nothing.
func (id InvoiceID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id CreditNoteID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id PaymentID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether the id names nothing.
func (id DisputeID) IsZero() bool { return id.UUID == uuid.Nil }

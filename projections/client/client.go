// Package client projects client-safe changes into the rows of the client read model.
//
// It may import projections, domain/visible and readmodels/client, and no aggregate: a change is all it
// ever gets, so it cannot compile against an internal fact. Each variable is the projection of one table;
// the rows are built field by field, so a new field of a record is absent here until somebody names it
// (A13).
package client

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain/visible"
	"effigate/projections"
	rows "effigate/readmodels/client"
)

// The projections, one for each kind of record.
var (
	Organisations = table("organisation", visible.KindOrganisation, func(r visible.Organisation) rows.OrganisationRow {
		return rows.OrganisationRow{
			ID: r.Client, Client: r.Client, Name: r.Name, Zone: r.Zone, Language: r.Language, Currency: r.Currency,
			Seats: r.Seats, SeatsTaken: r.SeatsTaken,
		}
	}, func(r rows.OrganisationRow) uuid.UUID { return r.Client })

	People = table("people", visible.KindPerson, func(r visible.Person) rows.PersonRow {
		return rows.PersonRow{ID: r.ID, Client: r.Client, Role: r.Role, Grants: r.Grants, State: r.State}
	}, func(r rows.PersonRow) uuid.UUID { return r.Client })

	Contracts = table("contracts", visible.KindContract, func(r visible.Contract) rows.ContractRow {
		return rows.ContractRow{
			ID: r.ID, Client: r.Client, Reference: r.Reference, Type: r.Type, State: r.State, Starts: r.Starts, Ends: r.Ends,
			ShowsUnapproved: r.ShowsUnapproved,
		}
	}, func(r rows.ContractRow) uuid.UUID { return r.Client })

	Lines = table("contract_lines", visible.KindLine, func(r visible.Line) rows.LineRow {
		return rows.LineRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Position: r.Position, Name: r.Name, Type: r.Type, Minutes: r.Minutes,
		}
	}, func(r rows.LineRow) uuid.UUID { return r.Client })

	Categories = table("categories", visible.KindCategory, func(r visible.Category) rows.CategoryRow {
		return rows.CategoryRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Line: r.Line, JobType: r.JobType, Name: r.Name, Minutes: r.Minutes, Open: r.Open,
		}
	}, func(r rows.CategoryRow) uuid.UUID { return r.Client })

	Buckets = table("buckets", visible.KindBucket, func(r visible.Bucket) rows.BucketRow {
		return rows.BucketRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Line: r.Line, Minutes: r.Minutes, From: r.From, Until: r.Until,
		}
	}, func(r rows.BucketRow) uuid.UUID { return r.Client })

	CarriedLots = table("carried_lots", visible.KindCarriedLot, func(r visible.CarriedLot) rows.CarriedLotRow {
		return rows.CarriedLotRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Month: r.Month, Bucket: r.Bucket, Minutes: r.Minutes, Until: r.Until,
		}
	}, func(r rows.CarriedLotRow) uuid.UUID { return r.Client })

	Work = table("work", visible.KindWork, func(r visible.Work) rows.WorkRow {
		return rows.WorkRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Category: r.Category, Month: r.Month, Day: r.Day,
			Description: r.Description, Minutes: r.Minutes, Drawn: r.Drawn, State: r.State, Charge: r.Charge,
		}
	}, func(r rows.WorkRow) uuid.UUID { return r.Client })

	Settlements = table("settlements", visible.KindSettlement, func(r visible.Settlement) rows.SettlementRow {
		return rows.SettlementRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Line: r.Line, Month: r.Month, Drawn: r.Drawn, Expired: r.Expired, Overage: r.Overage,
		}
	}, func(r rows.SettlementRow) uuid.UUID { return r.Client })

	Proposals = table("proposals", visible.KindProposal, func(r visible.Proposal) rows.ProposalRow {
		return rows.ProposalRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Kind: r.Kind, Reference: r.Reference, Statement: r.Statement,
			Document: r.Document, SHA256: r.SHA256, Effective: r.Effective, State: r.State, OfferedAt: r.OfferedAt,
			DecidedBy: id(r.DecidedBy), DecidedAt: instant(r.DecidedAt),
		}
	}, func(r rows.ProposalRow) uuid.UUID { return r.Client })

	OverageRequests = table("overage_requests", visible.KindOverage, func(r visible.OverageRequest) rows.OverageRequestRow {
		return rows.OverageRequestRow{
			ID: r.ID, Client: r.Client, Contract: r.Contract, Line: r.Line, Month: r.Month, Minutes: r.Minutes, Text: r.Text,
			State: r.State, AskedAt: r.AskedAt,
		}
	}, func(r rows.OverageRequestRow) uuid.UUID { return r.Client })

	HoursAlerts = table("hours_alerts", visible.KindHoursAlert, func(r visible.HoursAlert) rows.HoursAlertRow {
		return rows.HoursAlertRow{ID: r.ID, Client: r.Client, Contract: r.Contract, Line: r.Line, Percent: r.Percent, At: r.At}
	}, func(r rows.HoursAlertRow) uuid.UUID { return r.Client })

	Tickets = table("tickets", visible.KindTicket, func(r visible.Ticket) rows.TicketRow {
		return rows.TicketRow{
			ID: r.ID, Client: r.Client, Number: r.Number, Title: r.Title, Description: r.Description,
			Category: id(r.Category), Priority: r.Priority, State: r.State, RaisedBy: r.RaisedBy, RaisedAt: r.RaisedAt,
			UpdatedAt: r.UpdatedAt, Resolution: r.Resolution, ResolvedAt: instant(r.ResolvedAt),
			ReopenUntil: instant(r.ReopenUntil), Follows: id(r.Follows), MergedInto: id(r.MergedInto), OutOfScope: r.OutOfScope,
			EscalatedAt: instant(r.EscalatedAt), EstimateMinutes: r.EstimateMinutes, EstimateText: r.EstimateText,
		}
	}, func(r rows.TicketRow) uuid.UUID { return r.Client })

	Comments = table("comments", visible.KindComment, func(r visible.Comment) rows.CommentRow {
		return rows.CommentRow{
			ID: r.ID, Client: r.Client, Ticket: r.Ticket, Author: r.Author, ByClient: r.ByClient, Text: r.Text, At: r.At,
			EditedAt: instant(r.EditedAt), Deleted: r.Deleted,
		}
	}, func(r rows.CommentRow) uuid.UUID { return r.Client })

	TicketSteps = table("ticket_steps", visible.KindTicketStep, func(r visible.TicketStep) rows.TicketStepRow {
		return rows.TicketStepRow{ID: r.ID, Client: r.Client, Ticket: r.Ticket, State: r.State, At: r.At}
	}, func(r rows.TicketStepRow) uuid.UUID { return r.Client })

	Targets = table("targets", visible.KindTarget, func(r visible.Target) rows.TargetRow {
		return rows.TargetRow{
			ID: r.ID, Client: r.Client, Ticket: r.Ticket, Goal: r.Goal, State: r.State, Due: instant(r.Due),
			RemainingSeconds: r.RemainingSeconds, Strip: r.Strip,
		}
	}, func(r rows.TargetRow) uuid.UUID { return r.Client })

	Attachments = table("attachments", visible.KindAttachment, func(r visible.Attachment) rows.AttachmentRow {
		return rows.AttachmentRow{
			ID: r.ID, Client: r.Client, Ticket: r.Ticket, Author: r.Author, ByClient: r.ByClient, Name: r.Name, Type: r.Type,
			Size: r.Size, SHA256: r.SHA256, At: r.At,
		}
	}, func(r rows.AttachmentRow) uuid.UUID { return r.Client })

	CommentEdits = table("comment_edits", visible.KindEdit, func(r visible.Edit) rows.CommentEditRow {
		return rows.CommentEditRow{
			ID: r.ID, Client: r.Client, Comment: r.Comment, Ticket: r.Ticket, Number: r.Number, Text: r.Text, Until: r.Until,
		}
	}, func(r rows.CommentEditRow) uuid.UUID { return r.Client })

	Claims = table("claims", visible.KindClaim, func(r visible.Claim) rows.ClaimRow {
		return rows.ClaimRow{
			ID: r.ID, Client: r.Client, Paid: r.Paid, Credited: r.Credited, WrittenOff: r.WrittenOff, Closed: r.Closed,
			Outstanding: r.Left, Disputed: r.Disputed, Voided: r.Voided, LastPaid: r.LastPaid,
		}
	}, func(r rows.ClaimRow) uuid.UUID { return r.Client })

	Prints = table("prints", visible.KindPrint, func(r visible.Print) rows.PrintRow {
		return rows.PrintRow{ID: r.ID, Client: r.Client, Layout: r.Layout, SHA256: r.SHA256, Size: r.Size, XMLSHA256: r.XMLSHA256, CSVSHA256: r.CSVSHA256}
	}, func(r rows.PrintRow) uuid.UUID { return r.Client })

	Payments = table("payments", visible.KindPayment, func(r visible.Payment) rows.PaymentRow {
		return rows.PaymentRow{
			ID: r.ID, Client: r.Client, Amount: r.Amount, Currency: r.Currency, Day: r.Day, Means: r.Means, Refunded: r.Refunded, Reversed: r.Reversed,
		}
	}, func(r rows.PaymentRow) uuid.UUID { return r.Client })

	Receipts = table("receipts", visible.KindReceipt, func(r visible.Receipt) rows.ReceiptRow {
		return rows.ReceiptRow{ID: r.ID, Client: r.Client, Invoice: r.Invoice, Payment: r.Payment, Amount: r.Amount, Day: r.Day, Reversed: r.Reversed}
	}, func(r rows.ReceiptRow) uuid.UUID { return r.Client })

	Disputes = table("disputes", visible.KindDispute, func(r visible.Dispute) rows.DisputeRow {
		return rows.DisputeRow{
			ID: r.ID, Client: r.Client, Invoice: r.Invoice, Line: r.Line, Amount: r.Amount, Reason: r.Reason, State: r.State,
			Answer: r.Answer, AnswerBy: r.AnswerBy, Files: r.Files, RaisedBy: r.By, RaisedAt: r.At, AnsweredAt: instant(r.Answered),
		}
	}, func(r rows.DisputeRow) uuid.UUID { return r.Client })

	Reminders = table("reminders", visible.KindReminder, func(r visible.Reminder) rows.ReminderRow {
		return rows.ReminderRow{ID: r.ID, Client: r.Client, Invoice: r.Invoice, Step: r.Step, Text: r.Text, At: r.At}
	}, func(r rows.ReminderRow) uuid.UUID { return r.Client })

	// Disclosed has the documents that the client sees at present, of those that Invoices and CreditNotes never delete.
	Disclosed = projections.Projection[visible.Change, rows.DisclosedRow]{
		Table: "disclosed",
		Key: func(change visible.Change) (uuid.UUID, bool) {
			key := change.Key()
			return key.ID, key.Kind == visible.KindInvoice || key.Kind == visible.KindCreditNote
		},
		Evolve: func(before rows.DisclosedRow, change visible.Change) (rows.DisclosedRow, bool) {
			key := change.Key()
			if _, gone := change.(visible.Remove); gone {
				return before, before.Client != uuid.Nil && before.Client != key.Client
			}
			return rows.DisclosedRow{ID: key.ID, Client: key.Client, Kind: string(key.Kind)}, true
		},
	}
)

// The projections of documents, one for each kind of record. Their rows are written once; a document that is withdrawn
// leaves Disclosed.
var (
	Invoices = final("invoices", func(r visible.Invoice) rows.InvoiceRow {
		return rows.InvoiceRow{
			ID: r.ID, Client: r.Client, Number: r.Number, Contract: r.Contract, Month: r.Month, Date: r.Date, Due: r.Due,
			Zone: r.Zone, Currency: r.Currency, Net: r.Net, Tax: r.Tax, Payable: r.Payable, Document: r.Document,
			SHA256: r.SHA256, Entries: r.Entries,
		}
	})

	InvoiceEntries = final("invoice_entries", func(r visible.InvoiceEntry) rows.InvoiceEntryRow {
		return rows.InvoiceEntryRow{ID: r.ID, Client: r.Client, Invoice: r.Invoice, Line: r.Line, Position: r.Position, Entry: r.Entry}
	})

	CreditNotes = final("credit_notes", func(r visible.CreditNote) rows.CreditNoteRow {
		return rows.CreditNoteRow{
			ID: r.ID, Client: r.Client, Number: r.Number, Invoice: r.Invoice, Date: r.Date, Currency: r.Currency, Net: r.Net,
			Tax: r.Tax, Payable: r.Payable, Document: r.Document, SHA256: r.SHA256,
		}
	})
)

// final projects one kind of record into a table whose rows never change. What is removed keeps its row.
func final[V visible.Record, R comparable](name string, row func(V) R) projections.Final[visible.Change, R] {
	return projections.Final[visible.Change, R]{
		Table: name,
		Rows: func(change visible.Change) []R {
			if put, ok := change.(visible.Put); ok {
				if record, ok := put.Record.(V); ok {
					return []R{row(record)}
				}
			}
			return nil
		},
	}
}

// table projects one kind of record into the table that holds nothing else: a Put replaces the row, a
// Remove deletes it. A record that moves to another client is put there and removed here, in either order;
// so a Remove leaves alone a row that is another client's by now.
func table[V visible.Record, R any](
	name string, kind visible.Kind, row func(V) R, client func(R) uuid.UUID,
) projections.Projection[visible.Change, R] {
	return projections.Projection[visible.Change, R]{
		Table: name,
		Key: func(change visible.Change) (uuid.UUID, bool) {
			key := change.Key()
			return key.ID, key.Kind == kind
		},
		Evolve: func(before R, change visible.Change) (R, bool) {
			switch change := change.(type) {
			case visible.Put:
				return row(change.Record.(V)), true
			case visible.Remove:
				owner := client(before)
				return before, owner != uuid.Nil && owner != change.Gone.Client
			}
			return before, false
		},
	}
}

// id is nil for the id that names nothing.
func id(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// instant is nil for the instant that has not come.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

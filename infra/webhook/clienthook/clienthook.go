// Package clienthook says what an organisation's programs are told, and writes the bodies.
//
// It gets client-safe changes and nothing else, and reads the client store alone: it may import domain/visible,
// domain, projections, readmodels/client and infra/webhook, and no aggregate, so it cannot compile against an internal
// fact.
//
// Surprises: a body is written when it is sent, in the shapes of the client API, from what the organisation sees by
// then. So it may be newer than the fact it tells of, and what was withdrawn meanwhile is not sent. What is removed is
// told by its id alone.
package clienthook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/webhook"
	"effigate/projections"
	"effigate/readmodels/client"
)

// The kinds of webhook.
const (
	ticketCreated     = "ticket.created"
	ticketUpdated     = "ticket.updated"
	ticketRemoved     = "ticket.removed"
	targetChanged     = "ticket.target_changed"
	commentCreated    = "ticket.comment_created"
	commentChanged    = "ticket.comment_changed"
	commentDeleted    = "ticket.comment_deleted"
	commentRemoved    = "ticket.comment_removed"
	attachmentAdded   = "ticket.attachment_added"
	attachmentRemoved = "ticket.attachment_removed"
	invoiceIssued     = "invoice.issued"
	invoiceReminded   = "invoice.reminded"
)

// Kinds lists what an organisation's endpoint can be told.
func Kinds() []string {
	return []string{
		ticketCreated, ticketUpdated, targetChanged, commentCreated, commentChanged, commentDeleted, attachmentAdded,
		ticketRemoved, commentRemoved, attachmentRemoved, invoiceIssued, invoiceReminded,
	}
}

// subject is what a delivery is about.
type subject struct {
	Ticket uuid.UUID `json:"ticket,omitzero"`
	Item   uuid.UUID `json:"item,omitzero"` // of the comment, file or invoice
	Goal   string    `json:"goal,omitzero"` // of the target
	At     time.Time `json:"at,omitzero"`   // of the comment, by which it is found
}

// News gives what there is to tell about an event that made the changes, for the clients they belong to. An item that
// goes with its ticket is not told by itself.
func News(event uuid.UUID, at time.Time, position domain.Position, told []projections.Told) []webhook.News {
	var all []webhook.News
	for _, t := range told {
		key := t.Change.Key()
		kind, about := tell(t)
		if kind == "" || kind != ticketRemoved && gone(told, key.Client) {
			continue
		}
		all = append(all, webhook.News{
			ID:     domain.Derive(event, "client webhook", string(key.Kind), key.ID.String(), kind),
			Client: domain.ClientID{UUID: key.Client}, Kind: kind, Subject: about, At: at, Position: position,
		})
	}
	return all
}

// gone tells whether a client lost sight of a whole ticket: an event is about one.
func gone(told []projections.Told, of uuid.UUID) bool {
	return slices.ContainsFunc(told, func(t projections.Told) bool {
		remove, ok := t.Change.(visible.Remove)
		return ok && remove.Gone.Kind == visible.KindTicket && remove.Gone.Client == of
	})
}

// tell names what a change is; empty for what nobody is told.
func tell(t projections.Told) (kind string, about subject) {
	switch change := t.Change.(type) {
	case visible.Put:
		return put(change.Record, t.New)
	case visible.Remove:
		return remove(change.Gone)
	default:
		return "", subject{}
	}
}

func put(record visible.Record, isNew bool) (kind string, about subject) {
	switch r := record.(type) {
	case visible.Ticket:
		if isNew {
			return ticketCreated, subject{Ticket: r.ID}
		}
		return ticketUpdated, subject{Ticket: r.ID}
	case visible.Target:
		return targetChanged, subject{Ticket: r.Ticket, Goal: r.Goal}
	case visible.Comment:
		kind = commentChanged
		switch {
		case isNew:
			kind = commentCreated
		case r.Deleted:
			kind = commentDeleted
		}
		return kind, subject{Ticket: r.Ticket, Item: r.ID, At: r.At}
	case visible.Attachment:
		if !isNew {
			return "", subject{}
		}
		return attachmentAdded, subject{Ticket: r.Ticket, Item: r.ID}
	case visible.Invoice:
		return invoiceIssued, subject{Item: r.ID} // Nothing puts it twice.
	case visible.Reminder:
		return invoiceReminded, subject{Item: r.Invoice}
	default:
		return "", subject{}
	}
}

func remove(key visible.Key) (kind string, about subject) {
	switch key.Kind {
	case visible.KindTicket:
		return ticketRemoved, subject{Ticket: key.ID}
	case visible.KindComment:
		return commentRemoved, subject{Item: key.ID}
	case visible.KindAttachment:
		return attachmentRemoved, subject{Item: key.ID}
	default:
		return "", subject{}
	}
}

// Reads is the client read model.
type Reads interface {
	// Read runs read in a transaction that sees one client's rows, when the model has passed the position; it reports
	// whether it has not within its patience.
	Read(ctx context.Context, client domain.ClientID, after domain.Position, read func(pgx.Tx) error) (stale bool, err error)
}

// Render writes bodies from the read model.
func Render(reads Reads) webhook.Render {
	return func(ctx context.Context, due webhook.Due) (data any, err error) {
		var about subject
		if err := json.Unmarshal(due.Subject, &about); err != nil {
			return nil, fmt.Errorf("read the subject of delivery %s: %w", due.ID, err)
		}
		// The organisation itself listens, so what any of its people may see.
		viewer := client.Viewer{Client: due.Client.UUID, All: true, Billing: true}
		stale, err := reads.Read(ctx, due.Client, due.Position, func(tx pgx.Tx) (err error) {
			if due.Kind == invoiceIssued || due.Kind == invoiceReminded {
				data, err = invoice(ctx, tx, viewer, about, due.At)
				return err
			}
			data, err = render(ctx, tx, viewer, due.Kind, about)
			return err
		})
		switch {
		case stale:
			return nil, webhook.ErrNotYet
		case errors.Is(err, domain.ErrNotFound):
			return nil, webhook.ErrGone
		case err != nil:
			return nil, fmt.Errorf("read what %s is about: %w", due.Kind, err)
		}
		return data, nil
	}
}

// Ticket is a ticket in a body: the API's entry of its list, with its texts.
type Ticket struct {
	client.Ticket
	Description string `json:"description"`
	Resolution  string `json:"resolution,omitempty"`
}

// about is the data of a body.
type data struct {
	Ticket     Ticket             `json:"ticket"`
	Comment    *client.Comment    `json:"comment,omitempty"`
	Attachment *client.Attachment `json:"attachment,omitempty"`
	Target     *client.Target     `json:"target,omitempty"` // absent when nothing is promised any more
}

// billed is the data of an invoice: the API's entry of its list.
type billed struct {
	Invoice client.Invoice `json:"invoice"`
}

// invoice is called what it was called at an instant.
func invoice(ctx context.Context, tx pgx.Tx, v client.Viewer, about subject, at time.Time) (billed, error) {
	found, err := client.InvoiceByID(ctx, tx, v, about.Item, at)
	return billed{Invoice: found}, err
}

// removed is the data of what is not seen any more.
type removed struct {
	Ticket     uuid.UUID `json:"ticket_id,omitzero"`
	Comment    uuid.UUID `json:"comment_id,omitzero"`
	Attachment uuid.UUID `json:"attachment_id,omitzero"`
}

func render(ctx context.Context, tx pgx.Tx, v client.Viewer, kind string, about subject) (any, error) {
	switch kind {
	case ticketRemoved:
		return removed{Ticket: about.Ticket}, unseen(client.FindTicket(ctx, tx, v, about.Ticket))
	case commentRemoved:
		return removed{Comment: about.Item}, nil
	case attachmentRemoved:
		_, err := client.ReadAttachment(ctx, tx, v, about.Item)
		return removed{Attachment: about.Item}, unseen(err)
	}
	found, err := client.ReadTicket(ctx, tx, v, about.Ticket)
	if err != nil {
		return nil, err
	}
	d := data{Ticket: Ticket{Ticket: found.Ticket, Description: found.Description, Resolution: found.Resolution}}
	for i, target := range d.Ticket.Targets {
		d.Ticket.Targets[i].Strip = nil // As in the API's list.
		if target.Goal == about.Goal {
			d.Target = &target
		}
	}
	switch kind {
	case commentCreated, commentChanged, commentDeleted:
		d.Comment, err = comment(ctx, tx, v, about)
	case attachmentAdded:
		d.Attachment, err = attachment(found.Attachments, about.Item)
	}
	return d, err
}

// unseen turns the finding of what was removed into its being gone: it is shown again, and has been told as new.
func unseen(err error) error {
	switch {
	case err == nil:
		return errGone
	case errors.Is(err, domain.ErrNotFound):
		return nil
	default:
		return err
	}
}

var errGone = domain.Refuse(domain.ErrNotFound, "not_found", "it is not so any more")

// sameInstant bounds how many comments of one instant are looked through.
const sameInstant = 50

func comment(ctx context.Context, tx pgx.Tx, v client.Viewer, about subject) (*client.Comment, error) {
	last := &client.Cursor{At: about.At, ID: uuid.Max}
	found, _, err := client.ListComments(ctx, tx, v, about.Ticket, last, sameInstant)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(found, func(c client.Comment) bool { return c.ID == about.Item })
	if i < 0 {
		return nil, errGone
	}
	return &found[i], nil
}

func attachment(all []client.Attachment, id uuid.UUID) (*client.Attachment, error) {
	i := slices.IndexFunc(all, func(a client.Attachment) bool { return a.ID == id })
	if i < 0 {
		return nil, errGone
	}
	return &all[i], nil
}

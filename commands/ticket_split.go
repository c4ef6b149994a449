package commands

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// SplitTicket takes comments into a new ticket of the same client. The answer's ID is the new ticket's.
type SplitTicket struct {
	Ticket     domain.TicketID
	Comments   []domain.CommentID // 1 to ticket.MaxSplit
	Title      string
	Visibility domain.Visibility
}

// SplitTicket runs the command: it raises the new ticket, lets it adopt the comments, and says so on the old one.
// All ids derive from the request, so a repeat goes on where it stopped. Each comment keeps its audience, and
// nothing becomes visible by a split (A4).
func (s *Service) SplitTicket(ctx context.Context, r Request, c SplitTicket) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.WorkTickets); err != nil {
			return Answer{}, err
		}
		id := domain.TicketID{UUID: domain.Derive(r.Command().UUID, "ticket")}
		of, err := load(ctx, s.log, ticket.Decider, ticket.Stream(c.Ticket), r.Command())
		switch {
		case err != nil:
			return Answer{}, err
		case of.acted:
			return s.numbered(ctx, r, id, of.actedAt)
		case r.Seen != nil && *r.Seen != of.revision:
			return Answer{}, changedSince(ticket.Stream(c.Ticket), of.revision, *r.Seen)
		}
		r.Seen = nil // It was seen in time; the streams that follow are others.
		off := ticket.SplitOff{Into: id, Comments: c.Comments, By: r.Actor, At: r.At}
		raise, adopted, err := s.split(ctx, r, c, of.state, off)
		if err != nil {
			return Answer{}, err
		}
		if _, err := onStream(ctx, s, ticket.Decider, r.on(ticket.Stream(id)), ticket.Command(raise)); err != nil {
			return Answer{}, err
		}
		for _, adopt := range adopted {
			on := r.then("adopt", id.String()+" "+adopt.Comment.String()).on(ticket.Stream(id))
			if _, err := onStream(ctx, s, ticket.Decider, on, ticket.Command(adopt)); err != nil {
				return Answer{}, err
			}
		}
		position, err := onStream(ctx, s, ticket.Decider, r.on(ticket.Stream(c.Ticket)), ticket.Command(off))
		if err != nil {
			return Answer{}, err
		}
		return s.numbered(ctx, r, id, position)
	})
}

// split tells what the new ticket begins with. It refuses what the old one would refuse, before anything is raised.
func (s *Service) split(ctx context.Context, r Request, c SplitTicket, from ticket.State, off ticket.SplitOff) (ticket.Raise, []ticket.Adopt, error) {
	if n := len(c.Comments); n == 0 || n > ticket.MaxSplit {
		return ticket.Raise{}, nil, wrong("comments", "must be 1 to "+strconv.Itoa(ticket.MaxSplit))
	}
	if _, err := ticket.Decide(from, off); err != nil {
		return ticket.Raise{}, nil, err
	}
	adopted, err := adoptions(r, c, from)
	if err != nil {
		return ticket.Raise{}, nil, err
	}
	promise, err := s.promised(ctx, ticket.State{}, from.Contract, r.At)
	raise := ticket.Raise{
		Ticket: off.Into, Client: from.Client, Contract: from.Contract, JobType: from.JobType, Title: c.Title,
		Priority: from.Priority, Visibility: c.Visibility, OutOfScope: from.Contract.IsZero(),
		SplitFrom: c.Ticket, Promise: promise, By: r.Actor, At: r.At,
	}
	if asking, ok := from.RaisedFor(); ok && c.Visibility == domain.ClientVisible {
		raise.OnBehalfOf = asking // Who asked keeps sight of all that it asked for.
	}
	return raise, adopted, err
}

// adoptions are the comments that a new ticket takes over, in the order in which they were written. On an internal
// ticket they are internal; what a client wrote is visible, so it cannot go there.
func adoptions(r Request, c SplitTicket, from ticket.State) ([]ticket.Adopt, error) {
	var adopted []ticket.Adopt
	for _, id := range c.Comments {
		m, known := from.Message(id)
		if !known || m.Note || m.Deleted {
			return nil, wrong("comments", "must be comments of this ticket: "+id.String()+" is not")
		}
		if m.ByClient && c.Visibility != domain.ClientVisible {
			return nil, wrong("visibility", "must be client_visible: what a client wrote stays visible")
		}
		if c.Visibility != domain.ClientVisible {
			m.Visibility = domain.InternalOnly
		}
		adopted = append(adopted, ticket.Adopt{
			Comment: domain.CommentID{UUID: domain.Derive(r.Command().UUID, "adopted", id.String())}, Visibility: m.Visibility,
			Author: m.Author, ByClient: m.ByClient, Text: m.Text, Written: m.At, By: r.Actor, At: r.At,
		})
	}
	slices.SortStableFunc(adopted, func(a, b ticket.Adopt) int {
		return cmp.Or(a.Written.Compare(b.Written), slices.Compare(a.Comment.UUID[:], b.Comment.UUID[:]))
	})
	return adopted, nil
}

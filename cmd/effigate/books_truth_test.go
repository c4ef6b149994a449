package main

import (
	"context"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/invoice"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// asked is what somebody of the client was, or would be, asked to agree to.
type asked struct {
	text    string
	offered bool // it waits for the client
	decided bool // and stays for ever
	ever    bool // it was offered once
}

// contractTruth is what a client is to see of a contract's texts, by rules of its own: what stands in an offer, as
// long as it can be answered, and for ever once it was.
type contractTruth struct {
	client uuid.UUID
	status contract.Status
	asks   map[uuid.UUID]*asked
}

// learn takes over one event.
func (c *contractTruth) learn(e contract.Event) {
	self := c.asks[uuid.Nil]
	switch e := e.(type) {
	case contract.Drafted:
		c.client, c.status = e.Client.UUID, contract.StatusDraft
	case contract.Returned:
		c.status, self.offered = contract.StatusDraft, false
	case contract.Offered:
		c.status = contract.StatusOffered
		*self = asked{text: e.Statement, offered: true, ever: true}
	case contract.Accepted:
		c.status, self.offered, self.decided = contract.StatusAccepted, false, true
	case contract.Declined:
		c.status, self.offered, self.decided = contract.StatusDraft, false, true
	case contract.Activated, contract.Resumed:
		c.status = contract.StatusActive
	case contract.Suspended:
		c.status = contract.StatusSuspended
	case contract.Expired, contract.Terminated:
		c.status = contract.StatusTerminated
	case contract.Renewed:
		if c.status == contract.StatusTerminated {
			c.status = contract.StatusActive
		}
	case contract.AmendmentProposed:
		c.asks[e.Amendment.UUID] = &asked{text: e.Statement}
	case contract.AmendmentOffered:
		c.asks[e.Amendment.UUID].offered, c.asks[e.Amendment.UUID].ever = true, true
	case contract.AmendmentAccepted:
		c.asks[e.Amendment.UUID].offered, c.asks[e.Amendment.UUID].decided = false, true
	case contract.AmendmentDeclined:
		c.asks[e.Amendment.UUID].offered, c.asks[e.Amendment.UUID].decided = false, true
	case contract.AmendmentWithdrawn:
		c.asks[e.Amendment.UUID].offered = false
	case contract.AmendmentSuperseded:
		c.asks[e.Amendment.UUID].offered = false
	default: // The rest is decided among staff.
	}
}

// shown adds what is to be seen in the end.
func (c *contractTruth) shown(all truth) {
	for id, a := range c.asks {
		open := c.status == contract.StatusActive || c.status == contract.StatusSuspended
		if id == uuid.Nil {
			open = c.status == contract.StatusOffered
		}
		all.meet(a.text, c.client, a.decided || a.offered && open)
		if id != uuid.Nil && !a.ever {
			all.hidden[id] = true
		}
	}
}

// worked is a time record.
type worked struct {
	text    string
	billing period.Billing
	status  period.Status
	ever    bool // the client could see it once
}

// periodTruth is what a client is to see of a month's texts: its approved work, what waits where the contract says
// so, and the questions to it.
type periodTruth struct {
	client    uuid.UUID
	shows     terms.Shows
	closed    bool
	records   map[uuid.UUID]*worked
	questions map[uuid.UUID]*asked
}

// learn takes over one event.
func (p *periodTruth) learn(e period.Event) {
	status := func(id domain.TimeID, to period.Status) { p.records[id.UUID].status = to }
	switch e := e.(type) {
	case period.Opened:
		p.client = e.Client.UUID
	case period.TermsPinned:
		p.shows = e.Agreed.Shows
	case period.TimeLogged:
		p.records[e.Time.UUID] = &worked{text: e.Record.Description, billing: e.Record.Billing, status: period.StatusDraft}
	case period.TimeReversed:
		p.records[e.Time.UUID] = &worked{text: e.Record.Description, billing: e.Record.Billing, status: period.StatusApproved}
	case period.TimeRevised:
		p.records[e.Time.UUID].text, p.records[e.Time.UUID].billing = e.Record.Description, e.Record.Billing
		status(e.Time, period.StatusDraft)
	case period.TimeSubmitted:
		status(e.Time, period.StatusSubmitted)
	case period.TimeApproved:
		status(e.Time, period.StatusApproved)
	case period.TimeReturned:
		status(e.Time, period.StatusReturned)
	case period.TimeDiscarded:
		status(e.Time, period.StatusDiscarded)
	case period.TimeMoved:
		status(e.Time, period.StatusMoved)
	case period.OverageAsked:
		p.questions[e.Request] = &asked{text: e.Text}
	case period.OverageAnswered:
		p.questions[e.Request].decided = true
	case period.Closed:
		p.closed = true
	default: // The rest shows no text, or changes nothing of what is shown.
	}
	for _, w := range p.records {
		w.ever = w.ever || p.sees(w)
	}
}

// sees reports whether the client sees a record now.
func (p *periodTruth) sees(w *worked) bool {
	shown := w.status == period.StatusApproved || w.status == period.StatusSubmitted && p.shows.Unapproved
	return shown && w.billing != period.NonBillable && (w.billing != period.NoCharge || p.shows.NoCharge)
}

func (p *periodTruth) shown(all truth, seen map[uuid.UUID]bool) {
	for id, w := range p.records {
		all.meet(w.text, p.client, p.sees(w))
		seen[id] = seen[id] || w.ever // A record that moved stands in two months.
	}
	for _, q := range p.questions {
		all.meet(q.text, p.client, q.decided || !p.closed)
	}
}

// meet adds the marks of a text. One that stands in several places is visible if one of them is.
func (all truth) meet(text string, client uuid.UUID, visible bool) {
	for _, mark := range itemMark.FindAllString(text, -1) {
		all.learn(mark, shown{client: client, books: true, visible: visible})
	}
}

// readBooks adds to the truth what the log says about contracts and time.
func (in *installation) readBooks(tb failing, all truth) {
	tb.Helper()
	contracts, periods, entries := map[string]*contractTruth{}, map[string]*periodTruth{}, map[string]string{}
	clients := map[string]uuid.UUID{} // whom an invoice is for
	for delivery, err := range in.source.Scan(context.Background(), domain.Position{}) {
		if err != nil {
			tb.Fatalf("%v", err)
		}
		stream := delivery.Recorded.Stream
		switch e := delivery.Recorded.Event.(type) {
		case invoice.EntriesAdded:
			for _, entry := range e.Entries {
				entries[stream] += entry.Text + " "
			}
		case invoice.Drafted:
			clients[stream] = e.Client.UUID
		case invoice.Issued:
			for _, mark := range itemMark.FindAllString(entries[stream], -1) {
				all.learn(mark, shown{client: clients[stream], billed: true, visible: true})
			}
		case contract.Event:
			if contracts[stream] == nil {
				contracts[stream] = &contractTruth{asks: map[uuid.UUID]*asked{uuid.Nil: {}}}
			}
			contracts[stream].learn(e)
		case period.Event:
			if periods[stream] == nil {
				periods[stream] = &periodTruth{records: map[uuid.UUID]*worked{}, questions: map[uuid.UUID]*asked{}}
			}
			periods[stream].learn(e)
		}
	}
	for _, c := range contracts {
		c.shown(all)
	}
	seen := map[uuid.UUID]bool{}
	for _, p := range periods {
		p.shown(all, seen)
	}
	for id, ever := range seen {
		if !ever {
			all.hidden[id] = true
		}
	}
}

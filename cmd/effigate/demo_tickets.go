package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
)

// demoDesk is the service desk of the demo.
type demoDesk struct {
	*demoWorld
	delivery, engineer, support *castMember
}

// demoTicket is one ticket of the demo.
type demoTicket struct {
	jobType, title string
	priority       ticket.Priority
	daysAgo        int
	open           bool
}

// nexusTickets are the client's visible tickets in the order of their numbers, TKT-0001 to TKT-0041.
// Fourteen are open; the others are resolved and can be opened.
var nexusTickets = []demoTicket{
	{"operations", "Staging environment certificate expires", ticket.Medium, 290, false},
	{"api", "Webhook retries arrive out of order", ticket.High, 284, false},
	{"frontend", "Date picker shows the wrong week", ticket.Low, 277, false},
	{"data", "Monthly report counts cancelled orders", ticket.Medium, 270, false},
	{"email", "Invitation mail lands in spam", ticket.Medium, 262, false},
	{"api", "Rate limit header missing on 429", ticket.Low, 255, false},
	{"operations", "Nightly backup takes four hours", ticket.Medium, 247, false},
	{"frontend", "Session ends while a form is open", ticket.High, 240, false},
	{"data", "Product import skips the last row", ticket.High, 233, false},
	{"api", "Pagination cursor repeats an item", ticket.Medium, 226, false},
	{"frontend", "Menu cannot be reached by keyboard", ticket.Medium, 219, false},
	{"email", "Digest is sent twice on Mondays", ticket.Low, 211, false},
	{"operations", "Disk alert for the build server", ticket.High, 204, false},
	{"data", "Currency column rounds to whole units", ticket.High, 197, false},
	{"api", "Customer search ignores accents", ticket.Low, 189, true},
	{"frontend", "Chart legend overlaps on small screens", ticket.Low, 182, false},
	{"api", "Order webhook without signature", ticket.Critical, 175, false},
	{"data", "Historic prices missing for March 2025", ticket.Medium, 168, true},
	{"email", "Reply-to address is the old one", ticket.Low, 160, false},
	{"operations", "Move scheduled jobs off the web servers", ticket.Medium, 153, true},
	{"frontend", "Print view cuts the last column", ticket.Low, 146, true},
	{"api", "Bulk update answers before it is done", ticket.High, 139, false},
	{"data", "Stock report differs from the warehouse", ticket.High, 131, false},
	{"frontend", "Filter chips are lost on reload", ticket.Low, 124, true},
	{"email", "Unsubscribe link asks for a login", ticket.Medium, 117, false},
	{"api", "Token refresh fails across midnight", ticket.High, 110, false},
	{"operations", "Second region for static files", ticket.Low, 102, true},
	{"data", "Add cost centre to the export", ticket.Low, 95, true},
	{"frontend", "Dark theme hides disabled buttons", ticket.Low, 88, false},
	{"email", "Template for delayed shipments", ticket.Low, 80, true},
	{"api", "Idempotency key for refunds", ticket.Medium, 73, true},
	{"operations", "Restore test for the reporting database", ticket.Medium, 66, false},
	{"data", "Duplicate customers after the merge", ticket.High, 58, false},
	{"data", "Export to CSV missing columns", ticket.Low, 41, true},
	{"frontend", "Address form rejects unit numbers", ticket.Low, 40, true},
	{"api", "Sandbox keys listed beside live ones", ticket.Medium, 39, false},
	{"email", "Password reset email delayed", ticket.Medium, 38, true},
	{"operations", "Health check page for the load balancer", ticket.Low, 37, false},
	{"frontend", "Dashboard charts not loading", ticket.High, 36, true},
	{"api", "Version header on deprecated routes", ticket.Low, 35, false},
	{"api", "API timeout on bulk export", ticket.Critical, 34, true},
}

// demoStory is how the clock of an open ticket came to stand where it does: it ran from the raising until the client
// was asked, and has run again since the client replied. Clocks count around the clock.
type demoStory struct {
	asked   time.Duration // after it was raised
	replied time.Duration // before the demo begins
}

// nexusStories are the open tickets that do not wait for anybody, by number. What is left of their resolution when
// the demo begins: 2 d 4 h, 8 h, 2 h 15 min, 42 min.
var nexusStories = map[int]demoStory{
	34: {asked: 20 * time.Hour, replied: 48 * time.Hour},
	37: {asked: 6 * time.Hour, replied: 18 * time.Hour},
	39: {asked: 3 * time.Hour, replied: 4*time.Hour + 45*time.Minute},
	41: {asked: 2 * time.Hour, replied: 78 * time.Minute},
}

// nexus tells the story of the first client: its visible tickets, and what only the staff know.
func (d demoDesk) nexus(ctx context.Context, c *demoClient) error {
	for i, t := range nexusTickets {
		by := c.admin
		if i%3 == 2 && t.priority != ticket.Critical {
			by = c.employee
		}
		at := demoNow.AddDate(0, 0, -t.daysAgo).Add(-time.Duration(3+i%5) * time.Hour)
		id, err := d.raise(ctx, *c, by, at, t.jobType, t.title, "Seen on production. "+t.title+".", t.priority)
		if err != nil {
			return err
		}
		tell := d.handle
		story, told := nexusStories[i+1]
		switch {
		case i+1 == len(nexusTickets):
			c.late, tell = id, d.bulkExport
		case told:
			tell = d.converse
		}
		if err := tell(ctx, demoChapter{demoTicket: t, client: *c, by: by, id: id, at: at, story: story, number: i + 1}); err != nil {
			return fmt.Errorf("%q: %w", t.title, err)
		}
	}
	return d.internal(ctx, *c)
}

// demoChapter is one ticket as its story is told.
type demoChapter struct {
	demoTicket
	client demoClient
	by     *castMember // who raised it
	id     domain.TicketID
	at     time.Time
	story  demoStory
	number int
}

// begin answers a ticket, which every one of them but the last is in time, and starts work.
func (d demoDesk) begin(ctx context.Context, c demoChapter) error {
	if _, err := d.service.AssignTicket(ctx, d.request(d.support, c.at.Add(10*time.Minute)), commands.AssignTicket{
		Ticket: c.id, Assignee: d.engineer.id, Team: "Platform",
	}); err != nil {
		return err
	}
	if err := d.say(ctx, c.id, d.support, c.at.Add(15*time.Minute), "We have it, and are looking into it."); err != nil || c.priority == ticket.Low {
		return err
	}
	_, err := d.service.StartTicket(ctx, d.request(d.engineer, c.at.Add(30*time.Minute)), commands.StartTicket{Ticket: c.id})
	return err
}

// say writes what the client reads.
func (d demoDesk) say(ctx context.Context, id domain.TicketID, by *castMember, at time.Time, text string) error {
	_, err := d.service.CommentOnTicket(ctx, d.request(by, at), commands.CommentOnTicket{Ticket: id, Visibility: domain.ClientVisible, Text: text})
	return err
}

// handle lets the open tickets wait for the client or for a vendor, and resolves the others, which close by
// themselves.
func (d demoDesk) handle(ctx context.Context, c demoChapter) error {
	if err := d.begin(ctx, c); err != nil {
		return err
	}
	resolved := map[ticket.Priority]time.Duration{ticket.Critical: 150 * time.Minute, ticket.High: 7 * time.Hour}[c.priority]
	if resolved == 0 {
		resolved = 26 * time.Hour
	}
	var err error
	switch {
	case !c.open:
		_, err = d.service.ResolveTicket(ctx, d.request(d.engineer, c.at.Add(resolved)), commands.ResolveTicket{
			Ticket: c.id, Note: "Fixed and checked on production.", Code: "fixed",
		})
	case c.number%3 == 0:
		_, err = d.service.AwaitThirdParty(ctx, d.request(d.engineer, c.at.Add(time.Hour)), commands.AwaitThirdParty{Ticket: c.id, Reason: "The vendor has the case."})
	default:
		_, err = d.service.AskClient(ctx, d.request(d.support, c.at.Add(time.Hour)), commands.AskClient{
			Ticket: c.id, Question: "Can this wait for the next release, or is somebody held up by it?",
		})
	}
	if err != nil || c.open {
		return err
	}
	_, err = d.service.TickTicket(ctx, d.request(nil, demoNow), c.id)
	return err
}

// converse asks the client, who replied not long ago.
func (d demoDesk) converse(ctx context.Context, c demoChapter) error {
	if err := d.begin(ctx, c); err != nil {
		return err
	}
	if _, err := d.service.AskClient(ctx, d.request(d.support, c.at.Add(c.story.asked)), commands.AskClient{
		Ticket: c.id, Question: "We cannot see it on our side. Which account does it happen with?",
	}); err != nil {
		return err
	}
	return d.say(ctx, c.id, c.by, demoNow.Add(-c.story.replied), "With each of ours, since this morning.")
}

// bulkExport is the conversation on TKT-0041: the first response came late, and what the client reads is not all
// that was said.
func (d demoDesk) bulkExport(ctx context.Context, c demoChapter) error {
	if err := d.say(ctx, c.id, d.engineer, c.at.Add(55*time.Minute), "We can reproduce the timeout with exports above 10,000 rows."); err != nil {
		return err
	}
	if _, err := d.service.AssignTicket(ctx, d.request(d.support, c.at.Add(time.Hour)), commands.AssignTicket{Ticket: c.id, Assignee: d.engineer.id, Team: "Platform"}); err != nil {
		return err
	}
	if _, err := d.service.StartTicket(ctx, d.request(d.engineer, c.at.Add(time.Hour)), commands.StartTicket{Ticket: c.id}); err != nil {
		return err
	}
	if _, err := d.service.NoteOnTicket(ctx, d.request(d.engineer, c.at.Add(90*time.Minute)), commands.NoteOnTicket{
		Ticket: c.id, Text: "Connection pool is exhausted by the report worker. Two hours at the after-hours rate so far.",
	}); err != nil {
		return err
	}
	if _, err := d.service.AskClient(ctx, d.request(d.support, c.at.Add(c.story.asked)), commands.AskClient{
		Ticket: c.id, Question: "Which columns do you need in the nightly export?",
	}); err != nil {
		return err
	}
	if err := d.say(ctx, c.id, c.client.admin, demoNow.Add(-c.story.replied), "All of the default ones, and the cost centre."); err != nil {
		return err
	}
	return d.say(ctx, c.id, d.engineer, demoNow.Add(-30*time.Minute), "The fix is on staging. We roll it out after your check.")
}

// internal are the tickets and remarks that the client must never see.
func (d demoDesk) internal(ctx context.Context, c demoClient) error {
	at := demoNow.AddDate(0, 0, -4)
	oauth, err := d.raise(ctx, c, d.delivery, at, "api", "OAuth provider fix", "Rotate the signing keys before the vendor's deadline.", ticket.High)
	if err != nil {
		return err
	}
	if _, err := d.service.CommentOnTicket(ctx, d.request(d.delivery, at.Add(time.Hour)), commands.CommentOnTicket{
		Ticket: oauth, Text: "Not to be mentioned before the rate negotiation is over.",
	}); err != nil {
		return err
	}
	if _, err := d.service.AwaitThirdParty(ctx, d.request(d.engineer, at.Add(2*time.Hour)), commands.AwaitThirdParty{Ticket: oauth, Reason: "Vendor case 88-1203"}); err != nil {
		return err
	}
	_, err = d.raise(ctx, c, d.support, demoNow.Add(-5*time.Hour), "operations", "Capacity for the April launch", "Two engineers are on leave.", ticket.Medium)
	return err
}

// harbour tells the story of the second client, of which nothing ever meets the first.
func (d demoDesk) harbour(ctx context.Context, c demoClient) error {
	for i, title := range []string{"Container tracking page is slow", "Manifest upload rejects large files", "Berth schedule shows yesterday"} {
		at := demoNow.AddDate(0, 0, -20+5*i)
		id, err := d.raise(ctx, c, c.admin, at, "frontend", title, "Reported by the terminal office. "+title+".", ticket.High)
		if err != nil {
			return err
		}
		chapter := demoChapter{demoTicket: demoTicket{priority: ticket.High, open: i > 0}, client: c, by: c.admin, id: id, at: at, number: i + 1}
		if err := d.handle(ctx, chapter); err != nil {
			return err
		}
	}
	return nil
}

// emailOf makes an address of a name under a domain that no mail reaches.
func emailOf(name, organisation string) string {
	word := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", ".")) }
	return word(name) + "@" + strings.ReplaceAll(word(organisation), ".", "-") + ".example"
}

package console

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// ticketAct is one thing to do with a ticket, or with a message or file of it. One that needs words has a page of its own
// to ask for them; any other is a button.
type ticketAct struct {
	suffix string   // of the ticket's path: "/triage"
	from   []string // states; nil for all of them
	when   func(ticketView) bool
	needed access.Permission
	label  string
	lead   string
	tone   page.Tone
	notice string // key of done
	// controls are the fields; their values are what is there now.
	controls func(choosing) []control
	run      func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error)
}

// control is a field of an act. One with options is a select unless Many of them can be chosen; one with rows is an area.
type control struct {
	page.Field
	Many bool
}

// choosing is what the fields of an act are made from.
type choosing struct {
	ticketView
	works      []rows.Workable // the contracts in force
	colleagues []page.Option   // who may work on tickets
	clients    []page.Option
	message    Message         // that the act is about; zero for none
	file       rows.Attachment // that the act is about; zero for none
}

// ticketActed is what an act is done to, and with which words.
type ticketActed struct {
	typed
	ticket  domain.TicketID
	comment domain.CommentID
	file    domain.AttachmentID
	login   auth.Login
}

// work reads the choice of a contract with a category; zero for none.
func (o ticketActed) work() (contract domain.ContractID, category string, err error) {
	return workIn(o.typed)
}

// workIn reads a field "category", which names the contract before the category.
func workIn(form typed) (contract domain.ContractID, category string, err error) {
	id, category, _ := strings.Cut(form.Get("category"), " ")
	contract.UUID, err = optionalID(id, "category")
	return contract, category, err
}

func cycleName(goal string, cycle int) string { return goal + " " + strconv.Itoa(cycle) }

// offered reports whether a reader may do an act on a ticket as it stands.
func (a ticketAct) offered(r reader, v ticketView) bool {
	return r.reaches(a.needed, v.Of) && (a.from == nil || slices.Contains(a.from, v.Status)) && (a.when == nil || a.when(v))
}

// ofTicket reports whether the act is about the ticket as a whole.
func (a ticketAct) ofTicket() bool { return !strings.Contains(a.suffix, "{") }

// ticketActsOn are the acts on the ticket as a whole that its page offers.
func ticketActsOn(r reader, v ticketView) []ticketAct {
	return slices.DeleteFunc(ticketActs(), func(a ticketAct) bool { return !a.ofTicket() || !a.offered(r, v) })
}

func ticketActs() []ticketAct {
	return slices.Concat(workingActs(), pausingActs(), endingActs(), placingActs(), promiseActs(), audienceActs(), messageActs(), fileActs())
}

// states lists some, so that a table of acts is short.
func states(some ...ticket.Status) []string {
	names := make([]string, len(some))
	for i, status := range some {
		names[i] = string(status)
	}
	return names
}

func area(name, label, hint string, required bool) control {
	return control{Field: page.Field{Name: name, Label: label, Hint: hint, Required: required, Rows: 4, MaxLength: 20000}}
}

// whyControls ask for a reason that staff alone read.
func whyControls(choosing) []control { return []control{area("reason", "Reason", internalHint, false)} }

// workField chooses a contract with a category.
func workField(c choosing, required bool) control {
	works := slices.DeleteFunc(slices.Clone(c.works), func(w rows.Workable) bool { return w.Client != c.Client })
	now := ""
	if c.Contract != nil {
		now = c.Contract.String() + " " + c.JobType
	}
	return control{Field: page.Field{Name: "category", Label: "Contract and category", Required: required, Options: workOptions(works), Value: now}}
}

// workingActs are those of working on a ticket.
func workingActs() []ticketAct {
	return []ticketAct{
		{
			suffix: "/triage", from: openStates, needed: access.WorkTickets, label: "Classify", notice: "triaged",
			lead: "What it is about, and how urgent it is. The promises follow from it.",
			controls: func(c choosing) []control {
				return []control{
					workField(c, true),
					{Field: page.Field{Name: "priority", Label: "Priority", Required: true, Options: choices(priorities, label), Value: c.Priority}},
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				contract, category, err := on.work()
				if err != nil {
					return commands.Answer{}, err
				}
				return c.commands.TriageTicket(ctx, r, commands.TriageTicket{
					Ticket: on.ticket, Contract: contract, JobType: category, Priority: ticket.Priority(on.Get("priority")),
				})
			},
		},
		{
			suffix: "/assign", from: openStates, needed: access.WorkTickets, label: "Assign", notice: "ticket_assigned",
			lead: "To a person, a team, both or nobody.",
			controls: func(c choosing) []control {
				return []control{
					{Field: page.Field{Name: "assignee", Label: "Assignee", Options: anyOf("Nobody", c.colleagues), Value: idOrNone(c.Assignee)}},
					{Field: page.Field{Name: "team", Label: "Team", MaxLength: 200, Value: c.Team}},
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				assignee, err := optionalID(on.Get("assignee"), "assignee")
				if err != nil {
					return commands.Answer{}, err
				}
				return c.commands.AssignTicket(ctx, r, commands.AssignTicket{
					Ticket: on.ticket, Assignee: domain.PersonID{UUID: assignee}, Team: strings.TrimSpace(on.Get("team")),
				})
			},
		},
		{
			suffix: "/start", from: states(ticket.StatusNew, ticket.StatusTriaged, ticket.StatusReopened), needed: access.WorkTickets, label: "Start work", notice: "started",
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.StartTicket(ctx, r, commands.StartTicket{Ticket: on.ticket})
			},
		},
		{
			suffix: "/watch", needed: access.WatchTickets, label: "Watch", notice: "watched",
			when: func(v ticketView) bool { return !slices.Contains(v.Watchers, v.Viewer) },
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.WatchTicket(ctx, r, commands.WatchTicket{Ticket: on.ticket, Person: on.login.Actor.Person})
			},
		},
		{
			suffix: "/unwatch", needed: access.WatchTickets, label: "Watch no longer", notice: "unwatched",
			when: func(v ticketView) bool { return slices.Contains(v.Watchers, v.Viewer) },
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.WatchTicket(ctx, r, commands.WatchTicket{Ticket: on.ticket, Person: on.login.Actor.Person, End: true})
			},
		},
	}
}

// pausingActs are those of standing still and going on.
func pausingActs() []ticketAct {
	going := states(ticket.StatusNew, ticket.StatusTriaged, ticket.StatusInProgress, ticket.StatusReopened)
	return []ticketAct{
		{
			suffix: "/ask", from: going, needed: access.WorkTickets, label: "Ask the client", notice: "asked",
			lead: "The clock stands still until the client answers.",
			controls: func(c choosing) []control {
				return []control{area("text", "Question", or(c.Of.Name, "The client")+" reads it.", true)}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.AskClient(ctx, r, commands.AskClient{Ticket: on.ticket, Question: on.Get("text")})
			},
			when: func(v ticketView) bool { return !v.internal() },
		},
		{
			suffix: "/third-party", from: going, needed: access.WorkTickets, label: "Wait for a third party", notice: "waits", controls: whyControls,
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.AwaitThirdParty(ctx, r, commands.AwaitThirdParty{Ticket: on.ticket, Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/hold", from: going, needed: access.WorkTickets, label: "Put on hold", notice: "waits", controls: whyControls,
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.HoldTicket(ctx, r, commands.HoldTicket{Ticket: on.ticket, Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/resume", needed: access.WorkTickets, label: "Resume", notice: "goes_on", tone: page.Primary,
			from: states(ticket.StatusWaitingClient, ticket.StatusWaitingThirdParty, ticket.StatusOnHold),
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.ResumeTicket(ctx, r, commands.ResumeTicket{Ticket: on.ticket})
			},
		},
		{
			suffix: "/estimate", from: openStates, needed: access.EstimateScope, label: "Estimate scope", notice: "estimated",
			lead: "Asks the client whether work that it has not bought is to be done. The clock stands still until it answers.",
			when: func(v ticketView) bool { return !v.internal() },
			controls: func(c choosing) []control {
				return []control{
					workField(c, true),
					{Field: page.Field{Name: "hours", Label: "Hours", Hint: "Such as 20, 7.5 or 7:30.", Required: true, InputMode: "decimal"}},
					area("text", "What would be done", or(c.Of.Name, "The client")+" reads it.", true),
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				contract, category, err := on.work()
				if err != nil {
					return commands.Answer{}, err
				}
				minutes, err := minutesOf(on.Get("hours"))
				if err != nil {
					return commands.Answer{}, wrongField("hours", "must be hours, such as 20 or 7:30")
				}
				return c.commands.EstimateScope(ctx, r, commands.EstimateScope{
					Ticket: on.ticket, Contract: contract, JobType: category, Minutes: minutes, Text: on.Get("text"),
				})
			},
		},
	}
}

// endingActs are those of the end, and of taking a ticket up again.
func endingActs() []ticketAct {
	untouched := states(ticket.StatusNew, ticket.StatusTriaged)
	return []ticketAct{
		{
			suffix: "/resolve", from: openStates, needed: access.WorkTickets, label: "Resolve", notice: "resolved", tone: page.Primary,
			controls: func(c choosing) []control {
				hint := or(c.Of.Name, "The client") + " reads it."
				if c.internal() {
					hint = internalHint
				}
				return []control{
					area("note", "How it was resolved", hint, !c.internal()),
					{Field: page.Field{Name: "code", Label: "Code", Hint: internalHint, MaxLength: 200}},
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.ResolveTicket(ctx, r, commands.ResolveTicket{Ticket: on.ticket, Note: on.Get("note"), Code: on.Get("code")})
			},
		},
		{
			suffix: "/close", from: states(ticket.StatusResolved), needed: access.WorkTickets, label: "Close", notice: "ticket_closed",
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.CloseTicket(ctx, r, commands.CloseTicket{Ticket: on.ticket})
			},
		},
		{
			suffix: "/reopen", from: states(ticket.StatusResolved, ticket.StatusClosed), needed: access.ReopenTickets, label: "Reopen", notice: "reopened", controls: whyControls,
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.ReopenTicket(ctx, r, commands.ReopenTicket{Ticket: on.ticket, Text: on.Get("reason")})
			},
		},
		{
			suffix: "/cancel", from: untouched, needed: access.WorkTickets, label: "Cancel", notice: "cancelled", tone: page.Danger,
			lead: "Ends a ticket that nobody worked on. This cannot be undone.", controls: whyControls,
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.CancelTicket(ctx, r, commands.CancelTicket{Ticket: on.ticket, Reason: on.Get("reason")})
			},
		},
		mergingAct("/merge", openStates, "Merge", "It ends, and the other one goes on.", false),
		mergingAct("/duplicate", untouched, "Duplicate", "It was there already: it ends as a duplicate of the other one.", true),
	}
}

// otherControl asks for another ticket.
func otherControl(name, label string) control {
	return control{Field: page.Field{Name: name, Label: label, Hint: "Its number at the same client, such as TKT-0041, or the address of its page.", Required: true, MaxLength: 300}}
}

func mergingAct(suffix string, from []string, name, lead string, duplicate bool) ticketAct {
	return ticketAct{
		suffix: suffix, from: from, needed: access.WorkTickets, label: name, notice: "merged", lead: lead + " This cannot be undone.", tone: page.Danger,
		controls: func(choosing) []control {
			return []control{otherControl("into", "The ticket that goes on"), area("reason", "Reason", internalHint, false)}
		},
		run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
			into, err := c.otherTicket(ctx, on, "into")
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.MergeTickets(ctx, r, commands.MergeTickets{Ticket: on.ticket, Into: into, Duplicate: duplicate, Reason: on.Get("reason")})
		},
	}
}

// placingActs are those that tie a ticket to others, or give it to somebody else.
func placingActs() []ticketAct {
	return []ticketAct{
		{
			suffix: "/split", needed: access.WorkTickets, label: "Split", notice: "split", lead: "Some comments go on in a new ticket of the same client.",
			when: func(v ticketView) bool { return len(v.comments()) > 0 },
			controls: func(c choosing) []control {
				return []control{
					{Field: page.Field{Name: "comments", Label: "Comments", Required: true, Options: c.comments()}, Many: true},
					{Field: page.Field{Name: "title", Label: "Title of the new ticket", Required: true, MaxLength: 200}},
					{Field: page.Field{Name: "visibility", Label: "Who sees the new ticket", Required: true, Options: audienceOptions(c.Of.Name), Value: rows.InternalOnly}},
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				comments, err := idsOf(on.typed, "comments")
				if err != nil {
					return commands.Answer{}, err
				}
				return c.commands.SplitTicket(ctx, r, commands.SplitTicket{
					Ticket: on.ticket, Comments: commentIDs(comments), Title: on.Get("title"), Visibility: visibility(on.Get("visibility")),
				})
			},
		},
		linkingAct("/link", "Link", "linked", "Staff alone see the link.", false),
		linkingAct("/unlink", "Remove a link", "unlinked", "", true),
		{
			suffix: "/move", from: openStates, needed: access.MoveTickets, label: "Move to another client", notice: "moved", tone: page.Danger,
			lead: "The ticket, all of its comments and files become internal, and it gets a number of the other client.",
			controls: func(c choosing) []control {
				return []control{
					{Field: page.Field{Name: "client", Label: "Client", Required: true, Options: c.clients}},
					{Field: page.Field{Name: "category", Label: "Contract and category", Hint: "Of that client. None makes the ticket out of scope.", Options: workOptions(c.works)}},
					area("reason", "Reason", internalHint, false),
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				client, err := optionalID(on.Get("client"), "client")
				if err != nil {
					return commands.Answer{}, err
				}
				contract, category, err := on.work()
				if err != nil {
					return commands.Answer{}, err
				}
				return c.commands.ChangeTicketClient(ctx, r, commands.ChangeTicketClient{
					Ticket: on.ticket, Client: domain.ClientID{UUID: client}, Contract: contract, JobType: category, Reason: on.Get("reason"),
				})
			},
		},
	}
}

var relations = []string{string(ticket.RelatesTo), string(ticket.Blocks), string(ticket.BlockedBy), string(ticket.CausedBy)}

func linkingAct(suffix, name, notice, lead string, end bool) ticketAct {
	return ticketAct{
		suffix: suffix, needed: access.WorkTickets, label: name, notice: notice, lead: lead,
		when: func(v ticketView) bool { return !end || len(v.Related) > 0 },
		controls: func(choosing) []control {
			return []control{
				{Field: page.Field{Name: "relation", Label: "This ticket", Required: true, Options: choices(relations, label)}},
				otherControl("other", "The other ticket"),
			}
		},
		run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
			other, err := c.otherTicket(ctx, on, "other")
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.LinkTickets(ctx, r, commands.LinkTickets{
				Ticket: on.ticket, Other: other, Relation: ticket.Relation(on.Get("relation")), End: end,
			})
		},
	}
}

// promiseActs are those about what was promised.
func promiseActs() []ticketAct {
	whys := []string{"client_wait", "maintenance", "force_majeure", ticket.Mistake}
	return []ticketAct{
		{
			suffix: "/acknowledge", needed: access.Acknowledge, label: "Acknowledge the escalation", notice: "acknowledged", tone: page.Primary,
			lead:     "You have it in hand: nobody else is told.",
			when:     func(v ticketView) bool { return v.EscalatedAt != nil && v.AcknowledgedAt == nil },
			controls: func(choosing) []control { return []control{area("acknowledgement", "Note", internalHint, false)} },
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.AcknowledgeEscalation(ctx, r, commands.AcknowledgeEscalation{Ticket: on.ticket, Note: on.Get("acknowledgement")})
			},
		},
		{
			suffix: "/excuse", needed: access.ExcuseBreaches, label: "Excuse a breach", notice: "excused", lead: "It no longer counts in reports and deductions.",
			when: func(v ticketView) bool { return len(v.excusable()) > 0 },
			controls: func(c choosing) []control {
				return []control{
					{Field: page.Field{Name: "goal", Label: "Promise", Required: true, Options: c.excusable()}},
					{Field: page.Field{Name: "why", Label: "Why", Required: true, Options: choices(whys, label)}},
					area("reason", "Reason", internalHint, true),
				}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				goal, number, _ := strings.Cut(on.Get("goal"), " ")
				cycle, err := wholeNumber(number)
				if err != nil {
					return commands.Answer{}, wrongField("goal", "must be chosen")
				}
				return c.commands.ExcuseBreach(ctx, r, commands.ExcuseBreach{
					Ticket: on.ticket, Goal: sla.Goal(goal), Cycle: cycle, Why: on.Get("why"), Reason: on.Get("reason"),
				})
			},
		},
	}
}

// audienceActs are those of showing a ticket to its client, and of ending that.
func audienceActs() []ticketAct {
	return []ticketAct{
		{
			suffix: "/publish", needed: access.PublishTickets, label: "Publish", notice: "ticket_published",
			lead: "The client sees title, description and state of the ticket, and what is chosen here.",
			when: func(v ticketView) bool { return v.internal() || len(v.hidden())+len(v.hiddenFiles()) > 0 },
			controls: func(c choosing) []control {
				controls := []control{}
				if comments := c.hidden(); len(comments) > 0 {
					controls = append(controls, control{Field: page.Field{Name: "comments", Label: "Comments", Options: comments}, Many: true})
				}
				if files := c.hiddenFiles(); len(files) > 0 {
					controls = append(controls, control{Field: page.Field{Name: "attachments", Label: "Files", Options: files}, Many: true})
				}
				return append(controls, area("reason", "Reason", internalHint, false))
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				comments, err := idsOf(on.typed, "comments")
				if err != nil {
					return commands.Answer{}, err
				}
				files, err := idsOf(on.typed, "attachments")
				if err != nil {
					return commands.Answer{}, err
				}
				return c.options.Files.PublishTicket(ctx, r, commands.PublishTicket{
					Ticket: on.ticket, Comments: commentIDs(comments), Attachments: attachmentIDs(files), Reason: on.Get("reason"),
				})
			},
		},
		{
			suffix: "/withdraw", needed: access.PublishTickets, label: "Withdraw from the client", notice: "ticket_withdrawn", tone: page.Danger,
			lead: "The client sees neither the ticket nor anything on it any more.", when: func(v ticketView) bool { return !v.internal() }, controls: whyControls,
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.WithdrawTicket(ctx, r, commands.WithdrawTicket{Ticket: on.ticket, Reason: on.Get("reason")})
			},
		},
	}
}

// messageActs are those on a message.
func messageActs() []ticketAct {
	return []ticketAct{
		{
			suffix: "/comments/{comment}/edit", needed: access.CommentTickets, label: "Edit", notice: "edited", tone: page.Primary,
			controls: func(c choosing) []control {
				text := area("text", "Text", audienceName(c.message.Visibility, c.Of.Name)+".", true)
				text.Value = c.message.Text
				return []control{text}
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.EditComment(ctx, r, commands.EditComment{Ticket: on.ticket, Comment: on.comment, Text: on.Get("text")})
			},
		},
		{
			suffix: "/comments/{comment}/delete", needed: access.CommentTickets, label: "Delete", notice: "deleted", tone: page.Danger,
			lead: "Its text is gone for good; that there was something stays to be seen.", controls: func(choosing) []control { return nil },
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.DeleteComment(ctx, r, commands.DeleteComment{Ticket: on.ticket, Comment: on.comment})
			},
		},
		{
			suffix: "/comments/{comment}/withdraw", needed: access.PublishTickets, label: "Withdraw from the client", notice: "message_withdrawn", tone: page.Danger,
			lead: "The client does not see the message any more.", controls: whyControls,
			run: func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
				return c.commands.WithdrawComment(ctx, r, commands.WithdrawComment{Ticket: on.ticket, Comment: on.comment, Reason: on.Get("reason")})
			},
		},
	}
}

// fileActs are those on a file.
func fileActs() []ticketAct {
	acts := []ticketAct{
		{suffix: "/attachments/{attachment}/publish", needed: access.PublishTickets, label: "Publish", notice: "file_published"},
		{
			suffix: "/attachments/{attachment}/withdraw", needed: access.PublishTickets, label: "Withdraw from the client", notice: "file_withdrawn", tone: page.Danger,
			lead: "The client does not see the file any more.", controls: whyControls,
		},
		{
			suffix: "/attachments/{attachment}/erase", needed: access.EraseFiles, label: "Erase", notice: "file_erased", tone: page.Danger,
			lead: "Its bytes are gone for good, everywhere.", controls: whyControls,
		},
	}
	changes := []func(*Console, context.Context, commands.Request, commands.ChangeAttachment) (commands.Answer, error){
		func(c *Console, ctx context.Context, r commands.Request, change commands.ChangeAttachment) (commands.Answer, error) {
			return c.options.Files.Publish(ctx, r, change)
		},
		func(c *Console, ctx context.Context, r commands.Request, change commands.ChangeAttachment) (commands.Answer, error) {
			return c.commands.WithdrawAttachment(ctx, r, change)
		},
		func(c *Console, ctx context.Context, r commands.Request, change commands.ChangeAttachment) (commands.Answer, error) {
			return c.commands.EraseAttachment(ctx, r, change)
		},
	}
	for i := range acts {
		acts[i].run = func(ctx context.Context, c *Console, r commands.Request, on ticketActed) (commands.Answer, error) {
			return changes[i](c, ctx, r, commands.ChangeAttachment{Ticket: on.ticket, Attachment: on.file, Reason: on.Get("reason")})
		}
	}
	return acts
}

// comments lists the comments that can be cut off.
func (v ticketView) comments() []page.Option {
	var options []page.Option
	for _, m := range v.Messages {
		if m.Kind == rows.Comment && m.DeletedAt == nil {
			options = append(options, page.Option{Value: m.ID.String(), Label: author(m, v.People) + ", " + m.WrittenAt.Format("2 Jan 15:04"), Hint: m.Text})
		}
	}
	return options
}

func audienceOptions(client string) []page.Option {
	return []page.Option{
		{Value: rows.InternalOnly, Label: "Internal: staff alone"},
		{Value: rows.ClientVisible, Label: or(client, "The client") + " sees it too"},
	}
}

// idOrNone is an id as text; empty for none.
func idOrNone(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// otherTicket finds the ticket that a field names, by its number at the same client or by its id, with which the address
// of its page ends.
func (c *Console) otherTicket(ctx context.Context, on ticketActed, field string) (found domain.TicketID, err error) {
	text := strings.TrimSpace(on.Get(field))
	if id, err := uuid.Parse(text[strings.LastIndexByte(text, '/')+1:]); err == nil {
		return domain.TicketID{UUID: id}, nil
	}
	number, ok := rows.ParseNumber(text)
	if !ok {
		return found, wrongField(field, "must be a ticket number such as TKT-0041")
	}
	_, err = c.read(ctx, on.login, access.ReadTickets, domain.Position{}, func(tx pgx.Tx, _ reader) error {
		own, err := rows.TicketByID(ctx, tx, on.ticket.UUID)
		if err != nil {
			return err
		}
		tickets, _, err := rows.Tickets(ctx, tx, rows.TicketFilter{Client: own.Client, Number: number, Limit: 1})
		if err == nil && len(tickets) == 0 {
			err = wrongField(field, fmt.Sprintf("must be a ticket of the same client: %s is not", number))
		}
		if err == nil {
			found.UUID = tickets[0].ID
		}
		return err
	})
	return found, err
}

// ticketActView is the page that asks for the words of an act.
type ticketActView struct {
	ticketView
	act       ticketAct
	Action    string
	Controls  []control
	Meanwhile []string // what happened since the form was opened; empty when it was not refused for that
}

func (c *Console) addTicketActs() {
	for _, a := range ticketActs() {
		pattern := "/tickets/{id}" + a.suffix
		view := c.viewTicketAct(a)
		again := func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
			v, frame, err := look(c, r, login, access.ReadTickets, view)
			if err != nil {
				return err
			}
			form.rename("category", "contract", "job_type")
			form.rename("hours", "minutes")
			if seen, err := strconv.ParseInt(form.Get("revision"), 10, 64); err == nil && status == http.StatusConflict {
				v.since(seen)
			}
			if len(v.Meanwhile) > 0 { // Who reads this has seen it.
				form.Values.Set("revision", v.Form.Get("revision"))
			}
			v.Form = form
			return page.Render(w, r, status, ticketActPage(frame, v))
		}
		c.posting(pattern, a.needed, c.postTicketAct(a), again)
		if a.controls != nil {
			showing(c, pattern, a.needed, view, ticketActPage)
		}
	}
}

// since tells what happened after a revision.
func (v *ticketActView) since(seen int64) {
	for _, step := range v.Timeline {
		if step.Revision > seen {
			v.Meanwhile = append(v.Meanwhile, stepText(step, v.People)+" by "+personIn(v.People, step.Actor, "the system")+" at "+step.HappenedAt.Format("15:04 MST"))
		}
	}
}

func (c *Console) viewTicketAct(a ticketAct) func(context.Context, pgx.Tx, reader, *http.Request) (ticketActView, error) {
	return func(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v ticketActView, err error) {
		if v.ticketView, err = c.viewTicket(ctx, tx, r, request); err != nil {
			return v, err
		}
		v.act, v.Action = a, request.URL.Path
		v.Form.Values.Set("revision", strconv.FormatInt(v.Revision, 10))
		on := choosing{ticketView: v.ticketView}
		if on.message, on.file, err = v.named(request); err != nil || a.controls == nil {
			return v, err
		}
		if on.works, err = rows.Workables(ctx, tx); err != nil {
			return v, err
		}
		if on.colleagues, err = c.colleagues(ctx, tx, access.WorkTickets); err != nil {
			return v, err
		}
		clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
		if err != nil {
			return v, err
		}
		on.clients = []page.Option{{Label: "Choose the client"}}
		for _, client := range clients {
			on.clients = append(on.clients, page.Option{Value: client.ID.String(), Label: client.Name})
		}
		v.Controls = a.controls(on)
		for _, field := range v.Controls {
			v.Form.Values.Set(field.Name, field.Value)
		}
		maps.Copy(v.Form.Values, request.URL.Query()) // Such as the message to publish.
		return v, nil
	}
}

// named finds the message and the file that an address names; domain.ErrNotFound for one that the ticket has not.
func (v ticketView) named(request *http.Request) (message Message, file rows.Attachment, err error) {
	if text := chi.URLParam(request, "comment"); text != "" {
		at := slices.IndexFunc(v.Messages, func(m Message) bool { return m.ID.String() == text })
		if at < 0 {
			return message, file, domain.Refuse(domain.ErrNotFound, "no_such_comment", "ticket %s has no message %q", v.ID, text)
		}
		message = v.Messages[at]
	}
	if text := chi.URLParam(request, "attachment"); text != "" {
		at := slices.IndexFunc(v.Attachments, func(a rows.Attachment) bool { return a.ID.String() == text })
		if at < 0 {
			return message, file, domain.Refuse(domain.ErrNotFound, "no_such_attachment", "ticket %s has no file %q", v.ID, text)
		}
		file = v.Attachments[at]
	}
	return message, file, nil
}

func (c *Console) postTicketAct(a ticketAct) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		on := ticketActed{typed: form, login: login}
		for parameter, into := range map[string]*uuid.UUID{"id": &on.ticket.UUID, "comment": &on.comment.UUID, "attachment": &on.file.UUID} {
			if parameter != "id" && !strings.Contains(a.suffix, "{"+parameter+"}") {
				continue
			}
			id, err := web.ID(chi.URLParam(r, parameter))
			if err != nil {
				return "", err
			}
			*into = id
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		if text := form.Get("revision"); text != "" {
			seen, err := strconv.ParseInt(text, 10, 64)
			if err != nil || seen < 0 {
				return "", wrongField("revision", "must be that of the form")
			}
			request.Seen = &seen
		}
		done, err := a.run(r.Context(), c, request, on)
		next := on.ticket.UUID
		if a.suffix == "/split" && err == nil {
			next = done.ID
		}
		return then(ticketPath(next), a.notice, done), err
	}
}

package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// ticketTab is one of the lists of tickets.
type ticketTab string

// The tabs; the zero tab holds what a search found.
const (
	openTab     ticketTab = "open"
	waitingTab  ticketTab = "waiting_for_you"
	riskTab     ticketTab = "at_risk"
	resolvedTab ticketTab = "resolved"
)

// path is where the tab is.
func (t ticketTab) path() string { return ticketsPath + "?state=" + string(t) }

// filter says what is on the tab.
func (t ticketTab) filter() client.TicketFilter {
	if t == riskTab {
		return client.TicketFilter{State: client.FilterOpen, AtRisk: true}
	}
	return client.TicketFilter{State: client.StateFilter(t)}
}

type ticketsView struct {
	screen
	At      time.Time // the server's, which what is left is counted from
	Tab     ticketTab
	Search  string
	Counts  client.Counts
	Tickets []client.Ticket
	Older   string
	First   bool
}

// ticketsPage lists tickets: those of a tab, or of all of them what a search finds.
func (p *Portal) ticketsPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	query := r.URL.Query()
	view := ticketsView{Tab: openTab, First: query.Get("cursor") == ""}
	if tab := ticketTab(query.Get("state")); tab == waitingTab || tab == riskTab || tab == resolvedTab {
		view.Tab = tab
	}
	var err error
	if view.Search, err = queryText(query, "search", client.MaxSearch); err != nil {
		return err
	}
	if view.Search != "" {
		view.Tab = ""
	}
	filter := view.Tab.filter()
	filter.Search, filter.Limit = view.Search, pageLimit
	if filter.After, err = p.openCursor(login.Actor, query.Get("cursor")); err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "Tickets", func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
		overview, err := client.ReadOverview(ctx, tx, v)
		if err != nil {
			return err
		}
		tickets, next, err := client.ListTickets(ctx, tx, v, filter)
		view.Counts, view.Tickets = overview.Tickets, tickets
		view.Older = older(ticketsPath, view.filters(), p.sealCursor(login.Actor, next))
		return err
	})
	if err != nil {
		return err
	}
	view.At = p.now().In(view.Zone)
	return page.Render(w, r, http.StatusOK, ticketsPage(view))
}

// queryText is a text in an address, which must be text and of at most so many characters.
func queryText(query url.Values, name string, limit int) (string, error) {
	text := strings.TrimSpace(query.Get(name))
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || utf8.RuneCountInString(text) > limit {
		return "", wrongField(name, "must be a short text")
	}
	return text, nil
}

// filters are what the address of a further page begins with.
func (v ticketsView) filters() url.Values {
	if v.Search != "" {
		return url.Values{"search": {v.Search}}
	}
	return url.Values{"state": {string(v.Tab)}}
}

// newest is the first page of the same list; empty on it.
func (v ticketsView) newest() string { return newest(v.First, ticketsPath+"?"+v.filters().Encode()) }

// tabs are the ways to the lists.
func (v ticketsView) tabs() []page.Tab {
	tabs := make([]page.Tab, 0, 4)
	for _, tab := range []struct {
		tab   ticketTab
		label string
		count int
	}{
		{openTab, "Open", v.Counts.Open}, {waitingTab, "Waiting for you", v.Counts.WaitingForYou}, {riskTab, "At risk", v.Counts.AtRisk}, {resolvedTab, "Resolved", v.Counts.Resolved},
	} {
		tabs = append(tabs, page.Tab{Label: tab.label, Path: tab.tab.path(), Current: v.Tab == tab.tab, Count: tab.count})
	}
	return tabs
}

// nothing says that there is no ticket.
func (v ticketsView) nothing() page.EmptyProps {
	switch v.Tab {
	case openTab:
		return page.EmptyProps{Icon: "ticket", Title: "No ticket is open.", Text: "When something does not work, tell us.", Action: "Raise a ticket", Path: raisePath}
	case waitingTab:
		return page.EmptyProps{Icon: "circle-check", Title: "No ticket waits for you."}
	case riskTab:
		return page.EmptyProps{Icon: "circle-check", Title: "No promise is at risk."}
	case resolvedTab:
		return page.EmptyProps{Icon: "ticket", Title: "Nothing was resolved yet."}
	}
	return page.EmptyProps{Icon: "search", Title: "No ticket is found.", Text: "Try fewer words, or the number of the ticket.", Action: "All open tickets", Path: ticketsPath}
}

type ticketView struct {
	screen
	At     time.Time // the server's, which what is left is counted from
	Ticket client.TicketDetail
	// Before says that earlier messages are shown, before this cursor; Earlier leads to what is before them.
	Before  string
	Earlier string
	// Mentionable are whom a message can name.
	Mentionable []client.Mentionable
	// Comment is what the page is about, of the pages of one comment, and Edits what it said before.
	Comment client.Comment
	Edits   []client.CommentEdit
	// May says what the viewer may do, and the ticket as it is lets anybody do.
	May struct{ Write, Reopen, Follow, Decide bool }
	// Key and FileKey are those of the forms.
	Key     string
	FileKey string
	Typed   ticketForm
	Errors  []page.FieldError
}

// ticketForm is what was typed into one of the forms on a ticket.
type ticketForm struct {
	Text     string
	Mentions []string
	Answer   string // to an estimate: "allow", "refuse" or nothing yet
}

func (v ticketView) path() string { return ticketPath(v.Ticket.ID) }

// live is where the parts of the page are fetched again.
func (v ticketView) live() string {
	if v.Before == "" {
		return v.path()
	}
	return v.path() + "?" + url.Values{"before": {v.Before}}.Encode()
}

// draft names what is being written, by whom and where.
func (v ticketView) draft() string { return "ticket " + v.Me.ID.String() + " " + v.Ticket.ID.String() }

func (v ticketView) commentPath() string { return commentPath(v.Ticket.ID, v.Comment.ID) }

func ticketPath(ticket uuid.UUID) string { return ticketsPath + "/" + ticket.String() }

func commentPath(ticket, comment uuid.UUID) string {
	return ticketPath(ticket) + "/comments/" + comment.String()
}

// ticketTitle names a ticket.
func ticketTitle(t client.Ticket) string { return t.Display + " " + t.Title }

func (p *Portal) ticketPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	err := p.showTicket(w, r, login, http.StatusOK, ticketView{Before: r.URL.Query().Get("before")}, ticketPage)
	after := r.URL.Query().Get("after")
	if _, sealed := p.openPosition(login.Actor, after); errors.Is(err, domain.ErrNotFound) && after != "" && sealed == nil {
		return p.toPage(w, r, ticketsPath, after, r.URL.Query().Get("done")) // It was just raised, and is not here yet.
	}
	return err
}

// ticketStep makes a page that asks for something about a ticket.
func (p *Portal) ticketStep(show func(ticketView) templ.Component) func(http.ResponseWriter, *http.Request, auth.Login) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		return p.showTicket(w, r, login, http.StatusOK, ticketView{}, show)
	}
}

// showTicket shows one ticket by a template, with what else the view holds already.
func (p *Portal) showTicket(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view ticketView, show func(ticketView) templ.Component) error {
	id, comment, err := ticketIDs(r)
	if err != nil {
		return err
	}
	before, err := p.openCursor(login.Actor, view.Before)
	if err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		if view.Ticket, err = client.ReadTicket(ctx, tx, v, id); err != nil {
			return err
		}
		if before != nil {
			if view.Ticket.Comments, view.Ticket.Earlier, err = client.ListComments(ctx, tx, v, id, before, pageLimit); err != nil {
				return err
			}
		}
		if comment == uuid.Nil {
			view.Mentionable, err = client.ListMentionable(ctx, tx, v, id)
			return err
		}
		if view.Comment, err = client.ReadComment(ctx, tx, v, id, comment); err != nil {
			return err
		}
		view.Edits, err = client.ListCommentEdits(ctx, tx, v, id, comment)
		return err
	})
	if err != nil {
		return err
	}
	view.At, view.Frame.Title = p.now().In(view.Zone), ticketTitle(view.Ticket.Ticket)
	view.Earlier, view.Key, view.FileKey = p.sealCursor(login.Actor, view.Ticket.Earlier), newKey(), newKey()
	view.Frame.Wrong = len(view.Errors) > 0
	p.allow(&view, login)
	return page.Render(w, r, status, show(view))
}

// ticketIDs are those in the address of a page: of the ticket, and of a comment where there is one.
func ticketIDs(r *http.Request) (ticket, comment uuid.UUID, err error) {
	if ticket, err = web.ID(chi.URLParam(r, "id")); err != nil || chi.URLParam(r, "comment") == "" {
		return ticket, uuid.Nil, err
	}
	comment, err = web.ID(chi.URLParam(r, "comment"))
	return ticket, comment, err
}

// allow says what the viewer may do about the ticket as it is.
func (p *Portal) allow(view *ticketView, login auth.Login) {
	may := func(permission access.Permission) bool { return login.May(permission, p.loginClock()) == nil }
	ticket := view.Ticket
	over := ticket.State == visible.TicketResolved || ticket.State == visible.TicketClosed
	inTime := ticket.ReopenUntil == nil || !view.At.After(*ticket.ReopenUntil)
	view.May.Write = may(access.CommentTickets) && (ticket.State == visible.TicketResolved || isOpen(ticket.State))
	view.May.Reopen = may(access.ReopenTickets) && over && inTime
	view.May.Follow = may(access.RaiseTickets) && over && !inTime
	view.May.Decide = ticket.State == visible.TicketAwaitingApproval && p.decides(login)
}

// isOpen reports whether somebody is still to do something about a ticket in that state.
func isOpen(state string) bool {
	switch state {
	case visible.TicketResolved, visible.TicketClosed, visible.TicketCancelled, visible.TicketMerged:
		return false
	default:
		return true
	}
}

// when shows a page while what it asks for can be done, and otherwise the ticket as it is.
func when(possible func(ticketView) bool, show func(ticketView) templ.Component) func(ticketView) templ.Component {
	return func(v ticketView) templ.Component {
		if !possible(v) {
			return ticketPage(v)
		}
		return show(v)
	}
}

// What the pages that ask for something need.
func (v ticketView) ownComment() bool { return v.May.Write && v.Comment.Mine && !v.Comment.Deleted }
func (v ticketView) canReopen() bool  { return v.May.Reopen }
func (v ticketView) canDecide() bool  { return v.May.Decide }

// toTicket leads from the address of a form to the page that has it.
func (p *Portal) toTicket(w http.ResponseWriter, r *http.Request, _ auth.Login) error {
	http.Redirect(w, r, ticketsPath+"/"+url.PathEscape(chi.URLParam(r, "id")), http.StatusSeeOther)
	return nil
}

// ticketWrite makes the target of a form on one ticket. What the rules refuse is shown by the page of the form, with
// what was typed.
func (p *Portal) ticketWrite(
	done string, show func(ticketView) templ.Component, run func(context.Context, Request, url.Values, CommentPath) (Answer, error),
) func(http.ResponseWriter, *http.Request, auth.Login) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		asked, err := p.formRequest(r, login, form)
		if err != nil {
			return err
		}
		path := CommentPath{TicketPath: TicketPath{ID: chi.URLParam(r, "id")}, Comment: chi.URLParam(r, "comment")}
		answer, err := run(r.Context(), asked, form, path)
		if wrong := ticketErrors(err); len(wrong) > 0 {
			typed := ticketForm{Text: form.Get("text"), Mentions: form["mentions"], Answer: form.Get("answer")}
			return p.showTicket(w, r, login, http.StatusUnprocessableEntity, ticketView{Typed: typed, Errors: wrong}, show)
		}
		if err != nil {
			return err
		}
		return p.toPage(w, r, ticketsPath+"/"+path.ID, p.sealPosition(asked, answer.Position), done)
	}
}

// ticketErrors is formErrors for what others may have changed first.
func ticketErrors(err error) []page.FieldError {
	if wrong := formErrors(err); len(wrong) > 0 || !errors.Is(err, domain.ErrConflict) {
		return wrong
	}
	return []page.FieldError{{Text: "The ticket changed in the meantime, and this cannot be done any more. Here is how it stands now."}}
}

func (p *Portal) writeComment(ctx context.Context, r Request, form url.Values, path CommentPath) (Answer, error) {
	said, err := said(form)
	if err != nil {
		return Answer{}, err
	}
	return p.onTicket(ctx, r, After{}, path.ID, func(ticket uuid.UUID) (Answer, error) { return p.commands.CommentOnTicket(ctx, r, ticket, said) })
}

func (p *Portal) rewriteComment(ctx context.Context, r Request, form url.Values, path CommentPath) (Answer, error) {
	said, err := said(form)
	if err != nil {
		return Answer{}, err
	}
	return p.onComment(ctx, r, After{}, path, func(ticket, comment uuid.UUID) (Answer, error) {
		return p.commands.EditComment(ctx, r, ticket, comment, said)
	})
}

func (p *Portal) removeComment(ctx context.Context, r Request, _ url.Values, path CommentPath) (Answer, error) {
	return p.onComment(ctx, r, After{}, path, func(ticket, comment uuid.UUID) (Answer, error) {
		return p.commands.DeleteComment(ctx, r, ticket, comment)
	})
}

func (p *Portal) reopen(ctx context.Context, r Request, form url.Values, path CommentPath) (Answer, error) {
	return p.onTicket(ctx, r, After{}, path.ID, func(ticket uuid.UUID) (Answer, error) {
		return p.commands.ReopenTicket(ctx, r, ticket, strings.TrimSpace(form.Get("text")))
	})
}

// answerEstimate takes the answer of a form, which names the estimate that was read.
func (p *Portal) answerEstimate(ctx context.Context, r Request, form url.Values, path CommentPath) (Answer, error) {
	answer := EstimateAnswer{Reason: form.Get("text")}
	switch form.Get("answer") {
	case "allow":
		answer = EstimateAnswer{Accept: true, SHA256: form.Get("sha256")}
	case "refuse":
	default:
		return Answer{}, wrongField("answer", "must be chosen")
	}
	return p.onTicket(ctx, r, After{}, path.ID, func(ticket uuid.UUID) (Answer, error) { return p.commands.AnswerEstimate(ctx, r, ticket, answer) })
}

// said is the message of a form.
func said(form url.Values) (Comment, error) {
	said := Comment{Text: form.Get("text")}
	if strings.TrimSpace(said.Text) == "" {
		return Comment{}, wrongField("text", "must not be blank")
	}
	for _, text := range form["mentions"] {
		person, err := uuid.Parse(text)
		if err != nil {
			return Comment{}, wrongField("mentions", "must be people of the list")
		}
		said.Mentions = append(said.Mentions, person)
	}
	return said, nil
}

// mentions is the field of whom a message is meant for.
func (v ticketView) mentions() page.Field {
	field := page.Field{Name: "mentions", Label: "People who are told", Hint: "Everybody who may see the ticket can read the message."}
	for _, person := range v.Mentionable {
		field.Options = append(field.Options, page.Option{
			Value: person.ID.String(), Label: called(person.Name, person.ByClient), Hint: domain.Role(person.Role).Title(),
			Selected: slices.Contains(v.Typed.Mentions, person.ID.String()),
		})
	}
	return field
}

// earlier is where earlier messages are.
func (v ticketView) earlier() string {
	return v.path() + "?" + url.Values{"before": {v.Earlier}}.Encode()
}

// typedOr is the message as it was typed, or as it is.
func (v ticketView) typedOr(text string) string {
	if v.Typed.Text != "" {
		return v.Typed.Text
	}
	return text
}

// entry is something that happened to the ticket.
type entry struct {
	Text string
	At   time.Time
}

// history is what happened since the ticket was raised, oldest first.
func (v ticketView) history() []entry {
	entries := make([]entry, 0, len(v.Ticket.Steps)+1)
	for _, step := range v.Ticket.Steps {
		entries = append(entries, entry{words.states[step.State].Text, step.At})
	}
	if v.Ticket.EscalatedAt != nil {
		entries = append(entries, entry{"Escalated", *v.Ticket.EscalatedAt})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.At.Compare(b.At) })
	return entries
}

// isClientRole reports whether a role is one of the client's own.
func isClientRole(role string) bool { return domain.Role(role).Side() == domain.ClientSide }

// answers is the field of the answer to an estimate.
func (v ticketView) answers() page.Field {
	return page.Field{Name: "answer", Label: "Your answer", Required: true, Error: page.ErrorOf(v.Errors, "answer"), Options: []page.Option{
		{Value: "allow", Label: "The work may be done", Hint: "It is charged as it is estimated above.", Selected: v.Typed.Answer == "allow"},
		{Value: "refuse", Label: "The work is not to be done", Selected: v.Typed.Answer == "refuse"},
	}}
}

// called is the name of somebody, whose account may have none.
func called(name string, byClient bool) string {
	switch {
	case name != "":
		return name
	case byClient:
		return "Somebody who is no longer with you"
	default:
		return "One of us"
	}
}

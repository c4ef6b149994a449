package portal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/zone"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	"effigate/infra/web/webhooks"
	"effigate/readmodels/client"
)

// The pages' paths.
const (
	homePath      = "/"
	ticketsPath   = "/tickets"
	raisePath     = "/tickets/new"
	similarPath   = "/tickets/new/similar"
	contractsPath = "/contracts"
	proposalsPath = "/proposals"
	overagePath   = "/overage-requests"
	invoicesPath  = "/invoices"
	notesPath     = "/credit-notes"
	statementPath = "/statement"
	peoplePath    = "/people"
	invitePath    = "/people/invite"
	accessLogPath = "/access-log"
	accountPath   = "/account"
)

func (p *Portal) mountPages() {
	page.Register(p.API)
	p.Page(http.MethodGet, homePath, access.OwnAccount, p.homePage)
	p.mountTickets()
	p.Page(http.MethodGet, contractsPath, access.ReadContracts, p.contractsPage)
	p.Page(http.MethodGet, contractsPath+"/{id}", access.ReadContracts, p.contractPage)
	p.Page(http.MethodGet, proposalsPath+"/{id}", access.ReadContracts, p.proposalPage)
	p.Page(http.MethodGet, proposalsPath+"/{id}/accept", access.AcceptContracts, p.acceptPage)
	p.Page(http.MethodPost, proposalsPath+"/{id}/accept", access.AcceptContracts, p.acceptForm)
	p.Page(http.MethodGet, proposalsPath+"/{id}/decline", access.AcceptContracts, p.declinePage)
	p.Page(http.MethodPost, proposalsPath+"/{id}/decline", access.AcceptContracts, p.declineForm)
	p.Page(http.MethodGet, overagePath+"/{id}", access.ReadContracts, p.overagePage)
	p.Page(http.MethodGet, overagePath+"/{id}/answer", access.AcceptContracts, p.overageAnswerPage)
	p.Page(http.MethodPost, overagePath+"/{id}/answer", access.AcceptContracts, p.overageAnswerForm)
	p.mountInvoices()
	p.Page(http.MethodGet, accessLogPath, access.ReadAccessLog, p.accessLogPage)
	p.Page(http.MethodGet, peoplePath, access.ReadPeople, p.peoplePage)
	p.Page(http.MethodGet, invitePath, access.ManagePeople, p.invitePage)
	p.Page(http.MethodPost, invitePath, access.ManagePeople, p.inviteForm)
	p.Page(http.MethodGet, peoplePath+"/{id}", access.ReadPeople, p.personPage)
	p.Page(http.MethodPost, peoplePath+"/{id}/grants", access.ManagePeople, p.personForm(rightsSaved, p.changeGrants))
	p.Page(http.MethodPost, peoplePath+"/{id}/invite", access.ManagePeople, p.inviteAgainForm)
	p.Page(http.MethodPost, peoplePath+"/{id}/withdraw-invitation", access.ManagePeople, p.personForm(saying("withdrawn"), formless(p.withdrawInvitation)))
	for _, form := range []string{"/grants", "/invite", "/withdraw-invitation"} {
		p.Page(http.MethodGet, peoplePath+"/{id}"+form, access.ManagePeople, p.toPerson)
	}
	p.Page(http.MethodGet, peoplePath+"/{id}/deactivate", access.ManagePeople, p.deactivatePage)
	p.Page(http.MethodPost, peoplePath+"/{id}/deactivate", access.ManagePeople, p.personForm(saying("ended"), formless(p.deactivate)))
}

func (p *Portal) mountInvoices() {
	p.Page(http.MethodGet, invoicesPath, access.ReadInvoices, p.invoicesPage)
	one := invoicesPath + "/{number}"
	p.Page(http.MethodGet, one, access.ReadInvoices, p.invoicePage)
	p.Page(http.MethodGet, notesPath+"/{number}", access.ReadInvoices, p.creditNotePage)
	for _, form := range forms {
		p.Page(http.MethodGet, one+"/"+string(form), access.ReadInvoices, p.sendForm(form, p.invoiceForm))
		p.Page(http.MethodGet, notesPath+"/{number}/"+string(form), access.ReadInvoices, p.sendForm(form, p.creditNoteForm))
	}
	p.Page(http.MethodGet, one+"/lines/{line}/object", access.DisputeInvoices, p.objectPage)
	p.PageOptionalUpload(one+"/lines/{line}/object", access.DisputeInvoices, p.objectForm)
	p.Page(http.MethodGet, one+"/disputes/{dispute}/attach", access.DisputeInvoices, p.attachToDisputePage)
	p.PageOptionalUpload(one+"/disputes/{dispute}/attach", access.DisputeInvoices, p.attachToDisputeForm)
	p.Page(http.MethodGet, "/disputes/{id}"+attachmentsPath+"/{attachment}", access.ReadInvoices, p.disputeFilePage)
	p.Page(http.MethodGet, one+"/disputes/{dispute}/withdraw", access.DisputeInvoices, p.withdrawDisputePage)
	p.Page(http.MethodPost, one+"/disputes/{dispute}/withdraw", access.DisputeInvoices, p.withdrawDisputeForm)
	p.Page(http.MethodGet, statementPath, access.ReadInvoices, p.statementPage)
}

func (p *Portal) mountTickets() {
	p.Page(http.MethodGet, ticketsPath, access.ReadTickets, p.ticketsPage)
	p.Page(http.MethodGet, raisePath, access.RaiseTickets, p.raisePage)
	p.Page(http.MethodPost, raisePath, access.RaiseTickets, p.raiseForm)
	p.Page(http.MethodGet, similarPath, access.RaiseTickets, p.similarPage)
	one := ticketsPath + "/{id}"
	p.Page(http.MethodGet, one, access.ReadTickets, p.ticketPage)
	p.Page(http.MethodPost, one+"/comments", access.CommentTickets, p.ticketWrite("commented", ticketPage, p.writeComment))
	for _, form := range []string{"/comments", attachmentsPath} {
		p.Page(http.MethodGet, one+form, access.ReadTickets, p.toTicket)
	}
	comment := one + "/comments/{comment}"
	change, remove := when(ticketView.ownComment, editCommentPage), when(ticketView.ownComment, deleteCommentPage)
	reopen, estimate := when(ticketView.canReopen, reopenPage), when(ticketView.canDecide, estimatePage)
	p.Page(http.MethodGet, comment+"/edits", access.ReadTickets, p.ticketStep(commentEditsPage))
	p.Page(http.MethodGet, comment+"/edit", access.CommentTickets, p.ticketStep(change))
	p.Page(http.MethodPost, comment+"/edit", access.CommentTickets, p.ticketWrite("changed", change, p.rewriteComment))
	p.Page(http.MethodGet, comment+"/delete", access.CommentTickets, p.ticketStep(remove))
	p.Page(http.MethodPost, comment+"/delete", access.CommentTickets, p.ticketWrite("deleted", remove, p.removeComment))
	p.Page(http.MethodGet, one+"/reopen", access.ReopenTickets, p.ticketStep(reopen))
	p.Page(http.MethodPost, one+"/reopen", access.ReopenTickets, p.ticketWrite("reopened", reopen, p.reopen))
	p.Page(http.MethodGet, one+"/estimate", access.AcceptContracts, p.ticketStep(estimate))
	p.Page(http.MethodPost, one+"/estimate", access.AcceptContracts, p.ticketWrite("answered", estimate, p.answerEstimate))
}

// screen is what every page of somebody who is logged in begins with.
type screen struct {
	Frame page.Frame
	Zone  *time.Location // of the organisation
	Now   time.Time
	Me    client.Me
}

// screen reads what a page shows in one transaction: who looks, and what the page fetches besides. A page
// that a write led to waits for it, and says so when it does not come.
func (p *Portal) screen(r *http.Request, login auth.Login, title string, fetch func(context.Context, pgx.Tx, client.Viewer) error) (screen, error) {
	after := r.URL.Query().Get("after")
	position, err := p.openPosition(login.Actor, after)
	if err != nil {
		position, after = domain.Position{}, "" // An address that was typed waits for nothing.
	}
	var me client.Me
	var last int64
	stale, err := p.view(r.Context(), login.Actor, position, func(tx pgx.Tx, v client.Viewer) (err error) {
		if me, err = client.ReadMe(r.Context(), tx, v); err != nil {
			return err
		}
		if last, err = client.LastChange(r.Context(), tx, v); err != nil {
			return err
		}
		return fetch(r.Context(), tx, v)
	})
	if err != nil {
		return screen{}, err
	}
	s := screen{Frame: p.frameOf(r, login, me), Zone: zoneOf(me), Me: me}
	s.Now = p.loginClock().In(s.Zone)
	s.Frame.Title, s.Frame.At = title, s.Now
	s.Frame.Position, s.Frame.Since = after, feed{p}.seal(login.Actor, last)
	s.Frame.Notice = notices[r.URL.Query().Get("done")]
	if stale {
		s.Frame.Notice = page.Notice{Tone: page.Attention, Title: "Updating…", Text: "What you changed is not on this page yet. It will be in a moment."}
	}
	return s, nil
}

// notices are what a page says about the write that led to it, by the word in its address.
var notices = map[string]page.Notice{
	"invited":   {Tone: page.Good, Title: "Invited", Text: "The invitation goes out by e-mail."},
	"withdrawn": {Tone: page.Good, Title: "Invitation withdrawn", Text: "Its link leads nowhere now."},
	"granted":   {Tone: page.Good, Title: "Rights changed"},
	"unchanged": {Tone: page.Attention, Title: "Nothing changed", Text: "The rights are as they were when the page was opened."},
	"accepted":  {Tone: page.Good, Title: "Accepted", Text: "What you agreed to stays here, word for word."},
	"declined":  {Tone: page.Good, Title: "Declined"},
	"answered":  {Tone: page.Good, Title: "Answered"},
	"objected":  {Tone: page.Good, Title: "Your objection is with us", Text: "We look into it. This page follows what comes of it."},
	"objected_alone": {
		Tone: page.Attention, Title: "Your objection is with us, without the file", Text: "A file must not be empty, and have at most 25 MiB. Attach it below.",
	},
	"taken":     {Tone: page.Good, Title: "Your objection is withdrawn"},
	"attached":  {Tone: page.Good, Title: "The file is attached."},
	"raised":    {Tone: page.Good, Title: "Your ticket is raised", Text: "We have it. This page follows what happens to it."},
	"commented": {Tone: page.Good, Title: "Sent"},
	"changed":   {Tone: page.Good, Title: "Your message is changed"},
	"deleted":   {Tone: page.Good, Title: "Your message is deleted"},
	"reopened":  {Tone: page.Good, Title: "The ticket is open again"},
	"ended":     {Tone: page.Good, Title: "Access ended", Text: "Nobody can log in with this account any more."},
}

// frame surrounds a page of somebody who is logged in, or of nobody for the zero login. A name that cannot
// be read is left out, so that a page about something else still shows.
func (p *Portal) frame(r *http.Request, login auth.Login) page.Frame {
	var me client.Me
	if !login.Actor.Person.IsZero() {
		_, err := p.view(r.Context(), login.Actor, domain.Position{}, func(tx pgx.Tx, v client.Viewer) (err error) {
			me, err = client.ReadMe(r.Context(), tx, v)
			return err
		})
		if err != nil {
			me = client.Me{}
		}
	}
	return p.frameOf(r, login, me)
}

func (p *Portal) frameOf(r *http.Request, login auth.Login, me client.Me) page.Frame {
	frame := page.Frame{Theme: page.ThemeOf(r), Path: local(r)}
	if login.Actor.Person.IsZero() {
		return frame
	}
	frame.Viewer = page.Viewer{Name: me.Name, Organisation: me.Organisation.Name, Role: login.Actor.Role.Title()}
	if frame.Viewer.Name == "" {
		frame.Viewer.Name = "You" // The menu is the way to log out, whatever the account is called.
	}
	frame.Live = true
	for _, item := range []struct {
		permission access.Permission
		item       page.NavItem
	}{
		{access.OwnAccount, page.NavItem{Label: "Home", Path: homePath}},
		{access.ReadTickets, page.NavItem{Label: "Tickets", Path: ticketsPath}},
		{access.ReadContracts, page.NavItem{Label: "Contracts", Path: contractsPath}},
		{access.ReadInvoices, page.NavItem{Label: "Invoices", Path: invoicesPath}},
		{access.ReadPeople, page.NavItem{Label: "People", Path: peoplePath}},
		{access.ReadAccessLog, page.NavItem{Label: "Access log", Path: accessLogPath}},
		{access.ManageWebhooks, page.NavItem{Label: "Webhooks", Path: webhooks.Path}},
		{access.OwnAccount, page.NavItem{Label: "Account", Path: accountPath}},
	} {
		if err := login.May(item.permission, p.loginClock()); err == nil || errors.Is(err, auth.ErrStepUp) {
			item.item.Current = within(r.URL.Path, item.item.Path)
			frame.Nav = append(frame.Nav, item.item)
		}
	}
	return frame
}

// within reports whether a page is that of a way in the navigation, or below it.
func within(path, of string) bool {
	return path == of || of != homePath && len(path) > len(of) && path[:len(of)+1] == of+"/"
}

// local is the page that a request is about, to come back to: what answers a form is not it.
func local(r *http.Request) string {
	if r.Method != http.MethodGet {
		return homePath
	}
	return r.URL.RequestURI()
}

// zoneOf is the organisation's zone; UTC when this program does not know it.
func zoneOf(me client.Me) *time.Location {
	location, err := zone.Load(me.Organisation.Zone)
	if err != nil {
		return time.UTC
	}
	return location
}

// formRequest makes what a command of a form carries. The key was put into the form when it was shown, so
// that sending it twice acts once.
func (p *Portal) formRequest(r *http.Request, login auth.Login, form url.Values) (Request, error) {
	key := form.Get("key")
	if key == "" || len(key) > maxFormKey {
		return Request{}, domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "the form has no key")
	}
	asked := url.Values{}
	for field, values := range form {
		if field != "key" {
			asked[field] = values
		}
	}
	body, err := json.Marshal(p.private(login.Actor, asked))
	if err != nil {
		return Request{}, fmt.Errorf("encode form: %w", err)
	}
	return Request{
		Actor: login.Actor, Credential: p.credential(r.Context()), Route: r.Method + " " + r.URL.Path, Key: key, Body: body,
		At: p.now().UTC().Truncate(time.Microsecond),
	}, nil
}

// maxFormKey bounds the key of a form, in bytes; steps of one form add to it.
const maxFormKey = 100

// newKey is the key of a form that is shown.
func newKey() string { return rand.Text() }

// toPage leads on to a page that shows what was done.
func (p *Portal) toPage(w http.ResponseWriter, r *http.Request, path, after, done string) error {
	http.Redirect(w, r, path+"?"+url.Values{"after": {after}, "done": {done}}.Encode(), http.StatusSeeOther)
	return nil
}

// formErrors are what a form page says about a refusal: nothing for what is no refusal of what was typed.
func formErrors(err error) []page.FieldError {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || !errors.Is(err, domain.ErrInvalid) && !errors.Is(err, domain.ErrConflict) {
		return nil
	}
	var wrong []page.FieldError
	for _, field := range formFields { // In the order of the page.
		if text, ok := refusal.Fields[field]; ok {
			wrong = append(wrong, page.FieldError{Field: field, Text: fieldLabels[field] + " " + text + "."})
		}
	}
	if sentence, ok := sentences[refusal.Code]; ok && len(wrong) == 0 {
		wrong = append(wrong, sentence)
	}
	return wrong
}

// formFields are the fields of the forms, each in the order of its page.
var formFields = []string{"name", "email", "reason", "category", "title", "description", "impact", "urgency", "text", "mentions", "answer", "amount", "from", "to", "file"}

// fieldLabels begin the sentence about a wrong field.
var fieldLabels = map[string]string{
	"name": "The name", "email": "The e-mail address", "reason": "The reason", "category": "The category", "title": "The title",
	"description": "The description", "impact": "The impact", "urgency": "The urgency", "text": "The message", "mentions": "The people who are told",
	"answer": "The answer", "amount": "The amount", "from": "The first day", "to": "The last day", "file": "The file",
}

// sentences are what pages say about refusals, by code.
var sentences = map[string]page.FieldError{
	"address_unavailable": {Field: "email", Text: "This address cannot be invited. If its owner should be with you, ask us."},
	"no_seat_left":        {Text: "Every place of your organisation is taken. End the access of somebody, or ask us for more places."},
	"too_many_mails":      {Field: "email", Text: "This address was sent too many letters within an hour. Wait until they have arrived."},
	"not_invited":         {Text: "There is no invitation to change: they have accepted it, or their access has ended."},
	"already_in":          {Text: "They have accepted an invitation already."},
	"person_deactivated":  {Text: "Their access has ended."},
	"terms_changed":       {Text: "The terms changed since you read them. Nothing is agreed; read them again below."},
	"offer_too_old":       {Text: "This was to hold from a day that is too long ago by now. Ask us to propose it again."},
	"ticket_closed":       {Text: "This ticket is closed by now. Reopen it, or raise one that follows it."},
	"ticket_over":         {Text: "Nothing more can be written on this ticket."},
	"reopen_window_over":  {Text: "This ticket can no longer be reopened. Raise one that follows it."},
	"comment_deleted":     {Text: "This message is deleted."},
	"too_many_edits":      {Text: "This message was changed too often. Write another one."},
	"nothing_asked":       {Text: "This was answered, or taken back, in the meantime. Here is how it stands now."},
	"estimate_changed":    {Text: "The estimate changed since you read it. Nothing is allowed; read it again below."},
	"more_than_line":      {Field: "amount", Text: "The amount is more than the line comes to before tax, less what was credited of it."},
	"line_credited":       {Text: "This line was credited in the meantime. Nothing of it is left to object to."},
	"invoice_voided":      {Text: "This invoice was taken back by a credit note. Nothing of it is to be paid."},
	"line_disputed":       {Text: "You have objected to this line already. Here is how that stands."},
	"too_many_disputes":   {Text: "There were too many objections to this invoice. Write to us instead."},
	"too_many_files":      {Text: "There are as many files here as there can be."},
	"dispute_over":        {Text: "This objection was answered in the meantime. Here is how it stands now."},
	"out_of_scope":        {Field: "category", Text: "No contract of yours covers this category any more. Choose another one, or say that none does."},
	"key_reused":          {Text: "This form was sent before with other contents. Check what was done, then send it again."},
}

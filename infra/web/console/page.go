package console

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/web/webhooks"
	rows "effigate/readmodels/staff"
)

// addPages adds the pages. Every one works without scripts; those that are live refresh their parts.
func (c *Console) addPages() {
	page.Register(c.API)
	c.addHomePages()
	c.addClientPages()
	c.addContractPages()
	c.addTimePages()
	c.addPeriodPages()
	c.addInvoicePages()
	c.addPersonPages()
	c.addRulesPages()
	c.addRosterPages()
	c.addAccessLogPages()
	c.addMailPages()
	c.addRatePages()
	c.addPolicyPages()
	c.addCalendarPages()
	c.addTicketPages()
	c.addNoticePages()
	c.addSLAPages()
}

// navigation lists the ways in that a role has, in the order of the rail.
var navigation = []struct {
	label, path, icon string
	needed            access.Permission
}{
	{"Home", "/", "house", access.OwnAccount},
	{"Queue", "/queue", "inbox", access.ReadTickets},
	{"Tickets", "/tickets", "ticket", access.ReadTickets},
	{"Notices", noticesPath, "clock-alert", access.ReadTickets},
	{"Clients", "/clients", "building-2", access.ReadClients},
	{"Contracts", "/contracts", "file-text", access.ReadContracts},
	{"Time", "/time", "clock", access.ReadTime},
	{"Approvals", "/approvals", "inbox", access.ApproveTime},
	{"Invoices", invoicesPath, "file-text", access.ReadInvoices},
	{"Payments", paymentsPath, "circle-check", access.ReadInvoices},
	{"Issuers", issuersPath, "building-2", access.ReadInvoices},
	{"Rate cards", "/rate-cards", "copy", access.SummariseRates},
	{"SLA report", "/sla", "circle-check", access.ReadPolicies},
	{"SLA policies", "/sla-policies", "hourglass", access.ReadPolicies},
	{"Calendars", "/calendars", "clock", access.ReadPolicies},
	{"Staff", "/staff", "users", access.ReadStaff},
	{"Import people", "/people/import", "upload", access.ManagePeople},
	{"Access log", "/access-log", "history", access.ReadAccessLog},
	{"Mail", "/mail", "mail", access.OperateMail},
	{"Webhooks", webhooks.Path, "external-link", access.ManageWebhooks},
}

// frame is what surrounds a page; nobody sees a way to what the role may not do.
func (c *Console) frame(r *http.Request, login auth.Login) page.Frame {
	f := page.Frame{Console: true, Theme: page.ThemeOf(r), Path: r.URL.RequestURI(), At: c.options.Clock().UTC()}
	if login.Actor.Person.IsZero() {
		return f
	}
	if r.Method != http.MethodGet {
		f.Path = "/"
	}
	f.Viewer = page.Viewer{Name: login.Actor.Role.Title(), Role: login.Actor.Role.Title()}
	names, err := c.staff.Names(r.Context(), []uuid.UUID{login.Actor.Person.UUID})
	if err != nil {
		c.logger.WarnContext(r.Context(), "the name of whoever looks is missing from a page", slog.Any("error", err))
	}
	if name := names[login.Actor.Person.UUID]; name != "" {
		f.Viewer.Name = name
	}
	for _, item := range navigation {
		if access.ScopeOf(login.Actor.Role, item.needed) == access.Nothing {
			continue
		}
		f.Nav = append(f.Nav, page.NavItem{Label: item.label, Path: item.path, Icon: item.icon, Current: within(r.URL.Path, item.path)})
	}
	return f
}

// within reports whether a page is the one at the path or below it.
func within(at, path string) bool {
	return at == path || path != "/" && strings.HasPrefix(at, path+"/")
}

// done are the notices that a page may be asked to show above it, after a form was accepted.
var done = map[string]page.Notice{
	"registered":  {Tone: page.Good, Title: "The client is registered."},
	"renamed":     {Tone: page.Good, Title: "The client has its new name."},
	"assigned":    {Tone: page.Good, Title: "The account manager is assigned."},
	"seats":       {Tone: page.Good, Title: "The seat limit is set."},
	"rules":       {Tone: page.Good, Title: "The login rules are set. They count from the next login on."},
	"invited":     {Tone: page.Good, Title: "The invitation is on its way by e-mail."},
	"withdrawn":   {Tone: page.Good, Title: "The invitation is withdrawn."},
	"reset":       {Tone: page.Good, Title: "The link to set another password is on its way by e-mail."},
	"role":        {Tone: page.Good, Title: "The role is changed."},
	"grants":      {Tone: page.Good, Title: "The grants are changed."},
	"deactivated": {Tone: page.Good, Title: "The access has ended."},
	"erased":      {Tone: page.Good, Title: "The personal data is removed."},
	"published":   {Tone: page.Good, Title: "The version is published."},
	"superseded":  {Tone: page.Good, Title: "Contracts can no longer choose it."},
	"costs":       {Tone: page.Good, Title: "The costs are published."},
	"holiday":     {Tone: page.Good, Title: "The special day is added."},
	"holidays":    {Tone: page.Good, Title: "The holidays are added."},
	"sent":        {Tone: page.Good, Title: "The letter is in the queue again."},
	"attached":    {Tone: page.Good, Title: "The file is attached."},

	"drafted":            {Tone: page.Good, Title: "The contract is drafted."},
	"revised":            {Tone: page.Good, Title: "The draft is saved."},
	"submitted":          {Tone: page.Good, Title: "The contract is in review."},
	"returned":           {Tone: page.Good, Title: "The contract is a draft again."},
	"offered":            {Tone: page.Good, Title: "The client can see it and agree to it."},
	"accepted":           {Tone: page.Good, Title: "The agreement is recorded. Put the contract in force when it is time."},
	"declined":           {Tone: page.Good, Title: "The refusal is recorded."},
	"activated":          {Tone: page.Good, Title: "The contract is in force."},
	"suspended":          {Tone: page.Good, Title: "The contract is suspended."},
	"resumed":            {Tone: page.Good, Title: "The contract is in force again."},
	"renewed":            {Tone: page.Good, Title: "The contract has its new end."},
	"terminated":         {Tone: page.Good, Title: "The contract has ended."},
	"granted":            {Tone: page.Good, Title: "The hours are added."},
	"adjusted":           {Tone: page.Good, Title: "The hours are adjusted."},
	"released":           {Tone: page.Good, Title: "The milestone is billable."},
	"proposed":           {Tone: page.Good, Title: "The amendment is proposed. Somebody else has to approve it."},
	"amendment_approved": {Tone: page.Good, Title: "Your approval is recorded."},
	"amended":            {Tone: page.Good, Title: "The amendment is agreed on."},
	"rejected":           {Tone: page.Good, Title: "The amendment is rejected."},
	"taken_back":         {Tone: page.Good, Title: "The amendment is withdrawn."},

	"logged":          {Tone: page.Good, Title: "The time is logged."},
	"handed_in":       {Tone: page.Good, Title: "It is handed in for approval."},
	"timer_started":   {Tone: page.Good, Title: "The timer runs."},
	"timer_described": {Tone: page.Good, Title: "The texts are saved."},
	"timer_stopped":   {Tone: page.Good, Title: "The timer is stopped, and its time logged."},
	"timer_discarded": {Tone: page.Good, Title: "The timer is stopped. Nothing was logged."},
	"time_saved":      {Tone: page.Good, Title: "The record is saved."},
	"time_discarded":  {Tone: page.Good, Title: "The record is discarded."},
	"time_approved":   {Tone: page.Good, Title: "The time is approved."},
	"time_returned":   {Tone: page.Good, Title: "The time is returned."},
	"time_corrected":  {Tone: page.Good, Title: "The record is corrected in the open period."},
	"time_moved":      {Tone: page.Good, Title: "The records are moved to the next month."},
	"period_opened":   {Tone: page.Good, Title: "The period goes by what the contract says now."},
	"period_closed":   {Tone: page.Good, Title: "The period is closed."},
	"charged":         {Tone: page.Good, Title: "The charge is added."},
	"confirmed":       {Tone: page.Good, Title: "The deduction is confirmed."},
	"waived":          {Tone: page.Good, Title: "Your waiver is noted."},
	"overage_asked":   {Tone: page.Good, Title: "The client's admins are asked."},

	"invoice_drafted":   {Tone: page.Good, Title: "The invoice is drafted. No client sees it."},
	"invoices_drafted":  {Tone: page.Good, Title: "What nothing spoke against is drafted."},
	"line_added":        {Tone: page.Good, Title: "The line is added."},
	"line_removed":      {Tone: page.Good, Title: "The line is removed."},
	"line_reworded":     {Tone: page.Good, Title: "The line has its new text."},
	"invoice_submitted": {Tone: page.Good, Title: "The invoice waits for approval."},
	"invoice_approved":  {Tone: page.Good, Title: "The invoice is approved. Issue it when it is time."},
	"invoice_returned":  {Tone: page.Good, Title: "The invoice is a draft again."},
	"invoice_discarded": {Tone: page.Good, Title: "The draft is discarded. What it charged is free again."},
	"invoice_issued":    {Tone: page.Good, Title: "The invoice is issued."},
	"credited":          {Tone: page.Good, Title: "The credit note is issued."},
	"written_off":       {Tone: page.Good, Title: "What was outstanding is written off."},
	"dispute_take":      {Tone: page.Good, Title: "The client sees that you look into it."},
	"dispute_settle":    {Tone: page.Good, Title: "The client has your answer."},
	"payment_received":  {Tone: page.Good, Title: "The payment is recorded."},
	"payment_allocate":  {Tone: page.Good, Title: "It is set against the invoice."},
	"payment_refund":    {Tone: page.Good, Title: "What was paid back is recorded."},
	"payment_reverse":   {Tone: page.Good, Title: "The payment is reversed."},
	"issuer_described":  {Tone: page.Good, Title: "The issuer is saved."},
	"exchange_recorded": {Tone: page.Good, Title: "The rate is recorded."},
	"billing_described": {Tone: page.Good, Title: "What invoices go by is saved."},

	"raised":            {Tone: page.Good, Title: "The ticket is raised."},
	"reply_sent":        {Tone: page.Good, Title: "The reply is sent."},
	"note_sent":         {Tone: page.Good, Title: "The internal note is added."},
	"triaged":           {Tone: page.Good, Title: "The ticket is classified."},
	"ticket_assigned":   {Tone: page.Good, Title: "The ticket is assigned."},
	"started":           {Tone: page.Good, Title: "Work has begun."},
	"watched":           {Tone: page.Good, Title: "You are told of this ticket."},
	"unwatched":         {Tone: page.Good, Title: "You are told of this ticket no longer."},
	"asked":             {Tone: page.Good, Title: "The client is asked."},
	"waits":             {Tone: page.Good, Title: "The ticket waits."},
	"goes_on":           {Tone: page.Good, Title: "The ticket goes on."},
	"estimated":         {Tone: page.Good, Title: "The client is asked about the estimate."},
	"resolved":          {Tone: page.Good, Title: "The ticket is resolved."},
	"ticket_closed":     {Tone: page.Good, Title: "The ticket is closed."},
	"reopened":          {Tone: page.Good, Title: "The ticket is open again."},
	"cancelled":         {Tone: page.Good, Title: "The ticket is cancelled."},
	"merged":            {Tone: page.Good, Title: "The ticket ended in favour of the other one."},
	"split":             {Tone: page.Good, Title: "This is the new ticket."},
	"linked":            {Tone: page.Good, Title: "The tickets are linked."},
	"unlinked":          {Tone: page.Good, Title: "The link is removed."},
	"moved":             {Tone: page.Good, Title: "The ticket is the other client's now, and internal."},
	"acknowledged":      {Tone: page.Good, Title: "The escalation is acknowledged."},
	"excused":           {Tone: page.Good, Title: "The breach no longer counts."},
	"ticket_published":  {Tone: page.Good, Title: "The client sees it."},
	"ticket_withdrawn":  {Tone: page.Good, Title: "The client does not see the ticket any more."},
	"message_withdrawn": {Tone: page.Good, Title: "The client does not see the message any more."},
	"edited":            {Tone: page.Good, Title: "The comment is changed."},
	"deleted":           {Tone: page.Good, Title: "The comment is deleted."},
	"file_published":    {Tone: page.Good, Title: "The client sees the file."},
	"file_withdrawn":    {Tone: page.Good, Title: "The client does not see the file any more."},
	"file_erased":       {Tone: page.Good, Title: "The file is erased."},
	"view_kept":         {Tone: page.Good, Title: "The view is kept."},
	"view_deleted":      {Tone: page.Good, Title: "The view is deleted."},
}

// updating stands above a page that waited in vain for what was just written.
var updating = page.Notice{Tone: page.Attention, Title: "Updating …", Text: "What was just changed is not shown yet. Reload in a moment."}

// showing adds a page that reads in one transaction. What view gives gets the title that fetch found.
func showing[V any](
	c *Console, pattern string, needed access.Permission,
	fetch func(context.Context, pgx.Tx, reader, *http.Request) (V, error), view func(page.Frame, V) templ.Component,
) {
	c.Page(http.MethodGet, pattern, needed, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		found, frame, err := look(c, r, login, needed, fetch)
		if err != nil {
			return err
		}
		return page.Render(w, r, http.StatusOK, view(frame, found))
	})
}

// look reads what a page shows, not before what the address asks to wait for.
func look[V any](
	c *Console, r *http.Request, login auth.Login, needed access.Permission, fetch func(context.Context, pgx.Tx, reader, *http.Request) (V, error),
) (found V, frame page.Frame, err error) {
	after, err := parsePosition(r.URL.Query().Get("after"))
	if err != nil {
		after = domain.Position{} // An address that somebody cut short still leads to the page.
	}
	var last, unread int64
	stale, err := c.read(r.Context(), login, needed, after, func(tx pgx.Tx, reads reader) (err error) {
		if last, err = rows.LastChange(r.Context(), tx); err != nil {
			return err
		}
		if reads.may(access.ReadTickets) {
			if unread, err = rows.UnreadNotices(r.Context(), tx, login.Actor.Person.UUID); err != nil {
				return err
			}
		}
		found, err = fetch(r.Context(), tx, reads, r)
		return err
	})
	if err != nil {
		return found, frame, err
	}
	frame = c.frame(r, login)
	for i, item := range frame.Nav {
		if item.Path == noticesPath {
			frame.Nav[i].Count = int(unread)
		}
	}
	frame.Since = strconv.FormatInt(last, 10)
	frame.Notice = done[r.URL.Query().Get("done")]
	if stale {
		frame.Notice = updating
	}
	frame.Position = formatPosition(after)
	return found, frame, nil
}

// typed is a form as it was sent, or as it is to be filled in.
type typed struct {
	Values url.Values
	Errors []page.FieldError
	Key    string // names the write: sent twice it acts once
}

// blank is a form that nobody has filled in.
func blank() typed { return typed{Values: url.Values{}, Key: rand.Text()} }

// Get gives what was typed into a field.
func (t typed) Get(name string) string { return t.Values.Get(name) }

// Wrong says what is wrong with a field; empty when nothing is.
func (t typed) Wrong(name string) string { return page.ErrorOf(t.Errors, name) }

// posting adds the target of a form. run gives where to go next; with the empty path it has answered itself.
// What is wrong with the form goes to again, when given, which shows it once more as it was typed.
func (c *Console) posting(
	pattern string, needed access.Permission,
	run func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (next string, err error),
	again func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error,
) {
	c.Page(http.MethodPost, pattern, needed, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		values, err := web.Form(w, r)
		if err != nil {
			return err
		}
		form := typed{Values: values, Key: values.Get("key")}
		next, err := run(w, r, login, form)
		status := 0
		if again != nil {
			form.Errors, status = mistakes(err)
		}
		switch {
		case status != 0:
			form.Key = rand.Text() // What is sent next is another request.
			return again(w, r, login, form, status)
		case err == nil && next != "":
			http.Redirect(w, r, next, http.StatusSeeOther)
		}
		return err
	})
}

// mistakes lists what is wrong with a form, and the status to say so with; 0 for any other error.
func mistakes(err error) ([]page.FieldError, int) {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok {
		return nil, 0
	}
	var status int
	switch {
	case errors.Is(err, domain.ErrInvalid):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, domain.ErrConflict):
		status = http.StatusConflict
	default:
		return nil, 0
	}
	var wrong []page.FieldError
	for field, text := range refusal.Fields {
		wrong = append(wrong, page.FieldError{Field: field, Text: label(field) + " " + text + "."})
	}
	slices.SortFunc(wrong, func(a, b page.FieldError) int { return strings.Compare(a.Field, b.Field) })
	if len(wrong) == 0 {
		wrong = append(wrong, page.FieldError{Text: upper(reason(refusal)) + "."})
	}
	return wrong, status
}

// label gives the name of a field in words: "email" is "E-mail".
func label(field string) string {
	if field == "email" {
		return "E-mail"
	}
	return upper(strings.ReplaceAll(strings.ReplaceAll(field, "_", " "), ".", " "))
}

// upper gives a text with its first letter, if that is one of ASCII, as a capital.
func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// command makes the request of a command that a form asks for.
func (c *Console) command(r *http.Request, login auth.Login, form typed) (commands.Request, error) {
	if form.Key == "" || len(form.Key) > 200 {
		return commands.Request{}, domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "the form has lost its key; open it anew")
	}
	asked := url.Values{}
	for field, values := range form.Values {
		if field != "key" {
			asked[field] = values
		}
	}
	return c.private(login.Actor, web.Write{Key: form.Key}, r.URL.Path, asked)
}

// then leads to a page that shows what was just written.
func then(path, notice string, answer commands.Answer) string {
	after := ""
	if !answer.Position.IsZero() {
		after = formatPosition(answer.Position)
	}
	return query(path, "done", notice, "after", after)
}

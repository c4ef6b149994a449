package console

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/money"
	"effigate/domain/terms"
	"effigate/infra/accounts"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// titled gives a frame its title, and a stream of changes if the page is to follow them.
func titled(f page.Frame, title string, live bool) page.Frame {
	f.Title, f.Live = title, live
	return f
}

// userCount tells how many users a client has: "3", or "3 + 1 invited".
func userCount(line clientLine) string {
	text := strconv.FormatInt(line.Users, 10)
	if line.Invited > 0 {
		text += fmt.Sprintf(" + %d invited", line.Invited)
	}
	return text
}

// seats tells how many seats are taken: "3 of 25".
func seats(taken, limit int) string { return fmt.Sprintf("%d of %d", taken, limit) }

// grantNames are the grants in words.
var grantNames = map[access.Grant]string{
	access.SignMilestones: "Sign off milestones",
	access.ReadBilling:    "See invoices and billed time",
	access.ReadScope:      "See the scope of contracts",
	access.RaiseCritical:  "Propose critical tickets",
}

// grantList gives the grants of a row in words.
func grantList(row rows.Person) []string {
	var names []string
	for _, grant := range grantsOf(row) {
		names = append(names, or(grantNames[grant], string(grant)))
	}
	return names
}

// roleName is a role as a row has it, in words.
func roleName(role string) string { return domain.Role(role).Title() }

// kindName is the kind of an entry of the log of access, in words.
func kindName(kind string) string {
	return upper(strings.ReplaceAll(strings.ReplaceAll(kind, "_", " "), "api", "API"))
}

// formTitle gives a page of one form its title, which says whether the form was refused.
func formTitle(f page.Frame, title string, form typed) page.Frame {
	f.Title, f.Wrong = title, len(form.Errors) > 0
	return f
}

// shownName is a person's name, or the words for somebody who has none.
func shownName(person Person) string {
	if person.Name == "" {
		return "Unnamed person"
	}
	return person.Name
}

// or gives what was typed, or else what is there.
func or(typed, there string) string {
	if typed != "" {
		return typed
	}
	return there
}

func orDash(text string) string { return or(text, "–") }

func yesNo(yes bool) string {
	if yes {
		return "Yes"
	}
	return "No"
}

// period is from when to when something lasts, by days.
func period(starts, ends string) string {
	if ends == "" {
		return "From " + dayText(starts)
	}
	return dayText(starts) + " to " + dayText(ends)
}

// dayText is a day such as "2026-03-16" in words: "16 Mar 2026". What is no day stays as it is.
func dayText[T ~string](day T) string { return rewritten(string(day), time.DateOnly, "2 Jan 2006") }

// monthText is a month such as "2026-03" in words: "March 2026".
func monthText[T ~string](month T) string { return rewritten(string(month), "2006-01", "January 2006") }

func rewritten(text, from, to string) string {
	at, err := time.Parse(from, text)
	if err != nil {
		return text
	}
	return at.Format(to)
}

// quantityText is how many of a line, with the minus sign that amounts have.
func quantityText(quantity string) string { return strings.Replace(quantity, "-", "−", 1) }

// moneyText is a sum for people: "AUD 3,960.00".
func moneyText(amount decimal.Decimal, currency string) string {
	places := max(money.Currency(currency).Exponent(), -amount.Exponent())
	whole, rest, _ := strings.Cut(amount.Abs().StringFixed(places), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	if amount.IsNegative() {
		whole = "−" + whole
	}
	return currency + " " + whole
}

var daysAndSums = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b|\b\d+(\.\d+)? [A-Z]{3}\b`)

// spoken puts the days and sums of a text that was written for programs as well into words.
func spoken(text string) string {
	return daysAndSums.ReplaceAllStringFunc(text, func(found string) string {
		number, code, sum := strings.Cut(found, " ")
		amount, err := decimal.NewFromString(number)
		if !sum || err != nil || !money.Currency(code).Valid() {
			return dayText(found)
		}
		return moneyText(amount, code)
	})
}

func jobTypes(all []terms.JobType) string {
	names := make([]string, len(all))
	for i, jobType := range all {
		names[i] = jobType.Name
	}
	return list(names)
}

func list(all []string) string { return strings.Join(all, ", ") }

func personLead(v personView) string {
	if v.Staff {
		return roleName(v.Role)
	}
	return roleName(v.Role) + " of " + v.Of
}

func inviteLead(v inviteView) string {
	if v.Of == "" {
		return "As a colleague. The invitation can be taken up within 72 hours."
	}
	return "As a user of " + v.Of + ". The invitation can be taken up within 72 hours."
}

func domainHint(domains []string) string {
	if len(domains) == 0 {
		return ""
	}
	return "Must be an address of " + list(domains) + "."
}

// roleHints say what a role is for.
var roleHints = map[domain.Role]string{
	domain.Owner:          "Everything, and the only one who manages staff.",
	domain.AccountManager: "Clients and their people; publishes for the clients they manage.",
	domain.Delivery:       "Runs projects; works and publishes.",
	domain.Engineer:       "Works on tickets.",
	domain.Support:        "Works on tickets.",
	domain.Finance:        "Rates, costs and invoices.",
	domain.Auditor:        "Reads everything, changes nothing.",
	domain.Ops:            "Keeps the service running; sees no business data.",
	domain.ClientAdmin:    "Everything of the organisation; invites colleagues.",
	domain.ClientEmployee: "The own tickets, and what is granted.",
}

func inviteOptions(roles []domain.Role, chosen string) []page.Option {
	options := make([]page.Option, len(roles))
	for i, role := range roles {
		options[i] = page.Option{Value: string(role), Label: role.Title(), Hint: roleHints[role], Selected: string(role) == chosen}
	}
	return options
}

// roleOptions are the roles that a person can have.
func roleOptions(person Person, chosen string) []page.Option {
	var options []page.Option
	for _, role := range access.Roles() {
		if string(role.Side()) == person.Side {
			options = append(options, page.Option{Value: string(role), Label: role.Title(), Selected: string(role) == chosen})
		}
	}
	return options
}

func grantOptions(person Person) []page.Option {
	held := grantsOf(person.Person)
	var options []page.Option
	for _, grant := range access.Grants() {
		options = append(options, page.Option{Value: string(grant), Label: grantNames[grant], Selected: slices.Contains(held, grant)})
	}
	return options
}

// grantsOf are the grants of a row.
func grantsOf(row rows.Person) []access.Grant {
	var grants []access.Grant
	for grant := range strings.FieldsSeq(row.Grants) {
		grants = append(grants, access.Grant(grant))
	}
	return grants
}

func rulesLead(v rulesView) string {
	if v.Of == "" {
		return "How staff log in."
	}
	return "How the people of " + v.Of + " log in."
}

func secretHint(v rulesView) string {
	if v.Set {
		return "Leave it empty to keep the one that is set."
	}
	return ""
}

func rosterTitle(v rosterView) string {
	switch {
	case v.Counts == nil || len(v.Lines) == 0:
		return "Import people"
	case v.Report:
		return "What was imported"
	}
	return "Check the import"
}

func rosterLead(v rosterView) string {
	switch {
	case v.Counts == nil || len(v.Lines) == 0:
		return "Invite many people at once. Nothing happens before you have seen the preview."
	case v.Report:
		return "What became of each row. Invitations can be taken up within 72 hours."
	}
	return "Nobody has been invited yet."
}

// peopleCount counts people: "1 person", "12 people".
func peopleCount(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}

func outcomeTone(outcome string) page.Tone {
	switch outcome {
	case rowRefused:
		return page.Danger
	case rowWaiting:
		return page.Attention
	case rowInvited, rowUnchanged:
		return page.Good
	}
	return page.Neutral
}

func outcomeName(item Imported) string {
	switch item.Outcome {
	case rowAcceptable:
		return "Can be invited"
	case rowRefused:
		return "Refused"
	case rowWaiting:
		return "Not tried yet"
	case rowUnchanged:
		return "Invited before"
	}
	if item.Mailed {
		return "Invited by e-mail"
	}
	return "Invited: hand over the link"
}

// of is the log of one person.
func (v accessView) of(person uuid.UUID) string {
	filter := v.AccessFilter
	filter.Person = person
	return filter.path("/access-log", "")
}

// accessTabs are the two logs.
func accessTabs(v accessView) []page.Tab {
	tabs := make([]page.Tab, 2)
	for i, side := range []domain.Side{domain.ClientSide, domain.StaffSide} {
		filter := v.AccessFilter
		filter.Side, filter.Person = string(side), uuid.Nil
		tabs[i] = page.Tab{Label: []string{"Client users", "Staff"}[i], Path: filter.path("/access-log", ""), Current: v.Side == string(side)}
	}
	return tabs
}

func kindOptions(chosen string) []page.Option {
	options := []page.Option{{Label: "Any"}}
	for _, kind := range accessKinds {
		options = append(options, page.Option{Value: kind, Label: kindName(kind), Selected: kind == chosen})
	}
	return options
}

// accessName is what was done, and how it went unless it went well.
func accessName(entry Access) string {
	if entry.Outcome == "ok" || entry.Kind == accounts.KindDenied {
		return kindName(entry.Kind)
	}
	return kindName(entry.Kind) + ": " + entry.Outcome
}

func accessTone(entry Access) page.Tone {
	switch {
	case entry.Outcome != "ok":
		return page.Danger
	case entry.Kind == accounts.KindErased || entry.Kind == accounts.KindExport || entry.Kind == accounts.KindSensitive:
		return page.Attention
	}
	return page.Neutral
}

// idOf is an id as text; empty for none.
func idOf(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// reasons are refusals in words for whoever fills in a form; the text of a refusal speaks of ids.
var reasons = map[string]string{
	codeChanged:          "it changed while you were writing; look at what happened, and send it again if it still holds",
	"already_in":         "this person has taken up an invitation already",
	"domain_taken":       "another organisation claims one of these domains",
	"email_fixed":        "this person had another address when they logged in; invite them as a new person",
	"email_taken":        "the address belongs to somebody else",
	"too_many_mails":     "too many letters went to the address within an hour; wait until they have arrived",
	"erased":             "this person was erased",
	"nothing_worked":     "the timer was started a moment ago; there is nothing to log yet",
	"no_login":           "this person has no login yet; invite them again",
	"other_side":         "nobody changes between the firm and a client; invite them as a new person",
	"passwords_off":      "this person logs in by single sign-on and has no password",
	"person_deactivated": "this person is deactivated; invite them as a new person",
}

// reason says in words why something was refused.
func reason(refusal *domain.Refusal) string { return or(reasons[refusal.Code], refusal.Text) }

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

// act is one thing somebody does in a story. The numbers choose among what there is.
type act struct {
	Name                     string
	Org, Ticket, Who, Choice int
}

// story is what happens: every act of the script may be seen by clients in some way, those inside by none.
type story []act

// drawStory draws a story. The acts inside are marked, so that the same story can be told without them.
func drawStory(r *rapid.T, least, most int) story {
	names := slices.Concat(script, script, inside, bookNames(bookActs), bookNames(bookActs), bookNames(booksInside), bookNames(deskActs), bookNames(deskInside))
	one := rapid.Custom(func(r *rapid.T) act {
		return act{
			Name: rapid.SampledFrom(names).Draw(r, "act"), Org: rapid.IntRange(0, 1).Draw(r, "org"), Ticket: rapid.IntRange(0, 9).Draw(r, "ticket"),
			Who: rapid.IntRange(0, 1).Draw(r, "who"), Choice: rapid.IntRange(0, 11).Draw(r, "choice"),
		}
	})
	return rapid.SliceOfN(one, least, most).Draw(r, "story")
}

// stories runs a property over a bounded number of drawn stories: each takes a good part of a second.
func stories(t *testing.T, usually, tortured int, property func(r *rapid.T, name string)) {
	t.Helper()
	limit, told, failed := usually, 0, false
	if torture() {
		limit = tortured
	}
	rapid.Check(t, func(r *rapid.T) {
		if told++; told > limit && !failed {
			return
		}
		defer func() { failed = failed || r.Failed() }() // What failed is told again, to make it shorter.
		property(r, fmt.Sprintf("story %d", told))
	})
}

// script are the acts that clients may notice.
var script = []string{
	"client raises", "client raises", "client comments", "client comments", "client reopens", "staff raises", "staff raises", "staff comments", "staff notes",
	"triages", "starts", "asks the client", "awaits a third party", "resumes", "resolves", "resolves", "closes", "staff reopens", "publishes", "publishes",
	"publishes comments", "publishes comments", "withdraws", "withdraws a comment", "renames the client", "grants", "signs a contract", "ends a contract", "dismisses a user",
}

// takingBack are acts after which clients no longer see a text that they saw.
var takingBack = []string{"client reopens", "staff reopens", "withdraws a comment", "edits a comment", "client edits", "deletes a comment", "client deletes"}

// inside are the acts that no client notices.
var inside = []string{
	"assigns", "notes inside", "comments inside", "gives another reason", "triages the same", "works inside", "works inside", "assigns a manager",
	"drafts a contract", "hires", "imports inside", "serves another client",
}

// tour is a story in which everything happens once at least, and nothing is refused.
func tour() story {
	return slices.Concat(ticketTour(), booksTour(), booksInsideTour(), deskTour(), story{{Name: "dismisses a user", Org: 1}})
}

// ticketTour is the part about tickets and people.
func ticketTour() story {
	const first, second, third, fourth = 0, 1, 2, 3
	return story{
		{Name: "staff raises", Choice: 1},
		{Name: "publishes", Ticket: first},
		{Name: "client raises", Choice: 2},
		{Name: "client raises", Org: 1, Who: 1, Choice: 3},
		{Name: "staff comments", Ticket: first, Choice: 1},
		{Name: "publishes comments", Ticket: first},
		{Name: "withdraws a comment", Ticket: first},
		{Name: "staff notes", Ticket: first},
		{Name: "staff notes", Ticket: second, Choice: 1},
		{Name: "triages the same", Ticket: third},
		{Name: "triages", Ticket: second},
		{Name: "starts", Ticket: second},
		{Name: "asks the client", Ticket: second},
		{Name: "client comments", Ticket: second},
		{Name: "awaits a third party", Ticket: second},
		{Name: "gives another reason", Ticket: second},
		{Name: "resumes", Ticket: second},
		{Name: "resolves", Ticket: second},
		{Name: "staff reopens", Ticket: second},
		{Name: "resolves", Ticket: second},
		{Name: "client reopens", Ticket: second},
		{Name: "resolves", Ticket: second},
		{Name: "closes", Ticket: second},
		{Name: "renames the client"},
		{Name: "grants", Choice: 1},
		{Name: "grants", Choice: 3},
		{Name: "signs a contract"},
		{Name: "ends a contract"},
		{Name: "staff raises", Org: 1},
		{Name: "staff comments", Ticket: fourth},
		{Name: "withdraws", Ticket: fourth},
		{Name: "assigns", Ticket: first},
		{Name: "notes inside", Ticket: first},
		{Name: "comments inside", Ticket: third},
		{Name: "assigns a manager"},
		{Name: "drafts a contract"},
		{Name: "hires"},
		{Name: "imports inside"},
		{Name: "serves another client"},
		{Name: "works inside"},
		{Name: "works inside", Choice: 4},
		{Name: "works inside", Choice: 5},
		{Name: "works inside", Choice: 6},
		{Name: "works inside", Choice: 7},
		{Name: "works inside", Choice: 8},
		{Name: "works inside", Choice: 9},
		{Name: "works inside", Choice: 10},
		{Name: "grants", Ticket: 1, Choice: 1},
	}
}

// cast is a person of a story.
type cast struct {
	domain.Actor
	token string
}

// organisation is a client of a story.
type organisation struct {
	id       domain.ClientID
	contract domain.ContractID
	second   domain.ContractID // zero until it is signed
	offers   []domain.ContractID
	users    [2]cast // an admin and an employee
	left     bool    // the employee was dismissed
	reads    bool    // the employee may read contracts
	pays     bool    // the employee may read invoices
	closed   bool    // the books of February are closed

	buckets   []domain.BucketID // beside those of the start
	questions []uuid.UUID
	proposals []domain.AmendmentID
	billed    []domain.ContractID
	numbers   []string // of invoices
	printed   []string // streams of what is printed
}

// told is a ticket of the script.
type told struct {
	id       domain.TicketID
	org      *organisation
	comments []domain.CommentID // by staff
	heard    []domain.CommentID // by clients
	files    []domain.AttachmentID
	estimate string // digest of the one that the client was asked about last
}

// stage is where a story is told: in an installation, under a name from which every id and key derives, and
// with secrets that depend on salt alone.
type stage struct {
	books
	in       *installation
	name     string
	salt     string
	step     int
	later    time.Duration // beside a minute for each step
	orgs     [2]*organisation
	staff    [2]cast // who does what clients notice: delivery and engineer
	hidden   [2]cast // who does the rest, and is known to no client
	manager  cast
	tickets  []*told
	internal []domain.TicketID
	disputes []domain.DisputeID // of all clients
	// unoffered are contracts and amendments that no client was ever asked about.
	unoffered []uuid.UUID
	secrets   map[string]string    // what was planted, by the secret itself
	hideIDs   map[uuid.UUID]string // ids that no client learns
	outcomes  []string             // of the script, in the words of who acted
	// unabridged says that the story is told with what happens inside.
	unabridged bool
}

// setStage registers two clients with a contract, an admin and an employee each, and the staff.
func setStage(tb failing, in *installation, name, salt string) *stage {
	tb.Helper()
	s := &stage{in: in, name: name, salt: salt, secrets: map[string]string{}, hideIDs: map[uuid.UUID]string{}}
	s.asked = map[domain.ContractID]string{}
	s.manager = s.cast(tb, domain.ClientID{}, domain.Owner, "manager")
	s.staff = [2]cast{s.cast(tb, domain.ClientID{}, domain.Delivery, "delivery"), s.cast(tb, domain.ClientID{}, domain.Engineer, "engineer")}
	s.hidden = [2]cast{s.cast(tb, domain.ClientID{}, domain.Delivery, "hidden delivery"), s.cast(tb, domain.ClientID{}, domain.Engineer, "hidden engineer")}
	for _, p := range s.hidden {
		s.hideIDs[p.Person.UUID] = "hidden staff"
	}
	s.openBooks(tb)
	for i := range s.orgs {
		s.orgs[i] = s.register(tb, strconv.Itoa(i))
	}
	in.settle(tb)
	return s
}

func (s *stage) id(names ...string) uuid.UUID {
	return domain.Derive(uuid.NameSpaceOID, append([]string{s.name}, names...)...)
}

// cast brings in a person with a name that is kept in the accounts.
func (s *stage) cast(tb failing, client domain.ClientID, role domain.Role, name string) cast {
	tb.Helper()
	ctx := context.Background()
	c := cast{Actor: domain.Actor{Person: domain.PersonID{UUID: s.id("person", name)}, Side: role.Side(), Role: role, Client: client}}
	shown, email := "User "+name, strings.ReplaceAll(name, " ", ".")+"@"+s.mark(nil)+".example"
	if role.Side() == domain.StaffSide {
		shown, email = s.secret("name of staff", name), s.secret("address of staff", name)+"@firm.example"
	}
	c.token = s.in.admit(tb, s.request(domain.System(), name), c.Actor, shown, email)
	if (role == domain.Delivery || role == domain.Engineer) && c.Person.UUID != s.id("person", "hidden "+string(role)) {
		if err := s.in.people.clients.Publish(ctx, c.Person, "Public "+name, string(role)); err != nil {
			tb.Fatalf("publish %s: %v", name, err)
		}
	}
	return c
}

// jobTypes are what every contract covers.
var jobTypes = []terms.JobType{{Key: "api", Name: "Interfaces"}, {Key: "web", Name: "Web"}}

func (s *stage) register(tb failing, name string) *organisation {
	tb.Helper()
	ctx := context.Background()
	o := &organisation{id: domain.ClientID{UUID: s.id("client", name)}, contract: domain.ContractID{UUID: s.id("contract", name)}}
	_, err := s.in.service.RegisterClient(ctx, s.request(s.manager.Actor, "register "+name), commands.RegisterClient{
		ID: o.id, Name: "Client " + name, Zone: "Europe/Berlin", Language: "en", Currency: "EUR", Source: s.secret("source of a client", name),
	})
	if err == nil {
		err = s.sign(o.id, o.contract, "CON-"+name, s.agreement(name))
	}
	if err == nil {
		err = s.openPeriods(o.contract)
	}
	if err != nil {
		tb.Fatalf("register %s: %v", name, err)
	}
	o.users = [2]cast{s.cast(tb, o.id, domain.ClientAdmin, "admin "+name), s.cast(tb, o.id, domain.ClientEmployee, "employee "+name)}
	return o
}

// plainTerms are a contract about the story's job types, and nothing else.
func plainTerms(level terms.SupportLevel) terms.Terms {
	return terms.Plain(terms.Bucket, level, "2026-01-01", jobTypes...)
}

func (s *stage) sign(client domain.ClientID, id domain.ContractID, reference string, agreed terms.Terms) error {
	_, err := s.in.service.DraftContract(context.Background(), s.request(s.manager.Actor, "draft "+id.String()), commands.DraftContract{
		ID: id, Client: client, Reference: reference, Terms: agreed,
	})
	if err == nil {
		_, err = s.in.service.ActivateContract(context.Background(), s.request(s.manager.Actor, "activate "+id.String()), commands.ActivateContract{Contract: id})
	}
	return err
}

// now is when the present act happens.
func (s *stage) now() time.Time { return monday.Add(time.Duration(s.step)*time.Minute + s.later) }

// request names a command by the story, not by the order in which commands are sent.
func (s *stage) request(by domain.Actor, key string) commands.Request {
	return commands.Request{Actor: by, Route: "story", Key: s.name + " " + key, At: s.now()}
}

// secret is a text that no client may ever meet, whose label says what it stands for.
func (s *stage) secret(label string, names ...string) string {
	text := "xsecretx" + s.mark(append([]string{s.salt, label}, names...))
	s.secrets[text] = label
	return text
}

// item is a text that a client meets exactly while the thing it belongs to is visible to that client.
func (s *stage) item(names ...string) string { return "words xitemx" + s.mark(names) }

func (s *stage) mark(names []string) string {
	sum := sha256.Sum256(fmt.Append(nil, s.name, names))
	return hex.EncodeToString(sum[:8])
}

// tell acts a story out; without the acts inside when these are left away.
func (s *stage) tell(tb failing, acts story, withInside bool) {
	tb.Helper()
	s.unabridged = withInside
	last := len(acts) - 1 // that takes back what was visible
	for last > 0 && !slices.Contains(takingBack, acts[last].Name) {
		last--
	}
	for i, a := range acts {
		s.step = i + 1
		s.in.hour.set(s.now())
		if i == last && withInside {
			s.sample(tb)
		}
		if booksInside[a.Name] != nil || deskInside[a.Name] != nil || slices.Contains(inside, a.Name) {
			if withInside {
				s.checkOutcome(tb, a, s.actInside(a))
			}
			continue
		}
		outcome, err := s.act(tb, a)
		s.checkOutcome(tb, a, err)
		if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
			outcome = refusal.Code
		}
		s.outcomes = append(s.outcomes, fmt.Sprintf("%d %s: %s", s.step, a.Name, outcome))
	}
	s.tick(tb)
	s.untilPrinted(tb)
	s.in.settle(tb)
}

// sample has the client side's planner take samples of what clients see by now, as autovacuum does whenever it likes:
// what is withdrawn later must not live on in them.
func (s *stage) sample(tb failing) {
	tb.Helper()
	s.in.settle(tb)
	if _, err := s.in.client.database.Pool.Exec(context.Background(), "ANALYZE"); err != nil {
		tb.Fatalf("%v", err)
	}
}

// checkOutcome lets acts be refused, and nothing else go wrong.
func (s *stage) checkOutcome(tb failing, a act, err error) {
	tb.Helper()
	if _, refused := errors.AsType[*domain.Refusal](err); err != nil && !refused {
		tb.Fatalf("%s, step %d: %+v: %v", s.name, s.step, a, err)
	}
}

// act does one thing of the script. What the portal answers is part of the outcome, whole.
func (s *stage) act(tb failing, a act) (string, error) {
	tb.Helper()
	ctx, service, key := context.Background(), s.in.service, strconv.Itoa(s.step)
	org, by := s.orgs[a.Org], s.staff[a.Who].Actor
	r := s.request(by, key)
	if bookActs[a.Name] != nil {
		return "", s.actOnBooks(a, org, key)
	}
	switch a.Name {
	case "client raises":
		return s.raiseAsClient(tb, a, org), nil
	case "staff raises":
		return "", s.raiseAsStaff(a, org)
	case "renames the client":
		_, err := service.RenameClient(ctx, s.request(s.manager.Actor, key), commands.RenameClient{Client: org.id, Name: "Client " + key})
		return "", err
	case "grants":
		return "", s.grants(a, org, key)
	case "signs a contract":
		org.second = domain.ContractID{UUID: s.id("second contract", org.id.String())}
		return "", s.sign(org.id, org.second, "CON-more", plainTerms(either(s, terms.Priority, terms.Standard)))
	case "ends a contract":
		_, err := service.TerminateContract(ctx, s.request(s.manager.Actor, key), commands.TerminateContract{Contract: org.second, Reason: s.secret("why a contract ends", key)})
		return "", err
	case "dismisses a user":
		if a.Choice > 0 {
			return "", nil // Seldom, or nobody is left to look.
		}
		org.left = true
		_, err := service.DeactivatePerson(ctx, s.request(s.manager.Actor, key), commands.DeactivatePerson{Person: org.users[1].Person})
		return "", err
	}
	if len(s.tickets) == 0 {
		return "", nil
	}
	on := s.tickets[a.Ticket%len(s.tickets)]
	if do := deskActs[a.Name]; do != nil {
		return "", do(s, a, on, r)
	}
	return s.actOnTicket(tb, a, on, r, key)
}

// grants gives the employee a right, or takes it.
func (s *stage) grants(a act, org *organisation, key string) (err error) {
	ctx, service, r := context.Background(), s.in.service, s.request(s.manager.Actor, key)
	grant, given := []access.Grant{access.RaiseCritical, access.ReadScope, access.ReadBilling}[(a.Who+a.Ticket)%3], a.Choice%3 > 0
	if given {
		_, err = service.GivePersonGrant(ctx, r, commands.GivePersonGrant{Person: org.users[1].Person, Grant: grant})
	} else {
		_, err = service.WithdrawPersonGrant(ctx, r, commands.WithdrawPersonGrant{Person: org.users[1].Person, Grant: grant})
	}
	switch {
	case err != nil:
	case grant == access.ReadScope:
		org.reads = given
	case grant == access.ReadBilling:
		org.pays = given
	}
	return err
}

func (s *stage) raiseAsClient(tb failing, a act, org *organisation) string {
	tb.Helper()
	s.in.settle(tb) // The portal looks the category up in the read model.
	key := s.name + " " + strconv.Itoa(s.step)
	jobType := jobTypes[a.Choice%2].Key
	got := s.in.ask(tb, s.in.at.Portal, http.MethodPost, "/api/client/v1/tickets", org.users[a.Who].token, key, map[string]any{
		"category": domain.CategoryID(org.contract, jobType), "title": s.item("title", key), "description": s.item("description", key),
		"priority": []string{"critical", "high", "medium", "low"}[a.Choice%4],
	})
	if got.Status == http.StatusCreated {
		made := decode[struct{ ID uuid.UUID }](tb, got, http.StatusCreated)
		s.tickets = append(s.tickets, &told{id: domain.TicketID{UUID: made.ID}, org: org})
	}
	return fmt.Sprint(got)
}

func (s *stage) raiseAsStaff(a act, org *organisation) error {
	key := strconv.Itoa(s.step)
	raise := commands.RaiseTicket{
		Client: org.id, Contract: org.contract, JobType: jobTypes[a.Choice%2].Key, Title: s.item("title", key), Description: s.item("description", key),
		Priority: []ticket.Priority{ticket.Medium, ticket.High}[a.Choice/6],
	}
	if a.Choice%3 == 0 {
		raise.Visibility = domain.ClientVisible
	}
	if a.Choice == 5 {
		raise.OnBehalfOf = org.users[a.Who].Person
	}
	made, err := s.in.service.RaiseTicket(context.Background(), s.request(s.staff[a.Who].Actor, key), raise)
	if err == nil {
		s.tickets = append(s.tickets, &told{id: domain.TicketID{UUID: made.ID}, org: org})
	}
	return err
}

// actOnTicket does one thing of the script that is about a ticket.
func (s *stage) actOnTicket(tb failing, a act, on *told, r commands.Request, key string) (string, error) {
	tb.Helper()
	ctx, service, text := context.Background(), s.in.service, s.item(a.Name, key)
	audience := domain.InternalOnly
	if a.Choice%2 == 0 {
		audience = domain.ClientVisible
	}
	comment := domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")}
	var said []domain.CommentID
	var err error
	switch a.Name {
	case "client comments":
		return s.portalWrite(tb, on, a, "comments", text, key), nil
	case "client reopens":
		return s.portalWrite(tb, on, a, "reopen", text, key), nil
	case "staff comments":
		said = append(said, comment)
		_, err = service.CommentOnTicket(ctx, r, commands.CommentOnTicket{
			Ticket: on.id, Text: text, Visibility: audience, Mentions: []domain.PersonID{s.hidden[either(s, 0, 1)].Person},
		})
	case "staff notes":
		_, err = service.NoteOnTicket(ctx, r, commands.NoteOnTicket{Ticket: on.id, Text: text, Visibility: audience})
	case "triages":
		_, err = service.TriageTicket(ctx, r, commands.TriageTicket{Ticket: on.id, Contract: on.org.contract, JobType: jobTypes[a.Choice%2].Key, Priority: ticket.High})
	case "starts":
		_, err = service.StartTicket(ctx, r, commands.StartTicket{Ticket: on.id})
	case "asks the client":
		said = append(said, comment)
		_, err = service.AskClient(ctx, r, commands.AskClient{Ticket: on.id, Question: text})
	case "awaits a third party":
		_, err = service.AwaitThirdParty(ctx, r, commands.AwaitThirdParty{Ticket: on.id, Reason: s.secret("why a ticket waits", key)})
	case "resumes":
		_, err = service.ResumeTicket(ctx, r, commands.ResumeTicket{Ticket: on.id})
	case "resolves":
		_, err = service.ResolveTicket(ctx, r, commands.ResolveTicket{Ticket: on.id, Note: text, Code: s.secret("code of a resolution", key)})
	case "closes":
		_, err = service.CloseTicket(ctx, r, commands.CloseTicket{Ticket: on.id})
	case "staff reopens":
		_, err = service.ReopenTicket(ctx, r, commands.ReopenTicket{Ticket: on.id, Text: s.secret("why a ticket is reopened", key)})
	case "publishes":
		_, err = service.PublishTicket(ctx, r, commands.PublishTicket{Ticket: on.id, Reason: s.secret("why a ticket is published", key)})
	case "publishes comments":
		_, err = service.PublishTicket(ctx, r, commands.PublishTicket{Ticket: on.id, Comments: on.comments, Reason: s.secret("why comments are published", key)})
	case "withdraws":
		_, err = service.WithdrawTicket(ctx, r, commands.WithdrawTicket{Ticket: on.id, Reason: s.secret("why a ticket is withdrawn", key)})
	case "withdraws a comment":
		for _, id := range pick(on.comments, a.Choice) {
			_, err = service.WithdrawComment(ctx, r, commands.WithdrawComment{Ticket: on.id, Comment: id, Reason: s.secret("why a comment is withdrawn", key)})
		}
	default:
		tb.Fatalf("nobody can %q", a.Name)
	}
	if err == nil {
		on.comments = append(on.comments, said...)
	}
	return "", err
}

// pick chooses one of a list, if there is any.
func pick[T any](all []T, choice int) []T {
	if len(all) == 0 {
		return nil
	}
	at := choice % len(all)
	return all[at : at+1]
}

func (s *stage) portalWrite(tb failing, on *told, a act, what, text, key string) string {
	tb.Helper()
	s.in.settle(tb) // Whether an employee may is looked up in the read model.
	by := on.org.users[a.Who]
	if a.Choice == 11 {
		by = s.orgs[0].users[a.Who] // At times it is somebody else's ticket.
	}
	got := s.in.ask(tb, s.in.at.Portal, http.MethodPost, "/api/client/v1/tickets/"+on.id.String()+"/"+what, by.token, s.name+" "+key, map[string]any{"text": text})
	on.hear(got)
	return fmt.Sprint(got)
}

// actInside does one thing that no client notices.
func (s *stage) actInside(a act) error {
	ctx, service, key := context.Background(), s.in.service, "inside "+strconv.Itoa(s.step)
	r := s.request(s.hidden[a.Who].Actor, key)
	org := s.orgs[a.Org]
	if do := booksInside[a.Name]; do != nil {
		return do(s, a, org, key)
	}
	switch a.Name {
	case "assigns a manager":
		_, err := service.AssignAccountManager(ctx, s.request(s.manager.Actor, key), commands.AssignAccountManager{Client: org.id, Manager: s.hidden[a.Who].Person})
		return err
	case "drafts a contract":
		id := domain.ContractID{UUID: s.id("draft", key)}
		s.hideIDs[id.UUID] = "contract never signed"
		s.unoffered = append(s.unoffered, id.UUID)
		_, err := service.DraftContract(ctx, s.request(s.manager.Actor, key), commands.DraftContract{
			ID: id, Client: org.id, Reference: s.secret("reference of a draft", key),
			Terms: terms.Plain(terms.Fixed, terms.Always, "2026-01-01", terms.JobType{Key: s.secret("key of a draft", key), Name: s.secret("category of a draft", key)}),
		})
		return err
	case "hires":
		id := domain.PersonID{UUID: s.id("hired", key)}
		s.hideIDs[id.UUID] = "hidden staff"
		_, err := service.InvitePerson(ctx, s.request(s.manager.Actor, key), commands.InvitePerson{ID: id, Role: domain.Support})
		return err
	case "imports inside":
		return s.importInside(org, key)
	case "serves another client":
		return s.serveAnother(key)
	case "works inside":
		return s.workInside(a, org, r, key)
	}
	if len(s.tickets) == 0 {
		return nil
	}
	on := s.tickets[a.Ticket%len(s.tickets)]
	if do := deskInside[a.Name]; do != nil {
		return do(s, a, on, r)
	}
	switch a.Name {
	case "assigns":
		_, err := service.AssignTicket(ctx, r, commands.AssignTicket{Ticket: on.id, Assignee: s.hidden[a.Who].Person, Team: s.secret("team", key)})
		return err
	case "notes inside":
		_, err := service.NoteOnTicket(ctx, r, commands.NoteOnTicket{Ticket: on.id, Text: s.secret("note", key)})
		return err
	case "comments inside":
		_, err := service.CommentOnTicket(ctx, r, commands.CommentOnTicket{
			Ticket: on.id, Text: s.secret("internal comment", key), Mentions: []domain.PersonID{s.hidden[1-a.Who].Person},
		})
		return err
	}
	state, err := foldOf(ctx, s.in.store, ticket.Decider, ticket.Stream(on.id))
	if err != nil {
		return err
	}
	if a.Name == "triages the same" {
		_, err = service.TriageTicket(ctx, r, commands.TriageTicket{Ticket: on.id, Contract: state.Contract, JobType: state.JobType, Priority: state.Priority})
	} else if state.Status == ticket.StatusWaitingThirdParty {
		_, err = service.AwaitThirdParty(ctx, r, commands.AwaitThirdParty{Ticket: on.id, Reason: s.secret("another reason to wait", key)})
	}
	return err
}

// workInside raises an internal ticket, or goes on with one.
func (s *stage) workInside(a act, org *organisation, r commands.Request, key string) error {
	ctx, service := context.Background(), s.in.service
	if len(s.internal) == 0 || a.Choice < 4 {
		made, err := service.RaiseTicket(ctx, r, commands.RaiseTicket{
			Client: org.id, Contract: org.contract, JobType: "api", Title: s.secret("title of an internal ticket", key),
			Description: s.secret("description of an internal ticket", key), Priority: ticket.Critical,
		})
		if err == nil {
			s.internal = append(s.internal, domain.TicketID{UUID: made.ID})
		}
		return err
	}
	id := s.internal[a.Ticket%len(s.internal)]
	var err error
	switch a.Choice {
	case 4:
		_, err = service.StartTicket(ctx, r, commands.StartTicket{Ticket: id})
	case 5:
		_, err = service.CommentOnTicket(ctx, r, commands.CommentOnTicket{Ticket: id, Text: s.secret("comment on an internal ticket", key)})
	case 6:
		_, err = service.AwaitThirdParty(ctx, r, commands.AwaitThirdParty{Ticket: id, Reason: s.secret("why a ticket waits", key)})
	case 7:
		_, err = service.ResolveTicket(ctx, r, commands.ResolveTicket{Ticket: id, Note: s.secret("resolution of an internal ticket", key)})
	case 8:
		_, err = service.CloseTicket(ctx, r, commands.CloseTicket{Ticket: id})
	case 9:
		_, err = service.ReopenTicket(ctx, r, commands.ReopenTicket{Ticket: id, Text: s.secret("why a ticket is reopened", key)})
	default:
		_, err = service.NoteOnTicket(ctx, r, commands.NoteOnTicket{Ticket: id, Text: s.secret("note", key)})
	}
	return err
}

// importInside brings in a ticket's history, which arrives Internal Only.
func (s *stage) importInside(org *organisation, key string) error {
	id := domain.TicketID{UUID: s.id("imported", key)}
	by := domain.System()
	_, err := s.in.service.ImportTicket(context.Background(), s.request(by, key), commands.ImportTicket{
		Ticket: id,
		From: ticket.ImportedStaff{
			System: "incidents", Key: s.secret("source key", key), File: s.secret("source file", key), Line: 2, Rows: 1, Digest: s.secret("digest", key),
		},
		Steps: []commands.ImportStep{{Line: 2, Commands: []ticket.Command{ticket.Raise{
			Ticket: id, Client: org.id, Contract: org.contract, JobType: "api", Title: s.secret("title of an imported ticket", key),
			Priority: ticket.Low, OnBehalfOf: org.users[0].Person, Imported: true, By: by, At: s.now(),
		}}}},
	})
	return err
}

// serveAnother is about a client of which those of the story must notice nothing.
func (s *stage) serveAnother(key string) error {
	ctx, id, under := context.Background(), domain.ClientID{UUID: s.id("another", key)}, domain.ContractID{UUID: s.id("another contract", key)}
	_, err := s.in.service.RegisterClient(ctx, s.request(s.manager.Actor, key), commands.RegisterClient{ID: id, Name: "Another", Zone: "UTC", Language: "en", Currency: "EUR"})
	if err == nil {
		err = s.sign(id, under, "CON-other", plainTerms(terms.Standard))
	}
	if err == nil {
		_, err = s.in.service.RaiseTicket(ctx, s.request(s.staff[0].Actor, key+" ticket"), commands.RaiseTicket{
			Client: id, Contract: under, JobType: "api", Title: s.item("title of another", key), Description: s.item("description of another", key),
			Priority: ticket.High, Visibility: domain.ClientVisible,
		})
	}
	return err
}

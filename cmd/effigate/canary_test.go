package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/creditnote"
	"effigate/domain/exchange"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/numbering"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/person"
	"effigate/domain/ratecard"
	"effigate/domain/slapolicy"
	"effigate/domain/ticket"
	"effigate/domain/timer"
	"effigate/domain/workcalendar"
	"effigate/infra/accounts"
	"effigate/infra/eventstore"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/web/portal"
)

// Whatever is said inside is found nowhere where clients are served: not in their database, in no answer,
// stream or error of the portal, and in no log; nor are names and addresses of staff (A10). What is visible is found
// there, exactly when the staff side calls it visible, and by those whose it is alone.
func TestNothingInternalReachesClients(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "tour", "")
	s.checkStory(t, tour())
	s.checkPages(t)
	planted, history := map[string]bool{}, in.history(t)
	for text, label := range s.secrets {
		planted[label] = planted[label] || strings.Contains(history, text)
	}
	for label, found := range planted {
		if !found {
			t.Errorf("no event holds what stands for %q: the scan would find nothing", label)
		}
	}
	for _, kind := range eventstore.Product().Kinds() {
		if !slices.Contains(untold, kind.Name) && !strings.Contains(history, `"`+kind.Name+`"`) {
			t.Errorf("nothing in the story is %s", kind.Name)
		}
	}
	stories(t, 7, 200, func(r *rapid.T, name string) {
		setStage(r, in, name, "").checkStory(r, drawStory(r, 25, 70))
		if r.Failed() {
			r.FailNow()
		}
	})
	if !t.Failed() {
		in.verify(t, "client")
		in.verify(t, "staff")
	}
}

// untold are the kinds of events that no act leads to. They plant nothing that TestNoFieldOfStaffReachesClients does
// not.
var untold = []string{"client.seat_limit_set.v1", "payment.released.v1", "person.erased.v1", "person.role_changed.v1"}

// checkStory tells a story and looks for what was said inside wherever clients are served.
func (s *stage) checkStory(tb failing, acts story) {
	tb.Helper()
	heard := s.listen(tb)
	s.tell(tb, acts, true)
	disclosed := s.in.truth(tb)
	places := s.lookAround(tb, disclosed.of(s))
	places["the client database"], places["the streams"], places["the log"] = dump(tb, s.in.client.database), heard(), s.in.log.String()
	disclosed.check(tb, "the client database", places["the client database"], anyReader)
	disclosed.check(tb, "the streams", places["the streams"], nobody)
	disclosed.check(tb, "the log", places["the log"], nobody)
	for place, text := range places {
		s.checkSecrets(tb, place, text)
		for id := range disclosed.hidden {
			if strings.Contains(text, id.String()) && place != "the log" { // Logs name streams.
				tb.Errorf("%s names %s, which was never visible", place, id)
			}
		}
	}
}

// checkPages looks for secrets on every page of the portal, as every user who may still come in.
func (s *stage) checkPages(tb failing) {
	tb.Helper()
	ctx, users := context.Background(), s.in.people.clients
	for i, org := range s.orgs {
		for j, user := range org.users {
			if org.left && j == 1 {
				continue
			}
			known, err := users.Account(ctx, user.Client, user.Person)
			if err != nil {
				tb.Fatalf("%v", err)
			}
			link, err := users.Invite(ctx, known, func(context.Context) error { return nil })
			if err != nil {
				tb.Fatalf("%v", err)
			}
			begun, err := users.Accept(ctx, link.Token, known.Name, goodPassword, accounts.Where{})
			if err != nil {
				tb.Fatalf("%v", err)
			}
			b := browser{base: s.in.at.Portal, cookie: portal.Cookie + "=" + begun.Token}
			pages, good := b.crawl(tb, "/", "/contracts", "/people", "/access-log", "/account", "/step-up", "/nowhere"), 0
			for path, page := range pages {
				place := fmt.Sprintf("the page %s for user %d of client %d", path, j, i)
				s.checkSecrets(tb, place, fmt.Sprint(page))
				if page.Status == http.StatusOK {
					good++
				}
				if page.Status >= http.StatusInternalServerError {
					tb.Errorf("%s: %d %s", place, page.Status, page.Body)
				}
			}
			if good < 4 || pages["/"].Status != http.StatusOK {
				tb.Errorf("user %d of client %d sees %d of %d pages, and the first as %d: the scan would find nothing", j, i, good, len(pages), pages["/"].Status)
			}
		}
	}
}

// history is the whole event log and the staff database, where secrets belong.
func (in *installation) history(tb failing) string {
	tb.Helper()
	var text strings.Builder
	if _, err := export(context.Background(), in.source, &text); err != nil {
		tb.Fatalf("%v", err)
	}
	return text.String() + dump(tb, in.staff.database)
}

// truth is what the staff side says about every text of a story that could be visible.
type truth struct {
	items map[string][]shown // where it stands: what was split off stands in two tickets
	// hidden are the ids of tickets, messages, time records and amendments that no event ever made visible.
	hidden map[uuid.UUID]bool
}

// shown is a text, whose it is, and whether it is visible.
type shown struct {
	client, raisedBy uuid.UUID
	books            bool // it is about contracts or time, for those who may read them
	billed           bool // it is on an invoice
	visible          bool
}

var itemMark = regexp.MustCompile(`xitemx[0-9a-f]{16}`)

func (in *installation) truth(tb failing) truth {
	tb.Helper()
	all := truth{items: map[string][]shown{}, hidden: map[uuid.UUID]bool{}}
	_, err := in.reads.staff.Read(context.Background(), domain.Position{}, func(tx pgx.Tx) error {
		rows, err := tx.Query(context.Background(), `
			SELECT t.id, concat_ws(' ', t.title, t.description, t.resolution_note, CASE t.status WHEN 'awaiting_scope_approval' THEN t.estimate_text END), t.client, t.raised_by, t.visibility = 'client_visible',
			       NOT EXISTS (SELECT FROM timeline l WHERE l.item = t.id AND l.audience = 'client_visible')
			FROM tickets t
			UNION ALL
			SELECT m.id, m.text, t.client, t.raised_by, m.visibility = 'client_visible' AND t.visibility = 'client_visible' AND m.deleted_at IS NULL,
			       NOT EXISTS (SELECT FROM timeline l WHERE l.item = m.id AND l.audience = 'client_visible')
			FROM messages m JOIN tickets t ON t.id = m.ticket
			UNION ALL
			SELECT a.id, a.name, t.client, t.raised_by, a.visibility = 'client_visible' AND t.visibility = 'client_visible' AND a.erased_at IS NULL, false
			FROM attachments a JOIN tickets t ON t.id = a.ticket`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, client uuid.UUID
			var raisedBy *uuid.UUID
			var text string
			var visible, never bool
			if err := rows.Scan(&id, &text, &client, &raisedBy, &visible, &never); err != nil {
				return err
			}
			if never {
				all.hidden[id] = true
			}
			for _, mark := range itemMark.FindAllString(text, -1) {
				s := shown{client: client, visible: visible}
				if raisedBy != nil {
					s.raisedBy = *raisedBy
				}
				all.learn(mark, s)
			}
		}
		return rows.Err()
	})
	if err != nil {
		tb.Fatalf("%v", err)
	}
	in.readBooks(tb, all)
	return all
}

// learn adds where a text stands. One that stands twice for the same readers is visible if one of them is.
func (all truth) learn(mark string, s shown) {
	for i, known := range all.items[mark] {
		if known.client == s.client && known.raisedBy == s.raisedBy && known.books == s.books && known.billed == s.billed {
			all.items[mark][i].visible = known.visible || s.visible
			return
		}
	}
	all.items[mark] = append(all.items[mark], s)
}

// Whom a text is for.
func anyReader(shown) bool { return true }
func nobody(shown) bool    { return false }

// check holds every text found in a place against the truth, and, where it is for somebody, that every one
// for them is found.
func (all truth) check(tb failing, place, text string, meant func(shown) bool) {
	tb.Helper()
	found, visible := map[string]bool{}, func(s shown) bool { return s.visible && meant(s) }
	for _, mark := range itemMark.FindAllString(text, -1) {
		found[mark] = true
		if !slices.ContainsFunc(all.items[mark], visible) {
			tb.Errorf("%s shows %s, which is %+v", place, mark, all.items[mark])
		}
	}
	for mark, s := range all.items {
		if slices.ContainsFunc(s, visible) && !found[mark] {
			tb.Errorf("%s lacks %s, which is %+v", place, mark, s)
		}
	}
}

// checkSecrets looks for each secret as it is and in whatever form it could leave the program.
func (s *stage) checkSecrets(tb failing, place, text string) {
	tb.Helper()
	for secret, label := range s.secrets {
		for _, form := range forms(secret) {
			if strings.Contains(text, form) {
				tb.Errorf("%s holds the %s, as %q", place, label, form)
			}
		}
	}
	for id, label := range s.hideIDs {
		if strings.Contains(text, id.String()) && place != "the log" { // Logs name who acts.
			tb.Errorf("%s names %s %s", place, label, id)
		}
	}
}

// forms are a text as it is, in hexadecimal, in UTF-16, and in base64 at each of the three alignments,
// without what neighbours would change. Texts of the tests have no character that JSON or URLs escape.
func forms(text string) []string {
	wide := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	all := []string{text, hex.EncodeToString([]byte(text)), string(wide)}
	for shift := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
		all = append(all, coded[4:len(coded)-4])
	}
	return all
}

// lookAround asks everything that the portal answers, as every user of the story, and gives it by who asked
// what. The answers hold what is visible to that user, and nothing else of the story; whoever was dismissed
// sees nothing.
func (s *stage) lookAround(tb failing, disclosed truth) map[string]string {
	tb.Helper()
	answers := map[string]string{}
	for i, org := range s.orgs {
		for j, user := range org.users {
			gone := org.left && j == 1
			mine := func(of shown) bool {
				own := of.raisedBy == user.Person.UUID || of.books && org.reads || of.billed && org.pays
				return !gone && of.client == org.id.UUID && (user.Role == domain.ClientAdmin || own)
			}
			if org.reads && !gone {
				s.in.untilKnown(tb, user, "contracts")
			}
			if org.pays && !gone {
				s.in.untilKnown(tb, user, "invoices")
			}
			var all strings.Builder
			for _, path := range s.paths(tb) {
				place := fmt.Sprintf("%s for user %d of client %d", path, j, i)
				got := s.in.askAgain(tb, path, user.token)
				if got.Status >= http.StatusInternalServerError {
					tb.Errorf("%s: %d %s", place, got.Status, got.Body)
				}
				answers[place] = fmt.Sprint(got.Status, got.Header, got.Body)
				all.WriteString(answers[place])
			}
			disclosed.check(tb, fmt.Sprintf("the portal for user %d of client %d", j, i), all.String(), mine)
			refused := http.StatusNotFound
			if gone {
				refused = http.StatusUnauthorized
			}
			s.checkErrors(tb, user, refused, answers)
		}
	}
	return answers
}

// askAgain asks the portal, and again as it says itself while it cannot answer: on a busy machine that happens.
func (in *installation) askAgain(tb failing, path, token string) (got answer) {
	tb.Helper()
	for range 5 {
		if got = in.ask(tb, in.at.Portal, http.MethodGet, path, token, "", nil); got.Status != http.StatusServiceUnavailable {
			break
		}
	}
	return got
}

// untilKnown waits until the portal knows that a user may see contracts, or invoices: a login that it has just verified
// is remembered for a second, with the rights of then.
func (in *installation) untilKnown(tb failing, user cast, what string) {
	tb.Helper()
	for until := time.Now().Add(patience); in.askAgain(tb, "/api/client/v1/"+what, user.token).Status != http.StatusOK; {
		if time.Now().After(until) {
			tb.Fatalf("person %s still may not see %s", user.Person, what)
		}
	}
}

// paths lists every read of the portal's own description, on every ticket and contract there is.
func (s *stage) paths(tb failing) []string {
	tb.Helper()
	description := s.in.ask(tb, s.in.at.Portal, http.MethodGet, "/openapi.json", "", "", nil)
	routes := decode[struct {
		Paths map[string]map[string]any
	}](tb, description, http.StatusOK)
	ids := s.addresses()
	paths := []string{
		"/api/client/v1/contracts?limit=200", "/api/client/v1/proposals?state=offered&limit=200", "/api/client/v1/proposals?limit=200",
		"/api/client/v1/overage-requests?state=asked&limit=200", "/api/client/v1/overage-requests?limit=200",
		"/api/client/v1/ticket-suggestions?title=words", "/api/client/v1/statement?from=2026-01-01&to=2026-12-31", "/openapi.json", "/api/client/v1/tickets?search=words&limit=200", "/api/client/v1/tickets?limit=3", "/api/client/v1/tickets?state=open&limit=200",
		"/api/client/v1/tickets?state=resolved&limit=200", "/api/client/v1/tickets?limit=200", "/api/client/v1/tickets?search=xsecretx", "/nowhere",
	}
	for path, methods := range routes.Paths {
		switch {
		case methods["get"] == nil || path == "/events":
		case strings.Contains(path, "{number}"):
			paths = append(paths, s.numbered(path)...)
		case strings.Contains(path, "{id}"):
			of, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/client/v1/"), "/")
			if len(ids[of]) == 0 {
				tb.Fatalf("the story knows nothing to ask %s about", path)
			}
			for _, id := range ids[of] {
				for _, comment := range s.commentsOn(id) {
					paths = append(paths, strings.NewReplacer("{id}", id, "{comment}", comment, "{attachment}", evidenceOf(uuid.MustParse(id)).String()).Replace(path)+"?")
					if !strings.Contains(path, "{comment}") {
						break
					}
				}
			}
		default:
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// evidenceOf is the file that the story puts beside a dispute.
func evidenceOf(dispute uuid.UUID) domain.AttachmentID {
	return domain.AttachmentID{UUID: domain.Derive(dispute, "file")}
}

// commentsOn are the ids of the comments on a ticket, visible or not, and one of nothing.
func (s *stage) commentsOn(ticket string) []string {
	ids := []string{domain.Derive(uuid.NameSpaceOID, "nothing").String()}
	for _, t := range s.tickets {
		if t.id.String() != ticket {
			continue
		}
		for _, id := range slices.Concat(t.comments, t.heard) {
			ids = append(ids, id.String())
		}
	}
	return ids
}

// addresses are the ids of all that a path of the portal can be about, by the collection, visible or not.
func (s *stage) addresses() map[string][]string {
	ids := map[string][]string{}
	add := func(of string, id uuid.UUID) { ids[of] = append(ids[of], id.String()) }
	nothing := domain.Derive(uuid.NameSpaceOID, "nothing")
	for _, of := range []string{"tickets", "contracts", "proposals", "overage-requests", "people", "webhooks", "attachments", "disputes", "receipts"} {
		add(of, nothing)
	}
	for _, t := range s.tickets {
		add("tickets", t.id.UUID)
		for _, id := range t.files {
			add("attachments", id.UUID)
		}
	}
	for _, id := range s.internal {
		add("tickets", id.UUID)
	}
	for _, id := range s.disputes {
		add("disputes", id.UUID)
	}
	for _, id := range s.unoffered {
		add("contracts", id)
		add("proposals", id)
	}
	for _, org := range s.orgs {
		for _, id := range slices.Concat([]domain.ContractID{org.contract, org.second}, org.offers, org.billed) {
			add("contracts", id.UUID)
			add("proposals", id.UUID)
		}
		for _, id := range org.proposals {
			add("proposals", id.UUID)
		}
		for _, id := range org.questions {
			add("overage-requests", id)
		}
		add("people", org.users[1].Person.UUID)
	}
	return ids
}

// checkErrors sends what is refused, on tickets that are not the user's to see, and keeps the answers.
func (s *stage) checkErrors(tb failing, user cast, status int, answers map[string]string) {
	tb.Helper()
	for i, id := range s.internal {
		for _, what := range []string{"comments", "reopen"} {
			got := s.in.ask(tb, s.in.at.Portal, http.MethodPost, "/api/client/v1/tickets/"+id.String()+"/"+what, user.token,
				fmt.Sprint(s.name, " refused ", i), map[string]any{"text": "Hello?"})
			if got.Status != status {
				tb.Errorf("%s on an internal ticket: %d %s", what, got.Status, got.Body)
			}
			answers[fmt.Sprint("refusal of ", what, i, user.Person)] = fmt.Sprint(got.Status, got.Header, got.Body)
		}
	}
}

// listen opens the stream of every user; the function that it gives ends them and tells what they said.
func (s *stage) listen(tb failing) func() string {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var heard record
	var listening sync.WaitGroup
	for _, org := range s.orgs {
		for _, user := range org.users {
			stream, err := openStream(ctx, s.in.at.Portal, user.token)
			if err != nil {
				cancel()
				tb.Fatalf("%v", err)
			}
			listening.Go(func() {
				_, _ = io.Copy(&heard, stream) // It ends with ctx, as an error.
				_ = stream.Close()
			})
		}
	}
	return func() string {
		cancel()
		listening.Wait()
		return heard.String()
	}
}

// openStream opens a stream of events, which lasts until ctx ends.
func openStream(ctx context.Context, base, token string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/events", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	if got.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("events answers %d: %w", got.StatusCode, got.Body.Close())
	}
	return got.Body, nil
}

// sampleEvents are the samples of every event there is, by the aggregate whose stream they make up, in the order
// of a life. A kind that the registry knows and that is not here fails the test.
func sampleEvents() map[string][]domain.Event {
	return map[string][]domain.Event{
		"client": client.All(), "contract": contract.All(), "issuer": issuer.All(), "exchange": exchange.All(), "invoice": invoice.All(), "creditnote": creditnote.All(), "payment": payment.All(), "numbering": numbering.All(), "person": person.All(), "ticket": ticket.All(),
		"period": period.All(), "ratecard": ratecard.All(), "slapolicy": slapolicy.All(), "calendar": workcalendar.All(), "timer": timer.All(),
	}
}

// secretive are the aggregates of which clients learn nothing at all.
var secretive = []string{"ratecard", "slapolicy", "calendar", "timer", "issuer", "exchange"}

// Every field below one named Staff of every event, found by reflection so that a new one cannot be
// forgotten, holds a secret, which stays away from the client store until a disclosure names it (A13); and so does every
// text of what is hidden as a whole.
func TestNoFieldOfStaffReachesClients(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "samples", "")
	for aggregate, all := range sampleEvents() {
		// Everything happens; then the same without what hides it again, so that something is visible; then
		// without what makes it visible.
		hiding := []string{
			"ticket.withdrawn.v1", "ticket.comment_withdrawn.v1", "ticket.comment_deleted.v1", "ticket.client_changed.v1",
			"ticket.attachment_withdrawn.v1", "ticket.attachment_erased.v1", "contract.terminated.v1", "person.deactivated.v1",
			"contract.amendment_withdrawn.v1", "contract.amendment_superseded.v1", "period.time_returned.v1", "period.time_discarded.v1", "period.time_moved.v1", "invoice.discarded.v1",
		}
		showing := []string{
			"invoice.issued.v1", "creditnote.issued.v1", "ticket.published.v1", "ticket.comment_published.v1", "ticket.attachment_published.v1", "contract.offered.v1", "contract.accepted.v1", "contract.declined.v1",
			"contract.activated.v1", "contract.suspended.v1", "contract.resumed.v1", "contract.renewed.v1", "contract.expired.v1",
			"contract.amendment_accepted.v1", "contract.amendment_declined.v1", "period.terms_pinned.v1", "period.time_submitted.v1", "period.time_approved.v1",
			"period.time_reversed.v1", "period.overage_asked.v1", "period.overage_answered.v1", "period.threshold_reached.v1", "period.closed.v1",
		}
		s.live(t, aggregate, "whole life", all, false)
		s.live(t, aggregate, "visible life", without(all, hiding), false)
		if aggregate == "ticket" || aggregate == "contract" || aggregate == "period" {
			s.live(t, aggregate, "hidden life", without(all, append(showing, hiding...)), true)
		}
	}
	in.settle(t)
	planted, history := dump(t, in.client.database), in.history(t)
	s.checkSecrets(t, "the client database", planted)
	s.checkSecrets(t, "the log", in.log.String())
	for secret, label := range s.secrets {
		if !strings.Contains(history, secret) {
			t.Errorf("the %s was not planted", label)
		}
	}
	for _, visible := range []string{
		"API timeout on bulk export", "Still happening.", "trace.log", "CON-2024-018", "Nexus Corporation", "We agree to 20 hours more.",
		"May we go on with the export for four more hours?",
	} {
		if !strings.Contains(planted, visible) {
			t.Errorf("the client database lacks %q: the scan would find nothing", visible)
		}
	}
	for _, name := range []string{"client", "staff"} {
		in.verify(t, name)
	}
	if rows, err := in.projectionStatuses(t.Context()); err != nil || slices.ContainsFunc(rows, func(s projectionStatus) bool { return s.Parked > 0 }) {
		t.Errorf("streams are parked: %+v, %v", rows, err)
	}
}

// byClients are what the client's own people do.
var byClients = []string{
	"contract.accepted.v1", "contract.declined.v1", "contract.amendment_accepted.v1", "contract.amendment_declined.v1", "period.overage_answered.v1",
}

func without(events []domain.Event, kinds []string) []domain.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e domain.Event) bool { return slices.Contains(kinds, e.Kind()) })
}

// live records samples as the life of one thing, with secrets planted: below Staff, or in every text of a
// thing that is hidden.
func (s *stage) live(tb testing.TB, aggregate, which string, events []domain.Event, hidden bool) {
	tb.Helper()
	id, planted := s.id(aggregate, which), s.planted(aggregate, which, events, hidden)
	stream := aggregate + "-" + id.String()
	switch aggregate {
	case "numbering":
		stream = numbering.Stream("sample-" + which[:5])
	case "period":
		stream = period.Stream(domain.ContractID{UUID: id}, february)
	}
	_, err := s.in.store.Append(tb.Context(), domain.Append{
		Stream: stream, Expected: domain.NoStream, Command: domain.CommandID{UUID: s.id("append", aggregate, which)},
		Cause: domain.Cause{Actor: domain.System()}, Events: planted,
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// planted are events with secrets in them.
func (s *stage) planted(aggregate, which string, events []domain.Event, hidden bool) []domain.Event {
	planted := make([]domain.Event, len(events))
	for i, event := range events {
		value := reflect.New(reflect.TypeOf(event)).Elem()
		value.Set(reflect.ValueOf(event))
		s.plant(value, planting{
			label: event.Kind() + " of a " + which, life: which, hidden: hidden, staff: slices.Contains(secretive, aggregate),
			discreet: (aggregate == "contract" || aggregate == "period") && !slices.Contains(byClients, event.Kind()),
		})
		planted[i] = value.Interface().(domain.Event)
	}
	return planted
}

// planting says what is planted in a value.
type planting struct {
	label  string
	life   string
	hidden bool // the whole thing is hidden
	staff  bool // the value is below a field named Staff
	// discreet says that nobody of the client is to learn who did it.
	discreet bool
}

// plant puts a secret into every text, number and id that no client may see, and makes the other ids those of one life.
func (s *stage) plant(value reflect.Value, p planting) {
	plain := reflect.TypeFor[string]()
	switch {
	case value.Type() == reflect.TypeFor[uuid.UUID]():
		old := value.Interface().(uuid.UUID)
		if p.staff {
			id := s.id(p.label, old.String())
			s.hideIDs[id] = p.label
			value.Set(reflect.ValueOf(id))
		} else if old != uuid.Nil {
			value.Set(reflect.ValueOf(s.id(p.life, old.String())))
		}
	case value.Type() == reflect.TypeFor[domain.Visibility]():
		if p.hidden {
			value.SetString(string(domain.InternalOnly))
		}
	case value.Kind() == reflect.String && (p.staff || p.hidden && value.Type() == plain):
		value.SetString(s.secret(p.label, p.life, value.String()))
	case (value.Kind() == reflect.Int || value.Kind() == reflect.Int64) && p.staff:
		value.SetInt(918273645)
		s.secrets["918273645"] = p.label
	case value.Type() == reflect.TypeFor[decimal.Decimal]() && p.staff:
		value.Set(reflect.ValueOf(s.price(p.label, p.life)))
	case value.Kind() == reflect.Slice:
		copied := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
		reflect.Copy(copied, value)
		value.Set(copied)
		for i := range value.Len() {
			s.plant(value.Index(i), p)
		}
	case value.Kind() == reflect.Struct:
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() && field.Type != reflect.TypeOf(monday) {
				below := p
				below.staff = p.staff || field.Name == "Staff" || p.discreet && field.Name == "By" || value.Type() == reflect.TypeFor[contract.Evidence]() && (field.Name == "Sealed" || field.Name == "Paper")
				below.label = p.label + " " + field.Name
				if field.Name != "Zone" || below.staff { // Where a client is, it knows; and days begin there.
					s.plant(value.Field(i), below)
				}
			}
		}
	}
}

// The client side's own server holds nothing internal in any of its files: heap, indexes, statistics and
// write-ahead log. The staff side's does, which shows that the scan would see it.
func TestTheFilesOfTheClientServerHoldNothingInternal(t *testing.T) {
	t.Parallel()
	in := installWith(t, localSettings(postgrestest.Folder(t)), monday)
	s := setStage(t, in, "files", "")
	s.tell(t, tour(), true)
	disclosed := in.truth(t)
	for _, side := range []*side{&in.client, &in.staff} {
		if _, err := side.database.Pool.Exec(t.Context(), `ANALYZE; CHECKPOINT`); err != nil {
			t.Fatal(err)
		}
	}
	client, staff := in.path("postgres-client"), in.path("postgres-staff")
	in.stop()
	clientFiles, staffFiles := contentsBelow(t, client), contentsBelow(t, staff)
	found := 0
	for secret, label := range s.secrets {
		if path := clientFiles.holding(secret); path != "" {
			t.Errorf("%s holds the %s", path, label)
		}
		if staffFiles.holding(secret) != "" {
			found++
		}
	}
	for id := range disclosed.hidden {
		for _, form := range []string{id.String(), string(id[:])} {
			if path := clientFiles.holding(form); path != "" {
				t.Errorf("%s holds %s, which was never visible", path, id)
			}
		}
		if staffFiles.holding(string(id[:])) == "" {
			t.Errorf("no file of the staff side holds %s: the scan would find nothing", id)
		}
	}
	visible := 0
	for mark, of := range disclosed.items {
		shows := slices.ContainsFunc(of, func(s shown) bool { return s.visible })
		switch path := clientFiles.holding(mark); {
		case shows && path == "":
			t.Errorf("no file of the client side holds %s: the scan would find nothing", mark)
		case shows:
			visible++
		}
	}
	if len(disclosed.hidden) < 3 || visible < 5 || found < 10 {
		t.Errorf("%d hidden ids, %d visible texts, %d secrets on the staff side: the story is too tame", len(disclosed.hidden), visible, found)
	}
	wal := slices.ContainsFunc(clientFiles.paths, func(path string) bool { return strings.Contains(path, "pg_wal") })
	if !wal {
		t.Error("there is no write-ahead log among the files")
	}
}

// folderFiles are the contents of the files of a folder.
type folderFiles struct {
	paths    []string
	contents [][]byte
}

func contentsBelow(tb testing.TB, folder string) (all folderFiles) {
	tb.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all.paths, all.contents = append(all.paths, path), append(all.contents, bytes.TrimRight(content, "\x00"))
		return err
	})
	if err != nil || len(all.paths) < 100 {
		tb.Fatalf("%d files, %v", len(all.paths), err)
	}
	return all
}

// holding names a file that holds the text; empty when there is none.
func (f folderFiles) holding(text string) string {
	for i, content := range f.contents {
		if bytes.Contains(content, []byte(text)) {
			return f.paths[i]
		}
	}
	return ""
}

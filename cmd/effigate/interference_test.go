package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/postgres"
)

// Two histories that differ only inside are one and the same to clients: rows, answers, refusals, ETags and
// times, to the byte.
func TestWhatHappensInsideChangesNothingForClients(t *testing.T) {
	t.Parallel()
	open, secretive := install(t), install(t)
	stories(t, 6, 200, func(r *rapid.T, name string) {
		acts := append(drawStory(r, 25, 60), aftermath()...)
		plain, busy := setStage(r, open, name, ""), setStage(r, secretive, name, "otherwise")
		plain.tell(r, acts, false)
		busy.tell(r, acts, true)
		if diff := cmp.Diff(plain.outcomes, busy.outcomes); diff != "" {
			r.Fatalf("outcomes (-without +with what happens inside):\n%s", diff)
		}
		if diff := cmp.Diff(plain.rows(r), busy.rows(r)); diff != "" {
			r.Fatalf("rows (-without +with what happens inside):\n%s", diff)
		}
		plain.internal, plain.unoffered = busy.internal, busy.unoffered // What is hidden, and what is nowhere, is answered alike.
		if diff := cmp.Diff(factual(plain.lookAround(r, open.truth(r).of(plain))), factual(busy.lookAround(r, secretive.truth(r).of(busy)))); diff != "" {
			r.Fatalf("answers (-without +with what happens inside):\n%s", diff)
		}
	})
}

// personal are the answers that rest on the accounts, and what of them differs between any two runs: chance,
// and the clock of logins.
var (
	personal = regexp.MustCompile(`^/api/client/v1/(me/|people|audit/)`)
	chance   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+Z"|Etag:\[[^]]*\]|Content-Length:\[\d+\]|"hint":"[^"]*"|"id":"[^"]*","name":"test"`)
)

// factual takes out of answers what follows from no history.
func factual(answers map[string]string) map[string]string {
	for place, text := range answers {
		if personal.MatchString(place) {
			answers[place] = chance.ReplaceAllString(text, "")
		}
		if strings.HasPrefix(place, "/api/client/v1/audit/") { // Equal entries of one minute are counted as one.
			entries := strings.Split(strings.NewReplacer("[{", "},{", "}]", "},{").Replace(answers[place]), "},{")
			for i := range entries {
				entries[i] = times.ReplaceAllString(entries[i], "")
			}
			slices.Sort(entries)
			answers[place] = strings.Join(slices.Compact(entries), "\n")
		}
	}
	return answers
}

var times = regexp.MustCompile(`,?"times":\d+`)

// aftermath is everything inside, on each of the first tickets, when nothing follows that could cover it up.
func aftermath() (all story) {
	for i := range 5 {
		for _, name := range slices.Concat(inside, bookNames(deskInside)) {
			all = append(all, act{Name: name, Org: i % 2, Ticket: i, Who: i % 2, Choice: 2 * i})
		}
	}
	for i := range 2 {
		for _, name := range bookNames(booksInside) {
			all = append(all, act{Name: name, Org: i, Ticket: i, Who: i, Choice: i})
		}
	}
	return all
}

// of narrows the truth to the clients of one story.
func (all truth) of(s *stage) truth {
	mine := truth{items: map[string][]shown{}, hidden: all.hidden}
	for mark, items := range all.items {
		for _, item := range items {
			if item.client == s.orgs[0].id.UUID || item.client == s.orgs[1].id.UUID {
				mine.learn(mark, item)
			}
		}
	}
	return mine
}

// rows are all rows of the story's clients in the live client read model, as text, by table.
func (s *stage) rows(tb failing) map[string][]string {
	tb.Helper()
	ctx, all := context.Background(), map[string][]string{}
	generation, release, err := s.in.reads.client.Pin(ctx)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	defer release()
	pool, schema := s.in.client.database.Pool, fmt.Sprintf("gen_%d", generation.Number)
	found, err := pool.Query(ctx, `SELECT table_name::text FROM information_schema.columns WHERE table_schema = $1 AND column_name = 'client'`, schema)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		tb.Fatalf("%v", err)
	}
	count := 0
	for _, table := range tables {
		rows, err := pool.Query(ctx, `SELECT t::text FROM `+pgx.Identifier{schema, table}.Sanitize()+` t WHERE client = ANY($1) ORDER BY 1`,
			[]uuid.UUID{s.orgs[0].id.UUID, s.orgs[1].id.UUID})
		if err != nil {
			tb.Fatalf("%v", err)
		}
		if all[table], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			tb.Fatalf("%v", err)
		}
		count += len(all[table])
	}
	if count < 10 || len(tables) < 7 {
		tb.Fatalf("only %d rows in %d tables", count, len(tables))
	}
	return all
}

// What is withdrawn is gone: from the tables, from every list and search, and from open pages, which are
// told its name. Another client hears nothing of it.
func TestWhatIsWithdrawnIsGone(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "withdrawal", "")
	ours, theirs := s.orgs[0], s.orgs[1]
	do := func(a act) {
		t.Helper()
		s.tell(t, story{a}, true)
		s.name += "'" // The next act has keys of its own.
	}
	do(act{Name: "staff raises", Org: 0, Choice: 0})
	do(act{Name: "staff raises", Org: 1, Choice: 0})
	id := s.tickets[0].id
	r := func(key string) commands.Request { return s.request(s.staff[0].Actor, key) }
	if _, err := in.service.CommentOnTicket(t.Context(), r("comment"), commands.CommentOnTicket{
		Ticket: id, Text: "A remark about zebrafinches", Visibility: domain.ClientVisible,
	}); err != nil {
		t.Fatal(err)
	}
	in.settle(t)
	mark := itemMark.FindString(dumpOf(t, in, "tickets", id))
	find := func() string {
		var all strings.Builder
		for _, path := range []string{"/tickets?limit=200", "/tickets?search=" + mark, "/tickets?search=zebrafinches", "/tickets/" + id.String(), "/overview"} {
			fmt.Fprintln(&all, in.ask(t, in.at.Portal, http.MethodGet, "/api/client/v1"+path, ours.users[0].token, "", nil))
		}
		return all.String()
	}
	if before := find(); strings.Count(before, mark) < 3 || !strings.Contains(before, "zebrafinches") {
		t.Fatalf("the visible ticket is not found: %s", before)
	}
	hear, other := listenTo(t, in, ours.users[0]), listenTo(t, in, theirs.users[0])
	if _, err := in.service.WithdrawTicket(t.Context(), r("withdraw"), commands.WithdrawTicket{Ticket: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.service.StartTicket(t.Context(), r("start"), commands.StartTicket{Ticket: s.tickets[1].id}); err != nil {
		t.Fatal(err)
	}
	in.settle(t)
	if after := find(); strings.Contains(after, mark) || strings.Contains(after, "zebrafinches") || !strings.Contains(after, `"open":0`) {
		t.Errorf("after the withdrawal the portal answers: %s", after)
	}
	if everything := dump(t, in.client.database); strings.Contains(everything, mark) || strings.Contains(everything, "zebrafinches") {
		t.Error("the client database still holds what was withdrawn")
	}
	if line := `{"key":"` + id.String() + `","removed":true}`; !hear(line) {
		t.Errorf("the open page is not told %s", line)
	}
	// Whatever the other client hears first is about its own ticket, so nothing came before.
	if first := `"` + s.tickets[1].id.String() + `"`; !other(first) {
		t.Error("the other client does not hear of its own ticket first")
	}
}

// What is taken back leaves nothing: an approval that was returned, time that was handed in and discarded, an offer
// and a proposal that were withdrawn. Rows and answers are what they were before, to the byte.
func TestWhatIsTakenBackLeavesNothing(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "taking back", "")
	s.tell(t, story{{Name: "staff raises"}, {Name: "closes the books", Org: 1}}, false)
	for name, acts := range map[string][2]story{
		"an approval": {
			{{Name: "logs time", Org: 1, Choice: 2}, {Name: "approves more time", Org: 1, Choice: 1}},
			{{Name: "returns time", Org: 1}, {Name: "discards time", Org: 1}},
		},
		"time handed in": {{{Name: "logs time", Choice: 2}}, {{Name: "returns time"}, {Name: "discards time"}}},
		"a proposal":     {{{Name: "proposes an amendment", Ticket: 1, Choice: 3}}, {{Name: "takes a proposal back"}}},
		"an offer":       {{{Name: "offers a contract"}}, {{Name: "takes an offer back"}}},
	} {
		look := func() (map[string][]string, map[string]string) {
			s.step = 0
			in.hour.set(s.now())
			return s.rows(t), factual(s.lookAround(t, in.truth(t).of(s)))
		}
		rows, answers := look()
		told := func(acts story) {
			s.name += "'" // Every command has a key of its own.
			s.outcomes = nil
			s.tell(t, acts, false)
			for _, outcome := range s.outcomes {
				if !strings.HasSuffix(outcome, ": ") {
					t.Errorf("%s: %s", name, outcome)
				}
			}
		}
		told(acts[0])
		if during, _ := look(); cmp.Equal(rows, during) {
			t.Errorf("%s shows nothing: taking it back proves nothing", name)
		}
		told(acts[1])
		after, answered := look()
		if diff := cmp.Diff(rows, after); diff != "" {
			t.Errorf("rows after %s was taken back (-before +after):\n%s", name, diff)
		}
		for place, answer := range answers {
			if answered[place] != answer && !strings.HasPrefix(place, "/api/client/v1/audit/") { // That tells of the looking.
				t.Errorf("%s after %s was taken back (-before +after):\n%s", place, name, cmp.Diff(answer, answered[place]))
			}
		}
	}
}

// dumpOf gives a row of the client read model as text.
func dumpOf(tb testing.TB, in *installation, table string, id domain.TicketID) (text string) {
	tb.Helper()
	generation, release, err := in.reads.client.Pin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer release()
	err = in.client.database.Pool.QueryRow(tb.Context(), fmt.Sprintf(`SELECT t::text FROM gen_%d.%s t WHERE id = $1`, generation.Number, table), id.UUID).Scan(&text)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// listenTo opens a user's stream. The function it gives reads on until an event about a ticket or what is on
// it has the text; false when an event about something else of the kind comes first.
func listenTo(tb testing.TB, in *installation, user cast) func(text string) bool {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	tb.Cleanup(cancel)
	stream, err := openStream(ctx, in.at.Portal, user.token)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = stream.Close() })
	lines := bufio.NewScanner(stream)
	next := func() (name, data string) {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = text
			}
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return name, text
			}
		}
		tb.Fatalf("the stream ended: %v", lines.Err())
		return "", ""
	}
	if name, _ := next(); name != "ready" {
		tb.Fatalf("the stream begins with %s", name)
	}
	return func(text string) bool {
		for {
			name, data := next()
			if strings.Contains(data, text) {
				return true
			}
			if name == "ticket" || name == "resync" {
				tb.Logf("%s %s", name, data)
				return false
			}
		}
	}
}

// The verification of a read model sees a single wrong character.
func TestVerificationSeesADifference(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "verification", "")
	s.tell(t, story{{Name: "staff raises"}, {Name: "staff raises", Org: 1}}, false)
	for name, reads := range map[string]*postgres.Reads{"client": in.reads.client, "staff": in.reads.staff} {
		verify := func() (string, error) {
			return tool(t.Context(), "projections", "verify", name, "--data", in.settings.Data)
		}
		if printed, err := verify(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, printed)
		}
		database, _, err := in.projection(name)
		if err != nil {
			t.Fatal(err)
		}
		generation, release, err := reads.Pin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release()
		if _, err := database.Pool.Exec(t.Context(), fmt.Sprintf(`UPDATE gen_%d.tickets SET title = title || '.' WHERE id = $1`, generation.Number), s.tickets[0].id.UUID); err != nil {
			t.Fatal(err)
		}
		printed, err := verify()
		if !errors.Is(err, errDifference) || !regexp.MustCompile(`tickets\s.*DIFFERENT`).MatchString(printed) {
			t.Errorf("%s: a wrong character passes: %v\n%s", name, err, printed)
		}
	}
}

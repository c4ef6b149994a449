package ticket_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/spec"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

var disclosed = spec.Discloser(ticket.Disclose).Given

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "ticket", ticket.All())
	spec.NothingOfStaff(t)
}

// record is what the client sees of the ticket when it was just raised.
func record(change func(*visible.Ticket)) visible.Ticket {
	r := visible.Ticket{
		Client: nexus.UUID, ID: subject.UUID, Title: "Export stops", Description: "Above 10,000 rows.",
		Category: domain.CategoryID(contract, "api"), Priority: "high", State: visible.TicketOpen,
		RaisedBy: emma.Person.UUID, RaisedAt: at, UpdatedAt: at,
	}
	if change != nil {
		change(&r)
	}
	return r
}

func step(i int, state string, at time.Time) visible.TicketStep {
	return visible.TicketStep{
		Client: nexus.UUID, ID: domain.Derive(subject.UUID, "step", strconv.Itoa(i)), Ticket: subject.UUID, State: state, At: at,
	}
}

func message(name string, author domain.Actor, byClient bool) visible.Comment {
	return visible.Comment{
		Client: nexus.UUID, ID: comment(name).UUID, Ticket: subject.UUID, Author: author.Person.UUID, ByClient: byClient, Text: name, At: at,
	}
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	const shown, internal = domain.ClientVisible, domain.InternalOnly
	inside := record(func(r *visible.Ticket) { r.RaisedBy = anna.Person.UUID })
	opened := step(0, visible.TicketOpen, at)
	number := func(series domain.Visibility, n int) ticket.Event {
		return ticket.Numbered{Series: series, Number: n, At: later}
	}
	t.Run("a client's ticket appears with its first step", func(t *testing.T) {
		t.Parallel()
		disclosed(raised).Then(t, visible.Put{Record: record(nil)}, visible.Put{Record: opened})
	})
	t.Run("what is inside leaves no trace", func(t *testing.T) {
		t.Parallel()
		disclosed(raisedInside, started, commented("a", internal, anna), noted(internal), resolved, closed,
			number(internal, 7), ticket.Imported{Staff: origin, At: later}).Then(t)
	})
	t.Run("on a visible ticket neither, not even a time", func(t *testing.T) {
		t.Parallel()
		disclosed(raised, ticket.Assigned{Staff: ticket.AssignedStaff{Team: "Platform"}, At: later},
			commented("a", internal, anna), noted(internal), number(internal, 7),
			ticket.Triaged{Contract: contract, JobType: "api", Priority: ticket.High, At: later}).
			Then(t, visible.Put{Record: record(nil)}, visible.Put{Record: opened})
	})
	t.Run("another reason for the same wait is no step", func(t *testing.T) {
		t.Parallel()
		again := held
		again.Staff.Reason, again.At = "another vendor", later
		disclosed(raised, held, again).Shows(t, record(func(r *visible.Ticket) { r.State = visible.TicketOnHold }),
			opened, step(1, visible.TicketOnHold, at))
	})
	t.Run("a number comes without being news", func(t *testing.T) {
		t.Parallel()
		disclosed(raised, number(shown, 41)).Shows(t, record(func(r *visible.Ticket) { r.Number = 41 }), opened)
	})
	t.Run("a published ticket shows its history and the comments named", func(t *testing.T) {
		t.Parallel()
		publish := published
		publish.At = later
		disclosed(raisedInside, started, commented("a", internal, anna), commented("b", internal, anna), publish,
			ticket.CommentPublished{Comment: comment("b"), At: later}).
			Shows(t, record(func(r *visible.Ticket) {
				r.RaisedBy, r.State, r.UpdatedAt = anna.Person.UUID, visible.TicketInProgress, later
			}), opened, step(1, visible.TicketInProgress, at), message("b", anna, false))
	})
	t.Run("a withdrawn comment stays away when its ticket comes back", func(t *testing.T) {
		t.Parallel()
		disclosed(raisedInside, published, commented("a", shown, anna), ticket.CommentWithdrawn{Comment: comment("a"), At: at},
			withdrawn, published).Shows(t, inside, opened)
	})
	t.Run("a withdrawn ticket takes everything with it", func(t *testing.T) {
		t.Parallel()
		disclosed(raisedInside, published, commented("a", shown, anna), number(shown, 3), withdrawn).Shows(t)
	})
	t.Run("a flag on a comment that is not there shows nothing", func(t *testing.T) {
		t.Parallel()
		disclosed(raised, ticket.CommentPublished{Comment: comment("a"), At: at}).Shows(t, record(nil), opened)
	})
	t.Run("a resolution lasts until the ticket is reopened", func(t *testing.T) {
		t.Parallel()
		done := record(func(r *visible.Ticket) {
			r.State, r.Resolution, r.ResolvedAt = visible.TicketResolved, "It streams now.", at
		})
		disclosed(raised, resolved).Shows(t, done, opened, step(1, visible.TicketResolved, at))
		disclosed(raised, resolved, reopened).Shows(t, record(func(r *visible.Ticket) { r.State = visible.TicketInProgress }),
			opened, step(1, visible.TicketResolved, at), step(2, visible.TicketInProgress, at))
	})
}

// The properties below run over histories that everybody makes together. Every text is unique, and every
// internal field begins with the marker.
const marker = "INTERNAL"

var everybody = []domain.Actor{
	anna, ben, staff("olivia", domain.Owner), domain.System(), emma, erik, clara, olga,
	user("oscar", orion, domain.ClientEmployee),
}

// anyCommand draws from few comments and people, so that commands meet each other's effects.
func anyCommand() *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(t *rapid.T) ticket.Command {
		by := rapid.SampledFrom(everybody).Draw(t, "by")
		at := at.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "minute")) * time.Minute)
		about := func() domain.CommentID {
			return comment(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "comment"))
		}
		text := func() string { return fmt.Sprintf("text %d", rapid.Uint64().Draw(t, "text")) }
		visibility := rapid.SampledFrom([]domain.Visibility{domain.InternalOnly, domain.ClientVisible}).Draw(t, "visibility")
		imported := rapid.IntRange(0, 7).Draw(t, "imported") == 0
		switch rapid.IntRange(0, 16).Draw(t, "command") {
		case 0:
			return drawTriage(t, by, at)
		case 1:
			return drawAssign(t, by, at)
		case 2:
			return ticket.Start{By: by, At: at}
		case 3, 4, 5:
			return ticket.Comment{Comment: about(), Visibility: visibility, Text: text(), By: by, At: at}
		case 6:
			copyOf := rapid.SampledFrom([]domain.CommentID{{}, {}, comment("a"), comment("b")}).Draw(t, "copy of")
			return ticket.Note{Note: about(), Visibility: visibility, Text: text(), CopyOf: copyOf, By: by, At: at}
		case 7:
			return ticket.WaitForClient{Comment: about(), Question: text(), Imported: imported, By: by, At: at}
		case 8:
			return ticket.WaitForThirdParty{Reason: marker + text(), By: by, At: at}
		case 9:
			return ticket.Resume{By: by, At: at}
		case 10:
			return ticket.Resolve{Note: text(), Code: marker + text(), Imported: imported, By: by, At: at}
		case 11:
			return ticket.Close{Imported: imported, By: by, At: at}
		case 12:
			reopen := ticket.Reopen{Comment: about(), Text: text(), By: by, At: at}
			if by.Side != domain.ClientSide {
				reopen.Text = marker + reopen.Text
			}
			return reopen
		case 13:
			named := rapid.SliceOfN(rapid.SampledFrom([]domain.CommentID{comment("a"), comment("b"), comment("c")}), 0, 3).Draw(t, "comments")
			return ticket.Publish{Comments: named, Reason: marker + text(), By: by, At: at}
		case 14:
			return ticket.Withdraw{Reason: marker + text(), By: by, At: at}
		case 15:
			return ticket.WithdrawComment{Comment: about(), Reason: marker + text(), By: by, At: at}
		default:
			return ticket.Number{Series: visibility, Number: rapid.IntRange(1, 99).Draw(t, "number"), At: at}
		}
	})
}

func drawTriage(t *rapid.T, by domain.Actor, at time.Time) ticket.Command {
	return ticket.Triage{
		Contract: contract, JobType: rapid.SampledFrom([]string{"api", "web"}).Draw(t, "job type"),
		Priority: rapid.SampledFrom([]ticket.Priority{ticket.Critical, ticket.High}).Draw(t, "priority"), By: by, At: at,
	}
}

func drawAssign(t *rapid.T, by domain.Actor, at time.Time) ticket.Command {
	team := marker + " team " + rapid.StringMatching(`[a-z]{6}`).Draw(t, "team")
	return ticket.Assign{Assignee: rapid.SampledFrom([]domain.PersonID{{}, anna.Person, ben.Person}).Draw(t, "assignee"), Team: team, By: by, At: at}
}

// anyRaise is a ticket of each origin.
func anyRaise() *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(t *rapid.T) ticket.Command {
		command := raise
		command.By = rapid.SampledFrom([]domain.Actor{emma, clara, anna, domain.System()}).Draw(t, "raised by")
		if command.By.Side != domain.ClientSide {
			command.OnBehalfOf = rapid.SampledFrom([]domain.PersonID{{}, {}, emma.Person}).Draw(t, "on behalf of")
			command.Imported = rapid.IntRange(0, 3).Draw(t, "imported") == 0
			command.Visibility = rapid.SampledFrom([]domain.Visibility{domain.InternalOnly, domain.ClientVisible}).Draw(t, "visibility")
		}
		return command
	})
}

func anyCommands(t *rapid.T) []ticket.Command {
	return append([]ticket.Command{anyRaise().Draw(t, "raise")}, rapid.SliceOfN(anyCommand(), 0, 40).Draw(t, "commands")...)
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, ticket.Decider, anyCommands(t))
		spec.DisclosureInvariants(t, ticket.Disclose, history)
		checkShown(t, history)
	})
}

// checkShown compares what is shown after each event with what a slow reading of the whole history says,
// and with the promises that hold for every history.
func checkShown(t *rapid.T, history []ticket.Event) {
	var state ticket.Disclosure
	shown := visible.Shown{}
	var said strings.Builder
	owed := false // A ticket of a client that was shown once is shown for ever (X8).
	for i, event := range history {
		next, changes := ticket.Disclose(state, event)
		state = next
		before := numberIn(shown)
		for _, change := range changes {
			fmt.Fprintf(&said, "%+v\n", change)
			apply(shown, change)
		}
		want := read(history[:i+1])
		if diff := cmp.Diff(want.messages, textsIn(shown)); diff != "" {
			t.Fatalf("messages shown after %T (-want +got):\n%s", event, diff)
		}
		_, there := shown[record(nil).Key()]
		if there != want.ticket || !there && len(shown) > 0 {
			t.Fatalf("after %T the ticket is shown: %t, want %t, with %d records", event, there, want.ticket, len(shown))
		}
		if owed && !there {
			t.Fatalf("%T took a ticket from the client it was raised for", event)
		}
		owed = owed || there && want.forClient
		if after := numberIn(shown); before > 0 && there && after != before {
			t.Fatalf("number %d became %d", before, after)
		}
		if _, gone := event.(ticket.Withdrawn); gone && len(shown) > 0 {
			t.Fatalf("a withdrawn ticket leaves %v", shown)
		}
	}
	if strings.Contains(said.String(), marker) {
		t.Fatalf("something internal was shown:\n%s", said.String())
	}
	written := fmt.Sprintf("%+v", history)
	for _, text := range read(history).hidden {
		if strings.Count(written, text+" ") > 1 {
			continue // Drawn twice, which proves nothing: the other one may be visible.
		}
		if strings.Contains(said.String(), text+" ") {
			t.Fatalf("the text of an internal message was shown: %s\n%s", text, said.String())
		}
	}
}

func apply(shown visible.Shown, change visible.Change) {
	switch change := change.(type) {
	case visible.Put:
		shown[change.Key()] = change.Record
	case visible.Remove:
		delete(shown, change.Gone)
	}
}

func textsIn(shown visible.Shown) map[uuid.UUID]string {
	texts := map[uuid.UUID]string{}
	for _, r := range shown {
		if c, ok := r.(visible.Comment); ok {
			texts[c.ID] = c.Text
		}
	}
	return texts
}

func numberIn(shown visible.Shown) int {
	if r, ok := shown[record(nil).Key()].(visible.Ticket); ok {
		return r.Number
	}
	return 0
}

// reading is what a history says of audiences, told from its events alone.
type reading struct {
	ticket    bool
	forClient bool
	messages  map[uuid.UUID]string // shown now
	hidden    []string             // texts that were never shown
}

func read(history []ticket.Event) reading {
	r := reading{messages: map[uuid.UUID]string{}}
	texts, open, ever := map[domain.CommentID]string{}, map[domain.CommentID]bool{}, map[domain.CommentID]bool{}
	for _, event := range history {
		switch e := event.(type) {
		case ticket.Raised:
			r.ticket, r.forClient = e.Visibility == domain.ClientVisible, e.ForClient
		case ticket.Published:
			r.ticket = true
		case ticket.Withdrawn:
			r.ticket = false
		case ticket.Commented:
			texts[e.Comment], open[e.Comment] = e.Text, e.Visibility == domain.ClientVisible
		case ticket.Noted:
			texts[e.Note], open[e.Note] = e.Text, e.Visibility == domain.ClientVisible
		case ticket.CommentPublished:
			open[e.Comment] = true
		case ticket.CommentWithdrawn:
			open[e.Comment] = false
		default:
		}
		for id := range open {
			ever[id] = ever[id] || r.ticket && open[id]
		}
	}
	for id, text := range texts {
		if r.ticket && open[id] {
			r.messages[id.UUID] = text
		}
		if !ever[id] {
			r.hidden = append(r.hidden, text)
		}
	}
	return r
}

// What a client wrote stays, whoever tries what.
func TestWhatAClientWroteIsNeverRemoved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		written := map[visible.Key]bool{}
		for _, change := range changesOf(anyCommands(t)) {
			switch change := change.(type) {
			case visible.Put:
				if c, ok := change.Record.(visible.Comment); ok && c.ByClient {
					written[c.Key()] = true
				}
			case visible.Remove:
				if written[change.Gone] {
					t.Fatal("what a client wrote was removed")
				}
			}
		}
	})
}

// Two histories that differ only in internal facts show the client exactly the same, change by change.
func TestInternalFactsDoNotInterfere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := anyCommands(t)
		var more []ticket.Command
		for i, command := range commands {
			if i > 0 {
				more = append(more, rapid.SliceOfN(internalCommand(), 0, 3).Draw(t, "internal")...)
			}
			more = append(more, reworded(command))
		}
		less, richer := changesOf(commands), changesOf(append(more, rapid.SliceOfN(internalCommand(), 0, 3).Draw(t, "internal")...))
		if diff := cmp.Diff(less, richer); diff != "" {
			t.Fatalf("internal facts show (-without +with):\n%s", diff)
		}
	})
}

// internalCommand is something that concerns staff alone.
func internalCommand() *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(t *rapid.T) ticket.Command {
		at := at.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "minute")) * time.Minute)
		own := comment("internal " + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "own")))
		switch rapid.IntRange(0, 4).Draw(t, "internal command") {
		case 0:
			return drawAssign(t, anna, at)
		case 1:
			return ticket.Comment{Comment: own, Text: "inside", By: anna, At: at}
		case 2:
			return ticket.Note{Note: own, Text: "inside", By: ben, At: at}
		case 3:
			return ticket.Number{Series: domain.InternalOnly, Number: rapid.IntRange(1, 999).Draw(t, "number"), At: at}
		default:
			return ticket.WithdrawComment{Comment: own, Reason: "inside", By: ben, At: at}
		}
	})
}

// reworded is the command with other words in what stays inside.
func reworded(command ticket.Command) ticket.Command {
	switch c := command.(type) {
	case ticket.Assign:
		c.Team += " and others"
		return c
	case ticket.Resolve:
		c.Code += " and others"
		return c
	case ticket.WaitForThirdParty:
		c.Reason += " and others"
		return c
	case ticket.Reopen:
		if c.By.Side != domain.ClientSide {
			c.Text += " and others"
		}
		return c
	case ticket.Publish:
		c.Reason += " and others"
		return c
	case ticket.Withdraw:
		c.Reason += " and others"
		return c
	case ticket.WithdrawComment:
		c.Reason += " and others"
		return c
	default:
		return command
	}
}

// changesOf is what the client sees happen. Refused commands have no effect.
func changesOf(commands []ticket.Command) []visible.Change {
	var state ticket.State
	var disclosure ticket.Disclosure
	var all []visible.Change
	for _, command := range commands {
		events, err := ticket.Decide(state, command)
		if err != nil {
			continue
		}
		for _, event := range events {
			var changes []visible.Change
			disclosure, changes = ticket.Disclose(disclosure, event)
			all = append(all, changes...)
		}
		state = ticket.Decider.Fold(state, events...)
	}
	return all
}

// longHistory is a ticket with a conversation of n comments, published and withdrawn at its end.
func longHistory(n int) []ticket.Event {
	history := []ticket.Event{raisedInside, published}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		visibility := domain.InternalOnly
		if random.IntN(2) == 0 {
			visibility = domain.ClientVisible
		}
		history = append(history, commented(strconv.Itoa(i), visibility, anna))
		if i%10 == 0 {
			history = append(history, asked, resumed)
		}
	}
	for i := range n {
		history = append(history, ticket.CommentPublished{Comment: comment(strconv.Itoa(i)), By: anna.Person, At: at})
	}
	return append(history, withdrawn, published)
}

func foldBoth(history []ticket.Event) {
	ticket.Decider.Fold(ticket.State{}, history...)
	var state ticket.Disclosure
	for _, event := range history {
		state, _ = ticket.Disclose(state, event)
	}
}

// A fold whose steps grow with the conversation takes seconds on a ticket that lived for years. Memory is
// measured because it is the same on every machine; so this test runs alone.
func TestALongTicketFoldsInProportion(t *testing.T) {
	allocated := func(n int) float64 {
		history := longHistory(n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		foldBoth(history)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	if short, long := allocated(500), allocated(5000); long > 20*short {
		t.Errorf("10 times the comments took %.0f times the memory, %.0f bytes", long/short, long)
	}
}

// A ticket is withdrawn in one append, which has a limit: a long reason must not be written once a comment.
func TestAWithdrawalFitsIntoOneAppend(t *testing.T) {
	t.Parallel()
	history := []ticket.Event{raisedInside, published}
	for i := range 1000 {
		history = append(history, commented(strconv.Itoa(i), domain.ClientVisible, anna))
	}
	events, err := ticket.Decide(ticket.Decider.Fold(ticket.State{}, history...),
		ticket.Withdraw{Reason: strings.Repeat("x", domain.MaxText), By: anna, At: at})
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	for _, event := range events {
		switch e := event.(type) {
		case ticket.CommentWithdrawn:
			reasons += len(e.Staff.Reason)
		case ticket.Withdrawn:
			reasons += len(e.Staff.Reason)
		default:
			t.Errorf("a withdrawal led to %T", e)
		}
	}
	if len(events) != 1001 || reasons != domain.MaxText {
		t.Errorf("%d events with %d characters of reasons", len(events), reasons)
	}
}

func BenchmarkFoldOf5000Comments(b *testing.B) {
	history := longHistory(5000)
	for b.Loop() {
		foldBoth(history)
	}
}

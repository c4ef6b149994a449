package ticket_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/spec"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := anyCommands(t)
		if rapid.IntRange(0, 3).Draw(t, "clocks disagree") == 0 {
			commands = shuffled(t, commands)
		}
		history := spec.Replays(t, ticket.Decider, commands)
		spec.DisclosureInvariants[ticket.Disclosure, ticket.Event](t, ticket.Disclose, history, ticket.SLAPinned{}, ticket.MergedIn{})
		checkShown(t, history)
		checkFired(t, history)
		checkFinal(t, history)
	})
}

// checkShown compares what is shown after each event with what a slow reading of the whole history says,
// and with the promises that hold for every history.
func checkShown(t *rapid.T, history []ticket.Event) {
	var state ticket.Disclosure
	shown := visible.Shown{}
	var said strings.Builder
	owed := false // A ticket of a client that was shown once is shown for ever (X8), unless it was another's.
	for i, event := range history {
		next, changes := ticket.Disclose(state, event)
		state = next
		before := ticketIn(shown)
		for _, change := range changes {
			fmt.Fprintf(&said, "%+v\n", change)
			apply(shown, change)
		}
		want := read(history[:i+1])
		if diff := cmp.Diff(want.messages, textsIn(shown)); diff != "" {
			t.Fatalf("messages and files shown after %T (-want +got):\n%s", event, diff)
		}
		now := ticketIn(shown)
		if (now != nil) != want.ticket || now == nil && len(shown) > 0 {
			t.Fatalf("after %T the ticket is shown: %t, want %t, with %d records", event, now != nil, want.ticket, len(shown))
		}
		if now != nil && now.Client != want.client.UUID {
			t.Fatalf("after %T client %s sees a ticket of %s", event, now.Client, want.client)
		}
		moves := false
		if i+1 < len(history) {
			_, moves = history[i+1].(ticket.ClientChanged)
		}
		if owed = owed && want.forClient && !moves; owed && now == nil {
			t.Fatalf("%T took a ticket from the client it was raised for", event)
		}
		owed = owed || now != nil && want.forClient
		if now != nil && before != nil && before.Number > 0 && now.Number != before.Number {
			t.Fatalf("number %d became %d", before.Number, now.Number)
		}
	}
	checkHidden(t, history, said.String())
}

// checkHidden fails where anything was said that nobody was to be told.
func checkHidden(t *rapid.T, history []ticket.Event, said string) {
	if strings.Contains(said, marker) {
		t.Fatalf("something internal was shown:\n%s", said)
	}
	written := fmt.Sprintf("%+v", history)
	for _, text := range read(history).hidden {
		if strings.Count(written, text+" ") > 1 {
			continue // Drawn twice, which proves nothing: the other one may be visible.
		}
		if strings.Contains(said, text+" ") {
			t.Fatalf("the text of an internal message was shown: %s\n%s", text, said)
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
		switch r := r.(type) {
		case visible.Comment:
			texts[r.ID] = r.Text
		case visible.Attachment:
			texts[r.ID] = r.Name
		default:
		}
	}
	return texts
}

func ticketIn(shown visible.Shown) *visible.Ticket {
	for _, r := range shown {
		if r, ok := r.(visible.Ticket); ok {
			return &r
		}
	}
	return nil
}

// reading is what a history says of audiences, told from its events alone.
type reading struct {
	ticket    bool
	client    domain.ClientID
	forClient bool
	messages  map[uuid.UUID]string // and names of files, shown now
	hidden    []string             // texts that were never shown
}

// item is a message or a file of a reading.
type item struct {
	texts []string // of which the last one stands
	seen  []bool   // by a client, each of them
	open  bool
	gone  bool
}

func read(history []ticket.Event) reading {
	r := reading{messages: map[uuid.UUID]string{}}
	items := map[uuid.UUID]*item{}
	write := func(id uuid.UUID, text string, visibility domain.Visibility) {
		items[id] = &item{texts: []string{text}, seen: []bool{false}, open: visibility == domain.ClientVisible}
	}
	for _, event := range history {
		switch e := event.(type) {
		case ticket.Raised:
			r.client, r.ticket, r.forClient = e.Client, e.Visibility == domain.ClientVisible, e.ForClient
		case ticket.Published:
			r.ticket = true
		case ticket.Withdrawn:
			r.ticket = false
		case ticket.ClientChanged:
			r.client, r.ticket, r.forClient = e.Client, false, false
		case ticket.Commented:
			write(e.Comment.UUID, e.Text, e.Visibility)
		case ticket.Noted:
			write(e.Note.UUID, e.Text, e.Visibility)
		case ticket.Attached:
			write(e.Attachment.UUID, e.Name, e.Visibility)
		case ticket.CommentEdited:
			items[e.Comment.UUID].texts = append(items[e.Comment.UUID].texts, e.Text)
			items[e.Comment.UUID].seen = append(items[e.Comment.UUID].seen, false)
		case ticket.CommentDeleted:
			items[e.Comment.UUID].texts = append(items[e.Comment.UUID].texts, "")
			items[e.Comment.UUID].seen = append(items[e.Comment.UUID].seen, true)
		case ticket.CommentPublished:
			items[e.Comment.UUID].open = true
		case ticket.CommentWithdrawn:
			items[e.Comment.UUID].open = false
		case ticket.AttachmentPublished:
			items[e.Attachment.UUID].open = true
		case ticket.AttachmentWithdrawn:
			items[e.Attachment.UUID].open = false
		case ticket.AttachmentErased:
			items[e.Attachment.UUID].gone = true
		default:
		}
		for _, item := range items {
			last := len(item.texts) - 1
			item.seen[last] = item.seen[last] || r.ticket && item.open && !item.gone
		}
	}
	for id, item := range items {
		if r.ticket && item.open && !item.gone {
			r.messages[id] = item.texts[len(item.texts)-1]
		}
		for i, text := range item.texts {
			if !item.seen[i] {
				r.hidden = append(r.hidden, text)
			}
		}
	}
	return r
}

// checkFired fails unless each threshold was told once, with what time led to in the order of its instants, and what
// ended was told with what had been told before.
func checkFired(t *rapid.T, history []ticket.Event) {
	told, breached, mergedIn := map[string]bool{}, map[string]time.Time{}, false
	for i, event := range history {
		key := ""
		switch e := event.(type) {
		case ticket.SLAPinned, ticket.MergedIn:
			_, takes := e.(ticket.MergedIn)
			mergedIn = mergedIn || takes // An earlier beginning makes for an earlier breach.
			for key := range told {      // A longer target can be nearly used up once more.
				if strings.HasPrefix(key, string(sla.NearBreach)) {
					delete(told, key)
				}
			}
		case ticket.SLAStateReached:
			key = fmt.Sprint(e.State, e.Goal, e.Staff.Cycle)
			if e.State == sla.Breached {
				breached[fmt.Sprint(e.Goal, e.Staff.Cycle)] = e.At
			}
		case ticket.Escalated:
			key = fmt.Sprint(e.Goal, e.Staff.Cycle, "level", e.Staff.Level.Level)
		case ticket.TargetConcluded:
			due, late := breached[fmt.Sprint(e.Goal, e.Staff.Cycle)]
			if e.State == sla.Met && late || e.State == sla.MetLate && (!late || !mergedIn && !due.Equal(e.Staff.Breached)) {
				t.Fatalf("%+v, but it was breached: %t, at %s", e, late, due)
			}
		default:
		}
		if told[key] {
			t.Fatalf("%s was told twice", key)
		}
		told[key] = key != ""
		if i > 0 && key != "" && when(event).Before(when(history[i-1])) && tells(history[i-1]) {
			t.Fatalf("%T of %s was told after %T of %s", event, when(event), history[i-1], when(history[i-1]))
		}
	}
}

// tells reports whether an event tells that time passed.
func tells(event ticket.Event) bool {
	switch event.(type) {
	case ticket.SLAStateReached, ticket.Escalated:
		return true
	default:
		return false
	}
}

func when(event ticket.Event) time.Time {
	return reflect.ValueOf(event).FieldByName("At").Interface().(time.Time)
}

// checkFinal fails where anything but a note, a retraction or bookkeeping follows the end of a ticket.
func checkFinal(t *rapid.T, history []ticket.Event) {
	over := false
	for _, event := range history {
		if over {
			switch event.(type) {
			case ticket.Noted, ticket.Withdrawn, ticket.CommentWithdrawn, ticket.AttachmentWithdrawn, ticket.AttachmentErased,
				ticket.Numbered, ticket.MergedIn, ticket.Unlinked, ticket.Watched, ticket.BreachExcused, ticket.TargetConcluded:
			default:
				t.Fatalf("%T after the end of the ticket", event)
			}
		}
		switch event.(type) {
		case ticket.Merged, ticket.Cancelled:
			over = true
		default:
		}
	}
}

// A child is never more visible than its parent (F2).
func TestNothingIsVisibleOnAnInternalTicket(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history, visible := lived(anyCommands(t)), map[uuid.UUID]bool{}
		for i, event := range history {
			switch e := event.(type) {
			case ticket.Commented:
				visible[e.Comment.UUID] = e.Visibility == domain.ClientVisible
			case ticket.Noted:
				visible[e.Note.UUID] = e.Visibility == domain.ClientVisible
			case ticket.Attached:
				visible[e.Attachment.UUID] = e.Visibility == domain.ClientVisible
			case ticket.CommentPublished:
				visible[e.Comment.UUID] = true
			case ticket.CommentWithdrawn:
				visible[e.Comment.UUID] = false
			case ticket.AttachmentPublished:
				visible[e.Attachment.UUID] = true
			case ticket.AttachmentWithdrawn, ticket.AttachmentErased:
				visible[reflect.ValueOf(e).FieldByName("Attachment").Interface().(domain.AttachmentID).UUID] = false
			default:
			}
			internal := ticket.Decider.Fold(ticket.State{}, history[:i+1]...).Visibility == domain.InternalOnly
			for id, open := range visible {
				if internal && open {
					t.Fatalf("%s is visible on an internal ticket after %T", id, event)
				}
			}
		}
	})
}

// lived is the history that commands make. Refused ones have no effect.
func lived(commands []ticket.Command) []ticket.Event {
	var state ticket.State
	var history []ticket.Event
	for _, command := range commands {
		events, err := ticket.Decide(state, command)
		if err != nil {
			continue
		}
		state, history = ticket.Decider.Fold(state, events...), append(history, events...)
	}
	return history
}

// A worker that sleeps through everything writes down in the end what one that is always in time does: the same facts
// with the same instants in the same order.
func TestLateIsAsGoodAsInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := anyCommands(t)
		commands = append(commands, ticket.Tick{At: sentWhen(commands[len(commands)-1]).AddDate(0, 2, 0)})
		late, inTime := lived(commands), livedInTime(commands)
		if diff := cmp.Diff(inTime, late); diff != "" {
			t.Fatalf("(-in time +late):\n%s", diff)
		}
	})
}

func livedInTime(commands []ticket.Command) []ticket.Event {
	var state ticket.State
	var history []ticket.Event
	send := func(command ticket.Command) {
		if events, err := ticket.Decide(state, command); err == nil {
			state, history = ticket.Decider.Fold(state, events...), append(history, events...)
		}
	}
	for _, command := range commands {
		for {
			next, due := state.Next()
			if !due || !next.Before(sentWhen(command)) {
				break
			}
			send(ticket.Tick{At: next})
		}
		if _, tick := command.(ticket.Tick); tick || accepted(state, command) {
			send(command)
		}
	}
	return history
}

func accepted(state ticket.State, command ticket.Command) bool {
	events, err := ticket.Decide(state, command)
	return err == nil && len(events) > 0
}

// What a client wrote stays, whoever tries what; only who wrote it strikes it out, and a place remains.
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
		commands = append(commands, ticket.Tick{At: sentWhen(commands[len(commands)-1])})
		var more []ticket.Command
		for i, command := range commands {
			if i > 0 {
				for _, inside := range rapid.SliceOfN(internalCommand(), 0, 3).Draw(t, "internal") {
					more = append(more, sentAt(inside, sentWhen(commands[i-1])))
				}
			}
			more = append(more, reworded(command))
		}
		if diff := cmp.Diff(changesOf(commands), changesOf(more)); diff != "" {
			t.Fatalf("internal facts show (-without +with):\n%s", diff)
		}
	})
}

// reworded is the command with other words in what stays inside.
func reworded(command ticket.Command) ticket.Command {
	if reopen, ok := command.(ticket.Reopen); ok && reopen.By.Side == domain.ClientSide {
		return command
	}
	said := reflect.New(reflect.TypeOf(command)).Elem()
	said.Set(reflect.ValueOf(command))
	for _, name := range []string{"Reason", "Code", "Team", "Note"} {
		field := said.FieldByName(name)
		if field.IsValid() && field.Kind() == reflect.String && strings.HasPrefix(field.String(), marker) {
			field.SetString(field.String() + " and others")
		}
	}
	return said.Interface().(ticket.Command)
}

// What is promised is a secret: two policies, calendars and ladders that lead to the same instants look the same (X1).
func TestPromisesDoNotInterfere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := lived(anyCommands(t))
		var other []ticket.Event
		for _, event := range history {
			other = append(other, otherwisePromised(event))
		}
		if diff := cmp.Diff(disclosedBy(history), disclosedBy(other)); diff != "" {
			t.Fatalf("a policy shows (-one +another):\n%s", diff)
		}
	})
}

// otherwisePromised is the event under a policy with other names, thresholds of which none was reached otherwise, and
// another ladder.
func otherwisePromised(event ticket.Event) ticket.Event {
	switch e := event.(type) {
	case ticket.SLAPinned:
		pin := e.Staff.Pin
		pin.Policy, pin.Calendar = sla.Ref{ID: id("a secret"), Version: 77}, sla.Ref{ID: id("another secret"), Version: 7}
		pin.SupportLevel, pin.Ladder = "platinum", office.Content.Ladder[:1]
		if pin.Source != sla.FromNowhere {
			pin.Source = sla.FromClient
		}
		if pin.Target != (sla.Target{}) {
			pin.Target.SupportLevel, pin.Target.JobType = "platinum", "secret"
		}
		pin.Zones, pin.CloseAfterDays = "2001a", 99
		e.Staff.Pin, e.Staff.Reason = pin, "a secret"
		return e
	case ticket.SLAStateReached:
		e.Staff.Cycle += 7
		return e
	case ticket.TargetConcluded:
		e.Staff = ticket.TargetConcludedStaff{}
		return e
	case ticket.Escalated:
		e.Staff = ticket.EscalatedStaff{Cycle: 7, Level: sla.Level{Level: 4, Mail: true}}
		return e
	default:
		return event
	}
}

// changesOf is what the client sees happen.
func changesOf(commands []ticket.Command) []visible.Change { return disclosedBy(lived(commands)) }

func disclosedBy(history []ticket.Event) []visible.Change {
	var disclosure ticket.Disclosure
	var all []visible.Change
	for _, event := range history {
		var changes []visible.Change
		disclosure, changes = ticket.Disclose(disclosure, event)
		all = append(all, changes...)
	}
	return all
}

package portal_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
)

// A login outlives the rights it was made with: the token of a user who was deactivated, or who has another
// role now, went on reading and heard of every change for as long as it was valid.
func TestRightsThatEndEndAtOnce(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]visible.Person{
		"deactivated": {Client: acme, ID: id(11), Role: "client_admin", State: visible.PersonEnded},
		"demoted":     {Client: acme, ID: id(11), Role: "client_employee", State: visible.PersonActive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.populate(t)
			stream := listen(t, serve(t, w), "ada", "")
			if got := stream(); got.name != "ready" {
				t.Fatalf("the stream begins with %+v", got)
			}
			w.await(t, w.show(now, ticket(2, acme, id(12))))
			for _, o := range operations(t, describe(t, w.Portal)) {
				row := rows[o.method+" "+o.path]
				if row.account {
					continue // Of the login alone, which has ended a second later at the latest.
				}
				path := fill(o.path, row.thing.String()) + row.query
				if got := call(w.Portal, o.method, path, "ada", row.body); got.Code != http.StatusUnauthorized {
					t.Errorf("%s: status %d: %s", o.id, got.Code, got.Body)
				}
			}
			if asked := w.commands.count(); asked != 0 {
				t.Errorf("%d commands were asked for", asked)
			}
			if got := stream(); got.name != "bye" {
				t.Errorf("the open stream goes on with %+v", got)
			}
			if got := call(w.Portal, http.MethodGet, base+"/tickets", "eve", ""); got.Code != http.StatusOK {
				t.Errorf("a colleague: status %d: %s", got.Code, got.Body)
			}
		})
	}
}

// A command that is in effect already answers with the head of the log. Equal tokens for an equal head let a
// client ask again and again, and see from the first token that differs that something was recorded, be it
// internal or another client's.
func TestPositionsOfTwoWritesCannotBeCompared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.commands.position = func() domain.Position { return domain.Position{Commit: 41, Prepare: 41} }
	position := func(key string) string {
		got := call(w.Portal, http.MethodPost, base+"/tickets/"+id(101).String()+"/reopen", "ada", "{}", "Idempotency-Key", key)
		return got.Header().Get("Effigate-Position")
	}
	one, two, repeated := position("one"), position("two"), position("one")
	if one == two {
		t.Error("two writes at one position have equal tokens")
	}
	if one != repeated {
		t.Error("one write, repeated, has two tokens")
	}
}

// The first id of an employee's stream was that of the organisation's newest change, and so told that
// something happened to a ticket that is not the employee's.
func TestAStreamBeginsWithWhatItsReaderMayHearOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(ticket(2, acme, id(12))))
	address := serve(t, w)
	before := listen(t, address, "eve", "")()
	w.await(t, w.show(ticket(1, acme, id(11))))
	if after := listen(t, address, "eve", "")(); after != before {
		t.Errorf("after a change of the admin's ticket it begins with %+v instead of %+v", after, before)
	}
}

// Every internal fact moved the checkpoint, and with it woke every open stream of every client to look for
// changes: much staff work, or another client's, slowed the portal down for everybody.
func TestInternalFactsWakeNoStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	const facts = 20
	woken := 0
	for range facts {
		changed := w.reads.Changed()
		w.await(t, w.log.Append("test-"+uuid.Nil.String(), disclosed{}))
		select {
		case <-changed:
			woken++
		default:
		}
	}
	if woken > facts/4 { // What populate announced may be heard late.
		t.Errorf("%d of %d facts that show nothing woke the streams", woken, facts)
	}
	changed := w.reads.Changed()
	w.show(ticket(1, acme, id(11)))
	<-changed
}

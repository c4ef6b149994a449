package messaging_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/infra/messaging"
)

// pinboard is a desk in memory. Staff are those that recipients stand for; told is by id, as the table's key is.
type pinboard struct {
	staff map[string][]domain.PersonID
	told  map[uuid.UUID]messaging.Notice
}

func (p pinboard) Recipients(
	_ context.Context, _ domain.Position, _ domain.TicketID, recipients []string, persons []uuid.UUID,
) ([]domain.PersonID, error) {
	var found []domain.PersonID
	for _, recipient := range recipients {
		found = append(found, p.staff[recipient]...)
	}
	for _, person := range persons {
		found = append(found, domain.PersonID{UUID: person})
	}
	return found, nil
}

func (p pinboard) Answerable(_ context.Context, _ domain.Position, _ domain.InvoiceID, recipient string) ([]domain.PersonID, error) {
	return p.staff[recipient], nil
}

func (p pinboard) Tell(_ context.Context, n messaging.Notice) error {
	p.told[n.ID] = n
	return nil
}

func TestNotices(t *testing.T) {
	t.Parallel()
	someone := func(name string) domain.PersonID {
		return domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, name)}
	}
	staff := map[string][]domain.PersonID{"assignee": {someone("ada")}, "owner": {someone("olga")}}
	at, of := time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC), domain.TicketID{UUID: uuid.NameSpaceDNS}
	comment := domain.CommentID{UUID: uuid.NameSpaceOID}
	escalated := func(recipients ...string) domain.Event {
		return ticket.Escalated{Goal: sla.Resolution, At: at, Staff: ticket.EscalatedStaff{
			Cycle: 1, Level: sla.Level{Level: 2, Recipients: recipients, Mail: true},
		}}
	}
	for name, c := range map[string]struct {
		events []domain.Event
		want   map[domain.PersonID]int // level, 0 for a mention
	}{
		"an escalation":                     {[]domain.Event{escalated("assignee")}, map[domain.PersonID]int{someone("ada"): 2}},
		"an escalation that reaches no one": {[]domain.Event{escalated("watchers")}, map[domain.PersonID]int{someone("olga"): 2}},
		"a mention, but not of oneself": {[]domain.Event{ticket.Commented{
			Comment: comment, By: someone("eve"), At: at, Mentions: []domain.PersonID{someone("bob"), someone("eve"), someone("bob")},
		}}, map[domain.PersonID]int{someone("bob"): 0}},
		"a mention that an edit adds": {[]domain.Event{
			ticket.Commented{Comment: comment, By: someone("eve"), At: at, Mentions: []domain.PersonID{someone("bob")}},
			ticket.CommentEdited{Comment: comment, By: someone("eve"), At: at, Mentions: []domain.PersonID{someone("bob"), someone("kim")}},
		}, map[domain.PersonID]int{someone("bob"): 0, someone("kim"): 0}},
		"a comment without one": {[]domain.Event{ticket.Commented{Comment: comment, By: someone("eve"), At: at}}, map[domain.PersonID]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			board := pinboard{staff, map[uuid.UUID]messaging.Notice{}}
			lane := messaging.Notices(board)
			for range 2 { // A lane may see a fact again.
				for i, event := range c.events {
					fact := domain.Recorded{ID: domain.Derive(of.UUID, event.Kind()), Stream: ticket.Stream(of), Revision: int64(i), Event: event}
					if err := lane.React(t.Context(), fact); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := map[domain.PersonID]int{}
			for _, notice := range board.told {
				if _, twice := got[notice.Person]; twice || notice.Ticket != of || notice.Mail != (notice.Level > 0) {
					t.Errorf("told: %+v", notice)
				}
				got[notice.Person] = notice.Level
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// The client's account manager is told, and mailed, once of each objection that nobody answered in time; where there is
// none, the owners are.
func TestNoticesOfMissedAnswers(t *testing.T) {
	t.Parallel()
	anna, olga := domain.PersonID{UUID: named("anna")}, domain.PersonID{UUID: named("olga")}
	of := domain.InvoiceID{UUID: named("invoice")}
	for name, c := range map[string]struct {
		staff map[string][]domain.PersonID
		want  domain.PersonID
	}{
		"the account manager": {map[string][]domain.PersonID{"account_manager": {anna}, "owner": {olga}}, anna},
		"nobody manages it":   {map[string][]domain.PersonID{"owner": {olga}}, olga},
	} {
		board := pinboard{c.staff, map[uuid.UUID]messaging.Notice{}}
		lane := messaging.Notices(board)
		want := map[uuid.UUID]messaging.Notice{}
		for _, dispute := range []domain.DisputeID{{UUID: named("one")}, {UUID: named("two")}} {
			for range 2 { // A lane may see a fact again.
				fact := domain.Recorded{ID: named("fact"), Stream: invoice.Stream(of), Event: invoice.AnswerMissed{Dispute: dispute, AnswerBy: "2026-03-09", At: monday}}
				if err := lane.React(t.Context(), fact); err != nil {
					t.Error(err)
				}
			}
			id := domain.Derive(dispute.UUID, "answer missed", c.want.String())
			want[id] = messaging.Notice{ID: id, Person: c.want, Invoice: of, Dispute: dispute, At: monday, Mail: true}
		}
		if diff := cmp.Diff(want, board.told); diff != "" {
			t.Errorf("%s: told (-want +got):\n%s", name, diff)
		}
	}
}

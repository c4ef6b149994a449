package commands_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// The preview is exactly what the publication then discloses; the number comes after it (F2).
func TestAPreviewIsWhatIsThenDisclosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	on := w.raised(t, owner)
	write := func(text string) domain.CommentID {
		r := w.next(agent)
		must(t)(w.service.CommentOnTicket(ctx, r, commands.CommentOnTicket{Ticket: on, Text: text}))
		return domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")}
	}
	first, second := write("one"), write("two")
	write("three")
	must(t)(w.service.StartTicket(ctx, w.next(agent), commands.StartTicket{Ticket: on}))
	for _, publish := range []commands.PublishTicket{
		{Ticket: on, Comments: []domain.CommentID{second}, Reason: "reviewed"},
		{Ticket: on, Comments: []domain.CommentID{first, second}},
		{Ticket: on},
	} {
		r := w.next(owner)
		previewed, err := w.service.PreviewPublication(ctx, r, publish)
		if err != nil {
			t.Fatal(err)
		}
		before := w.shown(t, on)
		must(t)(w.service.PublishTicket(ctx, r, publish))
		if diff := cmp.Diff(visible.Diff(before, w.shown(t, on)), previewed); diff != "" {
			t.Errorf("previewed (-disclosed +previewed):\n%s", diff)
		}
	}
}

// shown is what the client sees of a ticket, but for its number.
func (w *world) shown(t *testing.T, on domain.TicketID) visible.Shown {
	t.Helper()
	var state ticket.Disclosure
	shown := visible.Shown{}
	for _, event := range w.history(t, on) {
		if _, numbered := event.(ticket.Numbered); numbered {
			continue
		}
		var changes []visible.Change
		state, changes = ticket.Disclose(state, event)
		for _, change := range changes {
			switch change := change.(type) {
			case visible.Put:
				shown[change.Key()] = change.Record
			case visible.Remove:
				delete(shown, change.Gone)
			}
		}
	}
	return shown
}

func TestAPreviewChangesNothingAndRefusesLikeThePublication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, owner)
	mark := w.mark()
	for _, publish := range []commands.PublishTicket{
		{Ticket: on, Comments: []domain.CommentID{{UUID: id("nothing")}}},
		{Ticket: domain.TicketID{UUID: id("nothing")}},
		{Ticket: on, Comments: make([]domain.CommentID, commands.MaxPublishedComments+1)},
	} {
		_, previewed := w.service.PreviewPublication(t.Context(), w.next(owner), publish)
		_, published := w.service.PublishTicket(t.Context(), w.next(owner), publish)
		if previewed == nil || !reflect.DeepEqual(previewed, published) {
			t.Errorf("the preview was refused with %v, the publication with %v", previewed, published)
		}
	}
	wantKinds(t, w.since(mark))
}

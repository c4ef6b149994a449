package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// ticketView is everything about a ticket, with what the viewer may do about it.
type ticketView struct {
	ticketBody
	Of          rows.Client
	Reference   string // of the contract; empty while there is none
	Path        string
	Viewer      uuid.UUID
	Clock       *clockBody    // nil unless the viewer may see policies
	Acts        []ticketAct   // that are offered
	Mentionable []page.Option // whom a note may be meant for

	Comment, Publish, Erase bool // what the viewer may do with messages and files

	Form typed // of a composer
}

func (c *Console) addTicketPages() {
	c.addQueuePages()
	c.addRaisingPages()
	showing(c, "/tickets/{id}", access.ReadTickets, c.viewTicket, ticketPage)
	c.posting("/tickets/{id}/reply", access.CommentTickets, c.postMessage("reply", rows.ClientVisible), c.ticketAgain("reply"))
	c.posting("/tickets/{id}/note", access.CommentTickets, c.postMessage("note", rows.InternalOnly), c.ticketAgain("note"))
	c.addTicketActs()
}

func ticketPath(id uuid.UUID) string { return "/tickets/" + id.String() }

func (c *Console) viewTicket(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v ticketView, err error) {
	if v.ticketBody, err = c.readTicket(ctx, tx, r, &ticketInput{ID: chi.URLParam(request, "id")}); err != nil {
		return v, err
	}
	v.Path, v.Viewer, v.Form = ticketPath(v.ID), r.Actor.Person.UUID, blank()
	if v.Of, err = rows.ClientByID(ctx, tx, v.Client); err != nil && !errors.Is(err, domain.ErrNotFound) {
		return v, err
	}
	if v.Contract != nil {
		scope, err := rows.ContractByID(ctx, tx, *v.Contract, c.today())
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return v, err
		}
		v.Reference = scope.Reference
	}
	if r.may(access.ReadPolicies) {
		explained, err := c.readClock(ctx, tx, r, &ticketInput{ID: v.ID.String()})
		if err != nil {
			return v, err
		}
		v.Clock = &explained
	}
	v.Comment = r.reaches(access.CommentTickets, v.Of)
	v.Publish, v.Erase = r.reaches(access.PublishTickets, v.Of), r.may(access.EraseFiles)
	if v.Comment {
		if v.Mentionable, err = c.colleagues(ctx, tx, access.ReadTickets); err != nil {
			return v, err
		}
		v.Mentionable = slices.DeleteFunc(v.Mentionable, func(o page.Option) bool { return o.Value == v.Viewer.String() })
	}
	v.Acts = ticketActsOn(r, v)
	return v, nil
}

// colleagues are the active people of staff whose role has a permission, by name.
func (c *Console) colleagues(ctx context.Context, tx pgx.Tx, needed access.Permission) ([]page.Option, error) {
	return c.peopleAs(ctx, tx, uuid.Nil, func(p rows.Person) bool {
		return access.ScopeOf(domain.Role(p.Role), needed) != access.Nothing
	})
}

// peopleAs are the active people of a client, or of uuid.Nil the staff, that are wanted, by name.
func (c *Console) peopleAs(ctx context.Context, tx pgx.Tx, of uuid.UUID, wanted func(rows.Person) bool) ([]page.Option, error) {
	people, _, err := rows.ListPeople(ctx, tx, of, uuid.Nil, rows.MaxLimit)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, person := range people {
		if person.Status == statusActive && wanted(person) {
			ids = append(ids, person.ID)
		}
	}
	names, err := c.people(ctx, tx, slices.Clone(ids))
	options := make([]page.Option, len(ids))
	for i, id := range ids {
		options[i] = page.Option{Value: id.String(), Label: nameOf(names, id.String())}
	}
	slices.SortStableFunc(options, func(a, b page.Option) int { return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	return options, err
}

// postMessage writes what the composer of an audience has in its field. On a ticket that has ended staff writes notes alone.
func (c *Console) postMessage(field, audience string) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		id, err := web.ID(chi.URLParam(r, "id"))
		if err != nil {
			return "", err
		}
		mentions, err := idsOf(form, "mentions")
		if err != nil {
			return "", err
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		on, text := domain.TicketID{UUID: id}, form.Get(field)
		var written commands.Answer
		if field == "note" && form.Get("ended") != "" {
			written, err = c.commands.NoteOnTicket(r.Context(), request, commands.NoteOnTicket{Ticket: on, Text: text})
		} else {
			written, err = c.commands.CommentOnTicket(r.Context(), request, commands.CommentOnTicket{
				Ticket: on, Text: text, Visibility: visibility(audience), Mentions: personIDs(mentions),
			})
		}
		return then(ticketPath(id), field+"_sent", written), err
	}
}

// idsOf reads the ids that a field has, as often as it was sent.
func idsOf(form typed, field string) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for _, text := range form.Values[field] {
		id, err := optionalID(text, field)
		if err != nil {
			return nil, err
		}
		if id != uuid.Nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// ticketAgain shows a ticket with a message as it was typed.
func (c *Console) ticketAgain(field string) func(http.ResponseWriter, *http.Request, auth.Login, typed, int) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, access.ReadTickets, c.viewTicket)
		if err != nil {
			return err
		}
		form.rename(field, "text")
		v.Form, frame.Wrong = form, true
		return page.Render(w, r, status, ticketPage(frame, v))
	}
}

// rename has a form's errors point to the field that its page has in place of others.
func (t typed) rename(field string, others ...string) {
	for i, wrong := range t.Errors {
		if slices.Contains(others, wrong.Field) {
			t.Errors[i].Field = field
		}
	}
}

// files are those of the ticket that can still be opened.
func (v ticketView) openFiles() []rows.Attachment {
	return slices.DeleteFunc(slices.Clone(v.Attachments), func(a rows.Attachment) bool { return a.ErasedAt != nil })
}

// own reports whether the viewer wrote a message that can still be changed.
func (v ticketView) own(m Message) bool {
	return v.Comment && m.Kind == rows.Comment && m.DeletedAt == nil && !m.Automatic && m.Author != nil && *m.Author == v.Viewer
}

// hidden lists what a publication may make visible: internal comments that are not deleted.
func (v ticketView) hidden() []page.Option {
	var options []page.Option
	for _, m := range v.Messages {
		if m.Kind == rows.Comment && m.Visibility != rows.ClientVisible && m.DeletedAt == nil {
			options = append(options, page.Option{Value: m.ID.String(), Label: author(m, v.People) + ", " + m.WrittenAt.Format("2 Jan 15:04"), Hint: m.Text})
		}
	}
	return options
}

// hiddenFiles lists the internal files, which a publication may make visible.
func (v ticketView) hiddenFiles() []page.Option {
	var options []page.Option
	for _, a := range v.openFiles() {
		if a.Visibility != rows.ClientVisible {
			options = append(options, page.Option{Value: a.ID.String(), Label: a.Name, Hint: fileSize(a.Size)})
		}
	}
	return options
}

// excusable lists the cycles whose breach may be excused, as "<goal> <cycle>".
func (v ticketView) excusable() []page.Option {
	var options []page.Option
	for _, t := range v.Targets {
		if t.BreachedAt != nil && t.ExcusedAt == nil {
			name := cycleName(t.Goal, t.Cycle)
			options = append(options, page.Option{Value: name, Label: goalName(t.Goal) + ", due " + t.BreachedAt.Format("2 Jan 2006, 15:04 MST")})
		}
	}
	return options
}

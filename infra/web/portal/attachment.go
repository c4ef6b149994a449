package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/blob"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// attachmentsPath is where files are, each under its id: a page's link tells nothing else about it.
const attachmentsPath = "/attachments"

// Files opens the files that were disclosed.
type Files interface {
	// Open wraps blob.ErrMissing when there is no file with the id.
	Open(id uuid.UUID) (*blob.Content, error)
}

// AttachFile asks to put a file on a ticket.
type AttachFile struct {
	Ticket uuid.UUID
	Name   string
}

type attachInput struct {
	web.Write
	After
	TicketPath
	Name string `query:"name" maxLength:"255" doc:"What the file is called, when the body is the file alone."`
}

// DownloadHeaders is embedded in the input of what sends a file; whoever sends it reads them.
type DownloadHeaders struct {
	Range         string `header:"Range" doc:"The part of the file that is wanted."`
	IfRange       string `header:"If-Range"`
	IfNoneMatch   string `header:"If-None-Match"`
	IfMatch       string `header:"If-Match"`
	ModifiedSince string `header:"If-Modified-Since" hidden:"true"`
}

type downloadInput struct {
	ID string `path:"id" doc:"The file's id, a UUID."`
	DownloadHeaders
}

func (p *Portal) registerAttachments() {
	upload := post("attach-file", "/tickets/{id}/attachments", "Put a file on a ticket, at most 25 MiB")
	web.RegisterUpload(p.API, access.CommentTickets, upload, func(ctx context.Context, actor domain.Actor, in *attachInput, file *web.File) (*written, error) {
		return p.attach(ctx, actor, in.Write, in.After, in.ID, file)
	})
	web.Register(p.API, access.ReadTickets, web.DownloadOperation("download-attachment", base+attachmentsPath+"/{id}", "A file of a ticket"),
		func(ctx context.Context, actor domain.Actor, in *downloadInput) (*web.DownloadOutput, error) {
			file, err := p.download(ctx, actor, in.ID)
			if err != nil {
				return nil, err
			}
			return web.Sending(file), nil
		})
}

// attach hands a file on to the use case as it arrives, once it is known that the actor may see the ticket.
func (p *Portal) attach(ctx context.Context, actor domain.Actor, write web.Write, since After, ticket string, file *web.File) (*written, error) {
	id, err := web.ID(ticket)
	if err != nil {
		return nil, err
	}
	err = p.look(ctx, actor, since, func(tx pgx.Tx, v client.Viewer) error { return client.FindTicket(ctx, tx, v, id) })
	if err != nil {
		return nil, err
	}
	if write.Key == "" || len(write.Key) > 2*maxFormKey { // The API has asked for one before.
		return nil, domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "the form has no key")
	}
	r, err := p.request(ctx, actor, write, "/tickets/"+ticket+attachmentsPath, nil) // The use case says what was asked: the content is a part of it.
	if err != nil {
		return nil, err
	}
	return p.write(r, func() (Answer, error) {
		return p.commands.AttachFile(ctx, r, AttachFile{Ticket: id, Name: file.Name}, file.Content)
	})
}

// download opens a file that the actor may see now: a link to one that was withdrawn leads nowhere.
func (p *Portal) download(ctx context.Context, actor domain.Actor, text string) (web.Download, error) {
	id, err := web.ID(text)
	if err != nil {
		return web.Download{}, err
	}
	var row client.Attachment
	_, err = p.view(ctx, actor, domain.Position{}, func(tx pgx.Tx, v client.Viewer) (err error) {
		row, err = client.ReadAttachment(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	return p.open(id, web.Download{Name: row.Name, Type: row.Type, SHA256: row.SHA256})
}

// open adds the content to a file that the actor may see.
func (p *Portal) open(id uuid.UUID, file web.Download) (web.Download, error) {
	content, err := p.files.Open(id)
	if errors.Is(err, blob.ErrMissing) { // It was withdrawn, and the read model is behind.
		return web.Download{}, fmt.Errorf("%w: %w", domain.ErrNotFound, err)
	}
	if err != nil {
		return web.Download{}, fmt.Errorf("open attachment %s: %w", id, err)
	}
	if content.SHA256 != file.SHA256 {
		_ = content.Close() // It was only read.
		return web.Download{}, fmt.Errorf("open attachment %s: %w", id, blob.ErrDamaged)
	}
	file.Content = content
	return file, nil
}

// mountAttachments adds the pages' own ways to the same.
func (p *Portal) mountAttachments() {
	p.Page(http.MethodGet, attachmentsPath+"/{id}", access.ReadTickets, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := p.download(r.Context(), login.Actor, chi.URLParam(r, "id"))
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	})
	p.PageUpload("/tickets/{id}/attachments", access.CommentTickets, p.attachForm)
}

// attachForm takes the file of a form, which names the write in its field "key".
func (p *Portal) attachForm(w http.ResponseWriter, r *http.Request, login auth.Login, file *web.File) error {
	ticket := chi.URLParam(r, "id")
	answer, err := p.attach(r.Context(), login.Actor, web.Write{Key: file.Fields.Get("key")}, After{}, ticket, file)
	if err != nil {
		return err
	}
	return p.toPage(w, r, "/tickets/"+ticket, answer.Position, "attached")
}

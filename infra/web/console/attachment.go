package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/blob"
	"effigate/infra/files"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// attachmentsPath is where files are, each under its id.
const attachmentsPath = "/attachments"

type attachInput struct {
	web.Write
	ID         string `path:"id" doc:"The ticket's id, a UUID."`
	Name       string `query:"name" maxLength:"255" doc:"What the file is called, when the body is the file alone."`
	Visibility string `query:"visibility" enum:"client_visible,internal_only" doc:"Who sees it; always said, here or in the form's field before the file."`
}

type downloadInput struct {
	Reading
	ID string `path:"id" doc:"The file's id, a UUID."`
	DownloadHeaders
}

// DownloadHeaders is embedded in the input of what sends a file; whoever sends it reads them.
type DownloadHeaders struct {
	Range       string `header:"Range" doc:"The part of the file that is wanted."`
	IfRange     string `header:"If-Range"`
	IfNoneMatch string `header:"If-None-Match"`
}

type changeAttachmentInput struct {
	Edit
	Attachment string `path:"attachment" doc:"The file's id, a UUID."`
	Body       *withdrawBody
}

func (c *Console) registerAttachments() {
	upload := post("attach-file", "/tickets/{id}/attachments", "Put a file on a ticket, at most 25 MiB", http.StatusCreated)
	web.RegisterUpload(c.API, access.CommentTickets, upload, func(ctx context.Context, actor domain.Actor, in *attachInput, file *web.File) (*written, error) {
		if in.Visibility == "" {
			in.Visibility = file.Fields.Get("visibility")
		}
		return answer(c.attach(ctx, actor, in.Write, in.ID, in.Visibility, file))
	})
	web.Register(c.API, access.ReadTickets, web.DownloadOperation("download-attachment", base+attachmentsPath+"/{id}", "A file of a ticket"),
		func(ctx context.Context, _ domain.Actor, in *downloadInput) (*web.DownloadOutput, error) {
			after, err := in.after()
			if err != nil {
				return nil, err
			}
			file, err := c.download(ctx, web.LoginOf(ctx), after, in.ID)
			if err != nil {
				return nil, err
			}
			return web.Sending(file), nil
		})
	c.changingAttachment("publish", "Make a file visible to the client", access.PublishTickets, c.options.Files.Publish)
	c.changingAttachment("withdraw", "End the disclosure of a file", access.PublishTickets, c.commands.WithdrawAttachment)
	c.changingAttachment("erase", "Remove a file for good", access.EraseFiles, c.commands.EraseAttachment)
}

// changingAttachment registers a command on a file.
func (c *Console) changingAttachment(
	verb, summary string, needed access.Permission, run func(context.Context, commands.Request, commands.ChangeAttachment) (commands.Answer, error),
) {
	operation := post(verb+"-attachment", "/tickets/{id}/attachments/{attachment}/"+verb, summary, http.StatusOK)
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *changeAttachmentInput) (*written, error) {
		attachment, err := web.ID(in.Attachment)
		if err != nil {
			return nil, err
		}
		var asked withdrawBody
		if in.Body != nil {
			asked = *in.Body
		}
		id, request, err := c.edit(actor, in.Edit, base+"/tickets/{id}/attachments/"+in.Attachment+"/"+verb, asked)
		if err != nil {
			return nil, err
		}
		changed, err := run(ctx, request, commands.ChangeAttachment{
			Ticket: domain.TicketID{UUID: id}, Attachment: domain.AttachmentID{UUID: attachment}, Reason: asked.Reason,
		})
		return answer(changed, c.explainChange(ctx, err, id, request.Seen))
	})
}

// attach stores a file as it arrives. What was asked is the content too, so the use case makes the request's body.
func (c *Console) attach(ctx context.Context, actor domain.Actor, write web.Write, ticket, audience string, file *web.File) (commands.Answer, error) {
	id, err := web.ID(ticket)
	if err != nil {
		return commands.Answer{}, err
	}
	if audience != rows.ClientVisible && audience != rows.InternalOnly {
		return commands.Answer{}, wrongField("visibility", "must be client_visible or internal_only")
	}
	request, err := c.request(actor, write, base+"/tickets/"+ticket+attachmentsPath, nil)
	if err != nil {
		return commands.Answer{}, err
	}
	return c.options.Files.Attach(ctx, request, files.Upload{
		Ticket: domain.TicketID{UUID: id}, Visibility: visibility(audience), Name: file.Name, Content: file.Content,
	})
}

// download opens a file for whoever reads tickets.
func (c *Console) download(ctx context.Context, login auth.Login, after domain.Position, text string) (web.Download, error) {
	id, err := web.ID(text)
	if err != nil {
		return web.Download{}, err
	}
	var row rows.Attachment
	_, err = c.read(ctx, login, access.ReadTickets, after, func(tx pgx.Tx, _ reader) (err error) {
		row, err = rows.AttachmentByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	if row.ErasedAt != nil {
		return web.Download{}, erased(id)
	}
	return c.open(id, web.Download{Name: row.Name, Type: row.Type, SHA256: row.SHA256})
}

// open adds the content to a file.
func (c *Console) open(id uuid.UUID, file web.Download) (web.Download, error) {
	content, err := c.options.Files.Open(id)
	if errors.Is(err, blob.ErrMissing) {
		return web.Download{}, errors.Join(erased(id), err)
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

func erased(id uuid.UUID) error {
	return domain.Refuse(domain.ErrNotFound, "file_erased", "the bytes of file %s are gone", id)
}

// addAttachmentPages adds the pages' own ways to the same.
func (c *Console) addAttachmentPages() {
	c.Page(http.MethodGet, attachmentsPath+"/{id}", access.ReadTickets, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := c.download(r.Context(), login, domain.Position{}, chi.URLParam(r, "id"))
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	})
	c.PageUpload("/tickets/{id}/attachments", access.CommentTickets, c.attachForm)
}

// attachForm takes the file of a form, whose fields before it are the key and the visibility.
func (c *Console) attachForm(w http.ResponseWriter, r *http.Request, login auth.Login, file *web.File) error {
	key := file.Fields.Get("key")
	if key == "" || len(key) > 200 {
		return domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "the form has lost its key; open it anew")
	}
	ticket := chi.URLParam(r, "id")
	attached, err := c.attach(r.Context(), login.Actor, web.Write{Key: key}, ticket, file.Fields.Get("visibility"), file)
	if err != nil {
		return err
	}
	http.Redirect(w, r, then("/tickets/"+ticket, "attached", attached), http.StatusSeeOther)
	return nil
}

package console

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/web"
)

type publishBody struct {
	Comments    []uuid.UUID `json:"comments,omitempty" maxItems:"500" nullable:"false" doc:"The internal comments to publish with the ticket."`
	Attachments []uuid.UUID `json:"attachments,omitempty" maxItems:"100" nullable:"false" doc:"The internal files to publish with the ticket."`
	Reason      string      `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

type withdrawBody struct {
	Reason string `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

type previewInput struct {
	ID       string      `path:"id" doc:"The ticket's id, a UUID."`
	Comments []uuid.UUID `query:"comments" maxItems:"500" doc:"The internal comments to publish with the ticket."`

	Attachments []uuid.UUID `query:"attachments" maxItems:"100" doc:"The internal files to publish with the ticket."`
}

type previewBody struct {
	Items []disclosed `json:"items" nullable:"false" doc:"Exactly what the client will get; nothing when it has it all."`
}

type previewOutput struct{ Body previewBody }

type withdrawCommentInput struct {
	Edit
	Comment string `path:"comment" doc:"The id of the comment or note, a UUID."`
	Body    withdrawBody
}

func (c *Console) registerPublication() {
	web.Register(c.API, access.PublishTickets, huma.Operation{
		OperationID: "preview-publication", Method: http.MethodGet, Path: base + "/tickets/{id}/publication",
		Summary: "What publishing a ticket would disclose",
	}, c.previewPublication)
	editingTicket(c, access.PublishTickets, "publish-ticket", "publish", "Make a ticket visible to its client, and comments with it", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked publishBody) (commands.Answer, error) {
			return c.options.Files.PublishTicket(ctx, r, commands.PublishTicket{
				Ticket: id, Comments: commentIDs(asked.Comments), Attachments: attachmentIDs(asked.Attachments), Reason: asked.Reason,
			})
		})
	editingTicket(c, access.PublishTickets, "withdraw-ticket", "withdraw", "End the disclosure of a ticket and of everything on it", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked withdrawBody) (commands.Answer, error) {
			return c.commands.WithdrawTicket(ctx, r, commands.WithdrawTicket{Ticket: id, Reason: asked.Reason})
		})
	withdrawal := post("withdraw-comment", "/tickets/{id}/comments/{comment}/withdraw", "End the disclosure of a comment or note", http.StatusOK)
	web.Register(c.API, access.PublishTickets, withdrawal, func(ctx context.Context, actor domain.Actor, in *withdrawCommentInput) (*written, error) {
		comment, err := web.ID(in.Comment)
		if err != nil {
			return nil, err
		}
		path := strings.Replace(withdrawal.Path, "{comment}", in.Comment, 1)
		id, request, err := c.edit(actor, in.Edit, path, in.Body)
		if err != nil {
			return nil, err
		}
		withdrawn, err := c.commands.WithdrawComment(ctx, request, commands.WithdrawComment{
			Ticket: domain.TicketID{UUID: id}, Comment: domain.CommentID{UUID: comment}, Reason: in.Body.Reason,
		})
		return answer(withdrawn, c.explainChange(ctx, err, id, request.Seen))
	})
}

func (c *Console) previewPublication(ctx context.Context, actor domain.Actor, in *previewInput) (*previewOutput, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	changes, err := c.commands.PreviewPublication(ctx, commands.Request{Actor: actor, At: c.now().UTC().Truncate(time.Microsecond)},
		commands.PublishTicket{
			Ticket: domain.TicketID{UUID: id}, Comments: commentIDs(in.Comments), Attachments: attachmentIDs(in.Attachments),
		})
	if err != nil {
		return nil, err
	}
	out := &previewOutput{Body: previewBody{Items: make([]disclosed, len(changes))}}
	for i, change := range changes {
		out.Body.Items[i] = disclose(change)
	}
	return out, nil
}

func commentIDs(plain []uuid.UUID) []domain.CommentID {
	ids := make([]domain.CommentID, len(plain))
	for i, id := range plain {
		ids[i] = domain.CommentID{UUID: id}
	}
	return ids
}

func attachmentIDs(plain []uuid.UUID) []domain.AttachmentID {
	ids := make([]domain.AttachmentID, len(plain))
	for i, id := range plain {
		ids[i] = domain.AttachmentID{UUID: id}
	}
	return ids
}

// disclosed is one client-safe change.
type disclosed struct {
	Change string         `json:"change" enum:"put,remove"`
	Kind   string         `json:"kind" example:"ticket"`
	ID     uuid.UUID      `json:"id" format:"uuid"`
	Record map[string]any `json:"record,omitempty" doc:"The whole record as the client store gets it, without empty fields; absent when it is removed."`
}

func disclose(change visible.Change) disclosed {
	key := change.Key()
	d := disclosed{Change: "remove", Kind: string(key.Kind), ID: key.ID}
	if put, ok := change.(visible.Put); ok {
		d.Change, d.Record = "put", fields(put.Record)
	}
	return d
}

// fields gives all that a record holds, whatever its kind, so that nothing is disclosed which the preview
// does not show.
func fields(record visible.Record) map[string]any {
	all := map[string]any{}
	value := reflect.ValueOf(record)
	for i := range value.NumField() {
		if field := value.Field(i); !field.IsZero() {
			all[snake(value.Type().Field(i).Name)] = field.Interface()
		}
	}
	return all
}

// snake turns the name of a field into one of JSON: RaisedAt into raised_at, ID into id.
func snake(name string) string {
	var words strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			words.WriteByte('_')
		}
		lower = unicode.IsLower(r)
		words.WriteRune(unicode.ToLower(r))
	}
	return words.String()
}

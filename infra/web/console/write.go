package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
)

// Edit is embedded in the input of every write to something that exists.
type Edit struct {
	web.Write
	ID   string `path:"id" doc:"The id of what is written to, a UUID."`
	Seen string `header:"If-Match" maxLength:"32" doc:"The ETag of what was seen. If it has changed since, the answer is a 409 that says how."`
}

// edit is the input of a write to something that exists. A body that may be left out is a pointer.
type edit[B any] struct {
	Edit
	Body B
}

// nothing is the body of a write that says all by its name.
type nothing struct{}

// written is the output of every write.
type written struct {
	Position string `header:"Effigate-Position" doc:"Where in the log the effect is complete; a read with after=<position> contains it."`
	Body     writtenBody
}

type writtenBody struct {
	ID uuid.UUID `json:"id" format:"uuid" doc:"What was written to: the client, the contract or the ticket."`
}

func answer(a commands.Answer, err error) (*written, error) {
	if err != nil {
		return nil, err
	}
	return &written{Position: formatPosition(a.Position), Body: writtenBody{ID: a.ID}}, nil
}

func post(id, path, summary string, status int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: base + path, Summary: summary, DefaultStatus: status,
	}
}

// editing registers a write to something that exists.
func editing[B any](c *Console, needed access.Permission, operation huma.Operation, run func(context.Context, commands.Request, uuid.UUID, B) (commands.Answer, error)) {
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *edit[B]) (*written, error) {
		id, request, err := c.edit(actor, in.Edit, operation.Path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, id, in.Body))
	})
}

// edit makes the request of a command on something that exists, and names that. What was seen is a part of
// what was asked: the same edit of another revision is another request.
func (c *Console) edit(actor domain.Actor, in Edit, path string, asked any) (uuid.UUID, commands.Request, error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return uuid.Nil, commands.Request{}, err
	}
	request, err := c.request(actor, in.Write, strings.Replace(path, "{id}", in.ID, 1), []any{in.Seen, asked})
	if err != nil {
		return uuid.Nil, commands.Request{}, err
	}
	request.Seen, err = parseRevision(in.Seen)
	return id, request, err
}

// request makes the request of a command. What was asked is hashed as it was understood, so that spaces and
// the order of fields do not make it another request.
func (c *Console) request(actor domain.Actor, in web.Write, route string, asked any) (commands.Request, error) {
	canonical, err := json.Marshal(asked)
	if err != nil {
		return commands.Request{}, fmt.Errorf("encode what %s was asked: %w", route, err)
	}
	return commands.Request{
		Actor: actor, Route: http.MethodPost + " " + route, Key: in.Key, Body: canonical,
		At: c.now().UTC().Truncate(time.Microsecond), Traceparent: in.Traceparent(),
	}, nil
}

// parseRevision reads the ETag of an If-Match; nil when there is none.
func parseRevision(tag string) (*int64, error) {
	if tag == "" {
		return nil, nil
	}
	revision, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(tag, `"`), `"`), 10, 64)
	if err != nil || revision < 0 || tag != etag(revision) {
		return nil, wrongField("If-Match", `must be an ETag of this API, such as "4"`)
	}
	return &revision, nil
}

// etag gives a revision as an ETag.
func etag(revision int64) string { return strconv.Quote(strconv.FormatInt(revision, 10)) }

// writing registers a write that names what it is about in its body.
func writing[B any](c *Console, needed access.Permission, operation huma.Operation, run func(context.Context, commands.Request, B) (commands.Answer, error)) {
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *struct {
		web.Write
		Body B
	},
	) (*written, error) {
		request, err := c.request(actor, in.Write, operation.Path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(run(ctx, request, in.Body))
	})
}

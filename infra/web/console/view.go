package console

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type ownInput struct{ Reading }

type viewsBody struct {
	Fresh
	Items []rows.View `json:"items" nullable:"false" doc:"By name."`
}

type viewBody struct {
	Name  string `json:"name" minLength:"1" maxLength:"80" doc:"A view that has it already is replaced."`
	List  string `json:"list" enum:"queue,tickets"`
	Query string `json:"query" maxLength:"2000" example:"priority=critical&mine=true" doc:"The filters, as the query of the list's address."`
}

type saveViewInput struct {
	web.Write
	Body viewBody
}

type deleteViewInput struct {
	ID string `path:"id" doc:"The view's id, a UUID."`
}

type keptOutput struct {
	Body struct {
		ID uuid.UUID `json:"id" format:"uuid"`
	}
}

// registerViews adds the searches that people keep, each of them its own.
func (c *Console) registerViews() {
	get(c, "list-views", "/views", "The views that one keeps", access.ReadTickets,
		func(ctx context.Context, tx pgx.Tx, r reader, _ *ownInput) (b viewsBody, err error) {
			b.Items, err = rows.Views(ctx, tx, r.Actor.Person.UUID)
			return b, err
		})
	web.Register(c.API, access.ReadTickets, post("save-view", "/views", "Keep a view, at most 50", http.StatusCreated), c.saveView)
	deletion := huma.Operation{
		OperationID: "delete-view", Method: http.MethodDelete, Path: base + "/views/{id}", Summary: "Delete a view",
		DefaultStatus: http.StatusNoContent,
	}
	web.Register(c.API, access.ReadTickets, deletion, func(ctx context.Context, actor domain.Actor, in *deleteViewInput) (*struct{}, error) {
		if err := c.stillMay(ctx, access.ReadTickets); err != nil {
			return nil, err
		}
		id, err := web.ID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, c.options.Desk.DeleteView(ctx, actor.Person.UUID, id)
	})
}

func (c *Console) saveView(ctx context.Context, actor domain.Actor, in *saveViewInput) (*keptOutput, error) {
	if err := c.stillMay(ctx, access.ReadTickets); err != nil {
		return nil, err
	}
	if _, err := url.ParseQuery(in.Body.Query); err != nil {
		return nil, wrongField("query", "must be the query of an address, such as priority=critical&mine=true")
	}
	// The name makes it the same view again, when the request is repeated as well.
	id := domain.Derive(actor.Person.UUID, "view", in.Body.Name)
	err := c.options.Desk.SaveView(ctx, actor.Person.UUID, id,
		in.Body.Name, in.Body.List, in.Body.Query, c.moment())
	if err != nil {
		return nil, err
	}
	out := &keptOutput{}
	out.Body.ID = id
	return out, nil
}

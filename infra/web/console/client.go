package console

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/money"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type listClientsInput struct {
	Reading
	Page
}

type clientsBody struct {
	Fresh
	Items  []rows.Client     `json:"items" nullable:"false" doc:"By name."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type clientInput struct {
	Reading
	ID string `path:"id" doc:"The client's id, a UUID."`
}

type clientBody struct {
	Fresh
	rows.Client
	Users  []Person          `json:"users" nullable:"false" doc:"At most 200; none for a role that may not see them."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Parked *rows.Parked      `json:"parked,omitempty" doc:"There when an event of the client could not be applied: what is shown ends before it."`
}

func (b clientBody) revision() int64 { return b.Revision }

type registerClientBody struct {
	Name     string `json:"name" minLength:"1" maxLength:"200" example:"Nexus Corp"`
	Zone     string `json:"zone" maxLength:"64" example:"Australia/Sydney" doc:"IANA name."`
	Language string `json:"language" maxLength:"35" example:"en-AU" doc:"BCP 47."`
	Currency string `json:"currency" maxLength:"3" example:"AUD" doc:"ISO 4217."`
}

type renameClientBody struct {
	Name string `json:"name" minLength:"1" maxLength:"200"`
}

type assignManagerBody struct {
	Manager uuid.UUID `json:"manager" format:"uuid" doc:"A staff person."`
}

func (c *Console) registerClients() {
	get(c, "list-clients", "/clients", "The clients by name", access.ReadClients, c.listClients)
	get(c, "read-client", "/clients/{id}", "One client with its users", access.ReadClients, c.readClient)
	web.Register(c.API, access.RegisterClients, post("register-client", "/clients", "Begin a client", http.StatusCreated), c.registerClient)
	editing(c, access.ManageClients, post("rename-client", "/clients/{id}/rename", "Give a client another name", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked renameClientBody) (commands.Answer, error) {
			return c.commands.RenameClient(ctx, r, commands.RenameClient{Client: domain.ClientID{UUID: id}, Name: asked.Name})
		})
	editing(c, access.AssignManagers, post("assign-account-manager", "/clients/{id}/assign-account-manager", "Make a staff person answer for a client", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked assignManagerBody) (commands.Answer, error) {
			return c.commands.AssignAccountManager(ctx, r, commands.AssignAccountManager{
				Client: domain.ClientID{UUID: id}, Manager: domain.PersonID{UUID: asked.Manager},
			})
		})
}

func (c *Console) listClients(ctx context.Context, tx pgx.Tx, _ reader, in *listClientsInput) (b clientsBody, err error) {
	after := uuid.Nil
	if in.Cursor != "" {
		if after, err = uuid.Parse(in.Cursor); err != nil {
			return b, wrongField("cursor", "must be one that a list gave")
		}
	}
	items, next, err := rows.Clients(ctx, tx, after, in.Limit)
	if err != nil {
		return b, err
	}
	b.Items = items
	if next != uuid.Nil {
		b.Next = next.String()
	}
	var managers []uuid.UUID
	for _, client := range b.Items {
		managers = append(managers, given(client.AccountManager)...)
	}
	b.People, err = c.people(ctx, tx, managers)
	return b, err
}

func (c *Console) readClient(ctx context.Context, tx pgx.Tx, r reader, in *clientInput) (b clientBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if b.Client, err = rows.ClientByID(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Users = []Person{}; r.may(access.ReadPeople) {
		found, err := rows.PeopleOf(ctx, tx, id)
		if err != nil {
			return b, err
		}
		b.Users, _ = c.showPeople(ctx, id, found)
	}
	if b.Parked, err = parked(ctx, tx, "client-"+id.String()); err != nil {
		return b, err
	}
	named := given(b.AccountManager)
	for _, user := range b.Users {
		named = append(named, user.ID)
	}
	b.People, err = c.people(ctx, tx, named)
	return b, err
}

func (c *Console) registerClient(ctx context.Context, actor domain.Actor, in *struct {
	web.Write
	Body registerClientBody
},
) (*written, error) {
	request, err := c.request(actor, in.Write, base+"/clients", in.Body)
	if err != nil {
		return nil, err
	}
	return answer(c.commands.RegisterClient(ctx, request, commands.RegisterClient{
		Name: in.Body.Name, Zone: in.Body.Zone, Language: in.Body.Language, Currency: money.Currency(in.Body.Currency),
	}))
}

package console

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/money"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// clientView is everything about one client that the viewer may see.
type clientView struct {
	rows.Client
	Path      string
	Manager   string // empty while nobody answers for the client
	Parked    *rows.Parked
	Contracts []rows.Scope
	People    []Person
	Nameless  bool   // the accounts could not be asked
	Rules     *Rules // nil when they could not be read, too
	Managers  []page.Option
	Form      typed
	Billed    *billedView // nil for a viewer who may not see invoices

	// What the viewer may do and see.
	Rename, Assign, SetRules, Manage, SeePeople, SeeContracts, Draft, Bill bool
}

// registerView is the form of a new client.
type registerView struct{ Form typed }

func (c *Console) addClientPages() {
	c.Page(http.MethodGet, "/clients/new", access.RegisterClients, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		if err := c.stillMay(r.Context(), access.RegisterClients); err != nil {
			return err
		}
		return page.Render(w, r, http.StatusOK, registerPage(c.frame(r, login), registerView{blank()}))
	})
	c.posting("/clients/new", access.RegisterClients, c.postClient, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		return page.Render(w, r, status, registerPage(c.frame(r, login), registerView{form}))
	})
	showing(c, "/clients/{id}", access.ReadClients, c.viewClient, clientPage)
	c.posting("/clients/{id}/rename", access.ManageClients, c.postRename, c.clientAgain)
	c.posting("/clients/{id}/account-manager", access.AssignManagers, c.postManager, c.clientAgain)
}

func (c *Console) viewClient(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v clientView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.Client, err = rows.ClientByID(ctx, tx, id); err != nil {
		return v, err
	}
	if v.Parked, err = parked(ctx, tx, "client-"+id.String()); err != nil {
		return v, err
	}
	v.Path, v.Form = clientPath(id), blank()
	v.Rename, v.Assign = r.reaches(access.ManageClients, v.Client), r.reaches(access.AssignManagers, v.Client)
	v.SetRules, v.Manage = r.reaches(access.SetLoginRules, v.Client), r.may(access.ManagePeople)
	v.Draft, v.Bill = r.may(access.ManageContracts), r.reaches(access.DescribeBilling, v.Client)
	if r.may(access.ReadInvoices) {
		if v.Billed, err = c.billed(ctx, tx, rows.InvoiceFilter{Client: id}); err != nil {
			return v, err
		}
	}
	if v.SeeContracts = r.may(access.ReadContracts); v.SeeContracts {
		if v.Contracts, err = rows.ContractsOf(ctx, tx, id, c.today()); err != nil {
			return v, err
		}
	}
	if v.SeePeople = r.may(access.ReadPeople); v.SeePeople {
		found, err := rows.PeopleOf(ctx, tx, id)
		if err != nil {
			return v, err
		}
		v.People, v.Nameless = c.showPeople(ctx, id, found)
		if rules, err := c.rules(ctx, domain.ClientID{UUID: id}); err == nil {
			v.Rules = &rules
		} else {
			v.Nameless = true // One database has both.
		}
	}
	return v, c.nameManagers(ctx, tx, &v)
}

// nameManagers says who answers for the client, and who could.
func (c *Console) nameManagers(ctx context.Context, tx pgx.Tx, v *clientView) error {
	names, err := c.people(ctx, tx, given(v.AccountManager))
	if err != nil {
		return err
	}
	if v.AccountManager != nil {
		v.Manager = nameOf(names, v.AccountManager.String())
	}
	if !v.Assign {
		return nil
	}
	colleagues, _, err := rows.ListPeople(ctx, tx, uuid.Nil, uuid.Nil, rows.MaxLimit)
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, colleague := range colleagues {
		ids = append(ids, colleague.ID)
	}
	if names, err = c.people(ctx, tx, ids); err != nil {
		return err
	}
	for _, colleague := range colleagues {
		if colleague.Status == statusActive && (colleague.Role == string(domain.AccountManager) || colleague.Role == string(domain.Owner)) {
			id := colleague.ID.String()
			v.Managers = append(v.Managers, page.Option{
				Value: id, Label: nameOf(names, id) + " (" + roleName(colleague.Role) + ")",
				Selected: v.AccountManager != nil && *v.AccountManager == colleague.ID,
			})
		}
	}
	return nil
}

// clientAgain shows a client with a form on it as it was sent.
func (c *Console) clientAgain(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
	v, frame, err := look(c, r, login, access.ReadClients, c.viewClient)
	if err != nil {
		return err
	}
	v.Form, frame.Wrong = form, true
	return page.Render(w, r, status, clientPage(frame, v))
}

func (c *Console) postClient(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.commands.RegisterClient(r.Context(), request, commands.RegisterClient{
		Name: form.Get("name"), Zone: form.Get("zone"), Language: form.Get("language"), Currency: money.Currency(form.Get("currency")),
	})
	return then(clientPath(answer.ID), "registered", answer), err
}

func (c *Console) postRename(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onClient(r, login, form, "renamed", func(request commands.Request, id domain.ClientID) (commands.Answer, error) {
		return c.commands.RenameClient(r.Context(), request, commands.RenameClient{Client: id, Name: form.Get("name")})
	})
}

func (c *Console) postManager(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onClient(r, login, form, "assigned", func(request commands.Request, id domain.ClientID) (commands.Answer, error) {
		manager, err := uuid.Parse(form.Get("manager"))
		if err != nil {
			return commands.Answer{}, wrongField("manager", "must be chosen")
		}
		return c.commands.AssignAccountManager(r.Context(), request, commands.AssignAccountManager{Client: id, Manager: domain.PersonID{UUID: manager}})
	})
}

// onClient runs the command of a form on a client's page, and leads back there.
func (c *Console) onClient(
	r *http.Request, login auth.Login, form typed, notice string, run func(commands.Request, domain.ClientID) (commands.Answer, error),
) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := run(request, domain.ClientID{UUID: id})
	return then(clientPath(id), notice, answer), err
}

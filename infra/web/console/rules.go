package console

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Rules are how the people of one organisation log in, as they are shown and asked for. It is exported
// because it is embedded in a body.
type Rules struct {
	SecondFactor bool     `json:"second_factor" doc:"Everybody must have one."`
	Domains      []string `json:"domains" maxItems:"100" nullable:"false" doc:"Of the addresses that may be invited; empty for any."`
	PasswordsOff bool     `json:"passwords_off" doc:"Single sign-on only; needs sso."`
	SSO          *SSO     `json:"sso,omitempty" doc:"The organisation's OpenID provider; absent without one."`
}

// SSO is an OpenID provider.
type SSO struct {
	Issuer   string   `json:"issuer" maxLength:"500" example:"https://login.nexus.example"`
	ClientID string   `json:"client_id" maxLength:"500"`
	Secret   string   `json:"secret,omitempty" maxLength:"500" doc:"To set it; never answered. Without it the one that is set stays."`
	Domains  []string `json:"domains" maxItems:"100" nullable:"false" doc:"Claimed: who gives an address of these is sent to the provider."`
	Join     bool     `json:"join" doc:"Who is unknown becomes a client employee at the first login, while seats are left."`
}

type rulesBody struct {
	Fresh
	Rules
}

type staffRulesInput struct{ Reading }

type setStaffRulesInput struct {
	web.Write
	Body Rules
}

type setClientRulesInput struct {
	web.Write
	ID   string `path:"id" doc:"The client's id, a UUID."`
	Body Rules
}

type rulesOutput struct{ Body Rules }

type seatLimitBody struct {
	Limit int `json:"limit" minimum:"0" maximum:"10000" doc:"Up to how many users the client's own admins may invite."`
}

func (c *Console) registerRules() {
	get(c, "read-login-rules", "/clients/{id}/login-rules", "How a client's people log in", access.ReadPeople, c.readClientRules)
	get(c, "read-login-rules-of-staff", "/staff/login-rules", "How staff log in", access.ReadStaff,
		func(ctx context.Context, _ pgx.Tx, _ reader, _ *staffRulesInput) (b rulesBody, err error) {
			b.Rules, err = c.rules(ctx, domain.ClientID{})
			return b, err
		})
	web.Register(c.API, access.SetLoginRules, post("set-login-rules", "/clients/{id}/login-rules", "Set how a client's people log in", http.StatusOK),
		func(ctx context.Context, _ domain.Actor, in *setClientRulesInput) (*rulesOutput, error) {
			of, err := c.ownClient(ctx, access.SetLoginRules, in.ID)
			if err != nil {
				return nil, err
			}
			return c.setRules(ctx, domain.ClientID{UUID: of.ID}, in.Body)
		})
	web.Register(c.API, access.ManageStaff, post("set-login-rules-of-staff", "/staff/login-rules", "Set how staff log in", http.StatusOK),
		func(ctx context.Context, _ domain.Actor, in *setStaffRulesInput) (*rulesOutput, error) {
			if err := c.stillMay(ctx, access.ManageStaff); err != nil {
				return nil, err
			}
			return c.setRules(ctx, domain.ClientID{}, in.Body)
		})
	editing(c, access.SetLoginRules, post("set-seat-limit", "/clients/{id}/seat-limit", "Set up to how many users the client's own admins may invite", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked seatLimitBody) (commands.Answer, error) {
			return c.commands.SetSeatLimit(ctx, r, commands.SetSeatLimit{Client: domain.ClientID{UUID: id}, Limit: asked.Limit})
		})
}

func (c *Console) readClientRules(ctx context.Context, tx pgx.Tx, _ reader, in *clientInput) (b rulesBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if _, err = rows.ClientByID(ctx, tx, id); err != nil {
		return b, err
	}
	b.Rules, err = c.rules(ctx, domain.ClientID{UUID: id})
	return b, err
}

// ownClient finds a client for which the login behind the context has the permission.
func (c *Console) ownClient(ctx context.Context, needed access.Permission, text string) (of rows.Client, err error) {
	id, err := web.ID(text)
	if err != nil {
		return of, err
	}
	_, err = c.read(ctx, web.LoginOf(ctx), needed, domain.Position{}, func(tx pgx.Tx, r reader) (err error) {
		if of, err = rows.ClientByID(ctx, tx, id); err != nil {
			return err
		}
		return r.sees(of)
	})
	return of, err
}

// stillMay asks the read model for what no command asks the events: whether the login behind the context
// still stands.
func (c *Console) stillMay(ctx context.Context, needed access.Permission) error {
	_, err := c.read(ctx, web.LoginOf(ctx), needed, domain.Position{}, func(pgx.Tx, reader) error { return nil })
	return err
}

func (c *Console) rules(ctx context.Context, client domain.ClientID) (Rules, error) {
	set, err := c.accountsOf(client.UUID).Rules(ctx, client)
	if err != nil {
		return Rules{}, err
	}
	shown := Rules{SecondFactor: set.SecondFactor, Domains: listed(set.Domains), PasswordsOff: set.PasswordsOff}
	if set.SSO != nil {
		shown.SSO = &SSO{Issuer: set.SSO.Issuer, ClientID: set.SSO.ClientID, Domains: listed(set.SSO.Domains), Join: set.SSO.Join}
	}
	return shown, nil
}

// setRules sets them and gives them as they are now.
func (c *Console) setRules(ctx context.Context, client domain.ClientID, asked Rules) (*rulesOutput, error) {
	set := accounts.Rules{Client: client, SecondFactor: asked.SecondFactor, Domains: asked.Domains, PasswordsOff: asked.PasswordsOff}
	if asked.SSO != nil {
		set.SSO = &accounts.SSO{
			Issuer: asked.SSO.Issuer, ClientID: asked.SSO.ClientID, Secret: asked.SSO.Secret, Domains: asked.SSO.Domains, Join: asked.SSO.Join,
		}
	}
	if err := c.accountsOf(client.UUID).SetRules(ctx, set); err != nil {
		return nil, err
	}
	c.record(ctx, accounts.KindRules, client, client.String())
	now, err := c.rules(ctx, client)
	return &rulesOutput{Body: now}, err
}

// listed makes an empty list of none.
func listed(all []string) []string { return append([]string{}, all...) }

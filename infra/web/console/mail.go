package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
)

// Letter is a mail that could not be delivered. It is exported because it is a part of a body.
type Letter struct {
	ID       uuid.UUID  `json:"id" format:"uuid"`
	Side     string     `json:"side" enum:"staff,client" doc:"Whose mail it is."`
	Kind     string     `json:"kind" enum:"invitation,reset,email_old,email_new,notice"`
	Person   uuid.UUID  `json:"person" format:"uuid"`
	Client   *uuid.UUID `json:"client,omitempty" format:"uuid"`
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	At       time.Time  `json:"at" doc:"When it was ordered."`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error" doc:"What the last attempt failed by."`
}

type lettersOutput struct {
	Body struct {
		Items []Letter `json:"items" nullable:"false" doc:"Those of staff first, the newest of each side first; at most 200 of each."`
	}
}

type sendAgainInput struct {
	web.Write
	ID string `path:"id" doc:"The letter's id, a UUID."`
}

type letterOutput struct {
	Body struct {
		ID uuid.UUID `json:"id" format:"uuid"`
	}
}

func (c *Console) registerMail() {
	web.Register(c.API, access.OperateMail, huma.Operation{
		OperationID: "list-mail", Method: http.MethodGet, Path: base + "/mail", Summary: "The mail that could not be delivered",
	},
		func(ctx context.Context, _ domain.Actor, _ *struct{}) (*lettersOutput, error) {
			if err := c.stillMay(ctx, access.OperateMail); err != nil {
				return nil, err
			}
			out := &lettersOutput{}
			var err error
			out.Body.Items, err = c.letters(ctx)
			return out, err
		})
	web.Register(c.API, access.OperateMail, post("send-again", "/mail/{id}/send-again", "Try anew to deliver a mail", http.StatusOK),
		func(ctx context.Context, _ domain.Actor, in *sendAgainInput) (*letterOutput, error) {
			out := &letterOutput{}
			var err error
			out.Body.ID, err = c.sendAgain(ctx, in.ID)
			return out, err
		})
}

// letters lists what could not be delivered on both sides.
func (c *Console) letters(ctx context.Context) ([]Letter, error) {
	shown := []Letter{}
	for _, side := range []domain.Side{domain.StaffSide, domain.ClientSide} {
		dead, err := c.accountsOfSide(side).Dead(ctx)
		if err != nil {
			return nil, err
		}
		for _, letter := range dead {
			shown = append(shown, showLetter(side, letter))
		}
	}
	return shown, nil
}

func showLetter(side domain.Side, m accounts.Mail) Letter {
	return Letter{
		ID: m.ID, Side: string(side), Kind: string(m.Kind), Person: m.Person.UUID, Client: known(m.Client.UUID), Name: m.Name,
		Email: m.Email, At: m.CreatedAt, Attempts: m.Attempts, Error: m.Error,
	}
}

// sendAgain puts a letter back into the queue of the side that has it.
func (c *Console) sendAgain(ctx context.Context, text string) (uuid.UUID, error) {
	id, err := web.ID(text)
	if err != nil {
		return id, err
	}
	if err := c.stillMay(ctx, access.OperateMail); err != nil {
		return id, err
	}
	if err = c.staff.Resend(ctx, id); errors.Is(err, domain.ErrNotFound) {
		err = c.clients.Resend(ctx, id)
	}
	return id, err
}

func (c *Console) accountsOfSide(side domain.Side) Accounts {
	if side == domain.StaffSide {
		return c.staff
	}
	return c.clients
}

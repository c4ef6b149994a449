package portal

import (
	"context"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// maxObjection bounds the reason of an objection, in characters.
const maxObjection = 2000

type objectInput struct {
	web.Write
	After
	NumberPath
	Body objectBody
}

type objectBody struct {
	Line   uuid.UUID `json:"line" format:"uuid" doc:"The id of a line of the invoice."`
	Amount string    `json:"amount,omitempty" pattern:"^[0-9]{1,12}(\\.[0-9]{1,6})?$" maxLength:"20" doc:"How much of the line, before tax; absent for all of it." example:"120.50"`
	Reason string    `json:"reason" minLength:"1" maxLength:"2000"`
}

// DisputePath is embedded in the input of what concerns one objection to an invoice.
type DisputePath struct {
	ID string `path:"id" doc:"The dispute's id, a UUID."`
}

type withdrawDisputeInput struct {
	web.Write
	After
	DisputePath
	Body struct{}
}

func (p *Portal) registerDisputes() {
	web.Register(p.API, access.DisputeInvoices, post("dispute-invoice", "/invoices/{number}/disputes", "Object to a line of an invoice, or to a part of it"),
		func(ctx context.Context, actor domain.Actor, in *objectInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/invoices/"+in.Number+"/disputes", in.Body, func(r Request) (Answer, error) {
				return p.object(ctx, r, in.After, in.NumberPath, in.Body)
			})
		})
	web.Register(p.API, access.DisputeInvoices, post("withdraw-dispute", "/disputes/{id}/withdraw", "Take an objection back that is not answered"),
		func(ctx context.Context, actor domain.Actor, in *withdrawDisputeInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/disputes/"+in.ID+"/withdraw", in.Body, func(r Request) (Answer, error) {
				return p.withdrawDispute(ctx, r, in.After, in.ID)
			})
		})
}

// amountForm is how an amount is typed.
var amountForm = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?$`)

// wrongAmount says what is wrong with the amount of an objection; the empty one stands for the whole line. Zero would,
// too, where amounts are numbers.
func wrongAmount(amount string) string {
	switch {
	case amount == "":
		return ""
	case !amountForm.MatchString(amount):
		return "must be a number such as 120.50, or nothing for the whole line"
	case strings.Trim(amount, "0.") == "":
		return "must be above zero"
	}
	return ""
}

// object objects for the organisation to a line of an invoice that the actor may see.
func (p *Portal) object(ctx context.Context, r Request, since After, path NumberPath, said objectBody) (Answer, error) {
	number, err := path.text()
	if err != nil {
		return Answer{}, err
	}
	if wrong := wrongAmount(said.Amount); wrong != "" {
		return Answer{}, wrongField("amount", wrong)
	}
	var invoice uuid.UUID
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		invoice, _, err = client.FindInvoice(ctx, tx, v, number, p.now())
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return p.commands.ObjectToLine(ctx, r, Objection{Invoice: invoice, Line: said.Line, Amount: said.Amount, Reason: said.Reason})
}

// withdrawDispute takes an objection back that the actor may see.
func (p *Portal) withdrawDispute(ctx context.Context, r Request, since After, text string) (Answer, error) {
	id, err := web.ID(text)
	if err != nil {
		return Answer{}, err
	}
	var dispute client.Dispute
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		dispute, err = client.ReadDispute(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return p.commands.WithdrawDispute(ctx, r, dispute.Invoice, id)
}

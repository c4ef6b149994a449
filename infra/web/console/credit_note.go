package console

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
)

type creditLineBody struct {
	Line uuid.UUID `json:"line" format:"uuid"`
	Net  string    `json:"net" minLength:"1" maxLength:"40" example:"68.33" doc:"Before tax, with the sign of the line, and no more than is left of it."`
}

type creditInvoiceBody struct {
	Lines  []creditLineBody `json:"lines,omitempty" maxItems:"500" doc:"Absent for all that is left."`
	Code   string           `json:"code" enum:"mistake,goodwill,dispute,cancelled,correction"`
	Reason string           `json:"reason" minLength:"1" maxLength:"500" doc:"As it is printed."`
	Note   string           `json:"note,omitempty" maxLength:"500" doc:"For colleagues."`
	Effect string           `json:"effect,omitempty" enum:"account_credit,refund" doc:"What becomes of what was paid already: the client's credit, unless said otherwise."`
	Rebill bool             `json:"rebill,omitempty" doc:"What an invoice charged that is credited as a whole can be billed again."`
	Date   string           `json:"date,omitempty" format:"date" doc:"Today in the issuer's zone when absent."`
}

func (c *Console) creditInvoice(ctx context.Context, r commands.Request, id uuid.UUID, asked creditInvoiceBody) (commands.Answer, error) {
	command := commands.CreditInvoice{
		Invoice: domain.InvoiceID{UUID: id}, Code: creditnote.Code(asked.Code), Reason: strings.TrimSpace(asked.Reason), Note: strings.TrimSpace(asked.Note),
		Effect: asked.Effect, Rebill: asked.Rebill, Date: calendar.Date(asked.Date),
	}
	for _, line := range asked.Lines {
		net, err := decimal.NewFromString(line.Net)
		if err != nil || strings.ContainsAny(line.Net, "eE") {
			return commands.Answer{}, wrongField("lines", "must be credited in amounts, such as 68.33")
		}
		command.Lines = append(command.Lines, bill.Credit{Line: line.Line, Net: net})
	}
	return c.commands.CreditInvoice(ctx, r, command)
}

package commands

import (
	"context"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
)

// AskOverage asks the client, in the present period, whether work may go on beyond the hours of a line. The
// answer's ID is the request's.
type AskOverage struct {
	Contract domain.ContractID
	Line     string
	Minutes  int    // beyond
	Text     string // what the client is asked, word for word
}

// AskOverage runs the command.
func (s *Service) AskOverage(ctx context.Context, r Request, c AskOverage) (Answer, error) {
	request := domain.Derive(r.Command().UUID, "overage")
	return s.onContractOf(ctx, r, access.ManageContracts, c.Contract, request, func(of *agreement) (domain.Position, error) {
		return s.onPeriod(ctx, r, of.id, of.day(r.At).Month(), func(_ *agreement, said period.Says) period.Command {
			return period.AskOverage{Request: request, Line: c.Line, Minutes: c.Minutes, Text: c.Text, Says: said, By: r.Actor, At: r.At}
		})
	})
}

// AnswerOverage is a Client Admin's answer.
type AnswerOverage struct {
	Contract domain.ContractID
	Month    calendar.Month // of the period that asked
	Request  uuid.UUID
	Allow    bool
	Reason   string
}

// AnswerOverage runs the command. What another organisation was asked, or nobody, the period says is not found. The
// answer's ID is the request's.
func (s *Service) AnswerOverage(ctx context.Context, r Request, c AnswerOverage) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.AcceptContracts); err != nil {
			return Answer{}, err
		}
		if !c.Month.Valid() {
			return Answer{}, notFound()
		}
		position, err := onStream(ctx, s, period.Decider, r.on(period.Stream(c.Contract, c.Month)), period.Command(period.AnswerOverage{
			Request: c.Request, Allow: c.Allow, Reason: c.Reason, By: r.Actor, At: r.At,
		}))
		return Answer{ID: c.Request, Position: position}, err
	})
}

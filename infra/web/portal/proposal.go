package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// ProposalPath is embedded in the input of what concerns one proposal.
type ProposalPath struct {
	ID string `path:"id" doc:"The proposal's id, a UUID."`
}

type listProposalsInput struct {
	Reading
	State  string `query:"state" enum:"offered,accepted,declined,all" default:"all" doc:"offered: it waits for your decision."`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type proposalsBody struct {
	Fresh
	Items []client.Proposal `json:"items" nullable:"false"`
	Next  string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type proposalBody struct {
	Fresh
	client.ProposalDetail
}

type acceptInput struct {
	web.Write
	After
	ProposalPath
	Body acceptBody
}

type acceptBody struct {
	SHA256 string `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Of the proposal as you read it. When it is another one by now, nothing is agreed."`
}

type declineInput struct {
	web.Write
	After
	ProposalPath
	Body declineBody
}

type declineBody struct {
	Reason string `json:"reason,omitempty" maxLength:"2000"`
}

func (p *Portal) registerProposals() {
	web.Register(p.API, access.ReadContracts, get("list-proposals", "/proposals", "Contracts and amendments that you are or were asked to agree to, last offered first"), p.listProposals)
	web.Register(p.API, access.ReadContracts, get("read-proposal", "/proposals/{id}", "A proposal word for word"),
		func(ctx context.Context, actor domain.Actor, in *struct {
			Reading
			ProposalPath
		},
		) (*answered[proposalBody], error) {
			id, err := web.ID(in.ID)
			if err != nil {
				return nil, err
			}
			return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (proposalBody, error) {
				found, err := client.ReadProposal(ctx, tx, v, id)
				return proposalBody{ProposalDetail: found}, err
			})
		})
	web.Register(p.API, access.AcceptContracts, post("accept-proposal", "/proposals/{id}/accept", "Agree to a proposal, after a fresh proof of who you are"),
		func(ctx context.Context, actor domain.Actor, in *acceptInput) (*written, error) {
			r, err := p.request(ctx, actor, in.Write, "/proposals/"+in.ID+"/accept", in.Body)
			if err != nil {
				return nil, err
			}
			return p.write(r, func() (Answer, error) { return p.accept(ctx, r, in.After, in.ID, in.Body.SHA256) })
		})
	web.Register(p.API, access.AcceptContracts, post("decline-proposal", "/proposals/{id}/decline", "Decline a proposal, after a fresh proof of who you are"),
		func(ctx context.Context, actor domain.Actor, in *declineInput) (*written, error) {
			r, err := p.request(ctx, actor, in.Write, "/proposals/"+in.ID+"/decline", in.Body)
			if err != nil {
				return nil, err
			}
			return p.write(r, func() (Answer, error) { return p.decline(ctx, r, in.After, in.ID, in.Body.Reason) })
		})
}

func (p *Portal) listProposals(ctx context.Context, actor domain.Actor, in *listProposalsInput) (*answered[proposalsBody], error) {
	cursor, err := p.openCursor(actor, in.Cursor)
	if err != nil {
		return nil, err
	}
	filter := client.ProposalFilter{State: in.State, After: cursor, Limit: in.Limit}
	if in.State == "all" {
		filter.State = ""
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (proposalsBody, error) {
		items, next, err := client.ListProposals(ctx, tx, v, filter)
		return proposalsBody{Items: items, Next: p.sealCursor(actor, next)}, err
	})
}

// accept agrees for the organisation to what has the digest. From where, is sealed under the actor's own key: history
// can be read for as long as the actor's data may be kept.
func (p *Portal) accept(ctx context.Context, r Request, since After, id, digest string) (Answer, error) {
	return p.onProposal(ctx, r, since, id, func(about Proposal) (Answer, error) {
		sealed, err := p.sealOrigin(ctx, r.Actor.Person)
		if err != nil {
			return Answer{}, err
		}
		return p.commands.AcceptProposal(ctx, r, about, Agreement{SHA256: digest, Sealed: sealed})
	})
}

// decline refuses for the organisation.
func (p *Portal) decline(ctx context.Context, r Request, since After, id, reason string) (Answer, error) {
	return p.onProposal(ctx, r, since, id, func(about Proposal) (Answer, error) {
		return p.commands.DeclineProposal(ctx, r, about, reason)
	})
}

// onProposal runs a command on a proposal. What is not of the organisation does not exist; what was decided in the
// meantime, and terms that changed, are for the command to refuse.
func (p *Portal) onProposal(ctx context.Context, r Request, since After, text string, run func(Proposal) (Answer, error)) (Answer, error) {
	id, err := web.ID(text)
	if err != nil {
		return Answer{}, err
	}
	var about Proposal
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) error {
		found, err := client.ReadProposal(ctx, tx, v, id)
		if about.Contract = found.ContractID; id != found.ContractID {
			about.Amendment = id
		}
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	answer, err := run(about)
	answer.ID = id
	return answer, err
}

// maxUserAgent bounds what is kept of a browser's name for itself, in bytes.
const maxUserAgent = 400

// sealOrigin seals from where a request came.
func (p *Portal) sealOrigin(ctx context.Context, person domain.PersonID) (string, error) {
	address, userAgent := web.Origin(ctx)
	plain, err := json.Marshal(struct {
		Address   string `json:"address"`
		UserAgent string `json:"user_agent"`
	}{address, strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgent)], "")})
	if err != nil {
		return "", fmt.Errorf("encode the origin of an agreement: %w", err)
	}
	return p.accounts.SealEvidence(ctx, person, plain)
}

package portal

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// ContractPath is embedded in the input of what concerns one contract.
type ContractPath struct {
	ID string `path:"id" doc:"The contract's id, a UUID."`
}

// Dated is embedded in the body of what says how many hours there are. The instant is no part of the ETag: a 304 says
// that the figures are still the same.
type Dated struct {
	AsOf time.Time `json:"as_of" doc:"When the figures were read."`
}

// asOf is the instant of a read, as commands are stamped.
func (p *Portal) asOf() Dated { return Dated{AsOf: p.now().UTC().Truncate(time.Second)} }

type listContractsInput struct {
	Reading
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type contractsBody struct {
	Fresh
	Dated
	Items []client.ContractSummary `json:"items" nullable:"false"`
	Next  string                   `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type contractBody struct {
	Fresh
	Dated
	client.ContractDetail
}

type listWorkInput struct {
	Reading
	ContractPath
	Month    string `query:"month" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"The month in which it counts."`
	Category string `query:"category" format:"uuid" doc:"The id of one of the contract's job types."`
	Cursor   string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type workBody struct {
	Fresh
	Items []client.Work `json:"items" nullable:"false"`
	Next  string        `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

func (p *Portal) registerContracts() {
	web.Register(p.API, access.ReadContracts, get("list-contracts", "/contracts", "Your contracts, those that began last first"), p.listContracts)
	web.Register(p.API, access.ReadContracts, get("read-contract", "/contracts/{id}", "A contract with what was bought and consumed"), p.readContract)
	web.Register(p.API, access.ReadContracts, get("list-work", "/contracts/{id}/work", "The work done under a contract, newest first"), p.listWork)
}

func (p *Portal) listContracts(ctx context.Context, actor domain.Actor, in *listContractsInput) (*answered[contractsBody], error) {
	cursor, err := p.openCursor(actor, in.Cursor)
	if err != nil {
		return nil, err
	}
	out, err := read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (contractsBody, error) {
		items, next, err := client.ListContracts(ctx, tx, v, cursor, in.Limit)
		return contractsBody{Items: items, Next: p.sealCursor(actor, next)}, err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Dated = p.asOf()
	return out, nil
}

func (p *Portal) readContract(ctx context.Context, actor domain.Actor, in *struct {
	Reading
	ContractPath
},
) (*answered[contractBody], error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	out, err := read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (contractBody, error) {
		contract, err := client.ReadContract(ctx, tx, v, id)
		return contractBody{ContractDetail: contract}, err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Dated = p.asOf()
	return out, nil
}

func (p *Portal) listWork(ctx context.Context, actor domain.Actor, in *listWorkInput) (*answered[workBody], error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	filter := client.WorkFilter{Month: in.Month, Limit: in.Limit}
	if filter.After, err = p.openCursor(actor, in.Cursor); err != nil {
		return nil, err
	}
	if in.Category != "" {
		if filter.Category, err = uuid.Parse(in.Category); err != nil {
			return nil, wrongField("category", "must be a UUID")
		}
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (workBody, error) {
		items, next, err := client.ListWork(ctx, tx, v, id, filter)
		return workBody{Items: items, Next: p.sealCursor(actor, next)}, err
	})
}

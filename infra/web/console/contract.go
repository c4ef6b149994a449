package console

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/contract"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type contractsBody struct {
	Fresh
	Items []rows.Scope `json:"items" nullable:"false" doc:"By reference."`
}

type draftContractBody struct {
	Reference    string         `json:"reference" minLength:"1" maxLength:"200" example:"CON-2024-018"`
	Type         string         `json:"type" enum:"bucket,fixed,time_and_materials,retainer"`
	JobTypes     []rows.JobType `json:"job_types" minItems:"1" maxItems:"200" nullable:"false"`
	SupportLevel string         `json:"support_level" enum:"standard,priority,24x7"`
	Starts       string         `json:"starts" format:"date" example:"2026-01-01"`
	Ends         string         `json:"ends,omitempty" format:"date" doc:"The last day; absent when open-ended."`
	Activate     bool           `json:"activate,omitempty" doc:"Put the contract in force at once."`
}

type terminateContractBody struct {
	Reason string `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

type draftContractInput struct {
	web.Write
	ID   string `path:"id" doc:"The client's id, a UUID."`
	Body draftContractBody
}

func (c *Console) registerContracts() {
	get(c, "list-contracts", "/clients/{id}/contracts", "The contracts of a client", access.ReadContracts, c.listContracts)
	drafting := post("draft-contract", "/clients/{id}/contracts", "Draft a contract with a client", http.StatusCreated)
	web.Register(c.API, access.ManageContracts, drafting, func(ctx context.Context, actor domain.Actor, in *draftContractInput) (*written, error) {
		id, request, err := c.edit(actor, Edit{Write: in.Write, ID: in.ID}, drafting.Path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(c.draftContract(ctx, request, id, in.Body))
	})
	editing(c, access.ApproveContracts, post("activate-contract", "/contracts/{id}/activate", "Put a drafted contract in force", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, _ *nothing) (commands.Answer, error) {
			return c.commands.ActivateContract(ctx, r, commands.ActivateContract{Contract: domain.ContractID{UUID: id}})
		})
	editing(c, access.ApproveContracts, post("terminate-contract", "/contracts/{id}/terminate", "End a contract in force", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked terminateContractBody) (commands.Answer, error) {
			return c.commands.TerminateContract(ctx, r, commands.TerminateContract{Contract: domain.ContractID{UUID: id}, Reason: asked.Reason})
		})
}

func (c *Console) listContracts(ctx context.Context, tx pgx.Tx, _ reader, in *clientInput) (b contractsBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if _, err = rows.ClientByID(ctx, tx, id); err != nil {
		return b, err
	}
	b.Items, err = rows.ContractsOf(ctx, tx, id)
	return b, err
}

// draftContract may run two commands, each with an id of its own that derives from the one key: a repeat
// completes what failed in between.
func (c *Console) draftContract(ctx context.Context, r commands.Request, client uuid.UUID, asked draftContractBody) (commands.Answer, error) {
	scope := make([]contract.JobType, len(asked.JobTypes))
	for i, jobType := range asked.JobTypes {
		scope[i] = contract.JobType{Key: jobType.Key, Name: jobType.Name}
	}
	drafted, err := c.commands.DraftContract(ctx, r, commands.DraftContract{
		Client: domain.ClientID{UUID: client}, Reference: asked.Reference, Type: contract.Type(asked.Type), JobTypes: scope,
		SupportLevel: contract.SupportLevel(asked.SupportLevel), Starts: contract.Date(asked.Starts), Ends: contract.Date(asked.Ends),
	})
	if err != nil || !asked.Activate {
		return drafted, err
	}
	r.Route += " and activate"
	return c.commands.ActivateContract(ctx, r, commands.ActivateContract{Contract: domain.ContractID{UUID: drafted.ID}})
}

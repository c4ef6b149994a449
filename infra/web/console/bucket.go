package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// bucketBody is hours that were granted together, with what was changed by hand.
type bucketBody struct {
	rows.Bucket
	Changes []rows.BucketAdjustment `json:"adjustments" nullable:"false" doc:"The first one first."`
}

type bucketsBody struct {
	Fresh
	Items  []bucketBody      `json:"items" nullable:"false" doc:"The newest first."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
}

type grantBucketBody struct {
	Line    string          `json:"line" minLength:"1" maxLength:"64" doc:"The key of a line of the contract."`
	Minutes int             `json:"minutes" minimum:"1"`
	From    string          `json:"from,omitempty" format:"date" doc:"The first day; absent for today."`
	Until   string          `json:"until,omitempty" format:"date" doc:"The last day; absent as the line's terms say."`
	Price   decimal.Decimal `json:"price,omitzero" required:"false" doc:"Of all of it."`
	Reason  string          `json:"reason,omitempty" maxLength:"2000" doc:"Internal."`
}

type adjustBucketBody struct {
	Minutes int    `json:"minutes" doc:"Negative takes away."`
	Reason  string `json:"reason" minLength:"1" maxLength:"2000" doc:"Internal."`
}

type adjustBucketInput struct {
	Edit
	Bucket string `path:"bid" doc:"The bucket's id, a UUID."`
	Body   adjustBucketBody
}

type releaseInput struct {
	Edit
	Line      string `path:"line" maxLength:"64" doc:"The key of a line."`
	Milestone string `path:"key" maxLength:"64" doc:"The key of an entry of its schedule."`
	Body      *nothing
}

func (c *Console) registerBuckets() {
	get(c, "list-buckets", "/contracts/{id}/buckets", "The hours that a contract granted", access.ReadContracts, c.listBuckets)
	granting := post("grant-bucket", "/contracts/{id}/buckets", "Add bought hours to a line", http.StatusCreated)
	editing(c, access.ApproveContracts, granting, func(ctx context.Context, r commands.Request, id uuid.UUID, asked grantBucketBody) (commands.Answer, error) {
		return c.commands.GrantBucket(ctx, r, commands.GrantBucket{
			Contract: domain.ContractID{UUID: id}, Line: asked.Line, Minutes: asked.Minutes,
			From: calendar.Date(asked.From), Until: calendar.Date(asked.Until), Price: asked.Price, Reason: asked.Reason,
		})
	})
	adjusting := post("adjust-bucket", "/contracts/{id}/buckets/{bid}/adjust", "Change what is left of bought hours", http.StatusOK)
	web.Register(c.API, access.ApproveContracts, adjusting, func(ctx context.Context, actor domain.Actor, in *adjustBucketInput) (*written, error) {
		bucket, err := web.ID(in.Bucket)
		if err != nil {
			return nil, err
		}
		id, request, err := c.edit(actor, in.Edit, strings.Replace(adjusting.Path, "{bid}", in.Bucket, 1), in.Body)
		if err != nil {
			return nil, err
		}
		return answer(c.commands.AdjustBucket(ctx, request, commands.AdjustBucket{
			Contract: domain.ContractID{UUID: id}, Bucket: domain.BucketID{UUID: bucket}, Minutes: in.Body.Minutes, Reason: in.Body.Reason,
		}))
	})
	releasing := post("release-milestone", "/contracts/{id}/milestones/{line}/{key}/release", "Make an entry of a schedule billable", http.StatusOK)
	web.Register(c.API, access.ManageContracts, releasing, func(ctx context.Context, actor domain.Actor, in *releaseInput) (*written, error) {
		path := strings.NewReplacer("{line}", in.Line, "{key}", in.Milestone).Replace(releasing.Path)
		id, request, err := c.edit(actor, in.Edit, path, in.Body)
		if err != nil {
			return nil, err
		}
		return answer(c.commands.ReleaseMilestone(ctx, request, commands.ReleaseMilestone{
			Contract: domain.ContractID{UUID: id}, Line: in.Line, Milestone: in.Milestone,
		}))
	})
}

func (c *Console) listBuckets(ctx context.Context, tx pgx.Tx, r reader, in *contractInput) (b bucketsBody, err error) {
	id, err := c.existingContract(ctx, tx, in.ID)
	if err != nil {
		return b, err
	}
	b.Items, err = r.buckets(ctx, tx, id)
	if err != nil {
		return b, err
	}
	var people []uuid.UUID
	for _, item := range b.Items {
		people = append(people, item.people()...)
	}
	b.People, err = c.people(ctx, tx, people)
	return b, err
}

// buckets lists the hours that a contract granted, as a reader may see them: prices and reasons are of those who
// see terms.
func (r reader) buckets(ctx context.Context, tx pgx.Tx, contract uuid.UUID) ([]bucketBody, error) {
	found, err := rows.Buckets(ctx, tx, contract)
	if err != nil {
		return nil, err
	}
	buckets := make([]bucketBody, len(found))
	for i, bucket := range found {
		changes, err := bucket.Changes()
		if err != nil {
			return nil, err
		}
		if !r.may(access.ReadTerms) {
			bucket.Price, bucket.Reason = "", ""
			for n := range changes {
				changes[n].Reason = ""
			}
		}
		buckets[i] = bucketBody{Bucket: bucket, Changes: changes}
	}
	return buckets, nil
}

// people are those whom the bucket names.
func (b bucketBody) people() []uuid.UUID {
	ids := given(b.GrantedBy)
	for _, change := range b.Changes {
		ids = append(ids, change.By)
	}
	return ids
}

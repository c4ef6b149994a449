package portal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// After is embedded in the input of what waits for an own write.
type After struct {
	Query  string `query:"after" maxLength:"200" doc:"The Effigate-Position of a write that the answer must contain. After two seconds it is answered without, and says that it is stale."`
	Header string `header:"Effigate-After" maxLength:"200" doc:"The same as the parameter after."`
}

func (a After) token() string {
	if a.Query != "" {
		return a.Query
	}
	return a.Header
}

// Reading is embedded in the input of every read.
type Reading struct {
	After
	IfNoneMatch string `header:"If-None-Match" maxLength:"1000" doc:"ETags of answers that are known: one of them is answered with 304."`
}

// Fresh is embedded in the body of every read.
type Fresh struct {
	Stale bool `json:"stale,omitempty" doc:"The write that was waited for is not in here yet."`
}

func (f *Fresh) mark() { f.Stale = true }

// body is a pointer to the body of a read.
type body[B any] interface {
	*B
	mark()
}

// answered is the output of every read.
type answered[B any] struct {
	Status int
	ETag   string `header:"ETag"`
	Model  string `header:"Effigate-Read-Model" doc:"stale when the body is."`
	Body   B
}

// read answers a read: it waits for the position asked for, fetches in one transaction, and answers 304
// when the reader has the same already.
func read[B any, P body[B]](ctx context.Context, p *Portal, actor domain.Actor, in Reading, fetch func(pgx.Tx, client.Viewer) (B, error)) (*answered[B], error) {
	position, err := p.openPosition(actor, in.token())
	if err != nil {
		return nil, err
	}
	out := &answered[B]{Status: http.StatusOK}
	stale, err := p.view(ctx, actor, position, func(tx pgx.Tx, v client.Viewer) (err error) {
		out.Body, err = fetch(tx, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.ETag, err = etag(out.Body); err != nil {
		return nil, err
	}
	if stale {
		P(&out.Body).mark()
		out.Model = "stale"
	}
	if matches(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// view reads as an actor, whose standing is looked up in the same transaction: a login whose rights have
// ended proves nobody, whatever it said when it was made.
func (p *Portal) view(ctx context.Context, actor domain.Actor, after domain.Position, fetch func(pgx.Tx, client.Viewer) error) (stale bool, err error) {
	return p.reads.Read(ctx, actor.Client, after, func(tx pgx.Tx) error {
		viewer, err := client.Admit(ctx, tx, actor)
		if errors.Is(err, domain.ErrNotFound) {
			p.Forget(actor.Person) // Or the verifier would let the next page come as far as this.
			return fmt.Errorf("%w: person %s is not an active %s of the client", auth.ErrUnauthenticated, actor.Person, actor.Role)
		}
		if err != nil {
			return err
		}
		return fetch(tx, viewer)
	})
}

// etag is a hash of what the reader sees, and of nothing else: it does not move when nothing visible does.
func etag(body any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("hash answer: %w", err)
	}
	sum := sha256.Sum256(text)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`, nil
}

// matches reports whether a list of ETags, as in If-None-Match, names the tag.
func matches(list, tag string) bool {
	for known := range strings.SplitSeq(list, ",") {
		known = strings.TrimPrefix(strings.TrimSpace(known), "W/")
		if known == tag || known == "*" {
			return true
		}
	}
	return false
}

type meBody struct {
	Fresh
	client.Me
}

type overviewBody struct {
	Fresh
	client.Overview
}

type categoriesBody struct {
	Fresh
	Items []client.Category `json:"items" nullable:"false" doc:"By contract."`
}

func (p *Portal) registerReads() {
	web.Register(p.API, access.OwnAccount, get("me", "/me", "Who you are"),
		func(ctx context.Context, actor domain.Actor, in *struct{ Reading }) (*answered[meBody], error) {
			return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (meBody, error) {
				me, err := client.ReadMe(ctx, tx, v)
				return meBody{Me: me}, err
			})
		})
	web.Register(p.API, access.ReadTickets, get("overview", "/overview", "Counts of your tickets, and your contracts"),
		func(ctx context.Context, actor domain.Actor, in *struct{ Reading }) (*answered[overviewBody], error) {
			return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (overviewBody, error) {
				overview, err := client.ReadOverview(ctx, tx, v)
				if web.LoginOf(ctx).May(access.ReadContracts, p.loginClock()) != nil {
					overview.Contracts = []client.Contract{} // A key may have the scope of tickets alone.
				}
				return overviewBody{Overview: overview}, err
			})
		})
	web.Register(p.API, access.RaiseTickets, get("list-ticket-categories", "/ticket-categories", "What tickets can be raised under"),
		func(ctx context.Context, actor domain.Actor, in *struct{ Reading }) (*answered[categoriesBody], error) {
			return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (categoriesBody, error) {
				items, err := client.ListCategories(ctx, tx, v)
				return categoriesBody{Items: items}, err
			})
		})
}

func get(id, path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: base + path, Summary: summary,
		Responses: map[string]*huma.Response{"304": {Description: "If-None-Match names what would be answered."}},
	}
}

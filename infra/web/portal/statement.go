package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/money"
	"effigate/domain/visible"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// StatementFile is a statement of account in one currency that is to be written as a file.
type StatementFile struct {
	Form     visible.Form // PDF or CSV
	Client   string       // by name, as the issuer is; no invoice, no issuer
	Issuer   string
	Zone     string // of the issuer, IANA, where its days end; of the client when there is no issuer
	From, To string // first and last day
	client.StatementCurrency
}

type statementInput struct {
	Reading
	From     string `query:"from" required:"true" format:"date" doc:"The first day."`
	To       string `query:"to" required:"true" format:"date" doc:"The last day."`
	Format   string `query:"format" enum:"json,csv,pdf" default:"json"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of a file, which is in one currency: it must be given when there are several."`
}

type statementBody struct {
	Fresh
	client.Statement
}

func (p *Portal) registerStatement() {
	operation := get("read-statement", "/statement", "What happened to your account between two days")
	file := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	operation.Responses["200"] = &huma.Response{Description: "The statement", Content: map[string]*huma.MediaType{
		"application/json": {Schema: web.SchemaOf[statementBody](p.API)}, "text/csv": file, "application/pdf": file,
	}}
	web.Register(p.API, access.ReadInvoices, operation, func(ctx context.Context, actor domain.Actor, in *statementInput) (*web.DownloadOutput, error) {
		if in.Format != "json" {
			file, err := p.statementFile(ctx, actor, in)
			if err != nil {
				return nil, err
			}
			return web.Sending(file), nil
		}
		out, err := read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (statementBody, error) {
			statement, err := readStatement(ctx, tx, v, in.From, in.To)
			return statementBody{Statement: statement}, err
		})
		if err != nil {
			return nil, err
		}
		return &web.DownloadOutput{Body: func(answer huma.Context) { sendJSON(answer, out) }}, nil
	})
}

// sendJSON answers as an operation does that answers with nothing else.
func sendJSON[B any](answer huma.Context, out *answered[B]) {
	answer.SetHeader("ETag", out.ETag)
	if out.Model != "" {
		answer.SetHeader("Effigate-Read-Model", out.Model)
	}
	if out.Status == http.StatusNotModified {
		answer.SetStatus(out.Status)
		return
	}
	answer.SetHeader("Content-Type", "application/json")
	answer.SetStatus(out.Status)
	_ = json.NewEncoder(answer.BodyWriter()).Encode(out.Body) // The reader has gone: there is nobody to tell.
}

func readStatement(ctx context.Context, tx pgx.Tx, v client.Viewer, from, to string) (client.Statement, error) {
	if err := days(from, to); err != nil {
		return client.Statement{}, err
	}
	return client.ReadStatement(ctx, tx, v, from, to)
}

// statementFile writes a statement as a file.
func (p *Portal) statementFile(ctx context.Context, actor domain.Actor, in *statementInput) (web.Download, error) {
	position, err := p.openPosition(actor, in.token())
	if err != nil {
		return web.Download{}, err
	}
	file := StatementFile{Form: visible.Form(in.Format), From: in.From, To: in.To}
	_, err = p.view(ctx, actor, position, func(tx pgx.Tx, v client.Viewer) error {
		me, err := client.ReadMe(ctx, tx, v)
		if err != nil {
			return err
		}
		statement, err := readStatement(ctx, tx, v, in.From, in.To)
		if err != nil {
			return err
		}
		if file.StatementCurrency, err = in.chosen(statement, me.Organisation.Currency); err != nil {
			return err
		}
		issuer, err := client.ReadIssuer(ctx, tx, v, file.Currency)
		file.Client, file.Issuer, file.Zone = me.Organisation.Name, issuer.Name, issuer.Zone
		if file.Zone == "" {
			file.Zone = me.Organisation.Zone
		}
		return err
	})
	if err != nil {
		return web.Download{}, err
	}
	content, err := p.statements(file)
	if err != nil {
		return web.Download{}, fmt.Errorf("write the statement as %s: %w", file.Form, err)
	}
	sum := sha256.Sum256(content)
	return web.Download{
		Name: "statement-" + file.From + "-" + file.To + "-" + file.Currency + "." + string(file.Form), Type: mediaTypes[file.Form],
		SHA256: hex.EncodeToString(sum[:]), Content: memory{bytes.NewReader(content)},
	}, nil
}

// chosen is the part of a statement in the currency that was asked for, or in the only one. Where nothing happened it
// is one of nothing in the client's own currency.
func (in *statementInput) chosen(s client.Statement, own string) (client.StatementCurrency, error) {
	nothing := client.StatementCurrency{Currency: own, Opening: "0", Rows: []client.StatementRow{}, Closing: "0"}
	if in.Currency != "" {
		if !money.Currency(in.Currency).Valid() {
			return client.StatementCurrency{}, wrongField("currency", "must be the code of a currency")
		}
		nothing.Currency = in.Currency
		for _, part := range s.Currencies {
			if part.Currency == in.Currency {
				return part, nil
			}
		}
		return nothing, nil
	}
	switch len(s.Currencies) {
	case 0:
		return nothing, nil
	case 1:
		return s.Currencies[0], nil
	default:
		return client.StatementCurrency{}, wrongField("currency", "must be given: the statement is in several")
	}
}

// memory is a file that is nowhere else.
type memory struct{ *bytes.Reader }

// Close does nothing.
func (memory) Close() error { return nil }

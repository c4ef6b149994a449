package console

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

const (
	accessOnPage   = 50
	accessExported = 10_000 // the most lines of an export
)

// accessView is a page of the log of access.
type accessView struct {
	AccessFilter
	accessBody
	Clients []page.Option // that can be filtered by
	Names   map[string]string
	Older   string
	Export  string // path of the same as a file
}

func (c *Console) addAccessLogPages() {
	showing(c, "/access-log", access.ReadAccessLog, c.viewAccess, accessPage)
	c.Page(http.MethodGet, "/access-log/export", access.ReadAccessLog, c.exportAccess)
}

// accessFilterOf reads the filter out of an address. What is no filter is wrong, not ignored: a list that is
// wider than it was asked for misleads.
func accessFilterOf(r *http.Request) (f AccessFilter, err error) {
	q := r.URL.Query()
	if f.Side = q.Get("side"); f.Side == "" {
		f.Side = string(domain.ClientSide)
	}
	if f.Side != string(domain.ClientSide) && f.Side != string(domain.StaffSide) {
		return f, wrongField("side", "must be staff or client")
	}
	if f.Kind = q.Get("kind"); f.Kind != "" && !slices.Contains(accessKinds, f.Kind) {
		return f, wrongField("kind", "must be a kind of access")
	}
	for field, id := range map[string]*uuid.UUID{"client": &f.Client, "person": &f.Person} {
		if text := q.Get(field); text != "" {
			if *id, err = uuid.Parse(text); err != nil {
				return f, wrongField(field, "must be an id")
			}
		}
	}
	return f, nil
}

// path is the address of a page or file of the log with this filter.
func (f AccessFilter) path(base, cursor string) string {
	return query(base, "side", f.Side, "client", idOf(f.Client), "person", idOf(f.Person), "kind", f.Kind, "cursor", cursor)
}

func (c *Console) viewAccess(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v accessView, err error) {
	if v.AccessFilter, err = accessFilterOf(request); err != nil {
		return v, err
	}
	c.note(ctx, accounts.KindSensitive, domain.ClientID{UUID: v.Client}, "access log of "+v.Side)
	if v.accessBody, err = c.listAccess(ctx, tx, r, v.AccessFilter, Page{Limit: accessOnPage, Cursor: request.URL.Query().Get("cursor")}); err != nil {
		return v, err
	}
	if v.Next != "" {
		v.Older = v.path("/access-log", v.Next)
	}
	v.Export = v.path("/access-log/export", "")
	// The clients that the reader may filter by are also those that the entries can name.
	clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
	v.Names = map[string]string{}
	v.Clients = []page.Option{{Label: "Any"}}
	for _, client := range clients {
		if r.reaches(access.ReadAccessLog, client) {
			v.Names[client.ID.String()] = client.Name
			v.Clients = append(v.Clients, page.Option{Value: client.ID.String(), Label: client.Name, Selected: client.ID == v.Client})
		}
	}
	return v, err
}

// exportAccess gives the log as a file for a spreadsheet. That is an access of a kind of its own.
func (c *Console) exportAccess(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	filter, err := accessFilterOf(r)
	if err != nil {
		return err
	}
	lines := [][]string{{"at", "person", "name", "client", "kind", "outcome", "subject", "count", "address", "user_agent"}}
	_, err = c.read(r.Context(), login, access.ReadAccessLog, domain.Position{}, func(tx pgx.Tx, reads reader) error {
		for next := ""; len(lines) <= accessExported; {
			body, err := c.listAccess(r.Context(), tx, reads, filter, Page{Limit: rows.MaxLimit, Cursor: next})
			if err != nil {
				return err
			}
			for _, entry := range body.Items {
				lines = append(lines, csvOf(entry, body.People))
			}
			if next = body.Next; next == "" {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.note(r.Context(), accounts.KindExport, domain.ClientID{UUID: filter.Client}, "access log of "+filter.Side)
	var file bytes.Buffer
	if err := writeCSV(&file, lines...); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="access-log.csv"`)
	_, _ = w.Write(file.Bytes()) // The reader has gone: there is nobody to tell.
	return nil
}

func csvOf(entry Access, names map[string]string) []string {
	text := func(id *uuid.UUID) string {
		if id == nil {
			return ""
		}
		return id.String()
	}
	return []string{
		entry.At.UTC().Format(time.RFC3339), text(entry.Person), names[text(entry.Person)], text(entry.Client), entry.Kind, entry.Outcome,
		entry.Subject, strconv.Itoa(entry.Count), entry.Address, entry.UserAgent,
	}
}

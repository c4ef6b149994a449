package portal

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// Access is one line of the log of access as an admin of the organisation sees it. It has no number: those
// of the log count what happens elsewhere.
type Access struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" enum:"login,logout,denied,invited,password_reset,credentials_changed,api_key_changed,session_ended,login_rules_changed,webhook_changed,erased,export,sensitive_read"`
	Outcome string    `json:"outcome" enum:"ok,refused"`
	Person  string    `json:"person,omitempty" doc:"The id of who of your organisation it was; absent for anybody else."`
	Name    string    `json:"name,omitempty" doc:"Absent when the account has none."`
	Subject string    `json:"subject,omitempty" doc:"What it was about: an id or a path."`
	Times   int       `json:"times" doc:"How often within the minute."`
	Address string    `json:"address,omitempty" doc:"The IP address of who of your organisation it was, or of a try to be one of them."`
	Device  string    `json:"device,omitempty" doc:"What the program said it is."`
	// Unproved says that nobody was recognised, and About names the person that Subject is, if it is one of
	// the organisation; both for the page.
	Unproved bool   `json:"-"`
	About    string `json:"-"`
}

type accessLogInput struct {
	Reading
	Kind   string `query:"kind" enum:"login,logout,denied,invited,password_reset,credentials_changed,api_key_changed,session_ended,login_rules_changed,webhook_changed,erased,export,sensitive_read"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type accessLogBody struct {
	Fresh
	Items []Access `json:"items" nullable:"false" doc:"Newest first."`
	Next  string   `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

func (p *Portal) registerAccessLog() {
	web.Register(p.API, access.ReadAccessLog, get("list-access", "/audit/access", "Who of your organisation came in, and what was refused"),
		func(ctx context.Context, actor domain.Actor, in *accessLogInput) (*answered[accessLogBody], error) {
			before, err := p.openLogCursor(actor, in.Cursor)
			if err != nil {
				return nil, err
			}
			return read(ctx, p, actor, in.Reading, func(_ pgx.Tx, v client.Viewer) (accessLogBody, error) {
				items, next, err := p.accessLog(ctx, v, in.Kind, before, in.Limit)
				if err == nil {
					p.recordReading(ctx, actor)
				}
				return accessLogBody{Items: items, Next: p.sealLogCursor(actor, next)}, err
			})
		})
}

// accessLog gives a page of the organisation's log, newest first, and where the next begins; 0 on the last.
// Who reads it is in it from then on.
func (p *Portal) accessLog(ctx context.Context, v client.Viewer, kind string, before int64, limit int) ([]Access, int64, error) {
	organisation := domain.ClientID{UUID: v.Client}
	entries, err := p.accounts.Entries(ctx, accounts.EntryFilter{Client: organisation, Kind: kind, Before: before, Limit: limit + 1})
	if err != nil {
		return nil, 0, fmt.Errorf("list the log of access: %w", err)
	}
	next := int64(0)
	if len(entries) > limit {
		entries = entries[:limit]
		next = entries[limit-1].ID
	}
	people := make([]domain.PersonID, 0, 2*len(entries))
	for _, entry := range entries {
		people = append(people, entry.Person)
		if id, err := uuid.Parse(entry.Subject); err == nil {
			people = append(people, domain.PersonID{UUID: id})
		}
	}
	known, err := p.accounts.Accounts(ctx, organisation, people)
	if err != nil {
		return nil, 0, fmt.Errorf("name the people of the log of access: %w", err)
	}
	items := make([]Access, len(entries))
	for i, entry := range entries {
		items[i] = accessOf(entry, known)
	}
	return items, next, nil
}

// accessOf tells of an entry what the organisation may know: of people that are not its own, neither who
// nor from where.
func accessOf(entry accounts.Entry, known map[domain.PersonID]accounts.Account) Access {
	a := Access{
		At: entry.At, Kind: entry.Kind, Outcome: entry.Outcome, Subject: entry.Subject, Times: entry.Count, Unproved: entry.Person.IsZero(),
	}
	if id, err := uuid.Parse(entry.Subject); err == nil {
		a.About = known[domain.PersonID{UUID: id}].Name
	}
	account, own := known[entry.Person]
	if own {
		a.Person, a.Name = entry.Person.String(), account.Name
	}
	if own || entry.Person.IsZero() {
		a.Address, a.Device = entry.Where.Address, entry.Where.UserAgent
	}
	return a
}

func (p *Portal) sealLogCursor(actor domain.Actor, before int64) string {
	if before == 0 {
		return ""
	}
	return p.sealer.Seal(sealedLog, actor.Client.UUID, binary.BigEndian.AppendUint64(nil, uint64(before)))
}

func (p *Portal) openLogCursor(actor domain.Actor, token string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	plain, err := p.sealer.Open(sealedLog, actor.Client.UUID, token)
	if err != nil || len(plain) != 8 {
		return 0, wrongField("cursor", "must be one that this list gave")
	}
	return int64(binary.BigEndian.Uint64(plain)), nil
}

// recordReading notes that somebody read the log.
func (p *Portal) recordReading(ctx context.Context, actor domain.Actor) {
	p.record(ctx, actor, accounts.KindSensitive, "ok", string(access.ReadAccessLog))
}

// record adds what an actor did, or was refused, to the log of access.
func (p *Portal) record(ctx context.Context, actor domain.Actor, kind, outcome, subject string) {
	address, userAgent := web.Origin(ctx)
	p.accounts.Record(ctx, accounts.Entry{
		Person: actor.Person, Client: actor.Client, Kind: kind, Outcome: outcome, Subject: subject, Count: 1,
		Where: accounts.Where{Address: address, UserAgent: userAgent},
	})
}

type accessLogView struct {
	screen
	Items []Access
	Kind  string // empty for all
	Older string
	First bool
}

func (p *Portal) accessLogPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	query := r.URL.Query()
	before, err := p.openLogCursor(login.Actor, query.Get("cursor"))
	if err != nil {
		return err
	}
	view := accessLogView{First: before == 0, Kind: query.Get("kind")}
	if _, known := kindTexts[view.Kind]; !known {
		view.Kind = "" // An address that was typed.
	}
	view.screen, err = p.screen(r, login, "Access log", func(ctx context.Context, _ pgx.Tx, v client.Viewer) error {
		items, next, err := p.accessLog(ctx, v, view.Kind, before, pageLimit)
		view.Items = items
		view.Older = older(accessLogPath, view.filter(), p.sealLogCursor(login.Actor, next))
		return err
	})
	if err != nil {
		return err
	}
	p.recordReading(r.Context(), login.Actor)
	return page.Render(w, r, http.StatusOK, accessLogPage(view))
}

// filter is the query that shows the same kind.
func (v accessLogView) filter() url.Values {
	if v.Kind == "" {
		return url.Values{}
	}
	return url.Values{"kind": {v.Kind}}
}

// newest is the path of the newest entries of the kind.
func (v accessLogView) newest() string {
	if v.Kind == "" {
		return accessLogPath
	}
	return accessLogPath + "?" + v.filter().Encode()
}

// kinds is the field that chooses what to show.
func (v accessLogView) kinds() page.Field {
	field := page.Field{Name: "kind", Label: "Show", Required: true, Options: []page.Option{{Label: "Everything"}}}
	for _, kind := range kinds {
		field.Options = append(field.Options, page.Option{Value: kind, Label: kindTexts[kind], Selected: kind == v.Kind})
	}
	return field
}

// kinds are those that an organisation's log has, as the page offers them.
var kinds = []string{
	accounts.KindLogin, accounts.KindLogout, accounts.KindDenied, accounts.KindInvited, accounts.KindReset, accounts.KindCredentials,
	accounts.KindKey, accounts.KindSession, accounts.KindRules, accounts.KindWebhook, accounts.KindErased, accounts.KindExport, accounts.KindSensitive,
}

// kindTexts are the kinds in words.
var kindTexts = map[string]string{
	accounts.KindLogin: "Login", accounts.KindLogout: "Logout", accounts.KindDenied: "Something not allowed", accounts.KindInvited: "Invitation",
	accounts.KindReset: "Password reset", accounts.KindCredentials: "Password, address or second factor changed", accounts.KindKey: "API key changed",
	accounts.KindSession: "Login session ended", accounts.KindRules: "Login rules changed", accounts.KindWebhook: "Webhook changed", accounts.KindErased: "Personal data erased",
	accounts.KindExport: "Export", accounts.KindSensitive: "Access log read",
}

// what is what happened, in words.
func (a Access) what() string {
	if a.Times > 1 {
		return kindTexts[a.Kind] + " (" + strconv.Itoa(a.Times) + " times)"
	}
	return kindTexts[a.Kind]
}

// who is whom an entry is about, in words.
func (a Access) who() string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Person != "":
		return "Somebody without a name"
	case a.Unproved:
		return "Nobody who was recognised"
	default:
		return "Your service firm"
	}
}

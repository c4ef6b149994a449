package console

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web/page"
)

// rulesView are the login rules of a client, or of staff.
type rulesView struct {
	Of    string // name of the client; empty for staff
	Path  string // of the page
	Back  string
	Seats int
	Taken int
	Set   bool // a provider is set: its secret can stay
	Form  typed
	// Callback is where the provider has to send people back to.
	Callback string
}

func (c *Console) addRulesPages() {
	for _, of := range []subject{users, staff} {
		pattern, needed := "/clients/{id}/login-rules", access.SetLoginRules
		if of.side == domain.StaffSide {
			pattern, needed = "/staff/login-rules", access.ManageStaff
		}
		view := c.viewRules(of)
		showing(c, pattern, needed, view, rulesPage)
		c.posting(pattern, needed, c.postRules(of, needed), func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
			return c.rulesAgain(w, r, login, needed, view, form, status)
		})
	}
	c.posting("/clients/{id}/seat-limit", access.SetLoginRules, c.postSeats, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		return c.rulesAgain(w, r, login, access.SetLoginRules, c.viewRules(users), form, status)
	})
}

func (c *Console) viewRules(of subject) func(context.Context, pgx.Tx, reader, *http.Request) (rulesView, error) {
	return func(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v rulesView, err error) {
		client, list, err := place(ctx, tx, of, request)
		if err != nil {
			return v, err
		}
		v = rulesView{Path: "/staff/login-rules", Back: list, Callback: c.options.Base.JoinPath("/login/sso/callback").String()}
		if client.ID != uuid.Nil {
			if err = r.sees(client); err != nil {
				return v, err
			}
			v.Of, v.Path, v.Seats, v.Taken = client.Name, list+"/login-rules", client.Seats, client.SeatsTaken
			v.Callback = c.options.Portal.JoinPath("/login/sso/callback").String()
		}
		rules, err := c.rules(ctx, domain.ClientID{UUID: client.ID})
		v.Set, v.Form = rules.SSO != nil, rules.form(v.Seats)
		return v, err
	}
}

// form fills in the form with the rules as they are.
func (r Rules) form(seats int) typed {
	form := blank()
	tick := func(name string, on bool) {
		if on {
			form.Values.Set(name, "on")
		}
	}
	tick("second_factor", r.SecondFactor)
	tick("passwords_off", r.PasswordsOff)
	form.Values.Set("domains", strings.Join(r.Domains, "\n"))
	form.Values.Set("limit", strconv.Itoa(seats))
	if r.SSO != nil {
		form.Values.Set("sso.issuer", r.SSO.Issuer)
		form.Values.Set("sso.client_id", r.SSO.ClientID)
		form.Values.Set("sso.domains", strings.Join(r.SSO.Domains, "\n"))
		tick("sso.join", r.SSO.Join)
	}
	return form
}

// rulesOf reads the rules out of a form. Without an issuer there is no provider.
func rulesOf(form typed) Rules {
	words := func(name string) []string {
		return strings.FieldsFunc(form.Get(name), func(r rune) bool { return strings.ContainsRune(" ,;\n\t", r) })
	}
	rules := Rules{SecondFactor: form.Get("second_factor") != "", PasswordsOff: form.Get("passwords_off") != "", Domains: words("domains")}
	if issuer := strings.TrimSpace(form.Get("sso.issuer")); issuer != "" {
		rules.SSO = &SSO{
			Issuer: issuer, ClientID: strings.TrimSpace(form.Get("sso.client_id")), Secret: form.Get("sso.secret"),
			Domains: words("sso.domains"), Join: form.Get("sso.join") != "",
		}
	}
	return rules
}

func (c *Console) postRules(of subject, needed access.Permission) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		var client domain.ClientID
		v, _, err := look(c, r, login, needed, func(ctx context.Context, tx pgx.Tx, reads reader, request *http.Request) (rulesView, error) {
			found, list, err := place(ctx, tx, of, request)
			if err == nil && of.side == domain.ClientSide {
				client = domain.ClientID{UUID: found.ID}
				err = reads.sees(found)
			}
			return rulesView{Back: list}, err
		})
		if err != nil {
			return "", err
		}
		_, err = c.setRules(r.Context(), client, rulesOf(form))
		return then(v.Back, "rules", commands.Answer{}), err
	}
}

func (c *Console) rulesAgain(
	w http.ResponseWriter, r *http.Request, login auth.Login, needed access.Permission,
	view func(context.Context, pgx.Tx, reader, *http.Request) (rulesView, error), form typed, status int,
) error {
	v, frame, err := look(c, r, login, needed, view)
	if err != nil {
		return err
	}
	maps.Copy(v.Form.Values, form.Values) // What the other form on the page holds stays as it is.
	if form.Values.Has("sso.issuer") {    // A box that is not ticked is not sent.
		for _, box := range []string{"second_factor", "passwords_off", "sso.join"} {
			v.Form.Values.Set(box, form.Get(box))
		}
	}
	v.Form.Errors, v.Form.Key = form.Errors, form.Key
	return page.Render(w, r, status, rulesPage(frame, v))
}

func (c *Console) postSeats(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onClient(r, login, form, "seats", func(request commands.Request, id domain.ClientID) (commands.Answer, error) {
		limit, err := strconv.Atoi(form.Get("limit"))
		if err != nil {
			return commands.Answer{}, wrongField("limit", "must be a whole number")
		}
		return c.commands.SetSeatLimit(r.Context(), request, commands.SetSeatLimit{Client: id, Limit: limit})
	})
}

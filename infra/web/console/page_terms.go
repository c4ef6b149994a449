package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/terms"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// termsView is the form of a draft or of an amendment.
type termsView struct {
	Title, Lead string
	Path        string // of the form
	Back        string
	BackLabel   string
	Button      string
	Amend       bool // it is an amendment, with what that needs besides
	Base        int  // the version that an amendment changes
	Currency    string
	Cards       []page.Option
	Policies    []page.Option
	Calendars   []page.Option
	Lines       int // places for lines
	Form        typed
}

func (c *Console) addTermsPages() {
	c.addTermsPage("/contracts/new", c.viewNewContract, c.postNewContract)
	c.addTermsPage("/contracts/{id}/edit", c.viewEdit, c.postEdit)
	c.addTermsPage("/contracts/{id}/amend", c.viewAmend, c.postAmend)
}

// addTermsPage adds a form of terms. A button of the form gives it places for more lines and sends nothing.
func (c *Console) addTermsPage(
	pattern string, view func(context.Context, pgx.Tx, reader, *http.Request) (termsView, error),
	run func(r *http.Request, request commands.Request, form typed, said terms.Terms) (next string, err error),
) {
	showing(c, pattern, access.ManageContracts, view, termsPage)
	again := func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, access.ManageContracts, view)
		if err != nil {
			return err
		}
		v.Form, v.Lines = form, max(lineCount(form.Values), 1)
		if form.Get("more") != "" {
			v.Lines = min(v.Lines+1, terms.MaxLines)
		}
		frame.Wrong = len(form.Errors) > 0
		return page.Render(w, r, status, termsPage(frame, v))
	}
	c.posting(pattern, access.ManageContracts, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		if form.Get("more") != "" {
			return "", again(w, r, login, form, http.StatusOK)
		}
		// What is missing is said before what is wrong with the form.
		if _, _, err := look(c, r, login, access.ManageContracts, view); err != nil {
			return "", err
		}
		said, err := termsOf(form)
		if err != nil {
			return "", err
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		return run(r, request, form, said)
	}, again)
}

func (c *Console) viewNewContract(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v termsView, err error) {
	id, err := web.ID(request.URL.Query().Get("client"))
	if err != nil {
		return v, err
	}
	client, err := rows.ClientByID(ctx, tx, id)
	if err != nil {
		return v, err
	}
	v = termsView{
		Title: "Draft a contract", Lead: "With " + client.Name + ". Nobody but staff sees it before it is offered.",
		Path: query("/contracts/new", "client", id.String()), Back: clientPath(id), BackLabel: client.Name, Button: "Save the draft",
		Currency: client.Currency, Lines: 1, Form: blank(),
	}
	fill(v.Form.Values, terms.Terms{
		Agreed: terms.Agreed{
			Starts: c.today(), NoticeDays: 30, Currency: money.Currency(client.Currency), Payment: terms.Payment{Rule: terms.Net, Days: 30},
			Lines: []terms.Line{{Key: terms.PlainLine, Name: "Work", Type: terms.Bucket}},
		},
		Staff: terms.Staff{SupportLevel: terms.Standard},
	})
	return v, c.choices(ctx, tx, &v)
}

func (c *Console) postNewContract(r *http.Request, request commands.Request, form typed, said terms.Terms) (string, error) {
	client, err := web.ID(r.URL.Query().Get("client"))
	if err != nil {
		return "", err
	}
	request.Route += "?client=" + client.String()
	answer, err := c.commands.DraftContract(r.Context(), request, commands.DraftContract{
		Client: domain.ClientID{UUID: client}, Reference: strings.TrimSpace(form.Get("reference")), Terms: said,
	})
	return then(contractPath(answer.ID), "drafted", answer), err
}

// termsNow reads the contract that the path names with the terms of a version; 0 stands for the newest.
func (c *Console) termsNow(ctx context.Context, tx pgx.Tx, request *http.Request) (on rows.Scope, said terms.Terms, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return on, said, err
	}
	if on, err = rows.ContractByID(ctx, tx, id, c.today()); err != nil {
		return on, said, err
	}
	version, err := rows.VersionByNumber(ctx, tx, id, on.Newest)
	return on, version.Terms, err
}

func (c *Console) viewEdit(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v termsView, err error) {
	on, said, err := c.termsNow(ctx, tx, request)
	if err != nil {
		return v, err
	}
	v = termsView{
		Title: "Edit " + on.Reference, Lead: "Of " + on.ClientName + ".", Path: contractPath(on.ID) + "/edit",
		Back: contractPath(on.ID), BackLabel: on.Reference, Button: "Save the draft", Currency: on.Currency, Lines: len(said.Agreed.Lines), Form: blank(),
	}
	fill(v.Form.Values, said)
	v.Form.Values.Set("reference", on.Reference)
	return v, c.choices(ctx, tx, &v)
}

func (c *Console) postEdit(r *http.Request, request commands.Request, form typed, said terms.Terms) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	answer, err := c.commands.ReviseContract(r.Context(), request, commands.ReviseContract{
		Contract: domain.ContractID{UUID: id}, Reference: strings.TrimSpace(form.Get("reference")), Terms: said,
	})
	return then(contractPath(id), "revised", answer), err
}

func (c *Console) viewAmend(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v termsView, err error) {
	on, said, err := c.termsNow(ctx, tx, request)
	if err != nil {
		return v, err
	}
	v = termsView{
		Title: "Amend " + on.Reference, Lead: "Change what is to change; the rest stays. " + on.ClientName + " sees it once it is approved and offered.",
		Path: contractPath(on.ID) + "/amend", Back: contractPath(on.ID), BackLabel: on.Reference, Button: "Propose the amendment",
		Amend: true, Base: on.Newest, Currency: on.Currency, Lines: len(said.Agreed.Lines), Form: blank(),
	}
	said.Agreed.Ends = calendar.Date(on.Ends) // A renewal may have moved it.
	fill(v.Form.Values, said)
	v.Form.Values.Set("effective", string(c.today()))
	return v, c.choices(ctx, tx, &v)
}

func (c *Console) postAmend(r *http.Request, request commands.Request, form typed, said terms.Terms) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	read := &termsReader{form: form}
	propose := commands.ProposeAmendment{
		Contract: domain.ContractID{UUID: id}, Base: read.number("base"), Effective: calendar.Date(read.text("effective")),
		Statement: form.Get("statement"), Reason: form.Get("reason"), Value: read.amount("value"), Terms: said,
	}
	if err := read.check.Err(); err != nil {
		return "", err
	}
	answer, err := c.commands.ProposeAmendment(r.Context(), request, propose)
	return then(contractPath(id)+"/amendments/"+answer.ID.String(), "proposed", answer), err
}

// choices are the rate cards, policies and calendars that terms can name.
func (c *Console) choices(ctx context.Context, tx pgx.Tx, v *termsView) error {
	for _, list := range []struct {
		kind, none string
		options    *[]page.Option
	}{
		{"rate_card", "The firm's", &v.Cards}, {"sla_policy", "None", &v.Policies}, {"calendar", "Monday to Friday, 09:00 to 17:00", &v.Calendars},
	} {
		chosen := v.Form.Get(list.kind)
		found, err := rows.Choices(ctx, tx, list.kind)
		if err != nil {
			return err
		}
		*list.options = append(*list.options, page.Option{Label: list.none})
		known := chosen == ""
		for _, choice := range found {
			for _, version := range []int{0, choice.Version} {
				option := page.Option{Value: typedRef(terms.Ref{ID: choice.ID, Version: version}), Label: choice.Name + ", always the newest"}
				if version > 0 {
					option.Label = choice.Name + ", version " + strconv.Itoa(version)
				}
				known = known || option.Value == chosen
				*list.options = append(*list.options, option)
			}
		}
		if !known { // An older version, or one that is no longer to be chosen, stays until somebody changes it.
			*list.options = append(*list.options, page.Option{Value: chosen, Label: "As it is: " + nameOfRef(found, chosen)})
		}
	}
	return nil
}

// nameOfRef is what was chosen in words.
func nameOfRef(all []rows.Choice, chosen string) string {
	id, version, _ := strings.Cut(chosen, " ")
	for _, choice := range all {
		if choice.ID.String() == id {
			return strings.TrimSuffix(choice.Name+", version "+version, ", version ")
		}
	}
	if _, err := uuid.Parse(id); err != nil {
		return "unknown"
	}
	return chosen
}

package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// offered is the state of a proposal that can be decided.
const offered = "offered"

// asks is the title of a proposal's statement.
func asks(state string) string {
	switch state {
	case offered:
		return "What you are asked to agree to"
	case "accepted":
		return "What was agreed on"
	}
	return "What was asked"
}

type proposalView struct {
	screen
	Proposal client.ProposalDetail
	Decide   bool // the viewer may, and it is not decided yet
	Key      string
	Reason   string // as typed
	Errors   []page.FieldError
}

func (v proposalView) path() string { return proposalPath(v.Proposal.Proposal) }

func (p *Portal) proposalPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showProposal(w, r, login, http.StatusOK, proposalView{}, proposalPage)
}

// acceptPage shows word for word what is agreed to, to whoever has just proved its identity.
func (p *Portal) acceptPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showProposal(w, r, login, http.StatusOK, proposalView{}, acceptPage)
}

func (p *Portal) declinePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showProposal(w, r, login, http.StatusOK, proposalView{}, declinePage)
}

// showProposal shows one proposal by a template, with what else the view holds already. What is decided is shown as
// it is, whatever page was asked for.
func (p *Portal) showProposal(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view proposalView, show func(proposalView) templ.Component) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		view.Proposal, err = client.ReadProposal(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return err
	}
	view.Key, view.Frame.Title = newKey(), proposalTitle(view.Proposal.Proposal)
	view.Decide = view.Proposal.State == offered && p.decides(login)
	if !view.Decide {
		show = proposalPage
	}
	view.Frame.Wrong = len(view.Errors) > 0
	return page.Render(w, r, status, show(view))
}

func (p *Portal) acceptForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.decisionForm(w, r, login, "accepted", acceptPage, func(asked Request, form url.Values, id string) (Answer, error) {
		return p.accept(r.Context(), asked, After{}, id, form.Get("sha256"))
	})
}

func (p *Portal) declineForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.decisionForm(w, r, login, "declined", declinePage, func(asked Request, form url.Values, id string) (Answer, error) {
		return p.decline(r.Context(), asked, After{}, id, form.Get("reason"))
	})
}

// decisionForm decides about a proposal. What the rules refuse is shown with the proposal as it is now.
func (p *Portal) decisionForm(
	w http.ResponseWriter, r *http.Request, login auth.Login, done string, show func(proposalView) templ.Component,
	run func(Request, url.Values, string) (Answer, error),
) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	asked, err := p.formRequest(r, login, form)
	if err != nil {
		return err
	}
	answer, err := run(asked, form, chi.URLParam(r, "id"))
	if wrong := decisionErrors(err); len(wrong) > 0 {
		return p.showProposal(w, r, login, http.StatusConflict, proposalView{Reason: form.Get("reason"), Errors: wrong}, show)
	}
	if err != nil {
		return err
	}
	return p.toPage(w, r, proposalsPath+"/"+answer.ID.String(), p.sealPosition(asked, answer.Position), done)
}

// decisionErrors is formErrors for a decision, which others may have taken first.
func decisionErrors(err error) []page.FieldError {
	if wrong := formErrors(err); len(wrong) > 0 || !errors.Is(err, domain.ErrConflict) {
		return wrong
	}
	return []page.FieldError{{Text: "This was decided, or taken back, in the meantime. Here is how it stands now."}}
}

func proposalPath(p client.Proposal) string { return proposalsPath + "/" + p.ID.String() }

// proposalTitle names a proposal.
func proposalTitle(p client.Proposal) string {
	if p.Kind == "amendment" {
		return "Amendment of " + p.Reference
	}
	return "Contract " + p.Reference
}

// proposalState is a proposal's state in words.
func proposalState(p client.Proposal) (page.Tone, string) {
	switch p.State {
	case "accepted":
		return page.Good, "Accepted"
	case "declined":
		return page.Neutral, "Declined"
	default:
		return page.Attention, "Waiting for a decision"
	}
}

// decidedBy says who decided.
func decidedBy(p client.Proposal) string {
	switch {
	case p.Outside:
		return "outside of this portal"
	case p.DecidedBy == "":
		return "by somebody who is no longer with you"
	default:
		return "by " + p.DecidedBy
	}
}

// lineText says what a line of the terms holds.
func lineText(l client.TermsLine) string {
	return agreed(client.Line{Type: l.Type, Minutes: l.Minutes})
}

// jobTypeText says how much of a line's hours is meant for a job type.
func jobTypeText(j client.TermsJobType) string {
	if j.Minutes == 0 {
		return j.Name
	}
	return j.Name + ": " + hoursText(j.Minutes)
}

// milestoneText says when a milestone is due.
func milestoneText(m client.TermsMilestone) string {
	if m.Due == "" {
		return m.Name
	}
	return m.Name + ", due " + dayText(m.Due)
}

// endText says how the terms end.
func endText(t client.Terms) string {
	text := ""
	if t.RenewMonths > 0 {
		text = "Renews itself by " + plural(t.RenewMonths, "month")
	}
	if t.NoticeDays > 0 {
		if text != "" {
			text += "; "
		}
		text += plural(t.NoticeDays, "day") + " of notice"
	}
	return text
}

// paymentText says when invoices are due.
func paymentText(p client.Payment) string {
	switch p.Rule {
	case "net":
		return plural(p.Days, "day") + " after the invoice"
	case "end_of_month":
		return plural(p.Days, "day") + " after the end of the invoice's month"
	default:
		return "On receipt"
	}
}

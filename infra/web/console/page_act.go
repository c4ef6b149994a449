package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// contractAct is one thing to do with a contract. One that needs words or numbers has a page of its own to ask for them;
// any other is a button.
type contractAct struct {
	suffix string // of the contract's path: "/suspend"
	from   []contract.Status
	needed access.Permission
	label  string
	lead   string
	tone   page.Tone
	notice string // key of done
	fields []page.Field
	run    func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error)
}

// acted is what an act is done to, and with which words.
type acted struct {
	typed
	contract domain.ContractID
	item     func(parameter string) uuid.UUID // an id in the path, which was read before
	path     func(parameter string) string
}

func (o acted) amendment() domain.AmendmentID { return domain.AmendmentID{UUID: o.item("aid")} }

// internalHint stands beside what clients never see.
const internalHint = "Only staff read it."

// The fields of acts.
func reasonField(label string, required bool) page.Field {
	return page.Field{Name: "reason", Label: label, Hint: internalHint, Required: required, Rows: 4}
}

func paperField() page.Field {
	return page.Field{Name: "paper", Label: "Signed paper", Hint: "Where it is kept, such as a file number.", Required: true, MaxLength: 200}
}

// contractActs are the acts on a contract, in the order of its life.
func contractActs() []contractAct { return append(signingActs(), runningActs()...) }

// signingActs are those before it is in force, and the one that puts it there.
func signingActs() []contractAct {
	before := []contract.Status{contract.StatusInReview, contract.StatusOffered, contract.StatusAccepted}
	return []contractAct{
		{
			suffix: "/submit", from: []contract.Status{contract.StatusDraft}, needed: access.ManageContracts, label: "Submit for review", notice: "submitted", tone: page.Primary,
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.SubmitContract(ctx, r, commands.SubmitContract{Contract: on.contract})
			},
		},
		{
			suffix: "/offer", from: []contract.Status{contract.StatusInReview}, needed: access.ManageContracts, label: "Offer to the client", notice: "offered", tone: page.Primary,
			lead:   "The client's admins see the terms and this text, and can agree to it.",
			fields: []page.Field{{Name: "statement", Label: "What the client agrees to", Hint: "Shown word for word, and kept with the agreement.", Required: true}},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.OfferContract(ctx, r, commands.OfferContract{Contract: on.contract, Statement: on.Get("statement")})
			},
		},
		{
			suffix: "/accept", from: []contract.Status{contract.StatusOffered}, needed: access.ManageContracts, label: "Signed on paper", notice: "accepted",
			lead: "The client agreed to the offer outside the portal.", fields: []page.Field{paperField()},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.AcceptContract(ctx, r, commands.AcceptContract{Contract: on.contract, Evidence: contract.Evidence{Paper: on.Get("paper")}})
			},
		},
		{
			suffix: "/decline", from: []contract.Status{contract.StatusOffered}, needed: access.ManageContracts, label: "Declined by the client", notice: "declined",
			lead: "The contract becomes a draft again.", fields: []page.Field{reasonField("What the client said", false)},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.DeclineContract(ctx, r, commands.DeclineContract{Contract: on.contract, Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/return", from: before, needed: access.ManageContracts, label: "Return to draft", notice: "returned",
			lead: "An offer is taken back.", fields: []page.Field{reasonField("Reason", false)},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.ReturnContract(ctx, r, commands.ReturnContract{Contract: on.contract, Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/activate", from: append([]contract.Status{contract.StatusDraft}, before...), needed: access.ApproveContracts, label: "Put in force", notice: "activated", tone: page.Primary,
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.ActivateContract(ctx, r, commands.ActivateContract{Contract: on.contract})
			},
		},
	}
}

// runningActs are those on a contract that is or was in force.
func runningActs() []contractAct {
	running := []contract.Status{contract.StatusActive, contract.StatusSuspended}
	return []contractAct{
		{
			suffix: "/resume", from: []contract.Status{contract.StatusSuspended}, needed: access.ApproveContracts, label: "Resume", notice: "resumed", tone: page.Primary,
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.ResumeContract(ctx, r, commands.ResumeContract{Contract: on.contract})
			},
		},
		{
			suffix: "/renew", from: append([]contract.Status{contract.StatusExpired}, running...), needed: access.ApproveContracts, label: "Renew", notice: "renewed",
			lead: "Nothing but the last day changes; new hours are bought apart.", fields: []page.Field{{Name: "ends", Label: "New last day", Type: "date", Required: true}},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.RenewContract(ctx, r, commands.RenewContract{Contract: on.contract, Ends: calendar.Date(on.Get("ends"))})
			},
		},
		{
			suffix: "/suspend", from: []contract.Status{contract.StatusActive}, needed: access.ApproveContracts, label: "Suspend", notice: "suspended",
			lead: "Nothing new is raised or logged under the contract until it is resumed.", fields: []page.Field{reasonField("Reason", false)},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.SuspendContract(ctx, r, commands.SuspendContract{Contract: on.contract, Reason: on.Get("reason")})
			},
		},
		{
			suffix: "/terminate", from: running, needed: access.ApproveContracts, label: "End early", notice: "terminated", tone: page.Danger,
			lead: "This cannot be undone.",
			fields: []page.Field{
				{Name: "ends", Label: "Last day", Hint: "Not after today. Empty for today.", Type: "date"}, reasonField("Reason", false),
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.TerminateContract(ctx, r, commands.TerminateContract{Contract: on.contract, Ends: calendar.Date(on.Get("ends")), Reason: on.Get("reason")})
			},
		},
	}
}

// hoursActs are the acts on bought hours and on schedules.
func hoursActs() []contractAct {
	return []contractAct{
		{
			suffix: "/buckets", needed: access.ApproveContracts, label: "Add hours", notice: "granted", tone: page.Primary, lead: "Hours that the client bought for a line.",
			fields: []page.Field{
				{Name: "line", Label: "Line", Hint: "By its key.", Required: true, MaxLength: 64},
				{Name: "hours", Label: "Hours", Hint: "Such as 20, 7.5 or 7:30.", Required: true, InputMode: "decimal"},
				{Name: "from", Label: "First day", Hint: "Empty for today.", Type: "date"},
				{Name: "until", Label: "Last day", Hint: "Empty as the terms say.", Type: "date"},
				{Name: "price", Label: "Price of all of it", InputMode: "decimal"},
				reasonField("Reason", false),
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				read := &termsReader{form: on.typed}
				grant := commands.GrantBucket{
					Contract: on.contract, Line: on.Get("line"), Minutes: read.duration("hours"), From: calendar.Date(on.Get("from")),
					Until: calendar.Date(on.Get("until")), Price: read.amount("price"), Reason: on.Get("reason"),
				}
				if err := read.check.Err(); err != nil {
					return commands.Answer{}, err
				}
				return c.commands.GrantBucket(ctx, r, grant)
			},
		},
		{
			suffix: "/buckets/{bid}/adjust", needed: access.ApproveContracts, label: "Adjust hours", notice: "adjusted", tone: page.Primary, lead: "Changes what is left of hours that were bought.",
			fields: []page.Field{
				{Name: "hours", Label: "Hours", Hint: "Such as 2, or -1:30 to take away.", Required: true}, reasonField("Reason", true),
			},
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				read := &termsReader{form: on.typed}
				minutes := read.duration("hours")
				if err := read.check.Err(); err != nil {
					return commands.Answer{}, err
				}
				return c.commands.AdjustBucket(ctx, r, commands.AdjustBucket{
					Contract: on.contract, Bucket: domain.BucketID{UUID: on.item("bid")}, Minutes: minutes, Reason: on.Get("reason"),
				})
			},
		},
		{
			suffix: "/milestones/{line}/{key}/release", needed: access.ManageContracts, label: "Release", notice: "released",
			run: func(ctx context.Context, c *Console, r commands.Request, on acted) (commands.Answer, error) {
				return c.commands.ReleaseMilestone(ctx, r, commands.ReleaseMilestone{Contract: on.contract, Line: on.path("line"), Milestone: on.path("key")})
			},
		},
	}
}

// actsOn are the acts that a reader may do on a contract as it stands.
func actsOn(r reader, on rows.Scope) []contractAct {
	return slices.DeleteFunc(contractActs(), func(a contractAct) bool {
		return !r.may(a.needed) || !slices.Contains(a.from, contract.Status(on.Status))
	})
}

// actView is the page that asks for the words of an act.
type actView struct {
	contractAct
	rows.Scope
	Path, Back, BackLabel string
	Form                  typed
}

func (c *Console) addActs() {
	for _, a := range slices.Concat(contractActs(), hoursActs(), amendmentActs()) {
		pattern := "/contracts/{id}" + a.suffix
		view := c.viewAct(a)
		again := func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
			v, frame, err := look(c, r, login, access.ReadContracts, view)
			if err != nil {
				return err
			}
			v.Form = form
			return page.Render(w, r, status, actPage(frame, v))
		}
		c.posting(pattern, a.needed, c.postAct(a), again)
		if len(a.fields) > 0 {
			showing(c, pattern, a.needed, view, actPage)
		}
	}
}

func (c *Console) viewAct(a contractAct) func(context.Context, pgx.Tx, reader, *http.Request) (actView, error) {
	return func(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v actView, err error) {
		id, err := web.ID(chi.URLParam(request, "id"))
		if err != nil {
			return v, err
		}
		if v.Scope, err = rows.ContractByID(ctx, tx, id, c.today()); err != nil {
			return v, err
		}
		v.contractAct, v.Form, v.Path = a, blank(), request.URL.Path
		v.Back, v.BackLabel = backFrom(a, request), v.Reference
		switch a.suffix {
		case "/offer":
			v.Form.Values.Set("statement", offerText(v.Scope))
		case "/renew":
			v.Form.Values.Set("ends", v.Ends)
		case "/buckets":
			v.Form.Values.Set("line", request.URL.Query().Get("line"))
		}
		return v, nil
	}
}

// backFrom is the page that an act was begun on: the amendment's, or the contract's.
func backFrom(a contractAct, r *http.Request) string {
	back := "/contracts/" + chi.URLParam(r, "id")
	if strings.Contains(a.suffix, "{aid}") {
		back += "/amendments/" + chi.URLParam(r, "aid")
	}
	return back
}

func (c *Console) postAct(a contractAct) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		id, err := web.ID(chi.URLParam(r, "id"))
		if err != nil {
			return "", err
		}
		items := map[string]uuid.UUID{}
		for _, parameter := range []string{"aid", "bid"} {
			if !strings.Contains(a.suffix, "{"+parameter+"}") {
				continue
			}
			if items[parameter], err = web.ID(chi.URLParam(r, parameter)); err != nil {
				return "", err
			}
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		answer, err := a.run(r.Context(), c, request, acted{
			typed: form, contract: domain.ContractID{UUID: id},
			item: func(parameter string) uuid.UUID { return items[parameter] },
			path: func(parameter string) string { return chi.URLParam(r, parameter) },
		})
		return then(backFrom(a, r), a.notice, answer), err
	}
}

// wholeNumber reads a number of at most six digits.
func wholeNumber(text string) (int, error) {
	value, err := strconv.ParseUint(text, 10, 20)
	return int(value), err
}

package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type policiesBody struct {
	Fresh
	Items []rows.SLAPolicy `json:"items" nullable:"false" doc:"By name."`
	Next  string           `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type policyBody struct {
	Fresh
	rows.SLAPolicy
	Versioned[rows.SLAVersion]
}

func (b policyBody) revision() int64 { return b.Revision }

// Promises are what a version of an SLA policy says. It is exported because it is embedded in a body.
type Promises struct {
	Name   string     `json:"name" minLength:"1" maxLength:"200"`
	From   string     `json:"from" format:"date" doc:"The first day of the version, not before that of an earlier one."`
	Policy sla.Policy `json:"policy"`
	Reason string     `json:"reason,omitempty" maxLength:"2000"`
}

type publishPolicyBody struct{ Promises }

type nextPolicyBody struct {
	Base int `json:"base" minimum:"1" doc:"The version that was read, so that a newer one is not undone."`
	Promises
}

func (c *Console) registerPolicies() {
	get(c, "list-sla-policies", "/sla-policies", "The SLA policies", access.ReadPolicies, c.listPolicies)
	get(c, "read-sla-policy", "/sla-policies/{id}", "One SLA policy in any version", access.ReadPolicies, c.readPolicy)
	creating(c, access.ManagePolicies, "publish-sla-policy", "/sla-policies", "Publish the first version of an SLA policy",
		func(ctx context.Context, r commands.Request, asked publishPolicyBody) (commands.Answer, error) {
			return c.commands.PublishSLAPolicy(ctx, r, asked.publish(domain.SLAPolicyID{}, 0))
		})
	editing(c, access.ManagePolicies, post("publish-next-sla-policy", "/sla-policies/{id}/versions", "Publish the next version of an SLA policy", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked nextPolicyBody) (commands.Answer, error) {
			return c.commands.PublishSLAPolicy(ctx, r, asked.publish(domain.SLAPolicyID{UUID: id}, asked.Base))
		})
	editing(c, access.ManagePolicies, post("supersede-sla-policy", "/sla-policies/{id}/supersede", "Take an SLA policy out of the choice", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked reasonBody) (commands.Answer, error) {
			return c.commands.SupersedeSLAPolicy(ctx, r, commands.SupersedeSLAPolicy{Policy: domain.SLAPolicyID{UUID: id}, Reason: asked.Reason})
		})
}

func (p Promises) publish(id domain.SLAPolicyID, base int) commands.PublishSLAPolicy {
	return commands.PublishSLAPolicy{Policy: id, Base: base, Name: p.Name, From: calendar.Date(p.From), Content: p.Policy, Reason: p.Reason}
}

func (c *Console) listPolicies(ctx context.Context, tx pgx.Tx, _ reader, in *listPublishedInput) (b policiesBody, err error) {
	after, err := in.afterCursor()
	if err != nil {
		return b, err
	}
	items, next, err := rows.SLAPolicies(ctx, tx, after, in.Limit)
	b.Items, b.Next = items, idOf(next)
	return b, err
}

func (c *Console) readPolicy(ctx context.Context, tx pgx.Tx, _ reader, in *publishedInput) (b policyBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if b.SLAPolicy, err = rows.SLAPolicyByID(ctx, tx, id); err != nil {
		return b, err
	}
	b.Versioned, err = readVersions(ctx, c, tx, id, in.Version, func(v rows.SLAVersion) int { return v.Number }, policyFacts, rows.SLAVersionNumbered, rows.SLAVersions)
	return b, err
}

// policyFacts are the promises of a version in words.
func policyFacts(v rows.SLAVersion) []fact {
	p := v.Policy
	facts := []fact{{"Name", v.Name}}
	for _, target := range p.Targets {
		facts = append(facts, fact{targetName(target), targetText(target)})
	}
	facts = append(facts, fact{"Near breach", strconv.Itoa(p.NearBreach()) + " %"})
	for _, priority := range sla.Priorities() {
		facts = append(facts, fact{"Near breach, " + priority, hoursText(int64(p.FloorMinutes(priority))) + " left"})
	}
	return append(facts,
		fact{"Waiting for a third party", pausesText(p.PausesThirdParty)}, fact{"On hold", pausesText(p.PausesOnHold)},
		fact{"Reopening", reopenText(p.ReopenStartsAnew)},
	)
}

// targetName is what a target is about: "Critical, 24x7, api".
func targetName(t sla.Target) string {
	return list(slices.DeleteFunc([]string{label(t.Priority), t.SupportLevel, t.JobType}, func(word string) bool { return word == "" }))
}

func targetText(t sla.Target) string {
	var promised []string
	for _, promise := range []struct {
		what    string
		minutes int
	}{{"first response", t.FirstResponseMinutes}, {"next response", t.NextResponseMinutes}, {"resolution", t.ResolutionMinutes}} {
		if promise.minutes > 0 {
			promised = append(promised, promise.what+" "+hoursText(int64(promise.minutes)))
		}
	}
	return list(promised)
}

func pausesText(pauses bool) string {
	if pauses {
		return "stops the clock"
	}
	return "does not stop the clock"
}

func reopenText(anew bool) string {
	if anew {
		return "begins a new cycle"
	}
	return "goes on where the clock stopped"
}

package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

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

type publishPolicyBody struct {
	Layer  string    `json:"layer,omitempty" enum:"firm,client,contract" default:"contract" doc:"Whose tickets it is for: those of contracts that name it; all of a client, before what its contracts name; or all that no other one is for."`
	Client uuid.UUID `json:"client,omitzero" format:"uuid" doc:"For the layer client."`
	Promises
}

type nextPolicyBody struct {
	Base int `json:"base" minimum:"1" doc:"The version that was read, so that a newer one is not undone."`
	Promises
}

func (c *Console) registerPolicies() {
	get(c, "list-sla-policies", "/sla-policies", "The SLA policies", access.ReadPolicies, c.listPolicies)
	get(c, "read-sla-policy", "/sla-policies/{id}", "One SLA policy in any version", access.ReadPolicies, c.readPolicy)
	creating(c, access.ManagePolicies, "publish-sla-policy", "/sla-policies", "Publish the first version of an SLA policy",
		func(ctx context.Context, r commands.Request, asked publishPolicyBody) (commands.Answer, error) {
			publish := asked.publish(domain.SLAPolicyID{}, 0)
			publish.Layer, publish.Client = policyLayer(asked.Layer), domain.ClientID{UUID: asked.Client}
			return c.commands.PublishSLAPolicy(ctx, r, publish)
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

// policyLayer is a layer as policies know it: that of contracts is none of its own.
func policyLayer(word string) sla.Source {
	if sla.Source(word) == sla.FromContract {
		return sla.FromNowhere
	}
	return sla.Source(word)
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
	facts = append(facts,
		fact{"Waiting for a third party", pausesText(p.PausesThirdParty)}, fact{"On hold", pausesText(p.PausesOnHold)},
		fact{"Reopening", reopenText(p.ReopenStartsAnew)},
		fact{"A resolved ticket closes", "after " + counted(p.CloseAfter(), "business day")},
		fact{"It may be reopened", "for " + counted(p.ReopenFor(), "day")},
	)
	for i, level := range ladderOf(p) {
		facts = append(facts, fact{"Escalation, step " + strconv.Itoa(i+1), upper(levelText(level))})
	}
	return facts
}

// ladderOf is the ladder that a policy has, be it the one that all have without one of their own.
func ladderOf(p sla.Policy) []sla.Level {
	if len(p.Ladder) == 0 {
		return sla.DefaultLadder()
	}
	return p.Ladder
}

// levelText is a level of the ladder in words: "level 2, at 90 % of any target, tells assignee, by mail too".
func levelText(l sla.Level) string {
	text := "level " + strconv.Itoa(l.Level) + ", at " + strconv.Itoa(l.Percent) + " % of " + or(strings.ToLower(label(string(l.Goal))), "any target")
	if l.Minutes != 0 {
		text += " " + signedMinutes(l.Minutes)
	}
	var told []string
	for _, recipient := range l.Recipients {
		told = append(told, strings.ToLower(label(recipient)))
	}
	if n := len(l.Persons); n > 0 {
		told = append(told, strconv.Itoa(n)+" by name")
	}
	text += ", tells " + or(list(told), "nobody")
	if l.Mail {
		text += ", by mail too"
	}
	if l.Action != sla.NoAction {
		text += ", and does: " + strings.ToLower(label(string(l.Action)))
	}
	return text
}

// signedMinutes writes an offset as parseOffset reads it: "+1h" or "-30m".
func signedMinutes(minutes int) string {
	if minutes < 0 {
		return "-" + minutesText(-minutes)
	}
	return "+" + minutesText(minutes)
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

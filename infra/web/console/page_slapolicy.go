package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// policiesView lists the SLA policies.
type policiesView struct {
	Policies      []rows.SLAPolicy
	Earlier, Next string
	Publish       bool
}

// policyView is one version of an SLA policy.
type policyView struct {
	policyBody
	Path, Key string
	Publish   bool
}

func (c *Console) addPolicyPages() {
	showing(c, "/sla-policies", access.ReadPolicies, c.viewPolicies, policiesPage)
	addEdition(c, c.policyEdition())
	showing(c, "/sla-policies/{id}", access.ReadPolicies, c.viewPolicy, policyPage)
}

func (c *Console) viewPolicies(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v policiesView, err error) {
	v.Publish = r.may(access.ManagePolicies)
	after, err := Page{Cursor: request.URL.Query().Get("cursor")}.afterCursor()
	if err != nil {
		return v, err
	}
	var next uuid.UUID
	v.Policies, next, err = rows.SLAPolicies(ctx, tx, after, rows.MaxLimit)
	v.Earlier, v.Next = around("/sla-policies", after, next)
	return v, err
}

// around gives the ways to the start of a list and to what comes after a page of it; empty where there is none.
func around(path string, after, next uuid.UUID) (earlier, later string) {
	if after != uuid.Nil {
		earlier = path
	}
	if next != uuid.Nil {
		later = query(path, "cursor", next.String())
	}
	return earlier, later
}

func (c *Console) viewPolicy(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v policyView, err error) {
	in, err := publishedAt(request)
	if err != nil {
		return v, err
	}
	v.policyBody, err = c.readPolicy(ctx, tx, r, in)
	v.Path, v.Key, v.Publish = "/sla-policies/"+v.ID.String(), blank().Key, r.may(access.ManagePolicies)
	return v, err
}

// targetColumns are those of the sheet of targets.
var targetColumns = []string{"priority", "support_level", "job_type", "first_response", "next_response", "resolution"}

// usualTargets are what the form of a first version proposes.
const usualTargets = `priority,support_level,job_type,first_response,next_response,resolution
critical,,,30m,,4h
high,,,1h,,10h
medium,,,4h,,32h
low,,,8h,,120h
`

// policyEdition publishes SLA policies by a form.
func (c *Console) policyEdition() edition[commands.PublishSLAPolicy] {
	return edition[commands.PublishSLAPolicy]{
		path: "/sla-policies", noun: "SLA policy", plural: "SLA policies", needed: access.ManagePolicies,
		blank: func() url.Values {
			return url.Values{"from": {string(c.today())}, "targets": {usualTargets}}
		},
		read: readPolicyForm,
		facts: func(p commands.PublishSLAPolicy) []fact {
			return policyFacts(rows.SLAVersion{VersionLine: rows.VersionLine{Name: p.Name}, Policy: p.Content})
		},
		newest: newestPolicy,
		publish: func(ctx context.Context, r commands.Request, id uuid.UUID, base int, p commands.PublishSLAPolicy) (commands.Answer, error) {
			p.Policy, p.Base = domain.SLAPolicyID{UUID: id}, base
			return c.commands.PublishSLAPolicy(ctx, r, p)
		},
		supersede: func(ctx context.Context, r commands.Request, id uuid.UUID, reason string) (commands.Answer, error) {
			return c.commands.SupersedeSLAPolicy(ctx, r, commands.SupersedeSLAPolicy{Policy: domain.SLAPolicyID{UUID: id}, Reason: reason})
		},
		fields: policyFields,
	}
}

func newestPolicy(ctx context.Context, tx pgx.Tx, id uuid.UUID) (newestVersion, error) {
	newest, err := rows.SLAVersionNumbered(ctx, tx, id, 0)
	if err != nil {
		return newestVersion{}, err
	}
	p := newest.Policy
	var targets [][]string
	for _, target := range p.Targets {
		targets = append(targets, []string{
			target.Priority, target.SupportLevel, target.JobType,
			minutesText(target.FirstResponseMinutes), minutesText(target.NextResponseMinutes), minutesText(target.ResolutionMinutes),
		})
	}
	values := url.Values{
		"name": {newest.Name}, "from": {newest.From},
		"targets": {writeSheet(targetColumns, "priority support_level job_type first_response resolution", targets)},
	}
	if p.NearBreachPercent > 0 {
		values.Set("near_breach_percent", strconv.Itoa(p.NearBreachPercent))
	}
	for _, floor := range p.Floors {
		values.Set("floor_"+floor.Priority, or(minutesText(floor.Minutes), "0m"))
	}
	for name, set := range map[string]bool{"pauses_third_party": p.PausesThirdParty, "pauses_on_hold": p.PausesOnHold, "reopen_starts_anew": p.ReopenStartsAnew} {
		if set {
			values.Set(name, "on")
		}
	}
	return newestVersion{name: newest.Name, number: newest.Number, values: values, facts: policyFacts(newest)}, nil
}

// readPolicyForm reads the form of a version.
func readPolicyForm(form typed) (p commands.PublishSLAPolicy, err error) {
	p = commands.PublishSLAPolicy{Name: form.Get("name"), From: calendar.Date(form.Get("from")), Reason: form.Get("reason")}
	p.Content = sla.Policy{
		PausesThirdParty: form.Values.Has("pauses_third_party"), PausesOnHold: form.Values.Has("pauses_on_hold"),
		ReopenStartsAnew: form.Values.Has("reopen_starts_anew"),
	}
	if percent := form.Get("near_breach_percent"); percent != "" {
		if p.Content.NearBreachPercent, err = strconv.Atoi(percent); err != nil {
			return p, wrongField("near_breach_percent", "must be a number")
		}
	}
	for _, priority := range sla.Priorities() {
		text := form.Get("floor_" + priority)
		minutes, ok := parseMinutes(text)
		if !ok {
			return p, wrongField("floor_"+priority, "must be a time such as 30m or 4h")
		}
		if text != "" {
			p.Content.Floors = append(p.Content.Floors, sla.Floor{Priority: priority, Minutes: minutes})
		}
	}
	lines, err := parseSheet("targets", form.Get("targets"), targetColumns, sla.MaxTargets)
	if err != nil {
		return p, err
	}
	for _, line := range lines {
		p.Content.Targets = append(p.Content.Targets, sla.Target{
			Priority: line.word("priority"), SupportLevel: line.word("support_level"), JobType: line.cells["job_type"],
			FirstResponseMinutes: line.minutes("first_response"), NextResponseMinutes: line.minutes("next_response"),
			ResolutionMinutes: line.minutes("resolution"),
		})
		if line.fault != "" {
			return p, line.refused("targets", line.fault)
		}
	}
	return p, nil
}

// floorHint is what counts where a floor is left empty.
func floorHint(priority string) string {
	return "Empty for " + hoursText(int64(sla.Policy{}.FloorMinutes(priority))) + "."
}

// floorField is the field of the time left of a priority.
func floorField(v publishView, priority string) page.Field {
	name := "floor_" + priority
	return page.Field{Name: name, Label: "Near breach, " + priority, Hint: floorHint(priority), MaxLength: 10, Value: v.Form.Get(name), Error: v.Form.Wrong(name)}
}

// promises are the times of a target in words.
func promises(t sla.Target) []fact {
	text := func(minutes int) string {
		if minutes == 0 {
			return "–"
		}
		return hoursText(int64(minutes))
	}
	return []fact{
		{"First response", text(t.FirstResponseMinutes)}, {"Next response", text(t.NextResponseMinutes)}, {"Resolution", text(t.ResolutionMinutes)},
	}
}

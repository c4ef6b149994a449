package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

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
	Clients       map[uuid.UUID]string // by id, of those that have a policy of their own
	Earlier, Next string
	Publish       bool
}

// policyView is one version of an SLA policy.
type policyView struct {
	policyBody
	Of        string // the client whose policy it is
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
	if v.Policies, next, err = rows.SLAPolicies(ctx, tx, after, rows.MaxLimit); err != nil {
		return v, err
	}
	v.Earlier, v.Next = around("/sla-policies", after, next)
	var ids []uuid.UUID
	for _, policy := range v.Policies {
		ids = append(ids, given(policy.Client)...)
	}
	v.Clients, err = clientNames(ctx, tx, ids)
	return v, err
}

// clientNames gives the names of clients by their ids.
func clientNames(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	clients, err := rows.ClientsNamed(ctx, tx, nil, ids)
	names := map[uuid.UUID]string{}
	for _, client := range clients {
		names[client.ID] = client.Name
	}
	return names, err
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
	if v.policyBody, err = c.readPolicy(ctx, tx, r, in); err != nil {
		return v, err
	}
	v.Path, v.Key, v.Publish = "/sla-policies/"+v.ID.String(), blank().Key, r.may(access.ManagePolicies)
	if v.Client != nil {
		names, err := clientNames(ctx, tx, []uuid.UUID{*v.Client})
		v.Of = names[*v.Client]
		return v, err
	}
	return v, nil
}

// targetColumns are those of the sheet of targets.
var targetColumns = []string{"priority", "support_level", "job_type", "first_response", "next_response", "resolution"}

// ladderColumns are those of the sheet of the escalation ladder.
var ladderColumns = []string{"level", "target", "percent", "offset", "tells", "persons", "mail", "action", "to"}

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
		"name": {newest.Name}, "from": {newest.From}, "ladder": {ladderSheet(p.Ladder)},
		"targets": {writeSheet(targetColumns, "priority support_level job_type first_response resolution", targets)},
	}
	for name, days := range map[string]int{"close_after_days": p.CloseAfterDays, "reopen_days": p.ReopenDays} {
		if days > 0 {
			values.Set(name, strconv.Itoa(days))
		}
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
	p = commands.PublishSLAPolicy{
		Name: form.Get("name"), Layer: policyLayer(form.Get("layer")), From: calendar.Date(form.Get("from")), Reason: form.Get("reason"),
	}
	if of := form.Get("client"); of != "" && p.Layer == sla.FromClient {
		if p.Client.UUID, err = uuid.Parse(of); err != nil {
			return p, wrongField("client", "must be chosen")
		}
	}
	p.Content = sla.Policy{
		PausesThirdParty: form.Values.Has("pauses_third_party"), PausesOnHold: form.Values.Has("pauses_on_hold"),
		ReopenStartsAnew: form.Values.Has("reopen_starts_anew"),
	}
	for name, into := range map[string]*int{
		"near_breach_percent": &p.Content.NearBreachPercent, "close_after_days": &p.Content.CloseAfterDays, "reopen_days": &p.Content.ReopenDays,
	} {
		if text := form.Get(name); text != "" {
			if *into, err = strconv.Atoi(text); err != nil {
				return p, wrongField(name, "must be a number")
			}
		}
	}
	if p.Content.Floors, err = readFloors(form); err != nil {
		return p, err
	}
	if p.Content.Targets, err = readTargets(form.Get("targets")); err != nil {
		return p, err
	}
	p.Content.Ladder, err = readLadder(form.Get("ladder"))
	return p, err
}

func readFloors(form typed) (floors []sla.Floor, err error) {
	for _, priority := range sla.Priorities() {
		text := form.Get("floor_" + priority)
		minutes, ok := parseMinutes(text)
		if !ok {
			return nil, wrongField("floor_"+priority, "must be a time such as 30m or 4h")
		}
		if text != "" {
			floors = append(floors, sla.Floor{Priority: priority, Minutes: minutes})
		}
	}
	return floors, nil
}

func readTargets(text string) (targets []sla.Target, err error) {
	lines, err := parseSheet("targets", text, targetColumns, sla.MaxTargets)
	for _, line := range lines {
		targets = append(targets, sla.Target{
			Priority: line.word("priority"), SupportLevel: line.word("support_level"), JobType: line.cells["job_type"],
			FirstResponseMinutes: line.minutes("first_response"), NextResponseMinutes: line.minutes("next_response"),
			ResolutionMinutes: line.minutes("resolution"),
		})
		if line.fault != "" {
			return nil, line.refused("targets", line.fault)
		}
	}
	return targets, err
}

// readLadder reads the sheet of the ladder; an empty one is none.
func readLadder(text string) (ladder []sla.Level, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	lines, err := parseSheet("ladder", text, ladderColumns, sla.MaxLevels)
	for _, line := range lines {
		level := sla.Level{
			Level: line.count("level"), Goal: sla.Goal(line.word("target")), Percent: line.count("percent"), Minutes: line.offset("offset"),
			Persons: line.ids("persons"), Mail: line.yes("mail"), Action: sla.Action(line.word("action")),
		}
		for recipient := range strings.FieldsSeq(line.cells["tells"]) {
			level.Recipients = append(level.Recipients, columnName(recipient))
		}
		if to := line.ids("to"); len(to) > 0 {
			level.To = to[0]
		}
		ladder = append(ladder, level)
		if line.fault != "" {
			return nil, line.refused("ladder", line.fault)
		}
	}
	return ladder, err
}

// count reads a number without decimals; none is 0.
func (l *sheetLine) count(column string) int {
	text := strings.TrimSpace(strings.TrimSuffix(l.cells[column], "%"))
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		l.wrong("the " + column + " must be a number")
	}
	return n
}

// offset reads a length of time with its sign: "-1h" is an hour before.
func (l *sheetLine) offset(column string) int {
	text, before := strings.CutPrefix(l.cells[column], "-")
	minutes, ok := parseMinutes(strings.TrimPrefix(text, "+"))
	if !ok {
		l.wrong("the " + column + " must be a time such as 1h or -30m")
	}
	if before {
		return -minutes
	}
	return minutes
}

func (l *sheetLine) yes(column string) bool {
	switch l.word(column) {
	case "yes", "true", "1":
		return true
	case "", "no", "false", "0":
	default:
		l.wrong("the " + column + " must be yes or no")
	}
	return false
}

// ids reads the ids of people, with spaces in between.
func (l *sheetLine) ids(column string) []uuid.UUID {
	var ids []uuid.UUID
	for word := range strings.FieldsSeq(l.cells[column]) {
		id, err := uuid.Parse(word)
		if err != nil {
			l.wrong("the " + column + " must be ids of staff, as in the addresses of their pages")
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// ladderSheet writes a ladder as readLadder reads it; empty for none.
func ladderSheet(ladder []sla.Level) string {
	if len(ladder) == 0 {
		return ""
	}
	lines := make([][]string, len(ladder))
	for i, level := range ladder {
		offset, mail, to := "", "", ""
		if level.Minutes != 0 {
			offset = signedMinutes(level.Minutes)
		}
		if level.Mail {
			mail = "yes"
		}
		if level.To != uuid.Nil {
			to = level.To.String()
		}
		persons := make([]string, len(level.Persons))
		for j, person := range level.Persons {
			persons[j] = person.String()
		}
		lines[i] = []string{
			strconv.Itoa(level.Level), string(level.Goal), strconv.Itoa(level.Percent), offset, strings.Join(level.Recipients, " "),
			strings.Join(persons, " "), mail, string(level.Action), to,
		}
	}
	return writeSheet(ladderColumns, "level percent tells", lines)
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

// promisedTimes are the times of a target in words.
func promisedTimes(t sla.Target) []fact {
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

package console

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// statusName is a state of a ticket in words.
func statusName(status string) string {
	switch ticket.Status(status) {
	case ticket.StatusWaitingClient:
		return "Waiting for the client"
	case ticket.StatusWaitingThirdParty:
		return "Waiting for a third party"
	case ticket.StatusAwaitingScope:
		return "Awaiting scope approval"
	default:
		return label(status)
	}
}

func statusTone(status string) page.Tone {
	switch ticket.Status(status) {
	case ticket.StatusNew, ticket.StatusReopened:
		return page.Attention
	case ticket.StatusResolved, ticket.StatusClosed:
		return page.Good
	default:
		return page.Neutral
	}
}

func priorityTone(priority string) page.Tone {
	switch ticket.Priority(priority) {
	case ticket.Critical:
		return page.Danger
	case ticket.High:
		return page.Attention
	default:
		return page.Neutral
	}
}

// goalNames are what can be promised, in words.
var goalNames = map[string]string{
	string(sla.FirstResponse): "First response", string(sla.NextResponse): "Next response", string(sla.Resolution): "Resolution",
}

func goalName(goal string) string { return or(goalNames[goal], label(goal)) }

// stateName is how a promise stands, in words.
func stateName(state string) string {
	switch sla.State(state) {
	case sla.NotApplicable:
		return "Nothing promised"
	case sla.NearBreach:
		return "Near breach"
	default:
		return label(state)
	}
}

func stateTone(state string) page.Tone {
	switch sla.State(state) {
	case sla.Breached, sla.MetLate:
		return page.Danger
	case sla.NearBreach:
		return page.Attention
	case sla.Met:
		return page.Good
	default:
		return page.Neutral
	}
}

// groupNames are the groups of the queue in words.
var groupNames = map[rows.Group]string{
	rows.GroupBreached: "Breached", rows.GroupNear: "Near breach", rows.GroupToday: "Today", rows.GroupLater: "Later", rows.GroupPaused: "Paused",
}

// doingNames are what a clock does, in words.
var doingNames = map[string]string{
	"counting": "Counts", "closed": "Closed", "holiday": "Holiday", "waiting_client": "Waits for the client",
	"waiting_third_party": "Waits for a third party", "on_hold": "On hold", "awaiting_scope": "Awaits the approval of its scope",
	"settled": "Settled", "unpromised": "Nothing is promised",
}

// pausedText says why a clock stands still.
func pausedText(pausedFor string) string { return or(doingNames[pausedFor], "Paused") }

// openingTime is a number of seconds of opening time in words; by how much it is late when negative.
func openingTime(seconds int64) string {
	if seconds < 0 {
		return page.Hours(time.Duration(-seconds)*time.Second) + " late"
	}
	return page.Hours(time.Duration(seconds)*time.Second) + " left"
}

// countdown is what is left until a promise is due.
func countdown(p Promise, now time.Time) page.CountdownProps {
	props := page.CountdownProps{
		Label: "Time left for: " + goalName(p.Goal), Now: now, Tone: stateTone(p.State),
		Left: max(time.Duration(p.RemainingSeconds)*time.Second, 0),
	}
	if p.Due != nil {
		props.Due = *p.Due
	}
	return props
}

// counts reports whether a promise still waits to be kept.
func (p Promise) counts() bool {
	switch sla.State(p.State) {
	case sla.Running, sla.NearBreach, sla.Breached, sla.Paused:
		return p.Ended == nil
	default:
		return false
	}
}

func (t Ticket) internal() bool { return t.Visibility != rows.ClientVisible }

// ended reports whether nothing but staff's notes is written on a ticket any more.
func (t Ticket) ended() bool {
	switch ticket.Status(t.Status) {
	case ticket.StatusClosed, ticket.StatusCancelled, ticket.StatusMerged, ticket.StatusDuplicate:
		return true
	default:
		return false
	}
}

// audienceName says who sees something.
func audienceName(visibility, client string) string {
	if visibility == rows.ClientVisible {
		return or(client, "The client") + " sees it"
	}
	return "Internal"
}

// messageClass colours a message by who reads it.
func messageClass(m Message) string {
	switch {
	case m.Visibility != rows.ClientVisible:
		return "message staff-only"
	case m.ByClient:
		return "message"
	default:
		return "message own"
	}
}

// author names who wrote a message.
func author(m Message, people map[string]string) string {
	switch {
	case m.Automatic:
		return "The system"
	case m.Author == nil:
		return "Unknown"
	}
	return nameOf(people, m.Author.String())
}

// personIn names somebody who may be nobody.
func personIn(people map[string]string, id *uuid.UUID, nobody string) string {
	if id == nil {
		return nobody
	}
	return nameOf(people, id.String())
}

// assigneeText is who works on a ticket: "Tom Hargreaves, team Platform".
func assigneeText(people map[string]string, assignee *uuid.UUID, team string) string {
	name := personIn(people, assignee, "Nobody")
	if team == "" {
		return name
	}
	return name + ", team " + team
}

func namesOf(people map[string]string, ids []uuid.UUID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = nameOf(people, id.String())
	}
	return list(names)
}

// stepTexts are events of a ticket in words; what has none is said by its name.
var stepTexts = map[string]string{
	"raised": "Raised", "triaged": "Classified", "assigned": "Assigned", "started": "Work began", "commented": "Comment", "noted": "Note",
	"waiting_started": "Waits", "waiting_ended": "Goes on", "sla_pinned": "Promise set", "sla_state_reached": "Promise", "target_concluded": "Promise",
	"numbered": "Numbered", "comment_deleted": "Comment deleted", "merged_in": "Another ticket merged into it",
}

// stepText tells a step of the history: "Assigned: Ada Lovelace", "Promise: First response, breached".
func stepText(step rows.Step, people map[string]string) string {
	var told struct {
		JobType    string     `json:"job_type"`
		Priority   string     `json:"priority"`
		Assignee   *uuid.UUID `json:"assignee"`
		Person     *uuid.UUID `json:"person"`
		Team       string     `json:"team"`
		For        string     `json:"for"`
		Goal       string     `json:"goal"`
		State      string     `json:"state"`
		Level      int        `json:"level"`
		Why        string     `json:"why"`
		Visibility string     `json:"visibility"`
		Reason     string     `json:"reason"`
		File       string     `json:"file"`
	}
	text := or(stepTexts[step.What], label(step.What))
	if json.Unmarshal(step.Arguments, &told) != nil {
		return text
	}
	var said []string
	add := func(word string) {
		if word != "" {
			said = append(said, word)
		}
	}
	for _, id := range given(told.Assignee, told.Person) {
		add(nameOf(people, id.String()))
	}
	if told.Goal != "" {
		add(strings.ToLower(goalName(told.Goal)))
	}
	if told.State != "" {
		add(strings.ToLower(stateName(told.State)))
	}
	if told.Level != 0 {
		add("level " + strconv.Itoa(told.Level))
	}
	if told.For != "" {
		add(strings.ToLower(label(told.For)))
	}
	add(told.Priority)
	add(told.JobType)
	add(told.Team)
	add(told.File)
	if told.Visibility != "" {
		add(map[bool]string{true: "visible to the client", false: "internal"}[told.Visibility == rows.ClientVisible])
	}
	add(strings.ReplaceAll(told.Why, "_", " "))
	add(strings.ReplaceAll(told.Reason, "_", " "))
	if len(said) == 0 {
		return text
	}
	return text + ": " + list(said)
}

// relationName is how another ticket is tied to this one, in words.
func relationName(r related) string {
	there := map[string]string{
		"relates_to": "Relates to", "blocks": "Blocks", "blocked_by": "Blocked by", "caused_by": "Caused by",
		"merged": "Was merged into this one", "split": "Was cut off from this one", "follows": "Takes this one up again",
	}
	back := map[string]string{
		"relates_to": "Relates to", "blocks": "Blocked by", "blocked_by": "Blocks", "caused_by": "Causes",
		"merged": "This one was merged into", "split": "This one was cut off from", "follows": "This one takes up again",
	}
	if r.Inverse {
		return or(back[r.Relation], label(r.Relation))
	}
	return or(there[r.Relation], label(r.Relation))
}

// choices are options by name, the chosen ones marked. A label is the name in words unless words says another.
func choices(names []string, words func(string) string, chosen ...string) []page.Option {
	options := make([]page.Option, len(names))
	for i, name := range names {
		options[i] = page.Option{Value: name, Label: words(name), Selected: slices.Contains(chosen, name)}
	}
	return options
}

// anyOf puts a choice that narrows nothing before others.
func anyOf(label string, options []page.Option) []page.Option {
	return append([]page.Option{{Label: label}}, options...)
}

var priorities = []string{string(ticket.Critical), string(ticket.High), string(ticket.Medium), string(ticket.Low)}

// openStates are those in which a ticket stands in the queue.
var openStates = []string{
	string(ticket.StatusNew), string(ticket.StatusTriaged), string(ticket.StatusInProgress), string(ticket.StatusReopened),
	string(ticket.StatusWaitingClient), string(ticket.StatusWaitingThirdParty), string(ticket.StatusOnHold), string(ticket.StatusAwaitingScope),
}

// endStates are the others.
var endStates = []string{
	string(ticket.StatusResolved), string(ticket.StatusClosed), string(ticket.StatusCancelled), string(ticket.StatusMerged), string(ticket.StatusDuplicate),
}

// strip draws what the clock did in a cycle.
func strip(cycle cycleBody, now time.Time) page.StripProps {
	s := page.StripProps{Caption: goalName(cycle.Goal) + ", cycle " + strconv.Itoa(cycle.Cycle), Now: now}
	for _, stretch := range cycle.Strip {
		doing := page.Waiting
		switch stretch.Doing {
		case "counting":
			doing = page.Counting
		case "closed", "settled", "unpromised":
			doing = page.Closed
		case "holiday":
			doing = page.Holiday
		case "on_hold":
			doing = page.Holding
		}
		word := or(doingNames[stretch.Doing], label(stretch.Doing))
		if stretch.Name != "" {
			word += ": " + stretch.Name
		}
		s.Stretches = append(s.Stretches, page.Stretch{
			From: stretch.From, Until: stretch.Until, Doing: doing, Word: word, Counted: time.Duration(stretch.Seconds) * time.Second,
		})
	}
	return s
}

// fileSize is the size of a file in words: "12 KB".
func fileSize(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return strconv.FormatInt(bytes, 10) + " bytes"
	case bytes < 1<<20:
		return strconv.FormatInt((bytes+1<<9)>>10, 10) + " KB"
	}
	return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) + " MB"
}

// marked marks the options that have one of the values.
func marked(options []page.Option, values []string) []page.Option {
	copied := slices.Clone(options)
	for i := range copied {
		copied[i].Selected = slices.Contains(values, copied[i].Value)
	}
	return copied
}

// linkTone leaves the tone of danger to the button that acts, not to the link to its page.
func linkTone(tone page.Tone) page.Tone {
	if tone == page.Danger {
		return page.Neutral
	}
	return tone
}

func acknowledgedText(v ticketView) string {
	if v.AcknowledgedAt == nil {
		return "Nobody has said yet that they have it in hand."
	}
	return nameOf(v.People, idOrNone(v.AcknowledgedBy)) + " has it in hand since " + v.AcknowledgedAt.Format("2 Jan, 15:04 MST") + "."
}

// recipientNames are whom a level of the ladder tells, in words.
func recipientNames(recipients []string) string {
	names := make([]string, len(recipients))
	for i, name := range recipients {
		names[i] = strings.ReplaceAll(name, "_", " ")
	}
	return list(names)
}

func estimateTone(answer string) page.Tone {
	switch answer {
	case rows.Approved:
		return page.Good
	case rows.Awaited:
		return page.Attention
	default:
		return page.Neutral
	}
}

// messageLinks lead to what the viewer may do with a message.
func messageLinks(v ticketView, m Message) []way {
	path := v.Path + "/comments/" + m.ID.String()
	var links []way
	if v.own(m) && !v.ended() {
		links = append(links, way{Label: "Edit", Path: path + "/edit"}, way{Label: "Delete", Path: path + "/delete"})
	}
	switch visible := m.Visibility == rows.ClientVisible; {
	case !v.Publish || m.ByClient:
	case visible:
		links = append(links, way{Label: "Withdraw", Path: path + "/withdraw"})
	case m.Kind == rows.Comment:
		links = append(links, way{Label: "Publish", Path: query(v.Path+"/publish", "comments", m.ID.String())})
	}
	return links
}

func composerLabel(field string) string {
	if field == "note" {
		return "Your note"
	}
	return "Your reply"
}

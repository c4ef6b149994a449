package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	books "effigate/domain/period" // period is a word of this package
	"effigate/domain/zone"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// weekView is the time of one person in one week.
type weekView struct {
	Monday                calendar.Date
	Path, Previous, Next  string
	Whose                 uuid.UUID
	Name                  string
	People                []page.Option // whose weeks the viewer may see; none but the own for most
	Days                  []dayView
	Seconds               int64 // of the week
	Unsubmitted, Returned int   // records
	Cut                   bool  // there are more records than the page shows
	Timer                 *rows.Timer
	TimerWork             string
	Entry                 entryForm

	Log bool // the viewer may log time here
}

// dayView is one day of a week.
type dayView struct {
	Day     calendar.Date
	Seconds int64
	Times   []rows.TimeLine
}

// entryForm is a form of work with its choices.
type entryForm struct {
	Form typed
	Work []page.Option // contract and job type
}

// timeView is everything about one record.
type timeView struct {
	timeBody
	Path, Back string
	Entry      entryForm

	// What the viewer may do.
	Edit, Submit, Approve, Return, Correct, Prices, Rates bool
}

func (c *Console) addTimePages() {
	showing(c, "/time", access.ReadTime, c.viewWeek, weekPage)
	c.posting("/time", access.LogTime, c.postTime, c.weekAgain)
	c.posting("/time/submit", access.LogTime, c.postSubmitWeek, c.weekAgain)
	c.posting("/timer", access.LogTime, c.postTimer, c.weekAgain)
	showing(c, "/time/{id}", access.ReadTime, c.viewTime, timePage)
	c.posting("/time/{id}/revise", access.LogTime, c.postRevise, c.timeAgain)
	c.posting("/time/{id}/discard", access.LogTime, c.postDiscard, c.timeAgain)
	c.posting("/time/{id}/submit", access.LogTime, c.postSubmitTime, c.timeAgain)
	c.posting("/time/{id}/approve", access.ApproveTime, c.postApproveTime, c.timeAgain)
	c.posting("/time/{id}/return", access.ApproveTime, c.postReturnTime, c.timeAgain)
	c.posting("/time/{id}/correct", access.ManagePeriods, c.postCorrect, c.timeAgain)
	c.addApprovalPages()
}

// weekPath is the page of a week.
func weekPath(monday calendar.Date, whose uuid.UUID) string {
	return query("/time", "week", string(monday), "person", idOf(whose))
}

func timePath(id uuid.UUID) string { return "/time/" + id.String() }

// mondayOf is the first day of the week that has a day.
func mondayOf(day calendar.Date) calendar.Date { return day.Add(-(int(day.Weekday()) + 6) % 7) }

func (c *Console) viewWeek(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v weekView, err error) {
	own := r.Actor.Person.UUID
	if v.Whose, err = optionalID(request.URL.Query().Get("person"), "person"); err != nil {
		return v, err
	}
	if v.Whose == uuid.Nil || r.ownAlone() {
		v.Whose = own
	}
	where, err := rows.LastZone(ctx, tx, own)
	if err != nil {
		return v, err
	}
	today := dayIn(c.now(), where)
	v.Monday = mondayOf(today)
	if day := calendar.Date(request.URL.Query().Get("week")); day.Valid() {
		v.Monday = mondayOf(day)
	}
	other := v.Whose
	if other == own {
		other = uuid.Nil
	}
	v.Path = weekPath(v.Monday, other)
	v.Previous, v.Next = weekPath(v.Monday.Add(-7), other), weekPath(v.Monday.Add(7), other)
	if err := v.fill(ctx, tx); err != nil {
		return v, err
	}
	if v.Log = r.may(access.LogTime) && v.Whose == own; v.Log {
		if err := v.forLogging(ctx, tx, where, today); err != nil {
			return v, err
		}
	}
	return v, c.namePeople(ctx, tx, r, &v)
}

// fill reads the records of the week.
func (v *weekView) fill(ctx context.Context, tx pgx.Tx) error {
	times, more, err := rows.Times(ctx, tx, rows.TimeFilter{Person: v.Whose, From: string(v.Monday), Until: string(v.Monday.Add(6))})
	if err != nil {
		return err
	}
	v.Cut = !more.IsZero()
	slices.SortFunc(times, inOrder)
	for i := range 7 {
		day := dayView{Day: v.Monday.Add(i)}
		for _, t := range times {
			if t.Day != string(day.Day) {
				continue
			}
			day.Times = append(day.Times, t)
			day.Seconds += t.Seconds
			switch t.Status {
			case rows.TimeDraft:
				v.Unsubmitted++
			case rows.TimeReturned:
				v.Returned++
			}
		}
		v.Days, v.Seconds = append(v.Days, day), v.Seconds+day.Seconds
	}
	return nil
}

// inOrder sorts records by when they began; those of a duration come after all others of the day.
func inOrder(a, b rows.TimeLine) int {
	switch {
	case a.From != nil && b.From != nil && !a.From.Equal(*b.From):
		return a.From.Compare(*b.From)
	case (a.From == nil) != (b.From == nil):
		if a.From == nil {
			return 1
		}
		return -1
	}
	return strings.Compare(a.ID.String(), b.ID.String())
}

// forLogging fills in what somebody needs to log time: the timer, the choices and the form.
func (v *weekView) forLogging(ctx context.Context, tx pgx.Tx, where string, today calendar.Date) error {
	workables, err := rows.Workables(ctx, tx)
	if err != nil {
		return err
	}
	timer, err := rows.TimerOf(ctx, tx, v.Whose)
	if err != nil {
		return err
	}
	if timer.Running {
		v.Timer, v.TimerWork = &timer, workName(workables, timer.Contract, timer.JobType)
	}
	v.Entry = entryForm{Form: blank(), Work: workOptions(workables)}
	if where == "" && len(workables) > 0 {
		where = workables[0].Zone
	}
	v.Entry.Form.Values.Set("zone", or(where, "UTC"))
	v.Entry.Form.Values.Set("day", string(min(max(today, v.Monday), v.Monday.Add(6))))
	return nil
}

// namePeople says whose week it is, and whose the viewer may see.
func (c *Console) namePeople(ctx context.Context, tx pgx.Tx, r reader, v *weekView) error {
	ids := []uuid.UUID{v.Whose}
	var colleagues []rows.Person
	if !r.ownAlone() {
		var err error
		if colleagues, _, err = rows.ListPeople(ctx, tx, uuid.Nil, uuid.Nil, rows.MaxLimit); err != nil {
			return err
		}
	}
	colleagues = slices.DeleteFunc(colleagues, func(p rows.Person) bool {
		return access.ScopeOf(domain.Role(p.Role), access.LogTime) == access.Nothing && p.ID != v.Whose
	})
	for _, colleague := range colleagues {
		ids = append(ids, colleague.ID)
	}
	names, err := c.people(ctx, tx, ids)
	if err != nil {
		return err
	}
	v.Name = nameOf(names, v.Whose.String())
	for _, colleague := range colleagues {
		id := colleague.ID.String()
		v.People = append(v.People, page.Option{Value: id, Label: nameOf(names, id), Selected: colleague.ID == v.Whose})
	}
	return nil
}

// dayIn is the day of an instant in a zone, by its name; that of UTC when there is no such zone.
func dayIn(at time.Time, name string) calendar.Date {
	where, err := zone.Load(name)
	if err != nil || name == "" {
		where = time.UTC
	}
	return calendar.DateOf(at, where)
}

// workOptions are the contracts in force with their job types, one choice each.
func workOptions(workables []rows.Workable) []page.Option {
	options := []page.Option{{Label: "Choose the work"}}
	for _, contract := range workables {
		for _, jobType := range contract.JobTypes {
			options = append(options, page.Option{
				Value: contract.ID.String() + " " + jobType.Key, Label: contract.ClientName + " · " + contract.Reference + " · " + jobType.Name,
			})
		}
	}
	return options
}

// workName is a contract with a job type in words.
func workName(workables []rows.Workable, contract uuid.UUID, jobType string) string {
	for _, option := range workOptions(workables) {
		if option.Value == contract.String()+" "+jobType {
			return option.Label
		}
	}
	return jobType
}

// weekAgain shows the week with a form on it as it was sent.
func (c *Console) weekAgain(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
	values := r.URL.Query()
	if week := form.Get("week"); week != "" {
		values.Set("week", week)
	}
	r.URL.RawQuery = values.Encode()
	v, frame, err := look(c, r, login, access.ReadTime, c.viewWeek)
	if err != nil {
		return err
	}
	for _, field := range []string{"zone", "day"} {
		if !form.Values.Has(field) {
			form.Values.Set(field, v.Entry.Form.Get(field))
		}
	}
	v.Entry.Form, frame.Wrong = form, true
	return page.Render(w, r, status, weekPage(frame, v))
}

// backToWeek leads to the week that a form stands on.
func backToWeek(form typed, notice string, answer commands.Answer) string {
	to := then("/time", notice, answer)
	if week := form.Get("week"); week != "" {
		to += "&week=" + week
	}
	return to
}

// entryReader reads work as people type it into a form.
type entryReader struct {
	form  typed
	check domain.Check
}

func (e *entryReader) text(field string) string { return strings.TrimSpace(e.form.Get(field)) }

// work reads what was chosen: a contract and a job type.
func (e *entryReader) work() (contract domain.ContractID, jobType string) {
	id, jobType, _ := strings.Cut(e.text("work"), " ")
	parsed, err := uuid.Parse(id)
	e.check.That(err == nil && jobType != "", "work", "must be chosen")
	return domain.ContractID{UUID: parsed}, jobType
}

// zone reads the zone that the times are in.
func (e *entryReader) zone() *time.Location {
	where, err := zone.Load(e.text("zone"))
	e.check.That(err == nil && e.text("zone") != "", "zone", "must be the IANA name of a time zone, such as Australia/Sydney")
	if err != nil {
		return time.UTC
	}
	return where
}

// entry reads work of a day: from one time until another, which may be on the next day, or a duration.
func (e *entryReader) entry(jobType string) books.Entry {
	entry := books.Entry{
		JobType: jobType, Zone: e.text("zone"), Condition: hours.Condition(e.text("condition")), Billing: books.Billing(e.text("billing")),
		Reason: e.text("reason"), Description: e.text("description"), Note: e.text("note"), BreakSeconds: e.seconds("break"),
	}
	where, day := e.zone(), calendar.Date(e.text("day"))
	if e.check.That(day.Valid(), "day", "must be a day"); !day.Valid() {
		return entry
	}
	from, until, lasted := e.text("from"), e.text("until"), e.text("hours")
	e.check.That((from == "") == (until == ""), "until", "goes together with from")
	e.check.That((from == "") != (lasted == ""), "from", "and until, or the hours, must be given, and not both")
	if from == "" {
		entry.Day, entry.Seconds = day, e.seconds("hours")
		return entry
	}
	entry.From, entry.Until = e.clock("from", day, where), e.clock("until", day, where)
	if !entry.From.IsZero() && !entry.Until.After(entry.From) {
		entry.Until = e.clock("until", day.Add(1), where)
	}
	return entry
}

// clock reads a time of a day in a zone. One that a change of clocks skips is taken as if it had not.
func (e *entryReader) clock(field string, day calendar.Date, where *time.Location) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+e.text(field), where)
	if e.check.That(err == nil, field, "must be a time, such as 09:30"); err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// seconds reads a number of hours; 0 when nothing was typed.
func (e *entryReader) seconds(field string) int64 {
	minutes, err := minutesOf(e.text(field))
	e.check.That(err == nil && minutes >= 0, field, "must be hours, such as 2, 1.5 or 1:30")
	return int64(minutes) * 60
}

func (c *Console) postTime(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	if form.Values.Has("timer") { // The same fields start the timer instead.
		return c.postStartTimer(r, login, form)
	}
	read := &entryReader{form: form}
	contract, jobType := read.work()
	entry := read.entry(jobType)
	if err := read.check.Err(); err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	logged, err := c.commands.LogTime(r.Context(), request, commands.LogTime{Contract: contract, Entry: entry, Submit: form.Values.Has("submit")})
	day := entry.Day
	if day == "" {
		day = dayIn(entry.From, entry.Zone)
	}
	form.Values.Set("week", string(day))
	return backToWeek(form, "logged", logged), err
}

// postSubmitWeek hands in all drafts of a week, one command for each period that has some. Each has an id of its own
// that derives from the form's one key, so that a repeat completes what failed in between.
func (c *Console) postSubmitWeek(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	monday := calendar.Date(form.Get("week"))
	if !monday.Valid() {
		return "", wrongField("week", "must be a day of it")
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	monday = mondayOf(monday)
	var drafts []rows.TimeLine
	_, err = c.read(r.Context(), login, access.LogTime, domain.Position{}, func(tx pgx.Tx, reads reader) (err error) {
		drafts, _, err = rows.Times(r.Context(), tx, rows.TimeFilter{
			Person: reads.Actor.Person.UUID, Statuses: []string{rows.TimeDraft}, From: string(monday), Until: string(monday.Add(6)),
		})
		return err
	})
	if err != nil {
		return "", err
	}
	var last commands.Answer
	for _, group := range byPeriod(drafts) {
		part := request
		part.Route += " " + group.contract.String() + " " + string(group.month)
		submitted, err := c.commands.SubmitTime(r.Context(), part, commands.SubmitTime{Contract: group.contract, Month: group.month, Times: group.times})
		if err != nil {
			return "", err
		}
		if last.Position.Commit < submitted.Position.Commit {
			last = submitted
		}
	}
	return backToWeek(form, "handed_in", last), nil
}

// periodTimes are records of one period.
type periodTimes struct {
	contract domain.ContractID
	month    calendar.Month
	times    []domain.TimeID
}

// byPeriod groups records by the period that has them, in the order in which they come.
func byPeriod(times []rows.TimeLine) []periodTimes {
	var groups []periodTimes
	for _, t := range times {
		contract, month := domain.ContractID{UUID: t.Contract}, calendar.Month(t.Month)
		i := slices.IndexFunc(groups, func(g periodTimes) bool { return g.contract == contract && g.month == month })
		if i < 0 {
			i = len(groups)
			groups = append(groups, periodTimes{contract: contract, month: month})
		}
		groups[i].times = append(groups[i].times, domain.TimeID{UUID: t.ID})
	}
	return groups
}

func (c *Console) postStartTimer(r *http.Request, login auth.Login, form typed) (string, error) {
	read := &entryReader{form: form}
	contract, jobType := read.work()
	read.zone()
	if err := read.check.Err(); err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	started, err := c.commands.StartTimer(r.Context(), request, commands.StartTimer{
		Contract: contract, JobType: jobType, Zone: read.text("zone"), Description: read.text("description"), Note: read.text("note"),
	})
	return backToWeek(form, "timer_started", started), err
}

// postTimer discards the timer, or keeps what was typed beside the button and then, unless that was all, stops it:
// two commands, each with an id of its own that derives from the one key.
func (c *Console) postTimer(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	if form.Get("act") == "discard" {
		discarded, err := c.commands.DiscardTimer(r.Context(), request, commands.DiscardTimer{})
		return backToWeek(form, "timer_discarded", discarded), err
	}
	described, err := c.commands.DescribeTimer(r.Context(), request, commands.DescribeTimer{
		Description: strings.TrimSpace(form.Get("description")), Note: strings.TrimSpace(form.Get("note")),
	})
	if err != nil || form.Get("act") == "describe" {
		return backToWeek(form, "timer_described", described), err
	}
	request.Route += " and stop"
	stopped, err := c.commands.StopTimer(r.Context(), request, commands.StopTimer{})
	return backToWeek(form, "timer_stopped", stopped), err
}

func (c *Console) viewTime(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v timeView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.timeBody, err = c.timeInFull(ctx, tx, r, id); err != nil {
		return v, err
	}
	own := v.Person != nil && *v.Person == r.Actor.Person.UUID
	back := uuid.Nil
	if !own && v.Person != nil {
		back = *v.Person
	}
	v.Path, v.Back = timePath(id), weekPath(mondayOf(calendar.Date(v.Day)), back)
	open := v.Status == rows.TimeDraft || v.Status == rows.TimeReturned
	v.Edit = open && own && r.may(access.LogTime)
	v.Submit = v.Edit
	v.Prices, v.Rates = r.may(access.ReadPeriods), r.may(access.ReadRates)
	locked := false
	period, err := rows.PeriodByMonth(ctx, tx, v.Contract, v.Month)
	if err == nil {
		locked = period.Status == rows.PeriodClosed
	}
	original := v.Reverses == nil && v.Reversal == nil
	v.Approve = v.Status == rows.TimeSubmitted && r.may(access.ApproveTime) && (!own || r.Actor.Role == domain.Owner)
	v.Return = !locked && r.may(access.ApproveTime) && (v.Status == rows.TimeSubmitted || v.Status == rows.TimeApproved && original)
	v.Correct = locked && v.Status == rows.TimeApproved && original && r.may(access.ManagePeriods)
	workables, err := rows.Workables(ctx, tx)
	if err != nil {
		return v, err
	}
	v.Entry = entryForm{Form: blank(), Work: workOptions(workables)}
	v.typeIn(v.Entry.Form)
	return v, nil
}

// typeIn fills a form with what was entered.
func (v timeView) typeIn(form typed) {
	set := form.Values.Set
	set("work", v.Contract.String()+" "+v.JobType)
	set("zone", v.Zone)
	set("day", v.Day)
	set("description", v.Description)
	set("note", v.Note)
	set("billing", v.Billing)
	set("reason", v.BillingReason)
	set("condition", v.Condition)
	if v.BreakSeconds > 0 {
		set("break", typedHours(int(v.BreakSeconds/60)))
	}
	if v.From == nil || v.Until == nil {
		set("hours", typedHours(int((v.Seconds+v.BreakSeconds)/60)))
		return
	}
	from, until := inZone(*v.From, v.Zone), inZone(*v.Until, v.Zone)
	set("day", from.Format(time.DateOnly))
	set("from", from.Format("15:04"))
	set("until", until.Format("15:04"))
}

// inZone is an instant in a zone by its name; in UTC when there is no such zone.
func inZone(at time.Time, name string) time.Time {
	where, err := zone.Load(name)
	if err != nil {
		where = time.UTC
	}
	return at.In(where)
}

// timeAgain shows a record with a form on it as it was sent.
func (c *Console) timeAgain(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
	v, frame, err := look(c, r, login, access.ReadTime, c.viewTime)
	if err != nil {
		return err
	}
	for field, values := range v.Entry.Form.Values {
		if !form.Values.Has(field) && !form.Values.Has("work") && field != "reason" {
			form.Values[field] = values
		}
	}
	v.Entry.Form, frame.Wrong = form, true
	return page.Render(w, r, status, timePage(frame, v))
}

// onTime runs the command of a form on a record's page, and leads back there.
func (c *Console) onTime(
	r *http.Request, login auth.Login, form typed, needed access.Permission, notice string, run func(commands.Request, stand) (commands.Answer, error),
) (string, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	var at stand
	_, err = c.read(r.Context(), login, needed, domain.Position{}, func(tx pgx.Tx, _ reader) (err error) {
		at, err = standOf(r.Context(), tx, id)
		return err
	})
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := run(request, at)
	return then(timePath(id), notice, answer), err
}

// postRevise keeps what no field of the form holds: the work item and its support level. Another contract has other
// periods, so that the record cannot go there.
func (c *Console) postRevise(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	read := &entryReader{form: form}
	contract, jobType := read.work()
	entry := read.entry(jobType)
	return c.onTime(r, login, form, access.LogTime, "time_saved", func(request commands.Request, at stand) (commands.Answer, error) {
		read.check.That(contract == at.contract, "work", "must be of the same contract; discard the record to log it for another one")
		if err := read.check.Err(); err != nil {
			return commands.Answer{}, err
		}
		entry.Work, entry.SupportLevel = at.work, at.level
		return c.commands.ReviseTime(r.Context(), request, commands.ReviseTime{
			Contract: at.contract, Month: at.month, Time: at.time, Entry: entry, Submit: form.Values.Has("submit"),
		})
	})
}

func (c *Console) postDiscard(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onTime(r, login, form, access.LogTime, "time_discarded", func(request commands.Request, at stand) (commands.Answer, error) {
		return c.commands.DiscardTime(r.Context(), request, commands.DiscardTime{Contract: at.contract, Month: at.month, Time: at.time})
	})
}

func (c *Console) postSubmitTime(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onTime(r, login, form, access.LogTime, "handed_in", func(request commands.Request, at stand) (commands.Answer, error) {
		return c.commands.SubmitTime(r.Context(), request, commands.SubmitTime{Contract: at.contract, Month: at.month, Times: []domain.TimeID{at.time}})
	})
}

func (c *Console) postApproveTime(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onTime(r, login, form, access.ApproveTime, "time_approved", func(request commands.Request, at stand) (commands.Answer, error) {
		return c.commands.ApproveTime(r.Context(), request, commands.ApproveTime{Contract: at.contract, Month: at.month, Times: []domain.TimeID{at.time}})
	})
}

func (c *Console) postReturnTime(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onTime(r, login, form, access.ApproveTime, "time_returned", func(request commands.Request, at stand) (commands.Answer, error) {
		return c.commands.ReturnTime(r.Context(), request, commands.ReturnTime{
			Contract: at.contract, Month: at.month, Times: []domain.TimeID{at.time}, Reason: strings.TrimSpace(form.Get("return_reason")),
		})
	})
}

// postCorrect reverses a record of a closed period. Unless it was wrong altogether, what the form says takes its
// place.
func (c *Console) postCorrect(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	return c.onTime(r, login, form, access.ManagePeriods, "time_corrected", func(request commands.Request, at stand) (commands.Answer, error) {
		correct := commands.CorrectTime{Contract: at.contract, Month: at.month, Time: at.time, Reason: strings.TrimSpace(form.Get("correction"))}
		if !form.Values.Has("nothing") {
			read := &entryReader{form: form}
			contract, jobType := read.work()
			entry := read.entry(jobType)
			read.check.That(contract == at.contract, "work", "must be of the same contract")
			if err := read.check.Err(); err != nil {
				return commands.Answer{}, err
			}
			entry.Work, entry.SupportLevel = at.work, at.level
			correct.Entry = &entry
		}
		return c.commands.CorrectTime(r.Context(), request, correct)
	})
}

package commands_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/forecast"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/terms"
)

// period folds a period of a contract.
func (w *world) period(t *testing.T, on domain.ContractID, month calendar.Month) period.State {
	t.Helper()
	var state period.State
	for recorded, err := range w.log.Read(t.Context(), period.Stream(on, month), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		state = period.Evolve(state, recorded.Event.(period.Event))
	}
	return state
}

// pins gives the pins of a period.
func (w *world) pins(t *testing.T, on domain.ContractID, month calendar.Month) []period.TermsPinned {
	t.Helper()
	var pins []period.TermsPinned
	for recorded, err := range w.log.Read(t.Context(), period.Stream(on, month), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		if pin, ok := recorded.Event.(period.TermsPinned); ok {
			pins = append(pins, pin)
		}
	}
	return pins
}

// The hundred records of a month are approved by a hundred commands at once, in two processes, each sent twice:
// each has its effect once, none is lost, and the hours come to the same as one after the other.
func TestConcurrentApprovals(t *testing.T) {
	t.Parallel()
	const records = 100
	w := newWorld(t)
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	said := bucketTerms()
	said.Agreed.Starts, said.Agreed.Lines[0].Minutes = "2026-03-01", 100*60
	on := w.signed(t, said)
	w.opened(t, on)
	ids := make([]domain.TimeID, records)
	for i := range ids {
		c := w.work()
		c.Contract, c.Submit, c.Entry.Until = on, true, c.Entry.From.Add(time.Duration(i+1)*time.Minute)
		ids[i] = domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.next(other), c)).ID}
	}
	services := []*commands.Service{w.service, commands.NewService(w.log, w.answers)}
	answers, errs := make([]commands.Answer, 2*records), make([]error, 2*records)
	mark := w.mark()
	var all sync.WaitGroup
	for i := range answers {
		r, one := request(owner, fmt.Sprint("approve ", i%records)), ids[i%records]
		all.Go(func() {
			answers[i], errs[i] = services[i/records].ApproveTime(t.Context(), r, commands.ApproveTime{Contract: on, Month: march, Times: []domain.TimeID{one}})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i := range records {
		if answers[i] != answers[i+records] {
			t.Errorf("one command was answered %+v and %+v", answers[i], answers[i+records])
		}
	}
	approved := map[domain.TimeID]int{}
	for _, recorded := range w.log.All()[mark:] {
		if e, ok := recorded.Event.(period.TimeApproved); ok {
			approved[e.Time]++
		}
	}
	state, minutes := w.period(t, on, march), 0
	for i, id := range ids {
		if approved[id] != 1 {
			t.Errorf("record %d was approved %d times", i, approved[id])
		}
		record, _ := state.Time(id)
		minutes += record.Approved.DrawnMinutes
	}
	if want := 15 * (15*1 + 15*2 + 15*3 + 15*4 + 15*5 + 15*6 + 10*7); minutes != want {
		t.Errorf("%d minutes were drawn, want %d", minutes, want)
	}
	w.checkIDs(t)
}

// Identical approvals of all records have one effect.
func TestIdenticalApprovals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	var ids []domain.TimeID
	for range 20 {
		ids = append(ids, w.handedIn(t))
	}
	services := []*commands.Service{w.service, commands.NewService(w.log, w.answers)}
	r, mark := w.next(owner), w.mark()
	errs := make([]error, 100)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = services[i%2].ApproveTime(t.Context(), r, commands.ApproveTime{Contract: w.contract, Month: march, Times: ids})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, w.since(mark), slices.Repeat([]string{"period.time_approved.v1"}, len(ids))...)
}

// Colleagues who are faster fifty times cost nobody's time; who is faster for ever does not hold a request for ever.
func TestTimeIsNotLostToAFasterColleague(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		faster := 50
		beaten := commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
			if faster--; faster >= 0 {
				return fmt.Errorf("append to %s: %w", a.Stream, domain.ErrRevision)
			}
			return nil
		}}, w.answers)
		must(t)(beaten.LogTime(t.Context(), w.next(other), w.work()))
		faster = 1 << 30
		r := w.next(other)
		if _, err := beaten.LogTime(t.Context(), r, w.work()); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		must(t)(w.service.LogTime(t.Context(), r, w.work()))
		w.checkIDs(t)
	})
}

// Work enters the period of its day, or when that takes none any more, the next one that is open.
func TestWhichPeriodTakesTime(t *testing.T) {
	t.Parallel()
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 1, 0, 0, 0, time.UTC) }
	for name, test := range map[string]struct {
		work, logged time.Time
		closed       []calendar.Month
		imported     bool
		want         calendar.Month
		late         bool
	}{
		"the present month":                    {day(3, 10), day(3, 16), nil, false, "2026-03", false},
		"the zone of the contract decides":     {time.Date(2026, 2, 28, 14, 0, 0, 0, time.UTC), day(3, 16), nil, false, "2026-03", false},
		"within the grace":                     {day(2, 20), day(3, 9), nil, false, "2026-02", false},
		"after the grace":                      {day(2, 20), day(3, 16), nil, false, "2026-03", true},
		"within the grace of a closed one":     {day(2, 20), day(3, 9), []calendar.Month{"2026-02"}, false, "2026-03", true},
		"a closed one before an open one":      {day(2, 20), day(4, 5), []calendar.Month{"2026-02"}, false, "2026-03", true},
		"an import comes where it belongs":     {day(2, 20), day(6, 16), nil, true, "2026-02", false},
		"an import into a closed one comes on": {day(2, 20), day(4, 5), []calendar.Month{"2026-02"}, true, "2026-03", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			on, c := w.signed(t, sinceFebruary()), w.work()
			for _, month := range test.closed {
				must(t)(w.service.ClosePeriod(t.Context(), w.on(owner, month.Next().First().Start(time.UTC)), commands.ClosePeriod{Contract: on, Month: month}))
			}
			c.Contract, c.Entry.From, c.Entry.Until = on, test.work, test.work.Add(time.Hour)
			if test.imported {
				c.Source = period.Source{Kind: "import", System: "toggl", Key: "1"}
			}
			r := w.on(owner, test.logged)
			id := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), r, c)).ID}
			record, there := w.period(t, on, test.want).Time(id)
			if !there || record.Late != test.late {
				t.Fatalf("in %s: %t, late %t", test.want, there, record.Late)
			}
			// A repeat finds it, whatever has been closed since and however late it is.
			w.answers.Forget()
			mark := w.mark()
			r.At = r.At.AddDate(0, 0, 40)
			must(t)(w.service.LogTime(t.Context(), r, c))
			wantKinds(t, w.since(mark))
		})
	}
}

// Everybody logs and changes their own time alone.
func TestTimeIsOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.next(other), w.work())).ID}
	brought, foreign := w.work(), w.work()
	brought.Source, foreign.Entry.Person = period.Source{Kind: "import", System: "toggl", Key: "1"}, other.Person
	one := []domain.TimeID{theirs}
	for name, a := range map[string]attack{
		"log another's":      {agent, with(w.service.LogTime, foreign), domain.ErrForbidden, "role_may_not"},
		"import as support":  {agent, with(w.service.LogTime, brought), domain.ErrForbidden, "role_may_not"},
		"log as finance":     {w.hire(t, staff("fiona", domain.Finance)), with(w.service.LogTime, w.work()), domain.ErrForbidden, "role_may_not"},
		"revise another's":   {agent, with(w.service.ReviseTime, commands.ReviseTime{Contract: w.contract, Month: march, Time: theirs, Entry: foreign.Entry}), domain.ErrForbidden, "not_yours"},
		"discard another's":  {agent, with(w.service.DiscardTime, commands.DiscardTime{Contract: w.contract, Month: march, Time: theirs}), domain.ErrForbidden, "not_yours"},
		"submit another's":   {agent, with(w.service.SubmitTime, commands.SubmitTime{Contract: w.contract, Month: march, Times: one}), domain.ErrForbidden, "not_yours"},
		"revise what isn't":  {agent, with(w.service.ReviseTime, commands.ReviseTime{Contract: w.contract, Month: march, Time: domain.TimeID{UUID: id("x")}, Entry: w.work().Entry}), domain.ErrNotFound, "time_not_found"},
		"log ahead":          {agent, with(w.service.LogTime, ahead(w.work())), domain.ErrInvalid, "invalid_fields"},
		"log no day":         {agent, with(w.service.LogTime, commands.LogTime{Contract: w.contract, Entry: period.Entry{JobType: "api", Seconds: 60}}), domain.ErrInvalid, "invalid_fields"},
		"log under nothing":  {agent, with(w.service.LogTime, commands.LogTime{Contract: domain.ContractID{UUID: id("x")}, Entry: w.work().Entry}), domain.ErrNotFound, "no_such_contract"},
		"open a month ahead": {owner, with(w.service.OpenPeriod, commands.OpenPeriod{Contract: w.contract, Month: april}), domain.ErrInvalid, "invalid_fields"},
		"open no month":      {owner, with(w.service.OpenPeriod, commands.OpenPeriod{Contract: w.contract, Month: "March"}), domain.ErrInvalid, "invalid_fields"},
	} {
		w.check(t, name, a)
	}
	must(t)(w.service.LogTime(t.Context(), w.next(owner), foreign))
	imported := must(t)(w.service.LogTime(t.Context(), w.next(owner), brought))
	delivery := w.hire(t, staff("dora", domain.Delivery))
	must(t)(w.service.SubmitTime(t.Context(), w.next(delivery), commands.SubmitTime{Contract: w.contract, Month: march, Times: []domain.TimeID{{UUID: imported.ID}}}))
}

// Whoever completed what an import had brought became the one who had worked.
func TestCompletingWhatWasImportedKeepsWhoseItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	brought := w.work()
	brought.Entry.Person, brought.Source = other.Person, period.Source{Kind: "import", System: "toggl", Key: "1"}
	id := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.next(owner), brought)).ID}
	entry := w.work().Entry
	entry.Description = "Told anew"
	delivery := w.hire(t, staff("dora", domain.Delivery))
	must(t)(w.service.ReviseTime(t.Context(), w.next(delivery), commands.ReviseTime{Contract: w.contract, Month: march, Time: id, Entry: entry}))
	if now, _ := w.period(t, w.contract, march).Time(id); now.Record.Staff.Person != other.Person || now.Record.Description != "Told anew" {
		t.Errorf("the record is %+v", now.Record)
	}
	entry.Person = owner.Person
	_, err := w.service.ReviseTime(t.Context(), w.next(delivery), commands.ReviseTime{Contract: w.contract, Month: march, Time: id, Entry: entry})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
}

// A draft's periods could be opened and closed: what the contract granted when it came into force was lost in them.
func TestADraftHasNoPeriods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.draftOf(t, bucketTerms())
	_, err := w.service.OpenPeriod(t.Context(), w.next(owner), commands.OpenPeriod{Contract: on, Month: march})
	wantRefused(t, err, domain.ErrConflict, "contract_not_active")
}

func ahead(c commands.LogTime) commands.LogTime {
	c.Entry.From, c.Entry.Until = at.AddDate(0, 0, 2), at.AddDate(0, 0, 2).Add(time.Hour)
	return c
}

// Revising a record to a day of a later month moves it there, complete; a day that the later period refuses moves
// nothing.
func TestRevisingMovesARecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, c := w.signed(t, sinceFebruary()), w.work()
	c.Contract, c.Entry.From, c.Entry.Until = on, inFebruary, inFebruary.Add(time.Hour)
	record := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.on(other, inFebruary.Add(time.Hour)), c)).ID}
	revise := commands.ReviseTime{Contract: on, Month: february, Time: record, Entry: w.work().Entry, Submit: true}
	wrong := revise
	wrong.Entry.JobType = "web"
	mark := w.mark()
	_, err := w.service.ReviseTime(t.Context(), w.next(other), wrong)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	_, err = w.service.ReviseTime(t.Context(), w.next(agent), revise)
	wantRefused(t, err, domain.ErrForbidden, "not_yours")
	wantKinds(t, w.since(mark))
	r := w.next(other)
	for appends := range 2 {
		if _, err := commands.NewService(dying(w.log, appends+1), w.answers).ReviseTime(t.Context(), r, revise); err == nil {
			t.Error("the process didn't die")
		}
	}
	must(t)(w.service.ReviseTime(t.Context(), r, revise))
	wantKinds(t, w.since(mark), "period.time_moved.v1", "period.opened.v1", "period.terms_pinned.v1",
		"period.time_logged.v1", "period.time_revised.v1", "period.time_submitted.v1")
	w.checkIDs(t)
}

// A period pins what holds in it: from each day on which the contract, its calendar or a rate card changes.
func TestWhatAPeriodPins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hours := w.calendar(t)
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	special := rates("90")
	special.Layer, special.Client, special.From = rate.ClientOverride, w.nexus, "2026-03-12"
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), special))
	own := rates("100")
	own.Layer = rate.ContractVersion
	card := must(t)(w.service.PublishRates(t.Context(), w.next(owner), own)).ID
	said := bucketTerms()
	said.Staff.Calendar, said.Staff.RateCard = terms.Ref{ID: hours.UUID}, terms.Ref{ID: card, Version: 1}
	on := w.signed(t, said)
	changed := office()
	changed.Calendar, changed.Base, changed.From, changed.Content.Always = hours, 1, "2026-03-20", true
	must(t)(w.service.PublishCalendar(t.Context(), w.next(owner), changed))
	more := amendment(on)
	more.Terms = said
	more.Terms.Agreed.NoticeDays = 30
	id := domain.AmendmentID{UUID: must(t)(w.service.ProposeAmendment(t.Context(), w.next(manager), more)).ID}
	must(t)(w.service.ApproveAmendment(t.Context(), w.next(owner), commands.ApproveAmendment{Contract: on, Amendment: id}))
	must(t)(w.service.OfferAmendment(t.Context(), w.next(owner), commands.OfferAmendment{Contract: on, Amendment: id}))
	must(t)(w.service.AcceptAmendment(t.Context(), w.next(owner), commands.AcceptAmendment{Contract: on, Amendment: id, Evidence: contract.Evidence{Paper: "binder 4"}}))
	w.opened(t, on)

	type held struct {
		From    calendar.Date
		Version int
		Cards   []rate.Layer
		Always  bool
	}
	var got []held
	for _, pin := range w.pins(t, on, march) {
		h := held{From: pin.From, Version: pin.Staff.Version, Always: pin.Staff.Calendar.Always}
		for _, card := range pin.Staff.Cards {
			h.Cards = append(h.Cards, card.Layer)
		}
		got = append(got, h)
	}
	two, three := []rate.Layer{rate.ContractVersion, rate.FirmDefault}, []rate.Layer{rate.ClientOverride, rate.ContractVersion, rate.FirmDefault}
	want := []held{{"2026-03-01", 1, two, false}, {"2026-03-10", 2, two, false}, {"2026-03-12", 2, three, false}, {"2026-03-20", 2, three, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pins (-want +got):\n%s", diff)
	}
}

// An amendment comes into force between the moment at which an approval looked the terms up and its append. The
// approval is decided anew by what holds now, and the terms of before are not pinned again.
func TestAnApprovalKnowsNoOlderTermsThanThePeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	said := bucketTerms()
	said.Agreed.Starts = "2026-03-01"
	on, c := w.signed(t, said), w.work()
	c.Contract, c.Submit = on, true
	record := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.next(other), c)).ID}
	more := amendment(on)
	more.Terms = said
	more.Terms.Staff.Rounding.StepMinutes = 60
	id := domain.AmendmentID{UUID: must(t)(w.service.ProposeAmendment(t.Context(), w.next(manager), more)).ID}
	must(t)(w.service.ApproveAmendment(t.Context(), w.next(owner), commands.ApproveAmendment{Contract: on, Amendment: id}))
	must(t)(w.service.OfferAmendment(t.Context(), w.next(owner), commands.OfferAmendment{Contract: on, Amendment: id}))
	accept := sync.OnceFunc(func() {
		must(t)(w.service.AcceptAmendment(t.Context(), w.next(owner), commands.AcceptAmendment{Contract: on, Amendment: id, Evidence: contract.Evidence{Paper: "binder 4"}}))
	})
	slow := commands.NewService(&faultyLog{Log: w.log, before: func(domain.Append) error {
		accept()
		return nil
	}}, w.answers)
	must(t)(slow.ApproveTime(t.Context(), w.next(owner), commands.ApproveTime{Contract: on, Month: march, Times: []domain.TimeID{record}}))
	approved, _ := w.period(t, on, march).Time(record)
	pins := w.pins(t, on, march)
	if newest := pins[len(pins)-1]; newest.Staff.Version != 2 || approved.Approved.Staff.Pin != newest.Pin {
		t.Errorf("approved by pin %d; the newest, %d, is of version %d", approved.Approved.Staff.Pin, newest.Pin, newest.Staff.Version)
	}
}

// Terms refer to what was published and not superseded, but keep what they refer to already.
func TestWhatTermsReferTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hours := w.calendar(t)
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	refer := func(change func(*terms.Staff)) error {
		c := draft(w.nexus)
		change(&c.Terms.Staff)
		_, err := w.service.DraftContract(t.Context(), w.next(owner), c)
		return err
	}
	for what, change := range map[string]func(*terms.Staff){
		"a calendar that is not there": func(s *terms.Staff) { s.Calendar = terms.Ref{ID: id("x")} },
		"a version to come":            func(s *terms.Staff) { s.Calendar = terms.Ref{ID: hours.UUID, Version: 2} },
		"a policy that is not there":   func(s *terms.Staff) { s.SLAPolicy = terms.Ref{ID: id("x")} },
		"a card of another layer":      func(s *terms.Staff) { s.RateCard = terms.Ref{ID: ratecard.FirmDefault().UUID} },
	} {
		if err := refer(change); !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: got %v, want a refusal of the field", what, err)
		}
	}
	said := bucketTerms()
	said.Staff.Calendar = terms.Ref{ID: hours.UUID}
	on := w.draftOf(t, said)
	must(t)(w.service.SupersedeCalendar(t.Context(), w.next(owner), commands.SupersedeCalendar{Calendar: hours}))
	wantRefused(t, refer(func(s *terms.Staff) { s.Calendar = terms.Ref{ID: hours.UUID} }), domain.ErrInvalid, "invalid_fields")
	said.Agreed.NoticeDays = 30
	must(t)(w.service.ReviseContract(t.Context(), w.next(owner), commands.ReviseContract{Contract: on, Reference: "CON-2026-002", Terms: said}))
}

// A client answers its own offers alone; another one's, and what was never offered, do not exist for it.
func TestOffersOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.draftOf(t, bucketTerms())
	must(t)(w.service.SubmitContract(t.Context(), w.next(owner), commands.SubmitContract{Contract: draft}))
	accept := commands.AcceptContract{Contract: draft, Evidence: contract.Evidence{SHA256: "x"}}
	asked := w.signed(t, bucketTerms())
	request := must(t)(w.service.AskOverage(t.Context(), w.next(owner), commands.AskOverage{Contract: asked, Line: "support", Minutes: 60, Text: "May we?"})).ID
	answer := with(w.service.AnswerOverage, commands.AnswerOverage{Contract: asked, Month: march, Request: request, Allow: true})
	w.check(t, "accept what is in review", attack{w.admin, with(w.service.AcceptContract, accept), domain.ErrNotFound, "no_such_contract"})
	must(t)(w.service.OfferContract(t.Context(), w.next(owner), commands.OfferContract{Contract: draft, Statement: "We agree."}))
	for name, a := range map[string]attack{
		"accept another's":       {w.stranger, with(w.service.AcceptContract, accept), domain.ErrNotFound, "no_such_contract"},
		"decline another's":      {w.stranger, with(w.service.DeclineContract, commands.DeclineContract{Contract: draft}), domain.ErrNotFound, "no_such_contract"},
		"answer another's":       {w.stranger, answer, domain.ErrNotFound, "not_found"},
		"answer as an employee":  {w.employee, answer, domain.ErrNotFound, "not_found"},
		"accept other terms":     {w.admin, with(w.service.AcceptContract, accept), domain.ErrConflict, "terms_changed"},
		"accept without a paper": {manager, with(w.service.AcceptContract, commands.AcceptContract{Contract: draft}), domain.ErrInvalid, "invalid_fields"},
		"answer in no month":     {w.admin, with(w.service.AnswerOverage, commands.AnswerOverage{Contract: asked, Request: request}), domain.ErrNotFound, "not_found"},
	} {
		w.check(t, name, a)
	}
}

// Hours that begin in a month which was closed meanwhile are not lost: the next open one has them.
func TestHoursOfAClosedMonthComeLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := bucketTerms()
	said.Agreed.Starts = "2026-02-01"
	on := w.signed(t, said)
	must(t)(w.service.ClosePeriod(t.Context(), w.next(owner), commands.ClosePeriod{Contract: on, Month: february}))
	granted := must(t)(w.service.GrantBucket(t.Context(), w.next(owner), commands.GrantBucket{Contract: on, Line: "support", Minutes: 600, From: "2026-02-10"})).ID
	// An adjustment of the last moment of February, whose command took until after it was closed.
	adjusted := contract.BucketAdjusted{Bucket: startBucket(on), Minutes: -60, Day: "2026-02-28", Staff: contract.BucketAdjustedStaff{Reason: "twice"}, At: at}
	if _, err := w.log.Append(t.Context(), domain.Append{
		Stream: contract.Stream(on), Expected: w.revision(t, contract.Stream(on)), Command: domain.CommandID{UUID: id("late")}, Events: []domain.Event{adjusted},
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.service.PinTerms(t.Context(), w.next(domain.System()), on); err != nil {
			t.Fatal(err)
		}
	}
	must(t)(w.service.OpenPeriod(t.Context(), w.next(owner), commands.OpenPeriod{Contract: on, Month: march}))
	named := 0
	for _, pin := range w.pins(t, on, march) {
		for _, lot := range pin.Granted {
			if lot.ID == granted {
				named++
			}
		}
	}
	if hours := w.period(t, on, march).Hours("support", "2026-03-16"); named != 1 || hours.RemainingMinutes != 1740 {
		t.Errorf("the hours were pinned %d times, and %d minutes are left of 1740", named, hours.RemainingMinutes)
	}
}

func (w *world) revision(t *testing.T, stream string) int64 {
	t.Helper()
	last := domain.NoStream
	for recorded, err := range w.log.Read(t.Context(), stream, domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		last = recorded.Revision
	}
	return last
}

// A correction that was cut short, and whose period is closed by now, is completed in the next open one.
func TestACorrectionComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, record := w.billed(t)
	r := w.next(owner)
	entry := w.work().Entry
	entry.From, entry.Until = inFebruary, inFebruary.Add(time.Hour)
	correct := commands.CorrectTime{Contract: on, Month: february, Time: record, Entry: &entry, Reason: "one hour only"}
	if _, err := commands.NewService(dying(w.log, 1), w.answers).CorrectTime(t.Context(), r, correct); err == nil {
		t.Fatal("the process didn't die")
	}
	then := time.Date(2026, time.April, 2, 0, 0, 0, 0, time.UTC)
	must(t)(w.service.ClosePeriod(t.Context(), w.on(owner, then), commands.ClosePeriod{Contract: on, Month: march}))
	mark := w.mark()
	for i := range 2 {
		late := request(domain.System(), fmt.Sprint("late ", i))
		late.At = then
		if _, err := w.service.CompleteCorrection(t.Context(), late, on, february, record); err != nil {
			t.Fatal(err)
		}
	}
	r.At = then
	must(t)(w.service.CorrectTime(t.Context(), r, correct))
	wantKinds(t, w.since(mark), "period.time_reversed.v1", "period.time_logged.v1", "period.time_submitted.v1")
	if _, there := w.period(t, on, april).Time(domain.TimeID{UUID: domain.Derive(record.UUID, "replacement")}); !there {
		t.Error("April has no replacement")
	}
	w.checkIDs(t)
}

// Time that nobody could log does not stop the timer; a record that lacks words is logged as a draft.
func TestNothingMeasuredIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.start()
	start.Description = ""
	began := must(t)(w.service.StartTimer(t.Context(), w.on(other, at.Add(-time.Hour)), start))
	stopped := must(t)(w.service.StopTimer(t.Context(), w.next(other), commands.StopTimer{Submit: true}))
	record, _ := w.period(t, w.contract, march).Time(domain.TimeID{UUID: began.ID})
	if stopped.ID != began.ID || record.Status != period.StatusDraft || record.Record.Seconds != 3600 || record.Record.Staff.Person != other.Person {
		t.Errorf("stopped %+v, logged %+v", stopped, record)
	}
	must(t)(w.service.StartTimer(t.Context(), w.on(other, at.Add(-time.Minute)), w.start()))
	must(t)(w.service.SuspendContract(t.Context(), w.next(owner), commands.SuspendContract{Contract: w.contract}))
	mark := w.mark()
	_, err := w.service.StopTimer(t.Context(), w.next(other), commands.StopTimer{})
	wantRefused(t, err, domain.ErrConflict, "not_in_force")
	wantKinds(t, w.since(mark))
	_, err = w.service.StartTimer(t.Context(), w.next(agent), w.start())
	wantRefused(t, err, domain.ErrConflict, "out_of_scope")
	must(t)(w.service.DiscardTimer(t.Context(), w.next(other), commands.DiscardTimer{}))
	_, err = w.service.StopTimer(t.Context(), w.next(other), commands.StopTimer{})
	wantRefused(t, err, domain.ErrConflict, "no_timer")
}

// The clock renews a contract or ends it, opens the month's period, and makes the day's forecasts, once.
func TestReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	said := bucketTerms()
	said.Agreed.Starts, said.Agreed.Ends = "2026-02-01", "2026-06-30"
	on := w.signed(t, said)
	must(t)(w.service.GrantBucket(t.Context(), w.next(owner), commands.GrantBucket{Contract: on, Line: "support", Minutes: 600, From: "2026-04-01", Until: "2026-05-31"}))
	review := func(when time.Time) []string {
		mark := w.mark()
		must(t)(w.service.ReviewContract(t.Context(), w.on(domain.System(), when), commands.ReviewContract{Contract: on}))
		return w.since(mark)
	}
	wantKinds(t, review(inFebruary), "period.opened.v1", "period.terms_pinned.v1", "period.forecast_made.v1")
	made, _ := w.log.All()[w.mark()-1].Event.(period.ForecastMade)
	coming := []forecast.Change{{Date: "2026-04-01", Minutes: 600, What: "grant"}, {Date: "2026-06-01", Minutes: -600, What: "expiry"}}
	if diff := cmp.Diff(coming, made.Staff.Input.Changes[:2]); diff != "" || made.Staff.Input.RemainingMinutes != 1200 {
		t.Errorf("a forecast from %d minutes and what comes (-want +got):\n%s", made.Staff.Input.RemainingMinutes, diff)
	}
	wantKinds(t, review(inFebruary.Add(time.Hour)))
	wantKinds(t, review(inFebruary.AddDate(0, 0, 1)), "period.forecast_made.v1")
	wantKinds(t, review(time.Date(2026, time.July, 1, 0, 0, 0, 0, time.UTC)), "contract.expired.v1")
	wantKinds(t, review(time.Date(2026, time.July, 2, 0, 0, 0, 0, time.UTC)))
	draft := w.draftOf(t, said)
	mark := w.mark()
	must(t)(w.service.ReviewContract(t.Context(), w.next(domain.System()), commands.ReviewContract{Contract: draft}))
	wantKinds(t, w.since(mark))
	_, err := w.service.ReviewContract(t.Context(), w.next(domain.System()), commands.ReviewContract{Contract: domain.ContractID{UUID: id("x")}})
	wantRefused(t, err, domain.ErrNotFound, "no_such_contract")
}

// A renewed contract takes work beyond its first end, and an ended one none beyond that.
func TestWorkBeyondTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := bucketTerms()
	said.Agreed.Ends = "2026-03-12"
	on, c := w.signed(t, said), w.work()
	c.Contract = on
	_, err := w.service.LogTime(t.Context(), w.next(other), c)
	wantRefused(t, err, domain.ErrConflict, "not_in_force")
	must(t)(w.service.RenewContract(t.Context(), w.next(owner), commands.RenewContract{Contract: on, Ends: "2026-12-31"}))
	must(t)(w.service.LogTime(t.Context(), w.next(other), c))
	must(t)(w.service.TerminateContract(t.Context(), w.next(owner), commands.TerminateContract{Contract: on, Ends: "2026-03-15"}))
	_, err = w.service.LogTime(t.Context(), w.next(other), c)
	wantRefused(t, err, domain.ErrConflict, "not_in_force")
	c.Entry.From, c.Entry.Until = at.AddDate(0, 0, -2), at.AddDate(0, 0, -2).Add(time.Hour)
	must(t)(w.service.LogTime(t.Context(), w.next(other), c))
}

// A correction takes back exactly what was billed, and what took its place waits for approval in the open period.
func TestACorrectionStandsInTheOpenPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, id := w.billed(t)
	entry := w.work().Entry
	entry.From, entry.Until = inFebruary, inFebruary.Add(time.Hour)
	correct := commands.CorrectTime{Contract: on, Month: february, Time: id, Entry: &entry, Reason: "one hour only"}
	wrong, mark := correct, w.mark()
	bad, shorter := entry, entry
	bad.JobType, shorter.Until = "web", inFebruary.Add(30*time.Minute)
	wrong.Entry = &bad
	_, err := w.service.CorrectTime(t.Context(), w.next(owner), wrong)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	wantKinds(t, w.since(mark))
	reversal := must(t)(w.service.CorrectTime(t.Context(), w.next(owner), correct)).ID
	correct.Entry = &shorter
	_, err = w.service.CorrectTime(t.Context(), w.next(owner), correct)
	wantRefused(t, err, domain.ErrConflict, "time_corrected")

	open := w.period(t, on, march)
	back, _ := open.Time(domain.TimeID{UUID: reversal})
	instead, _ := open.Time(domain.TimeID{UUID: domain.Derive(id.UUID, "replacement")})
	if back.Reverses != id || back.Approved.BilledMinutes != -120 {
		t.Errorf("took back %d minutes of %s, want 120 of %s", -back.Approved.BilledMinutes, back.Reverses, id)
	}
	if instead.Replaces != id || instead.Status != period.StatusSubmitted || instead.Record.Seconds != 3600 || instead.Record.Staff.Person != other.Person {
		t.Errorf("in its place stands %+v", instead)
	}
}

// Bought hours are charged by the period once, with the price as it was given.
func TestAPriceIsChargedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.signed(t, bucketTerms())
	w.opened(t, on)
	r := w.next(owner)
	grant := commands.GrantBucket{Contract: on, Line: "support", Minutes: 90, From: "2026-03-20", Price: decimal.RequireFromString("225.50")}
	bucket := domain.BucketID{UUID: must(t)(w.service.GrantBucket(t.Context(), r, grant)).ID}
	for i := range 2 {
		if _, err := w.service.CompleteGrant(t.Context(), request(domain.System(), fmt.Sprint("again ", i)), on, bucket); err != nil {
			t.Fatal(err)
		}
	}
	charges := w.period(t, on, march).Charges()
	if len(charges) != 1 || !charges[0].Staff.Amount.Equal(grant.Price) || charges[0].Text != "Support, 1.5 h" {
		t.Errorf("charged %+v", charges)
	}
}

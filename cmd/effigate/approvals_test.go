package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/period"
)

// sent is one of many commands that are sent at once, with what came of it.
type sent struct {
	what   string
	id     domain.TimeID
	run    func(context.Context, *commands.Service) (commands.Answer, error)
	answer commands.Answer
	err    error
}

// A hundred decisions on one period at once, from several processes: what is sent twice acts once, different records
// are all approved, whoever contradicts a colleague is told so, and no entry is lost.
func TestAHundredApprovalsAtOnce(t *testing.T) {
	t.Parallel()
	const records, contested = 45, 5
	in := install(t)
	s := setStage(t, in, "approvals", "")
	org := s.orgs[0]
	services := []*commands.Service{in.service}
	for range 2 {
		w := attachTo(t, in.settings.Data)
		t.Cleanup(func() { _ = w.close() }) // It only looked.
		services = append(services, w.service)
	}
	s.tell(t, story{{Name: "closes the books"}}, false)
	granted := commands.GrantBucket{Contract: org.contract, Line: "work", Minutes: 30 * records}
	if _, err := in.service.GrantBucket(t.Context(), s.request(s.manager.Actor, "hours"), granted); err != nil {
		t.Fatal(err)
	}
	logged := s.send(t, services, s.loggings(org, "before", records))
	for _, c := range logged {
		if c.err != nil {
			t.Fatalf("%s: %v", c.what, c.err)
		}
	}
	var all []*sent
	for i, c := range logged {
		all = append(all, s.approval(org, c.id, fmt.Sprint("approve ", i)), s.approval(org, c.id, fmt.Sprint("approve ", i)))
		if i < contested {
			all = append(all, s.giveBack(org, c.id, fmt.Sprint("return ", i)))
		}
	}
	late := s.loggings(org, "meanwhile", 5)
	s.send(t, services, slices.Concat(all, late))
	if len(all)+len(late) < 100 {
		t.Errorf("only %d commands were sent", len(all)+len(late))
	}
	state := s.checkDecided(t, org, logged, contested, all)
	for _, c := range late {
		if r, known := state.Time(c.id); c.err != nil || !known || r.Status != period.StatusSubmitted {
			t.Errorf("%s: %v, and the record is %q", c.what, c.err, r.Status)
		}
	}
	in.settle(t)
	in.verify(t, "staff")
	in.verify(t, "client")
}

// loggings are commands that each log and hand in twenty minutes, which count as thirty.
func (s *stage) loggings(org *organisation, name string, count int) (all []*sent) {
	for i := range count {
		key := fmt.Sprint(name, " ", i)
		c := commands.LogTime{Contract: org.contract, Time: domain.TimeID{UUID: s.id("time", key)}, Entry: s.entry(act{Choice: 2}, key), Submit: true}
		all = append(all, &sent{what: "log " + key, id: c.Time, run: func(ctx context.Context, service *commands.Service) (commands.Answer, error) {
			return service.LogTime(ctx, s.request(s.staff[i%2].Actor, key), c)
		}})
	}
	return all
}

func (s *stage) approval(org *organisation, id domain.TimeID, key string) *sent {
	return &sent{what: key, id: id, run: func(ctx context.Context, service *commands.Service) (commands.Answer, error) {
		return service.ApproveTime(ctx, s.request(s.manager.Actor, key), commands.ApproveTime{Contract: org.contract, Month: march, Times: []domain.TimeID{id}})
	}}
}

func (s *stage) giveBack(org *organisation, id domain.TimeID, key string) *sent {
	return &sent{what: key, id: id, run: func(ctx context.Context, service *commands.Service) (commands.Answer, error) {
		return service.ReturnTime(ctx, s.request(s.partner.Actor, key), commands.ReturnTime{
			Contract: org.contract, Month: march, Times: []domain.TimeID{id}, Reason: "which ticket?",
		})
	}}
}

// send sends commands at once, spread over the services.
func (s *stage) send(tb testing.TB, services []*commands.Service, all []*sent) []*sent {
	tb.Helper()
	start := make(chan struct{})
	var sending sync.WaitGroup
	for i, c := range all {
		sending.Go(func() {
			<-start
			c.answer, c.err = c.run(tb.Context(), services[i%len(services)])
		})
	}
	close(start)
	sending.Wait()
	return all
}

// checkDecided holds the period as its events tell it against what was answered, and gives it.
func (s *stage) checkDecided(tb testing.TB, org *organisation, logged []*sent, contested int, all []*sent) (state period.State) {
	tb.Helper()
	approved, returned, entries := map[domain.TimeID]int{}, map[domain.TimeID]int{}, map[domain.TimeID]int{}
	for recorded, err := range s.in.store.Read(tb.Context(), period.Stream(org.contract, march), domain.NoStream) {
		if err != nil {
			tb.Fatal(err)
		}
		switch e := recorded.Event.(type) {
		case period.TimeLogged:
			entries[e.Time]++
		case period.TimeApproved:
			approved[e.Time]++
		case period.TimeReturned:
			returned[e.Time]++
		}
		state = period.Evolve(state, recorded.Event.(period.Event))
	}
	drawn := 0
	for i, c := range logged {
		want := period.StatusApproved
		if i < contested {
			want = period.StatusReturned
		}
		r, _ := state.Time(c.id)
		drawn += r.Approved.DrawnMinutes
		if r.Status != want || entries[c.id] != 1 || approved[c.id] > 1 || approved[c.id] == 0 && i >= contested || returned[c.id] > 1 {
			tb.Errorf("record %d is %s, want %s; logged %d times, approved %d times, returned %d times", i, r.Status, want, entries[c.id], approved[c.id], returned[c.id])
		}
	}
	for _, c := range all {
		refusal, refused := errors.AsType[*domain.Refusal](c.err)
		told := refused && errors.Is(c.err, domain.ErrConflict) && refusal.Code == "time_not_submitted"
		if c.err != nil && (!told || returned[c.id] == 0 || approved[c.id] > 0) {
			tb.Errorf("%s: %v", c.what, c.err)
		}
	}
	for i := 1; i < len(all); i++ { // What is sent twice is answered alike.
		if a, b := all[i-1], all[i]; a.what == b.what && (a.answer != b.answer || (a.err == nil) != (b.err == nil)) {
			tb.Errorf("%s is answered %+v, %v and %+v, %v", a.what, a.answer, a.err, b.answer, b.err)
		}
	}
	ledger, total := state.Ledger(), 0
	for _, line := range ledger.Statements {
		if line.Line == "work" {
			total += line.DrawnMinutes
		}
	}
	if overage := ledger.Overage["work"]; total != drawn || drawn != 30*(len(logged)-contested) || overage != 0 {
		tb.Errorf("the records draw %d minutes, the ledger %d and %d beyond", drawn, total, overage)
	}
	return state
}

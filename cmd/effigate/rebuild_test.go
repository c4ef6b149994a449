package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/postgres"
)

// While generations are built, compared, switched to and rolled back, readers notice nothing: no request
// fails, no answer is of two generations, and nothing that was seen is unseen again.
func TestReadersDoNotNoticeARebuild(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "rebuild", "")
	s.tell(t, tour(), true)
	rounds := 3
	if torture() {
		rounds = 100
	}
	ctx, stop := context.WithCancel(t.Context())
	group, ctx := errgroup.WithContext(ctx)
	var asked, raised atomic.Int64
	group.Go(func() error { return s.keepRaising(ctx, &raised) })
	for range 4 {
		group.Go(func() error { return s.keepReading(ctx, &asked) })
	}
	var failed error
	seen := int64(0)
	for round := range rounds {
		for _, kind := range []postgres.RequestKind{postgres.Rebuild, postgres.Rollback} {
			if err := in.rebuilt("client", kind); err != nil && failed == nil {
				failed = fmt.Errorf("round %d, %s: %w", round, kind, err)
			}
		}
		if now := asked.Load(); now == seen && ctx.Err() == nil {
			t.Errorf("nobody read during round %d", round)
		} else {
			seen = now
		}
	}
	stop()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	if failed != nil {
		t.Error(failed)
	}
	statuses, err := in.projectionStatuses(t.Context())
	if !slices.ContainsFunc(statuses, func(s projectionStatus) bool { return s.Name == "client" && s.Generation == rounds+1 }) {
		t.Errorf("generation %d was not built: %+v, %v", rounds+1, statuses, err)
	}
	in.settle(t)
	in.verify(t, "client")
	t.Logf("%d rounds, %d reads, %d tickets raised meanwhile", rounds, asked.Load(), raised.Load())
}

// keepRaising raises visible tickets until ctx ends.
func (s *stage) keepRaising(ctx context.Context, raised *atomic.Int64) error {
	for i := 0; ctx.Err() == nil; i++ {
		text := fmt.Sprint("raised ", i)
		_, err := s.in.service.RaiseTicket(ctx, s.request(s.staff[0].Actor, text), commands.RaiseTicket{
			Client: s.orgs[0].id, Contract: s.orgs[0].contract, JobType: "api", Title: text, Priority: "low", Visibility: domain.ClientVisible,
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
		raised.Add(1)
	}
	return nil
}

// keepReading reads as a client does until ctx ends, and complains when an answer fails, when what was seen
// is not there any more, or when two answers contradict each other, though a switch may lie between them: a
// generation that is switched to is never behind the one before.
func (s *stage) keepReading(ctx context.Context, asked *atomic.Int64) error {
	type ticket struct{ ID, Title, Description string }
	token, open := s.orgs[0].users[0].token, 0
	read := func(path string, into any) error {
		got, err := send(ctx, s.in.at.Portal, http.MethodGet, "/api/client/v1"+path, token, "", nil)
		if err == nil && got.Status != http.StatusOK {
			err = fmt.Errorf("%s answers %d: %s", path, got.Status, got.Body)
		}
		if err == nil {
			err = json.Unmarshal([]byte(got.Body), into)
		}
		asked.Add(1)
		return err
	}
	once := func() error {
		var counts struct{ Tickets struct{ Open int } }
		var list struct{ Items []ticket }
		if err := cmp.Or(read("/overview", &counts), read("/tickets?state=open&limit=200", &list)); err != nil {
			return err
		}
		if counts.Tickets.Open < open || len(list.Items) < min(counts.Tickets.Open, 200) {
			return fmt.Errorf("%d open tickets after %d, %d of them listed", counts.Tickets.Open, open, len(list.Items))
		}
		open = counts.Tickets.Open
		one, listed := ticket{}, list.Items[len(list.Items)/2]
		if err := read("/tickets/"+listed.ID, &one); err != nil {
			return err
		}
		if one.ID != listed.ID || one.Title != listed.Title {
			return fmt.Errorf("the list says %+v and the ticket %+v", listed, one)
		}
		return nil
	}
	for ctx.Err() == nil {
		if err := once(); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

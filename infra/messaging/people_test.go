package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
)

// accounts notes what it is asked, and fails as often as it is told to.
type accounts struct {
	mu    sync.Mutex
	asked []string
	fails int
}

func (a *accounts) Close(_ context.Context, id domain.PersonID) error { return a.note("close", id) }
func (a *accounts) Erase(_ context.Context, id domain.PersonID) error { return a.note("erase", id) }

func (a *accounts) note(what string, id domain.PersonID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails > 0 {
		a.fails--
		return fmt.Errorf("%w: accounts restart", domain.ErrUnavailable)
	}
	a.asked = append(a.asked, what+" "+id.String())
	return nil
}

// once gives what was asked, each once: a message may come again.
func (a *accounts) once() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := slices.Clone(a.asked)
	slices.Sort(asked)
	return slices.Compact(asked)
}

func (f *firm) people(service *commands.Service, of ...messaging.Accounts) messaging.Manager {
	return messaging.People(service, func() time.Time { return monday }, of...)
}

func somebody(name string) domain.PersonID { return domain.PersonID{UUID: named(name)} }

// write appends what a command decided that died before it went on.
func (f *firm) write(t *testing.T, stream string, revision int64, events ...domain.Event) domain.Position {
	t.Helper()
	at, err := f.world.client.Append(t.Context(), domain.Append{
		Stream: stream, Expected: revision, Events: events,
		Command: domain.CommandID{UUID: named(fmt.Sprint(stream, revision))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func invited(name string, of domain.ClientID) person.Invited {
	return person.Invited{Person: somebody(name), Client: of, Role: domain.ClientEmployee, By: owner.Person, At: monday}
}

func taken(name string) client.SeatTaken {
	return client.SeatTaken{Person: somebody(name), Role: domain.ClientAdmin, By: owner.Person, At: monday}
}

// seating is what the log says of people in the end.
type seating struct {
	Invited map[uuid.UUID]int // by person: how often
	Seated  []uuid.UUID       // sorted
	Ended   []uuid.UUID       // sorted
}

func (f *firm) seating(t *testing.T) seating {
	t.Helper()
	found := seating{Invited: map[uuid.UUID]int{}}
	ids := map[uuid.UUID]bool{}
	for _, recorded := range f.all(t) {
		if ids[recorded.ID] {
			t.Errorf("event %s of %s stands in the log twice", recorded.ID, recorded.Stream)
		}
		ids[recorded.ID] = true
		switch event := recorded.Event.(type) {
		case person.Invited:
			if event.Person != owner.Person {
				found.Invited[event.Person.UUID]++
			}
		case person.Deactivated:
			id, err := uuid.Parse(recorded.Stream[len("person-"):])
			check(t, err)
			found.Ended = append(found.Ended, id)
		case client.SeatTaken:
			found.Seated = append(found.Seated, event.Person.UUID)
		case client.SeatReleased:
			found.Seated = slices.DeleteFunc(found.Seated, func(id uuid.UUID) bool { return id == event.Person.UUID })
		}
	}
	byID := func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
	slices.SortFunc(found.Seated, byID)
	slices.SortFunc(found.Ended, byID)
	return found
}

// Commands died after they took a seat, deactivated or erased somebody. The process manager invites, gives
// seats back and has the accounts closed and erased, on both sides, once, however often it is told.
func TestPeopleCompletesWhatDied(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.sign(t)
	of, start := client.Stream(f.client), int64(1) // Registered and linked to its contract.
	staff, clients := &accounts{}, &accounts{fails: 2}
	f.write(t, of, start, taken("waiting"))
	f.write(t, person.Stream(somebody("left")), domain.NoStream, invited("left", f.client), person.Deactivated{At: monday})
	f.write(t, of, start+1, taken("left"))
	f.write(t, person.Stream(somebody("erased")), domain.NoStream, invited("erased", domain.ClientID{UUID: named("other")}), person.Deactivated{At: monday}, person.Erased{At: monday})
	last := f.write(t, of, start+2, taken("erased")) // Who is another client's.
	stop := f.run(t, f.world.client, f.lanes(), f.people(f.service, staff, clients))
	f.awaitPlace(t, "people", last)
	stop()

	got := f.seating(t)
	want := map[uuid.UUID]int{named("waiting"): 1, named("left"): 1, named("erased"): 1}
	if diff := cmp.Diff(want, got.Invited); diff != "" {
		t.Errorf("invited (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uuid.UUID{named("waiting")}, got.Seated); diff != "" {
		t.Errorf("seats (-want +got):\n%s", diff)
	}
	asked := []string{"close " + named("left").String(), "close " + named("erased").String(), "erase " + named("erased").String()}
	slices.Sort(asked)
	for side, a := range map[string]*accounts{"staff": staff, "clients": clients} {
		if diff := cmp.Diff(asked, a.once()); diff != "" {
			t.Errorf("accounts of %s (-want +got):\n%s", side, diff)
		}
	}

	before := f.all(t)
	again := f.people(f.service, staff, clients)
	again.Lane = "people again"
	stop = f.run(t, f.connect(t), f.lanes(), again)
	f.awaitPlace(t, again.Lane, last)
	stop()
	if after := f.all(t); len(after) != len(before) {
		t.Errorf("%d events after every message came again, %d before", len(after), len(before))
	}
}

// People come and go through three services at once, beside two process managers: whoever has not left was
// invited once and has a seat, and nobody else has one.
func TestPeopleBesideCommands(t *testing.T) {
	t.Parallel()
	const hands, each = 6, 20
	f := newFirm(t)
	f.sign(t)
	services := []*commands.Service{f.service}
	for range 2 {
		service := commands.NewService(f.connect(t), postgres.NewAnswers(f.open(t)))
		services = append(services, service)
		defer f.run(t, f.connect(t), postgres.NewLanes(f.open(t), f.identity), f.people(service, &accounts{}))()
	}
	var working sync.WaitGroup
	for hand := range hands {
		service := services[hand%len(services)]
		working.Go(func() {
			for i := range each {
				name := fmt.Sprintf("person %d of hand %d", i, hand)
				persist(t, func(try int) error {
					_, err := service.InvitePerson(t.Context(), f.request("invite", fmt.Sprint(name, try)), commands.InvitePerson{
						ID: somebody(name), Client: f.client, Role: domain.ClientEmployee,
					})
					return err
				})
				if i%2 == 0 {
					continue
				}
				persist(t, func(try int) error {
					_, err := service.DeactivatePerson(t.Context(), f.request("deactivate", fmt.Sprint(name, try)), commands.DeactivatePerson{Person: somebody(name)})
					return err
				})
			}
		})
	}
	working.Wait()
	head, err := f.world.client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.awaitPlace(t, "people", head)

	got := f.seating(t)
	for id, times := range got.Invited {
		_, left := slices.BinarySearchFunc(got.Ended, id, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		_, seated := slices.BinarySearchFunc(got.Seated, id, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		if times != 1 || left == seated {
			t.Errorf("%s was invited %d times, left %t, and has a seat: %t", id, times, left, seated)
		}
	}
	if len(got.Invited) != hands*each || len(got.Ended) != hands*each/2 || len(got.Seated) != hands*each/2 {
		t.Errorf("%d were invited, %d left, %d have a seat", len(got.Invited), len(got.Ended), len(got.Seated))
	}
}

// persist sends a command anew while its streams are busy, a hundred times at most.
func persist(t *testing.T, send func(try int) error) {
	t.Helper()
	for try := range 100 {
		err := send(try)
		if refusal, ok := errors.AsType[*domain.Refusal](err); ok && refusal.Code == "busy" {
			continue
		}
		check(t, err)
		return
	}
	t.Error("the streams stayed busy")
}

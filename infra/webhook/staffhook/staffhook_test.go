package staffhook_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/webhook/staffhook"
	"effigate/projections/projectionstest"
)

// fact is an event with ids and a text.
type fact struct {
	Name   string    `json:"-"`
	Client uuid.UUID `json:"client,omitzero"`
	Title  string    `json:"title"`
}

func (f fact) Kind() string { return f.Name }

var (
	acme  = uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
	nexus = uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
	one   = uuid.UUID{15: 1}
)

// Names and ids are told, and no text; whose a ticket is holds from the event on that says so.
func TestNamesAndIdsAreTold(t *testing.T) {
	t.Parallel()
	log := projectionstest.NewLog()
	stream := "ticket-" + one.String()
	log.Append(stream,
		fact{"ticket.raised.v1", acme, "SECRET"}, fact{"ticket.started.v1", uuid.Nil, "SECRET"},
		fact{"ticket.client_changed.v1", nexus, "SECRET"}, fact{"ticket.closed.v12", uuid.Nil, "SECRET"})
	want := []string{"ticket.raised " + acme.String(), "ticket.started " + acme.String(), "ticket.client_changed " + nexus.String(), "ticket.closed " + nexus.String()}
	together := staffhook.NewTeller(log)
	var got, apart []string
	for delivery, err := range log.Stream(t.Context(), stream, -1) {
		if err != nil {
			t.Fatal(err)
		}
		for _, teller := range []struct {
			*staffhook.Teller
			into *[]string
		}{{together, &got}, {staffhook.NewTeller(log), &apart}} {
			at := time.Unix(100, 0)
			news, err := teller.News(t.Context(), delivery.Recorded, at)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(news.Subject)
			if err != nil || strings.Contains(string(text), "SECRET") {
				t.Errorf("subject %s, %v", text, err)
			}
			var body struct {
				Kind, Stream string
				Revision     int64
				Client       uuid.UUID `json:"client_id"`
				Ticket       uuid.UUID `json:"ticket_id"`
			}
			if err := json.Unmarshal(text, &body); err != nil {
				t.Fatal(err)
			}
			if body.Kind != delivery.Recorded.Raw.Kind || body.Stream != stream || body.Revision != delivery.Recorded.Revision || body.Ticket != one || !news.At.Equal(at) {
				t.Errorf("body %s", text)
			}
			*teller.into = append(*teller.into, news.Kind+" "+body.Client.String())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, apart); diff != "" {
		t.Errorf("told by one that has just started (-want +got):\n%s", diff)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	got := staffhook.Kinds([]domain.Event{fact{Name: "b.two.v1"}, fact{Name: "b.two.v2"}, fact{Name: "a.one.v1"}})
	if diff := cmp.Diff([]string{"a.one", "b.two"}, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

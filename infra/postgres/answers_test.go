package postgres_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/infra/postgres"
)

func commandID(name string) domain.CommandID {
	return domain.CommandID{UUID: domain.Derive(uuid.NameSpaceOID, name)}
}

// newAnswers gives answers on a fresh database.
func newAnswers(t *testing.T) (*postgres.Answers, *postgres.Database) {
	t.Helper()
	staff, _ := open(t, postgres.StaffSide)
	return postgres.NewAnswers(staff), staff
}

func storeAnswer(t *testing.T, answers *postgres.Answers, name, answer string) {
	t.Helper()
	if err := answers.Store(t.Context(), commandID(name), []byte(answer)); err != nil {
		t.Error(err)
	}
}

func wantAnswer(t *testing.T, answers *postgres.Answers, name, want string) {
	t.Helper()
	got, known, err := answers.Find(t.Context(), commandID(name))
	if err != nil || !known || string(got) != want {
		t.Errorf("answer to %s: got %q, %t, %v, want %q", name, got, known, err, want)
	}
}

// Answers come back byte for byte: order and repetition of keys, numbers beyond a float, and the NUL that a
// refusal quotes from a careless client.
func TestAnswersComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	answers, _ := newAnswers(t)
	if _, known, err := answers.Find(t.Context(), commandID("unknown")); known || err != nil {
		t.Errorf("an unknown command: got %t, %v", known, err)
	}
	for i, answer := range []string{
		`{}`, `{"b":1,"a":2,"a":3}`, `{"position":{"commit":18446744073709551615}}`, `{"text":"nul \u0000, < and é"}`, ` { "spaced" : [ ] } `,
	} {
		name := strconv.Itoa(i)
		storeAnswer(t, answers, name, answer)
		wantAnswer(t, answers, name, answer)
	}
}

func TestFirstAnswerWins(t *testing.T) {
	t.Parallel()
	answers, _ := newAnswers(t)
	storeAnswer(t, answers, "command", `{"first":true}`)
	storeAnswer(t, answers, "command", `{"second":true}`)
	wantAnswer(t, answers, "command", `{"first":true}`)

	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { storeAnswer(t, answers, "raced", fmt.Sprintf(`{"by":%d}`, i)) })
	}
	all.Wait()
	first, _, err := answers.Find(t.Context(), commandID("raced"))
	if err != nil {
		t.Fatal(err)
	}
	storeAnswer(t, answers, "raced", `{"late":true}`)
	wantAnswer(t, answers, "raced", string(first))
}

// Answers older than 90 days go when new ones come, more of them than come, also when many processes store
// at once.
func TestOldAnswersArePruned(t *testing.T) {
	t.Parallel()
	answers, staff := newAnswers(t)
	const old, stored = 100, 30
	age := func(name string, days int) {
		storeAnswer(t, answers, name, `{}`)
		if _, err := staff.Pool.Exec(t.Context(), `UPDATE control.answers SET at = now() - $2::interval WHERE command = $1`,
			commandID(name).UUID, time.Duration(days)*24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for i := range old {
		storeAnswer(t, answers, fmt.Sprint("old ", i), `{}`)
	}
	if _, err := staff.Pool.Exec(t.Context(), `UPDATE control.answers SET at = now() - '91 days'::interval`); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range stored {
		all.Go(func() { storeAnswer(t, answers, fmt.Sprint("new ", i), `{}`) })
	}
	all.Wait()
	// Those that stored at once may have passed over each other's rows; the next ones find them.
	age("89 days", 89)
	for i := range old / 4 {
		storeAnswer(t, answers, fmt.Sprint("later ", i), `{}`)
	}
	for i := range old {
		if _, known, err := answers.Find(t.Context(), commandID(fmt.Sprint("old ", i))); known || err != nil {
			t.Errorf("old answer %d: got %t, %v", i, known, err)
		}
	}
	wantAnswer(t, answers, "89 days", `{}`)
	for i := range stored {
		wantAnswer(t, answers, fmt.Sprint("new ", i), `{}`)
	}
}

func TestAnswersInAnOutage(t *testing.T) {
	t.Parallel()
	answers, staff := newAnswers(t)
	staff.Close()
	if _, _, err := answers.Find(t.Context(), commandID("command")); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("find: got %v, want ErrUnavailable", err)
	}
	if err := answers.Store(t.Context(), commandID("command"), []byte(`{}`)); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("store: got %v, want ErrUnavailable", err)
	}
}

// A refusal that quotes what no JSON column of PostgreSQL's binary kind takes is an answer like any other:
// it was once answered as an outage for ever.
func TestRefusalThatQuotesNul(t *testing.T) {
	t.Parallel()
	answers, _ := newAnswers(t)
	service := commands.NewService(commandstest.NewLog(), answers)
	request := commands.Request{
		Actor: domain.System(), Route: "register client", Key: "key", At: time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC),
	}
	for range 2 {
		_, err := service.RegisterClient(t.Context(), request, commands.RegisterClient{Name: "Wattle Dental", Zone: "no\x00zone"})
		if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || refusal.Code != "invalid_fields" || refusal.Fields["zone"] == "" {
			t.Errorf("got %v, want the refusal of the zone", err)
		}
	}
}

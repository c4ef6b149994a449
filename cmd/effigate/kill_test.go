package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/infra/incidents"
	"effigate/infra/postgres/postgrestest"
	"effigate/projections"
)

// process is the program in a process of its own.
type process struct {
	command  *exec.Cmd
	out, log record
	spoke    chan struct{} // closed when the first line of output is there
	ready    chan struct{} // closed when it serves
	ended    chan struct{}
}

// spawn starts the program with arguments; it is killed when the test ends.
func spawn(tb testing.TB, environment []string, arguments ...string) *process {
	tb.Helper()
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), os.Args[0], arguments...)
	command.Env = append(append(os.Environ(), asEffigate+"=1"), environment...)
	return spawnCommand(tb, command)
}

// spawnCommand starts the program as a command says.
func spawnCommand(tb testing.TB, command *exec.Cmd) *process {
	tb.Helper()
	p := &process{command: command, spoke: make(chan struct{}), ready: make(chan struct{}), ended: make(chan struct{})}
	out, err := p.command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	log, err := p.command.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		var reading sync.WaitGroup
		reading.Go(func() { p.out.follow(out, "\n", p.spoke) })
		reading.Go(func() { p.log.follow(log, `"msg":"ready"`, p.ready) })
		reading.Wait()
		_ = p.command.Wait() // Its exit code tells.
	}()
	tb.Cleanup(func() { p.end(os.Kill) })
	return p
}

// follow keeps what is read, line by line, and closes a channel at the first line that has the text.
func (r *record) follow(from io.Reader, text string, seen chan struct{}) {
	lines, once := bufio.NewReader(from), sync.OnceFunc(func() { close(seen) })
	for {
		line, err := lines.ReadString('\n')
		_, _ = r.Write([]byte(line))
		if strings.Contains(line, text) {
			once()
		}
		if err != nil {
			return
		}
	}
}

// end sends a signal, unless the process has ended, and waits for its end.
func (p *process) end(signal os.Signal) {
	_ = p.command.Process.Signal(signal)
	<-p.ended
}

// code waits for the end of a process that ends by itself, and gives its exit code.
func (p *process) code() int {
	<-p.ended
	return p.command.ProcessState.ExitCode()
}

// spawnServe serves a data directory and waits until it is ready.
func spawnServe(tb testing.TB, data string, environment ...string) *process {
	tb.Helper()
	p := spawn(tb, environment, "serve", "--data", data, "--portal", "127.0.0.1:0", "--console", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json")
	select {
	case <-p.ready:
	case <-p.ended:
		tb.Fatalf("serve ended: %s", &p.log)
	case <-time.After(patience):
		tb.Fatalf("serve is not ready: %s", &p.log)
	}
	return p
}

// spawnImport imports a file through the process that serves the directory.
func spawnImport(tb testing.TB, data, file string) *process {
	tb.Helper()
	return spawn(tb, nil, "import", "tickets", file, "--format", incidents.System, "--json", "--quiet", "--data", data)
}

// serve is killed in the midst of an import, while others raise tickets, log time, approve it and close the books,
// again and again, and each time starts again without help. Nothing
// that was acknowledged is lost or done twice, the import is completed by running it again, and file, events and
// both databases agree.
func TestKillDuringImport(t *testing.T) {
	t.Parallel()
	rounds := 3
	if torture() {
		rounds = 20
	}
	data, file := postgrestest.Folder(t), incidentLog(t)
	writer := &acknowledged{answers: map[string]commands.Answer{}, merged: map[uuid.UUID]uuid.UUID{}}
	_, rows := statesInFile(t, file, importReport{})
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 0)) // The moments differ from run to run.
	for round := range rounds {
		serving := spawnServe(t, data)
		blow := random.IntN(2 * rows / rounds) // A row makes some two events, so the import goes on for all rounds.
		watching, stop := context.WithTimeout(t.Context(), patience)
		fallen, writing := eventsPassed(watching, t, data, blow), writer.write(t, data, round)
		importing := spawnImport(t, data, file)
		select {
		case <-fallen:
		case <-importing.ended:
			t.Logf("round %d: the import ended before event %d of it: %s", round, blow, &importing.log)
		}
		serving.end(os.Kill)
		stop()
		<-fallen
		<-writing
		importing.code()
	}
	spawnServe(t, data)
	last := spawnImport(t, data, file)
	var report importReport
	if code, err := last.code(), json.Unmarshal([]byte(last.out.String()), &report); code != exitOK || err != nil {
		t.Fatalf("the import ends with %d, %v: %s", code, err, &last.log)
	}
	checkReport(t, report)
	if report.Unchanged+report.Imported < report.Rows*9/10 {
		t.Fatalf("most of the file is rejected: %+v", report.Rejections[0])
	}
	checkImport(t, data, file, report)
	writer.check(t, data)
	again := spawnImport(t, data, file)
	var repeated importReport
	if code, err := again.code(), json.Unmarshal([]byte(again.out.String()), &repeated); code != exitOK || err != nil ||
		repeated.Imported != 0 || repeated.Unchanged != report.Imported+report.Unchanged || repeated.Tickets+repeated.Clients+repeated.People+repeated.Contracts != 0 {
		t.Errorf("a second import ends with %d, %v: %+v", code, err, countsOf(repeated))
	}
	for _, name := range []string{"client", "staff"} {
		verification := spawn(t, nil, "projections", "verify", name, "--data", data)
		if code := verification.code(); code != exitOK {
			t.Errorf("verify %s ends with %d: %s%s", name, code, &verification.out, &verification.log)
		}
	}
	t.Logf("%d kills, %d commands acknowledged, %+v", rounds, len(writer.answers), countsOf(report))
}

// acknowledged are commands that were answered as done, by their keys.
type acknowledged struct {
	answers map[string]commands.Answer
	books   []commands.Answer // of the steps of keepBooks, in order
	merged  map[uuid.UUID]uuid.UUID
	single  uuid.UUID // a ticket that waits for another one to be merged into
}

// mergeStep merges every second ticket with the one before.
func (a *acknowledged) mergeStep(ctx context.Context, w *world, id uuid.UUID) error {
	if a.single == uuid.Nil {
		a.single = id
		return nil
	}
	from := a.single
	a.single = uuid.Nil
	err := mergeAcknowledged(ctx, w, from, id)
	if err == nil {
		a.merged[from] = id
	}
	return err
}

func mergeAcknowledged(ctx context.Context, w *world, from, into uuid.UUID) error {
	_, err := w.service.MergeTickets(ctx, commands.Request{Actor: domain.System(), Route: "kill test", Key: "merge " + from.String(), At: monday}, commands.MergeTickets{
		Ticket: domain.TicketID{UUID: from}, Into: domain.TicketID{UUID: into},
	})
	return err
}

// checkMerges repeats every acknowledged merge, and waits until each ticket that was ever merged, acknowledged or cut
// short, is taken in where it went: once.
func (a *acknowledged) checkMerges(tb testing.TB, w *world) {
	tb.Helper()
	for from, into := range a.merged {
		if err := mergeAcknowledged(tb.Context(), w, from, into); err != nil {
			tb.Errorf("merging %s again: %v", from, err)
		}
	}
	for until := time.Now().Add(patience); ; {
		gone, taken := mergesOf(tb, w)
		missing := 0
		for from, into := range gone {
			switch taken[[2]uuid.UUID{from, into}] {
			case 0:
				missing++
			case 1:
			default:
				tb.Errorf("ticket %s was taken in %d times", from, taken[[2]uuid.UUID{from, into}])
			}
		}
		if len(gone) < len(a.merged) || len(taken) > len(gone) {
			tb.Errorf("%d tickets were merged and %d taken in, %d merges were acknowledged", len(gone), len(taken), len(a.merged))
		}
		if missing == 0 || tb.Failed() {
			return
		}
		if time.Now().After(until) {
			tb.Fatalf("%d tickets were merged and never taken in", missing)
		}
	}
}

// mergesOf reads which ticket was merged into which, and how often that one took it in.
func mergesOf(tb testing.TB, w *world) (gone map[uuid.UUID]uuid.UUID, taken map[[2]uuid.UUID]int) {
	tb.Helper()
	gone, taken = map[uuid.UUID]uuid.UUID{}, map[[2]uuid.UUID]int{}
	for delivery, err := range w.source.Scan(tb.Context(), domain.Position{}) {
		if err != nil {
			tb.Fatal(err)
		}
		id, _ := ticket.IDOf(delivery.Recorded.Stream) // Of others, no event is asked about.
		switch e := delivery.Recorded.Event.(type) {
		case ticket.Merged:
			gone[id.UUID] = e.Into.UUID
		case ticket.MergedIn:
			taken[[2]uuid.UUID{e.Staff.From.UUID, id.UUID}]++
		}
	}
	return gone, taken
}

// attachTo joins the process that serves a directory, as a tool does.
func attachTo(tb testing.TB, data string) *world {
	tb.Helper()
	w, err := openWorld(tb.Context(), localSettings(data), slog.LevelError)
	if err != nil {
		tb.Fatal(err)
	}
	if !w.attached {
		tb.Fatalf("nobody serves %s", data)
	}
	return w
}

// eventsPassed gives a channel that is closed when so many more events are recorded, or when ctx ends.
func eventsPassed(ctx context.Context, tb testing.TB, data string, count int) <-chan struct{} {
	tb.Helper()
	w, done := attachTo(tb, data), make(chan struct{}) //nolint:contextcheck // what it attaches to is watched for longer than ctx
	head, err := w.source.Head(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(ctx)
	deliveries, ended := make(chan projections.Delivery), make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.source.Follow(ctx, head, deliveries) // It ends with ctx.
	}()
	go func() {
		defer close(done)
		for ; count >= 0 && ctx.Err() == nil; count-- {
			select {
			case <-deliveries:
			case <-ended:
			}
		}
		stop()
		<-ended
		_ = w.close() // What it closes is gone, or about to go.
	}()
	return done
}

// write raises tickets until the serving process is gone. The channel it gives is closed then.
func (a *acknowledged) write(tb testing.TB, data string, round int) <-chan struct{} {
	tb.Helper()
	w, done := attachTo(tb, data), make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = w.close() }() // What it closes is gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
		defer cancel()
		for i := 0; ; i++ {
			key := fmt.Sprintf("%d %d", round, i)
			answer, err := raiseAcknowledged(ctx, w, key)
			if err != nil {
				return
			}
			a.answers[key] = answer
			if err := a.mergeStep(ctx, w, answer.ID); err != nil {
				return
			}
			if err := a.bookStep(ctx, w); err != nil {
				return
			}
		}
	}()
	return done
}

// booksBegin is the first month of the contract whose books are kept while the kills fall, and booksStart how many
// minutes were bought for it. Imported time may be as old as that.
const (
	booksBegin = calendar.Month("2000-01")
	booksStart = 100_000
)

// In each month so many records are logged and approved; then it is closed.
const (
	recordsAMonth = 3
	stepsAMonth   = 2*recordsAMonth + 1
)

// bookStep goes on with the books where the last acknowledged step was: a step whose answer a kill swallowed is sent
// again, as a client of the API would.
func (a *acknowledged) bookStep(ctx context.Context, w *world) error {
	answer, err := keepBooks(ctx, w, len(a.books))
	if err == nil {
		a.books = append(a.books, answer)
	}
	return err
}

// keepBooks sends the nth command of a book-keeper: to log a record, to approve it, or to close the month.
func keepBooks(ctx context.Context, w *world, n int) (commands.Answer, error) {
	request := commands.Request{Actor: domain.System(), Route: "kill test", Key: fmt.Sprint("books ", n), At: monday}
	month := booksBegin
	for range n / stepsAMonth {
		month = month.Next()
	}
	switch step := n % stepsAMonth; {
	case step == stepsAMonth-1:
		return w.service.ClosePeriod(ctx, request, commands.ClosePeriod{Contract: killContract(), Month: month})
	case step%2 == 1:
		return w.service.ApproveTime(ctx, request, commands.ApproveTime{Contract: killContract(), Month: month, Times: []domain.TimeID{killTime(n - 1)}})
	default:
		from := month.First().Start(time.UTC).Add(9 * time.Hour)
		return w.service.LogTime(ctx, request, commands.LogTime{
			Contract: killContract(), Time: killTime(n), Submit: true, Source: period.Source{Kind: period.FromImport, System: "kill test", Key: strconv.Itoa(n)},
			Entry: period.Entry{
				Person: domain.PersonID{UUID: killClient()}, JobType: "api", Zone: "UTC", Description: fmt.Sprint("Step ", n),
				From: from, Until: from.Add(20 * time.Minute),
			},
		})
	}
}

func killContract() domain.ContractID {
	return domain.ContractID{UUID: domain.Derive(killClient(), "contract")}
}

func killTime(n int) domain.TimeID {
	return domain.TimeID{UUID: domain.Derive(killClient(), "time", strconv.Itoa(n))}
}

// checkBooks repeats every acknowledged step, goes on until the month is closed, and reads all months: each record
// is there once and was approved once, each month is closed once and carries in once, and no minute is lost.
func (a *acknowledged) checkBooks(tb testing.TB, w *world) {
	tb.Helper()
	for n, first := range a.books {
		if again, err := keepBooks(tb.Context(), w, n); err != nil || again != first {
			tb.Errorf("step %d of the books was answered %+v and is answered %+v, %v", n, first, again, err)
		}
	}
	if len(a.books) == 0 {
		tb.Error("no step of the books was acknowledged")
	}
	for len(a.books)%stepsAMonth > 0 {
		if err := a.bookStep(tb.Context(), w); err != nil {
			tb.Fatalf("step %d of the books: %v", len(a.books), err)
		}
	}
	month, months := booksBegin, len(a.books)/stepsAMonth
	for i := range months {
		kinds, state := map[string]int{}, period.State{}
		for recorded, err := range w.store.Read(tb.Context(), period.Stream(killContract(), month), domain.NoStream) {
			if err != nil {
				tb.Fatal(err)
			}
			kinds[recorded.Raw.Kind]++
			state = period.Evolve(state, recorded.Event.(period.Event))
		}
		carriedIn := min(i, 1) // The first month carries nothing in.
		want := map[string]int{
			"period.time_logged.v1": recordsAMonth, "period.time_submitted.v1": recordsAMonth, "period.time_approved.v1": recordsAMonth,
			"period.closed.v1": 1, "period.carried_in.v1": carriedIn,
		}
		for kind, count := range want {
			if kinds[kind] != count {
				tb.Errorf("%s has %s %d times, want %d", month, kind, kinds[kind], count)
			}
		}
		closing, _ := state.Closing()
		if left := booksStart - 20*recordsAMonth*(i+1); len(closing.CarryOut) != 1 || closing.CarryOut[0].RemainingMinutes != left {
			tb.Errorf("%s carries %+v out, want %d minutes", month, closing.CarryOut, left)
		}
		month = month.Next()
	}
	tb.Logf("%d months of books", months)
}

// raiseAcknowledged raises a ticket of a client that the first command registers.
func raiseAcknowledged(ctx context.Context, w *world, key string) (commands.Answer, error) {
	request := func(key string) commands.Request {
		return commands.Request{Actor: domain.System(), Route: "kill test", Key: key, At: monday}
	}
	client := domain.ClientID{UUID: killClient()}
	under := killContract()
	agreed := terms.Plain(terms.Bucket, terms.Standard, booksBegin.First(), jobTypes...)
	agreed.Agreed.Lines[0].Minutes = booksStart
	_, err := w.service.RegisterClient(ctx, request("client"), commands.RegisterClient{ID: client, Name: "Hit and run", Zone: "UTC", Language: "en", Currency: "EUR"})
	if err == nil {
		_, err = w.service.DraftContract(ctx, request("draft"), commands.DraftContract{
			ID: under, Client: client, Reference: "CON-kill", Terms: agreed,
		})
	}
	if err == nil {
		_, err = w.service.ActivateContract(ctx, request("activate"), commands.ActivateContract{Contract: under})
	}
	if err != nil {
		return commands.Answer{}, err
	}
	return w.service.RaiseTicket(ctx, request(key), commands.RaiseTicket{
		Client: client, Contract: under, JobType: "api", Title: "Raised " + key, Priority: "low", Visibility: domain.ClientVisible,
	})
}

// check repeats every acknowledged command: each was done once, and is answered as it was.
func (a *acknowledged) check(tb testing.TB, data string) {
	tb.Helper()
	w := attachTo(tb, data)
	defer func() { _ = w.close() }()
	for key, first := range a.answers {
		if again, err := raiseAcknowledged(tb.Context(), w, key); err != nil || again != first {
			tb.Errorf("%s was answered %+v and is answered %+v, %v", key, first, again, err)
		}
	}
	a.checkBooks(tb, w)
	a.checkMerges(tb, w)
	// Numbers are given without a gap and none is given twice, whatever was cut short and then completed.
	numbers := a.numbered(tb, w)
	for number := range len(numbers) {
		if numbers[number+1] == "" {
			tb.Errorf("number %d was skipped", number+1)
		}
	}
	if len(numbers) < len(a.answers) || len(a.answers) == 0 {
		tb.Errorf("%d tickets for %d acknowledged commands", len(numbers), len(a.answers))
	}
}

// numbered waits until every ticket that was raised, acknowledged or not, has the number it is owed, and
// gives the tickets by their numbers. The process manager completes those that a kill cut short.
func (a *acknowledged) numbered(tb testing.TB, w *world) map[int]string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*patience)
	defer cancel()
	deliveries, ended := make(chan projections.Delivery), make(chan error, 1)
	go func() { ended <- w.source.Follow(ctx, domain.Position{}, deliveries) }()
	pending, numbers, caughtUp := map[string]bool{}, map[int]string{}, false
	for !caughtUp || len(pending) > 0 {
		select {
		case err := <-ended:
			tb.Fatalf("%v have no number: %v", slices.Collect(maps.Keys(pending)), err)
		case d := <-deliveries:
			caughtUp = caughtUp || d.CaughtUp
			switch e := d.Recorded.Event.(type) {
			case ticket.Raised:
				if e.Client.UUID == killClient() {
					pending[d.Recorded.Stream] = true
				}
			case ticket.Numbered:
				if e.Series != domain.ClientVisible || !pending[d.Recorded.Stream] {
					continue
				}
				if other, taken := numbers[e.Number]; taken {
					tb.Errorf("%s and %s both have number %d", other, d.Recorded.Stream, e.Number)
				}
				numbers[e.Number] = d.Recorded.Stream
				delete(pending, d.Recorded.Stream)
			}
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		tb.Errorf("following the log ended with %v", err)
	}
	return numbers
}

// killClient is the client whose tickets are raised while the kills fall.
func killClient() uuid.UUID { return domain.Derive(uuid.NameSpaceOID, "kill test") }

// exportedTicket is a ticket as the export of its events tells of it.
type exportedTicket struct {
	client uuid.UUID
	status string
}

// exportedTickets folds what the program exports, knowing nothing but the stored names.
func exportedTickets(tb testing.TB, data string) map[string]*exportedTicket {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "events.jsonl")
	if printed, err := tool(tb.Context(), "events", "export", "--output", path, "--data", data); err != nil {
		tb.Fatalf("%v %s", err, printed)
	}
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	all, lines := map[string]*exportedTicket{}, json.NewDecoder(bufio.NewReader(file))
	for {
		var e storedEvent
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		if strings.HasPrefix(e.Type, "ticket.") {
			if all[e.Stream] == nil {
				all[e.Stream] = &exportedTicket{}
			}
			all[e.Stream].fold(tb, e)
		}
	}
}

func (t *exportedTicket) fold(tb testing.TB, e storedEvent) {
	tb.Helper()
	var data struct {
		Client uuid.UUID
		For    string
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		tb.Fatal(err)
	}
	switch e.Type {
	case "ticket.raised.v1":
		t.client, t.status = data.Client, "new"
	case "ticket.triaged.v1":
		if t.status == "new" {
			t.status = "triaged"
		}
	case "ticket.started.v1", "ticket.waiting_ended.v1":
		t.status = "in_progress"
	case "ticket.waiting_started.v1":
		t.status = "waiting_" + data.For
	case "ticket.resolved.v1", "ticket.closed.v1", "ticket.reopened.v1":
		t.status = strings.TrimSuffix(strings.TrimPrefix(e.Type, "ticket."), ".v1")
	}
}

// byState counts tickets by client and by what the source could tell of their state.
type byState map[string]int

func (b byState) add(client uuid.UUID, status string, count int) {
	switch status {
	case "new", "triaged", "in_progress", "reopened":
		status = "open"
	}
	b[client.String()+" "+status] += count
}

// checkImport holds the events and the staff database against the file.
func checkImport(tb testing.TB, data, file string, report importReport) {
	tb.Helper()
	inFile, rows := statesInFile(tb, file, report)
	if rows != report.Rows {
		tb.Errorf("the file has %d rows and the report %d", rows, report.Rows)
	}
	inEvents, inDatabase := byState{}, byState{}
	for _, t := range exportedTickets(tb, data) {
		if t.client != killClient() {
			inEvents.add(t.client, t.status, 1)
		}
	}
	w := attachTo(tb, data)
	defer func() { _ = w.close() }()
	var generation int
	if err := w.staff.database.Pool.QueryRow(tb.Context(), `SELECT id FROM control.generations WHERE state = 'live'`).Scan(&generation); err != nil {
		tb.Fatal(err)
	}
	found, err := w.staff.database.Pool.Query(tb.Context(), fmt.Sprintf(`SELECT client, status, count(*) FROM gen_%d.tickets WHERE client <> $1 GROUP BY 1, 2`, generation), killClient())
	if err != nil {
		tb.Fatal(err)
	}
	var client uuid.UUID
	var status string
	var count int
	if _, err := pgx.ForEachRow(found, []any{&client, &status, &count}, func() error {
		inDatabase.add(client, status, count)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	if diff := gocmp.Diff(inFile, inEvents); diff != "" {
		tb.Errorf("tickets by client and state (-file +events):\n%s", diff)
	}
	if diff := gocmp.Diff(inEvents, inDatabase); diff != "" {
		tb.Errorf("tickets by client and state (-events +staff database):\n%s", diff)
	}
}

// statesInFile reads an incident log the plain way: the last row that was not rejected tells the state, the
// first one whose ticket it is.
func statesInFile(tb testing.TB, path string, report importReport) (byState, int) {
	tb.Helper()
	type row struct {
		at       time.Time
		change   int
		location string
		state    string
	}
	rejected := map[int]bool{}
	for _, r := range report.Rejections {
		rejected[r.Line] = true
	}
	lines := csv.NewReader(openLog(tb, path))
	head, err := lines.Read()
	if err != nil {
		tb.Fatal(err)
	}
	tickets, rows := map[string][]row{}, 0
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
		rows++
		if line, _ := lines.FieldPos(0); rejected[line] {
			continue
		}
		field := func(name string) string { return fields[slices.Index(head, name)] }
		at, err := time.Parse("2/1/2006 15:04", field("sys_updated_at"))
		if err != nil {
			tb.Fatal(err)
		}
		change, _ := strconv.Atoi(field("sys_mod_count"))
		tickets[field("number")] = append(tickets[field("number")], row{at, change, field("location"), field("incident_state")})
	}
	states := byState{}
	for _, history := range tickets {
		slices.SortStableFunc(history, func(a, b row) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.change, b.change)) })
		states.add(clientOf(history[0].location), stateOf(history[len(history)-1].state), 1)
	}
	return states, rows
}

// clientOf is the client that a location became.
func clientOf(location string) uuid.UUID {
	if location == "?" {
		location = ""
	}
	return domain.Derive(domain.Derive(uuid.NameSpaceURL, "effigate", "import", incidents.System), "client", location)
}

func stateOf(state string) string {
	switch {
	case state == "Awaiting User Info":
		return "waiting_client"
	case strings.HasPrefix(state, "Awaiting"):
		return "waiting_third_party"
	case state == "Resolved" || state == "Closed":
		return strings.ToLower(state)
	}
	return "open"
}

func openLog(tb testing.TB, path string) io.Reader {
	tb.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return bytes.NewReader(content)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		tb.Fatal(err)
	}
	return unpacked
}

// incidentLog is the real incident log that EFFIGATE_INCIDENTS names, or one that is made up in its form.
func incidentLog(tb testing.TB) string {
	tb.Helper()
	if given := os.Getenv("EFFIGATE_INCIDENTS"); given != "" {
		return given
	}
	const tickets = 2000
	path := filepath.Join(tb.TempDir(), "incidents.csv")
	random := rand.New(rand.NewPCG(4, 2))
	priorities := []string{"1 - Critical", "2 - High", "3 - Moderate", "4 - Low"}
	var text strings.Builder
	text.WriteString("number,incident_state,reopen_count,sys_mod_count,caller_id,opened_at,sys_updated_at,location,category,subcategory,u_symptom,priority,assignment_group,assigned_to,closed_code\n")
	for i := range tickets {
		opened := monday.AddDate(-1, 0, 0).Add(time.Duration(i) * 17 * time.Minute)
		location, caller := random.IntN(40), random.IntN(5)
		states := []string{"New", "Active", "Awaiting User Info", "Active", "Awaiting Vendor", "Resolved", "Closed"}
		for change, state := range states[:1+random.IntN(len(states))] {
			if change == 3 && i%50 == 0 {
				state = "Nonsense" // It is rejected, and the rows around it go in.
			}
			at := opened.Add(time.Duration(change) * time.Hour)
			fmt.Fprintf(&text, "INC%05d,%s,0,%d,Caller %d,%s,%s,Location %d,Category %d,Sub %d,Symptom %d,%s,Group %d,Resolver %d,code %d\n",
				i, state, change, caller, opened.Format("2/1/2006 15:04"), at.Format("2/1/2006 15:04"), location, i%7, i%11, i%13, priorities[i%4], i%5, i%9, i%3)
		}
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

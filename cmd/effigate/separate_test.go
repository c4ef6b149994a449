package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/terms"
	"effigate/infra/postgres/postgrestest"
)

// separate is an installation whose portal runs in a process of its own, with nothing but what it needs.
type separate struct {
	data   string
	main   *process
	portal *process
	env    map[string]string // what the portal was told
	base   string            // of the portal
}

// portalSettings are all that a portal is told.
var portalSettings = []string{
	"EFFIGATE_CLIENT_READER_URL", "EFFIGATE_CLIENT_ACCOUNTS_URL", "EFFIGATE_BLOBS_PUBLIC", "EFFIGATE_COMMAND_URL", "EFFIGATE_COMMAND_TOKEN", "EFFIGATE_KEY",
}

func startSeparate(t *testing.T) *separate {
	t.Helper()
	s := &separate{data: postgrestest.Folder(t)}
	s.main = spawnServe(t, s.data, "EFFIGATE_ROLES=console,projector,worker", "EFFIGATE_COMMAND_ADDR=127.0.0.1:0")
	printed, err := tool(t.Context(), "portal", "env", "--json", "--data", s.data)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(printed), &s.env); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	s.startPortal(t)
	return s
}

// startPortal starts the portal in an empty folder, with its settings and a path.
func (s *separate) startPortal(t *testing.T) {
	t.Helper()
	environment := []string{"PATH=" + os.Getenv("PATH"), asEffigate + "=1"}
	for _, name := range portalSettings {
		environment = append(environment, name+"="+s.env[name])
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0],
		"serve", "--roles=portal", "--portal", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json")
	command.Env, command.Dir = environment, t.TempDir()
	s.portal = spawnCommand(t, command)
	select {
	case <-s.portal.ready:
	case <-s.portal.ended:
		t.Fatalf("the portal ended: %s", &s.portal.log)
	case <-time.After(patience):
		t.Fatalf("the portal is not ready: %s", &s.portal.log)
	}
	s.base = regexp.MustCompile(`"msg":"ready","portal":"([^"]*)"`).FindStringSubmatch(s.portal.log.String())[1]
	left, err := os.ReadDir(command.Dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the portal left %v, %v", left, err)
	}
}

// invitee runs `effigate user invite` and gives the path of the link.
func (s *separate) invite(t *testing.T, name, email, role, client string) string {
	t.Helper()
	printed, err := tool(t.Context(), "user", "invite", "--name", name, "--email", email, "--role", role, "--client", client, "--json", "--data", s.data)
	if err != nil {
		t.Fatal(err)
	}
	var made invited
	if err := json.Unmarshal([]byte(printed), &made); err != nil || made.Link == "" {
		t.Fatalf("%v in %s", err, printed)
	}
	link, err := url.Parse(made.Link)
	if err != nil {
		t.Fatal(err)
	}
	return link.Path
}

// A portal in a process of its own, which holds two credentials of the clients' database, a key and the
// address of the command endpoint, does all that clients do.
func TestAPortalAloneDoesAllThatClientsDo(t *testing.T) {
	t.Parallel()
	s := startSeparate(t)
	category := s.signNexus(t)
	admin := browser{base: s.base}
	takeUp(t, &admin, s.invite(t, "Olivia Chen", "olivia@nexus.example", "client_admin", "Nexus Corp"), "Olivia Chen")
	admin.visit(t, "/logout", url.Values{})
	if page := admin.visit(t, "/", nil); page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/login") {
		t.Fatalf("after the logout the first page answers %d to %q", page.Status, page.Location)
	}
	if admin.cookie = logIn(t, s.base, "olivia@nexus.example", goodPassword); admin.cookie == "" {
		t.Fatalf("the login fails: %s", &s.portal.log)
	}
	if page := admin.visit(t, "/", nil); page.Status != http.StatusOK || !strings.Contains(page.Body, "Nexus Corp") {
		t.Fatalf("the first page answers %d: %s", page.Status, page.Body)
	}
	raised := decode[struct{ ID uuid.UUID }](t, admin.api(t, http.MethodPost, "/tickets", "raise", map[string]any{
		"category": category, "title": "The export hangs", "description": "Since this morning.", "priority": "high",
	}), http.StatusCreated)
	ticket := "/tickets/" + raised.ID.String()
	admin.write(t, ticket+"/comments", "comment", map[string]any{"text": "It is urgent."})
	shown := s.shown(t, &admin, ticket, "It is urgent.")
	if !strings.Contains(shown.Body, "The export hangs") {
		t.Errorf("the ticket is shown as %s", shown.Body)
	}
	admin.write(t, ticket+"/comments", "comment", map[string]any{"text": "It is urgent."}) // The same again is one.
	if again := admin.api(t, http.MethodGet, ticket, "", nil); strings.Count(again.Body, "It is urgent.") != strings.Count(shown.Body, "It is urgent.") {
		t.Errorf("a repeated comment is there twice: %s", again.Body)
	}
	s.fileJourney(t, &admin, ticket)
	s.employJourney(t, &admin, ticket)
}

// fileJourney sends a file through the relay, larger than any other request, and takes it back until it is erased: then
// the old link is dead, and no byte is left.
func (s *separate) fileJourney(t *testing.T, admin *browser, ticket string) {
	t.Helper()
	content := strings.Repeat("a line of the log\n", 100_000)
	send := func(path string) answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/client/v1"+path, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Idempotency-Key", "a file")
		r.Header.Set("Cookie", admin.cookie)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close() //nolint:errcheck // it was only read
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer{Status: got.StatusCode, Body: string(body)}
	}
	attached := decode[struct{ ID uuid.UUID }](t, send(ticket+"/attachments?name=export.log"), http.StatusCreated)
	if again := decode[struct{ ID uuid.UUID }](t, send(ticket+"/attachments?name=export.log"), http.StatusCreated); again != attached {
		t.Errorf("sent again it is %s, not %s", again.ID, attached.ID)
	}
	link := "/attachments/" + attached.ID.String()
	if got := s.shown(t, admin, link, "a line of the log"); got.Body != content {
		t.Errorf("%d bytes came back of %d", len(got.Body), len(content))
	}
	if nobody := (&browser{base: s.base}).api(t, http.MethodGet, link, "", nil); nobody.Status != http.StatusUnauthorized {
		t.Errorf("without a login the file answers %d", nobody.Status)
	}
	w := attachTo(t, s.data)
	defer func() { _ = w.close() }()
	id, err := uuid.Parse(strings.TrimPrefix(ticket, "/tickets/"))
	if err == nil {
		_, err = w.service.EraseAttachment(t.Context(), commands.Request{Actor: domain.System(), Route: "test", Key: "erase", At: clock()}, commands.ChangeAttachment{
			Ticket: domain.TicketID{UUID: id}, Attachment: domain.AttachmentID{UUID: attached.ID}, Reason: "by law",
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; {
		there := 0
		for _, folder := range []string{internalFiles, publicFiles} {
			if _, err := os.Stat(filepath.Join(s.data, folder, attached.ID.String()[:2], attached.ID.String())); err == nil {
				there++
			}
		}
		if gone := admin.api(t, http.MethodGet, link, "", nil); there == 0 && gone.Status == http.StatusNotFound {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d stores hold the erased file", there)
		}
	}
}

// employJourney invites an employee, who comes, sees what is the employee's own, and is sent away again.
func (s *separate) employJourney(t *testing.T, admin *browser, ticket string) {
	t.Helper()
	made := decode[struct {
		ID   uuid.UUID
		Link string
	}](t, admin.api(t, http.MethodPost, "/people", "invite", map[string]any{"name": "Ravi Kapoor", "email": "ravi@nexus.example"}), http.StatusCreated)
	link, err := url.Parse(made.Link)
	if err != nil || link.Path == "" {
		t.Fatalf("the invitation is %+v, %v", made, err)
	}
	employee := browser{base: s.base}
	takeUp(t, &employee, link.Path, "Ravi Kapoor")
	s.shown(t, admin, "/people/"+made.ID.String(), `"state":"active"`)
	if other := employee.api(t, http.MethodGet, ticket, "", nil); other.Status != http.StatusNotFound {
		t.Errorf("the employee sees the admin's ticket: %d %s", other.Status, other.Body)
	}
	if refused := employee.api(t, http.MethodPost, "/people", "invite", map[string]any{"name": "Eve", "email": "eve@nexus.example"}); refused.Status != http.StatusNotFound {
		t.Errorf("the employee invites: %d %s", refused.Status, refused.Body)
	}
	admin.write(t, "/people/"+made.ID.String()+"/grants", "grant", map[string]any{"grant": "billing.read"})
	s.shown(t, admin, "/people/"+made.ID.String(), "billing.read")
	admin.write(t, "/people/"+made.ID.String()+"/grants/withdraw", "withdraw", map[string]any{"grant": "billing.read"})
	admin.write(t, "/people/"+made.ID.String()+"/deactivate", "deactivate", map[string]any{})
	s.shown(t, admin, "/people/"+made.ID.String(), `"state":"ended"`)
	if gone := employee.api(t, http.MethodGet, "/me", "", nil); gone.Status != http.StatusUnauthorized {
		t.Errorf("who was deactivated is answered %d %s", gone.Status, gone.Body)
	}
	if page := employee.visit(t, "/", nil); page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location, "/login") {
		t.Errorf("who was deactivated sees %d to %q", page.Status, page.Location)
	}
	if cookie := logIn(t, s.base, "ravi@nexus.example", goodPassword); cookie != "" {
		t.Error("who was deactivated logs in again")
	}
}

// signNexus registers a client with a contract, and gives the category that its people raise tickets in.
func (s *separate) signNexus(t *testing.T) uuid.UUID {
	t.Helper()
	if _, err := tool(t.Context(), "client", "register", "--name", "Nexus Corp", "--data", s.data); err != nil {
		t.Fatal(err)
	}
	printed, err := tool(t.Context(), "client", "list", "--json", "--data", s.data)
	if err != nil {
		t.Fatal(err)
	}
	var clients []struct{ ID uuid.UUID }
	if err := json.Unmarshal([]byte(printed), &clients); err != nil || len(clients) != 1 {
		t.Fatalf("%v in %s", err, printed)
	}
	w := attachTo(t, s.data)
	defer func() { _ = w.close() }()
	request := func(key string) commands.Request {
		return commands.Request{Actor: domain.System(), Route: "test", Key: key, At: clock()}
	}
	drafted, err := w.service.DraftContract(t.Context(), request("draft"), commands.DraftContract{
		Client: domain.ClientID{UUID: clients[0].ID}, Reference: "CON-1", Terms: terms.Plain(terms.Bucket, terms.Standard, "2026-01-01", jobTypes...),
	})
	if err == nil {
		_, err = w.service.ActivateContract(t.Context(), request("activate"), commands.ActivateContract{Contract: domain.ContractID{UUID: drafted.ID}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return domain.CategoryID(domain.ContractID{UUID: drafted.ID}, jobTypes[0].Key)
}

// goodPassword is one that is accepted.
const goodPassword = "tavo-kemi-runa-sile"

// takeUp takes an invitation up.
func takeUp(t *testing.T, b *browser, path, name string) {
	t.Helper()
	if page := b.submit(t, path, path, url.Values{"name": {name}, "password": {goodPassword}}); page.Status != http.StatusSeeOther || b.cookie == "" {
		t.Fatalf("the invitation of %s answers %d: %s", name, page.Status, page.Body)
	}
}

// api asks the client API with the login of the browser.
func (b *browser) api(tb failing, method, path, key string, body any) answer {
	tb.Helper()
	a, err := sendAs(context.Background(), b.base, method, "/api/client/v1"+path, b.cookie, key, body)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return a
}

// write sends what must be accepted.
func (b *browser) write(tb failing, path, key string, body any) {
	tb.Helper()
	if a := b.api(tb, http.MethodPost, path, path+key, body); a.Status/100 != 2 {
		tb.Fatalf("%s answers %d %s", path, a.Status, a.Body)
	}
}

// shown reads until the answer has the text: a write is shown when it has been projected.
func (s *separate) shown(t *testing.T, b *browser, path, text string) (a answer) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if a = b.api(t, http.MethodGet, path, "", nil); a.Status == http.StatusOK && strings.Contains(a.Body, text) {
			return a
		}
	}
	t.Fatalf("%s never shows %q: %d %s\n%s", path, text, a.Status, a.Body, &s.portal.log)
	return a
}

// What the portal's process holds, and what its credentials open, is what it needs and nothing else.
func TestAPortalAloneCanReachNothingElse(t *testing.T) {
	t.Parallel()
	s := startSeparate(t)
	at, err := readRunning(s.data)
	if err != nil {
		t.Fatal(err)
	}
	s.checkProcess(t, at)
	reader, users := s.env["EFFIGATE_CLIENT_READER_URL"], s.env["EFFIGATE_CLIENT_ACCOUNTS_URL"]
	for _, test := range []struct{ name, connection, statement string }{
		{"the reader changes a row", reader, `UPDATE accounts.people SET name = 'x'`},
		{"the reader writes for once", reader, `SET default_transaction_read_only = off; DELETE FROM accounts.people`},
		{"the reader looks at sessions", reader, `SELECT * FROM accounts.sessions`},
		{"the reader looks at passwords", reader, `SELECT password FROM accounts.people`},
		{"the reader calls a function of the accounts", reader, `SELECT accounts.has_mail()`},
		{"the reader becomes the owner", reader, `SET ROLE postgres`},
		{"the reader runs a program", reader, `COPY (SELECT 1) TO PROGRAM 'true'`},
		{"the accounts' role reads a table of theirs", users, `SELECT * FROM accounts.people`},
		{"the accounts' role reads sessions", users, `SELECT * FROM accounts.sessions`},
		{"the accounts' role reads profiles", users, `SELECT * FROM accounts.staff_profiles`},
		{"the accounts' role makes a table", users, `CREATE TABLE public.x (y int)`},
		{"the accounts' role takes mail", users, `SELECT * FROM accounts.take_mail(now(), now())`},
		{"the accounts' role erases", users, `SELECT accounts.erase('00000000-0000-4000-8000-000000000000', now())`},
		{"the staff database as the reader", onServerOf(t, reader, at.StaffURL), `SELECT 1`},
		{"the staff database as the accounts' role", onServerOf(t, users, at.StaffURL), `SELECT 1`},
	} {
		if err := run1(t, test.connection, test.statement); err == nil {
			t.Errorf("%s, and nothing stops it", test.name)
		}
	}
	for _, connection := range []string{reader, users} { // The refusals above are not for lack of a server.
		if err := run1(t, connection, `SELECT 1`); err != nil {
			t.Error(err)
		}
	}
	s.checkTables(t, at, users)
}

// run1 runs one statement.
func run1(t *testing.T, connection, statement string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), connection)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol)
	return err
}

// onServerOf is a connection with the credentials of one URL to the server and database of another.
func onServerOf(t *testing.T, credentials, server string) string {
	t.Helper()
	from, err := url.Parse(credentials)
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	to.User = from.User
	return to.String()
}

// checkTables tries every table of the clients' database as the accounts' role: none opens.
func (s *separate) checkTables(t *testing.T, at running, users string) {
	t.Helper()
	owner, err := pgx.Connect(t.Context(), at.ClientURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(context.WithoutCancel(t.Context())) }()
	rows, err := owner.Query(t.Context(), `
		SELECT format('%I.%I', schemaname, tablename) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 15 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		for _, statement := range []string{`SELECT FROM %s`, `DELETE FROM %s`, `INSERT INTO %s DEFAULT VALUES`} {
			if err := run1(t, users, fmt.Sprintf(statement, table)); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("the accounts' role runs %s: %v", fmt.Sprintf(statement, table), err)
			}
		}
	}
}

// checkProcess looks at what the process has: its environment, its files and its connections.
func (s *separate) checkProcess(t *testing.T, at running) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", s.portal.command.Process.Pid)
	environment, err := os.ReadFile(proc + "/environ")
	if err != nil {
		t.Skipf("this system does not show processes: %v", err)
	}
	for variable := range strings.SplitSeq(strings.Trim(string(environment), "\x00"), "\x00") {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains(append([]string{"PATH", asEffigate}, portalSettings...), name) {
			t.Errorf("the portal was told %s", name)
		}
	}
	open, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	sockets := map[string]bool{}
	for _, file := range open {
		target, err := os.Readlink(filepath.Join(proc, "fd", file.Name()))
		if err != nil {
			continue // It was closed meanwhile.
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		} else if !strings.HasPrefix(target, "pipe:") && !strings.HasPrefix(target, "anon_inode:") && !strings.HasPrefix(target, "/dev/") &&
			!strings.HasPrefix(target, "/sys/fs/cgroup/") { // The runtime asks how many processors it may use.
			t.Errorf("the portal has %s open", target)
		}
	}
	// Whom it may speak to over TCP: whoever calls it, and the command endpoint. Its databases are behind
	// sockets of their own folder.
	allowed := map[string]bool{"0000": true, hexPort(t, s.env["EFFIGATE_COMMAND_URL"]): true}
	table, err := os.ReadFile(proc + "/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	listening := map[string]bool{}
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
	for _, line := range lines {
		if fields := strings.Fields(line); sockets[fields[9]] && fields[3] == "0A" {
			listening[portOf(fields[1])] = true
		}
	}
	for _, line := range lines {
		fields := strings.Fields(line)
		if sockets[fields[9]] && !allowed[portOf(fields[2])] && !listening[portOf(fields[1])] {
			t.Errorf("the portal has a connection %s to %s", fields[1], fields[2])
		}
	}
	if len(sockets) < 3 || len(listening) != 2 {
		t.Errorf("%d sockets, %d listening: this looks at the wrong things", len(sockets), len(listening))
	}
	for _, secret := range []string{at.StaffURL, at.ClientURL, at.EventStore} {
		if strings.Contains(string(environment), secret) {
			t.Error("the portal was told how to reach what is not its own")
		}
	}
}

// portOf is the port in an address of /proc/net/tcp, as hexadecimal digits.
func portOf(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return port
}

func hexPort(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscan(u.Port(), &port); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%04X", port)
}

// A portal alone that lacks something, or that was told too much, says all of it and does not start.
func TestAPortalAloneRefusesWhatIsNotForIt(t *testing.T) {
	t.Parallel()
	foreign := []string{
		"EFFIGATE_EVENTSTORE=esdb://x", "EFFIGATE_CLIENT_DATABASE_URL=postgres://owner@x/y", "EFFIGATE_STAFF_DATABASE_URL=postgres://owner@x/z",
		"EFFIGATE_SMTP_URL=smtp://x?from=a@b.example", "EFFIGATE_COMMAND_ADDR=:1",
	}
	data := filepath.Join(t.TempDir(), "data")
	p := spawn(t, append(foreign, "EFFIGATE_DATA="+data), "serve", "--roles", "portal")
	if code := p.code(); code != exitUsage {
		t.Errorf("exit code %d: %s", code, &p.log)
	}
	for _, name := range slices.Concat(portalSettings, foreign) {
		name, _, _ = strings.Cut(name, "=")
		if !strings.Contains(p.log.String(), name) {
			t.Errorf("%s is not named in %s", name, &p.log)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it made a data directory")
	}
}

// A portal alone does not take the owner's credentials for a reader's, which would pass every wall in the
// database.
func TestAPortalAloneRefusesThePowerful(t *testing.T) {
	t.Parallel()
	s := startSeparate(t)
	at, err := readRunning(s.data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"EFFIGATE_CLIENT_READER_URL", "EFFIGATE_CLIENT_ACCOUNTS_URL"} {
		environment := []string{name + "=" + at.ClientURL}
		for _, other := range portalSettings {
			if other != name {
				environment = append(environment, other+"="+s.env[other])
			}
		}
		p := spawn(t, environment, "serve", "--roles=portal", "--portal", "127.0.0.1:0", "--admin", "127.0.0.1:0")
		if code := p.code(); code != exitError || !strings.Contains(p.log.String(), name) || strings.Contains(p.log.String(), at.ClientURL) {
			t.Errorf("with the owner as %s: %d %s", name, code, &p.log)
		}
	}
	// What a role is a member of counts as well, for what it may take on.
	if err := run1(t, at.ClientURL, `GRANT portal_reader TO portal_accounts`); err != nil {
		t.Fatal(err)
	}
	var environment []string
	for _, name := range portalSettings {
		environment = append(environment, name+"="+s.env[name])
	}
	p := spawn(t, environment, "serve", "--roles=portal", "--portal", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if code := p.code(); code != exitError || !strings.Contains(p.log.String(), "EFFIGATE_CLIENT_ACCOUNTS_URL") {
		t.Errorf("with a role that is a member of another: %d %s", code, &p.log)
	}
}

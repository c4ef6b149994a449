package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/infra/postgres/postgrestest"
)

// shell runs the program's commands on a data directory.
type shell struct {
	t    *testing.T
	data string
}

// must runs a command that must succeed and decodes what it prints into the value, unless that is nil.
func (s shell) must(into any, arguments ...string) {
	s.t.Helper()
	printed, err := tool(s.t.Context(), append(arguments, "--json", "--data", s.data)...)
	if err != nil {
		s.t.Fatalf("%v: %v", arguments, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(printed), into); err != nil {
		s.t.Fatalf("%v prints %s: %v", arguments, printed, err)
	}
}

// refused runs a command that must be refused as a mistake in the call.
func (s shell) refused(arguments ...string) {
	s.t.Helper()
	_, err := tool(s.t.Context(), append(arguments, "--data", s.data)...)
	if _, usage := errors.AsType[usageError](err); !usage {
		s.t.Errorf("%v ends with %v", arguments, err)
	}
}

// users lists people by their status.
func (s shell) users(of string) map[string]user {
	s.t.Helper()
	var all []user
	s.must(&all, "user", "list", "--client", of)
	found := map[string]user{}
	for _, u := range all {
		found[u.ID.String()] = u
	}
	return found
}

// From the shell the first owner gets in, and everybody else can be invited, given a key, and sent away.
func TestPeopleFromTheShell(t *testing.T) {
	t.Parallel()
	s := shell{t, postgrestest.Folder(t)}
	spawnServe(t, s.data)
	at, err := readRunning(s.data)
	if err != nil {
		t.Fatal(err)
	}
	var made invited
	s.must(&made, "user", "invite", "--role", "owner", "--name", "Maya Okafor", "--email", "maya@firm.example")
	link, err := url.Parse(made.Link)
	if err != nil || "http://"+link.Host != at.Console {
		t.Fatalf("the link is %s, %v; the console is at %s", made.Link, err, at.Console)
	}
	owner := browser{base: at.Console}
	if known := s.knownToClients(at); len(known) != 0 {
		t.Errorf("before anybody came, clients know %v", known)
	}
	takeUp(t, &owner, link.Path, "Maya Okafor")
	if page := owner.visit(t, "/staff", nil); page.Status != http.StatusOK || !strings.Contains(page.Body, "Maya Okafor") {
		t.Errorf("the owner sees %d: %s", page.Status, page.Body)
	}
	if u := s.users("staff")[made.ID.String()]; u.Status != "active" || u.Email != "maya@firm.example" || u.Role != "owner" {
		t.Errorf("the owner is listed as %+v", u)
	}
	s.refused("user", "invite", "--role", "king", "--name", "X", "--email", "x@firm.example")
	s.refused("user", "invite", "--role", "client_admin", "--name", "X", "--email", "x@firm.example")
	s.refused("user", "invite", "--role", "owner", "--name", "X", "--email", "x@firm.example", "--client", "Nexus Corp")
	s.refused("user", "deactivate", "nobody")
	s.refused("user", "erase", made.ID.String())
	if _, err := tool(t.Context(), "user", "invite", "--role", "ops", "--name", "X", "--email", "maya@firm.example", "--data", s.data); err == nil {
		t.Error("an address that somebody has is given to another")
	}
	s.keysFromTheShell(at, made.ID.String())
	s.clientsFromTheShell()
	if known := s.knownToClients(at); !slices.Equal(known, []string{"Maya Okafor"}) {
		t.Errorf("clients know %v, want the owner: an auditor does not write to them, and the engineer has not come", known)
	}
	s.endSessionsFromTheShell(at, &owner, made.ID.String())
}

// knownToClients lists the names of staff that the client database holds.
func (s shell) knownToClients(at running) []string {
	s.t.Helper()
	owner, err := pgx.Connect(s.t.Context(), at.ClientURL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer owner.Close(s.t.Context()) //nolint:errcheck // it was only read
	rows, err := owner.Query(s.t.Context(), `SELECT name FROM accounts.staff_profiles ORDER BY name`)
	if err != nil {
		s.t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

// endSessionsFromTheShell throws everybody of a side out, and ends the keys when that is asked for.
func (s shell) endSessionsFromTheShell(at running, owner *browser, id string) {
	s.t.Helper()
	var key apikey
	s.must(&key, "apikey", "create", id, "--name", "report", "--scopes", "clients.read", "--days", "3")
	asks := func() int {
		got, err := send(s.t.Context(), at.Console, http.MethodGet, "/api/staff/v1/clients", key.Key, "", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		return got.Status
	}
	for _, call := range [][]string{{}, {"--side", "staff"}, {"--all"}, {"--side", "both", "--all"}} {
		s.refused(append([]string{"user", "end-sessions"}, call...)...)
	}
	var ended struct{ Sessions, Keys int }
	s.must(&ended, "user", "end-sessions", "--side", "client", "--all", "--keys")
	if ended.Sessions != 0 || owner.visit(s.t, "/clients", nil).Status != http.StatusOK || asks() != http.StatusOK {
		s.t.Errorf("ending the clients' sessions ended %+v, and something of staff's", ended)
	}
	s.must(&ended, "user", "end-sessions", "--side", "staff", "--all")
	if ended.Sessions != 1 || ended.Keys != 0 {
		s.t.Errorf("ended %+v, want the owner's session", ended)
	}
	s.eventually("the session ends", func() bool { return owner.visit(s.t, "/clients", nil).Status == http.StatusSeeOther })
	if got := asks(); got != http.StatusOK {
		s.t.Errorf("the key, which was to go on, answers %d", got)
	}
	s.must(&ended, "user", "end-sessions", "--side", "staff", "--all", "--keys")
	if ended.Sessions != 0 || ended.Keys != 1 {
		s.t.Errorf("ended %+v, want the key", ended)
	}
	s.eventually("the key ends", func() bool { return asks() == http.StatusUnauthorized })
}

// keysFromTheShell makes and ends a key, then the person.
func (s shell) keysFromTheShell(at running, owner string) {
	s.t.Helper()
	var made invited
	s.must(&made, "user", "invite", "--role", "auditor", "--name", "Lars Petersen", "--email", "lars@firm.example")
	auditor := browser{base: at.Console}
	link, err := url.Parse(made.Link)
	if err != nil {
		s.t.Fatal(err)
	}
	takeUp(s.t, &auditor, link.Path, "Lars Petersen")
	id := made.ID.String()
	var key apikey
	s.must(&key, "apikey", "create", id, "--name", "report", "--scopes", "clients.read", "--days", "3")
	asks := func(path string) int {
		got, err := send(s.t.Context(), at.Console, http.MethodGet, "/api/staff/v1"+path, key.Key, "", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		return got.Status
	}
	if asks("/clients") != http.StatusOK || asks("/tickets") != http.StatusForbidden {
		s.t.Errorf("the key reads clients: %d, and tickets, for which it has no scope: %d", asks("/clients"), asks("/tickets"))
	}
	var keys []apikey
	s.must(&keys, "apikey", "list", id)
	if len(keys) != 1 || keys[0].ID != key.ID || keys[0].Key != "" || !slices.Equal(keys[0].Scopes, []string{"clients.read"}) {
		s.t.Errorf("the keys are %+v", keys)
	}
	s.refused("apikey", "create", id, "--name", "x", "--scopes", "everything")
	s.must(nil, "apikey", "revoke", id, key.ID.String())
	s.eventually("the key ends", func() bool { return asks("/clients") == http.StatusUnauthorized })
	s.must(nil, "user", "deactivate", id)
	s.eventually("the session ends", func() bool { return auditor.visit(s.t, "/clients", nil).Status == http.StatusSeeOther })
	s.must(nil, "user", "erase", id, "--yes")
	if u := s.users("staff")[id]; u.Status != "deactivated" || u.Name != "" || u.Email != "" {
		s.t.Errorf("after the erasure the person is %+v", u)
	}
	if u := s.users("staff")[owner]; u.Status != "active" {
		s.t.Errorf("the owner is %+v", u)
	}
}

// eventually asks until it is so: the serving process may remember a login for a second.
func (s shell) eventually(what string, so func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !so(); {
		if time.Now().After(deadline) {
			s.t.Fatalf("never: %s", what)
		}
	}
}

// clientsFromTheShell registers a client, sets its rules, and invites from a file.
func (s shell) clientsFromTheShell() {
	s.t.Helper()
	s.must(nil, "client", "register", "--name", "Nexus Corp", "--zone", "Australia/Sydney", "--currency", "AUD")
	s.must(nil, "client", "seat-limit", "nexus corp", "3")
	var clients []struct {
		Name           string
		Seats          int
		AccountManager string `json:"account_manager"`
	}
	s.must(&clients, "client", "list")
	if len(clients) != 1 || clients[0].AccountManager != "" || clients[0].Name != "Nexus Corp" || clients[0].Seats != 3 {
		s.t.Errorf("the clients are %+v", clients)
	}
	var rules loginRules
	s.must(&rules, "client", "login-rules", "Nexus Corp", "--second-factor", "--domains", "nexus.example")
	if !rules.SecondFactor || !rules.Passwords || !slices.Equal(rules.Domains, []string{"nexus.example"}) {
		s.t.Errorf("the rules are %+v", rules)
	}
	s.refused("client", "sso", "Nexus Corp")
	s.refused("client", "seat-limit", "staff", "3")
	s.refused("client", "login-rules", "Nobody Inc")
	file := filepath.Join(s.t.TempDir(), "people.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	write("name,email,role,client\nOlivia Chen,olivia@nexus.example,client_admin,\n")
	s.refused("user", "import", file)
	write("name,email,role,client\nOlivia Chen,olivia@nexus.example,client_admin,Nexus Corp\nEve,eve@elsewhere.example,client_employee,Nexus Corp\n" +
		"Tom Hargreaves,tom@firm.example,engineer,\n")
	var imported struct {
		Invited []invited
		Left    []string
	}
	for _, invitations := range []int{2, 0} { // The same file again invites nobody twice.
		s.must(&imported, "user", "import", file)
		if len(imported.Invited) != invitations || len(imported.Left) != 3-invitations || !strings.Contains(strings.Join(imported.Left, " "), "line 3") {
			s.t.Errorf("the import did %+v", imported)
		}
	}
	if found := s.users("Nexus Corp"); len(found) != 1 {
		s.t.Errorf("the client's users are %+v", found)
	}
}

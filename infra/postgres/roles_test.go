package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/postgres/private"
)

const noRight = "42501"

func TestRolesReachOnlyWhatIsGranted(t *testing.T) {
	t.Parallel()
	owner, secrets := newServer(t) // A given server may leave its unused databases open.
	client := prepare(t, owner, secrets)
	staff, err := postgres.PrepareRoles(t.Context(), elsewhere(t, owner, "postgres:///effigate_staff"), postgres.StaffSide, secrets)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, client.Owner, `
		CREATE SCHEMA shown;
		CREATE TABLE shown.granted AS SELECT 1 AS id;
		CREATE TABLE shown.hidden AS SELECT 2 AS id;
		CREATE SCHEMA accounts;
		CREATE TABLE accounts.people AS SELECT 'hash' AS password;
		CREATE FUNCTION accounts.password() RETURNS text LANGUAGE sql SECURITY DEFINER
			SET search_path = '' AS 'SELECT password FROM accounts.people';
		GRANT USAGE ON SCHEMA shown TO portal_reader;
		GRANT SELECT ON shown.granted TO portal_reader;
		GRANT USAGE ON SCHEMA accounts TO portal_accounts`)
	for name, c := range map[string]struct{ url, sql, want string }{
		"reader reads what it was granted":     {client.Reader, `SELECT id FROM shown.granted`, ""},
		"reader reads another table":           {client.Reader, `SELECT id FROM shown.hidden`, noRight},
		"reader changes what it was granted":   {client.Reader, `UPDATE shown.granted SET id = 3`, "25006"},
		"reader changes it all the same":       {client.Reader, `BEGIN READ WRITE; UPDATE shown.granted SET id = 3`, noRight},
		"reader makes a schema":                {client.Reader, `BEGIN READ WRITE; CREATE SCHEMA mine`, noRight},
		"reader makes a table":                 {client.Reader, `BEGIN READ WRITE; CREATE TABLE public.mine ()`, noRight},
		"reader makes a temporary table":       {client.Reader, `BEGIN READ WRITE; CREATE TEMP TABLE mine ()`, noRight},
		"reader calls an account function":     {client.Reader, `SELECT accounts.password()`, noRight},
		"reader becomes the owner":             {client.Reader, `SET ROLE effigate`, noRight},
		"reader reads a file of the server":    {client.Reader, `SELECT pg_read_file('PG_VERSION')`, noRight},
		"reader enters the other side":         {elsewhere(t, client.Reader, staff.Owner), `SELECT 1`, noRight},
		"reader enters an unused database":     {elsewhere(t, client.Reader, "postgres:///postgres"), `SELECT 1`, noRight},
		"reader enters the template":           {elsewhere(t, client.Reader, "postgres:///template1"), `SELECT 1`, noRight},
		"accounts calls its function":          {client.Accounts, `SELECT accounts.password()`, ""},
		"accounts reads the table behind it":   {client.Accounts, `SELECT password FROM accounts.people`, noRight},
		"accounts reads a read model":          {client.Accounts, `SELECT id FROM shown.granted`, noRight},
		"accounts enters the other side":       {elsewhere(t, client.Accounts, staff.Owner), `SELECT 1`, noRight},
		"staff reader logs in":                 {staff.Reader, `SELECT 1`, ""},
		"staff reader enters the client store": {elsewhere(t, staff.Reader, client.Owner), `SELECT 1`, noRight},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := code(try(t.Context(), c.url, c.sql)); got != c.want {
				t.Errorf("%s: got %q, want %q", c.sql, got, c.want)
			}
		})
	}
	if staff.Accounts != "" {
		t.Error("the staff side has a role for portal accounts")
	}
}

func TestRolesStartEverySessionBounded(t *testing.T) {
	t.Parallel()
	client := postgrestest.Database(t, postgres.ClientSide)
	staff := postgrestest.Database(t, postgres.StaffSide)
	const settings = `SELECT concat_ws(' ', current_setting('statement_timeout'),
		current_setting('idle_in_transaction_session_timeout'), current_setting('default_transaction_read_only'))`
	got := map[string]string{
		"portal_reader":   ask(t, client.Reader, settings),
		"portal_accounts": ask(t, client.Accounts, settings),
		"staff_reader":    ask(t, staff.Reader, settings),
	}
	want := map[string]string{"portal_reader": "10s 10s on", "portal_accounts": "10s 10s off", "staff_reader": "10s 10s on"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What follows changes roles, which belong to a whole server, so each test has one.

func TestPrepareRolesTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	owner, secrets := newServer(t)
	first := prepare(t, owner, secrets)
	const catalog = `SELECT string_agg(concat_ws(' ', kind, name, version), '; ' ORDER BY kind, name) FROM (
		SELECT 'role', rolname, xmin::text FROM pg_authid WHERE rolname ~ '^portal' UNION ALL
		SELECT 'settings', setrole::text, xmin::text FROM pg_db_role_setting UNION ALL
		SELECT 'database', datname, xmin::text FROM pg_database UNION ALL
		SELECT 'schema', nspname, xmin::text FROM pg_namespace WHERE nspname = 'public') c (kind, name, version)`
	before := ask(t, owner, catalog)
	if diff := cmp.Diff(first, prepare(t, owner, secrets)); diff != "" {
		t.Errorf("access (-first +second)\n%s", diff)
	}
	if diff := cmp.Diff(before, ask(t, owner, catalog)); diff != "" {
		t.Errorf("catalog (-first +second)\n%s", diff)
	}
	files, err := filepath.Glob(filepath.Join(secrets, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(secrets, "portal_accounts"), filepath.Join(secrets, "portal_reader")}, files); diff != "" {
		t.Errorf("secrets (-want +got)\n%s", diff)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
}

func TestPrepareRolesConcurrently(t *testing.T) {
	t.Parallel()
	owner, secrets := newServer(t)
	group, ctx := errgroup.WithContext(t.Context())
	for range 8 {
		group.Go(func() error {
			access, err := postgres.PrepareRoles(ctx, owner, postgres.ClientSide, secrets)
			if err != nil {
				return err
			}
			return try(ctx, access.Reader, `SELECT 1`)
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func TestPrepareRolesRepairs(t *testing.T) {
	t.Parallel()
	owner, secrets := newServer(t)
	prepare(t, owner, secrets)
	execute(t, owner, `ALTER ROLE portal_reader NOLOGIN BYPASSRLS CREATEROLE PASSWORD NULL`)
	execute(t, owner, `ALTER ROLE portal_reader RESET ALL`)
	execute(t, owner, `GRANT pg_read_all_data TO portal_reader`)
	execute(t, owner, `GRANT ALL ON DATABASE effigate_client TO PUBLIC, portal_reader`)
	if err := os.Remove(filepath.Join(secrets, "portal_accounts")); err != nil {
		t.Fatal(err)
	}
	access := prepare(t, owner, secrets)
	got := ask(t, access.Reader, `SELECT concat_ws(' ', rolbypassrls, rolcreaterole, pg_has_role('pg_read_all_data', 'usage'),
		has_database_privilege(current_database(), 'create'), current_setting('statement_timeout'))
		FROM pg_roles WHERE rolname = current_user`)
	if want := "f f f f 10s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := try(t.Context(), access.Accounts, `SELECT 1`); err != nil {
		t.Errorf("with the password of a new file: %v", err)
	}
}

// An owner without rights over roles is told what to have run, and succeeds once that was done as printed.
func TestPrepareRolesByLimitedOwner(t *testing.T) {
	t.Parallel()
	owner, secrets := newServer(t)
	admin := elsewhere(t, owner, "postgres:///postgres") // Its own database does not exist yet.
	execute(t, admin, `CREATE ROLE limited LOGIN PASSWORD 'known'`)
	limited, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	limited.User = url.UserPassword("limited", "known")
	// Who is to own a database that does not exist yet can only ask in another one.
	execute(t, admin, `GRANT CONNECT ON DATABASE postgres TO limited`)

	_, err = postgres.PrepareRoles(t.Context(), limited.String(), postgres.ClientSide, secrets)
	if err == nil {
		t.Fatal("an owner without rights created roles")
	}
	password, readErr := os.ReadFile(filepath.Join(secrets, "portal_reader"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	if strings.Contains(err.Error(), strings.TrimSpace(string(password))) {
		t.Error("the error holds a password")
	}
	_, script, _ := strings.Cut(err.Error(), "\n\n")
	script, _, found := strings.Cut(script, "\n\n")
	if !found {
		t.Fatalf("no SQL in: %v", err)
	}
	for statement := range strings.SplitSeq(script, ";\n") {
		execute(t, admin, strings.TrimSuffix(statement, ";"))
	}
	access, err := postgres.PrepareRoles(t.Context(), limited.String(), postgres.ClientSide, secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{access.Owner, access.Reader, access.Accounts} {
		if err := try(t.Context(), login, `SELECT 1`); err != nil {
			t.Error(err)
		}
	}
}

func TestPrepareRolesRefusesBadURL(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "host=localhost password=secret", "postgres://u:secret@host:port/x", "mysql://u:secret@host/x"} {
		_, err := postgres.PrepareRoles(t.Context(), bad, postgres.ClientSide, t.TempDir())
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want an error without the password", bad, err)
		}
	}
}

func newServer(t *testing.T) (owner, secrets string) {
	t.Helper()
	cluster, err := private.Start(t.Context(), private.Options{
		Dir: postgrestest.Folder(t), Logger: slog.New(slog.DiscardHandler), Ephemeral: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return cluster.URL("effigate_client"), t.TempDir()
}

func prepare(t *testing.T, owner, secrets string) postgres.Access {
	t.Helper()
	access, err := postgres.PrepareRoles(t.Context(), owner, postgres.ClientSide, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// elsewhere gives login's credentials for the database of another URL.
func elsewhere(t *testing.T, login, other string) string {
	t.Helper()
	u, err := url.Parse(login)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = target.Path
	return u.String()
}

func try(ctx context.Context, url, sql string) error {
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = connection.PgConn().Exec(ctx, sql).ReadAll()
	return errors.Join(err, connection.Close(ctx))
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	if err := try(t.Context(), url, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ask(t *testing.T, url, sql string) string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	var answer string
	err = connection.QueryRow(t.Context(), sql).Scan(&answer)
	if err := errors.Join(err, connection.Close(t.Context())); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func code(err error) string {
	if err == nil {
		return ""
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.Code
	}
	return err.Error()
}

package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
)

// readable says what a role may select from: a table with its columns, all of them if none are named.
var readable = map[string][]string{
	"portal_reader": {
		"accounts.people id client name", "accounts.staff_profiles", "control.changes",
		"control.checkpoints generation commit_position prepare_position", "control.generations id version state",
	},
	"portal_accounts": nil,
	"staff_reader": {
		"accounts.people id client name", "control.changes", "control.checkpoints", "control.generations", "control.lanes",
		"control.leases", "control.notices", "control.parked", "control.requests", "control.views",
	},
}

// callable says which functions a role may call.
var callable = map[string][]string{
	"portal_reader": nil,
	"portal_accounts": {
		"accept", "accounts_of", "add_endpoint", "add_passkey", "add_test", "attempt", "begin_session", "change_email",
		"change_endpoint", "client_of", "conclude_ceremony", "confirm_email", "confirm_totp", "create_key", "deliveries_of",
		"end_other_sessions", "end_session", "endpoints_of", "entries", "evidence_key", "factors", "forget_failures", "has_mail",
		"identify", "invite", "joined", "key", "keys_of", "log_out", "logged_in", "login", "offer", "offer_totp",
		"passkey_holder", "passkey_person", "passkeys_of", "password_holder", "pause_endpoint", "proof_of", "prove",
		"provider_of", "provider_of_domain", "record", "release", "remove_endpoint", "remove_passkey", "remove_totp",
		"renew_password", "renew_recovery_codes", "request_reset", "reserve", "reset", "revoke_key", "rotate_secret",
		"rotate_session", "rules", "send_again", "session", "sessions_of", "set_password", "stage_of", "totp_of", "turn_away",
		"use_passkey", "use_recovery_code", "use_totp", "withdraw",
	},
	"staff_reader": nil,
}

func TestRolesTouchWhatTheyMustAndNothingElse(t *testing.T) {
	t.Parallel()
	for side, roles := range map[postgres.Side][]string{
		postgres.ClientSide: {"portal_reader", "portal_accounts", "staff_reader"}, // The other side's has nothing.
		postgres.StaffSide:  {"staff_reader", "portal_reader", "portal_accounts"},
	} {
		database := migrated(t, side, postgrestest.Database(t, side))
		for _, role := range roles {
			if !exists(t, database.Pool, role) {
				continue
			}
			tables, functions := readable[role], callable[role]
			if strings.HasPrefix(role, "staff") != (side == postgres.StaffSide) {
				tables, functions = nil, nil
			}
			if diff := cmp.Diff(tables, readableBy(t, database.Pool, role)); diff != "" {
				t.Errorf("%s reads in the %s database (-want +got):\n%s", role, side, diff)
			}
			if diff := cmp.Diff(functions, callableBy(t, database.Pool, role)); diff != "" {
				t.Errorf("%s calls in the %s database (-want +got):\n%s", role, side, diff)
			}
			if got := writableBy(t, database.Pool, role); len(got) > 0 {
				t.Errorf("%s writes in the %s database: %v", role, side, got)
			}
		}
	}
}

func migrated(t *testing.T, side postgres.Side, access postgres.Access) *postgres.Database {
	t.Helper()
	database, err := postgres.Open(t.Context(), access.Owner, side)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database
}

func texts(t *testing.T, pool *pgxpool.Pool, statement string, arguments ...any) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), statement, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func exists(t *testing.T, pool *pgxpool.Pool, role string) bool {
	t.Helper()
	return texts(t, pool, `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = $1`, role) != nil
}

const ours = `n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'`

// readableBy gives the tables and views of which a role may read something, with the columns unless it is all.
func readableBy(t *testing.T, pool *pgxpool.Pool, role string) []string {
	t.Helper()
	return texts(t, pool, `
		SELECT n.nspname || '.' || c.relname || CASE WHEN has_table_privilege($1::name, c.oid, 'SELECT') THEN '' ELSE ' ' || string_agg(a.attname, ' ' ORDER BY a.attnum) END
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_column_privilege($1::name, c.oid, a.attnum, 'SELECT')
		AND has_schema_privilege($1::name, n.oid, 'USAGE') AND `+ours+`
		GROUP BY n.nspname, c.relname, c.oid ORDER BY 1`, role)
}

func writableBy(t *testing.T, pool *pgxpool.Pool, role string) []string {
	t.Helper()
	return texts(t, pool, `
		SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE `+ours+` AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege($1::name, c.oid, 'USAGE, UPDATE')
		WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN has_table_privilege($1::name, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
		  OR has_any_column_privilege($1::name, c.oid, 'INSERT, UPDATE, REFERENCES') END
		UNION SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE has_schema_privilege($1::name, n.oid, 'CREATE')
		UNION SELECT 'database' WHERE has_database_privilege($1::name, current_database(), 'CREATE, TEMPORARY') ORDER BY 1`, role)
}

// callableBy gives the functions that a role may call. No two of ours have the same name.
func callableBy(t *testing.T, pool *pgxpool.Pool, role string) []string {
	t.Helper()
	return texts(t, pool, `
		SELECT p.proname::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		WHERE has_function_privilege($1::name, p.oid, 'EXECUTE') AND has_schema_privilege($1::name, n.oid, 'USAGE') AND `+ours+` ORDER BY 1`, role)
}

func TestRolesAreBare(t *testing.T) {
	t.Parallel()
	for side, names := range map[postgres.Side][]string{
		postgres.ClientSide: {"portal_accounts", "portal_reader"}, postgres.StaffSide: {"staff_reader"},
	} {
		database := migrated(t, side, postgrestest.Database(t, side))
		bare := texts(t, database.Pool, `
			SELECT rolname FROM pg_catalog.pg_roles r WHERE rolname = ANY ($1)
			AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid)
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relowner = r.oid)
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proowner = r.oid) ORDER BY 1`, names)
		if diff := cmp.Diff(names, bare); diff != "" {
			t.Errorf("%s roles without any right of their own (-want +got):\n%s", side, diff)
		}
	}
}

// Nothing that is called with other rights than the caller's may find a table or function by the caller's
// search path, and nobody may call it unless named.
func TestFunctionsAreShut(t *testing.T) {
	t.Parallel()
	for _, side := range []postgres.Side{postgres.ClientSide, postgres.StaffSide} {
		database := migrated(t, side, postgrestest.Database(t, side))
		open := texts(t, database.Pool, `
			SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
			WHERE `+ours+` AND (NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=""'] OR p.proowner <> current_user::regrole
				OR p.pronamespace IN ('accounts'::regnamespace, 'webhooks'::regnamespace) AND NOT p.prosecdef
				OR EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a WHERE a.grantee = 0))
			ORDER BY 1`)
		if len(open) > 0 {
			t.Errorf("%s: open to others: %v", side, open)
		}
		everybodys := texts(t, database.Pool, `
			SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
			pg_catalog.aclexplode(c.relacl) a WHERE a.grantee = 0 AND `+ours)
		if len(everybodys) > 0 {
			t.Errorf("%s: everybody reads %v", side, everybodys)
		}
	}
}

// shared are the tables of the client database that hold nothing of any client.
var shared = []string{"control.checkpoints", "control.generations"}

func TestWithoutAClientThereIsNothing(t *testing.T) {
	t.Parallel()
	access := postgrestest.Database(t, postgres.ClientSide)
	database := migrated(t, postgres.ClientSide, access)
	client := uuid.New() //nolint:forbidigo // nobody's
	for _, statement := range []string{
		`INSERT INTO accounts.people (id, client, name, email) VALUES (gen_random_uuid(), $1, 'Ada', 'ada@example.org')`,
		`INSERT INTO accounts.staff_profiles (person, name, role) VALUES ($1, 'Sue', 'Support')`,
		`INSERT INTO control.changes (version, client, kind, key, removed) VALUES (1, $1, 'ticket', gen_random_uuid(), false)`,
	} {
		if _, err := database.Pool.Exec(t.Context(), statement, client); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range texts(t, database.Pool, `
		SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND (n.nspname IN ('accounts', 'webhooks') OR has_any_column_privilege('portal_reader', c.oid, 'SELECT')) AND `+ours+` ORDER BY 1`) {
		if !slices.Contains(shared, table) {
			t.Errorf("%s is not behind row security", table)
		}
	}
	reader, err := pgx.Connect(t.Context(), access.Reader)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close(t.Context()) }()
	for _, table := range readable["portal_reader"] {
		name, _, _ := strings.Cut(table, " ")
		if slices.Contains(shared, name) {
			continue
		}
		for setting, want := range map[string]int{"": 0, client.String(): 1} {
			got := -1
			err := pgx.BeginFunc(t.Context(), reader, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), `SELECT set_config('effigate.client', $1, true)`, setting); err != nil {
					return err
				}
				return tx.QueryRow(t.Context(), `SELECT count(*) FROM `+name).Scan(&got)
			})
			if err != nil || got != want {
				t.Errorf("%s for the client %q: %d rows, %v", name, setting, got, err)
			}
		}
	}
	var unset int
	if err := reader.QueryRow(t.Context(), `SELECT count(*) FROM accounts.people`).Scan(&unset); err != nil || unset != 0 {
		t.Errorf("without the setting: %d rows, %v", unset, err)
	}
}

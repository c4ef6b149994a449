// Package postgres reaches the two databases that everything is read from: who may log in to them, and how
// projected rows get there. It may import domain, domain/visible and projections; which tables there are
// and who may read them is said by the read models.
package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Side is one of the two databases; the other must not be reachable with its credentials.
type Side string

// The sides. Their stores never share a database.
const (
	ClientSide Side = "client"
	StaffSide  Side = "staff"
)

// Access holds the connection URLs of one side, passwords included. What the roles may touch within the
// database is granted by the schemas themselves; a role that was granted nothing can only log in.
type Access struct {
	Owner    string // Projects, migrates, and is exempt from row security.
	Reader   string // portal_reader or staff_reader; its transactions are read-only.
	Accounts string // portal_accounts, for functions on accounts; empty on the staff side.
}

// role is one login of a side with the settings that every session of it starts with.
type role struct {
	name     string
	settings []string // As pg_roles.rolconfig writes them: name=value.
}

// A reader that hangs holds back vacuum and a rebuild's drain.
var (
	patience = []string{"statement_timeout=10s", "idle_in_transaction_session_timeout=10s"}
	readOnly = slices.Concat(patience, []string{"default_transaction_read_only=on"})
)

// roles lists a side's roles, the reader first. Roles belong to a whole server and their names are fixed,
// so one server holds one deployment, or at most one side each of two.
func (s Side) roles() []role {
	if s == ClientSide {
		return []role{{"portal_reader", readOnly}, {"portal_accounts", patience}}
	}
	return []role{{"staff_reader", readOnly}}
}

// PrepareRoles prepares the database of one side on PostgreSQL 15 or newer: ownerURL, a postgres:// URL,
// names its owner and database (effigate_<side> when it names none). The database and the side's roles are
// created when absent, rights that nobody should have are revoked, and each role's password is the content
// of the file of its name in the folder secrets, written there when absent. It changes nothing that is
// already right, and concurrent calls wait for each other.
//
// An owner who may not do all this is normal in production: the error then holds the SQL that an
// administrator has to run, with password verifiers instead of passwords, and the next call succeeds.
func PrepareRoles(ctx context.Context, ownerURL string, side Side, secrets string) (Access, error) {
	p, err := newPreparation(ownerURL, side)
	if err != nil {
		return Access{}, fmt.Errorf("prepare the %s database: %w", side, err)
	}
	access, err := p.run(ctx, secrets)
	if err != nil {
		return Access{}, fmt.Errorf("prepare the %s database %s on %s: %w", side, p.database, p.host, err)
	}
	return access, nil
}

type preparation struct {
	side     Side
	owner    *url.URL // Without any database name in its parameters.
	host     string
	user     string
	database string
}

func newPreparation(ownerURL string, side Side) (*preparation, error) {
	if side != ClientSide && side != StaffSide {
		return nil, fmt.Errorf("unknown side %q", side)
	}
	// The parser's own error would repeat the URL, password included.
	owner, err := url.Parse(ownerURL)
	if err != nil || (owner.Scheme != "postgres" && owner.Scheme != "postgresql") {
		return nil, errors.New("its URL must have the form postgres://owner:password@host/database")
	}
	config, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return nil, fmt.Errorf("read its URL: %w", err)
	}
	p := &preparation{side: side, owner: owner, host: config.Host, user: config.User, database: config.Database}
	if p.database == "" {
		p.database = "effigate_" + string(side)
	}
	p.owner = edit(owner, func(u *url.URL, parameters url.Values) {
		parameters.Del("dbname")
		parameters.Del("database")
		u.Path = "/" + p.database
	})
	return p, nil
}

func (p *preparation) run(ctx context.Context, secrets string) (Access, error) {
	common, err := p.lock(ctx)
	if err != nil {
		return Access{}, err
	}
	defer leave(ctx, common)
	passwords, err := readPasswords(secrets, p.side.roles())
	if err != nil {
		return Access{}, err
	}
	if err := settle(ctx, common, func() ([]string, error) { return p.missingOnServer(ctx, common, passwords) }); err != nil {
		return Access{}, err
	}
	target, err := pgx.Connect(ctx, p.owner.String())
	if err != nil {
		return Access{}, err
	}
	defer leave(ctx, target)
	if err := settle(ctx, target, func() ([]string, error) { return p.missingInDatabase(ctx, target) }); err != nil {
		return Access{}, err
	}
	access := Access{Owner: p.owner.String(), Reader: p.login(p.side.roles()[0].name, passwords)}
	if p.side == ClientSide {
		access.Accounts = p.login("portal_accounts", passwords)
	}
	return access, nil
}

// lock opens a session in a database that all who prepare this server share, because advisory locks count
// per database, and takes the lock that the session's end gives back. Where the owner may not enter that
// database, its own serves: then nobody else has business with its roles.
func (p *preparation) lock(ctx context.Context) (*pgx.Conn, error) {
	shared := edit(p.owner, func(u *url.URL, _ url.Values) { u.Path = "/postgres" })
	conn, err := pgx.Connect(ctx, shared.String())
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains(notEntered, refused.Code) {
		conn, err = pgx.Connect(ctx, p.owner.String())
	}
	if err != nil {
		return nil, err
	}
	const key = 0x6566666967617465 // "effigate"
	if _, err := conn.Exec(ctx, `SELECT pg_catalog.pg_advisory_lock($1)`, int64(key)); err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return conn, nil
}

// leave ends a session, and with it its lock, also when ctx has ended. What it did is committed already.
func leave(ctx context.Context, conn *pgx.Conn) { _ = conn.Close(context.WithoutCancel(ctx)) }

// Codes with which a server turns a user away from one database only: no right to connect, no such
// database, no line in pg_hba.conf. The first two prove the password, which is checked before.
const (
	codeInvalidPassword = "28P01"
	codeNotAuthorized   = "28000"
	codeNoRight         = "42501"
	codeNoDatabase      = "3D000"
)

var notEntered = []string{codeNoRight, codeNoDatabase, codeNotAuthorized}

// settle runs the statements that missing lists until it lists none. A revocation without the right to it
// is only a warning, so what counts is what is missing afterwards.
func settle(ctx context.Context, conn *pgx.Conn, missing func() ([]string, error)) error {
	statements, err := missing()
	if err != nil {
		return err
	}
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == codeNoRight {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", firstWords(statement), err)
		}
	}
	if len(statements) == 0 {
		return nil
	}
	left, err := missing()
	if err != nil || len(left) == 0 {
		return err
	}
	return fmt.Errorf("the owner has no right to do this; let an administrator run in database %s\n\n\t%s;\n\nand start again",
		conn.Config().Database, strings.Join(left, ";\n\t"))
}

// firstWords names a statement without the verifier it may end with.
func firstWords(statement string) string {
	before, _, _ := strings.Cut(statement, " PASSWORD ")
	return before
}

// missingOnServer lists what the server as a whole lacks.
func (p *preparation) missingOnServer(ctx context.Context, conn *pgx.Conn, passwords map[string]string) ([]string, error) {
	var version int
	var exists bool
	err := conn.QueryRow(ctx, `SELECT pg_catalog.current_setting('server_version_num')::int,
		EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)`, p.database).Scan(&version, &exists)
	if err != nil {
		return nil, err
	}
	if version < 150000 {
		return nil, fmt.Errorf("the server is PostgreSQL %d, but 15 or newer is needed", version/10000)
	}
	var statements []string
	if !exists {
		statements = append(statements, fmt.Sprintf(`CREATE DATABASE %s OWNER %s TEMPLATE template0 ENCODING 'UTF8'`,
			quoted(p.database), quoted(p.user)))
	}
	for _, r := range p.side.roles() {
		missing, err := p.missingOfRole(ctx, conn, r, passwords)
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", r.name, err)
		}
		statements = append(statements, missing...)
	}
	return statements, nil
}

const attributes = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

func (p *preparation) missingOfRole(ctx context.Context, conn *pgx.Conn, r role, passwords map[string]string) ([]string, error) {
	var bare bool
	var settings, memberships []string
	err := conn.QueryRow(ctx, `
		SELECT rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls),
			coalesce(rolconfig, '{}'),
			ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m
				JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
		FROM pg_catalog.pg_roles r WHERE rolname = $1`, r.name).Scan(&bare, &settings, &memberships)
	known := !errors.Is(err, pgx.ErrNoRows)
	if err != nil && known {
		return nil, err
	}
	name, password := quoted(r.name), passwords[r.name]
	var statements []string
	switch {
	case !known:
		statements = append(statements, fmt.Sprintf(`CREATE ROLE %s %s PASSWORD '%s'`, name, attributes, verifier(password)))
	case !bare: // With the password, because a role that may not log in cannot prove it.
		statements = append(statements, fmt.Sprintf(`ALTER ROLE %s %s PASSWORD '%s'`, name, attributes, verifier(password)))
	}
	for _, group := range memberships {
		statements = append(statements, fmt.Sprintf(`REVOKE %s FROM %s`, quoted(group), name))
	}
	for _, setting := range r.settings {
		if key, value, _ := strings.Cut(setting, "="); !slices.Contains(settings, setting) {
			statements = append(statements, fmt.Sprintf(`ALTER ROLE %s SET %s = '%s'`, name, key, value))
		}
	}
	if !known || !bare {
		return statements, nil
	}
	accepted, err := accepts(ctx, p.login(r.name, passwords))
	if err == nil && !accepted {
		statements = append(statements, fmt.Sprintf(`ALTER ROLE %s PASSWORD '%s'`, name, verifier(password)))
	}
	return statements, err
}

// accepts tells whether the server takes the password in the URL.
func accepts(ctx context.Context, login string) (bool, error) {
	conn, err := pgx.Connect(ctx, login)
	if err == nil {
		return true, conn.Close(ctx)
	}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && refused.Code == codeInvalidPassword:
		return false, nil
	case ok && (refused.Code == codeNoRight || refused.Code == codeNoDatabase):
		return true, nil
	}
	return false, err
}

// missingInDatabase lists which rights in the database itself are too many or too few: the side's roles
// may connect, and nobody else may do anything unless named. PUBLIC is every role of the server, the other
// side's included.
func (p *preparation) missingInDatabase(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	var statements []string
	database := quoted(p.database)
	var openDatabase, openSchema bool
	err := conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_catalog.pg_database d,
				pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
				WHERE d.datname = pg_catalog.current_database() AND a.grantee = 0),
			EXISTS (SELECT FROM pg_catalog.pg_namespace n,
				pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
				WHERE n.nspname = 'public' AND a.grantee = 0)`).Scan(&openDatabase, &openSchema)
	if err != nil {
		return nil, err
	}
	if openDatabase {
		statements = append(statements, `REVOKE ALL ON DATABASE `+database+` FROM PUBLIC`)
	}
	if openSchema {
		statements = append(statements, `REVOKE ALL ON SCHEMA public FROM PUBLIC`)
	}
	for _, r := range p.side.roles() {
		var rights []string
		err := conn.QueryRow(ctx, `
			SELECT ARRAY(SELECT DISTINCT a.privilege_type FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a
				JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
				WHERE d.datname = pg_catalog.current_database() AND r.rolname = $1)`, r.name).Scan(&rights)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(rights, []string{"CONNECT"}) {
			statements = append(statements,
				fmt.Sprintf(`REVOKE ALL ON DATABASE %s FROM %s`, database, quoted(r.name)),
				fmt.Sprintf(`GRANT CONNECT ON DATABASE %s TO %s`, database, quoted(r.name)))
		}
	}
	return statements, nil
}

// login gives the owner's URL with the name and password of another role.
func (p *preparation) login(name string, passwords map[string]string) string {
	return edit(p.owner, func(u *url.URL, parameters url.Values) {
		for _, own := range []string{"user", "password", "passfile", "sslcert", "sslkey", "sslpassword"} {
			parameters.Del(own)
		}
		u.User = url.UserPassword(name, passwords[name])
	}).String()
}

func edit(original *url.URL, change func(u *url.URL, parameters url.Values)) *url.URL {
	u := *original
	parameters := u.Query()
	change(&u, parameters)
	u.RawQuery = parameters.Encode()
	return &u
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// readPasswords reads the file of each role's name in folder and writes those that are absent.
func readPasswords(folder string, roles []role) (map[string]string, error) {
	passwords := map[string]string{}
	for _, r := range roles {
		path := filepath.Join(folder, r.name)
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			content, err = writePassword(path)
		}
		if err != nil {
			return nil, err
		}
		password := strings.TrimSpace(string(content))
		if password == "" {
			return nil, fmt.Errorf("password file %s is empty: write the role's password into it or remove it", path)
		}
		passwords[r.name] = password
	}
	return passwords, nil
}

// writePassword leaves a whole file or none: half a password would lock us out. Of two writers the first
// one wins, and both return its password.
func writePassword(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-") // 0600
	if err != nil {
		return nil, err
	}
	_, err = draft.WriteString(rand.Text() + "\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Link(draft.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err := errors.Join(err, os.Remove(draft.Name())); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// verifier gives what the server stores of a password (RFC 5803), so that the password itself enters
// neither the server's log nor an administrator's terminal.
func verifier(password string) string {
	const iterations = 4096 // The server's own default; the passwords are random, not guessable.
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // Never fails.
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		panic(err) // Only for lengths that the lines above rule out.
	}
	keyed := func(text string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(keyed("Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(stored[:]), encode(keyed("Server Key")))
}

// Package postgrestest gives tests databases with the roles and rights of production, on one server for
// each test program. TEST_DATABASE_URL names a superuser's server to use instead of a private one; role
// names belong to a whole server, so it should be one for tests alone.
//
// It may import infra/postgres and infra/postgres/private.
package postgrestest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"effigate/infra/postgres"
	"effigate/infra/postgres/private"
)

// server is what all tests of this program share.
type server struct {
	url     func(database string) string
	secrets string
	alive   io.Closer // The janitor waits for its end, so it must not be collected.
}

var shared = sync.OnceValues(start)

// Database creates an empty database of side with its roles and drops it when the test ends, sessions
// included. Tests may run in parallel; the roles' names and passwords are the same for all of them.
func Database(tb testing.TB, side postgres.Side) postgres.Access {
	tb.Helper()
	s, err := shared()
	if err != nil {
		tb.Fatalf("server for tests: %v", err)
	}
	name := fmt.Sprintf("effigate_%s_%s", side, strings.ToLower(rand.Text()))
	tb.Cleanup(func() {
		if err := s.drop(context.WithoutCancel(tb.Context()), name); err != nil {
			tb.Errorf("drop database of the test: %v", err)
		}
	})
	access, err := postgres.PrepareRoles(tb.Context(), s.url(name), side, s.secrets)
	if err != nil {
		tb.Fatal(err)
	}
	return access
}

func (s *server) drop(ctx context.Context, database string) error {
	connection, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	name := pgx.Identifier{database}.Sanitize()
	_, err = connection.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
	return errors.Join(err, connection.Close(ctx))
}

// start runs until the program ends, in whatever way: the kernel then stops the server, and a janitor
// removes the folder. A test program has no place for an orderly end: a panic or a timeout skips them all.
func start() (*server, error) {
	folder, err := os.MkdirTemp("", "effigate-test-")
	if err != nil {
		return nil, err
	}
	alive, err := hireJanitor(folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	// Root's server runs as another user, who has to pass through.
	if err := os.Chmod(folder, 0o711); err != nil {
		return nil, err
	}
	s := &server{secrets: filepath.Join(folder, "secrets"), alive: alive}
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		err := s.use(given)
		return s, err
	}
	cluster, err := private.Start(context.Background(), private.Options{
		Dir: filepath.Join(folder, "cluster"), Logger: slog.New(slog.DiscardHandler), Ephemeral: true,
	})
	if err != nil {
		return nil, err
	}
	s.url = cluster.URL
	return s, nil
}

// use takes the given server. The passwords are made from its URL, so that several test programs, which
// share its roles, agree on them.
func (s *server) use(given string) error {
	base, err := url.Parse(given)
	if err != nil {
		return errors.New("TEST_DATABASE_URL must have the form postgres://superuser:password@host")
	}
	s.url = func(database string) string {
		u := *base
		u.Path = "/" + database
		return u.String()
	}
	if err := os.Mkdir(s.secrets, 0o700); err != nil {
		return err
	}
	for _, role := range []string{"portal_reader", "portal_accounts", "staff_reader"} {
		digest := sha256.Sum256([]byte(role + " " + given))
		password := hex.EncodeToString(digest[:])
		if err := os.WriteFile(filepath.Join(s.secrets, role), []byte(password), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// hireJanitor starts a shell that removes the folder when this program has ended, which it notices by the
// end of its input: only we hold the other end of the pipe. It tries for ten seconds, because the server is
// ending at the same time.
func hireJanitor(folder string) (alive io.Closer, err error) {
	const script = `read -r _
		sockets=$(cat "$0/cluster/owner.lock" 2>/dev/null)
		for _ in $(seq 100); do
			rm -rf "$0" ${sockets:+"$sockets"} 2>/dev/null && exit
			sleep 0.1
		done`
	janitor := exec.CommandContext(context.Background(), "/bin/sh", "-c", script, folder)
	janitor.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // A terminal's interrupt is not for it.
	if alive, err = janitor.StdinPipe(); err != nil {
		return nil, err
	}
	return alive, janitor.Start()
}

// Folder makes a folder like tb.TempDir, which any user can pass through: as root the server runs as another
// one, and a user namespace, its other way in, is not to be had everywhere.
func Folder(tb testing.TB) string {
	tb.Helper()
	folder := tb.TempDir()
	if err := os.Chmod(filepath.Dir(folder), 0o711); err != nil {
		tb.Fatal(err)
	}
	return folder
}

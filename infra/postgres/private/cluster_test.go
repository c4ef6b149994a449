package private_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"effigate/infra/postgres/postgrestest"
	"effigate/infra/postgres/private"
)

// ownerFolder turns this program into another process that owns a cluster, so that a test can kill it.
const ownerFolder = "EFFIGATE_TEST_OWNER_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(ownerFolder); folder != "" {
		os.Exit(own(folder))
	}
	os.Exit(m.Run())
}

// own starts a cluster, stores a row, says so, and waits to be killed.
func own(folder string) int {
	ctx := context.Background()
	cluster, err := private.Start(ctx, options(folder))
	if err == nil {
		err = execute(ctx, cluster, `CREATE TABLE kept AS SELECT 'by the killed owner' AS line`)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stdout, err)
		return 1
	}
	_, _ = fmt.Fprintln(os.Stdout, "ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func TestDataSurvivesRestart(t *testing.T) {
	t.Parallel()
	folder := postgrestest.Folder(t)
	first := start(t, options(folder))
	if err := execute(t.Context(), first, `CREATE TABLE kept AS SELECT 'here' AS line`); err != nil {
		t.Fatal(err)
	}
	sockets := socketFolder(t, first)
	closeCluster(t, first)
	if err := first.Err(); err != nil {
		t.Errorf("Err after Close: %v", err)
	}
	if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder of sockets after Close: %v", err)
	}
	if got := line(t, start(t, options(folder)), `SELECT line FROM kept`); got != "here" {
		t.Errorf("after a restart: %q", got)
	}
}

// Below a 0700 folder only a user namespace helps root; one that every user can pass through lets root
// become one of them.
func TestRunsAsUnprivilegedUser(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]os.FileMode{"hidden folder": 0o700, "public folder": 0o755} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if mode == 0o700 && os.Getuid() == 0 && !namespaces(t) {
				t.Skip("root may make no user namespace here, as in a chroot: nothing can run below a hidden folder")
			}
			parent := t.TempDir()
			if err := errors.Join(os.Chmod(parent, mode), os.Chmod(filepath.Dir(parent), mode)); err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join(parent, "cluster")
			closeCluster(t, start(t, options(folder))) // The second start meets an existing cluster.
			cluster := start(t, options(folder))
			want := "effigate logs in by scram-sha-256"
			got := line(t, cluster, `SELECT current_user || ' logs in by ' || auth_method FROM pg_hba_file_rules
				WHERE type = 'local' AND database = '{all}' GROUP BY auth_method`)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := line(t, cluster, `SHOW listen_addresses`); got != "" {
				t.Errorf("listens on %q", got)
			}
			for path, want := range map[string]os.FileMode{
				"data": os.ModeDir | 0o700, "password": 0o600, socketFolder(t, cluster): os.ModeDir | 0o700,
			} {
				if !filepath.IsAbs(path) {
					path = filepath.Join(folder, path)
				}
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode() != want {
					t.Errorf("%s is %s, want %s", path, info.Mode(), want)
				}
			}
		})
	}
}

func TestRefusesWrongPassword(t *testing.T) {
	t.Parallel()
	cluster := start(t, options(postgrestest.Folder(t)))
	before, after, _ := strings.Cut(cluster.URL("postgres"), "effigate:")
	_, host, _ := strings.Cut(after, "@")
	connection, err := pgx.Connect(t.Context(), before+"effigate:guess@"+host)
	if err == nil {
		_ = connection.Close(t.Context())
		t.Fatal("a wrong password was accepted")
	}
	if !strings.Contains(err.Error(), "28P01") {
		t.Errorf("got %v, want a password refusal", err)
	}
}

func TestOneOwnerPerFolder(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	first := start(t, o)
	if _, err := private.Start(t.Context(), o); !errors.Is(err, private.ErrInUse) {
		t.Errorf("second owner: got %v, want ErrInUse", err)
	}
	if got := line(t, first, `SELECT 'unharmed'`); got != "unharmed" {
		t.Errorf("first owner: %q", got)
	}
}

func TestKilledServer(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	first := start(t, o)
	if err := execute(t.Context(), first, `CREATE TABLE kept AS SELECT 'still here' AS line`); err != nil {
		t.Fatal(err)
	}
	kill(t, o.Dir)
	await(t, first.Done())
	if err := first.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err of a killed server: %v", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Errorf("Close of a killed server: %v", err)
	}
	if got := line(t, start(t, o), `SELECT line FROM kept`); got != "still here" {
		t.Errorf("after recovery: %q", got)
	}
}

func TestKilledOwner(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	owner := runOwner(t, o.Dir)
	sockets, err := os.ReadFile(filepath.Join(o.Dir, "owner.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(owner.Process.Kill(), ignoreExit(owner.Wait())); err != nil {
		t.Fatal(err)
	}
	await(t, serverGone(t, o.Dir))
	if got := line(t, start(t, o), `SELECT line FROM kept`); got != "by the killed owner" {
		t.Errorf("after recovery: %q", got)
	}
	if _, err := os.Stat(string(sockets)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder of sockets of the killed owner: %v", err)
	}
}

// A server that was not told of its owner's death is stopped by the next owner. Here a shell stands
// between them, and the kernel's signal to it doesn't reach the server.
func TestOrphanedServer(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	programs, err := private.FindTools(t.Context(), os.Getenv("PG_BIN"), "/usr/lib/postgresql/*/bin", 0)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := t.TempDir()
	for name, script := range map[string]string{
		"initdb":   "exec %s/initdb \"$@\"\n",
		"postgres": "%s/postgres \"$@\" &\nwait $!\n",
	} {
		text := "#!/bin/sh\n" + fmt.Sprintf(script, private.ToolFolder(programs))
		if err := os.WriteFile(filepath.Join(wrapped, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	owner := runOwner(t, o.Dir, "PG_BIN="+wrapped)
	orphan := postmaster(t, o.Dir)
	if err := errors.Join(owner.Process.Kill(), ignoreExit(owner.Wait())); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(orphan, 0); err != nil {
		t.Fatalf("the server was to outlive its owner: %v", err)
	}
	if got := line(t, start(t, o), `SELECT line FROM kept`); got != "by the killed owner" {
		t.Errorf("after recovery: %q", got)
	}
	if got := postmaster(t, o.Dir); got == orphan {
		t.Error("the orphan was adopted")
	}
}

// A pid file may name a process that is not PostgreSQL.
func TestForeignProcessInPIDFile(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	closeCluster(t, start(t, o))
	file := filepath.Join(o.Dir, "data", "postmaster.pid")
	foreign := exec.CommandContext(context.WithoutCancel(t.Context()), "cat")
	input, err := foreign.StdinPipe()
	if err == nil {
		err = foreign.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(input.Close(), foreign.Wait()); err != nil {
			t.Errorf("the foreign process was harmed: %v", err)
		}
	})
	if err := os.WriteFile(file, fmt.Appendf(nil, "%d\n", foreign.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, o)
}

func TestUnfinishedInitialization(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	if err := os.MkdirAll(filepath.Join(o.Dir, "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "password"), []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, o)
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := private.Start(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	start(t, o)
}

func TestOtherMajorVersion(t *testing.T) {
	t.Parallel()
	o := options(postgrestest.Folder(t))
	closeCluster(t, start(t, o))
	version := filepath.Join(o.Dir, "data", "PG_VERSION")
	if err := os.WriteFile(version, []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := private.Start(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "apt-get install postgresql-9") {
		t.Errorf("got %v, want the remedy", err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "data", "base")); err != nil {
		t.Errorf("the cluster was touched: %v", err)
	}
}

func TestMissingPrograms(t *testing.T) {
	// Not parallel: it changes the PATH.
	t.Setenv("PATH", t.TempDir())
	_, err := private.FindTools(t.Context(), "", filepath.Join(t.TempDir(), "*"), 0)
	if err == nil || !strings.Contains(err.Error(), "`make run`") || !strings.Contains(err.Error(), "`apt-get install postgresql-15`") {
		t.Errorf("nothing installed: got %v, want the remedies", err)
	}
	empty := t.TempDir()
	_, err = private.FindTools(t.Context(), empty, "/usr/lib/postgresql/*/bin", 0)
	if err == nil || !strings.Contains(err.Error(), "PG_BIN="+empty) {
		t.Errorf("wrong PG_BIN: got %v, want its name", err)
	}
}

func options(folder string) private.Options {
	return private.Options{Dir: folder, Logger: slog.New(slog.DiscardHandler)}
}

func start(t *testing.T, o private.Options) *private.Cluster {
	t.Helper()
	cluster, err := private.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeCluster(t, cluster) })
	return cluster
}

func closeCluster(t *testing.T, cluster *private.Cluster) {
	t.Helper()
	if err := cluster.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// runOwner runs this program as the owner of a cluster in folder and returns when the cluster is up.
func runOwner(t *testing.T, folder string, environment ...string) *exec.Cmd {
	t.Helper()
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(append(os.Environ(), ownerFolder+"="+folder), environment...)
	input, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = input.Close() })
	output, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(output).ReadString('\n')
	if err != nil || said != "ready\n" {
		t.Fatalf("owner said %q: %v", said, err)
	}
	return owner
}

func ignoreExit(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

func execute(ctx context.Context, cluster *private.Cluster, sql string) error {
	connection, err := pgx.Connect(ctx, cluster.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, sql)
	return errors.Join(err, connection.Close(ctx))
}

func line(t *testing.T, cluster *private.Cluster, sql string) string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), cluster.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	var value string
	err = connection.QueryRow(t.Context(), sql).Scan(&value)
	if err := errors.Join(err, connection.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return value
}

func socketFolder(t *testing.T, cluster *private.Cluster) string {
	t.Helper()
	config, err := pgx.ParseConfig(cluster.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return config.Host
}

func postmaster(t *testing.T, folder string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	id, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func kill(t *testing.T, folder string) {
	t.Helper()
	if err := syscall.Kill(postmaster(t, folder), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// serverGone closes its channel when no process of the server is left.
func serverGone(t *testing.T, folder string) <-chan struct{} {
	t.Helper()
	lock, err := os.Open(filepath.Join(folder, "server.lock"))
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if err := errors.Join(syscall.Flock(int(lock.Fd()), syscall.LOCK_EX), lock.Close()); err != nil {
			t.Error(err)
		}
	}()
	return gone
}

func await(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the end of the server was not noticed")
	}
}

// namespaces tells whether root may make a user namespace here.
func namespaces(t *testing.T) bool {
	t.Helper()
	try := exec.CommandContext(t.Context(), "/bin/true")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	return try.Run() == nil
}

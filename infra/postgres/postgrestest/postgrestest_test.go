package postgrestest_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
)

// ending names how a copy of this test program is to end once it has a database.
const ending = "EFFIGATE_TEST_ENDING"

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			connection := connect(t, postgrestest.Database(t, postgres.ClientSide).Owner)
			if _, err := connection.Exec(t.Context(), `CREATE TABLE mine (id int)`); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	// Neither it nor its part is parallel: it looks at what the part left.
	var access postgres.Access
	t.Run("a test", func(t *testing.T) {
		access = postgrestest.Database(t, postgres.StaffSide)
		connect(t, access.Owner) // A forgotten session must not keep the database.
	})
	if connection, err := pgx.Connect(t.Context(), access.Owner); err == nil {
		_ = connection.Close(t.Context())
		t.Error("the database outlived its test")
	}
}

// TestNothingIsLeft ends a copy of this program in the ways that skip all cleanup.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_DATABASE_URL") != "" {
		t.Skip("a given server stays")
	}
	for _, how := range []string{"exit", "panic", "kill"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			temporary := postgrestest.Folder(t)
			program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEnd$")
			program.Env = append(os.Environ(), ending+"="+how, "TMPDIR="+temporary)
			output, err := program.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(output)
			if err != nil {
				t.Fatal(err)
			}
			_ = program.Wait() // The ways to end differ in this.
			_, after, _ := strings.Cut(string(text), "database: ")
			url, _, found := strings.Cut(after, "\n")
			if !found {
				t.Fatalf("it never had a database: %s", text)
			}
			awaitEmpty(t, temporary)
			if connection, err := pgx.Connect(t.Context(), url); err == nil {
				_ = connection.Close(t.Context())
				t.Error("the server outlived its tests")
			}
		})
	}
}

// TestEnd is the part of TestNothingIsLeft that ends.
func TestEnd(t *testing.T) {
	how := os.Getenv(ending)
	if how == "" {
		t.Skip("runs only as a copy")
	}
	_, _ = fmt.Fprintf(os.Stdout, "database: %s\n", postgrestest.Database(t, postgres.ClientSide).Owner)
	switch how {
	case "panic":
		panic("a test went wrong")
	case "kill":
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		t.Fatal(err)
	}
}

// awaitEmpty polls, because nothing that could tell us is left.
func awaitEmpty(t *testing.T, folder string) {
	t.Helper()
	deadline := time.After(time.Minute)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("left behind: %v", entries)
		}
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

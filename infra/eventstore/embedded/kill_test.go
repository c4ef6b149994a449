package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"effigate/infra/eventstore/embedded"
)

// victimDirectory tells this binary that it is the process to be killed, and where its data is.
const victimDirectory = "EMBEDDED_TEST_VICTIM"

func TestMain(m *testing.M) {
	if directory := os.Getenv(victimDirectory); directory != "" {
		if err := victim(directory); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// victim appends from sixteen clients until it is killed, and prints every answer it gets.
func victim(directory string) error {
	node, err := embedded.Open(context.Background(), embedded.Options{Dir: directory})
	if err != nil {
		return err
	}
	config, err := esdb.ParseConnectionString(node.ConnectionString())
	if err != nil {
		return err
	}
	config.Logger = nil
	client, err := esdb.NewClient(config)
	if err != nil {
		return err
	}
	var writers sync.WaitGroup
	errs := make(chan error, 16)
	for w := range 16 {
		writers.Go(func() {
			for i := 0; ; i++ {
				stream := fmt.Sprintf("%d-%d", os.Getpid(), w)
				name := strconv.Itoa(i)
				done, err := client.AppendToStream(context.Background(), stream, esdb.AppendToStreamOptions{}, named(stream, name, name+"'")...)
				if err != nil {
					errs <- err
					return
				}
				if _, err := fmt.Fprintf(os.Stdout, "%s %d %d\n", stream, done.NextExpectedVersion, done.CommitPosition); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	writers.Wait()
	return <-errs
}

// The process is killed in the middle of its work, several times. What it had answered is there, and it starts again
// without help.
func TestKill(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	answered := map[string]bool{}
	for round := range 4 {
		process := exec.Command(os.Args[0]) //nolint:noctx // ends by being killed
		process.Env = append(os.Environ(), victimDirectory+"="+directory)
		process.Stderr = t.Output()
		output, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		left := 100 + random.IntN(900)
		lines := bufio.NewReader(output)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			answered[strings.TrimSpace(line)] = true
			if left--; left == 0 {
				if err := process.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		var killed *exec.ExitError
		if err := process.Wait(); !errors.As(err, &killed) || left > 0 {
			t.Fatalf("round %d: ended by itself: %v", round, err)
		}
	}
	node := open(t, embedded.Options{Dir: directory})
	found := map[string]bool{}
	for e, err := range node.Scan(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprintf("%s %d %d", e.Stream, e.Revision, e.Position)] = true
	}
	for line := range answered {
		if !found[line] {
			t.Errorf("lost: %s", line)
		}
	}
	if report, err := node.Verify(t.Context()); err != nil {
		t.Errorf("verify: %+v, %v", report, err)
	}
	t.Logf("%d answers, %d events", len(answered), len(found))
}

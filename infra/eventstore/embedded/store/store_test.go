package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/infra/eventstore/embedded/store"
)

// open opens a store on a file system and closes it with the test.
func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// small makes flushes, rotations and compactions happen within a test.
func small(fs vfs.FS) store.Options {
	return store.Options{Dir: "/data", FS: fs, CacheBytes: 1 << 20, MemTableBytes: 64 << 10}
}

// batch makes the events of one append; their data says which batch, which part, and of how many.
func batch(name string, size, bytes int) []store.Proposed {
	events := make([]store.Proposed, size)
	for i := range events {
		data := fmt.Sprintf("%s/%d/%d/", name, i, size)
		events[i] = store.Proposed{
			ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(data)), Type: "tested",
			Data: []byte(data + strings.Repeat("x", bytes)),
		}
	}
	return events
}

func collect(events iter.Seq2[store.Event, error]) ([]store.Event, error) {
	var all []store.Event
	for e, err := range events {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

func mustAppend(t *testing.T, s *store.Store, stream string, expected store.Expected, events []store.Proposed) store.Appended {
	t.Helper()
	appended, err := s.Append(t.Context(), stream, expected, events)
	if err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
	return appended
}

// Positions are those of a byte log: they rise, leave gaps, and the events of one append touch each other.
func TestPositions(t *testing.T) {
	t.Parallel()
	s := open(t, small(vfs.NewMem()))
	for i := range 50 {
		mustAppend(t, s, "s"+strconv.Itoa(i%3), store.Any, batch(strconv.Itoa(i), 1+i%4, i*7))
	}
	events, err := collect(s.ReadAll(t.Context(), store.Forwards, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events[1:] {
		if before := events[i]; e.Position <= before.Position+100 || before.Position == 0 {
			t.Fatalf("position %d after %d", e.Position, before.Position)
		}
		if err := s.CheckPosition(e.Position); err != nil {
			t.Errorf("position %d: %v", e.Position, err)
		}
		if err := s.CheckPosition(e.Position + 1); !errors.Is(err, store.ErrPosition) {
			t.Errorf("position %d: %v", e.Position+1, err)
		}
	}
	backwards, err := collect(s.ReadAll(t.Context(), store.Backwards, math.MaxUint64))
	if err != nil || len(backwards) != len(events) {
		t.Fatalf("backwards: %d events, %v", len(backwards), err)
	}
	for i, e := range backwards {
		if diff := cmp.Diff(events[len(events)-1-i], e); diff != "" {
			t.Fatalf("event (-forwards +backwards):\n%s", diff)
		}
	}
	for i, e := range events {
		behind, err := collect(s.Scan(t.Context(), e.Position))
		if err != nil || len(behind) != len(events)-1-i {
			t.Fatalf("scan after event %d: %d events, %v", i, len(behind), err)
		}
	}
	if _, err := collect(s.Scan(t.Context(), events[3].Position+1)); !errors.Is(err, store.ErrPosition) {
		t.Errorf("scan after no record: %v", err)
	}
}

func TestSecondOpenerIsTold(t *testing.T) {
	t.Parallel()
	o := store.Options{Dir: t.TempDir()}
	open(t, o)
	second, err := store.Open(o)
	if err == nil {
		t.Fatal("opened twice", second.Close())
	}
	if want := "in use by process " + strconv.Itoa(os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("want %q in: %v", want, err)
	}
}

// The cache for weak expectations is bounded and lives as long as the process, like the server's.
func TestWeakRepeats(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	o := small(fs)
	o.RecentIDs = 4
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	first := mustAppend(t, s, "s", store.Any, batch("a", 2, 0))
	if again := mustAppend(t, s, "s", store.Any, batch("a", 2, 0)); again != first {
		t.Errorf("repeat: %+v, want %+v", again, first)
	}
	if other := mustAppend(t, s, "other", store.Any, batch("a", 2, 0)); other.Revision != 1 {
		t.Errorf("the same ids in another stream: %+v", other)
	}
	mustAppend(t, s, "s", store.Any, batch("b", 4, 0))
	if evicted := mustAppend(t, s, "s", store.Any, batch("a", 2, 0)); evicted.Revision != 7 {
		t.Errorf("evicted ids: %+v", evicted)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	if fresh := mustAppend(t, s, "s", store.Any, batch("a", 2, 0)); fresh.Revision != 9 {
		t.Errorf("after a restart: %+v", fresh)
	}
	if exact := mustAppend(t, s, "s", 7, batch("a", 2, 0)); exact.Revision != 9 {
		t.Errorf("exact repeat after a restart: %+v", exact)
	}
}

// A context counts until the write begins: a request that is already cancelled writes nothing.
func TestCancelledBeforeTheWrite(t *testing.T) {
	t.Parallel()
	s := open(t, small(vfs.NewMem()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, "s", store.Any, batch("a", 1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if head := s.Head(); head.Count != 0 {
		t.Errorf("%d records were written", head.Count)
	}
}

func TestRecordTooLarge(t *testing.T) {
	t.Parallel()
	s := open(t, store.Options{Dir: "/data", FS: vfs.NewMem()})
	if _, err := s.Append(t.Context(), "s", store.Any, batch("a", 1, store.MaxRecordBytes)); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("append: %v", err)
	}
	mustAppend(t, s, "s", store.Any, batch("a", 3, store.MaxRecordBytes-100))
	events, err := collect(s.ReadStream(t.Context(), store.StreamRead{Stream: "s", Count: 9}))
	if err != nil || len(events) != 3 {
		t.Errorf("read %d events: %v", len(events), err)
	}
}

// Whoever falls behind the events kept in memory reads the log again and meets every event once.
func TestSlowFollower(t *testing.T) {
	t.Parallel()
	const total = 12_000 // three times what is kept
	for _, name := range []string{"all", "stream"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, store.Options{Dir: "/data", FS: vfs.NewMem()})
			follow := s.FollowAll(t.Context(), 0)
			if name == "stream" {
				follow = s.FollowStream(t.Context(), "s", 0)
			}
			next, stop := iter.Pull2(follow)
			defer stop()
			if update, err, _ := next(); err != nil || !update.CaughtUp {
				t.Fatalf("first: %+v, %v", update, err)
			}
			mustAppend(t, s, "s", store.Any, batch("live", 1, 0))
			if update, err, _ := next(); err != nil || string(update.Event.Data) != "live/0/1/" {
				t.Fatalf("live: %+v, %v", update, err)
			}
			for i := range total / 100 {
				mustAppend(t, s, "s", store.Any, batch(strconv.Itoa(i), 100, 0))
			}
			for expected := range uint64(total) {
				update, err, _ := next()
				if err != nil || update.CaughtUp || update.Event.Revision != expected+1 {
					t.Fatalf("want event %d, got %+v, %v", expected+1, update, err)
				}
			}
			if update, err, _ := next(); err != nil || !update.CaughtUp {
				t.Errorf("want to be told of having caught up again, got %+v, %v", update, err)
			}
		})
	}
}

// Readers that are under way when the store is closed are told so, at any point.
func TestCloseUnderReaders(t *testing.T) {
	t.Parallel()
	s, err := store.Open(store.Options{Dir: "/data", FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		mustAppend(t, s, "s", store.Any, batch(strconv.Itoa(i), 100, 0))
	}
	next, stop := iter.Pull2(s.Scan(t.Context(), 0))
	defer stop()
	if _, err, _ := next(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err, ok := next(); !ok {
			t.Fatal("the scan has ended without a word")
		} else if err != nil {
			if !errors.Is(err, store.ErrClosed) {
				t.Errorf("scan: %v", err)
			}
			break
		}
	}
	if _, err := s.Verify(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("verify: %v", err)
	}
	if _, err := s.Append(t.Context(), "s", store.Any, nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("append: %v", err)
	}
}

func FuzzDecodeFrame(f *testing.F) {
	for _, e := range []store.Event{
		{Position: 128, Stream: "s", Type: "t", Created: time.Unix(1, 200).UTC()},
		{Position: 9, Stream: strings.Repeat("long", 99), Type: "t", JSON: true, Data: []byte("{}"), Metadata: []byte("m")},
	} {
		f.Add(store.EncodeFrame(e), uint64(e.Position))
	}
	f.Fuzz(func(t *testing.T, frame []byte, at uint64) {
		e, err := store.DecodeFrame(store.Position(at), bytes.Clone(frame))
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("not called damage: %v", err)
			}
			return
		}
		if again, err := store.DecodeFrame(e.Position, store.EncodeFrame(e)); err != nil || !cmp.Equal(e, again) {
			t.Errorf("not the same after encoding: %v", err)
		}
	})
}

// bounded is the context of helpers that outlive no test.
func bounded() context.Context { return context.Background() }

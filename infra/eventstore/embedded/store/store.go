// Package store keeps an append-only log of events on Pebble: one sequencer, group commit, an fsync before every answer,
// a checksum and a hash chain over all records, and the chain's head in a second file.
//
// It knows the rules of EventStoreDB's streams (expected revisions, idempotent repeats, soft deletion, tombstones,
// metadata) and nothing of gRPC, which is the package above. What is here must be believed after a loss of power, so
// everything that can be damaged is checked when it is read.
//
// What is detected, and when:
//   - A changed byte in a record or in Pebble's files: at the read that meets it, as ErrDamaged. Never wrong data.
//   - Acknowledged records missing at the end: at Open, by the mirrored head. It is complete after the death of the
//     process at any moment; after a loss of power it may miss the last 50 ms, which matters only if Pebble loses at the
//     same time what it had synced.
//   - Records missing in the middle: at Open within the newest 64 MiB, at any read of the whole log, and by Verify.
//     A read of one stream sees gaps between its events; only a stream whose newest events lie wholly in a lost part
//     farther back reads short until the log is read or verified.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options say where and how a store works.
type Options struct {
	Dir           string           // created with mode 0700 where absent
	FS            vfs.FS           // nil means the operating system's
	Clock         func() time.Time // stamps events and ages them; nil means time.Now
	Logger        *slog.Logger     // nil discards
	RecentIDs     int              // bound of the cache for repeats of Any and StreamExists; 0 means 100,000, negative none
	CacheBytes    int64            // block cache; 0 means 64 MiB
	MemTableBytes uint64           // 0 means 32 MiB
}

const (
	defaultRecentIDs     = 100_000
	defaultCacheBytes    = 64 << 20
	defaultMemTableBytes = 32 << 20

	maxQueuedAppends = 1024
	mirrorLag        = 50 * time.Millisecond
)

// Store is an open log. All methods may be called concurrently; Close only once.
type Store struct {
	options  Options
	db       *pebble.DB
	cache    *pebble.Cache
	lock     io.Closer
	mirror   *mirror // owned by the sequencer
	tail     *tail
	queue    chan *request
	closing  chan struct{}
	ended    chan struct{} // the sequencer has returned
	failed   chan struct{}
	failure  atomic.Pointer[error]
	failOnce sync.Once
	wedged   chan struct{} // closed when Pebble gave up inside: its calls may never return any more
	wedge    func()
	written  written // owned by the sequencer
	gate     sync.Mutex
	shut     bool           // guarded by gate
	readers  sync.WaitGroup // inside Pebble; added to under gate
}

// Open opens or creates the store, and checks that nothing acknowledged is missing from it. A damaged store is refused
// with ErrDamaged, one that is open elsewhere with an error that names the holder.
func Open(o Options) (*Store, error) {
	o = o.withDefaults()
	if err := makeDirectory(o.FS, o.Dir); err != nil {
		return nil, fmt.Errorf("open event store: %w", err)
	}
	lock, err := lockDirectory(o.FS, o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open event store: %w", err)
	}
	s := &Store{
		options: o,
		lock:    lock,
		queue:   make(chan *request, maxQueuedAppends),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
		failed:  make(chan struct{}),
		wedged:  make(chan struct{}),
	}
	s.wedge = sync.OnceFunc(func() { close(s.wedged) })
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("open event store in %s: %w", o.Dir, errors.Join(err, s.release()))
	}
	go s.sequence()
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the edge reads the clock
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.RecentIDs == 0 {
		o.RecentIDs = defaultRecentIDs
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = defaultMemTableBytes
	}
	return o
}

func (o Options) logDirectory() string { return o.FS.PathJoin(o.Dir, "log") }
func (o Options) mirrorPath() string   { return o.FS.PathJoin(o.Dir, "head") }

// load opens both files and compares them.
func (s *Store) load() error {
	fs, directory := s.options.FS, s.options.logDirectory()
	if err := makeDirectory(fs, directory); err != nil {
		return err
	}
	found, err := pebble.Peek(directory, fs)
	if err != nil {
		return storageError(err)
	}
	_, err = fs.Stat(s.options.mirrorPath())
	if found.Exists && errors.Is(err, os.ErrNotExist) {
		return &DamageError{Reason: "the mirrored head is missing"}
	}
	mirror, mirrored, err := openMirror(fs, s.options.mirrorPath())
	if err != nil {
		return err
	}
	s.mirror = mirror
	if !found.Exists && mirrored.Count > 0 {
		return &DamageError{Position: mirrored.Last, Reason: "the log is missing"}
	}
	s.cache = pebble.NewCache(s.options.CacheBytes)
	if !s.guarded(func() { s.db, err = pebble.Open(directory, s.pebbleOptions()) }) {
		return s.Err()
	}
	if err != nil {
		return storageError(err)
	}
	head, err := s.storedHead()
	if err != nil {
		return err
	}
	if err := s.checkMirrored(mirrored, head); err != nil {
		return err
	}
	if err := s.checkTail(head); err != nil {
		return err
	}
	if err := errors.Join(s.mirror.write(head), s.mirror.sync()); err != nil {
		return err
	}
	s.tail = newTail(head)
	s.written = newWritten(s.options.RecentIDs)
	return s.Err()
}

func (s *Store) pebbleOptions() *pebble.Options {
	return &pebble.Options{
		FS:                 manifestSyncingFS{s.options.FS},
		FormatMajorVersion: pebble.FormatNewest,
		Cache:              s.cache,
		MemTableSize:       s.options.MemTableBytes,
		Logger:             pebbleLogger{s},
		EventListener: &pebble.EventListener{
			// The read that met it fails, and says so to its caller; the default would stop everything.
			DataCorruption: func(info pebble.DataCorruptionInfo) {
				s.options.Logger.Error("damaged file in event store", slog.String("detail", info.String()))
			},
			BackgroundError: func(err error) { s.fail(fmt.Errorf("background work: %w", storageError(err))) },
		},
	}
}

// storedHead reads the head that was committed with the newest group.
func (s *Store) storedHead() (Head, error) {
	raw, err := s.get(headKey())
	if errors.Is(err, pebble.ErrNotFound) {
		return emptyHead(), nil
	}
	if err != nil {
		return Head{}, err
	}
	head, ok := decodeHead(raw)
	if !ok {
		return Head{}, &DamageError{Reason: "the stored head is unreadable"}
	}
	return head, nil
}

// Head returns the end of what is durable.
func (s *Store) Head() Head { return s.tail.end() }

// Failed is closed when a write or an fsync has failed. From then on nothing more is accepted: after a failed fsync
// nobody knows what the disk holds, and only opening again reads it.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Err tells why Failed was closed, as an ErrStopped; nil before.
func (s *Store) Err() error {
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

func (s *Store) fail(cause error) {
	s.failOnce.Do(func() {
		err := fmt.Errorf("%w: %w", ErrStopped, cause)
		s.failure.Store(&err)
		close(s.failed)
		s.options.Logger.Error("event store stopped", slog.Any("error", cause))
	})
}

// Close ends the sequencer, makes the mirrored head durable and releases the directory. Appends that were not begun
// are refused with ErrClosed, and so are reads at their next page. After Failed it returns nil, since Err has told already.
func (s *Store) Close() error {
	s.gate.Lock()
	s.shut = true
	s.gate.Unlock()
	close(s.closing)
	select {
	case <-s.ended:
	case <-s.wedged:
	}
	s.readers.Wait()
	err := s.release()
	if s.Err() == nil {
		return err
	}
	return nil // Why it failed is known already.
}

// release closes what load opened. Where Pebble has given up inside, closing it would wait for ever: it is left to the
// end of the process, and so is the lock, because a second opener must not share the directory with it.
func (s *Store) release() error {
	var errs []error
	closed := s.guarded(func() {
		if s.mirror != nil {
			errs = append(errs, s.mirror.close())
		}
		if s.db != nil {
			errs = append(errs, s.db.Close())
		}
	})
	if !closed {
		return s.Err()
	}
	if s.cache != nil {
		s.cache.Unref()
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// recovered is deferred where Pebble is called to write. It panics, or ends the goroutine, where it cannot.
func (s *Store) recovered() {
	if cause := recover(); cause != nil {
		s.fail(fmt.Errorf("storage engine panicked: %v", cause))
		s.wedge()
	}
}

// guarded runs work that Pebble may end with Fatalf or never finish, and says whether it was finished.
func (s *Store) guarded(work func()) bool {
	select {
	case <-s.wedged:
		return false
	default:
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer s.recovered()
		work()
	}()
	select {
	case <-done:
	case <-s.wedged:
		return false
	}
	select {
	case <-s.wedged:
		return false
	default:
		return true
	}
}

func (s *Store) now() time.Time { return s.options.Clock().UTC() }

// wait blocks until ctx ends, the store fails, or the channel is closed.
func (s *Store) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.failed:
		return s.Err()
	case <-s.closing:
		return ErrClosed
	}
}

// storageError marks what Pebble calls corruption as damage.
func storageError(err error) error {
	if err != nil && pebble.IsCorruptionError(err) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

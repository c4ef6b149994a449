package store

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// cursor is an iterator that keeps the store from being closed. It never lives while a reader is handed an event.
type cursor struct {
	*pebble.Iterator
	store *Store
}

// Close ends the iterator and returns its error, if any.
func (c cursor) Close() error {
	defer c.store.readers.Done()
	return storageError(c.Iterator.Close())
}

// iterate opens a cursor over keys from lower, included, to upper, excluded.
func (s *Store) iterate(lower, upper []byte) (cursor, error) {
	if err := s.enter(); err != nil {
		return cursor{}, err
	}
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		s.readers.Done()
		return cursor{}, storageError(err)
	}
	return cursor{iterator, s}, nil
}

// get returns a copy of a value, or pebble.ErrNotFound.
func (s *Store) get(key []byte) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.readers.Done()
	raw, closer, err := s.db.Get(key)
	if err != nil {
		return nil, storageError(err)
	}
	return slices.Clone(raw), storageError(closer.Close())
}

// enter begins a use of Pebble, which panics once it is closed. The caller ends it with readers.Done.
func (s *Store) enter() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.shut {
		return ErrClosed
	}
	s.readers.Add(1)
	return nil
}

// manifestSyncingFS makes the name of a new manifest durable at once. Pebble syncs the directory only after it has
// created the marker that points to the manifest, so that a loss of power between could keep the marker alone, and
// leave a store that no longer opens.
type manifestSyncingFS struct{ vfs.FS }

// Create creates a file, durably named if it is a manifest.
func (f manifestSyncingFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, category)
	if err != nil || !strings.HasPrefix(f.PathBase(name), "MANIFEST-") {
		return file, err
	}
	if err := syncDirectory(f.FS, f.PathDir(name)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Unwrap returns the file system underneath.
func (f manifestSyncingFS) Unwrap() vfs.FS { return f.FS }

// pebbleLogger passes Pebble's complaints on. Fatalf must not return, and ends the calling goroutine instead of the
// process: the store has failed, and its owner decides what to do.
type pebbleLogger struct{ store *Store }

var _ pebble.Logger = pebbleLogger{}

// Infof drops Pebble's running commentary.
func (l pebbleLogger) Infof(string, ...any) {}

// Errorf logs what Pebble could handle.
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.store.options.Logger.Warn("event storage complains", slog.String("detail", fmt.Sprintf(format, args...)))
}

// Fatalf stops the store.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.store.fail(fmt.Errorf("storage engine: "+format, args...))
	l.store.wedge()
	runtime.Goexit()
}

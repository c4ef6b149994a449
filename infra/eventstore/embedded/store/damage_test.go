package store_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"effigate/infra/eventstore/embedded/store"
)

// written makes a store in a real directory with several tables and a log that is not flushed, and returns its content
// by stream. The copy is taken while it is open, so it looks as after a kill.
func written(t *testing.T) (original *vfs.MemFS, all []store.Event) {
	t.Helper()
	directory := t.TempDir()
	s, err := store.Open(store.Options{Dir: directory, MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		mustAppend(t, s, "s"+strconv.Itoa(i%7), store.Any, batch(strconv.Itoa(i), 1+i%3, 300))
	}
	all, err = collect(s.Scan(t.Context(), 0))
	if err != nil {
		t.Fatal(err)
	}
	// Closed, it has no file left that a compaction has replaced: nobody would miss that one.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	original = vfs.NewMem()
	if ok, err := vfs.Clone(vfs.Default, original, directory, "/data"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	return original, all
}

// files lists what of a copied store can be damaged: all but the two files that carry nothing.
func files(t *testing.T, fs vfs.FS, directory string) []string {
	t.Helper()
	names, err := fs.List(directory)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range names {
		path := fs.PathJoin(directory, name)
		info, err := fs.Stat(path)
		switch {
		case err != nil:
			t.Fatal(err)
		case info.IsDir():
			found = append(found, files(t, fs, path)...)
		case info.Size() > 0 && name != "owner":
			found = append(found, path)
		}
	}
	return found
}

func read(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	file, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return content
}

func replace(t *testing.T, fs vfs.FS, path string, content []byte) {
	t.Helper()
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// examine opens a damaged copy and compares all that it shows with what was written. Detected means that some step said
// so; an error is a wrong event, or a read that ended early without a word.
func examine(fs vfs.FS, all []store.Event) (detected bool, err error) {
	s, openErr := store.Open(small(fs))
	if openErr != nil {
		return true, nil
	}
	defer func() { _ = s.Close() }()
	compare := func(what string, want, got []store.Event, err error) error {
		if err != nil {
			detected = true
			want = want[:min(len(want), len(got))]
		}
		if len(want)+len(got) == 0 || reflect.DeepEqual(want, got) { // cmp is too slow to ask each time.
			return nil
		}
		return fmt.Errorf("%s (-want +got):\n%s", what, cmp.Diff(want, got))
	}
	got, readErr := collect(s.Scan(bounded(), 0))
	if err := compare("log", all, got, readErr); err != nil {
		return detected, err
	}
	byStream := map[string][]store.Event{}
	for _, e := range all {
		byStream[e.Stream] = append(byStream[e.Stream], e)
	}
	for stream, want := range byStream {
		got, readErr := collect(s.ReadStream(bounded(), store.StreamRead{Stream: stream, Count: 1 << 20}))
		if err := compare(stream, want, got, readErr); err != nil {
			return detected, err
		}
	}
	if _, verifyErr := s.Verify(bounded()); verifyErr != nil {
		detected = true
	} else if detected {
		return true, errors.New("a read failed, but the verification has found nothing")
	}
	return detected, nil
}

// Files of a real directory get a flipped bit, lose their end, a page in the middle or all. Wrong or missing events are
// never shown as if they were all, and a loss is always found.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	trials := 200
	switch {
	case testing.Short():
		trials = 80
	case os.Getenv("EFFIGATE_TORTURE") != "":
		trials = 1000
	}
	original, all := written(t)
	paths := files(t, original, "/data")
	harmful := map[string]func(random *rand.Rand, content []byte) []byte{
		"flip": func(random *rand.Rand, content []byte) []byte {
			content[random.IntN(len(content))] ^= 1 << random.IntN(8)
			return content
		},
		"cut": func(random *rand.Rand, content []byte) []byte { return content[:random.IntN(len(content))] },
		"zero": func(random *rand.Rand, content []byte) []byte {
			from := random.IntN(len(content))
			clear(content[from:min(from+512, len(content))])
			return content
		},
		"remove": nil,
	}
	for kind, harm := range harmful {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			detected := map[string]int{}
			random := rand.New(rand.NewPCG(7, uint64(len(kind))))
			for trial := range trials {
				path := paths[random.IntN(len(paths))]
				if harm == nil && trial < len(paths) {
					path = paths[trial]
				}
				fs := vfs.NewMem()
				if _, err := vfs.Clone(original, fs, "/data", "/data"); err != nil {
					t.Fatal(err)
				}
				if harm == nil {
					if err := fs.Remove(path); err != nil {
						t.Fatal(err)
					}
				} else {
					replace(t, fs, path, harm(random, read(t, fs, path)))
				}
				found, err := examine(fs, all)
				if err != nil {
					t.Errorf("trial %d, %s: %v", trial, path, err)
				}
				if found {
					detected[filepath.Ext(path)]++
				}
				if harm == nil && !found && strings.HasSuffix(path, ".sst") {
					t.Errorf("nobody missed %s", path)
				}
			}
			t.Logf("detected, by kind of file: %v", detected)
		})
	}
}

// The last acknowledged records disappear from Pebble's own log, which it cannot tell from a torn end: the mirrored head
// knows better.
func TestLostTail(t *testing.T) {
	t.Parallel()
	original, _ := written(t)
	for _, path := range files(t, original, "/data") {
		if !strings.HasSuffix(path, ".log") {
			continue
		}
		content := read(t, original, path)
		replace(t, original, path, content[:len(content)/2])
	}
	s, err := store.Open(small(original))
	if err == nil {
		t.Fatal("opened without its end", s.Close())
	}
	damage := (*store.DamageError)(nil)
	if !errors.As(err, &damage) && !errors.Is(err, store.ErrDamaged) {
		t.Errorf("want damage, got: %v", err)
	}
}

// A head file that is gone or unreadable, or one beside an empty directory, is no reason to begin anew.
func TestMirroredHead(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(t *testing.T, fs vfs.FS) error{
		"removed": func(_ *testing.T, fs vfs.FS) error { return fs.Remove("/data/head") },
		"unreadable": func(t *testing.T, fs vfs.FS) error {
			t.Helper()
			replace(t, fs, "/data/head", make([]byte, 8192))
			return nil
		},
		"alone": func(_ *testing.T, fs vfs.FS) error { return fs.RemoveAll("/data/log") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs, _ := written(t)
			if err := harm(t, fs); err != nil {
				t.Fatal(err)
			}
			if s, err := store.Open(small(fs)); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("open: %v, %v", s, err)
			}
		})
	}
}

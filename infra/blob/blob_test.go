package blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/infra/blob"
)

func newStore(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	store, err := blob.NewStore(dir, blob.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	return store, dir
}

func put(t *testing.T, store *blob.Store, id uuid.UUID, content string) blob.Stored {
	t.Helper()
	stored, err := store.Put(id, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func contentOf(t *testing.T, reader *blob.Reader, id uuid.UUID) string {
	t.Helper()
	content, err := reader.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(content)
	if err != nil || int64(len(text)) != content.Size || content.SHA256 != digest(string(text)) {
		t.Errorf("%d bytes of %d, digest %s, %v", len(text), content.Size, content.SHA256, err)
	}
	return string(text)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// files lists what is in a directory, apart from its folders.
func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		about, failed := entry.Info()
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		if about.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %s", path, about.Mode())
		}
		if !entry.IsDir() {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatIsStoredIsRead(t *testing.T) {
	t.Parallel()
	store, dir := newStore(t)
	first, second := uuid.UUID{1}, uuid.UUID{2}
	text := strings.Repeat("all of it ", 10_000)
	want := blob.Stored{Size: int64(len(text)), SHA256: digest(text), New: true}
	if diff := cmp.Diff(want, put(t, store, first, text)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	put(t, store, second, "")
	reader, err := blob.NewReader(dir, blob.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	if contentOf(t, reader, first) != text || contentOf(t, reader, second) != "" {
		t.Error("what is read is something else")
	}
	if found := files(t, dir); len(found) != 2 {
		t.Errorf("the directory holds %v", found)
	}
	if again, err := blob.NewStore(dir, blob.MaxSize); err != nil || contentOf(t, &again.Reader, first) != text {
		t.Errorf("opened again: %v", err)
	}
	if err := store.Delete(first); err != nil {
		t.Error(err)
	}
	if err := store.Delete(first); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := reader.Open(first); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("what was deleted opens: %v", err)
	}
	if there, err := reader.Has(first); there || err != nil {
		t.Errorf("what was deleted is there: %t, %v", there, err)
	}
	if there, err := reader.Has(second); !there || err != nil {
		t.Errorf("the other is there: %t, %v", there, err)
	}
	if _, err := blob.NewReader(t.TempDir(), blob.MaxSize); err == nil {
		t.Error("any directory is one of files")
	}
}

// An id stands for one content for ever, however many put something there at once.
func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	store, dir := newStore(t)
	id := uuid.UUID{7}
	var group sync.WaitGroup
	results := make([]error, 16)
	for i := range results {
		group.Go(func() {
			_, results[i] = store.Put(id, strings.NewReader([]string{"even", "odd"}[i%2]))
		})
	}
	group.Wait()
	won := contentOf(t, &store.Reader, id)
	for i, err := range results {
		if same := []string{"even", "odd"}[i%2] == won; same != (err == nil) || !same && !errors.Is(err, blob.ErrTaken) {
			t.Errorf("put %d: %v", i, err)
		}
	}
	if stored := put(t, store, id, won); stored.New {
		t.Error("what was there is new")
	}
	if found := files(t, dir); len(found) != 1 {
		t.Errorf("the directory holds %v", found)
	}
}

// broken gives some bytes and then an error.
type broken struct{ content io.Reader }

var errBroken = errors.New("the connection broke")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.content.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

// What does not arrive whole, or is too large, leaves nothing behind.
func TestHalfFilesAreNotStored(t *testing.T) {
	t.Parallel()
	store, dir := newStore(t)
	id := uuid.UUID{3}
	if _, err := store.Put(id, broken{strings.NewReader("half")}); !errors.Is(err, errBroken) {
		t.Errorf("a broken content is stored: %v", err)
	}
	if _, err := store.Put(id, bytes.NewReader(make([]byte, blob.MaxSize+1))); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("too much is stored: %v", err)
	}
	if found := files(t, dir); len(found) != 0 {
		t.Errorf("they leave %v", found)
	}
	if stored, err := store.Put(id, bytes.NewReader(make([]byte, blob.MaxSize))); err != nil || stored.Size != blob.MaxSize || !stored.New {
		t.Errorf("as much as allowed: %+v, %v", stored, err)
	}
}

// A directory of files that are made may take in larger ones, and smaller ones alone: a large document could not be kept.
func TestADirectoryHasABoundOfItsOwn(t *testing.T) {
	t.Parallel()
	const bound = blob.MaxSize + 10
	dir := filepath.Join(t.TempDir(), "made")
	store, err := blob.NewStore(dir, bound)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(uuid.UUID{1}, bytes.NewReader(make([]byte, bound))); err != nil {
		t.Errorf("as much as allowed: %v", err)
	}
	if _, err := store.Put(uuid.UUID{2}, bytes.NewReader(make([]byte, bound+1))); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	reader, err := blob.NewReader(dir, bound)
	if err != nil {
		t.Fatal(err)
	}
	content, err := reader.Open(uuid.UUID{1})
	if err != nil || content.Size != bound {
		t.Fatalf("read back: %v", err)
	}
	if err := content.Close(); err != nil {
		t.Error(err)
	}
}

// A process that is killed leaves a half file, which nobody takes for a whole one and which is swept away.
func TestWhatAKilledProcessLeaves(t *testing.T) {
	t.Parallel()
	store, dir := newStore(t)
	put(t, store, uuid.UUID{1}, "whole")
	half := filepath.Join(dir, "incoming", "HALF")
	if err := os.WriteFile(half, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Sweep(time.Now().Add(-time.Hour)); err != nil { //nolint:forbidigo // files have the host's time
		t.Fatal(err)
	}
	if found := files(t, dir); len(found) != 2 {
		t.Errorf("what may still grow is gone: %v", found)
	}
	if err := store.Sweep(time.Now().Add(time.Hour)); err != nil { //nolint:forbidigo // files have the host's time
		t.Fatal(err)
	}
	if found := files(t, dir); len(found) != 1 {
		t.Errorf("swept: %v", found)
	}
	contentOf(t, &store.Reader, uuid.UUID{1})
}

// Damage is found by whoever opens or copies, and mended by storing the same again.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, path string, content []byte){
		"a bit":       func(t *testing.T, path string, content []byte) { t.Helper(); content[45] ^= 1; write(t, path, content) },
		"cut short":   func(t *testing.T, path string, content []byte) { t.Helper(); write(t, path, content[:len(content)-1]) },
		"made longer": func(t *testing.T, path string, content []byte) { t.Helper(); write(t, path, append(content, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, dir := newStore(t)
			other, _ := newStore(t)
			id := uuid.UUID{9}
			put(t, store, id, "ten bytes.")
			path := files(t, dir)[0]
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damage(t, path, content)
			if _, err := store.Open(id); !errors.Is(err, blob.ErrDamaged) {
				t.Errorf("opened: %v", err)
			}
			if err := other.CopyFrom(&store.Reader, id); !errors.Is(err, blob.ErrDamaged) {
				t.Errorf("copied: %v", err)
			}
			put(t, store, id, "ten bytes.")
			if err := other.CopyFrom(&store.Reader, id); err != nil || contentOf(t, &other.Reader, id) != "ten bytes." {
				t.Errorf("mended and copied: %v", err)
			}
		})
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is collected is what nobody stored again since.
func TestOldFilesAreListedAndDeleted(t *testing.T) {
	t.Parallel()
	store, dir := newStore(t)
	old, young := uuid.UUID{0xff, 1}, uuid.UUID{0, 2}
	put(t, store, old, "old")
	put(t, store, young, "young")
	instant := time.Now().Add(-time.Hour) //nolint:forbidigo // files have the host's time
	for _, path := range files(t, dir) {
		if err := os.Chtimes(path, instant, instant); err != nil {
			t.Fatal(err)
		}
	}
	put(t, store, young, "young") // Stored again, it is young.
	limit := instant.Add(time.Minute)
	var found []uuid.UUID
	for id, err := range store.Before(limit) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, id)
	}
	if diff := cmp.Diff([]uuid.UUID{old}, found); diff != "" {
		t.Errorf("old files (-want +got):\n%s", diff)
	}
	for _, id := range []uuid.UUID{old, young, {5}} {
		if err := store.DeleteBefore(id, limit); err != nil {
			t.Error(err)
		}
	}
	if _, err := store.Open(old); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("the old one: %v", err)
	}
	contentOf(t, &store.Reader, young)
}

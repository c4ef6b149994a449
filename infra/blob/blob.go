// Package blob keeps files under ids in a directory. Two directories never share a file, so that whoever may read
// one of them learns nothing of the other.
//
// It imports nothing of ours and knows neither names nor owners.
//
// Surprises: a stored file begins with the digest of its content, so that damage is found by whoever opens it, and
// an id never stands for two contents. One process writes to a directory at a time; any number may read it.
package blob

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
)

// MaxSize bounds the content of a file that people give, in bytes. A directory of files that are made has a bound of its
// own.
const MaxSize = 25 << 20

// What can be wrong with a file.
var (
	ErrMissing  = errors.New("no file is stored under this id")
	ErrTooLarge = errors.New("the file has more bytes than a file of its directory may have")
	ErrTaken    = errors.New("another content is stored under this id")
	ErrDamaged  = errors.New("the stored file is not what was stored")
)

// magic begins every stored file, and the digest follows it. Then comes the content.
const magic = "effblob1"

// headerSize is how many bytes precede the content.
const headerSize = int64(len(magic) + sha256.Size)

// incoming is the folder of files that are not whole yet.
const incoming = "incoming"

// Reader opens the files of a directory.
type Reader struct {
	dir     string
	maxSize int64 // bytes of content
}

// NewReader opens a directory that a Store of the same bound made.
func NewReader(dir string, maxSize int64) (*Reader, error) {
	entry, err := os.Stat(filepath.Join(dir, incoming))
	if err != nil {
		return nil, fmt.Errorf("open the files: %w", err)
	}
	if !entry.IsDir() {
		return nil, fmt.Errorf("open the files: %s is no directory of files", dir)
	}
	return &Reader{dir: dir, maxSize: maxSize}, nil
}

// Content is a stored file that was opened. Its bytes are those that were stored; close it.
type Content struct {
	*io.SectionReader        // from the first byte of the content
	Size              int64  // bytes
	SHA256            string // hex
	file              *os.File
}

// Close closes the file.
func (c *Content) Close() error { return c.file.Close() }

// Open opens a file once all of it has been compared with its digest. ErrMissing says that there is none, ErrDamaged
// that what is there is something else.
func (r *Reader) Open(id uuid.UUID) (*Content, error) {
	file, err := os.Open(r.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrMissing, id)
	}
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", id, err)
	}
	content, err := verified(file, r.maxSize)
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", id, errors.Join(err, file.Close()))
	}
	return content, nil
}

// Has reports whether a file is stored under the id.
func (r *Reader) Has(id uuid.UUID) (bool, error) {
	_, err := os.Stat(r.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (r *Reader) path(id uuid.UUID) string {
	name := id.String()
	return filepath.Join(r.dir, name[:2], name)
}

// verified compares a file with its digest.
func verified(file *os.File, maxSize int64) (*Content, error) {
	digest, err := digestOf(file)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, io.NewSectionReader(file, headerSize, maxSize+1))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(hash.Sum(nil), digest) {
		return nil, ErrDamaged
	}
	return &Content{SectionReader: io.NewSectionReader(file, headerSize, size), Size: size, SHA256: hex.EncodeToString(digest), file: file}, nil
}

// digestOf reads the digest that a file says it has.
func digestOf(file io.ReaderAt) ([]byte, error) {
	header := make([]byte, headerSize)
	_, err := file.ReadAt(header, 0)
	switch {
	case errors.Is(err, io.EOF), err == nil && string(header[:len(magic)]) != magic:
		return nil, ErrDamaged
	case err != nil:
		return nil, err
	}
	return header[len(magic):], nil
}

// Store is a Reader that also takes files in and removes them. It may be used from many goroutines.
type Store struct {
	Reader
	mu sync.Mutex // held while the entry of a file changes
}

// NewStore opens a directory, which it makes when there is none; only its owner may look into it. The bound is that of
// the content of a file, in bytes.
func NewStore(dir string, maxSize int64) (*Store, error) {
	if _, err := NewReader(dir, maxSize); err != nil {
		if err := makeFolders(dir); err != nil {
			return nil, fmt.Errorf("make %s: %w", dir, err)
		}
	}
	return &Store{Reader: Reader{dir: dir, maxSize: maxSize}}, nil
}

// makeFolders makes a folder for each first byte of an id, and the one of what is incoming last: it says that all
// are there.
func makeFolders(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for first := range 256 {
		if err := os.Mkdir(filepath.Join(dir, fmt.Sprintf("%02x", first)), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := syncFolder(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, incoming), 0o700); err != nil {
		return err
	}
	return errors.Join(syncFolder(dir), syncFolder(filepath.Dir(dir)))
}

// Stored is what a store took in.
type Stored struct {
	Size   int64  // bytes
	SHA256 string // hex
	New    bool   // nothing was stored under the id before
}

// Put stores a content, which is on the disk when it returns, whole or not at all. The same content under the same
// id is stored once, and counts as stored now; for any other one it is ErrTaken. ErrTooLarge refuses more bytes than the
// bound of the directory. An error of the content itself is passed on.
func (s *Store) Put(id uuid.UUID, content io.Reader) (Stored, error) {
	part, err := os.OpenFile(filepath.Join(s.dir, incoming, rand.Text()), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Stored{}, fmt.Errorf("store file %s: %w", id, err)
	}
	stored, err := write(part, content, s.maxSize)
	if err = errors.Join(err, part.Close()); err == nil {
		stored.New, err = s.enter(part.Name(), id, stored.SHA256)
	}
	if err != nil { // What cannot be removed now, Sweep removes.
		return Stored{}, fmt.Errorf("store file %s: %w", id, errors.Join(err, os.RemoveAll(part.Name())))
	}
	return stored, nil
}

// write writes header and content through to the disk.
func write(part *os.File, content io.Reader, maxSize int64) (Stored, error) {
	if _, err := part.Seek(headerSize, io.SeekStart); err != nil {
		return Stored{}, err
	}
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(part, hash), io.LimitReader(content, maxSize+1))
	switch {
	case err != nil:
		return Stored{}, err
	case size > maxSize:
		return Stored{}, ErrTooLarge
	}
	digest := hash.Sum(nil)
	if _, err := part.WriteAt(append([]byte(magic), digest...), 0); err != nil {
		return Stored{}, err
	}
	return Stored{Size: size, SHA256: hex.EncodeToString(digest)}, part.Sync()
}

// enter gives a whole file its id. A file of the same digest is replaced: that makes it young again, and mends it
// should it be damaged.
func (s *Store) enter(part string, id uuid.UUID, digest string) (isNew bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.path(id)
	switch there, err := storedDigest(path); {
	case errors.Is(err, fs.ErrNotExist):
		isNew = true
	case err != nil:
		return false, err
	case there != digest:
		return false, ErrTaken
	}
	if err := os.Rename(part, path); err != nil {
		return false, err
	}
	return isNew, syncFolder(filepath.Dir(path))
}

// storedDigest reads the digest in the header of a file.
func storedDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	digest, err := digestOf(file)
	return hex.EncodeToString(digest), errors.Join(err, file.Close())
}

// CopyFrom stores the file that another directory has under the id, compared with its digest.
func (s *Store) CopyFrom(from *Reader, id uuid.UUID) error {
	content, err := from.Open(id)
	if err != nil {
		return err
	}
	stored, err := s.Put(id, content)
	if err == nil && stored.SHA256 != content.SHA256 {
		err = fmt.Errorf("copy file %s: %w", id, ErrDamaged)
	}
	return errors.Join(err, content.Close())
}

// Delete removes a file for good; one that is not there is removed already.
func (s *Store) Delete(id uuid.UUID) error { return s.delete(id, time.Time{}) }

// DeleteBefore removes a file unless it was stored again since the instant.
func (s *Store) DeleteBefore(id uuid.UUID, instant time.Time) error { return s.delete(id, instant) }

func (s *Store) delete(id uuid.UUID, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.path(id)
	if !before.IsZero() {
		entry, err := os.Stat(path)
		if err != nil || !entry.ModTime().Before(before) {
			return ignoreMissing(err)
		}
	}
	if err := os.Remove(path); err != nil {
		return ignoreMissing(err)
	}
	return syncFolder(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Before yields the ids of the files that were stored before an instant, in order. An error is the last thing
// yielded.
func (r *Reader) Before(instant time.Time) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		folders, err := os.ReadDir(r.dir)
		if err != nil {
			yield(uuid.Nil, err)
			return
		}
		for _, folder := range folders {
			if folder.Name() == incoming {
				continue
			}
			old, err := olderThan(filepath.Join(r.dir, folder.Name()), instant)
			if err != nil {
				yield(uuid.Nil, err)
				return
			}
			for _, name := range old {
				if id, err := uuid.Parse(name); err == nil && !yield(id, nil) {
					return
				}
			}
		}
	}
}

// Sweep removes what was begun before an instant and never became whole, because its process was killed.
func (s *Store) Sweep(instant time.Time) error {
	folder := filepath.Join(s.dir, incoming)
	old, err := olderThan(folder, instant)
	for _, name := range old {
		err = errors.Join(err, ignoreMissing(os.Remove(filepath.Join(folder, name))))
	}
	return err
}

// olderThan lists the entries of a folder that were written before an instant.
func olderThan(folder string, instant time.Time) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	var old []string
	for _, entry := range entries {
		about, err := entry.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // It was removed meanwhile.
		case err != nil:
			return nil, err
		case about.ModTime().Before(instant):
			old = append(old, entry.Name())
		}
	}
	return old, nil
}

// syncFolder makes the entries of a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

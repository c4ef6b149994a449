package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// makeDirectory creates a directory and makes its name durable in every parent that was created for it: a store whose
// folder vanishes with the power has lost everything it acknowledged.
func makeDirectory(fs vfs.FS, path string) error {
	created := []string{}
	for parent := path; ; parent = fs.PathDir(parent) {
		if _, err := fs.Stat(parent); err == nil || parent == fs.PathDir(parent) {
			created = append(created, parent)
			break
		}
		created = append(created, parent)
	}
	if err := fs.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	for _, directory := range created {
		if err := syncDirectory(fs, directory); err != nil {
			return err
		}
	}
	return nil
}

func syncDirectory(fs vfs.FS, path string) error {
	directory, err := fs.OpenDir(path)
	if err != nil {
		return fmt.Errorf("open directory %s: %w", path, err)
	}
	if err := errors.Join(directory.Sync(), directory.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", path, err)
	}
	return nil
}

// lockDirectory takes the directory for this process and leaves its process id for others to read.
func lockDirectory(fs vfs.FS, path string) (io.Closer, error) {
	owner := fs.PathJoin(path, "owner")
	lock, err := fs.Lock(fs.PathJoin(path, "lock"))
	if err != nil {
		if holder := readOwner(fs, owner); holder != "" {
			return nil, fmt.Errorf("%s is in use by process %s: %w", path, holder, err)
		}
		return nil, fmt.Errorf("%s is in use: %w", path, err)
	}
	file, err := fs.Create(owner, vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = file.Write([]byte(strconv.Itoa(os.Getpid())))
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", owner, err), lock.Close())
	}
	return lock, nil
}

func readOwner(fs vfs.FS, path string) string {
	file, err := fs.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, 20))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

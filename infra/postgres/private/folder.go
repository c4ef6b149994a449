package private

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	socketPrefix = "effigate-pg-"
	// A unix socket's path has at most 107 bytes; this much of it follows the temporary folder.
	socketSuffix = "/" + socketPrefix + "4294967295/.s.PGSQL." + port
	socketLimit  = 107
)

// folder is the place of one cluster:
//
//	data/        the cluster, of the server's user
//	data.new/    a cluster that initdb has not finished
//	password     the superuser's, only for us
//	owner.lock   locked by the process that runs the cluster; holds the path of its sockets
//	server.lock  locked by the server: every process of it inherits the lock, so it shows precisely whether
//	             any is left, which the process ids in a pid file cannot
type folder struct {
	path    string // Absolute.
	sockets string // Short temporary folder, empty before prepare.
	owner   *os.File
	server  *os.File
}

func (f *folder) data() string         { return filepath.Join(f.path, "data") }
func (f *folder) passwordFile() string { return filepath.Join(f.path, "password") }

// claim takes the folder for this process and clears away what a killed owner left.
func claim(ctx context.Context, path string) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	owner, err := openLock(path, "owner.lock")
	if err != nil {
		return nil, err
	}
	f := &folder{path: path, owner: owner}
	if err := f.lock(ctx); err != nil {
		return nil, errors.Join(err, f.unlock())
	}
	if err := f.clear(); err != nil {
		return nil, errors.Join(err, f.unlock())
	}
	return f, nil
}

func (f *folder) lock(ctx context.Context) (err error) {
	locked, err := tryLock(f.owner)
	if err != nil {
		return err
	}
	if !locked {
		return ErrInUse
	}
	if f.server, err = openLock(f.path, "server.lock"); err != nil {
		return err
	}
	return f.outlive(ctx)
}

// outlive returns when no server process of an earlier owner is left. As a rule they are ending already,
// because the kernel told them that their parent died; a server that was not told is stopped here.
func (f *folder) outlive(ctx context.Context) error {
	const pause = 20 * time.Millisecond // The kernel cannot tell when a lock falls without blocking a thread.
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for waited := time.Duration(0); ; waited += pause {
		if locked, err := tryLock(f.server); err != nil || locked {
			return err
		}
		orphan := f.orphan()
		switch {
		case waited > 2*grace:
			return fmt.Errorf("processes of an earlier server (postmaster %d) do not end: stop them by hand", orphan)
		case orphan == 0:
		case waited == 0:
			_ = syscall.Kill(orphan, syscall.SIGQUIT) // It may have gone just now.
		case waited == grace:
			_ = syscall.Kill(orphan, syscall.SIGKILL)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for an earlier server to end: %w", ctx.Err())
		}
	}
}

// orphan gives the process id of a server that runs in this folder, or 0. A pid file may name a process
// that has nothing to do with us, so the process must also stand in the data folder.
func (f *folder) orphan() int {
	content, err := os.ReadFile(filepath.Join(f.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(content), "\n")
	id, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || id <= 0 {
		return 0
	}
	stands, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", id))
	if err != nil {
		return 0
	}
	data, err := os.Stat(f.data())
	if err != nil || !os.SameFile(stands, data) {
		return 0
	}
	return id
}

// clear removes what only a running server needs. Both locks are held, so nobody uses it any more; the
// pid file would otherwise keep the server from starting once its number is another process's.
func (f *folder) clear() error {
	content, err := io.ReadAll(io.LimitReader(f.owner, 4096))
	if err != nil {
		return err
	}
	if sockets := string(content); strings.HasPrefix(filepath.Base(sockets), socketPrefix) {
		err = os.RemoveAll(sockets)
	}
	pid := os.Remove(filepath.Join(f.data(), "postmaster.pid"))
	if errors.Is(pid, fs.ErrNotExist) {
		pid = nil
	}
	return errors.Join(err, pid, os.RemoveAll(f.data()+".new"))
}

// version gives the major version that wrote the cluster, or 0 when there is none yet.
func (f *folder) version() int {
	content, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(content)))
	return major
}

// prepare makes everything the server needs and returns the superuser's password.
func (f *folder) prepare(ctx context.Context, t tools, who identity, ephemeral bool) (string, error) {
	if err := f.makeSockets(who); err != nil {
		return "", err
	}
	if _, err := os.Stat(f.data()); errors.Is(err, fs.ErrNotExist) {
		if err := f.initialize(ctx, t, who, ephemeral); err != nil {
			return "", err
		}
	}
	password, err := os.ReadFile(f.passwordFile())
	if err != nil {
		return "", fmt.Errorf("restore this file from a backup, the cluster cannot be opened without it: %w", err)
	}
	return string(password), nil
}

func (f *folder) makeSockets(who identity) (err error) {
	base := temporaryFolder()
	if len(base)+len(socketSuffix) > socketLimit {
		return fmt.Errorf("path of the temporary folder %s is too long for a unix socket: set TMPDIR to a shorter one", base)
	}
	if f.sockets, err = os.MkdirTemp(base, socketPrefix); err != nil {
		return err
	}
	if err := f.owner.Truncate(0); err != nil {
		return err
	}
	if _, err := f.owner.WriteAt([]byte(f.sockets), 0); err != nil {
		return err
	}
	return who.own(f.sockets)
}

func temporaryFolder() string { return filepath.Clean(os.TempDir()) }

// release gives the folder to whoever comes next.
func (f *folder) release() error {
	var err error
	if f.sockets != "" {
		err = errors.Join(os.RemoveAll(f.sockets), f.owner.Truncate(0))
	}
	return errors.Join(err, f.unlock())
}

// unlock gives up both locks: ours at once, the server's when its last process has ended. Closing alone
// would not do for ours, because a child that is just being started holds a copy until it runs its program.
func (f *folder) unlock() error {
	failed := []error{syscall.Flock(int(f.owner.Fd()), syscall.LOCK_UN), f.owner.Close()}
	if f.server != nil {
		failed = append(failed, f.server.Close())
	}
	return errors.Join(failed...)
}

func openLock(folder, name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(folder, name), os.O_RDWR|os.O_CREATE, 0o600)
}

func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return true, nil
}

// newPassword writes a random password to path, over one that no cluster uses.
func newPassword(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	password := rand.Text()
	_, err = file.WriteString(password)
	return password, errors.Join(err, file.Sync(), file.Close())
}

func syncFolder(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// identity is the user a server runs as; the zero value is our own.
type identity struct {
	name       string
	credential *syscall.Credential // Another user, which only root can become.
	namespace  uint32              // Not 0: our own files, but seen as this user's in a user namespace.
}

// choose finds the user for the server. PostgreSQL refuses root, so root takes the owner of an existing
// cluster, or for a new one the first user who can reach it, or at last a user namespace, in which root's
// folder is an ordinary user's.
func choose(ctx context.Context, f *folder, t tools) (identity, error) {
	if os.Geteuid() != 0 {
		return identity{}, nil
	}
	// Others may pass through, but not list; each file in it has its own protection.
	if err := os.Chmod(f.path, 0o711); err != nil {
		return identity{}, err
	}
	refusals := []error{errors.New(
		"postgres refuses to run as root and no other user can run it here: start as an ordinary user, " +
			"or set EFFIGATE_CLIENT_DATABASE_URL and EFFIGATE_STAFF_DATABASE_URL to a server, " +
			"or set EFFIGATE_DATA to a folder that every user can pass through")}
	for _, who := range candidates(f.data()) {
		err := who.reaches(ctx, t, f.path, temporaryFolder())
		if err == nil {
			return who, nil
		}
		refusals = append(refusals, fmt.Errorf("as %s: %w", who.name, err))
	}
	return identity{}, errors.Join(refusals...)
}

func candidates(data string) []identity {
	var users, spaces []identity
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			id, group := number(found.Uid), number(found.Gid)
			users = append(users, identity{name: name, credential: &syscall.Credential{Uid: id, Gid: group}})
			spaces = append(spaces, identity{name: name + " in a user namespace", namespace: id})
		}
	}
	info, err := os.Stat(data)
	if err != nil {
		return append(users, spaces...)
	}
	// An existing cluster keeps its owner: taking it over would lock that user out.
	owner := info.Sys().(*syscall.Stat_t)
	if owner.Uid == 0 {
		return spaces
	}
	return []identity{{
		name:       "user " + strconv.FormatUint(uint64(owner.Uid), 10),
		credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid},
	}}
}

func number(id string) uint32 {
	parsed, _ := strconv.ParseUint(id, 10, 32)
	return uint32(parsed)
}

// reaches runs the server's program in each folder as that user, which needs the same rights as later.
func (i identity) reaches(ctx context.Context, t tools, folders ...string) error {
	for _, folder := range folders {
		probe := i.command(ctx, t.postgres(), "--version")
		probe.Dir = folder
		if output, err := combined(probe); err != nil {
			return fmt.Errorf("%w %s", err, strings.TrimSpace(output))
		}
	}
	return nil
}

// own hands a file or folder of ours to the server's user.
func (i identity) own(path string) error {
	if i.credential == nil {
		return nil
	}
	return os.Chown(path, int(i.credential.Uid), int(i.credential.Gid))
}

// command prepares a program of PostgreSQL: nothing of our environment reaches it, and a terminal's
// interrupt reaches only us, so that we end the server in order.
func (i identity) command(ctx context.Context, path string, arguments ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, path, arguments...)
	c.Dir = "/"
	c.Env = []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/bin:/bin"}
	c.SysProcAttr = i.attributes()
	return c
}

// combined runs c to its end on one thread (see Cluster.supervise) and returns the end of what it wrote.
func combined(c *exec.Cmd) (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	output, err := c.CombinedOutput()
	const limit = 2000
	return string(output[max(0, len(output)-limit):]), err
}

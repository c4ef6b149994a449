package private

import (
	"os"
	"syscall"
)

// attributes make the child end when we do, in whatever way. SIGQUIT is PostgreSQL's immediate stop: it
// waits for nobody, and the next start recovers from the log.
func (i identity) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT, Credential: i.credential}
	if i.namespace != 0 {
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(i.namespace), HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(i.namespace), HostID: os.Getegid(), Size: 1}}
	}
	return a
}

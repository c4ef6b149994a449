//go:build unix && !linux

package private

import "syscall"

// attributes of a system whose kernel cannot end a child with its parent and has no user namespaces: a
// namespace is refused by PostgreSQL itself, and a server that outlives a killed parent ends by hand.
func (i identity) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: i.credential}
}

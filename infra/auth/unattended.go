package auth

import "context"

type unattendedKey struct{}

// Unattended marks what a program of ours asks for by itself while somebody is logged in: a heartbeat of an
// open stream, a part of a page that is fetched again because something changed. Credentials prove the login
// as ever, but such a request is no sign that anybody is there, so it must not put off the end of an idle
// session.
//
// It is in the context because every layer between the edge and the credentials passes it on and none of
// them acts on it; as an argument it would be in the signature of each Verifier.
func Unattended(ctx context.Context) context.Context {
	return context.WithValue(ctx, unattendedKey{}, true)
}

// IsUnattended reports whether nobody in person asked for this.
func IsUnattended(ctx context.Context) bool {
	unattended, _ := ctx.Value(unattendedKey{}).(bool)
	return unattended
}

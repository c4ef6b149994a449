package domain

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// The kinds of refusal. A refusal wraps exactly one of them; what follows the kind in the text is for
// staff. The portal shows a sentence of its own per kind.
var (
	// ErrInvalid says that the command itself is wrong; repeating it unchanged cannot succeed.
	ErrInvalid = errors.New("invalid")
	// ErrConflict says that the command is well formed but the present state forbids it.
	ErrConflict = errors.New("conflict")
	// ErrNotFound says that the thing does not exist, or not for this actor.
	ErrNotFound = errors.New("not found")
	// ErrForbidden says that the actor may see the thing but not do this to it.
	ErrForbidden = errors.New("forbidden")
	// ErrRevision says that another writer was faster on the stream. The command runner decides anew; it
	// reaches a caller only as ErrConflict.
	ErrRevision = errors.New("stream has moved on")
	// ErrUnavailable says that a store could not be reached in time. The outcome may be unknown; the same
	// command may be sent again, because it acts once.
	ErrUnavailable = errors.New("unavailable")
)

// Refusal is an error of one kind with a stable code and, for ErrInvalid, every wrong field.
type Refusal struct { //nolint:errname // refusing is the domain's word; it is more than an error
	// Kind is one of the error kinds above.
	Kind error
	// Code is stable and client-safe, in snake case: "resolution_note_required".
	Code string
	// Text is for staff: what was wrong, with which value, what to do.
	Text string
	// Fields maps the command's field names to what is wrong with them; nil unless Kind is ErrInvalid.
	Fields map[string]string
}

// Refuse makes a Refusal; the text is formatted as by fmt.Sprintf.
func Refuse(kind error, code, format string, arguments ...any) error {
	return &Refusal{Kind: kind, Code: code, Text: fmt.Sprintf(format, arguments...)}
}

// Error gives the kind, the text and the wrong fields in alphabetical order.
func (r *Refusal) Error() string {
	if len(r.Fields) == 0 {
		return r.Kind.Error() + ": " + r.Text
	}
	fields := make([]string, 0, len(r.Fields))
	for name, wrong := range r.Fields {
		fields = append(fields, name+" "+wrong)
	}
	sort.Strings(fields)
	return r.Kind.Error() + ": " + r.Text + ": " + strings.Join(fields, "; ")
}

// Unwrap gives the kind, so that errors.Is(err, domain.ErrConflict) works.
func (r *Refusal) Unwrap() error { return r.Kind }

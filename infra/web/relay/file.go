package relay

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web/portal"
)

// A file crosses after its call: four bytes tell the length of the call's JSON, then come the JSON and the file's bytes
// to the end of the body.

const (
	// maxFile bounds the body of an upload, in bytes; how large a file may be, the use case says.
	maxFile = 27 << 20
	// fileTime bounds an upload.
	fileTime = 5 * time.Minute
)

// The names of the commands that take a file.
const (
	attachFile      = "attach_file"
	attachToDispute = "attach_to_dispute"
)

// upload is a use case that takes a file as it crosses.
type upload struct {
	permission access.Permission
	run        func(ctx context.Context, c portal.Commands, r portal.Request, a arguments, content io.Reader) (portal.Answer, error)
}

// uploads are all that a file can be sent to.
func uploads() map[string]upload {
	return map[string]upload{
		attachFile: {permission: access.CommentTickets, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments, content io.Reader) (portal.Answer, error) {
			return c.AttachFile(ctx, r, portal.AttachFile{Ticket: a.Ticket, Name: a.Name}, content)
		}},
		attachToDispute: {permission: access.DisputeInvoices, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments, content io.Reader) (portal.Answer, error) {
			return c.AttachToDispute(ctx, r, portal.AttachToDispute{Invoice: a.Invoice, Dispute: a.Dispute, Name: a.Name}, content)
		}},
	}
}

// AttachFile puts a file on a ticket.
func (c *Client) AttachFile(ctx context.Context, r portal.Request, f portal.AttachFile, content io.Reader) (portal.Answer, error) {
	return c.upload(ctx, attachFile, r, arguments{Ticket: f.Ticket, Name: f.Name}, content)
}

// AttachToDispute puts a file beside an objection.
func (c *Client) AttachToDispute(ctx context.Context, r portal.Request, f portal.AttachToDispute, content io.Reader) (portal.Answer, error) {
	return c.upload(ctx, attachToDispute, r, arguments{Invoice: f.Invoice, Dispute: f.Dispute, Name: f.Name}, content)
}

// upload sends a file on as it arrives. Its bytes come once, so a try of unknown outcome is not repeated here: the error
// wraps domain.ErrUnavailable, and whoever sends the file sends it again.
func (c *Client) upload(ctx context.Context, name string, r portal.Request, a arguments, content io.Reader) (portal.Answer, error) {
	text, err := json.Marshal(callOf(r, a))
	if err != nil {
		return portal.Answer{}, fmt.Errorf("encode the command %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	arriving := &remembering{content: content}
	prefix := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	said, err := c.try(ctx, name, "application/octet-stream", io.MultiReader(bytes.NewReader(prefix), arriving))
	if failed := arriving.end(); failed != nil {
		return portal.Answer{}, failed
	}
	if err != nil {
		return portal.Answer{}, err
	}
	return said.answer()
}

// remembering passes bytes on and remembers why there were no more: to the endpoint a file that breaks off is only a
// connection that broke. It has one reader at a time, and none once it has ended: an answer may come before the whole
// file went, and the connection would go on reading what its sender by then reads itself.
type remembering struct {
	content io.Reader
	mu      sync.Mutex // held while bytes are read
	err     error
	over    bool
}

// Read passes bytes on.
func (r *remembering) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return 0, io.ErrClosedPipe
	}
	n, err := r.content.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// end waits for whoever is reading, lets nobody read any more, and tells why there were no more bytes.
func (r *remembering) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	return r.err
}

// receive reads the call that precedes a file, and lets the use case read the file.
func (s *server) receive(w http.ResponseWriter, r *http.Request, to upload) (portal.Answer, error) {
	now := time.Now() //nolint:forbidigo // a deadline of the connection
	if err := http.NewResponseController(w).SetReadDeadline(now.Add(fileTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return portal.Answer{}, fmt.Errorf("set deadline: %w", err)
	}
	body := http.MaxBytesReader(w, r.Body, maxFile)
	var length [4]byte
	if _, err := io.ReadFull(body, length[:]); err != nil {
		return portal.Answer{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	size := int64(binary.BigEndian.Uint32(length[:]))
	if size > maxRequest {
		return portal.Answer{}, fmt.Errorf("%w: a call of %d bytes", errMalformed, size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(body, text); err != nil {
		return portal.Answer{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	c, err := decode(bytes.NewReader(text))
	if err != nil {
		return portal.Answer{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), fileTime)
	defer cancel()
	content := &remembering{content: body}
	answer, err := s.run(ctx, command{permission: to.permission, run: func(ctx context.Context, commands portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
		return to.run(ctx, commands, r, a, content)
	}}, c)
	_, _ = io.Copy(io.Discard, content) // Or a refusal would be lost with a connection that is still sent to.
	if content.end() != nil {           // The portal's process knows why, or will try again.
		err = fmt.Errorf("%w: the file broke off: %w", domain.ErrUnavailable, err)
	}
	return answer, err
}

// errMalformed refuses a request that no portal sends.
var errMalformed = errors.New("the request is malformed")

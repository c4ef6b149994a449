package messaging

import (
	"context"
	"strconv"

	"github.com/ThreeDotsLabs/watermill/message"

	"effigate/domain"
)

// The metadata of a message.
const (
	Stream   = "stream"
	Revision = "revision"
	Kind     = "kind"
)

// recordedKey finds the decoded event in a message's context.
type recordedKey struct{}

// Recorded is the event that a message of this package's subscriber carries.
func Recorded(m *message.Message) (domain.Recorded, bool) {
	r, ok := m.Context().Value(recordedKey{}).(domain.Recorded)
	return r, ok
}

// newMessage wraps an event: its id, its stored data, and where it stands.
func newMessage(ctx context.Context, r domain.Recorded) *message.Message {
	m := message.NewMessageWithContext(context.WithValue(ctx, recordedKey{}, r), r.ID.String(), r.Raw.Data)
	m.Metadata.Set(Stream, r.Stream)
	m.Metadata.Set(Revision, strconv.FormatInt(r.Revision, 10))
	m.Metadata.Set(Kind, r.Raw.Kind)
	return m
}

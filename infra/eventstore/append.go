package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"effigate/domain"
)

// maxAppendBytes is the server's limit of one append.
const maxAppendBytes = 1 << 20

// Append writes all events or none at exactly the expected revision and gives the position of the last
// one. It wraps domain.ErrRevision when another writer was faster, domain.ErrInvalid for what no store
// would take (no events, no command, a system stream, more than 1 MiB), and domain.ErrUnavailable when the
// outcome is unknown.
//
// An outcome that is unknown at first is cleared up by repeating the append as it is. That cannot write
// twice: all attempts name one exact revision, only the first to be committed finds the stream there, and
// the server compares the event ids of the others with those that follow the revision.
func (c *Client) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	events, err := c.proposed(a)
	if err != nil {
		return domain.Position{}, fmt.Errorf("append to %s: %w", a.Stream, err)
	}
	ctx, end, err := c.begin(ctx)
	if err != nil {
		return domain.Position{}, err
	}
	defer end()
	ctx, cancel := context.WithTimeout(ctx, c.options.CallTimeout)
	defer cancel()
	position, err := c.appendUntilKnown(ctx, a, events)
	if err != nil {
		return domain.Position{}, fmt.Errorf("append to %s: %w", a.Stream, err)
	}
	return position, nil
}

func (c *Client) appendUntilKnown(ctx context.Context, a domain.Append, events []esdb.EventData) (domain.Position, error) {
	var retry backoff
	for repeated := false; ; repeated = true {
		position, err := c.appendOnce(ctx, a, events)
		switch {
		case err == nil && !position.IsZero():
			return position, nil
		case err == nil: // Known to the server, which doesn't say where.
			return c.appended(ctx, a, events)
		case isCode(err, esdb.ErrorCodeWrongExpectedVersion) && !repeated:
			return domain.Position{}, conflict(a)
		case isCode(err, esdb.ErrorCodeWrongExpectedVersion):
			return c.appended(ctx, a, events)
		case ctx.Err() == nil && !transient(err) && !unexplained(err):
			return domain.Position{}, err
		}
		retry.pause(ctx)
		if ctx.Err() != nil {
			return domain.Position{}, fmt.Errorf("%w: outcome unknown: %w", domain.ErrUnavailable, because(ctx, err))
		}
	}
}

// appendOnce makes one attempt.
func (c *Client) appendOnce(ctx context.Context, a domain.Append, events []esdb.EventData) (domain.Position, error) {
	used, err := c.writes.take(ctx)
	if err != nil {
		return domain.Position{}, err
	}
	defer used.users.Done()
	attempt, cancel := context.WithTimeoutCause(ctx, c.options.CallTimeout/2, errSilent)
	defer cancel()
	result, err := call(attempt, used, func(client *esdb.Client) (*esdb.WriteResult, error) {
		return client.AppendToStream(attempt, a.Stream, esdb.AppendToStreamOptions{ExpectedRevision: expected(a)}, events...)
	})
	if err != nil && errors.Is(context.Cause(attempt), errSilent) {
		err = errSilent
	}
	c.writes.judge(used, err)
	if err != nil {
		return domain.Position{}, err
	}
	return position(esdb.Position{Commit: result.CommitPosition, Prepare: result.PreparePosition}), nil
}

// appended looks whether the append's own events stand behind the expected revision. If not, another
// writer's do: a proven conflict.
func (c *Client) appended(ctx context.Context, a domain.Append, events []esdb.EventData) (domain.Position, error) {
	var found domain.Position
	next := 0
	err := c.readStream(ctx, a.Stream, a.Expected, func(recorded domain.Recorded) (more bool, err error) {
		if recorded.ID != events[next].EventID {
			return false, nil
		}
		if next++; next == len(events) {
			found = recorded.Position
		}
		return found.IsZero(), nil
	})
	if err != nil {
		return domain.Position{}, err
	}
	if found.IsZero() {
		return domain.Position{}, conflict(a)
	}
	return found, nil
}

func conflict(a domain.Append) error {
	return fmt.Errorf("%w: it is not at revision %d", domain.ErrRevision, a.Expected)
}

func expected(a domain.Append) esdb.ExpectedRevision {
	if a.Expected == domain.NoStream {
		return esdb.NoStream{}
	}
	return esdb.Revision(uint64(a.Expected))
}

// proposed checks an append and gives its events as the client wants them.
func (c *Client) proposed(a domain.Append) ([]esdb.EventData, error) {
	var check domain.Check
	check.That(a.Stream != "" && !strings.HasPrefix(a.Stream, "$"), "stream", "must be a name that does not begin with $")
	check.That(a.Expected >= domain.NoStream, "expected", "must be an exact revision or NoStream")
	check.That(!a.Command.IsZero(), "command", "must be set: event ids derive from it")
	check.That(len(a.Events) > 0, "events", "must not be empty")
	if err := check.Err(); err != nil {
		return nil, err
	}
	raw, err := c.options.Registry.Encode(a, c.options.CodeVersion)
	if err != nil {
		return nil, err
	}
	events, size := make([]esdb.EventData, len(raw)), 0
	for i, stored := range raw {
		size += len(stored.Data) + len(stored.Metadata) + 2*len(utf16.Encode([]rune(stored.Kind)))
		events[i] = esdb.EventData{
			EventID: domain.EventID(a.Command, a.Stream, i), EventType: stored.Kind, ContentType: esdb.ContentTypeJson,
			Data: stored.Data, Metadata: stored.Metadata,
		}
	}
	if size > maxAppendBytes {
		return nil, domain.Refuse(domain.ErrInvalid, "too_large", "%d events of %d bytes in one append; the limit is %d", len(events), size, maxAppendBytes)
	}
	return events, nil
}

package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"effigate/domain"
)

// The client wraps many of its errors, and its own FromError looks at the outermost only; hence errors.As
// and the gRPC status everywhere.

var (
	// errRetired is the error of a call whose connection was given up under it.
	errRetired = errors.New("the connection was given up")
	// errSilent is why an attempt ends that had no answer for half of the time that the call has: the
	// connection is given up, and there is time for another.
	errSilent = fmt.Errorf("%w: no answer: %w", errRetired, context.DeadlineExceeded)
)

// errClosed is the error of every call on a closed Client.
var errClosed = fmt.Errorf("%w: the event store client is closed", domain.ErrUnavailable)

func isCode(err error, code esdb.ErrorCode) bool {
	known, ok := errors.AsType[*esdb.Error](err)
	return ok && known.Code() == code
}

func grpcCode(err error) codes.Code { return status.Convert(err).Code() }

// lost reports whether an error shows that the connection it came over is of no more use.
func lost(err error) bool {
	return grpcCode(err) == codes.Unavailable || isCode(err, esdb.ErrorCodeConnectionClosed) || errors.Is(err, errRetired)
}

// transient reports whether a call may succeed when it is repeated. What an append did is unknown then.
func transient(err error) bool {
	if lost(err) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded) || isCode(err, esdb.ErrorCodeNotLeader) {
		return true
	}
	switch grpcCode(err) {
	case codes.Aborted, codes.Canceled, codes.DeadlineExceeded, codes.Internal:
		return true
	default:
		return false
	}
}

// unexplained reports whether the server failed without a reason. It says so, too, while a cluster has no
// leader; an append may have been committed all the same.
func unexplained(err error) bool {
	known, ok := status.FromError(err)
	return ok && known.Code() == codes.Unknown
}

// because says why a context ended, and what went wrong before.
func because(ctx context.Context, last error) error {
	if last == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w; at last: %w", context.Cause(ctx), last)
}

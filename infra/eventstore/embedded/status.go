package embedded

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"effigate/infra/eventstore/embedded/store"
)

// errShuttingDown is why calls end when the node closes.
var errShuttingDown = errors.New("server is shutting down")

// refusal is an answer with the trailers by which clients tell errors apart.
type refusal struct {
	code     codes.Code
	message  string
	trailers []string // pairs
}

func (r refusal) send(ctx context.Context) error {
	pairs := make([]string, len(r.trailers))
	for i, value := range r.trailers {
		pairs[i] = printable(value)
	}
	if err := grpc.SetTrailer(ctx, metadata.Pairs(pairs...)); err != nil {
		return status.Errorf(codes.Internal, "set trailers: %v", err)
	}
	return status.Error(r.code, r.message)
}

// printable makes a value fit for a header, where control characters would break the connection.
func printable(value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, value)
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// refuse turns an error of the store into the protocol's answer.
func refuse(ctx context.Context, err error) error {
	if _, isStatus := status.FromError(err); isStatus {
		return err
	}
	var deleted *store.DeletedError
	var wrong *store.WrongExpectedError
	switch {
	case errors.As(err, &deleted):
		return refusal{codes.FailedPrecondition, err.Error(), []string{
			"exception", "stream-deleted", "stream-name", deleted.Stream,
		}}.send(ctx)
	case errors.As(err, &wrong):
		return refusal{codes.FailedPrecondition, err.Error(), []string{
			"exception", "wrong-expected-version", "stream-name", wrong.Stream,
			"expected-version", strconv.FormatInt(int64(wrong.Expected), 10),
			"actual-version", strconv.FormatInt(wrong.Current, 10),
		}}.send(ctx)
	case errors.Is(err, store.ErrForbidden):
		return refusal{codes.PermissionDenied, err.Error(), []string{"exception", "access-denied"}}.send(ctx)
	case errors.Is(err, store.ErrTooLarge):
		return status.Error(codes.InvalidArgument, err.Error())
	case errors.Is(err, store.ErrStopped), errors.Is(err, store.ErrClosed), errors.Is(err, errShuttingDown):
		return status.Errorf(codes.Unavailable, "Server Is Not Ready: %v", err)
	case errors.Is(err, store.ErrDamaged):
		return status.Error(codes.DataLoss, err.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	}
	return status.Error(codes.Unknown, err.Error())
}

func appendTooLarge(ctx context.Context) error {
	return refusal{
		codes.InvalidArgument, fmt.Sprintf("maximum append size of %d bytes exceeded", maxAppendBytes),
		[]string{
			"exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(maxAppendBytes),
		},
	}.send(ctx)
}

func missingMetadata(ctx context.Context) error {
	return refusal{codes.InvalidArgument, "an event needs type and content-type", []string{
		"exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type",
	}}.send(ctx)
}

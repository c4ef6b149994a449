package embedded

import (
	"context"
	"errors"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"effigate/infra/eventstore/embedded/store"
)

// Read answers counted reads and subscriptions, of one stream or of all, which the protocol puts into one method.
func (s *streamsServer) Read(request *streams.ReadReq, stream streams.Streams_ReadServer) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.serving, func() { cancel(context.Cause(s.serving)) })()

	options := request.GetOptions()
	if options.GetUuidOption().GetContent() == nil {
		return invalid("uuid_option is missing")
	}
	r := reader{
		store: s.store, stream: stream, options: options,
		forwards: options.GetReadDirection() == streams.ReadReq_Options_Forwards,
	}
	_, counted := options.GetCountOption().(*streams.ReadReq_Options_Count)
	subscribes := options.GetSubscription() != nil
	filter, err := parseFilter(options)
	if err != nil {
		return err
	}
	var name string
	if options.GetStream() != nil {
		if name, err = streamName(options.GetStream().GetStreamIdentifier()); err != nil {
			return err
		}
	}
	switch {
	case counted && name != "" && filter == nil:
		err = r.readStream(ctx, name)
	case counted && options.GetAll() != nil:
		err = r.readAll(ctx, filter)
	case subscribes && r.forwards && name != "" && filter == nil:
		err = r.subscribeStream(ctx, name)
	case subscribes && r.forwards && options.GetAll() != nil:
		err = r.subscribeAll(ctx, filter)
	default:
		err = invalid("this combination of read options is not supported")
	}
	if err != nil {
		return refuse(ctx, err)
	}
	return nil
}

// reader answers one call of Read.
type reader struct {
	store    *store.Store
	stream   streams.Streams_ReadServer
	options  *streams.ReadReq_Options
	forwards bool
}

func (r reader) direction() store.Direction {
	if r.forwards {
		return store.Forwards
	}
	return store.Backwards
}

// readStream reads a stream. What is out of range is an empty answer; the two combinations that make no sense, and that
// the real server cannot handle, are its Unknown.
func (r reader) readStream(ctx context.Context, name string) error {
	q := store.StreamRead{Stream: name, Direction: r.direction(), Count: r.options.GetCount()}
	switch from := r.options.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		q.From = from.Revision
	case *streams.ReadReq_Options_StreamOptions_Start:
	case *streams.ReadReq_Options_StreamOptions_End:
		if r.forwards {
			return status.Error(codes.Unknown, "a stream cannot be read forwards from its end")
		}
		q.From = math.MaxUint64
	default:
		return invalid("revision_option is missing")
	}
	if q.Count == 0 {
		return status.Error(codes.Unknown, "count must be positive")
	}
	for e, err := range r.store.ReadStream(ctx, q) {
		if errors.Is(err, store.ErrNotFound) {
			return r.stream.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
				StreamNotFound: &streams.ReadResp_StreamNotFound{
					StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)},
				},
			}})
		}
		if err != nil {
			return err
		}
		if err := r.send(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the log, with a filter where one is given; the count is of events that pass it.
func (r reader) readAll(ctx context.Context, filter *eventFilter) error {
	events, err := r.all(ctx)
	if err != nil {
		return err
	}
	left := r.options.GetCount()
	if left == 0 {
		return invalid("count must be positive")
	}
	for e, err := range events {
		if errors.Is(err, store.ErrPosition) {
			return status.Error(codes.Unknown, err.Error())
		}
		if err != nil {
			return err
		}
		if !filter.passes(e) {
			continue
		}
		if err := r.send(ctx, e); err != nil {
			return err
		}
		if left--; left == 0 {
			break
		}
	}
	return nil
}

func (r reader) all(ctx context.Context) (iter.Seq2[store.Event, error], error) {
	nothing := func(func(store.Event, error) bool) {}
	switch from := r.options.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Start:
		if !r.forwards {
			return nothing, nil
		}
		return r.store.ReadAll(ctx, store.Forwards, 0), nil
	case *streams.ReadReq_Options_AllOptions_End:
		if r.forwards {
			return nothing, nil
		}
		return r.store.ReadAll(ctx, store.Backwards, math.MaxUint64), nil
	case *streams.ReadReq_Options_AllOptions_Position:
		commit, prepare := from.Position.GetCommitPosition(), from.Position.GetPreparePosition()
		if prepare > commit {
			return nil, status.Errorf(codes.Unknown, "position %d/%d is not valid", commit, prepare)
		}
		return r.store.ReadAll(ctx, r.direction(), store.Position(commit)), nil
	}
	return nil, invalid("all_option is missing")
}

// send answers with one event, or with what a link points to.
func (r reader) send(ctx context.Context, e store.Event) error {
	_, asText := r.options.GetUuidOption().GetContent().(*streams.ReadReq_Options_UUIDOption_String_)
	event := &streams.ReadResp_ReadEvent{
		Event:    recorded(e, asText),
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: uint64(e.Position)},
	}
	if stream, revision, ok := linkTarget(e); ok && r.options.GetResolveLinks() {
		event.Link, event.Event = event.Event, nil
		q := store.StreamRead{Stream: stream, From: revision, Count: 1}
		for target, err := range r.store.ReadStream(ctx, q) {
			deleted := (*store.DeletedError)(nil)
			switch {
			case errors.Is(err, store.ErrNotFound) || errors.As(err, &deleted):
			case err != nil:
				return err
			case target.Revision == revision: // And not the next one that is still visible.
				event.Event = recorded(target, asText)
			}
		}
	}
	return r.stream.Send(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: event}})
}

// linkTarget reads a link, an event whose data is revision@stream.
func linkTarget(e store.Event) (stream string, revision uint64, ok bool) {
	if e.Type != "$>" {
		return "", 0, false
	}
	number, stream, ok := strings.Cut(string(e.Data), "@")
	revision, err := strconv.ParseUint(number, 10, 63)
	return stream, revision, ok && err == nil && stream != ""
}

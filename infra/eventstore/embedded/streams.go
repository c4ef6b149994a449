package embedded

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"effigate/infra/eventstore/embedded/store"
)

const (
	maxAppendBytes = 1 << 20   // of one append: data, metadata and two bytes per UTF-16 unit of the type
	maxDrainBytes  = 256 << 20 // a refused append is read to its end, but not for ever
	jsonType       = "application/json"
	binaryType     = "application/octet-stream"
)

// streamsServer is the service by which events are written and read.
type streamsServer struct {
	streams.UnimplementedStreamsServer
	store   *store.Store
	serving context.Context //nolint:containedctx // ends with the node; open subscriptions end with it
}

// Append writes the events of one client stream. It reads the request to its end before it answers, whatever it finds:
// the client loses the reason of an error that comes earlier.
func (s *streamsServer) Append(stream streams.Streams_AppendServer) error {
	ctx := stream.Context()
	received, err := receiveAppend(stream)
	if err != nil {
		return refuse(ctx, err)
	}
	appended, err := s.store.Append(ctx, received.stream, received.expected, received.events)
	var wrong *store.WrongExpectedError
	switch {
	case errors.As(err, &wrong):
		return stream.SendAndClose(wrongVersion(wrong))
	case err != nil:
		return refuse(ctx, err)
	}
	return stream.SendAndClose(appendedResponse(appended))
}

// appendRequest is what the messages of one append add up to.
type appendRequest struct {
	stream   string
	expected store.Expected
	events   []store.Proposed
	size     int
}

// receiveAppend reads the whole request. The first thing wrong with it is its answer.
func receiveAppend(stream streams.Streams_AppendServer) (*appendRequest, error) {
	var request *appendRequest
	var first error
	for drained := 0; ; {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		proposed := message.GetProposedMessage()
		drained += len(proposed.GetData()) + len(proposed.GetCustomMetadata())
		if drained > maxDrainBytes {
			return nil, appendTooLarge(stream.Context())
		}
		if first != nil {
			continue
		}
		if request == nil {
			request, first = beginAppend(message.GetOptions())
		} else {
			first = request.add(stream.Context(), proposed)
		}
	}
	if first == nil && request == nil {
		first = invalid("an append begins with options")
	}
	return request, first
}

func beginAppend(options *streams.AppendReq_Options) (*appendRequest, error) {
	if options == nil {
		return nil, invalid("an append begins with options")
	}
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	expected, err := expectation(options)
	return &appendRequest{stream: name, expected: expected}, err
}

func (r *appendRequest) add(ctx context.Context, message *streams.AppendReq_ProposedMessage) error {
	if message == nil {
		return invalid("options are followed by proposed messages")
	}
	kind, contentType := message.GetMetadata()["type"], message.GetMetadata()["content-type"]
	if kind == "" || contentType == "" {
		return missingMetadata(ctx)
	}
	id, err := storedID(message.GetId())
	if err != nil {
		return err
	}
	r.size += len(message.GetData()) + len(message.GetCustomMetadata()) + 2*len(utf16.Encode([]rune(kind)))
	if r.size > maxAppendBytes {
		r.events = nil
		return appendTooLarge(ctx)
	}
	r.events = append(r.events, store.Proposed{
		ID: id, Type: kind, JSON: contentType == jsonType, Data: message.GetData(), Metadata: message.GetCustomMetadata(),
	})
	return nil
}

// Delete hides a stream until its next event.
func (s *streamsServer) Delete(ctx context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	at, err := remove(ctx, request.GetOptions(), s.store.Delete)
	if err != nil {
		return nil, refuse(ctx, err)
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{
		Position: &streams.DeleteResp_Position{CommitPosition: uint64(at), PreparePosition: uint64(at)},
	}}, nil
}

// Tombstone ends a stream for ever.
func (s *streamsServer) Tombstone(ctx context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	at, err := remove(ctx, request.GetOptions(), s.store.Tombstone)
	if err != nil {
		return nil, refuse(ctx, err)
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{
		Position: &streams.TombstoneResp_Position{CommitPosition: uint64(at), PreparePosition: uint64(at)},
	}}, nil
}

// target is what the options of Append, Delete and Tombstone have in common.
type target interface {
	GetStreamIdentifier() *shared.StreamIdentifier
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

func remove(
	ctx context.Context, options target, how func(context.Context, string, store.Expected) (store.Position, error),
) (store.Position, error) {
	name, err := streamName(options.GetStreamIdentifier())
	if err != nil {
		return 0, err
	}
	expected, err := expectation(options)
	if err != nil {
		return 0, err
	}
	return how(ctx, name, expected)
}

// expectation reads one of the four forms of an expected revision.
func expectation(options target) (store.Expected, error) {
	switch {
	case options.GetNoStream() != nil:
		return store.NoStream, nil
	case options.GetAny() != nil:
		return store.Any, nil
	case options.GetStreamExists() != nil:
		return store.StreamExists, nil
	case !givesRevision(options):
		return 0, invalid("expected revision is missing")
	case options.GetRevision() >= math.MaxInt64:
		return 0, invalid("expected revision %d is out of range", options.GetRevision())
	}
	return store.Expected(options.GetRevision()), nil
}

// givesRevision tells revision 0 from none.
func givesRevision(options target) bool {
	switch o := options.(type) {
	case *streams.AppendReq_Options:
		_, ok := o.GetExpectedStreamRevision().(*streams.AppendReq_Options_Revision)
		return ok
	case *streams.DeleteReq_Options:
		_, ok := o.GetExpectedStreamRevision().(*streams.DeleteReq_Options_Revision)
		return ok
	case *streams.TombstoneReq_Options:
		_, ok := o.GetExpectedStreamRevision().(*streams.TombstoneReq_Options_Revision)
		return ok
	}
	return false
}

func streamName(id *shared.StreamIdentifier) (string, error) {
	name := string(id.GetStreamName())
	if name == "" || name == "$$" || !utf8.ValidString(name) {
		return "", invalid("stream name %q is not allowed", name)
	}
	return name, nil
}

func storedID(id *shared.UUID) (uuid.UUID, error) {
	var parsed uuid.UUID
	if text, ok := id.GetValue().(*shared.UUID_String_); ok {
		var err error
		if parsed, err = uuid.Parse(text.String_); err != nil {
			return uuid.Nil, invalid("event id %q is no UUID", text.String_)
		}
	} else if structured := id.GetStructured(); structured != nil {
		parsed = uuidOf(uint64(structured.GetMostSignificantBits()), uint64(structured.GetLeastSignificantBits()))
	}
	if parsed == uuid.Nil {
		return uuid.Nil, invalid("an event needs an id")
	}
	return parsed, nil
}

func appendedResponse(appended store.Appended) *streams.AppendResp {
	success := &streams.AppendResp_Success{PositionOption: &streams.AppendResp_Success_Position{
		Position: &streams.AppendResp_Position{
			CommitPosition: uint64(appended.Position), PreparePosition: uint64(appended.Position),
		},
	}}
	if appended.Revision < 0 {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	} else {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{
			CurrentRevision: uint64(appended.Revision),
		}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}

// wrongVersion answers in both generations of the fields: the client reads the current ones, older tools the others.
func wrongVersion(wrong *store.WrongExpectedError) *streams.AppendResp {
	w := &streams.AppendResp_WrongExpectedVersion{}
	if wrong.Current < 0 {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{
			NoStream_20_6_0: &shared.Empty{},
		}
	} else {
		current := uint64(wrong.Current)
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: current}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{
			CurrentRevision_20_6_0: current,
		}
	}
	legacy := func(revision uint64) *streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0 {
		return &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: revision}
	}
	switch wrong.Expected {
	case store.Any:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case store.StreamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{
			ExpectedStreamExists: &shared.Empty{},
		}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{
			StreamExists_20_6_0: &shared.Empty{},
		}
	case store.NoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{
			ExpectedNoStream: &shared.Empty{},
		}
		w.ExpectedRevisionOption_20_6_0 = legacy(math.MaxUint64)
	default:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{
			ExpectedRevision: uint64(wrong.Expected),
		}
		w.ExpectedRevisionOption_20_6_0 = legacy(uint64(wrong.Expected))
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}

// recorded is the wire form of an event. The client ends the process if "created" is missing or no number.
func recorded(e store.Event, idAsText bool) *streams.ReadResp_ReadEvent_RecordedEvent {
	contentType := binaryType
	if e.JSON {
		contentType = jsonType
	}
	id := wireID(e.ID)
	if idAsText {
		id = &shared.UUID{Value: &shared.UUID_String_{String_: e.ID.String()}}
	}
	return &streams.ReadResp_ReadEvent_RecordedEvent{
		Id:               id,
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(e.Stream)},
		StreamRevision:   e.Revision,
		PreparePosition:  uint64(e.Position),
		CommitPosition:   uint64(e.Position),
		Metadata: map[string]string{
			"type":         e.Type,
			"content-type": contentType,
			"created":      strconv.FormatInt(e.Created.Unix()*1e7+int64(e.Created.Nanosecond()/100), 10),
		},
		CustomMetadata: e.Metadata,
		Data:           e.Data,
	}
}

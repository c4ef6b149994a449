package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"effigate/infra/eventstore/embedded"
	"effigate/infra/eventstore/embedded/store"
)

// history brings a stream into a state.
type history func(t *testing.T, client *esdb.Client, stream string)

func empty(*testing.T, *esdb.Client, string) {}

func two(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	write(t, client, stream, esdb.NoStream{}, "a", "b")
}

func softDeleted(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	two(t, client, stream)
	if _, err := client.DeleteStream(t.Context(), stream, esdb.DeleteStreamOptions{}); err != nil {
		t.Fatalf("delete: %v", err)
	}
}

func tombstoned(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	two(t, client, stream)
	if _, err := client.TombstoneStream(t.Context(), stream, esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatalf("tombstone: %v", err)
	}
}

func described(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	limited(t, client, stream, func(m *esdb.StreamMetadata) { m.SetMaxCount(9) })
}

func truncated(t *testing.T, client *esdb.Client, stream string) {
	t.Helper()
	two(t, client, stream)
	limited(t, client, stream, func(m *esdb.StreamMetadata) { m.SetTruncateBefore(2) })
}

func limited(t *testing.T, client *esdb.Client, stream string, set func(*esdb.StreamMetadata)) {
	t.Helper()
	var m esdb.StreamMetadata
	set(&m)
	if _, err := client.SetStreamMetadata(t.Context(), stream, esdb.AppendToStreamOptions{}, m); err != nil {
		t.Fatalf("set metadata: %v", err)
	}
}

// What an append does, by what the stream holds (a and b where it has events), what is expected and what is sent. The
// expectations are those of the real server as documented; they were not run against one.
func TestAppendOutcomes(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	for _, c := range []struct {
		name     string
		given    history
		expected esdb.ExpectedRevision
		send     string // names of events
		want     string // last revision, or an error
		visible  string // afterwards
	}{
		{"new stream, none expected", empty, esdb.NoStream{}, "c", "0", "c"},
		{"new stream, anything expected", empty, esdb.Any{}, "c d", "1", "c d"},
		{"new stream, existence expected", empty, esdb.StreamExists{}, "c", "wrong", "not found"},
		{"new stream, revision expected", empty, revision(0), "c", "wrong", "not found"},
		{"new stream, nothing sent", empty, esdb.Any{}, "", "none", "not found"},
		{"only metadata, existence expected", described, esdb.StreamExists{}, "c", "0", "c"},
		{"exact", two, revision(1), "c", "2", "a b c"},
		{"exact with known ids at the end", two, revision(1), "b", "2", "a b b"},
		{"behind", two, revision(0), "c", "wrong", "a b"},
		{"ahead", two, revision(2), "c", "wrong", "a b"},
		{"far ahead", two, revision(math.MaxInt64 - 1), "c", "wrong", "a b"},
		{"existence expected", two, esdb.StreamExists{}, "c", "2", "a b c"},
		{"none expected", two, esdb.NoStream{}, "c", "wrong", "a b"},
		{"exact repeat of all", two, esdb.NoStream{}, "a b", "1", "a b"},
		{"exact repeat of the first", two, esdb.NoStream{}, "a", "0", "a b"},
		{"exact repeat of the last", two, revision(0), "b", "1", "a b"},
		{"exact repeat, then more", two, esdb.NoStream{}, "a b c", "wrong", "a b"},
		{"exact repeat, then another", two, esdb.NoStream{}, "a c", "wrong", "a b"},
		{"weak repeat of all", two, esdb.Any{}, "a b", "1", "a b"},
		{"weak repeat of the first", two, esdb.Any{}, "a", "0", "a b"},
		{"weak repeat in another order", two, esdb.Any{}, "b a", "0", "a b"},
		{"weak repeat, then another", two, esdb.Any{}, "a c", "wrong", "a b"},
		{"weak, first unknown", two, esdb.Any{}, "c a", "3", "a b c a"},
		{"weak repeat, existence expected", two, esdb.StreamExists{}, "a b", "1", "a b"},
		{"nothing sent, exact", two, revision(1), "", "1", "a b"},
		{"nothing sent, behind", two, revision(0), "", "wrong", "a b"},
		{"soft-deleted, anything expected", softDeleted, esdb.Any{}, "c", "2", "c"},
		{"soft-deleted, none expected", softDeleted, esdb.NoStream{}, "c", "2", "c"},
		{"soft-deleted, exact", softDeleted, revision(1), "c d", "3", "c d"},
		{"soft-deleted, behind", softDeleted, revision(0), "c", "wrong", "not found"},
		{"soft-deleted, existence expected", softDeleted, esdb.StreamExists{}, "c", "deleted", "not found"},
		{"soft-deleted, repeat stays deleted", softDeleted, esdb.NoStream{}, "a b", "1", "not found"},
		{"soft-deleted, nothing sent", softDeleted, esdb.Any{}, "", "1", ""},
		{"truncated, none expected", truncated, esdb.NoStream{}, "c", "wrong", ""},
		{"truncated, exact", truncated, revision(1), "c", "2", "c"},
		{"truncated, exact repeat", truncated, esdb.NoStream{}, "a b", "1", ""},
		{"tombstoned, anything expected", tombstoned, esdb.Any{}, "c", "deleted", "deleted"},
		{"tombstoned, none expected", tombstoned, esdb.NoStream{}, "a b", "deleted", "deleted"},
		{"tombstoned, exact", tombstoned, revision(1), "c", "deleted", "deleted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stream := strings.ReplaceAll(c.name, " ", "-")
			c.given(t, client, stream)
			result, err := client.AppendToStream(t.Context(), stream,
				esdb.AppendToStreamOptions{ExpectedRevision: c.expected}, named(stream, strings.Fields(c.send)...)...)
			got := outcome(err)
			if err == nil {
				got = strconv.FormatUint(result.NextExpectedVersion, 10)
				if c.want == "none" { // The client reports 1 for a stream without events.
					got = "none"
				}
				if result.CommitPosition == 0 || result.CommitPosition != result.PreparePosition {
					t.Errorf("position %d/%d", result.CommitPosition, result.PreparePosition)
				}
			}
			if got != c.want {
				t.Errorf("got %s, want %s: %v", got, c.want, err)
			}
			if visible := names(drain(client.ReadStream(t.Context(), stream, esdb.ReadStreamOptions{}, everything))); visible != c.visible {
				t.Errorf("afterwards %q, want %q", visible, c.visible)
			}
		})
	}
}

func outcome(err error) string {
	switch code(err) {
	case esdb.ErrorCodeWrongExpectedVersion:
		return "wrong"
	case esdb.ErrorCodeStreamDeleted:
		return "deleted"
	case esdb.ErrorCodeResourceNotFound:
		return "not found"
	case esdb.ErrorCodeAccessDenied:
		return "denied"
	default:
		return status.Code(errors.Unwrap(unwrapped(err))).String()
	}
}

// unwrapped finds the client's error in a chain, or returns the error itself in one.
func unwrapped(err error) error {
	if known, ok := errors.AsType[*esdb.Error](err); ok {
		return known
	}
	return fmt.Errorf("%w", err)
}

// names tells events by the key of their data.
func names(events []*esdb.ResolvedEvent, err error) string {
	if err != nil {
		return outcome(err)
	}
	found := make([]string, len(events))
	for i, e := range events {
		found[i] = strings.Trim(strings.SplitN(string(e.OriginalEvent().Data), ":", 2)[0], `{"`)
	}
	return strings.Join(found, " ")
}

// Deletions answer wrong revisions as an error of their own kind, with trailers for who looks.
func TestDeleteOutcomes(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	for _, c := range []struct {
		name     string
		given    history
		expected esdb.ExpectedRevision
		soft     string
		hard     string
	}{
		{"nothing, anything expected", empty, esdb.Any{}, "FailedPrecondition", "OK"},
		{"nothing, none expected", empty, esdb.NoStream{}, "FailedPrecondition", "OK"},
		{"nothing, existence expected", empty, esdb.StreamExists{}, "FailedPrecondition", "FailedPrecondition"},
		{"metadata only", described, esdb.Any{}, "OK", "OK"},
		{"two, exact", two, revision(1), "OK", "OK"},
		{"two, behind", two, revision(0), "FailedPrecondition", "FailedPrecondition"},
		{"two, existence expected", two, esdb.StreamExists{}, "OK", "OK"},
		{"soft-deleted, again", softDeleted, esdb.Any{}, "OK", "OK"},
		{"soft-deleted, existence expected", softDeleted, esdb.StreamExists{}, "deleted", "deleted"},
		{"tombstoned", tombstoned, esdb.Any{}, "deleted", "deleted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.given(t, client, c.name+"/soft")
			done, err := client.DeleteStream(t.Context(), c.name+"/soft", esdb.DeleteStreamOptions{ExpectedRevision: c.expected})
			if got := outcome(err); got != c.soft || err == nil && done.Position.Commit == 0 {
				t.Errorf("delete: got %s, want %s: %v", got, c.soft, err)
			}
			c.given(t, client, c.name+"/hard")
			done, err = client.TombstoneStream(t.Context(), c.name+"/hard", esdb.TombstoneStreamOptions{ExpectedRevision: c.expected})
			if got := outcome(err); got != c.hard || err == nil && done.Position.Commit == 0 {
				t.Errorf("tombstone: got %s, want %s: %v", got, c.hard, err)
			}
		})
	}
	for _, stream := range []string{"$all", "$$x"} {
		if _, err := client.DeleteStream(t.Context(), stream, esdb.DeleteStreamOptions{}); outcome(err) != "denied" {
			t.Errorf("delete %s: %v", stream, err)
		}
	}
}

// Every direction, start and state of a stream.
func TestReadMatrix(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	four := func(t *testing.T, client *esdb.Client, stream string) {
		t.Helper()
		write(t, client, stream, esdb.NoStream{}, "a", "b", "c", "d")
	}
	with := func(set func(*esdb.StreamMetadata)) history {
		return func(t *testing.T, client *esdb.Client, stream string) {
			t.Helper()
			four(t, client, stream)
			limited(t, client, stream, set)
		}
	}
	given := map[string]history{
		"four": four, "empty": empty, "soft-deleted": softDeleted, "tombstoned": tombstoned, "truncated": truncated,
		"floor":  with(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(2) }),
		"newest": with(func(m *esdb.StreamMetadata) { m.SetMaxCount(3) }),
		"both":   with(func(m *esdb.StreamMetadata) { m.SetMaxCount(3); m.SetTruncateBefore(3) }),
	}
	for stream, prepare := range given {
		prepare(t, client, stream)
	}
	for _, c := range []struct {
		stream    string
		direction esdb.Direction
		from      esdb.StreamPosition
		count     uint64
		want      string
	}{
		{"four", esdb.Forwards, esdb.Start{}, everything, "a b c d"},
		{"four", esdb.Forwards, esdb.Start{}, 2, "a b"},
		{"four", esdb.Forwards, revision(2), everything, "c d"},
		{"four", esdb.Forwards, revision(4), everything, ""},
		{"four", esdb.Forwards, revision(math.MaxUint64), everything, ""},
		{"four", esdb.Forwards, esdb.End{}, everything, "Unknown"},
		{"four", esdb.Forwards, esdb.Start{}, 0, "Unknown"},
		{"four", esdb.Backwards, esdb.End{}, everything, "d c b a"},
		{"four", esdb.Backwards, esdb.End{}, 1, "d"},
		{"four", esdb.Backwards, revision(1), everything, "b a"},
		{"four", esdb.Backwards, revision(99), 2, "d c"},
		{"four", esdb.Backwards, esdb.Start{}, everything, "a"},
		{"empty", esdb.Forwards, esdb.Start{}, everything, "not found"},
		{"empty", esdb.Backwards, esdb.End{}, everything, "not found"},
		{"soft-deleted", esdb.Forwards, esdb.Start{}, everything, "not found"},
		{"soft-deleted", esdb.Backwards, esdb.End{}, everything, "not found"},
		{"tombstoned", esdb.Forwards, esdb.Start{}, everything, "deleted"},
		{"tombstoned", esdb.Backwards, esdb.End{}, everything, "deleted"},
		{"$$tombstoned", esdb.Forwards, esdb.Start{}, everything, "deleted"},
		{"truncated", esdb.Forwards, esdb.Start{}, everything, ""},
		{"truncated", esdb.Backwards, esdb.End{}, everything, ""},
		{"floor", esdb.Forwards, esdb.Start{}, 1, "c"},
		{"floor", esdb.Backwards, esdb.End{}, everything, "d c"},
		{"floor", esdb.Backwards, esdb.Start{}, everything, ""},
		{"newest", esdb.Forwards, revision(0), everything, "b c d"},
		{"both", esdb.Forwards, esdb.Start{}, everything, "d"},
		{"$$both", esdb.Forwards, esdb.Start{}, everything, "$maxCount"},
	} {
		read, err := client.ReadStream(t.Context(), c.stream,
			esdb.ReadStreamOptions{Direction: c.direction, From: c.from}, c.count)
		if got := names(drain(read, err)); got != c.want {
			t.Errorf("%s, direction %v, from %v, %d: got %q, want %q", c.stream, c.direction, c.from, c.count, got, c.want)
		}
	}
}

// $all includes the position it is given forwards, excludes it backwards, and refuses what is no position.
func TestReadAllMatrix(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	b := write(t, client, "s", esdb.NoStream{}, "a", "b").CommitPosition
	d := write(t, client, "s", revision(1), "c", "d").CommitPosition
	at := func(commit uint64) esdb.Position { return esdb.Position{Commit: commit, Prepare: commit} }
	for _, c := range []struct {
		direction esdb.Direction
		from      esdb.AllPosition
		count     uint64
		want      string
	}{
		{esdb.Forwards, at(b), everything, "b c d"},
		{esdb.Forwards, at(b), 2, "b c"},
		{esdb.Forwards, at(d), everything, "d"},
		{esdb.Forwards, at(d + 1_000_000), everything, ""},
		{esdb.Forwards, esdb.End{}, everything, ""},
		{esdb.Forwards, at(b + 1), everything, "Unknown"},
		{esdb.Backwards, esdb.End{}, 3, "d c b"},
		{esdb.Backwards, at(d), 2, "c b"},
		{esdb.Backwards, at(b + 1), 2, "Unknown"},
		{esdb.Backwards, esdb.Start{}, everything, ""},
		{esdb.Backwards, at(math.MaxUint64), 1, "d"},
	} {
		read, err := client.ReadAll(t.Context(), esdb.ReadAllOptions{Direction: c.direction, From: c.from}, c.count)
		if got := names(drain(read, err)); got != c.want {
			t.Errorf("direction %v, from %v, %d: got %q, want %q", c.direction, c.from, c.count, got, c.want)
		}
	}
	all, err := drain(client.ReadAll(t.Context(), esdb.ReadAllOptions{From: esdb.Start{}}, everything))
	if err != nil || len(all) != 10 || all[0].Event.EventType != "$metadata" {
		t.Errorf("want the seeded events first, got %d events, %v", len(all), err)
	}
}

// Metadata that is not valid in whole hides nothing, and a new one un-deletes.
func TestMetadata(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	for i, c := range []struct{ data, want string }{
		{`{"$tb":1}`, "b"},
		{`{"$maxCount":1,"custom":[1]}`, "b"},
		{`{"$maxCount":0}`, "a b"},
		{`{"$maxCount":-1}`, "a b"},
		{`{"$tb":1,"$maxCount":"1"}`, "a b"},
		{`{"$tb":1,"$acl":{"$r":["x","y"],"$w":"z"}}`, "b"},
		{`{"$tb":1,"$acl":{"$x":"y"}}`, "a b"},
		{`{"$tb":1,"$acl":"$userStreamAcl"}`, "a b"},
		{`{"$maxAge":3600}`, "a b"},
		{`{"$tb":9223372036854775807}`, "not found"},
		{`not json`, "a b"},
	} {
		stream := fmt.Sprint("m", i)
		two(t, client, stream)
		event := esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(c.data)}
		if _, err := client.AppendToStream(t.Context(), "$$"+stream, esdb.AppendToStreamOptions{}, event); err != nil {
			t.Fatal(err)
		}
		if got := names(drain(client.ReadStream(t.Context(), stream, esdb.ReadStreamOptions{}, 9))); got != c.want {
			t.Errorf("%s: got %q, want %q", c.data, got, c.want)
		}
	}
	softDeleted(t, client, "revived")
	limited(t, client, "revived", func(m *esdb.StreamMetadata) { m.SetMaxCount(5) })
	if got := names(drain(client.ReadStream(t.Context(), "revived", esdb.ReadStreamOptions{}, 9))); got != "" {
		t.Errorf("after new metadata: %q", got)
	}
	m, err := client.GetStreamMetadata(t.Context(), "revived", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}})
	if err != nil || *m.MaxCount() != 5 || *m.TruncateBefore() != 2 {
		t.Errorf("metadata after the deletion: %+v, %v", m, err)
	}
}

// Links show what they point to, or nothing where that is gone.
func TestLinks(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	two(t, client, "target")
	softDeleted(t, client, "gone")
	for i, to := range []string{"1@target", "7@target", "0@gone", "0@never", "nonsense"} {
		link := esdb.EventData{EventType: "$>", Data: []byte(to), EventID: id(to)}
		if _, err := client.AppendToStream(t.Context(), "links", esdb.AppendToStreamOptions{}, link); err != nil {
			t.Fatal(i, err)
		}
	}
	events, err := drain(client.ReadStream(t.Context(), "links", esdb.ReadStreamOptions{ResolveLinkTos: true}, 9))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		text := "-"
		if e.Event != nil {
			text = string(e.Event.Data)
		}
		got = append(got, fmt.Sprintf("%s %v", text, e.Link != nil))
	}
	if diff := cmp.Diff([]string{`{"b":1} true`, "- true", "- true", "- true", "nonsense false"}, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

// An append may hold 1 MiB and no byte more, types counted in UTF-16; its refusal reaches the client with its reason.
func TestAppendLimit(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	send := func(size int, kind string) error {
		_, err := client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{}, esdb.EventData{
			EventType: kind, Data: bytes.Repeat([]byte{'x'}, size),
		})
		return err
	}
	if err := send(1<<20-2*6, "type😀"); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := send(1<<20-2*6+1, "type😀"); outcome(err) != "InvalidArgument" {
		t.Errorf("above the limit: %v", err)
	}
	many := make([]esdb.EventData, 300)
	for i := range many {
		many[i] = esdb.EventData{EventType: "t", Data: bytes.Repeat([]byte{'x'}, 4000)}
	}
	if _, err := client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{}, many...); outcome(err) != "InvalidArgument" {
		t.Errorf("many small ones above the limit: %v", err)
	}
	if err := send(0, "t"); err != nil {
		t.Errorf("an empty event: %v", err)
	}
}

// An event that came into the store otherwise, larger than gRPC's usual limit, can be read.
func TestLargeEvent(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s, err := store.Open(store.Options{Dir: directory})
	if err != nil {
		t.Fatal(err)
	}
	large := store.Proposed{ID: id("large"), Type: "t", Data: bytes.Repeat([]byte{'x'}, 16_700_000)}
	if _, err := s.Append(t.Context(), "s", store.NoStream, []store.Proposed{large}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	node := open(t, embedded.Options{Dir: directory})
	events, err := drain(dial(t, node.ConnectionString()).ReadStream(t.Context(), "s", esdb.ReadStreamOptions{}, 1))
	if err != nil || len(events) != 1 || len(events[0].Event.Data) != len(large.Data) {
		t.Errorf("read %d events: %v", len(events), err)
	}
}

// bare calls the node without the official client, which cannot be brought to send nonsense.
func bare(t *testing.T, node *embedded.Node) (streams.StreamsClient, context.Context) {
	t.Helper()
	config, err := esdb.ParseConnectionString(node.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient(node.Addr(), grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(config.RootCAs, "")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return streams.NewStreamsClient(connection), metadata.AppendToOutgoingContext(t.Context(), "authorization", basic(config))
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	node, client := start(t)
	raw, ctx := bare(t, node)
	stream := &shared.StreamIdentifier{StreamName: []byte("s")}
	options := func(o *streams.AppendReq_Options) *streams.AppendReq {
		return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
	}
	anything := &streams.AppendReq_Options_Any{Any: &shared.Empty{}}
	good := options(&streams.AppendReq_Options{StreamIdentifier: stream, ExpectedStreamRevision: anything})
	event := func(e *streams.AppendReq_ProposedMessage) *streams.AppendReq {
		return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: e}}
	}
	kind := map[string]string{"type": "t", "content-type": "application/json"}
	text := func(id string) *shared.UUID { return &shared.UUID{Value: &shared.UUID_String_{String_: id}} }
	for name, messages := range map[string][]*streams.AppendReq{
		"nothing":           {},
		"no content":        {{}},
		"event first":       {event(&streams.AppendReq_ProposedMessage{})},
		"options twice":     {good, good},
		"no stream":         {options(&streams.AppendReq_Options{ExpectedStreamRevision: anything})},
		"stream not UTF-8":  {options(&streams.AppendReq_Options{StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte{0xff}}, ExpectedStreamRevision: anything})},
		"no expectation":    {options(&streams.AppendReq_Options{StreamIdentifier: stream})},
		"revision too high": {options(&streams.AppendReq_Options{StreamIdentifier: stream, ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: math.MaxUint64}})},
		"no type":           {good, event(&streams.AppendReq_ProposedMessage{Id: text(id("a").String())})},
		"no id":             {good, event(&streams.AppendReq_ProposedMessage{Metadata: kind})},
		"nil id":            {good, event(&streams.AppendReq_ProposedMessage{Metadata: kind, Id: text("00000000-0000-0000-0000-000000000000")})},
		"id is no UUID":     {good, event(&streams.AppendReq_ProposedMessage{Metadata: kind, Id: text("x")})},
	} {
		call, err := raw.Append(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range messages {
			if err := call.Send(message); err != nil {
				t.Errorf("%s: send: %v", name, err)
			}
		}
		if _, err := call.CloseAndRecv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("append, %s: %v", name, err)
		}
	}
	for name, request := range map[string]*streams.ReadReq{
		"nothing":    {},
		"no options": {Options: &streams.ReadReq_Options{UuidOption: &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}}}},
	} {
		call, err := raw.Read(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call.Recv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("read, %s: %v", name, err)
		}
	}
	if _, err := raw.Delete(ctx, &streams.DeleteReq{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("delete: %v", err)
	}
	// All of it must have left the node working, and the string form of an id is as good as the other.
	call, err := raw.Append(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(call.Send(good), call.Send(event(&streams.AppendReq_ProposedMessage{Metadata: kind, Id: text(id("a").String()), Data: []byte(`{"a":1}`)}))); err != nil {
		t.Fatal(err)
	}
	if _, err := call.CloseAndRecv(); err != nil {
		t.Errorf("append: %v", err)
	}
	if got := names(drain(client.ReadStream(t.Context(), "s", esdb.ReadStreamOptions{}, 9))); got != "a" {
		t.Errorf("read %q", got)
	}
}

// The trailers by which other tools tell errors apart.
func TestTrailers(t *testing.T) {
	t.Parallel()
	node, client := start(t)
	raw, ctx := bare(t, node)
	tombstoned(t, client, "ended")
	two(t, client, "two")
	remove := func(name string) (metadata.MD, error) {
		var trailer metadata.MD
		_, err := raw.Delete(ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
			StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(name)},
			ExpectedStreamRevision: &streams.DeleteReq_Options_Revision{Revision: 7},
		}}, grpc.Trailer(&trailer))
		delete(trailer, "content-type")
		return trailer, err
	}
	trailer, err := remove("ended")
	want := metadata.Pairs("exception", "stream-deleted", "stream-name", "ended")
	if diff := cmp.Diff(want, trailer); diff != "" || status.Code(err) != codes.FailedPrecondition {
		t.Errorf("tombstoned: %v, trailers (-want +got):\n%s", err, diff)
	}
	trailer, err = remove("two")
	want = metadata.Pairs("exception", "wrong-expected-version", "stream-name", "two", "expected-version", "7", "actual-version", "1")
	if diff := cmp.Diff(want, trailer); diff != "" || status.Code(err) != codes.FailedPrecondition {
		t.Errorf("wrong revision: %v, trailers (-want +got):\n%s", err, diff)
	}
}

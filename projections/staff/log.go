package staff

import (
	"crypto/sha256"
	"encoding/binary"

	"effigate/domain"
	rows "effigate/readmodels/staff"
)

// Log is the name of the table that LogEntry makes the rows of.
const Log = "log"

// LogEntry is the row of the log table for one event of ours. The ordinal is its number among all of
// them in the order of the log, from 1.
func LogEntry(ordinal int64, r domain.Recorded) rows.LogEntry {
	leaf := Leaf(r)
	return rows.LogEntry{
		ID: r.ID, Ordinal: ordinal, Commit: int64(r.Position.Commit), Prepare: int64(r.Position.Prepare),
		Stream: r.Stream, Revision: r.Revision, Kind: r.Raw.Kind, RecordedAt: r.RecordedAt, Leaf: leaf[:],
	}
}

// Leaf is the Merkle leaf hash of an event as RFC 6962 defines it: SHA-256 over one zero byte and the
// leaf's input, which is here
//
//	length of the stream's name, the name
//	revision, 8 bytes
//	length of the kind, the kind
//	event id, 16 bytes
//	length of the data, the data as stored
//	length of the metadata, the metadata as stored
//
// Each length counts bytes and takes 8 bytes; all numbers are big-endian. Names are UTF-8. Positions are
// left out, so that a copy of history in another event store has the same leaves.
func Leaf(r domain.Recorded) [sha256.Size]byte {
	size := 1 + 5*8 + len(r.Stream) + len(r.Raw.Kind) + len(r.ID) + len(r.Raw.Data) + len(r.Raw.Metadata)
	input := append(make([]byte, 0, size), 0)
	input = appendSized(input, []byte(r.Stream))
	input = binary.BigEndian.AppendUint64(input, uint64(r.Revision))
	input = appendSized(input, []byte(r.Raw.Kind))
	input = append(input, r.ID[:]...)
	input = appendSized(input, r.Raw.Data)
	input = appendSized(input, r.Raw.Metadata)
	return sha256.Sum256(input)
}

func appendSized(to, part []byte) []byte {
	return append(binary.BigEndian.AppendUint64(to, uint64(len(part))), part...)
}

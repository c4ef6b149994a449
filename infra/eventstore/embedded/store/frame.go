package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/google/uuid"
)

// A frame is what Pebble stores under a record's position:
//
//	length   4  of the whole frame
//	crc      4  CRC-32C of everything but itself
//	position 8
//	previous 32 hash of the record before
//	hash     32 SHA-256 of previous, position and payload
//	payload     kind 1, revision 8, created 8, id 16, then stream, type, metadata and data, each behind its varint length
//
// The CRC is checked at every read, the chain of hashes by Verify. Integers are big-endian.
const (
	frameHeader   = 4 + 4 + 8 + sha256.Size + sha256.Size
	payloadHeader = 1 + 8 + 8 + 16
)

// The kinds of records. A marker is what an append of no events leaves: it takes a position and is never shown.
const (
	kindBinary byte = 1
	kindJSON   byte = 2
	kindMarker byte = 3
)

type digest = [sha256.Size]byte

// castagnoli is the table of CRC-32C.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is a decoded frame.
type record struct {
	Event
	kind     byte
	length   int
	previous digest
	hash     digest
}

func (r record) next() Position { return r.Position + Position(r.length) }

// ticks converts to the stored form of instants, 100 ns steps since the Unix epoch.
func ticks(at time.Time) int64 { return at.Unix()*1e7 + int64(at.Nanosecond()/100) }

func fromTicks(t int64) time.Time { return time.Unix(t/1e7, t%1e7*100).UTC() }

// encodeFrame returns the frame of an event behind the record whose hash is previous, and the hash of the new record.
func encodeFrame(previous digest, kind byte, e Event) ([]byte, digest) {
	size := frameHeader + payloadHeader + 4*binary.MaxVarintLen32 +
		len(e.Stream) + len(e.Type) + len(e.Metadata) + len(e.Data)
	frame := make([]byte, frameHeader, size)
	frame = append(frame, kind)
	frame = binary.BigEndian.AppendUint64(frame, e.Revision)
	frame = binary.BigEndian.AppendUint64(frame, uint64(ticks(e.Created)))
	frame = append(frame, e.ID[:]...)
	frame = append(binary.AppendUvarint(frame, uint64(len(e.Stream))), e.Stream...)
	frame = append(binary.AppendUvarint(frame, uint64(len(e.Type))), e.Type...)
	frame = append(binary.AppendUvarint(frame, uint64(len(e.Metadata))), e.Metadata...)
	frame = append(binary.AppendUvarint(frame, uint64(len(e.Data))), e.Data...)
	binary.BigEndian.PutUint32(frame, uint32(len(frame)))
	binary.BigEndian.PutUint64(frame[8:], uint64(e.Position))
	copy(frame[16:], previous[:])
	hash := chainHash(frame)
	copy(frame[16+sha256.Size:], hash[:])
	binary.BigEndian.PutUint32(frame[4:], checksum(frame))
	return frame, hash
}

// chainHash computes what the hash field of a frame must be.
func chainHash(frame []byte) digest {
	h := sha256.New()
	h.Write(frame[16 : 16+sha256.Size])
	h.Write(frame[8:16])
	h.Write(frame[frameHeader:])
	var hash digest
	h.Sum(hash[:0])
	return hash
}

func checksum(frame []byte) uint32 {
	return crc32.Update(crc32.Checksum(frame[:4], castagnoli), castagnoli, frame[8:])
}

// decodeFrame checks a frame found at a position and returns its record, whose Data and Metadata share the frame's
// memory. Any failure is a DamageError.
func decodeFrame(at Position, frame []byte) (record, error) {
	damaged := func(reason string) (record, error) {
		return record{}, &DamageError{Position: at, Reason: reason}
	}
	if len(frame) < frameHeader+payloadHeader {
		return damaged("frame is too short")
	}
	if binary.BigEndian.Uint32(frame) != uint32(len(frame)) {
		return damaged("frame length does not match")
	}
	if binary.BigEndian.Uint32(frame[4:]) != checksum(frame) {
		return damaged("checksum does not match")
	}
	if found := Position(binary.BigEndian.Uint64(frame[8:])); found != at {
		return damaged(fmt.Sprintf("record belongs to position %d", found))
	}
	r := record{
		kind:     frame[frameHeader],
		length:   len(frame),
		previous: digest(frame[16:]),
		hash:     digest(frame[16+sha256.Size:]),
	}
	payload := frame[frameHeader+1:]
	r.Position = at
	r.Revision = binary.BigEndian.Uint64(payload)
	r.Created = fromTicks(int64(binary.BigEndian.Uint64(payload[8:])))
	r.ID = uuid.UUID(payload[16:])
	r.JSON = r.kind == kindJSON
	var fields [4][]byte
	rest := payload[payloadHeader-1:]
	for i := range fields {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return damaged("payload is malformed")
		}
		fields[i], rest = rest[n:n+int(size):n+int(size)], rest[n+int(size):]
	}
	if len(rest) > 0 || r.kind < kindBinary || r.kind > kindMarker {
		return damaged("payload is malformed")
	}
	r.Stream, r.Type, r.Metadata, r.Data = string(fields[0]), string(fields[1]), fields[2], fields[3]
	return r, nil
}

// Head is the end of the chain: what the log must hold at least.
type Head struct {
	Last  Position // the newest record, zero while there is none
	Next  Position // where the next record will start
	Count uint64   // records, markers included
	Hash  digest   // of the newest record, zero while there is none
}

const headBytes = 8 + 8 + 8 + sha256.Size + 4

func emptyHead() Head { return Head{Next: firstPosition} }

func (h Head) encode() []byte {
	out := make([]byte, 0, headBytes)
	out = binary.BigEndian.AppendUint64(out, uint64(h.Last))
	out = binary.BigEndian.AppendUint64(out, uint64(h.Next))
	out = binary.BigEndian.AppendUint64(out, h.Count)
	out = append(out, h.Hash[:]...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

func decodeHead(raw []byte) (Head, bool) {
	if len(raw) != headBytes {
		return Head{}, false
	}
	body, sum := raw[:headBytes-4], binary.BigEndian.Uint32(raw[headBytes-4:])
	return Head{
		Last:  Position(binary.BigEndian.Uint64(body)),
		Next:  Position(binary.BigEndian.Uint64(body[8:])),
		Count: binary.BigEndian.Uint64(body[16:]),
		Hash:  digest(body[24:]),
	}, crc32.Checksum(body, castagnoli) == sum
}

// Keys: 'e' position → frame; 's' length stream revision → position; 'h' → head. The length in front keeps the entries
// of one stream together whatever bytes its name holds.
func recordKey(at Position) []byte {
	return binary.BigEndian.AppendUint64([]byte{'e'}, uint64(at))
}

func indexPrefix(stream string) []byte {
	key := make([]byte, 0, 1+4+len(stream)+8)
	key = binary.BigEndian.AppendUint32(append(key, 's'), uint32(len(stream)))
	return append(key, stream...)
}

func indexKey(stream string, revision uint64) []byte {
	return binary.BigEndian.AppendUint64(indexPrefix(stream), revision)
}

func headKey() []byte { return []byte{'h'} }

// keyNumber reads the position or revision at the end of a key.
func keyNumber(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

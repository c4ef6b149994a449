package client

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Cursor is where a page of a list ended: the instant and id of its last entry. It holds nothing but what
// the reader saw.
type Cursor struct {
	At time.Time
	ID uuid.UUID
}

// cursorBytes is the length of a cursor: an instant in microseconds and an id.
const cursorBytes = 8 + 16

// Bytes gives the cursor's stored form.
func (c Cursor) Bytes() []byte {
	stored := binary.BigEndian.AppendUint64(make([]byte, 0, cursorBytes), uint64(c.At.UnixMicro()))
	return append(stored, c.ID[:]...)
}

// ParseCursor reads what Bytes gave; domain.ErrInvalid for anything else.
func ParseCursor(stored []byte) (Cursor, error) {
	if len(stored) != cursorBytes {
		var check domain.Check
		check.That(false, "cursor", "must be one that this list gave")
		return Cursor{}, check.Err()
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(stored))).UTC()
	return Cursor{At: at, ID: uuid.UUID(stored[8:])}, nil
}

// page cuts a list that was asked for with one entry more than its limit, and gives the cursor of what
// follows; nil when nothing does.
func page[R any](found []R, limit int, cursor func(R) Cursor) ([]R, *Cursor) {
	if len(found) <= limit {
		return found, nil
	}
	found = found[:limit]
	next := cursor(found[limit-1])
	return found, &next
}

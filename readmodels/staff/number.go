package staff

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Number is a ticket's number in one of its client's two series (X11). The zero Number is none.
type Number struct {
	Value    int64
	Internal bool
}

// String gives the number as staff see it: TKT-0041, or TKT-0041-int in the internal series, so that the
// two series never yield the same text.
func (n Number) String() string {
	switch {
	case n.Value == 0:
		return "being assigned"
	case n.Internal:
		return fmt.Sprintf("TKT-%04d-int", n.Value)
	default:
		return fmt.Sprintf("TKT-%04d", n.Value)
	}
}

// Number is the number that the ticket goes by: the visible one if it ever got one.
func (t Ticket) Number() Number {
	switch {
	case t.VisibleNumber != nil:
		return Number{Value: *t.VisibleNumber}
	case t.InternalNumber != nil:
		return Number{Value: *t.InternalNumber, Internal: true}
	default:
		return Number{}
	}
}

// ParseNumber reads a number as people type it: case, dashes, spaces and leading zeros do not matter, and
// "TKT" may be left out (X4). The suffix "int" stands for the internal series. It reports whether the text
// is a number at all.
func ParseNumber(text string) (Number, bool) {
	bare := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(text))
	digits, internal := strings.CutSuffix(strings.TrimPrefix(bare, "tkt"), "int")
	for _, r := range digits {
		if r < '0' || r > '9' {
			return Number{}, false
		}
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || value == 0 {
		return Number{}, false
	}
	return Number{Value: value, Internal: internal}, true
}

// TicketCursor is the last ticket of a page of the list. The zero cursor stands before the first one.
type TicketCursor struct {
	RaisedAt time.Time
	ID       uuid.UUID
}

// IsZero reports whether the cursor stands before the first ticket.
func (c TicketCursor) IsZero() bool { return c.ID == uuid.Nil }

// cursorBytes is the length of a cursor: an instant in microseconds and an id.
const cursorBytes = 8 + 16

// String gives the cursor as one opaque word; empty for the zero cursor.
func (c TicketCursor) String() string {
	if c.IsZero() {
		return ""
	}
	word := binary.BigEndian.AppendUint64(make([]byte, 0, cursorBytes), uint64(c.RaisedAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(word, c.ID[:]...))
}

// ParseTicketCursor reads what String gave; domain.ErrInvalid for anything else.
func ParseTicketCursor(text string) (TicketCursor, error) {
	if text == "" {
		return TicketCursor{}, nil
	}
	word, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(word) != cursorBytes || uuid.UUID(word[8:]) == uuid.Nil {
		var check domain.Check
		check.That(false, "cursor", "must be one that a list gave")
		return TicketCursor{}, check.Err()
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(word))).UTC()
	return TicketCursor{RaisedAt: at, ID: uuid.UUID(word[8:])}, nil
}

package portal

import (
	"encoding/binary"

	"effigate/domain"
	"effigate/readmodels/client"
)

// What tokens are sealed for. A token of one purpose is refused for another.
const (
	sealedPosition = "position"
	sealedChange   = "change"
	sealedCursor   = "cursor"
	sealedLog      = "log cursor"
	sealedBody     = "private body"
)

// sealPosition seals the position of a write for that write alone. A write that changes nothing is at the
// head of the log: were its token that of another write at the same head, two of them would tell whether
// anything was recorded between, be it internal or another client's.
func (p *Portal) sealPosition(r Request, position domain.Position) string {
	plain := binary.BigEndian.AppendUint64(nil, position.Commit)
	plain = binary.BigEndian.AppendUint64(plain, position.Prepare)
	return p.sealer.SealOnce(sealedPosition, r.Actor.Client.UUID, plain, r.Actor.Person.String()+" "+r.Route+" "+r.Key)
}

// openPosition reads a token that a write gave; the empty token is the zero position.
func (p *Portal) openPosition(actor domain.Actor, token string) (domain.Position, error) {
	if token == "" {
		return domain.Position{}, nil
	}
	plain, err := p.sealer.Open(sealedPosition, actor.Client.UUID, token)
	if err != nil || len(plain) != 16 {
		return domain.Position{}, wrongField("after", "must be a position that a write gave")
	}
	return domain.Position{Commit: binary.BigEndian.Uint64(plain), Prepare: binary.BigEndian.Uint64(plain[8:])}, nil
}

// sealCursor gives the token of a cursor; empty for none.
func (p *Portal) sealCursor(actor domain.Actor, cursor *client.Cursor) string {
	if cursor == nil {
		return ""
	}
	return p.sealer.Seal(sealedCursor, actor.Client.UUID, cursor.Bytes())
}

// openCursor reads a token that a list gave; nil for the empty token.
func (p *Portal) openCursor(actor domain.Actor, token string) (*client.Cursor, error) {
	if token == "" {
		return nil, nil
	}
	plain, err := p.sealer.Open(sealedCursor, actor.Client.UUID, token)
	if err != nil {
		return nil, wrongField("cursor", "must be one that this list gave")
	}
	cursor, err := client.ParseCursor(plain)
	return &cursor, err
}

func wrongField(field, wrong string) error {
	var check domain.Check
	check.That(false, field, wrong)
	return check.Err()
}

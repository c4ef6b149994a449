package bill

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/hours"
)

// Entry is one part of a line: the record, the rule and the clause that made it (F14). Its amounts and those of the
// other entries of its line add up to the line exactly.
type Entry struct {
	ID   uuid.UUID `json:"id"` // derived, so that it tells nothing
	Line uuid.UUID `json:"line"`
	// Day is when the work was done, Text what the client reads of it.
	Day       calendar.Date   `json:"day"`
	Text      string          `json:"text"`
	JobType   string          `json:"job_type,omitzero"` // by name
	Condition hours.Condition `json:"condition,omitzero"`
	// Seconds is the raw time under the condition, Minutes what it counts for after rounding; Rule says how it came
	// from one to the other, in words.
	Seconds int64  `json:"seconds,omitzero"`
	Minutes int    `json:"minutes,omitzero"`
	Rule    string `json:"rule,omitzero"`
	// UnitPrice is that of the line; Amount the entry's share of it.
	UnitPrice decimal.Decimal `json:"unit_price,omitzero"`
	Amount    decimal.Decimal `json:"amount"`
	// Version is the version of the contract that held, Clause what of it (the line's name, a penalty, a milestone).
	Version int        `json:"version,omitzero"`
	Clause  string     `json:"clause,omitzero"`
	Staff   EntryStaff `json:"staff,omitzero"`
}

// EntryStaff is the internal part of an entry.
type EntryStaff struct {
	Time      domain.TimeID      `json:"time,omitzero"`
	Person    domain.PersonID    `json:"person,omitzero"`
	Part      int                `json:"part,omitzero"` // of the record, from 1
	Charge    domain.ChargeID    `json:"charge,omitzero"`
	Deduction domain.DeductionID `json:"deduction,omitzero"`
	Pin       int                `json:"pin,omitzero"` // of the period
	Card      string             `json:"card,omitzero"`
	CardLayer string             `json:"card_layer,omitzero"`
	CardVer   int                `json:"card_version,omitzero"`
	Row       string             `json:"row,omitzero"`
	Why       []string           `json:"why,omitzero"`
	// OfMonth is where a corrected record was charged before.
	OfMonth calendar.Month `json:"of_month,omitzero"`
	// DrawnMinutes is what it takes from bought hours; OverageMinutes what of that is beyond them.
	DrawnMinutes   int `json:"drawn_minutes,omitzero"`
	OverageMinutes int `json:"overage_minutes,omitzero"`
}

// Copied gives entries that share no memory with these: what a caller does with its slices later is not history.
func Copied(entries []Entry) []Entry {
	own := slices.Clone(entries)
	for i := range own {
		own[i].Staff.Why = slices.Clone(own[i].Staff.Why)
	}
	return own
}

// Digest is the digest of entries in their order, without their internal parts, in hex. A client who has the entries
// of an invoice can work it out.
func Digest(entries []Entry) string {
	sum := sha256.New()
	for _, entry := range entries {
		entry.Staff = EntryStaff{}
		sum.Write(append(entry.json(), '\n'))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Texts is how many bytes of text entries have, internal parts apart.
func Texts(entries []Entry) int {
	size := 0
	for _, entry := range entries {
		size += len(entry.Text) + len(entry.JobType) + len(entry.Rule) + len(entry.Clause)
	}
	return size
}

// Chunks cuts entries into pieces, in order, of at most MaxChunk bytes of JSON each, internal parts included. An entry
// that is larger is a piece of its own.
func Chunks(entries []Entry) [][]Entry {
	var chunks [][]Entry
	size := 0
	for i, entry := range entries {
		length := len(entry.json()) + len(",")
		if i == 0 || size+length > MaxChunk {
			chunks, size = append(chunks, nil), len("[]")
		}
		last := len(chunks) - 1
		chunks[last] = append(chunks[last], entry)
		size += length
	}
	return chunks
}

func (e Entry) json() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("bill: write an entry: %v", err)) // None of its types can fail.
	}
	return text
}

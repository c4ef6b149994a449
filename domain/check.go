package domain

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Check collects what is wrong with the fields of a command. Its zero value is ready.
type Check struct{ fields map[string]string }

// That notes a wrong field unless ok holds. Only the first objection to a field is kept.
func (c *Check) That(ok bool, field, wrong string) {
	if ok {
		return
	}
	if c.fields == nil {
		c.fields = map[string]string{}
	}
	if _, known := c.fields[field]; !known {
		c.fields[field] = wrong
	}
}

// Fields gives what is wrong by field; nil when nothing is.
func (c *Check) Fields() map[string]string { return c.fields }

// Err is nil when every field was right, else one ErrInvalid refusal that names all wrong fields.
func (c *Check) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Refusal{Kind: ErrInvalid, Code: "invalid_fields", Text: "some fields are wrong", Fields: c.fields}
}

// Signed begins the check of a command: who gave it, and when.
func Signed(by Actor, at time.Time) Check {
	var check Check
	check.That(by.Side == StaffSide || by.Side == ClientSide || by.Side == SystemSide, "by", "must be a person of a side, or the system")
	check.That(!at.IsZero() && at.Location() == time.UTC, "at", "must be an instant in UTC")
	return check
}

// MaxLine is the length of the longest name or title, in characters.
const MaxLine = 200

// Line checks a name or title: one line of 1 to MaxLine characters without spaces around it.
func (c *Check) Line(field, text string) {
	length := utf8.RuneCountInString(text)
	c.That(length >= 1 && length <= MaxLine, field, "must have 1 to "+strconv.Itoa(MaxLine)+" characters, has "+strconv.Itoa(length))
	c.That(utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl), field, "must be one line of UTF-8 text")
	c.That(strings.TrimSpace(text) == text, field, "must not begin or end with a space")
}

// File checks what is said of a file whose bytes are stored: its name, its media type, its size in bytes and the digest
// of its content in hex.
func (c *Check) File(name, mediaType string, size int64, sha256 string) {
	sum, err := hex.DecodeString(sha256)
	c.That(err == nil && len(sum) == 32 && strings.ToLower(sha256) == sha256, "sha256", "must be 64 hexadecimal digits")
	c.That(size > 0, "size", "must be at least one byte")
	c.Line("name", name)
	c.That(!strings.ContainsAny(name, `/\`), "name", "must be a name without a path")
	c.Line("type", mediaType)
}

// MaxText is the length of the longest text that people write, in characters.
const MaxText = 20_000

// Text checks what people write in lines and paragraphs: least to MaxText characters, and nothing that no
// database or page can hold.
func (c *Check) Text(field, text string, least int) {
	length := utf8.RuneCountInString(text)
	c.That(length >= least && length <= MaxText, field, "must have "+strconv.Itoa(least)+" to "+strconv.Itoa(MaxText)+" characters, has "+strconv.Itoa(length))
	c.That(utf8.ValidString(text) && !strings.ContainsFunc(text, forbidden), field, "must be UTF-8 text without control characters")
}

func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

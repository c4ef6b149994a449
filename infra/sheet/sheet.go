// Package sheet reads tables that other systems export: CSV of any flavour within bounds, and the dates and local
// times in them (product rules 7 and 10 of imports).
//
// It imports nothing of ours, knows no format, and guesses nothing silently: what a file leaves
// open is an error that says what to give.
package sheet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a file.
const (
	maxFileBytes   = 4 << 30 // after decompression
	maxRecordBytes = 64 << 10
	maxShown       = 100 // characters of a value that is shown
)

// Records are the records of a CSV file, one after the other.
type Records struct {
	reader *csv.Reader
	guard  *guard
	hash   hash.Hash
}

// Open begins to read a CSV file: comma or semicolon, LF or CRLF, with or without a byte order mark, plain or
// compressed by gzip.
func Open(source io.Reader) (*Records, error) {
	sum := sha256.New()
	plain, err := decompress(io.TeeReader(source, sum))
	if err != nil {
		return nil, err
	}
	g := &guard{source: plain}
	buffered := bufio.NewReaderSize(g, maxRecordBytes)
	beginning, err := buffered.Peek(maxRecordBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	beginning, marked := bytes.CutPrefix(beginning, []byte("\xef\xbb\xbf"))
	if marked {
		if _, err := buffered.Discard(3); err != nil {
			return nil, err
		}
	}
	r := csv.NewReader(buffered)
	header, _, _ := bytes.Cut(beginning, []byte("\n"))
	if bytes.Count(header, []byte(";")) > bytes.Count(header, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	return &Records{reader: r, guard: g, hash: sum}, nil
}

// Next gives a record, which is good until the next one, and the line it begins on; io.EOF after the last. An error
// that is Malformed is about one record, and the file goes on behind it.
func (r *Records) Next() ([]string, int, error) {
	r.guard.sinceRecord = 0
	fields, err := r.reader.Read()
	if err != nil {
		if wrong, ok := Malformed(err); ok {
			return nil, wrong.StartLine, err
		}
		return nil, 0, err
	}
	line, _ := r.reader.FieldPos(0)
	return fields, line, nil
}

// Comma reports whether fields are divided by commas; else they are by semicolons.
func (r *Records) Comma() bool { return r.reader.Comma != ';' }

// Hash is the hex SHA-256 of the file as it came, compressed if it was. It is complete once Next gave io.EOF.
func (r *Records) Hash() string { return hex.EncodeToString(r.hash.Sum(nil)) }

// Malformed tells what is wrong with a record that is no CSV.
func Malformed(err error) (*csv.ParseError, bool) { return errors.AsType[*csv.ParseError](err) }

func decompress(source io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(source)
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// guard bounds what is read for one record, since a missing quote makes a record of the whole file, and
// what is read at all, since a small compressed file can hold a large one.
type guard struct {
	source      io.Reader
	sinceRecord int
	total       int64
}

var (
	errLongRecord = fmt.Errorf("a record is longer than %d bytes: is a quote missing?", maxRecordBytes)
	errLongFile   = fmt.Errorf("the file holds more than %d bytes", int64(maxFileBytes))
)

// Read implements io.Reader. Two buffers may be filled ahead of the record that is read.
func (g *guard) Read(p []byte) (int, error) {
	if g.sinceRecord > 3*maxRecordBytes {
		return 0, errLongRecord
	}
	n, err := g.source.Read(p)
	g.sinceRecord += n
	g.total += int64(n)
	if g.total > maxFileBytes {
		return n, errLongFile
	}
	return n, err
}

// Shortened makes a value fit to be shown.
func Shortened(value string) string {
	return Cut(strings.ToValidUTF8(value, "\uFFFD"), maxShown)
}

// Cut bounds a text to so many characters, the last of which then says that there was more.
func Cut(value string, most int) string {
	if utf8.RuneCountInString(value) <= most {
		return value
	}
	return string([]rune(value)[:most-1]) + "…"
}

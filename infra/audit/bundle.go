package audit

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/infra/seal"
)

// Bundle is the evidence for one invoice: everything that is needed to check it without this installation. It holds
// events as they are stored, internal parts included.
type Bundle struct {
	Document bill.Document
	Entries  []bill.Entry // without their internal parts
	Events   []ProvenEvent
	PDF, XML []byte
	First    string      // the first seal, as it was signed
	Newest   string      // the one that the events are proved to be part of
	Growth   []seal.Hash // proves that Newest begins with First
	Verifier string
}

// ProvenEvent is an event as it is stored, with the proof that it is part of what was sealed.
type ProvenEvent struct {
	Ordinal  int64       `json:"ordinal"`
	ID       uuid.UUID   `json:"id"`
	Stream   string      `json:"stream"`
	Revision int64       `json:"revision"`
	Kind     string      `json:"kind"`
	Data     []byte      `json:"data"` // base64
	Metadata []byte      `json:"metadata"`
	Proof    []seal.Hash `json:"proof"`
}

// recorded is the event as its leaf is made of it.
func (e ProvenEvent) recorded() domain.Recorded {
	return domain.Recorded{
		ID: e.ID, Stream: e.Stream, Revision: e.Revision, Raw: domain.Raw{Kind: e.Kind, Data: e.Data, Metadata: e.Metadata},
	}
}

// The files of a bundle.
const (
	readmeFile   = "README.txt"
	manifestFile = "manifest.json" // the digests of all others
	documentFile = "document.json"
	entriesFile  = "entries.json"
	eventsFile   = "events.jsonl"
	pdfFile      = "document.pdf"
	xmlFile      = "document.xml"
	firstFile    = "first-seal.txt"
	newestFile   = "seal.txt"
	growthFile   = "consistency.json"
	verifierFile = "key.txt"
)

// Bounds of a bundle.
const (
	MaxBundleEvents = 100_000
	maxBundleFile   = 256 << 20 // bytes, unpacked
)

// Write writes the bundle as a zip file. The same evidence gives the same bytes.
func (b Bundle) Write(out io.Writer) error {
	var events bytes.Buffer
	for _, event := range b.Events {
		events.Write(append(compact(event), '\n'))
	}
	files := []struct {
		name    string
		content []byte
	}{
		{readmeFile, []byte(readme)},
		{documentFile, b.Document.Canonical()},
		{entriesFile, compact(disclosed(b.Entries))},
		{eventsFile, events.Bytes()},
		{pdfFile, b.PDF},
		{xmlFile, b.XML},
		{firstFile, []byte(b.First)},
		{newestFile, []byte(b.Newest)},
		{growthFile, compact(b.Growth)},
		{verifierFile, []byte(b.Verifier + "\n")},
	}
	packed, digests := zip.NewWriter(out), map[string]string{}
	add := func(name string, content []byte) error {
		// Without a time of its own, and stored as of the first day that zip knows.
		into, err := packed.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = into.Write(content)
		}
		if err != nil {
			return fmt.Errorf("write %s of a bundle: %w", name, err)
		}
		return nil
	}
	for _, file := range files {
		digests[file.name] = digestOf(file.content)
		if err := add(file.name, file.content); err != nil {
			return err
		}
	}
	if err := add(manifestFile, compact(digests)); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return fmt.Errorf("write a bundle: %w", err)
	}
	return nil
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// compact writes a value as JSON without spaces; equal values have equal bytes.
func compact(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("audit: write JSON: %v", err)) // None of the types can fail.
	}
	return text
}

// readme tells whoever has the bundle what it is.
const readme = `This bundle is the evidence for one invoice.

  document.json     the invoice as it was issued, in its canonical form
  entries.json      the entries that explain its lines
  document.pdf      the printed invoice
  document.xml      the same as UBL
  events.jsonl      the recorded events behind it, one a line, byte for byte as they are stored (base64), each
                    with its number in the log of all events and a proof that it is part of what was sealed
  seal.txt          the newest signed checkpoint of that log: how many events, the root of their Merkle tree
                    (RFC 6962, SHA-256), when
  first-seal.txt    the first such checkpoint
  consistency.json  the proof that the log of the newest checkpoint begins with the log of the first one
  key.txt           the public key that verifies both checkpoints
  manifest.json     the SHA-256 of each of these files

Check it with

    effigate audit check THIS.zip --key KEY

where KEY is the public key as you were given it by another way than this file. Nothing else is needed: no
database, no network.

What a check proves: that each event was part of the sealed log as it stands here, and has its place there; that
the log only grew between the first and the newest checkpoint; that the invoice and its entries are what those
events say, that its number is the one that its series gave it, that its sums are right, and that the printed
forms are the ones that were recorded.

What it does not prove: that the events tell the truth about the work; that no other events exist which bear on the
invoice; that the clock was right; and, unless you compare the key and have seen a checkpoint before, that nobody
made up a whole log with a key of their own.

The events hold internal notes and prices. A client should get the printed invoice and its digest, not this file.
`

package audit

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/invoice"
	"effigate/domain/numbering"
	"effigate/infra/seal"
	"effigate/projections/staff"
)

// Verdict is what the check of a bundle found.
type Verdict struct {
	Number string   `json:"number,omitzero"`
	SHA256 string   `json:"sha256,omitzero"` // of the document
	Proved []string `json:"proved"`
	// Wrong says what is not as it claims to be; nothing when the bundle proves what it says.
	Wrong []string `json:"wrong"`
	// Unproved says what the check could not know.
	Unproved []string `json:"unproved,omitzero"`
}

// Check checks a bundle by itself: no store is asked. The key is the verifier key as it is known from elsewhere; empty
// takes the bundle's own.
func Check(content io.ReaderAt, size int64, key string) Verdict {
	c := bundleCheck{files: map[string][]byte{}, verdict: Verdict{Proved: []string{}, Wrong: []string{}}}
	for _, step := range []func(){
		func() { c.unpack(content, size) }, c.manifest, func() { c.seals(strings.TrimSpace(key)) }, c.events, c.document,
	} {
		if step(); len(c.verdict.Wrong) > 0 {
			break
		}
	}
	return c.verdict
}

// bundleCheck is a Check on its way. A step runs when nothing was wrong before.
type bundleCheck struct {
	files   map[string][]byte
	newest  seal.Checkpoint
	proven  []ProvenEvent
	verdict Verdict
}

func (c *bundleCheck) wrong(format string, arguments ...any) {
	c.verdict.Wrong = append(c.verdict.Wrong, fmt.Sprintf(format, arguments...))
}

func (c *bundleCheck) proved(format string, arguments ...any) {
	c.verdict.Proved = append(c.verdict.Proved, fmt.Sprintf(format, arguments...))
}

// unpack reads the files. What packs them has checksums of its own, so that much of what is damaged ends here.
func (c *bundleCheck) unpack(content io.ReaderAt, size int64) {
	packed, err := zip.NewReader(content, size)
	if err != nil {
		c.wrong("the bundle cannot be unpacked: %v", err)
		return
	}
	for _, file := range packed.File {
		if _, twice := c.files[file.Name]; twice || len(c.files) > len(bundleFiles) || file.UncompressedSize64 > maxBundleFile {
			c.wrong("%s is there twice, too large, or one file too many", file.Name)
			return
		}
		text, err := unpacked(file)
		if err != nil {
			c.wrong("%s cannot be unpacked: %v", file.Name, err)
		}
		c.files[file.Name] = text
	}
}

func unpacked(file *zip.File) ([]byte, error) {
	opened, err := file.Open()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(opened, maxBundleFile))
	return text, errors.Join(err, opened.Close())
}

// bundleFiles are the files that the manifest names.
var bundleFiles = []string{
	readmeFile, documentFile, entriesFile, eventsFile, pdfFile, xmlFile, firstFile, newestFile, growthFile, verifierFile,
}

// manifest compares each file with its digest.
func (c *bundleCheck) manifest() {
	var digests map[string]string
	if !c.decode(manifestFile, c.files[manifestFile], &digests) {
		return
	}
	names := slices.Sorted(maps.Keys(c.files))
	if want := slices.Sorted(slices.Values(append(slices.Clone(bundleFiles), manifestFile))); !slices.Equal(names, want) || len(digests) != len(bundleFiles) {
		c.wrong("the bundle has the files %s, and should have %s", strings.Join(names, ", "), strings.Join(want, ", "))
		return
	}
	for _, name := range bundleFiles {
		if got := digestOf(c.files[name]); got != digests[name] {
			c.wrong("%s is not the file that was packed: its digest is %s, the manifest says %s", name, got, digests[name])
		}
	}
	if !bytes.Equal(c.files[readmeFile], []byte(readme)) {
		c.verdict.Unproved = append(c.verdict.Unproved, "the README is of another version of this program")
	}
}

// decode reads what compact wrote, and nothing else.
func (c *bundleCheck) decode(name string, text []byte, into any) bool {
	if err := json.Unmarshal(text, into); err != nil {
		c.wrong("%s cannot be read: %v", name, err)
		return false
	}
	if !bytes.Equal(compact(into), text) {
		c.wrong("%s is written otherwise than it was packed", name)
		return false
	}
	return true
}

// seals verifies the two checkpoints, and that the log only grew between them.
func (c *bundleCheck) seals(key string) {
	verifier := strings.TrimSuffix(string(c.files[verifierFile]), "\n")
	if key != "" && key != verifier {
		c.wrong("%s holds another key than the one that you gave", verifierFile)
		return
	}
	if key == "" {
		c.verdict.Unproved = append(c.verdict.Unproved, "who signed: the key is the bundle's own; give the one that you know with --key")
	}
	first, failed := seal.Open(string(c.files[firstFile]), verifier)
	newest, failed2 := seal.Open(string(c.files[newestFile]), verifier)
	if err := errors.Join(failed, failed2); err != nil {
		c.wrong("the seals cannot be verified: %v", err)
		return
	}
	var growth []seal.Hash
	if !c.decode(growthFile, c.files[growthFile], &growth) {
		return
	}
	if err := seal.CheckConsistency(growth, first, newest); err != nil {
		c.wrong("the log of %d events does not begin with the one of %d: %v", newest.Size, first.Size, err)
		return
	}
	c.newest = newest
	c.proved("%s signed a log of %d events on %s", newest.Origin, newest.Size, newest.At.Format("2006-01-02 15:04:05 UTC"))
	c.proved("the log only grew since %d events on %s", first.Size, first.At.Format("2006-01-02 15:04:05 UTC"))
}

// events proves that each event is part of what was sealed.
func (c *bundleCheck) events() {
	lines := bufio.NewScanner(bytes.NewReader(c.files[eventsFile]))
	lines.Buffer(nil, maxBundleFile)
	for lines.Scan() && len(c.proven) < MaxBundleEvents {
		var event ProvenEvent
		where := fmt.Sprintf("line %d of %s", len(c.proven)+1, eventsFile)
		if !c.decode(where, lines.Bytes(), &event) {
			return
		}
		if err := seal.CheckInclusion(event.Proof, c.newest, event.Ordinal, staff.Leaf(event.recorded())); err != nil {
			c.wrong("%s is not event %d of what was sealed: %v (%s, revision %d of %s)", where, event.Ordinal, err, event.Kind, event.Revision, event.Stream)
		}
		c.proven = append(c.proven, event)
	}
	if err := lines.Err(); err != nil {
		c.wrong("%s cannot be read: %v", eventsFile, err)
	}
	if len(c.verdict.Wrong) == 0 {
		c.proved("all %s are part of it, at their places", counted(len(c.proven), "event", "events"))
	}
}

// document compares the document with the events, and adds it up.
func (c *bundleCheck) document() {
	d, err := bill.Parse(c.files[documentFile])
	if err != nil {
		c.wrong("%s: %v", documentFile, err)
		return
	}
	var entries []bill.Entry
	if !c.decode(entriesFile, c.files[entriesFile], &entries) {
		return
	}
	c.verdict.Number, c.verdict.SHA256 = d.Number, d.SHA256()
	id, history := c.invoice(d)
	if history == nil {
		return
	}
	if bill.Digest(history.Entries()) != bill.Digest(entries) {
		c.wrong("%s are not the entries of the events", entriesFile)
	}
	for _, text := range Wrong(d, entries) {
		c.wrong("%s: %s", d.Number, text)
	}
	if len(c.verdict.Wrong) > 0 {
		return
	}
	c.proved("%s is to the byte what was issued; its digest is %s", d.Number, d.SHA256())
	c.proved("every sum of it is right: %s, %s, the tax and what is to be paid", counted(len(entries), "entry", "entries"), counted(len(d.Lines), "line", "lines"))
	c.number(d, id)
	c.print(id)
}

// invoice folds the history of the invoice that was issued as the document.
func (c *bundleCheck) invoice(d bill.Document) (domain.InvoiceID, *invoice.State) {
	for _, event := range c.proven {
		if event.Kind != (invoice.Issued{}).Kind() {
			continue
		}
		var issued invoice.Issued
		id, failed := invoice.IDOf(event.Stream)
		if err := errors.Join(failed, json.Unmarshal(event.Data, &issued)); err != nil {
			c.wrong("event %d cannot be read: %v", event.Ordinal, err)
			return id, nil
		}
		if !bytes.Equal(issued.Document.Canonical(), d.Canonical()) {
			continue
		}
		if issued.SHA256 != d.SHA256() {
			c.wrong("event %d says that the document has the digest %s", event.Ordinal, issued.SHA256)
		}
		state := invoice.Evolve(c.begun(event.Stream), issued)
		return id, &state
	}
	c.wrong("no event has issued the document")
	return domain.InvoiceID{}, nil
}

// begun folds the entries of an invoice.
func (c *bundleCheck) begun(stream string) (state invoice.State) {
	for _, event := range c.proven {
		if event.Stream != stream {
			continue
		}
		var drafted invoice.Drafted
		var added invoice.EntriesAdded
		switch event.Kind {
		case drafted.Kind():
			if c.decodes(event, &drafted) {
				state = invoice.Evolve(state, drafted)
			}
		case added.Kind():
			if c.decodes(event, &added) {
				state = invoice.Evolve(state, added)
			}
		}
	}
	return state
}

func (c *bundleCheck) decodes(event ProvenEvent, into any) bool {
	if err := json.Unmarshal(event.Data, into); err != nil {
		c.wrong("event %d cannot be read: %v", event.Ordinal, err)
		return false
	}
	return true
}

// number proves that the series gave the number to this invoice.
func (c *bundleCheck) number(d bill.Document, id domain.InvoiceID) {
	opened := map[string]int{} // the first number, by stream
	for _, event := range c.proven {
		switch event.Kind {
		case (numbering.Opened{}).Kind():
			var e numbering.Opened
			if c.decodes(event, &e) && event.Revision == 0 {
				opened[event.Stream] = e.First
			}
		case (numbering.Allocated{}).Kind():
			var e numbering.Allocated
			if !c.decodes(event, &e) || e.Subject != id.UUID {
				continue
			}
			first, known := opened[event.Stream]
			given := first + int(event.Revision) - 1
			if known && e.Date == d.Date && strings.HasSuffix(d.Number, fmt.Sprintf("-%04d", given)) {
				c.proved("its number is the one that %s gave it", event.Stream)
				return
			}
			c.wrong("%s gave it number %d on %s", event.Stream, given, e.Date)
			return
		}
	}
	c.wrong("no event has given %s its number", d.Number)
}

// print compares the printed forms with what was recorded.
func (c *bundleCheck) print(id domain.InvoiceID) {
	for _, event := range slices.Backward(c.proven) {
		if event.Stream != invoice.Stream(id) || event.Kind != (invoice.Rendered{}).Kind() {
			continue
		}
		var e invoice.Rendered
		if !c.decodes(event, &e) {
			return
		}
		for _, form := range []struct{ name, digest string }{{pdfFile, e.SHA256}, {xmlFile, e.XMLSHA256}} {
			switch got := digestOf(c.files[form.name]); {
			case form.digest == "":
				c.verdict.Unproved = append(c.verdict.Unproved, form.name+": it is made from the document, and no event holds its digest")
			case got != form.digest:
				c.wrong("%s has the digest %s, and %s was recorded", form.name, got, form.digest)
			default:
				c.proved("%s is to the byte the one that was recorded", form.name)
			}
		}
		return
	}
	c.wrong("no event tells of a printed invoice")
}

// Print writes the verdict for people.
func (v Verdict) Print(out io.Writer) error {
	w := bufio.NewWriter(out)
	for _, text := range v.Proved {
		tell(w, "proved: %s\n", text)
	}
	for _, text := range v.Unproved {
		tell(w, "not proved: %s\n", text)
	}
	for _, text := range v.Wrong {
		tell(w, "WRONG: %s\n", text)
	}
	if len(v.Wrong) == 0 {
		tell(w, "the bundle proves what it says\n")
	} else {
		tell(w, "the bundle does not prove what it says\n")
	}
	return w.Flush()
}

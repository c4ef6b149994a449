package audit_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/infra/audit"
)

// gathered is the bundle of the world's invoice.
func gathered(t *testing.T, w *world) (audit.Bundle, *sealed) {
	t.Helper()
	events := w.log.All()
	seals := sealing(t, events, 7, len(events))
	ordinals := map[uuid.UUID]int64{}
	for i, event := range events {
		ordinals[event.ID] = int64(i) + 1
	}
	evidence := audit.Evidence{
		Log: w.log, Tree: seals.tree(len(events)), First: seals.seals[0], Newest: seals.seals[1], Verifier: seals.verifier, Print: w.open,
		Ordinals: func(context.Context, []uuid.UUID) (map[uuid.UUID]int64, error) { return ordinals, nil },
	}
	bundle, err := evidence.Gather(t.Context(), w.invoice)
	if err != nil {
		t.Fatal(err)
	}
	return bundle, seals
}

func packed(t *testing.T, b audit.Bundle) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func checked(t *testing.T, file []byte, key string) audit.Verdict {
	t.Helper()
	return audit.Check(bytes.NewReader(file), int64(len(file)), key)
}

// TestABundleProvesAnInvoice checks one by itself, with the right key, another key and none.
func TestABundleProvesAnInvoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credit(t)
	bundle, seals := gathered(t, w)
	file := packed(t, bundle)
	if !bytes.Equal(file, packed(t, bundle)) {
		t.Error("the same evidence gives other bytes")
	}
	verdict := checked(t, file, seals.verifier)
	if len(verdict.Wrong) > 0 || verdict.Number != "INV-2026-0038" || len(verdict.Proved) != 8 {
		t.Errorf("the bundle: %+v", verdict)
	}
	if strings.Contains(strings.Join(verdict.Unproved, " "), "who signed") {
		t.Error("the key was given, and still nobody knows who signed")
	}
	if verdict := checked(t, file, ""); len(verdict.Wrong) > 0 || !strings.Contains(strings.Join(verdict.Unproved, " "), "who signed") {
		t.Errorf("without a key: %+v", verdict)
	}
	if verdict := checked(t, file, sealing(t, nil).verifier); len(verdict.Wrong) != 1 {
		t.Errorf("with another key: %+v", verdict)
	}
	for _, entry := range bundle.Entries {
		if !entry.Staff.Person.IsZero() {
			t.Error("the entries of the bundle have internal parts")
		}
	}
}

// unpacked are the files of a bundle.
func unpacked(t *testing.T, file []byte) map[string][]byte {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, one := range reader.File {
		opened, err := one.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[one.Name], err = io.ReadAll(opened); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func repacked(files map[string][]byte) []byte {
	var file bytes.Buffer
	into := zip.NewWriter(&file)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		one, err := into.Create(name)
		if err == nil {
			_, err = one.Write(files[name])
		}
		if err != nil {
			panic(err) // A buffer takes everything.
		}
	}
	if err := into.Close(); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// TestAnyFlippedByteIsFound flips any bit of any file of a bundle.
func TestAnyFlippedByteIsFound(t *testing.T) {
	t.Parallel()
	bundle, seals := gathered(t, newWorld(t))
	files := unpacked(t, packed(t, bundle))
	names := slices.Sorted(maps.Keys(files))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "file")
		changed := maps.Clone(files)
		changed[name] = slices.Clone(files[name])
		changed[name][rapid.IntRange(0, len(files[name])-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		file := repacked(changed)
		if verdict := audit.Check(bytes.NewReader(file), int64(len(file)), seals.verifier); len(verdict.Wrong) == 0 {
			t.Errorf("%s was changed, and the bundle proves: %v", name, verdict.Proved)
		}
	})
}

// TestADamagedFileIsFound flips a bit of the packed file itself.
func TestADamagedFileIsFound(t *testing.T) {
	t.Parallel()
	bundle, seals := gathered(t, newWorld(t))
	file := packed(t, bundle)
	file[len(file)/2] ^= 4
	if verdict := checked(t, file, seals.verifier); len(verdict.Wrong) != 1 || !strings.Contains(verdict.Wrong[0], "events.jsonl cannot be unpacked") {
		t.Errorf("a damaged file: %+v", verdict)
	}
}

// TestAForgedBundleIsFound changes the evidence itself and packs it anew, so that the manifest is right.
func TestAForgedBundleIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		change func(*audit.Bundle)
		want   string
	}{
		"an event": {func(b *audit.Bundle) {
			b.Events[3].Data = append(slices.Clone(b.Events[3].Data), ' ')
		}, "is not event"},
		"its place":      {func(b *audit.Bundle) { b.Events[3].Ordinal++ }, "is not event"},
		"the document":   {func(b *audit.Bundle) { b.Document.PurchaseOrder = "PO-9" }, "no event has issued"},
		"an entry":       {func(b *audit.Bundle) { b.Entries[0].Text = "Nothing" }, "not the entries of the events"},
		"the print":      {func(b *audit.Bundle) { b.PDF = []byte("%PDF forged") }, "was recorded"},
		"the XML":        {func(b *audit.Bundle) { b.XML = []byte("<Forged/>") }, "document.xml has the digest"},
		"the first seal": {func(b *audit.Bundle) { b.First = b.Newest }, "does not begin with"},
		"a signature":    {func(b *audit.Bundle) { b.Newest = strings.Replace(b.Newest, "2026", "2027", 1) }, "cannot be verified"},
		"its number": {func(b *audit.Bundle) {
			b.Events = slices.DeleteFunc(b.Events, func(e audit.ProvenEvent) bool { return e.Kind == "numbering.allocated.v1" })
		}, "its number"},
	} {
		bundle, seals := gathered(t, w)
		test.change(&bundle)
		verdict := checked(t, packed(t, bundle), seals.verifier)
		if !strings.Contains(strings.Join(verdict.Wrong, "\n"), test.want) {
			t.Errorf("%s: %q, want %q", name, verdict.Wrong, test.want)
		}
	}
}

// TestABundleNeedsASeal asks for one of events that are not sealed yet.
func TestABundleNeedsASeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events := w.log.All()
	seals := sealing(t, events, 3)
	evidence := audit.Evidence{
		Log: w.log, Tree: seals.tree(3), First: seals.seals[0], Newest: seals.seals[0], Verifier: seals.verifier, Print: w.open,
		Ordinals: func(context.Context, []uuid.UUID) (map[uuid.UUID]int64, error) {
			return map[uuid.UUID]int64{}, nil
		},
	}
	if _, err := evidence.Gather(t.Context(), w.invoice); err == nil || !strings.Contains(err.Error(), "not sealed yet") {
		t.Errorf("got %v", err)
	}
	if _, err := evidence.Gather(t.Context(), domain.InvoiceID{UUID: w.client.UUID}); err == nil {
		t.Error("an invoice that nobody issued has a bundle")
	}
	if verdict := checked(t, []byte("no zip"), ""); len(verdict.Wrong) != 1 {
		t.Errorf("what is no bundle: %+v", verdict)
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/audit"
	"effigate/infra/blob"
	"effigate/infra/paper"
	"effigate/infra/postgres"
	"effigate/infra/seal"
)

// auditor is an installation with an issued invoice, and what audits it.
type auditor struct {
	*finality
	*auditing
}

func newAuditor(t *testing.T) auditor {
	t.Helper()
	f := issueOne(t)
	return auditor{f, &auditing{f.in.world, f.in.reads.staff}}
}

// found verifies, and gives what of history is not as it should be.
func (a auditor) found(t *testing.T) []string {
	t.Helper()
	a.in.settle(t)
	report, err := a.verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Documents == 0 || report.Events == 0 || report.Series == 0 {
		t.Errorf("of %d events, %d documents and %d series were compared", report.Events, report.Documents, report.Series)
	}
	if len(report.Notes) > 0 {
		t.Errorf("not everything was compared: %q", report.Notes)
	}
	var found []string
	for _, f := range report.Findings {
		found = append(found, f.What+": "+f.Text)
	}
	return found
}

// exec changes a table of the live generation behind everybody's back.
func (a auditor) exec(t *testing.T, s *side, reads *postgres.Reads, statement string, arguments ...any) {
	t.Helper()
	generation, release, err := reads.Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := s.database.Pool.Exec(t.Context(), fmt.Sprintf(statement, fmt.Sprintf("gen_%d", generation.Number)), arguments...); err != nil {
		t.Fatal(err)
	}
}

// TestNothingWasChangedOrItIsNamed seals and verifies an installation, and then changes it where only an audit looks.
func TestNothingWasChangedOrItIsNamed(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	made, err := a.seal(t.Context(), a.reads, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if wrong := a.found(t); len(wrong) > 0 {
		t.Fatalf("of what nobody touched: %q", wrong)
	}
	changed := func(what, want string) {
		t.Helper()
		if wrong := a.found(t); !slices.ContainsFunc(wrong, func(text string) bool { return strings.Contains(text, want) }) {
			t.Errorf("%s: found %q, want %q", what, wrong, want)
		}
	}
	printed := filepath.Join(a.path(publicFiles), documentsFolder)
	err = filepath.WalkDir(printed, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.Contains(path, visible.PrintID(a.finality.invoice.UUID, visible.PDF, 1).String()) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text[len(text)-1] ^= 1
		return os.WriteFile(path, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	changed("a printed form", "as pdf cannot be opened")
	forged, err := blob.NewStore(printed, paper.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	xml := visible.PrintID(a.finality.invoice.UUID, visible.XML, 1)
	if err := forged.Delete(xml); err != nil {
		t.Fatal(err)
	}
	if _, err := forged.Put(xml, strings.NewReader("<Invoice/>")); err != nil { // It is whole by its own digest.
		t.Fatal(err)
	}
	changed("another printed form", "as xml has the digest")
	a.exec(t, &a.in.staff, a.in.reads.staff, `UPDATE %s.log SET leaf = sha256(leaf) WHERE ordinal = 3`)
	changed("a numbered event", "its content is not what was numbered")
	if _, err := a.seal(t.Context(), a.reads, time.Now()); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("a log that is not what was sealed (%d events) is sealed: %v", made.Size, err)
	}
	a.exec(t, &a.in.client, a.in.reads.client, `ALTER TABLE %[1]s.invoices DISABLE TRIGGER USER; UPDATE %[1]s.invoices SET document = replace(document, 'INV-2026-', 'INV-2027-')`)
	changed("what the client sees", "the client read model has another")
}

// What is printed is left alone: only what is missing is tried, and named.
func TestDocumentsPrintLeavesWhatIsPrinted(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	var first, second bytes.Buffer
	if err := a.printMissing(t.Context(), &first); err != nil { // Its lane may not have come that far.
		t.Fatal(err)
	}
	if err := a.printMissing(t.Context(), &second); err != nil || strings.Contains(second.String(), a.issued.Document.Number) {
		t.Errorf("printed twice: %v\n%s\n%s", err, &first, &second)
	}
}

// TestAStrangerChecksAnInvoice takes a bundle from an installation, and checks it with nothing else.
func TestAStrangerChecksAnInvoice(t *testing.T) {
	t.Parallel()
	a := newAuditor(t)
	id, err := a.auditing.invoice(t.Context(), strings.ToLower(strings.ReplaceAll(a.issued.Document.Number, "-", "")))
	if err != nil || id != a.finality.invoice {
		t.Fatalf("the number leads to %s: %v", id, err)
	}
	bundle, err := a.bundle(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := writeBundle(bundle, path, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	key, err := a.sealKey(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := seal.VerifierOf(key)
	if err != nil {
		t.Fatal(err)
	}
	told, err := tool(t.Context(), "audit", "check", path, "--key", verifier)
	if err != nil || !strings.Contains(told, "the bundle proves what it says") || strings.Contains(told, "who signed") {
		t.Errorf("the check says %v:\n%s", err, told)
	}
	bundle.Document.Client.Name = "Somebody else"
	forged := filepath.Join(t.TempDir(), "forged.zip")
	if err := writeBundle(bundle, forged, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if told, err := tool(t.Context(), "audit", "check", forged, "--key", verifier); !errors.Is(err, errDifference) {
		t.Errorf("the check of a forged one says %v:\n%s", err, told)
	}
	explained, err := audit.Invoice(t.Context(), a.store, postgres.NewAnswers(a.staff.database), id, a.names)
	if err != nil || len(explained.Differences) > 0 {
		t.Errorf("it differs: %q, %v", explained.Differences, err)
	}
	month, err := a.period(t.Context(), a.finality.contract, a.state.Drafted().Month, func(domain.Recorded) bool { return true })
	if err != nil || !month.Net.Equal(a.issued.Document.Net) {
		t.Errorf("its month comes to %s, %v; want %s", month.Net, err, a.issued.Document.Net)
	}
}

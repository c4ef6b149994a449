package paper_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/bill"
	"effigate/infra/paper"
)

// pages reads the texts of a PDF back, one line for each piece that is written.
func pages(tb testing.TB, pdf []byte, err error) []string {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	streams := regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)
	shown := regexp.MustCompile(`(?s)\(((?:[^\\()]|\\.)*)\) ?Tj`)
	escaped := regexp.MustCompile(`(?s)\\(.)`)
	var texts []string
	for _, stream := range streams.FindAllSubmatch(pdf, -1) {
		reader, err := zlib.NewReader(bytes.NewReader(stream[1]))
		if err != nil {
			continue // It is no compressed one.
		}
		content, err := io.ReadAll(reader)
		if err != nil || !bytes.Contains(content, []byte("BT ")) || bytes.Contains(content, []byte("begincmap")) {
			continue
		}
		page := strings.Builder{}
		for _, piece := range shown.FindAllSubmatch(content, -1) {
			raw := escaped.ReplaceAllFunc(piece[1], func(pair []byte) []byte {
				if pair[1] == 'r' {
					return []byte{'\r'}
				}
				return pair[1:]
			})
			units := make([]uint16, len(raw)/2)
			for i := range units {
				units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
			}
			page.WriteString(string(utf16.Decode(units)) + "\n")
		}
		texts = append(texts, page.String())
	}
	return texts
}

func pdfOf(tb testing.TB, doc bill.Document, explained []bill.Entry) []string {
	tb.Helper()
	pdf, err := paper.PDF(doc, explained)
	return pages(tb, pdf, err)
}

// says checks that a page says texts, one after the other.
func says(tb testing.TB, page string, texts ...string) {
	tb.Helper()
	rest := page
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			tb.Errorf("%q does not come next in\n%s", text, page)
			return
		}
		rest = after
	}
}

func TestPDFOfTheWorkedExample(t *testing.T) {
	t.Parallel()
	doc := invoice(t)
	texts := pdfOf(t, doc, entries())
	if len(texts) != 2 {
		t.Fatalf("%d pages instead of 2", len(texts))
	}
	says(t, texts[0],
		"Invoice\n", "INV-2026-0041", "Harbour Digital Pty Ltd", "Sydney NSW 2000, AU", "Tax ID 51 824 753 556",
		"1 March 2026", "31 March 2026", "CON-2024-018", "1 – 28 February 2026", "PO-7781", "Billed to", "Nexus Corp",
		"Amount due by 31 March 2026", "AUD 4,136.00",
		"Hours, regular\n28.50 h\n120.00\n10 %\n3,420.00", "2 – 27 February 2026",
		"Hours, after-hours\n3.00 h\n180.00\n10 %\n540.00", "SLA deduction, ticket TKT-0041\n−1\n200.00\n10 %\n−200.00",
		"Net\n3,760.00", "GST 10 %\n3,760.00\n376.00", "Total\n4,136.00", "4,136.00",
		"Payable within 30 days", "account 062-000 1234 5678", "Thank you for your business.", "Page 1 of 2",
		doc.SHA256()[16:], "SHA-256 "+doc.SHA256()[:16])
	says(t, texts[1],
		"How each charge came about", "Australia/Sydney", "Support hours · Hours, regular", "2 February 2026", "26:29:30", "26:30", "3,180.00",
		"=Release 4.2", "240.00", "Together", "3,420.00", "Together", "540.00", "Page 2 of 2")
	for _, secret := range []string{"Nexus rates", "=row 3"} {
		if strings.Contains(strings.Join(texts, ""), secret) {
			t.Errorf("the internal %q is printed", secret)
		}
	}
}

func TestPDFOfACreditNoteNamesItsInvoice(t *testing.T) {
	t.Parallel()
	texts := pdfOf(t, credited(t, invoice(t)), nil)
	if len(texts) != 1 {
		t.Fatalf("%d pages instead of 1", len(texts))
	}
	says(t, texts[0], "Credit note\n", "CN-2026-0003", "20 March 2026", "INV-2026-0041 of 1 March 2026",
		"Amount credited", "AUD 704.06", "Reason: Release 4.2 was rolled back", "100.05", "540.00", "640.05", "64.01", "Credited, AUD\n704.06")
	for _, not := range []string{"Due", "To pay", "Payment", "Pay to"} {
		if strings.Contains(texts[0], not) {
			t.Errorf("a credit note says %q", not)
		}
	}
}

func TestPDFOfADraftHasNoNumberAndNoSeal(t *testing.T) {
	t.Parallel()
	doc := invoice(t)
	doc.Number = ""
	page := pdfOf(t, doc, nil)[0]
	says(t, page, "Draft invoice", "Draft · Page 1 of 1")
	if strings.Contains(page, "SHA-256") || strings.Contains(page, "reference") {
		t.Errorf("a draft is sealed, or asks to be paid:\n%s", page)
	}
}

func TestPDFOfManyLinesRepeatsTheHeadOfItsTable(t *testing.T) {
	t.Parallel()
	doc, explained := many(t, 120)
	texts := pdfOf(t, doc, explained)
	lines := 0
	for _, page := range texts {
		if strings.Contains(page, "of work package") && !strings.Contains(page, "Together") {
			says(t, page, "Description\nQuantity\nUnit price\nTax\nNet\n", "of work package")
			lines++
		}
	}
	if lines < 3 {
		t.Errorf("120 lines are on %d pages", lines)
	}
	whole := strings.Join(texts, "")
	says(t, whole, "GST 10 %", "GST-free", "Input taxed", "Total", "Input taxed: Financial supplies are not taxed")
	for _, line := range doc.Lines {
		if count := strings.Count(whole, line.Text+"\n"); count != 2 {
			t.Errorf("%q is printed %d times instead of once and once explained", line.Text, count)
		}
	}
	says(t, whole, "Łódź Жуков mbH", "Слово □□□□ □□")
}

func TestPDFShowsWhateverTextComes(t *testing.T) {
	t.Parallel()
	doc := invoice(t)
	doc.Lines[0].Text = strings.Repeat("very ", 3000) + "long"        // beyond a page
	doc.Lines[1].Text = "e\u0301 \u200bzero\twidth\n🙂 {nb} (\\) \x00" // composed, dropped, boxed, escaped
	doc.Lines[2].Text = ""
	texts := pdfOf(t, doc, nil)
	if len(texts) < 2 {
		t.Errorf("%d pages for a line beyond one", len(texts))
	}
	says(t, strings.Join(texts, ""), "very", "long", `é zero width □ {nb} (\) `)
}

// TestLacking tells of every letter that a PDF shows as a box, and of no other.
func TestLacking(t *testing.T) {
	t.Parallel()
	doc, explained := many(t, 3)
	for i := range explained {
		explained[i].Text = "Invoices"
	}
	lacking := func() []string {
		t.Helper()
		found, err := paper.Lacking(doc, explained)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	doc.Client.Name, doc.Lines[0].Text = "Łódź Жуков mbH", "e\u0301 \u200bzero\twidth\n"
	if found := lacking(); len(found) > 0 {
		t.Errorf("a document that is printed whole lacks %q", found)
	}
	doc.Client.Name, doc.Client.City = "山田山田 KK", "東京"
	doc.Lines[1].Text = "一二三四五六七八九十"
	explained[0].Text = "سلام"
	doc.Lines[2].Text = "🙂"
	doc.Terms = "שלום"
	want := []string{"山田 in the client's name", "東京 in the client's address", "שלום in the terms of payment"}
	if found := lacking(); len(found) != 5 || !cmp.Equal(want, found[:3]) || found[4] != "others in 2 more places" {
		t.Errorf("%q", found)
	}
	doc.Client, doc.Terms = bill.Party{}, ""
	want = []string{"سلام in the entries of line 1", "一二三四五六七八 in line 2", "🙂 in line 3"}
	if diff := cmp.Diff(want, lacking()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPDFIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	doc, explained := many(t, 30)
	prints := make([][]byte, 6)
	var wait sync.WaitGroup
	for i := range prints {
		wait.Go(func() { prints[i], _ = paper.PDF(doc, explained) })
	}
	wait.Wait()
	for i, print := range prints {
		if len(print) == 0 || !bytes.Equal(print, prints[0]) {
			t.Errorf("print %d differs from the first", i)
		}
	}
}

// TestLayout fails when the bytes of a document change. Then documents that were printed before can no longer be
// printed again as they were: raise Layout, and write the digest anew with -update.
func TestLayout(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	doc := invoice(t)
	doc.Number = "" // A sealed one would also change with the document's canonical form.
	for _, print := range []func() ([]byte, error){
		func() ([]byte, error) { return paper.PDF(doc, entries()) },
		statement().PDF,
	} {
		pdf, err := print()
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(pdf)
	}
	golden(t, "layout_1.sha256", []byte(hex.EncodeToString(sum.Sum(nil))+"\n"))
}

func TestPDFOfAStatement(t *testing.T) {
	t.Parallel()
	pdf, err := statement().PDF()
	texts := pages(t, pdf, err)
	says(t, texts[0], "Statement of account", "Nexus Corp", "1 – 31 March 2026", "Australia/Sydney", "Opening balance", "3,890.00",
		"INV-2026-0041\n4,136.00\n8,026.00", "Closing balance", "3,431.94", "Page 1 of 1")
}

// TestTheLargestDocumentCanBeKept prints as many entries with as long texts as a document may have, of what takes the most
// bytes: what is random, and what is escaped. Such a document was larger than its store took in.
func TestTheLargestDocumentCanBeKept(t *testing.T) {
	t.Parallel()
	doc, random := invoice(t), rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	all := make([]bill.Entry, bill.MaxEntries)
	for i := range all {
		entry := entries()[0]
		entry.Text = ""
		text := strings.Builder{}
		for room := bill.MaxTexts/len(all) - bill.Texts([]bill.Entry{entry}); text.Len() < room-1; {
			text.WriteRune([]rune{'"', ';', '=', '\n', rune('!' + random.IntN(90)), rune(0x400 + random.IntN(200))}[random.IntN(6)])
		}
		entry.Text = text.String()
		all[i] = entry
	}
	const part = 16 // of the PDF, whose pages take their time
	pdf, err := paper.PDF(doc, all[:len(all)/part])
	if err != nil || len(pdf) > paper.MaxSize/part {
		t.Errorf("the PDF of a part of it: %d bytes, %v", len(pdf), err)
	}
	table, err := paper.CSV(doc, all, false)
	if err != nil || len(table) > paper.MaxSize {
		t.Errorf("the CSV: %d bytes, %v", len(table), err)
	}
}

func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	long, undated := invoice(t), invoice(t)
	long.Lines = make([]bill.Line, bill.MaxLines+1)
	undated.Date = ""
	tooMany := make([]bill.Entry, bill.MaxEntries+1)
	tooLong := []bill.Entry{{Text: strings.Repeat("x", bill.MaxTexts), Rule: "x"}}
	for name, write := range map[string]func() ([]byte, error){
		"PDF of too many lines":   func() ([]byte, error) { return paper.PDF(long, nil) },
		"PDF of too many entries": func() ([]byte, error) { return paper.PDF(invoice(t), tooMany) },
		"PDF without a date":      func() ([]byte, error) { return paper.PDF(undated, nil) },
		"UBL of too many lines":   func() ([]byte, error) { return paper.UBL(long) },
		"PDF of too long texts":   func() ([]byte, error) { return paper.PDF(invoice(t), tooLong) },
		"CSV of too many entries": func() ([]byte, error) { return paper.CSV(invoice(t), tooMany, true) },
	} {
		if got, err := write(); err == nil || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestPDFWritesOtherAmounts(t *testing.T) {
	t.Parallel()
	doc := invoice(t)
	doc.Currency, doc.Payable, doc.Rounding = "JPY", number("-1234567"), number("-3")
	doc.Lines[0].UnitPrice, doc.Lines[0].Minutes = number("0.00125"), -7
	doc.Account.BIC, doc.Terms = "", ""
	page := pdfOf(t, doc, nil)[0]
	says(t, page, "In your favour", "JPY 1,234,567", "0.00125", "Rounding\n−3", "To pay, JPY\n−1,234,567")
	doc.Payable = number("0")
	says(t, pdfOf(t, doc, nil)[0], "Nothing to pay", "JPY 0")
	if diff := cmp.Diff(false, strings.Contains(page, "Payment\n")); diff != "" {
		t.Errorf("asks for payment (-want +got):\n%s", diff)
	}
}

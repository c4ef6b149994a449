package invoice_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/invoice"
	"effigate/domain/spec"
)

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "invoice", invoice.All())
	spec.NothingOfStaff(t)
}

func TestStreamName(t *testing.T) {
	t.Parallel()
	if got, err := invoice.IDOf(invoice.Stream(inv41)); err != nil || got != inv41 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := invoice.IDOf("creditnote-" + inv41.String()); err == nil {
		t.Error("another stream has an invoice's id")
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	given().When(first).Then(t, drafted)
	given(standing...).When(first).ThenNothing(t)
	other := drafting(func(said *invoice.DraftedStaff) { said.Content.Lines[0].Text = "Other words" })
	given(inDraft...).When(other).ThenRefused(t, domain.ErrConflict, "invoice_exists")
	unfit := drafting(func(said *invoice.DraftedStaff) { said.Content.Currency, said.Issuer = "XXX", "" })
	given().When(unfit).ThenInvalid(t, "currency", "issuer")
	bare := invoice.Draft{Signed: invoice.Signed{By: anna}}
	if _, err := invoice.Decide(invoice.State{}, bare); err == nil {
		t.Error("an empty draft was taken")
	}
	byClient := first
	byClient.By = emma
	given().When(byClient).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
}

// What the caller does with its slices afterwards is not history.
func TestDraftSharesNoMemory(t *testing.T) {
	t.Parallel()
	command := drafting(nil)
	events, err := invoice.Decide(invoice.State{}, command)
	if err != nil {
		t.Fatal(err)
	}
	command.Staff.Content.Lines[0].Text = "changed afterwards"
	if diff := cmp.Diff([]invoice.Event{drafted}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	add := func(chunk int, entries ...bill.Entry) invoice.AddEntries {
		return invoice.AddEntries{Signed: system(), Chunk: chunk, Entries: entries}
	}
	given(drafted).When(add(1, entries()[0])).Then(t, chunk1) // Anna drafted it, whoever completes it.
	given(drafted, chunk1).When(add(1, entries()[0])).ThenNothing(t)
	given(standing...).When(add(2, entries()[1])).ThenNothing(t)
	given(drafted, chunk1).When(add(1, entries()[1])).ThenRefused(t, domain.ErrConflict, "other_entries")
	given(drafted).When(add(2, entries()[1])).ThenInvalid(t, "chunk")
	given(inDraft...).When(add(3, entries()[1])).ThenInvalid(t, "chunk")
	given(drafted).When(add(1)).ThenInvalid(t, "entries")
	stray := entries()[0]
	stray.Line = byHand
	given(drafted).When(add(1, stray)).ThenInvalid(t, "entries")
	given(drafted).When(add(1, slices.Repeat(entries(), bill.MaxEntries)...)).ThenInvalid(t, "entries")
}

// Until every entry is there, and is the one the draft was made with, nothing goes on: a number is never given to what
// cannot become a document.
func TestIncompleteDraft(t *testing.T) {
	t.Parallel()
	given(drafted, chunk1).When(invoice.Submit{Signed: by(anna)}).ThenRefused(t, domain.ErrConflict, "entries_missing")
	altered := entries()[1:]
	altered[0].Amount = amount("541")
	corrupt := after(nil, drafted, chunk1, invoice.EntriesAdded{Chunk: 2, Entries: altered, At: at})
	given(corrupt...).When(invoice.Submit{Signed: by(anna)}).ThenRefused(t, domain.ErrConflict, "entries_differ")
	shown := fold(corrupt...).Digest()
	given(after(corrupt, submitted)...).When(invoice.Approve{Signed: by(olga), Shown: shown}).ThenRefused(t, domain.ErrConflict, "entries_differ")
	given(after(corrupt, submitted, approved)...).When(invoice.Issue{Signed: by(ben), Date: day}).ThenRefused(t, domain.ErrConflict, "entries_differ")
	given(after(corrupt, submitted, approved, issuing)...).When(complete).ThenRefused(t, domain.ErrConflict, "entries_differ")
}

// Entries without internal parts have the digest of the entries: a client who has them can work it out.
func TestInternalPartsAreNotDigested(t *testing.T) {
	t.Parallel()
	bare := entries()[1:]
	bare[0].Staff = bill.EntryStaff{}
	given(drafted, chunk1, invoice.EntriesAdded{Chunk: 2, Entries: bare, At: at}).When(invoice.Submit{Signed: by(ben)}).Then(t, submitted)
}

// A42: a draft has no number, and is edited and saved.
func TestA42DraftWithoutNumberIsEdited(t *testing.T) {
	t.Parallel()
	line := bill.Line{
		ID: byHand, Kind: bill.Manual, Text: "Discount", Count: amount("-1"), Unit: bill.Piece, Quantity: "-1", UnitPrice: amount("60"),
		Net: amount("-60"), Amount: amount("-60"),
	}
	added := invoice.LineAdded{Staff: invoice.LineAddedStaff{Line: line, Reason: "agreed"}, By: anna.Person, At: at}
	given(inDraft...).When(discount).Then(t, added)
	given(after(inDraft, added)...).When(discount).ThenNothing(t)
	reword := invoice.Reword{Signed: by(anna), Line: regular, Text: "Work in March"}
	reworded := invoice.LineReworded{Line: regular, Staff: invoice.LineRewordedStaff{Text: "Work in March"}, By: anna.Person, At: at}
	given(inDraft...).When(reword).Then(t, reworded)
	given(after(inDraft, reworded)...).When(reword).ThenNothing(t)
	s := fold(after(inDraft, added, reworded)...)
	if got := s.Draft(); len(got.Lines) != 4 || got.Lines[0].Text != "Work in March" || got.Lines[3].ID != byHand || s.Document().Number != "" {
		t.Errorf("the draft is %+v", got.Lines)
	}
	removed := invoice.LineRemoved{Line: byHand, By: anna.Person, At: at}
	remove := invoice.RemoveLine{Signed: by(anna), Line: byHand}
	given(after(inDraft, added)...).When(remove).Then(t, removed)
	given(after(inDraft, added, removed)...).When(remove).ThenNothing(t)
	if diff := cmp.Diff(content(), fold(after(inDraft, added, removed)...).Draft()); diff != "" {
		t.Errorf("the draft without the line (-want +got):\n%s", diff)
	}
}

func TestAdjustmentsRefused(t *testing.T) {
	t.Parallel()
	line := func(change func(*invoice.AddLine)) invoice.AddLine {
		command := discount
		change(&command)
		return command
	}
	added := happened(t, inDraft, discount)
	gone := happened(t, added, invoice.RemoveLine{Signed: by(anna), Line: byHand})
	given(inDraft...).When(line(func(c *invoice.AddLine) { c.Reason = "" })).ThenInvalid(t, "reason")
	given(inDraft...).When(line(func(c *invoice.AddLine) { c.Line.ID, c.Line.Kind = regular, bill.Time })).ThenInvalid(t, "kind", "line")
	given(inDraft...).When(line(func(c *invoice.AddLine) { c.Line.Count = amount("0") })).ThenInvalid(t, "count")
	given(inDraft...).When(line(func(c *invoice.AddLine) { c.Line.UnitPrice = decimal.New(1, 999_999_999) })).ThenInvalid(t, "unit_price")
	given(inDraft...).When(line(func(c *invoice.AddLine) { c.Line.TaxCategory = "unknown" })).ThenInvalid(t, "lines")
	given(inDraft...).When(line(func(c *invoice.AddLine) { c.Line.UnitPrice = amount("5000") })).ThenInvalid(t, "lines") // below zero
	given(added...).When(line(func(c *invoice.AddLine) { c.Line.Text = "Rebate" })).ThenRefused(t, domain.ErrConflict, "line_exists")
	given(gone...).When(discount).ThenRefused(t, domain.ErrConflict, "line_exists")
	given(inDraft...).When(invoice.RemoveLine{Signed: by(anna), Line: regular}).ThenRefused(t, domain.ErrConflict, "line_computed")
	given(inDraft...).When(invoice.RemoveLine{Signed: by(anna), Line: byHand}).ThenRefused(t, domain.ErrNotFound, "no_such_line")
	given(gone...).When(invoice.Reword{Signed: by(anna), Line: byHand, Text: "x"}).ThenRefused(t, domain.ErrNotFound, "no_such_line")
	given(inDraft...).When(invoice.Reword{Signed: by(anna), Line: regular}).ThenInvalid(t, "text")
	given(inDraft...).When(invoice.Reword{Signed: by(anna), Line: regular, Text: "two\nlines"}).ThenInvalid(t, "lines")
}

// What waits for approval, is approved or is over is no draft (A46 for invoices: what was agreed cannot be edited).
func TestOnlyDraftsAreEdited(t *testing.T) {
	t.Parallel()
	edits := []invoice.Command{
		discount,
		invoice.Reword{Signed: by(anna), Line: regular, Text: "Other words"},
		invoice.AddEntries{Signed: system(), Chunk: 3, Entries: entries()},
		invoice.Submit{Signed: by(anna)},
	}
	for _, edit := range edits {
		if _, submit := edit.(invoice.Submit); !submit {
			given(pending...).When(edit).ThenRefused(t, domain.ErrConflict, "not_a_draft")
		}
		given(passed...).When(edit).ThenRefused(t, domain.ErrConflict, "not_a_draft")
		given(discarded...).When(edit).ThenRefused(t, domain.ErrConflict, "invoice_discarded")
		given(frozen...).When(edit).ThenRefused(t, domain.ErrConflict, "invoice_issued")
		given(standing...).When(edit).ThenRefused(t, domain.ErrConflict, "invoice_issued")
	}
	withLine := happened(t, inDraft, discount)
	withLine = happened(t, withLine, invoice.Submit{Signed: by(ben)})
	given(withLine...).When(invoice.RemoveLine{Signed: by(anna), Line: byHand}).ThenRefused(t, domain.ErrConflict, "not_a_draft")
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	discard := invoice.Discard{Signed: by(anna), Reason: "again"}
	for _, past := range [][]invoice.Event{inDraft, pending} {
		given(past...).When(discard).Then(t, discarded[len(discarded)-1])
	}
	given(discarded...).When(discard).ThenNothing(t)
	given(passed...).When(discard).ThenRefused(t, domain.ErrConflict, "not_a_draft")
	given(frozen...).When(discard).ThenRefused(t, domain.ErrConflict, "invoice_issued")
	if was, ok := fold(discarded...).Discarded(); !ok || was.Staff.Reason != "again" {
		t.Errorf("discarded %+v, %t", was, ok)
	}
}

// What was reserved and never drafted is given up by its first event: the draft comes too late.
func TestDiscardBeforeTheDraft(t *testing.T) {
	t.Parallel()
	forestalling := invoice.Discard{Signed: by(anna), Reason: "no rate of tax", Contract: con18, Month: "2026-03"}
	gone := invoice.Discarded{Contract: con18, Month: "2026-03", Staff: invoice.ReasonStaff{Reason: "no rate of tax"}, By: anna.Person, At: at}
	given().When(forestalling).Then(t, gone)
	given(gone).When(forestalling).ThenNothing(t)
	given(gone).When(first).ThenRefused(t, domain.ErrConflict, "invoice_discarded")
	unnamed := forestalling
	unnamed.Contract = domain.ContractID{}
	given().When(unnamed).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
	given(inDraft...).When(forestalling).Then(t, invoice.Discarded{Staff: gone.Staff, By: anna.Person, At: at})
	unnamed = forestalling
	unnamed.By = emma
	given().When(unnamed).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
	unnamed = forestalling
	unnamed.Month = "March"
	given().When(unnamed).ThenInvalid(t, "month")
}

func TestApproval(t *testing.T) {
	t.Parallel()
	approve := func(actor domain.Actor) invoice.Approve {
		return invoice.Approve{Signed: by(actor), Shown: fold(pending...).Digest()}
	}
	given(inDraft...).When(invoice.Submit{Signed: by(ben)}).Then(t, submitted)
	given(pending...).When(invoice.Submit{Signed: by(ben)}).ThenNothing(t)
	given(pending...).When(approve(olga)).Then(t, approved)
	given(passed...).When(approve(olga)).ThenNothing(t)
	given(inDraft...).When(approve(olga)).ThenRefused(t, domain.ErrConflict, "not_submitted")
	given(pending...).When(approve(anna)).ThenRefused(t, domain.ErrForbidden, "own_invoice") // She drafted it.
	given(pending...).When(approve(ben)).ThenRefused(t, domain.ErrForbidden, "own_invoice")  // He submitted it.
	given(pending...).When(approve(domain.System())).ThenRefused(t, domain.ErrForbidden, "own_invoice")
	given(pending...).When(invoice.Approve{Signed: by(olga), Shown: "another"}).ThenRefused(t, domain.ErrConflict, "draft_changed")
	given(frozen...).When(approve(olga)).ThenRefused(t, domain.ErrConflict, "invoice_issued")
	given(discarded...).When(approve(olga)).ThenRefused(t, domain.ErrConflict, "invoice_discarded")
}

// Whoever changed a draft, if only a word, does not approve it; a submission that was returned does not count.
func TestSecondPerson(t *testing.T) {
	t.Parallel()
	changed := happened(t, inDraft, invoice.Reword{Signed: by(olga), Line: regular, Text: "Work"}, invoice.Submit{Signed: by(ben)})
	approve := invoice.Approve{Signed: by(olga), Shown: fold(changed...).Digest()}
	given(changed...).When(approve).ThenRefused(t, domain.ErrForbidden, "own_invoice")
	again := happened(t, changed, invoice.Return{Signed: by(anna), Reason: "wait"}, invoice.Submit{Signed: by(anna)})
	approve.Signed = by(ben)
	given(again...).When(approve).Then(t, invoice.Approved{By: ben.Person, At: at})
	given(after(again, invoice.Returned{At: at})...).When(approve).ThenRefused(t, domain.ErrConflict, "not_submitted")
}

func TestOnePersonIsEnoughWhereTheIssuerSaysSo(t *testing.T) {
	t.Parallel()
	alone := drafted
	alone.Staff.TwoPeople = false
	draft := []invoice.Event{alone, chunk1, chunk2}
	given(draft...).When(invoice.Approve{Signed: by(anna), Shown: fold(draft...).Digest()}).Then(t, invoice.Approved{By: anna.Person, At: at})
	given(draft...).When(invoice.Approve{Signed: by(anna)}).ThenRefused(t, domain.ErrConflict, "draft_changed")
}

func TestReturn(t *testing.T) {
	t.Parallel()
	back := invoice.Return{Signed: by(olga), Reason: "one ticket is missing"}
	returned := invoice.Returned{Staff: invoice.ReasonStaff{Reason: "one ticket is missing"}, By: olga.Person, At: at}
	given(pending...).When(back).Then(t, returned)
	given(passed...).When(back).Then(t, returned)
	given(inDraft...).When(back).ThenNothing(t)
	given(pending...).When(invoice.Return{Signed: by(olga)}).ThenInvalid(t, "reason")
	given(frozen...).When(back).ThenRefused(t, domain.ErrConflict, "invoice_issued")
	given(discarded...).When(back).ThenRefused(t, domain.ErrConflict, "invoice_discarded")
}

func TestIssue(t *testing.T) {
	t.Parallel()
	issue := invoice.Issue{Signed: by(ben), Date: day}
	given(passed...).When(issue).Then(t, issuing)
	given(frozen...).When(issue).ThenNothing(t)
	given(standing...).When(issue).ThenNothing(t)
	given(inDraft...).When(issue).ThenRefused(t, domain.ErrConflict, "not_approved")
	given(pending...).When(issue).ThenRefused(t, domain.ErrConflict, "not_approved")
	given(discarded...).When(issue).ThenRefused(t, domain.ErrConflict, "invoice_discarded")
	given(passed...).When(invoice.Issue{Signed: by(ben), Date: "2026-02-30"}).ThenInvalid(t, "date")
	given(passed...).When(invoice.Issue{Signed: by(ben), Date: "2026-04-01"}).ThenInvalid(t, "date")
	// At 13:00 UTC it is tomorrow in Sydney already.
	evening := invoice.Issue{Signed: invoice.Signed{By: ben, At: at.Add(4 * time.Hour)}, Date: "2026-04-01"}
	given(passed...).When(evening).Then(t, invoice.Issuing{Date: "2026-04-01", By: ben.Person, At: at.Add(4 * time.Hour)})
}

// F42: the rate that reports convert by is recorded when the invoice is frozen, and is never another one. Nothing of the
// document follows from it.
func TestIssueRecordsTheRateOfReports(t *testing.T) {
	t.Parallel()
	rate := bill.Exchange{Currency: "EUR", Rate: amount("0.6012"), Day: "2026-03-27", Source: "ECB"}
	issue := func(change func(*bill.Exchange)) invoice.Issue {
		asked := rate
		change(&asked)
		return invoice.Issue{Signed: by(ben), Date: day, Exchange: asked}
	}
	recorded := issuing
	recorded.Staff.Exchange = rate
	given(passed...).When(issue(func(*bill.Exchange) {})).Then(t, recorded)
	given(after(passed, recorded)...).When(issue(func(e *bill.Exchange) { e.Rate = amount("2") })).ThenNothing(t)
	given(after(passed, recorded)...).When(complete).Then(t, issued)
	for name, wrong := range map[string]func(*bill.Exchange){
		"of the invoice's own currency": func(e *bill.Exchange) { e.Currency = "AUD" },
		"of a later day":                func(e *bill.Exchange) { e.Day = day.Add(1) },
		"too old":                       func(e *bill.Exchange) { e.Day = day.Add(-bill.MaxExchangeDays - 1) },
		"of nought":                     func(e *bill.Exchange) { e.Rate = amount("0") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(passed...).When(issue(wrong)).ThenInvalid(t, "exchange")
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	given(frozen...).When(complete).Then(t, issued)
	given(standing...).When(complete).ThenNothing(t)
	given(passed...).When(complete).ThenRefused(t, domain.ErrConflict, "not_issuing")
	for name, change := range map[string]func(*invoice.Complete){
		"another number": func(c *invoice.Complete) { c.Number = 42 },
		"another date":   func(c *invoice.Complete) { c.Date = "2026-04-01" },
		"another series": func(c *invoice.Complete) { c.Series = "invoice-other-2026" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := complete
			change(&other)
			given(standing...).When(other).ThenRefused(t, domain.ErrConflict, "invoice_issued")
		})
	}
	given(frozen...).When(invoice.Complete{Signed: system(), Number: 0, Date: "2026-03-30"}).ThenInvalid(t, "number", "date", "series")
	given(frozen...).When(invoice.Complete{Signed: system(), Number: 1, Date: "2027-01-01", Series: series}).ThenInvalid(t, "date")
}

// The worked example (section 4): what the domain issues is what the firm told its client.
func TestIssuedDocument(t *testing.T) {
	t.Parallel()
	document := fold(happened(t, frozen, complete)...).Document()
	got := []string{
		document.Number, string(document.Date), string(document.Due), document.Net.String(), document.Tax.String(), document.Payable.String(),
		document.Lines[0].Quantity, document.Client.Name,
	}
	want := []string{"INV-2026-0041", "2026-03-31", "2026-04-14", "3760", "376", "4136", "28.50 h", "Nexus Corp"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if document.SHA256() != issued.SHA256 {
		t.Error("the digest is not that of the document")
	}
}

// A61: a draft that is opened, saved as it is, and stored again ten times, wherever the person is, says the same.
func TestA61SavingADraftMovesNoDate(t *testing.T) {
	t.Parallel()
	past := inDraft
	for i := range 10 {
		zone := time.FixedZone("", (i*3-11)*3600)
		signed := invoice.Signed{By: anna, At: at.In(zone).UTC()}
		for _, line := range fold(past...).Draft().Lines {
			given(past...).When(invoice.Reword{Signed: signed, Line: line.ID, Text: line.Text}).ThenNothing(t)
		}
		again := drafting(func(said *invoice.DraftedStaff) {
			data, err := json.Marshal(fold(past...).Draft())
			if err != nil {
				t.Fatal(err)
			}
			said.Content = bill.Content{}
			if err := json.Unmarshal(data, &said.Content); err != nil {
				t.Fatal(err)
			}
		})
		again.Signed = signed
		given(past...).When(again).ThenNothing(t)
	}
	if diff := cmp.Diff(content(), fold(past...).Draft()); diff != "" {
		t.Errorf("the draft moved (-want +got):\n%s", diff)
	}
}

// everyCommand has one value of each command there is, such as would act if anything could.
var everyCommand = []invoice.Command{
	drafting(func(said *invoice.DraftedStaff) { said.Content.Lines[0].UnitPrice = amount("1") }),
	invoice.AddEntries{Signed: by(anna), Chunk: 1, Entries: entries()},
	discount,
	invoice.RemoveLine{Signed: by(anna), Line: regular},
	invoice.Reword{Signed: by(anna), Line: regular, Text: "Other words"},
	invoice.Discard{Signed: by(anna), Reason: "again"},
	invoice.Submit{Signed: by(anna)},
	invoice.Approve{Signed: by(olga)},
	invoice.Return{Signed: by(olga), Reason: "again"},
	invoice.Issue{Signed: by(ben), Date: day},
	invoice.Complete{Signed: system(), Number: 42, Date: day, Series: series},
	invoice.Render{Signed: system(), Print: printed},
	crediting("1", credit(late, "100")),
	confirming("1"),
	paidBy("a", "100"),
	invoice.ReversePayment{Signed: by(ben), Payment: payment("a"), Day: day},
	disputing("a", regular, "0"),
	attaching("order.pdf"),
	erasing("order.pdf"),
	invoice.NoteMissedAnswers{Signed: system()},
	invoice.TakeDispute{Signed: by(anna), Dispute: objection("a")},
	invoice.SettleDispute{Signed: by(anna), Dispute: objection("a"), Answer: "No."},
	invoice.WithdrawDispute{Signed: by(emma), Dispute: objection("a")},
	reminding(1, "2026-05-01"),
	invoice.WriteOff{Signed: by(olga), Reason: "insolvent"},
}

// A40: no command there is changes a byte of an issued document, nor anything that it was made of.
func TestA40NoCommandTouchesAnIssuedInvoice(t *testing.T) {
	t.Parallel()
	past := standing
	for range 3 { // What the first round begins, such as a dispute, the next ones go on with.
		for _, command := range everyCommand {
			for _, actor := range []domain.Actor{anna, olga, emma, domain.System()} {
				events, _ := invoice.Decide(fold(past...), sentBy(command, actor))
				past = after(past, events...)
				s := fold(past...)
				if now, ok := s.Issued(); !ok || string(now.Document.Canonical()) != string(issued.Document.Canonical()) || now.SHA256 != issued.SHA256 {
					t.Fatalf("%T changed the document", command)
				}
				if diff := cmp.Diff(content(), s.Draft()); diff != "" || s.Status() != invoice.StatusIssued || len(s.Entries()) != 2 {
					t.Fatalf("%T changed what the document was made of", command)
				}
			}
		}
	}
	if len(past) < len(standing)+9 {
		t.Errorf("only %d commands acted", len(past)-len(standing))
	}
}

// The list above is complete: it has a value of each struct in commands.go that is signed.
func TestEveryCommandIsListed(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "commands.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var declared, listed []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if structure, ok := spec.Type.(*ast.StructType); ok && slices.ContainsFunc(structure.Fields.List, embedsSigned) {
			declared = append(declared, spec.Name.Name)
		}
		return true
	})
	for _, command := range everyCommand {
		listed = append(listed, reflect.TypeOf(command).Name())
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("commands (-declared +listed):\n%s", diff)
	}
}

func embedsSigned(field *ast.Field) bool {
	name, ok := field.Type.(*ast.Ident)
	return ok && len(field.Names) == 0 && name.Name == "Signed"
}

// sentBy is the command as somebody else would send it.
func sentBy(command invoice.Command, actor domain.Actor) invoice.Command {
	sent := reflect.New(reflect.TypeOf(command)).Elem()
	sent.Set(reflect.ValueOf(command))
	sent.FieldByName("By").Set(reflect.ValueOf(actor))
	return sent.Interface().(invoice.Command)
}

// A client learns nothing of an invoice that is not issued, of another's never, and asks only for what is its own.
func TestClientSide(t *testing.T) {
	t.Parallel()
	for _, command := range everyCommand {
		for _, past := range [][]invoice.Event{nil, inDraft, pending, passed, frozen, discarded} {
			given(past...).When(sentBy(command, emma)).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
		}
		given(standing...).When(sentBy(command, oma)).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
		switch command.(type) {
		case invoice.Dispute, invoice.AttachToDispute, invoice.WithdrawDispute:
			given(standing...).When(sentBy(command, anna)).ThenRefused(t, domain.ErrForbidden, "clients_dispute")
		default:
			given(standing...).When(sentBy(command, emma)).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
		}
	}
	nobody := emma
	nobody.Person = domain.PersonID{}
	given(standing...).When(sentBy(disputing("a", regular, "0"), nobody)).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
}

func TestUnsignedCommands(t *testing.T) {
	t.Parallel()
	given(inDraft...).When(invoice.Submit{}).ThenInvalid(t, "by", "at")
	given().When(invoice.Submit{Signed: by(anna)}).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
	given(standing...).When(invoice.TakeDispute{Signed: by(anna), Dispute: domain.DisputeID{UUID: uuid.Nil}}).ThenRefused(t, domain.ErrNotFound, "no_such_dispute")
}

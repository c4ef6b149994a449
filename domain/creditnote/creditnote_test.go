package creditnote_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

var (
	given     = spec.Decider(creditnote.Decider).Given
	disclosed = spec.Discloser(creditnote.Disclose).Given
)

func id(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "credit note test", name) }

func amount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

var (
	at     = time.Date(2026, time.April, 2, 9, 0, 0, 0, time.UTC)
	ben    = domain.Actor{Person: domain.PersonID{UUID: id("ben")}, Side: domain.StaffSide, Role: domain.Finance}
	emma   = domain.Actor{Person: domain.PersonID{UUID: id("emma")}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: nexus}
	nexus  = domain.ClientID{UUID: id("nexus")}
	cn12   = domain.CreditNoteID{UUID: id("CN-2026-0012")}
	inv41  = domain.InvoiceID{UUID: id("INV-2026-0041")}
	series = "creditnote-main-2026"
	digest = strings.Repeat("9f86d081", 8)

	draft    = drafting(func(*creditnote.Draft) {})
	drafted  = creditnote.Drafted{CreditNote: cn12, Invoice: inv41, Client: nexus, Date: "2026-04-02", Staff: draft.Staff, By: ben.Person, At: at}
	complete = creditnote.Complete{Number: 12, Date: "2026-04-03", Series: series, By: domain.System(), At: at}
	issued   = issuedAs("CN-2026-0012", "2026-04-03")
	render   = creditnote.Render{Print: forms, By: domain.System(), At: at}
	rendered = creditnote.Rendered{Print: forms, At: at}
	forms    = bill.Print{Layout: 1, SHA256: digest, Size: 2048, XMLSHA256: strings.Repeat("ab", 32), CSVSHA256: strings.Repeat("cd", 32)}
)

func drafting(change func(*creditnote.Draft)) creditnote.Draft {
	document := bill.Document{
		Kind: bill.CreditNote, Zone: "Australia/Sydney", Contract: "CON-2024-018", Currency: "AUD",
		Issuer: bill.Party{Name: "Effigate Pty Ltd", Country: "AU"}, Client: bill.Party{Name: "Nexus Corp", Country: "AU"},
		Lines: []bill.Line{{ID: id("line"), Kind: bill.Fee, Text: "Fee", Count: amount("1"), Unit: bill.Piece, Quantity: "1", UnitPrice: amount("540"), Net: amount("540"), Amount: amount("540")}},
		Taxes: []bill.Tax{{Kind: bill.StandardRate, Percent: amount("10"), Name: "GST 10 %", Base: amount("540"), Amount: amount("54")}},
		Net:   amount("540"), Tax: amount("54"), Total: amount("594"), Payable: amount("594"), Invoice: "INV-2026-0041", InvoiceDate: "2026-03-31",
		Reason: "Charged twice",
	}
	command := creditnote.Draft{
		CreditNote: cn12, Invoice: inv41, Client: nexus, Date: "2026-04-02", By: ben, At: at,
		Staff: creditnote.DraftedStaff{Document: document, Issuer: "main", Prefix: "CN", Code: creditnote.Mistake},
	}
	change(&command)
	return command
}

func issuedAs(number string, date calendar.Date) creditnote.Issued {
	document := drafting(func(*creditnote.Draft) {}).Staff.Document
	document.Number, document.Date = number, date
	return creditnote.Issued{
		Number: 12, Document: document, SHA256: document.SHA256(), Staff: creditnote.IssuedStaff{Series: series}, By: ben.Person, At: at,
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "creditnote", creditnote.All())
	spec.NothingOfStaff(t)
}

func TestStreamName(t *testing.T) {
	t.Parallel()
	if got, err := creditnote.IDOf(creditnote.Stream(cn12)); err != nil || got != cn12 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := creditnote.IDOf("invoice-" + cn12.String()); err == nil {
		t.Error("another stream has a credit note's id")
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	given().When(draft).Then(t, drafted)
	given(drafted).When(draft).ThenNothing(t)
	given(drafted, issued).When(draft).ThenNothing(t)
	given(drafted).When(drafting(func(c *creditnote.Draft) { c.Staff.Document.Reason = "Other words" })).ThenRefused(t, domain.ErrConflict, "credit_note_exists")
	given().When(drafting(func(c *creditnote.Draft) { c.Staff.Document.Number = "CN-1" })).ThenInvalid(t, "document")
	given().When(drafting(func(c *creditnote.Draft) { c.Staff.Document.Lines = nil })).ThenInvalid(t, "document")
	given().When(drafting(func(c *creditnote.Draft) { c.Staff.Document.Kind = bill.Invoice })).ThenInvalid(t, "document")
	given().When(drafting(func(c *creditnote.Draft) { c.Staff.Code, c.Date, c.Staff.Prefix = "whim", "", "" })).ThenInvalid(t, "code", "date", "prefix")
	given().When(drafting(func(c *creditnote.Draft) { c.By = emma })).ThenRefused(t, domain.ErrNotFound, "no_such_credit_note")
}

func TestComplete(t *testing.T) {
	t.Parallel()
	given(drafted).When(complete).Then(t, issued)
	given(drafted, issued).When(complete).ThenNothing(t)
	given().When(complete).ThenRefused(t, domain.ErrNotFound, "no_such_credit_note")
	other := complete
	other.Number = 13
	given(drafted, issued).When(other).ThenRefused(t, domain.ErrConflict, "credit_note_issued")
	given(drafted).When(creditnote.Complete{Date: "2026-04-01", By: domain.System(), At: at}).ThenInvalid(t, "number", "date", "series")
	other.Date = "2027-01-01"
	given(drafted).When(other).ThenInvalid(t, "date")
	other.By = emma
	given(drafted).When(other).ThenRefused(t, domain.ErrNotFound, "no_such_credit_note")
}

func TestRender(t *testing.T) {
	t.Parallel()
	given(drafted, issued).When(render).Then(t, rendered)
	given(drafted, issued, rendered).When(render).ThenNothing(t)
	given(drafted).When(render).ThenRefused(t, domain.ErrConflict, "not_issued")
	later := render
	later.Layout = 2
	given(drafted, issued, rendered).When(later).ThenRefused(t, domain.ErrConflict, "rendered")
	given(drafted, issued).When(creditnote.Render{By: domain.System(), At: at}).ThenInvalid(t, "csv_sha256", "layout", "sha256", "size", "xml_sha256")
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	document := visible.CreditNote{
		Client: nexus.UUID, ID: cn12.UUID, Number: "CN-2026-0012", Invoice: inv41.UUID, Date: "2026-04-03", Currency: "AUD",
		Net: "540", Tax: "54", Payable: "594", Document: string(issued.Document.Canonical()), SHA256: issued.SHA256,
	}
	printed := visible.Print{Client: nexus.UUID, ID: cn12.UUID, Layout: 1, SHA256: digest, Size: 2048, XMLSHA256: forms.XMLSHA256, CSVSHA256: forms.CSVSHA256}
	disclosed(drafted).Then(t)
	disclosed(drafted, issued).Then(t, visible.Put{Record: document})
	disclosed(drafted, issued, rendered).Shows(t, document, printed)
	disclosed(drafted, issued, issuedAs("CN-2026-0013", "2026-04-03")).Shows(t, document)
}

// A40 for credit notes: whatever is asked, in whatever order, the document stays to the byte; and before it is issued
// nothing is shown.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := rapid.SliceOfN(rapid.SampledFrom([]creditnote.Command{
			draft, drafting(func(c *creditnote.Draft) { c.Staff.Code = creditnote.Goodwill }), complete,
			creditnote.Complete{Number: 13, Date: "2026-04-02", Series: series, By: domain.System(), At: at},
			render,
			creditnote.Render{Print: bill.Print{Layout: 2, SHA256: digest, Size: 1, XMLSHA256: digest, CSVSHA256: digest}, By: domain.System(), At: at},
		}), 1, 20).Draw(t, "commands")
		history := spec.Replays(t, creditnote.Decider, commands)
		spec.DisclosureInvariants(t, creditnote.Disclose, history)
		s, before := creditnote.State{}, creditnote.Issued{}
		for i, event := range history {
			s = creditnote.Evolve(s, event)
			now, ok := s.Issued()
			if before.Number > 0 && !reflect.DeepEqual(now, before) {
				t.Fatalf("%T changed the document", event)
			}
			if before = now; !ok {
				disclosed(history[:i+1]...).Then(t)
			}
		}
	})
}

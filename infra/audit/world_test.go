package audit_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/terms"
	"effigate/domain/visible"
	"effigate/infra/audit"
	"effigate/infra/seal"
	"effigate/projections"
	staffside "effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

const february = calendar.Month("2026-02")

var (
	now   = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	owner = domain.Actor{Person: domain.PersonID{UUID: uuid.MustParse("0a11d6a0-3f0b-4b57-9d7c-2a6f4f1c0001")}, Side: domain.StaffSide, Role: domain.Owner}
)

// world is a firm that has issued INV-2026-0038 over 3,760.00 and 376.00 GST, of which 3,890.00 are paid.
type world struct {
	log     *commandstest.Log
	answers *commandstest.Answers
	service *commands.Service
	client  domain.ClientID
	invoice domain.InvoiceID
	prints  map[uuid.UUID][]byte
	keys    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{log: commandstest.NewLog(), answers: commandstest.NewAnswers(), prints: map[uuid.UUID][]byte{}}
	w.service = commands.NewService(w.log, w.answers)
	ctx, do := t.Context(), doing(t)
	do(w.service.InvitePerson(ctx, w.as(domain.System(), now), commands.InvitePerson{ID: owner.Person, Role: owner.Role}))
	do(w.service.ActivatePerson(ctx, w.as(owner, now), commands.ActivatePerson{Person: owner.Person}))
	w.client = domain.ClientID{UUID: do(w.service.RegisterClient(ctx, w.as(owner, now), commands.RegisterClient{
		Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
	}))}
	w.describe(t)
	w.invoice = w.issued(t)
	do(w.service.ReceivePayment(ctx, w.as(owner, now), commands.ReceivePayment{
		Client: w.client, Amount: decimal.NewFromInt(3890), Currency: "AUD", Day: "2026-03-05", Method: "bank transfer",
		Allocate: []commands.Allocation{{Invoice: w.invoice, Amount: decimal.NewFromInt(3890)}},
	}))
	return w
}

// describe says who issues to whom, and what an hour costs.
func (w *world) describe(t *testing.T) {
	t.Helper()
	ctx, do := t.Context(), doing(t)
	do(w.service.DescribeIssuer(ctx, w.as(owner, now), commands.DescribeIssuer{Content: issuer.Content{
		Party: bill.Party{Name: "Harbour Works Pty Ltd", City: "Sydney", Country: "AU", TaxID: "51 824 753 556"},
		Zone:  "Australia/Sydney", InvoicePrefix: "INV", CreditPrefix: "CN",
		First: []issuer.First{{Kind: bill.Invoice, Year: 2026, Number: 38}},
		Rates: []bill.TaxRate{{Kind: bill.StandardRate, Percent: decimal.NewFromInt(10), Name: "GST 10 %"}},
	}}))
	do(w.service.DescribeBilling(ctx, w.as(owner, now), commands.DescribeBilling{
		Client: w.client, Billing: client.Billing{Party: bill.Party{Name: "Nexus Corp", City: "Melbourne", Country: "AU"}},
	}))
	do(w.service.PublishRates(ctx, w.as(owner, now), commands.PublishRates{
		Name: "Firm 2026", Layer: rate.FirmDefault, Currency: "AUD", From: "2026-01-01",
		Rows: []rate.Row{{Key: "any", Price: decimal.NewFromInt(120), Unit: rate.PerHour}},
	}))
}

// issued bills 33 hours of February at 120.00, less 200.00.
func (w *world) issued(t *testing.T) domain.InvoiceID {
	t.Helper()
	ctx, do := t.Context(), doing(t)
	said := terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-02-01", terms.JobType{Key: "api", Name: "API"})
	said.Agreed.Payment = terms.Payment{Rule: terms.Net, Days: 30}
	on := domain.ContractID{UUID: do(w.service.DraftContract(ctx, w.as(owner, now), commands.DraftContract{Client: w.client, Reference: "CON-2026-002", Terms: said}))}
	do(w.service.ActivateContract(ctx, w.as(owner, now), commands.ActivateContract{Contract: on}))
	for day := range 3 {
		from := time.Date(2026, time.February, 3+day, 0, 0, 0, 0, time.UTC)
		id := domain.TimeID{UUID: do(w.service.LogTime(ctx, w.as(owner, from.Add(12*time.Hour)), commands.LogTime{
			Contract: on, Submit: true, Entry: period.Entry{JobType: "api", From: from, Until: from.Add(11 * time.Hour), Zone: "Australia/Sydney", Description: "Export of large files"},
		}))}
		do(w.service.ApproveTime(ctx, w.as(owner, from.Add(13*time.Hour)), commands.ApproveTime{Contract: on, Month: february, Times: []domain.TimeID{id}}))
	}
	id := domain.InvoiceID{UUID: do(w.service.DraftInvoice(ctx, w.as(owner, now), commands.DraftInvoice{Contract: on, Month: february}))}
	do(w.service.AdjustInvoice(ctx, w.as(owner, now), commands.AdjustInvoice{Invoice: id, Add: &commands.ManualLine{
		Text: "Loyalty discount", Count: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(-200), Reason: "ten years",
	}}))
	do(w.service.ApproveInvoice(ctx, w.as(owner, now), commands.OnInvoice{Invoice: id, Shown: w.state(t, id).Digest()}))
	do(w.service.IssueInvoice(ctx, w.as(owner, now), commands.OnInvoice{Invoice: id}))
	w.print(t, invoice.Stream(id), id.UUID)
	return id
}

// print keeps the forms of a document, as the lane of prints does.
func (w *world) print(t *testing.T, stream string, id uuid.UUID) {
	t.Helper()
	digests := map[visible.Form]string{}
	for form, content := range map[visible.Form]string{visible.PDF: "%PDF of " + stream, visible.XML: "<Invoice/>", visible.CSV: "row,line"} {
		w.prints[visible.PrintID(id, form, 1)] = []byte(content)
		sum := sha256.Sum256([]byte(content))
		digests[form] = hex.EncodeToString(sum[:])
	}
	doing(t)(w.service.RenderDocument(t.Context(), w.as(domain.System(), now), stream, bill.Print{
		Layout: 1, SHA256: digests[visible.PDF], Size: int64(len(stream) + 8), XMLSHA256: digests[visible.XML], CSVSHA256: digests[visible.CSV],
	}))
}

// credit takes the whole invoice back.
func (w *world) credit(t *testing.T) {
	t.Helper()
	doing(t)(w.service.CreditInvoice(t.Context(), w.as(owner, now), commands.CreditInvoice{Invoice: w.invoice, Code: creditnote.Mistake, Reason: "Billed by mistake."}))
	note := w.state(t, w.invoice).Credits()[0]
	w.print(t, creditnote.Stream(note), note.UUID)
}

func (w *world) state(t *testing.T, id domain.InvoiceID) invoice.State {
	t.Helper()
	state, err := audit.Fold(w.log.Read(t.Context(), invoice.Stream(id), domain.NoStream), invoice.Evolve)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func (w *world) as(by domain.Actor, at time.Time) commands.Request {
	w.keys++
	return commands.Request{Actor: by, Route: "test", Key: fmt.Sprint("key ", w.keys), Body: []byte(`{}`), At: at}
}

// doing gives the id that a command answered, which has to be accepted.
func doing(t *testing.T) func(commands.Answer, error) uuid.UUID {
	t.Helper()
	return func(answer commands.Answer, err error) uuid.UUID {
		t.Helper()
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return answer.ID
	}
}

func (w *world) open(id uuid.UUID) (io.ReadCloser, error) {
	content, ok := w.prints[id]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// scan is events as they are scanned.
type scan []domain.Recorded

func (s scan) Scan(context.Context, domain.Position) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		for _, recorded := range s {
			if !yield(projections.Delivery{Recorded: recorded}, nil) {
				return
			}
		}
	}
}

// numbered is the table of the log.
type numbered []rows.LogEntry

func number(events []domain.Recorded) numbered {
	var n numbered
	for i, event := range events {
		n = append(n, staffside.LogEntry(int64(i)+1, event))
	}
	return n
}

func (n numbered) after(_ context.Context, ordinal int64, limit int) ([]rows.LogEntry, error) {
	from := slices.IndexFunc(n, func(e rows.LogEntry) bool { return e.Ordinal > ordinal })
	if from < 0 {
		return nil, nil
	}
	return n[from:min(from+limit, len(n))], nil
}

// sealed are seals of some sizes, with the keys that signed them.
type sealed struct {
	seals            []seal.Seal
	secret, verifier string
	leaves           []seal.Hash
}

func sealing(t *testing.T, events []domain.Recorded, sizes ...int) *sealed {
	t.Helper()
	origin := seal.Origin(owner.Person)
	secret, verifier, err := seal.NewKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	s := &sealed{secret: secret, verifier: verifier}
	for _, event := range events {
		s.leaves = append(s.leaves, staffside.Leaf(event))
	}
	for i, size := range sizes {
		root, err := s.tree(size).Root(t.Context(), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		at := now.AddDate(0, 0, i)
		signed, err := seal.Sign(seal.Checkpoint{Origin: origin, Size: int64(size), Root: root, At: at}, secret)
		if err != nil {
			t.Fatal(err)
		}
		s.seals = append(s.seals, seal.Seal{Size: int64(size), Root: root[:], Note: signed, At: at})
	}
	return s
}

func (s *sealed) tree(size int) *seal.Tree {
	return seal.NewTree(int64(size), func(_ context.Context, first, last int64) ([]seal.Hash, error) { return s.leaves[first:last], nil })
}

func (s *sealed) after(_ context.Context, size int64, limit int) ([]seal.Seal, error) {
	var after []seal.Seal
	for _, one := range s.seals {
		if one.Size > size && len(after) < limit {
			after = append(after, one)
		}
	}
	return after, nil
}

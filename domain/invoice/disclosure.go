package invoice

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about an invoice in order to tell what its client sees: nothing before it is
// issued, then the document for ever, and beside it what became of the claim.
type Disclosure struct {
	invoice  domain.InvoiceID
	client   domain.ClientID
	contract domain.ContractID
	issued   bool
	// entries are held back, in the client's form, until the invoice is issued.
	entries   []visible.InvoiceEntry
	claim     claim
	print     visible.Print
	reminders []visible.Reminder
}

// Disclose folds one event and yields what changes for the client. The document and its entries are put once.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	if issued, ok := e.(Issued); ok {
		if d.issued {
			return d, nil
		}
		return d.issue(issued)
	}
	next := d.learn(e)
	return next, visible.Diff(d.shown(), next.shown())
}

// issue shows the document, what explains it, and the claim that begins.
func (d Disclosure) issue(e Issued) (Disclosure, []visible.Change) {
	shown := visible.Show(d.document(e))
	for _, entry := range d.entries {
		shown[entry.Key()] = entry
	}
	d.claim, d.issued, d.entries = d.claim.evolve(e), true, nil
	maps.Copy(shown, d.shown())
	return d, visible.Diff(nil, shown)
}

func (d Disclosure) document(e Issued) visible.Invoice {
	document := e.Document
	return visible.Invoice{
		Client:   d.client.UUID,
		ID:       d.invoice.UUID,
		Number:   document.Number,
		Contract: d.contract.UUID,
		Month:    string(document.Month),
		Date:     string(document.Date),
		Due:      string(document.Due),
		Zone:     document.Zone,
		Currency: string(document.Currency),
		Net:      document.Net.String(),
		Tax:      document.Tax.String(),
		Payable:  document.Payable.String(),
		Document: string(document.Canonical()),
		SHA256:   e.SHA256,
		Entries:  len(d.entries),
	}
}

// shown alone decides what the client sees beside the document.
func (d Disclosure) shown() visible.Shown {
	if !d.issued {
		return nil
	}
	left := d.claim.outstanding(issuedOnly)
	records := []visible.Record{visible.Claim{
		Client:     d.client.UUID,
		ID:         d.invoice.UUID,
		Paid:       d.claim.paid().String(),
		Credited:   d.claim.offset(issuedOnly).String(),
		WrittenOff: d.claim.writtenOff.String(),
		Closed:     string(d.claim.closed),
		Left:       left.String(),
		Disputed:   d.claim.disputed(issuedOnly).String(),
		Voided:     d.claim.voided(),
		LastPaid:   d.claim.lastPaid(),
	}}
	if d.print.Layout > 0 {
		records = append(records, d.print)
	}
	for _, payment := range d.claim.payments {
		records = append(records, visible.Receipt{
			Client:   d.client.UUID,
			ID:       domain.Derive(d.invoice.UUID, "receipt", payment.Payment.String()),
			Invoice:  d.invoice.UUID,
			Payment:  payment.Payment.UUID,
			Amount:   payment.Amount.String(),
			Day:      string(payment.Day),
			Reversed: string(payment.Reversed),
		})
	}
	for _, dispute := range d.claim.disputes {
		records = append(records, d.objection(dispute))
	}
	for _, reminder := range d.reminders {
		records = append(records, reminder)
	}
	return visible.Show(records...)
}

// objection leaves out who of the staff looks into it.
func (d Disclosure) objection(dispute Objection) visible.Dispute {
	return visible.Dispute{
		Client:   d.client.UUID,
		ID:       dispute.Dispute.UUID,
		Invoice:  d.invoice.UUID,
		Line:     dispute.Line,
		Amount:   dispute.Amount.String(),
		Reason:   dispute.Reason,
		State:    dispute.Status,
		Answer:   dispute.Answer,
		By:       dispute.By.UUID,
		At:       dispute.At,
		Answered: dispute.Answered,
		AnswerBy: string(dispute.AnswerBy),
		Files:    filesOf(dispute),
	}
}

// clientFile is a file of an objection as the client reads it.
type clientFile struct {
	ID     uuid.UUID `json:"id"`
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
	Erased time.Time `json:"erased_at,omitzero"` // set: nothing else is told of it
}

func filesOf(dispute Objection) string {
	if len(dispute.Files) == 0 {
		return ""
	}
	files := make([]clientFile, len(dispute.Files))
	for i, file := range dispute.Files {
		was := file.Attached
		if !file.Erased.IsZero() { // What is told of it may be why it had to go.
			files[i] = clientFile{ID: was.Attachment.UUID, At: was.At, Erased: file.Erased}
			continue
		}
		files[i] = clientFile{ID: was.Attachment.UUID, Name: was.Name, Type: was.Type, Size: was.Size, SHA256: was.SHA256, At: was.At}
	}
	return string(canonical(files))
}

// learn takes over what one event other than Issued says, and copies what it changes.
func (d Disclosure) learn(e Event) Disclosure {
	d.claim = d.claim.evolve(e)
	switch e := e.(type) {
	case Drafted:
		d.invoice, d.client, d.contract = e.Invoice, e.Client, e.Contract
	case EntriesAdded:
		d.entries = slices.Clip(d.entries)
		for _, entry := range e.Entries {
			d.entries = append(d.entries, d.entry(entry))
		}
	case Discarded:
		d.entries = nil // Nobody will ever see them.
	case Rendered:
		d.print = visible.Print{Client: d.client.UUID, ID: d.invoice.UUID, Layout: e.Layout, SHA256: e.SHA256, Size: e.Size, XMLSHA256: e.XMLSHA256, CSVSHA256: e.CSVSHA256}
	case Reminded:
		d.reminders = append(slices.Clip(d.reminders), visible.Reminder{
			Client: d.client.UUID, ID: domain.Derive(d.invoice.UUID, "reminder", strconv.Itoa(e.Step)), Invoice: d.invoice.UUID,
			Step: e.Step, Text: e.Text, At: e.At,
		})
	case LineAdded, LineRemoved, LineReworded, Submitted, Approved, Returned, Issuing:
		// A draft is nobody's business but the firm's.
	case Issued, CreditReserved, Credited, PaymentApplied, PaymentReversed, Disputed, DisputeFileAttached, DisputeFileErased, DisputeTaken,
		DisputeSettled, AnswerMissed, DisputeWithdrawn, WrittenOff:
		// The claim has taken it over. That an answer was missed is no part of what is shown of it.
	}
	return d
}

// clientEntry is an entry as the client reads it: a field that is added to the entry is absent here until it is named.
type clientEntry struct {
	ID        uuid.UUID       `json:"id"`
	Line      uuid.UUID       `json:"line"`
	Day       calendar.Date   `json:"day"`
	Text      string          `json:"text"`
	JobType   string          `json:"job_type,omitzero"`
	Condition hours.Condition `json:"condition,omitzero"`
	Seconds   int64           `json:"seconds,omitzero"`
	Minutes   int             `json:"minutes,omitzero"`
	Rule      string          `json:"rule,omitzero"`
	UnitPrice decimal.Decimal `json:"unit_price,omitzero"`
	Amount    decimal.Decimal `json:"amount"`
	Version   int             `json:"version,omitzero"`
	Clause    string          `json:"clause,omitzero"`
}

func (d Disclosure) entry(entry bill.Entry) visible.InvoiceEntry {
	data, err := json.Marshal(clientEntry{
		ID: entry.ID, Line: entry.Line, Day: entry.Day, Text: entry.Text, JobType: entry.JobType, Condition: entry.Condition,
		Seconds: entry.Seconds, Minutes: entry.Minutes, Rule: entry.Rule, UnitPrice: entry.UnitPrice, Amount: entry.Amount,
		Version: entry.Version, Clause: entry.Clause,
	})
	if err != nil {
		panic("invoice: an entry has no JSON form: " + err.Error())
	}
	return visible.InvoiceEntry{
		Client: d.client.UUID, ID: entry.ID, Invoice: d.invoice.UUID, Line: entry.Line, Position: len(d.entries) + 1, Entry: string(data),
	}
}

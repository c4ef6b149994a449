package invoice

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/zone"
)

func (s State) draft(c Draft) ([]Event, error) {
	if c.By.Side == domain.ClientSide {
		return nil, errNotFound
	}
	check := domain.Signed(c.By, c.At)
	check.That(!c.Invoice.IsZero(), "invoice", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(!c.Contract.IsZero(), "contract", "must be given")
	check.That(c.Month.Valid() && c.Month == c.Staff.Content.Month, "month", "must be the month of the content")
	check.That(zone.Valid(c.Staff.Content.Zone), "zone", "must be the IANA name of a time zone, such as Europe/Berlin")
	check.Line("issuer", c.Staff.Issuer)
	check.Line("prefix", c.Staff.Prefix)
	check.That(c.Staff.Chunks >= 0 && c.Staff.Chunks <= bill.MaxEntries, "chunks", "must be how many chunks of entries follow")
	for field, wrong := range c.Staff.Content.Check() {
		check.That(false, field, wrong)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !s.Exists() {
		return []Event{Drafted{
			Invoice: c.Invoice, Client: c.Client, Contract: c.Contract, Month: c.Month, Staff: copied(c.Staff), By: c.By.Person, At: c.At,
		}}, nil
	}
	was := s.drafted
	if was.Invoice.IsZero() {
		return nil, s.over()
	}
	if was.Invoice == c.Invoice && was.Client == c.Client && was.Contract == c.Contract && same(was.Staff, c.Staff) {
		return nil, nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "invoice_exists", "invoice %s exists with another content", c.Invoice)
}

// editable refuses what only a draft allows.
func (s State) editable() error {
	switch s.status {
	case StatusDraft:
		return nil
	case StatusPending, StatusApproved:
		return domain.Refuse(domain.ErrConflict, "not_a_draft", "the invoice is %s; return it to be a draft first", s.status)
	case StatusDiscarded, StatusIssuing, StatusIssued:
	}
	return s.over()
}

// over refuses what neither a discarded nor an issued invoice allows; nil for every other one.
func (s State) over() error {
	switch s.status {
	case StatusDiscarded:
		return domain.Refuse(domain.ErrConflict, "invoice_discarded", "the draft was discarded; draft the month anew")
	case StatusIssuing, StatusIssued:
		return domain.Refuse(domain.ErrConflict, "invoice_issued", "the invoice is issued and cannot change; credit it instead")
	case StatusDraft, StatusPending, StatusApproved:
	}
	return nil
}

// addEntries takes the chunks in order, each once.
func (s State) addEntries(c AddEntries) ([]Event, error) {
	if c.Chunk >= 1 && c.Chunk <= len(s.chunks) {
		if same(s.chunks[c.Chunk-1], c.Entries) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "other_entries", "chunk %d is there with other entries", c.Chunk)
	}
	if err := s.editable(); err != nil {
		return nil, err
	}
	many := len(c.Entries)
	for _, chunk := range s.chunks {
		many += len(chunk)
	}
	var check domain.Check
	check.That(c.Chunk == len(s.chunks)+1 && c.Chunk <= s.drafted.Staff.Chunks, "chunk", "must be the next one that the draft announced")
	check.That(len(c.Entries) > 0, "entries", "must be given")
	check.That(many <= bill.MaxEntries, "entries", "must be fewer")
	check.That(len(canonical(c.Entries)) <= bill.MaxChunk, "entries", "must be cut into smaller chunks")
	check.That(!slices.ContainsFunc(c.Entries, func(e bill.Entry) bool { return !s.computed(e.Line) }), "entries", "must each explain a line of the draft")
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{EntriesAdded{Chunk: c.Chunk, Entries: bill.Copied(c.Entries), By: s.drafted.By, At: c.At}}, nil
}

// computed reports whether a line follows from the period.
func (s State) computed(id uuid.UUID) bool {
	return slices.ContainsFunc(s.drafted.Staff.Content.Lines, func(line bill.Line) bool { return line.ID == id })
}

// byHand finds a line that was added by hand; -1 if there never was one of this id.
func (s State) byHand(id uuid.UUID) int {
	return slices.IndexFunc(s.manual, func(manual manualLine) bool { return manual.line.ID == id })
}

// addLine works out what the line comes to, so that nobody can type an amount that its quantity does not explain.
func (s State) addLine(c AddLine) ([]Event, error) {
	given := c.Line
	line := bill.Line{
		ID: given.ID, Kind: bill.Manual, Text: given.Text, Count: given.Count, Unit: bill.Piece, UnitPrice: given.UnitPrice,
		TaxCategory: given.TaxCategory,
	}
	var check domain.Check
	check.That(bounded(line.Count) && !line.Count.IsZero(), "count", "must be a number other than zero")
	check.That(bounded(line.UnitPrice) && !line.UnitPrice.IsZero(), "unit_price", "must be an amount other than zero")
	if err := check.Err(); err != nil {
		return nil, err
	}
	line.Quantity, line.Net = bill.Printed(line), bill.AmountOf(line, s.drafted.Staff.Content.Currency)
	line.Amount = line.Net
	if i := s.byHand(line.ID); i >= 0 {
		if had := s.manual[i]; !had.removed && had.reason == c.Reason && same(had.line, line) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "line_exists", "line %s was added before, or taken off; add a new one", line.ID)
	}
	if err := s.editable(); err != nil {
		return nil, err
	}
	check.That(line.ID != uuid.Nil && !s.computed(line.ID), "line", "must be a new one")
	check.That(given.Kind == "" || given.Kind == bill.Manual, "kind", "must be manual")
	checkLineText(&check, line.Text)
	checkReason(&check, "reason", c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if len(s.manual) >= bill.MaxManual || len(s.Draft().Lines) >= bill.MaxLines {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_lines", "the draft has as many lines as it can take")
	}
	return s.fitting(LineAdded{Staff: LineAddedStaff{Line: line, Reason: c.Reason}, By: c.By.Person, At: c.At})
}

// fitting gives the event if the draft can become a document with it.
func (s State) fitting(event Event) ([]Event, error) {
	var check domain.Check
	for field, wrong := range Evolve(s, event).Draft().Check() {
		check.That(false, field, wrong)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{event}, nil
}

func checkLineText(check *domain.Check, text string) {
	check.That(text != "" && len([]rune(text)) <= bill.MaxText, "text", "must have 1 to "+strconv.Itoa(bill.MaxText)+" characters")
}

func (s State) removeLine(c RemoveLine) ([]Event, error) {
	i := s.byHand(c.Line)
	switch {
	case i >= 0 && s.manual[i].removed:
		return nil, nil
	case i < 0 && s.computed(c.Line):
		return nil, domain.Refuse(domain.ErrConflict, "line_computed", "the line follows from the month; correct its time and charges instead")
	case i < 0:
		return nil, errNoSuchLine
	}
	if err := s.editable(); err != nil {
		return nil, err
	}
	return []Event{LineRemoved{Line: c.Line, By: c.By.Person, At: c.At}}, nil
}

var errNoSuchLine = domain.Refuse(domain.ErrNotFound, "no_such_line", "the invoice has no such line")

func (s State) reword(c Reword) ([]Event, error) {
	lines := s.Draft().Lines
	i := slices.IndexFunc(lines, func(line bill.Line) bool { return line.ID == c.Line })
	if i < 0 {
		return nil, errNoSuchLine
	}
	if lines[i].Text == c.Text {
		return nil, nil
	}
	if err := s.editable(); err != nil {
		return nil, err
	}
	var check domain.Check
	checkLineText(&check, c.Text)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return s.fitting(LineReworded{Line: c.Line, Staff: LineRewordedStaff{Text: c.Text}, By: c.By.Person, At: c.At})
}

// forestall discards an invoice that a month is reserved for and nobody drafted: no draft can follow.
func (s State) forestall(c Discard) ([]Event, error) {
	if c.By.Side == domain.ClientSide {
		return nil, errNotFound
	}
	check := domain.Signed(c.By, c.At)
	check.That(c.Month.Valid(), "month", "must be a month, such as 2026-03")
	checkReason(&check, "reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Discarded{Contract: c.Contract, Month: c.Month, Staff: ReasonStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

func (s State) discard(c Discard) ([]Event, error) {
	switch s.status {
	case StatusDiscarded:
		return nil, nil
	case StatusApproved, StatusIssuing, StatusIssued:
		return nil, s.editable()
	case StatusDraft, StatusPending:
	}
	var check domain.Check
	checkReason(&check, "reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Discarded{Staff: ReasonStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

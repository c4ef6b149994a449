package period

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/rate"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// pinned is a pin with a hash of what it says, so that pins are compared by what is stored of them.
type pinned struct {
	pin

	content [sha256.Size]byte
}

// pin has the fields of the event and is none.
type pin TermsPinned

func newPin(e TermsPinned) *pinned {
	said, err := json.Marshal([]any{e.Agreed, e.Staff.Version, e.Staff.Terms, e.Staff.Calendar, e.Staff.Cards})
	if err != nil {
		panic("period: terms have no stored form: " + err.Error())
	}
	return &pinned{pin: pin(e), content: sha256.Sum256(said)}
}

// IncludedLot is the id of the lot that a retainer's line grants for a month.
func IncludedLot(contract domain.ContractID, line string, month calendar.Month) uuid.UUID {
	return domain.Derive(contract.UUID, "included", line, string(month))
}

// PinOf is the pin that says what holds on a day: the last one made of those that begin on it or before. Days
// before all pins, as late time has them, are held by the first that still holds. False before any pin.
func (s State) PinOf(day calendar.Date) (TermsPinned, bool) {
	return TermsPinned(s.pinOn(day).pin), len(s.holding) > 0
}

// Pin gives a pin by its number; false when there is none.
func (s State) Pin(number int) (TermsPinned, bool) {
	if number < 1 || number > len(s.pins) {
		return TermsPinned{}, false
	}
	return TermsPinned(s.pins[number-1].pin), true
}

// pinOn is PinOf for what follows from it; an empty pin, under which nothing can be done, before any.
func (s State) pinOn(day calendar.Date) *pinned {
	for _, p := range slices.Backward(s.holding) {
		if p.From <= day {
			return p
		}
	}
	if len(s.holding) == 0 {
		return &pinned{}
	}
	return s.holding[0]
}

// newest is the pin that holds at the end of the month; an empty one before any pin.
func (s State) newest() *pinned {
	if len(s.holding) == 0 {
		return &pinned{}
	}
	return s.holding[len(s.holding)-1]
}

// pinned takes over a pin. It ends all that begin on its day or later.
func (s State) pinned(e TermsPinned) State {
	p := newPin(e)
	s.pins = append(slices.Clip(s.pins), p)
	until := 0
	for until < len(s.holding) && s.holding[until].From < e.From {
		until++
	}
	s.holding = append(slices.Clip(s.holding[:until]), p)
	for _, lot := range e.Granted {
		s.lots = with(s.lots, lot, func(known bucket.Lot) bool { return known.ID == lot.ID })
	}
	for _, a := range e.Staff.Adjustments {
		s.adjustments = append(slices.Clip(s.adjustments), bucket.Adjustment{ID: a.ID, Lot: a.Bucket.UUID, Day: a.Day, Minutes: a.Minutes})
	}
	return s
}

// PinnedHours are the lots and adjustments of hours that pins of the period name.
func (s State) PinnedHours() (ids []uuid.UUID) {
	for _, lot := range s.lots {
		ids = append(ids, lot.ID)
	}
	for _, adjustment := range s.adjustments {
		ids = append(ids, adjustment.ID)
	}
	return ids
}

func (s State) pinNow(c Pin) ([]Event, error) {
	d, err := s.pinNew(c.Says, c.By, c.At)
	if err != nil || len(d.events) == 0 {
		return nil, err
	}
	if err := s.frozen(); err != nil {
		return nil, err
	}
	return d.events, nil
}

// prepare begins the decision of a command that needs terms and may change what is charged: it opens the period and pins
// what is new.
func (s State) prepare(says Says, by domain.Actor, at time.Time) (*decision, error) {
	if err := s.frozen(); err != nil && !s.Closed {
		return nil, err
	}
	return s.pinNew(says, by, at)
}

// pinNew opens the period and pins what is new.
func (s State) pinNew(says Says, by domain.Actor, at time.Time) (*decision, error) {
	if s.Closed {
		return nil, errClosed
	}
	d := s.decide(by, at)
	if err := says.check(s); err != nil {
		return nil, err
	}
	if !s.Opened {
		d.add(Opened{
			Contract: says.Contract, Client: says.Client, Month: says.Month, Zone: says.Zone, First: says.First, By: d.by, At: d.at,
		})
	}
	d.pinAll(says)
	return d, nil
}

func (says Says) check(s State) error {
	var check domain.Check
	check.That(!says.Contract.IsZero() && !says.Client.IsZero(), "contract", "must name a contract and its client")
	check.That(says.Month.Valid(), "month", "must be a month such as 2026-02")
	check.That(zone.Valid(says.Zone), "zone", "must be an IANA zone, is "+says.Zone)
	check.That(!s.Opened || says.Contract == s.Contract && says.Month == s.Month, "month", "must be the period's own")
	if err := check.Err(); err != nil {
		return err
	}
	if len(says.Versions) == 0 {
		return domain.Refuse(domain.ErrConflict, "no_terms", "the contract has no version in force in %s", says.Month)
	}
	return nil
}

// pinAll pins what the contract says and no pin holds, and what was granted or adjusted and no pin named.
func (d *decision) pinAll(says Says) {
	wanted := d.wanted(says)
	missing := wanted[d.firstMissing(wanted):]
	granted, adjusted := d.newLots(says, wanted), d.newAdjustments(says)
	news := len(granted)+len(adjusted) > 0
	if len(missing) == 0 && news {
		missing = wanted[len(wanted)-1:]
	}
	for i, p := range missing {
		e := TermsPinned(p.pin)
		e.Pin, e.By, e.At = len(d.pins)+1, d.by, d.at
		if i == 0 {
			e.Granted, e.Staff.Adjustments = granted, adjusted
		}
		d.add(e)
	}
	if news {
		d.addStartFees(granted)
		d.watch()
	}
}

// wanted are the pins that say what the contract says, by the day they begin, the first one with the month.
func (d *decision) wanted(says Says) []*pinned {
	var wanted []*pinned
	for _, v := range says.Versions {
		from := max(v.From, d.Month.First())
		if from > d.Month.Last() && len(wanted) > 0 {
			break
		}
		if len(wanted) == 0 {
			from = d.Month.First()
		}
		p := newPin(TermsPinned{From: from, Agreed: v.Terms.Agreed, Staff: TermsPinnedStaff{
			Version: v.Version, Terms: v.Terms.Staff, Calendar: v.Calendar, Cards: met(v.Cards, v.Terms.Agreed),
		}})
		if last := len(wanted) - 1; last >= 0 {
			if wanted[last].From == from {
				wanted = wanted[:last]
			} else if wanted[last].content == p.content {
				continue
			}
		}
		if len(wanted) == 0 {
			p.From = d.Month.First()
		}
		wanted = append(wanted, p)
	}
	return wanted
}

// firstMissing is the index from which on the wanted pins must be made: those before it hold already. A pin ends
// all that begin later, so that a pin too many ends by making the one before it again.
func (d *decision) firstMissing(wanted []*pinned) int {
	same := 0
	for same < min(len(wanted), len(d.holding)) && wanted[same].From == d.holding[same].From &&
		wanted[same].content == d.holding[same].content {
		same++
	}
	tooMany := same < len(d.holding) && (same == len(wanted) || d.holding[same].From < wanted[same].From)
	if tooMany {
		return same - 1 // The first ones begin on one day.
	}
	return same
}

// met leaves of the cards the rows that work under the contract can meet.
func met(cards []rate.Card, agreed terms.Agreed) []rate.Card {
	var kept []rate.Card
	for _, card := range cards {
		rows := make([]rate.Row, 0, len(card.Rows))
		for _, row := range card.Rows {
			if _, covered := agreed.LineOf(row.JobType); covered || row.JobType == "" {
				rows = append(rows, row)
			}
		}
		card.Rows = rows
		kept = append(kept, card)
	}
	return kept
}

// newLots are the lots that begin in the period and no pin named, and those of retainers whose hours changed.
func (d *decision) newLots(says Says, wanted []*pinned) []bucket.Lot {
	var lots []bucket.Lot
	for _, lot := range says.Granted {
		begins := lot.From.Month() == d.Month || says.First && lot.From < d.Month.First()
		known := slices.ContainsFunc(slices.Concat(d.lots, d.carriedIn.Lots), func(l bucket.Lot) bool { return l.ID == lot.ID })
		if begins && !known {
			lot.RemainingMinutes = lot.GrantedMinutes
			lots = append(lots, lot)
		}
	}
	for _, line := range d.retainers(wanted) {
		lot := d.included(line.Line, wanted[0].Agreed.Starts)
		if i := slices.IndexFunc(d.lots, func(l bucket.Lot) bool { return l.ID == lot.ID }); i >= 0 && d.lots[i].GrantedMinutes != line.Minutes ||
			i < 0 && line.Minutes > 0 {
			lots = append(lots, lot)
		}
	}
	return lots
}

// retainers are the lines with a fee and hours for the month, as the first pin says that has them: a month is not
// prorated. A contract that has ended before the month includes nothing in it, and charges nothing.
func (s State) retainers(pins []*pinned) []charged {
	var lines []charged
	for _, p := range pins {
		for _, line := range p.Agreed.Lines {
			named := slices.ContainsFunc(lines, func(known charged) bool { return known.Key == line.Key })
			if line.Type != terms.Retainer || named {
				continue
			}
			of := charged{line, p.Staff.Terms.ChargeOf(line.Key)}
			if ends := p.Agreed.Ends; ends != "" && ends < s.Month.First() {
				of.Minutes, of.charge.Fee = 0, decimal.Zero
			}
			lines = append(lines, of)
		}
	}
	return lines
}

// included is the lot that a line of a retainer grants for the month.
func (d *decision) included(line terms.Line, starts calendar.Date) bucket.Lot {
	lot := bucket.Lot{
		ID: IncludedLot(d.Contract, line.Key, d.Month), Line: line.Key, GrantedMinutes: line.Minutes, RemainingMinutes: line.Minutes,
		From: max(d.Month.First(), starts), Until: d.Month.Last(),
	}
	if where, err := zone.Load(d.Zone); err == nil {
		lot.BoughtAt = d.Month.First().Start(where)
	}
	return lot
}

// newAdjustments are the changes by hand that fall into the period and no pin named.
func (d *decision) newAdjustments(says Says) []AdjustmentPinned {
	var adjusted []AdjustmentPinned
	for _, a := range says.Adjustments {
		known := slices.ContainsFunc(d.adjustments, func(k bucket.Adjustment) bool { return k.ID == a.ID })
		if a.Day.Month() == d.Month && !known {
			adjusted = append(adjusted, a)
		}
	}
	return adjusted
}

// charged is a line with how it is charged.
type charged struct {
	terms.Line

	charge terms.Charge
}

// lines are those of the contract as they hold at the end of the month. Behind them are the lines that an amendment
// took out, each as the last pin has it: what was done under them is charged all the same.
func (s State) lines() []charged {
	var lines []charged
	for _, pins := range [][]*pinned{s.holding, s.pins} {
		for _, p := range slices.Backward(pins) {
			for _, line := range p.Agreed.Lines {
				if !slices.ContainsFunc(lines, func(known charged) bool { return known.Key == line.Key }) {
					lines = append(lines, charged{line, p.Staff.Terms.ChargeOf(line.Key)})
				}
			}
		}
	}
	return lines
}

// line gives a line that the contract has or had in the period, or refuses.
func (d *decision) line(key string) (terms.Line, error) {
	for _, line := range d.lines() {
		if line.Key == key {
			return line.Line, nil
		}
	}
	return terms.Line{}, domain.Refuse(domain.ErrInvalid, "line_unknown", "the contract has no line %q", fmt.Sprintf("%.50s", key))
}

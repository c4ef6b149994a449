package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/period"
)

// retroactiveMonths is how many months back a contract can change what it says: contract.RetroactiveDays lie in
// that many months before the present one.
const retroactiveMonths = 4

// thenPinned runs a command on a contract and lets the open periods pin what it changed.
func (s *Service) thenPinned(ctx context.Context, r Request, id domain.ContractID, command contract.Command) (domain.Position, error) {
	changed, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(id)), command)
	if err != nil {
		return changed, err
	}
	pinned, err := s.PinTerms(ctx, r, id)
	return later(changed, pinned), err
}

// PinTerms lets every open period of a contract pin what the contract says by now. It may run any number of times,
// and finds nothing to do when they did. A period that is not open yet pins everything when it is opened.
//
// Hours that begin in a month which was closed before it could pin them belong to the next one that is open, as
// late time does.
func (s *Service) PinTerms(ctx context.Context, r Request, id domain.ContractID) (last domain.Position, err error) {
	return s.pinTerms(ctx, r, id, "", "")
}

// pinTerms is PinTerms from a month on at the latest. What frees a month that pinned nothing meanwhile names itself: the
// present ones pinned what they could at the same revision before.
func (s *Service) pinTerms(ctx context.Context, r Request, id domain.ContractID, since calendar.Month, after string) (last domain.Position, err error) {
	of, err := s.agreement(ctx, id)
	if err != nil {
		return last, err
	}
	present := of.day(r.At).Month()
	month := present
	for range retroactiveMonths {
		month = month.Previous()
	}
	if since != "" {
		month = min(month, since)
	}
	late := owed{named: map[uuid.UUID]bool{}}
	for month = max(month, of.contract.Starts().Month()); month <= present; month = month.Next() {
		found, err := load(ctx, s.log, period.Decider, period.Stream(of.id, month), domain.CommandID{})
		if err != nil {
			return last, err
		}
		p := found.state
		late.seen(p)
		switch {
		case p.Closed:
			late.closed(of, month)
			continue
		case !p.Opened && late.nothing(), p.Frozen(): // What is on an invoice pins nothing until that is discarded.
			continue
		}
		on := r.then("pin terms", strings.TrimSpace(fmt.Sprint(month, " ", of.revision, " ", after)))
		position, err := s.onPeriod(ctx, on, of.id, month, func(_ *agreement, said period.Says) period.Command {
			return period.Pin{Says: late.handedTo(said), By: domain.System(), At: r.At}
		})
		if err != nil {
			return last, err
		}
		late.forget()
		last = later(last, position)
	}
	return last, nil
}

// owed are the hours of closed periods that no period has pinned.
type owed struct {
	named       map[uuid.UUID]bool // lots and adjustments that a pin names
	lots        []bucket.Lot
	adjustments []period.AdjustmentPinned
}

// seen takes over what the pins of a period name.
func (o *owed) seen(p period.State) {
	for _, id := range p.PinnedHours() {
		o.named[id] = true
	}
}

// closed takes over what a closed period should have pinned.
func (o *owed) closed(of *agreement, month calendar.Month) {
	o.lots = append(o.lots, of.contract.Lots(month)...)
	o.adjustments = append(o.adjustments, of.adjustments(month)...)
}

// nothing reports whether nothing is left to be pinned.
func (o *owed) nothing() bool {
	o.lots = slices.DeleteFunc(o.lots, func(l bucket.Lot) bool { return o.named[l.ID] })
	o.adjustments = slices.DeleteFunc(o.adjustments, func(a period.AdjustmentPinned) bool { return o.named[a.ID] })
	return len(o.lots)+len(o.adjustments) == 0
}

// handedTo adds what is owed to what the contract says for an open month, in which it begins then.
func (o *owed) handedTo(said period.Says) period.Says {
	if o.nothing() {
		return said
	}
	for _, lot := range o.lots {
		if lot.From = said.Month.First(); lot.Until == "" || lot.Until >= lot.From { // Others have expired.
			said.Granted = append(said.Granted, lot)
		}
	}
	for _, adjustment := range o.adjustments {
		adjustment.Day = said.Month.First()
		said.Adjustments = append(said.Adjustments, adjustment)
	}
	return said
}

// forget says that nothing is owed any more.
func (o *owed) forget() { o.lots, o.adjustments = nil, nil }

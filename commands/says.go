package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/terms"
	"effigate/domain/workcalendar"
	"effigate/domain/zone"
)

// agreement is a contract with the calendars and rate cards it refers to, as one command looks them up: each
// stream is read once, when it is first asked for. It is not safe for concurrent use, and nothing of it is kept.
type agreement struct {
	log       Log
	id        domain.ContractID
	contract  contract.State
	revision  int64 // of the contract's stream
	zone      *time.Location
	calendars map[uuid.UUID]workcalendar.State
	cards     map[uuid.UUID]ratecard.State
}

// agreement looks a contract up. One that was never drafted is not found.
func (s *Service) agreement(ctx context.Context, id domain.ContractID) (*agreement, error) {
	c, err := load(ctx, s.log, contract.Decider, contract.Stream(id), domain.CommandID{})
	if err != nil {
		return nil, err
	}
	if !c.state.Exists() {
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_contract", "no contract %s", id)
	}
	at, err := zone.Load(c.state.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone of contract %s: %w", id, err)
	}
	return &agreement{
		log: s.log, id: id, contract: c.state, revision: c.revision, zone: at,
		calendars: map[uuid.UUID]workcalendar.State{}, cards: map[uuid.UUID]ratecard.State{},
	}, nil
}

// day is the day of an instant where the contract's days begin and end.
func (a *agreement) day(at time.Time) calendar.Date { return calendar.DateOf(at, a.zone) }

// takes reports whether work may be done on a day: the contract is in force, or was until it ended after that
// day.
func (a *agreement) takes(day calendar.Date) bool {
	switch a.contract.Status {
	case contract.StatusActive, contract.StatusExpired, contract.StatusTerminated:
		ends := a.contract.Ends()
		return a.contract.Starts() <= day && (ends == "" || day <= ends)
	case contract.StatusDraft, contract.StatusInReview, contract.StatusOffered, contract.StatusAccepted, contract.StatusSuspended:
	}
	return false
}

// begun reports whether the contract is in force or was: what a draft says may still change.
func (a *agreement) begun() bool {
	switch a.contract.Status {
	case contract.StatusActive, contract.StatusSuspended, contract.StatusExpired, contract.StatusTerminated:
		return true
	case contract.StatusDraft, contract.StatusInReview, contract.StatusOffered, contract.StatusAccepted:
	}
	return false
}

// takesIn reports whether work may be done on some day of a month.
func (a *agreement) takesIn(month calendar.Month) bool {
	return a.takes(max(month.First(), a.contract.Starts())) && a.contract.Starts() <= month.Last()
}

// says tells what the contract says for a month. InForce is of the month; who asks for one day sets it by takes.
func (a *agreement) says(ctx context.Context, month calendar.Month) (period.Says, error) {
	said := period.Says{
		Contract: a.id, Client: a.contract.Client, Month: month, Zone: a.contract.Zone,
		First: a.contract.Starts().Month() == month, InForce: a.takesIn(month),
		Granted: a.contract.Lots(month), Adjustments: a.adjustments(month),
	}
	held := a.contract.Versions(month.First(), month.Last())
	for i, version := range held {
		version.Terms.Agreed.Ends = a.contract.Ends() // Renewals and an early end make no version.
		last := month.Last()
		if i+1 < len(held) {
			last = held[i+1].From.Add(-1)
		}
		versions, err := a.versions(ctx, version, last)
		if err != nil {
			return period.Says{}, err
		}
		said.Versions = append(said.Versions, versions...)
	}
	return said, nil
}

func (a *agreement) adjustments(month calendar.Month) []period.AdjustmentPinned {
	var pinned []period.AdjustmentPinned
	for _, adjustment := range a.contract.Adjustments(month) {
		pinned = append(pinned, period.AdjustmentPinned{
			ID:     domain.Derive(a.id.UUID, "adjustment", strconv.Itoa(adjustment.Number)),
			Bucket: adjustment.Bucket, Day: adjustment.Day, Minutes: adjustment.Minutes,
		})
	}
	return pinned
}

// versions cuts one version of the contract at the days on which another version of its calendar or of one of
// its rate cards begins.
func (a *agreement) versions(ctx context.Context, held contract.InForce, last calendar.Date) ([]period.Version, error) {
	days := []calendar.Date{held.From}
	begins := func(day calendar.Date) {
		if held.From < day && day <= last {
			days = append(days, day)
		}
	}
	hours, err := a.hoursOf(ctx, held.Terms.Staff.Calendar, begins)
	if err != nil {
		return nil, err
	}
	cards, err := a.cardsOf(ctx, held.Terms, begins)
	if err != nil {
		return nil, err
	}
	slices.Sort(days)
	var versions []period.Version
	for _, day := range slices.Compact(days) {
		version := period.Version{From: day, Version: held.Version, Terms: held.Terms, Calendar: hours(day).Calendar}
		for _, card := range cards {
			if found, ok := card(day); ok {
				version.Cards = append(version.Cards, found)
			}
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// officeHours are those of a contract that names no calendar: Monday to Friday, 09:00 to 17:00.
func officeHours(zone string) calendar.Calendar {
	hours := calendar.Calendar{Zone: zone}
	for day := time.Monday; day <= time.Friday; day++ {
		hours.Week = append(hours.Week, calendar.OpenDay{
			Weekday: calendar.WeekdayOf(day), Hours: []calendar.Interval{{From: "09:00", Until: "17:00"}},
		})
	}
	return hours
}

// hoursOf gives the version of the calendar that a reference means on a day, and tells the days on which that
// changes. Without a reference it is that of office hours, which has no number.
func (a *agreement) hoursOf(ctx context.Context, ref terms.Ref, begins func(calendar.Date)) (func(calendar.Date) workcalendar.Version, error) {
	if ref.ID == uuid.Nil {
		standard := workcalendar.Version{Calendar: officeHours(a.contract.Zone)}
		return func(calendar.Date) workcalendar.Version { return standard }, nil
	}
	of, err := lookedUp(ctx, a.log, a.calendars, workcalendar.Decider, ref.ID, workcalendar.Stream(domain.CalendarID{UUID: ref.ID}))
	if err != nil {
		return nil, err
	}
	if ref.Version > 0 {
		version, ok := of.Numbered(ref.Version)
		if !ok {
			return nil, a.missing("calendar", ref)
		}
		return func(calendar.Date) workcalendar.Version { return version }, nil
	}
	if !of.Exists() {
		return nil, a.missing("calendar", ref)
	}
	for number := 1; number <= of.Newest(); number++ {
		version, _ := of.Numbered(number)
		begins(version.From)
	}
	return func(day calendar.Date) workcalendar.Version {
		version, _ := of.On(day)
		return version
	}, nil
}

// cardsOf gives the rate cards of a version of the contract, the winning layer first, each as it is on a day, and
// tells the days on which they change.
func (a *agreement) cardsOf(ctx context.Context, held terms.Terms, begins func(calendar.Date)) ([]func(calendar.Date) (rate.Card, bool), error) {
	var cards []func(calendar.Date) (rate.Card, bool)
	for _, layer := range []struct {
		layer rate.Layer
		ref   terms.Ref
	}{
		{rate.ClientOverride, terms.Ref{ID: ratecard.ForClient(a.contract.Client).UUID}},
		{rate.ContractVersion, held.Staff.RateCard},
		{rate.FirmDefault, terms.Ref{ID: ratecard.FirmDefault().UUID}},
	} {
		if layer.ref.ID == uuid.Nil {
			continue
		}
		card, err := a.cardOf(ctx, layer.layer, layer.ref, begins)
		if err != nil {
			return nil, err
		}
		cards = append(cards, func(day calendar.Date) (rate.Card, bool) {
			version, ok := card(day)
			return rate.Card{
				Layer: layer.layer, Name: version.Terms.Name, Version: version.Number,
				Currency: version.Terms.Currency, DayMinutes: version.Terms.DayMinutes, Rows: version.Terms.Rows,
			}, ok
		})
	}
	return cards, nil
}

// cardOf gives the version of one rate card on a day. The cards of firm and client need not be there, and count
// for nobody once they are superseded; that of the client overrides nothing before its first day.
func (a *agreement) cardOf(ctx context.Context, layer rate.Layer, ref terms.Ref, begins func(calendar.Date)) (func(calendar.Date) (ratecard.Version, bool), error) {
	of, err := lookedUp(ctx, a.log, a.cards, ratecard.Decider, ref.ID, ratecard.Stream(domain.RateCardID{UUID: ref.ID}))
	if err != nil {
		return nil, err
	}
	chosen := layer == rate.ContractVersion
	fixed, numbered := of.Numbered(ref.Version)
	switch {
	case chosen && (!of.Exists() || ref.Version > 0 && !numbered):
		return nil, a.missing("rate card", ref)
	case chosen && numbered:
		return func(calendar.Date) (ratecard.Version, bool) { return fixed, true }, nil
	case of.Superseded && !chosen:
		return func(calendar.Date) (ratecard.Version, bool) { return ratecard.Version{}, false }, nil
	}
	for number := 1; number <= of.Newest(); number++ {
		version, _ := of.Numbered(number)
		begins(version.Terms.From)
	}
	return func(day calendar.Date) (ratecard.Version, bool) {
		version, ok := of.On(day)
		return version, ok && (layer != rate.ClientOverride || version.Terms.From <= day)
	}, nil
}

// missing refuses what refers to something that is not there.
func (a *agreement) missing(what string, ref terms.Ref) error {
	return domain.Refuse(domain.ErrConflict, "reference_missing", "contract %s refers to version %d of %s %s, which is not there; publish it or amend the contract", a.id, ref.Version, what, ref.ID)
}

// lookedUp folds a stream that was not looked up before.
func lookedUp[S, C any, E domain.Event](ctx context.Context, log Log, known map[uuid.UUID]S, decider domain.Decider[S, C, E], id uuid.UUID, stream string) (S, error) {
	if state, ok := known[id]; ok {
		return state, nil
	}
	found, err := load(ctx, log, decider, stream, domain.CommandID{})
	if err == nil {
		known[id] = found.state
	}
	return found.state, err
}

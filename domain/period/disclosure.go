package period

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a period in order to tell what its client sees: its work in its own
// words, the hours it took, and what was left. Persons, work items, conditions, prices and pins never reach it.
type Disclosure struct {
	client   domain.ClientID
	contract domain.ContractID
	month    calendar.Month
	shows    terms.Shows

	work domain.Index[work]
	more domain.Index[TimeMinutes] // of closing, by record
	// The rest is what is shown whatever happens to the work.
	lots     []bucket.Lot // of retainers
	requests []visible.OverageRequest
	alerts   []visible.HoursAlert
	closed   bool
	settled  []visible.Settlement
	left     []bucket.Lot
}

// work is what is known of a record.
type work struct {
	state       string // visible.WorkApproved, visible.WorkPending or empty for one that the client does not see
	jobType     string
	billing     Billing
	day         calendar.Date
	description string
	raw         int // minutes
	minutes     int
	drawn       int
}

// Disclose folds one event and yields what changes for the client.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	next := d.learn(e)
	touched := scope{work: about(e)}
	if _, ended := e.(Closed); ended || next.shows != d.shows {
		touched.all = true
	}
	return next, visible.Diff(d.shown(touched), next.shown(touched))
}

// scope is the part of the work that one event can change, so that a long month costs no more per event than a
// short one.
type scope struct {
	all  bool
	work domain.TimeID
}

// shown alone decides what the client sees.
func (d Disclosure) shown(in scope) visible.Shown {
	var records []visible.Record
	if in.all {
		for id, w := range d.work.All() {
			records = d.seen(records, id, w)
		}
	} else if w, known := d.work.Get(in.work.UUID); known {
		records = d.seen(records, in.work.UUID, w)
	}
	for _, lot := range d.lots {
		records = append(records, visible.Bucket{
			Client: d.client.UUID, ID: lot.ID, Contract: d.contract.UUID, Line: domain.LineID(d.contract, lot.Line),
			Minutes: lot.GrantedMinutes, From: string(lot.From), Until: string(lot.Until),
		})
	}
	for _, r := range d.requests {
		if !d.closed || r.State != requestAsked { // Nobody can answer any more.
			records = append(records, r)
		}
	}
	for _, a := range d.alerts {
		records = append(records, a)
	}
	for _, s := range d.settled {
		records = append(records, s)
	}
	for _, lot := range d.left {
		records = append(records, visible.CarriedLot{
			Client: d.client.UUID, ID: domain.Derive(d.contract.UUID, "carried", string(d.month), lot.ID.String()), Contract: d.contract.UUID,
			Month: string(d.month), Bucket: lot.ID, Minutes: lot.RemainingMinutes, Until: string(lot.Until),
		})
	}
	return visible.Show(records...)
}

// The states of a request.
const (
	requestAsked   = "asked"
	requestAllowed = "allowed"
	requestRefused = "refused"
)

// seen adds a piece of work to the records if the client sees it.
func (d Disclosure) seen(records []visible.Record, id uuid.UUID, w work) []visible.Record {
	charge, named := charges[w.billing]
	hidden := !named || w.billing == NoCharge && !d.shows.NoCharge || w.state == visible.WorkPending && !d.shows.Unapproved
	if w.state == "" || hidden {
		return records
	}
	seen := visible.Work{
		Client: d.client.UUID, ID: id, Contract: d.contract.UUID, Category: domain.CategoryID(d.contract, w.jobType), Month: string(d.month),
		Day: string(w.day), Description: w.description, Minutes: w.raw, State: w.state, Charge: charge,
	}
	if w.state == visible.WorkApproved {
		more, _ := d.more.Get(id)
		seen.Minutes, seen.Drawn = w.minutes+more.BilledMinutes, w.drawn+more.DrawnMinutes
	}
	return append(records, seen)
}

// charges are the client's words for billing; what is not its business has none.
var charges = map[Billing]string{
	Billable: visible.WorkCharged, Included: visible.WorkIncluded, NoCharge: visible.WorkNoCharge,
}

// learn takes over what one event says. It copies what it changes: an older Disclosure stays as it was.
func (d Disclosure) learn(e Event) Disclosure {
	switch e := e.(type) {
	case Opened:
		d.client, d.contract, d.month = e.Client, e.Contract, e.Month
	case TermsPinned:
		d.shows = e.Agreed.Shows
		for _, lot := range e.Granted {
			if lot.ID == IncludedLot(d.contract, lot.Line, d.month) {
				d.lots = with(d.lots, lot, func(known bucket.Lot) bool { return known.ID == lot.ID })
			}
		}
	case TimeLogged:
		d.work = d.work.With(e.Time.UUID, workOf(e.Record))
	case TimeRevised:
		d.work = d.work.With(e.Time.UUID, workOf(e.Record))
	case TimeSubmitted:
		return d.enter(e.Time, visible.WorkPending, 0, 0)
	case TimeApproved:
		return d.enter(e.Time, visible.WorkApproved, e.BilledMinutes, e.DrawnMinutes)
	case TimeReturned:
		return d.enter(e.Time, "", 0, 0)
	case TimeDiscarded:
		return d.enter(e.Time, "", 0, 0)
	case TimeMoved:
		return d.enter(e.Time, "", 0, 0)
	case TimeReversed:
		d.work = d.work.With(e.Time.UUID, workOf(e.Record))
		return d.enter(e.Time, visible.WorkApproved, e.BilledMinutes, e.DrawnMinutes)
	case OverageAsked, OverageAnswered, ThresholdReached:
		return d.hear(e)
	case Closed:
		return d.close(e)
	case CarriedIn, TimeCorrected, ChargeAdded, TopUpDue, ForecastMade, RunsOutEarly, DeductionProposed, DeductionConfirmed,
		DeductionWaiverAsked, DeductionWaived, DeductionCountered, Reserved, Released, Billed, Unbilled:
		// What was left stands with the month before; the rest is never shown but on an invoice.
	}
	return d
}

func workOf(r Record) work {
	return work{jobType: r.JobType, billing: r.Billing, day: r.Day, description: r.Description, raw: int((r.Seconds + 59) / 60)}
}

func (d Disclosure) enter(id domain.TimeID, state string, minutes, drawn int) Disclosure {
	w, known := d.work.Get(id.UUID)
	if !known {
		return d
	}
	w.state, w.minutes, w.drawn = state, minutes, drawn
	d.work = d.work.With(id.UUID, w)
	return d
}

// hear takes over what the client is asked or told.
func (d Disclosure) hear(e Event) Disclosure {
	switch e := e.(type) {
	case OverageAsked:
		d.requests = append(slices.Clip(d.requests), visible.OverageRequest{
			Client: d.client.UUID, ID: e.Request, Contract: d.contract.UUID, Line: domain.LineID(d.contract, e.Line),
			Month: string(d.month), Minutes: e.Minutes, Text: e.Text, State: requestAsked, AskedAt: e.At,
		})
	case OverageAnswered:
		d.requests = slices.Clone(d.requests)
		for i := range d.requests {
			if d.requests[i].ID == e.Request {
				d.requests[i].State = requestRefused
				if e.Allowed {
					d.requests[i].State = requestAllowed
				}
			}
		}
	case ThresholdReached:
		if !e.Shown {
			return d
		}
		// The number among the alerts shown: one that counted all would tell of those that were not.
		number := strconv.Itoa(len(d.alerts))
		d.alerts = append(slices.Clip(d.alerts), visible.HoursAlert{
			Client: d.client.UUID, ID: domain.Derive(d.contract.UUID, "hours alert", string(d.month), number), Contract: d.contract.UUID,
			Line: domain.LineID(d.contract, e.Line), Percent: e.Percent, At: e.At,
		})
	case Opened, TermsPinned, CarriedIn, TimeLogged, TimeRevised, TimeDiscarded, TimeSubmitted, TimeReturned, TimeApproved,
		TimeCorrected, TimeReversed, TimeMoved, ChargeAdded, TopUpDue, ForecastMade, RunsOutEarly, Closed, DeductionProposed,
		DeductionConfirmed, DeductionWaiverAsked, DeductionWaived, DeductionCountered, Reserved, Released, Billed, Unbilled:
	}
	return d
}

func (d Disclosure) close(e Closed) Disclosure {
	d.closed, d.left = true, e.CarryOut
	for _, short := range e.Shortfall {
		d.more = d.more.With(short.Time.UUID, short)
	}
	var settled []visible.Settlement
	of := func(line string) *visible.Settlement {
		id := domain.LineID(d.contract, line)
		for i := range settled {
			if settled[i].Line == id {
				return &settled[i]
			}
		}
		settled = append(settled, visible.Settlement{
			Client: d.client.UUID, ID: domain.Derive(d.contract.UUID, "settlement", string(d.month), line), Contract: d.contract.UUID,
			Line: id, Month: string(d.month),
		})
		return &settled[len(settled)-1]
	}
	for _, lot := range e.Lots {
		line := of(lot.Line)
		line.Drawn += lot.DrawnMinutes
		line.Expired += lot.ExpiredMinutes
	}
	for _, beyond := range e.Overage {
		of(beyond.Line).Overage += beyond.Minutes
	}
	d.settled = settled
	return d
}

// about is the record that an event is about, zero when it is about none.
func about(e Event) domain.TimeID {
	switch e := e.(type) {
	case TimeLogged:
		return e.Time
	case TimeRevised:
		return e.Time
	case TimeDiscarded:
		return e.Time
	case TimeSubmitted:
		return e.Time
	case TimeReturned:
		return e.Time
	case TimeApproved:
		return e.Time
	case TimeReversed:
		return e.Time
	case TimeMoved:
		return e.Time
	case Opened, TermsPinned, CarriedIn, TimeCorrected, ChargeAdded, ThresholdReached, TopUpDue, OverageAsked,
		OverageAnswered, ForecastMade, RunsOutEarly, Closed, DeductionProposed, DeductionConfirmed, DeductionWaiverAsked,
		DeductionWaived, DeductionCountered, Reserved, Released, Billed, Unbilled:
	}
	return domain.TimeID{}
}

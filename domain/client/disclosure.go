package client

import (
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a client in order to tell what its users see of it.
type Disclosure struct{ organisation visible.Organisation }

// Disclose folds one event and yields what changes for the client: its own name, settings and seats. Who
// manages it is staff's, its contracts and people show themselves, and how it is invoiced stands on its invoices.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	next := d.learn(e)
	return next, visible.Diff(d.shown(), next.shown())
}

func (d Disclosure) shown() visible.Shown {
	if d.organisation == (visible.Organisation{}) {
		return nil
	}
	return visible.Show(d.organisation)
}

func (d Disclosure) learn(e Event) Disclosure {
	switch e := e.(type) {
	case Registered:
		d.organisation = visible.Organisation{
			Client:   e.Client.UUID,
			Name:     e.Name,
			Zone:     e.Zone,
			Language: e.Language,
			Currency: string(e.Currency),
			Seats:    DefaultSeats,
		}
	case Renamed:
		d.organisation.Name = e.Name
	case SeatLimitSet:
		d.organisation.Seats = e.Limit
	case SeatTaken:
		d.organisation.SeatsTaken++
	case SeatReleased:
		d.organisation.SeatsTaken--
	case AccountManagerAssigned, ContractLinked, BillingDescribed:
	}
	return d
}

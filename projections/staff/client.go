package staff

import (
	"effigate/domain"
	"effigate/domain/client"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Clients projects client organisations.
var Clients = projections.Projection[domain.Recorded, rows.Client]{
	Table: "clients", Key: of[client.Event]("client"), Evolve: evolveClient,
}

func evolveClient(row rows.Client, r domain.Recorded) (rows.Client, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(client.Event).(type) {
	case client.Registered:
		row.Name, row.Zone, row.Language, row.Currency = e.Name, e.Zone, e.Language, string(e.Currency)
		row.Source, row.RegisteredAt, row.Seats = e.Staff.Source, e.At, client.DefaultSeats
	case client.Renamed:
		row.Name = e.Name
	case client.AccountManagerAssigned:
		row.AccountManager = known(e.Staff.Manager.UUID)
	case client.SeatLimitSet:
		row.Seats = e.Limit
	case client.SeatTaken:
		row.SeatsTaken++
	case client.SeatReleased:
		row.SeatsTaken--
	case client.ContractLinked:
		// Contracts name their client themselves.
	case client.BillingDescribed:
		// Rows of billing.
	}
	return row, true
}

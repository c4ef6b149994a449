package exchange

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
)

// All lists one sample of every variant with every field set: the registry learns the stored names from it.
func All() []domain.Event {
	return []domain.Event{Recorded{
		From: "USD", To: "AUD", Day: "2026-03-31", Staff: RecordedStaff{Rate: decimal.RequireFromString("1.5267"), Source: "RBA"},
		By: domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "exchange sample", "person")},
		At: time.Date(2026, time.April, 1, 7, 0, 0, 0, time.UTC),
	}}
}

package ratecard

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/rate"
)

// Event is one fact of a rate card, in its stored form. None of it is ever disclosed (F3).
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Published makes a version of the card, in force from a day on. Versions are numbered from 1 and are never
// changed.
type Published struct {
	Card    domain.RateCardID `json:"card"`
	Version int               `json:"version"`
	Staff   PublishedStaff    `json:"staff"`
	By      domain.PersonID   `json:"by,omitzero"`
	At      time.Time         `json:"at"`
}

// PublishedStaff is the internal part of Published: all of it.
type PublishedStaff struct {
	Name       string          `json:"name"`
	Layer      rate.Layer      `json:"layer"`
	Client     domain.ClientID `json:"client,omitzero"` // of the layer client
	Currency   money.Currency  `json:"currency"`
	DayMinutes int             `json:"day_minutes,omitzero"`
	From       calendar.Date   `json:"from"` // the first day of the version
	Rows       []rate.Row      `json:"rows"`
	Reason     string          `json:"reason,omitzero"`
}

// CostsPublished sets what hours cost the firm, from a day on. Finance alone reads it.
type CostsPublished struct {
	Version int                 `json:"version"` // of the costs, from 1
	Staff   CostsPublishedStaff `json:"staff"`
	By      domain.PersonID     `json:"by,omitzero"`
	At      time.Time           `json:"at"`
}

// CostsPublishedStaff is the internal part of CostsPublished.
type CostsPublishedStaff struct {
	From calendar.Date `json:"from"`
	Rows []Cost        `json:"rows"`
}

// Cost is what an hour of a job type costs the firm, before anything is charged. An empty JobType stands for any.
type Cost struct {
	JobType string          `json:"job_type,omitzero"`
	Hour    decimal.Decimal `json:"hour"` // in the card's currency
}

// Superseded says that no contract may choose the card any more, until another version is published; what pinned it
// keeps it.
type Superseded struct {
	Staff SupersededStaff `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// SupersededStaff is the internal part of Superseded.
type SupersededStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Kind is the stored name.
func (Published) Kind() string      { return "ratecard.published.v1" }
func (CostsPublished) Kind() string { return "ratecard.costs_published.v1" }
func (Superseded) Kind() string     { return "ratecard.superseded.v1" }

func (Published) isEvent()      {}
func (CostsPublished) isEvent() {}
func (Superseded) isEvent()     {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	by := domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	client := domain.ClientID{UUID: uuid.MustParse("c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.January, 5, 9, 30, 0, 0, time.UTC)
	return []domain.Event{
		Published{
			Card: ForClient(client), Version: 2,
			Staff: PublishedStaff{
				Name: "Nexus Corp 2026", Layer: rate.ClientOverride, Client: client, Currency: "AUD", DayMinutes: 456, From: "2026-02-01",
				Rows: []rate.Row{{
					Key: "api-after-hours", JobType: "api", SupportLevel: "24x7", Condition: hours.AfterHours,
					Price: decimal.RequireFromString("180.00"), Unit: rate.PerHour, MinimumMinutes: 30, MaximumMinutes: 480,
					TaxCategory: "S", ValidFrom: "2026-02-01", ValidUntil: "2026-12-31",
				}},
				Reason: "Prices of 2026.",
			},
			By: by, At: at,
		},
		CostsPublished{
			Version: 1, Staff: CostsPublishedStaff{
				From: "2026-02-01", Rows: []Cost{{JobType: "api", Hour: decimal.RequireFromString("64.50")}},
			},
			By: by, At: at,
		},
		Superseded{Staff: SupersededStaff{Reason: "The client pays the firm's prices."}, By: by, At: at},
	}
}

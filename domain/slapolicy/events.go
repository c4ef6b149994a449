package slapolicy

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// Event is one fact of an SLA policy, in its stored form. None of it is ever disclosed (F3).
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Published makes a version of the policy, in force from a day on. Versions are numbered from 1 and are never
// changed.
type Published struct {
	Policy  domain.SLAPolicyID `json:"policy"`
	Version int                `json:"version"`
	Staff   PublishedStaff     `json:"staff"`
	By      domain.PersonID    `json:"by,omitzero"`
	At      time.Time          `json:"at"`
}

// PublishedStaff is the internal part of Published: all of it.
type PublishedStaff struct {
	Name string `json:"name"`
	// Layer is sla.FromFirm for the policy of contracts that choose none, sla.FromClient for the one that overrides all
	// others for Client, and empty for those that contracts choose.
	Layer  sla.Source      `json:"layer,omitzero"`
	Client domain.ClientID `json:"client,omitzero"`
	From   calendar.Date   `json:"from"`
	Policy sla.Policy      `json:"policy"`
	Reason string          `json:"reason,omitzero"`
}

// Superseded says that no contract may choose the policy any more, until another version is published; what pinned
// it keeps it.
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
func (Published) Kind() string  { return "slapolicy.published.v1" }
func (Superseded) Kind() string { return "slapolicy.superseded.v1" }

func (Published) isEvent()  {}
func (Superseded) isEvent() {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	by := domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	at := time.Date(2026, time.January, 5, 9, 30, 0, 0, time.UTC)
	client := domain.ClientID{UUID: uuid.MustParse("c11e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
	return []domain.Event{
		Published{
			Policy: ForClient(client), Version: 2,
			Staff: PublishedStaff{
				Name: "Round the clock", Layer: sla.FromClient, Client: client, From: "2026-02-01",
				Policy: sla.Policy{
					Targets: []sla.Target{{
						Priority: "critical", SupportLevel: "24x7", JobType: "api",
						FirstResponseMinutes: 30, NextResponseMinutes: 60, ResolutionMinutes: 240,
					}},
					NearBreachPercent: 80, Floors: []sla.Floor{{Priority: "critical", Minutes: 45}},
					PausesThirdParty: true, PausesOnHold: true, ReopenStartsAnew: true, CloseAfterDays: 3, ReopenDays: 14,
					Ladder: []sla.Level{{
						Level: 2, Goal: sla.Resolution, Percent: 100, Minutes: -60, Recipients: []string{sla.Assignee, sla.AccountManager},
						Persons: []uuid.UUID{by.UUID}, Mail: true, Action: sla.Reassign, To: by.UUID,
					}},
				},
				Reason: "Faster answers were agreed.",
			},
			By: by, At: at,
		},
		Superseded{Staff: SupersededStaff{Reason: "Replaced by the policy of 2027."}, By: by, At: at},
	}
}

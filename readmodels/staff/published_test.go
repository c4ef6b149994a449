package staff_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/workcalendar"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

func priced(card domain.RateCardID, layer rate.Layer, version int, from calendar.Date, price string) ratecard.Published {
	return ratecard.Published{
		Card: card, Version: version, By: domain.PersonID{UUID: id("person", 1)}, At: at(version),
		Staff: ratecard.PublishedStaff{
			Name: string(layer) + " prices", Layer: layer, Currency: "AUD", From: from, Reason: "Agreed.",
			Rows: []rate.Row{{Key: "any", Price: decimal.RequireFromString(price), Unit: rate.PerHour}},
		},
	}
}

func TestRateCardsInVersions(t *testing.T) {
	t.Parallel()
	card := domain.RateCardID{UUID: id("card", 1)}
	costs := ratecard.CostsPublished{Version: 1, At: at(3), Staff: ratecard.CostsPublishedStaff{
		From: "2026-01-01", Rows: []ratecard.Cost{{JobType: "api", Hour: decimal.RequireFromString("64.50")}},
	}}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, ratecard.Stream(card), priced(card, rate.ContractVersion, 1, "2026-01-01", "120.00"), priced(card, rate.ContractVersion, 2, "2026-07-01", "125.00"), costs)
	})
	w.Read(t, func(tx pgx.Tx) error {
		cards, next, err := staff.RateCards(t.Context(), tx, uuid.Nil, 0)
		if err != nil {
			return err
		}
		want := []staff.RateCard{{
			ID: card.UUID, Layer: "contract", Currency: "AUD", Name: "contract prices", Version: 2, From: "2026-07-01", RowCount: 1,
			JobTypes: "*", CostsVersion: 1, PublishedAt: at(2), Revision: 2,
		}}
		if diff := cmp.Diff(want, cards); diff != "" || next != uuid.Nil {
			t.Errorf("cards, then %s (-want +got):\n%s", next, diff)
		}
		versions, err := staff.RateVersions(t.Context(), tx, card.UUID)
		if err != nil {
			return err
		}
		by := id("person", 1)
		line := func(number int, from string) staff.VersionLine {
			return staff.VersionLine{Number: number, Name: "contract prices", From: from, Reason: "Agreed.", PublishedBy: &by, PublishedAt: at(number)}
		}
		if diff := cmp.Diff([]staff.VersionLine{line(2, "2026-07-01"), line(1, "2026-01-01")}, versions); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
		for asked, want := range map[int]string{0: "125", 1: "120", 2: "125"} {
			version, err := staff.RateVersionNumbered(t.Context(), tx, card.UUID, asked)
			if err != nil || version.Rows[0].Price.String() != want {
				t.Errorf("version %d is %+v: %v; want the price %s", asked, version, err, want)
			}
		}
		if _, err := staff.RateVersionNumbered(t.Context(), tx, card.UUID, 3); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("version 3 of 2: %v", err)
		}
		cost, err := staff.CostVersionNumbered(t.Context(), tx, card.UUID, 0)
		if err != nil || cost.Number != 1 || cost.Rows[0].JobType != "api" || cost.Rows[0].Hour.String() != "64.5" {
			t.Errorf("costs %+v: %v", cost, err)
		}
		lines, err := staff.CostVersions(t.Context(), tx, card.UUID)
		if len(lines) != 1 || lines[0].From != "2026-01-01" {
			t.Errorf("versions of costs: %+v", lines)
		}
		return err
	})
}

// The cards that price work on a day: the client's before the contract's before the firm's, each in the version of
// that day.
func TestCardsOn(t *testing.T) {
	t.Parallel()
	card := func(n int) domain.RateCardID { return domain.RateCardID{UUID: id("card", n)} }
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, ratecard.Stream(card(1)), priced(card(1), rate.ClientOverride, 1, "2026-03-01", "1"))
		log.Record(t, ratecard.Stream(card(2)), priced(card(2), rate.ContractVersion, 1, "2026-01-01", "2"), priced(card(2), rate.ContractVersion, 2, "2026-03-01", "3"), ratecard.Superseded{At: at(9)})
		log.Record(t, ratecard.Stream(card(3)), priced(card(3), rate.FirmDefault, 1, "2026-03-01", "4"))
		log.Record(t, ratecard.Stream(card(4)), priced(card(4), rate.FirmDefault, 1, "2026-01-01", "5"), ratecard.Superseded{At: at(9)})
	})
	choices := func(pinned int, firm domain.RateCardID) []staff.CardChoice {
		return []staff.CardChoice{
			{Layer: rate.ClientOverride, Card: card(1).UUID},
			{Layer: rate.ContractVersion, Card: card(2).UUID, Version: pinned},
			{Layer: rate.FirmDefault, Card: firm.UUID},
		}
	}
	for name, c := range map[string]struct {
		day     calendar.Date
		choices []staff.CardChoice
		want    []string // prices
	}{
		"all three":                            {"2026-03-01", choices(0, card(3)), []string{"1", "3", "4"}},
		"before a client's card begins":        {"2026-02-28", choices(0, card(3)), []string{"2", "4"}},
		"before all versions, the first holds": {"2025-12-31", choices(0, card(3)), []string{"2", "4"}},
		"a version that the contract pinned":   {"2026-03-01", choices(1, card(3)), []string{"1", "2", "4"}},
		"the firm's is superseded":             {"2026-03-01", choices(0, card(4)), []string{"1", "3"}},
		"the firm has none":                    {"2026-03-01", choices(0, card(5)), []string{"1", "3"}},
		"nothing to choose from":               {"2026-03-01", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.Read(t, func(tx pgx.Tx) error {
				cards, err := staff.CardsOn(t.Context(), tx, c.day, c.choices...)
				var got []string
				for _, card := range cards {
					got = append(got, card.Rows[0].Price.String())
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("prices (-want +got):\n%s", diff)
				}
				return err
			})
		})
	}
	w.Read(t, func(tx pgx.Tx) error {
		if _, err := staff.CardsOn(t.Context(), tx, "2026-03-01", choices(7, card(3))...); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("a version that there is not: %v", err)
		}
		return nil
	})
}

func TestSLAPoliciesInVersions(t *testing.T) {
	t.Parallel()
	policy := domain.SLAPolicyID{UUID: id("policy", 1)}
	published := func(version, minutes int) slapolicy.Published {
		return slapolicy.Published{Policy: policy, Version: version, At: at(version), Staff: slapolicy.PublishedStaff{
			Name: "Support", From: "2026-01-01", Policy: sla.Policy{Targets: []sla.Target{{Priority: "low", ResolutionMinutes: minutes}}},
		}}
	}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, slapolicy.Stream(policy), published(1, 60), published(2, 90))
	})
	w.Read(t, func(tx pgx.Tx) error {
		policies, next, err := staff.SLAPolicies(t.Context(), tx, uuid.Nil, 0)
		if len(policies) != 1 || policies[0].Version != 2 || next != uuid.Nil {
			t.Errorf("policies %+v, then %s", policies, next)
		}
		if err != nil {
			return err
		}
		first, err := staff.SLAVersionNumbered(t.Context(), tx, policy.UUID, 1)
		if err != nil || first.Policy.Targets[0].ResolutionMinutes != 60 {
			t.Errorf("version 1 is %+v: %v", first, err)
		}
		versions, err := staff.SLAVersions(t.Context(), tx, policy.UUID)
		if len(versions) != 2 || versions[0].Number != 2 {
			t.Errorf("versions %+v", versions)
		}
		return err
	})
}

// A holiday that was added is a version that differs from the one before by that day alone.
func TestCalendarsInVersions(t *testing.T) {
	t.Parallel()
	sydney := domain.CalendarID{UUID: id("calendar", 1)}
	week := calendar.Calendar{Zone: "Australia/Sydney", Always: true}
	friday := calendar.SpecialDay{Date: "2026-04-03", Name: "Good Friday", Holiday: true}
	anzac := calendar.SpecialDay{Date: "2026-04-25", Name: "Anzac Day", Holiday: true}
	published := func(version int, from calendar.Date) workcalendar.Published {
		return workcalendar.Published{Calendar: sydney, Version: version, At: at(version), Staff: workcalendar.PublishedStaff{
			Name: "Sydney", From: from, Calendar: week, Reason: "Agreed.",
		}}
	}
	added := func(version int, day calendar.SpecialDay) workcalendar.HolidayAdded {
		return workcalendar.HolidayAdded{Version: version, At: at(version), Staff: workcalendar.HolidayAddedStaff{Day: day}}
	}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, workcalendar.Stream(sydney), published(1, "2026-01-01"), added(2, anzac), added(3, friday), published(4, "2026-07-01"))
	})
	version := func(number int, from, reason string, days ...calendar.SpecialDay) staff.CalendarVersion {
		whole := week
		whole.Days = days
		return staff.CalendarVersion{
			VersionLine: staff.VersionLine{Number: number, Name: "Sydney", From: from, Reason: reason, PublishedAt: at(number)}, Calendar: whole,
		}
	}
	want := []staff.CalendarVersion{
		version(4, "2026-07-01", "Agreed."),
		version(3, "2026-01-01", "Good Friday", friday, anzac),
		version(2, "2026-01-01", "Anzac Day", anzac),
		version(1, "2026-01-01", "Agreed."),
	}
	w.Read(t, func(tx pgx.Tx) error {
		lines, err := staff.CalendarVersions(t.Context(), tx, sydney.UUID)
		if err != nil {
			return err
		}
		for i, want := range want {
			got, err := staff.CalendarVersionNumbered(t.Context(), tx, sydney.UUID, want.Number)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("version %d: %v (-want +got):\n%s", want.Number, err, diff)
			}
			if diff := cmp.Diff(want.VersionLine, lines[i]); diff != "" {
				t.Errorf("line %d (-want +got):\n%s", i, diff)
			}
		}
		newest, err := staff.CalendarVersionNumbered(t.Context(), tx, sydney.UUID, 0)
		if newest.Number != 4 || err != nil {
			t.Errorf("the newest version is %+v: %v", newest, err)
		}
		for _, number := range []int{-1, 5} {
			if _, err := staff.CalendarVersionNumbered(t.Context(), tx, sydney.UUID, number); !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("version %d: %v", number, err)
			}
		}
		calendars, _, err := staff.Calendars(t.Context(), tx, uuid.Nil, 0)
		if len(calendars) != 1 || calendars[0].Zone != "Australia/Sydney" || calendars[0].Version != 4 {
			t.Errorf("calendars %+v", calendars)
		}
		return err
	})
}

func TestWhatWasNeverPublishedIsNotFound(t *testing.T) {
	t.Parallel()
	w := world(t, func(*stafftest.Log) {})
	w.Read(t, func(tx pgx.Tx) error {
		_, card := staff.RateCardByID(t.Context(), tx, id("card", 1))
		_, policy := staff.SLAPolicyByID(t.Context(), tx, id("policy", 1))
		_, sydney := staff.CalendarByID(t.Context(), tx, id("calendar", 1))
		_, version := staff.CalendarVersionNumbered(t.Context(), tx, id("calendar", 1), 0)
		_, costs := staff.CostVersionNumbered(t.Context(), tx, id("card", 1), 0)
		for _, err := range []error{card, policy, sydney, version, costs} {
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("missing is %v", err)
			}
		}
		return nil
	})
}

func TestChoices(t *testing.T) {
	t.Parallel()
	card := func(n int) domain.RateCardID { return domain.RateCardID{UUID: id("card", n)} }
	policy := slapolicy.Published{Version: 3, Staff: slapolicy.PublishedStaff{Name: "Support"}, At: at(1)}
	sydney := workcalendar.Published{Version: 1, Staff: workcalendar.PublishedStaff{Name: "Sydney"}, At: at(1)}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, ratecard.Stream(card(1)), priced(card(1), rate.ContractVersion, 1, "2026-03-01", "1"))
		log.Record(t, ratecard.Stream(card(2)), priced(card(2), rate.ContractVersion, 1, "2026-03-01", "1"), ratecard.Superseded{At: at(9)})
		log.Record(t, ratecard.Stream(card(3)), priced(card(3), rate.FirmDefault, 1, "2026-03-01", "1"))
		log.Record(t, slapolicy.Stream(domain.SLAPolicyID{UUID: id("policy", 1)}), policy)
		log.Record(t, workcalendar.Stream(domain.CalendarID{UUID: id("calendar", 1)}), sydney)
	})
	w.Read(t, func(tx pgx.Tx) error {
		for kind, want := range map[string]staff.Choice{
			"rate_card":  {ID: id("card", 1), Name: "contract prices", Version: 1},
			"sla_policy": {ID: id("policy", 1), Name: "Support", Version: 3},
			"calendar":   {ID: id("calendar", 1), Name: "Sydney", Version: 1},
		} {
			got, err := staff.Choices(t.Context(), tx, kind)
			if diff := cmp.Diff([]staff.Choice{want}, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", kind, err, diff)
			}
		}
		if _, err := staff.Choices(t.Context(), tx, "client"); err == nil {
			t.Error("a contract may choose a client")
		}
		return nil
	})
}

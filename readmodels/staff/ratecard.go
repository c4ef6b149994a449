package staff

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/rate"
)

// RateCard is a row of rate_cards: a price table without a price.
type RateCard struct {
	ID                uuid.UUID  `db:"id" json:"id"`
	Layer             string     `db:"layer" json:"layer"` // "client", "contract" or "firm"
	Client            *uuid.UUID `db:"client" json:"client,omitempty"`
	Currency          string     `db:"currency" json:"currency"`
	Name              string     `db:"name" json:"name"`
	Version           int        `db:"version" json:"version"` // the newest
	From              string     `db:"from_day" json:"from"`   // the first day of the newest version
	RowCount          int        `db:"row_count" json:"row_count"`
	JobTypes          string     `db:"job_types" json:"job_types"`     // sorted, separated by single spaces; "*" for any
	ValidFrom         string     `db:"valid_from" json:"valid_from"`   // the first day of a row; empty = unbounded
	ValidUntil        string     `db:"valid_until" json:"valid_until"` // the last day of a row; empty = unbounded
	CostsVersion      int        `db:"costs_version" json:"-"`         // 0 before there are any
	Superseded        bool       `db:"superseded" json:"superseded"`
	SupersededBecause string     `db:"superseded_because" json:"superseded_because"`
	PublishedAt       time.Time  `db:"published_at" json:"published_at"` // the newest version
	Revision          int64      `db:"revision" json:"revision"`
}

func (c RateCard) id() uuid.UUID { return c.ID }

const rateCardColumns = `id, layer, client, currency, name, version, from_day, row_count, job_types, valid_from, valid_until,
	costs_version, superseded, superseded_because, published_at, revision`

// RateContent is the content of a version of a rate card.
type RateContent struct {
	DayMinutes int        `json:"day_minutes,omitzero"` // 0 = 480
	Rows       []rate.Row `json:"rows"`
}

// RateVersion is one version of a rate card with its prices.
type RateVersion struct {
	VersionLine
	RateContent
}

// Cost is what an hour of a job type costs the firm; an empty JobType stands for any.
type Cost struct {
	JobType string          `json:"job_type,omitzero"`
	Hour    decimal.Decimal `json:"hour"` // in the card's currency
}

// CostVersion is one version of the costs of a rate card.
type CostVersion struct {
	VersionLine
	Rows []Cost `json:"rows" nullable:"false"`
}

// RateCards gives the rate cards in the order of their names, after the card given (uuid.Nil: from the start), at
// most limit of them, and the last one given when there are more. It tells no price.
func RateCards(ctx context.Context, db Queryer, after uuid.UUID, limit int) ([]RateCard, uuid.UUID, error) {
	return listByName[RateCard](ctx, db, "rate_cards", rateCardColumns, after, limit)
}

// RateCardByID gives one rate card without its prices; domain.ErrNotFound when there is none.
func RateCardByID(ctx context.Context, db Queryer, id uuid.UUID) (RateCard, error) {
	card, err := one[RateCard](ctx, db, `SELECT `+rateCardColumns+` FROM rate_cards WHERE id = $1`, id)
	return card, notFound(err, "no_such_card", "rate card", id)
}

// RateVersions lists the versions of a rate card, the newest first.
func RateVersions(ctx context.Context, db Queryer, card uuid.UUID) ([]VersionLine, error) {
	return versionsOf(ctx, db, "rate_card_versions", card)
}

// RateVersionNumbered gives one version of a rate card, the newest for number 0; domain.ErrNotFound when there is
// none.
func RateVersionNumbered(ctx context.Context, db Queryer, card uuid.UUID, number int) (RateVersion, error) {
	found, err := numbered(ctx, db, "rate_card_versions", card, number)
	if err != nil {
		return RateVersion{}, err
	}
	content, err := decode[RateContent](found)
	return RateVersion{found.line(), content}, err
}

// CostVersions lists the versions of the costs of a rate card, the newest first.
func CostVersions(ctx context.Context, db Queryer, card uuid.UUID) ([]VersionLine, error) {
	return versionsOf(ctx, db, "cost_versions", card)
}

// CostVersionNumbered gives one version of the costs, the newest for number 0; domain.ErrNotFound when there is none.
func CostVersionNumbered(ctx context.Context, db Queryer, card uuid.UUID, number int) (CostVersion, error) {
	found, err := numbered(ctx, db, "cost_versions", card, number)
	if err != nil {
		return CostVersion{}, err
	}
	rows, err := decode[[]Cost](found)
	return CostVersion{found.line(), rows}, err
}

// CardChoice names a rate card that may price work, and the version of it; version 0 is the one in force on the day.
type CardChoice struct {
	Layer   rate.Layer
	Card    uuid.UUID
	Version int
}

// CardsOn gives the cards of the choices as they are on a day, in the order given. Left out are those that do not
// exist; unless a contract chose them, those that were superseded; and a client's before its first day.
func CardsOn(ctx context.Context, db Queryer, day calendar.Date, choices ...CardChoice) ([]rate.Card, error) {
	ids := make([]uuid.UUID, len(choices))
	for i, choice := range choices {
		ids[i] = choice.Card
	}
	found, err := list[RateCard](ctx, db, `SELECT `+rateCardColumns+` FROM rate_cards WHERE id = ANY ($1::uuid[])`, ids)
	if err != nil {
		return nil, fmt.Errorf("find %d rate cards: %w", len(ids), err)
	}
	known := map[uuid.UUID]RateCard{}
	for _, card := range found {
		known[card.ID] = card
	}
	var cards []rate.Card
	for _, choice := range choices {
		card, exists := known[choice.Card]
		chosen := choice.Layer == rate.ContractVersion
		if !exists || card.Superseded && !chosen {
			continue
		}
		version, held, err := cardOn(ctx, db, choice, day)
		if err != nil {
			return nil, err
		}
		if !held || choice.Layer == rate.ClientOverride && version.From > string(day) {
			continue
		}
		cards = append(cards, version.card(choice.Layer, card))
	}
	return cards, nil
}

func cardOn(ctx context.Context, db Queryer, choice CardChoice, day calendar.Date) (RateVersion, bool, error) {
	if choice.Version > 0 {
		version, err := RateVersionNumbered(ctx, db, choice.Card, choice.Version)
		return version, err == nil, err
	}
	found, held, err := on(ctx, db, "rate_card_versions", choice.Card, day)
	if err != nil || !held {
		return RateVersion{}, false, err
	}
	content, err := decode[RateContent](found)
	return RateVersion{found.line(), content}, err == nil, err
}

// card is the version as prices are found in it.
func (v RateVersion) card(layer rate.Layer, of RateCard) rate.Card {
	return rate.Card{
		Layer: layer, Name: v.Name, Version: v.Number, Currency: money.Currency(of.Currency), DayMinutes: v.DayMinutes, Rows: v.Rows,
	}
}

// JobTypeList are the job types of a card; "*" is any.
func (c RateCard) JobTypeList() []string { return strings.Fields(c.JobTypes) }

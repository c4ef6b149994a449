package staff

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// RateCards projects rate cards as they are now, without their prices.
var RateCards = projections.Projection[domain.Recorded, rows.RateCard]{
	Table: "rate_cards", Key: of[ratecard.Event]("ratecard"), Evolve: evolveRateCard,
}

// RateCardVersions projects the versions of rate cards.
var RateCardVersions = projections.Projection[domain.Recorded, rows.Published]{
	Table: "rate_card_versions", Key: rateVersionOf, Evolve: evolveRateVersion,
}

// CostVersions projects the versions of what hours cost.
var CostVersions = projections.Projection[domain.Recorded, rows.Published]{
	Table: "cost_versions", Key: costVersionOf, Evolve: evolveCostVersion,
}

func evolveRateCard(row rows.RateCard, r domain.Recorded) (rows.RateCard, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(ratecard.Event).(type) {
	case ratecard.Published:
		row.Layer, row.Client, row.Currency = string(e.Staff.Layer), known(e.Staff.Client.UUID), string(e.Staff.Currency)
		row.Name, row.Version, row.From, row.PublishedAt = e.Staff.Name, e.Version, string(e.Staff.From), e.At
		row.RowCount, row.JobTypes = len(e.Staff.Rows), pricedJobTypes(e.Staff.Rows)
		row.ValidFrom, row.ValidUntil = validity(e.Staff.Rows)
		row.Superseded, row.SupersededBecause = false, ""
	case ratecard.CostsPublished:
		row.CostsVersion = e.Version
	case ratecard.Superseded:
		row.Superseded, row.SupersededBecause = true, e.Staff.Reason
	}
	return row, true
}

// pricedJobTypes lists the job types of rows as the column holds them.
func pricedJobTypes(of []rate.Row) string {
	words := make([]string, len(of))
	for i, row := range of {
		words[i] = row.JobType
		if row.JobType == "" {
			words[i] = "*"
		}
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// validity is the first and the last day on which some row holds; empty for unbounded.
func validity(of []rate.Row) (from, until string) {
	var first, last []calendar.Date
	for _, row := range of {
		first, last = append(first, row.ValidFrom), append(last, row.ValidUntil)
	}
	if len(of) == 0 || slices.Contains(last, "") {
		last = []calendar.Date{""}
	}
	if len(of) == 0 {
		first = last
	}
	return string(slices.Min(first)), string(slices.Max(last)) // The empty day comes before all others.
}

// versionID is the id of the row of a version.
func versionID(subject uuid.UUID, number int) uuid.UUID {
	return domain.Derive(subject, "version", strconv.Itoa(number))
}

func rateVersionOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(ratecard.Published)
	if !ok {
		return uuid.Nil, false
	}
	return versionID(streamID(r, "ratecard"), e.Version), true
}

func evolveRateVersion(row rows.Published, r domain.Recorded) (rows.Published, bool) {
	e := r.Event.(ratecard.Published)
	row.Subject, row.Number, row.Name, row.From = streamID(r, "ratecard"), e.Version, e.Staff.Name, string(e.Staff.From)
	row.Content, row.Reason = text(rows.RateContent{DayMinutes: e.Staff.DayMinutes, Rows: e.Staff.Rows}), e.Staff.Reason
	row.PublishedBy, row.PublishedAt = known(e.By.UUID), e.At
	return row, true
}

func costVersionOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(ratecard.CostsPublished)
	if !ok {
		return uuid.Nil, false
	}
	return versionID(streamID(r, "ratecard"), e.Version), true
}

func evolveCostVersion(row rows.Published, r domain.Recorded) (rows.Published, bool) {
	e := r.Event.(ratecard.CostsPublished)
	costs := make([]rows.Cost, len(e.Staff.Rows))
	for i, cost := range e.Staff.Rows {
		costs[i] = rows.Cost{JobType: cost.JobType, Hour: cost.Hour}
	}
	row.Subject, row.Number, row.From = streamID(r, "ratecard"), e.Version, string(e.Staff.From)
	row.Content = text(costs)
	row.PublishedBy, row.PublishedAt = known(e.By.UUID), e.At
	return row, true
}

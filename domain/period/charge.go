package period

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/terms"
)

func (s State) addCharge(c AddCharge) ([]Event, error) {
	if known, ok := s.charges.Get(c.Charge.UUID); ok {
		if same(known, c) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "charge_exists", "charge %s was added with other content", c.Charge)
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	day := c.Day
	if day == "" {
		day = max(min(d.today(c.At), d.Month.Last()), d.Month.First())
	}
	var check domain.Check
	check.That(!c.Charge.IsZero(), "charge", "must have an id")
	check.That(c.What == MilestoneCharge || c.What == FeeCharge || c.What == OtherCharge, "what", "must be milestone, fee or other")
	check.That((c.Milestone != "") == (c.What == MilestoneCharge), "milestone", "is named for a milestone alone")
	check.Line("text", c.Text)
	check.That(day.Valid() && day <= d.Month.Last(), "day", "must not lie after the period")
	check.That(c.Amount.IsPositive() || c.Amount.IsNegative() && c.What == OtherCharge, "amount", "must be more than nothing; only another charge may take off")
	exponent := d.newest().Agreed.Currency.Exponent()
	check.That(c.Amount.Equal(c.Amount.Round(exponent)), "amount", "must have at most "+strconv.Itoa(int(exponent))+" digits after the point")
	check.That(c.Amount.Abs().LessThan(decimal.New(1, 12)), "amount", "must be less than a million million")
	check.That(bill.IsCategory(c.TaxCategory), "tax_category", "must be empty, or 1 to 64 letters, digits, dots, dashes and underscores")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if _, err := d.line(c.Line); err != nil {
		return nil, err
	}
	if d.charges.Len() >= MaxCharges {
		return nil, domain.Refuse(domain.ErrConflict, "period_full", "the period has %d charges, the most it may have", MaxCharges)
	}
	d.add(ChargeAdded{
		Charge: c.Charge, Line: c.Line, What: c.What, Text: c.Text, Day: day,
		Staff: ChargeAddedStaff{Amount: c.Amount, TaxCategory: c.TaxCategory, Milestone: c.Milestone}, By: d.by, At: d.at,
	})
	return d.events, nil
}

// same reports whether a charge says what the command asks for; a day that the command leaves open may be any.
func same(known ChargeAdded, c AddCharge) bool {
	return known.Line == c.Line && known.What == c.What && known.Text == c.Text && (c.Day == "" || known.Day == c.Day) &&
		known.Staff.Amount.Equal(c.Amount) && known.Staff.TaxCategory == c.TaxCategory && known.Staff.Milestone == c.Milestone
}

// Fee is the id of the charge for a month of a retainer's line, or for the hours that a bucket's line starts with
// when month is empty.
func Fee(contract domain.ContractID, line string, month calendar.Month) domain.ChargeID {
	if month == "" {
		return domain.ChargeID{UUID: domain.Derive(contract.UUID, "fee", line, "start")}
	}
	return domain.ChargeID{UUID: domain.Derive(contract.UUID, "fee", line, string(month))}
}

// addMonthFees charges the fees of the month that nobody charged yet.
func (d *decision) addMonthFees() {
	for _, line := range d.retainers(d.holding) {
		d.addFee(Fee(d.Contract, line.Key, d.Month), line, fmt.Sprintf("%s, %s", line.Name, d.Month), d.Month.Last())
	}
}

// addStartFees charges prepaid hours that begin with their contract.
func (d *decision) addStartFees(granted []bucket.Lot) {
	for _, lot := range granted {
		for _, line := range d.lines() {
			if line.Type == terms.Bucket && line.charge.Mode == terms.Prepaid && lot.ID == startLot(d.Contract, line.Key) {
				d.addFee(Fee(d.Contract, line.Key, ""), line, line.Name+", "+hoursText(lot.GrantedMinutes), max(lot.From, d.Month.First()))
			}
		}
	}
}

// startLot is the bucket that a contract grants to a line when it begins.
func startLot(contract domain.ContractID, line string) uuid.UUID {
	return domain.Derive(contract.UUID, "bucket", line, "start")
}

// hoursText writes minutes as hours, "100 h" or "12 h 30 min".
func hoursText(minutes int) string {
	if minutes%60 == 0 {
		return strconv.Itoa(minutes/60) + " h"
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

func (d *decision) addFee(id domain.ChargeID, line charged, text string, day calendar.Date) {
	fee := line.charge.Fee
	if _, known := d.charges.Get(id.UUID); known || !fee.IsPositive() {
		return
	}
	d.add(ChargeAdded{
		Charge: id, Line: line.Key, What: FeeCharge, Text: text, Day: day, Staff: ChargeAddedStaff{Amount: fee}, By: d.by, At: d.at,
	})
}

// Charges are what is charged besides time, by id.
func (s State) Charges() []ChargeAdded {
	var charges []ChargeAdded
	for _, c := range s.charges.All() {
		charges = append(charges, c)
	}
	return charges
}

package terms

import (
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain/bucket"
)

func (c check) charges(t Terms) {
	const field = "charges"
	charges := t.Staff.Charges
	c.that(len(charges) <= MaxLines, field, "must be at most one for each line")
	c.that(distinct(charges, func(c Charge) string { return c.Line }), field, "must be at most one for each line")
	for _, charge := range charges[:min(len(charges), MaxLines)] {
		at := slices.IndexFunc(t.Agreed.Lines, func(l Line) bool { return l.Key == charge.Line })
		c.that(at >= 0, field, "must be of lines of the contract: it has none with the key %q", charge.Line)
		if at >= 0 {
			c.charge(t.Agreed.Lines[at], charge)
		}
	}
	for _, l := range t.Agreed.Lines {
		c.that(len(l.Milestones) == len(t.Staff.ChargeOf(l.Key).Amounts), field, "must have an amount for each milestone: those of %q have not", l.Key)
	}
}

func (c check) charge(l Line, charge Charge) {
	rest := charge
	switch l.Type {
	case Bucket, Retainer:
		rest = Charge{Cap: charge.Cap, CapPolicy: charge.CapPolicy, Amounts: charge.Amounts}
		c.hours(l, charge)
	case TimeAndMaterials:
		rest.Cap, rest.CapPolicy = decimal.Zero, NotifyCap
		c.amount("charges", charge.Cap, ": the cap of "+l.Key+" is not")
		c.that(charge.CapPolicy == NotifyCap || charge.CapPolicy == HardCap && charge.Cap.IsPositive(), "charges",
			"must have a cap that notifies, or a hard one with an amount: %q has not", l.Key)
	case Fixed:
		rest.Amounts = nil
		c.amounts(l, charge.Amounts)
	}
	c.that(rest.silent(), "charges", "must say nothing that a line of their type has no use for: that of %q does", l.Key)
}

// silent reports whether a charge says nothing about its line.
func (c Charge) silent() bool {
	return c.Mode == Prepaid && c.Overage == BlockOverage && c.OveragePrice.IsZero() && c.TopUpMinutes == 0 &&
		c.TopUpAtMinutes == 0 && c.LivesMonths == 0 && c.Rollover == bucket.Rollover{} && len(c.Weights) == 0 &&
		c.Fee.IsZero() && c.Cap.IsZero() && c.CapPolicy == NotifyCap && len(c.Amounts) == 0
}

// hours checks the charge of a bucket or a retainer.
func (c check) hours(l Line, charge Charge) {
	const field = "charges"
	c.that(charge.Mode == Prepaid || charge.Mode == PostpaidCapped && l.Type == Bucket, field, "must be prepaid, or of a bucket postpaid_capped: that of %q is not", l.Key)
	c.that(charge.Mode == Prepaid || charge.Fee.IsZero(), field, "must have no fee where the hours are paid afterwards: that of %q has", l.Key)
	c.that(slices.Contains([]OveragePolicy{BlockOverage, AllowOverage, AskOverage, TopUpOverage}, charge.Overage), field,
		"must block overage, allow, ask or top_up: that of %q does not", l.Key)
	c.that(number(charge.OveragePrice, maxPriceDecimals), field, "must have a price of overage of at most %d decimals, 0 or more: that of %q has not", maxPriceDecimals, l.Key)
	if charge.Overage == TopUpOverage {
		c.that(within(charge.TopUpMinutes, 1, bucket.MaxMinutes) && within(charge.TopUpAtMinutes, 0, bucket.MaxMinutes), field,
			"must top up by 1 to %d minutes as soon as no more than 0 or more are left: that of %q does not", bucket.MaxMinutes, l.Key)
		c.that(charge.Mode != Prepaid || charge.OveragePrice.IsPositive(), field, "must have a price of overage, for which hours are bought: that of %q has not", l.Key)
	} else {
		c.that(charge.TopUpMinutes == 0 && charge.TopUpAtMinutes == 0, field, "must have minutes of a top-up only where overage is topped up: that of %q has", l.Key)
	}
	c.that(within(charge.LivesMonths, 0, MaxMonths), field, "must let hours live 0 to %d months: that of %q does not", MaxMonths, l.Key)
	c.that(charge.Rollover.Valid() && (charge.Rollover == bucket.Rollover{} || l.Type == Retainer), field,
		"must roll hours over by one rule within its bounds, and of retainers only: that of %q does not", l.Key)
	c.that(distinct(charge.Weights, func(w Weight) string { return string(w.Condition) }), field, "must weigh a condition once: that of %q does not", l.Key)
	for _, w := range charge.Weights {
		c.that(slices.Contains(conditions, w.Condition), field, "must weigh regular, after_hours, weekend, holiday or emergency: that of %q does not", l.Key)
		c.that(within(w.Percent, 1, maxWeight), field, "must weigh conditions by 1 to %d %%: that of %q does not", maxWeight, l.Key)
	}
	c.amount(field, charge.Fee, ": the fee of "+l.Key+" is not")
}

// amounts checks that the charge of a fixed line names each of its milestones once.
func (c check) amounts(l Line, amounts []Amount) {
	const field = "charges"
	c.that(distinct(amounts, func(a Amount) string { return a.Milestone }), field, "must have one amount for each milestone: those of %q have not", l.Key)
	for _, a := range amounts[:min(len(amounts), MaxMilestones)] {
		known := slices.ContainsFunc(l.Milestones, func(m Milestone) bool { return m.Key == a.Milestone })
		c.that(known, field, "must have amounts of milestones only: %q has none with the key %q", l.Key, a.Milestone)
		c.amount(field, a.Amount, ": that of the milestone "+a.Milestone+" is not")
	}
}

func (c check) penalties(penalties []Penalty) {
	const field = "penalties"
	c.that(len(penalties) <= MaxPenalties, field, "must be at most %d", MaxPenalties)
	c.that(distinct(penalties, func(p Penalty) string { return p.Key }), field, "must have different keys")
	for _, p := range penalties[:min(len(penalties), MaxPenalties)] {
		c.that(keyForm.MatchString(p.Key), field, "must have keys of 1 to 64 lower-case letters, digits, dots, dashes and underscores, not %q", p.Key)
		c.that(line(p.Name), field, "must have names of one line with 1 to %d characters: that of %q has not", maxName, p.Key)
		c.that(p.Trigger == Response || p.Trigger == Resolution, field, "must have the trigger response or resolution: %q has not", p.Key)
		c.penalty(p)
		c.amount(field, p.CapPerTicket, ": the cap per ticket of "+p.Key+" is not")
		c.that(percent(p.CapPeriodPercent), field, "must have a cap of 0 to 100 %% per period: %q has not", p.Key)
		known := distinct(p.Excludes, func(e string) string { return e })
		for _, e := range p.Excludes {
			known = known && slices.Contains([]string{ClientWait, Maintenance, ForceMajeure}, e)
		}
		c.that(known, field, "must exclude client_wait, maintenance or force_majeure, each once: %q does not", p.Key)
	}
}

// penalty checks what the kind asks for, and that nothing else is said.
func (c check) penalty(p Penalty) {
	const field = "penalties"
	var ok bool
	switch p.Kind {
	case FixedPerBreach:
		ok = p.Amount.IsPositive() && number(p.Amount, c.decimals) && p.Percent.IsZero() && len(p.Tiers) == 0
	case PercentOfTicket, PercentOfFee:
		ok = p.Percent.IsPositive() && percent(p.Percent) && p.Amount.IsZero() && len(p.Tiers) == 0
	case TieredByOverrun:
		ok = within(len(p.Tiers), 1, MaxTiers) && p.Amount.IsZero() && p.Percent.IsZero() && c.rising(p.Tiers)
	}
	c.that(ok, field, "must be fixed_per_breach with an amount, percent_of_ticket or percent_of_fee with a percentage up to 100, "+
		"or tiered_by_overrun with 1 to %d rising tiers: %q is not", MaxTiers, p.Key)
}

// rising reports whether each tier begins above the one before, with an amount that is no smaller.
func (c check) rising(tiers []Tier) bool {
	for i, tier := range tiers {
		if !within(tier.AboveMinutes, 0, bucket.MaxMinutes) || !tier.Amount.IsPositive() || !number(tier.Amount, c.decimals) {
			return false
		}
		if i > 0 && (tier.AboveMinutes <= tiers[i-1].AboveMinutes || tier.Amount.LessThan(tiers[i-1].Amount)) {
			return false
		}
	}
	return true
}

func percent(value decimal.Decimal) bool {
	return number(value, 4) && !value.GreaterThan(decimal.NewFromInt(100))
}

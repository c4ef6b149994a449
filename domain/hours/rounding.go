package hours

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
)

// Bounds of a rounding.
const (
	MaxStepMinutes    = 8 * 60
	MaxMinimumMinutes = 24 * 60
)

// Mode is how minutes are rounded.
type Mode string

// The modes. Nearest rounds an exact half up.
const (
	Exact   Mode = "" // to the minute, up
	Up      Mode = "up"
	Nearest Mode = "nearest"
	Down    Mode = "down"
)

// Rounding turns raw seconds into billed minutes (F24).
type Rounding struct {
	Mode        Mode `json:"mode,omitzero"`
	StepMinutes int  `json:"step_minutes,omitzero"` // 1 to 480; 0 = 1
	// MinimumMinutes is the least a record is billed; TicketDayMinimumMinutes the least that all records on
	// one work item on one day are billed together. 0 = none.
	MinimumMinutes          int `json:"minimum_minutes,omitzero"`
	TicketDayMinimumMinutes int `json:"ticket_day_minimum_minutes,omitzero"`
}

// Problem says what is wrong with the rounding; empty when nothing is.
func (r Rounding) Problem() string {
	switch r.Mode {
	case Exact, Up, Nearest, Down:
	default:
		return fmt.Sprintf("rounds %q; it must round up, nearest or down, or be exact", r.Mode)
	}
	switch {
	case r.StepMinutes < 0 || r.StepMinutes > MaxStepMinutes:
		return fmt.Sprintf("has a step of %d minutes; it must be 1 to %d", r.StepMinutes, MaxStepMinutes)
	case r.Mode == Exact && r.StepMinutes > 1:
		return "has a step but does not say how to round to it"
	case r.MinimumMinutes < 0 || r.MinimumMinutes > MaxMinimumMinutes:
		return fmt.Sprintf("has a minimum of %d minutes for a record; it must be 0 to %d", r.MinimumMinutes, MaxMinimumMinutes)
	case r.TicketDayMinimumMinutes < 0 || r.TicketDayMinimumMinutes > MaxMinimumMinutes:
		return fmt.Sprintf("has a minimum of %d minutes for a work item and day; it must be 0 to %d", r.TicketDayMinimumMinutes, MaxMinimumMinutes)
	}
	return ""
}

// Billed rounds the raw seconds of one record, once, and applies the minimum of a record. Nothing worked is
// nothing billed.
func (r Rounding) Billed(seconds int64) int {
	if seconds <= 0 {
		return 0
	}
	minutes, step := int64(1), int64(60)
	if r.Mode != Exact && r.StepMinutes > 1 {
		minutes, step = int64(r.StepMinutes), 60*int64(r.StepMinutes)
	}
	switch r.Mode {
	case Exact, Up:
		seconds += step - 1
	case Nearest:
		seconds += step / 2 // A step is an even number of seconds, so its half is one.
	case Down:
	}
	return max(int(seconds/step*minutes), r.MinimumMinutes)
}

// Allocate shares whole units over weights by largest remainder: the shares sum to units exactly, of equal
// remainders the earlier part gets the unit, and no share is a unit or more away from its exact part. Units below
// zero are shared as those above. Weights below zero count as none; where all are zero the first part gets
// everything. The sum of the weights must fit into an int64.
func Allocate(units int, weights []int64) []int {
	shares := make([]int, len(weights))
	var total uint64
	for _, weight := range weights {
		total += uint64(max(0, weight))
	}
	if total == 0 {
		if len(shares) > 0 {
			shares[0] = units
		}
		return shares
	}
	sign, left := 1, uint64(units)
	if units < 0 {
		sign, left = -1, -left
	}
	size := left
	remainders := make([]uint64, len(weights))
	order := make([]int, len(weights)) // of the parts that come first when what is left is given away
	for i, weight := range weights {
		high, low := bits.Mul64(size, uint64(max(0, weight)))
		share, remainder := bits.Div64(high, low, total)
		shares[i], remainders[i], order[i] = sign*int(share), remainder, i
		left -= share
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, i := range order[:left] {
		shares[i] += sign
	}
	return shares
}

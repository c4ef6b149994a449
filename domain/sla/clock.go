package sla

import "time"

// Goal is one of the things that are promised about a ticket (F17).
type Goal string

// The goals.
const (
	FirstResponse Goal = "first_response"
	NextResponse  Goal = "next_response"
	Resolution    Goal = "resolution"
)

// Goals lists them, the first to be due first.
func Goals() []Goal { return []Goal{FirstResponse, NextResponse, Resolution} }

// State is what has become of a target at an instant (F19).
type State string

// The states.
const (
	NotApplicable State = "not_applicable" // nothing is promised, or nothing is owed now
	Running       State = "running"
	Paused        State = "paused"
	NearBreach    State = "near_breach"
	Breached      State = "breached" // at its due instant, however late that was noticed
	Met           State = "met"
	MetLate       State = "met_late"
	Cancelled     State = "cancelled"
)

// Condition is what a ticket is doing, as far as its clocks care.
type Condition string

// The conditions. A clock counts while its ticket is worked on, and while it waits for a third party or is on hold
// unless the policy says that this pauses it.
const (
	Working           Condition = ""
	WaitingClient     Condition = "waiting_client"
	WaitingThirdParty Condition = "waiting_third_party"
	OnHold            Condition = "on_hold"
	AwaitingScope     Condition = "awaiting_scope" // the client is asked whether it is to be done at all
	Settled           Condition = "settled"        // resolved or closed
	Over              Condition = "over"           // cancelled, merged, or a duplicate: nothing moves the clock any more
)

// Unpromised is no condition of a ticket but why a run does not count: no policy holds, so nobody knows which hours
// would. What is promised later is promised from then on.
const Unpromised Condition = "unpromised"

// Clock is what the promises about one ticket have come to. It is plain data and a pure function of what happened;
// nobody stores a due instant and changes it (F18). The zero Clock has not begun.
type Clock struct {
	Pins      []Pin     `json:"pins,omitzero"` // the newest last
	Runs      []Run     `json:"runs,omitzero"` // by their beginning
	Condition Condition `json:"condition,omitzero"`
	At        time.Time `json:"at,omitzero"` // of the newest fact, in whole seconds; it never goes back
}

// Run is one cycle of one goal, from its beginning to its end.
type Run struct {
	Goal     Goal      `json:"goal"`
	Cycle    int       `json:"cycle"` // from 1
	Began    time.Time `json:"began"`
	Segments []Segment `json:"segments"`
	Breached time.Time `json:"breached,omitzero"` // the due instant that passed
	Ended    time.Time `json:"ended,omitzero"`
	// Outcome is Met, MetLate or Cancelled once it ended, or NotApplicable where nothing was promised then.
	Outcome State `json:"outcome,omitzero"`
}

// Segment is a while in which a run counts, or is paused, under one pin.
type Segment struct {
	From    time.Time `json:"from"`
	Until   time.Time `json:"until,omitzero"`   // zero: it goes on
	Paused  Condition `json:"paused,omitzero"`  // why it does not count, maybe Unpromised; Working: it counts
	While   Condition `json:"while,omitzero"`   // what the ticket was doing, also where that pauses nothing
	Pin     int       `json:"pin,omitzero"`     // index in Clock.Pins; of no meaning while Unpromised
	Seconds int64     `json:"seconds,omitzero"` // of opening time that passed in it, once it ended; 0 while paused
}

// Fact is something that moves a clock. At is when it happened, in UTC.
type Fact struct {
	At    time.Time
	What  What
	Pin   Pin       // of Pinned
	Into  Condition // of Entered
	Owed  bool      // of Began: a first response is owed, as it is to whoever is a client
	Other Clock     // of MergedIn: the clock of the ticket that was merged into this one, when it ended
}

// What a Fact says.
type What string

// The facts. Asked is a message by the client, Answered one that the client sees by a person of the firm (F18); an
// internal remark, an automatic one, and the message that opened the ticket are neither.
const (
	Began    What = "began"
	Pinned   What = "pinned"
	Asked    What = "asked"
	Answered What = "answered"
	Entered  What = "entered"  // another Condition; Settled concludes, Over cancels
	Reopened What = "reopened" // Working again after Settled
	MergedIn What = "merged"   // the earlier beginning, the union of the pauses
)

package ticket

import (
	"effigate/domain"
	"effigate/domain/sla"
)

// FactOf says what an event means to a clock; false when that is nothing. It is the only way from a pin, or from the
// clock of a merged ticket, to what a client sees: nothing but the instants that follow from them (X1).
func FactOf(event Event) (sla.Fact, bool) {
	fact := sla.Fact{At: event.instant()}
	switch e := event.(type) {
	case Raised:
		fact.What, fact.Owed = sla.Began, e.ForClient
	case SLAPinned:
		fact.What = sla.Pinned
		fact.Pin = e.Staff.Pin
	case Commented:
		fact.What = e.speaks()
	case Noted:
		if e.Visibility == domain.ClientVisible {
			fact.What = sla.Answered
		}
	case CommentPublished: // Only what staff wrote can be published.
		if !e.Silent {
			fact.What = sla.Answered
		}
	case WaitingStarted:
		fact.What, fact.Into = sla.Entered, e.For.condition()
	case ScopeEstimated:
		fact.What, fact.Into = sla.Entered, sla.AwaitingScope
	case WaitingEnded, ScopeApproved, ScopeDeclined:
		fact.What, fact.Into = sla.Entered, sla.Working
	case Resolved, Closed:
		fact.What, fact.Into = sla.Entered, sla.Settled
	case Cancelled, Merged:
		fact.What, fact.Into = sla.Entered, sla.Over
	case Reopened:
		fact.What = sla.Reopened
	case MergedIn:
		fact.What = sla.MergedIn
		fact.Other = e.Staff.Clock
		if fact.Other.At.IsZero() {
			fact.What = ""
		}
	case Triaged, Assigned, Started, CommentEdited, CommentDeleted, Split, Linked, Unlinked, ClientChanged, Attached,
		AttachmentPublished, AttachmentWithdrawn, AttachmentErased, SLAStateReached, TargetConcluded, Escalated,
		EscalationAcknowledged, BreachExcused, Watched, Published, Withdrawn, CommentWithdrawn, Numbered, Imported:
	}
	return fact, fact.What != ""
}

// speaks is what a comment does to a clock: what the client sees by a person of the firm answers it (F18).
func (e Commented) speaks() sla.What {
	switch {
	case e.Adopted:
		return ""
	case e.ByClient:
		return sla.Asked
	case e.Visibility == domain.ClientVisible && !e.Automatic:
		return sla.Answered
	}
	return ""
}

func (w WaitingFor) condition() sla.Condition {
	switch w {
	case ForClient:
		return sla.WaitingClient
	case ForThirdParty:
		return sla.WaitingThirdParty
	case OnHold:
		return sla.OnHold
	}
	return sla.Working
}

// moved is a clock after an event, and whether the event says anything to it. Whoever wrote down that a state was
// reached has seen time pass until then: what ends at a due instant after that has ended late.
func moved(clock sla.Clock, event Event) (sla.Clock, bool) {
	fact, moves := FactOf(event)
	if reached, passed := event.(SLAStateReached); passed {
		fact, moves = sla.Fact{At: reached.At, What: sla.Entered, Into: clock.Condition}, true
	}
	if !moves {
		return clock, false
	}
	return clock.Apply(fact), true
}

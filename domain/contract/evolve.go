package contract

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Drafted:
		s.Status, s.Contract, s.Client, s.Zone, s.Reference = StatusDraft, e.Contract, e.Client, e.Zone, e.Reference
		s.drafted = e
		return s.says(e.Reference, InForce{From: e.Terms.Agreed.Starts, Version: 1, Terms: e.Terms})
	case Revised:
		s.declined = false
		return s.says(e.Reference, InForce{From: e.Terms.Agreed.Starts, Version: 1, Terms: e.Terms})
	case Submitted:
		s.Status, s.declined = StatusInReview, false
	case Returned:
		s.Status, s.statement, s.agreed = StatusDraft, "", ""
	case Offered:
		s.Status, s.statement = StatusOffered, e.Statement
	case Accepted:
		s.Status, s.agreed = StatusAccepted, e.Evidence.SHA256
	case Declined:
		s.Status, s.statement, s.declined = StatusDraft, "", true
	case Activated, Resumed:
		s.Status = StatusActive
	case Suspended:
		s.Status = StatusSuspended
	case Renewed:
		s.ends = e.Ends
		if s.Status == StatusExpired { // A suspension outlasts a renewal.
			s.Status = StatusActive
		}
	case Expired:
		s.Status = StatusExpired
	case Terminated:
		s.Status, s.ends = StatusTerminated, e.Ends
	case AmendmentProposed:
		return s.propose(e)
	case AmendmentApproved:
		return s.approve(e)
	case AmendmentRejected:
		return s.settle(e.Amendment, AmendmentNo)
	case AmendmentOffered:
		return s.settle(e.Amendment, AmendmentOut)
	case AmendmentAccepted:
		return s.adopt(e)
	case AmendmentDeclined:
		return s.settle(e.Amendment, AmendmentRefused)
	case AmendmentWithdrawn:
		return s.settle(e.Amendment, AmendmentBack)
	case AmendmentSuperseded:
		return s.settle(e.Amendment, AmendmentOvertook)
	case BucketGranted:
		return s.grant(e)
	case BucketAdjusted:
		return s.adjust(e)
	case MilestoneReleased:
		return s.release(e)
	}
	return s
}

// says takes over the terms of a draft: they are version 1 until they are in force.
func (s State) says(reference string, first InForce) State {
	s.Reference, s.ends, s.versions = reference, first.Terms.Agreed.Ends, []InForce{first}
	return s
}

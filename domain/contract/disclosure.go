package contract

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a contract in order to tell what its client sees: what both parties
// agreed on, never how it is charged.
type Disclosure struct {
	contract  domain.ContractID
	client    domain.ClientID
	reference string
	status    Status
	ends      calendar.Date

	agreed terms.Agreed // the newest version
	// formerLines and formerTypes are what earlier versions named and the newest does not: work that was done
	// under them still counts.
	formerLines []terms.Line
	formerTypes []formerType
	proposal    proposal // of the contract itself

	amendments domain.Index[amended]
	buckets    domain.Index[visible.Bucket]
}

// formerType is a job type that the newest version does not cover.
type formerType struct {
	line    string
	jobType terms.JobType
}

// amended is an amendment as far as its client may come to see it.
type amended struct {
	agreed   terms.Agreed
	proposal proposal
}

// proposal is what the client is asked to agree to, and what came of it. The zero state shows nothing.
type proposal struct {
	reference string
	statement string
	document  string
	effective calendar.Date
	state     proposalState
	offeredAt time.Time
	decidedBy domain.PersonID // of the client
	decidedAt time.Time
}

// proposalState is a state in a client's words; the zero one is of what nobody offered, or took back.
type proposalState string

const (
	proposalOffered  proposalState = "offered"
	proposalAccepted proposalState = "accepted"
	proposalDeclined proposalState = "declined"
)

// Disclose folds one event and yields what changes for the client: its contract from the offer on, and what it was
// asked to agree to. Drafts, reviews, approvals and everything that only staff decide about leave no trace.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	next := d.learn(e)
	return next, visible.Diff(d.shown(), next.shown())
}

// shown alone decides what the client sees.
func (d Disclosure) shown() visible.Shown {
	var records []visible.Record
	records = d.asked(records, d.contract.UUID, "contract", d.proposal)
	for id, a := range d.amendments.All() {
		records = d.asked(records, id, "amendment", a.proposal)
	}
	state := clientState(d.status)
	if state == "" {
		return visible.Show(records...)
	}
	records = append(records, visible.Contract{
		Client:          d.client.UUID,
		ID:              d.contract.UUID,
		Reference:       d.reference,
		Type:            string(d.agreed.Type()),
		State:           state,
		Starts:          string(d.agreed.Starts),
		Ends:            string(d.ends),
		ShowsUnapproved: d.agreed.Shows.Unapproved,
	})
	records = d.lines(records)
	if state != visible.ContractOffered {
		records = d.categories(records, state == visible.ContractActive)
	}
	for _, b := range d.buckets.All() {
		records = append(records, b)
	}
	return visible.Show(records...)
}

// clientState is the contract's state in a client's words; empty while it sees nothing of it.
func clientState(status Status) string {
	switch status {
	case StatusOffered, StatusAccepted:
		return visible.ContractOffered
	case StatusActive:
		return visible.ContractActive
	case StatusSuspended:
		return visible.ContractSuspended
	case StatusExpired, StatusTerminated:
		return visible.ContractEnded
	case StatusDraft, StatusInReview:
	}
	return ""
}

// asked adds a proposal if the client sees it: as long as it can be decided, and for ever once it was.
func (d Disclosure) asked(records []visible.Record, id uuid.UUID, kind string, p proposal) []visible.Record {
	decidable := d.status == StatusActive || d.status == StatusSuspended
	if kind == "contract" {
		decidable = d.status == StatusOffered
	}
	if p.state == "" || p.state == proposalOffered && !decidable {
		return records
	}
	return append(records, visible.Proposal{
		Client:    d.client.UUID,
		ID:        id,
		Contract:  d.contract.UUID,
		Kind:      kind,
		Reference: p.reference,
		Statement: p.statement,
		Document:  p.document,
		SHA256:    digestOf(p.document),
		Effective: string(p.effective),
		State:     string(p.state),
		OfferedAt: p.offeredAt,
		DecidedBy: p.decidedBy.UUID,
		DecidedAt: p.decidedAt,
	})
}

// lines are those of the newest version, then those that it no longer has.
func (d Disclosure) lines(records []visible.Record) []visible.Record {
	for i, line := range slices.Concat(d.agreed.Lines, d.formerLines) {
		shown := visible.Line{
			Client:   d.client.UUID,
			ID:       domain.LineID(d.contract, line.Key),
			Contract: d.contract.UUID,
			Position: i + 1,
			Name:     line.Name,
			Type:     string(line.Type),
		}
		if i < len(d.agreed.Lines) {
			shown.Minutes = line.Minutes
		}
		records = append(records, shown)
	}
	return records
}

// categories are the job types; tickets can be raised under those of the newest version while it is active.
func (d Disclosure) categories(records []visible.Record, open bool) []visible.Record {
	for _, line := range d.agreed.Lines {
		for _, jobType := range line.JobTypes {
			shown := d.category(line.Key, jobType)
			shown.Minutes, shown.Open = jobType.Minutes, open
			records = append(records, shown)
		}
	}
	for _, former := range d.formerTypes {
		records = append(records, d.category(former.line, former.jobType))
	}
	return records
}

func (d Disclosure) category(line string, jobType terms.JobType) visible.Category {
	return visible.Category{
		Client:   d.client.UUID,
		ID:       domain.CategoryID(d.contract, jobType.Key),
		Contract: d.contract.UUID,
		Line:     domain.LineID(d.contract, line),
		JobType:  jobType.Key,
		Name:     jobType.Name,
	}
}

// learn takes over what one event says. It copies what it changes: an older Disclosure stays as it was.
func (d Disclosure) learn(e Event) Disclosure {
	switch e := e.(type) {
	case Drafted:
		d.contract, d.client, d.status = e.Contract, e.Client, StatusDraft
		return d.draft(e.Reference, e.Terms.Agreed)
	case Revised:
		return d.draft(e.Reference, e.Terms.Agreed)
	case Submitted:
		d.status = StatusInReview
	case Returned:
		d.status, d.proposal = StatusDraft, d.proposal.taken()
	case Offered:
		d.status, d.proposal = StatusOffered, proposal{
			reference: d.reference, statement: e.Statement, document: Document(e.Statement, d.agreed, d.agreed.Starts, d.reference),
			effective: d.agreed.Starts, state: proposalOffered, offeredAt: e.At,
		}
	case Accepted:
		d.status, d.proposal = StatusAccepted, d.proposal.decided(proposalAccepted, e.Evidence.Paper == "", e.By, e.At)
	case Declined:
		d.status, d.proposal = StatusDraft, d.proposal.decided(proposalDeclined, e.ByClient, e.By, e.At)
	case Activated, Resumed:
		d.status = StatusActive
	case Suspended:
		d.status = StatusSuspended
	case Renewed:
		d.ends = e.Ends
		if d.status == StatusExpired {
			d.status = StatusActive
		}
	case Expired:
		d.status = StatusExpired
	case Terminated:
		d.status, d.ends = StatusTerminated, e.Ends
	case BucketGranted:
		return d.grant(e)
	case BucketAdjusted:
		b, _ := d.buckets.Get(e.Bucket.UUID)
		b.Minutes += e.Minutes
		d.buckets = d.buckets.With(e.Bucket.UUID, b)
	case AmendmentProposed, AmendmentOffered, AmendmentAccepted, AmendmentDeclined, AmendmentWithdrawn, AmendmentSuperseded:
		return d.learnAmendment(e)
	case AmendmentApproved, AmendmentRejected, MilestoneReleased:
	}
	return d
}

func (d Disclosure) learnAmendment(e Event) Disclosure {
	switch e := e.(type) {
	case AmendmentProposed:
		d.amendments = d.amendments.With(e.Amendment.UUID, amended{
			agreed: e.Terms.Agreed,
			proposal: proposal{
				reference: d.reference, statement: e.Statement, document: Document(e.Statement, e.Terms.Agreed, e.Effective, d.reference), effective: e.Effective,
			},
		})
	case AmendmentOffered:
		return d.decide(e.Amendment, func(p proposal) proposal {
			p.state, p.offeredAt = proposalOffered, e.At
			return p
		})
	case AmendmentAccepted:
		a, _ := d.amendments.Get(e.Amendment.UUID)
		d.ends = e.Ends
		return d.amend(a.agreed).decide(e.Amendment, func(p proposal) proposal {
			return p.decided(proposalAccepted, e.Evidence.Paper == "", e.By, e.At)
		})
	case AmendmentDeclined:
		return d.decide(e.Amendment, func(p proposal) proposal { return p.decided(proposalDeclined, e.ByClient, e.By, e.At) })
	case AmendmentWithdrawn:
		return d.decide(e.Amendment, proposal.taken)
	case AmendmentSuperseded:
		return d.decide(e.Amendment, proposal.taken)
	default:
	}
	return d
}

func (d Disclosure) decide(id domain.AmendmentID, change func(proposal) proposal) Disclosure {
	a, _ := d.amendments.Get(id.UUID)
	a.proposal = change(a.proposal)
	d.amendments = d.amendments.With(id.UUID, a)
	return d
}

// decided notes who of the client decided; who of the staff took a signed paper or a call is no business of the
// client's.
func (p proposal) decided(state proposalState, byClient bool, by domain.PersonID, at time.Time) proposal {
	p.state, p.decidedAt = state, at
	if byClient {
		p.decidedBy = by
	}
	return p
}

// taken is a proposal that was taken back; what was decided stays.
func (p proposal) taken() proposal {
	if p.state == proposalOffered {
		return proposal{}
	}
	return p
}

func (d Disclosure) draft(reference string, agreed terms.Agreed) Disclosure {
	d.reference, d.agreed, d.ends = reference, agreed, agreed.Ends
	return d
}

// amend takes over the newest version, and keeps the names of what it leaves out.
func (d Disclosure) amend(next terms.Agreed) Disclosure {
	lines, types := slices.Clone(d.formerLines), slices.Clone(d.formerTypes)
	for _, line := range d.agreed.Lines {
		lines = append(lines, line)
		for _, jobType := range line.JobTypes {
			types = append(types, formerType{line.Key, jobType})
		}
	}
	d.formerLines = slices.DeleteFunc(lines, func(line terms.Line) bool {
		_, kept := lineOf(next, line.Key)
		return kept
	})
	d.formerTypes = slices.DeleteFunc(types, func(former formerType) bool {
		_, kept := next.LineOf(former.jobType.Key)
		return kept
	})
	d.agreed = next
	return d
}

func (d Disclosure) grant(e BucketGranted) Disclosure {
	d.buckets = d.buckets.With(e.Bucket.UUID, visible.Bucket{
		Client:   d.client.UUID,
		ID:       e.Bucket.UUID,
		Contract: d.contract.UUID,
		Line:     domain.LineID(d.contract, e.Line),
		Minutes:  e.Minutes,
		From:     string(e.From),
		Until:    string(e.Until),
	})
	return d
}

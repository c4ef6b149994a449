package contract_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/domain/visible"
)

func record(alter func(*visible.Contract)) visible.Contract {
	r := visible.Contract{
		Client: nexus.UUID, ID: con18.UUID, Reference: "CON-2024-018", Type: "bucket", State: visible.ContractActive,
		Starts: "2025-07-01", Ends: "2026-06-30",
	}
	alter(&r)
	return r
}

func in(state string) visible.Contract {
	return record(func(r *visible.Contract) { r.State = state })
}

func line(position int, key, name string, kind terms.Type, minutes int) visible.Line {
	return visible.Line{
		Client: nexus.UUID, ID: domain.LineID(con18, key), Contract: con18.UUID, Position: position, Name: name, Type: string(kind), Minutes: minutes,
	}
}

func category(ofLine, key, name string, minutes int, open bool) visible.Category {
	return visible.Category{
		Client: nexus.UUID, ID: domain.CategoryID(con18, key), Contract: con18.UUID, Line: domain.LineID(con18, ofLine),
		JobType: key, Name: name, Minutes: minutes, Open: open,
	}
}

func boughtHours(id domain.BucketID, minutes int, from, until string) visible.Bucket {
	return visible.Bucket{
		Client: nexus.UUID, ID: id.UUID, Contract: con18.UUID, Line: domain.LineID(con18, "support"), Minutes: minutes, From: from, Until: until,
	}
}

func proposal(id uuid.UUID, kind string, alter func(*visible.Proposal)) visible.Proposal {
	r := visible.Proposal{
		Client: nexus.UUID, ID: id, Contract: con18.UUID, Kind: kind, Reference: "CON-2024-018", Statement: statement,
		Document: contract.Document(statement, agreement().Agreed, "2025-07-01", "CON-2024-018"), SHA256: digest,
		Effective: "2025-07-01", State: "offered", OfferedAt: at,
	}
	alter(&r)
	return r
}

var (
	lines = []visible.Record{
		line(1, "support", "Support", terms.Bucket, 6000), line(2, "migration", "Migration", terms.Fixed, 0),
		line(3, "advice", "Advice", terms.TimeAndMaterials, 0),
	}
	hours = boughtHours(bucketID("start"), 6000, "2025-07-01", "2026-06-30")
)

func categories(open bool) []visible.Record {
	return []visible.Record{
		category("support", "incident", "Incidents", 4800, open), category("support", "change", "Changes", 0, open),
		category("advice", "advice", "Advice", 0, open),
	}
}

// all joins records and lists of them.
func all(parts ...any) []visible.Record {
	var records []visible.Record
	for _, part := range parts {
		switch part := part.(type) {
		case visible.Record:
			records = append(records, part)
		case []visible.Record:
			records = append(records, part...)
		}
	}
	return records
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	asked := proposal(con18.UUID, "contract", func(*visible.Proposal) {})
	agreed := proposal(con18.UUID, "contract", func(r *visible.Proposal) {
		r.State, r.DecidedBy, r.DecidedAt = "accepted", emma.Person.UUID, at
	})
	refused := proposal(con18.UUID, "contract", func(r *visible.Proposal) {
		r.State, r.DecidedBy, r.DecidedAt = "declined", emma.Person.UUID, at
	})
	onPaper := proposal(con18.UUID, "contract", func(r *visible.Proposal) { r.State, r.DecidedAt = "accepted", at })
	byPhone := proposal(con18.UUID, "contract", func(r *visible.Proposal) { r.State, r.DecidedAt = "declined", at })
	paper := contract.Accepted{Evidence: contract.Evidence{Statement: statement, SHA256: digest, Paper: "binder 4"}, By: anna.Person, At: at}
	adjusted := contract.BucketAdjusted{Bucket: bucketID("start"), Minutes: -60, Day: today, At: at}
	renewed := contract.Renewed{Ends: "2027-06-30", At: at}
	for name, test := range map[string]struct {
		given []contract.Event
		shows []visible.Record
	}{
		"a draft shows nothing":                   {[]contract.Event{drafted}, nil},
		"nor does a review":                       {inReview, nil},
		"an offer shows what is asked":            {onOffer, all(in(visible.ContractOffered), lines, asked)},
		"one that is taken back is gone":          {after(onOffer, returned), nil},
		"one that is accepted waits":              {agreedOn, all(in(visible.ContractOffered), lines, agreed)},
		"the paper stays with staff":              {after(onOffer, paper), all(in(visible.ContractOffered), lines, onPaper)},
		"what was agreed and then returned stays": {after(agreedOn, returned), all(agreed)},
		"one that is declined says so":            {after(onOffer, declined), all(refused)},
		"staff who took the call stay inside":     {after(onOffer, contract.Declined{Reason: "x", By: anna.Person, At: at}), all(byPhone)},
		"a new offer replaces the declined one":   {after(onOffer, declined, submitted, offered), all(in(visible.ContractOffered), lines, asked)},
		"in force":                                {running, all(in(visible.ContractActive), lines, categories(true), hours)},
		"in force after its acceptance":           {after(agreedOn, activated, firstHours), all(in(visible.ContractActive), lines, categories(true), hours, agreed)},
		"in force, never decided":                 {after(onOffer, activated, firstHours), all(in(visible.ContractActive), lines, categories(true), hours)},
		"suspended":                               {stopped, all(in(visible.ContractSuspended), lines, categories(false), hours)},
		"resumed":                                 {after(stopped, resumed), all(in(visible.ContractActive), lines, categories(true), hours)},
		"expired, all of it stays":                {over, all(in(visible.ContractEnded), lines, categories(false), hours)},
		"terminated, with its last day": {ended, all(record(func(r *visible.Contract) { r.State, r.Ends = visible.ContractEnded, string(today) }),
			lines, categories(false), hours)},
		"renewed": {after(over, renewed), all(record(func(r *visible.Contract) { r.Ends = "2027-06-30" }), lines, categories(true), hours)},
		"renewed while suspended": {
			after(stopped, renewed),
			all(record(func(r *visible.Contract) { r.State, r.Ends = visible.ContractSuspended, "2027-06-30" }), lines, categories(false), hours),
		},
		"hours adjusted": {after(running, adjusted), all(in(visible.ContractActive), lines, categories(true),
			boughtHours(bucketID("start"), 5940, "2025-07-01", "2026-06-30"))},
		"a milestone released shows nothing": {
			after(running, contract.MilestoneReleased{Line: "migration", Milestone: "go-live", Name: "Go live", Day: today, At: at}),
			all(in(visible.ContractActive), lines, categories(true), hours),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disclosed(test.given...).Shows(t, test.shows...)
		})
	}
}

func TestDiscloseAmendments(t *testing.T) {
	t.Parallel()
	p := proposed("a", "2026-05-01", with(func(said *terms.Terms) {
		said.Agreed.Ends = "2026-12-31"
		said.Agreed.Shows.Unapproved = true
		said.Agreed.Lines = []terms.Line{
			{Key: "training", Name: "Training", Type: terms.TimeAndMaterials, JobTypes: []terms.JobType{{Key: "advice", Name: "Coaching"}}},
			{Key: "support", Name: "Support and care", Type: terms.Bucket, Minutes: 6600, JobTypes: []terms.JobType{{Key: "incident", Name: "Incidents"}}},
		}
	}))
	id := p.Amendment
	approved := contract.AmendmentApproved{Amendment: id, By: olga.Person, At: at}
	out := contract.AmendmentOffered{Amendment: id, By: anna.Person, At: at.Add(time.Hour)}
	inForce := adopted(p, 2)
	inForce.At = at.Add(2 * time.Hour)
	onPaper := inForce
	onPaper.By, onPaper.Evidence.Paper = anna.Person, "binder 5"
	asked := proposal(id.UUID, "amendment", func(r *visible.Proposal) {
		r.Statement, r.Document, r.SHA256 = change, contract.Document(change, p.Terms.Agreed, "2026-05-01", "CON-2024-018"), digestOf(p)
		r.Effective, r.OfferedAt = "2026-05-01", at.Add(time.Hour)
	})
	decided := func(state string, by domain.PersonID) visible.Proposal {
		r := asked
		r.State, r.DecidedBy, r.DecidedAt = state, by.UUID, at.Add(2*time.Hour)
		return r
	}
	before := all(in(visible.ContractActive), lines, categories(true), hours)
	amended := all(
		record(func(r *visible.Contract) {
			r.Type, r.Ends, r.ShowsUnapproved = "time_and_materials", "2026-12-31", true
		}),
		line(1, "training", "Training", terms.TimeAndMaterials, 0), line(2, "support", "Support and care", terms.Bucket, 6600),
		line(3, "migration", "Migration", terms.Fixed, 0), line(4, "advice", "Advice", terms.TimeAndMaterials, 0),
		category("training", "advice", "Coaching", 0, true), category("support", "incident", "Incidents", 0, true),
		category("support", "change", "Changes", 0, false), hours,
	)
	for name, test := range map[string]struct {
		given []contract.Event
		shows []visible.Record
	}{
		"a proposal stays inside":       {after(running, p), before},
		"so does its approval":          {after(running, p, approved), before},
		"and its rejection":             {after(running, p, contract.AmendmentRejected{Amendment: id, At: at}), before},
		"an offer is shown":             {after(running, p, approved, out), all(before, asked)},
		"while suspended too":           {after(stopped, p, approved, out), all(in(visible.ContractSuspended), lines, categories(false), hours, asked)},
		"not once the contract is over": {after(running, p, approved, out, expired), all(in(visible.ContractEnded), lines, categories(false), hours)},
		"one that is withdrawn is gone": {after(running, p, approved, out, contract.AmendmentWithdrawn{Amendment: id, At: at}), before},
		"one that is overtaken is gone": {after(running, p, approved, out, contract.AmendmentSuperseded{Amendment: id, At: at}), before},
		"one that is declined stays":    {after(running, p, approved, out, contract.AmendmentDeclined{Amendment: id, ByClient: true, By: emma.Person, At: at.Add(2 * time.Hour)}), all(before, decided("declined", emma.Person))},
		"declined by phone":             {after(running, p, approved, out, contract.AmendmentDeclined{Amendment: id, By: anna.Person, At: at.Add(2 * time.Hour)}), all(before, decided("declined", domain.PersonID{}))},
		"accepted, the new terms show":  {after(running, p, approved, out, inForce), all(amended, decided("accepted", emma.Person))},
		"accepted on paper":             {after(running, p, approved, out, onPaper), all(amended, decided("accepted", domain.PersonID{}))},
		"what was agreed outlives it all": {after(running, p, approved, out, inForce, expired), all(
			record(func(r *visible.Contract) {
				r.Type, r.Ends, r.ShowsUnapproved, r.State = "time_and_materials", "2026-12-31", true, visible.ContractEnded
			}),
			amended[1:5], category("training", "advice", "Coaching", 0, false), category("support", "incident", "Incidents", 0, false),
			category("support", "change", "Changes", 0, false), hours, decided("accepted", emma.Person),
		)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disclosed(test.given...).Shows(t, test.shows...)
		})
	}
}

// An event of which the client may know nothing yields no change at all.
func TestInternalEventsYieldNothing(t *testing.T) {
	t.Parallel()
	p := proposed("a", "2026-05-01", with(order))
	for _, event := range []contract.Event{
		p,
		contract.MilestoneReleased{Line: "migration", Milestone: "go-live", Name: "Go live", Day: today, At: at},
	} {
		var d contract.Disclosure
		for _, before := range running {
			d, _ = contract.Disclose(d, before)
		}
		if _, changes := contract.Disclose(d, event); len(changes) > 0 {
			t.Errorf("%T shows %v", event, changes)
		}
	}
}

package contract_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/terms"
)

const change = "We agree to the change."

func amendmentID(name string) domain.AmendmentID {
	return domain.AmendmentID{UUID: domain.Derive(con18.UUID, "amendment", name)}
}

// proposing proposes terms from 1 April on.
func proposing(name string, said terms.Terms) contract.ProposeAmendment {
	return contract.ProposeAmendment{
		Amendment: amendmentID(name), Effective: "2026-04-01", Statement: change, Reason: "they grow", Terms: said, By: anna, At: at,
	}
}

func proposed(name string, effective calendar.Date, said terms.Terms) contract.AmendmentProposed {
	return contract.AmendmentProposed{
		Amendment: amendmentID(name), Base: 1, Effective: effective, Statement: change, Terms: said,
		Staff: contract.AmendmentProposedStaff{Reason: "they grow", Approvals: 1}, By: anna.Person, At: at,
	}
}

// amending is an amendment of the agreement from its proposal to its acceptance as version 2, without the hours it
// grants.
func amending(name string, effective calendar.Date, alter func(*terms.Terms)) []contract.Event {
	p := proposed(name, effective, with(alter))
	return []contract.Event{
		p,
		contract.AmendmentApproved{Amendment: p.Amendment, By: olga.Person, At: at},
		contract.AmendmentOffered{Amendment: p.Amendment, By: anna.Person, At: at},
		adopted(p, 2),
	}
}

func adopted(p contract.AmendmentProposed, version int) contract.AmendmentAccepted {
	return contract.AmendmentAccepted{
		Amendment: p.Amendment, Version: version, Ends: p.Terms.Agreed.Ends, By: emma.Person, At: at,
		Evidence: contract.Evidence{Role: domain.ClientAdmin, Statement: p.Statement, SHA256: digestOf(p)},
	}
}

func digestOf(p contract.AmendmentProposed) string {
	return contract.Digest(p.Statement, p.Terms.Agreed, p.Effective, "CON-2024-018")
}

func order(said *terms.Terms) { said.Agreed.PurchaseOrder = "PO-2" }

func TestAmendmentLife(t *testing.T) {
	t.Parallel()
	id := amendmentID("a")
	p := proposed("a", "2026-04-01", with(order))
	approved := contract.AmendmentApproved{Amendment: id, By: olga.Person, At: at}
	out := contract.AmendmentOffered{Amendment: id, By: anna.Person, At: at}
	rejected := contract.AmendmentRejected{Amendment: id, Staff: contract.AmendmentRejectedStaff{Reason: "no"}, By: olga.Person, At: at}
	refused := contract.AmendmentDeclined{Amendment: id, Reason: "no", ByClient: true, By: emma.Person, At: at}
	back := contract.AmendmentWithdrawn{Amendment: id, By: anna.Person, At: at}
	inForce := adopted(p, 2)
	histories := map[string][]contract.Event{
		"in review":  after(running, p),
		"approved":   after(running, p, approved),
		"offered":    after(running, p, approved, out),
		"accepted":   after(running, p, approved, out, inForce),
		"rejected":   after(running, p, rejected),
		"declined":   after(running, p, approved, out, refused),
		"withdrawn":  after(running, p, back),
		"superseded": after(running, p, contract.AmendmentSuperseded{Amendment: id, ByAmendment: amendmentID("b"), At: at}),
	}
	commands := map[string]contract.Command{
		"approve":  contract.ApproveAmendment{Amendment: id, By: olga, At: at},
		"reject":   contract.RejectAmendment{Amendment: id, Reason: "no", By: olga, At: at},
		"offer":    contract.OfferAmendment{Amendment: id, By: anna, At: at},
		"accept":   contract.AcceptAmendment{Amendment: id, Evidence: contract.Evidence{SHA256: digestOf(p)}, By: emma, At: at},
		"decline":  contract.DeclineAmendment{Amendment: id, Reason: "no", By: emma, At: at},
		"withdraw": contract.WithdrawAmendment{Amendment: id, By: anna, At: at},
	}
	// What each command leads to in each state: an event, nothing (""), or the code of a refusal.
	const none = "no_such_amendment"
	want := map[string]map[string]any{
		"approve": {
			"in review": approved, "approved": nil, "offered": nil, "accepted": nil, "declined": nil,
			"rejected": "amendment_rejected", "withdrawn": "amendment_withdrawn", "superseded": "amendment_superseded",
		},
		"reject": {
			"in review": rejected, "approved": rejected, "rejected": nil, "offered": "amendment_offered", "accepted": "amendment_accepted",
			"declined": "amendment_declined", "withdrawn": "amendment_withdrawn", "superseded": "amendment_superseded",
		},
		"offer": {
			"in review": "amendment_in_review", "approved": out, "offered": nil, "accepted": "amendment_accepted", "rejected": "amendment_rejected",
			"declined": "amendment_declined", "withdrawn": "amendment_withdrawn", "superseded": "amendment_superseded",
		},
		"accept": {
			"in review": none, "approved": none, "offered": inForce, "accepted": nil, "rejected": none,
			"declined": "amendment_declined", "withdrawn": none, "superseded": none,
		},
		"decline": {
			"in review": none, "approved": none, "offered": refused, "accepted": "amendment_accepted", "rejected": none,
			"declined": nil, "withdrawn": none, "superseded": none,
		},
		"withdraw": {
			"in review": back, "approved": back, "offered": back, "accepted": "amendment_accepted", "rejected": "amendment_rejected",
			"declined": "amendment_declined", "withdrawn": nil, "superseded": "amendment_superseded",
		},
	}
	for name, command := range commands {
		given(running...).When(command).ThenRefused(t, domain.ErrNotFound, none)
		for in, history := range histories {
			t.Run(name+" what is "+in, func(t *testing.T) {
				t.Parallel()
				then := given(history...).When(command)
				switch expected := want[name][in].(type) {
				case nil:
					then.ThenNothing(t)
				case contract.Event:
					then.Then(t, expected)
				case string:
					kind := domain.ErrConflict
					if expected == none {
						kind = domain.ErrNotFound
					}
					then.ThenRefused(t, kind, expected)
				}
			})
		}
	}
	given(running...).When(proposing("a", with(order))).Then(t, p)
	given(after(running, p)...).When(proposing("a", with(order))).ThenNothing(t)
	given(after(running, p, back)...).When(proposing("a", with(order))).ThenNothing(t)
}

func TestProposeOnlyWhatRuns(t *testing.T) {
	t.Parallel()
	propose := proposing("a", with(order))
	for name, history := range map[string][]contract.Event{
		"draft": {drafted}, "in review": inReview, "offered": onOffer, "accepted": agreedOn, "expired": over, "terminated": ended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(history...).When(propose).ThenRefused(t, domain.ErrConflict, "contract_not_active")
		})
	}
	given(stopped...).When(propose).Then(t, proposed("a", "2026-04-01", with(order)))
	given().When(propose).ThenRefused(t, domain.ErrNotFound, "no_such_contract")
}

func TestAnEndedContractIsNotAmended(t *testing.T) {
	t.Parallel()
	p := proposed("a", "2026-04-01", with(order))
	approved := contract.AmendmentApproved{Amendment: p.Amendment, By: olga.Person, At: at}
	out := contract.AmendmentOffered{Amendment: p.Amendment, By: anna.Person, At: at}
	given(after(running, p, approved, terminated)...).When(contract.OfferAmendment{Amendment: p.Amendment, By: anna, At: at}).
		ThenRefused(t, domain.ErrConflict, "contract_not_active")
	given(after(running, p, approved, out, terminated)...).
		When(contract.AcceptAmendment{Amendment: p.Amendment, Evidence: contract.Evidence{SHA256: digestOf(p)}, By: emma, At: at}).
		ThenRefused(t, domain.ErrConflict, "contract_not_active")
}

func TestEveryWrongFieldOfAnAmendment(t *testing.T) {
	t.Parallel()
	given(running...).When(contract.ProposeAmendment{By: anna, At: at}).ThenInvalid(t,
		"amendment", "effective", "statement", "reason", "starts", "lines", "currency", "support_level")
	for name, test := range map[string]struct {
		alter  func(*contract.ProposeAmendment)
		fields []string
	}{
		"nothing changes":           {func(c *contract.ProposeAmendment) { c.Terms = agreement() }, []string{"terms"}},
		"no day":                    {func(c *contract.ProposeAmendment) { c.Effective = "2026-02-29" }, []string{"effective"}},
		"93 days back":              {func(c *contract.ProposeAmendment) { c.Effective = "2025-12-13" }, []string{"effective"}},
		"before the start":          {func(c *contract.ProposeAmendment) { c.Effective = "2025-06-30" }, []string{"effective"}},
		"after the end":             {func(c *contract.ProposeAmendment) { c.Effective = "2026-07-01" }, []string{"effective"}},
		"another start":             {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Starts = "2025-08-01" }, []string{"starts"}},
		"another currency":          {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Currency = "EUR" }, []string{"currency"}},
		"an end before it begins":   {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Ends = "2026-03-31" }, []string{"ends"}},
		"fewer hours":               {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Lines[0].Minutes = 5999 }, []string{"lines"}},
		"hours gone":                {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Lines = c.Terms.Agreed.Lines[1:] }, []string{"lines"}},
		"hours of another kind":     {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Lines[0].Type = terms.Retainer }, []string{"lines"}},
		"a negative value":          {func(c *contract.ProposeAmendment) { c.Value = decimal.NewFromInt(-1) }, []string{"value"}},
		"a value in half cents":     {func(c *contract.ProposeAmendment) { c.Value = decimal.New(5, -3) }, []string{"value"}},
		"an absurd value":           {func(c *contract.ProposeAmendment) { c.Value = decimal.New(1, 2_000_000_000) }, []string{"value"}},
		"an absurd value in terms":  {func(c *contract.ProposeAmendment) { c.Terms.Staff.TwoApproversAbove = decimal.New(1, 2_000_000_000) }, []string{"two_approvers_above"}},
		"reasons without end":       {func(c *contract.ProposeAmendment) { c.Reason = strings.Repeat("x", contract.MaxReason+1) }, []string{"reason"}},
		"statements without end":    {func(c *contract.ProposeAmendment) { c.Statement = strings.Repeat("x", domain.MaxText+1) }, []string{"statement"}},
		"what no contract may say":  {func(c *contract.ProposeAmendment) { c.Terms.Agreed.Lines[0].JobTypes[0].Key = "With Spaces" }, []string{"lines"}},
		"several things are wrong":  {func(c *contract.ProposeAmendment) { c.Reason, c.Terms.Agreed.Starts = "", "2025-08-01" }, []string{"reason", "starts"}},
		"the end as it is, in full": {func(c *contract.ProposeAmendment) { c.Terms = agreement(); c.Effective = "2026-06-30" }, []string{"terms"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proposing("a", with(order))
			test.alter(&c)
			given(running...).When(c).ThenInvalid(t, test.fields...)
		})
	}
	p := proposed("a", "2026-04-01", with(order))
	given(after(running, p)...).When(contract.RejectAmendment{Amendment: p.Amendment, By: olga, At: at}).ThenInvalid(t, "reason")
	given(after(running, p)...).When(contract.ApproveAmendment{Amendment: p.Amendment, By: domain.System(), At: at}).ThenInvalid(t, "by")
	out := after(running, p, contract.AmendmentApproved{Amendment: p.Amendment, By: olga.Person, At: at}, contract.AmendmentOffered{Amendment: p.Amendment, At: at})
	given(out...).When(contract.AcceptAmendment{Amendment: p.Amendment, By: emma, At: at}).ThenInvalid(t, "sha256")
	given(out...).When(contract.AcceptAmendment{Amendment: p.Amendment, By: anna, At: at}).ThenInvalid(t, "paper")
	given(out...).When(contract.DeclineAmendment{Amendment: p.Amendment, Reason: strings.Repeat("x", contract.MaxReason+1), By: emma, At: at}).ThenInvalid(t, "reason")
}

// Ninety-two days back is as far as an amendment may reach; an offer that stood too long must be made anew.
func TestRetroactiveBounds(t *testing.T) {
	t.Parallel()
	c := proposing("a", with(order))
	c.Effective = "2025-12-14"
	p := proposed("a", "2025-12-14", with(order))
	given(running...).When(c).Then(t, p)
	out := after(running, p, contract.AmendmentApproved{Amendment: p.Amendment, By: olga.Person, At: at}, contract.AmendmentOffered{Amendment: p.Amendment, At: at})
	acceptance := contract.AcceptAmendment{Amendment: p.Amendment, Evidence: contract.Evidence{SHA256: digestOf(p)}, By: emma, At: at}
	given(out...).When(acceptance).Then(t, adopted(p, 2))
	acceptance.At = at.AddDate(0, 0, 1)
	given(out...).When(acceptance).ThenRefused(t, domain.ErrConflict, "offer_too_old")
}

// Two people approve what is worth more than the terms in force say. What the amendment itself says does not count, and
// a version that is to come does not suffice.
func TestHowManyApprove(t *testing.T) {
	t.Parallel()
	lax := func(said *terms.Terms) { said.Staff.TwoApproversAbove = decimal.NewFromInt(1_000_000) }
	later := after(running, amending("b", "2026-06-01", lax)...)
	free := []contract.Event{draftedWith(with(func(said *terms.Terms) { said.Staff.TwoApproversAbove = decimal.Zero })), activated}
	june := time.Date(2026, time.June, 2, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		history []contract.Event
		value   int64
		terms   func(*terms.Terms)
		at      time.Time
		want    int
	}{
		"at the value":                 {running, 10_000, order, at, 1},
		"above it":                     {running, 10_001, order, at, 2},
		"above it by its own terms":    {running, 10_001, lax, at, 2},
		"before a version that is lax": {later, 10_001, order, at, 2},
		"under a version that is lax":  {later, 10_001, order, june, 1},
		"where the terms say nothing":  {free, 10_001, order, at, 1},
		"where only its own terms do":  {free, 10_001, func(said *terms.Terms) { said.Agreed.PurchaseOrder = "PO-2" }, at, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proposing("a", with(test.terms))
			c.Effective, c.Value, c.At = "2026-06-15", decimal.NewFromInt(test.value), test.at
			want := proposed("a", "2026-06-15", c.Terms)
			want.Base, want.At = state(test.history...).Version(), test.at
			want.Staff.Value, want.Staff.Approvals = c.Value, test.want
			given(test.history...).When(c).Then(t, want)
		})
	}
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	p := proposed("a", "2026-04-01", with(order))
	p.Staff.Approvals = 2
	approve := func(by domain.Actor) contract.ApproveAmendment {
		return contract.ApproveAmendment{Amendment: p.Amendment, By: by, At: at}
	}
	approvedBy := func(by domain.Actor) contract.AmendmentApproved {
		return contract.AmendmentApproved{Amendment: p.Amendment, By: by.Person, At: at}
	}
	one, two := after(running, p, approvedBy(olga)), after(running, p, approvedBy(olga), approvedBy(paul))
	offer := contract.OfferAmendment{Amendment: p.Amendment, By: anna, At: at}
	given(after(running, p)...).When(approve(anna)).ThenRefused(t, domain.ErrForbidden, "own_amendment")
	given(one...).When(approve(anna)).ThenRefused(t, domain.ErrForbidden, "own_amendment")
	given(one...).When(approve(olga)).ThenNothing(t)
	given(one...).When(offer).ThenRefused(t, domain.ErrConflict, "amendment_in_review")
	given(one...).When(approve(paul)).Then(t, approvedBy(paul))
	given(two...).When(offer).Then(t, contract.AmendmentOffered{Amendment: p.Amendment, By: anna.Person, At: at})
	a, _ := state(two...).Amendment(p.Amendment)
	if diff := cmp.Diff([]domain.PersonID{olga.Person, paul.Person}, a.Approvers); diff != "" {
		t.Errorf("approvers (-want +got):\n%s", diff)
	}
}

func TestAcceptance(t *testing.T) {
	t.Parallel()
	alter := func(said *terms.Terms) {
		said.Agreed.Lines[0].Minutes = 7200
		said.Agreed.Lines = append(said.Agreed.Lines, terms.Line{
			Key: "training", Name: "Training", Type: terms.Bucket, Minutes: 600, JobTypes: []terms.JobType{{Key: "training", Name: "Training"}},
		})
		said.Staff.Charges = append(said.Staff.Charges, terms.Charge{Line: "training", LivesMonths: 2})
	}
	id, other := amendmentID("a"), proposed("b", "2026-04-01", with(order))
	p := proposed("a", "2026-02-10", with(alter))
	out := after(running, p, other, contract.AmendmentApproved{Amendment: id, By: olga.Person, At: at}, contract.AmendmentOffered{Amendment: id, By: anna.Person, At: at})
	granted := func(line string, minutes int, from, until calendar.Date, by domain.Actor) contract.BucketGranted {
		return contract.BucketGranted{
			Bucket: domain.BucketID{UUID: domain.Derive(id.UUID, "bucket", line)}, Line: line, Minutes: minutes, From: from, Until: until,
			Source: contract.FromPurchase, By: by.Person, At: at,
		}
	}
	overtaken := func(by domain.Actor) contract.AmendmentSuperseded {
		return contract.AmendmentSuperseded{Amendment: other.Amendment, ByAmendment: id, By: by.Person, At: at}
	}
	inForce := adopted(p, 2)
	t.Run("grants what is more from its first day, and ends what it overtook", func(t *testing.T) {
		t.Parallel()
		given(out...).When(contract.AcceptAmendment{Amendment: id, Evidence: contract.Evidence{SHA256: digestOf(p)}, By: emma, At: at}).
			Then(t, inForce, granted("support", 1200, "2026-02-10", "2026-06-30", emma), granted("training", 600, "2026-02-10", "2026-04-09", emma), overtaken(emma))
	})
	t.Run("on paper", func(t *testing.T) {
		t.Parallel()
		signed := inForce
		signed.By, signed.Evidence = anna.Person, contract.Evidence{Role: domain.AccountManager, Statement: change, SHA256: digestOf(p), Paper: "binder 5"}
		given(out...).When(contract.AcceptAmendment{Amendment: id, Evidence: contract.Evidence{Paper: "binder 5"}, By: anna, At: at}).
			Then(t, signed, granted("support", 1200, "2026-02-10", "2026-06-30", anna), granted("training", 600, "2026-02-10", "2026-04-09", anna), overtaken(anna))
	})
	t.Run("of something else", func(t *testing.T) {
		t.Parallel()
		for _, by := range []domain.Actor{emma, anna} {
			evidence := contract.Evidence{SHA256: digest}
			if by == anna {
				evidence.Paper = "binder 5"
			}
			given(out...).When(contract.AcceptAmendment{Amendment: id, Evidence: evidence, By: by, At: at}).ThenRefused(t, domain.ErrConflict, "terms_changed")
		}
	})
	t.Run("by another client", func(t *testing.T) {
		t.Parallel()
		given(out...).When(contract.AcceptAmendment{Amendment: id, Evidence: contract.Evidence{SHA256: digestOf(p)}, By: oma, At: at}).
			ThenRefused(t, domain.ErrNotFound, "no_such_contract")
	})
	t.Run("of what was overtaken", func(t *testing.T) {
		t.Parallel()
		done := after(out, inForce, overtaken(emma))
		given(done...).When(contract.ApproveAmendment{Amendment: other.Amendment, By: olga, At: at}).ThenRefused(t, domain.ErrConflict, "amendment_superseded")
		c := proposing("c", with(order))
		c.Base = 1
		given(done...).When(c).ThenRefused(t, domain.ErrConflict, "version_changed")
	})
}

// A form that shows the base's last day leaves a renewal alone; one that shows another day moves the end.
// Hours that an amendment added to a prepaid line were charged to nobody.
func TestHoursOfAnAmendmentCostWhatItAddsToTheFee(t *testing.T) {
	t.Parallel()
	fee := func(minutes int, fee int64) func(*terms.Terms) {
		return func(said *terms.Terms) {
			said.Agreed.Lines[0].Minutes = minutes
			said.Staff.Charges = append(said.Staff.Charges, terms.Charge{Line: "support", Fee: decimal.NewFromInt(fee)})
		}
	}
	for name, test := range map[string]struct{ fee, want int64 }{
		"dearer": {21_600, 3_600}, "the same": {18_000, 0}, "cheaper": {17_000, 0},
	} {
		p := proposed("a", "2026-02-10", with(fee(7200, test.fee)))
		history := []contract.Event{
			draftedWith(with(fee(6000, 18_000))), activated, p,
			contract.AmendmentApproved{Amendment: p.Amendment, By: olga.Person, At: at},
			contract.AmendmentOffered{Amendment: p.Amendment, By: anna.Person, At: at},
		}
		events, err := contract.Decide(state(history...), contract.AcceptAmendment{Amendment: p.Amendment, Evidence: contract.Evidence{SHA256: digestOf(p)}, By: emma, At: at})
		if err != nil {
			t.Fatal(err)
		}
		granted, ok := events[1].(contract.BucketGranted)
		if !ok || !granted.Staff.Price.Equal(decimal.NewFromInt(test.want)) {
			t.Errorf("%s: %+v, want hours for %d", name, events[1], test.want)
		}
	}
}

func TestAmendmentsAndTheEnd(t *testing.T) {
	t.Parallel()
	renewed := contract.Renewed{Ends: "2027-06-30", By: olga.Person, At: at}
	for name, test := range map[string]struct {
		before, between []contract.Event
		says            calendar.Date
		want            calendar.Date
	}{
		"as it was":                  {nil, nil, "2026-06-30", "2026-06-30"},
		"moved":                      {nil, nil, "2026-12-31", "2026-12-31"},
		"open":                       {nil, nil, "", ""},
		"as the base, after renewal": {[]contract.Event{renewed}, nil, "2026-06-30", "2027-06-30"},
		"as renewed":                 {[]contract.Event{renewed}, nil, "2027-06-30", "2027-06-30"},
		"moved after renewal":        {[]contract.Event{renewed}, nil, "2026-12-31", "2026-12-31"},
		"renewed while it is open":   {nil, []contract.Event{renewed}, "2026-06-30", "2027-06-30"},
		"renewed, but to be moved":   {nil, []contract.Event{renewed}, "2026-12-31", "2026-12-31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := after(running, test.before...)
			c := proposing("a", with(func(said *terms.Terms) { said.Agreed.PurchaseOrder, said.Agreed.Ends = "PO-2", test.says }))
			events, err := contract.Decide(state(history...), c)
			if err != nil {
				t.Fatal(err)
			}
			history = after(after(history, events...), test.between...)
			history = after(history, contract.AmendmentApproved{Amendment: c.Amendment, By: olga.Person, At: at}, contract.AmendmentOffered{Amendment: c.Amendment, At: at})
			events, err = contract.Decide(state(history...), contract.AcceptAmendment{Amendment: c.Amendment, Evidence: contract.Evidence{Paper: "binder"}, By: anna, At: at})
			if err != nil {
				t.Fatal(err)
			}
			if got := state(after(history, events...)...).Ends(); got != test.want {
				t.Errorf("ends %q, want %q", got, test.want)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	v := func(version int, from calendar.Date) contract.InForce {
		said := agreement()
		if version > 1 {
			order(&said)
		}
		return contract.InForce{From: from, Version: version, Terms: said}
	}
	second := amending("a", "2026-04-01", order)
	earlier := proposed("b", "2026-02-01", with(order))
	third := after(second, earlier, contract.AmendmentApproved{Amendment: earlier.Amendment, By: olga.Person, At: at}, contract.AmendmentOffered{Amendment: earlier.Amendment, At: at}, adopted(earlier, 3))
	for name, test := range map[string]struct {
		history     []contract.Event
		first, last calendar.Date
		want        []contract.InForce
	}{
		"a month of the first":        {running, "2026-03-01", "2026-03-31", []contract.InForce{v(1, "2025-07-01")}},
		"before the start":            {running, "2025-06-01", "2025-06-30", nil},
		"from before the start":       {running, "2025-06-01", "2025-07-01", []contract.InForce{v(1, "2025-07-01")}},
		"after the end":               {running, "2030-01-01", "2030-01-31", []contract.InForce{v(1, "2025-07-01")}},
		"both":                        {after(running, second...), "2026-03-31", "2026-04-01", []contract.InForce{v(1, "2025-07-01"), v(2, "2026-04-01")}},
		"the day before":              {after(running, second...), "2026-03-01", "2026-03-31", []contract.InForce{v(1, "2025-07-01")}},
		"the first day":               {after(running, second...), "2026-04-01", "2026-04-30", []contract.InForce{v(2, "2026-04-01")}},
		"a later one that is earlier": {after(running, third...), "2026-01-01", "2026-12-31", []contract.InForce{v(1, "2025-07-01"), v(3, "2026-02-01")}},
		"a draft":                     {[]contract.Event{drafted}, "2026-01-01", "2026-12-31", []contract.InForce{v(1, "2025-07-01")}},
		"nothing":                     {nil, "2026-01-01", "2026-12-31", nil},
	} {
		if diff := cmp.Diff(test.want, state(test.history...).Versions(test.first, test.last), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := state(after(running, third...)...).Version(); got != 3 {
		t.Errorf("newest version %d, want 3", got)
	}
	if got := state().Version(); got != 0 {
		t.Errorf("a contract that is not there has version %d", got)
	}
}

func TestAmendmentsAreBounded(t *testing.T) {
	t.Parallel()
	history := after(running)
	for i := range contract.MaxOpenAmendments {
		history = append(history, proposed(string(rune('a'+i)), "2026-04-01", with(order)))
	}
	given(history...).When(proposing("one more", with(order))).ThenRefused(t, domain.ErrConflict, "too_many_amendments")
	given(after(history, contract.AmendmentWithdrawn{Amendment: amendmentID("a"), At: at})...).
		When(proposing("one more", with(order))).Then(t, proposed("one more", "2026-04-01", with(order)))
}

// The digest is in stored evidence: it may never come out differently.
func TestDigestIsForEver(t *testing.T) {
	t.Parallel()
	const want = "390922601041e1c19f8765c1c939ef8acda78cc49ec3b2214b392b7c6de6d772"
	if got := contract.Digest(statement, agreement().Agreed, "2025-07-01", "CON-2024-018"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	seen := map[string]string{}
	for name, other := range map[string]string{
		"as it is":        digest,
		"other words":     contract.Digest("We do not.", agreement().Agreed, "2025-07-01", "CON-2024-018"),
		"another day":     contract.Digest(statement, agreement().Agreed, "2025-07-02", "CON-2024-018"),
		"another number":  contract.Digest(statement, agreement().Agreed, "2025-07-01", "CON-2024-019"),
		"another line":    contract.Digest(statement, with(func(said *terms.Terms) { said.Agreed.Lines[0].Name = "Help" }).Agreed, "2025-07-01", "CON-2024-018"),
		"more hours":      contract.Digest(statement, with(func(said *terms.Terms) { said.Agreed.Lines[0].Minutes++ }).Agreed, "2025-07-01", "CON-2024-018"),
		"what staff said": contract.Digest(statement, with(func(said *terms.Terms) { said.Staff.SupportLevel = terms.Always }).Agreed, "2025-07-01", "CON-2024-018") + " of staff",
	} {
		if twin, taken := seen[other]; taken {
			t.Errorf("%s and %s have one digest", name, twin)
		}
		seen[other] = name
	}
	if _, ok := seen[digest+" of staff"]; !ok {
		t.Error("what only staff know is in the digest")
	}
	if _, err := contract.Decide(state(onOffer...), contract.Accept{Evidence: contract.Evidence{SHA256: digest + "0"}, By: emma, At: at}); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("another digest: %v", err)
	}
}

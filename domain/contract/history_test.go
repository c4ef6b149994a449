package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/spec"
	"effigate/domain/terms"
	"effigate/domain/visible"
)

// The properties below run over histories that everybody makes together. Every internal field begins with the
// marker, in small letters where it is a key.
const marker = "INTERNAL"

var secret = uuid.MustParse("deadbeef-dead-4eef-8ead-deadbeefdead")

// anyTerms varies what the agreement says, within what may be said.
func anyTerms(t *rapid.T) terms.Terms {
	said := agreement()
	said.Agreed.Lines[0].Minutes = rapid.SampledFrom([]int{6000, 6600, 6600, 6600}).Draw(t, "minutes")
	said.Agreed.PurchaseOrder = rapid.SampledFrom([]string{"", "PO-1", "PO-2"}).Draw(t, "order")
	said.Agreed.Ends = rapid.SampledFrom([]calendar.Date{"2026-06-30", "2026-06-30", "2026-12-31", ""}).Draw(t, "ends")
	if said.Agreed.Ends != "" {
		said.Agreed.RenewMonths = rapid.SampledFrom([]int{0, 0, 1, 12}).Draw(t, "renew")
	}
	said.Agreed.Lines[0].JobTypes = said.Agreed.Lines[0].JobTypes[:rapid.IntRange(1, 2).Draw(t, "job types")]
	if rapid.Bool().Draw(t, "training") {
		said.Agreed.Lines = slices.Insert(said.Agreed.Lines, rapid.IntRange(0, 3).Draw(t, "at"), terms.Line{
			Key: "training", Name: "Training", Type: terms.Bucket, Minutes: rapid.SampledFrom([]int{0, 0, 300}).Draw(t, "training minutes"),
			JobTypes: []terms.JobType{{Key: "training", Name: "Training"}},
		})
	} else if rapid.Bool().Draw(t, "no advice") {
		said.Agreed.Lines = said.Agreed.Lines[:2]
	}
	said.Staff.TaxProfile = strings.ToLower(marker) + rapid.StringMatching(`-[a-z]{4}`).Draw(t, "tax")
	said.Staff.RateCard, said.Staff.Calendar, said.Staff.SLAPolicy = terms.Ref{ID: secret}, terms.Ref{ID: secret}, terms.Ref{ID: secret, Version: 7_700_077_001}
	said.Staff.SupportLevel = terms.Always
	said.Staff.Penalties = []terms.Penalty{{
		Key: strings.ToLower(marker), Name: marker, Trigger: terms.Response, Kind: terms.FixedPerBreach, Amount: decimal.NewFromInt(7_700_077_002),
	}}
	said.Staff.Charges = append(said.Staff.Charges, terms.Charge{Line: "support", Fee: decimal.NewFromInt(7_700_077_003), LivesMonths: rapid.SampledFrom([]int{0, 3}).Draw(t, "lives")})
	return said
}

// isInternal lists what must never be said to a client.
var isInternal = []string{marker, strings.ToLower(marker), secret.String(), "77000770", "24x7", anna.Person.String(), olga.Person.String(), paul.Person.String()}

func anyDay(t *rapid.T) time.Time {
	days := rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 1, 3, 20, 40, 110, 500}).Draw(t, "days")
	return at.AddDate(0, 0, days).Add(time.Duration(rapid.IntRange(0, 1439).Draw(t, "minute")) * time.Minute)
}

func word(t *rapid.T) string { return rapid.StringMatching(` [a-z]{4}`).Draw(t, "word") }

// anyCommand draws from few ids, so that commands meet each other's effects, and mostly what the state may allow.
func anyCommand(t *rapid.T, s contract.State) contract.Command {
	staff := rapid.SampledFrom([]domain.Actor{anna, olga, paul}).Draw(t, "staff")
	running := s.Status == contract.StatusActive || s.Status == contract.StatusSuspended
	if running != (rapid.IntRange(0, 5).Draw(t, "astray") == 0) {
		switch rapid.IntRange(0, 5).Draw(t, "about") {
		case 0:
			return hoursCommand(t, staff, marker+word(t), anyDay(t))
		case 1, 2, 3, 4:
			return amendmentCommand(t, s, staff, marker+word(t), anyDay(t))
		default:
			return endCommand(t, staff, marker+word(t), anyDay(t))
		}
	}
	return startCommand(t, s, staff, marker+word(t), anyDay(t))
}

func startCommand(t *rapid.T, s contract.State, staff domain.Actor, reason string, when time.Time) contract.Command {
	evidence, by := anyEvidence(t, s, domain.AmendmentID{}, staff)
	switch rapid.IntRange(0, 11).Draw(t, "start") {
	case 0:
		return contract.Revise{Reference: "CON-2024-018", Terms: anyTerms(t), By: staff, At: when}
	case 1, 2:
		return contract.Submit{By: staff, At: when}
	case 3:
		return contract.Return{Reason: reason, By: staff, At: when}
	case 4, 5, 6:
		return contract.Offer{Statement: statement, By: staff, At: when}
	case 7, 8, 9:
		return contract.Accept{Evidence: evidence, By: by, At: when}
	case 10:
		return contract.Decline{Reason: "No" + word(t), By: by, At: when}
	default:
		return contract.Activate{By: staff, At: when}
	}
}

func endCommand(t *rapid.T, staff domain.Actor, reason string, when time.Time) contract.Command {
	switch rapid.IntRange(0, 9).Draw(t, "end") {
	case 0, 1:
		return contract.Suspend{Reason: reason, By: staff, At: when}
	case 2, 3, 4:
		return contract.Resume{By: staff, At: when}
	case 5, 6:
		return contract.Renew{Ends: rapid.SampledFrom([]calendar.Date{"2026-12-31", "2027-06-30", "2028-06-30"}).Draw(t, "to"), By: staff, At: when}
	case 7, 8:
		return contract.Advance{By: domain.System(), At: when}
	default:
		return contract.Terminate{Reason: reason, By: staff, At: when}
	}
}

func hoursCommand(t *rapid.T, staff domain.Actor, reason string, when time.Time) contract.Command {
	switch rapid.IntRange(0, 4).Draw(t, "hours") {
	case 0, 1:
		return contract.GrantBucket{
			Bucket: bucketID(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "bucket")), Line: "support", Minutes: rapid.IntRange(1, 600).Draw(t, "granted"),
			Source: contract.FromPurchase, Price: decimal.NewFromInt(7_700_077_005), Reason: reason, By: staff, At: when,
		}
	case 2, 3:
		return contract.AdjustBucket{
			Bucket: bucketID(rapid.SampledFrom([]string{"start", "a", "b"}).Draw(t, "bucket")), Minutes: rapid.IntRange(-700, 700).Draw(t, "adjusted"),
			Reason: reason, By: staff, At: when,
		}
	default:
		return contract.ReleaseMilestone{Line: "migration", Milestone: "go-live", By: staff, At: when}
	}
}

// amendmentCommand mostly takes the next step of an amendment.
func amendmentCommand(t *rapid.T, s contract.State, staff domain.Actor, reason string, when time.Time) contract.Command {
	id := amendmentID(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "amendment"))
	for again := 1; s.Version() > again; again++ {
		id = domain.AmendmentID{UUID: domain.Derive(id.UUID, "again")}
	}
	evidence, by := anyEvidence(t, s, id, staff)
	a, _ := s.Amendment(id)
	if a.Status == contract.AmendmentInReview && staff.Person == a.Proposed.By {
		staff = rapid.SampledFrom([]domain.Actor{anna, olga, paul}).Draw(t, "approver")
	}
	step := map[contract.AmendmentStatus]int{"": 0, contract.AmendmentInReview: 1, contract.AmendmentReady: 2, contract.AmendmentOut: 3}[a.Status]
	if rapid.IntRange(0, 5).Draw(t, "another step") == 0 {
		step = rapid.IntRange(0, 6).Draw(t, "step")
	}
	switch step {
	case 0:
		return contract.ProposeAmendment{
			Amendment: id, Effective: rapid.SampledFrom([]calendar.Date{"2026-02-01", "2026-04-01", "2026-05-15", "2026-06-30"}).Draw(t, "effective"),
			Statement: change + word(t), Reason: reason, Value: decimal.NewFromInt(rapid.SampledFrom([]int64{0, 7_700_077_004}).Draw(t, "value")),
			Terms: anyTerms(t), By: staff, At: when,
		}
	case 1:
		return contract.ApproveAmendment{Amendment: id, By: staff, At: when}
	case 2:
		return contract.OfferAmendment{Amendment: id, By: staff, At: when}
	case 3:
		return contract.AcceptAmendment{Amendment: id, Evidence: evidence, By: by, At: when}
	case 4:
		return contract.DeclineAmendment{Amendment: id, Reason: "No" + word(t), By: by, At: when}
	case 5:
		return contract.RejectAmendment{Amendment: id, Reason: reason, By: staff, At: when}
	default:
		return contract.WithdrawAmendment{Amendment: id, By: staff, At: when}
	}
}

// anyEvidence is mostly right.
func anyEvidence(t *rapid.T, s contract.State, id domain.AmendmentID, staff domain.Actor) (contract.Evidence, domain.Actor) {
	if rapid.Bool().Draw(t, "on paper") {
		return contract.Evidence{Paper: marker + word(t)}, staff
	}
	read := rapid.SampledFrom([]string{digest, firstDigest(s)}).Draw(t, "read")
	if a, known := s.Amendment(id); known && rapid.Bool().Draw(t, "of the amendment") {
		read = digestOf(a.Proposed)
	}
	return contract.Evidence{SHA256: read, Sealed: marker}, emma
}

func firstDigest(s contract.State) string {
	versions := s.Versions("2026-03-01", "2026-03-01")
	if len(versions) == 0 {
		return ""
	}
	return contract.Digest(statement, versions[0].Terms.Agreed, s.Starts(), s.Reference)
}

// anyCommands are commands that mostly act, because each was drawn in view of the state before it.
func anyCommands(t *rapid.T) []contract.Command {
	first := drafting(anyTerms(t))
	commands := []contract.Command{first}
	s := contract.State{}
	if rapid.IntRange(0, 3).Draw(t, "signed outside") > 0 {
		s = contract.Decider.Fold(s, draftedWith(first.Terms))
		commands = append(commands, contract.Activate{By: olga, At: at})
	}
	for range rapid.IntRange(10, 40).Draw(t, "length") {
		events, _ := contract.Decide(s, commands[len(commands)-1])
		s = contract.Decider.Fold(s, events...)
		commands = append(commands, anyCommand(t, s))
	}
	return commands
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, contract.Decider, anyCommands(t))
		spec.DisclosureInvariants(t, contract.Disclose, history)
		checkVersions(t, history)
		checkHours(t, history)
		checkShown(t, history)
	})
}

// Five versions, one after the other: more than a slice grows to at once, so states that shared memory would show.
func TestManyVersions(t *testing.T) {
	t.Parallel()
	commands := []contract.Command{draft, contract.Activate{By: olga, At: at}}
	for i, minutes := range []int{6060, 6120, 6180, 6240, 6300} {
		propose := proposing(fmt.Sprint("version ", i), with(func(said *terms.Terms) { said.Agreed.Lines[0].Minutes = minutes }))
		commands = append(commands, propose,
			contract.ApproveAmendment{Amendment: propose.Amendment, By: olga, At: at},
			contract.OfferAmendment{Amendment: propose.Amendment, By: anna, At: at},
			contract.AcceptAmendment{Amendment: propose.Amendment, Evidence: contract.Evidence{Paper: "binder"}, By: anna, At: at})
	}
	history := spec.Replays(t, contract.Decider, commands)
	spec.DisclosureInvariants(t, contract.Disclose, history)
	s, granted := state(history...), 0
	for _, month := range []calendar.Month{"2025-07", "2026-04"} {
		for _, lot := range s.Lots(month) {
			granted += lot.GrantedMinutes
		}
	}
	if s.Version() != 6 || granted != 6300 {
		t.Errorf("version %d with %d minutes, want 6 with 6300", s.Version(), granted)
	}
}

// checkVersions compares the versions of every day after every event with what the newest acceptance says, told from
// the events alone; a day's version changes only where a later one takes it over.
func checkVersions(t *rapid.T, history []contract.Event) {
	const first, last = calendar.Date("2026-01-20"), calendar.Date("2026-07-10")
	want := map[calendar.Date]int{}
	effective := map[domain.AmendmentID]calendar.Date{}
	s := contract.State{}
	for _, event := range history {
		s = contract.Evolve(s, event)
		from, version := calendar.Date(""), 1
		switch e := event.(type) {
		case contract.Drafted:
			from = e.Terms.Agreed.Starts
		case contract.AmendmentProposed:
			effective[e.Amendment] = e.Effective
			continue
		case contract.AmendmentAccepted:
			from, version = effective[e.Amendment], e.Version
		default:
		}
		if from != "" {
			for day := max(from, first); day <= last; day = day.Add(1) {
				want[day] = version
			}
		}
		held := s.Versions(first, last)
		for i, version := range held[1:] {
			if version.From <= held[i].From || version.Version <= held[i].Version {
				t.Fatalf("versions out of order: %d from %s after %d from %s", version.Version, version.From, held[i].Version, held[i].From)
			}
		}
		got := map[calendar.Date]int{}
		for day := first; day <= last; day = day.Add(1) {
			for _, version := range held {
				if version.From <= day {
					got[day] = version.Version
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("versions by day after %T (-want +got):\n%s", event, diff)
		}
	}
}

// checkHours compares lots and adjustments with the events that made them: nothing is lost, nothing is there twice,
// and no bucket is taken more from than was put in.
func checkHours(t *rapid.T, history []contract.Event) {
	want, got := map[uuid.UUID]int{}, map[uuid.UUID]int{}
	adjustments := 0
	for _, event := range history {
		switch e := event.(type) {
		case contract.BucketGranted:
			if _, twice := want[e.Bucket.UUID]; twice || e.Minutes < 1 || e.Until != "" && e.Until < e.From {
				t.Fatalf("granted %+v, twice: %t", e, twice)
			}
			want[e.Bucket.UUID] = e.Minutes
		case contract.BucketAdjusted:
			want[e.Bucket.UUID] += e.Minutes
			adjustments++
		default:
		}
	}
	s := state(history...)
	for month := calendar.Month("2024-01"); month < "2029-01"; month = month.Next() {
		for _, lot := range s.Lots(month) {
			got[lot.ID] += lot.GrantedMinutes
		}
		for _, a := range s.Adjustments(month) {
			got[a.Bucket.UUID] += a.Minutes
			adjustments--
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || adjustments != 0 {
		t.Fatalf("hours, %d adjustments missing (-want +got):\n%s", adjustments, diff)
	}
	for id, minutes := range got {
		if minutes < 0 {
			t.Fatalf("bucket %s holds %d minutes", id, minutes)
		}
	}
}

// checkShown compares what the client sees after each event with what a slow reading of the whole history says.
func checkShown(t *rapid.T, history []contract.Event) {
	var d contract.Disclosure
	shown := visible.Shown{}
	var said strings.Builder
	for i, event := range history {
		next, changes := contract.Disclose(d, event)
		d = next
		for _, change := range changes {
			fmt.Fprintf(&said, "%+v\n", change)
			switch change := change.(type) {
			case visible.Put:
				shown[change.Key()] = change.Record
			case visible.Remove:
				delete(shown, change.Gone)
			}
		}
		if diff := cmp.Diff(read(history[:i+1]), outline(shown)); diff != "" {
			t.Fatalf("shown after %T (-want +got):\n%s", event, diff)
		}
	}
	for _, internal := range isInternal {
		if strings.Contains(said.String(), internal) {
			t.Fatalf("%s was shown:\n%s", internal, said.String())
		}
	}
}

// sketch is the part of what is shown that a reading of the events can tell: the contract's state and end, the open
// job types, the minutes of each bucket, and the state of each proposal.
type sketch struct {
	State, Ends string
	Open        []string
	Buckets     map[uuid.UUID]int
	Proposals   map[uuid.UUID]string
}

func outline(shown visible.Shown) sketch {
	s := sketch{Buckets: map[uuid.UUID]int{}, Proposals: map[uuid.UUID]string{}}
	for _, r := range shown {
		switch r := r.(type) {
		case visible.Contract:
			s.State, s.Ends = r.State, r.Ends
		case visible.Category:
			if r.Open {
				s.Open = append(s.Open, r.JobType)
			}
		case visible.Bucket:
			s.Buckets[r.ID] = r.Minutes
		case visible.Proposal:
			s.Proposals[r.ID] = r.State
		default:
		}
	}
	slices.Sort(s.Open)
	return s
}

// read tells a sketch from the decider's state, which knows nothing of disclosure, and from the events.
func read(history []contract.Event) sketch {
	now := state(history...)
	s := sketch{Buckets: map[uuid.UUID]int{}, Proposals: map[uuid.UUID]string{}}
	s.State = map[contract.Status]string{
		contract.StatusOffered: "offered", contract.StatusAccepted: "offered", contract.StatusActive: "active", contract.StatusSuspended: "suspended",
		contract.StatusExpired: "ended", contract.StatusTerminated: "ended",
	}[now.Status]
	if s.State != "" {
		s.Ends = string(now.Ends())
	}
	if now.Status == contract.StatusActive {
		for _, jobType := range newest(history).JobTypes() {
			s.Open = append(s.Open, jobType.Key)
		}
		slices.Sort(s.Open)
	}
	for _, event := range history {
		switch e := event.(type) {
		case contract.Accepted:
			s.Proposals[con18.UUID] = "accepted"
		case contract.Declined:
			s.Proposals[con18.UUID] = "declined"
		case contract.Offered:
			delete(s.Proposals, con18.UUID)
		case contract.BucketGranted:
			s.Buckets[e.Bucket.UUID] += e.Minutes
		case contract.BucketAdjusted:
			s.Buckets[e.Bucket.UUID] += e.Minutes
		case contract.AmendmentProposed:
			a, _ := now.Amendment(e.Amendment)
			running := now.Status == contract.StatusActive || now.Status == contract.StatusSuspended
			if a.Status == contract.AmendmentInForce || a.Status == contract.AmendmentRefused || a.Status == contract.AmendmentOut && running {
				s.Proposals[e.Amendment.UUID] = string(a.Status)
			}
		default:
		}
	}
	if now.Status == contract.StatusOffered {
		s.Proposals[con18.UUID] = "offered"
	}
	return s
}

// newest is what the last version says, told from the events.
func newest(history []contract.Event) terms.Agreed {
	var agreed terms.Agreed
	said := map[domain.AmendmentID]terms.Agreed{}
	for _, event := range history {
		switch e := event.(type) {
		case contract.Drafted:
			agreed = e.Terms.Agreed
		case contract.Revised:
			agreed = e.Terms.Agreed
		case contract.AmendmentProposed:
			said[e.Amendment] = e.Terms.Agreed
		case contract.AmendmentAccepted:
			agreed = said[e.Amendment]
		default:
		}
	}
	return agreed
}

// Two histories that differ only in internal facts show the client exactly the same, change by change.
func TestInternalFactsDoNotInterfere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := anyCommands(t)
		var more []contract.Command
		for i, command := range commands {
			if i > 0 {
				more = append(more, internalCommands(t)...)
			}
			more = append(more, reworded(command))
		}
		less, richer := changesOf(commands), changesOf(append(more, internalCommands(t)...))
		if diff := cmp.Diff(less, richer); diff != "" {
			t.Fatalf("internal facts show (-without +with):\n%s", diff)
		}
	})
}

// internalCommands are a proposal that never leaves the house, and what becomes of it there.
func internalCommands(t *rapid.T) []contract.Command {
	id := amendmentID("internal " + rapid.SampledFrom([]string{"x", "y"}).Draw(t, "own"))
	when := anyDay(t)
	return rapid.SampledFrom([][]contract.Command{
		nil,
		{contract.ProposeAmendment{Amendment: id, Effective: "2026-05-01", Statement: "Inside", Reason: "inside", Terms: with(order), By: anna, At: when}},
		{contract.ApproveAmendment{Amendment: id, By: olga, At: when}},
		{contract.RejectAmendment{Amendment: id, Reason: "inside", By: olga, At: when}},
		{contract.WithdrawAmendment{Amendment: id, By: anna, At: when}},
		{contract.ReleaseMilestone{Line: "migration", Milestone: "go-live", By: olga, At: when}},
	}).Draw(t, "internal")
}

// reworded is the command with other words, prices and rules in what stays inside.
func reworded(command contract.Command) contract.Command {
	other := func(said terms.Terms) terms.Terms {
		charges := slices.Clone(said.Staff.Charges)
		for i := range charges {
			if charges[i].Fee.IsPositive() {
				charges[i].Fee = decimal.NewFromInt(5)
			}
		}
		said.Staff.Charges, said.Staff.TaxProfile, said.Staff.SupportLevel, said.Staff.Penalties = charges, said.Staff.TaxProfile+"-x", terms.Standard, nil
		return said
	}
	switch c := command.(type) {
	case contract.Draft:
		c.Terms = other(c.Terms)
		return c
	case contract.Revise:
		c.Terms = other(c.Terms)
		return c
	case contract.ProposeAmendment:
		c.Terms, c.Reason = other(c.Terms), c.Reason+" and more"
		return c
	case contract.Return:
		c.Reason += " and more"
		return c
	case contract.Suspend:
		c.Reason += " and more"
		return c
	case contract.Terminate:
		c.Reason += " and more"
		return c
	case contract.GrantBucket:
		c.Reason, c.Price = c.Reason+" and more", decimal.NewFromInt(5)
		return c
	case contract.AdjustBucket:
		c.Reason += " and more"
		return c
	case contract.RejectAmendment:
		c.Reason += " and more"
		return c
	default:
		return command
	}
}

// changesOf is what the client sees happen. Refused commands have no effect.
func changesOf(commands []contract.Command) []visible.Change {
	var s contract.State
	var d contract.Disclosure
	var changes []visible.Change
	for _, command := range commands {
		events, err := contract.Decide(s, command)
		if err != nil {
			continue
		}
		for _, event := range events {
			var more []visible.Change
			d, more = contract.Disclose(d, event)
			changes = append(changes, more...)
		}
		s = contract.Decider.Fold(s, events...)
	}
	return changes
}

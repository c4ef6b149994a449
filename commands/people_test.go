package commands_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
)

// attack is something that somebody may not do, and the answer to it.
type attack struct {
	by   domain.Actor
	do   command
	kind error
	code string
}

// check runs an attack and fails the test unless it was refused and left no trace.
func (w *world) check(t *testing.T, name string, a attack) {
	t.Helper()
	mark := w.mark()
	_, err := a.do(t.Context(), w.next(a.by))
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || !errors.Is(refusal, a.kind) || refusal.Code != a.code {
		t.Errorf("%s: got %v, want %v with code %s", name, err, a.kind, a.code)
	}
	if left := w.since(mark); len(left) > 0 {
		t.Errorf("%s left %v", name, left)
	}
}

func (w *world) invite(c commands.InvitePerson) command { return with(w.service.InvitePerson, c) }

func (w *world) deactivate(id domain.PersonID) command {
	return with(w.service.DeactivatePerson, commands.DeactivatePerson{Person: id})
}

func (w *world) give(id domain.PersonID) command {
	return with(w.service.GivePersonGrant, commands.GivePersonGrant{Person: id, Grant: access.ReadBilling})
}

func (w *world) promote(id domain.PersonID, role domain.Role) command {
	return with(w.service.ChangePersonRole, commands.ChangePersonRole{Person: id, Role: role})
}

func (w *world) comment(t *testing.T, by domain.Actor, on domain.TicketID, visibility domain.Visibility) domain.CommentID {
	t.Helper()
	r := w.next(by)
	must(t)(w.service.CommentOnTicket(t.Context(), r, commands.CommentOnTicket{Ticket: on, Text: "x", Visibility: visibility}))
	return domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")}
}

func (w *world) publish(on domain.TicketID, comments ...domain.CommentID) command {
	return with(w.service.PublishTicket, commands.PublishTicket{Ticket: on, Comments: comments})
}

func named(name string) domain.PersonID { return domain.PersonID{UUID: id(name)} }

// A Client Admin manages the employees of its organisation, within its seats, and nobody and nothing else.
func TestWhatAClientAdminMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.member(t, w.nexus, domain.ClientAdmin)
	theirs := w.member(t, w.orion, domain.ClientEmployee)
	for name, a := range map[string]attack{
		"invite an admin":                      {w.admin, w.invite(commands.InvitePerson{Client: w.nexus, Role: domain.ClientAdmin}), domain.ErrNotFound, "not_found"},
		"invite into another organisation":     {w.admin, w.invite(commands.InvitePerson{Client: w.orion, Role: domain.ClientEmployee}), domain.ErrNotFound, "not_found"},
		"invite as staff do, beyond the seats": {w.admin, w.invite(commands.InvitePerson{Client: w.nexus, Role: domain.ClientEmployee}), domain.ErrNotFound, "not_found"},
		"invite without a seat":                {w.admin, w.invite(commands.InvitePerson{Client: w.nexus, Role: domain.ClientEmployee, Unseated: true}), domain.ErrNotFound, "not_found"},
		"invite staff":                         {w.admin, w.invite(commands.InvitePerson{Role: domain.Owner}), domain.ErrNotFound, "not_found"},
		"claim another organisation":           {forged(w.admin, w.orion, domain.ClientAdmin), with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrForbidden, "not_active"},
		"claim no organisation":                {forged(w.admin, domain.ClientID{}, domain.ClientAdmin), with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrForbidden, "not_active"},
		"take over another organisation's id":  {w.admin, with(w.service.InviteEmployee, commands.InviteEmployee{ID: theirs.Person}), domain.ErrNotFound, "not_found"},
		"take over a staff person's id":        {w.admin, with(w.service.InviteEmployee, commands.InviteEmployee{ID: owner.Person}), domain.ErrNotFound, "not_found"},
		"make an admin an employee":            {w.admin, with(w.service.InviteEmployee, commands.InviteEmployee{ID: second.Person}), domain.ErrConflict, "person_exists"},
		"deactivate itself":                    {w.admin, w.deactivate(w.admin.Person), domain.ErrForbidden, "employees_only"},
		"deactivate another admin":             {w.admin, w.deactivate(second.Person), domain.ErrForbidden, "employees_only"},
		"deactivate somebody of another":       {w.admin, w.deactivate(theirs.Person), domain.ErrNotFound, "not_found"},
		"deactivate staff":                     {w.admin, w.deactivate(agent.Person), domain.ErrNotFound, "not_found"},
		"deactivate nobody":                    {w.admin, w.deactivate(named("nobody")), domain.ErrNotFound, "not_found"},
		"deactivate no id":                     {w.admin, w.deactivate(domain.PersonID{}), domain.ErrNotFound, "not_found"},
		"grant itself what it has":             {w.admin, w.give(w.admin.Person), domain.ErrForbidden, "employees_only"},
		"grant somebody of another":            {w.admin, w.give(theirs.Person), domain.ErrNotFound, "not_found"},
		"grant staff":                          {w.admin, w.give(agent.Person), domain.ErrNotFound, "not_found"},
		"promote an employee":                  {w.admin, w.promote(w.employee.Person, domain.ClientAdmin), domain.ErrNotFound, "not_found"},
		"raise the limit":                      {w.admin, with(w.service.SetSeatLimit, commands.SetSeatLimit{Client: w.nexus, Limit: 99}), domain.ErrNotFound, "not_found"},
		"erase an employee":                    {w.admin, with(w.service.ErasePerson, commands.ErasePerson{Person: w.employee.Person}), domain.ErrNotFound, "not_found"},
		"let somebody join":                    {w.admin, with(w.service.JoinBySingleSignOn, commands.JoinBySingleSignOn{Person: named("x"), Client: w.nexus}), domain.ErrNotFound, "not_found"},
		"activate whom it invited":             {w.admin, with(w.service.ActivatePerson, commands.ActivatePerson{Person: w.idle}), domain.ErrNotFound, "not_found"},
		"an employee invites":                  {w.employee, with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrNotFound, "not_found"},
		"an employee invites as an admin":      {forged(w.employee, w.nexus, domain.ClientAdmin), with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrForbidden, "not_active"},
		"an employee deactivates a colleague":  {w.employee, w.deactivate(w.idle), domain.ErrNotFound, "not_found"},
		"an employee grants itself":            {w.employee, w.give(w.employee.Person), domain.ErrNotFound, "not_found"},
		"who was invited only invites":         {domain.Actor{Person: w.idle, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: w.nexus}, with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrForbidden, "not_active"},
	} {
		w.check(t, name, a)
	}
}

func forged(actor domain.Actor, of domain.ClientID, role domain.Role) domain.Actor {
	actor.Client, actor.Role = of, role
	return actor
}

func TestWhatStaffMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.raise()
	foreign.Client, foreign.Contract = w.orion, w.foreign
	theirs := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.next(owner), foreign)).ID}
	inside, open := w.raised(t, owner), w.raised(t, w.employee)
	own, kept, colleagues := w.comment(t, other, open, ""), w.comment(t, other, inside, ""), w.comment(t, agent, open, "")
	shown := w.comment(t, agent, open, domain.ClientVisible)
	nothing := domain.TicketID{UUID: id("nothing")}
	for name, a := range map[string]attack{
		"publish for another's client":          {manager, w.publish(theirs), domain.ErrForbidden, "not_your_client"},
		"withdraw for another's client":         {manager, with(w.service.WithdrawTicket, commands.WithdrawTicket{Ticket: theirs}), domain.ErrForbidden, "not_your_client"},
		"look at what publishing would show":    {manager, w.preview(theirs), domain.ErrForbidden, "not_your_client"},
		"write to another's client":             {manager, with(w.service.CommentOnTicket, commands.CommentOnTicket{Ticket: theirs, Text: "x"}), domain.ErrForbidden, "not_your_client"},
		"rename another's client":               {manager, with(w.service.RenameClient, commands.RenameClient{Client: w.orion, Name: "Mine"}), domain.ErrForbidden, "not_your_client"},
		"seats of another's client":             {manager, with(w.service.SetSeatLimit, commands.SetSeatLimit{Client: w.orion, Limit: 99}), domain.ErrForbidden, "not_your_client"},
		"make a client one's own":               {manager, with(w.service.AssignAccountManager, commands.AssignAccountManager{Client: w.orion, Manager: manager.Person}), domain.ErrForbidden, "role_may_not"},
		"publish what is not there":             {manager, w.publish(nothing), domain.ErrNotFound, "no_such_ticket"},
		"an engineer publishes a ticket":        {other, w.publish(inside), domain.ErrForbidden, "not_yours"},
		"… with its own comment":                {other, w.publish(inside, kept), domain.ErrForbidden, "not_yours"},
		"… nothing at all":                      {other, w.publish(open), domain.ErrForbidden, "not_yours"},
		"… a colleague's words":                 {other, w.publish(open, own, colleagues), domain.ErrForbidden, "not_yours"},
		"… words that are not there":            {other, w.publish(open, own, domain.CommentID{UUID: id("nothing")}), domain.ErrForbidden, "not_yours"},
		"… what is not there":                   {other, w.publish(nothing, own), domain.ErrNotFound, "no_such_ticket"},
		"… looks first":                         {other, w.preview(inside), domain.ErrForbidden, "not_yours"},
		"an engineer withdraws others' words":   {other, with(w.service.WithdrawComment, commands.WithdrawComment{Ticket: open, Comment: shown}), domain.ErrForbidden, "not_yours"},
		"… a ticket":                            {other, with(w.service.WithdrawTicket, commands.WithdrawTicket{Ticket: open}), domain.ErrForbidden, "not_yours"},
		"a manager invites staff":               {manager, w.invite(commands.InvitePerson{Role: domain.Support}), domain.ErrForbidden, "role_may_not"},
		"a manager deactivates staff":           {manager, w.deactivate(owner.Person), domain.ErrForbidden, "role_may_not"},
		"a manager promotes itself":             {manager, w.promote(manager.Person, domain.Owner), domain.ErrForbidden, "role_may_not"},
		"a manager erases":                      {manager, with(w.service.ErasePerson, commands.ErasePerson{Person: w.employee.Person}), domain.ErrForbidden, "role_may_not"},
		"a manager invites in no role":          {manager, w.invite(commands.InvitePerson{Client: w.nexus, Role: "king"}), domain.ErrInvalid, "invalid_fields"},
		"an owner ends itself":                  {owner, w.deactivate(owner.Person), domain.ErrForbidden, "not_oneself"},
		"an owner erases itself":                {owner, with(w.service.ErasePerson, commands.ErasePerson{Person: owner.Person}), domain.ErrForbidden, "not_oneself"},
		"an owner demotes itself":               {owner, w.promote(owner.Person, domain.Auditor), domain.ErrForbidden, "not_oneself"},
		"staff get a grant":                     {owner, w.give(agent.Person), domain.ErrConflict, "staff_has_no_grants"},
		"a client user becomes staff":           {owner, w.promote(w.employee.Person, domain.Owner), domain.ErrConflict, "other_side"},
		"support claims to be an owner":         {staff("anna", domain.Owner), w.deactivate(w.employee.Person), domain.ErrForbidden, "not_active"},
		"nobody claims to be an owner":          {staff("nobody", domain.Owner), w.deactivate(w.employee.Person), domain.ErrForbidden, "not_active"},
		"a client user claims to be an owner":   {domain.Actor{Person: w.admin.Person, Side: domain.StaffSide, Role: domain.Owner}, w.deactivate(w.employee.Person), domain.ErrForbidden, "not_active"},
		"an owner claims to be a client's":      {domain.Actor{Person: owner.Person, Side: domain.StaffSide, Role: domain.Owner, Client: w.nexus}, w.deactivate(w.employee.Person), domain.ErrForbidden, "not_active"},
		"staff invite as a Client Admin":        {owner, with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrForbidden, "role_may_not"},
		"a client that is not there":            {owner, w.invite(commands.InvitePerson{Client: domain.ClientID{UUID: id("x")}, Role: domain.ClientEmployee}), domain.ErrNotFound, "no_such_client"},
		"… without a seat":                      {owner, w.invite(commands.InvitePerson{Client: domain.ClientID{UUID: id("x")}, Role: domain.ClientEmployee, Unseated: true}), domain.ErrNotFound, "no_such_client"},
		"a client user as account manager":      {owner, with(w.service.AssignAccountManager, commands.AssignAccountManager{Client: w.nexus, Manager: w.admin.Person}), domain.ErrInvalid, "invalid_fields"},
		"nobody as account manager":             {owner, with(w.service.AssignAccountManager, commands.AssignAccountManager{Client: w.nexus, Manager: named("nobody")}), domain.ErrInvalid, "invalid_fields"},
		"take over a person for another client": {owner, w.invite(commands.InvitePerson{ID: w.employee.Person, Client: w.orion, Role: domain.ClientEmployee}), domain.ErrConflict, "person_exists"},
		"take over a staff person":              {owner, w.invite(commands.InvitePerson{ID: agent.Person, Client: w.orion, Role: domain.ClientEmployee}), domain.ErrConflict, "person_exists"},
		"a role of staff in a client":           {owner, w.invite(commands.InvitePerson{Client: w.nexus, Role: domain.Support}), domain.ErrInvalid, "invalid_fields"},
		"a role of a client in no client":       {owner, w.invite(commands.InvitePerson{Role: domain.ClientAdmin}), domain.ErrInvalid, "invalid_fields"},
	} {
		w.check(t, name, a)
	}
}

func (w *world) preview(on domain.TicketID) command {
	return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
		_, err := w.service.PreviewPublication(ctx, r, commands.PublishTicket{Ticket: on})
		return commands.Answer{}, err
	}
}

// Engineers and Support publish and withdraw what they wrote themselves, on tickets that the client sees.
func TestStaffPublishTheirOwnWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	own := w.comment(t, other, on, "")
	mark := w.mark()
	must(t)(w.publish(on, own)(t.Context(), w.next(other)))
	must(t)(w.service.WithdrawComment(t.Context(), w.next(other), commands.WithdrawComment{Ticket: on, Comment: own}))
	wantKinds(t, w.since(mark), "ticket.comment_published.v1", "ticket.comment_withdrawn.v1")
}

// What a right rests on is asked of the state that the decision is made on: it may be gone between a look
// and the append.
func TestRightsAreCheckedOnTheStateDecidedOn(t *testing.T) {
	t.Parallel()
	t.Run("the ticket is withdrawn while an engineer publishes its own words", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		on := w.raised(t, owner)
		must(t)(w.publish(on)(t.Context(), w.next(owner)))
		own := w.comment(t, other, on, "")
		forestalled := w.forestalled(w.next(owner), with(w.service.WithdrawTicket, commands.WithdrawTicket{Ticket: on}))
		_, err := forestalled.PublishTicket(t.Context(), w.next(other), commands.PublishTicket{Ticket: on, Comments: []domain.CommentID{own}})
		wantRefused(t, err, domain.ErrForbidden, "not_yours")
	})
	t.Run("the employee becomes an admin while an admin deactivates it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		forestalled := w.forestalled(w.next(owner), w.promote(w.employee.Person, domain.ClientAdmin))
		_, err := forestalled.DeactivatePerson(t.Context(), w.next(w.admin), commands.DeactivatePerson{Person: w.employee.Person})
		wantRefused(t, err, domain.ErrForbidden, "employees_only")
	})
	t.Run("the client gets another manager while the one it had renames it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		forestalled := w.forestalled(w.next(owner), with(w.service.AssignAccountManager, commands.AssignAccountManager{Client: w.nexus, Manager: owner.Person}))
		_, err := forestalled.RenameClient(t.Context(), w.next(manager), commands.RenameClient{Client: w.nexus, Name: "Mine"})
		wantRefused(t, err, domain.ErrForbidden, "not_your_client")
	})
}

// forestalled is a service whose first append comes just after another command.
func (w *world) forestalled(r commands.Request, by command) *commands.Service {
	var once sync.Once
	return commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) (err error) {
		once.Do(func() { _, err = by(context.Background(), r) })
		return err
	}}, w.answers)
}

// The end of staff's standing, and another role, count from the next command on.
func TestStaffStandingCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.hire(t, staff("oscar", domain.Owner))
	must(t)(w.deactivate(owner.Person)(t.Context(), w.next(second)))
	w.check(t, "who was deactivated deactivates", attack{owner, w.deactivate(second.Person), domain.ErrForbidden, "not_active"})
	w.check(t, "who was deactivated invites", attack{owner, w.invite(commands.InvitePerson{Role: domain.Owner}), domain.ErrForbidden, "not_active"})
	w.check(t, "who was deactivated comes back", attack{owner, with(w.service.ActivatePerson, commands.ActivatePerson{Person: owner.Person}), domain.ErrConflict, "person_deactivated"})
	must(t)(w.promote(agent.Person, domain.Auditor)(t.Context(), w.next(second)))
	on := w.raised(t, w.employee)
	start := with(w.service.StartTicket, commands.StartTicket{Ticket: on})
	w.check(t, "an auditor still works as support", attack{agent, start, domain.ErrForbidden, "not_active"})
	w.check(t, "an auditor works", attack{staff("anna", domain.Auditor), start, domain.ErrForbidden, "role_may_not"})
}

func TestOnlyOneselfTakesUpAnInvitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	activate := with(w.service.ActivatePerson, commands.ActivatePerson{Person: w.idle})
	itself := domain.Actor{Person: w.idle, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: w.nexus}
	w.check(t, "an owner takes it up", attack{owner, activate, domain.ErrForbidden, "only_oneself"})
	w.check(t, "a colleague takes it up", attack{w.employee, activate, domain.ErrNotFound, "not_found"})
	w.check(t, "it is claimed for another organisation", attack{forged(itself, w.orion, domain.ClientEmployee), activate, domain.ErrNotFound, "not_found"})
	w.check(t, "it is claimed for staff", attack{domain.Actor{Person: w.idle, Side: domain.StaffSide, Role: domain.Owner}, activate, domain.ErrForbidden, "only_oneself"})
	w.check(t, "it is claimed for no side", attack{domain.Actor{Person: w.idle}, activate, domain.ErrNotFound, "not_found"})
	stranger := domain.Actor{Person: named("nobody"), Side: domain.ClientSide, Client: w.nexus}
	w.check(t, "who was never invited takes it up", attack{stranger, with(w.service.ActivatePerson, commands.ActivatePerson{Person: stranger.Person}), domain.ErrNotFound, "not_found"})
	must(t)(activate(t.Context(), w.next(itself)))
	must(t)(w.service.RaiseTicket(t.Context(), w.next(itself), w.raise()))
}

// seats gives the limit of nexus and how many seats are taken.
func (w *world) seats(t *testing.T) (limit, taken int) {
	t.Helper()
	var state client.State
	for recorded, err := range w.log.Read(t.Context(), client.Stream(w.nexus), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		state = client.Evolve(state, recorded.Event.(client.Event))
	}
	return state.Seats()
}

func (w *world) wantSeats(t *testing.T, want int) {
	t.Helper()
	if _, taken := w.seats(t); taken != want {
		t.Errorf("%d seats are taken, want %d", taken, want)
	}
}

func (w *world) setLimit(t *testing.T, limit int) {
	t.Helper()
	must(t)(w.service.SetSeatLimit(t.Context(), w.next(owner), commands.SetSeatLimit{Client: w.nexus, Limit: limit}))
}

// Whoever has a login has a seat: admin, employee and the idle one at the start. A contact from elsewhere
// has none until it is invited to log in.
func TestSeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, contact := t.Context(), named("contact")
	w.wantSeats(t, 3)
	must(t)(w.invite(commands.InvitePerson{ID: contact, Client: w.nexus, Role: domain.ClientEmployee, Unseated: true})(ctx, w.next(owner)))
	w.wantSeats(t, 3)
	w.setLimit(t, 4)
	mark := w.mark()
	must(t)(w.service.InviteEmployee(ctx, w.next(w.admin), commands.InviteEmployee{ID: contact}))
	must(t)(w.service.InviteEmployee(ctx, w.next(w.admin), commands.InviteEmployee{ID: contact})) // Again: nothing.
	wantKinds(t, w.since(mark), "client.seat_taken.v1")
	w.check(t, "an admin invites beyond the limit", attack{w.admin, with(w.service.InviteEmployee, commands.InviteEmployee{}), domain.ErrConflict, "no_seat_left"})
	w.check(t, "somebody joins beyond the limit", attack{domain.System(), with(w.service.JoinBySingleSignOn, commands.JoinBySingleSignOn{Person: named("joiner"), Client: w.nexus}), domain.ErrConflict, "no_seat_left"})
	must(t)(w.invite(commands.InvitePerson{Client: w.nexus, Role: domain.ClientAdmin})(ctx, w.next(manager))) // Staff go beyond.
	w.wantSeats(t, 5)
	must(t)(w.deactivate(contact)(ctx, w.next(w.admin)))
	must(t)(w.deactivate(w.idle)(ctx, w.next(w.admin)))
	w.wantSeats(t, 3)
	w.check(t, "an admin invites who left", attack{w.admin, with(w.service.InviteEmployee, commands.InviteEmployee{ID: contact}), domain.ErrConflict, "person_deactivated"})
	w.check(t, "staff invite who left", attack{owner, w.invite(commands.InvitePerson{ID: contact, Client: w.nexus, Role: domain.ClientEmployee}), domain.ErrConflict, "person_deactivated"})
	w.check(t, "who left joins", attack{domain.System(), with(w.service.JoinBySingleSignOn, commands.JoinBySingleSignOn{Person: contact, Client: w.nexus}), domain.ErrConflict, "person_deactivated"})
	mark = w.mark()
	must(t)(w.service.JoinBySingleSignOn(ctx, w.next(domain.System()), commands.JoinBySingleSignOn{Person: named("joiner"), Client: w.nexus}))
	wantKinds(t, w.since(mark), "client.seat_taken.v1", "person.invited.v1", "person.activated.v1")
	must(t)(w.service.ErasePerson(ctx, w.next(owner), commands.ErasePerson{Person: named("joiner")}))
	w.wantSeats(t, 3)
	w.checkIDs(t)
}

// However many admins invite at once, in however many processes, the organisation never goes beyond its
// limit, and everybody who got a seat is invited.
func TestConcurrentInvitationsStayWithinTheSeats(t *testing.T) {
	t.Parallel()
	const invitations, limit = 50, 10
	w := newWorld(t)
	w.setLimit(t, limit)
	services := []*commands.Service{w.service, commands.NewService(w.log, w.answers), commands.NewService(w.log, w.answers)}
	errs := make([]error, invitations)
	var all sync.WaitGroup
	for i := range invitations {
		all.Go(func() {
			_, errs[i] = services[i%3].InviteEmployee(t.Context(), request(w.admin, fmt.Sprint("invite ", i)), commands.InviteEmployee{})
		})
	}
	all.Wait()
	invited := 0
	for i, err := range errs {
		switch refusal, _ := errors.AsType[*domain.Refusal](err); {
		case err == nil:
			invited++
		case refusal == nil || refusal.Code != "no_seat_left" && refusal.Code != "busy":
			t.Errorf("invitation %d: %v", i, err)
		}
	}
	_, taken := w.seats(t)
	if taken > limit || invited != taken-3 {
		t.Errorf("%d of %d seats are taken, %d invitations succeeded beside 3 people", taken, limit, invited)
	}
	w.checkIDs(t)
}

// Wherever an invitation or a deactivation is cut short, the process manager completes it, the repeated
// command is answered, and nothing happens twice.
func TestWhatACrashCutShortOfPeopleIsCompleted(t *testing.T) {
	t.Parallel()
	newcomer := named("newcomer")
	for name, test := range map[string]struct {
		by   func(*world) domain.Actor
		run  func(*world, *commands.Service) command
		want []string
	}{
		"an invitation by staff": {
			by: func(*world) domain.Actor { return owner },
			run: func(w *world, s *commands.Service) command {
				return with(s.InvitePerson, commands.InvitePerson{ID: newcomer, Client: w.nexus, Role: domain.ClientAdmin})
			},
			want: []string{"client.seat_taken.v1", "person.invited.v1"},
		},
		"an invitation by an admin": {
			by: func(w *world) domain.Actor { return w.admin },
			run: func(_ *world, s *commands.Service) command {
				return with(s.InviteEmployee, commands.InviteEmployee{ID: newcomer})
			},
			want: []string{"client.seat_taken.v1", "person.invited.v1"},
		},
		"a deactivation": {
			by: func(*world) domain.Actor { return owner },
			run: func(w *world, s *commands.Service) command {
				return with(s.DeactivatePerson, commands.DeactivatePerson{Person: w.idle})
			},
			want: []string{"person.deactivated.v1", "client.seat_released.v1"},
		},
	} {
		for appends := 1; appends <= 2; appends++ {
			t.Run(fmt.Sprintf("%s after append %d", name, appends), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				mark, r := w.mark(), request(test.by(w), "cut")
				if _, err := test.run(w, commands.NewService(dying(w.log, appends), w.answers))(t.Context(), r); !errors.Is(err, domain.ErrUnavailable) {
					t.Fatalf("got %v, want ErrUnavailable", err)
				}
				restarted := commands.NewService(w.log, w.answers)
				for range 2 {
					_, err := restarted.CompleteInvitation(t.Context(), request(domain.System(), "completed"), w.nexus, newcomer)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := restarted.ReleaseSeat(t.Context(), request(domain.System(), "released"), w.idle); err != nil {
						t.Fatal(err)
					}
				}
				wantKinds(t, w.since(mark), test.want...)
				must(t)(test.run(w, restarted)(t.Context(), r))
				wantKinds(t, w.since(mark), test.want...)
				w.checkIDs(t)
			})
		}
	}
}

// A seat whose person turns out to be another organisation's, or to have left, is given back.
func TestASeatThatCannotBeFilledIsReleased(t *testing.T) {
	t.Parallel()
	t.Run("invited into another organisation meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		contested := named("contested")
		w.member(t, w.orion, domain.ClientEmployee)
		w.member(t, w.orion, domain.ClientEmployee) // From here on the seats of both clients have the same numbers.
		slow := w.forestalled(w.next(owner), w.invite(commands.InvitePerson{ID: contested, Client: w.orion, Role: domain.ClientEmployee}))
		_, err := slow.InvitePerson(t.Context(), w.next(owner), commands.InvitePerson{ID: contested, Client: w.nexus, Role: domain.ClientEmployee})
		wantRefused(t, err, domain.ErrConflict, "person_exists")
		w.wantSeats(t, 3)
		if _, err := w.service.CompleteInvitation(t.Context(), w.next(domain.System()), w.nexus, contested); err != nil {
			t.Errorf("the process manager, later: %v", err)
		}
		w.wantSeats(t, 3)
		w.checkIDs(t)
	})
	// The seat is the second of that person: what was done about the first must not pass for done.
	t.Run("invited by another command and left meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		contact := named("contact")
		invite := commands.InvitePerson{ID: contact, Client: w.nexus, Role: domain.ClientEmployee}
		slow := w.forestalled(w.next(owner), func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			must(t)(w.service.InvitePerson(ctx, w.next(owner), invite))
			return w.service.DeactivatePerson(ctx, r, commands.DeactivatePerson{Person: contact})
		})
		mark := w.mark()
		_, err := slow.InvitePerson(t.Context(), w.next(owner), invite)
		wantRefused(t, err, domain.ErrConflict, "person_deactivated")
		wantKinds(t, w.since(mark), "client.seat_taken.v1", "person.invited.v1", "person.deactivated.v1", "client.seat_released.v1",
			"client.seat_taken.v1", "client.seat_released.v1")
		w.wantSeats(t, 3)
		w.checkIDs(t)
	})
}

// To erase somebody is final for the person and changes nothing for anybody else.
func TestErasure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	must(t)(w.service.ErasePerson(t.Context(), w.next(owner), commands.ErasePerson{Person: agent.Person}))
	must(t)(w.service.ErasePerson(t.Context(), w.next(owner), commands.ErasePerson{Person: agent.Person}))
	wantKinds(t, w.since(mark), "person.deactivated.v1", "person.erased.v1")
	on := w.raised(t, w.employee)
	w.check(t, "who was erased works", attack{agent, with(w.service.StartTicket, commands.StartTicket{Ticket: on}), domain.ErrForbidden, "not_active"})
	w.check(t, "nobody is erased", attack{owner, with(w.service.ErasePerson, commands.ErasePerson{Person: domain.PersonID{UUID: uuid.Nil}}), domain.ErrNotFound, "no_such_person"})
	var state person.State
	for recorded, err := range w.log.Read(t.Context(), person.Stream(agent.Person), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		state = person.Evolve(state, recorded.Event.(person.Event))
	}
	if !state.Erased || state.Role != agent.Role {
		t.Errorf("after the erasure history says %+v", state)
	}
}

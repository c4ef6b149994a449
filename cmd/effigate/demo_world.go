package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/ticket"
)

// demoNow is the instant the demo begins at: Monday 16 March 2026, 10:00 in Sydney.
var demoNow = time.Date(2026, time.March, 15, 23, 0, 0, 0, time.UTC)

// demoSpace is where the demo's ids derive from, so that each demo has the same ones.
var demoSpace = uuid.MustParse("7f1c2d6e-94b0-4f0e-8a53-0d1b7c3e5a61")

// demoWorld builds the demo through ordinary commands, at the instants at which things happened.
type demoWorld struct {
	service *commands.Service
	people  people
	cast    []*castMember
	step    int
}

// castMember is a person of the demo.
type castMember struct {
	id           domain.PersonID
	name, email  string
	role         domain.Role
	organisation string
	client       domain.ClientID
}

// request is the next command's: by the person, at the instant.
func (d *demoWorld) request(by *castMember, at time.Time) commands.Request {
	d.step++
	actor := domain.System()
	if by != nil {
		actor = by.actor()
	}
	return commands.Request{Actor: actor, Route: "demo", Key: fmt.Sprintf("step %d", d.step), At: at}
}

func (d *demoWorld) build(ctx context.Context) error {
	owner := d.staff("Maya Okafor", domain.Owner)
	manager := d.staff("Daniel Reyes", domain.AccountManager)
	delivery := d.staff("Sofia Lindgren", domain.Delivery)
	engineer := d.staff("Tom Hargreaves", domain.Engineer)
	support := d.staff("Priya Nair", domain.Support)
	d.staff("Lars Petersen", domain.Auditor)
	d.staff("Ines Moreau", domain.Ops)
	nexus := demoClient{name: "Nexus Corp", reference: "CON-2024-018", since: demoNow.AddDate(0, -10, 0)}
	harbour := demoClient{name: "Harbour Freight Lines", reference: "CON-2025-004", since: demoNow.AddDate(0, -7, 0)}
	nexus.id, harbour.id = demoClientID(nexus.name), demoClientID(harbour.name)
	nexus.admin = d.user("Olivia Chen", domain.ClientAdmin, nexus)
	nexus.employee = d.user("Ravi Kapoor", domain.ClientEmployee, nexus)
	harbour.admin = d.user("Jack Whitmore", domain.ClientAdmin, harbour)
	if err := d.invite(ctx, nexus.since.AddDate(0, -1, 0), owner, domain.StaffSide); err != nil {
		return err
	}
	for _, c := range []*demoClient{&nexus, &harbour} {
		if err := d.sign(ctx, c, manager); err != nil {
			return fmt.Errorf("client %s: %w", c.name, err)
		}
	}
	if err := d.invite(ctx, harbour.since, manager, domain.ClientSide); err != nil {
		return err
	}
	desk := demoDesk{demoWorld: d, delivery: delivery, engineer: engineer, support: support}
	if err := desk.nexus(ctx, nexus); err != nil {
		return fmt.Errorf("tickets of %s: %w", nexus.name, err)
	}
	if err := desk.harbour(ctx, harbour); err != nil {
		return fmt.Errorf("tickets of %s: %w", harbour.name, err)
	}
	return nil
}

func demoClientID(name string) domain.ClientID {
	return domain.ClientID{UUID: domain.Derive(demoSpace, "client", name)}
}

func (d *demoWorld) staff(name string, role domain.Role) *castMember {
	return d.member(name, role, "Northwind Delivery", domain.ClientID{})
}

func (d *demoWorld) user(name string, role domain.Role, c demoClient) *castMember {
	return d.member(name, role, c.name, c.id)
}

func (d *demoWorld) member(name string, role domain.Role, organisation string, client domain.ClientID) *castMember {
	p := &castMember{
		id: domain.PersonID{UUID: domain.Derive(demoSpace, "person", name)}, name: name, role: role,
		email: emailOf(name, organisation), organisation: organisation, client: client,
	}
	d.cast = append(d.cast, p)
	return p
}

// invite brings in everybody of one side and keeps their names in the accounts.
func (d *demoWorld) invite(ctx context.Context, at time.Time, by *castMember, side domain.Side) error {
	for _, p := range d.cast {
		if p.role.Side() != side {
			continue
		}
		if _, err := d.service.InvitePerson(ctx, d.request(by, at), commands.InvitePerson{ID: p.id, Client: p.client, Role: p.role}); err != nil {
			return fmt.Errorf("invite %s: %w", p.role, err)
		}
		if _, err := d.service.ActivatePerson(ctx, d.request(by, at.Add(time.Hour)), commands.ActivatePerson{Person: p.id}); err != nil {
			return fmt.Errorf("activate %s: %w", p.role, err)
		}
		if err := d.name(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (d *demoWorld) name(ctx context.Context, p *castMember) error {
	if p.role.Side() == domain.ClientSide {
		return d.people.PutClientPerson(ctx, p.id, p.client, p.name)
	}
	if err := d.people.PutStaffPerson(ctx, p.id, p.name); err != nil {
		return err
	}
	return d.people.PutProfile(ctx, p.id, p.name, string(p.role))
}

// demoClient is a client organisation of the demo.
type demoClient struct {
	id              domain.ClientID
	name, reference string
	since           time.Time
	contract        domain.ContractID
	admin, employee *castMember
}

// demoJobTypes are what both contracts cover.
var demoJobTypes = []contract.JobType{
	{Key: "api", Name: "API and integrations"},
	{Key: "frontend", Name: "Web front end"},
	{Key: "data", Name: "Data and reporting"},
	{Key: "email", Name: "Mail and notifications"},
	{Key: "operations", Name: "Hosting and operations"},
}

// sign registers a client and puts its contract in force.
func (d *demoWorld) sign(ctx context.Context, c *demoClient, by *castMember) error {
	_, err := d.service.RegisterClient(ctx, d.request(by, c.since), commands.RegisterClient{
		ID: c.id, Name: c.name, Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
	})
	if err != nil {
		return err
	}
	_, err = d.service.AssignAccountManager(ctx, d.request(by, c.since), commands.AssignAccountManager{Client: c.id, Manager: by.id})
	if err != nil {
		return err
	}
	drafted, err := d.service.DraftContract(ctx, d.request(by, c.since), commands.DraftContract{
		Client: c.id, Reference: c.reference, Type: contract.Bucket, JobTypes: demoJobTypes, SupportLevel: contract.Always,
		Starts: contract.Date(c.since.Format(time.DateOnly)),
	})
	if err != nil {
		return err
	}
	c.contract = domain.ContractID{UUID: drafted.ID}
	_, err = d.service.ActivateContract(ctx, d.request(by, c.since.Add(time.Hour)), commands.ActivateContract{Contract: c.contract})
	return err
}

// raise opens a ticket of a client and gives its id.
func (d *demoWorld) raise(ctx context.Context, c demoClient, by *castMember, at time.Time, jobType, title, text string, priority ticket.Priority) (domain.TicketID, error) {
	answer, err := d.service.RaiseTicket(ctx, d.request(by, at), commands.RaiseTicket{
		Client: c.id, Contract: c.contract, JobType: jobType, Title: title, Description: text, Priority: priority,
	})
	if err != nil {
		return domain.TicketID{}, fmt.Errorf("raise %q: %w", title, err)
	}
	return domain.TicketID{UUID: answer.ID}, nil
}

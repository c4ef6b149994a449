package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/infra/accounts"
)

// demoNow is the instant the demo begins at: Monday 16 March 2026, 10:00 in Sydney.
var demoNow = time.Date(2026, time.March, 15, 23, 0, 0, 0, time.UTC)

// demoSpace is where the demo's ids derive from, so that each demo has the same ones.
var demoSpace = uuid.MustParse("7f1c2d6e-94b0-4f0e-8a53-0d1b7c3e5a61")

// demoWorld builds the demo through ordinary commands, at the instants at which things happened.
type demoWorld struct {
	service *commands.Service
	log     commands.Log
	people  *people
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
	password     string
	key          string // API key
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
	finance := d.staff("Elena Petrova", domain.Finance)
	d.staff("Lars Petersen", domain.Auditor)
	d.staff("Ines Moreau", domain.Ops)
	nexus := demoClient{name: "Nexus Corp", reference: "CON-2024-018", street: "210 Collins Street", since: demoNow.AddDate(0, -10, 0)}
	harbour := demoClient{name: "Harbour Freight Lines", reference: "CON-2025-004", street: "8 Dock Road", since: demoNow.AddDate(0, -7, 0)}
	nexus.id, harbour.id = demoClientID(nexus.name), demoClientID(harbour.name)
	nexus.admin = d.user("Olivia Chen", domain.ClientAdmin, nexus)
	nexus.employee = d.user("Ravi Kapoor", domain.ClientEmployee, nexus)
	harbour.admin = d.user("Jack Whitmore", domain.ClientAdmin, harbour)
	if err := d.invite(ctx, nexus.since.AddDate(0, -1, 0), owner, domain.StaffSide); err != nil {
		return err
	}
	office := demoOffice{demoWorld: d, owner: owner, manager: manager, delivery: delivery, engineer: engineer, support: support, finance: finance}
	if err := office.open(ctx, nexus.since.AddDate(0, 0, -1)); err != nil {
		return fmt.Errorf("calendar, promises and prices: %w", err)
	}
	if err := office.sign(ctx, &nexus, office.nexusTerms); err != nil {
		return fmt.Errorf("client %s: %w", nexus.name, err)
	}
	if err := office.sign(ctx, &harbour, office.harbourTerms); err != nil {
		return fmt.Errorf("client %s: %w", harbour.name, err)
	}
	if err := d.invite(ctx, harbour.since, manager, domain.ClientSide); err != nil {
		return err
	}
	desk := demoDesk{demoWorld: d, delivery: delivery, engineer: engineer, support: support}
	if err := desk.nexus(ctx, &nexus); err != nil {
		return fmt.Errorf("tickets of %s: %w", nexus.name, err)
	}
	if err := desk.harbour(ctx, harbour); err != nil {
		return fmt.Errorf("tickets of %s: %w", harbour.name, err)
	}
	if err := office.bill(ctx, nexus.since, nexus, harbour); err != nil {
		return fmt.Errorf("who issues and to whom: %w", err)
	}
	return office.keepBooks(ctx, nexus, harbour)
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

// invite brings in everybody of one side, in the way in which anybody comes in.
func (d *demoWorld) invite(ctx context.Context, at time.Time, by *castMember, side domain.Side) error {
	for _, p := range d.cast {
		if p.role.Side() != side {
			continue
		}
		if err := d.admit(ctx, p, at, by); err != nil {
			return fmt.Errorf("invite %s: %w", p.name, err)
		}
	}
	return nil
}

// admit invites a person, who accepts, and gives it an API key.
func (d *demoWorld) admit(ctx context.Context, p *castMember, at time.Time, by *castMember) error {
	side, here := d.people.of(p.client), accounts.Where{Address: "127.0.0.1", UserAgent: "effigate demo"}
	if p == by {
		by = nil // Somebody has to be the first.
	}
	link, err := side.Invite(ctx, accounts.Account{Person: p.id, Client: p.client, Name: p.name, Email: p.email}, func(ctx context.Context) error {
		_, err := d.service.InvitePerson(ctx, d.request(by, at), commands.InvitePerson{ID: p.id, Client: p.client, Role: p.role})
		return err
	})
	if err != nil {
		return err
	}
	p.password = demoPassword()
	begun, err := side.Accept(ctx, link.Token, p.name, p.password, here)
	if err != nil {
		return err
	}
	if _, err := d.service.ActivatePerson(ctx, d.request(p, at.Add(time.Hour)), commands.ActivatePerson{Person: p.id}); err != nil {
		return err
	}
	if access.MeetsClients(p.role) {
		if err := d.people.clients.Publish(ctx, p.id, p.name, string(p.role)); err != nil {
			return err
		}
	}
	if _, p.key, err = side.CreateKey(ctx, accounts.Key{Person: p.id, Client: p.client, Name: "demo", ExpiresAt: clock().Add(demoKeys)}); err != nil {
		return err
	}
	return side.LogOut(ctx, begun.Token)
}

// demoPassword makes a password that can be read out and that nobody guesses: 48 bits in four words.
func demoPassword() string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	random := make([]byte, 16)
	_, _ = rand.Read(random) // It never fails.
	var text strings.Builder
	for i, b := range random {
		letters := consonants
		if i%2 == 1 {
			letters = vowels
		}
		if i > 0 && i%4 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(letters[int(b)%len(letters)])
	}
	return text.String()
}

// demoClient is a client organisation of the demo.
type demoClient struct {
	id              domain.ClientID
	name, reference string
	street          string
	since           time.Time
	contract        domain.ContractID
	admin, employee *castMember
	late            domain.TicketID // the ticket that was answered too late
}

// demoJobTypes are what both contracts cover.
var demoJobTypes = []terms.JobType{
	{Key: "api", Name: "API and integrations"},
	{Key: "frontend", Name: "Web front end"},
	{Key: "data", Name: "Data and reporting"},
	{Key: "email", Name: "Mail and notifications"},
	{Key: "operations", Name: "Hosting and operations"},
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

package main

import (
	"context"
	"fmt"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/person"
	"effigate/domain/terms"
	"effigate/infra/incidents"
	"effigate/infra/sheet"
)

// createClients creates the clients that the file speaks of and that are missing, each with the contracts
// its tickets are raised under. One that is there is left as it is.
func (m *importer) createClients(ctx context.Context) error {
	task := m.progress.begin("create clients and contracts", int64(len(m.file.Organisations)))
	defer task.end()
	err := each(ctx, len(m.file.Organisations), func(ctx context.Context, i int) error {
		organisation := m.file.Organisations[i]
		if err := m.createClient(ctx, organisation); err != nil {
			return fmt.Errorf("create the client %s: %w", organisation.Name, err)
		}
		for _, c := range organisation.Contracts {
			if err := m.createContract(ctx, organisation, c); err != nil {
				return fmt.Errorf("create the contract %s of %s: %w", c.Reference, organisation.Name, err)
			}
		}
		task.add(1)
		return nil
	})
	if m.tally.Clients > 0 {
		m.tally.take(nil, []sheet.Note{{Kind: createdClients, Text: fmt.Sprintf(
			"new clients have the zone %s, the language %s and the currency %s; their contracts are for time and materials at standard support",
			m.zone, m.language, m.currency,
		)}})
	}
	return err
}

// createdClients is the kind of the note that says what the file did not say of its clients.
const createdClients sheet.NoteKind = "created_clients"

func (m *importer) createClient(ctx context.Context, o incidents.Organisation) error {
	state, err := foldOf(ctx, m.log, client.Decider, client.Stream(o.ID))
	if err != nil || state.Exists() {
		return err
	}
	m.tally.count(&m.tally.Clients)
	if m.dryRun {
		return nil
	}
	// What is asked is part of the key: a run with another currency must not be answered as the one before.
	key := fmt.Sprintf("client %s %s %s %s", o.ID, m.zone, m.language, m.currency)
	_, err = m.service.RegisterClient(ctx, m.request(key), commands.RegisterClient{
		ID: o.ID, Name: o.Name, Zone: m.zone.String(), Language: m.language, Currency: m.currency,
		Source: incidents.System + ":" + o.Source,
	})
	return err
}

// createContract drafts and activates. The file says nothing of a price: time and materials promises none.
func (m *importer) createContract(ctx context.Context, o incidents.Organisation, c incidents.Contract) error {
	state, err := foldOf(ctx, m.log, contract.Decider, contract.Stream(c.ID))
	if err != nil || state.Status != "" && state.Status != contract.StatusDraft {
		return err
	}
	if state.Status == "" {
		m.tally.count(&m.tally.Contracts)
	}
	if m.dryRun {
		return nil
	}
	_, err = m.service.DraftContract(ctx, m.request("contract "+c.ID.String()), commands.DraftContract{
		ID: c.ID, Client: o.ID, Reference: c.Reference,
		Terms: terms.Plain(terms.TimeAndMaterials, terms.Standard, c.Starts, c.JobTypes...),
	})
	if err != nil {
		return err
	}
	_, err = m.service.ActivateContract(ctx, m.request("activate "+c.ID.String()), commands.ActivateContract{Contract: c.ID})
	return err
}

// newcomer is a person of the file.
type newcomer struct {
	incidents.Person
	client domain.ClientID // zero for staff
	role   domain.Role
}

// createPeople creates the callers and assignees that are missing. They have no address and cannot log in.
func (m *importer) createPeople(ctx context.Context) error {
	var all []newcomer
	for _, assignee := range m.file.Staff {
		all = append(all, newcomer{Person: assignee, role: domain.Engineer})
	}
	for _, organisation := range m.file.Organisations {
		for _, caller := range organisation.Users {
			all = append(all, newcomer{Person: caller, client: organisation.ID, role: domain.ClientEmployee})
		}
	}
	task := m.progress.begin("create people", int64(len(all)))
	defer task.end()
	return each(ctx, len(all), func(ctx context.Context, i int) error {
		if err := m.createPerson(ctx, all[i]); err != nil {
			return fmt.Errorf("create the person %s: %w", all[i].ID, err)
		}
		task.add(1)
		return nil
	})
}

// createPerson keeps the name first: a person who is active has one.
func (m *importer) createPerson(ctx context.Context, p newcomer) error {
	state, err := foldOf(ctx, m.log, person.Decider, person.Stream(p.ID))
	if err != nil || state.Status != "" && state.Status != person.StatusInvited {
		return err
	}
	if state.Status == "" {
		m.tally.count(&m.tally.People)
	}
	if m.dryRun {
		return nil
	}
	if p.client.IsZero() {
		err = m.people.PutStaffPerson(ctx, p.ID, p.Name)
	} else {
		err = m.people.PutClientPerson(ctx, p.ID, p.client, p.Name)
	}
	if err != nil {
		return err
	}
	_, err = m.service.InvitePerson(ctx, m.request("invite "+p.ID.String()), commands.InvitePerson{
		ID: p.ID, Client: p.client, Role: p.role, Unseated: !p.client.IsZero(),
	})
	if err != nil {
		return err
	}
	_, err = m.service.ActivatePerson(ctx, m.request("activate "+p.ID.String()), commands.ActivatePerson{Person: p.ID})
	return err
}

// foldOf is the present state of an aggregate; its zero state when there is none.
func foldOf[S, C any, E domain.Event](ctx context.Context, log commands.Log, decider domain.Decider[S, C, E], stream string) (S, error) {
	var state S
	for recorded, err := range log.Read(ctx, stream, domain.NoStream) {
		if err != nil {
			return state, fmt.Errorf("read %s: %w", stream, err)
		}
		event, ok := recorded.Event.(E)
		if !ok {
			return state, fmt.Errorf("read %s: revision %d holds %s, which is not of this aggregate", stream, recorded.Revision, recorded.Raw.Kind)
		}
		state = decider.Evolve(state, event)
	}
	return state, nil
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/infra/timesheets"
	staffrows "effigate/readmodels/staff"
)

// timeMap says who the people of a file are and where its projects belong.
type timeMap struct {
	// People gives the e-mail address, name or id of a staff person for each name in the file, or mapSkip.
	People   map[string]string `json:"people"`
	Projects []mappedProject   `json:"projects"`

	people map[string]domain.PersonID
}

// mappedProject is where a project belongs. The entry with the task of a row wins over the one without a task.
type mappedProject struct {
	Client  string `json:"client,omitempty"`
	Project string `json:"project"`
	Task    string `json:"task,omitempty"` // empty = any
	// Contract is a reference or an id, or mapSkip; JobType the key of one of its job types.
	Contract string `json:"contract"`
	JobType  string `json:"job_type,omitempty"`
	// Description is what the client reads; empty = the task, or else the project.
	Description string `json:"description,omitempty"`

	place place
}

// place is where a row belongs.
type place struct {
	contract    domain.ContractID
	jobType     string
	description string
}

// What a map says of what is left open, or out.
const (
	mapOpen = "?"
	mapSkip = "skip"
)

// maxMapBytes bounds a map.
const maxMapBytes = 1 << 20

// directory is whom and what a map can name.
type directory struct {
	people    map[string][]domain.PersonID // by e-mail address, name and id, in lower case
	contracts map[string][]knownContract   // by reference and id, and by the name of the client after "client:", in lower case
}

// knownContract is a contract that a map can name.
type knownContract struct {
	id        domain.ContractID
	reference string
	jobTypes  []terms.JobType
}

// directory reads who is there.
func (m *management) directory(ctx context.Context) (directory, error) {
	d := directory{people: map[string][]domain.PersonID{}, contracts: map[string][]knownContract{}}
	users, err := m.users(ctx, domain.ClientID{})
	if err != nil {
		return d, err
	}
	for _, u := range users {
		id := domain.PersonID{UUID: u.ID}
		for _, name := range slices.Compact([]string{strings.ToLower(u.Email), strings.ToLower(u.Name), u.ID.String()}) {
			if name != "" {
				d.people[name] = append(d.people[name], id)
			}
		}
	}
	var clients []staffrows.Client
	if err := m.eachClient(ctx, func(c staffrows.Client) { clients = append(clients, c) }); err != nil {
		return d, err
	}
	return d, m.read(ctx, func(tx pgx.Tx) error {
		for _, c := range clients {
			contracts, err := staffrows.ContractsOf(ctx, tx, c.ID, calendar.DateOf(m.now(), time.UTC))
			if err != nil {
				return err
			}
			for _, found := range contracts {
				known := knownContract{id: domain.ContractID{UUID: found.ID}, reference: found.Reference, jobTypes: found.JobTypes}
				for _, name := range []string{strings.ToLower(found.Reference), found.ID.String(), "client:" + strings.ToLower(c.Name)} {
					d.contracts[name] = append(d.contracts[name], known)
				}
			}
		}
		return nil
	})
}

// choose takes the map that was given, or the one that the directory makes, and reports everything that is open.
func (t *timeImport) choose() error {
	if t.mapPath == "" {
		t.chosen = t.propose()
	} else if err := t.readMap(); err != nil {
		return err
	}
	var open []error
	t.chosen.people = map[string]domain.PersonID{}
	for _, name := range t.file.People() {
		id, err := t.known.person(cmp.Or(t.chosen.People[name], mapOpen))
		if err != nil {
			open = append(open, fmt.Errorf("person %q: %w", name, err))
		}
		t.chosen.people[name] = id
	}
	for i := range t.chosen.Projects {
		p := &t.chosen.Projects[i]
		var err error
		if p.place, err = t.known.place(*p); err != nil {
			open = append(open, fmt.Errorf("project %q of %q, task %q: %w", p.Project, p.Client, p.Task, err))
		}
	}
	for _, p := range t.file.Projects() {
		if t.chosen.find(p.Client, p.Project, p.Task) == nil {
			open = append(open, fmt.Errorf("project %q of %q, task %q: is not in the map", p.Project, p.Client, p.Task))
		}
	}
	if len(open) > 0 {
		return usageError{fmt.Errorf("%s needs a map; write one with --write-map FILE, complete it and give it with --map FILE\n%w", t.path, errors.Join(open...))}
	}
	return nil
}

func (t *timeImport) readMap() error {
	text, err := os.ReadFile(t.mapPath)
	if err != nil {
		return fmt.Errorf("read the map: %w", err)
	}
	if len(text) > maxMapBytes {
		return fmt.Errorf("read the map: %s has more than %d bytes", t.mapPath, maxMapBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t.chosen); err != nil {
		return usageError{fmt.Errorf("read the map %s: %w", t.mapPath, err)}
	}
	return nil
}

// propose makes a map of what can be found by name, and leaves the rest open.
func (t *timeImport) propose() timeMap {
	m := timeMap{People: map[string]string{}}
	for _, name := range t.file.People() {
		m.People[name] = mapOpen
		for _, said := range []string{t.file.Email(name), name} {
			if _, err := t.known.person(cmp.Or(said, mapOpen)); err == nil && m.People[name] == mapOpen {
				m.People[name] = said
			}
		}
	}
	for _, p := range t.file.Projects() {
		mapped := mappedProject{Client: p.Client, Project: p.Project, Task: p.Task, Contract: mapOpen, JobType: mapOpen}
		if found := t.known.contracts["client:"+strings.ToLower(p.Client)]; len(found) == 1 {
			mapped.Contract = found[0].reference
			if len(found[0].jobTypes) == 1 {
				mapped.JobType = found[0].jobTypes[0].Key
			}
			for _, jobType := range found[0].jobTypes {
				if strings.EqualFold(jobType.Name, p.Task) || strings.EqualFold(jobType.Key, p.Task) {
					mapped.JobType = jobType.Key
				}
			}
		}
		m.Projects = append(m.Projects, mapped)
	}
	return m
}

func (t *timeImport) writeMapTo(path string) error {
	text, err := json.MarshalIndent(t.propose(), "", "  ")
	if err != nil {
		return fmt.Errorf("write the map: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the map: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the map: %w", err)
	}
	return t.say(map[string]string{"map": path}, "wrote %s: complete what stands as %q and give it with --map", path, mapOpen)
}

// person finds somebody; the zero id for whom the map leaves out.
func (d directory) person(said string) (domain.PersonID, error) {
	if said == mapSkip {
		return domain.PersonID{}, nil
	}
	switch found := d.people[strings.ToLower(said)]; len(found) {
	case 0:
		return domain.PersonID{}, fmt.Errorf("%q is nobody of the staff; give an e-mail address, a name or an id, or %q", said, mapSkip)
	case 1:
		return found[0], nil
	default:
		return domain.PersonID{}, fmt.Errorf("%d people have the name %q; give an e-mail address or an id", len(found), said)
	}
}

// place finds where a project belongs; the zero place for what the map leaves out.
func (d directory) place(p mappedProject) (place, error) {
	if p.Contract == mapSkip {
		return place{}, nil
	}
	found := d.contracts[strings.ToLower(p.Contract)]
	switch {
	case len(found) == 0:
		return place{}, fmt.Errorf("contract %q is none; give a reference or an id, or %q", p.Contract, mapSkip)
	case len(found) > 1:
		return place{}, fmt.Errorf("%d contracts have the reference %q; give an id", len(found), p.Contract)
	}
	var keys []string
	for _, jobType := range found[0].jobTypes {
		keys = append(keys, jobType.Key)
	}
	if !slices.Contains(keys, p.JobType) {
		return place{}, fmt.Errorf("job type %q is none of contract %s: %s", p.JobType, found[0].reference, strings.Join(keys, ", "))
	}
	return place{contract: found[0].id, jobType: p.JobType, description: p.Description}, nil
}

// find gives the entry for a project and task.
func (m *timeMap) find(client, project, task string) *mappedProject {
	var whole *mappedProject
	for i := range m.Projects {
		p := &m.Projects[i]
		if p.Client != client || p.Project != project {
			continue
		}
		if p.Task == task {
			return p
		}
		if p.Task == "" {
			whole = p
		}
	}
	return whole
}

// person is who did it, and whether the map leaves the person out.
func (m *timeMap) person(e timesheets.Entry) (id domain.PersonID, skip bool) {
	id = m.people[e.Person]
	return id, id.UUID == uuid.Nil
}

// place is where it belongs, and whether the map leaves that out.
func (m *timeMap) place(e timesheets.Entry) (at place, skip bool) {
	at = m.find(e.Client, e.Project, e.Task).place
	return at, at.contract.IsZero()
}

// began is the instant that decides which terms hold for an entry.
func began(e timesheets.Entry, in *time.Location) time.Time {
	if e.From.IsZero() {
		return e.Day.Start(in)
	}
	return e.From
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// management is what the commands that provision people and clients work with. They act as the system, with
// the rights of whoever may read the data directory.
type management struct {
	*world
	*people
	reads *postgres.Reads // of the staff side
	out   io.Writer
}

// manage opens the installation for one command.
func manage(command *cobra.Command, s *settings, do func(context.Context, *management) error) error {
	return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
		at, err := w.toolBases()
		if err != nil {
			return err
		}
		people, err := w.people(at)
		if err != nil {
			return err
		}
		reads, err := postgres.OpenReads(ctx, w.staff.access.Owner, staffrows.Version, w.logger)
		if err != nil {
			return err
		}
		defer reads.Close()
		return do(ctx, &management{w, people, reads, command.OutOrStdout()})
	})
}

// toolBases are the public URLs as the serving process has them, or as the settings do.
func (w *world) toolBases() (bases, error) {
	if !w.attached {
		return w.settings.bases(listeners{})
	}
	portal, err := url.Parse(w.at.PortalBase)
	if err != nil {
		return bases{}, fmt.Errorf("read where the portal is: %w", err)
	}
	console, err := url.Parse(w.at.ConsoleBase)
	if err != nil {
		return bases{}, fmt.Errorf("read where the console is: %w", err)
	}
	return bases{portal, console}, nil
}

// request is the next command's.
func (m *management) request() commands.Request {
	return commands.Request{Actor: domain.System(), Route: "effigate", Key: uuid.NewString(), At: m.now()}
}

// read reads the staff side's rows once they hold everything that is recorded now. Without a serving process
// this one projects meanwhile.
func (m *management) read(ctx context.Context, read func(pgx.Tx) error) error {
	head, err := m.store.Head(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	projected := make(chan error, 1)
	go func() {
		if m.attached {
			projected <- nil
			return
		}
		err := ignoreCanceled(m.projectors().staff.Run(ctx))
		cancel() // Nothing is to be waited for any more.
		projected <- err
	}()
	waitReady(ctx, func(ctx context.Context) error {
		stale, err := m.reads.Read(ctx, head, func(pgx.Tx) error { return nil })
		if err == nil && stale {
			err = domain.ErrUnavailable
		}
		return err
	})
	_, err = m.reads.Read(ctx, head, read)
	cancel()
	return errors.Join(err, <-projected)
}

// client finds a client by its id or its name; "staff" is the firm itself, whose id is zero.
func (m *management) client(ctx context.Context, text string) (domain.ClientID, error) {
	if text == "staff" {
		return domain.ClientID{}, nil
	}
	id, noID := uuid.Parse(text)
	var found []staffrows.Client
	err := m.eachClient(ctx, func(c staffrows.Client) {
		if c.ID == id && noID == nil || strings.EqualFold(c.Name, text) {
			found = append(found, c)
		}
	})
	switch {
	case err != nil:
		return domain.ClientID{}, err
	case len(found) == 0:
		return domain.ClientID{}, usageError{fmt.Errorf("no client %q; `effigate client list` names them", text)}
	case len(found) > 1:
		return domain.ClientID{}, usageError{fmt.Errorf("%d clients have the name %q; give the id of one", len(found), text)}
	}
	return domain.ClientID{UUID: found[0].ID}, nil
}

func (m *management) eachClient(ctx context.Context, do func(staffrows.Client)) error {
	return m.read(ctx, func(tx pgx.Tx) error {
		for after, more := uuid.Nil, true; more; more = after != uuid.Nil {
			var clients []staffrows.Client
			var err error
			if clients, after, err = staffrows.Clients(ctx, tx, after, staffrows.MaxLimit); err != nil {
				return err
			}
			for _, c := range clients {
				do(c)
			}
		}
		return nil
	})
}

// person finds somebody by id.
func (m *management) person(ctx context.Context, text string) (row staffrows.Person, err error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return row, usageError{fmt.Errorf("%q is no id of a person; `effigate user list` shows them", text)}
	}
	err = m.read(ctx, func(tx pgx.Tx) error {
		row, err = staffrows.ReadPerson(ctx, tx, id)
		return err
	})
	if errors.Is(err, domain.ErrNotFound) {
		err = usageError{fmt.Errorf("no person %s; `effigate user list` shows them", id)}
	}
	return row, err
}

// organisationOf is the organisation of a row; zero for staff.
func organisationOf(row staffrows.Person) domain.ClientID {
	if row.Client == nil {
		return domain.ClientID{}
	}
	return domain.ClientID{UUID: *row.Client}
}

// note adds to the log of access what was done from here.
func (m *management) note(ctx context.Context, kind string, client domain.ClientID, subject string) {
	m.of(client).Record(ctx, byTool(kind, client, subject))
}

// byTool is an entry of the log of access about what was done on the command line.
func byTool(kind string, client domain.ClientID, subject string) accounts.Entry {
	return accounts.Entry{
		At: clock(), Client: client, Kind: kind, Outcome: "ok", Subject: subject, Count: 1, Where: accounts.Where{UserAgent: "effigate " + version()},
	}
}

// print writes rows as a table, or with --json the value.
func (m *management) print(value any, head table.Row, rows []table.Row) error {
	if m.settings.JSON {
		return json.NewEncoder(m.out).Encode(value)
	}
	t := table.NewWriter()
	t.AppendHeader(head)
	t.AppendRows(rows)
	_, err := fmt.Fprintln(m.out, t.Render())
	return err
}

// say writes a sentence, or with --json the value.
func (m *management) say(value any, format string, arguments ...any) error {
	if m.settings.JSON {
		return json.NewEncoder(m.out).Encode(value)
	}
	_, err := fmt.Fprintf(m.out, format+"\n", arguments...)
	return err
}

// sayWhoCanLogIn tells an installation without staff how to get the first of them.
func (w *world) sayWhoCanLogIn(ctx context.Context, _ running) error {
	reads, err := postgres.OpenReads(ctx, w.staff.access.Reader, staffrows.Version, w.logger)
	if err != nil {
		return err
	}
	defer reads.Close()
	var staff []staffrows.Person
	_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		staff, _, err = staffrows.ListPeople(ctx, tx, uuid.Nil, uuid.Nil, 1)
		return err
	})
	if err == nil && len(staff) == 0 {
		w.logger.WarnContext(ctx, "nobody can log in yet: invite the first owner", slog.String("command", "effigate user invite --role owner --name NAME --email ADDRESS"))
	}
	return err
}

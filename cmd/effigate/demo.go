package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/domain"
)

func demoCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "demo", GroupID: "run", Short: "Serve a fresh demo world and print who can log in",
		Long: `Serve a fresh demo world: a service firm with two clients, their contracts, tickets and invoices, made by
ordinary commands. It lives in the folder "demo" of the data directory, which is emptied at each start.

The demo's clock begins on Monday 16 March 2026, 10:00 in Sydney, and runs on; logins use real time. Its
people log in on the pages with the address and password that are printed, and to the APIs with a key that
lives for 30 days: send it as "Authorization: Bearer KEY".`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			s.Data, s.loopbackProviders = filepath.Join(s.Data, "demo"), true
			if err := emptyDemo(s.Data); err != nil {
				return err
			}
			return inWorld(command.Context(), s, slog.LevelInfo, func(ctx context.Context, w *world) error {
				return w.demo(ctx, command.OutOrStdout())
			})
		},
	}
	bindAddresses(command, s)
	return command
}

// demoMark is the file that tells a demo's folder from one that somebody needs.
const demoMark = "this-is-a-demo"

// emptyDemo removes an earlier demo and leaves every other folder alone.
func emptyDemo(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at the demo's folder: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(folder, demoMark)); err != nil {
			return fmt.Errorf("%s is not empty and holds no demo; name another directory with --data", folder)
		}
		if inUse(folder) {
			return fmt.Errorf("a demo runs in %s already; end it, or name another directory with --data", folder)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove the earlier demo: %w", err)
	}
	if err := os.MkdirAll(folder, 0o711); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	return os.WriteFile(filepath.Join(folder, demoMark), nil, 0o600)
}

// demoKeys is how long the demo's API keys last.
const demoKeys = 30 * 24 * time.Hour

// demo builds the demo world and serves it.
func (w *world) demo(ctx context.Context, out io.Writer) error {
	at, err := w.settings.bases(listeners{})
	if err != nil {
		return err
	}
	people, err := w.people(at)
	if err != nil {
		return err
	}
	d := demoWorld{service: w.service, log: w.store, people: people}
	if err := d.build(ctx); err != nil {
		return fmt.Errorf("build the demo world: %w", err)
	}
	began := time.Now()
	return w.serve(ctx, serving{
		now: func() time.Time { return demoNow.Add(time.Since(began)).Truncate(time.Microsecond) },
		ready: func(_ context.Context, at running) error {
			return w.printDemo(out, at, d.logins())
		},
	})
}

// login is a person of the demo as it is printed.
type login struct {
	Name         string `json:"name"`
	Role         string `json:"role"`
	Organisation string `json:"organisation"`
	Email        string `json:"email"`
	Password     string `json:"password"`
	APIKey       string `json:"api_key"`
}

func (d *demoWorld) logins() []login {
	logins := make([]login, 0, len(d.cast))
	for _, p := range d.cast {
		logins = append(logins, login{
			Name: p.name, Role: string(p.role), Organisation: p.organisation, Email: p.email, Password: p.password, APIKey: p.key,
		})
	}
	return logins
}

func (w *world) printDemo(out io.Writer, at running, logins []login) error {
	if w.settings.JSON {
		return json.NewEncoder(out).Encode(struct {
			Portal     string  `json:"portal"`
			Console    string  `json:"console"`
			Admin      string  `json:"admin"`
			Data       string  `json:"data"`
			ClientURL  string  `json:"client_database_url"`
			StaffURL   string  `json:"staff_database_url"`
			EventStore string  `json:"eventstore"`
			People     []login `json:"people"`
		}{at.Portal, at.Console, at.Admin, w.settings.Data, at.ClientURL, at.StaffURL, at.EventStore, logins})
	}
	people := table.NewWriter()
	people.AppendHeader(table.Row{"name", "role", "organisation", "e-mail", "password"})
	for _, l := range logins {
		people.AppendRow(table.Row{l.Name, l.Role, l.Organisation, l.Email, l.Password})
	}
	text := fmt.Sprintf("\nThe demo is ready. Log in:\n\n  portal   %s   for clients (API: /api/client/v1, description: /openapi.json)\n"+
		"  console  %s   for staff (API: /api/staff/v1, description: /openapi.json)\n  admin    %s   (healthz, readyz, metrics)\n  data     %s\n\n%s\n\nAPI keys:\n",
		at.Portal, at.Console, at.Admin, w.settings.Data, people.Render())
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	for _, l := range logins {
		if _, err := fmt.Fprintf(out, "  %-16s %s\n", l.Name, l.APIKey); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "\n  curl -H 'Authorization: Bearer KEY' %s/api/client/v1/overview\n\n", at.Portal)
	return err
}

// actor is the person as commands know it.
func (p *castMember) actor() domain.Actor {
	return domain.Actor{Person: p.id, Side: p.role.Side(), Role: p.role, Client: p.client}
}

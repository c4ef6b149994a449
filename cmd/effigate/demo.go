package main

import (
	"context"
	"crypto/rand"
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
	"effigate/infra/auth"
)

func demoCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "demo", GroupID: "run", Short: "Serve a fresh demo world and print who can log in",
		Long: `Serve a fresh demo world: a service firm with two clients, their contracts and tickets, made by ordinary
commands. It lives in the folder "demo" of the data directory, which is emptied at each start.

The demo's clock begins on Monday 16 March 2026, 10:00 in Sydney, and runs on. Its people log in with
tokens that are valid for this process alone: send one as "Authorization: Bearer TOKEN".`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			s.Data = filepath.Join(s.Data, "demo")
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

// demoTokens is how long the demo's logins last.
const demoTokens = 30 * 24 * time.Hour

// demo builds the demo world and serves it.
func (w *world) demo(ctx context.Context, out io.Writer) error {
	tokens, err := auth.NewDevelopment([]byte(rand.Text()+rand.Text()), time.Now)
	if err != nil {
		return err
	}
	d := demoWorld{service: w.service, people: people{client: w.client.database, staff: w.staff.database}}
	if err := d.build(ctx); err != nil {
		return fmt.Errorf("build the demo world: %w", err)
	}
	began := time.Now()
	return w.serve(ctx, serving{
		verifier: tokens,
		now:      func() time.Time { return demoNow.Add(time.Since(began)).Truncate(time.Microsecond) },
		ready: func(_ context.Context, at running) error {
			logins, err := d.logins(tokens, time.Now().Add(demoTokens))
			if err != nil {
				return err
			}
			return w.printDemo(out, at, logins)
		},
	})
}

// login is a person of the demo as it is printed.
type login struct {
	Name         string `json:"name"`
	Role         string `json:"role"`
	Organisation string `json:"organisation"`
	Email        string `json:"email"`
	Password     string `json:"password"` // empty until people log in with passwords
	APIKey       string `json:"api_key"`
}

func (d *demoWorld) logins(tokens *auth.Development, until time.Time) ([]login, error) {
	logins := make([]login, 0, len(d.cast))
	for _, p := range d.cast {
		token, err := tokens.Issue(p.actor(), until)
		if err != nil {
			return nil, err
		}
		logins = append(logins, login{Name: p.name, Role: string(p.role), Organisation: p.organisation, Email: p.email, APIKey: token})
	}
	return logins, nil
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
	people.AppendHeader(table.Row{"name", "role", "organisation"})
	for _, l := range logins {
		people.AppendRow(table.Row{l.Name, l.Role, l.Organisation})
	}
	text := fmt.Sprintf("\nThe demo is ready.\n\n  portal   %s   (client API: %s/api/client/v1, description: %s/openapi.json)\n"+
		"  console  %s   (staff API: %s/api/staff/v1, description: %s/openapi.json)\n  admin    %s   (healthz, readyz, metrics)\n  data     %s\n\n%s\n",
		at.Portal, at.Portal, at.Portal, at.Console, at.Console, at.Console, at.Admin, w.settings.Data, people.Render())
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	for _, l := range logins {
		if _, err := fmt.Fprintf(out, "\n%s (%s)\n  %s\n", l.Name, l.Role, l.APIKey); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "\nTry it:\n  curl -H 'Authorization: Bearer TOKEN' %s/api/client/v1/overview\n\n", at.Portal)
	return err
}

// actor is the person as commands know it.
func (p *castMember) actor() domain.Actor {
	return domain.Actor{Person: p.id, Side: p.role.Side(), Role: p.role, Client: p.client}
}

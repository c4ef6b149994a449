package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	staffrows "effigate/readmodels/staff"
)

func userCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "user", GroupID: "operate", Short: "Invite, list and remove people",
		Long: `Invite, list and remove people of the firm and of its clients. PERSON is an id, as "effigate user list" shows it.`,
	}
	command.AddCommand(
		userListCommand(s), userInviteCommand(s), userInviteAgainCommand(s), userDeactivateCommand(s), userEraseCommand(s), userResetLinkCommand(s),
		userImportCommand(s), userEndSessionsCommand(s),
	)
	return command
}

// user is a person as the command line shows it.
type user struct {
	ID        uuid.UUID  `json:"id"`
	Name      string     `json:"name"`
	Email     string     `json:"email"`
	Role      string     `json:"role"`
	Client    *uuid.UUID `json:"client,omitempty"`
	Status    string     `json:"status"`
	Factor    bool       `json:"second_factor"`
	LastLogin *time.Time `json:"last_login,omitempty"`
}

func userListCommand(s *settings) *cobra.Command {
	var of string
	command := &cobra.Command{
		Use: "list", Short: "List the staff, or the users of a client", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return manage(command, s, func(ctx context.Context, m *management) error {
				client, err := m.client(ctx, of)
				if err != nil {
					return err
				}
				users, err := m.users(ctx, client)
				if err != nil {
					return err
				}
				rows := make([]table.Row, len(users))
				for i, u := range users {
					rows[i] = table.Row{u.ID, u.Name, u.Email, u.Role, u.Status, u.Factor}
				}
				return m.print(users, table.Row{"id", "name", "e-mail", "role", "status", "second factor"}, rows)
			})
		},
	}
	command.Flags().StringVar(&of, "client", "staff", "id or name of a client, or staff")
	return command
}

// users lists the people of an organisation.
func (m *management) users(ctx context.Context, client domain.ClientID) ([]user, error) {
	users := []user{}
	err := m.read(ctx, func(tx pgx.Tx) error {
		for after, more := uuid.Nil, true; more; more = after != uuid.Nil {
			var rows []staffrows.Person
			var err error
			if rows, after, err = staffrows.ListPeople(ctx, tx, client.UUID, after, staffrows.MaxLimit); err != nil {
				return err
			}
			ids := make([]domain.PersonID, len(rows))
			for i, row := range rows {
				ids[i] = domain.PersonID{UUID: row.ID}
			}
			known, err := m.of(client).Accounts(ctx, client, ids)
			if err != nil {
				return err
			}
			for _, row := range rows {
				users = append(users, userOf(row, known[domain.PersonID{UUID: row.ID}]))
			}
		}
		return nil
	})
	return users, err
}

func userOf(row staffrows.Person, known accounts.Account) user {
	u := user{ID: row.ID, Name: known.Name, Email: known.Email, Role: row.Role, Client: row.Client, Status: row.Status, Factor: known.SecondFactor}
	if !known.LastLogin.IsZero() {
		u.LastLogin = &known.LastLogin
	}
	return u
}

// invitee is whom an invitation from the command line names.
type invitee struct {
	name, email string
	role        domain.Role
	client      domain.ClientID
}

// invited is what came of an invitation.
type invited struct {
	ID      uuid.UUID `json:"id"`
	Email   string    `json:"email"`
	Mailed  bool      `json:"mailed"`
	Link    string    `json:"link,omitempty"`
	Expires time.Time `json:"expires"`
}

func userInviteCommand(s *settings) *cobra.Command {
	var name, email, role, client string
	command := &cobra.Command{
		Use: "invite --name NAME --email ADDRESS --role ROLE", Short: "Invite somebody and print the link",
		Long: `Invite somebody. The link is printed unless it goes out by mail; it works once, for three days.

Roles of the firm: owner, account_manager, delivery, engineer, support, finance, auditor, ops. Roles of a client
(with --client): client_admin, client_employee.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkRole(role, client); err != nil {
				return err
			}
			return manage(command, s, func(ctx context.Context, m *management) error {
				of, err := m.client(ctx, client)
				if err != nil {
					return err
				}
				made, err := m.invite(ctx, domain.PersonID{UUID: uuid.New()}, invitee{name: name, email: email, role: domain.Role(role), client: of})
				if err != nil {
					return err
				}
				return m.sayInvited(made)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&name, "name", "", "the person's name")
	flags.StringVar(&email, "email", "", "the person's address")
	flags.StringVar(&role, "role", "", "the person's role")
	flags.StringVar(&client, "client", "staff", "id or name of the client, or staff")
	for _, needed := range []string{"name", "email", "role"} {
		_ = command.MarkFlagRequired(needed) // They are defined above.
	}
	return command
}

// checkRole refuses a role that there is not, or that is of the other side.
func checkRole(role, client string) error {
	side := domain.Role(role).Side()
	switch {
	case side == "":
		return usageError{fmt.Errorf("there is no role %q; the roles are %v", role, access.Roles())}
	case side == domain.ClientSide && client == "staff":
		return usageError{fmt.Errorf("%s is a role of a client; name the client with --client", role)}
	case side == domain.StaffSide && client != "staff":
		return usageError{fmt.Errorf("%s is a role of the firm; leave --client out", role)}
	}
	return nil
}

// invite begins a person and makes the invitation.
func (m *management) invite(ctx context.Context, id domain.PersonID, who invitee) (invited, error) {
	side := m.of(who.client)
	link, err := side.Invite(ctx, accounts.Account{Person: id, Client: who.client, Name: who.name, Email: who.email}, func(ctx context.Context) error {
		_, err := m.service.InvitePerson(ctx, m.request(), commands.InvitePerson{ID: id, Client: who.client, Role: who.role})
		return err
	})
	if err != nil {
		return invited{}, err
	}
	m.note(ctx, accounts.KindInvited, who.client, id.String())
	made := invited{ID: id.UUID, Email: who.email, Mailed: link.Mailed, Expires: link.Expires}
	if link.Token != "" {
		made.Link = m.page(who.client, "invitation", link.Token)
	}
	return made, nil
}

// page is the address of a page of a side.
func (m *management) page(client domain.ClientID, path ...string) string {
	if client.IsZero() {
		return m.console.JoinPath(path...).String()
	}
	return m.portal.JoinPath(path...).String()
}

func (m *management) sayInvited(made invited) error {
	if made.Mailed {
		return m.say(made, "%s is invited as person %s; the link goes out by mail", made.Email, made.ID)
	}
	return m.say(made, "%s is invited as person %s. Hand over this link, which works once until %s:\n%s",
		made.Email, made.ID, made.Expires.Format(time.RFC3339), made.Link)
}

// onPersonCommand makes a command for one person.
func onPersonCommand(s *settings, use, short string, do func(context.Context, *management, staffrows.Person) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return manage(command, s, func(ctx context.Context, m *management) error {
				row, err := m.person(ctx, arguments[0])
				if err != nil {
					return err
				}
				return do(ctx, m, row)
			})
		},
	}
}

func userInviteAgainCommand(s *settings) *cobra.Command {
	return onPersonCommand(s, "invite-again PERSON", "Make a new invitation for somebody who did not come; earlier ones end",
		func(ctx context.Context, m *management, row staffrows.Person) error {
			known, err := m.of(organisationOf(row)).Account(ctx, organisationOf(row), domain.PersonID{UUID: row.ID})
			if err != nil {
				return err
			}
			made, err := m.invite(ctx, known.Person, invitee{name: known.Name, email: known.Email, role: domain.Role(row.Role), client: organisationOf(row)})
			if err != nil {
				return err
			}
			return m.sayInvited(made)
		})
}

func userDeactivateCommand(s *settings) *cobra.Command {
	return onPersonCommand(s, "deactivate PERSON", "End somebody's access at once and for ever",
		func(ctx context.Context, m *management, row staffrows.Person) error {
			id := domain.PersonID{UUID: row.ID}
			if _, err := m.service.DeactivatePerson(ctx, m.request(), commands.DeactivatePerson{Person: id}); err != nil {
				return err
			}
			if err := m.end(ctx, id); err != nil {
				return err
			}
			return m.say(map[string]any{"id": row.ID, "status": "deactivated"}, "person %s is deactivated: sessions and keys have ended", row.ID)
		})
}

func userEraseCommand(s *settings) *cobra.Command {
	var yes bool
	command := onPersonCommand(s, "erase PERSON --yes", "Remove everything personal of somebody, for ever",
		func(ctx context.Context, m *management, row staffrows.Person) error {
			if !yes {
				return usageError{errors.New("name, address, credentials and traces in the log of access go for ever: confirm with --yes")}
			}
			id := domain.PersonID{UUID: row.ID}
			if _, err := m.service.ErasePerson(ctx, m.request(), commands.ErasePerson{Person: id}); err != nil {
				return err
			}
			if err := m.erase(ctx, id); err != nil {
				return err
			}
			m.note(ctx, accounts.KindErased, organisationOf(row), id.String())
			return m.say(map[string]any{"id": row.ID, "status": "erased"}, "person %s is erased; history keeps the id", row.ID)
		})
	command.Flags().BoolVar(&yes, "yes", false, "erase without asking")
	return command
}

func userResetLinkCommand(s *settings) *cobra.Command {
	return onPersonCommand(s, "reset-link PERSON", "Print a link that sets another password",
		func(ctx context.Context, m *management, row staffrows.Person) error {
			link, err := m.of(organisationOf(row)).OfferReset(ctx, domain.PersonID{UUID: row.ID})
			if err != nil {
				return err
			}
			m.note(ctx, accounts.KindReset, organisationOf(row), row.ID.String())
			made := invited{ID: row.ID, Mailed: link.Mailed, Expires: link.Expires}
			if link.Mailed {
				return m.say(made, "the link goes out by mail")
			}
			made.Link = m.page(organisationOf(row), "reset", link.Token)
			return m.say(made, "Hand over this link, which works once until %s:\n%s", link.Expires.Format(time.RFC3339), made.Link)
		})
}

// ended is what came of ending the sessions of a side.
type ended struct {
	Side     string `json:"side"`
	Sessions int    `json:"sessions"`
	Keys     int    `json:"keys"`
}

func userEndSessionsCommand(s *settings) *cobra.Command {
	var side string
	var all, keys bool
	command := &cobra.Command{
		Use: "end-sessions --side client|staff --all", Short: "Throw everybody of a side out",
		Long: `Throw everybody of a side out, such as after somebody got at the portal's process: all sessions end, and with --keys
all API keys. People log in anew; passwords and second factors stay. Change the credentials of the process first.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if !all || side != string(domain.ClientSide) && side != string(domain.StaffSide) {
				return usageError{errors.New("name whom to throw out: --side client --all, or --side staff --all")}
			}
			return manage(command, s, func(ctx context.Context, m *management) error {
				of := map[string]*accounts.Service{string(domain.ClientSide): m.clients, string(domain.StaffSide): m.people.staff}[side]
				gone, err := of.Evict(ctx, keys)
				if err != nil {
					return err
				}
				of.Record(ctx, byTool(accounts.KindSession, domain.ClientID{}, "all sessions"))
				return m.say(ended{side, gone.Sessions, gone.Keys}, "%d sessions and %d API keys of the %s side have ended", gone.Sessions, gone.Keys, side)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&side, "side", "", "client or staff")
	flags.BoolVar(&all, "all", false, "everybody of the side")
	flags.BoolVar(&keys, "keys", false, "end API keys as well")
	return command
}

func userImportCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE.csv", Short: "Invite everybody that a CSV file names",
		Long: `Invite everybody that a CSV file names. Its first line holds the columns name, email, role and client; client is an
id or a name, and empty for the firm's own people. Every line is checked before anybody is invited. Lines whose
address is taken are reported and left out, so that the same file can be given again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			file, err := os.Open(arguments[0])
			if err != nil {
				return usageError{err}
			}
			defer file.Close() //nolint:errcheck // it was only read
			rows, err := readRoster(file)
			if err != nil {
				return usageError{fmt.Errorf("%s: %w", arguments[0], err)}
			}
			return manage(command, s, func(ctx context.Context, m *management) error { return m.importRoster(ctx, rows) })
		},
	}
}

// maxRoster is how many people one file may name.
const maxRoster = 5_000

// readRoster reads name, email, role and client of each line after the first, and tells every wrong role.
func readRoster(file io.Reader) ([][]string, error) {
	rows, err := csv.NewReader(io.LimitReader(file, 4<<20)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], []string{"name", "email", "role", "client"}) {
		return nil, errors.New("the first line must be: name,email,role,client")
	}
	rows = rows[1:]
	if len(rows) > maxRoster {
		return nil, fmt.Errorf("%d people are named; %d is the most", len(rows), maxRoster)
	}
	var wrong []error
	for i, row := range rows {
		if row[3] == "" {
			row[3] = "staff"
		}
		if err := checkRole(row[2], row[3]); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", i+2, err))
		}
	}
	return rows, errors.Join(wrong...)
}

func (m *management) importRoster(ctx context.Context, rows [][]string) error {
	organisations := map[string]domain.ClientID{}
	var unknown []error
	for _, row := range rows {
		if _, known := organisations[row[3]]; known {
			continue
		}
		client, err := m.client(ctx, row[3])
		if err != nil {
			unknown = append(unknown, err)
		}
		organisations[row[3]] = client
	}
	if err := errors.Join(unknown...); err != nil {
		return err
	}
	all, left := []invited{}, []string{}
	for i, row := range rows {
		made, err := m.invite(ctx, domain.PersonID{UUID: uuid.New()}, invitee{name: row[0], email: row[1], role: domain.Role(row[2]), client: organisations[row[3]]})
		if _, refused := errors.AsType[*domain.Refusal](err); refused {
			left = append(left, fmt.Sprintf("line %d: %v", i+2, err))
			continue
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", i+2, err)
		}
		all = append(all, made)
	}
	links := make([]string, len(all))
	for i, made := range all {
		links[i] = made.Email + "\t" + made.Link
	}
	return m.say(map[string]any{"invited": all, "left": left}, "%d invited, %d left out\n%s", len(all), len(left), strings.Join(slices.Concat(links, left), "\n"))
}

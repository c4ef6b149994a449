package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/commands"
	"effigate/domain/money"
	"effigate/infra/accounts"
	staffrows "effigate/readmodels/staff"
)

func clientCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "client", GroupID: "operate", Short: "Register clients, and set how their people log in",
		Long: `Register clients, and set how their people log in. CLIENT is an id or a name; where login is concerned "staff" means
the firm's own people.`,
	}
	command.AddCommand(clientListCommand(s), clientRegisterCommand(s), clientSeatLimitCommand(s), clientLoginRulesCommand(s), clientSSOCommand(s))
	return command
}

func clientListCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the clients", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return manage(command, s, func(ctx context.Context, m *management) error {
				clients, rows := []staffrows.Client{}, []table.Row{}
				err := m.eachClient(ctx, func(c staffrows.Client) {
					clients = append(clients, c)
					rows = append(rows, table.Row{c.ID, c.Name, c.Zone, c.Currency, fmt.Sprintf("%d of %d", c.SeatsTaken, c.Seats)})
				})
				if err != nil {
					return err
				}
				return m.print(clients, table.Row{"id", "name", "zone", "currency", "seats"}, rows)
			})
		},
	}
}

func clientRegisterCommand(s *settings) *cobra.Command {
	var c commands.RegisterClient
	var currency string
	command := &cobra.Command{
		Use: "register --name NAME", Short: "Register a client", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return manage(command, s, func(ctx context.Context, m *management) error {
				c.Currency = money.Currency(currency)
				answer, err := m.service.RegisterClient(ctx, m.request(), c)
				if err != nil {
					return err
				}
				return m.say(map[string]any{"id": answer.ID, "name": c.Name}, "%s is client %s", c.Name, answer.ID)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.Name, "name", "", "the client's name")
	flags.StringVar(&c.Zone, "zone", "UTC", "IANA name of its zone")
	flags.StringVar(&c.Language, "language", "en", "its language")
	flags.StringVar(&currency, "currency", "EUR", "its currency")
	_ = command.MarkFlagRequired("name") // It is defined above.
	return command
}

func clientSeatLimitCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "seat-limit CLIENT N", Short: "Set up to how many users the client's own admins may invite", Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			limit, err := strconv.Atoi(arguments[1])
			if err != nil {
				return usageError{fmt.Errorf("%q is no number of seats", arguments[1])}
			}
			return manage(command, s, func(ctx context.Context, m *management) error {
				client, err := m.client(ctx, arguments[0])
				if err != nil {
					return err
				}
				if client.IsZero() {
					return usageError{errors.New("staff have no seats")}
				}
				if _, err := m.service.SetSeatLimit(ctx, m.request(), commands.SetSeatLimit{Client: client, Limit: limit}); err != nil {
					return err
				}
				return m.say(map[string]any{"client": client, "seats": limit}, "client %s may have %d users", client, limit)
			})
		},
	}
}

// loginRules are an organisation's rules as the command line prints them.
type loginRules struct {
	SecondFactor bool      `json:"second_factor"`
	Domains      []string  `json:"domains"`
	Passwords    bool      `json:"passwords"`
	SSO          *loginSSO `json:"sso,omitempty"`
}

type loginSSO struct {
	Issuer   string   `json:"issuer"`
	ClientID string   `json:"client_id"`
	Domains  []string `json:"domains"`
	Join     bool     `json:"join"`
}

func (m *management) sayRules(r accounts.Rules) error {
	shown := loginRules{SecondFactor: r.SecondFactor, Domains: append([]string{}, r.Domains...), Passwords: !r.PasswordsOff}
	text := fmt.Sprintf("second factor required: %t\npasswords: %t\ninvited domains: %s", r.SecondFactor, !r.PasswordsOff, orAny(r.Domains))
	if r.SSO != nil {
		shown.SSO = &loginSSO{r.SSO.Issuer, r.SSO.ClientID, append([]string{}, r.SSO.Domains...), r.SSO.Join}
		text += fmt.Sprintf("\nsingle sign-on: %s as %s for %s, unknown people join: %t", r.SSO.Issuer, r.SSO.ClientID, strings.Join(r.SSO.Domains, ", "), r.SSO.Join)
	}
	return m.say(shown, "%s", text)
}

func orAny(domains []string) string {
	if len(domains) == 0 {
		return "any"
	}
	return strings.Join(domains, ", ")
}

// changeRules changes an organisation's rules and prints them.
func changeRules(command *cobra.Command, s *settings, of string, change func(*accounts.Rules) error) error {
	return manage(command, s, func(ctx context.Context, m *management) error {
		client, err := m.client(ctx, of)
		if err != nil {
			return err
		}
		rules, err := m.of(client).Rules(ctx, client)
		if err != nil {
			return err
		}
		rules.Client = client
		if change != nil {
			if err := change(&rules); err != nil {
				return err
			}
			if err := m.of(client).SetRules(ctx, rules); err != nil {
				return err
			}
			m.note(ctx, accounts.KindRules, client, client.String())
		}
		return m.sayRules(rules)
	})
}

func clientLoginRulesCommand(s *settings) *cobra.Command {
	var factor, passwords bool
	var domains []string
	command := &cobra.Command{
		Use: "login-rules CLIENT", Short: "Print, and with flags change, how a client's people log in", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			changed := command.Flags().Changed
			if !changed("second-factor") && !changed("passwords") && !changed("domains") {
				return changeRules(command, s, arguments[0], nil)
			}
			return changeRules(command, s, arguments[0], func(r *accounts.Rules) error {
				if changed("second-factor") {
					r.SecondFactor = factor
				}
				if changed("passwords") {
					r.PasswordsOff = !passwords
				}
				if changed("domains") {
					r.Domains = domains
				}
				return nil
			})
		},
	}
	flags := command.Flags()
	flags.BoolVar(&factor, "second-factor", false, "whether everybody must have a second factor")
	flags.BoolVar(&passwords, "passwords", true, "whether passwords are good; without them single sign-on is the only way in")
	flags.StringSliceVar(&domains, "domains", nil, "of the addresses that may be invited; empty for any")
	return command
}

func clientSSOCommand(s *settings) *cobra.Command {
	var sso accounts.SSO
	var secretFile string
	var off bool
	command := &cobra.Command{
		Use: "sso CLIENT", Short: "Set the OpenID provider by which a client's people log in",
		Long: `Set the OpenID provider by which a client's people log in. The provider must know the address
/login/sso/callback of the portal, or of the console for staff. Its secret comes from a file, so that it is in no
shell history.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if off {
				return changeRules(command, s, arguments[0], func(r *accounts.Rules) error {
					r.SSO, r.PasswordsOff = nil, false
					return nil
				})
			}
			if secretFile != "" {
				secret, err := readSecretFile(secretFile)
				if err != nil {
					return usageError{err}
				}
				sso.Secret = secret
			}
			return changeRules(command, s, arguments[0], func(r *accounts.Rules) error {
				r.SSO = &sso
				return nil
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&sso.Issuer, "issuer", "", "the provider's URL")
	flags.StringVar(&sso.ClientID, "client-id", "", "what the provider calls this installation")
	flags.StringVar(&secretFile, "secret-file", "", "file that holds the provider's secret; without it the stored one stays")
	flags.StringSliceVar(&sso.Domains, "domains", nil, "of the addresses that are sent to the provider")
	flags.BoolVar(&sso.Join, "join", false, "whether people unknown here become users at their first login")
	flags.BoolVar(&off, "off", false, "end single sign-on; passwords are good again")
	command.MarkFlagsOneRequired("issuer", "off")
	command.MarkFlagsMutuallyExclusive("issuer", "off")
	command.MarkFlagsRequiredTogether("issuer", "client-id")
	return command
}

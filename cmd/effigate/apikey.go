package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	staffrows "effigate/readmodels/staff"
)

func apikeyCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "apikey", GroupID: "operate", Short: "Make, list and revoke API keys of people",
		Long: `Make, list and revoke API keys. A key acts as its person, within its scopes, and ends with the person's access. PERSON
is an id, as "effigate user list" shows it.`,
	}
	command.AddCommand(apikeyCreateCommand(s), apikeyListCommand(s), apikeyRevokeCommand(s))
	return command
}

// apikey is a key as the command line shows it; Key is there once.
type apikey struct {
	ID       uuid.UUID  `json:"id"`
	Name     string     `json:"name"`
	Hint     string     `json:"hint"`
	Scopes   []string   `json:"scopes"` // empty: everything that the person may
	Expires  time.Time  `json:"expires"`
	LastUsed *time.Time `json:"last_used,omitempty"`
	Key      string     `json:"key,omitempty"`
}

func apikeyOf(k accounts.Key) apikey {
	shown := apikey{ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: []string{}, Expires: k.ExpiresAt}
	for _, scope := range k.Scopes {
		shown.Scopes = append(shown.Scopes, string(scope))
	}
	if !k.LastUsedAt.IsZero() {
		shown.LastUsed = &k.LastUsedAt
	}
	return shown
}

func apikeyCreateCommand(s *settings) *cobra.Command {
	var name string
	var scopes []string
	var days int
	command := onPersonCommand(s, "create PERSON --name NAME", "Make an API key for somebody and print it, once",
		func(ctx context.Context, m *management, row staffrows.Person) error {
			key := accounts.Key{Person: domain.PersonID{UUID: row.ID}, Client: organisationOf(row), Name: name, ExpiresAt: clock().AddDate(0, 0, days)}
			for _, scope := range scopes {
				if _, known := access.Of(access.Permission(scope)); !known {
					return usageError{fmt.Errorf("there is no permission %q; docs/PERMISSIONS.md lists them", scope)}
				}
				key.Scopes = append(key.Scopes, access.Permission(scope))
			}
			made, token, err := m.of(key.Client).CreateKey(ctx, key)
			if err != nil {
				return err
			}
			m.note(ctx, accounts.KindKey, key.Client, made.ID.String())
			shown := apikeyOf(made)
			shown.Key = token
			return m.say(shown, "%s", token)
		})
	command.Flags().StringVar(&name, "name", "", "what the key is for")
	command.Flags().StringSliceVar(&scopes, "scopes", nil, "permissions that the key has; all of the person's when empty")
	command.Flags().IntVar(&days, "days", 90, "after how many days the key ends, a year at most")
	_ = command.MarkFlagRequired("name") // It is defined above.
	return command
}

func apikeyListCommand(s *settings) *cobra.Command {
	return onPersonCommand(s, "list PERSON", "List somebody's API keys", func(ctx context.Context, m *management, row staffrows.Person) error {
		keys, err := m.of(organisationOf(row)).Keys(ctx, domain.PersonID{UUID: row.ID})
		if err != nil {
			return err
		}
		shown, rows := make([]apikey, len(keys)), make([]table.Row, len(keys))
		for i, k := range keys {
			shown[i] = apikeyOf(k)
			rows[i] = table.Row{k.ID, k.Name, k.Hint, orAny(shown[i].Scopes), k.ExpiresAt.Format(time.DateOnly)}
		}
		return m.print(shown, table.Row{"id", "name", "begins", "scopes", "expires"}, rows)
	})
}

func apikeyRevokeCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "revoke PERSON KEY", Short: "End an API key", Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			key, err := uuid.Parse(arguments[1])
			if err != nil {
				return usageError{fmt.Errorf("%q is no id of a key; `effigate apikey list` shows them", arguments[1])}
			}
			return manage(command, s, func(ctx context.Context, m *management) error {
				row, err := m.person(ctx, arguments[0])
				if err != nil {
					return err
				}
				if err := m.of(organisationOf(row)).RevokeKey(ctx, domain.PersonID{UUID: row.ID}, key); err != nil {
					return err
				}
				m.note(ctx, accounts.KindKey, organisationOf(row), key.String())
				return m.say(map[string]any{"id": key, "status": "revoked"}, "key %s has ended", key)
			})
		},
	}
}

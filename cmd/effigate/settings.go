package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// settings is what the environment and the flags say. Flags win. Each secret may also come from a file
// named by the variable with _FILE appended.
type settings struct {
	Data        string `env:"EFFIGATE_DATA"                envDefault:"./var"`
	EventStore  string `env:"EFFIGATE_EVENTSTORE"`
	ClientURL   string `env:"EFFIGATE_CLIENT_DATABASE_URL"`
	StaffURL    string `env:"EFFIGATE_STAFF_DATABASE_URL"`
	PortalAddr  string `env:"EFFIGATE_PORTAL_ADDR"         envDefault:":8080"`
	ConsoleAddr string `env:"EFFIGATE_CONSOLE_ADDR"        envDefault:":8081"`
	AdminAddr   string `env:"EFFIGATE_ADMIN_ADDR"          envDefault:"127.0.0.1:9090"`
	LogLevel    string `env:"EFFIGATE_LOG_LEVEL"`
	LogFormat   string `env:"EFFIGATE_LOG_FORMAT"`
	JSON        bool   `env:"-"`
}

// secrets are the variables that may come from a file.
var secrets = []string{"EFFIGATE_EVENTSTORE", "EFFIGATE_CLIENT_DATABASE_URL", "EFFIGATE_STAFF_DATABASE_URL"}

// bindSettings reads the environment before any command runs and puts flags over it. What is wrong is
// reported all at once.
func bindSettings(root *cobra.Command) *settings {
	s := &settings{}
	flags := root.PersistentFlags()
	given := settings{}
	flags.StringVar(&given.Data, "data", "", "data directory (EFFIGATE_DATA, default ./var)")
	flags.StringVar(&given.LogLevel, "log-level", "", "debug, info, warn or error; info for servers, warn for tools (EFFIGATE_LOG_LEVEL)")
	flags.StringVar(&given.LogFormat, "log-format", "", "text or json; text on a terminal (EFFIGATE_LOG_FORMAT)")
	flags.BoolVar(&s.JSON, "json", false, "print JSON")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if err := s.read(); err != nil {
			return usageError{err}
		}
		for flag, value := range map[*string]string{&s.Data: given.Data, &s.LogLevel: given.LogLevel, &s.LogFormat: given.LogFormat} {
			if value != "" {
				*flag = value
			}
		}
		return s.check()
	}
	return s
}

// read takes the environment, and the files that it names for secrets.
func (s *settings) read() error {
	environment := env.ToMap(os.Environ())
	var wrong []error
	for _, name := range secrets {
		path := environment[name+"_FILE"]
		if path == "" {
			continue
		}
		if environment[name] != "" {
			wrong = append(wrong, fmt.Errorf("%s and %s_FILE are both set; set one", name, name))
			continue
		}
		secret, err := os.ReadFile(path)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		environment[name] = strings.TrimSpace(string(secret))
	}
	if err := env.ParseWithOptions(s, env.Options{Environment: environment}); err != nil {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// check reports every wrong value.
func (s *settings) check() error {
	var wrong []error
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil && s.LogLevel != "" {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_LOG_LEVEL is %q; it must be debug, info, warn or error", s.LogLevel))
	}
	if !slices.Contains([]string{"", "text", "json"}, s.LogFormat) {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_LOG_FORMAT is %q; it must be text or json", s.LogFormat))
	}
	if (s.ClientURL == "") != (s.StaffURL == "") {
		wrong = append(wrong, errors.New("EFFIGATE_CLIENT_DATABASE_URL and EFFIGATE_STAFF_DATABASE_URL must be given together; without both the databases are private"))
	}
	if s.ClientURL != "" && s.ClientURL == s.StaffURL {
		wrong = append(wrong, errors.New("EFFIGATE_CLIENT_DATABASE_URL and EFFIGATE_STAFF_DATABASE_URL are the same; clients and staff never share a database"))
	}
	if s.EventStore != "" && !strings.HasPrefix(s.EventStore, "esdb") && !strings.HasPrefix(s.EventStore, "kurrentdb") {
		wrong = append(wrong, errors.New("EFFIGATE_EVENTSTORE must begin with esdb://, esdb+discover:// or be empty"))
	}
	absolute, err := filepath.Abs(s.Data)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_DATA: %w", err))
	}
	s.Data = absolute
	if err := errors.Join(wrong...); err != nil {
		return usageError{err}
	}
	return nil
}

// logger writes to standard error: text for people, JSON for collectors. Unless set, servers tell what
// they do and tools only what goes wrong.
func (s *settings) logger(unset slog.Level) *slog.Logger {
	level := unset
	if s.LogLevel != "" {
		_ = level.UnmarshalText([]byte(s.LogLevel)) // check has parsed it.
	}
	options := &slog.HandlerOptions{Level: level}
	format := s.LogFormat
	if format == "" && !term.IsTerminal(int(os.Stderr.Fd())) {
		format = "json"
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

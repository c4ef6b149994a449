package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"effigate/infra/mail"
	"effigate/infra/webhook"
)

// settings is what the environment and the flags say. Flags win. Each secret may also come from a file
// named by the variable with _FILE appended.
type settings struct {
	Data           string `env:"EFFIGATE_DATA"                envDefault:"./var"`
	Roles          string `env:"EFFIGATE_ROLES"`
	EventStore     string `env:"EFFIGATE_EVENTSTORE"`
	ClientURL      string `env:"EFFIGATE_CLIENT_DATABASE_URL"`
	StaffURL       string `env:"EFFIGATE_STAFF_DATABASE_URL"`
	ReaderURL      string `env:"EFFIGATE_CLIENT_READER_URL"`
	AccountsURL    string `env:"EFFIGATE_CLIENT_ACCOUNTS_URL"`
	PublicFiles    string `env:"EFFIGATE_BLOBS_PUBLIC"`
	Key            string `env:"EFFIGATE_KEY"`
	SealKey        string `env:"EFFIGATE_SEAL_KEY"`
	CommandURL     string `env:"EFFIGATE_COMMAND_URL"`
	CommandAddr    string `env:"EFFIGATE_COMMAND_ADDR"`
	CommandToken   string `env:"EFFIGATE_COMMAND_TOKEN"`
	PortalAddr     string `env:"EFFIGATE_PORTAL_ADDR"         envDefault:":8080"`
	ConsoleAddr    string `env:"EFFIGATE_CONSOLE_ADDR"        envDefault:":8081"`
	AdminAddr      string `env:"EFFIGATE_ADMIN_ADDR"          envDefault:"127.0.0.1:9090"`
	BaseURL        string `env:"EFFIGATE_BASE_URL"`
	ConsoleURL     string `env:"EFFIGATE_CONSOLE_URL"`
	TrustedProxies string `env:"EFFIGATE_TRUSTED_PROXIES"`
	SMTPURL        string `env:"EFFIGATE_SMTP_URL"`
	PaymentSecret  string `env:"EFFIGATE_PAYMENT_SECRET"`
	AccessLogDays  int    `env:"EFFIGATE_ACCESS_LOG_DAYS"     envDefault:"400"`
	LogLevel       string `env:"EFFIGATE_LOG_LEVEL"`
	LogFormat      string `env:"EFFIGATE_LOG_FORMAT"`
	JSON           bool   `env:"-"`

	rolesFlag string
	// loopbackProviders allows OpenID providers on this machine. No variable sets it: the demo does.
	loopbackProviders bool
}

// secrets are the variables that may come from a file.
var secrets = []string{
	"EFFIGATE_EVENTSTORE", "EFFIGATE_CLIENT_DATABASE_URL", "EFFIGATE_STAFF_DATABASE_URL", "EFFIGATE_CLIENT_READER_URL",
	"EFFIGATE_CLIENT_ACCOUNTS_URL", "EFFIGATE_KEY", "EFFIGATE_SEAL_KEY", "EFFIGATE_COMMAND_TOKEN", "EFFIGATE_SMTP_URL", "EFFIGATE_PAYMENT_SECRET",
}

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
		for flag, value := range map[*string]string{&s.Data: given.Data, &s.LogLevel: given.LogLevel, &s.LogFormat: given.LogFormat, &s.Roles: s.rolesFlag} {
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
		secret, err := readSecretFile(path)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		environment[name] = secret
	}
	if err := env.ParseWithOptions(s, env.Options{Environment: environment}); err != nil {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// readSecretFile reads a secret that a file holds, without the line's end.
func readSecretFile(path string) (string, error) {
	secret, err := os.ReadFile(path)
	return strings.TrimSpace(string(secret)), err
}

// check reports every wrong value.
func (s *settings) check() error {
	wrong := slices.Concat(s.wrongLog(), s.wrongStores(), s.wrongWeb())
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

func (s *settings) wrongLog() (wrong []error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil && s.LogLevel != "" {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_LOG_LEVEL is %q; it must be debug, info, warn or error", s.LogLevel))
	}
	if !slices.Contains([]string{"", "text", "json"}, s.LogFormat) {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_LOG_FORMAT is %q; it must be text or json", s.LogFormat))
	}
	return wrong
}

// wrongStores never repeats a value: passwords are in them.
func (s *settings) wrongStores() (wrong []error) {
	if (s.ClientURL == "") != (s.StaffURL == "") {
		wrong = append(wrong, errors.New("EFFIGATE_CLIENT_DATABASE_URL and EFFIGATE_STAFF_DATABASE_URL must be given together; without both the databases are private"))
	}
	if s.ClientURL != "" && s.ClientURL == s.StaffURL {
		wrong = append(wrong, errors.New("EFFIGATE_CLIENT_DATABASE_URL and EFFIGATE_STAFF_DATABASE_URL are the same; clients and staff never share a database"))
	}
	if s.EventStore != "" && !strings.HasPrefix(s.EventStore, "esdb") && !strings.HasPrefix(s.EventStore, "kurrentdb") {
		wrong = append(wrong, errors.New("EFFIGATE_EVENTSTORE must begin with esdb://, esdb+discover:// or be empty"))
	}
	if s.Key != "" && len(s.Key) < minSecret {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_KEY must have at least %d characters", minSecret))
	}
	if s.CommandToken != "" && len(s.CommandToken) < minSecret {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_COMMAND_TOKEN must have at least %d characters", minSecret))
	}
	return wrong
}

// minSecret is the least length of a secret that no person types, in characters.
const minSecret = 32

func (s *settings) wrongWeb() (wrong []error) {
	if _, err := s.roles(); err != nil {
		wrong = append(wrong, err)
	}
	for _, setting := range []struct {
		name, value string
		schemes     []string
	}{
		{"EFFIGATE_BASE_URL", s.BaseURL, []string{"http", "https"}},
		{"EFFIGATE_CONSOLE_URL", s.ConsoleURL, []string{"http", "https"}},
		{"EFFIGATE_COMMAND_URL", s.CommandURL, []string{"http", "https"}},
	} {
		u, err := url.Parse(setting.value)
		if setting.value != "" && (err != nil || u.Host == "" || !slices.Contains(setting.schemes, u.Scheme)) {
			wrong = append(wrong, fmt.Errorf("%s must be a URL that begins with %s://", setting.name, strings.Join(setting.schemes, ":// or ")))
		}
	}
	for _, name := range []string{s.BaseURL, s.ConsoleURL} {
		if u, err := url.Parse(name); err == nil && strings.Trim(u.Path, "/") != "" {
			wrong = append(wrong, fmt.Errorf("%s has a path; portal and console are each the root of a host name", name))
		}
	}
	if _, err := mail.Parse(s.SMTPURL); err != nil && s.SMTPURL != "" {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_SMTP_URL: %w", err))
	}
	if _, err := s.paymentSecret(); err != nil {
		wrong = append(wrong, err)
	}
	if _, err := s.trustedProxies(); err != nil {
		wrong = append(wrong, err)
	}
	if s.AccessLogDays < 1 || s.AccessLogDays > 3650 {
		wrong = append(wrong, fmt.Errorf("EFFIGATE_ACCESS_LOG_DAYS is %d; it must be between 1 and 3650", s.AccessLogDays))
	}
	return wrong
}

// paymentSecret is what a payment gateway signs with; none where nobody listens to one.
func (s *settings) paymentSecret() ([]byte, error) {
	if s.PaymentSecret == "" {
		return nil, nil
	}
	secret, err := webhook.ParseSecret(s.PaymentSecret)
	if err != nil {
		return nil, fmt.Errorf("EFFIGATE_PAYMENT_SECRET: %w", err)
	}
	return secret, nil
}

// trustedProxies are the networks whose word counts for where a request comes from.
func (s *settings) trustedProxies() (networks []netip.Prefix, err error) {
	for text := range strings.FieldsFuncSeq(s.TrustedProxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		network, failed := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, failed = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("EFFIGATE_TRUSTED_PROXIES names %q; it must list addresses and networks such as 10.0.0.0/8, divided by commas", text))
		}
		networks = append(networks, network.Masked())
	}
	return networks, err
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

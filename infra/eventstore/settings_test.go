package eventstore_test

import (
	"log/slog"
	"strings"
	"testing"

	"effigate/infra/eventstore"
)

// TestConnectionString refuses what the official client would take in silence, and never shows the password.
func TestConnectionString(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ given, want string }{
		"no scheme":                              {"admin:s3cret@host:2113", "connection string"},
		"another scheme":                         {"http://admin:s3cret@host:2113", "esdb://"},
		"a slash in the password":                {"esdb://admin:s3/cret@host:2113", "connection string"},
		"a control character":                    {"esdb://admin:s3cret\x7f@host:2113", "not of the form"},
		"a port that is none":                    {"esdb://admin:s3cret@host:port", "not of the form"},
		"an unknown setting":                     {"esdb://admin:s3cret@host:2113?tsl=true", `"tsl"`},
		"a setting given twice":                  {"esdb://admin:s3cret@host:2113?tls=true&tls=false", "2 times"},
		"a query that is none":                   {"esdb://admin:s3cret@host:2113?%zz", "key=value"},
		"no TLS over a network":                  {"esdb://admin:s3cret@host:2113?tls=false", "this machine only"},
		"no TLS to one of several":               {"esdb://admin:s3cret@localhost:2113,host:2114?tls=false", "this machine only"},
		"any certificate":                        {"esdb://admin:s3cret@host:2113?tlsVerifyCert=false", "this machine only"},
		"a follower":                             {"esdb://admin:s3cret@host:2113?nodePreference=follower", "leader"},
		"no time for the discovery":              {"esdb://admin:s3cret@host:2113?gossipTimeout=0", "gossipTimeout"},
		"a certificate file that does not exist": {"esdb://admin:s3cret@host:2113?tlsCaFile=/does/not/exist", "/does/not/exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := eventstore.Open(t.Context(), eventstore.Options{
				ConnectionString: test.given, Registry: samples(t), Logger: slog.New(slog.DiscardHandler),
			})
			if err == nil {
				_ = client.Close()
				t.Fatal("accepted")
			}
			if text := err.Error(); !strings.Contains(text, test.want) || strings.Contains(text, "cret") {
				t.Errorf("got %q, want %q and no password", text, test.want)
			}
		})
	}
	if _, err := eventstore.Open(t.Context(), eventstore.Options{ConnectionString: "esdb://localhost:2113"}); err == nil {
		t.Error("no registry: accepted")
	}
}

package embedded_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"effigate/infra/eventstore/embedded"
)

// A certificate is kept while it lasts, and renewed under the same authority, so that clients need not be told.
func TestCertificates(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	first, authority, err := embedded.Certificates(directory, "127.0.0.1", begin)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		host     string
		after    time.Duration
		prepare  func() error
		kept     bool
		sameRoot bool
	}{
		{"soon again", "127.0.0.1", 30 * day, nil, true, true},
		{"another host", "events.example", 30 * day, nil, false, true},
		{"near its end", "127.0.0.1", 340 * day, nil, false, true},
		{"torn", "127.0.0.1", 341 * day, func() error {
			return os.Truncate(filepath.Join(directory, "node.key"), 20)
		}, false, true},
		{"authority near its end", "127.0.0.1", 20*365*day - 10*day, nil, false, false},
	} {
		if c.prepare != nil {
			if err := c.prepare(); err != nil {
				t.Fatal(err)
			}
		}
		now := begin.Add(c.after)
		node, root, err := embedded.Certificates(directory, c.host, now)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if node.Equal(first) != c.kept || root.Equal(authority) != c.sameRoot {
			t.Errorf("%s: certificate kept %v, authority kept %v", c.name, node.Equal(first), root.Equal(authority))
		}
		if err := node.CheckSignatureFrom(root); err != nil || node.VerifyHostname(c.host) != nil || !node.NotAfter.After(now.Add(50*day)) {
			t.Errorf("%s: unfit: %v, until %v", c.name, err, node.NotAfter)
		}
		first = node
	}
}

package zone_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/zone"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	winter := time.Date(2026, time.January, 15, 12, 0, 0, 0, time.UTC)
	for name, offset := range map[string]string{
		"UTC":                  "+0000",
		"Europe/Berlin":        "+0100",
		"Australia/Sydney":     "+1100",
		"Australia/Lord_Howe":  "+1100",
		"America/St_Johns":     "-0330",
		"Antarctica/Troll":     "+0000",
		"Africa/Casablanca":    "+0100",
		"Pacific/Apia":         "+1300",
		"Pacific/Kiritimati":   "+1400",
		"America/Indiana/Knox": "-0600",
	} {
		location, err := zone.Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := zone.Load(name)
		if err != nil || again != location {
			t.Errorf("%s: loaded twice it is not the same: %v", name, err)
		}
		if got := winter.In(location).Format("-0700"); got != offset || location.String() != name {
			t.Errorf("%s: got %s at %s, want %s", name, location, got, offset)
		}
		if !zone.Valid(name) {
			t.Errorf("%s: is loaded but not valid", name)
		}
	}
}

// A name that depends on the host, on letter case or on a path is no zone.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "local", "europe/berlin", "Europe", "Europe/", "../zone.go", "/etc/localtime", "Nowhere/Here", "Europe/Berlin\x00"} {
		location, err := zone.Load(name)
		if err == nil || location != nil || zone.Valid(name) {
			t.Errorf("%q: got %v, %v", name, location, err)
		}
		if err != nil && !strings.Contains(err.Error(), "no zone of the tz database "+zone.Version) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What the host says about zones changes nothing (A31: a server far away).
func TestHostDoesNotMatter(t *testing.T) {
	t.Parallel()
	if os.Getenv("EFFIGATE_ZONE_TEST") != "" {
		location, err := zone.Load("Australia/Sydney")
		if err != nil {
			t.Fatal(err)
		}
		t.Log("read:", time.Unix(1_775_314_800, 0).In(location).Format(time.RFC3339))
		_, err = zone.Load("Local")
		t.Log("local:", err != nil)
		return
	}
	for _, host := range []string{"", "Pacific/Apia", "America/Los_Angeles", "/nowhere"} {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHostDoesNotMatter$", "-test.v")
		command.Env = []string{"EFFIGATE_ZONE_TEST=1", "TZ=" + host, "ZONEINFO=/nowhere"}
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("TZ=%s: %v\n%s", host, err, out)
		}
		for _, want := range []string{"read: 2026-04-05T02:00:00+11:00", "local: true"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("TZ=%s: want %s in\n%s", host, want, out)
			}
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	loaded := make([]*time.Location, 16)
	for i := range loaded {
		all.Go(func() {
			location, err := zone.Load("America/Sao_Paulo")
			if err != nil {
				t.Error(err)
			}
			loaded[i] = location
		})
	}
	all.Wait()
	for _, location := range loaded {
		if location != loaded[0] {
			t.Error("two callers got different zones of one name")
		}
	}
}

// VENDOR.md tells where the database comes from; it must speak of this very file and release.
func TestVendored(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("zoneinfo.zip")
	if err != nil {
		t.Fatal(err)
	}
	note, err := os.ReadFile("VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	var row []string
	for line := range strings.Lines(string(note)) {
		if strings.HasPrefix(line, "| zoneinfo.zip ") {
			for cell := range strings.SplitSeq(strings.Trim(line, "|\n"), "|") {
				row = append(row, strings.TrimSpace(cell))
			}
		}
	}
	sum := sha256.Sum256(content)
	if len(row) != 5 {
		t.Fatalf("the row of zoneinfo.zip is %q", row)
	}
	if diff := cmp.Diff([]string{zone.Version, "public domain", hex.EncodeToString(sum[:])}, row[2:]); diff != "" {
		t.Errorf("VENDOR.md (-file +note)\n%s", diff)
	}
}

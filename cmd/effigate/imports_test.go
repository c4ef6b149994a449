package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Groups of our packages, without the module's name. A new aggregate or value type is placed here and
// in .golangci.yml.
const (
	arithmetic = "domain/bucket domain/calendar domain/forecast domain/hours domain/money domain/rate domain/sla domain/terms domain/zone"
	values     = "domain/bill " + arithmetic
	aggregates = "domain/client domain/contract domain/creditnote domain/exchange domain/invoice domain/issuer domain/numbering domain/payment domain/period domain/person domain/ratecard domain/slapolicy domain/ticket domain/timer domain/workcalendar"
	// shared are the values that the client side may work with; how work is split, priced and promised is none of
	// them.
	shared = "domain/money domain/zone"
	// clientSafe is the part of the domain that the client side may import: no package of it is an
	// aggregate's, and what an aggregate's event says is out of its reach.
	clientSafe  = "domain domain/access domain/visible " + shared
	wholeDomain = clientSafe + " " + values + " " + aggregates
)

// direct says which of our packages a package may import itself. One that no row names fails.
var direct = []struct{ packages, may, because string }{
	{
		"domain/visible", "",
		"what clients may see is defined without knowing what they may not",
	},
	{
		"domain", "domain/visible",
		"every aggregate rests on it, so it rests on none",
	},
	{
		arithmetic, arithmetic,
		"values are arithmetic and know no aggregate",
	},
	{
		"domain/bill", "domain " + arithmetic,
		"what a document says names ids and refuses as the domain does, and knows no aggregate that issues it",
	},
	{
		"domain/access", "domain",
		"who may do what is one table, which both sides read and no aggregate owns",
	},
	{
		aggregates, clientSafe + " " + values,
		"an aggregate decides from its own history; others are ids, shared through domain",
	},
	{
		"domain/spec", "domain domain/visible",
		"it tests any aggregate and knows none",
	},
	{
		"commands", wholeDomain,
		"use cases see stores through interfaces of their own, so that they run without one",
	},
	{
		"commands/commandstest", "commands " + wholeDomain,
		"what stands in for a store in tests of commands needs no store",
	},
	{
		"projections", "domain domain/visible",
		"the engine runs the disclosures that cmd hands it and knows no aggregate",
	},
	{
		"projections/projectionstest", "projections domain domain/visible",
		"what stands in for the event store in tests of projections knows no aggregate either",
	},
	{
		"projections/client", "projections readmodels/client " + clientSafe,
		"it writes the client store and must not compile against internal facts",
	},
	{
		"projections/staff", "projections readmodels/staff " + wholeDomain,
		"it writes the staff store alone",
	},
	{
		"projections/staff/stafftest",
		"commands/commandstest projections projections/staff readmodels/staff infra/postgres infra/postgres/postgrestest " + wholeDomain,
		"tests get the staff read model made of what the product makes it of",
	},
	{
		"readmodels/client", clientSafe,
		"it answers clients and must not compile against internal facts",
	},
	{
		"readmodels/staff", "domain domain/access domain/visible " + values,
		"it answers from rows, and calls an invoice's state as its client does; folding events is the projection's work",
	},
	{
		"infra/eventstore", "projections infra/eventstore/embedded " + wholeDomain,
		"it stores the events of all aggregates and is the source that projections read; an embedded log is scanned in process",
	},
	{
		"infra/eventstore/embedded", "infra/eventstore/embedded/store",
		"the node serves any event and knows nothing of the product, so that a cluster can take its place",
	},
	{
		"infra/blob infra/eventstore/embedded/store infra/outside infra/postgres/private infra/telemetry", "",
		"what stores, starts, reaches or counts knows nothing of the product",
	},
	{
		"infra/postgres", "domain domain/visible projections",
		"it moves rows and checkpoint of any projection and knows no aggregate",
	},
	{
		"infra/postgres/postgrestest", "infra/postgres infra/postgres/private",
		"tests get databases made the way the product makes them",
	},
	{
		"infra/messaging", "commands projections infra/eventstore " + wholeDomain,
		"process managers answer facts with commands and read no rows",
	},
	{
		"infra/files", "commands infra/blob " + wholeDomain,
		"it brings bytes and facts together; who asks for either, others know",
	},
	{
		"infra/holidays", "domain/calendar",
		"it proposes days; a calendar holds them, and nothing that reckons asks it",
	},
	{
		"infra/sheet", "",
		"it reads tables of any kind and knows no format",
	},
	{
		"infra/timesheets", "infra/sheet " + wholeDomain,
		"it tells what a file says; who and what that is here, others know",
	},
	{
		"infra/paper", "domain/bill domain/calendar domain/money",
		"it prints what documents say and reckons nothing",
	},
	{
		"infra/seal", "",
		"it signs hashes and knows no fact that has one",
	},
	{
		"infra/audit", "commands projections projections/staff readmodels/staff infra/seal " + wholeDomain,
		"it compares what was written with what comes out again, and opens no store itself",
	},
	{
		"infra/incidents", "commands infra/sheet " + wholeDomain,
		"it turns a file into commands, without a store or a clock",
	},
	{
		"infra/accounts/accountstest infra/web/browsertest", "",
		"a provider or a browser for tests knows nobody who uses it",
	},
	{
		"infra/accounts", "domain domain/access infra/auth infra/outside",
		"it proves who somebody is; what a person may do follows from facts that it does not read",
	},
	{
		"infra/webhook", "domain infra/auth infra/outside",
		"it delivers what it is given and knows no fact",
	},
	{
		"infra/webhook/clienthook", "infra/webhook projections readmodels/client " + clientSafe,
		"it tells clients what changed for them and must not compile against internal facts",
	},
	{
		"infra/webhook/staffhook", "domain infra/webhook projections",
		"it tells names and ids, for which it needs no aggregate",
	},
	{
		"infra/mail", "domain infra/accounts",
		"it delivers what the accounts have to say and knows no other fact",
	},
	{
		"infra/auth", "domain domain/access",
		"it tells who acts and judges that by the one table; credentials are kept elsewhere",
	},
	{
		"infra/web", "domain domain/access infra/auth",
		"both sides share it, so it knows neither",
	},
	{
		"infra/web/page", "domain infra/web",
		"it lays out what it is given and looks nothing up",
	},
	{
		"infra/web/page/gallery", "infra/web/page",
		"it shows every part once, for eyes and for tests",
	},
	{
		"infra/web/signin", "domain domain/access infra/accounts infra/auth infra/web infra/web/page",
		"both sides log in by the same pages, so it knows neither",
	},
	{
		"infra/web/webhooks", "domain domain/access infra/auth infra/web infra/web/page infra/webhook",
		"both sides manage their webhooks by the same pages, so it knows neither",
	},
	{
		"infra/web/portal",
		"readmodels/client infra/accounts infra/auth infra/blob infra/web infra/web/page infra/web/signin infra/web/webhooks infra/webhook " + clientSafe,
		"it faces the internet; cmd hands it the use cases as an interface in plain types",
	},
	{
		"infra/web/relay", "domain domain/access infra/accounts infra/auth infra/web infra/web/portal",
		"it carries the portal's commands between two processes and adds none",
	},
	{
		"infra/web/console",
		"commands readmodels/staff infra/accounts infra/auth infra/blob infra/files infra/holidays infra/web infra/web/page infra/web/signin infra/web/webhooks infra/webhook " + wholeDomain,
		"staff read the staff store alone",
	},
}

// closure bounds what a package of the client side reaches through whatever it imports, so that a row
// of direct that is widened elsewhere cannot open it.
var closure = []struct{ name, ours string }{
	{"projections/client", "projections readmodels/client " + clientSafe},
	{"readmodels/client", clientSafe},
	{"infra/webhook/clienthook", "infra/auth infra/outside infra/webhook projections readmodels/client " + clientSafe},
	{"infra/web/portal", "readmodels/client infra/accounts infra/auth infra/blob infra/web infra/web/page infra/web/signin infra/web/webhooks infra/outside infra/webhook " + clientSafe},
	{"infra/web/relay", "readmodels/client infra/accounts infra/auth infra/blob infra/web infra/web/page infra/web/portal infra/web/signin infra/web/webhooks infra/outside infra/webhook " + clientSafe},
}

// eventStores are the modules through which internal facts could be read.
const eventStores = "github.com/EventStore/... github.com/cockroachdb/pebble/..."

const (
	// pureLibraries are all that the domain and the commands use beside the standard library.
	pureLibraries = "github.com/google/uuid github.com/shopspring/decimal"
	// testLibraries are what tests of the domain may use besides, so that they need no server.
	testLibraries = "github.com/google/go-cmp/... pgregory.net/rapid"
	// impure are the standard packages by which the world would enter the domain: deadlines, chance,
	// files, networks, databases and logs.
	impure = "context crypto/rand database/... log/... math/rand/... net/... os/... syscall/..."
)

// libraries are the only modules that the pure layers use; the first row that fits a package counts.
var libraries = []struct{ packages, may string }{
	{"domain/visible", "github.com/google/uuid"},
	{"domain/spec commands/commandstest", pureLibraries + " " + testLibraries},
	{"domain/... commands/...", pureLibraries},
}

// TestImportRule holds the tree to the tables above. Of tests it only asks that the domain's stay within
// the domain; others may need a server to test against.
func TestImportRule(t *testing.T) {
	t.Parallel()
	tree := list(t)
	t.Run("direct imports", func(t *testing.T) {
		t.Parallel()
		for _, p := range tree {
			checkDirect(t, p)
		}
	})
	t.Run("closure of the client side", func(t *testing.T) {
		t.Parallel()
		for _, row := range closure {
			at := slices.IndexFunc(tree, func(p listed) bool { return p.name() == row.name })
			if at < 0 {
				t.Errorf("%s is gone: move its row with it", row.name)
				continue
			}
			for _, path := range tree[at].Deps {
				name, ours := ownName(path)
				if ours && !matches(row.ours, name) || matches(eventStores, path) {
					t.Errorf("%s reaches %s: internal facts would be within reach of the client side", row.name, path)
				}
			}
		}
	})
	t.Run("libraries of the pure layers", func(t *testing.T) {
		t.Parallel()
		for _, p := range tree {
			checkLibraries(t, p)
		}
	})
}

func checkDirect(t *testing.T, p listed) {
	t.Helper()
	if p.name() == "cmd/effigate" {
		return // It wires everything, and is the only package that may.
	}
	for _, row := range direct {
		if !matches(row.packages, p.name()) {
			continue
		}
		for _, path := range p.Imports {
			if name, ours := ownName(path); ours && !matches(row.may, name) {
				t.Errorf("%s imports %s: %s", p.name(), name, row.because)
			}
		}
		return
	}
	t.Errorf("%s has no row: say here and in .golangci.yml what it may import, and why", p.name())
}

func checkLibraries(t *testing.T, p listed) {
	t.Helper()
	for _, row := range libraries {
		if !matches(row.packages, p.name()) {
			continue
		}
		for _, path := range p.Imports {
			if isLibrary(path) && !matches(row.may, path) {
				t.Errorf("%s imports %s: the pure layers use %s and nothing else", p.name(), path, row.may)
			}
			if matches("domain/...", p.name()) && matches(impure, path) {
				t.Errorf("%s imports %s: the domain has no I/O, context, clock or chance", p.name(), path)
			}
		}
		break
	}
	if !matches("domain/...", p.name()) {
		return
	}
	for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
		name, ours := ownName(path)
		if ours && !matches("domain/...", name) ||
			isLibrary(path) && !matches(testLibraries+" "+pureLibraries, path) {
			t.Errorf("a test of %s imports %s: the domain is tested by itself", p.name(), path)
		}
	}
}

// listed is what `go list -json` says of a package of ours.
type listed struct {
	ImportPath                               string
	Imports, TestImports, XTestImports, Deps []string
}

func (p listed) name() string {
	name, _ := ownName(p.ImportPath)
	return name
}

// list gives every package of the module.
func list(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list",
		"-json=ImportPath,Imports,TestImports,XTestImports,Deps", "effigate/...")
	output, err := command.Output()
	if err != nil {
		if failure, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, failure.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("read the answer of go list: %v", err)
		}
		all = append(all, p)
	}
}

// ownName strips the module's name and reports whether the package is ours.
func ownName(path string) (string, bool) { return strings.CutPrefix(path, "effigate/") }

// isLibrary reports whether a package is neither ours nor of the standard library.
func isLibrary(path string) bool {
	_, ours := ownName(path)
	host, _, _ := strings.Cut(path, "/")
	return !ours && strings.Contains(host, ".")
}

// matches reports whether a path is in a list of names and patterns divided by spaces; "a/..." is a and
// all below it, as for the go command.
func matches(patterns, path string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		root, tree := strings.CutSuffix(pattern, "/...")
		return path == root || tree && strings.HasPrefix(path, root+"/")
	})
}

package access_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"effigate/domain"
	"effigate/domain/access"
)

// declared gives the names and texts of the permissions, as the source of the package declares them.
func declared(t *testing.T) map[string]access.Permission {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "access.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]access.Permission{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Permission" {
			text := spec.Values[0].(*ast.BasicLit).Value
			found[spec.Names[0].Name] = access.Permission(strings.Trim(text, `"`))
		}
		return true
	})
	if len(found) < 20 {
		t.Fatalf("found %d permissions in the source", len(found))
	}
	return found
}

func TestEveryPermissionHasOneRule(t *testing.T) {
	t.Parallel()
	var want, got []access.Permission
	for _, permission := range declared(t) {
		want = append(want, permission)
	}
	for _, rule := range access.Rules() {
		got = append(got, rule.Permission)
		if found, ok := access.Of(rule.Permission); !ok || found.Title != rule.Title {
			t.Errorf("the rule of %s is %+v, %t", rule.Permission, found, ok)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("permissions with a rule (-declared +ruled):\n%s", diff)
	}
	if rule, ok := access.Of("nothing.such"); ok || rule.Roles != nil {
		t.Errorf("what nobody declared has the rule %+v", rule)
	}
}

// A permission that no command, route or query asks for protects nothing.
func TestEveryPermissionIsAskedFor(t *testing.T) {
	t.Parallel()
	missing := declared(t)
	tree := os.DirFS("../..")
	for _, dir := range []string{"commands", "infra", "cmd", "readmodels"} {
		err := fs.WalkDir(tree, dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := fs.ReadFile(tree, path)
			for name := range missing {
				if strings.Contains(string(source), "access."+name) {
					delete(missing, name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range missing {
		t.Errorf("nothing asks for access.%s", name)
	}
}

// What holds of every cell, whatever the product decides about single ones.
func TestScopesAreSensible(t *testing.T) {
	t.Parallel()
	// Finance writes what concerns money and nothing else; the owner never stands in for the client, and logs
	// nobody else's time.
	money := []access.Permission{
		access.ManageRates, access.ManageCosts, access.ManagePeriods, access.DecideDeductions, access.DraftInvoices,
		access.ApproveInvoices, access.IssueInvoices, access.ReceivePayments, access.SettleDisputes, access.DescribeBilling, access.RecordExchange,
		access.SecureAccount,
	}
	own := []access.Permission{access.OwnAccount, access.SecureAccount, access.FollowChanges, access.LogTime}
	for _, rule := range access.Rules() {
		granted := false
		for role, scope := range rule.Roles {
			if !slices.Contains(access.Roles(), role) {
				t.Errorf("%s names the role %q, which there is not", rule.Permission, role)
			}
			staff := scope == access.All || scope == access.OwnClients || scope == access.Own
			client := scope == access.Organisation || scope == access.Granted || scope == access.Own
			if role.Side() == domain.StaffSide && !staff || role.Side() == domain.ClientSide && !client {
				t.Errorf("%s has %s on %q, which is no scope of its side", role, rule.Permission, scope)
			}
			if scope == access.OwnClients && role != domain.AccountManager {
				t.Errorf("%s has %s on its own clients, and never has any", role, rule.Permission)
			}
			if scope == access.Granted && role != domain.ClientEmployee {
				t.Errorf("%s has %s by grant, and holds none", role, rule.Permission)
			}
			granted = granted || scope == access.Granted
			if rule.Write && role == domain.Auditor && rule.Permission != access.SecureAccount {
				t.Errorf("%s only reads, and has %s", role, rule.Permission)
			}
			if rule.Write && role == domain.Finance && !slices.Contains(money, rule.Permission) {
				t.Errorf("%s writes what concerns money alone, and has %s", role, rule.Permission)
			}
		}
		if granted != (rule.Grant != "") || granted && !rule.Grant.Valid() {
			t.Errorf("%s has the grant %q", rule.Permission, rule.Grant)
		}
		if rule.StepUp && !rule.Write {
			t.Errorf("%s reads, and wants a fresh proof", rule.Permission)
		}
		want := access.All
		if slices.Contains(own, rule.Permission) {
			want = access.Own
		} else if rule.Permission == access.AcceptContracts || rule.Permission == access.DisputeInvoices {
			want = access.Nothing
		}
		if scope := rule.Roles[domain.Owner]; scope != want {
			t.Errorf("an owner has %s on %q, want %q", rule.Permission, scope, want)
		}
		if rule.Title == "" || strings.ContainsAny(rule.Title, "|\n") {
			t.Errorf("%s has the title %q", rule.Permission, rule.Title)
		}
	}
}

// The cells of the product's matrix (F54) that exist so far, written down a second time from there.
func TestTheProductsMatrix(t *testing.T) {
	t.Parallel()
	const (
		none, all, clients    = access.Nothing, access.All, access.OwnClients
		own, granted, organis = access.Own, access.Granted, access.Organisation
	)
	for permission, want := range map[access.Permission][10]access.Scope{
		// Owner, Account Manager, Delivery, Engineer, Support, Finance, Auditor, Ops, Client Admin, Client Employee
		access.PublishTickets:   {all, clients, all, own, own, none, none, none, none, none},
		access.ReadTickets:      {all, all, all, all, all, none, all, none, organis, own},
		access.RaiseTickets:     {all, all, all, all, all, none, none, none, organis, organis},
		access.CommentTickets:   {all, clients, all, all, all, none, none, none, organis, own},
		access.ReopenTickets:    {all, none, all, all, all, none, none, none, organis, own},
		access.WorkTickets:      {all, none, all, all, all, none, none, none, none, none},
		access.ReadContracts:    {all, all, all, none, all, all, all, none, organis, granted},
		access.ManageContracts:  {all, all, none, none, none, none, none, none, none, none},
		access.ApproveContracts: {all, none, none, none, none, none, none, none, none, none},
		access.ReadTerms:        {all, all, none, none, none, all, all, none, none, none},
		access.AcceptContracts:  {none, none, none, none, none, none, none, none, organis, none},
		access.ReadRates:        {all, none, none, none, none, all, all, none, none, none},
		access.SummariseRates:   {all, all, none, none, none, all, all, none, none, none},
		access.ManageRates:      {all, none, none, none, none, all, none, none, none, none},
		access.ReadCosts:        {all, none, none, none, none, all, all, none, none, none},
		access.ManageCosts:      {all, none, none, none, none, all, none, none, none, none},
		access.ReadPolicies:     {all, all, all, none, all, none, all, none, none, none},
		access.ManagePolicies:   {all, none, none, none, none, none, none, none, none, none},
		access.ReadTime:         {all, all, all, own, own, all, all, none, none, none},
		access.LogTime:          {own, none, own, own, own, none, none, none, none, none},
		access.ApproveTime:      {all, none, all, none, none, none, none, none, none, none},
		access.ImportTime:       {all, none, all, none, none, none, none, none, none, none},
		access.ReadPeriods:      {all, all, none, none, none, all, all, none, none, none},
		access.ManagePeriods:    {all, none, none, none, none, all, none, none, none, none},
		access.ReadPeople:       {all, all, none, none, none, none, all, none, organis, none},
		access.ManagePeople:     {all, all, none, none, none, none, none, none, organis, none},
		access.ResetPasswords:   {all, clients, none, none, none, none, none, none, none, none},
		access.ReadAccessLog:    {all, clients, none, none, none, none, all, none, organis, none},
		access.ReadProjections:  {all, none, none, none, none, none, all, all, none, none},
		access.OperateMail:      {all, none, none, none, none, none, none, all, none, none},
		access.SetLoginRules:    {all, clients, none, none, none, none, none, none, none, none},
		access.ErasePeople:      {all, none, none, none, none, none, none, none, none, none},
		access.ManageStaff:      {all, none, none, none, none, none, none, none, none, none},
		access.AssignManagers:   {all, none, none, none, none, none, none, none, none, none},
	} {
		var got [10]access.Scope
		permitted := map[domain.Side][]domain.Role{}
		for i, role := range access.Roles() {
			if got[i] = access.ScopeOf(role, permission); got[i] != none {
				permitted[role.Side()] = append(permitted[role.Side()], role)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-product +table):\n%s", permission, diff)
		}
		for _, side := range []domain.Side{domain.StaffSide, domain.ClientSide} {
			if diff := cmp.Diff(permitted[side], access.Permitted(permission, side), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("roles of the %s side with %s (-scope +permitted):\n%s", side, permission, diff)
			}
		}
	}
	if access.ScopeOf("king", access.ReadTickets) != none || access.ScopeOf("", access.ReadTickets) != none {
		t.Error("a role that does not exist may read")
	}
}

// Clients learn the names of those staff alone who may write to them.
func TestWhomClientsMeet(t *testing.T) {
	t.Parallel()
	var met []domain.Role
	for _, role := range append(access.Roles(), "king", "") {
		if access.MeetsClients(role) {
			met = append(met, role)
		}
	}
	want := []domain.Role{domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer, domain.Support}
	if diff := cmp.Diff(want, met); diff != "" {
		t.Errorf("clients meet (-want +got):\n%s", diff)
	}
}

// Rules hands out a table of the caller's own.
func TestNobodyChangesTheTable(t *testing.T) {
	t.Parallel()
	for _, rule := range access.Rules() {
		rule.Roles[domain.ClientEmployee] = access.All
	}
	if scope := access.ScopeOf(domain.ClientEmployee, access.ManageStaff); scope != access.Nothing {
		t.Errorf("after somebody wrote into a copy, an employee manages %q", scope)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	text := access.Markdown()
	lines := strings.Split(text, "\n")
	for i, line := range lines[:2+len(access.Rules())] {
		if got, want := strings.Count(line, "|"), 3+len(access.Roles()); got != want {
			t.Errorf("line %d has %d bars, want %d: %s", i+1, got, want, line)
		}
	}
	for _, want := range []string{
		"| Publish and withdraw | `tickets.publish` | ✔ | own clients | ✔ | own | own | – | – | – | – | – |",
		"| See contracts: scope and hours (ro) | `contracts.read` | ✔ | ✔ | ✔ | – | ✔ | ✔ | ✔ | – | organisation | `contract.read` |",
		"| Erase a person's data † | `people.erase` | ✔ | – | – | – | – | – | – | – | – | – |",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("there is no line %s in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "?") || strings.Contains(text, "|  |") {
		t.Errorf("a cell says nothing:\n%s", text)
	}
	for _, grant := range access.Grants() {
		if !grant.Valid() {
			t.Errorf("%s is no grant", grant)
		}
	}
}

package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"effigate/domain"
)

// The roles of F54 that the rows below are made of.
var (
	business = staffRoles[:7] // without Ops
	manage   = []domain.Role{domain.Owner, domain.AccountManager}
	work     = []domain.Role{domain.Owner, domain.Delivery, domain.Engineer, domain.Support}
	converse = slices.Concat(work, []domain.Role{domain.AccountManager})
	read     = slices.Concat(converse, []domain.Role{domain.Auditor})
	disclose = []domain.Role{domain.Owner, domain.AccountManager, domain.Delivery}
)

// access says for every operation which roles it lets through, and a body that it understands.
var access = map[string]struct {
	roles []domain.Role
	body  string
}{
	"list-clients":        {business, ""},
	"read-client":         {business, ""},
	"register-client":     {manage, `{"name":"Nexus","zone":"UTC","language":"en","currency":"EUR"}`},
	"list-contracts":      {[]domain.Role{domain.Owner, domain.AccountManager, domain.Delivery, domain.Support, domain.Finance, domain.Auditor}, ""},
	"draft-contract":      {manage, `{"reference":"C","type":"fixed","job_types":[{"key":"a","name":"A"}],"support_level":"standard","starts":"2026-01-01"}`},
	"activate-contract":   {manage, ""},
	"list-tickets":        {read, ""},
	"count-tickets":       {read, ""},
	"read-ticket":         {read, ""},
	"raise-ticket":        {converse, `{"client":"` + missing + `","contract":"` + missing + `","job_type":"a","title":"T","priority":"low"}`},
	"triage-ticket":       {work, `{"contract":"` + missing + `","job_type":"a","priority":"low"}`},
	"assign-ticket":       {work, `{"team":"Platform"}`},
	"start-ticket":        {work, ""},
	"comment-on-ticket":   {converse, `{"text":"Hello.","visibility":"internal_only"}`},
	"note-on-ticket":      {work, `{"text":"Hello."}`},
	"wait-on-ticket":      {work, `{"for":"third_party"}`},
	"resume-ticket":       {work, ""},
	"resolve-ticket":      {work, `{}`},
	"close-ticket":        {work, ""},
	"reopen-ticket":       {work, `{}`},
	"preview-publication": {disclose, ""},
	"publish-ticket":      {disclose, `{}`},
	"withdraw-ticket":     {disclose, `{}`},
	"withdraw-comment":    {disclose, `{}`},
	"list-projections":    {[]domain.Role{domain.Owner, domain.Auditor, domain.Ops}, ""},
}

// missing is the id of nothing.
const missing = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

// TestAccess asks for every operation of the API's own description as everybody, about things that do not
// exist. An operation without a row fails.
func TestAccess(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	known := map[string]bool{}
	for path, methods := range o.description.Paths {
		for method, operation := range methods {
			method = strings.ToUpper(method)
			known[operation.OperationID] = true
			if operation.OperationID == "events" {
				continue // A stream: see TestEvents.
			}
			row, ok := access[operation.OperationID]
			if !ok {
				t.Errorf("%s %s has no row: say who may", method, path)
				continue
			}
			target := strings.NewReplacer("{id}", missing, "{comment}", missing).Replace(path)
			o.call("", method, target, row.body).refused(t, http.StatusUnauthorized, "unauthenticated")
			for _, role := range []domain.Role{domain.ClientAdmin, domain.ClientEmployee} {
				o.call(role, method, target, row.body).refused(t, http.StatusNotFound, "not_found")
			}
			for _, role := range staffRoles {
				got := o.call(role, method, target, row.body)
				allowed := slices.Contains(row.roles, role)
				switch {
				case allowed == (got.status == http.StatusForbidden), got.status >= http.StatusInternalServerError:
					t.Errorf("%s as %s: %d %s", operation.OperationID, role, got.status, got.body)
				case allowed && strings.Contains(path, "{") && got.status != http.StatusNotFound:
					t.Errorf("%s of nothing as %s: %d %s", operation.OperationID, role, got.status, got.body)
				}
				if broken := strings.ReplaceAll(target, missing, "41"); allowed && broken != target {
					o.call(role, method, broken, row.body).refused(t, http.StatusNotFound, "not_found")
				}
			}
		}
	}
	for operation := range access {
		if !known[operation] {
			t.Errorf("%s has a row and does not exist", operation)
		}
	}
}

func TestProjections(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	var list struct {
		Items []struct{ Name, Position, State string }
	}
	o.get(domain.Ops, api+"/projections", "", &list)
	if len(list.Items) != 1 || list.Items[0].Name != "staff" || list.Items[0].Position != "7/7" || list.Items[0].State != "live" {
		t.Errorf("projections: %+v", list.Items)
	}
}

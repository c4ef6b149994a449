package console_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/client"
)

func TestClientsAndTheirContracts(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	id, _ := o.engagement()
	user := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "carl")}
	of := domain.ClientID{UUID: uuid.MustParse(id)}
	o.join(user, of, domain.ClientAdmin, "Carl")
	o.world.Log.Record(t, client.Stream(of), client.AccountManagerAssigned{
		Staff: client.AccountManagerAssignedStaff{Manager: personOf(domain.AccountManager)},
	})
	draft := `{"reference":"CON-2025-001","type":"fixed","job_types":[{"key":"api","name":"API"}],"support_level":"24x7","starts":"2025-01-01","ends":"2025-12-31"}`
	contract, at := o.post(domain.AccountManager, api+"/clients/"+id+"/contracts", draft)

	var one struct {
		Name, Currency string
		Users          []struct{ ID, Role, Status string }
		People         map[string]string
	}
	if tag := o.get(domain.Auditor, api+"/clients/"+id, at, &one).Get("ETag"); tag != `"3"` {
		t.Errorf("ETag %s", tag)
	}
	want := map[string]string{
		user.String(): "Carl", personOf(domain.AccountManager).String(): "The account_manager",
	}
	if diff := cmp.Diff(want, one.People); diff != "" || one.Name != "Nexus Corp" || len(one.Users) != 1 || one.Users[0].Role != "client_admin" {
		t.Errorf("client %+v, people (-want +got):\n%s", one, diff)
	}
	contracts := func(at string) map[string]string {
		var list struct {
			Items []struct{ Reference, Status string }
		}
		o.get(domain.Support, api+"/clients/"+id+"/contracts", at, &list)
		states := map[string]string{}
		for _, item := range list.Items {
			states[item.Reference] = item.Status
		}
		return states
	}
	if diff := cmp.Diff(map[string]string{"CON-2024-018": "active", "CON-2025-001": "draft"}, contracts(at)); diff != "" {
		t.Errorf("contracts (-want +got):\n%s", diff)
	}
	_, at = o.post(domain.Owner, api+"/contracts/"+contract+"/activate", "")
	if diff := cmp.Diff(map[string]string{"CON-2024-018": "active", "CON-2025-001": "active"}, contracts(at)); diff != "" {
		t.Errorf("contracts after activation (-want +got):\n%s", diff)
	}
}

func TestPagesOfClients(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	var at string
	for _, name := range []string{"Gamma", "alpha", "Beta"} {
		_, at = o.post(domain.Owner, api+"/clients", `{"name":"`+name+`","zone":"UTC","language":"en","currency":"EUR"}`)
	}
	var names []string
	for cursor := ""; len(names) < 10; {
		var page struct {
			Items []struct{ Name string }
			Next  string
		}
		o.get(domain.Finance, api+"/clients?limit=2&cursor="+cursor, at, &page)
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"alpha", "Beta", "Gamma"}, names); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	o.call(domain.Finance, http.MethodGet, api+"/clients?cursor=x", "").refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	o.call(domain.Owner, http.MethodPost, api+"/clients", `{"name":"X","zone":"Mars/Base","language":"en","currency":"EUR"}`).
		refused(t, http.StatusUnprocessableEntity, "invalid_fields")
}

// TestWithoutTheClientDatabaseNamesAreMissing and nothing else is.
func TestWithoutTheClientDatabaseNamesAreMissing(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	id, _ := o.engagement()
	user := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "carl")}
	o.join(user, domain.ClientID{UUID: uuid.MustParse(id)}, domain.ClientAdmin, "Carl")
	o.clients.down.Store(true)
	_, at := o.post(domain.Owner, api+"/clients", `{"name":"Other","zone":"UTC","language":"en","currency":"EUR"}`)
	var one struct {
		Users  []struct{ ID string }
		People map[string]string
	}
	o.get(domain.Auditor, api+"/clients/"+id, at, &one)
	if len(one.Users) != 1 || one.Users[0].ID != user.String() || len(one.People) != 0 {
		t.Errorf("client: %+v", one)
	}
}

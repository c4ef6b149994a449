package console_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/blob"
)

func newStore(t *testing.T) *blob.Store {
	t.Helper()
	store, err := blob.NewStore(t.TempDir(), blob.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// A file goes its whole way over the API: attached, read, published, withdrawn, erased.
func TestTheWayOfAFile(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	ticket, _ := o.raise(client, contract, `,"visibility":"client_visible"`)
	path := api + "/tickets/" + ticket + "/attachments"
	file, position := o.post(domain.Support, path+"?name=trace.log&visibility=internal_only", "line 1\nline 2\n")
	read := func(position string) reply {
		t.Helper()
		got, _ := o.send(domain.Engineer, http.MethodGet, api+"/attachments/"+file, "", "Effigate-After", position) // It is no JSON.
		return got
	}
	got := read(position)
	if got.status != http.StatusOK || string(got.body) != "line 1\nline 2\n" || got.header.Get("Content-Disposition") != `attachment; filename="trace.log"; filename*=UTF-8''trace.log` {
		t.Errorf("%d %s, %v", got.status, got.body, got.header)
	}
	public := func(want bool) {
		t.Helper()
		there, err := o.public.Has(uuid.MustParse(file))
		if err != nil || there != want {
			t.Errorf("in the public store: %t, %v", there, err)
		}
	}
	public(false)
	_, position = o.post(domain.Owner, path+"/"+file+"/publish", `{"reason":"asked for"}`)
	public(true)
	var shown struct{ Attachments []struct{ Visibility string } }
	o.get(domain.Support, api+"/tickets/"+ticket, position, &shown)
	if len(shown.Attachments) != 1 || shown.Attachments[0].Visibility != "client_visible" {
		t.Errorf("the ticket shows %+v", shown)
	}
	o.post(domain.Owner, path+"/"+file+"/withdraw", "")
	o.settle(ticket)
	public(false)
	_, position = o.post(domain.Owner, path+"/"+file+"/erase", `{"reason":"not ours"}`)
	o.settle(ticket)
	read(position).refused(t, http.StatusNotFound, "file_erased")
	if _, err := o.internal.Open(uuid.MustParse(file)); err == nil {
		t.Error("the bytes of an erased file are there")
	}
}

// settle does what the lane does after each fact.
func (o *office) settle(ticket string) {
	o.t.Helper()
	if err := o.files.Settle(o.t.Context(), domain.TicketID{UUID: uuid.MustParse(ticket)}); err != nil {
		o.t.Error(err)
	}
}

// Files go with the ticket that is published, and what is wrong with a file is said.
func TestPublishingATicketWithItsFiles(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	ticket, _ := o.raise(client, contract, "")
	path := api + "/tickets/" + ticket
	with, _ := o.post(domain.Support, path+"/attachments?name=a.txt&visibility=internal_only", "with it")
	without, _ := o.post(domain.Support, path+"/attachments?name=b.txt&visibility=internal_only", "without")
	o.call(domain.Support, http.MethodPost, path+"/attachments?name=c.txt&visibility=client_visible", "x").refused(t, http.StatusConflict, "parent_internal")
	o.call(domain.Support, http.MethodPost, path+"/attachments?name=c.txt", "x").refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	o.call(domain.Support, http.MethodPost, path+"/attachments?name=c.txt&visibility=internal_only", "").refused(t, http.StatusUnprocessableEntity, "file_empty")
	o.post(domain.Owner, path+"/publish", fmt.Sprintf(`{"attachments":[%q],"reason":"agreed"}`, with))
	content, err := o.public.Open(uuid.MustParse(with))
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close() //nolint:errcheck // it was only read
	if text, err := io.ReadAll(content); err != nil || string(text) != "with it" {
		t.Errorf("the client reads %q, %v", text, err)
	}
	if there, err := o.public.Has(uuid.MustParse(without)); there || err != nil {
		t.Errorf("another file went with it: %v", err)
	}
	if got := o.call(domain.Ops, http.MethodGet, api+"/attachments/"+with, ""); got.status == http.StatusOK || strings.Contains(string(got.body), "with it") {
		t.Errorf("who reads no tickets reads a file: %d", got.status)
	}
}

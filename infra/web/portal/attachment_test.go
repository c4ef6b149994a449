package portal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain/visible"
	"effigate/infra/blob"
)

// shelf holds what was disclosed, by id.
type shelf map[uuid.UUID]string

// shelved are the files of the tests, one of each client.
var shelved = shelf{id(57): "0123456789", id(58): "what is globex's", id(94): "we ordered one", id(95): "globex ordered two"}

func (s shelf) Open(file uuid.UUID) (*blob.Content, error) {
	text, there := s[file]
	if !there {
		return nil, fmt.Errorf("%w: %s", blob.ErrMissing, file)
	}
	return &blob.Content{SectionReader: io.NewSectionReader(strings.NewReader(text), 0, int64(len(text))), Size: int64(len(text)), SHA256: s.digest(file)}, nil
}

func (s shelf) digest(file uuid.UUID) string {
	sum := sha256.Sum256([]byte(s[file]))
	return hex.EncodeToString(sum[:])
}

// record is what clients see of a file.
func (s shelf) record(file, client, on uuid.UUID) visible.Attachment {
	return visible.Attachment{
		Client: client, ID: file, Ticket: on, Author: id(14), Name: `Über "uns".txt`, Type: "text/plain",
		Size: int64(len(s[file])), SHA256: s.digest(file), At: monday,
	}
}

// A file is there for whoever may see its ticket, as long as it is visible: an old link dies with its withdrawal, and
// tells nothing (A9).
func TestA9FileLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for _, path := range []string{base + "/attachments/", "/attachments/"} {
		got := call(w.Portal, http.MethodGet, path+id(57).String(), "eve", "")
		if got.Code != 200 || got.Body.String() != shelved[id(57)] {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		for header, want := range map[string]string{
			"Content-Type": "text/plain", "Cache-Control": "private, no-store", "Etag": `"` + shelved.digest(id(57)) + `"`,
			"Content-Disposition":     `attachment; filename="_ber _uns_.txt"; filename*=UTF-8''%C3%9Cber%20%22uns%22.txt`,
			"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
		} {
			if got := got.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", path, header, got, want)
			}
		}
		if part := call(w.Portal, http.MethodGet, path+id(57).String(), "ada", "", "Range", "bytes=2-4"); part.Code != 206 || part.Body.String() != "234" {
			t.Errorf("%s: a part is %d %s", path, part.Code, part.Body)
		}
		for caller, file := range map[string]uuid.UUID{"fay": id(57), "gil": id(57), "ada": id(58), "eve": id(58), "sue": id(57), "": id(57)} {
			got := call(w.Portal, http.MethodGet, path+file.String(), caller, "")
			if got.Code == 200 || strings.Contains(got.Body.String(), "0123") || strings.Contains(got.Body.String(), "globex's") || got.Header().Get("Content-Disposition") != "" {
				t.Errorf("%s as %q: %d %s", path, caller, got.Code, got.Body)
			}
		}
	}
	w.await(t, w.hide(visible.Key{Client: acme, Kind: visible.KindAttachment, ID: id(57)}))
	for _, caller := range []string{"ada", "eve"} {
		if got := call(w.Portal, http.MethodGet, base+"/attachments/"+id(57).String(), caller, ""); got.Code != 404 {
			t.Errorf("after the withdrawal, as %s: %d", caller, got.Code)
		}
	}
}

// A file that the store has lost, or that is another than was disclosed, is not given out.
func TestAFileThatIsNotWhatWasDisclosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	gone, other := shelved.record(id(59), acme, id(102)), shelved.record(id(57), acme, id(102))
	other.SHA256 = digest
	w.await(t, w.show(gone, other))
	for file, status := range map[uuid.UUID]int{id(59): 404, id(57): 500} {
		got := call(w.Portal, http.MethodGet, base+"/attachments/"+file.String(), "ada", "")
		if got.Code != status || strings.Contains(got.Body.String(), "0123") {
			t.Errorf("%d %s, want %d", got.Code, got.Body, status)
		}
	}
}

// upload is a form with a file, after its fields.
func upload(t *testing.T, name, content string, fields ...string) (media, body string) {
	t.Helper()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	var failed []error
	for i := 0; i < len(fields); i += 2 {
		failed = append(failed, parts.WriteField(fields[i], fields[i+1]))
	}
	part, err := parts.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err := errors.Join(append(failed, err, parts.Close())...); err != nil {
		t.Fatal(err)
	}
	return parts.FormDataContentType(), form.String()
}

// A file goes to the use case as it arrives, from a program and from a page's form.
func TestFilesAreHandedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	large := strings.Repeat("0123456789", 200_000)
	ticket := "/tickets/" + id(102).String() + "/attachments"
	got := call(w.Portal, http.MethodPost, base+ticket+"?name=a.log", "eve", large, "Content-Type", "application/octet-stream")
	if got.Code != 201 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	media, form := upload(t, "b.log", "its bytes", "key", "of the form")
	got = call(w.Portal, http.MethodPost, ticket, "eve", form, "Content-Type", media, "Accept", "text/html")
	if got.Code != 303 || !strings.HasPrefix(got.Header().Get("Location"), "/tickets/"+id(102).String()+"?") {
		t.Fatalf("%d to %q: %s", got.Code, got.Header().Get("Location"), got.Body)
	}
	if diff := cmp.Diff([]any{"a.log", large, "b.log", "its bytes"}, w.commands.said); diff != "" {
		t.Errorf("handed on (-want +got):\n%.500s", diff)
	}
	if r := w.commands.asked[1]; r.Key != "of the form" || r.Route != "POST "+base+ticket || r.Actor != people["eve"] {
		t.Errorf("asked as %+v", r)
	}
	before := w.commands.count()
	for name, path := range map[string]string{
		"another's ticket": "/tickets/" + id(103).String() + "/attachments?name=a", "no ticket": "/tickets/" + uuid.Max.String() + "/attachments?name=a",
	} {
		if got := call(w.Portal, http.MethodPost, base+path, "ada", large); got.Code != 404 || w.commands.count() != before {
			t.Errorf("%s: %d, and it was handed on: %t", name, got.Code, w.commands.count() != before)
		}
	}
}

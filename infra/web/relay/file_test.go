package relay_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web/portal"
	"effigate/infra/web/relay"
)

// A file crosses whole, however large, and a credential that proves nothing brings none.
func TestFilesCross(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	client := relay.NewClient(server.URL, processToken)
	content := strings.Repeat("0123456789abcdef", 1<<20)
	file := portal.AttachFile{Ticket: uuid.UUID{1}, Name: "Übersicht <1>.txt"}
	if _, err := client.AttachFile(t.Context(), ask(portal.SessionCredential, "ravi"), file, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if got := cases.ran[0].Arguments; got[0] != file || got[1] != content {
		t.Errorf("%+v crossed, with %d bytes", got[0], len(got[1].(string))) //nolint:forcetypeassert // the fake put it there
	}
	for name, with := range map[string]portal.Request{
		"nobody":              ask("", ""),
		"an ended session":    ask(portal.SessionCredential, "ended"),
		"staff":               ask(portal.SessionCredential, "maya"),
		"without the factor":  ask(portal.SessionCredential, "new here"),
		"a key without scope": ask(portal.KeyCredential, "olivia's key"),
	} {
		_, err := client.AttachFile(t.Context(), with, file, strings.NewReader(content))
		if !errors.Is(err, auth.ErrUnauthenticated) && !errors.Is(err, domain.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(cases.ran) != 1 {
		t.Errorf("%d came through", len(cases.ran)-1)
	}
}

// errSender is why a browser's file breaks off.
var errSender = errors.New("the browser went away")

// A file that breaks off on its way to the portal is no use case, and the portal learns its own reason.
func TestAFileThatBreaksOffIsNotTaken(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	half := io.MultiReader(strings.NewReader(strings.Repeat("half", 1<<16)), iotest.ErrReader(errSender))
	_, err := relay.NewClient(server.URL, processToken).AttachFile(t.Context(), ask(portal.SessionCredential, "ravi"), portal.AttachFile{Ticket: uuid.UUID{1}, Name: "a"}, half)
	if !errors.Is(err, errSender) || len(cases.ran) != 0 {
		t.Errorf("%v, and %d ran", err, len(cases.ran))
	}
}

// A connection to the endpoint that breaks leaves the outcome unknown. The bytes are gone, so nothing is repeated.
func TestAnUploadOfUnknownOutcomeIsUnavailable(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		tries.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	_, err := relay.NewClient(server.URL, processToken).AttachFile(t.Context(), ask(portal.SessionCredential, "ravi"), portal.AttachFile{Name: "a"}, strings.NewReader("bytes"))
	if !errors.Is(err, domain.ErrUnavailable) || tries.Load() != 1 {
		t.Errorf("%v after %d tries", err, tries.Load())
	}
}

// slowFile never ends, and notices whoever reads it after it was taken back.
type slowFile struct {
	reading chan struct{} // gets a token when somebody waits for bytes
	more    chan struct{} // gives one byte for a token
	back    atomic.Bool
	late    atomic.Bool
}

func (f *slowFile) Read(p []byte) (int, error) {
	if f.back.Load() {
		f.late.Store(true)
		return 0, io.EOF
	}
	select {
	case f.reading <- struct{}{}:
	default:
	}
	<-f.more
	p[0] = 'x'
	return 1, nil
}

// An endpoint may answer before it has the file. Whoever asked then reads what is left of it alone: a form's parts do
// not bear two readers.
func TestNobodyReadsAFileThatIsAnswered(t *testing.T) {
	t.Parallel()
	answered := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_ = http.NewResponseController(w).Flush()
		<-answered
	}))
	defer server.Close()
	file := &slowFile{reading: make(chan struct{}, 1), more: make(chan struct{})}
	done := make(chan error)
	go func() {
		_, err := relay.NewClient(server.URL, processToken).AttachFile(t.Context(), ask(portal.SessionCredential, "ravi"), portal.AttachFile{Name: "a"}, file)
		file.back.Store(true)
		done <- err
	}()
	<-file.reading
	close(answered)
	for open := true; open; {
		select {
		case file.more <- struct{}{}:
		case err := <-done:
			if open = false; err == nil {
				t.Error("a refusal is an answer")
			}
		}
	}
	select { // Whoever still waits for bytes gets some, and comes again if it has not been told.
	case file.more <- struct{}{}:
		t.Error("somebody waited for bytes of a file that was answered")
	default:
	}
	if file.late.Load() {
		t.Error("somebody read a file that was answered")
	}
}

// What is no call before a file is refused whole.
func TestFilesWithoutACall(t *testing.T) {
	t.Parallel()
	server, cases, _ := endpoint(t)
	framed := func(text string) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	}
	good := `{"kind":"session","credential":"ravi","route":"r","key":"k","body":null,"arguments":{"ticket":"01000000-0000-0000-0000-000000000000","name":"n"}`
	for name, test := range map[string]struct {
		body []byte
		want int
	}{
		"as it should be":   {framed(good + "}"), http.StatusOK},
		"nothing":           {nil, http.StatusBadRequest},
		"a broken length":   {[]byte{0, 0}, http.StatusBadRequest},
		"a length too long": {[]byte{0xff, 0xff, 0xff, 0xff}, http.StatusBadRequest},
		"half a call":       {framed(good + "}")[:50], http.StatusBadRequest},
		"an actor":          {framed(good + `,"actor":{}}`), http.StatusBadRequest},
		"no JSON":           {framed("file"), http.StatusBadRequest},
	} {
		before := len(cases.ran)
		status, body := post(t, http.MethodPost, server.URL+"/commands/attach_file", processToken, string(test.body))
		if status != test.want || test.want != http.StatusOK && (body != "" || len(cases.ran) != before) {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
	if status, _ := post(t, http.MethodPost, server.URL+"/commands/attach_file", "", string(framed(good+"}"))); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
}

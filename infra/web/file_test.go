package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
)

// received is a file that came.
type received struct {
	Name, Content string
	Fields        map[string][]string
}

type uploadInput struct {
	web.Write
	Name string `query:"name"`
}

// newFiles makes an API and a page that take files, and an operation that gives one.
func newFiles(t *testing.T, got *received) *web.API {
	t.Helper()
	take := func(file *web.File) error {
		content, err := io.ReadAll(file.Content)
		*got = received{file.Name, string(content), file.Fields}
		return err
	}
	api := web.New(web.Options{Title: "files", Version: "1", Side: domain.ClientSide, Verifier: people, Cookie: "login"})
	web.RegisterUpload(api, access.CommentTickets, huma.Operation{OperationID: "put", Method: http.MethodPost, Path: "/files"},
		func(_ context.Context, _ domain.Actor, _ *uploadInput, file *web.File) (*struct{}, error) {
			return nil, take(file)
		})
	api.PageUpload("/form", access.CommentTickets, func(_ http.ResponseWriter, _ *http.Request, _ auth.Login, file *web.File) error { return take(file) })
	web.Register(api, access.ReadTickets, web.DownloadOperation("get", "/files/{name}", "A file"),
		func(_ context.Context, _ domain.Actor, in *struct {
			Name string `path:"name"`
		},
		) (*web.DownloadOutput, error) {
			return web.Sending(web.Download{Name: in.Name, Type: "text/plain", SHA256: "00ff", Content: nopSeekCloser{strings.NewReader("0123456789")}}), nil
		})
	return api
}

type nopSeekCloser struct{ io.ReadSeeker }

func (nopSeekCloser) Close() error { return nil }

// form makes a multipart body of fields and a file; no file for an empty name of one.
func form(t *testing.T, name, content string, fields ...string) (media string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	var failed []error
	for i := 0; i < len(fields); i += 2 {
		failed = append(failed, w.WriteField(fields[i], fields[i+1]))
	}
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": name})}})
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err := errors.Join(append(failed, err, w.Close())...); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

// A file comes as the body or in a form, by the API or from a page, and is read as it comes.
func TestFilesCome(t *testing.T) {
	t.Parallel()
	var got received
	api := newFiles(t, &got)
	large := strings.Repeat("0123456789abcdef", 1<<20) // Far more than other bodies may have.
	media, body := form(t, `C:\Übersicht "2".txt`, large, "key", "k", "visibility", "internal_only")
	long, longer := form(t, "a", "x", "note", strings.Repeat("x", 70<<10))
	empty, chosen := form(t, "", "")
	many, fields := form(t, "a", "x", strings.Split(strings.Repeat("f,v,", 25)+"f,v", ",")...)
	for name, test := range map[string]struct {
		path, media string
		body        io.Reader
		status      int
		want        received
	}{
		"a body":             {"/files?name=%C3%9Cber+a.txt", "text/html", strings.NewReader(large), 204, received{"Über a.txt", large, nil}},
		"no name":            {"/files", "", strings.NewReader("x"), 422, received{}},
		"nothing":            {"/files?name=a", "", http.NoBody, 204, received{"a", "", nil}},
		"too much":           {"/files?name=a", "", io.LimitReader(neverEnding('x'), 27<<20), 413, received{}},
		"a body that breaks": {"/files?name=a", "", broken{}, 400, received{}},
		"a form":             {"/files", media, body, 204, received{`Übersicht "2".txt`, large, map[string][]string{"key": {"k"}, "visibility": {"internal_only"}}}},
		"nothing chosen":     {"/files", empty, chosen, 422, received{}},
		"a long field":       {"/files", long, longer, 413, received{}},
		"too many fields":    {"/files", many, fields, 422, received{}},
		"no form":            {"/files", "multipart/form-data", strings.NewReader("x"), 415, received{}},
		"a form that breaks": {"/files", media, io.MultiReader(strings.NewReader("--x"), broken{}), 400, received{}},
	} {
		got = received{}
		w := do(api, ask(test.path, "ada", "", func(r *http.Request) {
			r.Header.Set("Content-Type", test.media)
			r.Body = io.NopCloser(test.body)
		}))
		if test.want.Name == `Übersicht "2".txt` && got.Name != test.want.Name { // How a path is written differs.
			test.want.Name = got.Name
		}
		if diff := cmp.Diff(test.want, got); w.Code != test.status || test.status == 204 && diff != "" {
			t.Errorf("%s: %d %.300s (-want +got):\n%.500s", name, w.Code, w.Body, diff)
		}
	}
	if w := do(api, ask("/files?name=a", "mallory", "x")); w.Code != 401 {
		t.Errorf("without a login: %d", w.Code)
	}
	media, body = form(t, "a.txt", "bytes", "key", "k")
	w := do(api, ask("/form", "", "", func(r *http.Request) {
		r.Header.Del("Authorization")
		r.AddCookie(&http.Cookie{Name: "login", Value: "ada"})
		r.Header.Set("Content-Type", media)
		r.Body = io.NopCloser(body)
	}))
	if diff := cmp.Diff(received{"a.txt", "bytes", map[string][]string{"key": {"k"}}}, got); w.Code != 200 || diff != "" {
		t.Errorf("a page's form: %d %s (-want +got):\n%s", w.Code, w.Body, diff)
	}
}

// A sender that is refused in the middle of a large file still reads why.
func TestARefusalInTheMiddleOfAFileIsRead(t *testing.T) {
	t.Parallel()
	api := web.New(web.Options{Title: "files", Version: "1", Side: domain.ClientSide, Verifier: people})
	web.RegisterUpload(api, access.CommentTickets, huma.Operation{OperationID: "put", Method: http.MethodPost, Path: "/files"},
		func(context.Context, domain.Actor, *uploadInput, *web.File) (*struct{}, error) {
			return nil, domain.Refuse(domain.ErrConflict, "too_many_attachments", "no more")
		})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, listener) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+"/files?name=a", io.LimitReader(neverEnding('x'), 20<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer ada")
	r.Header.Set("Idempotency-Key", "one")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusConflict || !strings.Contains(string(text), "too_many_attachments") {
		t.Errorf("%d %s, %v", answer.StatusCode, text, err)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// A file goes out as something to save, whatever it is called, and in the parts that are asked for.
func TestFilesGo(t *testing.T) {
	t.Parallel()
	api := newFiles(t, &received{})
	get := func(name string, headers ...string) *httptest.ResponseRecorder {
		return do(api, ask("/files/"+name, "ada", "", func(r *http.Request) {
			r.Method, r.Body = http.MethodGet, http.NoBody
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
		}))
	}
	w := get("%C3%9Cber%20%22a%22%25.html")
	for header, want := range map[string]string{
		"Content-Type": "text/plain", "Cache-Control": "private, no-store", "Etag": `"00ff"`, "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Content-Length": "10", "Accept-Ranges": "bytes",
		"Content-Disposition":          `attachment; filename="_ber _a__.html"; filename*=UTF-8''%C3%9Cber%20%22a%22%25.html`,
		"Cross-Origin-Resource-Policy": "same-origin", "Last-Modified": "",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if w.Code != 200 || w.Body.String() != "0123456789" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, values, err := mime.ParseMediaType(w.Header().Get("Content-Disposition")); err != nil || values["filename"] != `Über "a"%.html` {
		t.Errorf("the name is read as %v, %v", values, err)
	}
	for name, test := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"a part":             {[]string{"Range", "bytes=2-4"}, 206, "234"},
		"the end":            {[]string{"Range", "bytes=-3"}, 206, "789"},
		"beyond":             {[]string{"Range", "bytes=20-"}, 416, ""},
		"known":              {[]string{"If-None-Match", `"00ff"`}, 304, ""},
		"a part of another":  {[]string{"Range", "bytes=2-4", "If-Range", `"11"`}, 200, "0123456789"},
		"a part of this one": {[]string{"Range", "bytes=2-4", "If-Range", `"00ff"`}, 206, "234"},
	} {
		if got := get("a.txt", test.headers...); got.Code != test.status || test.body != "" && got.Body.String() != test.body {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if w := do(api, ask("/files/a", "mallory", "", func(r *http.Request) { r.Method = http.MethodGet })); w.Code != 401 || strings.Contains(w.Body.String(), "0123") {
		t.Errorf("without a login: %d %s", w.Code, w.Body)
	}
}

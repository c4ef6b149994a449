package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/infra/web"
)

const encoded = "application/x-www-form-urlencoded"

// sent answers a form that is posted to a page, with what the page read of it.
func sent(tb testing.TB, media string, body io.Reader, read func(http.ResponseWriter, *http.Request) error) *httptest.ResponseRecorder {
	tb.Helper()
	s := newSite(tb)
	s.Public(http.MethodPost, "/form", read)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/form", body)
	r.Header.Set("Content-Type", media)
	return do(s.API, r)
}

func TestForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		media, body string
		status      int
		want        url.Values
	}{
		"fields":          {encoded + "; charset=utf-8", "name=Zo%C3%AB+K&grant=a&grant=b&note=one%0D%0Atwo", 200, url.Values{"name": {"Zoë K"}, "grant": {"a", "b"}, "note": {"one\ntwo"}}},
		"nothing":         {encoded, "", 200, url.Values{}},
		"too many fields": {encoded, strings.Repeat("a=1&", 600) + "a=1", 422, nil},
		"too large":       {encoded, "a=" + strings.Repeat("x", web.MaxBody), 413, nil},
		"not UTF-8":       {encoded, "a=%ff", 422, nil},
		"name not UTF-8":  {encoded, "%ff=a", 422, nil},
		"control":         {encoded, "a=%00", 422, nil},
		"not encoded":     {encoded, "a=%zz", 422, nil},
		"JSON":            {"application/json", "{}", 415, nil},
		"upload":          {"multipart/form-data; boundary=x", "", 415, nil},
		"no type":         {"", "a=1", 415, nil},
	} {
		var got url.Values
		w := sent(t, c.media, strings.NewReader(c.body), func(w http.ResponseWriter, r *http.Request) (err error) {
			got, err = web.Form(w, r)
			return err
		})
		if diff := cmp.Diff(c.want, got); w.Code != c.status || diff != "" {
			t.Errorf("%s: %d %s (-want +got):\n%s", name, w.Code, w.Body, diff)
		}
	}
}

// parts writes a form with a file.
func parts(tb testing.TB, fields int, file string) (media string, body *bytes.Buffer) {
	tb.Helper()
	body = &bytes.Buffer{}
	writer := multipart.NewWriter(body)
	for i := range fields {
		if err := writer.WriteField(fmt.Sprint("field", i), "one\r\ntwo"); err != nil {
			tb.Fatal(err)
		}
	}
	part, err := writer.CreateFormFile("people", "people.csv")
	if err == nil {
		_, err = io.WriteString(part, file)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return writer.FormDataContentType(), body
}

func TestUpload(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields int
		file   string
		cut    int
		status int
	}{
		"file and fields": {2, "a,b\r\n\x00", 0, 200},
		"empty file":      {0, "", 0, 200},
		"too large":       {0, strings.Repeat("x", 2<<20), 0, 413},
		"too many fields": {700, "a", 0, 422},
		"broken off":      {1, "a,b", 20, 400},
	} {
		media, body := parts(t, c.fields, c.file)
		body.Truncate(body.Len() - c.cut)
		var values url.Values
		var file []byte
		w := sent(t, media, body, func(w http.ResponseWriter, r *http.Request) (err error) {
			values, file, err = web.Upload(w, r, "people")
			return err
		})
		if w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if c.status == 200 && (string(file) != c.file || len(values) != c.fields) {
			t.Errorf("%s: file %q, values %v", name, file, values)
		}
	}
	w := sent(t, encoded, strings.NewReader("a=1"), func(w http.ResponseWriter, r *http.Request) error {
		_, _, err := web.Upload(w, r, "people")
		return err
	})
	if w.Code != 415 {
		t.Errorf("not an upload: %d", w.Code)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("a=1&b=%ff")
	f.Add("a;b=1&&=&%")
	f.Fuzz(func(t *testing.T, body string) {
		w := sent(t, encoded, strings.NewReader(body), func(w http.ResponseWriter, r *http.Request) error {
			values, err := web.Form(w, r)
			for _, all := range values {
				if strings.ContainsAny(strings.Join(all, ""), "\x00\r") {
					t.Errorf("%q holds control characters", all)
				}
			}
			return err
		})
		if w.Code >= 500 {
			t.Errorf("%q: %d", body, w.Code)
		}
	})
}

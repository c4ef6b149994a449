package portal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/infra/web/portal"
)

// Whatever is sent to any operation of the description, the answer is one that the description has.
func TestAnswersKeepTheDescription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	d := describe(t, w.Portal)
	all := operations(t, d)
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	answered := map[int]int{}
	rapid.Check(t, func(r *rapid.T) {
		for range 10 {
			o := rapid.SampledFrom(all).Draw(r, "operation")
			path, headers := d.drawParameters(r, o)
			body := ""
			if content, ok := o.described.RequestBody.Content["application/json"]; ok {
				body = d.drawBody(r, content.Schema)
			}
			token := rapid.SampledFrom([]string{"ada", "ada", "ada", "adas-key", "eve", "fay", "gil", "sue", "mallory"}).Draw(r, "token")
			got := call(w.Portal, o.method, path, token, body, headers...)
			answered[got.Code]++
			d.check(r, o, got)
		}
	})
	if answered[200] == 0 || answered[201]+answered[204] == 0 || answered[404] == 0 || answered[422] == 0 {
		t.Errorf("the requests are not varied enough: %v", answered)
	}
}

// nuls gives values of a schema, each with one text that holds U+0000, by the path of that text.
func (d document) nuls(s schema, path string, depth int) map[string]any {
	s = d.resolve(s)
	found := map[string]any{}
	switch {
	case depth == 0: // A schema may hold itself.
	case s.Type == "string":
		found[path] = "a\x00b"
	case s.Type == "array":
		for at, value := range d.nuls(*s.Items, path+"[0]", depth-1) {
			found[at] = []any{value}
		}
	default:
		for name, property := range s.Properties {
			for at, value := range d.nuls(property, strings.TrimPrefix(path+"."+name, "."), depth-1) {
				found[at] = map[string]any{name: value}
			}
		}
	}
	return found
}

// No operation takes U+0000, which no database takes for text: in no field, parameter or path.
func TestNoOperationTakesNUL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	d := describe(t, w.Portal)
	fields, parameters := 0, 0
	refused := func(o operation, path, body, code string, status int) (answer string) {
		t.Helper()
		got := call(w.Portal, o.method, path, "ada", body)
		if answer = got.Body.String(); got.Code != status || !strings.Contains(answer, `"code":"`+code+`"`) {
			t.Errorf("%s %s: %d %s, want %d %s", o.method, path, got.Code, answer, status, code)
		}
		return answer
	}
	for _, o := range operations(t, d) {
		path := o.path
		for _, p := range o.described.Parameters {
			if p.In == "path" {
				path = strings.ReplaceAll(path, "{"+p.Name+"}", id(1).String())
				refused(o, strings.ReplaceAll(o.path, "{"+p.Name+"}", "a%00"), "", "not_found", http.StatusNotFound)
				parameters++
			}
		}
		for _, p := range o.described.Parameters {
			if p.In == "query" {
				refused(o, path+"?"+p.Name+"=a%00b", "", "invalid_query", http.StatusUnprocessableEntity)
				parameters++
			}
		}
		for field, value := range d.nuls(o.described.RequestBody.Content["application/json"].Schema, "", 8) {
			body, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			if answer := refused(o, path, string(body), "invalid_fields", http.StatusUnprocessableEntity); !strings.Contains(answer, `"field":"`+field+`"`) {
				t.Errorf("%s does not name %s: %s", o.id, field, answer)
			}
			fields++
		}
	}
	if fields < 20 || parameters < 20 {
		t.Errorf("%d fields and %d parameters are not those of the description", fields, parameters)
	}
}

// The same of the forms of pages.
func TestNoFormTakesNUL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	tried := 0
	for route, row := range rows {
		method, pattern, _ := strings.Cut(route, " ")
		fields, err := url.ParseQuery(row.body)
		if method != http.MethodPost || strings.HasPrefix(pattern, "/api/") || row.account || err != nil {
			continue
		}
		path := strings.NewReplacer("{id}", row.thing.String(), "{number}", row.number).Replace(pattern)
		for field := range fields {
			got := call(w.Portal, method, path, "ada", field+"=a%00b", "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded")
			if got.Code < http.StatusBadRequest || got.Code >= http.StatusInternalServerError {
				t.Errorf("%s with %s: %d", route, field, got.Code)
			}
			tried++
		}
	}
	if tried < 20 {
		t.Errorf("%d fields are not those of the forms", tried)
	}
}

// hostile are texts that parsers and databases trip over.
var hostile = []string{
	"", " ", "\x00", "\xff", "%00", "'; DROP TABLE tickets; --", "null", "-1", "1e309", "９", "ﷺ", "\u202e", "%", "_", "*", strings.Repeat("x", 300),
	"00000000-0000-0000-0000-000000000000", "{00000000-0000-4000-8000-000000000065}", "urn:uuid:00000000-0000-4000-8000-000000000065", "..", "/", "a/b",
}

// drawText draws a value for a schema, right more often than wrong.
func (d document) drawText(r *rapid.T, s schema, label string) string {
	s = d.resolve(s)
	right := rapid.StringN(0, 20, -1)
	switch {
	case len(s.Enum) > 0:
		right = rapid.Custom(func(r *rapid.T) string { return fmt.Sprint(rapid.SampledFrom(s.Enum).Draw(r, "enum")) })
	case s.Type == "integer":
		right = rapid.Custom(func(r *rapid.T) string { return strconv.Itoa(rapid.IntRange(-1, 300).Draw(r, "number")) })
	case s.Format == "uuid" || label == "id", label == "comment":
		right = rapid.Custom(func(r *rapid.T) string {
			return id(rapid.SampledFrom([]byte{101, 102, 103, 51, 55, 56, 31, 32, 99, 11, 12, 13, 16, 21, 22, 61, 62, 63, 64}).Draw(r, "id")).String()
		})
	}
	switch rapid.IntRange(0, 9).Draw(r, "kind of "+label) {
	case 0:
		return rapid.SampledFrom(hostile).Draw(r, label)
	case 1:
		return rapid.String().Draw(r, label)
	default:
		return right.Draw(r, label)
	}
}

func (d document) drawParameters(r *rapid.T, o operation) (path string, headers []string) {
	path = o.path
	query := url.Values{}
	for _, p := range o.described.Parameters {
		if !p.Required && rapid.IntRange(0, 2).Draw(r, "leave out "+p.Name) > 0 {
			continue
		}
		value := d.drawText(r, p.Schema, p.Name)
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case "query":
			query.Set(p.Name, value)
		case "header":
			headers = append(headers, p.Name, value)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path, headers
}

// drawBody draws a JSON object for a schema, with a field left out, added or of a wrong type at times.
func (d document) drawBody(r *rapid.T, s schema) string {
	if rapid.IntRange(0, 9).Draw(r, "no object") == 0 {
		return rapid.SampledFrom([]string{"", "{", "null", "[]", `"x"`, "{}{}", "\xff", strings.Repeat("[", 20000)}).Draw(r, "body")
	}
	s = d.resolve(s)
	body := map[string]any{}
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	if slices.Sort(names); len(names) == 0 {
		return rapid.SampledFrom([]string{"{}", "{}", `{"id":1}`}).Draw(r, "body")
	}
	for _, name := range names {
		if slices.Contains(s.Required, name) || rapid.Bool().Draw(r, "give "+name) {
			body[name] = d.drawText(r, s.Properties[name], name)
		}
	}
	switch rapid.IntRange(0, 7).Draw(r, "mistake") {
	case 0:
		body[rapid.String().Draw(r, "extra")] = 1
	case 1:
		delete(body, rapid.SampledFrom(names).Draw(r, "missing"))
	case 2:
		body[rapid.SampledFrom(names).Draw(r, "mistyped")] = rapid.SampledFrom([]any{nil, 1.5, true, []any{}, map[string]any{}}).Draw(r, "value")
	}
	text, err := json.Marshal(body)
	if err != nil {
		r.Fatal(err)
	}
	return string(text)
}

// check holds an answer against the description.
func (d document) check(r *rapid.T, o operation, got *httptest.ResponseRecorder) {
	if got.Code >= 500 {
		r.Fatalf("%s answers %d: %s", o.id, got.Code, got.Body)
	}
	response, known := o.described.Responses[strconv.Itoa(got.Code)]
	if !known {
		r.Fatalf("%s answers %d, which is not described: %s", o.id, got.Code, got.Body)
	}
	kind := got.Header().Get("Content-Type")
	content, known := response.Content[kind]
	if !known {
		if got.Body.Len() == 0 && (got.Code == http.StatusNotModified || got.Code == http.StatusNoContent && len(response.Content) == 0) {
			return
		}
		r.Fatalf("%s answers %d as %s, which is not described", o.id, got.Code, kind)
	}
	var value any
	if err := json.Unmarshal(got.Body.Bytes(), &value); err != nil {
		r.Fatalf("%s answers %q: %v", o.id, got.Body, err)
	}
	if wrong := d.fits(content.Schema, value, "body"); wrong != "" {
		r.Fatalf("%s answers %d with what is not described: %s in %s", o.id, got.Code, wrong, got.Body)
	}
}

// fits says where a value does not fit a schema; empty when it does.
func (d document) fits(s schema, value any, at string) string {
	s = d.resolve(s)
	switch value := value.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, given := value[name]; !given {
				return at + "." + name + " is missing"
			}
		}
		for name, inner := range value {
			described, known := s.Properties[name]
			if !known {
				return at + "." + name + " is unknown"
			}
			if wrong := d.fits(described, inner, at+"."+name); wrong != "" {
				return wrong
			}
		}
		return mismatch(s.Type == "object", at, s, value)
	case []any:
		for i, inner := range value {
			if wrong := d.fits(*s.Items, inner, fmt.Sprintf("%s[%d]", at, i)); wrong != "" {
				return wrong
			}
		}
		return mismatch(s.Type == "array", at, s, value)
	case string:
		_, err := uuid.Parse(value)
		return mismatch(s.Type == "string" && (len(s.Enum) == 0 || slices.Contains(s.Enum, any(value))) && (s.Format != "uuid" || err == nil), at, s, value)
	case float64:
		return mismatch(s.Type == "integer", at, s, value)
	case bool:
		return mismatch(s.Type == "boolean", at, s, value)
	}
	return mismatch(false, at, s, value)
}

func mismatch(fits bool, at string, s schema, value any) string {
	if fits {
		return ""
	}
	return fmt.Sprintf("%s is %v, not %s %s %v", at, value, s.Type, s.Format, s.Enum)
}

// untouched is a read model without rows: what is asked of it never gets there.
type untouched struct{}

func (untouched) Read(context.Context, domain.ClientID, domain.Position, func(pgx.Tx) error) (bool, error) {
	return false, nil
}

func (untouched) Changed() <-chan struct{} { return nil }

// No token that we did not make opens, and none breaks anything.
func FuzzTokens(f *testing.F) {
	p := newPortal(f, untouched{}, nil, &fakeCommands{position: func() domain.Position { return domain.Position{Commit: 1} }})
	f.Add("")
	f.Add("AAAA")
	f.Add(strings.Repeat("A", 48))
	f.Add("oe6rAzi-uqFiSvUbM1mKBnZEVqr7RbkoKGjTNraejGUpfCwy")
	f.Fuzz(func(t *testing.T, token string) {
		for _, query := range []string{"/tickets?after", "/tickets?cursor", "/people?cursor", "/audit/access?cursor", "/contracts?cursor", "/proposals?cursor", "/overage-requests?cursor"} {
			got := call(p, http.MethodGet, base+query+"="+url.QueryEscape(token), "ada", "")
			if got.Code != http.StatusUnprocessableEntity && (got.Code != http.StatusOK || token != "") {
				t.Errorf("%s=%q: %d %s", query, token, got.Code, got.Body)
			}
		}
	})
}

var _ portal.Reads = untouched{}

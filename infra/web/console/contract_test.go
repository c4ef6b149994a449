package console_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"effigate/domain"
)

// requests draws requests for any operation of the description, right more often than wrong. Known are ids
// of things that exist.
type requests struct {
	description
	known []string
}

// text draws a value of a schema as text.
func (d requests) text(r *rapid.T, s schema, label string) string {
	switch kind := rapid.IntRange(0, 11).Draw(r, "kind of "+label); {
	case kind == 0:
		return rapid.SampledFrom([]string{"", "\x00", "\xff", "'; --", "-1", "1e309", "9223372036854775808", "\u202e", "%", "null", "../.."}).Draw(r, label)
	case kind == 1:
		return rapid.String().Draw(r, label)
	case len(s.Enum) > 0:
		return fmt.Sprint(rapid.SampledFrom(s.Enum).Draw(r, label))
	case s.Format == "uuid", label == "id", label == "comment":
		return rapid.SampledFrom(append(d.known, missing)).Draw(r, label)
	case s.Format == "date":
		return "2026-01-01"
	case s.Type == "integer":
		return strconv.Itoa(rapid.IntRange(0, 300).Draw(r, label))
	case label == "job_type", label == "key":
		return rapid.SampledFrom([]string{"api", "ui", "none"}).Draw(r, label)
	default:
		return rapid.StringMatching(`[a-z0-9/" ]{0,9}`).Draw(r, label)
	}
}

// value draws a JSON value of a schema.
func (d requests) value(r *rapid.T, s schema, label string) any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	switch s.Type {
	case "object":
		object := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if slices.Contains(s.Required, name) && rapid.IntRange(0, 19).Draw(r, "forget") > 0 || rapid.Bool().Draw(r, "give "+name) {
				object[name] = d.value(r, s.Properties[name], name)
			}
		}
		return object
	case "array":
		list := []any{}
		for range rapid.IntRange(0, 2).Draw(r, "items") {
			list = append(list, d.value(r, *s.Items, label))
		}
		return list
	case "boolean":
		return rapid.Bool().Draw(r, label)
	default:
		return d.text(r, s, label)
	}
}

// request draws path, body and headers for an operation.
func (d requests) request(r *rapid.T, path string, o operation) (target, body string, headers []string) {
	query := url.Values{}
	for _, p := range o.Parameters {
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(d.text(r, p.Schema, p.Name)))
		case p.Name == "after", p.Name == "Effigate-After", rapid.IntRange(0, 2).Draw(r, "leave out "+p.Name) > 0:
			// To wait for what never comes takes its time; see TestAReadThatIsBehindSaysSo.
		case p.In == "query":
			query.Set(p.Name, d.text(r, p.Schema, p.Name))
		default:
			headers = append(headers, p.Name, d.text(r, p.Schema, p.Name))
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	described, ok := o.RequestBody.Content["application/json"]
	if !ok {
		return path, "", headers
	}
	if rapid.IntRange(0, 14).Draw(r, "no object") == 0 {
		return path, rapid.SampledFrom([]string{"{", "null", "[]", "{}{}", "\xff", strings.Repeat("[", 9999)}).Draw(r, "body"), headers
	}
	text, err := json.Marshal(d.value(r, described.Schema, "body"))
	if err != nil {
		r.Fatal(err)
	}
	return path, string(text), headers
}

// TestAnswersKeepTheDescription: whatever is sent to any operation, the answer is one that the description
// has, which call checks, and never an internal error.
func TestAnswersKeepTheDescription(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	ticket, at := o.raise(client, contract, "")
	o.post(domain.Support, api+"/tickets/"+ticket+"/comments", `{"text":"Looking.","visibility":"internal_only"}`)
	draws := requests{o.description, []string{client, contract, ticket, ticket, o.ticket(ticket, at).ID}}
	type endpoint struct{ method, path string }
	var endpoints []endpoint
	for path, methods := range o.description.Paths {
		for method, described := range methods {
			if described.OperationID != "events" {
				endpoints = append(endpoints, endpoint{strings.ToUpper(method), path})
			}
		}
	}
	slices.SortFunc(endpoints, func(a, b endpoint) int { return strings.Compare(a.method+a.path, b.method+b.path) })
	answered := map[int]int{}
	rapid.Check(t, func(r *rapid.T) {
		for range 10 {
			to := rapid.SampledFrom(endpoints).Draw(r, "endpoint")
			path, body, headers := draws.request(r, to.path, o.description.Paths[to.path][strings.ToLower(to.method)])
			role := rapid.SampledFrom([]domain.Role{domain.Owner, domain.Owner, domain.Owner, domain.Auditor, domain.ClientAdmin, "nobody"}).Draw(r, "role")
			got, err := o.send(role, to.method, path, body, headers...)
			if err != nil || got.status >= http.StatusInternalServerError {
				r.Fatalf("%s %s with %q as %s: %d %s %v", to.method, path, body, role, got.status, got.body, err)
			}
			answered[got.status]++
		}
	})
	for _, status := range []int{200, 404, 409, 422} {
		if answered[status] == 0 {
			t.Errorf("the requests are not varied enough: %v", answered)
		}
	}
}

// nuls gives values of a schema, each with one text that holds U+0000, by the path of that text. What the schema
// requires beside is left out: text is looked at first.
func (d description) nuls(s schema, path string, depth int) map[string]any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	found := map[string]any{}
	switch kind := fmt.Sprint(s.Type); {
	case depth == 0: // A schema may hold itself.
	case strings.Contains(kind, "string"):
		found[path] = "a\x00b"
	case strings.Contains(kind, "array"):
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

// A name of a saved view with U+0000 reached the database, which refused it: an internal error. No operation may take
// one, in whatever field or parameter.
func TestNoOperationTakesNUL(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	fields, parameters := 0, 0
	for path, methods := range o.description.Paths {
		for method, described := range methods {
			method, target := strings.ToUpper(method), at(path, missing)
			for _, p := range described.Parameters {
				switch p.In {
				case "query":
					o.call(domain.Owner, method, target+"?"+p.Name+"=%00", "").refused(t, http.StatusUnprocessableEntity, "invalid_query")
				case "path":
					o.call(domain.Owner, method, at(path, "%00"), "").refused(t, http.StatusNotFound, "not_found")
				}
				parameters++
			}
			for field, body := range o.description.nuls(described.RequestBody.Content["application/json"].Schema, "", 8) {
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				got := o.call(domain.Owner, method, target, string(text))
				got.refused(t, http.StatusUnprocessableEntity, "invalid_fields")
				if !strings.Contains(string(got.body), `"field":"`+field+`"`) {
					t.Errorf("%s %s does not name %s: %s", method, path, field, got.body)
				}
				fields++
			}
		}
	}
	if fields < 100 || parameters < 100 {
		t.Errorf("%d fields and %d parameters are not those of the description", fields, parameters)
	}
}

// The same of pages: of every field of every form, and of the query and the path of every page.
func TestNoPageTakesNUL(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	for _, route := range o.console.Routes() {
		what, known := sent[route.Method+" "+route.Pattern]
		if !known || strings.HasPrefix(route.Pattern, "/api/") {
			continue
		}
		if strings.Contains(route.Pattern, "{") {
			if got := o.ask("owner", route.Method, route.Pattern, at(route.Pattern, "%00"), false); got.status != http.StatusNotFound {
				t.Errorf("%s %s: %d", route.Method, route.Pattern, got.status)
			}
		}
		fields, err := url.ParseQuery(strings.TrimPrefix(what, "?"))
		if route.Method == http.MethodGet {
			fields.Set("q", "")
		}
		if err != nil || strings.HasSuffix(route.Pattern, "/attachments") {
			continue // It is no form, but a file.
		}
		for field := range fields {
			asked := httptest.NewRequestWithContext(t.Context(), route.Method, at(route.Pattern, missing)+"?"+field+"=%00", http.NoBody)
			if route.Method == http.MethodPost {
				asked = httptest.NewRequestWithContext(t.Context(), route.Method, at(route.Pattern, missing), strings.NewReader(field+"=a%00b"))
				asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if got := o.visit("owner", asked); got.status < http.StatusBadRequest || got.status >= http.StatusInternalServerError {
				t.Errorf("%s %s with %s: %d %s", route.Method, route.Pattern, field, got.status, got.header.Get("Location"))
			}
		}
	}
}

package console_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
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

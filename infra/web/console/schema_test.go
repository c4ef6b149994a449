package console_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// schema is the part of JSON Schema that the tests look at.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]schema
	Additional json.RawMessage `json:"additionalProperties"`
	Required   []string
	Items      *schema
	Enum       []any
	Format     string
}

// description is the API's own, as far as the tests look at it.
type description struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Schema   schema
	}
	RequestBody content
	Responses   map[string]content
}

type content struct {
	Content map[string]struct{ Schema schema }
}

func (o *office) describe() description {
	o.t.Helper()
	text, err := o.console.OpenAPI()
	if err != nil {
		o.t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		o.t.Fatal(err)
	}
	return d
}

// check wants an answer to be one that the description has.
func (d description) check(method, path string, r reply) error {
	// What is written out goes before what is any id, as in the router.
	templates := slices.SortedFunc(maps.Keys(d.Paths), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "{"), strings.Count(b, "{")), cmp.Compare(a, b))
	})
	for _, template := range templates {
		methods := d.Paths[template]
		operation, ok := methods[strings.ToLower(method)]
		if !ok || !fits(template, path) {
			continue
		}
		response, ok := operation.Responses[strconv.Itoa(r.status)]
		if !ok {
			return fmt.Errorf("%s may not answer %d", operation.OperationID, r.status)
		}
		if len(response.Content) == 0 && len(r.body) == 0 {
			return nil
		}
		var body any
		if err := json.Unmarshal(r.body, &body); err != nil {
			return fmt.Errorf("%s answered %q: %w", operation.OperationID, r.body, err)
		}
		content, ok := response.Content[r.header.Get("Content-Type")]
		if !ok {
			return fmt.Errorf("%s may not answer %s", operation.OperationID, r.header.Get("Content-Type"))
		}
		if err := d.conforms(content.Schema, body, operation.OperationID); err != nil {
			return fmt.Errorf("%w, in %s", err, r.body)
		}
		return nil
	}
	if r.status != http.StatusNotFound {
		return fmt.Errorf("%s %s is not described", method, path)
	}
	return nil
}

// fits reports whether a path is one of the template.
func fits(template, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") })
}

// conforms checks a value against a schema, and names the place where it does not conform.
func (d description) conforms(s schema, value any, at string) error {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.conforms(d.Components.Schemas[name], value, at)
	}
	if !s.allows(value) {
		return fmt.Errorf("%s is %v, which is no %v", at, value, s.Type)
	}
	switch value := value.(type) {
	case map[string]any:
		return d.conformsObject(s, value, at)
	case []any:
		for i, item := range value {
			if err := d.conforms(*s.Items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d description) conformsObject(s schema, value map[string]any, at string) error {
	for _, name := range s.Required {
		if _, ok := value[name]; !ok {
			return fmt.Errorf("%s has no %s", at, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		property, ok := s.Properties[name]
		if !ok && string(s.Additional) == "false" {
			return fmt.Errorf("%s has %s, which is not described", at, name)
		}
		if err := d.conforms(property, value[name], at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// allows compares the type alone. No type is any type.
func (s schema) allows(value any) bool {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		return false
	}
	kinds, ok := s.Type.([]any)
	if !ok {
		kinds = []any{s.Type}
	}
	return slices.ContainsFunc(kinds, func(kind any) bool {
		switch kind {
		case nil:
			return true
		case "null":
			return value == nil
		case "integer", "number":
			_, ok = value.(float64)
		case "string":
			_, ok = value.(string)
		case "boolean":
			_, ok = value.(bool)
		case "array":
			_, ok = value.([]any)
		case "object":
			_, ok = value.(map[string]any)
		}
		return ok
	})
}

package spec

import (
	"encoding"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
)

// Stored fails the test unless the samples are fit to stand for an aggregate's stored format: one sample
// per variant of the Event union in events.go of the package under test, each with every field filled, a
// stored name of the form "<aggregate>.<past_tense>.v<N>", a JSON name in snake case for every field, and
// nothing lost on the way through JSON.
func Stored(t T, aggregate string, samples []domain.Event) {
	t.Helper()
	form := regexp.MustCompile(`^` + aggregate + `\.[a-z]+(_[a-z]+)*\.v[1-9][0-9]*$`)
	var kinds, variants []string
	for _, sample := range samples {
		if !form.MatchString(sample.Kind()) || slices.Contains(kinds, sample.Kind()) {
			t.Fatalf("%T: stored name %q is taken or not of the form %s", sample, sample.Kind(), form)
		}
		kinds = append(kinds, sample.Kind())
		variants = append(variants, reflect.TypeOf(sample).Name())
		checkFilled(t, reflect.TypeOf(sample).Name(), reflect.ValueOf(sample))
		checkRoundTrip(t, sample)
	}
	declared := receivers(t, "events.go", "isEvent")
	slices.Sort(variants)
	slices.Sort(declared)
	if diff := cmp.Diff(declared, variants); diff != "" {
		t.Fatalf("samples of the variants in events.go (-declared +sampled):\n%s", diff)
	}
}

// checkFilled walks down to values that have a text form of their own.
func checkFilled(t T, path string, value reflect.Value) {
	t.Helper()
	if value.IsZero() {
		t.Fatalf("%s is empty in its sample", path)
	}
	if _, text := reflect.TypeAssert[encoding.TextMarshaler](value); text {
		return
	}
	if _, own := reflect.TypeAssert[json.Marshaler](value); own {
		return
	}
	switch value.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			checkFilled(t, path+"[]", value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			field := value.Type().Field(i)
			if !field.Anonymous { // The fields of an embedded struct stand among its own.
				checkTag(t, path, field)
			}
			checkFilled(t, path+"."+field.Name, value.Field(i))
		}
	default:
	}
}

var tagForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*(,omitzero)?$`)

func checkTag(t T, path string, field reflect.StructField) {
	t.Helper()
	tag := field.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	if !tagForm.MatchString(tag) || (field.Name == "Staff") != (name == "staff") {
		t.Fatalf("%s.%s has the JSON tag %q; write the stored name in snake case, optional values with omitzero", path, field.Name, tag)
	}
	if field.Type == reflect.TypeFor[float64]() || field.Type == reflect.TypeFor[time.Duration]() {
		t.Fatalf("%s.%s is a %s; amounts are decimals, durations whole units that the name ends with", path, field.Name, field.Type)
	}
}

func checkRoundTrip(t T, sample domain.Event) {
	t.Helper()
	data, err := json.Marshal(sample)
	if err != nil {
		t.Fatalf("%T: %v", sample, err)
	}
	decoded := reflect.New(reflect.TypeOf(sample))
	if err := json.Unmarshal(data, decoded.Interface()); err != nil {
		t.Fatalf("%T from %s: %v", sample, data, err)
	}
	if diff := cmp.Diff(sample, decoded.Elem().Interface()); diff != "" {
		t.Fatalf("%T after its way through JSON (-want +got):\n%s", sample, diff)
	}
}

// NothingOfStaff fails the test when a disclosure*.go of the package under test selects a field named Staff.
func NothingOfStaff(t T) {
	t.Helper()
	NeverSelects(t, "Staff")
}

// NeverSelects fails the test when a disclosure*.go of the package under test selects a field or method of one of the
// names.
func NeverSelects(t T, names ...string) {
	t.Helper()
	files, err := filepath.Glob("disclosure*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no disclosure*.go in the package under test: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, selector := range selectors(parse(t, file)) {
			if slices.Contains(names, selector.Sel.Name) {
				t.Fatalf("%s selects .%s: what is in it may never be shown", file, selector.Sel.Name)
			}
		}
	}
}

// StaffFeeds fails the test unless a file of the package under test selects a field named Staff only to hand one of its
// parts on, as in "fact.Pin = e.Staff.Pin" for the variable fact and the part Pin.
func StaffFeeds(t T, file, variable string, parts ...string) {
	t.Helper()
	parsed, fed := parse(t, file), map[ast.Expr]bool{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		assign, ok := node.(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
			return true
		}
		part, ok := assign.Rhs[0].(*ast.SelectorExpr)
		if ok && slices.Contains(parts, part.Sel.Name) && fieldOf(assign.Lhs[0], variable) {
			fed[part.X] = true
		}
		return true
	})
	for _, selector := range selectors(parsed) {
		if selector.Sel.Name == "Staff" && !fed[selector] {
			t.Fatalf("%s selects .Staff for something else than a field of %s from one of %v", file, variable, parts)
		}
	}
}

// fieldOf reports whether an expression is a field of a variable.
func fieldOf(expression ast.Expr, variable string) bool {
	selector, ok := expression.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := selector.X.(*ast.Ident)
	return ok && of.Name == variable
}

// selectors lists every selection of a field or method in a file.
func selectors(file *ast.File) []*ast.SelectorExpr {
	var all []*ast.SelectorExpr
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			all = append(all, selector)
		}
		return true
	})
	return all
}

// receivers lists the types that a file declares the method for.
func receivers(t T, file, method string) []string {
	t.Helper()
	var types []string
	for _, declaration := range parse(t, file).Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Recv == nil || function.Name.Name != method {
			continue
		}
		if receiver, ok := function.Recv.List[0].Type.(*ast.Ident); ok {
			types = append(types, receiver.Name)
		}
	}
	return types
}

// parse reads a source file of the package under test, in whose folder its tests run.
func parse(t T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("read the package under test: %v", err)
	}
	return parsed
}

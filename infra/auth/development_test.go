package auth_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/auth"
)

var (
	ada   = domain.PersonID{UUID: uuid.MustParse("11111111-1111-4111-8111-111111111111")}
	acme  = domain.ClientID{UUID: uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")}
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	admin = domain.Actor{Person: ada, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: acme}
	agent = domain.Actor{Person: ada, Side: domain.StaffSide, Role: domain.Support}
)

func at(instant time.Time) func() time.Time { return func() time.Time { return instant } }

func key(fill byte) []byte { return bytes.Repeat([]byte{fill}, 32) }

func development(tb testing.TB, key []byte, now time.Time) *auth.Development {
	tb.Helper()
	d, err := auth.NewDevelopment(key, at(now))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func issue(tb testing.TB, d *auth.Development, actor domain.Actor, until time.Time) string {
	tb.Helper()
	issued, err := d.Issue(actor, until)
	if err != nil {
		tb.Fatal(err)
	}
	return issued
}

func TestDevelopmentTokenProvesItsActor(t *testing.T) {
	t.Parallel()
	d := development(t, key(1), noon)
	for _, want := range []domain.Actor{admin, agent} {
		got, err := d.Verify(t.Context(), issue(t, d, want, noon.Add(time.Hour)))
		if err != nil || got != want {
			t.Errorf("Verify = %+v, %v; want %+v", got, err, want)
		}
	}
}

func TestDevelopmentTokenIsRefused(t *testing.T) {
	t.Parallel()
	d := development(t, key(1), noon)
	good := issue(t, d, admin, noon.Add(time.Hour))
	_, signature, _ := strings.Cut(good, ".")
	flipped := []byte(good)
	flipped[20] ^= 1
	cases := map[string]string{
		"empty":                  "",
		"expired":                issue(t, d, admin, noon),
		"signed by another key":  issue(t, development(t, key(2), noon), admin, noon.Add(time.Hour)),
		"changed":                string(flipped),
		"without its signature":  strings.TrimSuffix(good, signature),
		"without its prefix":     strings.TrimPrefix(good, "effigate_demo_"),
		"signature of a sibling": strings.TrimSuffix(good, signature) + strings.SplitN(issue(t, d, agent, noon.Add(time.Hour)), ".", 2)[1],
		"with something after":   good + "A",
		"too long":               good + strings.Repeat("A", 2000),
	}
	for name, token := range cases {
		if actor, err := d.Verify(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) || actor != (domain.Actor{}) {
			t.Errorf("%s: Verify = %+v, %v; want nobody and ErrUnauthenticated", name, actor, err)
		}
	}
}

func TestDevelopmentIssuesNoImpossibleActor(t *testing.T) {
	t.Parallel()
	d := development(t, key(1), noon)
	for name, actor := range map[string]domain.Actor{
		"nobody":                          {},
		"system":                          domain.System(),
		"staff with an organisation":      {Person: ada, Side: domain.StaffSide, Role: domain.Support, Client: acme},
		"client without organisation":     {Person: ada, Side: domain.ClientSide, Role: domain.ClientAdmin},
		"client with a staff role":        {Person: ada, Side: domain.ClientSide, Role: domain.Owner, Client: acme},
		"unknown role of an unknown side": {Person: ada, Role: "root"},
	} {
		if token, err := d.Issue(actor, noon.Add(time.Hour)); err == nil {
			t.Errorf("%s: got token %q", name, token)
		}
	}
	if _, err := auth.NewDevelopment(make([]byte, 31), at(noon)); err == nil {
		t.Error("a short key was accepted")
	}
}

func TestNobodyRefusesEveryToken(t *testing.T) {
	t.Parallel()
	good := issue(t, development(t, key(1), noon), admin, noon.Add(time.Hour))
	if actor, err := (auth.Nobody{}).Verify(t.Context(), good); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("Verify = %+v, %v", actor, err)
	}
}

// A token without an account behind it must not exist outside of the demo.
func TestOnlyTheDemoMakesDevelopmentTokens(t *testing.T) {
	t.Parallel()
	const root = "../.."
	allowed := map[string]bool{"infra/auth/development.go": true, "cmd/effigate/demo.go": true}
	files := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || allowed[path] {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if name, ok := node.(*ast.Ident); ok && name.Name == "NewDevelopment" {
				t.Errorf("%s names NewDevelopment: tokens without an account behind them are for cmd/effigate/demo.go alone", path)
			}
			return true
		})
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}

func FuzzDevelopmentVerify(f *testing.F) {
	d := development(f, key(1), noon)
	good := issue(f, d, admin, noon.Add(time.Hour))
	f.Add(good)
	f.Add("effigate_demo_.")
	f.Add("effigate_demo_e30.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if actor, err := d.Verify(t.Context(), token); err == nil && token != good {
			t.Errorf("%q proves %+v", token, actor)
		}
	})
}

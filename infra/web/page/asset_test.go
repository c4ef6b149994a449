package page_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/web/page/gallery"
)

func newAPI() *web.API {
	a := web.New(web.Options{Title: "pages", Side: domain.ClientSide, Cookie: "login", ErrorPage: page.Failure(false)})
	page.Register(a)
	a.Public(http.MethodGet, "/", func(w http.ResponseWriter, r *http.Request) error {
		f := gallery.Frame(false, page.ThemeOf(r))
		f.Live = true
		return page.Render(w, r, http.StatusOK, gallery.Parts(f))
	})
	return a
}

func get(a *web.API, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// Whatever a page names under /assets is there, can be kept for ever, and is small.
func TestAssetsOfAPage(t *testing.T) {
	t.Parallel()
	a := newAPI()
	text := get(a, "/").Body.String()
	weight := len(text)
	seen := map[string]bool{}
	for _, path := range regexp.MustCompile(`/assets/[\w.-]+`).FindAllString(text, -1) {
		if seen[path] {
			continue
		}
		seen[path] = true
		plain, packed := get(a, path), get(a, path, "Accept-Encoding", "br, gzip")
		for _, w := range []*httptest.ResponseRecorder{plain, packed} {
			if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Content-Type") == "" {
				t.Errorf("%s: %d %v", path, w.Code, w.Header())
			}
		}
		weight += packed.Body.Len()
		reader, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(reader)
		if diff := cmp.Diff(plain.Body.String(), string(unpacked)); err != nil || diff != "" {
			t.Errorf("%s differs when it is packed: %v", path, err)
		}
		sum := sha256.Sum256(unpacked)
		if !strings.Contains(path, hex.EncodeToString(sum[:6])) {
			t.Errorf("%s is not named by its content", path)
		}
	}
	if len(seen) != 5 {
		t.Errorf("a page names %v", seen)
	}
	if weight > 60<<10 {
		t.Errorf("the first page takes %d bytes", weight)
	}
}

func TestSizesOfOwnAssets(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int64{"assets/app.css": 32 << 10, "assets/app.js": 12 << 10} {
		if info, err := os.Stat(name); err != nil || info.Size() > limit {
			t.Errorf("%s: %v, at most %d bytes", name, err, limit)
		}
	}
}

func TestMissingAssetsAreMissing(t *testing.T) {
	t.Parallel()
	a := newAPI()
	for _, path := range []string{"/assets/", "/assets/app.css", "/assets/app-000000000000.css", "/assets/..%2fpage.go", "/assets/x/y"} {
		w := get(a, path)
		if w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

func TestVendoredFilesAreWhatTheySayTheyAre(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$`).FindAllStringSubmatch(string(table), -1)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		content, err := os.ReadFile(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != row[2] {
			t.Errorf("%s has the SHA-256 %x", row[1], sum)
		}
	}
}

func TestThemeIsKeptInACookie(t *testing.T) {
	t.Parallel()
	a := newAPI()
	choose := func(theme, next string) *httptest.ResponseRecorder {
		form := url.Values{"theme": {theme}, "next": {next}}
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/theme", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct{ theme, next, location, cookie string }{
		{"dark", "/people?q=1", "/people?q=1", "theme=dark; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		{"light", "https://evil.example", "/", "theme=light; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		{"", "/login", "/login", "theme=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
	} {
		w := choose(c.theme, c.next)
		if w.Code != 303 || w.Header().Get("Location") != c.location || w.Header().Get("Set-Cookie") != c.cookie {
			t.Errorf("%q: %d %v", c.theme, w.Code, w.Header())
		}
	}
	if w := choose("pink", "/"); w.Code != 422 {
		t.Errorf("pink: %d", w.Code)
	}
	for cookie, want := range map[string]string{"theme=dark": `data-theme="dark"`, "theme=pink": `data-theme=""`, "": `data-theme=""`} {
		if text := get(a, "/", "Cookie", cookie).Body.String(); !strings.Contains(text, want) {
			t.Errorf("cookie %q: the page lacks %s", cookie, want)
		}
	}
}

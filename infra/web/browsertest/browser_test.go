package browsertest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"effigate/infra/web/browsertest"
)

const form = `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Form</title></head><body><main><h1>A form</h1>
<form method="post" action="/done"><label>Name <input name="name" value="old"></label>
<label for="c">Colour</label><select id="c" name="colour"><option>Red</option><option>Blue</option></select>
<label><input type="checkbox" name="yes"> I agree</label><button>Send it</button></form>
<noscript>No scripts here.</noscript></main></body></html>`

func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, form) })
	mux.HandleFunc("POST /done", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Done</title><main><h1>Done</h1><p>%s likes %s %s</p></main>`,
			r.FormValue("name"), r.FormValue("colour"), r.FormValue("yes"))
	})
	mux.HandleFunc("GET /moving", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>Moving</title><main><p id="above"></p><button>Catch me</button><p id="said"></p><script>
			addEventListener("mousedown", () => { above.style.height = "9em" }, {once: true});
			document.querySelector("button").addEventListener("click", () => { said.textContent += "caught " });
		</script></main></html>`)
	})
	mux.HandleFunc("GET /bad", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<!doctype html><html><body><img src="data:,x"><script>throw new Error("broken")</script><div style="width:3000px">wide</div>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestStepsOfAPerson(t *testing.T) {
	t.Parallel()
	browser, base := browsertest.New(t), serve(t)
	for name, options := range map[string][]browsertest.Option{
		"desk":          nil,
		"dark, on foot": {browsertest.Dark, browsertest.Mobile, browsertest.Zone("Pacific/Auckland")},
		"no scripts":    {browsertest.NoJS},
	} {
		page := browser.Open(t, base, options...)
		page.Goto("/")
		page.Fill("Name", "Ada")
		page.Fill("Colour", "Blue")
		page.Click("I agree")
		if got := page.Value("Name"); got != "Ada" {
			t.Errorf("%s: the field holds %q", name, got)
		}
		page.Click("Send it")
		page.At("/done")
		page.See("Ada likes Blue on")
		page.NotSee("Send it")
		page.Axe()
		page.Quiet()
	}
	page := browser.Open(t, base)
	page.Goto("/")
	if zone := browsertest.Eval[bool](page, `matchMedia("(prefers-color-scheme: dark)").matches`); zone {
		t.Error("a page that asks for nothing is dark")
	}
	page.TabTo("Send it")
	page.Press(kb.Enter)
	page.See("old likes Red")
}

// A page that moves under the hand takes a second click, and one that arrived is not made again.
func TestAClickThatMissedIsMadeAgain(t *testing.T) {
	t.Parallel()
	page := browsertest.New(t).Open(t, serve(t))
	page.Goto("/moving")
	page.Click("Catch me")
	page.See("caught")
	page.NotSee("caught caught")
}

// recorder collects what a check finds instead of failing.
type recorder struct {
	testing.TB
	found []string
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.found = append(r.found, fmt.Sprintf(format, arguments...))
}

// The checks must be able to fail.
func TestChecksFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	browser, base := browsertest.New(t), serve(t)
	found := &recorder{TB: t}
	page := browser.Open(found, base)
	page.Goto("/bad")
	page.See("wide")
	page.Axe()
	page.Quiet()
	text := strings.Join(found.found, "\n")
	for _, want := range []string{"image-alt", "html-has-lang", "pixels wide", "broken"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q was not found:\n%s", want, text)
		}
	}
}

func TestVendoredFileIsTheOneItSaysItIs(t *testing.T) {
	t.Parallel()
	said, err := os.ReadFile("VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(file); !strings.Contains(string(said), hex.EncodeToString(sum[:])) {
		t.Errorf("VENDOR.md does not name the SHA-256 %x of axe.min.js", sum)
	}
}

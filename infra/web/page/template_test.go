package page_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// forbidden is what no template may have: what the policy of the pages blocks, what compiles code, and the
// words of htmx 2, which htmx 4 passes over in silence.
var forbidden = []*regexp.Regexp{
	regexp.MustCompile(`\sstyle\s*[={?]`),
	regexp.MustCompile(`<style\b`),
	regexp.MustCompile(`\son[a-z]+\s*=`),
	regexp.MustCompile(`(?m)^\s*script\s+\w+\(`),
	regexp.MustCompile(`<script(?:\s[^>]*)?>[^<\s]`),
	regexp.MustCompile(`\b(?:hx-ext|sse-connect|sse-swap|hx-vars|hx-params|hx-prompt|hx-disabled-elt|hx-on)\b`),
	regexp.MustCompile(`\bjs:`),
	regexp.MustCompile(`hx-trigger="[^"]*\[`),
	regexp.MustCompile(`templ\.(?:Raw|ComponentScript|JSFuncCall|JSUnsafeFuncCall|OnceHandle)\b`),
	regexp.MustCompile(`https?://[^"]*\.(?:js|css)"`),
}

// allowed are the attributes of htmx that templates may use.
var allowed = strings.Fields("hx-get hx-post hx-target hx-swap hx-trigger hx-boost hx-push-url hx-select hx-indicator hx-sync hx-sse:connect hx-sse:close")

var attribute = regexp.MustCompile(`\bhx-[a-z:-]+`)

// wrongs lists what is forbidden in a template's text.
func wrongs(text string) []string {
	var found []string
	for _, pattern := range forbidden {
		found = append(found, pattern.FindAllString(text, -1)...)
	}
	for _, used := range attribute.FindAllString(text, -1) {
		known := strings.HasPrefix(used, "hx-sse.") // a file
		for _, name := range allowed {
			known = known || strings.TrimSuffix(used, ":inherited") == name
		}
		if !known {
			found = append(found, used)
		}
	}
	return found
}

func TestTemplatesHaveNothingThatIsForbidden(t *testing.T) {
	t.Parallel()
	looked := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for _, wrong := range wrongs(string(text)) {
			t.Errorf("%s has %q", path, wrong)
		}
		return nil
	})
	if err != nil || looked < 4 {
		t.Errorf("looked at %d templates: %v", looked, err)
	}
}

func TestForbiddenThingsAreFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`<p style="color:red">`, `<p style={ x }>`, `<style>`, `<a onclick="x()">`, `script hello() {`, `<script>alert(1)</script>`,
		`<a hx-ext="sse">`, `<a hx-on:click="x">`, `<a hx-vals="js:{}">`, `<a hx-trigger="click[ctrlKey]">`, `@templ.Raw(x)`,
		`<script src="https://cdn.example/x.js">`, `<a hx-delete="/x">`, `<a hx-swap-oob="true">`,
	} {
		if len(wrongs(text)) == 0 {
			t.Errorf("nothing is wrong with %s", text)
		}
	}
	if found := wrongs(`<form class="x" hx-boost:inherited="true" hx-trigger="ticket from:body" hx-sse:connect="/events" data-position="1">`); found != nil {
		t.Errorf("wrong: %q", found)
	}
}

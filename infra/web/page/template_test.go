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
	eachTemplate(t, func(path, text string) {
		for _, wrong := range wrongs(text) {
			t.Errorf("%s has %q", path, wrong)
		}
	})
}

// eachTemplate looks at the text of every template of the pages.
func eachTemplate(t *testing.T, look func(path, text string)) {
	t.Helper()
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
		look(path, string(text))
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

// strayed is a line that begins a text with punctuation: the line's break before it is a blank on the page, "Issued ,
// by Elena", but after a component. A text that goes on is one string, or follows on the line of what it goes on from.
var strayed = regexp.MustCompile("^(?:\\{ [\"`])?[,;.:](?:[ \"`]|$)")

// strays lists the lines of a template that put a blank before punctuation.
func strays(text string) []string {
	var found []string
	before := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strayed.MatchString(line) && !strings.HasPrefix(before, "@") {
			found = append(found, line)
		}
		before = line
	}
	return found
}

func TestTemplatesPutNoBlankBeforePunctuation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"{ name }\nif by {\n{ \", by \" + by }\n}": 1, "<a>x</a>\n, more": 1, "{ name }\n.": 1, "{ name }\n; and so on": 1,
		"@Date(at)\n.": 0, "@Date(at)\n{ \": \" + text }": 0, "{ name + \", by \" + by }": 0, "{ one }, { other }": 0, "<a>x</a>{ \", more\" }": 0,
	} {
		if found := strays(text); len(found) != want {
			t.Errorf("%q strays in %q, want %d", text, found, want)
		}
	}
	eachTemplate(t, func(path, text string) {
		for _, line := range strays(text) {
			t.Errorf("%s has a blank before %q", path, line)
		}
	})
}

package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The bounds of a step: how long it may take, and how often it is looked whether it can be done.
const (
	stepTime = 45 * time.Second
	lookTime = 40 * time.Millisecond
)

// Option changes how a page is opened.
type Option func(*setting)

type setting struct {
	width, height int64
	mobile        bool
	media         []*emulation.MediaFeature
	zone          string
	scriptless    bool
}

// Dark asks for the dark theme, as the system of a person would.
func Dark(s *setting) {
	s.media = append(s.media, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"})
}

// Mobile is a screen of 375 by 812 pixels.
func Mobile(s *setting) { s.width, s.height, s.mobile = 375, 812, true }

// NoJS runs no script of the page.
func NoJS(s *setting) { s.scriptless = true }

// Zone is the person's time zone, an IANA name.
func Zone(name string) Option { return func(s *setting) { s.zone = name } }

// Page is one tab of a person with an empty browser of its own.
type Page struct {
	tb   testing.TB
	ctx  context.Context //nolint:containedctx // chromedp keeps the tab in it
	base string
	// scriptless says that the page's own scripts do not run; those of this package do.
	scriptless bool
	mu         sync.Mutex
	said       []chromedp.ConsoleMessage
}

//go:embed axe.min.js
var axe string

//go:embed steps.js
var steps string

// Open opens a tab, of 1280 by 900 pixels and light unless the options say otherwise. base is the URL
// that paths are relative to.
func (b *Browser) Open(tb testing.TB, base string, options ...Option) *Page {
	tb.Helper()
	s := setting{width: 1280, height: 900}
	for _, option := range options {
		option(&s)
	}
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{tb: tb, ctx: ctx, base: strings.TrimSuffix(base, "/")}
	var listening sync.WaitGroup
	tb.Cleanup(func() { end(); listening.Wait() })
	p.must("open a tab", chromedp.Do(ctx))
	messages := chromedp.Console(ctx)
	listening.Go(func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.said = append(p.said, message)
			p.mu.Unlock()
		}
	})
	p.emulate(s)
	return p
}

func (p *Page) emulate(s setting) {
	p.tb.Helper()
	mobile := []chromedp.EmulateViewportOption{}
	if s.mobile {
		mobile = append(mobile, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	p.must("set the screen", chromedp.Do(p.ctx, chromedp.EmulateViewport(s.width, s.height, mobile...)))
	p.media("", s.media...)
	if s.zone != "" {
		_, err := chromedp.Call(p.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: s.zone})
		p.must("set the zone", err)
	}
	p.scriptless = s.scriptless
	p.scripts(!s.scriptless)
}

// scripts lets scripts run in the tab, or not.
func (p *Page) scripts(run bool) {
	p.tb.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
	p.must("switch scripts", err)
}

func (p *Page) media(name string, features ...*emulation.MediaFeature) {
	p.tb.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name, Features: features})
	p.must("set the medium", err)
}

// Print shows the page as it would be printed, until the tab is closed.
func (p *Page) Print() { p.tb.Helper(); p.media("print") }

// Offline cuts the tab from the network, or lets it back.
func (p *Page) Offline(cut bool) {
	p.tb.Helper()
	_, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: cut, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	p.must("cut the network", err)
}

func (p *Page) must(what string, err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatalf("%s: %v", what, err)
	}
}

// Context is the tab's, for what this package has no word for.
func (p *Page) Context() context.Context { return p.ctx }

// Goto opens a path of the base, or a whole URL, and waits until it is loaded.
func (p *Page) Goto(path string) {
	p.tb.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	p.must("go to "+path, chromedp.Do(ctx, chromedp.Navigate(path)))
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	p.must("reload", chromedp.Do(ctx, chromedp.Reload()))
}

// outcome is what a look at the page found: whether the step can be done now, and where.
type outcome struct {
	OK   bool
	X, Y float64
	Text string
}

// look runs one of the functions of steps.js in the page.
func (p *Page) look(ctx context.Context, function string, arguments ...any) (outcome, error) {
	given, err := json.Marshal(append([]any{}, arguments...)) // None are [], not null.
	if err != nil {
		return outcome{}, fmt.Errorf("encode arguments of %s: %w", function, err)
	}
	return chromedp.Run(ctx, chromedp.Evaluate[outcome](fmt.Sprintf("(() => {%s\nreturn %s(...%s)})()", steps, function, given)))
}

// await looks until the step can be done. A page that is being replaced fails a look; the next one sees
// the new page.
func (p *Page) await(what, function string, arguments ...any) outcome {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	ticker := time.NewTicker(lookTime)
	defer ticker.Stop()
	for {
		found, err := p.look(ctx, function, arguments...)
		if err == nil && found.OK {
			return found
		}
		select {
		case <-ctx.Done():
			p.tb.Fatalf("%s: not within %s (%v); the page at %s says:\n%s", what, stepTime, err, p.URL(), p.Text())
		case <-ticker.C:
		}
	}
}

// See waits until the page shows the text, in whichever case.
func (p *Page) See(text string) {
	p.tb.Helper()
	p.await(fmt.Sprintf("see %q", text), "see", text)
}

// NotSee waits until the page does not show the text.
func (p *Page) NotSee(text string) {
	p.tb.Helper()
	p.await(fmt.Sprintf("not see %q", text), "notSee", text)
}

// At waits until the tab is at a path; a query or fragment does not matter.
func (p *Page) At(path string) {
	p.tb.Helper()
	p.await("be at "+path, "at", path)
}

// Click clicks the link, button, summary or label that reads, or is named, as the text says.
func (p *Page) Click(text string) {
	p.tb.Helper()
	p.click(fmt.Sprintf("click %q", text), "find", text)
}

// Pick clicks the first element of a CSS selector.
func (p *Page) Pick(selector string) {
	p.tb.Helper()
	p.click("click "+selector, "pick", selector)
}

// click aims, clicks, and looks whether the click arrived: a live page may have moved what was aimed at.
func (p *Page) click(what, function, argument string) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	for {
		aim := p.await(what, function, argument)
		p.must("click", chromedp.Do(ctx, chromedp.MouseClickXY(aim.X, aim.Y)))
		if p.scriptless {
			return // Nothing listens.
		}
		missed, err := p.look(ctx, "missed")
		if err != nil || !missed.OK {
			return // It arrived, or its page is gone already.
		}
	}
}

// Fill types into the field of a label, over what it held. A choice is chosen by its text.
func (p *Page) Fill(label, value string) {
	p.tb.Helper()
	if found := p.await(fmt.Sprintf("fill %q", label), "fill", label, value); found.Text == "chosen" {
		return
	}
	p.Type(value)
}

// Type types into whatever has the focus.
func (p *Page) Type(text string) {
	p.tb.Helper()
	_, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text})
	p.must("type", err)
}

// Press presses keys, such as kb.Tab and kb.Enter.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	p.must("press a key", chromedp.Do(p.ctx, chromedp.KeyEvent(keys)))
}

// TabTo moves the focus by the Tab key until it is on what reads, or is named, as the text says; at most
// 60 times.
func (p *Page) TabTo(text string) {
	p.tb.Helper()
	for range 60 {
		p.Press(kb.Tab)
		if found, err := p.look(p.ctx, "focused", text); err == nil && found.OK {
			return
		}
	}
	p.tb.Fatalf("no %q is reached by the Tab key at %s", text, p.URL())
}

// URL is where the tab is.
func (p *Page) URL() string {
	url, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("location.href")) // Empty while there is none.
	return url
}

// Text is what the page shows.
func (p *Page) Text() string {
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''")) // Empty while there is none.
	return text
}

// Value is what is in the field of a label.
func (p *Page) Value(label string) string {
	p.tb.Helper()
	return p.await(fmt.Sprintf("read %q", label), "value", label).Text
}

// Eval runs a script in the page and gives its result; promises are awaited. It is a function because
// methods have no type parameters.
func Eval[T any](p *Page, script string) T {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	p.must("run a script", err)
	return result
}

// Quiet fails the test if the page threw, logged an error, or broke the content security policy. Answers
// of 4xx are the tests' own business.
func (p *Page) Quiet() {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, message := range p.said {
		refusal := strings.HasPrefix(message.Text, "Failed to load resource: the server responded with a status of 4")
		if (message.IsException() || message.Type == chromedp.ConsoleError) && !refusal {
			p.tb.Errorf("the page at %s said: %s (%s:%d)", p.URL(), message, message.URL, message.Line+1)
		}
	}
}

// violation is what axe found against one of its rules.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// Axe fails the test for every violation of WCAG 2.2 AA that axe-core finds, and for a page that is wider
// than the screen.
func (p *Page) Axe() {
	p.tb.Helper()
	if p.scriptless { // Axe waits for promises, which settle only where scripts run.
		p.scripts(true)
		defer p.scripts(false)
	}
	p.must("put axe into the page", chromedp.Do(p.ctx, chromedp.Evaluate[chromedp.Void](axe)))
	const check = `axe.run(document, {resultTypes: ["violations"],
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations)`
	for _, found := range Eval[[]violation](p, check) {
		for _, node := range found.Nodes {
			p.tb.Errorf("axe at %s: %s (%s): %s\n%s\n%s", p.URL(), found.ID, found.Impact, found.Help, node.HTML, node.FailureSummary)
		}
	}
	if wide := Eval[[]int](p, "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"); wide[0] > wide[1] {
		p.tb.Errorf("the page at %s is %d pixels wide on a screen of %d", p.URL(), wide[0], wide[1])
	}
}

// Weight is how many bytes the page and what belongs to it took over the wire, headers included.
func (p *Page) Weight() int {
	p.tb.Helper()
	return Eval[int](p, `performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
		.reduce((sum, entry) => sum + entry.transferSize, 0)`)
}

// Shot writes a picture of the whole page to the folder EFFIGATE_SHOTS names, and nothing without it.
func (p *Page) Shot(name string) {
	p.tb.Helper()
	folder := os.Getenv("EFFIGATE_SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	p.must("take a picture", err)
	p.must("make the folder for pictures", os.MkdirAll(folder, 0o755))
	p.must("write a picture", os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600))
}

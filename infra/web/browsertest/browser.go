// Package browsertest drives a real Chromium over pages under test, in the words of a person: go to a
// page, fill the field of a label, click a text, see a text. Every step waits until it can be done, at
// most stepTime, and fails the test with what the page showed instead.
//
// It imports nothing of ours. Tests skip, loudly, only where the environment says BROWSER=off.
package browsertest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// Browser is one running Chromium. Its pages share nothing: each is a browser context of its own.
type Browser struct {
	ctx context.Context //nolint:containedctx // chromedp keeps the browser in it
}

// New starts Chromium for the test and ends it with the test. Tests that need more than one page share
// one Browser: starting takes a second or two.
func New(tb testing.TB) *Browser {
	tb.Helper()
	if os.Getenv("BROWSER") == "off" {
		tb.Skip("BROWSER=off: NO PAGE IS TESTED IN A BROWSER")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find(tb)), chromedp.UserDataDir(tb.TempDir()), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-prefers-reduced-motion", true),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox refuses root.
	}
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocated)
	tb.Cleanup(func() { closeBrowser(); end() })
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("start chromium: %v", err)
	}
	return &Browser{ctx}
}

// find gives the path of the browser's program.
func find(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path
		}
		if !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) {
			tb.Fatalf("look for %s: %v", name, err)
		}
	}
	tb.Fatal("no chromium is installed: run make test, which installs it, or set BROWSER=off to test no page in a browser")
	return ""
}

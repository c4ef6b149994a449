package main

import (
	"context"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// browser speaks to the pages of one side like a browser that runs no scripts: it keeps the cookie and
// follows nothing by itself.
type browser struct {
	base   string
	cookie string // name=value of the login session; empty before a login
}

// seen is a page that a browser got.
type seen struct {
	Status   int
	Location string
	Body     string
}

// plain follows no redirections.
var plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// visit asks for a page, or with a form sends that.
func (b *browser) visit(tb failing, path string, form url.Values) seen {
	tb.Helper()
	page, err := b.open(context.Background(), path, form)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return page
}

func (b *browser) open(ctx context.Context, path string, form url.Values) (seen, error) {
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	if strings.HasPrefix(path, "/") {
		path = b.base + path
	}
	r, err := http.NewRequestWithContext(ctx, method, path, content)
	if err != nil {
		return seen{}, err
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	got, err := plain.Do(r)
	if err != nil {
		return seen{}, err
	}
	defer got.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(got.Body)
	for _, set := range got.Cookies() {
		if strings.HasPrefix(set.Name, "effigate_") {
			b.cookie = ""
			if set.MaxAge >= 0 && set.Value != "" {
				b.cookie = set.Name + "=" + set.Value
			}
		}
	}
	return seen{got.StatusCode, got.Header.Get("Location"), string(text)}, err
}

// logIn logs in by address and password and gives the session's cookie; empty when that proves nobody.
func logIn(tb failing, base, email, password string) string {
	tb.Helper()
	b := browser{base: base}
	page := b.visit(tb, "/login", url.Values{"email": {email}, "password": {password}})
	if page.Status != http.StatusSeeOther && page.Status != http.StatusUnprocessableEntity && page.Status != http.StatusOK {
		tb.Errorf("the login of %s answers %d: %s", email, page.Status, page.Body)
	}
	return b.cookie
}

// linked are the addresses on the same site that a page leads to.
var linked = regexp.MustCompile(`(?:href|hx-get)="(/[^"#]*)`)

// crawl visits every page that leads from the first, with what leads nowhere else: no more than a few hundred.
func (b *browser) crawl(tb failing, first ...string) map[string]seen {
	tb.Helper()
	const most = 300
	pages, next := map[string]seen{}, first
	for len(next) > 0 && len(pages) < most {
		path := next[0]
		next = next[1:]
		if _, been := pages[path]; been || strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/events") || strings.HasPrefix(path, "/logout") {
			continue
		}
		page := b.visit(tb, path, nil)
		pages[path] = page
		for _, match := range linked.FindAllStringSubmatch(page.Body, -1) {
			next = append(next, html.UnescapeString(match[1]))
		}
		if strings.HasPrefix(page.Location, "/") {
			next = append(next, page.Location)
		}
	}
	return pages
}

// hidden are the fields of a page's forms that nobody fills in.
var hidden = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`)

// submit visits a page and sends a form of it, with what the page itself put into its forms.
func (b *browser) submit(tb failing, path, action string, values url.Values) seen {
	tb.Helper()
	page := b.visit(tb, path, nil)
	if page.Status != http.StatusOK {
		tb.Fatalf("%s answers %d to %q: %s", path, page.Status, page.Location, page.Body)
	}
	form := url.Values{}
	for _, field := range hidden.FindAllString(page.Body, -1) {
		form.Set(attribute(field, "name"), attribute(field, "value"))
	}
	maps.Copy(form, values)
	return b.visit(tb, action, form)
}

func attribute(tag, name string) string {
	_, rest, _ := strings.Cut(tag, " "+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(value)
}

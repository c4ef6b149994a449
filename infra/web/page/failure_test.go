package page_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"effigate/domain"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/web/page/gallery"
)

func TestErrorPagesSayWhatHelps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure web.Failure
		console bool
		want    []string
	}{
		"role":     {web.Failure{Problem: web.Problem{Status: 403}, Roles: []domain.Role{domain.Owner, domain.AccountManager}}, true, []string{"You may not do this", "the role Owner or Account Manager. An Owner can"}},
		"client":   {web.Failure{Problem: web.Problem{Status: 403}, Roles: []domain.Role{domain.ClientAdmin}}, false, []string{"the role Client Admin. Your Client Admin can"}},
		"missing":  {web.Failure{Problem: web.Problem{Status: 404, Detail: "secret"}}, false, []string{"There is nothing here", "not for you to see"}},
		"conflict": {web.Failure{Problem: web.Problem{Status: 409, Detail: "somebody was faster"}}, false, []string{"This has changed", "Somebody was faster. Go back"}},
		"fields":   {web.Failure{Problem: web.Problem{Status: 422, Errors: []web.WrongField{{Field: "name", Detail: "is <empty>"}}}}, false, []string{"name is &lt;empty&gt;"}},
		"limit":    {web.Failure{Problem: web.Problem{Status: 429}, RetryAfter: time.Minute}, false, []string{"Too many attempts", "Wait 60 seconds"}},
		"internal": {web.Failure{Problem: web.Problem{Status: 500, Detail: "secret", Reference: "REF41"}}, false, []string{"Something went wrong here", "<code>REF41</code>"}},
		"down":     {web.Failure{Problem: web.Problem{Status: 503}, RetryAfter: time.Second}, false, []string{"Not available right now", "Try again in a moment."}},
		"method":   {web.Failure{Problem: web.Problem{Status: 405, Title: "Method Not Allowed", Detail: "No."}}, false, []string{"Method Not Allowed", "No."}},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/x", http.NoBody)
		page.Failure(c.console)(w, r, c.failure)
		text := strings.Join(strings.Fields(w.Body.String()), " ")
		if w.Code != c.failure.Status || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(text, "secret") {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", name, want, text)
			}
		}
	}
}

func TestMissingPagesAreTheSameToTheLetter(t *testing.T) {
	t.Parallel()
	a := newAPI()
	one, other := get(a, "/people/1"), get(a, "/people/2?x=y")
	if one.Code != 404 || one.Body.String() != other.Body.String() {
		t.Errorf("%d, and the second differs: %s", one.Code, other.Body)
	}
}

func TestAPartThatFailsIsNoWholePage(t *testing.T) {
	t.Parallel()
	w := get(newAPI(), "/nothing", "HX-Request", "true", "HX-Request-Type", "partial")
	if text := w.Body.String(); w.Code != 404 || strings.Contains(text, "<html") || !strings.Contains(text, `class="banner danger"`) {
		t.Errorf("%d %s", w.Code, text)
	}
}

// What breaks off half-way is no page.
func TestAPageIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	broken := templ.ComponentFunc(func(context.Context, io.Writer) error { return errors.New("broken") })

	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	if err := page.Render(w, r, http.StatusOK, templ.Join(gallery.LogIn(page.Frame{}), broken)); err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("%v, %d bytes, %v", err, w.Body.Len(), w.Header())
	}
}

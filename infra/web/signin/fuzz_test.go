package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"effigate/infra/web/signin"
)

// FuzzForms sends anything to every form and link that needs no login: nothing breaks, and nobody gets in.
func FuzzForms(f *testing.F) {
	for i := range 12 {
		f.Add(uint8(i), "email=ada%40acme.example&password=x&code=123456&next=%2Faccount&name=Ada", "application/x-www-form-urlencoded", strings.Repeat("A", 43), "effigate_portal=x; effigate_client_sso=eyJzIjoieCJ9")
	}
	f.Add(uint8(3), `{"credential":{"id":"x"},"name":"x"}`, "application/json", "%00", "effigate_client_passkey=%%%")
	f.Add(uint8(0), "email=%ff%00@x&password=\x00&next=//evil.example", "application/x-www-form-urlencoded", "..", "effigate_portal="+strings.Repeat("A", 43))
	w := newWorld(f)
	w.person("ada@acme.example")
	var routes []string
	for _, route := range w.api.Routes() {
		if route.Public() && !strings.HasPrefix(route.Pattern, "/assets/") && route.Pattern != "/openapi.json" {
			routes = append(routes, route.Method+" "+route.Pattern)
		}
	}
	f.Fuzz(func(t *testing.T, at uint8, body, media, token, cookie string) {
		method, pattern, _ := strings.Cut(routes[int(at)%len(routes)], " ")
		target := strings.ReplaceAll(pattern, "{token}", url.PathEscape(token))
		if method == http.MethodGet {
			target += "?" + url.Values{"next": {body}, "state": {token}, "code": {media}}.Encode()
		}
		request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		request.Header.Set("Content-Type", media)
		request.Header.Set("Cookie", cookie)
		request.Header.Set("Accept", "text/html")
		recorder := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(recorder, request)
		if recorder.Code >= http.StatusInternalServerError {
			t.Errorf("%s %s is %d: %s", method, target, recorder.Code, recorder.Body)
		}
		for _, set := range recorder.Result().Cookies() {
			if set.Name == "effigate_portal" && set.Value != "" {
				t.Errorf("%s %s logs in", method, target)
			}
		}
		if location := recorder.Header().Get("Location"); location != "" && (!strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//")) {
			t.Errorf("%s %s leads to %q", method, target, location)
		}
	})
}

// FuzzDevice names whatever claims to be a browser.
func FuzzDevice(f *testing.F) {
	f.Add("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0")
	f.Fuzz(func(t *testing.T, userAgent string) {
		if words := signin.Device(userAgent); words == "" || len(words) > 40 {
			t.Errorf("%q is called %q", userAgent, words)
		}
	})
}

func TestDevice(t *testing.T) {
	t.Parallel()
	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":              "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                      "Safari on Mac",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":                      "Chrome on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"curl/8.5.0": "curl",
		"":           "Unknown device",
	} {
		if got := signin.Device(userAgent); got != want {
			t.Errorf("%q is %q, want %q", userAgent, got, want)
		}
	}
}

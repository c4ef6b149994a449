package outside_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"effigate/infra/outside"
)

// What an address is comes from outside, and a name may be resolved to whatever its owner likes.
func TestOnlyThePublicInternetIsReached(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.216.34:443": true, "8.8.8.8:80": true, "[2606:2800:220:1::1]:443": true,
		"127.0.0.1:443": false, "127.8.8.8:80": false, "[::1]:443": false, "[::ffff:127.0.0.1]:443": false, "[::127.0.0.1]:443": false,
		"10.0.0.1:443": false, "172.16.9.9:443": false, "192.168.1.1:443": false, "[fd00:ec2::254]:80": false, "[::ffff:10.0.0.1]:443": false,
		"169.254.169.254:80": false, "168.63.129.16:80": false, "[fe80::1%eth0]:443": false, "[fec0::1]:443": false, "[64:ff9b::a9fe:a9fe]:80": false, "[2002:7f00:1::]:443": false,
		"100.100.100.200:80": false, "192.0.0.192:80": false, "198.18.0.1:443": false,
		"0.0.0.0:443": false, "0.1.2.3:443": false, "[::]:443": false, "224.0.0.1:443": false, "[ff02::1]:443": false, "255.255.255.255:443": false, "240.0.0.1:443": false,
		"localhost:443": false, "": false,
	} {
		if got := outside.Reachable(address, false) == nil; got != want {
			t.Errorf("%q: reachable: %t", address, got)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1:443": true, "[::1]:80": true, "10.0.0.1:443": false, "169.254.169.254:80": false, "[::]:80": false} {
		if got := outside.Reachable(address, true) == nil; got != want {
			t.Errorf("%q where loopback is allowed: reachable: %t", address, got)
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{
		"https://hooks.acme.example/in": {true, true}, "https://hooks.acme.example/in?a=1": {true, true},
		"http://hooks.acme.example/in": {false, false}, "http://localhost:8080/in": {false, true}, "http://127.0.0.1/": {false, true},
		"https://ada@hooks.acme.example/": {false, false}, "https://hooks.acme.example/#in": {false, false},
		"https:///in": {false, false}, "ftp://hooks.acme.example": {false, false}, "/in": {false, false}, "": {false, false},
	} {
		if got := [2]bool{outside.IsURL(text, false), outside.IsURL(text, true)}; got != want {
			t.Errorf("IsURL(%q) = %v, want %v", text, got, want)
		}
	}
}

// A name that leads inside is found out when it is connected to, not when it is written down.
func TestTheTransportAsksBeforeItConnects(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(server.Close)
	for _, loopback := range []bool{false, true} {
		var want error
		if !loopback {
			want = outside.ErrInside
		}
		client := &http.Client{Transport: outside.NewTransport(time.Minute, loopback), CheckRedirect: outside.RefuseRedirect}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		if !errors.Is(err, want) || len(asked) > 0 != loopback {
			t.Errorf("loopback %t: %v, asked %d times", loopback, err, len(asked))
		}
		client.CloseIdleConnections()
	}
}

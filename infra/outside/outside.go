// Package outside reaches addresses that somebody else has named: an organisation's OpenID provider, the receiver
// of a webhook. Whoever names them must not lead us to what listens inside: so only the public internet is reached.
//
// It imports nothing of ours. It judges what a name was resolved to, at the moment of connecting: so no name leads
// inside, whoever answers for it and however often the answer changes. It goes through no proxy, which would look
// the names up for us.
package outside

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// ErrInside says that an address is not on the public internet.
var ErrInside = errors.New("the address is not on the public internet")

// inside are the networks that lead to ourselves, to neighbours or to a cloud's own services, beside those that
// netip.Addr tells: "this" network, those shared by a carrier's customers, special purposes, benchmarks, what is
// reserved, where one cloud has its own services in every network, and the forms of IPv6 that hold an address of IPv4,
// which could be any of them.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// Reachable refuses an IP address with its port, "93.184.216.34:443", that is not on the public internet. With
// loopback this machine is allowed too, for tests and a demo.
func Reachable(address string, loopback bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	ip := to.Addr().Unmap().WithZone("")
	if loopback && ip.IsLoopback() {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(inside, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return fmt.Errorf("connect to %s: %w", address, ErrInside)
	}
	return nil
}

// IsURL tells whether a text can be the URL of something outside: https and, with loopback, http on this machine;
// a host, and neither a user nor a fragment.
func IsURL(text string, loopback bool) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || loopback && u.Scheme == "http" && IsLoopback(u)
}

// IsLoopback tells whether a URL names this machine.
func IsLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// NewTransport makes a transport that connects to what is Reachable, and gives up connecting after the timeout.
// Its other bounds are the caller's to change before its first use.
func NewTransport(timeout time.Duration, loopback bool) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		return Reachable(address, loopback)
	}}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: timeout, IdleConnTimeout: time.Minute,
	}
}

// RefuseRedirect keeps an http.Client from following: another address was not asked for.
func RefuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

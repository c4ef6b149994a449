package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how many proxies are looked back through.
const maxHops = 16

// Address gives the IP address that a request came from, without port. A proxy that is trusted is believed
// whom it speaks for; nobody else is.
func Address(r *http.Request) string { return requestOf(r.Context()).address }

// address finds the nearest address that is no trusted proxy.
func address(r *http.Request, trusted []netip.Prefix) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	nearest := at.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	slices.Reverse(hops)
	for _, hop := range hops[:min(len(hops), maxHops)] {
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(nearest) }) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		nearest = before.Unmap().WithZone("")
	}
	return nearest.String()
}

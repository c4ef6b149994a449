package web

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// Credential gives the token that proved the login of a request which Register or Page has admitted, and
// whether it is an API key rather than that of a session.
func (a *API) Credential(ctx context.Context) (token string, key bool) {
	known := requestOf(ctx)
	if known.http == nil {
		return "", false
	}
	if known.login.Key == uuid.Nil { // An Authorization beside the cookie of a page is for a proxy before us.
		return a.Token(known.http), false
	}
	_, token, key = strings.Cut(known.http.Header.Get("Authorization"), " ")
	return token, key
}

// Origin gives where a request came from: the address as Address has it, and the user agent.
func Origin(ctx context.Context) (address, userAgent string) {
	known := requestOf(ctx)
	if known.http == nil {
		return "", ""
	}
	return known.address, known.http.UserAgent()
}

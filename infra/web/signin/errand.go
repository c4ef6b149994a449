package signin

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// errandFor is how long a browser may be away at a provider or at its passkeys.
const errandFor = 10 * time.Minute

// The errands.
const (
	errandSSO     = "sso"
	errandPasskey = "passkey"
)

// errand is what the browser keeps for us while it is away: it binds what comes back to the browser that
// left. State is sealed; the rest is the person's own and trusted as little as a form.
type errand struct {
	State string `json:"s,omitempty"`
	Hint  string `json:"h,omitempty"` // the address that was typed
	Next  string `json:"n,omitempty"`
}

// maxErrand bounds the path that an errand leads to, in bytes: browsers drop a cookie of more than 4 KiB.
const maxErrand = 500

// keep gives the browser an errand. It rather forgets where to go afterwards than be lost.
func (s *pages) keep(w http.ResponseWriter, kind string, e errand) error {
	if len(e.Next) > maxErrand {
		e.Next = ""
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	cookie := s.errandCookie(kind)
	cookie.Value, cookie.MaxAge = base64.RawURLEncoding.EncodeToString(text), int(errandFor.Seconds())
	http.SetCookie(w, &cookie)
	return nil
}

// kept gives the browser's errand; zero when there is none that can be read.
func (s *pages) kept(r *http.Request, kind string) errand {
	cookie, err := r.Cookie(s.errandCookie(kind).Name)
	if err != nil {
		return errand{}
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return errand{}
	}
	var e errand
	if json.Unmarshal(text, &e) != nil {
		return errand{}
	}
	return e
}

// drop takes an errand from the browser.
func (s *pages) drop(w http.ResponseWriter, kind string) {
	cookie := s.errandCookie(kind)
	cookie.MaxAge = -1
	http.SetCookie(w, &cookie)
}

func (s *pages) errandCookie(kind string) http.Cookie {
	c := http.Cookie{
		Name: "effigate_" + string(s.Side) + "_" + kind, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if s.Base.Scheme == "https" {
		c.Name, c.Secure = "__Host-"+c.Name, true
	}
	return c
}

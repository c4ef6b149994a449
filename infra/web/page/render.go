package page

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"effigate/domain"
	"effigate/infra/web"
)

// themeCookie remembers the choice of colours. It says nothing about anybody.
const themeCookie = "theme"

// ThemeOf gives the colours that the browser has chosen.
func ThemeOf(r *http.Request) Theme {
	cookie, err := r.Cookie(themeCookie)
	if err != nil {
		return ""
	}
	switch theme := Theme(cookie.Value); theme {
	case Light, Dark:
		return theme
	}
	return ""
}

// chooseTheme remembers a choice for a year and goes back to where it was made.
func chooseTheme(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	cookie := &http.Cookie{Name: themeCookie, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch theme := Theme(form.Get("theme")); theme {
	case Light, Dark:
		cookie.Value = string(theme)
	case "":
		cookie.MaxAge = -1
	default:
		return domain.Refuse(domain.ErrInvalid, "invalid_fields", "there is no theme %q", theme)
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, web.LocalPage(form.Get("next")), http.StatusSeeOther)
	return nil
}

// Render writes a page, or a fragment where web.Partial asks for one. It writes nothing when the component
// fails, so that an error page can still answer.
func Render(w http.ResponseWriter, r *http.Request, status int, component templ.Component) error {
	var text bytes.Buffer
	if err := component.Render(r.Context(), &text); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "HX-Request, HX-Request-Type")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // The reader has gone: there is nobody to tell.
	return nil
}

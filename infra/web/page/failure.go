package page

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"effigate/infra/web"
)

// Failure makes the error page of a side, for web.Options. A part of a page gets a banner instead. Neither
// repeats the address: what is not there and what is not yours are the same to the letter.
func Failure(console bool) func(http.ResponseWriter, *http.Request, web.Failure) {
	return func(w http.ResponseWriter, r *http.Request, failed web.Failure) {
		frame := Frame{Title: failureTitle(failed), Console: console, Theme: ThemeOf(r), Path: "/"}
		answer := failure(frame, failed)
		if web.Partial(r) {
			answer = Banner(Notice{Tone: Danger, Title: frame.Title, Text: failureText(failed)})
		}
		if err := Render(w, r, failed.Status, answer); err != nil {
			http.Error(w, failed.Title, failed.Status) // A plain answer is better than none.
		}
	}
}

func failureTitle(failed web.Failure) string {
	switch failed.Status {
	case http.StatusForbidden:
		return "You may not do this"
	case http.StatusNotFound:
		return "There is nothing here"
	case http.StatusConflict:
		return "This has changed"
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return "This cannot be accepted"
	case http.StatusRequestEntityTooLarge:
		return "This is too large"
	case http.StatusTooManyRequests:
		return "Too many attempts"
	case http.StatusServiceUnavailable:
		return "Not available right now"
	case http.StatusInternalServerError:
		return "Something went wrong here"
	}
	return failed.Title
}

func failureText(failed web.Failure) string {
	switch failed.Status {
	case http.StatusNotFound:
		return "Either the address is wrong, or it is not for you to see."
	case http.StatusInternalServerError:
		return "This is our mistake, not yours, and it has been noted. Nothing more was changed."
	case http.StatusTooManyRequests:
		return fmt.Sprintf("Wait %d seconds, then try again.", int(failed.RetryAfter/time.Second))
	case http.StatusServiceUnavailable:
		return "Try again in a moment."
	case http.StatusConflict:
		return sentence(failed.Detail) + " Go back, reload the page, and look at what it is like now."
	}
	return sentence(failed.Detail)
}

// sentence makes one of a text that may have been written as an error.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}

// grantor is who gives roles.
func grantor(f Frame) string {
	if f.Console {
		return "An Owner"
	}
	return "Your Client Admin"
}

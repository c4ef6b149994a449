package mail_test

import (
	"strings"
	"testing"

	"effigate/infra/mail"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, right := range []string{
		"smtp://ada:secret@mail.example.org:587?from=Northwind <no-reply@example.org>",
		"smtp://mail.example.org?from=no-reply@example.org",
		"smtps://ada:p%40ss@mail.example.org?from=no-reply@example.org",
		"smtp://relay.internal:25?tls=off&from=no-reply@example.org",
		"smtp://127.0.0.1:1025?from=no-reply@example.org",
	} {
		if _, err := mail.Parse(right); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
	for wrong, says := range map[string]string{
		"":                                       "must have the form",
		"http://mail.example.org":                "must have the form",
		"smtp://?from=a@b.org":                   "must have the form",
		"smtp://ada:secret@mail.example.org":     "parameter from",
		"smtp://h?from=nobody":                   "parameter from",
		"smtp://h?from=a@b.org&tls=maybe":        "tls",
		"smtps://h?from=a@b.org&tls=off":         "tls=off",
		"smtp://h?from=a@b.org&starttls=always":  "starttls",
		"smtp://ada:secret@h:99999?from=a@b.org": "port",
	} {
		_, err := mail.Parse(wrong)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v; want %q, and no password", wrong, err, says)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("smtp://ada:secret@mail.example.org:587?from=Northwind <no-reply@example.org>")
	f.Add("smtps://[::1]:465?from=a@b&tls=off")
	f.Fuzz(func(t *testing.T, text string) {
		if server, err := mail.Parse(text); (server == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", text, server, err)
		}
	})
}

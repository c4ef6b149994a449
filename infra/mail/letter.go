package mail

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"effigate/domain"
	"effigate/infra/accounts"
)

// wording is what a kind of mail says. The sentences stand before and after its one link.
type wording struct {
	subject, before, button, after string
	path                           string
}

// wordings of the kinds. Whoever reads one knows nothing of the product yet, so it says what happens and
// what to do if it was not asked for.
var wordings = map[accounts.MailKind]wording{
	accounts.MailInvitation: {
		subject: "Your invitation", path: "/invitation/",
		before: "You are invited to log in to %s. Choose a password to begin.", button: "Take up the invitation",
		after: "The link works once, until %s. If you did not expect it, do nothing.",
	},
	accounts.MailReset: {
		subject: "Set another password", path: "/reset/",
		before: "Somebody, probably you, asked to set another password for %s.", button: "Set another password",
		after: "The link works once, until %s. If it was not you, do nothing: your password stays as it is.",
	},
	accounts.MailEmailOld: {
		subject: "Confirm the change of your address", path: "/confirm-email/",
		before: "You asked to log in to %s with another e-mail address. Confirm it from this address and from the other one.", button: "Confirm the change",
		after: "The link works once, until %s. If it was not you, do nothing and change your password.",
	},
	accounts.MailEmailNew: {
		subject: "Confirm your new address", path: "/confirm-email/",
		before: "This address is to be used to log in to %s. Confirm it from here and from the address used before.", button: "Confirm this address",
		after: "The link works once, until %s. If you know nothing of it, do nothing.",
	},
	// Mail travels in the clear and lies about: what the notice says is read behind the login.
	accounts.MailNotice: {
		subject: "Something needs you", path: "/notices",
		before: "There is a new notice for you in %s.", button: "Open your notices", after: "You are asked to log in first.",
	},
}

// overdue is what a notice says to a user of a client: a reminder is all that these are sent for.
var overdue = wording{
	subject: "An invoice is overdue", path: "/invoices",
	before: "An invoice of your organisation in %s is overdue.", button: "Open your invoices", after: "You are asked to log in first.",
}

var page = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:34em;margin:2em auto;padding:0 1em">
<p>{{.Greeting}}</p>
<p>{{.Before}}</p>
<p><a href="{{.Link}}" style="display:inline-block;background:#1d4f91;color:#fff;padding:.6em 1.2em;border-radius:6px;text-decoration:none">{{.Button}}</a></p>
<p style="color:#57606a">{{.After}}</p>
<p style="color:#57606a;font-size:14px">Does the button not work? Open this address: {{.Link}}</p>
</body></html>
`))

// letter writes a mail with its link. Base is the public address of the side's pages.
func letter(m accounts.Mail, side domain.Side, base *url.URL, link accounts.Link) (Letter, error) {
	w, ok := wordings[m.Kind]
	if !ok {
		return Letter{}, fmt.Errorf("%w: mail of the kind %q has no words", errRefused, m.Kind)
	}
	if m.Kind == accounts.MailNotice && side == domain.ClientSide {
		w = overdue
	}
	place := "the client portal"
	if side == domain.StaffSide {
		place = "the staff console"
	}
	said := struct{ Subject, Greeting, Before, Button, After, Link string }{
		Subject: w.subject, Greeting: "Hello,", Button: w.button,
		Before: fmt.Sprintf(w.before, place+" at "+base.Host),
		After:  strings.ReplaceAll(w.after, "%s", link.Expires.UTC().Format("2 January 2006, 15:04 MST")),
		Link:   base.JoinPath(w.path, link.Token).String(),
	}
	if name := oneLine(m.Name); name != "" {
		said.Greeting = "Hello " + name + ","
	}
	var html strings.Builder
	if err := page.Execute(&html, said); err != nil {
		return Letter{}, fmt.Errorf("write a mail: %w", err)
	}
	text := strings.Join([]string{said.Greeting, said.Before, said.Link, said.After}, "\n\n") + "\n"
	return Letter{
		ID: m.ID.String(), Name: m.Name, Address: m.Email, Subject: w.subject, Text: text, HTML: html.String(), At: m.CreatedAt,
	}, nil
}

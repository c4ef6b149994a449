// Package page is the design system of portal and console: the frame of a page, its components, the style
// sheet, the script, and how a page is written to the browser.
//
// It imports infra/web and templ, and knows no data of either side: what a page shows comes in the plain
// structs below. Every component works without JavaScript; app.js and htmx only add to it. The policy of
// the pages forbids inline styles and scripts, so templates have none; a test looks.
package page

import (
	"net/url"
	"time"
)

// Theme is how a page is coloured; the zero Theme follows the system.
type Theme string

// The themes that somebody can choose.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
)

// Tone is what a badge, a banner or a button means. The zero Tone is neutral.
type Tone string

// The tones. Each comes with an icon and a word: colour alone says nothing.
const (
	Neutral   Tone = ""
	Good      Tone = "good"
	Attention Tone = "attention"
	Danger    Tone = "danger"
	Primary   Tone = "primary" // of buttons
	Quiet     Tone = "quiet"   // of buttons
)

// Frame is what surrounds the content of a page.
type Frame struct {
	// Title names the page: in the browser's tab, before the name of the product. The page's one h1 is
	// Header's.
	Title string
	// Console gives the frame of the staff side, which looks internal.
	Console bool
	Viewer  Viewer
	Nav     []NavItem
	Theme   Theme  // see ThemeOf
	Path    string // of the page with its query, to come back to after a change of theme
	Notice  Notice // shown above the content; zero for none
	// Position is the sealed position that the page's content contains, for live updates.
	Position string
	// Live connects the page to the stream of changes at /events, from Since on.
	Live bool
	// Since is the id of the last change that the page shows, so that none is missed between the page and
	// its stream.
	Since string
	// Wrong says that a form on the page was refused: the title begins with "Error:".
	Wrong bool
	// At is when the content was read, in the viewer's zone; zero leaves the note about it out.
	At time.Time
}

// Viewer is who looks; the zero Viewer is nobody, who gets no navigation.
type Viewer struct {
	Name         string
	Organisation string // of a client user
	Role         string // in words
}

// NavItem is one way in the navigation.
type NavItem struct {
	Label   string
	Path    string
	Icon    string // in the rail of the console; see Icon
	Current bool
	Count   int // things waiting there; zero shows none
}

// Notice is a message about the page or about what was just done.
type Notice struct {
	Tone  Tone
	Title string
	Text  string
}

// Heading is the top of a page's content.
type Heading struct {
	Title string
	Lead  string // one sentence below; may be empty
	// Back leads one level up, if BackLabel is given.
	BackLabel string
	Back      string
}

// FieldError is one thing wrong in a form.
type FieldError struct {
	Field string // name of the field; empty for the form as a whole
	Text  string // a sentence
}

// FormProps are those of a form.
type FormProps struct {
	Action string // empty for the page itself
	// Get makes it a search: its fields go into the address. It changes nothing.
	Get    bool
	Upload bool // it has a file
	// Errors are listed at the top with links to their fields, and the list gets the focus. Give each
	// field its text with ErrorOf.
	Errors []FieldError
	// Plain submits it without htmx, as what answers with anything but a page must.
	Plain bool
}

// Field is one field of a form. Its id is "field-" and the name.
type Field struct {
	Name  string
	Label string
	Hint  string
	Error string
	Value string
	// Type is that of an input: "text" when empty, or "email", "search", "number", "date" …
	Type         string
	Autocomplete string // as HTML has it: "username", "one-time-code" …
	InputMode    string
	MaxLength    int
	Rows         int    // of a text area; 5 when zero
	Accept       string // of a file
	// Suggest is asked, as this field alone, for what it makes of a text while it is typed: a fragment, which goes
	// into the element whose id is the field's and "-suggestions".
	Suggest  string
	Required bool
	ReadOnly bool
	// Checked is of a single checkbox.
	Checked bool
	Options []Option // of a select, radio or checkbox group
}

// Option is one choice.
type Option struct {
	// Group is a heading over the choices that have the same one, which stand together.
	Group    string // not shown in a select
	Value    string
	Label    string
	Hint     string // not shown in a select
	Selected bool
	Disabled bool
}

// ButtonProps are those of a button that submits its form, or, with a Path, of a link that looks like one.
type ButtonProps struct {
	Label string
	Tone  Tone
	Icon  string
	// Name and Value are sent with the form when this button sends it.
	Name  string
	Value string
	Path  string
	// File says that Path leads to a file, which is no page to be put in the place of this one.
	File bool
	// Form is the id of a form that the button is not in.
	Form string
}

// TableProps are those of a table. Its rows are tr elements of Cell.
type TableProps struct {
	Caption       string
	CaptionHidden bool // for eyes; it is still read out
	Columns       []Column
}

// Column is the head of a column.
type Column struct {
	Label   string
	Numeric bool // aligned to the end
	Hidden  bool // the head, for eyes: a column of buttons, say
}

// EmptyProps tell why there is nothing and what to do about it.
type EmptyProps struct {
	Icon   string
	Title  string
	Text   string
	Action string // label of a link; may be empty
	Path   string
}

// PagerProps lead through a list; an empty path leaves its link out.
type PagerProps struct {
	Newer string
	Older string
}

// Tab is one of several views of a thing.
type Tab struct {
	Label   string
	Path    string
	Current bool
	Count   int // shown when above zero
}

// PasskeyProps are those of the button that asks the browser for a passkey. It is shown where the browser
// has passkeys and scripts run.
type PasskeyProps struct {
	Label string
	// Create registers a passkey; otherwise one is asked for to log in or to prove oneself.
	Create bool
	// Begin is where a POST gives the options as JSON, {"publicKey": …}; Finish where the answer is posted
	// as JSON. Both answer a refusal as a problem. Finish answers {"next": "/path"}.
	Begin  string
	Finish string
	// NameField is the id of a field whose value is posted with the answer as "name"; may be empty.
	NameField string
	Tone      Tone
}

// ConfirmProps are those of a last question before something that cannot be undone.
type ConfirmProps struct {
	Title  string
	Text   string
	Action string  // where the form goes
	Label  string  // of the button
	Cancel string  // path back
	Fields []Field // hidden, sent along
}

// MeterProps are those of a bar that shows how much of something is used.
type MeterProps struct {
	// Label says all that the bar shows, in words: "63 h of 100 h used". It stands beside the bar.
	Label string
	Used  int64
	// Waiting comes on top of Used and is not certain yet; it is drawn fainter.
	Waiting int64
	Of      int64 // the whole bar; nothing is drawn unless it is positive
	Tone    Tone
}

// ErrorOf finds what is wrong with a field.
func ErrorOf(errors []FieldError, field string) string {
	for _, wrong := range errors {
		if wrong.Field == field {
			return wrong.Text
		}
	}
	return ""
}

// stream is where the page hears of changes.
func (f Frame) stream() string {
	if f.Since == "" {
		return "/events"
	}
	return "/events?since=" + url.QueryEscape(f.Since)
}

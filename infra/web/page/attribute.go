package page

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// tab is the text of the browser's tab.
func (f Frame) tab() string {
	title := "Effigate"
	if f.Title != "" {
		title = f.Title + " · " + title
	}
	if f.Wrong {
		title = "Error: " + title
	}
	return title
}

func side(f Frame) string {
	if f.Console {
		return "console"
	}
	return "portal"
}

func toneIcon(t Tone) string {
	switch t {
	case Good:
		return "circle-check"
	case Attention:
		return "clock-alert"
	case Danger:
		return "octagon-alert"
	case Neutral, Primary, Quiet:
	}
	return "info"
}

// bannerRole has a bad message read out at once, and any other when there is time.
func bannerRole(t Tone) string {
	if t == Danger {
		return "alert"
	}
	return "status"
}

func truth(b bool) string { return strconv.FormatBool(b) }

func number(n int) string { return strconv.Itoa(n) }

// share is how much of a whole a part is, in thousandths, between nothing and all.
func share(part, whole int64) int { return int(min(max(part, 0), whole) * 1000 / whole) }

func machineTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// distance tells in words how far an instant is from now, as the script does.
func distance(at, now time.Time) string {
	away := at.Sub(now)
	future := away > 0
	away = away.Abs()
	var words string
	switch {
	case away < time.Minute:
		return "just now"
	case away < time.Hour:
		words = count(away, time.Minute, "minute")
	case away < 48*time.Hour:
		words = count(away, time.Hour, "hour")
	default:
		words = count(away, 24*time.Hour, "day")
	}
	if future {
		return "in " + words
	}
	return words + " ago"
}

func count(of, unit time.Duration, name string) string {
	n := int(of / unit)
	if n != 1 {
		name += "s"
	}
	return strconv.Itoa(n) + " " + name
}

func formMethod(f FormProps) string {
	if f.Get {
		return "get"
	}
	return "post"
}

func passkeyKind(p PasskeyProps) string {
	if p.Create {
		return "create"
	}
	return "get"
}

func fieldID(name string) string { return "field-" + name }

// SuggestionsID is the id of the element that takes what is suggested for a field.
func SuggestionsID(name string) string { return fieldID(name) + "-suggestions" }

// heads reports whether the choice begins a group.
func heads(f Field, i int) bool {
	return f.Options[i].Group != "" && (i == 0 || f.Options[i-1].Group != f.Options[i].Group)
}

// choiceID is the id of one choice of a group.
func choiceID(f Field, i int) string { return fieldID(f.Name) + "-" + strconv.Itoa(i) }

func inputType(f Field) string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func withoutValue(f Field) Field {
	f.Value = ""
	return f
}

// describedBy names the hint and error of a field.
func describedBy(f Field) string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, fieldID(f.Name)+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, fieldID(f.Name)+"-error")
	}
	return strings.Join(ids, " ")
}

// groupAttributes are those of a group of choices.
func groupAttributes(f Field) templ.Attributes {
	if ids := describedBy(f); ids != "" {
		return templ.Attributes{"aria-describedby": ids}
	}
	return nil
}

// controlAttributes are those that every kind of control has.
func controlAttributes(f Field) templ.Attributes {
	attributes := templ.Attributes{
		"id": fieldID(f.Name), "name": f.Name, "required": f.Required,
	}
	if ids := describedBy(f); ids != "" {
		attributes["aria-describedby"] = ids
	}
	if f.Error != "" {
		attributes["aria-invalid"] = "true"
	}
	if f.Autocomplete != "" {
		attributes["autocomplete"] = f.Autocomplete
	}
	return attributes
}

// textAttributes are those of what is typed into.
func textAttributes(f Field) templ.Attributes {
	attributes := controlAttributes(f)
	attributes["readonly"] = f.ReadOnly
	if f.MaxLength > 0 {
		attributes["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.InputMode != "" {
		attributes["inputmode"] = f.InputMode
	}
	return attributes
}

func inputAttributes(f Field, kind string) templ.Attributes {
	attributes := textAttributes(f)
	attributes["type"] = kind
	if f.Value != "" {
		attributes["value"] = f.Value
	}
	if f.Accept != "" {
		attributes["accept"] = f.Accept
	}
	if f.Suggest != "" {
		attributes["hx-get"], attributes["hx-trigger"] = f.Suggest, "input changed delay:400ms"
		attributes["hx-target"], attributes["hx-swap"] = "#"+SuggestionsID(f.Name), "innerHTML"
	}
	if kind == "email" || f.Autocomplete == "username" || f.Autocomplete == "one-time-code" {
		attributes["autocapitalize"], attributes["spellcheck"] = "none", "false"
	}
	return attributes
}

func areaAttributes(f Field) templ.Attributes {
	attributes := textAttributes(f)
	rows := f.Rows
	if rows == 0 {
		rows = 5
	}
	attributes["rows"] = strconv.Itoa(rows)
	return attributes
}

func checkboxAttributes(f Field) templ.Attributes {
	attributes := controlAttributes(f)
	attributes["type"], attributes["checked"] = "checkbox", f.Checked
	if f.Value != "" {
		attributes["value"] = f.Value
	}
	return attributes
}

// choiceAttributes are those of one radio button or checkbox of a group.
func choiceAttributes(f Field, kind string, i int) templ.Attributes {
	option := f.Options[i]
	attributes := templ.Attributes{
		"id": choiceID(f, i), "type": kind, "name": f.Name, "value": option.Value,
		"checked": option.Selected, "disabled": option.Disabled, "required": f.Required && kind == "radio",
	}
	if option.Hint != "" {
		attributes["aria-describedby"] = choiceID(f, i) + "-hint"
	}
	return attributes
}

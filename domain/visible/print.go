package visible

import (
	"strconv"

	"github.com/google/uuid"
)

// Form is what a document is printed as.
type Form string

// The forms: for people, for programs of accountants, for spreadsheets.
const (
	PDF Form = "pdf"
	XML Form = "xml"
	CSV Form = "csv"
)

// PrintID is the id under which the store of printed documents keeps one form of an invoice or credit note. A layout
// prints the same bytes for ever, so another layout is another id.
func PrintID(document uuid.UUID, form Form, layout int) uuid.UUID {
	return uuid.NewSHA1(document, []byte("print "+string(form)+" "+strconv.Itoa(layout)))
}

package sheet

// Rejection is a row that is not imported.
type Rejection struct {
	Line   int    `json:"line"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
}

// Note is something that was decided about a row, or about the file when Line is 0.
type Note struct {
	Line int      `json:"line"`
	Kind NoteKind `json:"kind"`
	Text string   `json:"text"`
}

// NoteKind says what a note is about; each format names its own.
type NoteKind string

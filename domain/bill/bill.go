// Package bill is what an invoice or a credit note says, and the arithmetic that makes it: lines from what a period
// charges, tax per rate on the sum of line nets, totals, and credits that add up to the last cent (product rules F38,
// F40, F41, F44).
//
// It is pure. Content is what a draft holds; Finish makes the Document of it, which is issued, printed, hashed and
// disclosed as it stands. Nothing internal is ever part of a Document.
package bill

// Bounds of a document. They keep a draft below the 1 MiB of one append, and what is printed within memory.
const (
	MaxLines     = 500
	MaxManual    = 100 // lines that a person added to a draft
	MaxEntries   = 20_000
	MaxText      = 500      // characters of a line's text
	MaxTexts     = 16 << 20 // bytes of the texts of all entries
	MaxChunk     = 512_000  // bytes of entries in one event
	MaxDocument  = 800_000  // bytes of its canonical form
	MaxTaxRates  = 100
	MaxAddress   = 6 // lines
	MaxWording   = 10
	MaxReminders = 10
)

package paper

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"effigate/domain/bill"
)

// The bounds of what Lacking tells.
const (
	maxLacks   = 4 // texts
	maxLetters = 8 // of a text
)

// glyphs tells which letters the fonts have: the bold one has the same.
type glyphs struct {
	font   *sfnt.Font
	buffer sfnt.Buffer
}

func newGlyphs() (*glyphs, error) {
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	return &glyphs{font: font}, nil
}

// box stands for a letter that the fonts lack.
const box = '□'

// printable is a text as the fonts can show it, on one line: letters with their accents in one piece, a box for each
// letter they lack, which lacked is told.
func (g *glyphs) printable(text string, lacked func(rune)) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.In(r, unicode.Cf, unicode.Cc) {
			return -1
		}
		if glyph, err := g.font.GlyphIndex(&g.buffer, r); err != nil || glyph == 0 {
			lacked(r)
			return box
		}
		return r
	}, norm.NFC.String(text))
}

// Lacking tells which letters of a document PDF prints as empty boxes, the first few of the first few texts: "山田 in
// the client's name". None means that it prints them all.
func Lacking(doc bill.Document, entries []bill.Entry) ([]string, error) {
	g, err := newGlyphs()
	if err != nil {
		return nil, err
	}
	found, more := []string{}, 0
	for _, said := range textsOf(doc, entries) {
		letters := []rune{}
		g.printable(said.text, func(r rune) {
			if len(letters) < maxLetters && !slices.Contains(letters, r) {
				letters = append(letters, r)
			}
		})
		switch {
		case len(letters) == 0:
		case len(found) == maxLacks:
			more++
		default:
			found = append(found, string(letters)+" in "+said.where)
		}
	}
	switch {
	case more == 1:
		found = append(found, "others in one more place")
	case more > 1:
		found = append(found, fmt.Sprintf("others in %d more places", more))
	}
	return found, nil
}

// said is a text of a document, and what people call the place where it stands.
type said struct{ where, text string }

// textsOf gathers what people wrote of all that PDF prints.
func textsOf(doc bill.Document, entries []bill.Entry) []said {
	texts := []said{
		{"the client's name", doc.Client.Name},
		{"the client's address", strings.Join(addressOf(doc.Client), " ")},
		{"the issuer's name", doc.Issuer.Name},
		{"the issuer's address", strings.Join(addressOf(doc.Issuer), " ")},
		{"the contract's reference", doc.Contract},
		{"the purchase order", doc.PurchaseOrder},
		{"the reason", doc.Reason},
		{"the terms of payment", doc.Terms},
		{"the account", joined(" ", doc.Account.Holder, doc.Account.Bank)},
		{"the wording", strings.Join(doc.Wording, " ")},
	}
	for _, tax := range doc.Taxes {
		texts = append(texts, said{"the tax", joined(" ", tax.Name, tax.Reason)})
	}
	under := byLine(entries)
	for i, line := range doc.Lines {
		where := fmt.Sprintf("line %d", i+1)
		texts = append(texts, said{where, joined(" ", line.Section, line.Text)})
		var of strings.Builder
		for _, entry := range under[line.ID] {
			of.WriteString(joined(" ", entry.Text, entry.JobType, ruleOf(entry)))
		}
		texts = append(texts, said{"the entries of " + where, of.String()})
	}
	return texts
}

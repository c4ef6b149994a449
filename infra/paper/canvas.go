package paper

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"effigate/domain/calendar"
)

// The page, in millimetres: A4, and where text may stand on it.
const (
	left   = 18.0
	right  = 192.0
	top    = 18.0
	bottom = 276.0
	foot   = 283.0 // the footer's line
)

// style is how a text looks. Its ink is black where it names none.
type style struct {
	size float64 // points
	bold bool
	ink  [3]int
}

// height is that of one line of text, in millimetres.
func (s style) height() float64 { return s.size * 0.3528 * 1.32 }

// strong is the same in bold.
func (s style) strong() style {
	s.bold = true
	return s
}

var (
	grey   = [3]int{95, 95, 95}
	accent = [3]int{28, 62, 104}

	plain   = style{size: 9}
	small   = style{size: 7.5, ink: grey}
	dense   = style{size: 7.5}
	label   = style{size: 8.5, ink: grey}
	heading = style{size: 11, bold: true, ink: accent}
	title   = style{size: 20, bold: true, ink: accent}
)

// canvas is a document in the making. Its pages are filled from top to bottom.
type canvas struct {
	pdf    *fpdf.Fpdf
	glyphs *glyphs
	y      float64 // where the next text stands, from the top
}

// newCanvas begins a document on its first page. The day is all that it knows of time.
func newCanvas(name, author string, day calendar.Date) (*canvas, error) {
	glyphs, err := newGlyphs()
	if err != nil {
		return nil, err
	}
	if !day.Valid() {
		return nil, fmt.Errorf("%q is no day to date a document by", day)
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(day.Start(time.UTC))
	pdf.SetModificationDate(day.Start(time.UTC))
	pdf.SetProducer(fmt.Sprintf("Effigate, layout %d", Layout), true)
	pdf.SetTitle(name, true)
	pdf.SetAuthor(author, true)
	pdf.SetLang("en")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	// The library keeps and may write to what it is given, and documents are made side by side.
	pdf.AddUTF8FontFromBytes("go", "", bytes.Clone(goregular.TTF))
	pdf.AddUTF8FontFromBytes("go", "B", bytes.Clone(gobold.TTF))
	c := &canvas{pdf: pdf, glyphs: glyphs}
	c.turn()
	return c, nil
}

// turn begins the next page.
func (c *canvas) turn() {
	c.pdf.AddPage()
	c.y = top
}

// need turns the page unless so much fits on it.
func (c *canvas) need(height float64) {
	if c.y+height > bottom && c.y > top {
		c.turn()
	}
}

// use makes a style the one that is measured and written with.
func (c *canvas) use(s style) {
	weight := ""
	if s.bold {
		weight = "B"
	}
	c.pdf.SetFont("go", weight, s.size)
	c.pdf.SetTextColor(s.ink[0], s.ink[1], s.ink[2])
}

// printable is a text as the fonts can show it.
func (c *canvas) printable(text string) string { return c.glyphs.printable(text, func(rune) {}) }

// wrapped cuts a text into lines of a width, at least one.
func (c *canvas) wrapped(text string, width float64, s style) []string {
	c.use(s)
	if lines := c.pdf.SplitText(c.printable(text), width); len(lines) > 0 {
		return lines
	}
	return []string{""}
}

// line writes one line of text, which has been wrapped, at a place. Align is L or R.
func (c *canvas) line(x, y, width float64, align string, s style, text string) {
	c.use(s)
	c.pdf.SetXY(x, y)
	c.pdf.CellFormat(width, s.height(), text, "", 0, align, false, 0, "")
}

// block writes a text within a column that begins at y, and gives where it ends. It stays on its page.
func (c *canvas) block(x, y, width float64, align string, s style, text string) float64 {
	for _, line := range c.wrapped(text, width, s) {
		c.line(x, y, width, align, s, line)
		y += s.height()
	}
	return y
}

// paragraph writes a text over the whole width, across pages.
func (c *canvas) paragraph(s style, text string) {
	for _, line := range c.wrapped(text, right-left, s) {
		c.need(s.height())
		c.line(left, c.y, right-left, "L", s, line)
		c.y += s.height()
	}
}

// rule draws a thin line across a part of the page.
func (c *canvas) rule(from, until, y float64) {
	c.pdf.SetDrawColor(190, 190, 190)
	c.pdf.SetLineWidth(0.2)
	c.pdf.Line(from, y, until, y)
}

// shade fills a part of the page as the ground of what is written on it next.
func (c *canvas) shade(x, y, width, height float64) {
	c.pdf.SetFillColor(238, 242, 247)
	c.pdf.Rect(x, y, width, height, "F")
}

// finish writes the footer of each page, now that their number is known, and gives the document. Seal is a digest
// that proves the document, or empty.
func (c *canvas) finish(name, seal string) ([]byte, error) {
	pages := c.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		c.pdf.SetPage(page)
		c.rule(left, right, foot-1.5)
		c.line(left, foot, 60, "L", small, c.printable(fmt.Sprintf("%s · Page %d of %d", name, page, pages)))
		if seal == "" {
			continue
		}
		tiny := style{size: 6, ink: grey}
		begin, rest := seal[:min(16, len(seal))], seal[min(16, len(seal)):]
		c.use(tiny)
		width := c.pdf.GetStringWidth(rest)
		c.line(left, foot, right-left, "R", tiny, rest)
		c.line(left, foot, right-left-width, "R", tiny.strong(), "SHA-256 "+begin)
	}
	out := bytes.Buffer{}
	if err := c.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write %s as PDF: %w", name, err)
	}
	return out.Bytes(), nil
}

// column is one of a table.
type column struct {
	name  string
	width float64
	align string // L or R
}

// table writes rows below each other, and its head again on each page.
type table struct {
	*canvas
	x       float64
	columns []column
	head    style
}

// gap is between two columns.
const gap = 3.0

func (t table) width() float64 {
	width := 0.0
	for _, column := range t.columns {
		width += column.width
	}
	return width
}

// begin writes the head, with room for some rows below it.
func (t table) begin() {
	height := t.head.height() + 2
	t.need(height + 12)
	t.shade(t.x, t.y, t.width(), height)
	x := t.x
	for _, column := range t.columns {
		t.line(x+gap/2, t.y+1, column.width-gap, column.align, t.head, column.name)
		x += column.width
	}
	t.y += height + 1
}

// row writes a row of texts, each wrapped within its column. It stays on one page unless no page is that long; keep is
// how much must follow on the same page.
func (t table) row(s style, keep float64, texts ...string) {
	cells, most := make([][]string, len(texts)), 0
	for i, text := range texts {
		cells[i] = t.wrapped(text, t.columns[i].width-gap, s)
		most = max(most, len(cells[i]))
	}
	if height := float64(most)*s.height() + 1 + keep; height < bottom-top-20 {
		t.room(height)
	}
	for i := range most {
		t.room(s.height())
		x := t.x
		for at, column := range t.columns[:len(cells)] {
			if i < len(cells[at]) {
				t.line(x+gap/2, t.y, column.width-gap, column.align, s, cells[at][i])
			}
			x += column.width
		}
		t.y += s.height()
	}
	t.y++
}

// room goes on on the next page, below the head, unless so much fits.
func (t table) room(height float64) {
	if t.y+height > bottom {
		t.turn()
		t.begin()
	}
}

// end draws the line below the last row.
func (t table) end() {
	t.rule(t.x, t.x+t.width(), t.y)
	t.y++
}

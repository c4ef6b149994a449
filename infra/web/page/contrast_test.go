package page_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// colours are the tokens of the style sheet, in the light and in the dark theme.
func colours(t *testing.T) map[string][2]string {
	t.Helper()
	sheet, err := os.ReadFile("assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][2]string{}
	for _, token := range regexp.MustCompile(`--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);`).FindAllStringSubmatch(string(sheet), -1) {
		found[token[1]] = [2]string{token[2], token[3]}
	}
	return found
}

// luminance is the relative luminance of WCAG.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		channel := float64(n) / 255
		if channel <= 0.04045 {
			channel /= 12.92
		} else {
			channel = math.Pow((channel+0.055)/1.055, 2.4)
		}
		sum += weight * channel
	}
	return sum
}

// Text needs 4.5, what is not text, such as the edge of a field, 3 (WCAG 2.2 AA, 1.4.3 and 1.4.11).
func TestColoursHaveContrast(t *testing.T) {
	t.Parallel()
	const text, shape = 4.5, 3.0
	tokens := colours(t)
	used := map[string]bool{}
	for _, pair := range []struct {
		on    string
		least float64
		above []string
	}{
		{"paper", text, []string{"ink", "muted", "accent", "accent-strong", "danger"}},
		{"sheet", text, []string{"ink", "muted", "accent", "accent-strong", "good", "attention", "danger"}},
		{"sunk", text, []string{"ink", "muted", "accent"}},
		{"accent-soft", text, []string{"ink", "accent", "accent-strong"}},
		{"good-soft", text, []string{"ink", "good"}},
		{"attention-soft", text, []string{"ink", "attention"}},
		{"danger-soft", text, []string{"ink", "danger"}},
		{"accent", text, []string{"on-accent"}},
		{"accent-strong", text, []string{"on-accent"}},
		{"danger-fill", text, []string{"on-danger"}},
		{"bar", text, []string{"on-bar", "internal"}},
		{"internal", text, []string{"on-internal"}},
		{"sheet", shape, []string{"edge"}},
		{"paper", shape, []string{"edge"}},
	} {
		for _, above := range pair.above {
			for theme, name := range []string{"light", "dark"} {
				a, b := luminance(t, tokens[pair.on][theme]), luminance(t, tokens[above][theme])
				used[pair.on], used[above] = true, true
				if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < pair.least {
					t.Errorf("%s on %s in the %s theme has a contrast of %.2f, at least %.1f is needed", above, pair.on, name, got, pair.least)
				}
			}
		}
	}
	for token := range tokens {
		if !used[token] && token != "line" && token != "bar-soft" { // Which only decorate.
			t.Errorf("nobody looks at the contrast of %s", token)
		}
	}
}

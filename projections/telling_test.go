package projections_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/visible"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

// What appears is told from what changes: by one that saw all events, by one that has just started at each of them, and
// when an event comes again.
func TestTellingTellsNewFromChanged(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	stream := toy.ToyStream(1)
	log.Append(stream,
		toy.Opened{Client: toy.ClientID(1), ID: toy.ToyID(1)}, toy.Named{Name: "one"}, toy.Shown{}, toy.Noted{Text: "hidden"},
		toy.Named{Name: "two"}, toy.Hidden{}, toy.Named{Name: "three"}, toy.Shown{})
	want := []string{"", "", "put new", "", "put", "remove", "", "put new"}
	telling := func() *projections.Telling {
		return projections.NewTelling(log, 0, projections.Disclose("toy", toy.Disclose))
	}
	together := telling()
	var got, again, apart []string
	for delivery, err := range log.Stream(t.Context(), stream, -1) {
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []struct {
			telling *projections.Telling
			into    *[]string
		}{{together, &got}, {together, &again}, {telling(), &apart}} {
			told, err := by.telling.Tell(t.Context(), delivery.Recorded)
			if err != nil {
				t.Fatal(err)
			}
			*by.into = append(*by.into, inWords(told))
		}
	}
	for name, told := range map[string][]string{"in order": got, "once more": again, "from anywhere": apart} {
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func inWords(told []projections.Told) string {
	var words strings.Builder
	for _, one := range told {
		switch one.Change.(type) {
		case visible.Put:
			words.WriteString("put")
		case visible.Remove:
			words.WriteString("remove")
		default:
			fmt.Fprintf(&words, "%T", one.Change)
		}
		if one.New {
			words.WriteString(" new")
		}
	}
	return words.String()
}

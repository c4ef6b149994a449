package numbering

import "effigate/domain/visible"

// Disclosure knows nothing: a series shows nothing.
type Disclosure struct{}

// Disclose yields nothing for any event. How many numbers a series gave counts internal items and items
// withdrawn since, and its instants tell when; a client learns a number with the item that carries it, by
// that item's own disclosure (X11).
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	switch e.(type) {
	case Opened, Allocated:
	}
	return d, nil
}

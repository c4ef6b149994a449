package payment

import "effigate/domain/visible"

// Disclosure is what the fold knows about a payment in order to tell what its client sees: nothing.
type Disclosure struct{}

// Disclose yields nothing: a client reads of a payment on the invoices that took it.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	switch e.(type) {
	case Received, Allocated, Released, Reversed, Refunded:
	}
	return d, nil
}

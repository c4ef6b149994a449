package issuer

import "effigate/domain/visible"

// Disclosure knows nothing.
type Disclosure struct{}

// Disclose yields nothing for any event: what a client learns of an issuer stands on its invoices.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) { _ = e; return d, nil }

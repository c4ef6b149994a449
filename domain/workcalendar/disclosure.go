package workcalendar

import "effigate/domain/visible"

// Disclosure knows nothing.
type Disclosure struct{}

// Disclose yields nothing for any event: this class is internal for ever, and no flag or setting publishes it (F3).
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) { _ = e; return d, nil }

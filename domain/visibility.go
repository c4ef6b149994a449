package domain

// Visibility is the flag every item carries (product rule F2). The zero value is InternalOnly, so that
// what nobody decided about stays inside.
type Visibility string

// The two visibilities. In stored events InternalOnly is the absent field.
const (
	InternalOnly  Visibility = ""
	ClientVisible Visibility = "client_visible"
)

// Valid reports whether v is one of the two visibilities.
func (v Visibility) Valid() bool { return v == InternalOnly || v == ClientVisible }

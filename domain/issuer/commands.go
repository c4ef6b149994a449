package issuer

import (
	"time"

	"effigate/domain"
)

// Command is one thing somebody may ask of an issuer.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Describe says how an issuer invoices from now on; the first one begins it. Saying the same again changes nothing.
type Describe struct {
	Issuer  string // 1 to 32 lower-case letters, digits and dashes
	Content Content
	By      domain.Actor
	At      time.Time
}

func (Describe) isCommand() {}

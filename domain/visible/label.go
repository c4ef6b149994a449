package visible

import "strings"

// Audience is for whom a label is.
type Audience string

// The audiences.
const (
	ForClient Audience = "client"
	ForStaff  Audience = "staff"
)

// InvoiceFacts is what a label of an invoice follows from.
type InvoiceFacts struct {
	Issued     bool
	Due        string // day
	Left       string // canonical number of what is outstanding
	Paid       string // canonical number
	WrittenOff string // canonical number
	Voided     string // number of the credit note that took it back; a payment taken back after it leaves something owed
}

// Label is what an invoice's state is called on a day of its issuer's zone, the only place where this is decided
// (X3). A draft has no label for clients: they never see one.
func Label(f InvoiceFacts, a Audience, today string) string {
	switch {
	case !f.Issued && a == ForClient:
		return ""
	case !f.Issued:
		return "Pending"
	case !owed(f.Left) && f.Voided != "":
		return "Voided (credit note " + f.Voided + ")"
	case !owed(f.Left) && owed(f.WrittenOff) && a == ForClient:
		return "Closed"
	case !owed(f.Left) && owed(f.WrittenOff):
		return "Written off"
	case !owed(f.Left):
		return "Paid"
	case today > f.Due:
		return "Overdue"
	case owed(f.Paid):
		return "Partly paid"
	}
	return "Awaiting payment"
}

func owed(amount string) bool {
	return amount != "" && amount != "0" && !strings.HasPrefix(amount, "-")
}

package projections

import (
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
)

// Notice names one thing that changed, so that open pages can ask for it again. It carries no content.
type Notice struct {
	Client  uuid.UUID // whom it concerns; zero on the staff side
	Kind    string
	Key     uuid.UUID
	Removed bool
}

// NoticeOfChange names the record that a client-safe change puts or removes. The entries of an invoice, of which there
// may be thousands, come and go with it and yield nothing.
func NoticeOfChange(change visible.Change) (Notice, bool) {
	key := change.Key()
	_, removed := change.(visible.Remove)
	return Notice{Client: key.Client, Kind: string(key.Kind), Key: key.ID, Removed: removed}, key.Kind != visible.KindInvoiceEntry
}

// NoticeOfEvent names the aggregate that an event belongs to. Streams whose name does not end in an id
// have no page of their own and yield nothing, but those of billing periods, "period-<contract>-<yyyy-mm>", are
// known by their contract.
func NoticeOfEvent(event domain.Recorded) (Notice, bool) {
	aggregate, name, _ := strings.Cut(event.Stream, "-")
	if month := len("-2026-03"); aggregate == "period" && len(name) > month {
		name = name[:len(name)-month]
	}
	id, err := uuid.Parse(name)
	return Notice{Kind: aggregate, Key: id}, err == nil
}

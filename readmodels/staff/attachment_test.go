package staff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/ticket"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// What decides whether bytes are kept: who may see a file, and whether the rows tell of every file there is.
func TestWhoMaySeeFiles(t *testing.T) {
	t.Parallel()
	file := func(n int) domain.AttachmentID { return domain.AttachmentID{UUID: id("file", n)} }
	attached := func(n int, visibility domain.Visibility) ticket.Attached {
		return ticket.Attached{Attachment: file(n), Visibility: visibility, Name: "a", Type: "text/plain", Size: 1, SHA256: "00", At: at(2)}
	}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, stream(1), raised(1, 1), ticket.Published{At: at(1)},
			attached(1, domain.InternalOnly), attached(2, domain.ClientVisible), attached(3, domain.ClientVisible), attached(4, domain.InternalOnly),
			ticket.AttachmentErased{Attachment: file(3), At: at(3)}, ticket.AttachmentPublished{Attachment: file(4), At: at(3)})
		dispute := domain.DisputeID{UUID: id("dispute", 1)}
		log.Record(t, invoice.Stream(domain.InvoiceID{UUID: id("invoice", 1)}),
			invoice.Disputed{Dispute: dispute, At: at(4)}, invoice.Disputed{Dispute: domain.DisputeID{UUID: id("dispute", 2)}, At: at(4)},
			invoice.DisputeFileAttached{Dispute: dispute, Attachment: file(6), Name: "order.pdf", Type: "application/pdf", Size: 1, SHA256: "00", At: at(5)},
			invoice.DisputeFileAttached{Dispute: dispute, Attachment: file(7), Name: "mail.txt", Type: "text/plain", Size: 1, SHA256: "00", At: at(5)},
			invoice.DisputeFileErased{Dispute: dispute, Attachment: file(6), At: at(6)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		if whole, err := staff.Whole(t.Context(), tx); err != nil || !whole {
			t.Errorf("nothing is parked: %t, %v", whole, err)
		}
		got, err := staff.AttachmentAudiences(t.Context(), tx, []uuid.UUID{id("file", 1), id("file", 2), id("file", 3), id("file", 4), id("file", 5), id("file", 6), id("file", 7)})
		want := []staff.AttachmentAudience{
			{ID: id("file", 1), Visibility: staff.InternalOnly},
			{ID: id("file", 2), Visibility: staff.ClientVisible},
			{ID: id("file", 3), Visibility: staff.InternalOnly, Erased: true},
			{ID: id("file", 4), Visibility: staff.ClientVisible},
			{ID: id("file", 6), Visibility: staff.ClientVisible, Erased: true},
			{ID: id("file", 7), Visibility: staff.ClientVisible},
		}
		byID := cmpopts.SortSlices(func(a, b staff.AttachmentAudience) bool { return a.ID.String() < b.ID.String() })
		if diff := cmp.Diff(want, got, byID); diff != "" {
			t.Errorf("audiences (-want +got):\n%s", diff)
		}
		return err
	})
}

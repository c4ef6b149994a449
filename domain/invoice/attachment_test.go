package invoice_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/visible"
)

// attaching puts a file beside the objection "a".
func attaching(name string) invoice.AttachToDispute {
	return invoice.AttachToDispute{
		Signed: by(emma), Dispute: objection("a"), Attachment: domain.AttachmentID{UUID: id("file " + name)}, Name: name, Type: "application/pdf",
		Size: 3, SHA256: digest,
	}
}

// A client puts a few files beside its objection, once each, while they can bear on the answer (F45).
func TestFilesOfADispute(t *testing.T) {
	t.Parallel()
	open := happened(t, standing, disputing("a", late, "100"))
	file := attaching("order.pdf")
	attached := invoice.DisputeFileAttached{
		Dispute: file.Dispute, Attachment: file.Attachment, Name: file.Name, Type: file.Type, Size: file.Size, SHA256: file.SHA256,
		By: emma.Person, At: at,
	}
	given(open...).When(file).Then(t, attached)
	with := happened(t, open, file)
	given(with...).When(file).ThenNothing(t)
	if diff := cmp.Diff([]invoice.DisputeFileAttached{attached}, fold(with...).Disputes()[0].Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	given(happened(t, open, invoice.TakeDispute{Signed: by(anna), Dispute: objection("a")})...).When(file).Then(t, attached)
	answered := happened(t, open, invoice.SettleDispute{Signed: by(anna), Dispute: objection("a"), Answer: "No."})
	given(answered...).When(file).ThenRefused(t, domain.ErrConflict, "dispute_over")
	given(standing...).When(file).ThenRefused(t, domain.ErrNotFound, "no_such_dispute")
	full := open
	for _, name := range []string{"1", "2", "3", "4", "5"} {
		full = happened(t, full, attaching(name))
	}
	given(full...).When(attaching("6")).ThenRefused(t, domain.ErrConflict, "too_many_files")
	given(full...).When(attaching("5")).ThenNothing(t)
	given(open...).When(invoice.AttachToDispute{Signed: by(emma), Dispute: objection("a")}).ThenInvalid(t, "id", "name", "sha256", "size", "type")
	file.Name = "../order.pdf"
	given(open...).When(file).ThenInvalid(t, "name")
}

// An answer is promised in business days of the issuer's zone, from the day after: the day begins at its midnight.
func TestTheDayToAnswerBy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at   string
		days int
		want calendar.Date
	}{
		{"2026-04-07T13:59:59Z", 5, "2026-04-14"}, // Tuesday, 23:59:59 in Sydney
		{"2026-04-07T14:00:00Z", 5, "2026-04-15"},
		{"2026-04-10T02:00:00Z", 1, "2026-04-13"}, // Friday
		{"2026-04-11T02:00:00Z", 1, "2026-04-13"},
		{"2026-04-12T02:00:00Z", 1, "2026-04-13"},
		{"2026-04-12T02:00:00Z", 0, ""},
	} {
		moment, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		asked := disputing("a", late, "540")
		asked.At, asked.AnswerDays = moment.UTC(), test.days
		open := happened(t, standing, asked)
		if got := fold(open...).Disputes()[0].AnswerBy; got != test.want {
			t.Errorf("%d days from %s: %q, want %q", test.days, test.at, got, test.want)
		}
		asked.AnswerDays += 3 // The issuer promises otherwise by now; the same objection stays as it is.
		given(open...).When(asked).ThenNothing(t)
	}
}

// The client sees the day to answer by and its files, and of a file nothing but what it sent.
func TestFilesOfADisputeAreShown(t *testing.T) {
	t.Parallel()
	asked := disputing("a", late, "540")
	asked.AnswerDays = 5
	shown := spelled(t, happened(t, standing, asked, attaching("order.pdf"), attaching("mail.txt")))
	file := func(name string) string {
		return `{"id":"` + id("file "+name).String() + `","name":"` + name + `","type":"application/pdf","size":3,"sha256":"` + digest + `","at":"` +
			at.Format(time.RFC3339Nano) + `"}`
	}
	if want := "[" + file("order.pdf") + "," + file("mail.txt") + "]"; shown.Files != want {
		t.Errorf("files %s, want %s", shown.Files, want)
	}
	if want := fold(happened(t, standing, asked)...).Disputes()[0].AnswerBy; shown.AnswerBy != string(want) || want == "" {
		t.Errorf("answered by %q, want %q", shown.AnswerBy, want)
	}
}

// spelled is the objection as the client sees it at last.
func spelled(t *testing.T, history []invoice.Event) (last visible.Dispute) {
	t.Helper()
	var d invoice.Disclosure
	for _, event := range history {
		var changes []visible.Change
		d, changes = invoice.Disclose(d, event)
		for _, change := range changes {
			if put, ok := change.(visible.Put); ok && put.Key().Kind == visible.KindDispute {
				last = put.Record.(visible.Dispute)
			}
		}
	}
	if last.ID == uuid.Nil {
		t.Fatal("no objection is shown")
	}
	return last
}

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
	if diff := cmp.Diff([]invoice.File{{Attached: attached}}, fold(with...).Disputes()[0].Files); diff != "" {
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

// erasing ends the file that attaching puts beside the objection "a".
func erasing(name string) invoice.EraseDisputeFile {
	return invoice.EraseDisputeFile{Signed: by(olga), Dispute: objection("a"), Attachment: attaching(name).Attachment, Reason: "INTERNAL reason"}
}

// Staff erase a file once, and of an objection that is over too. It still counts as one that was attached.
func TestAFileOfADisputeIsErased(t *testing.T) {
	t.Parallel()
	with := happened(t, standing, disputing("a", late, "100"), attaching("order.pdf"))
	erase := erasing("order.pdf")
	fact := invoice.DisputeFileErased{
		Dispute: erase.Dispute, Attachment: erase.Attachment, Staff: invoice.ReasonStaff{Reason: "INTERNAL reason"}, By: olga.Person, At: at,
	}
	given(with...).When(erase).Then(t, fact)
	over := happened(t, with, invoice.WithdrawDispute{Signed: by(emma), Dispute: objection("a")})
	given(over...).When(erase).Then(t, fact)
	gone := happened(t, with, erase)
	given(gone...).When(erase).ThenNothing(t)
	given(gone...).When(attaching("order.pdf")).ThenNothing(t)
	if files := fold(gone...).Disputes()[0].Files; len(files) != 1 || !files[0].Erased.Equal(at) {
		t.Errorf("files: %+v", files)
	}
	if files := fold(with...).Disputes()[0].Files; !files[0].Erased.IsZero() {
		t.Errorf("what was is changed: %+v", files)
	}
	given(with...).When(erasing("mail.txt")).ThenRefused(t, domain.ErrNotFound, "no_such_attachment")
	given(standing...).When(erase).ThenRefused(t, domain.ErrNotFound, "no_such_dispute")
	erase.Reason = ""
	given(with...).When(erase).ThenInvalid(t, "reason")
	erase.Signed = by(emma)
	given(with...).When(erase).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
}

// That an answer is late is said once of each objection that waits, from the midnight after the day that was promised in
// the issuer's zone, however many days later; the client is told nothing of it.
func TestAMissedAnswer(t *testing.T) {
	t.Parallel()
	asked := disputing("a", late, "100") // On 31 March in Sydney.
	asked.AnswerDays = 5
	open := happened(t, standing, asked, disputing("b", regular, "1"))
	on := func(when string) invoice.NoteMissedAnswers {
		moment, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		return invoice.NoteMissedAnswers{Signed: invoice.Signed{By: domain.System(), At: moment.UTC()}}
	}
	given(open...).When(on("2026-04-07T13:59:59Z")).ThenNothing(t)
	missed := func(when string) invoice.AnswerMissed {
		return invoice.AnswerMissed{Dispute: objection("a"), AnswerBy: "2026-04-07", By: domain.System().Person, At: on(when).At}
	}
	given(open...).When(on("2026-04-07T14:00:00Z")).Then(t, missed("2026-04-07T14:00:00Z"))
	given(open...).When(on("2026-05-07T14:00:00Z")).Then(t, missed("2026-05-07T14:00:00Z"))
	said := happened(t, open, on("2026-04-07T14:00:00Z"))
	given(said...).When(on("2026-04-08T14:00:00Z")).ThenNothing(t)
	if diff := cmp.Diff(told(open), told(said)); diff != "" {
		t.Errorf("the client is told of it (-before +after):\n%s", diff)
	}
	taken := happened(t, open, invoice.TakeDispute{Signed: by(anna), Dispute: objection("a")})
	given(taken...).When(on("2026-04-07T14:00:00Z")).Then(t, missed("2026-04-07T14:00:00Z"))
	for _, over := range []invoice.Command{
		invoice.SettleDispute{Signed: by(anna), Dispute: objection("a"), Answer: "No."}, invoice.WithdrawDispute{Signed: by(emma), Dispute: objection("a")},
	} {
		given(happened(t, open, over)...).When(on("2026-04-07T14:00:00Z")).ThenNothing(t)
	}
	byClient := on("2026-04-07T14:00:00Z")
	byClient.By = emma
	given(open...).When(byClient).ThenRefused(t, domain.ErrNotFound, "no_such_invoice")
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
	shown = spelled(t, happened(t, standing, asked, attaching("order.pdf"), attaching("mail.txt"), erasing("order.pdf")))
	then := at.Format(time.RFC3339Nano)
	gone := `{"id":"` + id("file order.pdf").String() + `","name":"","type":"","size":0,"sha256":"","at":"` + then + `","erased_at":"` + then + `"}`
	if want := "[" + gone + "," + file("mail.txt") + "]"; shown.Files != want {
		t.Errorf("files after one is erased %s, want %s", shown.Files, want)
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

package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/infra/blob"
	"effigate/infra/files"
)

var at = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)

// firm is a firm with two clients, and its files.
type firm struct {
	t        *testing.T
	dir      string
	log      *commandstest.Log
	service  *commands.Service
	internal *blob.Store
	public   *blob.Store
	files    *files.Files
	nexus    domain.ClientID
	contract domain.ContractID
	orion    domain.ClientID
	owner    domain.Actor
	admin    domain.Actor // of nexus
	keys     int
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	f := &firm{t: t, dir: t.TempDir(), log: commandstest.NewLog()}
	f.service = commands.NewService(f.log, commandstest.NewAnswers())
	f.internal, f.public = f.store("internal"), f.store("public")
	f.files = files.New(files.Options{
		Internal: f.internal, Public: f.public, Commands: f.service, Log: f.log, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	f.owner = domain.Actor{Person: domain.PersonID{UUID: id("owner")}, Side: domain.StaffSide, Role: domain.Owner}
	f.want(f.service.InvitePerson(t.Context(), f.next(domain.System()), commands.InvitePerson{ID: f.owner.Person, Role: domain.Owner}))
	f.want(f.service.ActivatePerson(t.Context(), f.next(f.owner), commands.ActivatePerson{Person: f.owner.Person}))
	f.nexus, f.contract = f.client("Nexus Corp")
	f.orion, _ = f.client("Orion Ltd")
	person := domain.PersonID{UUID: f.want(f.service.InvitePerson(t.Context(), f.next(f.owner), commands.InvitePerson{Client: f.nexus, Role: domain.ClientAdmin})).ID}
	f.admin = domain.Actor{Person: person, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: f.nexus}
	f.want(f.service.ActivatePerson(t.Context(), f.next(f.admin), commands.ActivatePerson{Person: person}))
	return f
}

func id(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceOID, name) }

func (f *firm) store(name string) *blob.Store {
	f.t.Helper()
	store, err := blob.NewStore(filepath.Join(f.dir, name), blob.MaxSize)
	if err != nil {
		f.t.Fatal(err)
	}
	return store
}

func (f *firm) client(name string) (domain.ClientID, domain.ContractID) {
	f.t.Helper()
	client := domain.ClientID{UUID: f.want(f.service.RegisterClient(f.t.Context(), f.next(f.owner), commands.RegisterClient{
		Name: name, Zone: "UTC", Language: "en", Currency: "EUR",
	})).ID}
	contract := domain.ContractID{UUID: f.want(f.service.DraftContract(f.t.Context(), f.next(f.owner), commands.DraftContract{
		Client: client, Reference: "CON-1", Terms: terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-01-01", terms.JobType{Key: "api", Name: "API"}),
	})).ID}
	f.want(f.service.ActivateContract(f.t.Context(), f.next(f.owner), commands.ActivateContract{Contract: contract}))
	return client, contract
}

// next is a request under a key of its own.
func (f *firm) next(by domain.Actor) commands.Request {
	f.keys++
	return commands.Request{Actor: by, Route: "test", Key: fmt.Sprint("key ", f.keys), At: at.Add(time.Duration(f.keys) * time.Second)}
}

func (f *firm) want(answer commands.Answer, err error) commands.Answer {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	return answer
}

// raise raises a ticket of staff.
func (f *firm) raise(visibility domain.Visibility) domain.TicketID {
	f.t.Helper()
	return domain.TicketID{UUID: f.want(f.service.RaiseTicket(f.t.Context(), f.next(f.owner), commands.RaiseTicket{
		Client: f.nexus, Contract: f.contract, JobType: "api", Title: "Export stops", Priority: ticket.High, Visibility: visibility,
	})).ID}
}

func upload(ticket domain.TicketID, visibility domain.Visibility, name, content string) files.Upload {
	return files.Upload{Ticket: ticket, Visibility: visibility, Name: name, Content: strings.NewReader(content)}
}

// attach attaches, and gives the id.
func (f *firm) attach(by domain.Actor, u files.Upload) domain.AttachmentID {
	f.t.Helper()
	return domain.AttachmentID{UUID: f.want(f.files.Attach(f.t.Context(), f.next(by), u)).ID}
}

// holds says what the two stores hold under an id: "internal", "internal public" or nothing.
func (f *firm) holds(file domain.AttachmentID, want string) {
	f.t.Helper()
	var got []string
	for name, store := range map[string]*blob.Store{"internal": f.internal, "public": f.public} {
		there, err := store.Has(file.UUID)
		if err != nil {
			f.t.Fatal(err)
		}
		if there && name == "internal" {
			got = append([]string{name}, got...)
		} else if there {
			got = append(got, name)
		}
	}
	if held := strings.Join(got, " "); held != want {
		f.t.Errorf("%q holds the file, want %q", held, want)
	}
}

func read(t *testing.T, reader interface {
	Open(uuid.UUID) (*blob.Content, error)
}, file domain.AttachmentID,
) string {
	t.Helper()
	content, err := reader.Open(file.UUID)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// attached gives the fact about a file.
func (f *firm) attached(file domain.AttachmentID) (fact ticket.Attached) {
	f.t.Helper()
	for _, recorded := range f.log.All() {
		if event, ok := recorded.Event.(ticket.Attached); ok && event.Attachment == file {
			return event
		}
	}
	f.t.Errorf("no fact speaks of file %s", file)
	return fact
}

// The bytes of a file are where the facts say, on its whole way.
func TestTheLifeOfAFile(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	ctx, on := t.Context(), f.raise(domain.ClientVisible)
	file := f.attach(f.owner, upload(on, domain.InternalOnly, "trace.log", "line 1\nline 2\n"))
	f.holds(file, "internal")
	want := ticket.Attached{
		Attachment: file, Name: "trace.log", Type: "text/plain", Size: 14,
		SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("line 1\nline 2\n"))), By: f.owner.Person, At: f.attached(file).At,
	}
	if diff := cmp.Diff(want, f.attached(file)); diff != "" {
		t.Errorf("the fact (-want +got):\n%s", diff)
	}
	change := commands.ChangeAttachment{Ticket: on, Attachment: file, Reason: "asked for"}
	published := f.next(f.owner)
	f.want(f.files.Publish(ctx, published, change))
	f.holds(file, "internal public")
	if got := read(t, f.public, file); got != "line 1\nline 2\n" {
		t.Errorf("the client reads %q", got)
	}
	f.want(f.service.WithdrawAttachment(ctx, f.next(f.owner), change))
	for range 2 {
		if err := f.files.Settle(ctx, on); err != nil {
			t.Fatal(err)
		}
		f.holds(file, "internal")
	}
	f.want(f.files.Publish(ctx, published, change)) // A repeat answers as before, and discloses nothing.
	f.holds(file, "internal")
	f.want(f.files.PublishTicket(ctx, f.next(f.owner), commands.PublishTicket{Ticket: on, Attachments: []domain.AttachmentID{file}}))
	f.holds(file, "internal public")
	f.want(f.service.EraseAttachment(ctx, f.next(f.owner), change))
	if err := f.files.Settle(ctx, on); err != nil {
		t.Fatal(err)
	}
	f.holds(file, "")
	if _, err := f.files.Publish(ctx, f.next(f.owner), change); err == nil {
		t.Error("an erased file is published")
	}
	f.holds(file, "")
}

// What a ticket does to its files: withdrawn or moved, no file of it stays where a client reads (A5).
func TestFilesFollowTheirTicket(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(f *firm, on domain.TicketID) (commands.Answer, error){
		"withdrawn": func(f *firm, on domain.TicketID) (commands.Answer, error) {
			return f.service.WithdrawTicket(f.t.Context(), f.next(f.owner), commands.WithdrawTicket{Ticket: on, Reason: "by mistake"})
		},
		"moved": func(f *firm, on domain.TicketID) (commands.Answer, error) {
			return f.service.ChangeTicketClient(f.t.Context(), f.next(f.owner), commands.ChangeTicketClient{Ticket: on, Client: f.orion, Reason: "theirs"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFirm(t)
			on := f.raise(domain.ClientVisible)
			file := f.attach(f.owner, upload(on, domain.ClientVisible, "a.txt", "seen"))
			f.holds(file, "internal public")
			f.want(end(f, on))
			if err := f.files.Settle(t.Context(), on); err != nil {
				t.Fatal(err)
			}
			f.holds(file, "internal")
		})
	}
}

// A client's file is visible at once; sent again it is the same file, and another one under the same key is refused.
func TestAClientsFile(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on := f.raise(domain.ClientVisible)
	request := f.next(f.admin)
	first := f.want(f.files.Attach(t.Context(), request, upload(on, domain.ClientVisible, "a.txt", "bytes")))
	file := domain.AttachmentID{UUID: first.ID}
	f.holds(file, "internal public")
	again := f.want(f.files.Attach(t.Context(), request, upload(on, domain.ClientVisible, "a.txt", "bytes")))
	if again != first || files.IDOf(request) != file {
		t.Errorf("sent again it is %v, not %v", again, first)
	}
	for _, other := range []files.Upload{
		upload(on, domain.ClientVisible, "a.txt", "other bytes"),
		upload(on, domain.ClientVisible, "b.txt", "bytes"),
	} {
		_, err := f.files.Attach(t.Context(), request, other)
		if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || refusal.Code != "key_reused" {
			t.Errorf("another file under the key: %v", err)
		}
	}
	if got := read(t, f.public, file); got != "bytes" {
		t.Errorf("it holds %q", got)
	}
	_, err := f.service.WithdrawAttachment(t.Context(), f.next(f.owner), commands.ChangeAttachment{Ticket: on, Attachment: file})
	if !errors.Is(err, domain.ErrConflict) {
		t.Errorf("what a client attached is withdrawn: %v", err)
	}
}

// What is refused leaves no bytes, and says why in words for whoever sent it.
func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on, hidden := f.raise(domain.ClientVisible), f.raise(domain.InternalOnly)
	broke := errors.New("the connection broke")
	for name, test := range map[string]struct {
		by     domain.Actor
		upload files.Upload
		want   error
		code   string
	}{
		"empty":          {f.admin, upload(on, domain.ClientVisible, "a.txt", ""), domain.ErrInvalid, "file_empty"},
		"no name":        {f.admin, upload(on, domain.ClientVisible, "", "x"), domain.ErrInvalid, "invalid_fields"},
		"a path":         {f.admin, upload(on, domain.ClientVisible, "../a", "x"), domain.ErrInvalid, "invalid_fields"},
		"a long name":    {f.admin, upload(on, domain.ClientVisible, strings.Repeat("é", 128), "x"), domain.ErrInvalid, "invalid_fields"},
		"too large":      {f.admin, files.Upload{Ticket: on, Visibility: domain.ClientVisible, Name: "a", Content: bytes.NewReader(make([]byte, blob.MaxSize+1))}, domain.ErrInvalid, "file_too_large"},
		"hidden ticket":  {f.admin, upload(hidden, domain.ClientVisible, "a.txt", "x"), domain.ErrNotFound, ""},
		"no ticket":      {f.owner, upload(domain.TicketID{UUID: id("none")}, domain.InternalOnly, "a.txt", "x"), domain.ErrNotFound, ""},
		"parent hidden":  {f.owner, upload(hidden, domain.ClientVisible, "a.txt", "x"), domain.ErrConflict, ""},
		"broken off":     {f.admin, files.Upload{Ticket: on, Visibility: domain.ClientVisible, Name: "a", Content: io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broke))}, broke, ""},
		"broken picture": {f.owner, upload(on, domain.ClientVisible, "a.jpg", "\xff\xd8\xff\xe0half"), domain.ErrInvalid, "picture_damaged"},
	} {
		request := f.next(test.by)
		_, err := f.files.Attach(t.Context(), request, test.upload)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if refusal, ok := errors.AsType[*domain.Refusal](err); test.code != "" && (!ok || refusal.Code != test.code || len(refusal.Fields) == 0) {
			t.Errorf("%s: refused as %+v", name, refusal)
		}
		f.holds(files.IDOf(request), "")
	}
	if found, err := os.ReadDir(filepath.Join(f.dir, "internal", "incoming")); err != nil || len(found) > 0 {
		t.Errorf("%d half files are left, %v", len(found), err)
	}
}

func TestATicketHasAtMostAHundredFiles(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on := f.raise(domain.ClientVisible)
	for i := range ticket.MaxAttachments {
		f.attach(f.admin, upload(on, domain.ClientVisible, strconv.Itoa(i), "x"))
	}
	request := f.next(f.admin)
	if _, err := f.files.Attach(t.Context(), request, upload(on, domain.ClientVisible, "one more", "x")); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("one more: %v", err)
	}
	f.holds(files.IDOf(request), "")
}

// secretPhoto is a picture that tells where it was taken.
func secretPhoto(t *testing.T) string {
	t.Helper()
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	secret := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00 33.8688 S"
	return plain.String()[:2] + "\xff\xe1\x00" + string(rune(len(secret)+2)) + secret + plain.String()[2:]
}

// Staff's pictures reach clients without what they tell besides the image; what is internal, and what a client sent,
// is kept to the byte (F4).
func TestPicturesOfStaffTellNothing(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on, photo := f.raise(domain.ClientVisible), secretPhoto(t)
	shown := f.attach(f.owner, upload(on, domain.ClientVisible, "a.jpg", photo))
	clean := read(t, f.public, shown)
	if strings.Contains(clean, "33.8688") || clean != read(t, f.files, shown) {
		t.Errorf("the client gets %q", clean)
	}
	if fact := f.attached(shown); fact.Size != int64(len(clean)) || fact.Type != "image/jpeg" {
		t.Errorf("the fact is %+v", fact)
	}
	kept := f.attach(f.owner, upload(on, domain.InternalOnly, "a.jpg", photo))
	sent := f.attach(f.admin, upload(on, domain.ClientVisible, "a.jpg", photo))
	if read(t, f.files, kept) != photo || read(t, f.public, sent) != photo {
		t.Error("a file is not what was sent")
	}
	_, err := f.files.Publish(t.Context(), f.next(f.owner), commands.ChangeAttachment{Ticket: on, Attachment: kept})
	if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || refusal.Code != "picture_tells_more" {
		t.Errorf("a picture that tells more is published: %v", err)
	}
	f.holds(kept, "internal")
	f.want(f.service.WithdrawAttachment(t.Context(), f.next(f.owner), commands.ChangeAttachment{Ticket: on, Attachment: shown}))
	f.want(f.files.Publish(t.Context(), f.next(f.owner), commands.ChangeAttachment{Ticket: on, Attachment: shown}))
	f.holds(shown, "internal public")
}

// failing are use cases that fail.
type failing struct {
	files.Commands
	err error
}

func (f failing) AttachFile(context.Context, commands.Request, commands.AttachFile) (commands.Answer, error) {
	return commands.Answer{}, f.err
}

// A file beside an objection is stored where both sides read it, with what it was sent as, and not kept when the
// objection is refused.
func TestFilesBesideObjections(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on := files.Upload{
		Invoice: domain.InvoiceID{UUID: id("invoice")}, Dispute: domain.DisputeID{UUID: id("dispute")}, Visibility: domain.ClientVisible, Name: "order.txt",
	}
	for _, refusal := range []error{nil, domain.Refuse(domain.ErrConflict, "dispute_over", "it is over")} {
		cases := &objections{err: refusal}
		with := files.New(files.Options{Internal: f.internal, Public: f.public, Commands: cases, Log: f.log, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		request := f.next(f.admin)
		on.Content = strings.NewReader("one hour")
		_, err := with.Attach(t.Context(), request, on)
		if !errors.Is(err, refusal) {
			t.Fatal(err)
		}
		file := files.IDOf(request)
		want := commands.AttachToDispute{
			Invoice: on.Invoice, Dispute: on.Dispute, Attachment: file, Name: "order.txt", Type: "text/plain", Size: 8, SHA256: cases.asked.SHA256,
		}
		if diff := cmp.Diff(want, cases.asked); diff != "" || len(want.SHA256) != 64 {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		for _, store := range []*blob.Store{f.internal, f.public} {
			if there, err := store.Has(file.UUID); there != (refusal == nil) || err != nil {
				t.Errorf("stored: %t, %v", there, err)
			}
		}
	}
}

// A file beside an objection that is erased leaves both stores, and comes back to neither when it is sent again.
func TestAFileBesideAnObjectionIsErased(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	of, dispute := domain.InvoiceID{UUID: id("invoice")}, domain.DisputeID{UUID: id("dispute")}
	with := files.New(files.Options{
		Internal: f.internal, Public: f.public, Commands: &objections{}, Log: f.log, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	attach := func(r commands.Request) domain.AttachmentID {
		t.Helper()
		_, err := with.Attach(t.Context(), r, files.Upload{
			Invoice: of, Dispute: dispute, Visibility: domain.ClientVisible, Name: "order.txt", Content: strings.NewReader("one hour"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return files.IDOf(r)
	}
	request := f.next(f.admin)
	gone, kept := attach(request), attach(f.next(f.admin))
	stream, revision := invoice.Stream(of), domain.NoStream
	record := func(events ...domain.Event) {
		t.Helper()
		_, err := f.log.Append(t.Context(), domain.Append{Stream: stream, Expected: revision, Command: f.next(domain.System()).Command(), Events: events})
		if err != nil {
			t.Fatal(err)
		}
		revision += int64(len(events))
	}
	record(invoice.DisputeFileAttached{Dispute: dispute, Attachment: gone}, invoice.DisputeFileAttached{Dispute: dispute, Attachment: kept})
	settle := func() {
		t.Helper()
		if err := with.SettleObjections(t.Context(), of); err != nil {
			t.Error(err)
		}
	}
	settle()
	f.holds(gone, "internal public")
	record(invoice.DisputeFileErased{Dispute: dispute, Attachment: gone})
	for range 2 {
		settle()
		f.holds(gone, "")
	}
	attach(request)
	f.holds(gone, "")
	f.holds(kept, "internal public")
}

// objections are use cases that take files beside objections.
type objections struct {
	files.Commands
	asked commands.AttachToDispute
	err   error
}

func (o *objections) AttachToDispute(_ context.Context, _ commands.Request, c commands.AttachToDispute) (commands.Answer, error) {
	o.asked = c
	return commands.Answer{ID: c.Attachment.UUID}, o.err
}

// A process that dies between bytes and fact leaves an orphan: sent again the file is whole, and else the orphan is
// collected after a day, and nothing with it that a fact stands for.
func TestOrphansAreCollected(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on := f.raise(domain.ClientVisible)
	down := files.New(files.Options{
		Internal: f.internal, Public: f.public, Commands: failing{f.service, domain.ErrUnavailable}, Log: f.log,
	})
	orphan, repeated := f.next(f.admin), f.next(f.admin)
	for _, request := range []commands.Request{orphan, repeated} {
		if _, err := down.Attach(t.Context(), request, upload(on, domain.ClientVisible, "a.txt", "bytes")); !errors.Is(err, domain.ErrUnavailable) {
			t.Fatal(err)
		}
		f.holds(files.IDOf(request), "internal public")
	}
	f.want(f.files.Attach(t.Context(), repeated, upload(on, domain.ClientVisible, "a.txt", "bytes")))
	hidden := f.attach(f.owner, upload(on, domain.InternalOnly, "b.txt", "bytes"))
	if err := f.public.CopyFrom(&f.internal.Reader, hidden.UUID); err != nil { // A publication that never came to be.
		t.Fatal(err)
	}
	erased := f.attach(f.owner, upload(on, domain.InternalOnly, "c.txt", "bytes"))
	var asked []uuid.UUID
	known := func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]files.Known, error) {
		asked = append(asked, ids...)
		return map[uuid.UUID]files.Known{files.IDOf(repeated).UUID: {Visible: true}, hidden.UUID: {}, erased.UUID: {Erased: true}}, nil
	}
	if err := f.files.Collect(t.Context(), time.Now(), known); err != nil || len(asked) > 0 { //nolint:forbidigo // files have the host's time
		t.Errorf("young files: %v were looked at, %v", asked, err)
	}
	tomorrow := time.Now().Add(25 * time.Hour) //nolint:forbidigo // files have the host's time
	outage := func(context.Context, []uuid.UUID) (map[uuid.UUID]files.Known, error) {
		return nil, domain.ErrUnavailable
	}
	if err := f.files.Collect(t.Context(), tomorrow, outage); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without the read model: %v", err)
	}
	f.holds(files.IDOf(orphan), "internal public")
	if err := f.files.Collect(t.Context(), tomorrow, known); err != nil {
		t.Fatal(err)
	}
	f.holds(files.IDOf(orphan), "")
	f.holds(files.IDOf(repeated), "internal public")
	f.holds(hidden, "internal")
	f.holds(erased, "")
}

// Many orphans are collected in bounded steps.
func TestCollectingGoesInSteps(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	const all = 450
	for i := range all {
		if _, err := f.internal.Put(id(fmt.Sprint("orphan ", i)), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := f.files.Collect(t.Context(), time.Now().Add(25*time.Hour), func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]files.Known, error) { //nolint:forbidigo // files have the host's time
		if seen += len(ids); len(ids) > 200 {
			t.Errorf("asked for %d at once", len(ids))
		}
		return nil, nil
	})
	if err != nil || seen != all {
		t.Errorf("%d were looked at, %v", seen, err)
	}
	for id, err := range f.internal.Before(time.Now().Add(25 * time.Hour)) { //nolint:forbidigo // files have the host's time
		t.Fatalf("an orphan is left: %v, %v", id, err)
	}
}

// waiting is a content that comes when it is let.
type waiting struct {
	begun chan<- struct{}
	let   <-chan struct{}
	rest  io.Reader
	once  sync.Once
}

func (w *waiting) Read(p []byte) (int, error) {
	w.once.Do(func() { w.begun <- struct{}{}; <-w.let })
	return w.rest.Read(p)
}

// One person cannot take all uploads, and the same upload is under way once.
func TestUploadsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on := f.raise(domain.ClientVisible)
	begun, let := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	first := f.next(f.admin)
	for i := range 4 {
		request := first
		if i > 0 {
			request = f.next(f.admin)
		}
		group.Go(func() {
			content := &waiting{begun: begun, let: let, rest: strings.NewReader("x")}
			if _, err := f.files.Attach(t.Context(), request, files.Upload{Ticket: on, Visibility: domain.ClientVisible, Name: "a", Content: content}); err != nil {
				t.Error(err)
			}
		})
		<-begun
	}
	for name, request := range map[string]commands.Request{"the same": first, "one more": f.next(f.admin)} {
		if _, err := f.files.Attach(t.Context(), request, upload(on, domain.ClientVisible, "a", "x")); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.attach(f.owner, upload(on, domain.InternalOnly, "a", "x"))
	close(let)
	group.Wait()
	f.attach(f.admin, upload(on, domain.ClientVisible, "a", "x"))
}

// A file that a client may open and that is gone from the public store comes back; one that is gone for good is logged
// and does not hold up the others.
func TestWhatIsShownIsMended(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	on := f.raise(domain.ClientVisible)
	mended := f.attach(f.admin, upload(on, domain.ClientVisible, "a", "x"))
	lost := f.attach(f.admin, upload(on, domain.ClientVisible, "b", "y"))
	for _, err := range []error{f.public.Delete(mended.UUID), f.public.Delete(lost.UUID), f.internal.Delete(lost.UUID)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.files.Settle(t.Context(), on); err != nil {
		t.Fatal(err)
	}
	f.holds(mended, "internal public")
	f.holds(lost, "")
}

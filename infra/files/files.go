// Package files keeps the bytes of attachments where the facts about them say: those of every file in the internal
// store, and those of files that clients see in the public one besides, from before the fact that discloses them
// until after the one that ends it.
//
// It may import commands, the domain and infra/blob.
//
// Surprises: what a crash leaves between bytes and facts is mended from the facts. The lane "files" settles a ticket,
// or the objections to an invoice, after each fact that changes who sees their files, and Collect removes bytes that no fact stands for.
package files

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/ticket"
	"effigate/domain/visible"
	"effigate/infra/blob"
)

// The bounds of uploads under way in one process.
const (
	maxUploads          = 64
	maxUploadsPerPerson = 4
)

// Commands are the use cases that bytes belong to.
type Commands interface {
	AttachFile(ctx context.Context, r commands.Request, c commands.AttachFile) (commands.Answer, error)
	AttachToDispute(ctx context.Context, r commands.Request, c commands.AttachToDispute) (commands.Answer, error)
	PublishAttachment(ctx context.Context, r commands.Request, c commands.ChangeAttachment) (commands.Answer, error)
	PublishTicket(ctx context.Context, r commands.Request, c commands.PublishTicket) (commands.Answer, error)
}

var _ Commands = (*commands.Service)(nil)

// Options of Files; all but Logger must be given.
type Options struct {
	Internal *blob.Store
	Public   *blob.Store
	Commands Commands
	Log      commands.Log // of the facts; it is only read
	Logger   *slog.Logger // slog.Default() when nil
}

// Files are the attachments' bytes. It may be used from many goroutines.
type Files struct {
	internal, public *blob.Store
	commands         Commands
	log              commands.Log
	logger           *slog.Logger

	mu       sync.Mutex
	arriving map[uuid.UUID]bool // the attachments under way
	uploads  map[domain.PersonID]int
}

// New makes the files.
func New(o Options) *Files {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Files{
		internal: o.Internal, public: o.Public, commands: o.Commands, log: o.Log, logger: o.Logger,
		arriving: map[uuid.UUID]bool{}, uploads: map[domain.PersonID]int{},
	}
}

// Upload is a file to attach: to a ticket, or to an objection to an invoice, whose files are visible.
type Upload struct {
	Ticket     domain.TicketID
	Invoice    domain.InvoiceID
	Dispute    domain.DisputeID // none of a ticket's
	Visibility domain.Visibility
	Name       string
	Content    io.Reader // an error of it is passed on
}

// IDOf is the id of what a request attaches: the same request names the same attachment.
func IDOf(r commands.Request) domain.AttachmentID {
	return domain.AttachmentID{UUID: domain.Derive(r.Command().UUID, "attachment")}
}

// Attach stores a file and puts it on its ticket or beside its objection. A picture of staff that the client is to see
// loses what tells where and when it was taken; every other file is stored to the byte. The same request with another
// content is refused. The request's Body is set here: it is what was stored.
func (f *Files) Attach(ctx context.Context, r commands.Request, u Upload) (commands.Answer, error) {
	if err := checkName(u.Name); err != nil {
		return commands.Answer{}, err
	}
	if r.Key == "" { // It would name one attachment for all.
		return commands.Answer{}, domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "an upload needs an idempotency key")
	}
	id := IDOf(r)
	leave, err := f.enter(id.UUID, r.Actor.Person)
	if err != nil {
		return commands.Answer{}, err
	}
	defer leave()
	disclosed := u.Visibility == domain.ClientVisible
	stored, kind, err := f.store(id.UUID, u, disclosed && r.Actor.Side != domain.ClientSide)
	if err == nil && disclosed {
		err = f.public.CopyFrom(&f.internal.Reader, id.UUID)
	}
	if err != nil {
		return commands.Answer{}, refuse(err)
	}
	answer, err := f.put(ctx, r, u, commands.AttachFile{
		Ticket: u.Ticket, Attachment: id, Visibility: u.Visibility, Name: u.Name, Type: kind, Size: stored.Size, SHA256: stored.SHA256,
	})
	if commands.Final(err) && stored.New { // Nobody will ever ask for it.
		err = errors.Join(err, f.public.Delete(id.UUID), f.internal.Delete(id.UUID))
	}
	f.settleNow(ctx, err, func(ctx context.Context) error { // It may be a repeat, and the file withdrawn or erased since.
		if u.Dispute.IsZero() {
			return f.Settle(ctx, u.Ticket)
		}
		return f.SettleObjections(ctx, u.Invoice)
	})
	return answer, err
}

// put records what was stored.
func (f *Files) put(ctx context.Context, r commands.Request, u Upload, c commands.AttachFile) (answer commands.Answer, err error) {
	if u.Dispute.IsZero() {
		if r.Body, err = json.Marshal(c); err != nil {
			return answer, fmt.Errorf("encode what is attached: %w", err)
		}
		return f.commands.AttachFile(ctx, r, c)
	}
	beside := commands.AttachToDispute{
		Invoice: u.Invoice, Dispute: u.Dispute, Attachment: c.Attachment, Name: c.Name, Type: c.Type, Size: c.Size, SHA256: c.SHA256,
	}
	if r.Body, err = json.Marshal(beside); err != nil {
		return answer, fmt.Errorf("encode what is attached: %w", err)
	}
	return f.commands.AttachToDispute(ctx, r, beside)
}

// enter takes note of an upload, unless it is under way already or there are too many.
func (f *Files) enter(id uuid.UUID, by domain.PersonID) (leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.arriving[id]:
		return nil, domain.Refuse(domain.ErrUnavailable, "upload_under_way", "the same upload is under way")
	case len(f.arriving) >= maxUploads || f.uploads[by] >= maxUploadsPerPerson:
		return nil, domain.Refuse(domain.ErrUnavailable, "too_many_uploads", "too many uploads are under way")
	}
	f.arriving[id] = true
	f.uploads[by]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.arriving, id)
		if f.uploads[by]--; f.uploads[by] == 0 {
			delete(f.uploads, by)
		}
	}, nil
}

// store takes the content in, and tells its media type.
func (f *Files) store(id uuid.UUID, u Upload, strip bool) (blob.Stored, string, error) {
	content := bufio.NewReader(u.Content)
	start, err := content.Peek(sniffed)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return blob.Stored{}, "", err
	case len(start) == 0:
		return blob.Stored{}, "", errEmpty
	}
	kind := mediaType(u.Name, start)
	if kind != picture || !strip {
		stored, err := f.internal.Put(id, content)
		return stored, kind, err
	}
	from, to := io.Pipe()
	var stripping sync.WaitGroup
	stripping.Go(func() { _ = to.CloseWithError(stripJPEG(to, content)) }) // It never fails.
	stored, err := f.internal.Put(id, from)
	_ = from.Close()
	stripping.Wait()
	return stored, kind, err
}

var errEmpty = errors.New("the file is empty")

// refuse says what was wrong with a file in words for whoever sent it.
func refuse(err error) error {
	for _, refused := range []struct {
		err        error
		kind       error
		code, text string
	}{
		{errEmpty, domain.ErrInvalid, "file_empty", "must not be empty"},
		{errJPEG, domain.ErrInvalid, "picture_damaged", "is a picture that is damaged"},
		{blob.ErrTooLarge, domain.ErrInvalid, "file_too_large", fmt.Sprintf("must have at most %d MiB", blob.MaxSize>>20)},
		{blob.ErrTaken, domain.ErrInvalid, "key_reused", "differs from what this key was used for before"},
	} {
		if errors.Is(err, refused.err) {
			return &domain.Refusal{Kind: refused.kind, Code: refused.code, Text: "the file " + refused.text, Fields: map[string]string{"file": refused.text}}
		}
	}
	return err
}

// Publish makes a file visible: its bytes first, then the fact. A picture that tells where and when it was taken is
// refused, because publishing changes no file: attached anew as visible it loses that.
func (f *Files) Publish(ctx context.Context, r commands.Request, c commands.ChangeAttachment) (commands.Answer, error) {
	return f.publishing(ctx, c.Ticket, []domain.AttachmentID{c.Attachment}, func() (commands.Answer, error) {
		return f.commands.PublishAttachment(ctx, r, c)
	})
}

// PublishTicket makes a ticket visible, and as Publish does the files that go with it.
func (f *Files) PublishTicket(ctx context.Context, r commands.Request, c commands.PublishTicket) (commands.Answer, error) {
	if len(c.Attachments) == 0 {
		return f.commands.PublishTicket(ctx, r, c)
	}
	return f.publishing(ctx, c.Ticket, c.Attachments, func() (commands.Answer, error) {
		return f.commands.PublishTicket(ctx, r, c)
	})
}

func (f *Files) publishing(ctx context.Context, id domain.TicketID, files []domain.AttachmentID, publish func() (commands.Answer, error)) (commands.Answer, error) {
	there, err := f.standings(ctx, id)
	if err != nil {
		return commands.Answer{}, err
	}
	for _, file := range files {
		if standing, known := there[file.UUID]; !known || standing == erased {
			continue // The command says so.
		}
		if err := f.disclose(file.UUID); err != nil {
			return commands.Answer{}, errors.Join(err, f.Settle(ctx, id))
		}
	}
	answer, err := publish()
	// It may have been refused, or the repeat of what was taken back since.
	f.settleNow(ctx, err, func(ctx context.Context) error { return f.Settle(ctx, id) })
	return answer, err
}

// disclose copies a file to where clients read, unless it tells more than it shows.
func (f *Files) disclose(id uuid.UUID) error {
	content, err := f.internal.Open(id)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	start := make([]byte, sniffed)
	read, err := content.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if mediaType("", start[:read]) == picture {
		hash := sha256.New()
		if err := stripJPEG(hash, content); err != nil && !errors.Is(err, errJPEG) {
			return err
		}
		if hex.EncodeToString(hash.Sum(nil)) != content.SHA256 {
			return domain.Refuse(domain.ErrConflict, "picture_tells_more", "picture %s may tell where, when and by what it was taken; attach it again as client visible, which leaves that out", id)
		}
	}
	return f.public.CopyFrom(&f.internal.Reader, id)
}

// Open opens a file for staff. The error wraps blob.ErrMissing when its bytes are gone.
func (f *Files) Open(id uuid.UUID) (*blob.Content, error) { return f.internal.Open(id) }

// standing is what the facts say about the bytes of a file.
type standing int

const (
	hidden standing = iota // of staff alone
	shown                  // of the client too
	erased                 // of nobody
)

// standings fold a ticket's history to what it says of each of its files.
func (f *Files) standings(ctx context.Context, id domain.TicketID) (map[uuid.UUID]standing, error) {
	all, seen := map[uuid.UUID]standing{}, map[visible.Key]bool{}
	var disclosure ticket.Disclosure
	for recorded, err := range f.log.Read(ctx, ticket.Stream(id), domain.NoStream) {
		if err != nil {
			return nil, fmt.Errorf("read ticket %s: %w", id, err)
		}
		event, ok := recorded.Event.(ticket.Event)
		if !ok {
			return nil, fmt.Errorf("read ticket %s: revision %d is no ticket event", id, recorded.Revision)
		}
		switch event := event.(type) {
		case ticket.Attached:
			all[event.Attachment.UUID] = hidden
		case ticket.AttachmentErased:
			all[event.Attachment.UUID] = erased
		default: // What the client sees of it is the disclosure's to say.
		}
		var changes []visible.Change
		disclosure, changes = ticket.Disclose(disclosure, event)
		for _, change := range changes {
			_, seen[change.Key()] = change.(visible.Put)
		}
	}
	for key, now := range seen {
		if now && key.Kind == visible.KindAttachment && all[key.ID] == hidden {
			all[key.ID] = shown
		}
	}
	return all, nil
}

// Settle makes the stores say what the facts about a ticket's files say now. Doing it again does nothing more.
func (f *Files) Settle(ctx context.Context, id domain.TicketID) error {
	all, err := f.standings(ctx, id)
	if err != nil {
		return err
	}
	return f.settleAll(all, ticket.Stream(id))
}

// SettleObjections makes the stores say what the facts about the files beside an invoice's objections say now. Doing it
// again does nothing more.
func (f *Files) SettleObjections(ctx context.Context, id domain.InvoiceID) error {
	all := map[uuid.UUID]standing{}
	for recorded, err := range f.log.Read(ctx, invoice.Stream(id), domain.NoStream) {
		if err != nil {
			return fmt.Errorf("read invoice %s: %w", id, err)
		}
		switch event := recorded.Event.(type) {
		case invoice.DisputeFileAttached: // The client that sent it sees it.
			all[event.Attachment.UUID] = shown
		case invoice.DisputeFileErased:
			all[event.Attachment.UUID] = erased
		}
	}
	return f.settleAll(all, invoice.Stream(id))
}

func (f *Files) settleAll(all map[uuid.UUID]standing, stream string) error {
	for file, standing := range all {
		if err := f.settle(file, standing); err != nil {
			return fmt.Errorf("settle file %s of %s: %w", file, stream, err)
		}
	}
	return nil
}

func (f *Files) settle(id uuid.UUID, now standing) error {
	switch now {
	case shown:
		there, err := f.public.Has(id)
		if err != nil || there {
			return err
		}
		err = f.public.CopyFrom(&f.internal.Reader, id)
		if errors.Is(err, blob.ErrMissing) || errors.Is(err, blob.ErrDamaged) { // Trying again would not help.
			f.logger.Error("a file that a client may open is lost", slog.String("attachment_id", id.String()), slog.Any("error", err))
			return nil
		}
		return err
	case erased:
		return errors.Join(f.public.Delete(id), f.internal.Delete(id))
	default:
		return f.public.Delete(id)
	}
}

// settleNow settles after a command that was decided. Should it fail, the lane does it later.
func (f *Files) settleNow(ctx context.Context, decided error, settle func(context.Context) error) {
	if decided != nil && !commands.Final(decided) {
		return
	}
	if err := settle(ctx); err != nil {
		f.logger.WarnContext(ctx, "files were not settled at once", slog.Any("error", err))
	}
}

// Known is what the read model says of a file.
type Known struct{ Visible, Erased bool }

// The bounds of collecting.
const (
	orphanAge = 24 * time.Hour
	batchSize = 200
)

// Collect removes bytes that have been stored for a day and that no fact stands for, and files that never became
// whole. known tells of each id what a read model says that contains every fact up to now; an id that it leaves out is
// of no file, and its error ends the collection.
func (f *Files) Collect(ctx context.Context, now time.Time, known func(context.Context, []uuid.UUID) (map[uuid.UUID]Known, error)) error {
	before := now.Add(-orphanAge)
	return errors.Join(
		f.internal.Sweep(before), f.public.Sweep(before),
		collect(ctx, f.public, before, known, func(k Known) bool { return k.Visible && !k.Erased }),
		collect(ctx, f.internal, before, known, func(k Known) bool { return !k.Erased }),
	)
}

// collect removes what is old in one store and not wanted there.
func collect(
	ctx context.Context, store *blob.Store, before time.Time,
	known func(context.Context, []uuid.UUID) (map[uuid.UUID]Known, error), wanted func(Known) bool,
) error {
	var batch []uuid.UUID
	remove := func() error {
		if len(batch) == 0 {
			return nil
		}
		all, err := known(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if told, is := all[id]; !is || !wanted(told) {
				err = errors.Join(err, store.DeleteBefore(id, before))
			}
		}
		batch = batch[:0]
		return err
	}
	for id, err := range store.Before(before) {
		if err != nil {
			return fmt.Errorf("list old files: %w", err)
		}
		if batch = append(batch, id); len(batch) == batchSize {
			if err := remove(); err != nil {
				return err
			}
		}
	}
	return remove()
}

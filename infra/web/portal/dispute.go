package portal

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// maxObjection bounds the reason of an objection, in characters.
const maxObjection = 2000

type objectInput struct {
	web.Write
	After
	NumberPath
	Body objectBody
}

type objectBody struct {
	Line   uuid.UUID `json:"line" format:"uuid" doc:"The id of a line of the invoice."`
	Amount string    `json:"amount,omitempty" pattern:"^[0-9]{1,12}(\\.[0-9]{1,6})?$" maxLength:"20" doc:"How much of the line, before tax; absent for all of it." example:"120.50"`
	Reason string    `json:"reason" minLength:"1" maxLength:"2000"`
}

// DisputePath is embedded in the input of what concerns one objection to an invoice.
type DisputePath struct {
	ID string `path:"id" doc:"The dispute's id, a UUID."`
}

type attachToDisputeInput struct {
	web.Write
	After
	DisputePath
	Name string `query:"name" maxLength:"255" doc:"What the file is called, when the body is the file alone."`
}

type disputeFileInput struct {
	DisputePath
	Attachment string `path:"attachment" doc:"The file's id, a UUID."`
	DownloadHeaders
}

type withdrawDisputeInput struct {
	web.Write
	After
	DisputePath
	Body struct{}
}

func (p *Portal) registerDisputes() {
	web.Register(p.API, access.DisputeInvoices, post("dispute-invoice", "/invoices/{number}/disputes", "Object to a line of an invoice, or to a part of it"),
		func(ctx context.Context, actor domain.Actor, in *objectInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/invoices/"+in.Number+"/disputes", in.Body, func(r Request) (Answer, error) {
				return p.object(ctx, r, in.After, in.NumberPath, in.Body)
			})
		})
	upload := post("attach-to-dispute", "/disputes/{id}/attachments", "Put a file beside an objection that is not answered, at most 25 MiB, at most five of them")
	web.RegisterUpload(p.API, access.DisputeInvoices, upload, func(ctx context.Context, actor domain.Actor, in *attachToDisputeInput, file *web.File) (*written, error) {
		r, err := p.request(ctx, actor, in.Write, "/disputes/"+in.ID+attachmentsPath, nil) // The use case says what was asked: the content is a part of it.
		if err != nil {
			return nil, err
		}
		return p.write(r, func() (Answer, error) { return p.attachToDispute(ctx, r, in.After, in.ID, file) })
	})
	download := web.DownloadOperation("download-dispute-attachment", base+"/disputes/{id}"+attachmentsPath+"/{attachment}", "A file of an objection")
	web.Register(p.API, access.ReadInvoices, download, func(ctx context.Context, actor domain.Actor, in *disputeFileInput) (*web.DownloadOutput, error) {
		file, err := p.disputeFile(ctx, actor, in.ID, in.Attachment)
		if err != nil {
			return nil, err
		}
		return web.Sending(file), nil
	})
	web.Register(p.API, access.DisputeInvoices, post("withdraw-dispute", "/disputes/{id}/withdraw", "Take an objection back that is not answered"),
		func(ctx context.Context, actor domain.Actor, in *withdrawDisputeInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/disputes/"+in.ID+"/withdraw", in.Body, func(r Request) (Answer, error) {
				return p.withdrawDispute(ctx, r, in.After, in.ID)
			})
		})
}

// amountForm is how an amount is typed.
var amountForm = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?$`)

// wrongAmount says what is wrong with the amount of an objection; the empty one stands for the whole line. Zero would,
// too, where amounts are numbers.
func wrongAmount(amount string) string {
	switch {
	case amount == "":
		return ""
	case !amountForm.MatchString(amount):
		return "must be a number such as 120.50, or nothing for the whole line"
	case strings.Trim(amount, "0.") == "":
		return "must be above zero"
	}
	return ""
}

// object objects for the organisation to a line of an invoice that the actor may see.
func (p *Portal) object(ctx context.Context, r Request, since After, path NumberPath, said objectBody) (Answer, error) {
	number, err := path.text()
	if err != nil {
		return Answer{}, err
	}
	if wrong := wrongAmount(said.Amount); wrong != "" {
		return Answer{}, wrongField("amount", wrong)
	}
	var invoice uuid.UUID
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		invoice, _, err = client.FindInvoice(ctx, tx, v, number, p.now())
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return p.commands.ObjectToLine(ctx, r, Objection{Invoice: invoice, Line: said.Line, Amount: said.Amount, Reason: said.Reason})
}

// attachToDispute hands a file on as it arrives, once it is known that the actor may see the objection.
func (p *Portal) attachToDispute(ctx context.Context, r Request, since After, text string, file *web.File) (Answer, error) {
	dispute, err := p.dispute(ctx, r.Actor, since, text)
	if err != nil {
		return Answer{}, err
	}
	return p.commands.AttachToDispute(ctx, r, AttachToDispute{Invoice: dispute.Invoice, Dispute: dispute.ID, Name: file.Name}, file.Content)
}

// disputeFile opens a file of an objection that the actor may see.
func (p *Portal) disputeFile(ctx context.Context, actor domain.Actor, text, attachment string) (web.Download, error) {
	id, err := web.ID(attachment)
	if err != nil {
		return web.Download{}, err
	}
	dispute, err := p.dispute(ctx, actor, After{}, text)
	if err != nil {
		return web.Download{}, err
	}
	at := slices.IndexFunc(dispute.Attachments, func(f client.DisputeFile) bool { return f.ID == id })
	if at < 0 || dispute.Attachments[at].ErasedAt != nil {
		return web.Download{}, errNothing
	}
	file := dispute.Attachments[at]
	return p.open(id, web.Download{Name: file.Name, Type: file.Type, SHA256: file.SHA256})
}

// withdrawDispute takes an objection back that the actor may see.
func (p *Portal) withdrawDispute(ctx context.Context, r Request, since After, text string) (Answer, error) {
	dispute, err := p.dispute(ctx, r.Actor, since, text)
	if err != nil {
		return Answer{}, err
	}
	return p.commands.WithdrawDispute(ctx, r, dispute.Invoice, dispute.ID)
}

// dispute finds an objection that the actor may see.
func (p *Portal) dispute(ctx context.Context, actor domain.Actor, since After, text string) (found client.Dispute, err error) {
	id, err := web.ID(text)
	if err != nil {
		return found, err
	}
	err = p.look(ctx, actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		found, err = client.ReadDispute(ctx, tx, v, id)
		return err
	})
	return found, err
}

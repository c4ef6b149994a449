package portal

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Request is what every command carries beside what it asks for.
type Request struct {
	Actor domain.Actor
	// Credential is what proved the actor. Whoever runs the command in another process verifies it anew
	// and takes the actor from that.
	Credential Credential
	Route      string // method and path: with the key it names the command
	Key        string // the Idempotency-Key
	// Body is what was asked in one canonical form, so that the same request has the same bytes.
	Body        []byte
	At          time.Time // UTC
	Traceparent string
}

// CredentialKind says what a token is the token of.
type CredentialKind string

// The kinds of credential.
const (
	SessionCredential CredentialKind = "session" // of a login session, at any stage
	KeyCredential     CredentialKind = "key"     // of an API key
)

// Credential is the token that a request came with. It never leaves towards a client or a log.
type Credential struct {
	Kind  CredentialKind
	Token string
}

// String leaves the token out, so that a printed request tells nobody how to log in.
func (c Credential) String() string { return string(c.Kind) }

// RaiseTicket asks for a new ticket in a category of the client, or for what no contract covers. Contract and JobType
// are zero when the client has no such category, and for what is out of scope.
type RaiseTicket struct {
	Category    uuid.UUID
	Contract    uuid.UUID
	JobType     string
	OutOfScope  bool
	Title       string
	Description string
	Impact      string // with Urgency: the priority follows from the two
	Urgency     string
	Priority    string    // empty when Impact and Urgency are given
	Follows     uuid.UUID // the ticket that it takes up again; uuid.Nil: none
}

// Comment is a message on a ticket.
type Comment struct {
	Text     string
	Mentions []uuid.UUID // whom it is meant for; who may not read it is refused
}

// EstimateAnswer is the client's answer to an estimate of work that it has not bought.
type EstimateAnswer struct {
	Accept bool
	SHA256 string // of the estimate that is accepted, see visible.EstimateSHA256
	Reason string // may be empty
}

// Proposal is a contract or an amendment that the client is asked to agree to.
type Proposal struct {
	Contract  uuid.UUID
	Amendment uuid.UUID // uuid.Nil: the contract itself
}

// Agreement is what the actor saw when it agreed, and from where it did.
type Agreement struct {
	SHA256 string // of the document that was shown, hex
	Sealed string // address and user agent, under the actor's own key; see accounts.SealEvidence
}

// OverageAnswer is the client's answer to a request for hours beyond the bought ones.
type OverageAnswer struct {
	Contract uuid.UUID
	Month    string // "2026-03"
	Request  uuid.UUID
	Allow    bool
	Reason   string // may be empty
}

// Objection is what a client says against a line of an invoice.
type Objection struct {
	Invoice uuid.UUID
	Line    uuid.UUID
	Amount  string // of the line before tax, a canonical number; empty: all of it
	Reason  string
}

// AttachToDispute asks to put a file beside an objection.
type AttachToDispute struct {
	Invoice uuid.UUID
	Dispute uuid.UUID
	Name    string
}

// Answer is what a command led to.
type Answer struct {
	ID uuid.UUID
	// Position is where in the log the effect is complete.
	Position domain.Position
}

// Commands are the use cases of a client user. A refusal is a *domain.Refusal; a repeat of the same request
// gets the same answer.
type Commands interface {
	RaiseTicket(ctx context.Context, r Request, t RaiseTicket) (Answer, error)
	CommentOnTicket(ctx context.Context, r Request, ticket uuid.UUID, c Comment) (Answer, error)
	// EditComment and DeleteComment are for the comment's author alone.
	EditComment(ctx context.Context, r Request, ticket, comment uuid.UUID, c Comment) (Answer, error)
	DeleteComment(ctx context.Context, r Request, ticket, comment uuid.UUID) (Answer, error)
	ReopenTicket(ctx context.Context, r Request, ticket uuid.UUID, text string) (Answer, error)

	// AnswerEstimate answers for the organisation. The actor has just proved its identity.
	AnswerEstimate(ctx context.Context, r Request, ticket uuid.UUID, a EstimateAnswer) (Answer, error)

	// AttachFile puts a file on a ticket, visible. Body is not looked at: what was asked is the file that arrives. An
	// error of the content is passed on. The answer's ID is the attachment's.
	AttachFile(ctx context.Context, r Request, f AttachFile, content io.Reader) (Answer, error)

	// AcceptProposal agrees for the organisation. The actor has just proved its identity.
	AcceptProposal(ctx context.Context, r Request, p Proposal, a Agreement) (Answer, error)
	DeclineProposal(ctx context.Context, r Request, p Proposal, reason string) (Answer, error)
	AnswerOverage(ctx context.Context, r Request, a OverageAnswer) (Answer, error)

	// ObjectToLine objects for the organisation. The answer's ID is the dispute's.
	ObjectToLine(ctx context.Context, r Request, o Objection) (Answer, error)
	// AttachToDispute puts a file beside an objection that is not answered, as AttachFile does on a ticket.
	AttachToDispute(ctx context.Context, r Request, f AttachToDispute, content io.Reader) (Answer, error)
	// WithdrawDispute takes an objection of the organisation back.
	WithdrawDispute(ctx context.Context, r Request, invoice, dispute uuid.UUID) (Answer, error)

	// InviteEmployee begins a person with that id as a Client Employee of the actor's organisation, within
	// its seats.
	InviteEmployee(ctx context.Context, r Request, person uuid.UUID) (Answer, error)
	// DeactivateEmployee ends the standing of a Client Employee of the actor's organisation for ever.
	DeactivateEmployee(ctx context.Context, r Request, person uuid.UUID) (Answer, error)
	GiveGrant(ctx context.Context, r Request, person uuid.UUID, grant string) (Answer, error)
	WithdrawGrant(ctx context.Context, r Request, person uuid.UUID, grant string) (Answer, error)

	// Activate records that the actor took up its invitation. The credential is a session of any stage of
	// that very person.
	Activate(ctx context.Context, r Request) (Answer, error)
	// Join begins the actor, whom the organisation's single sign-on proved, as an active Client Employee
	// of the organisation, within its seats. The credential is as for Activate.
	Join(ctx context.Context, r Request) (Answer, error)
}

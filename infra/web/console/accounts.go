package console

import (
	"context"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/accounts"
)

// Accounts are the names, addresses and login rules of one side's people, and its log of access. It is what
// the console needs of accounts.Service, whose documentation holds.
type Accounts interface {
	Invitations
	Records
	Letters
	Rules(ctx context.Context, client domain.ClientID) (accounts.Rules, error)
	SetRules(ctx context.Context, r accounts.Rules) error
	Account(ctx context.Context, client domain.ClientID, person domain.PersonID) (accounts.Account, error)
	Accounts(ctx context.Context, client domain.ClientID, people []domain.PersonID) (map[domain.PersonID]accounts.Account, error)
	Names(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error)
	Publish(ctx context.Context, person domain.PersonID, name, role string) error
}

// Invitations begin, end and restore a person's way in.
type Invitations interface {
	Invite(ctx context.Context, a accounts.Account, record func(context.Context) error) (accounts.Link, error)
	Withdraw(ctx context.Context, person domain.PersonID) error
	OfferReset(ctx context.Context, person domain.PersonID) (accounts.Link, error)
	Close(ctx context.Context, person domain.PersonID) error
	Erase(ctx context.Context, person domain.PersonID) error
}

// Records is the log of access.
type Records interface {
	Record(ctx context.Context, e accounts.Entry)
	Entries(ctx context.Context, filter accounts.EntryFilter) ([]accounts.Entry, error)
}

// Letters are mails that could not be delivered.
type Letters interface {
	Dead(ctx context.Context) ([]accounts.Mail, error)
	Resend(ctx context.Context, mail uuid.UUID) error
}

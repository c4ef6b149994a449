package accounts_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"effigate/domain"
)

// The portal throws nobody out, whoever has taken it over.
func TestThePortalMayNotEvict(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	begun := d.invited("ada@example.org")
	_, err := d.Evict(t.Context(), true)
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" {
		t.Errorf("got %v, want that it lacks the right", err)
	}
	if _, err := d.Session(t.Context(), begun.Token); err != nil {
		t.Errorf("the session has ended: %v", err)
	}
}

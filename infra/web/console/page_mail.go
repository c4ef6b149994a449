package console

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// mailView lists the mail that could not be delivered.
type mailView struct {
	Letters []Letter
}

func (c *Console) addMailPages() {
	showing(c, "/mail", access.OperateMail, func(ctx context.Context, _ pgx.Tx, _ reader, _ *http.Request) (v mailView, err error) {
		v.Letters, err = c.letters(ctx)
		return v, err
	}, mailPage)
	c.posting("/mail/{id}/send-again", access.OperateMail, func(_ http.ResponseWriter, r *http.Request, _ auth.Login, _ typed) (string, error) {
		_, err := c.sendAgain(r.Context(), chi.URLParam(r, "id"))
		return then("/mail", "sent", commands.Answer{}), err
	}, nil)
}

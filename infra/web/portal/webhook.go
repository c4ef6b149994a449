package portal

import (
	"context"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web/webhooks"
	"effigate/infra/webhook"
	"effigate/readmodels/client"
)

// mountWebhooks adds where the organisation's programs listen.
func (p *Portal) mountWebhooks(service *webhook.Service) {
	webhooks.Mount(p.API, webhooks.Options{
		Service: service, API: base, Frame: p.frame, Now: p.loginClock, Facts: p.now,
		Lead: "Programs of yours that are told what happens to your tickets, as it happens.",
		Admit: func(ctx context.Context, login auth.Login) error {
			_, err := p.view(ctx, login.Actor, domain.Position{}, func(pgx.Tx, client.Viewer) error { return nil })
			return err
		},
		Record: func(ctx context.Context, login auth.Login, id string) {
			p.record(ctx, login.Actor, accounts.KindWebhook, "ok", id)
		},
	})
}

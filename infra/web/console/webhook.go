package console

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web/webhooks"
	"effigate/infra/webhook"
)

// mountWebhooks adds where the firm's programs listen.
func (c *Console) mountWebhooks(service *webhook.Service) {
	webhooks.Mount(c.API, webhooks.Options{
		Service: service, API: base, Frame: c.frame, Now: c.options.Clock, Facts: c.now,
		Lead:  "Programs of the firm that are told which facts are recorded: by names and ids, without any text.",
		Admit: func(ctx context.Context, _ auth.Login) error { return c.stillMay(ctx, access.ManageWebhooks) },
		Record: func(ctx context.Context, _ auth.Login, id string) {
			c.note(ctx, accounts.KindWebhook, domain.ClientID{}, id)
		},
	})
}

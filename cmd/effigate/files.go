package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/blob"
	"effigate/infra/files"
	"effigate/infra/postgres"
	"effigate/infra/web/portal"
	staffrows "effigate/readmodels/staff"
)

// The directories of files in the data directory: every file, and those that clients see.
const (
	internalFiles = "blobs-internal"
	publicFiles   = "blobs-public"
)

// files opens the two stores of files.
func (w *world) files() (*files.Files, error) {
	internal, err := blob.NewStore(w.path(internalFiles), blob.MaxSize)
	if err != nil {
		return nil, err
	}
	public, err := blob.NewStore(w.path(publicFiles), blob.MaxSize)
	if err != nil {
		return nil, err
	}
	return files.New(files.Options{Internal: internal, Public: public, Commands: w.service, Log: w.store, Logger: w.logger}), nil
}

// AttachFile stores a file for the actor's own organisation, visible, and puts it on the ticket.
func (c clientCommands) AttachFile(ctx context.Context, r portal.Request, f portal.AttachFile, content io.Reader) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.files.Attach(ctx, request, files.Upload{
		Ticket: domain.TicketID{UUID: f.Ticket}, Visibility: domain.ClientVisible, Name: f.Name, Content: content,
	})
	return portal.Answer(answer), err
}

// AttachToDispute stores a file for the actor's own organisation and puts it beside its objection.
func (c clientCommands) AttachToDispute(ctx context.Context, r portal.Request, f portal.AttachToDispute, content io.Reader) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.files.Attach(ctx, request, files.Upload{
		Invoice: domain.InvoiceID{UUID: f.Invoice}, Dispute: domain.DisputeID{UUID: f.Dispute}, Visibility: domain.ClientVisible,
		Name: f.Name, Content: content,
	})
	return portal.Answer(answer), err
}

// collectEvery is how often orphaned bytes are looked for.
const collectEvery = time.Hour

// collector removes bytes that no fact stands for.
type collector struct {
	files  *files.Files
	log    commands.Log
	staff  *postgres.Reads
	logger *slog.Logger
}

// run collects at once and every hour, until ctx ends.
func (c collector) run(ctx context.Context) error {
	ticker := time.NewTicker(collectEvery)
	defer ticker.Stop()
	for {
		if err := c.files.Collect(ctx, time.Now(), c.known); err != nil && ctx.Err() == nil {
			c.logger.WarnContext(ctx, "orphaned files were not collected", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// known tells of files what the staff read model says once it has every fact up to now. It is domain.ErrUnavailable
// while it has not, and while a stream is set aside: a file of it would look like an orphan.
func (c collector) known(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]files.Known, error) {
	head, err := c.log.Head(ctx)
	if err != nil {
		return nil, err
	}
	known := map[uuid.UUID]files.Known{}
	stale, err := c.staff.Read(ctx, head, func(tx pgx.Tx) error {
		whole, err := staffrows.Whole(ctx, tx)
		if err != nil {
			return err
		}
		if !whole {
			return fmt.Errorf("%w: streams are set aside in the staff read model", domain.ErrUnavailable)
		}
		audiences, err := staffrows.AttachmentAudiences(ctx, tx, ids)
		for _, a := range audiences {
			known[a.ID] = files.Known{Visible: a.Visibility == staffrows.ClientVisible, Erased: a.Erased}
		}
		return err
	})
	if err == nil && stale {
		err = fmt.Errorf("%w: the staff read model is behind", domain.ErrUnavailable)
	}
	return known, err
}

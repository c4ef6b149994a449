package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/zone"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// passEvery is how often all that a day may make due is looked at, and passAgain how soon after that could not be done.
const (
	passEvery = time.Hour
	passAgain = 10 * time.Second
)

// reviewer does what the passing of time makes due for the contracts in force: each one is reviewed once a day,
// in the first hour of the day where it is.
type reviewer struct {
	service *commands.Service
	// running gives the contracts in force after one, by id; none ends the list.
	running func(ctx context.Context, after uuid.UUID) ([]staffrows.Running, error)
	now     func() time.Time // the domain's clock
	logger  *slog.Logger
}

// newReviewer makes the reviewer of a process that reads the staff side.
func newReviewer(service *commands.Service, reads *postgres.Reads, now func() time.Time, logger *slog.Logger) reviewer {
	return reviewer{service: service, now: now, logger: logger, running: func(ctx context.Context, after uuid.UUID) (found []staffrows.Running, err error) {
		_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
			found, err = staffrows.RunningContracts(ctx, tx, after)
			return err
		})
		return found, err
	}}
}

// run reviews until ctx ends. Several processes may: a review acts once a day.
func (v reviewer) run(ctx context.Context) error {
	return hourly(ctx, v.all, func(err error) {
		v.logger.WarnContext(ctx, "contracts are reviewed later", slog.Any("error", err))
	})
}

// hourly makes a pass at once and in each hour, and soon again after one that failed, until ctx ends.
func hourly(ctx context.Context, pass func(context.Context) error, failed func(error)) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		next := passEvery
		if err := pass(ctx); err != nil && ctx.Err() == nil {
			failed(err)
			next = passAgain
		}
		timer.Reset(next)
	}
}

// inARow is how many contracts may fail one after the other before the fault is taken for the store's.
const inARow = 3

// all reviews every contract in force. One that cannot be reviewed does not keep the others from it; the first error
// that may pass is given when all others are done.
func (v reviewer) all(ctx context.Context) (first error) {
	failed := 0
	for after := uuid.Nil; ; {
		page, err := v.running(ctx, after)
		if err != nil || len(page) == 0 {
			return cmp.Or(first, err)
		}
		for _, c := range page {
			err := v.review(ctx, c)
			if err == nil || commands.Final(err) {
				failed = 0
			}
			if err == nil {
				continue
			}
			v.logger.ErrorContext(ctx, "a contract cannot be reviewed", slog.String("contract", c.ID.String()), slog.String("code", refusalCode(err)))
			if commands.Final(err) {
				continue
			}
			first = cmp.Or(first, fmt.Errorf("review contract %s: %w", c.ID, err))
			if failed++; failed >= inARow {
				return first
			}
		}
		after = page[len(page)-1].ID
	}
}

// review reviews one contract, once on each day where it is.
func (v reviewer) review(ctx context.Context, c staffrows.Running) error {
	at, now := time.UTC, v.now()
	if known, err := zone.Load(c.Zone); err == nil {
		at = known
	}
	request := commands.Request{
		Actor: domain.System(), Route: "review contract", Key: fmt.Sprint(c.ID, " ", calendar.DateOf(now, at)), At: now,
	}
	_, err := v.service.ReviewContract(ctx, request, commands.ReviewContract{Contract: domain.ContractID{UUID: c.ID}})
	return err
}

// refusalCode is the stable code of a refusal; its text may hold what logs must not.
func refusalCode(err error) string {
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return refusal.Code
	}
	return ""
}

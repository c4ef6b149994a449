package main

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/terms"
	staffrows "effigate/readmodels/staff"
)

// A contract is reviewed once on each day where it is, as soon as the day begins, and one that cannot be reviewed
// keeps no other from it.
func TestContractsAreReviewedOnceADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := commandstest.NewLog()
		service := commands.NewService(log, commandstest.NewAnswers())
		signed := signForReview(t, service)
		failures := 1
		v := reviewer{
			service: service, now: clock, logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
			running: func(_ context.Context, after uuid.UUID) ([]staffrows.Running, error) {
				if failures--; failures >= 0 {
					return nil, errors.New("no read model is ready")
				}
				if after != uuid.Nil {
					return nil, nil
				}
				return []staffrows.Running{{ID: domain.Derive(uuid.Nil, "gone"), Zone: "Nowhere"}, {ID: signed.UUID, Zone: "Australia/Sydney"}}, nil
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- v.run(ctx) }()
		reviewed := func() (kinds []string) {
			synctest.Wait()
			for _, recorded := range log.All() {
				if recorded.Stream != contract.Stream(signed) && recorded.Raw.Kind != "client.registered.v1" && recorded.Raw.Kind != "client.contract_linked.v1" {
					kinds = append(kinds, recorded.Raw.Kind)
				}
			}
			return kinds
		}
		want := []string{"period.opened.v1", "period.terms_pinned.v1", "period.forecast_made.v1"}
		check := func(when string) {
			if diff := cmp.Diff(want, reviewed()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		time.Sleep(2 * passAgain) // The bubble's time: it is Saturday 11:00 in Sydney.
		check("after a failure")
		time.Sleep(12 * time.Hour)
		check("before midnight")
		time.Sleep(2 * time.Hour)
		want = append(want, "period.forecast_made.v1")
		check("after midnight")
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// badLog cannot be read where one stream is concerned.
type badLog struct {
	commands.Log

	bad string
}

func (l badLog) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	if stream == l.bad {
		return func(yield func(domain.Recorded, error) bool) {
			yield(domain.Recorded{}, errors.New("not to be decoded"))
		}
	}
	return l.Log.Read(ctx, stream, after)
}

// The contracts behind one that failed without a refusal were never reviewed.
func TestAFailureKeepsNoOtherContractFromItsReview(t *testing.T) {
	t.Parallel()
	gone, log := domain.ContractID{UUID: domain.Derive(uuid.Nil, "gone")}, commandstest.NewLog()
	service := commands.NewService(badLog{log, contract.Stream(gone)}, commandstest.NewAnswers())
	signed := signForReview(t, service)
	before := len(log.All())
	v := reviewer{service: service, now: clock, logger: slog.New(slog.NewTextHandler(t.Output(), nil)), running: func(_ context.Context, after uuid.UUID) ([]staffrows.Running, error) {
		if after != uuid.Nil {
			return nil, nil
		}
		return []staffrows.Running{{ID: gone.UUID, Zone: "UTC"}, {ID: signed.UUID, Zone: "UTC"}}, nil
	}}
	if err := v.all(t.Context()); err == nil {
		t.Error("the failure is not told")
	}
	if len(log.All()) == before {
		t.Error("the contract behind it was not reviewed")
	}
}

// signForReview puts a contract with bought hours in force.
func signForReview(t *testing.T, service *commands.Service) domain.ContractID {
	t.Helper()
	request := func(key string) commands.Request {
		return commands.Request{Actor: domain.System(), Route: "test", Key: key, At: clock()}
	}
	client, err := service.RegisterClient(t.Context(), request("client"), commands.RegisterClient{Name: "Nexus", Zone: "Australia/Sydney", Language: "en", Currency: "AUD"})
	if err != nil {
		t.Fatal(err)
	}
	said := terms.Plain(terms.Bucket, terms.Standard, "2000-01-01", terms.JobType{Key: "api", Name: "API"})
	said.Agreed.Lines[0].Minutes = 600
	drafted, err := service.DraftContract(t.Context(), request("draft"), commands.DraftContract{Client: domain.ClientID{UUID: client.ID}, Reference: "C-1", Terms: said})
	if err != nil {
		t.Fatal(err)
	}
	id := domain.ContractID{UUID: drafted.ID}
	if _, err := service.ActivateContract(t.Context(), request("activate"), commands.ActivateContract{Contract: id}); err != nil {
		t.Fatal(err)
	}
	return id
}

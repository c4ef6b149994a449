package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/infra/audit"
	staffrows "effigate/readmodels/staff"
)

// auditPeriodCommand explains what a month of a contract comes to.
func auditPeriodCommand(s *settings) *cobra.Command {
	var at, position string
	command := &cobra.Command{
		Use: "period CONTRACT MONTH", Short: "Explain what a month of a contract comes to",
		Long: `Print a billing period: the versions of the contract that were pinned, the hours that were carried in and
granted, each record with its rounding, parts and prices, deductions, fees and charges, the invoices that took it,
and what all of it comes to before tax. The contract is named by its reference or its id, the month as 2026-03.

--at and --position are those of "effigate audit replay": what was known then.`,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, given []string) error {
			past, err := parseMoment(at, position)
			if err != nil {
				return usageError{err}
			}
			month := calendar.Month(given[1])
			if !month.Valid() {
				return usageError{fmt.Errorf("%q is no month such as 2026-03", given[1])}
			}
			return withAudit(command.Context(), s, func(ctx context.Context, a *auditing) error {
				contract, err := a.contract(ctx, given[0])
				if err != nil {
					return err
				}
				explained, err := a.period(ctx, contract, month, past)
				if err != nil {
					return err
				}
				return report(command.OutOrStdout(), s.JSON, explained, explained.Print, 0)
			})
		},
	}
	command.Flags().StringVar(&at, "at", "", "moment of recording, RFC 3339, such as 2026-03-16T10:00:00Z")
	command.Flags().StringVar(&position, "position", "", "place in the log")
	command.MarkFlagsMutuallyExclusive("at", "position")
	return command
}

// period explains a month as of a moment.
func (a *auditing) period(ctx context.Context, contract domain.ContractID, month calendar.Month, past moment) (audit.Period, error) {
	var events []domain.Recorded
	for recorded, err := range a.store.Read(ctx, period.Stream(contract, month), domain.NoStream) {
		if err != nil {
			return audit.Period{}, err
		}
		if !past(recorded) {
			break
		}
		events = append(events, recorded)
	}
	names, err := a.names(ctx, audit.WorkersOf(events))
	if err != nil {
		return audit.Period{}, err
	}
	return audit.PeriodOf(events, names)
}

// contract finds a contract by its id or its reference.
func (a *auditing) contract(ctx context.Context, named string) (domain.ContractID, error) {
	if id, err := uuid.Parse(named); err == nil {
		return domain.ContractID{UUID: id}, nil
	}
	var found []staffrows.Scope
	_, err := a.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		found = nil
		for filter := (staffrows.ContractFilter{}); ; {
			contracts, next, err := staffrows.Contracts(ctx, tx, filter, calendar.DateOf(a.now(), a.now().Location()))
			if err != nil {
				return err
			}
			for _, contract := range contracts {
				if strings.EqualFold(contract.Reference, strings.TrimSpace(named)) {
					found = append(found, contract)
				}
			}
			if filter.After = next; next == uuid.Nil {
				return nil
			}
		}
	})
	if err != nil {
		return domain.ContractID{}, err
	}
	if len(found) != 1 {
		return domain.ContractID{}, domain.Refuse(domain.ErrNotFound, "no_such_contract", "%d contracts have the reference %s: name one by its id", len(found), named)
	}
	return domain.ContractID{UUID: found[0].ID}, nil
}

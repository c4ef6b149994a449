package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"effigate/commands"
	"effigate/domain"
)

// candidate is a ticket that a client user raised in the source.
type candidate struct {
	index  int // in the file
	ticket domain.TicketID
}

// publishTickets makes visible what client users raised themselves, after showing how much that is and
// asking. What is visible stays so (X8), hence the question.
func (m *importer) publishTickets(ctx context.Context) error {
	if !m.publish {
		return nil
	}
	pending, err := m.unpublished(ctx)
	if err != nil {
		return err
	}
	if len(pending) == 0 {
		_, err := fmt.Fprintln(m.out, "Nothing to publish: whatever client users raised is visible.")
		return err
	}
	clients := m.byClient(pending)
	if err := m.preview(clients); err != nil {
		return err
	}
	if m.confirm != nil {
		yes, err := m.confirm(fmt.Sprintf("Make %d tickets visible to %d clients, for good?", len(pending), len(clients)))
		if err != nil || !yes {
			return err
		}
	}
	task := m.progress.begin("publish tickets", int64(len(pending)))
	defer task.end()
	return each(ctx, len(clients), func(ctx context.Context, i int) error {
		for _, c := range clients[i] {
			if err := m.publishTicket(ctx, c.ticket); err != nil {
				return err
			}
			task.add(1)
		}
		return nil
	})
}

// publishTicket publishes one ticket. Those of one client go one after the other, since its visible numbers
// shall follow the order in which the tickets were opened.
func (m *importer) publishTicket(ctx context.Context, id domain.TicketID) error {
	publish := commands.PublishTicket{Ticket: id, Reason: "raised by the client; published with the import"}
	if _, err := m.service.PublishTicket(ctx, m.request("publish "+id.String()), publish); err != nil {
		return fmt.Errorf("publish ticket %s: %w", id, err)
	}
	m.tally.count(&m.tally.Published)
	return nil
}

// unpublished are the candidates that a publication would change, in the order of their clients.
func (m *importer) unpublished(ctx context.Context) ([]candidate, error) {
	candidates := m.tally.candidates
	slices.SortFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.index, b.index) })
	task := m.progress.begin("preview the publication", int64(len(candidates)))
	defer task.end()
	gains := make([]bool, len(candidates))
	err := each(ctx, len(candidates), func(ctx context.Context, i int) error {
		changes, err := m.service.PreviewPublication(ctx, m.request("preview"), commands.PublishTicket{Ticket: candidates[i].ticket})
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return fmt.Errorf("preview the publication of ticket %s: %w", candidates[i].ticket, err)
		}
		gains[i] = len(changes) > 0
		task.add(1)
		return nil
	})
	var pending []candidate
	for i, c := range candidates {
		if gains[i] {
			pending = append(pending, c)
		}
	}
	return pending, err
}

// byClient cuts candidates, which are ordered by client.
func (m *importer) byClient(candidates []candidate) [][]candidate {
	var all [][]candidate
	for start := 0; start < len(candidates); {
		end := start
		for end < len(candidates) && m.file.Organisation(candidates[end].index) == m.file.Organisation(candidates[start].index) {
			end++
		}
		all = append(all, candidates[start:end])
		start = end
	}
	return all
}

// preview tells for each client how many tickets it would see, and the title of the first.
func (m *importer) preview(clients [][]candidate) error {
	table := tabwriter.NewWriter(m.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLIENT\tTICKETS\tTHE FIRST OF THEM") //nolint:errcheck // Flush tells
	for _, tickets := range clients {
		first := tickets[0].index
		name := m.file.Organisations[m.file.Organisation(first)].Name
		fmt.Fprintf(table, "%s\t%d\t%s\n", name, len(tickets), m.file.Ticket(first, m.actor).Title) //nolint:errcheck // Flush tells
	}
	return table.Flush()
}

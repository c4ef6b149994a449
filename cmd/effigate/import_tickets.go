package main

import (
	"context"
	"fmt"

	"effigate/domain"
	"effigate/infra/incidents"
)

// importChunk is how many tickets of one client are numbered by one append to its series.
const importChunk = 100

// chunk is some tickets of one client: from first to before last.
type chunk struct{ first, last int }

// chunks cuts the tickets, which are ordered by client.
func chunks(file *incidents.File) []chunk {
	var all []chunk
	for i := 0; i < file.Tickets(); {
		c := chunk{first: i}
		for i < file.Tickets() && i-c.first < importChunk && file.Organisation(i) == file.Organisation(c.first) {
			i++
		}
		c.last = i
		all = append(all, c)
	}
	return all
}

// importTickets brings in the tickets chunk by chunk, and numbers them. A ticket goes in whole or not at
// all, and the numbers of a chunk that was interrupted are completed by the next run, or by the process
// manager before.
func (m *importer) importTickets(ctx context.Context) error {
	all := chunks(m.file)
	task := m.progress.begin("import tickets", int64(m.file.Tickets()))
	defer task.end()
	began := m.now()
	err := each(ctx, len(all), func(ctx context.Context, i int) error {
		var ids []domain.TicketID
		for n := all[i].first; n < all[i].last; n++ {
			t := m.file.Ticket(n, m.actor)
			t.Import.DryRun = m.dryRun
			outcome, err := m.service.ImportTicket(ctx, m.request("ticket "+t.ID.String()), t.Import)
			if err != nil {
				return fmt.Errorf("import %s: %w", t.Key, err)
			}
			m.tally.ticket(n, t, outcome)
			ids = append(ids, t.ID)
			task.add(1)
		}
		if m.dryRun {
			return nil
		}
		_, err := m.service.NumberTickets(ctx, m.request("number"), ids...)
		return err
	})
	m.tally.elapsed = m.now().Sub(began)
	return err
}

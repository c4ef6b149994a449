CREATE INDEX people_by_client ON people (client, id);
CREATE INDEX contracts_by_client ON contracts (client, reference, id);
CREATE INDEX contracts_by_age ON contracts (client, starts, id);
CREATE INDEX contract_lines_by_contract ON contract_lines (client, contract, position);
CREATE INDEX categories_by_client ON categories (client, name, id);
CREATE INDEX categories_by_contract ON categories (client, contract, line);
CREATE INDEX buckets_by_contract ON buckets (client, contract, line);
CREATE INDEX carried_lots_by_month ON carried_lots (client, contract, month);
CREATE INDEX settlements_by_month ON settlements (client, contract, month);
CREATE INDEX proposals_by_age ON proposals (client, offered_at, id);
CREATE INDEX overage_requests_by_age ON overage_requests (client, asked_at, id);
CREATE INDEX hours_alerts_by_contract ON hours_alerts (client, contract, at);

-- The list of work runs from the newest day to the oldest, of a contract or of one of its months; sums over it
-- need no row of the table itself.
CREATE INDEX work_by_day ON work (client, contract, day, id);
CREATE INDEX work_by_month ON work (client, contract, month, day, id);
CREATE INDEX work_by_category ON work (client, contract, category) INCLUDE (state, charge, minutes, drawn);

-- The list of tickets runs from the newest to the oldest, of a client or of one of its people.
CREATE INDEX tickets_by_age ON tickets (client, raised_at, id);
CREATE INDEX tickets_by_raiser ON tickets (client, raised_by, raised_at, id);
CREATE INDEX tickets_by_state ON tickets (client, state);

CREATE INDEX comments_by_ticket ON comments (ticket, at, id);
CREATE INDEX comments_by_client ON comments (client);
CREATE INDEX ticket_steps_by_ticket ON ticket_steps (ticket, at, id);

CREATE INDEX targets_by_ticket ON targets (ticket, goal);
CREATE INDEX targets_by_state ON targets (client, state);
CREATE INDEX attachments_by_ticket ON attachments (ticket, at, id);
CREATE INDEX comment_edits_by_comment ON comment_edits (comment, number);

-- The list of invoices runs from the newest to the oldest; statements go by days.
CREATE INDEX invoices_by_date ON invoices (client, date, id);
CREATE INDEX invoices_by_number ON invoices (client, number);
CREATE INDEX invoice_entries_by_invoice ON invoice_entries (invoice, position);
CREATE INDEX credit_notes_by_date ON credit_notes (client, date, id);
CREATE INDEX credit_notes_by_number ON credit_notes (client, number);
CREATE INDEX credit_notes_by_invoice ON credit_notes (invoice);
CREATE INDEX receipts_by_invoice ON receipts (invoice, day, id);
CREATE INDEX receipts_by_payment ON receipts (payment, id);
CREATE INDEX receipts_by_day ON receipts (client, day, id);
CREATE INDEX disputes_by_invoice ON disputes (invoice, raised_at, id);
CREATE INDEX reminders_by_invoice ON reminders (invoice, step);

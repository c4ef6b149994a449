CREATE INDEX clients_by_name ON clients (lower(name), id);
CREATE INDEX people_by_client ON people (client, id);
CREATE INDEX people_of_staff ON people (id) WHERE client IS NULL;
CREATE INDEX contracts_by_client ON contracts (client, reference, id);
CREATE INDEX contract_versions_by_contract ON contract_versions (contract, number);
CREATE INDEX amendments_by_contract ON amendments (contract, proposed_at, id);
CREATE INDEX buckets_by_contract ON buckets (contract, granted_at, id);
CREATE INDEX milestones_released_by_contract ON milestones_released (contract, id);
CREATE INDEX contract_steps_by_contract ON contract_steps (contract, revision);
CREATE INDEX periods_by_contract ON periods (contract, month);
CREATE INDEX time_records_by_contract ON time_records (contract, month, id);
CREATE INDEX time_records_by_person ON time_records (person, day, id);
CREATE INDEX time_records_by_span ON time_records (person, from_at, until_at) WHERE from_at IS NOT NULL;
CREATE INDEX time_records_by_day ON time_records (day, id);
CREATE INDEX time_records_waiting ON time_records (contract, person, day, id) WHERE status = 'submitted';
CREATE INDEX charges_by_contract ON charges (contract, month, id);
CREATE INDEX deductions_by_contract ON deductions (contract, month, breached_at, id);
CREATE INDEX overage_requests_by_contract ON overage_requests (contract, asked_at, id);
CREATE INDEX forecasts_by_contract ON forecasts (contract, line, made_at, id);
CREATE INDEX hours_alerts_by_contract ON hours_alerts (contract, reached_at, id);

CREATE UNIQUE INDEX rate_card_versions_by_number ON rate_card_versions (subject, number);
CREATE UNIQUE INDEX cost_versions_by_number ON cost_versions (subject, number);
CREATE UNIQUE INDEX sla_policy_versions_by_number ON sla_policy_versions (subject, number);
CREATE UNIQUE INDEX calendar_versions_by_number ON calendar_versions (subject, number);

-- The list of tickets runs from the newest to the oldest, alone or within one of these.
CREATE INDEX tickets_by_age ON tickets (raised_at, id);
CREATE INDEX tickets_by_client ON tickets (client, raised_at, id);
CREATE INDEX tickets_by_assignee ON tickets (assignee, raised_at, id) WHERE assignee IS NOT NULL;
CREATE INDEX tickets_by_status ON tickets (status, raised_at, id);
CREATE INDEX tickets_by_visible_number ON tickets (visible_number) WHERE visible_number IS NOT NULL;
CREATE INDEX tickets_by_internal_number ON tickets (internal_number) WHERE internal_number IS NOT NULL;
CREATE INDEX tickets_by_text ON tickets USING gin (to_tsvector('simple', title || ' ' || description));

CREATE INDEX tickets_by_contract ON tickets (contract, raised_at, id) WHERE contract IS NOT NULL;
CREATE INDEX tickets_by_team ON tickets (team, raised_at, id) WHERE team <> '';
CREATE INDEX tickets_merged_into ON tickets (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX tickets_following ON tickets (follows) WHERE follows IS NOT NULL;
CREATE INDEX tickets_split_from ON tickets (split_from) WHERE split_from IS NOT NULL;

CREATE INDEX messages_by_ticket ON messages (ticket, revision);
CREATE INDEX comment_edits_by_ticket ON comment_edits (ticket, revision);
CREATE INDEX attachments_by_ticket ON attachments (ticket, attached_at, id);
CREATE INDEX ticket_links_by_ticket ON ticket_links (ticket);
CREATE INDEX ticket_links_by_other ON ticket_links (other);
CREATE INDEX targets_by_ticket ON targets (ticket, goal, cycle);
CREATE INDEX targets_by_instant ON targets (reached_at, id);
CREATE INDEX escalations_by_ticket ON escalations (ticket, revision);

-- The deadlines, the clocks that a change of what is promised must reach, the queue, and the audit of pauses.
CREATE INDEX clocks_by_next ON clocks (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX clocks_open ON clocks (id) WHERE open;
CREATE INDEX clocks_by_due ON clocks (due, id) WHERE open;
CREATE INDEX clocks_paused ON clocks (moved_at, id) WHERE pauses > 0;
CREATE INDEX timeline_by_ticket ON timeline (ticket, revision);

-- Invoices: the pipeline, what is owed, and the way from time to the line that charges it.
CREATE INDEX invoices_by_age ON invoices (drafted_at, id);
CREATE INDEX invoices_by_client ON invoices (client, drafted_at, id);
CREATE INDEX invoices_by_contract ON invoices (contract, month, id);
CREATE INDEX invoices_by_state ON invoices (state, drafted_at, id);
CREATE INDEX invoices_by_number ON invoices (number) WHERE number <> '';
CREATE INDEX invoices_by_date ON invoices (date, id) WHERE number <> '';
CREATE INDEX invoices_owed ON invoices (client, due) WHERE outstanding NOT IN ('', '0');
CREATE INDEX invoice_steps_by_invoice ON invoice_steps (invoice, revision);
CREATE INDEX invoice_entries_by_invoice ON invoice_entries (invoice, chunk, position);
CREATE INDEX invoice_entries_by_time ON invoice_entries (time_record) WHERE time_record <> '00000000-0000-0000-0000-000000000000';
CREATE INDEX credit_notes_by_invoice ON credit_notes (invoice, drafted_at, id);
CREATE INDEX credit_notes_by_date ON credit_notes (date, id) WHERE number <> '';
CREATE INDEX credit_notes_by_number ON credit_notes (number) WHERE number <> '';
CREATE INDEX payments_by_age ON payments (received_at, id);
CREATE INDEX payments_by_client ON payments (client, received_at, id);
CREATE INDEX payments_by_key ON payments (key) WHERE key <> '';
CREATE INDEX allocations_by_payment ON allocations (payment, id);
CREATE INDEX allocations_by_invoice ON allocations (invoice, id);
CREATE INDEX disputes_by_invoice ON disputes (invoice, raised_at, id);
CREATE INDEX disputes_open ON disputes (raised_at, id) WHERE state IN ('open', 'under_review');
CREATE INDEX disputes_with_files ON disputes (id) WHERE files <> '';
CREATE UNIQUE INDEX issuers_by_key ON issuers (key);
CREATE UNIQUE INDEX exchange_rates_by_day ON exchange_rates (day, from_currency, to_currency);
CREATE INDEX exchange_rates_by_pair ON exchange_rates (from_currency, to_currency, day);

CREATE UNIQUE INDEX log_by_ordinal ON log (ordinal);

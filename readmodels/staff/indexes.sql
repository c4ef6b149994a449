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

CREATE INDEX messages_by_ticket ON messages (ticket, revision);
CREATE INDEX timeline_by_ticket ON timeline (ticket, revision);

CREATE UNIQUE INDEX log_by_ordinal ON log (ordinal);

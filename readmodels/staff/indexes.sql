CREATE INDEX clients_by_name ON clients (lower(name), id);
CREATE INDEX people_by_client ON people (client, id);
CREATE INDEX people_of_staff ON people (id) WHERE client IS NULL;
CREATE INDEX contracts_by_client ON contracts (client, reference, id);

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

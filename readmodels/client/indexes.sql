CREATE INDEX people_by_client ON people (client, id);
CREATE INDEX contracts_by_client ON contracts (client, reference, id);
CREATE INDEX categories_by_client ON categories (client, name, id);

-- The list of tickets runs from the newest to the oldest, of a client or of one of its people.
CREATE INDEX tickets_by_age ON tickets (client, raised_at, id);
CREATE INDEX tickets_by_raiser ON tickets (client, raised_by, raised_at, id);
CREATE INDEX tickets_by_state ON tickets (client, state);

CREATE INDEX comments_by_ticket ON comments (ticket, at, id);
CREATE INDEX comments_by_client ON comments (client);
CREATE INDEX ticket_steps_by_ticket ON ticket_steps (ticket, at, id);

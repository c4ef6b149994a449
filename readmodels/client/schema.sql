-- The client read model of one generation: what was disclosed to clients, each row of one client, and
-- nothing else. There are no migrations: a change here raises Version in client.go, and a new generation
-- is replayed beside the old one. Secondary indexes are in indexes.sql.
--
-- Row security is the second wall: queries name the client too. A session without a client sees no row.
-- The setting is read in a sub-select, so that it is read once for a query and not once for a row.

CREATE TABLE organisation (
    id          uuid PRIMARY KEY, -- the client's own
    client      uuid NOT NULL,
    name        text NOT NULL,
    zone        text NOT NULL,
    language    text NOT NULL,
    currency    text NOT NULL,
    seats       bigint NOT NULL,
    seats_taken bigint NOT NULL
);

CREATE TABLE people (
    id     uuid PRIMARY KEY,
    client uuid NOT NULL,
    role   text NOT NULL,
    grants text NOT NULL,
    state  text NOT NULL
);

CREATE TABLE contracts (
    id        uuid PRIMARY KEY,
    client    uuid NOT NULL,
    reference text NOT NULL,
    type      text NOT NULL
);

CREATE TABLE categories (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    contract uuid NOT NULL,
    job_type text NOT NULL,
    name     text NOT NULL
);

-- Under row security no query may use a full-text index: its operator is not leakproof. So the words are
-- stored, and a search filters the rows of one client.
CREATE TABLE tickets (
    id          uuid PRIMARY KEY,
    client      uuid NOT NULL,
    number      bigint NOT NULL, -- 0: being assigned
    title       text NOT NULL,
    description text NOT NULL,
    category    uuid,
    priority    text NOT NULL,
    state       text NOT NULL,
    raised_by   uuid NOT NULL,
    raised_at   timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    resolution  text NOT NULL,
    resolved_at timestamptz,
    words       tsvector GENERATED ALWAYS AS
        (to_tsvector('pg_catalog.simple', title || ' ' || description || ' ' || resolution)) STORED
);

CREATE TABLE comments (
    id        uuid PRIMARY KEY,
    client    uuid NOT NULL,
    ticket    uuid NOT NULL,
    author    uuid NOT NULL,
    by_client boolean NOT NULL,
    text      text NOT NULL,
    at        timestamptz NOT NULL,
    words     tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple', text)) STORED
);

CREATE TABLE ticket_steps (
    id     uuid PRIMARY KEY,
    client uuid NOT NULL,
    ticket uuid NOT NULL,
    state  text NOT NULL,
    at     timestamptz NOT NULL
);

ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
ALTER TABLE people       ENABLE ROW LEVEL SECURITY;
ALTER TABLE contracts    ENABLE ROW LEVEL SECURITY;
ALTER TABLE categories   ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets      ENABLE ROW LEVEL SECURITY;
ALTER TABLE comments     ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_steps ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_client ON organisation FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON people FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON contracts FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON categories FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON tickets FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON comments FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON ticket_steps FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));

GRANT SELECT ON organisation, people, contracts, categories, tickets, comments, ticket_steps TO portal_reader;

-- What the client database keeps beside its read model: the people of the clients and the public faces of
-- the staff. Names and addresses are here and never in events, so that they can be erased.

-- +goose Up
CREATE SCHEMA IF NOT EXISTS accounts;

CREATE TABLE accounts.people (
    id         uuid        PRIMARY KEY,
    client     uuid        NOT NULL,
    name       text        NOT NULL,
    email      text, -- NULL: an imported person, who cannot log in
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX people_email ON accounts.people (lower(email));
CREATE INDEX people_client ON accounts.people (client);

CREATE TABLE accounts.staff_profiles (
    person uuid PRIMARY KEY,
    name   text NOT NULL,
    role   text NOT NULL
);

ALTER TABLE accounts.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_client ON accounts.people FOR SELECT TO portal_reader
    USING (client = nullif(current_setting('effigate.client', true), '')::uuid);

ALTER TABLE control.changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_client ON control.changes FOR SELECT TO portal_reader
    USING (client = nullif(current_setting('effigate.client', true), '')::uuid);

-- The portal learns where its read model is and how far it got: no counts, no times, no stream names.
GRANT USAGE ON SCHEMA control, accounts TO portal_reader;
GRANT SELECT (id, version, state) ON control.generations TO portal_reader;
GRANT SELECT (generation, commit_position, prepare_position) ON control.checkpoints TO portal_reader;
GRANT SELECT ON control.changes, accounts.people, accounts.staff_profiles TO portal_reader;

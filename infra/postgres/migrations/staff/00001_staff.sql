-- What the staff database keeps beside its read model and the accounts of the staff.

-- +goose Up

-- What a command was answered, for whoever sends it again.
CREATE TABLE control.answers (
    command uuid        PRIMARY KEY,
    answer  json        NOT NULL, -- as sent, with the hash of route and body: another body under the same key is refused
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answers_at ON control.answers (at);

-- How far each handler of messages has come.
CREATE TABLE control.lanes (
    name             text        PRIMARY KEY,
    store_id         uuid        NOT NULL,
    commit_position  bigint      NOT NULL CHECK (commit_position >= 0),
    prepare_position bigint      NOT NULL CHECK (prepare_position >= 0),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

GRANT USAGE ON SCHEMA control, accounts TO staff_reader;
GRANT SELECT ON control.generations, control.checkpoints, control.leases, control.parked, control.requests,
    control.changes, control.lanes TO staff_reader;
GRANT SELECT (id, client, name) ON accounts.people TO staff_reader;

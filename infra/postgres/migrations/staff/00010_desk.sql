-- What people of staff keep, and what they are told.

-- +goose Up

-- A search that a person keeps.
CREATE TABLE control.views (
    id       uuid        PRIMARY KEY,
    person   uuid        NOT NULL,
    name     text        NOT NULL,
    list     text        NOT NULL CHECK (list IN ('queue', 'tickets')),
    query    text        NOT NULL,
    saved_at timestamptz NOT NULL
);
CREATE INDEX views_person ON control.views (person);

-- A ticket that needs a person, told once: the id derives from the fact and the person.
CREATE TABLE control.notices (
    id          uuid        PRIMARY KEY,
    person      uuid        NOT NULL,
    ticket      uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('escalated', 'mentioned')),
    goal        text        NOT NULL,
    level       integer     NOT NULL,
    item        uuid,
    actor       uuid,
    happened_at timestamptz NOT NULL,
    read_at     timestamptz
);
CREATE INDEX notices_person ON control.notices (person, happened_at, id);
CREATE INDEX notices_unread ON control.notices (person) WHERE read_at IS NULL;

GRANT SELECT ON control.views, control.notices TO staff_reader;

-- The staff read model of one generation. There are no migrations: a change here raises Version in
-- staff.go, and a new generation is replayed beside the old one. Secondary indexes are in indexes.sql, so
-- that a replay does not pay for them.
--
-- No foreign keys: streams are projected one by one, and a parked stream must not hold up another.

CREATE TABLE clients (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    zone            text NOT NULL,
    language        text NOT NULL,
    currency        text NOT NULL,
    account_manager uuid,
    seats           bigint NOT NULL,
    seats_taken     bigint NOT NULL,
    source          text NOT NULL,
    registered_at   timestamptz NOT NULL,
    revision        bigint NOT NULL
);

-- People are ids here. Their names live in the accounts, where they can be erased.
CREATE TABLE people (
    id         uuid PRIMARY KEY,
    side       text NOT NULL,
    role       text NOT NULL,
    client     uuid,
    grants     text NOT NULL,
    status     text NOT NULL,
    erased     boolean NOT NULL,
    invited_at timestamptz NOT NULL,
    revision   bigint NOT NULL
);

CREATE TABLE contracts (
    id            uuid PRIMARY KEY,
    client        uuid NOT NULL,
    reference     text NOT NULL,
    type          text NOT NULL,
    support_level text NOT NULL,
    starts        text NOT NULL,
    ends          text NOT NULL,
    status        text NOT NULL,
    ended_because text NOT NULL,
    job_types     text NOT NULL,
    drafted_at    timestamptz NOT NULL,
    revision      bigint NOT NULL
);

CREATE TABLE tickets (
    id              uuid PRIMARY KEY,
    client          uuid NOT NULL,
    contract        uuid,
    job_type        text NOT NULL,
    title           text NOT NULL,
    description     text NOT NULL,
    priority        text NOT NULL,
    status          text NOT NULL,
    visibility      text NOT NULL,
    visible_number  bigint,
    internal_number bigint,
    assignee        uuid,
    team            text NOT NULL,
    raised_by       uuid,
    for_client      boolean NOT NULL,
    raised_at       timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    waiting_since   timestamptz,
    waiting_reason  text NOT NULL,
    resolution_note text NOT NULL,
    resolution_code text NOT NULL,
    resolved_at     timestamptz,
    closed_at       timestamptz,
    source_system   text NOT NULL,
    source_key      text NOT NULL,
    source_line     bigint,
    revision        bigint NOT NULL
);

CREATE TABLE messages (
    id         uuid PRIMARY KEY,
    ticket     uuid NOT NULL,
    kind       text NOT NULL,
    visibility text NOT NULL,
    by_client  boolean NOT NULL,
    author     uuid,
    text       text NOT NULL,
    copy_of    uuid,
    written_at timestamptz NOT NULL,
    revision   bigint NOT NULL
);

-- One row for each event of a ticket. item is what it is about: the ticket or one of its messages.
-- audience is the visibility that the event gave to the item, or NULL when it gave none.
CREATE TABLE timeline (
    id          uuid PRIMARY KEY,
    ticket      uuid NOT NULL,
    revision    bigint NOT NULL,
    what        text NOT NULL,
    arguments   text NOT NULL,
    item        uuid NOT NULL,
    audience    text,
    actor       uuid,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

-- Every event of ours, numbered without a gap in the order of the log, whether or not anything else here
-- shows it and whether or not its stream is parked.
CREATE TABLE log (
    id               uuid PRIMARY KEY,
    ordinal          bigint NOT NULL,
    commit_position  bigint NOT NULL,
    prepare_position bigint NOT NULL,
    stream           text NOT NULL,
    revision         bigint NOT NULL,
    kind             text NOT NULL,
    recorded_at      timestamptz NOT NULL,
    leaf             bytea NOT NULL
);

-- What both databases need to run projections. The schema "control" itself is created before this file.

-- +goose Up
CREATE TABLE control.generations (
    id          integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the read model is the schema gen_<id>
    version     integer     NOT NULL, -- of the read model: code serves only its own
    state       text        NOT NULL CHECK (state IN ('building', 'live', 'previous', 'dropped')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    switched_at timestamptz -- when it became live or previous
);
CREATE UNIQUE INDEX generations_one_live ON control.generations (version) WHERE state = 'live';

-- A position is a pair. The event store's protocol bounds both numbers by the largest bigint.
CREATE TABLE control.checkpoints (
    generation       integer     PRIMARY KEY REFERENCES control.generations,
    store_id         uuid,       -- the event store that the position belongs to; NULL before the first
    commit_position  bigint      NOT NULL DEFAULT 0 CHECK (commit_position >= 0),
    prepare_position bigint      NOT NULL DEFAULT 0 CHECK (prepare_position >= 0),
    events           bigint      NOT NULL DEFAULT 0, -- of ours, up to the position
    recorded_at      timestamptz, -- of the newest of them
    applied_at       timestamptz,
    epoch            bigint      NOT NULL DEFAULT 0, -- of the lease that may move it
    batches          bigint      NOT NULL DEFAULT 0  -- moves so far: tells a repeated move from a new one
);

-- One projector per version of a read model. The backend is the session that holds the lease: when the
-- server no longer knows it, its holder is dead and nobody has to wait for the expiry.
CREATE TABLE control.leases (
    name            text        PRIMARY KEY,
    holder          text        NOT NULL,
    epoch           bigint      NOT NULL,
    backend_pid     integer     NOT NULL,
    backend_started timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL
);

CREATE TABLE control.parked (
    generation       integer     NOT NULL REFERENCES control.generations,
    stream           text        NOT NULL,
    revision         bigint      NOT NULL,
    commit_position  bigint      NOT NULL,
    prepare_position bigint      NOT NULL,
    cause            text        NOT NULL,
    since            timestamptz NOT NULL,
    PRIMARY KEY (generation, stream)
);

CREATE TABLE control.requests (
    id           uuid        PRIMARY KEY,
    version      integer     NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('rebuild', 'verify', 'switch', 'rollback', 'unpark')),
    argument     text        NOT NULL DEFAULT '',
    state        text        NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'done', 'failed')),
    attempts     integer     NOT NULL DEFAULT 0,
    progress     jsonb       NOT NULL DEFAULT '{}',
    error        text        NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz
);
CREATE INDEX requests_waiting ON control.requests (version, requested_at) WHERE state = 'requested';

-- What changed in the live generation, by name only. One writer per version, so ids become visible in
-- order. Pruned by the writer.
CREATE TABLE control.changes (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer     NOT NULL,
    client  uuid        NOT NULL, -- zero on the staff side
    kind    text        NOT NULL,
    key     uuid        NOT NULL,
    removed boolean     NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX changes_client ON control.changes (version, client, id);

-- Moves a checkpoint in the transaction of its rows, or fails with EF001 and takes the rows along: the
-- lease has another holder, or this very batch was stored before.
-- +goose StatementBegin
CREATE FUNCTION control.advance(
    of_generation integer, my_epoch bigint, after_batches bigint,
    to_commit bigint, to_prepare bigint, passed bigint, recorded timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    UPDATE control.checkpoints
    SET commit_position = to_commit, prepare_position = to_prepare, batches = after_batches + 1,
        events = events + passed, recorded_at = coalesce(recorded, recorded_at), applied_at = clock_timestamp()
    WHERE generation = of_generation AND epoch = my_epoch AND batches = after_batches
      AND (commit_position, prepare_position) <= (to_commit, to_prepare);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'generation % is fenced, or the batch is stored', of_generation USING ERRCODE = 'EF001';
    END IF;
    PERFORM pg_notify('effigate_checkpoint', of_generation || ' ' || to_commit || ' ' || to_prepare);
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION control.advance FROM PUBLIC;

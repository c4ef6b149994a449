-- Where what happens is told to programs elsewhere, and what became of each telling. Both databases have these
-- tables: those of clients are in the client's, those of staff in the staff's. A delivery names what it is about and
-- holds no text of it: the body is written when it is sent, from what its receiver may see by then.
--
-- Nobody but the owner reads the tables. Who manages endpoints calls the functions, with the organisation that comes
-- from the login; the zero organisation is staff's.

-- +goose Up
CREATE SCHEMA webhooks;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE webhooks.endpoints (
    id            uuid        PRIMARY KEY,
    client        uuid        NOT NULL,
    url           text        NOT NULL,
    description   text        NOT NULL,
    kinds         text[]      NOT NULL, -- of what it is told; empty for all
    secret        text        NOT NULL, -- sealed
    old_secret    text,                 -- sealed; it signs beside the newer one
    old_until     timestamptz,
    rotation      uuid,                 -- the request that made the newer one
    since         timestamptz NOT NULL, -- by the clock of the facts: what happened before is not told
    state         text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'failed')),
    created_by    uuid        NOT NULL,
    created_at    timestamptz NOT NULL,
    failing_since timestamptz,          -- NULL while its last answer was good
    silences      integer     NOT NULL DEFAULT 0, -- attempts in a row without any answer
    busy_until    timestamptz NOT NULL DEFAULT '-infinity' -- one delivery at a time, and rests after silences
);
CREATE INDEX endpoints_client ON webhooks.endpoints (client, created_at);

CREATE TABLE webhooks.deliveries (
    id            uuid        PRIMARY KEY, -- the webhook-id; derived from the fact, so that a repeat is the same one
    endpoint      uuid        NOT NULL REFERENCES webhooks.endpoints ON DELETE CASCADE,
    kind          text        NOT NULL,
    subject       jsonb       NOT NULL, -- ids
    at            timestamptz NOT NULL, -- of the fact
    after_commit  bigint      NOT NULL, -- what is sent is not read before the read model has passed this place of the log
    after_prepare bigint      NOT NULL,
    state         text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead', 'void')),
    created_at    timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,
    attempts      integer     NOT NULL DEFAULT 0,
    tried_at      timestamptz,
    code          integer     NOT NULL DEFAULT 0, -- of the last answer; 0 for none
    answer        text        NOT NULL DEFAULT '', -- its beginning
    error         text        NOT NULL DEFAULT ''
);
CREATE INDEX deliveries_due ON webhooks.deliveries (endpoint, next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_listed ON webhooks.deliveries (endpoint, created_at, id);
CREATE INDEX deliveries_old ON webhooks.deliveries (created_at);

-- +goose StatementBegin

-- Answers 'added'; 'known' for the repeat of a request, whose endpoint it leaves as it is; 'many' when there are as
-- many as there can be. The advisory lock has two who add at once count each other.
CREATE FUNCTION webhooks.add_endpoint(
    the_id uuid, of_client uuid, to_url text, called text, of_kinds text[], sealed text, by_person uuid, from_then timestamptz,
    most integer, at timestamptz, OUT outcome text, OUT kept_secret text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('webhooks ' || of_client));
    SELECT e.secret INTO kept_secret FROM webhooks.endpoints e WHERE e.id = the_id AND e.client = of_client;
    IF FOUND THEN
        outcome := 'known';
    ELSIF (SELECT count(*) FROM webhooks.endpoints e WHERE e.client = of_client) >= most THEN
        outcome := 'many';
    ELSE
        INSERT INTO webhooks.endpoints (id, client, url, description, kinds, secret, since, created_by, created_at)
            VALUES (the_id, of_client, to_url, called, of_kinds, sealed, from_then, by_person, at);
        outcome := 'added';
        kept_secret := sealed;
    END IF;
END
$$;

CREATE FUNCTION webhooks.endpoints_of(of_client uuid)
    RETURNS TABLE (id uuid, url text, description text, kinds text[], state text, created_by uuid, created_at timestamptz,
        failing_since timestamptz, old_until timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT e.id, e.url, e.description, e.kinds, e.state, e.created_by, e.created_at, e.failing_since, e.old_until
    FROM webhooks.endpoints e WHERE e.client = of_client ORDER BY e.created_at, e.id
$$;

-- A url that changed is a receiver that has not failed yet.
CREATE FUNCTION webhooks.change_endpoint(the_id uuid, of_client uuid, to_url text, called text, of_kinds text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE webhooks.endpoints e SET url = to_url, description = called, kinds = of_kinds,
        failing_since = CASE WHEN e.url = to_url THEN e.failing_since END,
        silences = CASE WHEN e.url = to_url THEN e.silences ELSE 0 END
        WHERE e.id = the_id AND e.client = of_client;
    RETURN FOUND;
END
$$;

-- The secret before signs on beside the new one until the given time. The repeat of a request is given what the
-- first one made; NULL when there is no such endpoint.
CREATE FUNCTION webhooks.rotate_secret(the_id uuid, of_client uuid, request uuid, sealed text, until timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE webhooks.endpoints e SET old_secret = e.secret, old_until = until, secret = sealed, rotation = request
        WHERE e.id = the_id AND e.client = of_client AND e.rotation IS DISTINCT FROM request;
    RETURN (SELECT e.secret FROM webhooks.endpoints e WHERE e.id = the_id AND e.client = of_client);
END
$$;

-- Pauses an endpoint or takes it up again. What happened while it was paused it is not told.
CREATE FUNCTION webhooks.pause_endpoint(the_id uuid, of_client uuid, paused boolean, from_then timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE webhooks.endpoints e SET state = CASE WHEN paused THEN 'paused' ELSE 'active' END,
        since = CASE WHEN paused OR e.state = 'active' THEN e.since ELSE from_then END,
        failing_since = NULL, silences = 0, busy_until = '-infinity'
        WHERE e.id = the_id AND e.client = of_client;
    RETURN FOUND;
END
$$;

CREATE FUNCTION webhooks.remove_endpoint(the_id uuid, of_client uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    DELETE FROM webhooks.endpoints e WHERE e.id = the_id AND e.client = of_client;
    RETURN FOUND;
END
$$;

-- Newest first, those before a place in that order.
CREATE FUNCTION webhooks.deliveries_of(the_id uuid, of_client uuid, before_at timestamptz, before_id uuid, most integer)
    RETURNS TABLE (id uuid, kind text, at timestamptz, state text, created_at timestamptz, next_at timestamptz, attempts integer,
        tried_at timestamptz, code integer, answer text, error text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT d.id, d.kind, d.at, d.state, d.created_at, d.next_at, d.attempts, d.tried_at, d.code, d.answer, d.error
    FROM webhooks.deliveries d JOIN webhooks.endpoints e ON e.id = d.endpoint
    WHERE d.endpoint = the_id AND e.client = of_client AND (d.created_at, d.id) < (before_at, before_id)
    ORDER BY d.created_at DESC, d.id DESC LIMIT most
$$;

CREATE FUNCTION webhooks.send_again(the_delivery uuid, the_id uuid, of_client uuid, now_at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE webhooks.deliveries d SET state = 'waiting', attempts = 0, next_at = now_at FROM webhooks.endpoints e
        WHERE d.id = the_delivery AND d.endpoint = the_id AND e.id = d.endpoint AND e.client = of_client;
    RETURN FOUND;
END
$$;

-- Has a test sent; false when there is no such endpoint. So many tests wait at most, and another changes nothing.
CREATE FUNCTION webhooks.add_test(the_delivery uuid, the_id uuid, of_client uuid, of_kind text, most integer, now_at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM webhooks.endpoints e WHERE e.id = the_id AND e.client = of_client) THEN
        RETURN false;
    END IF;
    IF (SELECT count(*) FROM webhooks.deliveries d WHERE d.endpoint = the_id AND d.kind = of_kind AND d.state = 'waiting') < most THEN
        INSERT INTO webhooks.deliveries (id, endpoint, kind, subject, at, after_commit, after_prepare, created_at, next_at)
            VALUES (the_delivery, the_id, of_kind, '{}', now_at, 0, 0, now_at, now_at) ON CONFLICT (id) DO NOTHING;
    END IF;
    RETURN true;
END
$$;
-- +goose StatementEnd

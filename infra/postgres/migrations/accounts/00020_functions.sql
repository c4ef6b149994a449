-- What can be done with accounts: all that anybody but the owner may do with them, and the owner does nothing
-- else. Every function works on one side's tables whatever the caller's search path and rights are; who may
-- call which is granted by each side's own migrations.
--
-- Whoever changes what lets a person in locks that person's row first, so that closing an account and a login
-- at the same moment cannot both succeed.

-- +goose Up
-- +goose StatementBegin

CREATE FUNCTION accounts.has_mail() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT mail FROM accounts.settings
$$;

-- The portal says what time it is, so that one clock is right for all of a request; it cannot say just any. The
-- owner, who could change every row, is believed.
CREATE FUNCTION accounts.check_clock(at timestamptz, may_be_past boolean) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    ahead interval := at - pg_catalog.clock_timestamp();
    most interval := (SELECT skew FROM accounts.settings);
BEGIN
    IF session_user = 'portal_accounts' AND (ahead > most OR ahead < -most AND NOT may_be_past) THEN
        RAISE EXCEPTION 'the clock of the portal differs from that of the database by more than %', most
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

-- Throttles. ----------------------------------------------------------------------------------------------

-- Counts a try before it is judged and tells whether it may be. A try that is blocked is not counted, but
-- writes as much as any other.
CREATE FUNCTION accounts.count_try(of_key bytea, free integer, delays boolean, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    t accounts.throttles;
    allowed boolean;
BEGIN
    INSERT INTO accounts.throttles AS x (key, failures, blocked_until, expires_at) VALUES (of_key, 0, at, at + interval '1 hour')
        ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING x.* INTO t;
    IF t.expires_at <= at THEN
        t.failures := 0;
        t.blocked_until := at;
        t.expires_at := at + interval '1 hour';
    END IF;
    allowed := t.blocked_until <= at;
    IF allowed THEN
        t.failures := t.failures + 1;
        IF delays THEN
            t.expires_at := at + interval '1 hour';
        END IF;
        IF t.failures >= free THEN
            t.blocked_until := CASE WHEN delays
                THEN at + least(interval '15 minutes', interval '15 seconds' * 2 ^ least(t.failures - free, 10))
                ELSE t.expires_at END;
        END IF;
    END IF;
    UPDATE accounts.throttles x SET failures = t.failures, blocked_until = t.blocked_until, expires_at = t.expires_at
        WHERE x.key = of_key;
    RETURN allowed;
END
$$;

-- Removes a few throttles that have expired, more than any try adds. It waits for nobody, and comes last in its
-- transaction: whoever waits for a row that it removes cannot be waited for.
CREATE FUNCTION accounts.forget_some(at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.throttles WHERE key IN (
    SELECT t.key FROM accounts.throttles t WHERE t.expires_at <= forget_some.at
    ORDER BY t.expires_at LIMIT 4 FOR UPDATE SKIP LOCKED)
$$;

CREATE FUNCTION accounts.attempt(of_key bytea, free integer, delays boolean, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    allowed boolean := accounts.count_try(of_key, free, delays, at);
BEGIN
    PERFORM accounts.forget_some(at);
    RETURN allowed;
END
$$;

CREATE FUNCTION accounts.forget_failures(of_key bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.throttles WHERE key = of_key
$$;

-- After a login the failures of its network are forgotten. Of those of the address only its own try is taken
-- back: those of others count on.
CREATE FUNCTION accounts.logged_in(network_key bytea, address_key bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.throttles WHERE key = network_key;
UPDATE accounts.throttles SET failures = greatest(failures - 1, 0), blocked_until = expires_at - interval '1 hour'
    WHERE key = address_key;
$$;

-- Login and sessions. -------------------------------------------------------------------------------------

-- One row whoever it is, after the same work: for nobody, it is all zero. The network is asked first, so that
-- one network alone cannot lock an address for all others.
CREATE FUNCTION accounts.login(
    of_email text, network_key bytea, address_key bytea, network_free integer, address_free integer, at timestamptz)
    RETURNS TABLE (person uuid, client uuid, password text, allowed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    may boolean;
BEGIN
    may := accounts.count_try(network_key, network_free, true, at);
    IF may THEN
        may := accounts.count_try(address_key, address_free, false, at);
    END IF;
    PERFORM accounts.forget_some(at);
    RETURN QUERY
        SELECT coalesce(p.id, zero.id), coalesce(p.client, zero.id), coalesce(p.password, ''), may
        FROM (VALUES ('00000000-0000-0000-0000-000000000000'::uuid)) zero (id)
        LEFT JOIN accounts.people p ON p.email = of_email AND p.closed_at IS NULL
            AND NOT EXISTS (SELECT FROM accounts.login_rules r WHERE r.client = p.client AND r.passwords_off);
END
$$;

CREATE FUNCTION accounts.renew_password(of_person uuid, old_hash text, new_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
UPDATE accounts.people SET password = new_hash WHERE id = of_person AND password = old_hash
$$;

-- How far a login comes that was proved by one thing only.
CREATE FUNCTION accounts.stage_of(of_person uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT CASE
    WHEN accounts.has_factor(of_person) THEN 'factor'
    WHEN EXISTS (SELECT FROM accounts.people p JOIN accounts.login_rules r ON r.client = p.client
        WHERE p.id = of_person AND r.second_factor) THEN 'enrol'
    ELSE 'full' END
$$;

CREATE FUNCTION accounts.is_live(s accounts.sessions, at timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT s.expires_at > at AND s.last_seen_at > at - interval '30 minutes'
$$;

-- Ends the oldest sessions of a person beyond 20, the given one among them. Those that are full and those that
-- are not count apart: whoever knows the password alone must not end anybody's login.
CREATE FUNCTION accounts.make_room(of_person uuid, is_full boolean, for_hash bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.sessions WHERE id IN (
    SELECT s.id FROM accounts.sessions s WHERE s.person = of_person AND (s.stage = 'full') = is_full AND s.hash <> for_hash
    ORDER BY s.created_at DESC, s.id OFFSET 19)
$$;

-- No row for whoever is closed.
CREATE FUNCTION accounts.begin_session(
    of_person uuid, new_hash bytea, in_stage text, by_method text, with_factor boolean,
    from_address text, from_agent text, at timestamptz)
    RETURNS SETOF accounts.sessions LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    p accounts.people;
BEGIN
    PERFORM accounts.check_clock(at, false);
    SELECT * INTO p FROM accounts.people WHERE id = of_person AND closed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF p.accepted_at IS NULL THEN
        PERFORM accounts.withdraw(of_person);
    END IF;
    UPDATE accounts.people SET accepted_at = coalesce(accepted_at, at),
        last_login = CASE WHEN in_stage = 'full' THEN at ELSE last_login END WHERE id = of_person;
    DELETE FROM accounts.sessions s WHERE s.person = of_person AND NOT accounts.is_live(s, at);
    PERFORM accounts.make_room(of_person, in_stage = 'full', new_hash);
    RETURN QUERY
        INSERT INTO accounts.sessions AS s (hash, person, client, stage, method, second_factor, address, user_agent,
            created_at, last_seen_at, proved_at, expires_at)
        VALUES (new_hash, of_person, p.client, in_stage, by_method, with_factor, from_address, from_agent,
            at, at, at, at + CASE WHEN in_stage = 'full' THEN interval '12 hours' ELSE interval '10 minutes' END)
        RETURNING s.*;
END
$$;

CREATE FUNCTION accounts.rotate_session(old_hash bytea, new_hash bytea, at timestamptz)
    RETURNS SETOF accounts.sessions LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    whose uuid;
BEGIN
    PERFORM accounts.check_clock(at, false);
    SELECT p.id INTO whose FROM accounts.people p JOIN accounts.sessions s ON s.person = p.id
        WHERE s.hash = old_hash AND p.closed_at IS NULL FOR UPDATE OF p;
    RETURN QUERY
        UPDATE accounts.sessions AS s SET hash = new_hash, stage = 'full', second_factor = true,
            last_seen_at = at, proved_at = at, expires_at = at + interval '12 hours'
        WHERE s.hash = old_hash AND s.person = whose AND s.stage <> 'full' AND accounts.is_live(s, at)
        RETURNING s.*;
    IF FOUND THEN
        UPDATE accounts.people SET last_login = at WHERE id = whose;
        PERFORM accounts.make_room(whose, true, new_hash);
    END IF;
END
$$;

-- Seen says that somebody is there, which puts off the end of an idle session. Hashes stay here.
CREATE FUNCTION accounts.session(of_hash bytea, seen boolean, at timestamptz)
    RETURNS TABLE (id uuid, person uuid, client uuid, stage text, method text, second_factor boolean, address text, user_agent text,
        created_at timestamptz, last_seen_at timestamptz, proved_at timestamptz, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF seen THEN
        UPDATE accounts.sessions s SET last_seen_at = at
            WHERE s.hash = of_hash AND s.last_seen_at <= at - interval '1 minute' AND accounts.is_live(s, at);
    END IF;
    RETURN QUERY SELECT s.id, s.person, s.client, s.stage, s.method, s.second_factor, s.address, s.user_agent,
            s.created_at, s.last_seen_at, s.proved_at, s.expires_at
        FROM accounts.sessions s JOIN accounts.people p ON p.id = s.person
        WHERE s.hash = of_hash AND p.closed_at IS NULL AND accounts.is_live(s, at);
END
$$;

CREATE FUNCTION accounts.sessions_of(of_person uuid, at timestamptz)
    RETURNS TABLE (id uuid, person uuid, client uuid, stage text, method text, second_factor boolean, address text, user_agent text,
        created_at timestamptz, last_seen_at timestamptz, proved_at timestamptz, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT s.id, s.person, s.client, s.stage, s.method, s.second_factor, s.address, s.user_agent,
        s.created_at, s.last_seen_at, s.proved_at, s.expires_at
    FROM accounts.sessions s WHERE s.person = of_person AND accounts.is_live(s, at)
    ORDER BY s.created_at DESC, s.id LIMIT 100
$$;

CREATE FUNCTION accounts.log_out(of_hash bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.sessions WHERE hash = of_hash
$$;

CREATE FUNCTION accounts.end_session(of_person uuid, the_session uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.sessions WHERE person = of_person AND id = the_session
$$;

CREATE FUNCTION accounts.end_other_sessions(of_person uuid, but uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.sessions WHERE person = of_person AND id <> but
$$;

-- Where passwords are off, an old one proves nothing.
CREATE FUNCTION accounts.proof_of(the_session uuid, at timestamptz) RETURNS TABLE (person uuid, password text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT p.id, CASE WHEN r.passwords_off THEN '' ELSE coalesce(p.password, '') END
    FROM accounts.sessions s JOIN accounts.people p ON p.id = s.person LEFT JOIN accounts.login_rules r ON r.client = p.client
    WHERE s.id = the_session AND s.stage = 'full' AND p.closed_at IS NULL AND accounts.is_live(s, at)
$$;

-- A provider may have asked long ago.
CREATE FUNCTION accounts.prove(the_session uuid, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM accounts.check_clock(at, true);
    UPDATE accounts.sessions s SET proved_at = at WHERE s.id = the_session AND s.stage = 'full' AND accounts.is_live(s, at);
    RETURN FOUND;
END
$$;

CREATE FUNCTION accounts.password_holder(of_person uuid) RETURNS TABLE (name text, email text, passwords_off boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT p.name, coalesce(p.email, ''), coalesce(r.passwords_off, false)
    FROM accounts.people p LEFT JOIN accounts.login_rules r ON r.client = p.client
    WHERE p.id = of_person AND p.closed_at IS NULL AND p.email IS NOT NULL
$$;

-- Another password ends what an old one may have let in: other sessions, and links that are on their way.
CREATE FUNCTION accounts.set_password(of_person uuid, but_session uuid, new_hash text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.people SET password = new_hash WHERE id = of_person AND closed_at IS NULL AND email IS NOT NULL;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    DELETE FROM accounts.sessions WHERE person = of_person AND id <> but_session;
    PERFORM accounts.drop_links(of_person);
    RETURN 'ok';
END
$$;

-- API keys. -----------------------------------------------------------------------------------------------

-- Whatever is asked for, a person has 20 at most, each for a year and a day.
CREATE FUNCTION accounts.create_key(
    of_person uuid, of_client uuid, new_hash bytea, new_name text, new_hint text, new_scopes text[], until timestamptz, most integer, at timestamptz)
    RETURNS TABLE (outcome text, id uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM accounts.check_clock(at, false);
    PERFORM FROM accounts.people p WHERE p.id = of_person AND p.client = of_client AND p.closed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'unknown', NULL::uuid;
        RETURN;
    END IF;
    DELETE FROM accounts.api_keys k WHERE k.person = of_person AND k.expires_at <= at;
    IF (SELECT count(*) FROM accounts.api_keys k WHERE k.person = of_person) >= least(most, 20) THEN
        RETURN QUERY SELECT 'many_keys', NULL::uuid;
        RETURN;
    END IF;
    RETURN QUERY
        INSERT INTO accounts.api_keys AS k (hash, person, client, name, hint, scopes, created_at, expires_at)
        VALUES (new_hash, of_person, of_client, new_name, new_hint, new_scopes, at, least(until, at + interval '367 days'))
        RETURNING 'ok', k.id;
END
$$;

CREATE FUNCTION accounts.key(of_hash bytea, at timestamptz)
    RETURNS TABLE (id uuid, person uuid, client uuid, name text, hint text, scopes text[],
        created_at timestamptz, expires_at timestamptz, last_used_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.api_keys k SET last_used_at = at
        WHERE k.hash = of_hash AND k.expires_at > at AND (k.last_used_at IS NULL OR k.last_used_at <= at - interval '1 minute');
    RETURN QUERY SELECT k.id, k.person, k.client, k.name, k.hint, k.scopes, k.created_at, k.expires_at, k.last_used_at
        FROM accounts.api_keys k JOIN accounts.people p ON p.id = k.person
        WHERE k.hash = of_hash AND k.expires_at > at AND p.closed_at IS NULL;
END
$$;

CREATE FUNCTION accounts.keys_of(of_person uuid, at timestamptz)
    RETURNS TABLE (id uuid, person uuid, client uuid, name text, hint text, scopes text[],
        created_at timestamptz, expires_at timestamptz, last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT k.id, k.person, k.client, k.name, k.hint, k.scopes, k.created_at, k.expires_at, k.last_used_at
    FROM accounts.api_keys k WHERE k.person = of_person AND k.expires_at > at ORDER BY k.created_at DESC, k.id LIMIT 100
$$;

CREATE FUNCTION accounts.revoke_key(of_person uuid, the_key uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.api_keys WHERE person = of_person AND id = the_key
$$;

-- People. -------------------------------------------------------------------------------------------------

-- Tells whether somebody else than the person can log in by an address, or is about to get it. The lock makes whoever
-- else asks for the address wait until this transaction has taken it or not.
CREATE FUNCTION accounts.is_taken(the_email text, for_person uuid, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('email ' || the_email, 0));
    RETURN EXISTS (SELECT FROM accounts.people p WHERE p.email = the_email AND p.id <> for_person AND p.closed_at IS NULL)
        OR EXISTS (SELECT FROM accounts.reservations r WHERE r.email = the_email AND r.person <> for_person AND r.expires_at > at);
END
$$;

-- Tells whether an address is of a domain whose logins are another organisation's affair.
CREATE FUNCTION accounts.is_claimed(the_email text, of_client uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT EXISTS (SELECT FROM accounts.provider_of_domain(pg_catalog.split_part(the_email, '@', 2)) d WHERE d.client <> of_client)
$$;

-- Says what keeps a person from being invited to an address, or 'ok'.
CREATE FUNCTION accounts.invitable(of_person uuid, of_client uuid, the_email text, at timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    p accounts.people;
BEGIN
    IF accounts.is_taken(the_email, of_person, at) OR accounts.is_claimed(the_email, of_client) THEN
        RETURN 'email_taken';
    END IF;
    SELECT * INTO p FROM accounts.people WHERE id = of_person FOR UPDATE;
    RETURN CASE
        WHEN NOT FOUND THEN 'ok'
        WHEN p.client <> of_client THEN 'unknown'
        WHEN p.erased_at IS NOT NULL THEN 'erased'
        WHEN p.accepted_at IS NOT NULL AND p.closed_at IS NULL THEN 'already_in'
        WHEN p.accepted_at IS NOT NULL AND p.email <> the_email THEN 'email_fixed'
        ELSE 'ok' END;
END
$$;

CREATE FUNCTION accounts.reserve(the_email text, for_person uuid, of_client uuid, until timestamptz, at timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    outcome text := accounts.invitable(for_person, of_client, the_email, at);
BEGIN
    IF outcome = 'ok' THEN
        INSERT INTO accounts.reservations (email, person, expires_at) VALUES (the_email, for_person, until)
            ON CONFLICT (email) DO UPDATE SET person = excluded.person, expires_at = excluded.expires_at;
    END IF;
    RETURN outcome;
END
$$;

CREATE FUNCTION accounts.release(the_email text, for_person uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.reservations WHERE email = the_email AND person = for_person
$$;

CREATE FUNCTION accounts.invite(
    of_person uuid, of_client uuid, called text, the_email text, link_hash bytea, until timestamptz, at timestamptz)
    RETURNS TABLE (outcome text, mailed boolean) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    may text := accounts.invitable(of_person, of_client, the_email, at);
BEGIN
    IF may <> 'ok' THEN
        RETURN QUERY SELECT may, false;
        RETURN;
    END IF;
    DELETE FROM accounts.reservations r WHERE r.email = the_email;
    INSERT INTO accounts.people AS p (id, client, name, email, created_at) VALUES (of_person, of_client, called, the_email, at)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, accepted_at = NULL, closed_at = NULL;
    PERFORM accounts.withdraw(of_person);
    RETURN QUERY SELECT 'ok', accounts.issue('invitation', of_person, the_email, link_hash, until, at);
END
$$;

-- Orders a mail or, where there is none, makes the link itself; true for a mail.
CREATE FUNCTION accounts.issue(
    for_purpose text, of_person uuid, to_email text, link_hash bytea, until timestamptz, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF accounts.has_mail() THEN
        INSERT INTO accounts.mail (kind, person, email, created_at, next_at) VALUES (for_purpose, of_person, to_email, at, at);
        RETURN true;
    END IF;
    INSERT INTO accounts.links (hash, purpose, person, email, expires_at) VALUES (link_hash, for_purpose, of_person, to_email, until);
    RETURN false;
END
$$;

-- Names somebody, who cannot log in unless it could before.
CREATE FUNCTION accounts.put(of_person uuid, of_client uuid, called text, at timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO accounts.people AS p (id, client, name, created_at) VALUES (of_person, of_client, called, at)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE p.client = excluded.client AND p.erased_at IS NULL;
    RETURN CASE WHEN FOUND THEN 'ok'
        WHEN EXISTS (SELECT FROM accounts.people p WHERE p.id = of_person AND p.erased_at IS NOT NULL) THEN 'erased'
        ELSE 'unknown' END;
END
$$;

CREATE FUNCTION accounts.accounts_of(of_client uuid, people uuid[], at timestamptz)
    RETURNS TABLE (id uuid, client uuid, name text, email text, has_password boolean, second_factor boolean,
        invited_until timestamptz, last_login timestamptz, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT p.id, p.client, p.name, coalesce(p.email, ''), p.password IS NOT NULL, accounts.has_factor(p.id),
    greatest(
        (SELECT max(l.expires_at) FROM accounts.links l WHERE l.person = p.id AND l.purpose = 'invitation' AND l.expires_at > at),
        (SELECT max(m.created_at) + interval '72 hours' FROM accounts.mail m WHERE m.person = p.id AND m.kind = 'invitation')),
    p.last_login, p.created_at
    FROM accounts.people p WHERE p.client = of_client AND p.id = ANY (people) LIMIT 200
$$;

CREATE FUNCTION accounts.names(people uuid[]) RETURNS TABLE (id uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT p.id, p.name FROM accounts.people p WHERE p.id = ANY (people) LIMIT 10000
$$;

CREATE FUNCTION accounts.client_of(of_person uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT client FROM accounts.people WHERE id = of_person AND closed_at IS NULL AND email IS NOT NULL
$$;

CREATE FUNCTION accounts.withdraw(of_person uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.mail WHERE person = of_person AND kind = 'invitation';
DELETE FROM accounts.links WHERE person = of_person AND purpose = 'invitation';
$$;

-- Ends all that is on its way to a person.
CREATE FUNCTION accounts.drop_links(of_person uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.mail WHERE person = of_person;
DELETE FROM accounts.links WHERE person = of_person;
DELETE FROM accounts.email_changes WHERE person = of_person;
$$;

CREATE FUNCTION accounts.close(of_person uuid, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
UPDATE accounts.people SET closed_at = coalesce(closed_at, at), password = NULL WHERE id = of_person;
DELETE FROM accounts.sessions WHERE person = of_person;
DELETE FROM accounts.api_keys WHERE person = of_person;
DELETE FROM accounts.reservations WHERE person = of_person;
SELECT accounts.drop_links(of_person);
SELECT accounts.drop_factors(of_person);
$$;

CREATE FUNCTION accounts.erase(of_person uuid, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM accounts.close(of_person, at);
    UPDATE accounts.people SET name = '', email = NULL, erased_at = coalesce(erased_at, at) WHERE id = of_person;
    DELETE FROM accounts.evidence_keys WHERE person = of_person;
    UPDATE accounts.access_log SET address = '', user_agent = '', same = NULL WHERE person = of_person;
    -- Clients know staff by a profile, which only the client side has.
    IF pg_catalog.to_regclass('accounts.staff_profiles') IS NOT NULL THEN
        DELETE FROM accounts.staff_profiles WHERE person = of_person;
    END IF;
END
$$;

-- The key that evidence of a person is sealed with, made at the first call. NULL for whoever is erased or unknown;
-- the lock keeps an erasure at the same moment from being undone.
CREATE FUNCTION accounts.evidence_key(of_person uuid, candidate text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM FROM accounts.people WHERE id = of_person AND erased_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO accounts.evidence_keys (person, key) VALUES (of_person, candidate) ON CONFLICT DO NOTHING;
    RETURN (SELECT k.key FROM accounts.evidence_keys k WHERE k.person = of_person);
END
$$;

CREATE FUNCTION accounts.evidence_key_of(of_person uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT key FROM accounts.evidence_keys WHERE person = of_person
$$;

-- Links. --------------------------------------------------------------------------------------------------

-- The person of a link that is good: not used up, in time, for this purpose, and sent to the address that the
-- person has now.
CREATE FUNCTION accounts.offer(of_hash bytea, for_purpose text, at timestamptz)
    RETURNS TABLE (person uuid, client uuid, name text, email text, expires_at timestamptz, passwords_off boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT p.id, p.client, p.name, p.email, l.expires_at, coalesce(r.passwords_off, false)
    FROM accounts.links l JOIN accounts.people p ON p.id = l.person AND p.email = l.email AND p.closed_at IS NULL
    LEFT JOIN accounts.login_rules r ON r.client = p.client
    WHERE l.hash = of_hash AND l.purpose = for_purpose AND l.expires_at > at
$$;

-- Uses up a good link: the person, locked, or NULL. Whoever comes second waits for the lock and finds no link.
CREATE FUNCTION accounts.use_link(of_hash bytea, for_purpose text, at timestamptz) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    whose uuid;
BEGIN
    SELECT p.id INTO whose FROM accounts.links l JOIN accounts.people p ON p.id = l.person WHERE l.hash = of_hash FOR UPDATE OF p;
    DELETE FROM accounts.links l USING accounts.people p
        WHERE l.hash = of_hash AND l.purpose = for_purpose AND l.expires_at > at
            AND p.id = l.person AND p.email = l.email AND p.closed_at IS NULL
        RETURNING p.id INTO whose;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN whose;
END
$$;

CREATE FUNCTION accounts.accept(of_hash bytea, called text, new_password text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    whose uuid := accounts.use_link(of_hash, 'invitation', at);
BEGIN
    IF whose IS NULL THEN
        RETURN false;
    END IF;
    PERFORM accounts.drop_links(whose);
    UPDATE accounts.people SET name = called, password = new_password, accepted_at = at WHERE id = whose;
    RETURN true;
END
$$;

CREATE FUNCTION accounts.reset(of_hash bytea, new_password text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    whose uuid := accounts.use_link(of_hash, 'reset', at);
BEGIN
    IF whose IS NULL THEN
        RETURN false;
    END IF;
    PERFORM accounts.drop_links(whose);
    DELETE FROM accounts.sessions WHERE person = whose;
    DELETE FROM accounts.api_keys WHERE person = whose;
    UPDATE accounts.people SET password = new_password WHERE id = whose;
    RETURN true;
END
$$;

-- Writes the same for an address that is nobody's: a mail to nobody, which is dropped when it is taken.
CREATE FUNCTION accounts.request_reset(of_email text, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
INSERT INTO accounts.mail (kind, person, email, created_at, next_at)
    SELECT 'reset', p.id, coalesce(p.email, ''), at, at
    FROM (VALUES (1)) one LEFT JOIN accounts.people p
        ON p.email = of_email AND p.accepted_at IS NOT NULL AND p.closed_at IS NULL
        AND NOT EXISTS (SELECT FROM accounts.login_rules r WHERE r.client = p.client AND r.passwords_off)
    WHERE accounts.has_mail()
$$;

CREATE FUNCTION accounts.offer_reset(of_person uuid, link_hash bytea, until timestamptz, at timestamptz)
    RETURNS TABLE (outcome text, mailed boolean) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    p accounts.people;
    may text;
BEGIN
    SELECT * INTO p FROM accounts.people WHERE id = of_person FOR UPDATE;
    may := CASE
        WHEN NOT FOUND THEN 'unknown'
        WHEN p.erased_at IS NOT NULL THEN 'erased'
        WHEN p.email IS NULL OR p.accepted_at IS NULL OR p.closed_at IS NOT NULL THEN 'no_login'
        WHEN EXISTS (SELECT FROM accounts.login_rules r WHERE r.client = p.client AND r.passwords_off) THEN 'passwords_off'
        ELSE 'ok' END;
    IF may <> 'ok' THEN
        RETURN QUERY SELECT may, false;
        RETURN;
    END IF;
    DELETE FROM accounts.mail WHERE person = of_person AND kind = 'reset';
    DELETE FROM accounts.links WHERE person = of_person AND purpose = 'reset';
    RETURN QUERY SELECT may, accounts.issue('reset', of_person, p.email, link_hash, until, at);
END
$$;

CREATE FUNCTION accounts.change_email(of_person uuid, new_email text, until timestamptz, at timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    p accounts.people;
BEGIN
    SELECT * INTO p FROM accounts.people WHERE id = of_person AND closed_at IS NULL AND email IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    IF NOT accounts.has_mail() THEN
        RETURN 'no_mail';
    END IF;
    DELETE FROM accounts.mail WHERE person = of_person AND kind IN ('email_old', 'email_new');
    DELETE FROM accounts.links WHERE person = of_person AND purpose IN ('email_old', 'email_new');
    DELETE FROM accounts.email_changes WHERE person = of_person;
    IF p.email = new_email THEN
        RETURN 'ok';
    END IF;
    INSERT INTO accounts.email_changes (person, old, new, expires_at) VALUES (of_person, p.email, new_email, until);
    INSERT INTO accounts.mail (kind, person, email, created_at, next_at)
        VALUES ('email_old', of_person, p.email, at, at), ('email_new', of_person, new_email, at, at);
    RETURN 'ok';
END
$$;

-- Gives 'wrong', 'waiting' for the other address, 'ok' when the address has changed, or 'email_taken'.
CREATE FUNCTION accounts.confirm_email(of_hash bytea, at timestamptz) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    l accounts.links;
    c accounts.email_changes;
BEGIN
    -- Addresses are locked before people, as when somebody is invited.
    PERFORM accounts.is_taken(x.new, x.person, at) FROM accounts.links k JOIN accounts.email_changes x ON x.person = k.person
        WHERE k.hash = of_hash;
    PERFORM FROM accounts.links x JOIN accounts.people p ON p.id = x.person WHERE x.hash = of_hash FOR UPDATE OF p;
    DELETE FROM accounts.links x WHERE x.hash = of_hash AND x.purpose IN ('email_old', 'email_new') AND x.expires_at > at
        RETURNING x.* INTO l;
    IF NOT FOUND THEN
        RETURN 'wrong';
    END IF;
    UPDATE accounts.email_changes x
        SET old_confirmed = x.old_confirmed OR l.purpose = 'email_old', new_confirmed = x.new_confirmed OR l.purpose = 'email_new'
        FROM accounts.people p
        WHERE x.person = l.person AND x.expires_at > at AND l.email = CASE l.purpose WHEN 'email_old' THEN x.old ELSE x.new END
            AND p.id = x.person AND p.email = x.old AND p.closed_at IS NULL
        RETURNING x.* INTO c;
    IF NOT FOUND THEN
        RETURN 'wrong';
    END IF;
    IF NOT (c.old_confirmed AND c.new_confirmed) THEN
        RETURN 'waiting';
    END IF;
    PERFORM accounts.drop_links(c.person);
    IF accounts.is_taken(c.new, c.person, at)
        OR accounts.is_claimed(c.new, (SELECT p.client FROM accounts.people p WHERE p.id = c.person)) THEN
        RETURN 'email_taken';
    END IF;
    UPDATE accounts.people SET email = c.new WHERE id = c.person;
    RETURN 'ok';
END
$$;

-- Login rules. --------------------------------------------------------------------------------------------

CREATE FUNCTION accounts.rules(of_client uuid)
    RETURNS TABLE (second_factor boolean, domains text[], passwords_off boolean, issuer text, sso_client text, sso_domains text[], sso_join boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT r.second_factor, r.domains, r.passwords_off, r.issuer, r.sso_client,
    ARRAY(SELECT d.domain FROM accounts.sso_domains d WHERE d.client = r.client ORDER BY d.domain), r.sso_join
    FROM accounts.login_rules r WHERE r.client = of_client
$$;

-- An empty secret keeps the one that is stored, if it is of the same issuer: another one must never get it. Where
-- a second factor becomes required, logins without one end.
CREATE FUNCTION accounts.set_rules(
    of_client uuid, need_factor boolean, allow_domains text[], no_passwords boolean,
    new_issuer text, new_sso_client text, new_secret text, claim_domains text[], may_join boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    kept text := '';
    needed_factor boolean;
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('login rules', 0));
    SELECT r.sso_secret INTO kept FROM accounts.login_rules r WHERE r.client = of_client AND r.issuer = new_issuer;
    kept := coalesce(nullif(new_secret, ''), kept, '');
    IF new_issuer = '' THEN
        kept := '';
    ELSIF kept = '' THEN
        RETURN 'no_secret';
    END IF;
    IF EXISTS (SELECT FROM accounts.sso_domains d WHERE d.domain = ANY (claim_domains) AND d.client <> of_client) THEN
        RETURN 'domain_taken';
    END IF;
    SELECT r.second_factor INTO needed_factor FROM accounts.login_rules r WHERE r.client = of_client;
    IF need_factor AND NOT coalesce(needed_factor, false) THEN
        DELETE FROM accounts.sessions s WHERE s.client = of_client AND s.stage = 'full' AND NOT s.second_factor;
    END IF;
    INSERT INTO accounts.login_rules (client, second_factor, domains, passwords_off, issuer, sso_client, sso_secret, sso_join)
        VALUES (of_client, need_factor, allow_domains, no_passwords, new_issuer, new_sso_client, kept, may_join)
        ON CONFLICT (client) DO UPDATE SET second_factor = excluded.second_factor, domains = excluded.domains,
            passwords_off = excluded.passwords_off, issuer = excluded.issuer, sso_client = excluded.sso_client,
            sso_secret = excluded.sso_secret, sso_join = excluded.sso_join;
    DELETE FROM accounts.sso_domains WHERE client = of_client;
    INSERT INTO accounts.sso_domains (domain, client) SELECT unnest(claim_domains), of_client;
    RETURN 'ok';
END
$$;

-- The log of access. --------------------------------------------------------------------------------------

CREATE FUNCTION accounts.record(
    at timestamptz, of_person uuid, of_client uuid, of_kind text, with_outcome text, of_subject text,
    from_address text, from_agent text, same_as bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
SELECT accounts.check_clock(at, false);
INSERT INTO accounts.access_log AS l (at, person, client, kind, outcome, subject, count, address, user_agent, same)
    VALUES (at, of_person, of_client, of_kind, with_outcome, of_subject, 1, from_address, from_agent, same_as)
    ON CONFLICT (same) DO UPDATE SET count = l.count + 1
$$;

CREATE FUNCTION accounts.all_entries(of_person uuid, of_kind text, before bigint, most integer)
    RETURNS TABLE (id bigint, at timestamptz, person uuid, client uuid, kind text, outcome text, subject text, count integer, address text, user_agent text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT l.id, l.at, l.person, l.client, l.kind, l.outcome, l.subject, l.count, l.address, l.user_agent FROM accounts.access_log l
    WHERE (before = 0 OR l.id < before) AND (of_kind = '' OR l.kind = of_kind)
        AND (of_person = '00000000-0000-0000-0000-000000000000' OR l.person = of_person)
    ORDER BY l.id DESC LIMIT least(most, 500)
$$;

-- Nothing for the zero organisation, which is that of staff.
CREATE FUNCTION accounts.entries(of_person uuid, of_kind text, before bigint, most integer, of_client uuid)
    RETURNS TABLE (id bigint, at timestamptz, person uuid, client uuid, kind text, outcome text, subject text, count integer, address text, user_agent text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT l.id, l.at, l.person, l.client, l.kind, l.outcome, l.subject, l.count, l.address, l.user_agent FROM accounts.access_log l
    WHERE l.client = of_client AND of_client <> '00000000-0000-0000-0000-000000000000'
        AND (before = 0 OR l.id < before) AND (of_kind = '' OR l.kind = of_kind)
        AND (of_person = '00000000-0000-0000-0000-000000000000' OR l.person = of_person)
    ORDER BY l.id DESC LIMIT least(most, 500)
$$;

-- It waits for nobody: what somebody is working on is left for the next time.
CREATE FUNCTION accounts.prune(log_before timestamptz, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.access_log WHERE id IN (
    SELECT l.id FROM accounts.access_log l WHERE l.at < log_before FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.sessions WHERE id IN (
    SELECT s.id FROM accounts.sessions s WHERE NOT accounts.is_live(s, prune.at) FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.api_keys WHERE id IN (
    SELECT k.id FROM accounts.api_keys k WHERE k.expires_at <= prune.at FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.links WHERE hash IN (
    SELECT l.hash FROM accounts.links l WHERE l.expires_at <= prune.at FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.email_changes WHERE person IN (
    SELECT c.person FROM accounts.email_changes c WHERE c.expires_at <= prune.at FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.reservations WHERE email IN (
    SELECT r.email FROM accounts.reservations r WHERE r.expires_at <= prune.at FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.throttles WHERE key IN (
    SELECT t.key FROM accounts.throttles t WHERE t.expires_at <= prune.at FOR UPDATE SKIP LOCKED);
DELETE FROM accounts.mail WHERE id IN (
    SELECT m.id FROM accounts.mail m WHERE m.person IS NULL OR m.created_at < log_before FOR UPDATE SKIP LOCKED);
$$;

-- Mail. ---------------------------------------------------------------------------------------------------

CREATE FUNCTION accounts.set_mail(on_or_off boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
UPDATE accounts.settings SET mail = on_or_off WHERE mail <> on_or_off
$$;

CREATE FUNCTION accounts.take_mail(lease timestamptz, at timestamptz)
    RETURNS TABLE (id uuid, kind text, person uuid, client uuid, name text, email text, created_at timestamptz, attempts integer, error text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    DELETE FROM accounts.mail m WHERE m.id IN (SELECT x.id FROM accounts.mail x WHERE x.person IS NULL FOR UPDATE SKIP LOCKED);
    RETURN QUERY
        WITH due AS (
            SELECT m.id FROM accounts.mail m WHERE m.state = 'waiting' AND m.next_at <= at
            ORDER BY m.next_at, m.id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE accounts.mail AS m SET next_at = lease, attempts = m.attempts + 1
        FROM due, accounts.people p WHERE m.id = due.id AND p.id = m.person
        RETURNING m.id, m.kind, m.person, p.client, p.name, m.email, m.created_at, m.attempts, m.error;
END
$$;

-- True when the mail still has something to say; otherwise it goes.
CREATE FUNCTION accounts.mint(the_mail uuid, link_hash bytea, until timestamptz, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    m accounts.mail;
BEGIN
    PERFORM FROM accounts.people p JOIN accounts.mail x ON x.person = p.id WHERE x.id = the_mail FOR UPDATE OF p;
    SELECT x.* INTO m FROM accounts.mail x JOIN accounts.people p ON p.id = x.person
        WHERE x.id = the_mail AND p.closed_at IS NULL AND CASE x.kind
            WHEN 'invitation' THEN p.accepted_at IS NULL AND p.email = x.email
            WHEN 'reset' THEN p.email = x.email
            ELSE EXISTS (SELECT FROM accounts.email_changes c WHERE c.person = p.id AND c.old = p.email AND c.expires_at > at
                AND x.email = CASE x.kind WHEN 'email_old' THEN c.old ELSE c.new END) END;
    IF NOT FOUND THEN
        DELETE FROM accounts.mail WHERE id = the_mail;
        RETURN false;
    END IF;
    INSERT INTO accounts.links (hash, purpose, person, email, expires_at) VALUES (link_hash, m.kind, m.person, m.email, until);
    RETURN true;
END
$$;

CREATE FUNCTION accounts.sent(the_mail uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.mail WHERE id = the_mail
$$;

CREATE FUNCTION accounts.failed(the_mail uuid, is_dead boolean, cause text, again timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
UPDATE accounts.mail SET state = CASE WHEN is_dead THEN 'dead' ELSE 'waiting' END, error = cause, next_at = again WHERE id = the_mail
$$;

CREATE FUNCTION accounts.dead_mail()
    RETURNS TABLE (id uuid, kind text, person uuid, client uuid, name text, email text, created_at timestamptz, attempts integer, error text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT m.id, m.kind, m.person, p.client, p.name, m.email, m.created_at, m.attempts, m.error
    FROM accounts.mail m JOIN accounts.people p ON p.id = m.person WHERE m.state = 'dead' ORDER BY m.created_at DESC, m.id LIMIT 200
$$;

CREATE FUNCTION accounts.resend(the_mail uuid, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.mail SET state = 'waiting', attempts = 0, error = '', next_at = at WHERE id = the_mail AND state = 'dead';
    RETURN FOUND;
END
$$;
-- +goose StatementEnd

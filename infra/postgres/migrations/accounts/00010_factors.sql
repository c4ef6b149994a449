-- What people prove themselves with beside a password: authenticator codes, recovery codes, passkeys, and
-- their identities at an organisation's OpenID provider. Secrets are sealed under a key outside of the
-- database, recovery codes are hashed, passkeys are public keys.
--
-- Whatever is good for one use is used up by the statement that accepts it.

-- +goose Up
CREATE TABLE accounts.totp (
    person     uuid        PRIMARY KEY REFERENCES accounts.people,
    secret     text,        -- sealed; NULL until a first code was seen
    step       bigint      NOT NULL DEFAULT 0, -- the last one accepted: no code counts twice
    offer      text,        -- sealed; what the next confirmation is about
    offered_at timestamptz
);

CREATE TABLE accounts.recovery_codes (
    person uuid  NOT NULL REFERENCES accounts.people,
    hash   bytea NOT NULL, -- SHA-256 of the code
    PRIMARY KEY (person, hash)
);

-- The name under which authenticators know a person: random, so that it tells nothing.
CREATE TABLE accounts.passkey_handles (
    person uuid  PRIMARY KEY REFERENCES accounts.people,
    handle bytea NOT NULL UNIQUE
);

CREATE TABLE accounts.passkeys (
    id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    person       uuid        NOT NULL REFERENCES accounts.people,
    credential   bytea       NOT NULL UNIQUE, -- its id at the authenticator
    record       json        NOT NULL, -- public key and flags
    uses         bigint      NOT NULL, -- as the authenticator counts them; it never goes back
    name         text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE INDEX passkeys_person ON accounts.passkeys (person);

-- Ceremonies that had their effect, until their state would have expired anyway.
CREATE TABLE accounts.ceremonies (
    hash       bytea       PRIMARY KEY, -- SHA-256 of the challenge
    expires_at timestamptz NOT NULL
);
CREATE INDEX ceremonies_expiry ON accounts.ceremonies (expires_at);

-- A person has one identity at a provider: whom an address is given to later doesn't get the account along.
CREATE TABLE accounts.identities (
    issuer     text        NOT NULL,
    subject    text        NOT NULL,
    person     uuid        NOT NULL REFERENCES accounts.people,
    joining    boolean     NOT NULL, -- the account was made by this login, and the fact is yet to be recorded
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (person, issuer)
);

-- +goose StatementBegin
CREATE FUNCTION accounts.has_factor(of_person uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT EXISTS (SELECT FROM accounts.totp WHERE person = of_person AND secret IS NOT NULL)
    OR EXISTS (SELECT FROM accounts.passkeys WHERE person = of_person)
$$;

-- Part of closing an account, together with all that the person could log in by.
CREATE FUNCTION accounts.drop_factors(of_person uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
DELETE FROM accounts.totp WHERE person = of_person;
DELETE FROM accounts.recovery_codes WHERE person = of_person;
DELETE FROM accounts.passkeys WHERE person = of_person;
DELETE FROM accounts.passkey_handles WHERE person = of_person;
DELETE FROM accounts.identities WHERE person = of_person;
$$;

CREATE FUNCTION accounts.factors(of_person uuid) RETURNS TABLE (totp boolean, recovery integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT EXISTS (SELECT FROM accounts.totp t WHERE t.person = of_person AND t.secret IS NOT NULL),
    (SELECT count(*)::integer FROM accounts.recovery_codes r WHERE r.person = of_person)
$$;

-- Locks the person, so that of two factors that are removed at once one is seen to be the last: by the next
-- statement, for that of the call still sees what was there before it waited.
CREATE FUNCTION accounts.must_keep_factor(of_person uuid) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
SELECT coalesce((SELECT r.second_factor FROM accounts.login_rules r WHERE r.client = p.client), false)
    FROM accounts.people p WHERE p.id = of_person FOR UPDATE
$$;

CREATE FUNCTION accounts.totp_of(of_person uuid, offered_after timestamptz) RETURNS TABLE (secret text, offer text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT coalesce(t.secret, ''), CASE WHEN t.offered_at > offered_after THEN t.offer ELSE '' END
    FROM accounts.totp t WHERE t.person = of_person
$$;

-- Gives the address to show beside the secret. No row for whoever is closed or unknown.
CREATE FUNCTION accounts.offer_totp(to_person uuid, new_offer text, at timestamptz) RETURNS TABLE (email text)
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
WITH offered AS (
    INSERT INTO accounts.totp AS t (person, offer, offered_at)
        SELECT p.id, new_offer, at FROM accounts.people p WHERE p.id = to_person AND p.closed_at IS NULL
        ON CONFLICT (person) DO UPDATE SET offer = excluded.offer, offered_at = excluded.offered_at
        RETURNING t.person
) SELECT coalesce(p.email, '') FROM accounts.people p JOIN offered o ON o.person = p.id
$$;

CREATE FUNCTION accounts.confirm_totp(of_person uuid, the_offer text, at_step bigint, codes bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.totp SET secret = offer, step = at_step, offer = NULL, offered_at = NULL
        WHERE person = of_person AND offer = the_offer;
    RETURN FOUND AND accounts.renew_recovery_codes(of_person, codes);
END
$$;

CREATE FUNCTION accounts.use_totp(of_person uuid, the_secret text, at_step bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.totp SET step = at_step WHERE person = of_person AND secret = the_secret AND step < at_step;
    RETURN FOUND;
END
$$;

-- False when the rules ask for a factor and this is the last one.
CREATE FUNCTION accounts.remove_totp(of_person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    must_keep boolean := accounts.must_keep_factor(of_person);
BEGIN
    IF must_keep AND NOT EXISTS (SELECT FROM accounts.passkeys WHERE person = of_person) THEN
        RETURN false;
    END IF;
    DELETE FROM accounts.totp WHERE person = of_person;
    DELETE FROM accounts.recovery_codes WHERE person = of_person;
    RETURN true;
END
$$;

-- False without a confirmed secret, which the codes stand in for.
CREATE FUNCTION accounts.renew_recovery_codes(of_person uuid, codes bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM FROM accounts.totp WHERE person = of_person AND secret IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM accounts.recovery_codes WHERE person = of_person;
    INSERT INTO accounts.recovery_codes (person, hash) SELECT of_person, unnest(codes);
    RETURN true;
END
$$;

CREATE FUNCTION accounts.use_recovery_code(of_person uuid, the_hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    DELETE FROM accounts.recovery_codes WHERE person = of_person AND hash = the_hash;
    RETURN FOUND;
END
$$;

-- The handle is made at the first call. No row for whoever is closed or unknown.
CREATE FUNCTION accounts.passkey_holder(of_person uuid, candidate bytea)
    RETURNS TABLE (handle bytea, name text, email text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO accounts.passkey_handles (person, handle)
        SELECT p.id, candidate FROM accounts.people p WHERE p.id = of_person AND p.closed_at IS NULL
        ON CONFLICT ON CONSTRAINT passkey_handles_pkey DO NOTHING;
    RETURN QUERY SELECT h.handle, p.name, coalesce(p.email, '')
        FROM accounts.people p JOIN accounts.passkey_handles h ON h.person = p.id
        WHERE p.id = of_person AND p.closed_at IS NULL;
END
$$;

-- Where single sign-on is the only way in, passkeys are none.
CREATE FUNCTION accounts.passkey_person(of_handle bytea) RETURNS TABLE (person uuid, client uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT p.id, p.client FROM accounts.passkey_handles h JOIN accounts.people p ON p.id = h.person
    WHERE h.handle = of_handle AND p.closed_at IS NULL
    AND NOT EXISTS (SELECT FROM accounts.login_rules r WHERE r.client = p.client AND r.passwords_off)
$$;

CREATE FUNCTION accounts.passkeys_of(of_person uuid)
    RETURNS TABLE (id uuid, record json, uses bigint, name text, created_at timestamptz, last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT k.id, k.record, k.uses, k.name, k.created_at, k.last_used_at
    FROM accounts.passkeys k WHERE k.person = of_person ORDER BY k.created_at, k.id LIMIT 100
$$;

-- Gives 'added', 'closed', 'many' or 'taken'.
CREATE FUNCTION accounts.add_passkey(
    to_person uuid, new_credential bytea, new_record json, new_uses bigint, new_name text, at timestamptz, most integer)
    RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM FROM accounts.people WHERE id = to_person AND closed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'closed';
    END IF;
    IF (SELECT count(*) FROM accounts.passkeys WHERE person = to_person) >= most THEN
        RETURN 'many';
    END IF;
    INSERT INTO accounts.passkeys (person, credential, record, uses, name, created_at)
        VALUES (to_person, new_credential, new_record, new_uses, new_name, at) ON CONFLICT (credential) DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'added' ELSE 'taken' END;
END
$$;

-- False when another use came between, which only a copy of the passkey can have done.
CREATE FUNCTION accounts.use_passkey(the_passkey uuid, uses_before bigint, uses_now bigint, new_record json, at timestamptz)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.passkeys SET uses = uses_now, record = new_record, last_used_at = at
        WHERE id = the_passkey AND uses = uses_before;
    RETURN FOUND;
END
$$;

-- False when the rules ask for a factor and this is the last one.
CREATE FUNCTION accounts.remove_passkey(of_person uuid, the_passkey uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    must_keep boolean := accounts.must_keep_factor(of_person);
BEGIN
    IF must_keep
        AND EXISTS (SELECT FROM accounts.passkeys WHERE person = of_person AND id = the_passkey)
        AND NOT EXISTS (SELECT FROM accounts.totp WHERE person = of_person AND secret IS NOT NULL)
        AND NOT EXISTS (SELECT FROM accounts.passkeys WHERE person = of_person AND id <> the_passkey) THEN
        RETURN false;
    END IF;
    DELETE FROM accounts.passkeys WHERE person = of_person AND id = the_passkey;
    RETURN true;
END
$$;

-- True the first time. What has expired goes with it, a bounded part at a time.
CREATE FUNCTION accounts.conclude_ceremony(of_challenge bytea, until timestamptz, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    DELETE FROM accounts.ceremonies WHERE hash IN (
        SELECT c.hash FROM accounts.ceremonies c WHERE c.expires_at < at LIMIT 100 FOR UPDATE SKIP LOCKED);
    INSERT INTO accounts.ceremonies (hash, expires_at) VALUES (of_challenge, until) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

CREATE FUNCTION accounts.provider_of_domain(of_domain text) RETURNS TABLE (client uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT d.client FROM accounts.sso_domains d JOIN accounts.login_rules r ON r.client = d.client
    WHERE d.domain = of_domain AND r.issuer <> ''
$$;

CREATE FUNCTION accounts.provider_of(of_client uuid)
    RETURNS TABLE (issuer text, sso_client text, sso_secret text, sso_join boolean, second_factor boolean, domains text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT r.issuer, r.sso_client, r.sso_secret, r.sso_join, r.second_factor,
    ARRAY(SELECT d.domain FROM accounts.sso_domains d WHERE d.client = r.client)
    FROM accounts.login_rules r WHERE r.client = of_client AND r.issuer <> ''
$$;

-- Who an identity that a provider vouches for is: known, linked by the address, or new where that is allowed.
-- No row for anybody else, whatever the reason.
CREATE FUNCTION accounts.identify(
    by_issuer text, by_subject text, of_client uuid, by_email text, candidate uuid, called text, may_join boolean, at timestamptz)
    RETURNS TABLE (person uuid, newcomer boolean) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    found_person accounts.people;
    is_joining boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(by_issuer || ' ' || by_subject, 0));
    SELECT i.person, i.joining INTO found_person.id, is_joining FROM accounts.identities i
        WHERE i.issuer = by_issuer AND i.subject = by_subject;
    IF FOUND THEN
        RETURN QUERY SELECT p.id, is_joining FROM accounts.people p
            WHERE p.id = found_person.id AND p.client = of_client AND p.closed_at IS NULL;
        RETURN;
    END IF;
    SELECT * INTO found_person FROM accounts.people p WHERE p.email = by_email AND p.closed_at IS NULL FOR UPDATE;
    IF FOUND AND found_person.client <> of_client THEN
        RETURN;
    END IF;
    is_joining := found_person.id IS NULL;
    IF is_joining THEN
        IF NOT may_join OR accounts.is_taken(by_email, candidate, at) THEN
            RETURN;
        END IF;
        -- Whom its organisation has deactivated does not come back by itself.
        IF EXISTS (SELECT FROM accounts.people p WHERE p.email = by_email AND p.client = of_client AND p.closed_at IS NOT NULL) THEN
            RETURN;
        END IF;
        INSERT INTO accounts.people (id, client, name, email, created_at)
            VALUES (candidate, of_client, called, by_email, at) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        found_person.id := candidate;
    END IF;
    INSERT INTO accounts.identities (issuer, subject, person, joining, created_at)
        VALUES (by_issuer, by_subject, found_person.id, is_joining, at) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN QUERY SELECT found_person.id, is_joining;
    END IF;
END
$$;

-- Leaves nothing of a newcomer whose fact was refused.
CREATE FUNCTION accounts.turn_away(the_person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    PERFORM FROM accounts.people WHERE id = the_person FOR UPDATE;
    IF NOT EXISTS (SELECT FROM accounts.identities WHERE person = the_person AND joining) THEN
        RETURN;
    END IF;
    PERFORM accounts.close(the_person, pg_catalog.now());
    DELETE FROM accounts.people WHERE id = the_person;
END
$$;

CREATE FUNCTION accounts.joined(of_person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE accounts.identities SET joining = false WHERE person = of_person AND joining;
    RETURN FOUND;
END
$$;
-- +goose StatementEnd

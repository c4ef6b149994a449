-- Who may log in to this side, and what proves it. Both databases have these tables: client users are in
-- the client's, staff in the staff's. Names and addresses are here and never in events, so that they can be
-- erased. Nobody but the owner reads them; everybody else calls the functions of this schema.

-- +goose Up
CREATE SCHEMA IF NOT EXISTS accounts;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE accounts.people (
    id          uuid        PRIMARY KEY,
    client      uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- zero: staff
    name        text        NOT NULL, -- empty once erased
    email       text,                 -- in lower case; NULL: cannot log in
    password    text,                 -- Argon2id in PHC form; NULL: none
    created_at  timestamptz NOT NULL DEFAULT now(),
    accepted_at timestamptz,          -- of the first login since the invitation
    last_login  timestamptz,
    closed_at   timestamptz,          -- nothing lets a closed person in
    erased_at   timestamptz
);
CREATE INDEX people_client ON accounts.people (client);
-- Whoever is closed keeps the address, to be known by when it comes back, but not from somebody else.
CREATE UNIQUE INDEX people_email ON accounts.people (email) WHERE closed_at IS NULL;
CREATE INDEX people_closed_email ON accounts.people (email) WHERE closed_at IS NOT NULL;

-- An address on its way to a person whose fact is being recorded.
CREATE TABLE accounts.reservations (
    email      text        PRIMARY KEY,
    person     uuid        NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE accounts.sessions (
    id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    hash          bytea       NOT NULL UNIQUE, -- SHA-256 of the token
    person        uuid        NOT NULL REFERENCES accounts.people,
    client        uuid        NOT NULL,
    stage         text        NOT NULL CHECK (stage IN ('factor', 'enrol', 'full')),
    method        text        NOT NULL CHECK (method IN ('password', 'passkey', 'sso')),
    second_factor boolean     NOT NULL,
    address       text        NOT NULL,
    user_agent    text        NOT NULL,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    proved_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL -- however busy it is
);
CREATE INDEX sessions_person ON accounts.sessions (person);
CREATE INDEX sessions_expiry ON accounts.sessions (expires_at);

CREATE TABLE accounts.api_keys (
    id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    hash         bytea       NOT NULL UNIQUE, -- SHA-256 of the token
    person       uuid        NOT NULL REFERENCES accounts.people,
    client       uuid        NOT NULL,
    name         text        NOT NULL,
    hint         text        NOT NULL,
    scopes       text[],     -- NULL: everything the person may
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE INDEX api_keys_person ON accounts.api_keys (person);

-- Each link does one thing, once, for the person and address it was made for.
CREATE TABLE accounts.links (
    hash       bytea       PRIMARY KEY, -- SHA-256 of the token
    purpose    text        NOT NULL CHECK (purpose IN ('invitation', 'reset', 'email_old', 'email_new')),
    person     uuid        NOT NULL REFERENCES accounts.people,
    email      text        NOT NULL, -- where it was sent
    expires_at timestamptz NOT NULL
);
CREATE INDEX links_person ON accounts.links (person);

-- A change of address that waits until both were confirmed.
CREATE TABLE accounts.email_changes (
    person        uuid        PRIMARY KEY REFERENCES accounts.people,
    old           text        NOT NULL,
    new           text        NOT NULL,
    old_confirmed boolean     NOT NULL DEFAULT false,
    new_confirmed boolean     NOT NULL DEFAULT false,
    expires_at    timestamptz NOT NULL
);

-- Mail to be sent. It holds no secret: the token of its link is made when it is sent. Sent mail is removed.
-- The person is no foreign key: its check would lock the row of whoever exists, and take longer than for nobody.
CREATE TABLE accounts.mail (
    id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    kind       text        NOT NULL CHECK (kind IN ('invitation', 'reset', 'email_old', 'email_new')),
    person     uuid,                 -- NULL: a reset that was asked for in nobody's name
    email      text        NOT NULL,
    state      text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'dead')),
    created_at timestamptz NOT NULL,
    next_at    timestamptz NOT NULL,
    attempts   integer     NOT NULL DEFAULT 0,
    error      text        NOT NULL DEFAULT ''
);
CREATE INDEX mail_due ON accounts.mail (next_at) WHERE state = 'waiting';
CREATE INDEX mail_person ON accounts.mail (person);

-- One row.
CREATE TABLE accounts.settings (
    one  boolean  PRIMARY KEY DEFAULT true CHECK (one),
    mail boolean  NOT NULL DEFAULT false,       -- whether mail is sent at all
    skew interval NOT NULL DEFAULT '5 minutes'  -- how far the portal's clock may be from the database's
);
INSERT INTO accounts.settings DEFAULT VALUES;

-- Failures to prove something, by a keyed hash of who or what was tried.
CREATE TABLE accounts.throttles (
    key           bytea       PRIMARY KEY,
    failures      integer     NOT NULL,
    blocked_until timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX throttles_expiry ON accounts.throttles (expires_at);

CREATE TABLE accounts.login_rules (
    client        uuid    PRIMARY KEY, -- zero: staff
    second_factor boolean NOT NULL,
    domains       text[]  NOT NULL, -- of addresses that may be invited; empty for any
    passwords_off boolean NOT NULL,
    issuer        text    NOT NULL, -- of single sign-on; empty: none
    sso_client    text    NOT NULL,
    sso_secret    text    NOT NULL, -- sealed
    sso_join      boolean NOT NULL
);

-- The domains whose addresses go to an organisation's provider.
CREATE TABLE accounts.sso_domains (
    domain text PRIMARY KEY,
    client uuid NOT NULL REFERENCES accounts.login_rules ON DELETE CASCADE
);
CREATE INDEX sso_domains_client ON accounts.sso_domains (client);

CREATE TABLE accounts.access_log (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL, -- of the first
    person     uuid        NOT NULL, -- zero: nobody was proved
    client     uuid        NOT NULL,
    kind       text        NOT NULL,
    outcome    text        NOT NULL,
    subject    text        NOT NULL,
    count      integer     NOT NULL,
    address    text        NOT NULL,
    user_agent text        NOT NULL,
    same       bytea       UNIQUE -- hash of what makes two lines of a minute the same; NULL once erased
);
CREATE INDEX access_log_client ON accounts.access_log (client, id);
CREATE INDEX access_log_person ON accounts.access_log (person, id);
CREATE INDEX access_log_at ON accounts.access_log (at);

-- What keeps personal data in history readable: without the key, what was sealed there is noise.
CREATE TABLE accounts.evidence_keys (
    person uuid PRIMARY KEY REFERENCES accounts.people,
    key    text NOT NULL -- sealed
);

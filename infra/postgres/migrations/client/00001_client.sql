-- What the client database keeps beside its read model and the accounts of client users: the public faces of
-- the staff, and what the portal's two roles may touch.

-- +goose Up
CREATE TABLE accounts.staff_profiles (
    person uuid PRIMARY KEY,
    name   text NOT NULL,
    role   text NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION accounts.publish(of_person uuid, called text, in_role text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
INSERT INTO accounts.staff_profiles (person, name, role) VALUES (of_person, called, in_role)
    ON CONFLICT (person) DO UPDATE SET name = excluded.name, role = excluded.role
$$;

-- Row security everywhere: what has no policy, nobody but the owner sees.
DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT c.oid FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'accounts'::regnamespace AND c.relkind = 'r' ORDER BY c.relname LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    END LOOP;
END
$$;
-- +goose StatementEnd

ALTER TABLE control.changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_client ON control.changes FOR SELECT TO portal_reader
    USING (client = nullif(current_setting('effigate.client', true), '')::uuid);
CREATE POLICY own_client ON accounts.people FOR SELECT TO portal_reader
    USING (client = nullif(current_setting('effigate.client', true), '')::uuid);
-- Every client sees the faces of the staff, and who is no client sees none.
CREATE POLICY any_client ON accounts.staff_profiles FOR SELECT TO portal_reader
    USING (nullif(current_setting('effigate.client', true), '') IS NOT NULL);

-- The portal learns where its read model is and how far it got: no counts, no times, no stream names.
GRANT USAGE ON SCHEMA control, accounts TO portal_reader;
GRANT SELECT (id, version, state) ON control.generations TO portal_reader;
GRANT SELECT (generation, commit_position, prepare_position) ON control.checkpoints TO portal_reader;
GRANT SELECT ON control.changes, accounts.staff_profiles TO portal_reader;
GRANT SELECT (id, client, name) ON accounts.people TO portal_reader;

-- What happens on the portal's pages, and nothing of what staff does with the accounts of clients: their names
-- across organisations, resets in their name, rules, erasure, mail, the whole log.
GRANT USAGE ON SCHEMA accounts TO portal_accounts;
GRANT EXECUTE ON FUNCTION
    -- Login
    accounts.attempt, accounts.forget_failures, accounts.login, accounts.logged_in, accounts.renew_password, accounts.stage_of,
    accounts.begin_session, accounts.rotate_session, accounts.session, accounts.log_out, accounts.rules, accounts.record,
    -- The own account
    accounts.sessions_of, accounts.end_session, accounts.end_other_sessions, accounts.proof_of, accounts.prove,
    accounts.password_holder, accounts.set_password, accounts.create_key, accounts.key, accounts.keys_of, accounts.revoke_key,
    accounts.client_of, accounts.change_email, accounts.confirm_email, accounts.evidence_key,
    -- Invitations and resets
    accounts.has_mail, accounts.offer, accounts.accept, accounts.reset, accounts.request_reset,
    -- The people of a client admin's organisation
    accounts.reserve, accounts.release, accounts.invite, accounts.withdraw, accounts.accounts_of, accounts.entries,
    -- Second factors and single sign-on
    accounts.factors, accounts.totp_of, accounts.offer_totp, accounts.confirm_totp, accounts.use_totp, accounts.remove_totp,
    accounts.renew_recovery_codes, accounts.use_recovery_code, accounts.passkey_holder, accounts.passkey_person,
    accounts.passkeys_of, accounts.add_passkey, accounts.use_passkey, accounts.remove_passkey, accounts.conclude_ceremony,
    accounts.provider_of_domain, accounts.provider_of, accounts.identify, accounts.joined, accounts.turn_away
    TO portal_accounts;

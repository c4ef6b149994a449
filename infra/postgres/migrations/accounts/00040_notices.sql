-- Mail that tells a person of a notice. Its link leads to the login and holds no token.

-- +goose Up
ALTER TABLE accounts.mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE accounts.mail ADD CONSTRAINT mail_kind_check
    CHECK (kind IN ('invitation', 'reset', 'email_old', 'email_new', 'notice'));

-- +goose StatementBegin

-- True when the mail still has something to say; otherwise it goes.
CREATE OR REPLACE FUNCTION accounts.mint(the_mail uuid, link_hash bytea, until timestamptz, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    m accounts.mail;
BEGIN
    PERFORM FROM accounts.people p JOIN accounts.mail x ON x.person = p.id WHERE x.id = the_mail FOR UPDATE OF p;
    SELECT x.* INTO m FROM accounts.mail x JOIN accounts.people p ON p.id = x.person
        WHERE x.id = the_mail AND p.closed_at IS NULL AND CASE x.kind
            WHEN 'invitation' THEN p.accepted_at IS NULL AND p.email = x.email
            WHEN 'reset' THEN p.email = x.email
            WHEN 'notice' THEN p.email = x.email
            ELSE EXISTS (SELECT FROM accounts.email_changes c WHERE c.person = p.id AND c.old = p.email AND c.expires_at > at
                AND x.email = CASE x.kind WHEN 'email_old' THEN c.old ELSE c.new END) END;
    IF NOT FOUND THEN
        DELETE FROM accounts.mail WHERE id = the_mail;
        RETURN false;
    END IF;
    IF m.kind <> 'notice' THEN
        INSERT INTO accounts.links (hash, purpose, person, email, expires_at) VALUES (link_hash, m.kind, m.person, m.email, until);
    END IF;
    RETURN true;
END
$$;
-- +goose StatementEnd

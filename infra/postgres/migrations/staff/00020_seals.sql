-- Signed checkpoints of the log of all events. Rows are only ever added, by anybody: who could change them could
-- change history unnoticed.

-- +goose Up
CREATE TABLE control.seals (
    size bigint      PRIMARY KEY CHECK (size > 0),                  -- how many events
    root bytea       NOT NULL CHECK (octet_length(root) = 32),      -- of their Merkle tree, RFC 6962
    note text        NOT NULL CHECK (octet_length(note) <= 4096),   -- what was signed, with the signature
    at   timestamptz NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION control.refuse_change_of_seals() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION 'a seal is final: it is neither changed nor removed' USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION control.refuse_change_of_seals FROM PUBLIC;

CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON control.seals
    FOR EACH ROW EXECUTE FUNCTION control.refuse_change_of_seals();
CREATE TRIGGER final_table BEFORE TRUNCATE ON control.seals
    FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_change_of_seals();
ALTER TABLE control.seals ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;

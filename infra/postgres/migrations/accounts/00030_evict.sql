-- Throws everybody of a side out at once. The owner alone may: no role of a portal is granted it.

-- +goose Up
-- +goose StatementBegin

CREATE FUNCTION accounts.evict(and_keys boolean, OUT sessions integer, OUT keys integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    DELETE FROM accounts.sessions;
    GET DIAGNOSTICS sessions = ROW_COUNT;
    keys := 0;
    IF and_keys THEN
        DELETE FROM accounts.api_keys;
        GET DIAGNOSTICS keys = ROW_COUNT;
    END IF;
END
$$;
-- +goose StatementEnd

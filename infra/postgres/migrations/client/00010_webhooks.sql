-- What an organisation's admins do about their webhooks on the portal. Nobody but the owner reads a secret, sends, or
-- says what is to be sent.

-- +goose Up
ALTER TABLE webhooks.endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhooks.deliveries ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA webhooks TO portal_accounts;
GRANT EXECUTE ON FUNCTION
    webhooks.add_endpoint, webhooks.endpoints_of, webhooks.change_endpoint, webhooks.rotate_secret, webhooks.pause_endpoint,
    webhooks.remove_endpoint, webhooks.deliveries_of, webhooks.send_again, webhooks.add_test
    TO portal_accounts;

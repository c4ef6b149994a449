-- A notice is about a ticket, or about an objection to an invoice that nobody answered in time.

-- +goose Up
ALTER TABLE control.notices
    ADD COLUMN invoice uuid,
    ALTER COLUMN ticket DROP NOT NULL,
    DROP CONSTRAINT notices_kind_check,
    ADD CONSTRAINT notices_kind_check CHECK (kind IN ('escalated', 'mentioned', 'answer_missed')),
    ADD CONSTRAINT notices_about_check CHECK (CASE kind WHEN 'answer_missed' THEN invoice IS NOT NULL ELSE ticket IS NOT NULL END);

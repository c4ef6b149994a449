-- The client read model of one generation: what was disclosed to clients, each row of one client, and
-- nothing else. There are no migrations: a change here raises Version in client.go, and a new generation
-- is replayed beside the old one. Secondary indexes are in indexes.sql.
--
-- Row security is the second wall: queries name the client too. A session without a client sees no row.
-- The setting is read in a sub-select, so that it is read once for a query and not once for a row.

CREATE TABLE organisation (
    id          uuid PRIMARY KEY, -- the client's own
    client      uuid NOT NULL,
    name        text NOT NULL,
    zone        text NOT NULL,
    language    text NOT NULL,
    currency    text NOT NULL,
    seats       bigint NOT NULL,
    seats_taken bigint NOT NULL
);

CREATE TABLE people (
    id     uuid PRIMARY KEY,
    client uuid NOT NULL,
    role   text NOT NULL,
    grants text NOT NULL,
    state  text NOT NULL
);

-- Days are texts such as 2026-01-31 and months such as 2026-01, which sort as they follow each other. An empty
-- last day is open-ended.
CREATE TABLE contracts (
    id               uuid PRIMARY KEY,
    client           uuid NOT NULL,
    reference        text NOT NULL,
    type             text NOT NULL,
    state            text NOT NULL,
    starts           text COLLATE "C" NOT NULL,
    ends             text COLLATE "C" NOT NULL,
    shows_unapproved boolean NOT NULL
);

CREATE TABLE contract_lines (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    contract uuid NOT NULL,
    position bigint NOT NULL,
    name     text NOT NULL,
    type     text NOT NULL,
    minutes  bigint NOT NULL
);

CREATE TABLE categories (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    contract uuid NOT NULL,
    line     uuid NOT NULL,
    job_type text NOT NULL,
    name     text NOT NULL,
    minutes  bigint NOT NULL,
    open     boolean NOT NULL
);

CREATE TABLE buckets (
    id          uuid PRIMARY KEY,
    client      uuid NOT NULL,
    contract    uuid NOT NULL,
    line        uuid NOT NULL,
    minutes     bigint NOT NULL,
    valid_from  text COLLATE "C" NOT NULL,
    valid_until text COLLATE "C" NOT NULL
);

CREATE TABLE carried_lots (
    id          uuid PRIMARY KEY,
    client      uuid NOT NULL,
    contract    uuid NOT NULL,
    month       text COLLATE "C" NOT NULL,
    bucket      uuid NOT NULL,
    minutes     bigint NOT NULL,
    valid_until text COLLATE "C" NOT NULL
);

CREATE TABLE work (
    id          uuid PRIMARY KEY,
    client      uuid NOT NULL,
    contract    uuid NOT NULL,
    category    uuid NOT NULL,
    month       text COLLATE "C" NOT NULL,
    day         text COLLATE "C" NOT NULL,
    description text NOT NULL,
    minutes     bigint NOT NULL,
    drawn       bigint NOT NULL,
    state       text NOT NULL,
    charge      text NOT NULL
);

CREATE TABLE settlements (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    contract uuid NOT NULL,
    line     uuid NOT NULL,
    month    text COLLATE "C" NOT NULL,
    drawn    bigint NOT NULL,
    expired  bigint NOT NULL,
    overage  bigint NOT NULL
);

CREATE TABLE proposals (
    id         uuid PRIMARY KEY,
    client     uuid NOT NULL,
    contract   uuid NOT NULL,
    kind       text NOT NULL,
    reference  text NOT NULL,
    statement  text NOT NULL,
    document   text NOT NULL,
    sha256     text NOT NULL,
    effective  text COLLATE "C" NOT NULL,
    state      text NOT NULL,
    offered_at timestamptz NOT NULL,
    decided_by uuid, -- NULL also for what was decided outside of the portal
    decided_at timestamptz
);

CREATE TABLE overage_requests (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    contract uuid NOT NULL,
    line     uuid NOT NULL,
    month    text COLLATE "C" NOT NULL,
    minutes  bigint NOT NULL,
    text     text NOT NULL,
    state    text NOT NULL,
    asked_at timestamptz NOT NULL
);

CREATE TABLE hours_alerts (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    contract uuid NOT NULL,
    line     uuid NOT NULL,
    percent  bigint NOT NULL,
    at       timestamptz NOT NULL
);

-- Under row security no query may use a full-text index: its operator is not leakproof. So the words are
-- stored, and a search filters the rows of one client.
CREATE TABLE tickets (
    id               uuid PRIMARY KEY,
    client           uuid NOT NULL,
    number           bigint NOT NULL, -- 0: being assigned
    title            text NOT NULL,
    description      text NOT NULL,
    category         uuid,
    priority         text NOT NULL,
    state            text NOT NULL,
    raised_by        uuid NOT NULL,
    raised_at        timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    resolution       text NOT NULL,
    resolved_at      timestamptz,
    reopen_until     timestamptz,
    follows          uuid, -- the ticket that this one takes up again
    merged_into      uuid, -- where the conversation goes on
    out_of_scope     boolean NOT NULL,
    escalated_at     timestamptz,
    estimate_minutes bigint NOT NULL, -- of what the client is asked to allow
    estimate_text    text NOT NULL,
    words            tsvector GENERATED ALWAYS AS
        (to_tsvector('pg_catalog.simple', title || ' ' || description || ' ' || resolution)) STORED
);

-- A promise about a ticket, as its client may know it (X1).
CREATE TABLE targets (
    id                uuid PRIMARY KEY,
    client            uuid NOT NULL,
    ticket            uuid NOT NULL,
    goal              text COLLATE "C" NOT NULL,
    state             text NOT NULL,
    due               timestamptz, -- NULL while it is paused, and once it concluded
    remaining_seconds bigint NOT NULL,
    strip             text NOT NULL -- a JSON array of the stretches that explain it
);

-- The bytes are in the public store, under the id.
CREATE TABLE attachments (
    id        uuid PRIMARY KEY,
    client    uuid NOT NULL,
    ticket    uuid NOT NULL,
    author    uuid NOT NULL,
    by_client boolean NOT NULL,
    name      text NOT NULL,
    type      text NOT NULL,
    size      bigint NOT NULL,
    sha256    text NOT NULL,
    at        timestamptz NOT NULL
);

CREATE TABLE comments (
    id        uuid PRIMARY KEY,
    client    uuid NOT NULL,
    ticket    uuid NOT NULL,
    author    uuid NOT NULL,
    by_client boolean NOT NULL,
    text      text NOT NULL,
    at        timestamptz NOT NULL,
    edited_at timestamptz,
    deleted   boolean NOT NULL, -- a tombstone: it has no text
    words     tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple', text)) STORED
);

-- What a comment said before it was changed.
CREATE TABLE comment_edits (
    id      uuid PRIMARY KEY,
    client  uuid NOT NULL,
    comment uuid NOT NULL,
    ticket  uuid NOT NULL,
    number  bigint NOT NULL,
    text    text NOT NULL,
    until   timestamptz NOT NULL
);

CREATE TABLE ticket_steps (
    id     uuid PRIMARY KEY,
    client uuid NOT NULL,
    ticket uuid NOT NULL,
    state  text NOT NULL,
    at     timestamptz NOT NULL
);

-- Documents that were issued, and what explains their lines. Nobody changes or deletes a row of them, whoever it is
-- (F38); amounts are canonical numbers. What is withdrawn, because its stream cannot be projected, leaves disclosed,
-- and row security then hides it.
CREATE TABLE invoices (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    number   text COLLATE "C" NOT NULL,
    contract uuid NOT NULL,
    month    text COLLATE "C" NOT NULL,
    date     text COLLATE "C" NOT NULL,
    due      text COLLATE "C" NOT NULL,
    zone     text NOT NULL,
    currency text COLLATE "C" NOT NULL,
    net      text NOT NULL,
    tax      text NOT NULL,
    payable  text NOT NULL,
    document text NOT NULL, -- to the byte what sha256 is of
    sha256   text NOT NULL,
    entries  bigint NOT NULL
);

CREATE TABLE invoice_entries (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    invoice  uuid NOT NULL,
    line     uuid NOT NULL,
    position bigint NOT NULL,
    entry    text NOT NULL -- JSON
);

CREATE TABLE credit_notes (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    number   text COLLATE "C" NOT NULL,
    invoice  uuid NOT NULL,
    date     text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    net      text NOT NULL,
    tax      text NOT NULL,
    payable  text NOT NULL,
    document text NOT NULL,
    sha256   text NOT NULL
);

-- The invoices and credit notes that the client sees at present.
CREATE TABLE disclosed (
    id     uuid PRIMARY KEY,
    client uuid NOT NULL,
    kind   text NOT NULL
);

-- What is left to be paid of an invoice; the id is the invoice's.
CREATE TABLE claims (
    id          uuid PRIMARY KEY,
    client      uuid NOT NULL,
    paid        text NOT NULL,
    credited    text NOT NULL,
    written_off text NOT NULL,
    closed      text COLLATE "C" NOT NULL, -- the day of that
    outstanding text NOT NULL,
    disputed    text NOT NULL,
    voided      text NOT NULL, -- number of the credit note that took the invoice back
    last_paid   text COLLATE "C" NOT NULL
);

-- The printed form of an invoice or credit note, whose id it has. The bytes are in the public store, under the digests.
CREATE TABLE prints (
    id         uuid PRIMARY KEY,
    client     uuid NOT NULL,
    layout     bigint NOT NULL,
    sha256     text NOT NULL, -- of the PDF, as is the size
    size       bigint NOT NULL,
    xml_sha256 text NOT NULL, -- empty where it was not recorded
    csv_sha256 text NOT NULL
);

CREATE TABLE payments (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    amount   text NOT NULL,
    currency text NOT NULL,
    day      text COLLATE "C" NOT NULL,
    means    text NOT NULL,
    refunded text NOT NULL,
    reversed text COLLATE "C" NOT NULL -- the day when it was taken back; empty: it stands
);

CREATE TABLE receipts (
    id       uuid PRIMARY KEY,
    client   uuid NOT NULL,
    invoice  uuid NOT NULL,
    payment  uuid NOT NULL, -- not in payments where no money came
    amount   text NOT NULL,
    day      text COLLATE "C" NOT NULL,
    reversed text COLLATE "C" NOT NULL -- the day when it was taken back; empty: it stands
);

CREATE TABLE disputes (
    id          uuid PRIMARY KEY,
    client      uuid NOT NULL,
    invoice     uuid NOT NULL,
    line        uuid NOT NULL,
    amount      text NOT NULL,
    reason      text NOT NULL,
    state       text NOT NULL,
    answer      text NOT NULL,
    answer_by   text COLLATE "C" NOT NULL, -- the last day in time; empty: none was promised
    files       text NOT NULL,             -- JSON; empty: none
    raised_by   uuid NOT NULL,
    raised_at   timestamptz NOT NULL,
    answered_at timestamptz
);

CREATE TABLE reminders (
    id      uuid PRIMARY KEY,
    client  uuid NOT NULL,
    invoice uuid NOT NULL,
    step    bigint NOT NULL,
    text    text NOT NULL,
    at      timestamptz NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was issued never changes', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;

CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_table BEFORE TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoices ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;
CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON invoice_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_table BEFORE TRUNCATE ON invoice_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice_entries ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;
CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON credit_notes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_table BEFORE TRUNCATE ON credit_notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE credit_notes ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;

ALTER TABLE organisation     ENABLE ROW LEVEL SECURITY;
ALTER TABLE people           ENABLE ROW LEVEL SECURITY;
ALTER TABLE contracts        ENABLE ROW LEVEL SECURITY;
ALTER TABLE contract_lines   ENABLE ROW LEVEL SECURITY;
ALTER TABLE categories       ENABLE ROW LEVEL SECURITY;
ALTER TABLE buckets          ENABLE ROW LEVEL SECURITY;
ALTER TABLE carried_lots     ENABLE ROW LEVEL SECURITY;
ALTER TABLE work             ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlements      ENABLE ROW LEVEL SECURITY;
ALTER TABLE proposals        ENABLE ROW LEVEL SECURITY;
ALTER TABLE overage_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE hours_alerts     ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets          ENABLE ROW LEVEL SECURITY;
ALTER TABLE comments         ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_steps     ENABLE ROW LEVEL SECURITY;
ALTER TABLE targets          ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachments      ENABLE ROW LEVEL SECURITY;
ALTER TABLE comment_edits    ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoices         ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice_entries  ENABLE ROW LEVEL SECURITY;
ALTER TABLE credit_notes     ENABLE ROW LEVEL SECURITY;
ALTER TABLE disclosed        ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims           ENABLE ROW LEVEL SECURITY;
ALTER TABLE prints           ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments         ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipts         ENABLE ROW LEVEL SECURITY;
ALTER TABLE disputes         ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminders        ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_client ON organisation FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON people FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON contracts FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON contract_lines FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON categories FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON buckets FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON carried_lots FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON work FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON settlements FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON proposals FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON overage_requests FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON hours_alerts FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON tickets FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON comments FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON ticket_steps FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON targets FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON attachments FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON comment_edits FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON invoices FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid)
        AND EXISTS (SELECT FROM disclosed d WHERE d.id = invoices.id AND d.client = invoices.client));
CREATE POLICY own_client ON invoice_entries FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid)
        AND EXISTS (SELECT FROM disclosed d WHERE d.id = invoice_entries.invoice AND d.client = invoice_entries.client));
CREATE POLICY own_client ON credit_notes FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid)
        AND EXISTS (SELECT FROM disclosed d WHERE d.id = credit_notes.id AND d.client = credit_notes.client));
CREATE POLICY own_client ON disclosed FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON claims FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON prints FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON payments FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON receipts FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON disputes FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));
CREATE POLICY own_client ON reminders FOR SELECT TO portal_reader
    USING (client = (SELECT nullif(current_setting('effigate.client', true), '')::uuid));

GRANT SELECT ON organisation, people, contracts, contract_lines, categories, buckets, carried_lots, work, settlements, proposals,
    overage_requests, hours_alerts, tickets, comments, ticket_steps, targets, attachments, comment_edits,
    invoices, invoice_entries, credit_notes, disclosed, claims, prints, payments, receipts, disputes, reminders TO portal_reader;

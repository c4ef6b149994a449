-- The staff read model of one generation. There are no migrations: a change here raises Version in
-- staff.go, and a new generation is replayed beside the old one. Secondary indexes are in indexes.sql, so
-- that a replay does not pay for them.
--
-- No foreign keys: streams are projected one by one, and a parked stream must not hold up another.

CREATE TABLE clients (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    zone            text NOT NULL,
    language        text NOT NULL,
    currency        text NOT NULL,
    account_manager uuid,
    seats           bigint NOT NULL,
    seats_taken     bigint NOT NULL,
    source          text NOT NULL,
    registered_at   timestamptz NOT NULL,
    revision        bigint NOT NULL
);

-- People are ids here. Their names live in the accounts, where they can be erased.
CREATE TABLE people (
    id         uuid PRIMARY KEY,
    side       text NOT NULL,
    role       text NOT NULL,
    client     uuid,
    grants     text NOT NULL,
    status     text NOT NULL,
    erased     boolean NOT NULL,
    invited_at timestamptz NOT NULL,
    revision   bigint NOT NULL
);

-- The life of a contract; what its terms say is in contract_versions. ends counts renewals, amendments and an early
-- end.
CREATE TABLE contracts (
    id            uuid PRIMARY KEY,
    client        uuid NOT NULL,
    zone          text NOT NULL,
    reference     text NOT NULL,
    version       bigint NOT NULL,
    status        text NOT NULL,
    ends          text NOT NULL,
    statement     text NOT NULL,
    evidence      text NOT NULL,
    ended_because text NOT NULL,
    drafted_by    uuid,
    drafted_at    timestamptz NOT NULL,
    status_at     timestamptz NOT NULL,
    revision      bigint NOT NULL
);

-- The terms as they were written, once. The first version has the contract's id, every other one that of its
-- amendment, and the number 0 until the amendment is agreed on. The columns before terms repeat what lists need
-- of it.
CREATE TABLE contract_versions (
    id              uuid PRIMARY KEY,
    contract        uuid NOT NULL,
    number          bigint NOT NULL,
    effective       text NOT NULL,
    type            text NOT NULL,
    support_level   text NOT NULL,
    starts          text NOT NULL,
    notice_days     bigint NOT NULL,
    renew_months    bigint NOT NULL,
    currency        text NOT NULL,
    job_types       text NOT NULL,
    terms           text NOT NULL,
    agreed_at       timestamptz,
    revision        bigint NOT NULL
);

CREATE TABLE amendments (
    id            uuid PRIMARY KEY,
    contract      uuid NOT NULL,
    base          bigint NOT NULL,
    version       bigint NOT NULL,
    status        text NOT NULL,
    effective     text NOT NULL,
    statement     text NOT NULL,
    reason        text NOT NULL,
    value         text NOT NULL,
    approvals     text NOT NULL,
    evidence      text NOT NULL,
    answer        text NOT NULL,
    superseded_by uuid,
    proposed_by   uuid,
    proposed_at   timestamptz NOT NULL,
    status_by     uuid,
    status_at     timestamptz NOT NULL,
    revision      bigint NOT NULL,
    needed        bigint NOT NULL
);

-- Hours that a contract granted. Those that a retainer includes in a month stand in periods.
CREATE TABLE buckets (
    id               uuid PRIMARY KEY,
    contract         uuid NOT NULL,
    line             text NOT NULL,
    minutes          bigint NOT NULL,
    adjusted_minutes bigint NOT NULL,
    from_day         text NOT NULL,
    until_day        text NOT NULL,
    source           text NOT NULL,
    price            text NOT NULL,
    reason           text NOT NULL,
    adjustments      text NOT NULL,
    granted_by       uuid,
    granted_at       timestamptz NOT NULL,
    revision         bigint NOT NULL
);

CREATE TABLE milestones_released (
    id          uuid PRIMARY KEY,
    contract    uuid NOT NULL,
    line        text NOT NULL,
    milestone   text NOT NULL,
    name        text NOT NULL,
    day         text NOT NULL,
    charge      uuid NOT NULL,
    amount      text NOT NULL,
    released_by uuid,
    released_at timestamptz NOT NULL
);

-- One row for each event of a contract: who, when, and what was said about it.
CREATE TABLE contract_steps (
    id          uuid PRIMARY KEY,
    contract    uuid NOT NULL,
    revision    bigint NOT NULL,
    what        text NOT NULL,
    item        uuid NOT NULL,
    note        text NOT NULL,
    actor       uuid,
    happened_at timestamptz NOT NULL
);

-- A billing period. hours, pins, top_ups and closing are JSON: by line, what a retainer includes in the month, what
-- expired at its end and what minimums added to the hours used; the versions of the contract that it was pinned to;
-- hours that it bought by itself; and what its end decided.
CREATE TABLE periods (
    id           uuid PRIMARY KEY,
    contract     uuid NOT NULL,
    client       uuid NOT NULL,
    month        text NOT NULL,
    zone         text NOT NULL,
    status       text NOT NULL,
    hours        text NOT NULL,
    pins         text NOT NULL,
    top_ups      text NOT NULL,
    carried      boolean NOT NULL,
    carried_from text NOT NULL,
    closing      text NOT NULL,
    opened_by    uuid,
    opened_at    timestamptz NOT NULL,
    closed_by    uuid,
    closed_at    timestamptz,
    reserved_by  uuid,
    beyond_order text NOT NULL,
    released     text NOT NULL,
    billed_by    uuid,
    billed_as    text NOT NULL,
    billed_net   text NOT NULL,
    also         text NOT NULL,
    revision     bigint NOT NULL
);

-- A reversal is a row of its own with negative minutes. line is empty until somebody approves the record. A record
-- that moves to another period keeps its row: month follows it. parts and source are JSON.
CREATE TABLE time_records (
    id             uuid PRIMARY KEY,
    contract       uuid NOT NULL,
    month          text NOT NULL,
    line           text NOT NULL,
    job_type       text NOT NULL,
    person         uuid,
    work_kind      text NOT NULL,
    work_id        uuid,
    support_level  text NOT NULL,
    day            text NOT NULL,
    from_at        timestamptz,
    until_at       timestamptz,
    seconds        bigint NOT NULL,
    break_seconds  bigint NOT NULL,
    zone           text NOT NULL,
    condition      text NOT NULL,
    billing        text NOT NULL,
    billing_reason text NOT NULL,
    description    text NOT NULL,
    note           text NOT NULL,
    source         text NOT NULL,
    late           boolean NOT NULL,
    status         text NOT NULL,
    return_reason  text NOT NULL,
    billed_minutes bigint NOT NULL,
    drawn_minutes  bigint NOT NULL,
    pin            bigint NOT NULL,
    parts          text NOT NULL,
    tzdata         text NOT NULL,
    replaces       uuid,
    reverses       uuid,
    reverses_month text NOT NULL,
    reversal       uuid,
    replacement    uuid,
    correction     text NOT NULL,
    corrected_into text NOT NULL,
    moved_from     text NOT NULL,
    moves_into     text NOT NULL,
    logged_by      uuid,
    logged_at      timestamptz NOT NULL,
    status_by      uuid,
    status_at      timestamptz NOT NULL,
    revision       bigint NOT NULL
);

CREATE TABLE charges (
    id           uuid PRIMARY KEY,
    contract     uuid NOT NULL,
    month        text NOT NULL,
    line         text NOT NULL,
    what         text NOT NULL,
    wording      text NOT NULL,
    day          text NOT NULL,
    amount       text NOT NULL,
    tax_category text NOT NULL,
    milestone    text NOT NULL,
    added_by     uuid,
    added_at     timestamptz NOT NULL
);

CREATE TABLE deductions (
    id              uuid PRIMARY KEY,
    contract        uuid NOT NULL,
    month           text NOT NULL,
    ticket          uuid NOT NULL,
    goal            text NOT NULL,
    cycle           bigint NOT NULL,
    clause          text NOT NULL,
    promise         text NOT NULL,
    breached_at     timestamptz NOT NULL,
    overrun_seconds bigint NOT NULL,
    running         boolean NOT NULL,
    status          text NOT NULL,
    amount          text NOT NULL,
    why             text NOT NULL,
    proposed_at     timestamptz NOT NULL,
    asked_by        uuid,
    asked_at        timestamptz,
    asked_reason    text NOT NULL,
    decided_by      uuid,
    decided_at      timestamptz,
    countered_at    timestamptz,
    reason          text NOT NULL
);

CREATE TABLE overage_requests (
    id          uuid PRIMARY KEY,
    contract    uuid NOT NULL,
    month       text NOT NULL,
    line        text NOT NULL,
    minutes     bigint NOT NULL,
    question    text NOT NULL,
    status      text NOT NULL,
    answer      text NOT NULL,
    asked_by    uuid,
    asked_at    timestamptz NOT NULL,
    answered_by uuid,
    answered_at timestamptz
);

-- One row for each person who ever started a timer.
CREATE TABLE timers (
    id            uuid PRIMARY KEY,
    running       boolean NOT NULL,
    record        uuid NOT NULL,
    contract      uuid NOT NULL,
    work_kind     text NOT NULL,
    work_id       uuid,
    job_type      text NOT NULL,
    support_level text NOT NULL,
    zone          text NOT NULL,
    description   text NOT NULL,
    note          text NOT NULL,
    started_at    timestamptz NOT NULL,
    revision      bigint NOT NULL
);

CREATE TABLE forecasts (
    id                      uuid PRIMARY KEY,
    contract                uuid NOT NULL,
    line                    text NOT NULL,
    as_of                   text NOT NULL,
    verdict                 text NOT NULL,
    date                    text NOT NULL,
    earliest                text NOT NULL,
    latest                  text NOT NULL,
    why                     text NOT NULL,
    rate_milliminutes       bigint NOT NULL,
    unapproved_milliminutes bigint NOT NULL,
    input                   text NOT NULL,
    made_at                 timestamptz NOT NULL,
    revision                bigint NOT NULL
);

-- spent and cap are money, for a line that is capped by it. Where runs_out is a day, no threshold was reached, but a
-- forecast says that the hours will be used up on it, before the contract ends.
CREATE TABLE hours_alerts (
    id           uuid PRIMARY KEY,
    contract     uuid NOT NULL,
    month        text NOT NULL,
    line         text NOT NULL,
    percent      bigint NOT NULL,
    used_minutes bigint NOT NULL,
    of_minutes   bigint NOT NULL,
    spent        text NOT NULL,
    cap          text NOT NULL,
    runs_out     text NOT NULL,
    ends         text NOT NULL,
    shown        boolean NOT NULL,
    reached_at   timestamptz NOT NULL
);

-- Prices, promises and opening hours come in versions that never change. The tables of versions are alike: content
-- is JSON, from_day the first day of the version. What a calendar adds to the version before is content too.
CREATE TABLE rate_cards (
    id                 uuid PRIMARY KEY,
    layer              text NOT NULL,
    client             uuid,
    currency           text NOT NULL,
    name               text NOT NULL,
    version            bigint NOT NULL,
    from_day           text NOT NULL,
    row_count          bigint NOT NULL,
    job_types          text NOT NULL,
    valid_from         text NOT NULL,
    valid_until        text NOT NULL,
    costs_version      bigint NOT NULL,
    superseded         boolean NOT NULL,
    superseded_because text NOT NULL,
    published_at       timestamptz NOT NULL,
    revision           bigint NOT NULL
);

CREATE TABLE rate_card_versions (
    id           uuid PRIMARY KEY,
    subject      uuid NOT NULL,
    number       bigint NOT NULL,
    name         text NOT NULL,
    from_day     text NOT NULL,
    content      text NOT NULL,
    reason       text NOT NULL,
    published_by uuid,
    published_at timestamptz NOT NULL
);

CREATE TABLE cost_versions (
    id           uuid PRIMARY KEY,
    subject      uuid NOT NULL,
    number       bigint NOT NULL,
    name         text NOT NULL,
    from_day     text NOT NULL,
    content      text NOT NULL,
    reason       text NOT NULL,
    published_by uuid,
    published_at timestamptz NOT NULL
);

CREATE TABLE sla_policies (
    id                 uuid PRIMARY KEY,
    layer              text NOT NULL,
    client             uuid,
    name               text NOT NULL,
    version            bigint NOT NULL,
    from_day           text NOT NULL,
    superseded         boolean NOT NULL,
    superseded_because text NOT NULL,
    published_at       timestamptz NOT NULL,
    revision           bigint NOT NULL
);

CREATE TABLE sla_policy_versions (
    id           uuid PRIMARY KEY,
    subject      uuid NOT NULL,
    number       bigint NOT NULL,
    name         text NOT NULL,
    from_day     text NOT NULL,
    content      text NOT NULL,
    reason       text NOT NULL,
    published_by uuid,
    published_at timestamptz NOT NULL
);

CREATE TABLE calendars (
    id                 uuid PRIMARY KEY,
    name               text NOT NULL,
    zone               text NOT NULL,
    version            bigint NOT NULL,
    from_day           text NOT NULL,
    superseded         boolean NOT NULL,
    superseded_because text NOT NULL,
    published_at       timestamptz NOT NULL,
    revision           bigint NOT NULL
);

CREATE TABLE calendar_versions (
    id           uuid PRIMARY KEY,
    subject      uuid NOT NULL,
    number       bigint NOT NULL,
    name         text NOT NULL,
    from_day     text NOT NULL,
    content      text NOT NULL,
    reason       text NOT NULL,
    published_by uuid,
    published_at timestamptz NOT NULL
);

-- watchers is a JSON list of people. The columns of the estimate are of the newest one.
CREATE TABLE tickets (
    id                uuid PRIMARY KEY,
    client            uuid NOT NULL,
    contract          uuid,
    job_type          text NOT NULL,
    title             text NOT NULL,
    description       text NOT NULL,
    priority          text NOT NULL,
    impact            text NOT NULL,
    urgency           text NOT NULL,
    out_of_scope      boolean NOT NULL,
    status            text NOT NULL,
    visibility        text NOT NULL,
    visible_number    bigint,
    internal_number   bigint,
    assignee          uuid,
    team              text NOT NULL,
    watchers          text NOT NULL,
    raised_by         uuid,
    for_client        boolean NOT NULL,
    raised_at         timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    last_client_at    timestamptz,
    last_staff_at     timestamptz,
    waiting_since     timestamptz,
    waiting_reason    text NOT NULL,
    resolution_note   text NOT NULL,
    resolution_code   text NOT NULL,
    resolved_at       timestamptz,
    closed_at         timestamptz,
    end_reason        text NOT NULL,
    merged_into       uuid,
    follows           uuid,
    split_from        uuid,
    estimate_contract uuid,
    estimate_job_type text NOT NULL,
    estimate_minutes  bigint NOT NULL,
    estimate_text     text NOT NULL,
    estimated_at      timestamptz,
    estimate_answer   text NOT NULL,
    estimate_reason   text NOT NULL,
    acknowledged_at   timestamptz,
    acknowledged_by   uuid,
    source_system     text NOT NULL,
    source_key        text NOT NULL,
    source_line       bigint,
    revision          bigint NOT NULL
);

-- original is the text as it was first written, once it was edited. mentions is a JSON list of people.
CREATE TABLE messages (
    id         uuid PRIMARY KEY,
    ticket     uuid NOT NULL,
    kind       text NOT NULL,
    visibility text NOT NULL,
    by_client  boolean NOT NULL,
    automatic  boolean NOT NULL,
    author     uuid,
    text       text NOT NULL,
    original   text NOT NULL,
    mentions   text NOT NULL,
    copy_of    uuid,
    written_at timestamptz NOT NULL,
    edited_at  timestamptz,
    deleted_at timestamptz,
    deleted_by uuid,
    revision   bigint NOT NULL
);

-- What a comment was changed to. version is of the text before, where that stays readable.
CREATE TABLE comment_edits (
    id        uuid PRIMARY KEY,
    ticket    uuid NOT NULL,
    message   uuid NOT NULL,
    version   bigint NOT NULL,
    text      text NOT NULL,
    edited_by uuid,
    edited_at timestamptz NOT NULL,
    revision  bigint NOT NULL
);

-- Files of tickets, without their bytes.
CREATE TABLE attachments (
    id          uuid PRIMARY KEY,
    ticket      uuid NOT NULL,
    visibility  text NOT NULL,
    by_client   boolean NOT NULL,
    name        text NOT NULL,
    type        text NOT NULL,
    size        bigint NOT NULL,
    sha256      text NOT NULL,
    attached_by uuid,
    attached_at timestamptz NOT NULL,
    erased_by   uuid,
    erased_at   timestamptz,
    revision    bigint NOT NULL
);

CREATE TABLE ticket_links (
    id        uuid PRIMARY KEY,
    ticket    uuid NOT NULL,
    other     uuid NOT NULL,
    relation  text NOT NULL,
    linked_by uuid,
    linked_at timestamptz NOT NULL
);

-- What has become of the promises about a ticket. promises is JSON, from which everything else here follows: due, near
-- and goal are of the promise that is to be kept first, next_at is when time alone changes something about the ticket.
CREATE TABLE clocks (
    id               uuid PRIMARY KEY,
    open             boolean NOT NULL,
    promises         text NOT NULL,
    goal             text NOT NULL,
    due              timestamptz,
    near             timestamptz,
    next_at          timestamptz,
    paused           boolean NOT NULL,
    breached         boolean NOT NULL,
    pauses           bigint NOT NULL,
    escalated_at     timestamptz,
    escalation_level bigint NOT NULL,
    policy           uuid,
    policy_version   bigint NOT NULL,
    calendar         uuid,
    calendar_version bigint NOT NULL,
    source           text NOT NULL,
    support_level    text NOT NULL,
    zones            text NOT NULL,
    imported         boolean NOT NULL,
    began_at         timestamptz NOT NULL,
    moved_at         timestamptz NOT NULL,
    revision         bigint NOT NULL
);

-- One row for each cycle of a goal about which something was written down.
CREATE TABLE targets (
    id              uuid PRIMARY KEY,
    ticket          uuid NOT NULL,
    goal            text NOT NULL,
    cycle           bigint NOT NULL,
    state           text NOT NULL,
    goal_seconds    bigint NOT NULL,
    elapsed_seconds bigint NOT NULL,
    near_at         timestamptz,
    breached_at     timestamptz,
    concluded_at    timestamptz,
    excused_at      timestamptz,
    excused_by      uuid,
    excused_why     text NOT NULL,
    excused_reason  text NOT NULL,
    reached_at      timestamptz NOT NULL
);

-- level is JSON: whom it tells, and what it does.
CREATE TABLE escalations (
    id         uuid PRIMARY KEY,
    ticket     uuid NOT NULL,
    goal       text NOT NULL,
    cycle      bigint NOT NULL,
    number     bigint NOT NULL,
    level      text NOT NULL,
    reached_at timestamptz NOT NULL,
    revision   bigint NOT NULL
);

-- One row for each event of a ticket. item is what it is about: the ticket, one of its messages or of its files.
-- audience is the visibility that the event gave to the item, or NULL when it gave none.
CREATE TABLE timeline (
    id          uuid PRIMARY KEY,
    ticket      uuid NOT NULL,
    revision    bigint NOT NULL,
    what        text NOT NULL,
    arguments   text NOT NULL,
    item        uuid NOT NULL,
    audience    text,
    actor       uuid,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

-- An invoice from its draft on. Amounts are canonical numbers and empty until it is issued: those of a draft are in
-- invoice_drafts. credits and remaining are JSON lists: what was credited or is being credited, and what of the lines
-- still can be.
CREATE TABLE invoices (
    id             uuid PRIMARY KEY,
    client         uuid NOT NULL,
    contract       uuid NOT NULL,
    month          text COLLATE "C" NOT NULL,
    issuer         text NOT NULL,
    reference      text NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    zone           text NOT NULL,
    state          text COLLATE "C" NOT NULL,
    two_people     boolean NOT NULL,
    beyond_order   text NOT NULL,
    prefix         text NOT NULL,
    chunks         bigint NOT NULL,
    chunks_added   bigint NOT NULL,
    asked_date     text COLLATE "C" NOT NULL,
    series         text NOT NULL,
    number         text COLLATE "C" NOT NULL,
    date           text COLLATE "C" NOT NULL,
    due            text COLLATE "C" NOT NULL,
    net            text NOT NULL,
    tax            text NOT NULL,
    payable        text NOT NULL,
    deducted       text NOT NULL,
    paid           text NOT NULL,
    credited       text NOT NULL,
    written_off    text NOT NULL,
    closed         text COLLATE "C" NOT NULL,
    outstanding    text NOT NULL,
    -- What reports convert it by (F42); the texts are empty where no rate was recorded.
    reported_in    text COLLATE "C" NOT NULL,
    rate           text NOT NULL,
    rate_day       text COLLATE "C" NOT NULL,
    rate_source    text NOT NULL,
    credits        text NOT NULL,
    remaining      text NOT NULL,
    voided         text NOT NULL,
    last_paid      text COLLATE "C" NOT NULL,
    reminded       bigint NOT NULL,
    layout         bigint NOT NULL,
    print_sha256   text NOT NULL,
    print_size     bigint NOT NULL,
    xml_sha256     text NOT NULL,
    csv_sha256     text NOT NULL,
    drafted_by     uuid,
    drafted_at     timestamptz NOT NULL,
    submitted_by   uuid,
    submitted_at   timestamptz,
    approved_by    uuid,
    approved_at    timestamptz,
    issued_by      uuid,
    issued_at      timestamptz,
    state_at       timestamptz NOT NULL,
    revision       bigint NOT NULL
);

-- What a draft will say, as JSON, and what it comes to. The row is gone once the invoice is issued.
CREATE TABLE invoice_drafts (
    id       uuid PRIMARY KEY,
    content  text NOT NULL,
    net      text NOT NULL,
    tax      text NOT NULL,
    payable  text NOT NULL,
    problem  text NOT NULL,
    revision bigint NOT NULL
);

CREATE TABLE invoice_steps (
    id          uuid PRIMARY KEY,
    invoice     uuid NOT NULL,
    revision    bigint NOT NULL,
    what        text NOT NULL,
    note        text NOT NULL,
    amount      text NOT NULL,
    item        uuid NOT NULL,
    actor       uuid,
    happened_at timestamptz NOT NULL
);

-- Documents that were issued, and what explains their lines. Nobody changes or deletes a row of them, whoever it is
-- (F38). Entries are there from the draft on, and stay when it is discarded. document is to the byte what sha256 is of; entry is JSON, with what no client sees.
CREATE TABLE invoice_documents (
    id       uuid PRIMARY KEY,
    number   text NOT NULL,
    document text NOT NULL,
    sha256   text NOT NULL
);

CREATE TABLE invoice_entries (
    id          uuid PRIMARY KEY,
    invoice     uuid NOT NULL,
    line        uuid NOT NULL,
    chunk       bigint NOT NULL,
    position    bigint NOT NULL,
    entry       text NOT NULL,
    time_record uuid NOT NULL,
    person      uuid NOT NULL
);

CREATE TABLE credit_note_documents (
    id       uuid PRIMARY KEY,
    number   text NOT NULL,
    document text NOT NULL,
    sha256   text NOT NULL
);

CREATE TABLE credit_notes (
    id           uuid PRIMARY KEY,
    client       uuid NOT NULL,
    invoice      uuid NOT NULL,
    issuer       text NOT NULL,
    code         text NOT NULL,
    prefix       text NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    asked_date   text COLLATE "C" NOT NULL,
    series       text NOT NULL,
    number       text COLLATE "C" NOT NULL,
    date         text COLLATE "C" NOT NULL,
    net          text NOT NULL,
    tax          text NOT NULL,
    payable      text NOT NULL,
    reported_in  text COLLATE "C" NOT NULL,
    rate         text NOT NULL,
    rate_day     text COLLATE "C" NOT NULL,
    rate_source  text NOT NULL,
    layout       bigint NOT NULL,
    print_sha256 text NOT NULL,
    print_size   bigint NOT NULL,
    xml_sha256   text NOT NULL,
    csv_sha256   text NOT NULL,
    drafted_by   uuid,
    drafted_at   timestamptz NOT NULL,
    issued_at    timestamptz,
    revision     bigint NOT NULL
);

-- refunds is a JSON list.
CREATE TABLE payments (
    id             uuid PRIMARY KEY,
    client         uuid NOT NULL,
    amount         text NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    day            text COLLATE "C" NOT NULL,
    means          text NOT NULL,
    source         text NOT NULL,
    method         text NOT NULL,
    reference      text NOT NULL,
    key            text NOT NULL,
    credit_note    uuid,
    allocated      text NOT NULL,
    refunded       text NOT NULL,
    refunds        text NOT NULL,
    reversed       text COLLATE "C" NOT NULL,
    chargeback     boolean NOT NULL,
    reversed_because text NOT NULL,
    received_by    uuid,
    received_at    timestamptz NOT NULL,
    revision       bigint NOT NULL
);

CREATE TABLE allocations (
    id           uuid PRIMARY KEY,
    payment      uuid NOT NULL,
    invoice      uuid NOT NULL,
    amount       text NOT NULL,
    allocated_by uuid,
    allocated_at timestamptz NOT NULL
);

CREATE TABLE disputes (
    id         uuid PRIMARY KEY,
    invoice    uuid NOT NULL,
    line       uuid NOT NULL,
    amount     text NOT NULL,
    reason     text NOT NULL,
    state      text NOT NULL,
    answer     text NOT NULL,
    answer_by  text COLLATE "C" NOT NULL, -- the last day in time; empty: none was promised
    files      text NOT NULL,             -- JSON; empty: none
    raised_by  uuid,
    raised_at  timestamptz NOT NULL,
    taken_by   uuid,
    taken_at   timestamptz,
    settled_by uuid,
    settled_at timestamptz
);

-- content is JSON.
CREATE TABLE issuers (
    id           uuid PRIMARY KEY,
    key          text NOT NULL,
    name         text NOT NULL,
    zone         text NOT NULL,
    reports_in   text COLLATE "C" NOT NULL,
    decimals     bigint NOT NULL,
    content      text NOT NULL,
    described_by uuid,
    described_at timestamptz NOT NULL,
    revision     bigint NOT NULL
);

-- What one unit of a currency was worth in another on a day, as it was recorded last.
CREATE TABLE exchange_rates (
    id            uuid PRIMARY KEY,
    from_currency text COLLATE "C" NOT NULL,
    to_currency   text COLLATE "C" NOT NULL,
    day           text COLLATE "C" NOT NULL,
    rate          text NOT NULL,
    source        text NOT NULL,
    recorded_by   uuid,
    recorded_at   timestamptz NOT NULL,
    revision      bigint NOT NULL
);

-- How clients are invoiced; the id is the client's, content is JSON.
CREATE TABLE billing (
    id           uuid PRIMARY KEY,
    issuer       text NOT NULL,
    content      text NOT NULL,
    described_by uuid,
    described_at timestamptz NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was issued never changes', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;

CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON invoice_documents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_table BEFORE TRUNCATE ON invoice_documents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice_documents ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;
CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON invoice_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_table BEFORE TRUNCATE ON invoice_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice_entries ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;
CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON credit_note_documents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER final_table BEFORE TRUNCATE ON credit_note_documents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE credit_note_documents ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;

-- Every event of ours, numbered without a gap in the order of the log, whether or not anything else here
-- shows it and whether or not its stream is parked.
CREATE TABLE log (
    id               uuid PRIMARY KEY,
    ordinal          bigint NOT NULL,
    commit_position  bigint NOT NULL,
    prepare_position bigint NOT NULL,
    stream           text NOT NULL,
    revision         bigint NOT NULL,
    kind             text NOT NULL,
    recorded_at      timestamptz NOT NULL,
    leaf             bytea NOT NULL
);

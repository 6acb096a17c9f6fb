DROP TABLE actions;

DROP TABLE drafts;

CREATE TABLE outbox (
    number BIGSERIAL NOT NULL,
    id VARCHAR NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    brand TEXT NOT NULL,
    thread TEXT,
    conversation TEXT,
    message TEXT,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at BIGINT,
    tried_at BIGINT,
    holder INTEGER,
    ended_at BIGINT,
    reason TEXT,
    why TEXT,
    receipt TEXT,
    plan TEXT,
    step INTEGER NOT NULL,
    parcel TEXT,
    PRIMARY KEY (number),
    UNIQUE (id)
);

CREATE INDEX outbox_conversation ON outbox (conversation);

CREATE INDEX outbox_dead ON outbox (lane) WHERE state = 'dead';

CREATE INDEX outbox_doubt ON outbox (brand) WHERE state IN ('sending', 'unsure', 'parked');

CREATE INDEX outbox_goes ON outbox (lane, attempts, number) WHERE state IN ('queued', 'unsure');

CREATE INDEX outbox_message ON outbox (message);

CREATE INDEX outbox_next ON outbox (lane, number) WHERE state IN ('queued', 'sending', 'unsure', 'parked');

CREATE INDEX outbox_plan ON outbox (plan);

CREATE INDEX outbox_thread ON outbox (thread);

CREATE TABLE echoes (
    message VARCHAR NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (message)
);

CREATE INDEX echoes_action ON echoes (action);

CREATE TABLE claims (
    message VARCHAR NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message)
);

CREATE INDEX claims_action ON claims (action);

CREATE TABLE alerts (
    id VARCHAR NOT NULL,
    reason TEXT NOT NULL,
    brand TEXT NOT NULL,
    account TEXT NOT NULL,
    conversation TEXT,
    message TEXT,
    deadline TEXT,
    due_at BIGINT,
    at BIGINT NOT NULL,
    data TEXT,
    closed_at BIGINT,
    why TEXT,
    PRIMARY KEY (id)
);

CREATE INDEX alerts_account ON alerts (account) WHERE conversation IS NULL;

CREATE INDEX alerts_conversation ON alerts (conversation);

CREATE TABLE drafts (
    id VARCHAR NOT NULL,
    conversation TEXT NOT NULL,
    thread TEXT,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    promised BIGINT,
    PRIMARY KEY (id)
);

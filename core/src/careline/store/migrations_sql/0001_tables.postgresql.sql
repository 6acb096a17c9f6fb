CREATE TABLE accounts (
    id VARCHAR NOT NULL,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    network TEXT,
    role TEXT,
    identity TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE actions (
    id VARCHAR NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    thread TEXT,
    conversation TEXT,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    payload TEXT,
    attempts INTEGER NOT NULL,
    next_at BIGINT,
    why TEXT,
    receipt TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE acts (
    id VARCHAR NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    other TEXT,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    value TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE agents (
    id VARCHAR NOT NULL,
    name TEXT NOT NULL,
    teams TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE aliases (
    id VARCHAR NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE bodies (
    owner VARCHAR NOT NULL,
    revised_at BIGINT NOT NULL,
    text TEXT,
    title TEXT,
    lang TEXT,
    permalink TEXT,
    attachments TEXT,
    hash TEXT NOT NULL,
    erased_at BIGINT,
    PRIMARY KEY (owner, revised_at)
);

CREATE TABLE brands (
    id VARCHAR NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE conversations (
    id VARCHAR NOT NULL,
    brand TEXT NOT NULL,
    account TEXT NOT NULL,
    channel TEXT NOT NULL,
    customer TEXT,
    kind TEXT NOT NULL,
    visibility TEXT NOT NULL,
    first TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE counts (
    account VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (account, what)
);

CREATE TABLE credentials (
    credential VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    value BYTEA NOT NULL,
    secret BOOLEAN NOT NULL,
    PRIMARY KEY (credential, key)
);

CREATE TABLE cursors (
    account VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    cursor TEXT,
    at BIGINT,
    caught_up_at BIGINT,
    PRIMARY KEY (account, source)
);

CREATE TABLE deadlines (
    anchor VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    conversation TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    warn_at TEXT NOT NULL,
    next_at BIGINT,
    paused_at BIGINT,
    met_at BIGINT,
    void TEXT,
    rules INTEGER NOT NULL,
    why TEXT NOT NULL,
    live BOOLEAN NOT NULL,
    PRIMARY KEY (anchor, kind)
);

CREATE TABLE deliveries (
    message VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    why TEXT,
    PRIMARY KEY (message)
);

CREATE TABLE drafts (
    id VARCHAR NOT NULL,
    conversation TEXT NOT NULL,
    thread TEXT,
    actor TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE effects (
    anchor VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    conversation TEXT,
    closed_at BIGINT,
    why TEXT,
    PRIMARY KEY (anchor, kind, stage)
);

CREATE TABLE events (
    id BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    verb TEXT NOT NULL,
    object TEXT NOT NULL,
    data TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE hearings (
    listener VARCHAR NOT NULL,
    event BIGINT NOT NULL,
    PRIMARY KEY (listener)
);

CREATE TABLE identities (
    id VARCHAR NOT NULL,
    network TEXT NOT NULL,
    scope TEXT NOT NULL,
    "user" TEXT NOT NULL,
    name TEXT,
    handle TEXT,
    followers BIGINT,
    erased_at BIGINT,
    PRIMARY KEY (id)
);

CREATE TABLE incidents (
    id VARCHAR NOT NULL,
    brand TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (id)
);

CREATE TABLE messages (
    id VARCHAR NOT NULL,
    brand TEXT NOT NULL,
    account TEXT NOT NULL,
    network TEXT NOT NULL,
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    visibility TEXT NOT NULL,
    author TEXT,
    recipient TEXT,
    parent TEXT,
    quoted TEXT,
    root TEXT,
    posted_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    clock_at BIGINT NOT NULL,
    found_by TEXT,
    live BOOLEAN NOT NULL,
    context BOOLEAN NOT NULL,
    addressed BOOLEAN NOT NULL,
    sent_by TEXT,
    rating FLOAT,
    rules INTEGER NOT NULL,
    hash TEXT NOT NULL,
    revised_at BIGINT,
    removed_at BIGINT,
    thread TEXT,
    answers TEXT,
    place TEXT,
    role TEXT,
    depth INTEGER NOT NULL,
    fact_at BIGINT NOT NULL,
    conversation TEXT,
    intent TEXT,
    sentiment TEXT,
    urgency TEXT,
    needs_reply BOOLEAN,
    pii TEXT,
    labelled_by TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE meta (
    name VARCHAR NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE notes (
    id VARCHAR NOT NULL,
    conversation TEXT NOT NULL,
    message TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE observations (
    message VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    likes BIGINT,
    reposts BIGINT,
    replies BIGINT,
    reach BIGINT,
    grew FLOAT,
    PRIMARY KEY (message)
);

CREATE TABLE orphans (
    awaited VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    PRIMARY KEY (awaited, message)
);

CREATE TABLE person_links (
    id VARCHAR NOT NULL,
    person TEXT NOT NULL,
    identity TEXT NOT NULL,
    evidence TEXT,
    actor TEXT,
    at BIGINT,
    undone_at BIGINT,
    undone_by TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE persons (
    id VARCHAR NOT NULL,
    at BIGINT,
    actor TEXT,
    PRIMARY KEY (id)
);

CREATE TABLE readings (
    message VARCHAR NOT NULL,
    classifier VARCHAR NOT NULL,
    revised_at BIGINT NOT NULL,
    version TEXT,
    reading TEXT NOT NULL,
    PRIMARY KEY (message, classifier, revised_at)
);

CREATE TABLE redirects (
    "old" VARCHAR NOT NULL,
    "new" TEXT NOT NULL,
    PRIMARY KEY ("old")
);

CREATE TABLE rejected (
    id VARCHAR NOT NULL,
    account TEXT NOT NULL,
    source TEXT NOT NULL,
    place TEXT,
    why TEXT NOT NULL,
    raw BYTEA NOT NULL,
    times INTEGER NOT NULL,
    at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE revisions (
    message VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    hash TEXT NOT NULL,
    account TEXT,
    PRIMARY KEY (message, at)
);

CREATE TABLE rule_sets (
    id SERIAL NOT NULL,
    hash VARCHAR NOT NULL,
    rules TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (hash)
);

CREATE TABLE sightings (
    message VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    source TEXT,
    batch TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (message, account)
);

CREATE TABLE spans (
    thread VARCHAR NOT NULL,
    first VARCHAR NOT NULL,
    conversation TEXT NOT NULL,
    customer TEXT,
    from_position TEXT NOT NULL,
    to_position TEXT,
    PRIMARY KEY (thread, first)
);

CREATE TABLE states (
    conversation VARCHAR NOT NULL,
    brand TEXT NOT NULL,
    fold_version INTEGER NOT NULL,
    position TEXT NOT NULL,
    status TEXT NOT NULL,
    intent TEXT,
    opened_at BIGINT,
    answered_at BIGINT,
    public_answered_at BIGINT,
    waiting_since BIGINT,
    due_at BIGINT,
    rank_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    assignee TEXT,
    snoozed_until BIGINT,
    reach BIGINT,
    grew FLOAT,
    state TEXT NOT NULL,
    PRIMARY KEY (conversation)
);

CREATE TABLE threads (
    id VARCHAR NOT NULL,
    brand TEXT NOT NULL,
    network TEXT NOT NULL,
    place TEXT NOT NULL,
    customer TEXT,
    visibility TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE tombstones (
    object VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    by TEXT,
    why TEXT,
    PRIMARY KEY (object)
);

CREATE TABLE unread (
    message VARCHAR NOT NULL,
    classifier VARCHAR NOT NULL,
    PRIMARY KEY (message, classifier)
);

CREATE INDEX acts_message ON acts (message);

CREATE INDEX acts_other ON acts (other);

CREATE INDEX aliases_message ON aliases (message);

CREATE INDEX deadlines_conversation ON deadlines (conversation);

CREATE INDEX deadlines_next ON deadlines (next_at) WHERE next_at IS NOT NULL;

CREATE INDEX events_object ON events (object);

CREATE INDEX messages_parent ON messages (parent) WHERE parent IS NOT NULL;

CREATE INDEX messages_thread ON messages (thread);

CREATE INDEX notes_message ON notes (message);

CREATE INDEX person_links_identity ON person_links (identity);

CREATE INDEX person_links_person ON person_links (person);

CREATE INDEX spans_conversation ON spans (conversation);

CREATE INDEX states_inbox ON states (status, rank_at, conversation);

CREATE INDEX states_opened ON states (opened_at);

CREATE INDEX threads_customer ON threads (customer, brand);

CREATE INDEX threads_place ON threads (place, brand, network);

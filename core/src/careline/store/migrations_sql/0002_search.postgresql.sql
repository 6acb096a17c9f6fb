-- Lists of messages (JSON) whose words the index does not hold yet.
CREATE TABLE search_queue (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    messages TEXT NOT NULL
);

CREATE TABLE search_rows (
    seq BIGINT PRIMARY KEY,
    message VARCHAR NOT NULL UNIQUE,
    brand TEXT NOT NULL,
    second BIGINT NOT NULL,
    words TSVECTOR NOT NULL
);

CREATE INDEX search_rows_words ON search_rows USING gin (words);

CREATE INDEX search_rows_newest ON search_rows (second, seq);

INSERT INTO search_queue (messages)
SELECT json_agg(id)::text FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / 1000 AS batch FROM messages
) AS numbered GROUP BY batch;

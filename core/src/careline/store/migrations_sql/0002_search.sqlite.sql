-- Lists of messages (JSON) whose words the index does not hold yet.
CREATE TABLE search_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    messages TEXT NOT NULL
);

CREATE TABLE search_rows (
    seq INTEGER PRIMARY KEY,
    message VARCHAR NOT NULL UNIQUE,
    brand TEXT NOT NULL,
    second BIGINT NOT NULL
);

-- rowid = second << 31 | seq: the newest come first without a sort. The text is kept here too, so
-- that a row can be taken out of the index after its body was emptied.
CREATE VIRTUAL TABLE search_words USING fts5 (
    words, columnsize = 0, tokenize = "unicode61 remove_diacritics 2"
);

INSERT INTO search_queue (messages)
SELECT json_group_array(id) FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / 1000 AS batch FROM messages
) GROUP BY batch;

"""The `archive` channel: rows of CSV and JSONL files, one or a watched folder of them."""

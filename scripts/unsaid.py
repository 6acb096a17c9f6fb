"""What the generated docs say where the code has no words of its own."""

from __future__ import annotations

KEYS: dict[str, dict[str, str]] = {
    "exits": {
        "OK": "fine",
        "PROBLEMS": "problems were found, what you named is not there, or it was refused",
        "usage": "the command line is wrong: the text says how",
        "UNAVAILABLE": "the database cannot be used (full, newer, damaged, run by another), or the"
        " address to serve at",
        "BUG": "careline failed by a fault of its own: report it; `CARELINE_DEBUG=1` shows where",
        "TRY_LATER": "try again later, as when another process holds the database",
        "BAD_CONFIG": "the configuration, or a plugin that it asks for, cannot be used",
        "INTERRUPTED": "stopped by Ctrl-C",
    },
    "brands.hours": dict.fromkeys(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "spans of that day; left out: closed"
    ),
    "brands.hours:value": dict.fromkeys(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 'list of spans, like "09:00-17:30"'
    ),
    "deadlines:value": {"warn": 'list of shares, like "50%" or 0.5', "when": "table"},
    "capabilities": {
        "poll": "`poll(source, cursor)`",
        "stream": "`stream(source, cursor)`",
        "backfill": "`backfill(source, since, until)`",
        "webhook": "`receive(webhook, accounts)`",
        "answer": "`perform(Answer)`",
        "direct": "`perform(Direct)`",
        "private_reply": "`perform(PrivateReply)`",
        "post": "`perform(Post)`",
        "hide": "`perform(Hide)`",
        "delete": "`perform(Delete)`",
        "follow": "`perform(Follow)`",
        "find": "`find(action, since)`",
        "login": "`begin_login(redirect)` and `finish_login(query)`, for `careline channel login`",
        "usage": "`usage()`, for `careline channel usage`",
    },
}
"""Sentences by place: exit codes, keys of the configuration, members of enums."""

TYPES = {
    "AwareDatetime": "time with a zone",
    "list of list of time": "list of spans",
}
"""Types that the wording of the configuration has no words for yet."""

COLUMNS = {
    "meta": "the version of the schema",
    "brands": "the brands of the configuration",
    "accounts": "the channels of the configuration",
    "agents": "the agents of the configuration",
    "cursors": "how far each source is read; committed with what it brought",
    "credentials": "durable records of plugins, by credential; encrypted where secret",
    "identities": "somebody as one network knows them",
    "persons": "the human behind several identities",
    "person_links": "which identities are one person, by whose word, until when",
    "messages": "what was said: the platform's facts, where it belongs, what holds of it",
    "orphans": "messages that wait for a parent or a quoted message",
    "aliases": "ids that a message had by an edit, and the message",
    "bodies": "all words: of messages, notes, the outbox and drafts; one row for each version",
    "revisions": "when a message was edited",
    "sightings": "who else of our accounts saw a message",
    "observations": "likes, reposts, reach: the last look",
    "deliveries": "what became of messages of ours; only moves forward",
    "tombstones": "what is gone: a second look cannot refill it",
    "threads": "one customer's words at one place",
    "spans": "which thread is part of which conversation, from which position on",
    "conversations": "one customer's case: its wide row",
    "states": "where a conversation stands: its folded, narrow, hot row",
    "redirects": "ids of conversations that are no more, and what they became",
    "acts": "what staff did, and what was removed, each by a message",
    "readings": "what each classifier said of each version of a message",
    "unread": "what deferred classifiers have still to read",
    "rule_sets": "every rule book that promises were made by, by number",
    "deadlines": "promises: one for each message and kind",
    "effects": "which warnings and misses were noticed: each once",
    "outbox": "all that is to leave us or has left: answers, posts, alerts",
    "echoes": "our messages on the platforms, and the row of the outbox that made each",
    "claims": "who answers which word: the first one alone",
    "alerts": "what staff were told, and why no longer",
    "drafts": "what a person wrote to whom a colleague was faster; its text is in `bodies`",
    "notes": "internal notes; their text is in `bodies`",
    "incidents": "declared known issues (their code comes later)",
    "events": "the audit log: who did what, when, to what",
    "hearings": "how far each listener has heard the events",
    "rejected": "what could not be understood, with its reason",
    "counts": "counters by account (not used yet)",
}
"""Each table in one line."""

MEANINGS: dict[str, dict[str, str]] = {
    "Kind": {
        "mention": "it names us, at no place of ours; also the first word of a customer's own",
        "reply": "it answers the message `parent`",
        "quote": "it shows the message `quoted` with words of its own",
        "comment": "it stands under another: give `parent` or `root`",
        "direct": "a private message; `root` is the conversation on the platform",
        "review": "a review, with its `rating` where there are stars",
        "post": "nobody in particular is spoken to: opens no conversation unless `opens` says so",
    },
    "Author": {
        "id": "the platform's id, 1 to 512 printable characters: it never changes",
        "scope": "where the id is unique, if in less than the network: a Page's id",
        "name": "the name that people see",
        "handle": "the name by which the platform mentions them, without `@`",
        "followers": "how many follow them, where the platform says so",
    },
    "Attachment": {
        "url": "where its bytes are",
        "type": "its media type",
        "size": "in bytes",
        "description": "what the platform or the author says it shows",
    },
    "Message": {
        "external_id": "the platform's id, 1 to 512 printable characters",
        "kind": "what sort of message it is",
        "posted_at": "when it was said; a zone is needed, kept in UTC",
        "precision": "`day` where the platform gives only the day",
        "direction": "`in`: from others; `out`: from us",
        "visibility": "who can read it on the platform",
        "author": "who said it",
        "parent": "the id of the message that it answers or stands under",
        "root": "the id of the place: root post, direct-message conversation, review",
        "quoted": "the id of the message that it quotes",
        "text": "what was said, whole",
        "title": "a headline, where the platform has one",
        "lang": "the language tag that the platform gives",
        "permalink": "where people can read it",
        "attachments": "files beside it",
    },
    "Source": {
        "name": "its name within the channel: the cursor is kept under it",
        "mode": "whether `poll` or `stream` is called",
        "title": "its name for people",
    },
    "Seen": {
        "message": "what was said",
        "context": "keep it beside a case; it never is a case itself",
    },
    "Revised": {
        "message": "how it reads now; its id may be a new one, the old one stays an alias",
        "of": "the id by which it is known",
        "at": "since when",
    },
    "Removed": {
        "external_id": "which message",
        "at": "when it went",
        "by": "who removed it",
        "purge": "empty its words here, too, for good",
    },
    "Observed": {
        "external_id": "which message",
        "at": "when the counts were so",
        "likes": "None: not said",
        "reposts": "None: not said",
        "replies": "None: not said",
        "reach": "how many people see it; None: not said",
    },
    "Delivered": {
        "external_id": "which message of ours",
        "at": "when",
        "state": "only moves forward",
        "why": "why it failed, in words",
    },
    "Alert": {
        "id": "the same where it comes again",
        "reason": "why staff are told",
        "brand": "the brand's name in the configuration; empty: it is about all of them",
        "account": "the channel's, or whatever else it is about",
        "link": "where the message can be read on its platform",
        "at": "since when it is news",
    },
    "Malformed": {
        "raw": "what came, as it came",
        "why": "what is wrong with it: one sentence for people",
    },
    "Action": {
        "id": "ours, the same over all attempts: hand it on where the platform knows keys",
    },
    "Answer": {
        "place": "where: the root post, or the private room, as the platform names it",
        "visibility": "that of the thread",
        "customer": "whom it is for",
        "in_reply_to": "the message that it answers",
        "text": "what is said, signature and all",
        "attachments": "files beside it",
    },
    "Direct": {
        "customer": "whom it is for",
        "text": "what is said",
        "place": "the private room, where there is one",
        "attachments": "files beside it",
    },
    "PrivateReply": {
        "message": "the public message that it answers",
        "customer": "whom it is for",
        "text": "what is said",
    },
    "Post": {"text": "what is said", "attachments": "files beside it"},
    "Hide": {"message": "the customer's message", "hidden": "False: show it again"},
    "Delete": {"message": "our message"},
    "Follow": {"customer": "whom"},
    "Receipt": {
        "ids": "what now exists, the message first; at least one where something was said",
        "sent_at": "when, with a zone; not in the future",
    },
    "Permission": {
        "allowed": "whether it is possible now",
        "reason": "refused: why",
    },
    "ThreadFacts": {
        "place": "as the platform names it",
        "visibility": "who can read it",
        "customer": "who speaks there",
        "now": "what the clock says",
    },
    "Word": {
        "external_id": "the platform's id",
        "kind": "what sort of message it is",
        "direction": "`out`: ours",
        "posted_at": "when it was said",
        "addressed": "it names us",
        "removed": "it is gone from the platform",
    },
    "Webhook": {
        "method": "`POST`, or `GET` for a handshake",
        "path": "of the request, without the query",
        "query": "what stands behind `?`, as it came",
        "body": "the raw bytes: what a signature is over",
        "received_at": "when it came in, by our clock",
    },
    "Challenge": {
        "body": "what the platform wants to hear",
        "content_type": "its media type",
    },
    "Denied": {"why": "for the operator's log: no secret in it", "status": "what is answered"},
    "Batch": {
        "items": "what was heard, in any order",
        "cursor": "any JSON: given to the next call, also after a restart",
    },
}
"""What plugins make, field by field, where the code has no text under the field."""

"""What the demo tells of one message of a conversation, and of one promise."""

from collections.abc import Iterable
from typing import Any, Final

from careline.cli.demo_fact import Cue, Promise
from careline.engine.reading import ConversationView
from careline.store.labels import CueView
from careline.store.parts import DeadlineView, MessageView

_WAITS: Final = ("new", "open")


def heard(view: ConversationView, message: MessageView) -> dict[str, Any]:
    """Return what a message of a conversation was taken for, and what it brought about."""
    ours, label = message.role == "ours", message.labels.get("intent")
    made = (d for d in view.deadlines if d.anchor == message.id)
    waits = (one.id for one in view.related if one.status in _WAITS)
    return {
        "what": "answer" if ours else "word",
        "customer": view.customer.handle,
        "conversation": view.id,
        "visibility": message.visibility,
        "automatic": message.sent_by == "automation",
        "intent": label and label.primary,
        "cues": _cues(message.text or "", label.evidence) if label else (),
        "promise": next(map(promise_of, made), None),
        "waiting": view.unanswered if message.role == "customer" else 0,
        "also": tuple(waits) if message.role == "customer" else (),
    }


def _cues(text: str, evidence: Iterable[CueView]) -> tuple[Cue, ...]:
    return tuple(Cue(cue=one.cue, words=text[one.start : one.end]) for one in evidence)


def promise_of(one: DeadlineView) -> Promise:
    """Return what is told of a promise."""
    answered = None if one.met_at is None else one.met_at - one.starts_at
    return Promise(
        kind=one.kind,
        due_at=one.due_at,
        promised_s=round((one.due_at - one.starts_at).total_seconds()),
        answered_s=None if answered is None else round(answered.total_seconds()),
        outcome=one.outcome,
    )

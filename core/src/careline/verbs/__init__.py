"""The verbs of staff, by what they are about: cases, answers, the outbox. `Desk` has them all."""

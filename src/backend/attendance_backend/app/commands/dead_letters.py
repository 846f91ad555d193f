"""`attendance-backend dead-letters`: what was set aside, and sending it again."""

import json
from collections.abc import Callable, Sequence

import google.auth.exceptions

from attendance_backend.app.settings import LOG_IN
from attendance_backend.errors import SettingsError, UserError
from attendance_backend.google.pubsub import DeadLetter, PubSubDeadLetters
from attendance_backend.handlers.dead_letters import ADDED, REASON, SOURCE
from attendance_contracts import FUNCTION_TOPICS, Topic
from attendance_trouble import first_words

_OF_PUBSUB = "CloudPubSubDeadLetterSource"
"""Begins what Pub/Sub itself adds to a message that failed too often."""
_FUNCTION = "-function"


def act(
    project: str, action: str, ids: Sequence[str], say: Callable[[str], None], *, everything: bool = False
) -> int:
    """List, show, redrive or discard; returns how many could not be redriven.

    Raises:
        UserError: there are none of these IDs, or none was named.
    """
    if action in ("redrive", "discard") and not ids and not everything:
        raise UserError(
            f"which? Name the IDs that dead-letters list prints, or --all: dead-letters {action} --all"
        )
    try:
        letters = PubSubDeadLetters(project)
    except google.auth.exceptions.GoogleAuthError as error:
        raise SettingsError(f"Pub/Sub cannot be asked ({first_words(error)}): {LOG_IN}") from error
    held = letters.hold()
    unknown = set(ids) - {letter.letter_id for letter in held}
    chosen = [letter for letter in held if not ids or letter.letter_id in ids]
    left: list[DeadLetter] = list(held)
    stuck = 0
    try:
        if unknown:
            raise UserError(
                f"there is no dead letter {', '.join(sorted(unknown))}; dead-letters list prints which are"
            )
        for letter in chosen:
            topic = _topic(letter)
            if action == "redrive":
                if topic is None:
                    stuck += 1
                    say(f"{letter.letter_id}  stays: it is no request, and nobody would take it again")
                    continue
                letters.redrive(letter, topic, _original(letter))
            elif action == "discard":
                letters.discard(letter)
            if action in ("redrive", "discard"):
                left.remove(letter)
            say(_line(letter, topic) + (_content(letter) if action == "show" else ""))
    finally:
        letters.release(left)
    say(f"{len(chosen)} dead letters" if len(chosen) != 1 else "1 dead letter")
    return stuck


def _topic(letter: DeadLetter) -> Topic | None:
    source = letter.attributes.get(SOURCE) or letter.attributes.get(f"{_OF_PUBSUB}Subscription", "")
    name = source.removesuffix(_FUNCTION)
    return next((topic for topic in FUNCTION_TOPICS if topic == name), None)


def _original(letter: DeadLetter) -> dict[str, str]:
    """The attributes as the site published them: they are signed."""
    return {
        name: text
        for name, text in letter.attributes.items()
        if name not in ADDED and not name.startswith(_OF_PUBSUB)
    }


def _line(letter: DeadLetter, topic: Topic | None) -> str:
    attributes = letter.attributes
    tries = attributes.get(f"{_OF_PUBSUB}DeliveryCount")
    reason = attributes.get(REASON) or f"failed {tries} times; the function's log says why"
    return (
        f"{letter.letter_id}  {letter.at:%Y-%m-%d %H:%M}  {topic or attributes.get(SOURCE, '?')} of "
        f"{attributes.get('location', '?')}: {reason}"
    )


def _content(letter: DeadLetter) -> str:
    try:
        said = json.dumps(json.loads(letter.data), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        said = repr(letter.data)
    return f"\n{json.dumps(dict(letter.attributes), indent=2, sort_keys=True, ensure_ascii=False)}\n{said}"

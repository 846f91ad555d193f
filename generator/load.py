"""spec/fsm.yaml -> a sound `Spec`, or every reason why not."""

from pathlib import Path

from generator import document, rules, shape, spec
from generator.errors import Finding, SpecError


def load(path: Path, shown_as: str | None = None) -> spec.Spec:
    """Read, check and build the spec.

    Args:
        shown_as: how errors name it; `path` as given if None.

    Raises:
        SpecError: the file cannot be read, is no YAML, has the wrong shape or breaks a rule.
    """
    name = shown_as or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(name, [Finding(1, "there is no such file; name the spec with --spec FILE")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(name, [Finding(1, f"the file cannot be read: {error}")]) from None
    return loads(text, name)


def loads(text: str, name: str) -> spec.Spec:
    """The same for a text that is already at hand."""
    parsed = document.parse(text, name)
    if findings := shape.check(parsed):
        raise SpecError(name, findings)
    built = spec.build(parsed)
    if findings := rules.check(built):
        raise SpecError(name, findings)
    return built

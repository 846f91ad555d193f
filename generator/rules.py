"""What a sound machine keeps to, beyond the shape of its file.

A rule is a function from the spec to findings. The names come first: while one of them is unknown, what the
other rules would say about the arrows is noise.
"""

from generator import rules_arrows, rules_names, rules_snapshot
from generator.errors import Finding
from generator.spec import Spec


def check(spec: Spec) -> list[Finding]:
    """Every finding against the spec; empty if it is sound."""
    findings = _run(rules_names.RULES, spec)
    if findings:
        return findings
    return _run((*rules_arrows.RULES, *rules_snapshot.RULES), spec)


def _run(rules: rules_names.Rules, spec: Spec) -> list[Finding]:
    return [finding for rule in rules for finding in rule(spec)]

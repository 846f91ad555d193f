"""`python -m generator.proof`: are the promises of safety kept, for any number of anything?"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from generator.errors import SpecError
from generator.load import load
from generator.spec import Spec
from generator.table import Table

try:
    from generator.proof import story
    from generator.proof.prover import Fallen, Proof
    from spec.proof import progress, worlds
except ModuleNotFoundError as error:
    if error.name != "z3":
        raise
    sys.exit("the solver Z3 is missing: .venv/bin/python -m pip install --editable '.[proof]'")

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = Path("spec/fsm.yaml")

AS_IT_SHOULD_BE, IT_IS_NOT, CANNOT_PROVE = 0, 1, 2

PROVED = Table((("promise", 23), ("world", 40), ("verdict", 10), ("obligations", -11), ("s", -5)))
WITHOUT = Table((("without", 23), ("in its place", 82), ("falls", 86)))


class Named(Protocol):
    """Something that can be chosen by its name."""

    @property
    def name(self) -> str:
        """In the tables."""


T = TypeVar("T", bound=Named)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 (as it should be), 1 (it is not) or 2 (bad usage)."""
    options = _parser().parse_args(arguments)
    chosen = [
        _chosen(items, options.only) for items in (worlds.WORLDS, worlds.WITHOUT_MEASURE, worlds.NOT_PROVED)
    ]
    if not any(chosen):
        print(f"no world and no measure is named '{options.only}'; see spec/proof/worlds.py", file=sys.stderr)
        return CANNOT_PROVE
    try:
        spec = load(options.spec, shown_as=SPEC.as_posix() if options.spec == ROOT / SPEC else None)
        wrong = [
            *_prove(spec, _chosen(worlds.WORLDS, options.only)),
            *_take_away(spec, _chosen(worlds.WITHOUT_MEASURE, options.only)),
            *(_progress(spec) if options.only is None else ()),
            *_tell_of_the_rest(spec, _chosen(worlds.NOT_PROVED, options.only)),
        ]
    except SpecError as error:
        print(error, file=sys.stderr)
        return IT_IS_NOT
    print(
        "\n"
        + ("\n".join(wrong) or "All is as it should be: what is claimed is proved, what must fall falls.")
    )
    return IT_IS_NOT if wrong else AS_IT_SHOULD_BE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generator.proof",
        description="Prove the client's promises of safety by inductive invariants, with the solver Z3.",
        epilog="Exit code: 0 all is as it should be; 1 an obligation is not discharged, or one is that must not be, "
        "or no state can take some step; 2 bad usage.",
    )
    parser.add_argument(
        "--only", metavar="WORDS", help="only the worlds and measures whose name holds these words"
    )
    parser.add_argument("--spec", type=Path, metavar="FILE", default=ROOT / SPEC, help=argparse.SUPPRESS)
    return parser


def _chosen(items: Sequence[T], only: str | None) -> Sequence[T]:
    return [item for item in items if only is None or only in item.name]


def _prove(spec: Spec, chosen: Sequence[worlds.World]) -> list[str]:
    """Every promise in every world; and no step that cannot be taken."""
    wrong: list[str] = []
    if not chosen:
        return wrong
    print(PROVED.head(), flush=True)
    for world in chosen:
        proof = Proof(spec, world.assumed, erasing=world.erasing)
        result = proof.run()
        for promise, follows in result.promises.items():
            verdict = "proved" if follows else "NOT PROVED"
            cells = [promise, world.name, verdict, f"{result.obligations:,}", f"{result.seconds:.1f}"]
            print(PROVED.line(cells), flush=True)
            if not follows and not result.fallen:
                wrong.append(f"NOT PROVED with {world.name}: '{promise}' does not follow from the invariants")
        for fallen in result.fallen:
            wrong += _told(proof, fallen, f"with {world.name}")
        wrong += [f"with {world.name}, no state can take the step: {name}" for name in proof.never_taken()]
    print("\nAssumed in every world:")
    _list(worlds.ASSUMED)
    print("Assumed in one of them:")
    _list(f"{world.name}: {'; '.join(world.assumes)}" for world in chosen if world.assumes)
    return wrong


def _progress(spec: Spec) -> list[str]:
    """The ranking: each stage of a punch's way, and that nothing takes it back."""
    began_s = time.monotonic()
    count, wrong = Proof(spec, progress.WORLD).progress()
    verdict = "NOT PROVED" if wrong else "proved"
    took_s = time.monotonic() - began_s
    print(
        f"\nA ranking for eventually_stored, {verdict} in {count:,} obligations and {took_s:.1f} s: "
        f"no step takes a stage back but where {'; '.join(progress.UNDOING)}, and each that is to lead on does:"
    )
    _list(f"{stage.reached.sentence}, by {'; '.join(stage.taken)}" for stage in progress.STAGES)
    return [f"NOT PROVED: {line}" for line in wrong]


def _told(proof: Proof, fallen: Fallen, where: str) -> list[str]:
    lines = [f"    {line}" for line in story.tell(proof.relation, proof.values, fallen)]
    return [f"NOT PROVED {where}: '{fallen.claim}' by the step '{fallen.step}'", *lines]


def _take_away(spec: Spec, chosen: Sequence[worlds.Without]) -> list[str]:
    """Each measure by itself: what is said to fall without it must."""
    wrong: list[str] = []
    if chosen:
        print("\n" + WITHOUT.head(), flush=True)
    for without in chosen:
        wrong += _must_fall(spec, without)
        print(WITHOUT.line([without.name, without.instead, "; ".join(without.falls)]), flush=True)
    return wrong


def _tell_of_the_rest(spec: Spec, chosen: Sequence[worlds.Without]) -> list[str]:
    """What is not proved, in words; a proof that breaks nowhere any more makes the words wrong."""
    wrong: list[str] = []
    if chosen:
        print("\nNot proved:")
    for without in chosen:
        wrong += _must_fall(spec, without)
        broken = "', '".join(without.falls)
        _list([f"{without.name}: {without.instead}. The proof breaks at '{broken}'."])
    if chosen:
        _list(worlds.NOT_MODELLED)
    return wrong


def _must_fall(spec: Spec, without: worlds.Without) -> list[str]:
    proof = Proof(spec, without.assumed, without.measures)
    known = {claim.sentence for claim in proof.invariants}
    fallen = proof.run(only=without.falls).fallen
    wrong = [
        f"'{without.name}' names no invariant of spec/proof: '{x}'" for x in without.falls if x not in known
    ]
    for claim in known & {*without.falls}:
        of_claim = [x for x in fallen if x.claim == claim]
        if not of_claim:
            wrong.append(f"PROVED, and must fall: '{claim}' without '{without.name}' ({without.instead})")
        elif not any(x.candidate for x in of_claim):
            wrong.append(f"neither proved nor refuted: '{claim}' without '{without.name}'")
    return wrong


def _list(items: Iterable[str]) -> None:
    for item in items:
        print(f"  - {item}", flush=True)


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    print(f"({time.monotonic() - began:.0f} s)")
    sys.exit(code)

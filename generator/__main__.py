"""`python -m generator`: from the spec to code, diagrams and tables."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

try:
    from generator import write
    from generator.errors import RenderError, SpecError
    from generator.load import load
    from generator.spec import Spec
except ModuleNotFoundError as missing:
    print(
        f"the generator needs the package {missing.name}; `make generate` installs what it needs",
        file=sys.stderr,
    )
    raise SystemExit(2) from None

ROOT = Path(__file__).resolve().parent.parent
SPEC = Path("spec/fsm.yaml")

OK, REFUSED, CANNOT_DRAW = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 (done), 1 (spec refused, or drift) or 2 (Graphviz missing, bad usage)."""
    options = _parser().parse_args(arguments)
    try:
        spec = load(options.spec) if options.spec is not None else load(ROOT / SPEC, shown_as=SPEC.as_posix())
        return _check(spec, options.root) if options.check else _write(spec, options.root)
    except SpecError as error:
        print(error, file=sys.stderr)
        return REFUSED
    except RenderError as error:
        print(error, file=sys.stderr)
        return CANNOT_DRAW
    except OSError as error:
        print(f"{error.filename}: cannot be read or written: {error.strerror}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generator",
        description="Generate the client's state machine, its diagrams and its tables from the spec.",
        epilog="Exit code: 0 done; 1 the spec is refused, or --check found drift; 2 Graphviz is missing.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; print what has drifted from the spec"
    )
    parser.add_argument("--spec", type=Path, metavar="FILE", help=f"the spec (default: the project's {SPEC})")
    parser.add_argument(
        "--root", type=Path, metavar="DIR", default=ROOT, help="where the outputs lie (default: this project)"
    )
    return parser


def _check(spec: Spec, root: Path) -> int:
    drifted = list(write.drift(spec, root))
    if not drifted:
        return OK
    print("\n".join(drifted))
    print(f"\n{len(drifted)} generated files have drifted from the spec. To repair: {write.REPAIR}")
    return REFUSED


def _write(spec: Spec, root: Path) -> int:
    for path in write.write(spec, root):
        print(f"wrote {path}")
    return OK


if __name__ == "__main__":
    sys.exit(main())

"""The command: what it writes, what it finds when it checks, and how it fails."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from generator.__main__ import main
from generator.outputs import PICTURES, TEXTS

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "spec" / "fsm.yaml"
MACHINE = Path("src/client/attendance_client/fsm/generated.py")
needs_graphviz = pytest.mark.skipif(
    which("dot") is None, reason="drawing needs Graphviz: apt-get install graphviz"
)

PATHS = [output.path for output in (*TEXTS, *PICTURES)]


def contents(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A root with all outputs as they are committed."""
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    return tmp_path


def other_spec(tmp_path: Path, old: str, new: str) -> str:
    text = SPEC.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "other.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(file)


def test_what_is_committed_has_not_drifted(capsys):
    assert main(["--check"]) == 0, capsys.readouterr().out


@needs_graphviz
def test_written_anew_it_is_what_is_committed(tmp_path, capsys):
    assert main(["--root", str(tmp_path)]) == 0
    assert set(contents(tmp_path)) == set(PATHS)
    for text in TEXTS:
        assert (tmp_path / text.path).read_bytes() == (ROOT / text.path).read_bytes()
    assert main(["--check", "--root", str(tmp_path)]) == 0, capsys.readouterr().out


def test_a_second_run_writes_nothing(generated, capsys):
    before = contents(generated)
    assert main(["--root", str(generated)]) == 0
    assert capsys.readouterr().out == ""
    assert contents(generated) == before


def test_an_edited_text_is_shown_as_a_diff_with_the_repair(generated, capsys):
    file = generated / MACHINE
    file.write_text(file.read_text(encoding="utf-8").replace("60.0", "61.0"), encoding="utf-8")
    before = contents(generated)
    assert main(["--check", "--root", str(generated)]) == 1
    out = capsys.readouterr().out
    assert "-        StateId.AWAIT_REVIEW_PERIOD: 61.0," in out
    assert "+        StateId.AWAIT_REVIEW_PERIOD: 60.0," in out
    assert "make generate" in out
    assert contents(generated) == before
    assert main(["--root", str(generated)]) == 0
    assert main(["--check", "--root", str(generated)]) == 0


def test_a_changed_spec_is_drift(generated, capsys):
    spec = other_spec(generated, "after_s: 60", "after_s: 75")
    assert main(["--check", "--spec", spec, "--root", str(generated)]) == 1
    assert "+        StateId.AWAIT_REVIEW_PERIOD: 75.0," in capsys.readouterr().out


@needs_graphviz
@pytest.mark.parametrize("path", PATHS, ids=str)
def test_a_missing_output_is_drift_and_is_repaired(path, generated, capsys):
    (generated / path).unlink()
    assert main(["--check", "--root", str(generated)]) == 1
    assert f"{path}: is missing" in capsys.readouterr().out
    assert main(["--root", str(generated)]) == 0
    assert main(["--check", "--root", str(generated)]) == 0


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_a_single_byte_more_is_drift(path, generated, capsys):
    with (generated / path).open("ab") as file:
        file.write(b"\n")
    assert main(["--check", "--root", str(generated)]) == 1
    assert str(path) in capsys.readouterr().out


def test_other_ends_of_lines_are_drift(generated, capsys):
    file = generated / MACHINE
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert main(["--check", "--root", str(generated)]) == 1
    assert "the ends of its lines differ" in capsys.readouterr().out


@needs_graphviz
def test_a_picture_drawn_by_another_graphviz_is_no_drift(generated, capsys, monkeypatch):
    """Draw with a Graphviz that draws a little differently: the check must not need the same one."""
    import graphviz

    def shifted(engine, form, source, **options):
        assert (engine, form) == ("dot", "svg")
        return pipe(engine, form, source, **options).replace('width="', 'data-other="1" width="', 1)

    pipe = graphviz.pipe_string
    monkeypatch.setattr(graphviz, "pipe_string", shifted)
    for picture in PICTURES:
        (generated / picture.path).unlink()
    assert main(["--root", str(generated)]) == 0
    assert b"data-other" in (generated / PICTURES[0].path).read_bytes()
    assert main(["--check", "--root", str(generated)]) == 0, capsys.readouterr().out


def test_without_graphviz_one_line_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--root", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "sudo apt-get install graphviz" in printed.err
    assert (tmp_path / MACHINE).exists()


def test_the_check_needs_no_graphviz(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--check"]) == 0, capsys.readouterr()


def test_a_root_that_is_a_file_gives_a_line(tmp_path, capsys):
    (tmp_path / "docs").write_text("in the way", encoding="utf-8")
    assert main(["--root", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_help_tells_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "Exit code" in capsys.readouterr().out


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_the_first_line_says_that_it_is_generated_and_how(path):
    first = (ROOT / path).read_text(encoding="utf-8").splitlines()[0]
    assert "GENERATED from spec/fsm.yaml by `python -m generator`" in first


@needs_graphviz
def test_the_order_of_hashing_does_not_show(tmp_path):
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "generator", "--root", str(tmp_path / seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_run_as_a_module_a_bad_spec_gives_a_line_and_no_traceback(tmp_path):
    spec = other_spec(tmp_path, "to: DEEP_SLEEP", "to: DEEP_SLEEPX")
    run = subprocess.run(
        [sys.executable, "-m", "generator", "--check", "--spec", spec],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "other.yaml:" in run.stderr
    assert "unknown state 'DEEP_SLEEPX'; did you mean 'DEEP_SLEEP'?" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_generated_code_is_as_our_linter_and_formatter_want_it():
    for command in (["check"], ["format", "--check"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command, str(ROOT / MACHINE.parent)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout

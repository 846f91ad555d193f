"""The three commands are installed together, each one's packages by an extra of its own: what to say without these."""


def missing_package(error: ModuleNotFoundError, extra: str) -> str | None:
    """Which package is missing and how it comes; None where the module is one of ours, which is a fault of ours.

    `extra` is the name, in pyproject.toml, of what brings the command's packages.
    """
    if not error.name or error.name.startswith("attendance_"):
        return None
    return (
        f"the package {error.name} is missing: install this command's packages with pip install '.[{extra}]'"
    )

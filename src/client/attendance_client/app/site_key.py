"""The site's key: one line in a file that only the service's user can read."""

import os
from pathlib import Path

from attendance_client.app.config import FILE_NAME, Config
from attendance_client.errors import ConfigError, no_permission
from attendance_contracts import ContractError, SiteKey

KEY_NAME = "site.key"
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts what LoadCredential= names."""
_WAY_OUT = "bring the line that attendance-backend site-key prints"


def load_site_key(directory: Path, config: Config) -> SiteKey | None:
    """The key that the config names, else systemd's credential, else ``site.key`` beside the config; None for none.

    Raises:
        ConfigError: it cannot be read, is another site's, or others may read it.
    """
    path = _path(directory, config)
    if path is None:
        return None
    try:
        if path.stat().st_mode & 0o007:
            raise ConfigError(f"{path} may be read by everybody, and holds a secret: sudo chmod 600 {path}")
        key = SiteKey.parse(path.read_text(encoding="utf-8"))
    except PermissionError as error:
        raise ConfigError(no_permission(path)) from error
    except OSError as error:
        raise ConfigError(
            f"the site's key {path} cannot be read ({error.strerror or error}): {_WAY_OUT}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the site's key {path} is no text: {_WAY_OUT}") from error
    except ContractError as error:
        raise ConfigError(f"{path}: {error}; {_WAY_OUT}") from error
    if key.location != config.site.location:
        raise ConfigError(
            f"{path} holds the key of {key.location}, and {FILE_NAME} says that this is {config.site.location}: "
            f"{_WAY_OUT} for {config.site.location}"
        )
    return key


def _path(directory: Path, config: Config) -> Path | None:
    if config.site_key_file is not None:
        return directory / config.site_key_file
    usual = [directory / KEY_NAME]
    if credentials := os.environ.get(CREDENTIALS):
        usual.insert(0, Path(credentials) / KEY_NAME)
    return next((path for path in usual if path.exists()), None)

"""Log lines as Cloud Logging reads them: one JSON object a line, with its severity."""

import json
import logging
import sys
from collections.abc import Mapping


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Severity, message and logger; a traceback belongs to the message."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return json.dumps({"severity": record.levelname, "message": text, "logger": record.name})


def configure_logging(environment: Mapping[str, str]) -> None:
    """In Google Cloud, which sets K_SERVICE, log as JSON; elsewhere in words, unless somebody set up logging."""
    # Whatever fails in the end is reported in our own words; each try of the library below is not.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    if "K_SERVICE" not in environment:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)

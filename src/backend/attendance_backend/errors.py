"""The backend's errors, by remedy.

BackendError
├── UserError                    a person must fix something; a redelivery alone will not help
│   ├── SettingsError            an environment variable is missing or malformed
│   ├── EventError               what arrived is no message of the contract
│   ├── NotAdmittedError         what arrived is not what its site sent, or cannot be
│   ├── SpreadsheetGoneError     a spreadsheet was deleted, or is not shared with this service account
│   ├── WorksheetGoneError       a worksheet was deleted or renamed
│   ├── LayoutError              a worksheet lacks what the program needs of it
│   └── RefusedError             Google refuses for another reason, such as storage or credentials
├── OvertakenError               a later message, or this one, was taken in already
└── TransientError               the next delivery may succeed
    ├── OutdatedError            somebody else changed the spreadsheet meanwhile: read it again
    ├── GoogleError              Sheets, Drive or the token server did not answer, or asks for patience
    ├── BusError                 Pub/Sub did not confirm the reply
    ├── MailRefusedError         the mail server did not take the message: surely no mail went out
    └── MailUnconfirmedError     the connection broke after the message was sent: a mail may have gone out
"""


class BackendError(Exception):
    """Says what happened, to what, and what to do next."""


class UserError(BackendError):
    """A person must fix something before this message can be handled."""


class SettingsError(UserError):
    """An environment variable is missing or malformed."""


class EventError(UserError):
    """The event holds no message of the contract."""


class NotAdmittedError(UserError):
    """A message that its site did not send, or cannot have sent; delivered again it would be the same."""


class SpreadsheetGoneError(UserError):
    """A spreadsheet does not exist, or this service account may not see it."""


class WorksheetGoneError(UserError):
    """A worksheet was deleted or renamed."""


class LayoutError(UserError):
    """A worksheet lacks a column or row that the program needs."""


class RefusedError(UserError):
    """Google refuses the request; asking again will not change that."""


class OvertakenError(BackendError):
    """A later message of the site, or this very one, was taken in already: nothing is left to do."""


class TransientError(BackendError):
    """The world is not ready; the next delivery of the message tries again."""


class OutdatedError(TransientError):
    """A spreadsheet was changed by somebody else since it was read; nothing was written."""


class GoogleError(TransientError):
    """Google Sheets, Drive or the token server failed or asked for patience."""


class BusError(TransientError):
    """Pub/Sub did not confirm a reply."""


class MailRefusedError(TransientError):
    """The mail server did not accept the message; nothing was sent."""


class MailUnconfirmedError(TransientError):
    """The mail server may or may not have accepted the message."""

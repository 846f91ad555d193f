"""The one error of the contracts."""


class ContractError(ValueError):
    """A value or message that breaks the contract; the text names the field and what was expected."""

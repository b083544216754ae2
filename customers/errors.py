"""What can go wrong while remembering people.

CustomerError
├── UnknownCustomer (KeyError)        nobody of this id, or she has been forgotten
├── UnknownVisit (KeyError)           no visit of this id
├── UnknownConsent (KeyError)         no consent of this id
├── BadConsent (ValueError)           a consent that nobody could have given
├── BadVisit (ValueError)             a visit that contradicts itself or another one
├── NotCovered (PermissionError)      no consent covers what was wanted
├── NotAllowed (PermissionError)      this caller may not do this to that
├── NotKnown (PermissionError)        no pass, a spent pass or a wrong PIN
├── TooManyTries (PermissionError)    the PIN is locked for a while
├── KeyDestroyed (LookupError)        her key is gone: nothing of hers can be read again
├── SealBroken (ValueError)           a sealed file is torn, altered or not sealed for this key
├── BadReceipt (ValueError)           a receipt whose signature does not hold
├── PeopleBusy (RuntimeError)         another process has this folder open
└── PeopleBroken (RuntimeError)       the store's files contradict one another
"""


class CustomerError(Exception):
    """Any failure to remember people."""


class UnknownCustomer(CustomerError, KeyError):
    """No customer of this `id`, or it has been forgotten."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"There is no customer {id_!r}. It may have been forgotten on demand.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class UnknownVisit(CustomerError, KeyError):
    """No visit of this `id`, or it has been forgotten."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"There is no visit {id_!r}. It may have been forgotten on demand.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class UnknownConsent(CustomerError, KeyError):
    """No consent of this `id`, or it has been forgotten."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"There is no consent {id_!r}. It may have been forgotten on demand.")

    def __str__(self) -> str:  # KeyError shows the repr otherwise
        return str(self.args[0])


class BadConsent(CustomerError, ValueError):
    """A consent that nobody could have given; `field` and `reason` say why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"This consent cannot be recorded: {field} {reason}.")


class BadVisit(CustomerError, ValueError):
    """A visit that contradicts itself or another one; `reason` says how."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This visit cannot be: {reason}.")


class NotCovered(CustomerError, PermissionError):
    """No consent covers what was wanted; `reason` is a stable word, `purpose` what it was for."""

    def __init__(self, purpose: str, reason: str) -> None:
        self.purpose, self.reason = purpose, reason
        super().__init__(
            f"No consent covers {purpose!r} here and then ({reason}). "
            "Ask the customer for one; nothing was recorded."
        )


class NotAllowed(CustomerError, PermissionError):
    """This caller may not do this; `role`, `act` and `reason` say who wanted what."""

    def __init__(self, role: str, act: str, reason: str) -> None:
        self.role, self.act, self.reason = role, act, reason
        super().__init__(f"A caller of role {role!r} may not {act}: {reason}.")


class NotKnown(CustomerError, PermissionError):
    """The caller shows no pass that holds, or a wrong PIN."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"We do not know who asks: {reason}. Show a valid pass.")


class TooManyTries(CustomerError, PermissionError):
    """The PIN of this visit is locked; try again after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Too many wrong PINs. Try again in {retry_after_s:.0f} s.")


class KeyDestroyed(CustomerError, LookupError):
    """The key of `customer_id` is gone, by design: nothing sealed for her can be read again."""

    def __init__(self, customer_id: str) -> None:
        self.customer_id = customer_id
        super().__init__(f"The key of customer {customer_id!r} is destroyed or was never made.")


class SealBroken(CustomerError, ValueError):
    """A sealed file is torn, altered or was sealed for another key; `reason` says which."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The sealed file {path} cannot be read: {reason}.")


class BadReceipt(CustomerError, ValueError):
    """A receipt of forgetting whose signature or form does not hold."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This receipt proves nothing: {reason}.")


class PeopleBusy(CustomerError, RuntimeError):
    """Another process has this folder open, and would take our files for its own left-overs."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(
            f"Another process is using {folder}. Stop it first, or give another folder."
        )


class PeopleBroken(CustomerError, RuntimeError):
    """The store's files contradict one another; `reason` says where."""

    def __init__(self, folder: str, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(f"The people store in {folder} is damaged: {reason}.")

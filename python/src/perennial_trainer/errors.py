"""The one error that trainers raise on purpose."""


class TrainerError(Exception):
    """A job that cannot be done. The message is for a data scientist: what was attempted, what was found and wanted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

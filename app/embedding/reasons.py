"""Why a library refused, in one line."""


def first_line(error: BaseException) -> str:
    """The first line that says something, else what kind of error it is: the rest is a trace of theirs."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)

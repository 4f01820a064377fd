"""What can go wrong between us and the hub, in words for people."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import DownloadError

_WAYS_OUT = "Try again, choose a folder with the model, or try the demo, which needs no download."


@contextmanager
def told_plainly(hub_id: str, cache: str) -> Iterator[None]:
    """Turn the exceptions of huggingface_hub, httpx2 and the disk into DownloadError."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except HFValidationError as error:
        raise DownloadError(
            f"{hub_id!r} is not the name of a model. Names look like google/siglip2-base-patch16-256."
        ) from error
    except HfHubHTTPError as error:  # an OSError, too
        raise DownloadError(_refusal(hub_id, error.response.status_code, error)) from error
    except httpx2.TimeoutException as error:
        raise DownloadError(f"{_host()} does not answer. {_WAYS_OUT}") from error
    except httpx2.HTTPError as error:
        raise DownloadError(f"There is no connection to {_host()}. {_WAYS_OUT}") from error
    except OSError as error:
        raise DownloadError(_disk_trouble(cache, error)) from error


def _host() -> str:
    from huggingface_hub.constants import ENDPOINT

    return ENDPOINT.partition("://")[2] or ENDPOINT


def _refusal(hub_id: str, status: int, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError

    if isinstance(error, GatedRepoError) or status == 403:
        return (
            f"{_host()} gives {hub_id} only to people who have accepted its terms. Accept them on its page, "
            "put your access token into the variable HF_TOKEN, and try again; or choose another model."
        )
    if status == 401:
        return (
            f"{_host()} does not give {hub_id} to us: there is no such model, or it is private. "
            "Check its name, or put your access token into the variable HF_TOKEN."
        )
    if status == 404:
        return f"{_host()} has no {hub_id}, or not all of its files. Check the name, or choose another model."
    if status == 429:
        return f"{_host()} asks us to wait: too many downloads. Try again in a few minutes."
    return f"{_host()} answered with an error ({status}). Try again later, or choose a folder with the model."


def _disk_trouble(cache: str, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {cache} is full. What came through is kept: free some space and go on, "
            "or set the variable HF_HOME to a folder on a larger disk."
        )
    return f"The model cannot be stored in {cache}: {error.strerror or error}."

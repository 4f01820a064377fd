"""Brings a text into the form that a text tower was trained with."""

import string

_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def as_trained(text: str, *, canonical: bool) -> str:
    """Lower-cased for every model: SigLIP 2 was trained so, but not every tokenizer of it does that.

    Half a surrogate pair, which no tokenizer takes, becomes a question mark.
    `canonical` is for SigLIP 1: punctuation is dropped, white space becomes single spaces, and an underscore
    is one (big_vision, evaluators/proj/image_text/prompt_engineering.py; transformers' tokenizer joins the
    words around an underscore instead).
    """
    text = text.encode("utf-8", "replace").decode("utf-8").lower()
    if not canonical:
        return text
    return " ".join(text.replace("_", " ").translate(_WITHOUT_PUNCTUATION).split())

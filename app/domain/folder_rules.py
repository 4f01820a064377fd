"""What a watched folder leaves out, and what else the user switched on for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The settings of one folder. Patterns are those of .gitignore, relative to the folder, in any case."""

    include: tuple[str, ...] = ()  # only what one of these matches; none: everything
    exclude: tuple[str, ...] = ()  # never what the last of these that matches leaves out
    write_sidecars: bool = False  # ratings and keywords go into .xmp files beside the photos
    videos: bool = False  # videos are shown by a picture out of them


NO_RULES = FolderRules()


@dataclass(frozen=True, slots=True)
class RulesPreview:
    """What rules would do to the photos that are known."""

    photos: int  # of the folder, whether they are shown now or left out
    left_out: int  # of these

"""The exceptions of Photosift.

    AppError                    the world's fault; the text is written for a user
      MediaError                a file could not be read as a picture
        UnsupportedMediaError   the format is not one we open
        DamagedMediaError       the file is truncated, corrupt or empty
        MediaTooLargeError      the picture needs more memory than one photo may take
        MediaTimeoutError       decoding took too long and was stopped
        MediaCrashedError       the codec crashed; only its process was lost
        RefusedBeforeError      the same content could not be read before
        FileAccessError         the file could not be read: gone, locked, no permission
      CheckpointError           a checkpoint is missing, partial or not one we know
      EncoderError              the model failed while running
      VectorIndexError          the vector index or the matrix could not be used
      LibraryError              the library database could not be opened or written
        LibraryTooNewError      it was written by a newer Photosift
        LibraryOutdatedError    it was written by an older Photosift and is only to be read
        LibraryInUseError       another Photosift has it open
        DamagedEmbeddingError   an embedding in it was never stored like that
      FolderError               a folder cannot be watched
      DecisionFileError         a file of decisions could not be read or written
      SidecarError              a sidecar could not be written, and is as it was
      FetchError                a picture behind a web address was not fetched
      DownloadError             a model could not be downloaded; what came through is kept
      EmbeddingFileError        embeddings could not be written into a file
      EvaluationError           a benchmark's files cannot be used, or nothing of it could be measured
      DemoError                 the demonstration could not be prepared
      SettingsError             the settings file cannot be used
      GazetteerError            the list of towns cannot be read
      ProcessDiedError          a helper process ended while working for us
      CancelledError            the work was called off; not shown

Everything else that is raised is a bug of ours and keeps its traceback.
"""


class AppError(Exception):
    """A fault of the world around us, with a text that a user may read."""


class MediaError(AppError):
    """A file could not be read as a picture."""


class UnsupportedMediaError(MediaError):
    """The format is not one that Photosift opens."""


class DamagedMediaError(MediaError):
    """The file is truncated, corrupt or empty."""


class MediaTooLargeError(MediaError):
    """The picture needs more memory than one photo may take."""


class MediaTimeoutError(MediaError):
    """Decoding took longer than the limit and was stopped."""


class MediaCrashedError(MediaError):
    """The codec crashed; the process that ran it was replaced."""


class RefusedBeforeError(MediaError):
    """The same content could not be read before; it was not tried again."""


class FileAccessError(MediaError):
    """The file could not be read: it is gone, locked or not permitted."""


class CheckpointError(AppError):
    """A checkpoint is missing, partial or not one that Photosift knows."""


class EncoderError(AppError):
    """The model failed while running."""


class VectorIndexError(AppError):
    """The vector index or the embedding matrix could not be used."""


class LibraryError(AppError):
    """The library database could not be opened or written."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer Photosift."""


class LibraryOutdatedError(LibraryError):
    """The library must be brought to this version first, which reading alone does not do."""


class LibraryInUseError(LibraryError):
    """Another Photosift has this library open."""


class DamagedEmbeddingError(LibraryError):
    """An embedding in the library is not what was ever stored: its file was damaged."""


class FolderError(AppError):
    """A folder cannot be added or watched."""


class DecisionFileError(AppError):
    """A file of decisions could not be read or written."""


class SidecarError(AppError):
    """A sidecar could not be written; what was there is as it was."""


class FetchError(AppError):
    """A picture behind a web address was not fetched."""


class DownloadError(AppError):
    """A model could not be downloaded; what came through is kept for the next attempt."""


class EmbeddingFileError(AppError):
    """Embeddings could not be written into a file; what was there is as it was."""


class EvaluationError(AppError):
    """A benchmark's files cannot be used, or nothing of it could be measured."""


class DemoError(AppError):
    """The demonstration could not be prepared."""


class SettingsError(AppError):
    """The settings file cannot be used."""


class GazetteerError(AppError):
    """The list of towns that came with Photosift cannot be read."""


class ProcessDiedError(AppError):
    """A helper process ended while it was working for us."""


class CancelledError(AppError):
    """The work was called off by whoever asked for it."""

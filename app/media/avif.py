"""AVIF pictures that libavif refuses, and other programs open."""

import io
import logging

from PIL import Image

from app.media.ffmpeg import grey, opened, upright

_log = logging.getLogger(__name__)


def read_lenient_avif(data: bytes) -> Image.Image | None:
    """An upright picture with its transparency, by FFmpeg; None for what is damaged indeed.

    libavif insists that the transparency of a picture states its own size, which early encoders left out.
    """
    import av

    pictures: list[Image.Image] = []
    try:
        with opened(io.BytesIO(data), "mov") as container:
            for stream in container.streams.video[:2]:
                stream.codec_context.thread_count = 1
                container.seek(0)
                frame = next(container.decode(stream))
                pictures.append(grey(frame) if pictures else upright(frame))
    except (av.FFmpegError, StopIteration) as error:
        _log.debug("not an AVIF picture for FFmpeg either: %r", error)
        return None
    if not pictures:
        return None
    colours, *transparency = pictures
    if transparency and transparency[0].size == colours.size:
        colours.putalpha(transparency[0])
    return colours

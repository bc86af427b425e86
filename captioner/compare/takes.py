"""What is compared: files and microphones as lanes of sound, with the utterances that all ways are measured on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from captioner.audio.conditioning import Conditioner
from captioner.audio.wav import open_sound
from captioner.compare.matching import AnchorFinder, anchor_error, anchors_of
from captioner.compare.outcome import Anchor, AnchorError, AnchorSource, Recording, Reference, Spoken
from captioner.errors import FaultError
from captioner.events import RATE, AudioBlock, SourceEnded
from captioner.transcript.masking import mask

FAR: Final = 500.0
"""Milliseconds: ends of speech in a reference that are further than that from those in the sound are another's."""

ON_A_CLEAN_LINE: Final = AnchorError(p50_ms=4.625, p95_ms=41.588, n=64, here=False)
"""Error of the ends of speech that end-pointing finds, over the clean part of `captioner bench endpointing`; the tests
measure it again."""

LONGEST: Final = 1800.0
"""Seconds after which a microphone is heard no further."""


@dataclass(frozen=True, slots=True)
class Take:
    """A recording and its file."""

    path: Path
    recording: Recording


async def listen(
    path: Path,
    name: str,
    channel: int | None,
    reference: Reference | None,
    *,
    silence: float = 0.5,
    masked: bool = False,
) -> Take:
    """Hear a recording once, to find its utterances: from the reference's times where they are those of the speech.

    Args:
        path: of a sound file.
        name: that the report calls it.
        channel: from 1; None is the mean of all.
        reference: what is said in the file. Times that do not fit the sound are not used; where it does not tell its
            channels apart, those of the channel are the ones at which its sound has speech.
        silence: seconds that part two utterances.
        masked: long numbers are hidden in the reference, as they are in what the ways hear.

    Raises:
        FaultError: as `open_sound`.
    """
    if masked and reference is not None:
        reference = replace(reference, spoken=tuple(replace(each, text=mask(each.text)) for each in reference.spoken))
    found, length = await _heard(path, channel, silence)
    anchors, source = found, AnchorSource.SOUND
    error: AnchorError | None = ON_A_CLEAN_LINE
    if found and reference is not None and reference.exact and (spoken := _spoken_here(reference, channel, found)):
        true = tuple(Anchor(each.start, min(each.stop, length)) for each in anchors_of(spoken) if each.start < length)
        here = anchor_error(found, true)
        fits = anchors_of(spoken)[-1].stop <= length + RATE // 2 and (here is None or here.p50_ms <= FAR)
        if fits:
            anchors, source, error = true, AnchorSource.REFERENCE, here
    return Take(path, Recording(name, channel, length, anchors, source, error, reference))


def _spoken_here(reference: Reference, channel: int | None, found: Sequence[Anchor]) -> tuple[Spoken, ...]:
    """Return what a reference with times says of a channel; nothing where that cannot be known.

    Args:
        reference: of the whole file.
        channel: from 1; None is the mean of all.
        found: the channel's utterances as its sound has them.
    """
    if channel is None or reference.has_channels:
        return reference.of_channel(channel)
    here = [each for each in reference.spoken if _half_of(each, found)]
    explained = all(any(_shared(each, anchor) for each in here) for anchor in found)
    return tuple(here) if explained else ()


def _half_of(spoken: Spoken, found: Iterable[Anchor]) -> bool:
    start, stop = spoken.start or 0, spoken.stop or 0
    return 2 * sum(_shared(spoken, anchor) for anchor in found) >= stop - start


def _shared(spoken: Spoken, anchor: Anchor) -> int:
    """Return how many samples they share."""
    return max(0, min(spoken.stop or 0, anchor.stop) - max(spoken.start or 0, anchor.start))


async def _heard(path: Path, channel: int | None, silence: float) -> tuple[tuple[Anchor, ...], int]:
    """Return the utterances of a file as end-pointing finds them, and its length in samples."""
    sound = open_sound(path, channel)
    conditioner = Conditioner(sound.rate, sound.channels, channel)
    finder = AnchorFinder(silence=silence)

    def take(block: AudioBlock | SourceEnded) -> None:
        if isinstance(block, AudioBlock):
            for frame in conditioner.push(block):
                finder.push(frame)

    async def room() -> None:
        await asyncio.sleep(0)  # so that it can be interrupted

    await sound.play(take, clock=time.perf_counter, room=room, block_ms=200)
    for frame in conditioner.flush():
        finder.push(frame)
    finder.flush()
    return tuple(finder.anchors), conditioner.length


Post: TypeAlias = Callable[[AudioBlock | SourceEnded], None]


class Live:
    """A microphone as a take: heard once, as it comes, until somebody has heard enough.

    Its utterances are found while it is heard, by the end-pointing that finds those of a file. The sound is not kept.

    Args:
        name: that the report calls it.
        source: opens it; what it hears goes to the function that it is given, on the loop's thread, until the context
            is left. It may raise FaultError.
        silence: seconds that part two utterances.
        limit: seconds after which it is heard no further.
    """

    def __init__(
        self,
        name: str,
        source: Callable[[Post], AbstractAsyncContextManager[None]],
        *,
        silence: float = 0.5,
        limit: float = LONGEST,
    ) -> None:
        self.limit = limit
        self._name, self._source = name, source
        self._finder = AnchorFinder(silence=silence)
        self._conditioner: Conditioner | None = None
        self._ended: asyncio.Future[SourceEnded] | None = None

    @property
    def recording(self) -> Recording:
        """What was heard so far; whole once `play` has returned."""
        length = self._conditioner.length if self._conditioner else 0
        return Recording(self._name, None, length, tuple(self._finder.anchors), anchor_error=ON_A_CLEAN_LINE)

    def finish(self) -> None:
        """Hear no more; the last words are waited for."""
        self._end(SourceEnded())

    async def play(self, post: Post) -> None:
        """Deliver the sound until it ends, then `SourceEnded`."""
        self._ended = asyncio.get_running_loop().create_future()

        def hear(news: AudioBlock | SourceEnded) -> None:
            if isinstance(news, SourceEnded):
                self._end(news)
            elif self._ended is not None and not self._ended.done():
                self._hear(news)
                post(news)

        try:
            async with self._source(hear):
                ended = await self._ended
        except FaultError as error:
            ended = SourceEnded(error.fault)
        finally:
            self._ended = None
            if self._conditioner is not None:
                for frame in self._conditioner.flush():
                    self._finder.push(frame)
                self._finder.flush()
        post(ended)

    def _hear(self, block: AudioBlock) -> None:
        if self._conditioner is None:
            self._conditioner = Conditioner(block.rate, block.samples.shape[1], None)
        for frame in self._conditioner.push(block):
            self._finder.push(frame)
        if block.position + len(block.samples) >= self.limit * block.rate:
            self._end(SourceEnded())

    def _end(self, ended: SourceEnded) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(ended)

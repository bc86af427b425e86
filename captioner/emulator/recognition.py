"""One stream's recognition: audio and commands in, results out. No clock, no socket.

Positions are samples at 8 kHz of the audio received on the connection; `now` is seconds of any clock that never goes
back. End-pointing counts received audio, not time, as the service does; only the delays of `Profile` count time.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from captioner.emulator.listening import HeardWord, Listener, Recording
from captioner.emulator.profiles import Profile, Range
from captioner.emulator.sound import BYTES_PER_SAMPLE, RATE, decode

_SLICE_MS = 40
_SHORTEST_SPEECH = RATE * 15 // 100
_SLACK = RATE * 6 // 100  # by which loudness may outlast a word
_UNKNOWN_AFTER = RATE * 3 // 2  # of speech that cannot be placed, before an interim result says so

Message = dict[str, Any]
"""A result as it will be written in JSON: https://developers.rtzr.ai/docs/stt-streaming/websocket"""


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """What the query string asked for.

    Attributes:
        sample_rate: Hz.
        encoding: A key of `BYTES_PER_SAMPLE`.
        epd_time: Seconds of silence that end an utterance.
        max_utter_duration: Seconds after which an utterance is split.
    """

    sample_rate: int
    encoding: str
    epd_time: float
    max_utter_duration: float


@dataclass(frozen=True, slots=True)
class Given:
    """A final that was given, and when; all times are those of `now`.

    Attributes:
        first: Which word of the script it begins with; None where it has none.
        last: Which word of the script it ends with.
        heard: When the last sample of its speech had arrived.
        ended: When it was known to be over: the command, or the last sample of the silence after it, had arrived.
        due: When it was to be given.
        sent: When it was.
    """

    first: int | None
    last: int | None
    heard: float
    ended: float
    due: float
    sent: float


@dataclass(slots=True)
class _Utterance:
    start: int
    words: list[HeardWord] = field(default_factory=list)
    stop: int = 0
    next_interim: int = 0
    seq: int | None = None
    shown: str = ""
    settle_at: float = 0.0
    final_at: float = 0.0
    settled: bool = False
    voiced: int = 0
    heard_at: float = 0.0
    ended_at: float = 0.0


class Recognition:
    """The brain of one connection.

    Attributes:
        ended: Whether ``EOS`` was received.
        close_at: When the connection is to be closed after ``EOS``; None before.
        said: The texts of the finals so far.
        given: The finals so far.
        lead: The least, over all messages, of arrival minus audio received: when the audio began, if it was sent as it
            was spoken, and a little more for the way here.
    """

    def __init__(self, profile: Profile, recording: Recording | None, config: StreamConfig, random: Random) -> None:
        """Begin with no audio received."""
        self._profile = profile
        self._config = config
        self._random = random
        self._listener = Listener(recording, config.sample_rate)
        self._width = BYTES_PER_SAMPLE[config.encoding]
        self._odd = b""
        self._received = 0  # samples at the stream's rate
        self._arrivals: deque[tuple[int, float]] = deque()  # received so far at 8 kHz, now
        self._open: _Utterance | None = None
        self._closed: list[_Utterance] = []  # whose finals are still to come
        self._settled_until = 0
        self._next_seq: int = profile.first_seq
        self._last_final_at = 0.0
        self._interims: deque[tuple[float, _Utterance, str]] = deque()
        self._misheard: dict[tuple[int, int], str | None] = {}
        self._empty_final_at: float | None = None
        self.ended = False
        self.close_at: float | None = None
        self.said: list[str] = []
        self.given: list[Given] = []
        self.lead = math.inf

    @property
    def received_ms(self) -> float:
        """Milliseconds of audio received."""
        return 1000 * self._received / self._config.sample_rate

    @property
    def deadline(self) -> float | None:
        """When `due` has something to say next."""
        times = [at for at, _, _ in list(self._interims)[:1]]
        if self._closed:
            first = self._closed[0]
            times.append(first.final_at if first.settled else first.settle_at)
        if self._empty_final_at is not None:
            times.append(self._empty_final_at)
        return min(times, default=None)

    def hear(self, data: bytes, now: float) -> None:
        """Take audio of any length; after ``EOS`` it is ignored."""
        if self.ended:
            return
        data = self._odd + data
        whole = len(data) - len(data) % self._width
        self._odd = data[whole:]
        samples = decode(data[:whole], self._config.encoding)
        if not len(samples):
            return
        rate = self._config.sample_rate
        self._arrivals.append(((self._received + len(samples)) * RATE // rate, now))
        self.lead = min(self.lead, now - (self._received + len(samples)) / rate)
        step = max(1, rate * _SLICE_MS // 1000)
        for at in range(0, len(samples), step):
            piece = samples[at : at + step]
            self._received += len(piece)
            self._listener.push(piece)
            self._advance(now)

    def finalize(self, now: float) -> None:
        """End the open utterance now. With none open nothing comes of it, unless the profile answers."""
        if self.ended or not self._profile.finalize_supported:
            return
        self._listener.flush()
        self._collect()
        delay = self._profile.finalize_final_delay
        if self._open is not None and self._end_by_command(self._open, now, delay):
            return
        if not self._closed and self._profile.finalize_answers_empty:
            self._empty_final_at = now + self._draw(delay)

    def end(self, now: float) -> None:
        """Take ``EOS``: decode what there is, give the last finals, then close."""
        if self.ended:
            return
        self.ended = True
        self._listener.flush()
        self._collect()
        if self._open is not None:
            self._end_by_command(self._open, now, self._profile.eos_final_delay)
            self._open = None
        self.close_at = max(now, self._last_final_at if self._closed else now) + self._draw(self._profile.close_delay)

    def due(self, now: float) -> list[Message]:
        """Return the results that are due, in order."""
        messages: list[tuple[float, Message]] = []
        while self._interims and self._interims[0][0] <= now:
            at, utterance, text = self._interims.popleft()
            if not utterance.settled and (not utterance.settle_at or at < utterance.settle_at):
                messages.append((at, self._interim(utterance, text)))
        while self._closed:
            utterance = self._closed[0]
            if not utterance.settled and utterance.settle_at <= now:
                utterance.settled = True
                messages.append((utterance.settle_at, self._interim(utterance, self._text(utterance))))
            if utterance.final_at > now:
                break
            self._closed.pop(0)
            self.given.append(_given(utterance, now))
            messages.append((utterance.final_at, self._final(utterance)))
        if self._empty_final_at is not None and self._empty_final_at <= now:
            messages.append(
                (self._empty_final_at, self._result(self._take_seq(), self._settled_until, 0, True, "", []))
            )
            self._empty_final_at = None
        messages.sort(key=lambda message: message[0])
        return [message for _, message in messages]

    def _draw(self, bounds: Range) -> float:
        return bounds[0] if bounds[0] == bounds[1] else self._random.uniform(*bounds)

    def _arrival(self, position: int, now: float) -> float:
        """Return when the sample before ``position`` arrived. Positions must not go back by more than 60 s."""
        while len(self._arrivals) > 2 and self._arrivals[0][0] < position - 60 * RATE:
            self._arrivals.popleft()
        return next((at for received, at in self._arrivals if received >= position), now)

    def _advance(self, now: float) -> None:
        """Judge where utterances begin and end, now that more was heard."""
        self._collect()
        self._open_by_voice()
        utterance = self._open
        if utterance is None:
            return
        position = self._listener.position
        length = int(self._config.max_utter_duration * RATE)
        if position - utterance.start >= length:
            self._split(utterance, utterance.start + length, now)
            return
        silence = int(self._config.epd_time * RATE)
        stop = self._speech_stop(utterance)
        if position - stop >= silence and self._listener.underway() is None:
            self._close(utterance, stop, self._arrival(stop + silence, now), self._automatic(stop, stop + silence, now))
            return
        if position >= utterance.next_interim:
            self._show(utterance, now)

    def _collect(self) -> None:
        """Give the words that were heard to their utterances."""
        for word in self._listener.take():
            late = next((u for u in self._closed if u.start <= word.start < u.stop and not u.settled), None)
            if late is not None:
                late.words = sorted([*late.words, word], key=lambda each: each.start)
                continue
            if self._open is None:
                self._begin(word.start)
            utterance = self._open
            assert utterance is not None
            if not utterance.words:
                utterance.start = word.start
            utterance.words.append(word)
            utterance.words.sort(key=lambda each: each.start)

    def _begin(self, start: int) -> None:
        cadence = int(self._draw(self._profile.interim_every) * RATE)
        self._open = _Utterance(start, next_interim=max(start, self._settled_until) + cadence)

    def _open_by_voice(self) -> None:
        activity = self._listener.activity
        start = max(activity.start, self._settled_until)
        if (
            self._open is None
            and activity.stop > self._settled_until + _SLACK
            and min(activity.active, activity.stop - start) >= _SHORTEST_SPEECH
            and self._listener.position - activity.stop < int(self._config.epd_time * RATE)
        ):
            self._begin(start)

    def _speech_stop(self, utterance: _Utterance) -> int:
        """Return where speech ended so far: the last word's end, unless something went on being said after it."""
        activity = self._listener.activity
        last = max((word.stop for word in utterance.words), default=None)
        if last is None:
            utterance.voiced = max(utterance.voiced, min(activity.active, activity.stop - utterance.start))
            return max(activity.stop, utterance.start)
        return activity.stop if activity.stop > last + _SLACK else last

    def _automatic(self, stop: int, seen: int, now: float) -> float:
        """Return when the final of an utterance comes that end-pointing ended."""
        after_speech = self._arrival(stop, now) + self._draw(self._profile.speech_final_delay)
        after_silence = self._arrival(seen, now) + self._draw(self._profile.endpoint_final_delay)
        return max(after_speech, after_silence, now)

    def _end_by_command(self, utterance: _Utterance, now: float, delay: Range) -> bool:
        stop = min(self._speech_stop(utterance), self._received * RATE // self._config.sample_rate)
        if utterance.words:
            # A word that is still being said belongs to what comes next.
            stop = max(word.stop for word in utterance.words)
        elif self._listener.placed and self._listener.underway() is not None and not self.ended:
            return False
        return self._close(utterance, stop, now, now + self._draw(delay))

    def _split(self, utterance: _Utterance, limit: int, now: float) -> None:
        """End an utterance that has become too long between two words; the rest becomes the next one."""
        whole = [word for word in utterance.words if word.stop <= limit]
        rest = [word for word in utterance.words if word.stop > limit]
        stop = whole[-1].stop if whole else min(limit, max(self._speech_stop(utterance), utterance.start + 1))
        utterance.words = whole
        self._close(utterance, stop, now, self._automatic(stop, self._listener.position, now))
        if rest:
            self._begin(rest[0].start)
            assert self._open is not None
            self._open.words = rest

    def _close(self, utterance: _Utterance, stop: int, ended_at: float, final_at: float) -> bool:
        """End an utterance; False where there is nothing to be said of it."""
        self._speech_stop(utterance)
        self._open = None
        self._settled_until = max(self._settled_until, stop)
        if not utterance.words and utterance.voiced < _SHORTEST_SPEECH and not utterance.shown:
            return False
        utterance.stop = stop
        utterance.heard_at, utterance.ended_at = self._arrival(stop, ended_at), ended_at
        settle = self._draw(self._profile.settle_delay)
        utterance.final_at = max(final_at, self._last_final_at + settle + 0.001)
        utterance.settle_at = utterance.final_at - settle
        self._last_final_at = utterance.final_at
        if utterance.seq is None:
            utterance.seq = self._take_seq()
        self._closed.append(utterance)
        return True

    def _take_seq(self) -> int:
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        return seq

    def _show(self, utterance: _Utterance, now: float) -> None:
        utterance.next_interim = self._listener.position + int(self._draw(self._profile.interim_every) * RATE)
        text = self._hypothesis(utterance)
        if text and text != utterance.shown:
            utterance.shown = text
            if utterance.seq is None:
                utterance.seq = self._take_seq()
            self._interims.append((now + self._draw(self._profile.interim_delay), utterance, text))

    def _hypothesis(self, utterance: _Utterance) -> str:
        """Return the text so far; some words have a slip that is mended two words later."""
        words = utterance.words
        texts = [word.text for word in words[:-2]] + [self._slip(word) for word in words[-2:]]
        underway = self._listener.underway()
        if underway is not None:
            text, start, share = underway
            if not words:
                utterance.start = start
            syllables = text[: int(len(text) * share)]
            if syllables:
                texts.append(syllables)
        if not texts and not self._listener.placed and self._speech_stop(utterance) - utterance.start >= _UNKNOWN_AFTER:
            return _unknown(self._speech_stop(utterance) - utterance.start)
        return " ".join(texts)

    def _slip(self, word: HeardWord) -> str:
        key = (word.index, word.start)
        if key not in self._misheard:
            slips = self._random.random() < self._profile.revision_share
            self._misheard[key] = _misspelt(word.text, self._random) if slips else None
        return self._misheard[key] or word.text

    def _text(self, utterance: _Utterance) -> str:
        if utterance.words:
            return " ".join(word.text for word in utterance.words)
        return _unknown(utterance.stop - utterance.start)

    def _interim(self, utterance: _Utterance, text: str) -> Message:
        return self._result(utterance.seq, utterance.start, 0, False, text, None)

    def _final(self, utterance: _Utterance) -> Message:
        start = utterance.start
        base = _ms(start) if self._profile.word_times_relative else 0
        words = [
            {
                "text": word.text,
                "start_at": _ms(word.start) - base,
                "duration": _ms(word.stop) - _ms(word.start),
                "confidence": 0,
            }
            for word in utterance.words
        ]
        text = self._text(utterance)
        self.said.append(text)
        for word in utterance.words:
            self._misheard.pop((word.index, word.start), None)
        return self._result(utterance.seq, start, max(0, _ms(utterance.stop) - _ms(start)), True, text, words)

    def _result(
        self, seq: int | None, start: int, duration_ms: int, final: bool, text: str, words: list[Message] | None
    ) -> Message:
        alternative: Message = {"text": text, "confidence": round(self._random.uniform(0.1, 0.95), 2) if final else 0}
        if words is not None:
            alternative["words"] = words
        return {
            "seq": seq,
            "start_at": _ms(start),
            "duration": duration_ms,
            "final": final,
            "alternatives": [alternative],
        }


def _given(utterance: _Utterance, now: float) -> Given:
    indices = [word.index for word in utterance.words]
    return Given(
        first=min(indices, default=None),
        last=max(indices, default=None),
        heard=utterance.heard_at,
        ended=utterance.ended_at,
        due=utterance.final_at,
        sent=now,
    )


def _ms(position: int) -> int:
    return round(position * 1000 / RATE)


def _unknown(length: int) -> str:
    """Return what is honestly said of speech that is not in the script: "speech, 1.2 seconds"."""
    return f"[말소리 {max(length, RATE // 10) / RATE:.1f}초]"


def _misspelt(word: str, random: Random) -> str | None:
    """Return ``word`` with one Hangul syllable's vowel or final consonant wrong; None where it has no Hangul."""
    places = [index for index, letter in enumerate(word) if "가" <= letter <= "힣"]
    if not places:
        return None
    place = random.choice(places)
    code = ord(word[place]) - 0xAC00
    lead, vowel, tail = code // 588, code // 28 % 21, code % 28
    if tail:
        tail = 0
    else:
        vowel = (vowel + 4) % 21
    return word[:place] + chr(0xAC00 + (lead * 21 + vowel) * 28 + tail) + word[place + 1 :]

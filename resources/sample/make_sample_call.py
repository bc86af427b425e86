"""Recipe of the sample call: a Korean call-centre dialogue spoken by espeak-ng, with the true times of its words.

Run it with numpy and soundfile installed and libespeak-ng 1.51 in reach (Debian: ``apt-get install libespeak-ng1``)::

    python resources/sample/make_sample_call.py

It writes ``sample_call.flac`` (48 kHz, two channels: 1 agent, 2 customer) and ``sample_call.json`` beside itself; the
same library gives the same files. Times come from the synthesiser's own word events, tightened to where the word
can be heard. API: https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 48_000
LEVEL = 0.07  # RMS of speech, about -23 dBFS
NOISE = 10 ** (-78 / 20)  # RMS of the line's noise
AUDIBLE = 10 ** (-38 / 20)  # of an utterance's loudest 5 ms: below it a word has not begun, or is over
TITLE = "카드 분실 신고 전화"
AGENT, CUSTOMER = 1, 2
# Speaker, voice, words per minute, pitch.
VOICES = {AGENT: ("상담원", b"ko+f3", 205, 62), CUSTOMER: ("고객", b"ko+m3", 195, 38)}

# (seconds of silence before it, who, what); a tuple's parts are said with a short pause between them.
DIALOGUE: list[tuple[float, int, str | tuple[str, float, str]]] = [
    (0.8, AGENT, "감사합니다 한빛카드 상담원 김서연입니다 무엇을 도와드릴까요"),
    (1.2, CUSTOMER, "안녕하세요 지갑을 잃어버려서 전화드렸어요"),
    (0.95, AGENT, "많이 놀라셨겠어요 분실 신고를 바로 도와드리겠습니다"),
    (0.9, CUSTOMER, "네"),
    (1.1, AGENT, "본인 확인을 위해 성함과 생년월일을 말씀해 주시겠어요"),
    (1.5, CUSTOMER, ("이름은 박지훈이고요", 0.36, "천구백팔십오 년 삼월 이십일 일입니다")),
    (1.0, AGENT, "확인되었습니다 잠시만 기다려 주세요"),
    (3.6, AGENT, "기다려 주셔서 감사합니다 마지막으로 카드를 쓰신 곳이 어디인가요"),
    (1.3, CUSTOMER, "어제 저녁 편의점에서 이만 오천 원을 결제했어요"),
    (1.0, AGENT, "오후 일곱 시 사십이 분 내역이 보이네요"),
    (0.9, CUSTOMER, "맞아요"),
    (1.4, AGENT, "지금 사용을 정지했고 새 카드는 사흘 안에 보내드립니다"),
    (1.2, CUSTOMER, "다행이네요 정말 고맙습니다"),
    (1.1, AGENT, "더 궁금하신 점은 없으신가요"),
    (1.6, CUSTOMER, "없어요"),
    (0.9, AGENT, "이용해 주셔서 감사합니다 좋은 하루 보내세요"),
]
TAIL = 1.0  # seconds of silence at the end


class _Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_EVENT_WORD, _EVENT_PHONEME = 1, 7
_SYNCHRONOUS, _WITH_PHONEME_EVENTS, _PITCH, _SPEED, _UTF8 = 2, 1, 3, 1, 1


@dataclass(frozen=True, slots=True)
class Spoken:
    """One text as sound.

    Attributes:
        samples: float64 (n,) at 48 kHz, RMS ``LEVEL``, silence trimmed at both ends.
        words: text, start and stop of each word, in samples of ``samples``.
    """

    samples: np.ndarray[Any, np.dtype[np.float64]]
    words: tuple[tuple[str, int, int], ...]


class Synthesiser:
    """The espeak-ng library, synchronous."""

    def __init__(self) -> None:
        """Load and initialise the library.

        Raises:
            OSError: There is no libespeak-ng.
        """
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self._rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _WITH_PHONEME_EVENTS))
        self._blocks: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._starts: dict[int, int] = {}
        self._phonemes: list[tuple[int, str]] = []
        self._callback = _CALLBACK(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._blocks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while events[index].type:
            event = events[index]
            if event.type == _EVENT_WORD and event.text_position > 0:
                self._starts[event.text_position - 1] = event.sample
            elif event.type == _EVENT_PHONEME and not event.id.string.startswith(b"_"):
                self._phonemes.append((event.sample, event.id.string.decode()))
            index += 1
        return 0

    def _speak(
        self, text: str, voice: bytes, speed: int, pitch: int
    ) -> tuple[np.ndarray[Any, np.dtype[np.float64]], dict[int, int], list[tuple[int, str]]]:
        """Return the sound, the marked words' starts by position in the text, and the phonemes with their starts."""
        self._blocks.clear()
        self._starts.clear()
        self._phonemes.clear()
        self._library.espeak_SetVoiceByName(voice)
        self._library.espeak_SetParameter(_SPEED, speed, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        return np.concatenate(self._blocks).astype(np.float64), dict(self._starts), list(self._phonemes)

    def say(self, text: str, voice: bytes, speed: int, pitch: int) -> Spoken:
        """Speak ``text``, whose words are separated by single spaces.

        Raises:
            ValueError: The library does not tell where a word begins.
        """
        alone = [len(self._speak(word, voice, speed, pitch)[2]) for word in text.split()]
        raw, marked, phonemes = self._speak(text, voice, speed, pitch)
        bounds: list[int] = []
        position = count = 0
        for word, phoneme_count in zip(text.split(), alone, strict=True):
            # The library marks no word that begins with a nasal after a vowel; its phonemes are reported all the same.
            start = marked.get(position)
            if start is not None:
                count = sum(1 for sample, _ in phonemes if sample < start)
            elif phonemes[count][1][0] in "mn":
                start = phonemes[count][0] if count else 0
            else:
                raise ValueError(f"espeak-ng gives no start for the word {word!r}")
            bounds.append(start)
            position += len(word) + 1
            count += phoneme_count
        bounds.append(len(raw))
        spans = [_audible(raw, start, stop, self._rate) for start, stop in pairwise(bounds)]
        first, last = spans[0][0], spans[-1][1]
        samples = _resample(raw[first:last], self._rate)
        samples *= LEVEL / float(np.sqrt(np.mean(samples**2)))
        scale = RATE / self._rate
        words = tuple(
            (word, round((start - first) * scale), min(round((stop - first) * scale), len(samples)))
            for word, (start, stop) in zip(text.split(), spans, strict=True)
        )
        return Spoken(samples, words)


def _audible(raw: np.ndarray[Any, np.dtype[np.float64]], start: int, stop: int, rate: int) -> tuple[int, int]:
    """Return ``[start, stop)`` without the silence at its ends."""
    step = rate // 400  # 2.5 ms
    power = np.convolve(raw**2, np.ones(2 * step) / (2 * step), mode="same")
    loud = np.flatnonzero(power[start:stop] > float(power.max()) * AUDIBLE**2)
    return start + int(loud[0]), start + int(loud[-1]) + 1


def _resample(samples: np.ndarray[Any, np.dtype[np.float64]], rate: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Bring ``samples`` from ``rate`` to 48 kHz by Fourier interpolation, exact for what the synthesiser gives."""
    padded = np.concatenate([samples, np.zeros(rate // 50)])
    padded = np.concatenate([padded, np.zeros(-len(padded) % (rate // 50))])
    count = len(padded) * RATE // rate
    return np.asarray(np.fft.irfft(np.fft.rfft(padded), count) * (count / len(padded)))[: len(samples) * RATE // rate]


def main() -> None:
    """Write the sample call and its script."""
    synthesiser = Synthesiser()
    pieces: list[tuple[int, int, Spoken]] = []  # channel, position, sound
    utterances: list[dict[str, Any]] = []
    position = 0
    for pause, channel, what in DIALOGUE:
        _, voice, speed, pitch = VOICES[channel]
        parts = (what,) if isinstance(what, str) else (what[0], what[2])
        words: list[dict[str, Any]] = []
        position += round(pause * RATE)
        for index, text in enumerate(parts):
            if index and not isinstance(what, str):
                position += round(what[1] * RATE)
            spoken = synthesiser.say(text, voice, speed, pitch)
            pieces.append((channel, position, spoken))
            words += [
                {
                    "text": word,
                    "start": round((position + start) / RATE, 3),
                    "stop": round((position + stop) / RATE, 3),
                }
                for word, start, stop in spoken.words
            ]
            position += len(spoken.samples)
        text = " ".join(parts)
        utterances.append(
            {"channel": channel, "text": text, "start": words[0]["start"], "stop": words[-1]["stop"], "words": words}
        )
    length = position + round(TAIL * RATE)
    length += -length % (RATE // 100)
    # Quiet noise of a telephone line, 300 to 3,400 Hz, on both channels.
    spectrum = np.fft.rfft(np.random.default_rng(20_240_501).standard_normal((2, length)))
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    spectrum[:, (frequency < 300) | (frequency > 3400)] = 0
    call = np.fft.irfft(spectrum, length)
    call *= NOISE / np.sqrt(np.mean(call**2, axis=1, keepdims=True))
    for channel, start, spoken in pieces:
        call[channel - 1, start : start + len(spoken.samples)] += spoken.samples
    samples = np.clip(np.rint(call.T * 32768), -32768, 32767).astype(np.int16)
    folder = Path(__file__).resolve().parent
    soundfile.write(folder / "sample_call.flac", samples, RATE, format="FLAC", subtype="PCM_16")
    script = {
        "title": TITLE,
        "channels": [{"speaker": VOICES[channel][0]} for channel in (AGENT, CUSTOMER)],
        "utterances": utterances,
    }
    (folder / "sample_call.json").write_text(
        json.dumps(script, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n"
    )
    print(f"{length / RATE:.2f} s, {len(utterances)} utterances, {sum(len(u['words']) for u in utterances)} words")


if __name__ == "__main__":
    main()

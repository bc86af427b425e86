"""`captioner check`: an account and a network, proven step by step, each with its time and what to do where it fails.

The steps use the very modules that captions use (`stt.network`, `stt.tokens`, `stt.link`), but no session: nothing is
tried twice, so that every answer of the service is seen. `--full` goes on with what the public documents of the service
leave open (https://developers.rtzr.ai/docs/stt-streaming/websocket); its report holds no secret and can be passed on.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np
import soundfile
from numpy.typing import NDArray

from captioner import __version__
from captioner.audio.conditioning import Conditioner
from captioner.commands.ending import CommandError, ExitCode, failed
from captioner.commands.output import complain
from captioner.commands.transcribe import account_for, settings_for
from captioner.errors import Fault, FaultError, FaultKind
from captioner.events import (
    RATE,
    AudioBlock,
    Close,
    Closed,
    GetToken,
    Hypothesis,
    News,
    Open,
    Opened,
    OpenRefused,
    Received,
    TokenGranted,
    TokenRefused,
    Write,
)
from captioner.language import Sentences
from captioner.places import resource
from captioner.policy import Policy
from captioner.settings import Settings
from captioner.stt import rtzr
from captioner.stt.link import Link
from captioner.stt.network import OPEN_TIMEOUT, Network, Route, Way, fault_of_system, first_that_answers, load_httpx
from captioner.stt.tokens import Tokens
from captioner.ui.viewstate import fault_sentence

CLIP = 3.0
"""Seconds of the sample call that are sent."""

PATIENCE = 5.0
"""Seconds that a final, and the Close after EOS, are waited for."""

ECHO = 2.0
"""Seconds that an answer to a needless command is waited for; others take a few tenths of one."""

IDLE = 75.0
"""Seconds without sound after which the idle limit, said to be 60 s, is no longer waited for."""

_FIRST, _CHUNK = RATE // 10, RATE // 50  # samples in the first message and in the others


@dataclass(frozen=True, slots=True)
class Clip:
    """A short utterance, whole, with silence before and after it.

    Attributes:
        samples: int16 (n,), mono, 8 kHz.
        speech_stop: seconds from its start to the end of the last word.
    """

    samples: NDArray[np.int16]
    speech_stop: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a clip; seconds from the moment at which its last word had been sent, None where it did not come.

    Attributes:
        final: to the (first) final.
        text: of that final.
    """

    final: float | None
    text: str


def check(full: bool, endpoint: str, environment: Mapping[str, str], policy: Policy, say: Sentences) -> int:
    """Run the steps, print them as they are done, and return the exit code.

    Raises:
        CommandError: the first step that failed.
    """
    settings = settings_for({}, endpoint, environment, policy, say)
    account = account_for(policy, say)
    tokens = Tokens(Network.of(settings), account)
    return asyncio.run(_check(settings, tokens, policy.token_url, full, Report(say), say))


class Report:
    """Prints what was found, a line for each step."""

    def __init__(self, say: Sentences) -> None:
        self._say = say

    def done(self, name: str, seconds: float | None, detail: str = "") -> None:
        """A step succeeded."""
        self._line("✓", name, seconds, detail)

    def failed(self, name: str, fault: Fault) -> None:
        """A step failed; the sentence says what to do."""
        self._line("✗", name, None, fault_sentence(fault, self._say))

    def found(self, name: str, detail: str) -> None:
        """Something that was open is known now."""
        self._line("•", name, None, detail)

    def text(self, line: str) -> None:
        """Print a line as it is."""
        print(line, flush=True)

    def _line(self, mark: str, name: str, seconds: float | None, detail: str) -> None:
        took = "" if seconds is None else f"{seconds * 1000:.0f} ms"
        print(f"{mark} {name}: {', '.join(part for part in (took, detail) if part)}", flush=True)


async def _check(settings: Settings, tokens: Tokens, token_url: str, full: bool, report: Report, say: Sentences) -> int:
    clip = read_clip()
    probe = Probe(tokens)
    try:
        await _reach(tokens, report, say)
        base = await _converse(settings, probe, clip, token_url, report, say)
        if base is None:
            return ExitCode.INCOMPLETE
        if full:
            report.text("")
            report.text(f"captioner {__version__}, {settings.base_url}")
            return await _settle(settings, probe, clip, base, report, say)
        return ExitCode.COMPLETE
    finally:
        await probe.aclose()
        await tokens.aclose()


# ---------------------------------------------------------------- the way there


async def _reach(tokens: Tokens, report: Report, say: Sentences) -> None:
    """Name, TLS and proxy."""
    load_httpx()  # which would count as the name's time

    name, tls, proxy = say("Name"), "TLS", say("Proxy")
    began = time.perf_counter()
    try:
        async with asyncio.timeout(OPEN_TIMEOUT):
            route = await Way(tokens.network).find()
    except FaultError as error:
        step = {FaultKind.PROXY: proxy, FaultKind.CERTIFICATE: tls}.get(error.fault.kind, name)
        raise _fail(step, error.fault, report, say) from error
    except TimeoutError as error:
        raise _fail(name, Fault(FaultKind.UNREACHABLE, "timed out"), report, say) from error
    took = time.perf_counter() - began
    if route.proxy is None:
        report.done(name, took, f"{route.host} → {', '.join(route.addresses)}")
        await _shake_hands(route, report, say)
        report.done(proxy, None, say("none"))
    else:
        parts = urlsplit(route.proxy)
        report.done(name, took, say("{host}, looked up by the proxy", host=route.host))
        report.done(tls, None, say("inside the proxy's tunnel; the token proves it"))
        report.done(proxy, None, f"{parts.scheme}://{parts.hostname}:{parts.port or 80}")


async def _shake_hands(route: Route, report: Report, say: Sentences) -> None:
    """Connect without a proxy, and end it again."""

    async def attempt(address: str) -> asyncio.StreamWriter:
        _, writer = await asyncio.open_connection(
            address, route.port, ssl=route.tls, server_hostname=route.host if route.tls else None
        )
        return writer

    began = time.perf_counter()
    try:
        async with asyncio.timeout(OPEN_TIMEOUT):
            writer = await first_that_answers(route.addresses, attempt)
    except OSError as error:  # TimeoutError among them
        raise _fail("TLS", fault_of_system(error, proxied=False), report, say) from error
    took = time.perf_counter() - began
    secured = writer.get_extra_info("ssl_object")
    report.done("TLS", took, secured.version() if secured is not None else say("none, it is this computer"))
    writer.transport.abort()


def _fail(step: str, fault: Fault, report: Report, say: Sentences) -> CommandError:
    report.failed(step, fault)
    return failed(fault, say, about=step)


# ---------------------------------------------------------------- a conversation


@dataclass(frozen=True, slots=True)
class Base:
    """What the first conversation showed.

    Attributes:
        final: seconds from the end of speech.
        close: seconds from EOS to the end of the connection; None where none came.
        code: of the service's Close; None where it sent none.
    """

    final: float
    close: float | None
    code: int | None


async def _converse(
    settings: Settings, probe: Probe, clip: Clip, token_url: str, report: Report, say: Sentences
) -> Base | None:
    """Token, handshake, three seconds of sound, their final, EOS; None where there was no final."""
    step = say("Token")
    try:
        source = say("from your company's service, {url}", url=token_url) if token_url else ""
        report.done(step, await probe.authenticate(), source)
        step = say("Handshake")
        report.done(step, await probe.open(rtzr.query(settings)))
        step = say("Sound")
        answer = await probe.utter(clip, silence=PATIENCE)
        report.done(step, None, say("{seconds} s of the sample call", seconds=f"{CLIP:.1f}"))
        step = "EOS"
        close, code, late = await probe.end()
        final, text = (answer.final, answer.text) if answer.final is not None else late
        if final is None and close is not None and code is None:
            raise FaultError(rtzr.fault_of_close(None, "closed without a Close frame"))
    except FaultError as error:
        raise _fail(step, error.fault, report, say) from error
    name = say("Final")
    if final is None:
        report.text(f"✗ {name}: {say('no text came back')}")
        complain(say("The service took the sound, but gave no text for it. Check the model and the domain."))
        return None
    report.done(name, final, say("after the end of speech: {text}", text=text))
    if close is None:
        report.text(f"✗ EOS: {say('no Close within {seconds} s', seconds=f'{PATIENCE:.0f}')}")
    elif code is None:
        report.done("EOS", close, say("then an end without a Close"))
    else:
        report.done("EOS", close, say("then Close {code}", code=code))
    return Base(final, close, code)


class Probe:
    """One connection after another, with nothing between us and what the service says."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._news: asyncio.Queue[tuple[float, News]] = asyncio.Queue()
        self._link = Link(tokens, lambda news: self._news.put_nowait((time.perf_counter(), news)))
        self._epoch = 0
        self._sent = 0  # samples on this connection
        self._spoken_at = 0.0  # when the last word of the last clip had been sent

    async def authenticate(self) -> float:
        """Get a new token; return how long it took.

        Raises:
            FaultError: there is none.
        """
        began = time.perf_counter()
        self._link.perform(GetToken(fresh=True))
        while True:
            at, news = await self._next(OPEN_TIMEOUT)
            match news:
                case TokenGranted():
                    return at - began
                case TokenRefused(fault=fault):
                    raise FaultError(fault)
                case _:
                    pass

    async def open(self, query: str) -> float:
        """Open a connection; return how long it took.

        Raises:
            FaultError: it was refused.
        """
        self._epoch += 1
        self._sent = 0
        began = time.perf_counter()
        self._link.perform(Open(self._epoch, query))
        while True:
            at, news = await self._next(OPEN_TIMEOUT)
            match news:
                case Opened(epoch=epoch) if epoch == self._epoch:
                    return at - began
                case OpenRefused(epoch=epoch, fault=fault) if epoch == self._epoch:
                    raise FaultError(fault)
                case _:
                    pass

    async def utter(self, clip: Clip, *, silence: float) -> Answer:
        """Send a clip at the pace of speech, then silence until its final comes, `silence` seconds at most.

        Raises:
            FaultError: the connection ended.
        """
        began = time.perf_counter()
        self._spoken_at = began + clip.speech_stop
        total = len(clip.samples) + round(silence * RATE)
        padded = np.concatenate((clip.samples, np.zeros(total - len(clip.samples), np.int16)))
        at = 0
        while at < total:
            stop = min(at + (_FIRST if self._sent == 0 else _CHUNK), total)
            due = began + stop / RATE
            while (left := due - time.perf_counter()) > 0:
                answer = await self._hear(left)
                if answer is not None:
                    return answer
            self._write(padded[at:stop].astype("<i2").tobytes(), stop - at)
            at = stop
        return Answer(None, "")

    async def command(self, text: str, wait: float) -> Answer:
        """Send a command; return the first final within `wait` seconds, counted from the command.

        Raises:
            FaultError: the connection ended.
        """
        self._spoken_at = began = time.perf_counter()
        self._write(text, 0)
        while (left := began + wait - time.perf_counter()) > 0:
            answer = await self._hear(left)
            if answer is not None:
                return answer
        return Answer(None, "")

    async def end(self) -> tuple[float | None, int | None, tuple[float | None, str]]:
        """Send EOS and wait for the service's Close.

        Returns:
            Seconds to the end (None where none came), the code of the service's Close (None where it sent none), and
            the first final that came before it, counted from the end of the last clip's speech.
        """
        began = time.perf_counter()
        self._write(rtzr.EOS, 0)
        final: tuple[float | None, str] = (None, "")
        while (left := began + PATIENCE - time.perf_counter()) > 0:
            at, news = await self._next(left)
            match news:
                case Received(epoch=epoch, message=message) if epoch == self._epoch:
                    decoded = rtzr.decode(message)
                    if isinstance(decoded, Fault):
                        raise FaultError(decoded)
                    if isinstance(decoded, Hypothesis) and decoded.final and decoded.text and final[0] is None:
                        final = at - self._spoken_at, decoded.text
                case Closed(epoch=epoch, code=code) if epoch == self._epoch:
                    return at - began, code, final
                case _:
                    pass
        self.drop()
        return None, None, final

    async def wait_for_close(self, seconds: float, tell: Callable[[float], None]) -> tuple[float, int | None] | None:
        """Send nothing until the service closes; return after how long and with which code, None if it does not.

        Args:
            seconds: how long to wait.
            tell: called about once a second with the seconds that are left.
        """
        began = time.perf_counter()
        while (left := began + seconds - time.perf_counter()) > 0:
            tell(left)
            with suppress(TimeoutError):
                at, news = await asyncio.wait_for(self._news.get(), min(1.0, left))
                if isinstance(news, Closed) and news.epoch == self._epoch:
                    return at - began, news.code
        return None

    def drop(self) -> None:
        """Give the connection up."""
        self._link.perform(Close(self._epoch))

    async def aclose(self) -> None:
        """End everything."""
        await self._link.aclose()

    def _write(self, data: bytes | str, samples: int) -> None:
        self._sent += samples
        self._link.perform(Write(self._epoch, data, self._sent))

    async def _next(self, within: float) -> tuple[float, News | None]:
        """Wait for news, at most `within` seconds; return when they came, and None where none did."""
        try:
            return await asyncio.wait_for(self._news.get(), within)
        except TimeoutError:
            return time.perf_counter(), None

    async def _hear(self, within: float) -> Answer | None:
        """Take one piece of news, waiting for it `within` seconds; return the final that it may be."""
        at, news = await self._next(within)
        match news:
            case Received(epoch=epoch, message=message) if epoch == self._epoch:
                decoded = rtzr.decode(message)
                if isinstance(decoded, Fault):
                    raise FaultError(decoded)
                if isinstance(decoded, Hypothesis) and decoded.final and decoded.text:
                    return Answer(at - self._spoken_at, decoded.text)
            case Closed(epoch=epoch, code=code, detail=detail) if epoch == self._epoch:
                raise FaultError(rtzr.fault_of_close(code, detail))
            case _:
                pass
        return None


# ---------------------------------------------------------------- what the documents leave open


async def _settle(settings: Settings, probe: Probe, clip: Clip, base: Base, report: Report, say: Sentences) -> int:
    """Try what is open, each on a connection of its own; return the exit code."""
    if base.close is None:
        report.found(say("Close after EOS"), say("none within {seconds} s", seconds=f"{PATIENCE:.0f}"))
    elif base.code is None:
        found = say("none; the connection ended after {ms} ms", ms=f"{base.close * 1000:.0f}")
        report.found(say("Close after EOS"), found)
    else:
        report.found(
            say("Close after EOS"), say("code {code} after {ms} ms", code=base.code, ms=f"{base.close * 1000:.0f}")
        )
    code = ExitCode.COMPLETE
    for name, attempt in (
        (say("Finalize twice"), _finalize_twice),
        (say("epd_time left out"), _without_epd),
        (say("Idle limit"), _idle),
    ):
        try:
            report.found(name, await attempt(settings, probe, clip, base, say))
        except FaultError as error:
            report.failed(name, error.fault)
            complain(f"{name}: {fault_sentence(error.fault, say)}")
            code = ExitCode.INCOMPLETE
    return code


async def _finalize_twice(settings: Settings, probe: Probe, clip: Clip, base: Base, say: Sentences) -> str:
    del base
    await probe.open(rtzr.query(settings))
    await probe.utter(clip, silence=0.0)
    first = await probe.command(rtzr.FINALIZE, PATIENCE)
    second = await probe.command(rtzr.FINALIZE, ECHO)
    probe.drop()
    if first.final is None:
        return say("the first one brought nothing within {seconds} s", seconds=f"{PATIENCE:.0f}")
    ms = f"{first.final * 1000:.0f}"
    if second.final is None:
        return say("the first one brought a final after {ms} ms, the second one nothing", ms=ms)
    return say("the first one brought a final after {ms} ms, the second one another", ms=ms)


async def _without_epd(settings: Settings, probe: Probe, clip: Clip, base: Base, say: Sentences) -> str:
    parameters = [(name, value) for name, value in parse_qsl(rtzr.query(settings)) if name != "epd_time"]
    await probe.open(urlencode(parameters))
    answer = await probe.utter(clip, silence=PATIENCE)
    probe.drop()
    if answer.final is None:
        return say("no final within {seconds} s of silence", seconds=f"{PATIENCE:.0f}")
    return say(
        "final {ms} ms after the end of speech; with epd_time={epd} it was {base} ms",
        ms=f"{answer.final * 1000:.0f}",
        epd=f"{settings.epd:g}",
        base=f"{base.final * 1000:.0f}",
    )


async def _idle(settings: Settings, probe: Probe, clip: Clip, base: Base, say: Sentences) -> str:
    del base
    await probe.open(rtzr.query(settings))
    await probe.utter(Clip(clip.samples[:_FIRST], 0.0), silence=0.0)
    closed = await probe.wait_for_close(IDLE, _countdown(say))
    if closed is None:
        probe.drop()
        return say("none within {seconds} s; pings were sent", seconds=f"{IDLE:.0f}")
    after, code = closed
    if code is None:
        return say("the connection broke after {seconds} s", seconds=f"{after:.1f}")
    return say("closed with code {code} after {seconds} s", code=code, seconds=f"{after:.1f}")


def _countdown(say: Sentences) -> Callable[[float], None]:
    """Make what tells a person at a terminal how long it still takes."""
    if not sys.stderr.isatty():
        return lambda _: None

    def tell(left: float) -> None:
        sys.stderr.write(f"\r{say('Waiting for the idle limit: {seconds} s', seconds=f'{left:.0f}')}  \r")
        sys.stderr.flush()

    return tell


# ---------------------------------------------------------------- the sound


def read_clip() -> Clip:
    """Cut the longest utterance that fits with its silence out of the sample call."""
    script = json.loads(resource("sample", "sample_call.json").read_text(encoding="utf-8"))
    spans = [(each["start"], each["stop"]) for each in script["utterances"]]
    start, stop = max((span for span in spans if span[1] - span[0] <= CLIP - 0.3), key=lambda span: span[1] - span[0])
    with soundfile.SoundFile(resource("sample", "sample_call.flac")) as sound:
        begin = start - 0.2
        sound.seek(round(begin * sound.samplerate))
        block = AudioBlock(
            sound.read(round(CLIP * sound.samplerate), dtype="float32", always_2d=True), sound.samplerate, 0, 0.0
        )
    conditioner = Conditioner(block.rate, block.samples.shape[1])
    frames = [*conditioner.push(block), *conditioner.flush()]
    samples = np.concatenate([frame.samples for frame in frames])
    return Clip(samples[-frames[0].start :], stop - begin)  # without what the filter rings before the first sample

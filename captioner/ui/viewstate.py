"""What a person reads: every state, fault, loss and figure as a sentence in their language.

Values in, words out: no widget, no clock. The window and the terminal say the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import assert_never

from captioner.errors import Fault, FaultKind
from captioner.events import RATE, GapShown, LossReason, Phase, Status, Summary
from captioner.language import Sentences
from captioner.latency.statistics import Distribution, StageTable
from captioner.places import FileProblem
from captioner.settings import Mode, SettingError, Settings, option_of

NO_SIGNAL = 3.0
"""Seconds without any signal from the source after which that is said."""

_BEHIND = 1.0  # seconds: less is no news
_FLOOR = -60.0  # dBFS: the meter's lower end
_DETAIL = 200  # characters of what a service says that are worth a line


class Tone(StrEnum):
    """How good a state is, for its colour."""

    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    IDLE = "idle"


class Icon(StrEnum):
    """The state's sign, because colour alone says nothing to some."""

    READY = "ready"
    CONNECTING = "connecting"
    LISTENING = "listening"
    CATCHING_UP = "catching-up"
    RECONNECTING = "reconnecting"
    MUTED = "muted"
    NO_SIGNAL = "no-signal"
    FINISHING = "finishing"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class ViewState:
    """A lane as the window's bars show it.

    Attributes:
        headline: the state in a few words.
        elapsed: "00:12:31".
        detail: what is wrong, what the program does about it, what the person can do; empty where all is well.
        mode: the mode's name.
        banner: says that the recogniser is an emulator; empty where it is not.
        foot: the account so far.
        meter: 0 to 1, from -60 to 0 dBFS.
        no_signal: the source has been dead silent for too long.
        lossy: something was lost, the foot needs a colour.
    """

    tone: Tone
    icon: Icon
    headline: str
    elapsed: str
    detail: str
    mode: str
    banner: str
    foot: str
    meter: float
    no_signal: bool
    speech: bool
    lossy: bool
    muted: bool
    can_start: bool
    can_stop: bool
    can_stop_now: bool
    can_mute: bool


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """A stage's line in the latency table.

    Attributes:
        stage: its name in `STAGES`.
        name: its name for people.
        last, p50, p95, max, n: formatted, milliseconds without their unit; "–" where there is no value.
        last_ms: of the last utterance, for the bar.
    """

    stage: str
    name: str
    last: str
    p50: str
    p95: str
    max: str
    n: str
    last_ms: float | None


def view_state(
    status: Status | None,
    *,
    source: str,
    settings: Settings,
    demo: bool,
    say: Sentences,
    latency: Distribution | None = None,
) -> ViewState:
    """Say how a lane is.

    Args:
        status: None before anything was started.
        source: the sound source's name for people.
        settings: those in use.
        demo: the service is the emulator.
        say: the person's language.
        latency: the finals' totals so far.
    """
    tone, icon, headline = _headline(status, source, settings, say)
    running = status is not None and status.phase in (Phase.CONNECTING, Phase.LIVE, Phase.RECONNECTING)
    finishing = status is not None and (status.phase is Phase.DRAINING or (running and status.drain_left is not None))
    return ViewState(
        tone=tone,
        icon=icon,
        headline=headline,
        elapsed=duration(status.elapsed if status else 0.0),
        detail=_detail(status, icon, settings, say) if status else "",
        mode=_mode(settings.mode, say),
        banner=say("Demo: an emulator on this computer plays the recogniser.") if demo else "",
        foot=_foot(status, latency, say) if status else "",
        meter=_meter(status.level) if running and status else 0.0,
        no_signal=icon is Icon.NO_SIGNAL,
        speech=running and status is not None and status.speech,
        lossy=status is not None and status.lost > 0,
        muted=status is not None and status.muted,
        can_start=status is None or status.phase is Phase.STOPPED,
        can_stop=running and not finishing,
        can_stop_now=finishing,
        can_mute=running and not finishing,
    )


def _headline(status: Status | None, source: str, settings: Settings, say: Sentences) -> tuple[Tone, Icon, str]:
    if status is None:
        return Tone.IDLE, Icon.READY, say("Ready")
    behind = f"{status.behind:.1f}"
    match status.phase:
        case Phase.CONNECTING:
            tone = Tone.WARN if status.fault else Tone.BUSY
            if _full(status, settings):
                tone, words = Tone.BAD, say("Connecting · {seconds} s behind, sound is being lost", seconds=behind)
            elif status.behind >= _BEHIND:
                words = say("Connecting · {seconds} s kept", seconds=behind)
            else:
                words = say("Connecting")
            return tone, Icon.CONNECTING, _and_muted(words, status, say)
        case Phase.RECONNECTING:
            if status.drain_left is not None:
                left = math.ceil(status.drain_left)
                words = say("Finishing · reconnecting for the last words ({seconds} s)", seconds=left)
                return Tone.WARN, Icon.RECONNECTING, words
            if _full(status, settings):
                words = say("Reconnecting · {seconds} s behind, sound is being lost", seconds=behind)
                return Tone.BAD, Icon.RECONNECTING, _and_muted(words, status, say)
            words = say("Reconnecting · {seconds} s behind, will catch up", seconds=behind)
            return Tone.WARN, Icon.RECONNECTING, _and_muted(words, status, say)
        case Phase.LIVE:
            if status.fault or (status.quiet_for >= NO_SIGNAL and not status.muted):
                return Tone.BAD, Icon.NO_SIGNAL, say("No sound from {source}", source=source)
            if status.behind >= _BEHIND:
                words = say("Listening · {seconds} s behind, catching up", seconds=behind)
                return Tone.BUSY, Icon.CATCHING_UP, _and_muted(words, status, say)
            if status.muted:
                return Tone.WARN, Icon.MUTED, say("Muted")
            return Tone.GOOD, Icon.LISTENING, say("Listening")
        case Phase.DRAINING:
            if status.drain_left is None:
                return Tone.BUSY, Icon.FINISHING, say("Finishing")
            left = max(0, math.ceil(status.drain_left))
            return Tone.BUSY, Icon.FINISHING, say("Finishing ({seconds} s)", seconds=left)
        case Phase.STOPPED:
            lost = status.lost + status.held  # nothing is waited for any more
            if lost:
                return Tone.BAD, Icon.INCOMPLETE, say("Stopped · {seconds} s lost", seconds=_lost(lost))
            if status.fault:
                return Tone.BAD, Icon.INCOMPLETE, say("Stopped · incomplete")
            return Tone.IDLE, Icon.COMPLETE, say("Stopped · complete")
        case _:
            assert_never(status.phase)


def _and_muted(words: str, status: Status, say: Sentences) -> str:
    return say("{state} · muted", state=words) if status.muted else words


def _detail(status: Status, icon: Icon, settings: Settings, say: Sentences) -> str:
    sentences = [fault_sentence(status.fault, say)] if status.fault else []
    match status.phase:
        case Phase.CONNECTING | Phase.RECONNECTING | Phase.DRAINING:
            if status.retry_in is not None:
                sentences.append(say("Trying again in {seconds} s.", seconds=max(1, math.ceil(status.retry_in))))
            if status.phase is Phase.DRAINING:
                sentences.append(say("Waiting for the last words."))
            elif _full(status, settings):
                sentences.append(say("What was said more than {seconds} s ago is lost.", seconds=settings.hold))
            elif status.fault or status.phase is Phase.RECONNECTING:
                sentences.append(say("What is said meanwhile is kept, up to {seconds} s.", seconds=settings.hold))
        case Phase.LIVE:
            if icon is Icon.NO_SIGNAL and not status.fault:
                sentences.append(say("Check that it is plugged in, switched on and not muted, or choose another one."))
            elif status.muted:
                sentences.append(say("Silence is sent in place of what is heard."))
            if status.pending_settings:
                sentences.append(say("The new settings apply at the next pause."))
        case Phase.STOPPED:
            pass
        case _:
            assert_never(status.phase)
    return " ".join(sentences)


def _full(status: Status, settings: Settings) -> bool:
    """Whether as much sound is held as can be, so that the next second costs the oldest one."""
    return status.held >= (settings.hold - 1) * RATE


def _foot(status: Status, latency: Distribution | None, say: Sentences) -> str:
    parts = [say("Lost {seconds} s", seconds=_lost(status.lost))]
    if status.connections == 1:
        parts.append(say("1 connection"))
    else:
        parts.append(say("{count} connections", count=status.connections))
    if status.overflows:
        parts.append(say("Driver overflows: {count}", count=status.overflows))
    if latency is not None and latency.p95 is not None:
        parts.append(say("p95 {ms} ms (n {n})", ms=_ms(latency.p95), n=latency.n))
    return " · ".join(parts)


def _mode(mode: Mode, say: Sentences) -> str:
    match mode:
        case Mode.STREAMING:
            return say("Streaming")
        case Mode.STREAMING_FINALIZE:
            return say("Streaming, faster finals")
        case Mode.SILENCE_WAIT:
            return say("Silence-wait")
        case _:
            assert_never(mode)


def _meter(level: float) -> float:
    return min(1.0, max(0.0, 1 - level / _FLOOR))


# ---------------------------------------------------------------- faults and settings


def fault_sentence(fault: Fault, say: Sentences) -> str:
    """Say in one line what happened and what to do about it, with what the service or the system said in brackets."""
    sentence = _fault(fault.kind, say)
    detail = " ".join(fault.detail.split())
    if len(detail) > _DETAIL:
        detail = detail[: _DETAIL - 1] + "…"
    return f"{sentence} ({detail})" if detail else sentence


def _fault(kind: FaultKind, say: Sentences) -> str:
    match kind:
        case FaultKind.UNREACHABLE:
            return say("The service cannot be reached. Check the network, the proxy and the endpoint.")
        case FaultKind.CERTIFICATE:
            return say(
                "The service's certificate cannot be verified. Check this computer's clock; in a company network, "
                "set its own certificate authority in the settings."
            )
        case FaultKind.PROXY:
            return say("The proxy does not let the connection through. Check the proxy's address in the settings.")
        case FaultKind.NOT_THE_SERVICE:
            return say(
                "Something else than the service answered. Check the endpoint, or log in to this network in a browser."
            )
        case FaultKind.BROKEN:
            return say("The connection to the service broke. Check the network if it happens again.")
        case FaultKind.CREDENTIALS_MISSING:
            return say(
                "The RTZR keys are missing. Enter them in the window, or set RTZR_CLIENT_ID and RTZR_CLIENT_SECRET."
            )
        case FaultKind.CREDENTIALS_REFUSED:
            return say("The service refused the RTZR keys. Check the client id and the secret.")
        case FaultKind.TOKEN_EXPIRED:
            return say("The service refused the access token. Start again; if it stays so, check the RTZR keys.")
        case FaultKind.BAD_REQUEST:
            return say("The service refused the recognition settings. Check the model, the language and the keywords.")
        case FaultKind.QUOTA:
            return say("The RTZR account's quota is used up. Raise it in the RTZR console, or wait for its renewal.")
        case FaultKind.BUSY:
            return say("The RTZR account has too many streams open. Close another one, or try again later.")
        case FaultKind.SERVICE_DOWN:
            return say("The service is not working at the moment. Try again later.")
        case FaultKind.SERVICE_ERROR:
            return say("The service reported an error. Try again; if it stays so, tell the service's support.")
        case FaultKind.NO_PORTAUDIO:
            return say(
                "The PortAudio library, which hears microphones, is not installed. "
                "Install it (Debian and Ubuntu: apt install libportaudio2), or use a file."
            )
        case FaultKind.NO_DEVICE:
            return say("No microphone was found. Plug one in, and try again.")
        case FaultKind.DEVICE_BUSY:
            return say("Another program is using the microphone. Close that program, or choose another microphone.")
        case FaultKind.DEVICE_DENIED:
            return say(
                "The system does not allow the use of the microphone. Allow it in the system's privacy settings."
            )
        case FaultKind.DEVICE_LOST:
            return say("The microphone was disconnected. Plug it in again, or choose another one.")
        case FaultKind.DEVICE_FAILED:
            return say("The microphone does not work. Plug it in again, or choose another one.")
        case FaultKind.FILE_MISSING:
            return say("The file does not exist. Check its name.")
        case FaultKind.FILE_UNREADABLE:
            return say("The file cannot be read. Check its permissions, and that it is not a folder.")
        case FaultKind.FILE_NOT_SOUND:
            return say("The file is no sound that can be read. Use a WAV or FLAC file.")
        case FaultKind.FILE_EMPTY:
            return say("The file holds no sound. Use another one.")
        case FaultKind.FILE_FORMAT:
            return say("The file's format is not supported. Use 8 to 192 kHz and 1 to 8 channels.")
        case FaultKind.FILE_CUT:
            return say("The file ends before its header says so. What it holds was recognised; get the whole file.")
        case FaultKind.NO_SUCH_CHANNEL:
            return say("The source does not have that channel. Count from 1, or leave the channel out.")
        case _:
            assert_never(kind)


def setting_sentence(error: SettingError, say: Sentences) -> str:
    """Say why a value cannot be used, to somebody who sees which setting it is."""
    return say(error.sentence, **error.values)


def named_setting_sentence(error: SettingError, say: Sentences) -> str:
    """Say which setting cannot be used, and why."""
    label = next(option_of(each).label for each in fields(Settings) if each.name == error.name)
    return say("{setting}: {reason}", setting=say(label), reason=setting_sentence(error, say))


def stored_sentence(problem: FileProblem | SettingError, say: Sentences) -> str:
    """Say what is wrong with the stored settings."""
    if isinstance(problem, SettingError):
        return say("{reason} The default is used.", reason=named_setting_sentence(problem, say))
    return say(problem.sentence, **problem.values)


# ---------------------------------------------------------------- losses and the end


def gap_sentence(gap: GapShown, say: Sentences) -> str:
    """Say how much sound is missing at this place, and why."""
    return say("⚠ {seconds} s missing: {reason}", seconds=_lost(gap.stop - gap.start), reason=_reason(gap.reason, say))


def _reason(reason: LossReason, say: Sentences) -> str:
    match reason:
        case LossReason.OUTAGE:
            return say("no connection for too long")
        case LossReason.OVERFLOW:
            return say("this computer was too busy")
        case LossReason.DEVICE:
            return say("no audio device")
        case LossReason.UNFINISHED:
            return say("the service did not finish")
        case LossReason.STOPPED:
            return say("stopped early")
        case _:
            assert_never(reason)


def outcome_sentence(summary: Summary, say: Sentences) -> str:
    """Say whether everything that was heard was recognised."""
    heard = f"{summary.captured / RATE:.1f}"
    if summary.complete:
        return say("Complete: all {seconds} s of sound were recognised.", seconds=heard)
    if summary.lost:
        return say("Incomplete: {lost} s of {seconds} s of sound were lost.", lost=_lost(summary.lost), seconds=heard)
    return say("Incomplete: it ended early, after {seconds} s of sound.", seconds=heard)


# ---------------------------------------------------------------- figures


def latency_rows(table: StageTable, say: Sentences) -> tuple[LatencyRow, ...]:
    """Return the latency table's lines, in the order in which sound passes the stages, the total last."""
    return tuple(
        LatencyRow(
            stage=stage,
            name=_stage(stage, say),
            last=_ms(table.last[stage]),
            p50=_ms(each.p50),
            p95=_ms(each.p95),
            max=_ms(each.max),
            n=str(each.n),
            last_ms=table.last[stage],
        )
        for stage, each in table.table().items()
    )


def _stage(stage: str, say: Sentences) -> str:
    names = {
        "capture": say("Capture"),
        "condition": say("Conditioning"),
        "silence_wait": say("Silence wait"),
        "token": say("Token"),
        "connect": say("Connection"),
        "queue": say("Queue"),
        "recognise": say("Recognition"),
        "render": say("Display"),
        "total": say("Total"),
    }
    return names[stage]


def duration(seconds: float) -> str:
    """Format a time span as hours, minutes and whole seconds: "00:12:31"."""
    whole = max(0, int(seconds))
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _ms(value: float | None) -> str:
    """Format milliseconds: whole ones, with a decimal where they are few."""
    if value is None:
        return "–"
    return f"{value:.1f}" if 0 < value < 9.95 else f"{value:.0f}"


def _lost(samples: int) -> str:
    """Format lost samples as seconds, rounded up: a loss is never shown as none."""
    return f"{math.ceil(samples / (RATE // 10)) / 10:.1f}"

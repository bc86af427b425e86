"""`captioner devices`: the input devices, as a person or a script reads them."""

from __future__ import annotations

import json
import sys

from captioner.audio import capture
from captioner.commands.ending import CommandError, ExitCode, failed
from captioner.errors import FaultError
from captioner.language import Sentences


def devices(as_json: bool, say: Sentences) -> int:
    """Print the devices; return the exit code.

    Raises:
        CommandError: PortAudio is not there, or there is no device (a script gets an empty list then).
    """
    try:
        found = capture.devices()
    except FaultError as error:
        raise failed(error.fault, say) from error
    if as_json:
        listed = [
            {
                "id": each.id,
                "name": each.name,
                "host_api": each.host_api,
                "channels": each.channels,
                "rate": each.rate,
                "default": each.default,
            }
            for each in found
        ]
        print(json.dumps(listed, ensure_ascii=False, indent=2), flush=True)
        return ExitCode.COMPLETE
    if not found:
        raise CommandError(ExitCode.DEVICE, say("No microphone was found. Plug one in, and try again."))
    if not sys.stdout.isatty():
        for each in found:
            default = "\tdefault" if each.default else ""
            print(f"{each.id}\t{each.name}\t{each.host_api}\t{each.channels}\t{each.rate}{default}", flush=True)
        return ExitCode.COMPLETE
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for heading in ("id", say("Device"), say("Host API"), say("Channels"), say("Rate (Hz)"), say("Default")):
        table.add_column(heading, overflow="fold")
    for each in found:
        table.add_row(
            each.id, each.name, each.host_api, str(each.channels), str(each.rate), "✓" if each.default else ""
        )
    Console(markup=False, highlight=False, emoji=False).print(table)
    return ExitCode.COMPLETE

"""The window as a program under test: everything real but the service's address, told line by line on standard output.

    python -m tests.scenarios.window_program ENDPOINT

Lines of JSON: {"milestone": …} as it happens, {"text": …} for every final, and {"summary": …} at the end.
"""

import json
import sys
from dataclasses import asdict, replace

from captioner.app import run_window
from captioner.desk import Desk, Wiring
from captioner.events import FinalShown
from captioner.settings import Settings


def main() -> None:
    told = 0

    def tell(**what: object) -> None:
        print(json.dumps(what, ensure_ascii=False), flush=True)

    def observe(desk: Desk, milestone: str) -> None:
        nonlocal told
        said = desk.said[-1].updates if desk.said else []
        for update in said[told:]:
            if isinstance(update, FinalShown):
                tell(text=update.caption.text)
        told = len(said)
        if milestone != "painted":
            tell(milestone=milestone)
        if milestone == "finished":
            assert desk.engine is not None
            assert desk.engine.finished is not None
            tell(summary=asdict(desk.engine.finished.summary))

    settings = replace(Settings(), endpoint=sys.argv[1], overlay=True)
    run_window(settings=settings, wiring=Wiring(observe=observe))


if __name__ == "__main__":
    main()

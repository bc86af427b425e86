"""The program's first step: `python -m captioner`, the console script, and the frozen program."""

import gc
import os
import sys


def main() -> int:
    """Run the program; return its exit code. Ctrl+C while it is still loading ends it without a word."""
    # Nothing here multiplies matrices: numpy's helper threads would only spin at the start, for a tenth of a second.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from captioner.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 1
    finally:
        gc.freeze()  # all that is left goes with the process; to look for cycles in it first would take 0.1 s


if __name__ == "__main__":
    sys.exit(main())

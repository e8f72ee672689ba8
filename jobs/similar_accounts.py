"""The main script of the job; ./spark-submit.sh runs it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

_FOLDER = str(Path(__file__).resolve().parent)
if sys.path and str(Path(sys.path[0]).resolve()) == _FOLDER:
    del sys.path[0]  # Python puts a script's folder first; the job's modules are found as jobs.*

from jobs.cli import parse_arguments  # noqa: E402  # needs the right path
from jobs.errors import JobError  # noqa: E402  # likewise


def main(argv: Sequence[str]) -> int:
    """Run the job; the process's exit code."""
    try:
        config = parse_arguments(argv)
        from jobs.session import start_spark  # Spark and numba load slowly: not before --help

        spark = start_spark(f"lookalike {config.output}")
        from jobs.pipeline import run  # loads while Java starts

        run(config, spark)
    except JobError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: interrupted; nothing was published", file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

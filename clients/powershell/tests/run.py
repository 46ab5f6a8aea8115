"""The tests of register-user.ps1, as lines of TAP. `python3 run.py`, with requirements.txt installed and PERFAGG_BIN_DIR
naming the folder of perfagg and of the development services. Without that, what needs them is skipped.

Where a PowerShell is on the PATH the script runs in it. Elsewhere its tree is evaluated by `interpret.py`, with a real
perfagg behind it: that shows what the script says and sends, and no PowerShell's own behaviour."""

import os
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(os.path.dirname(HERE), "register-user.ps1")


class Skip(Exception):
    """Why a test cannot run here."""


def tests():
    import exchanges
    import native
    import text_tests

    return [*text_tests.TESTS, *exchanges.TESTS, *native.TESTS]


class Desk:
    """What tests share: the script, a directory, and the services, started for the first that asks."""

    def __init__(self, directory):
        self.directory, self.started = directory, None
        with open(SCRIPT, "rb") as script:
            self.source = script.read()

    def stack(self):
        from stack import Stack

        programs = os.environ.get("PERFAGG_BIN_DIR")
        if not programs:
            raise Skip("PERFAGG_BIN_DIR is not set")
        if self.started is None:
            self.started = Stack(programs, self.directory)
        return self.started

    def close(self):
        if self.started is not None:
            self.started.stop()


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as directory:
        desk = Desk(directory)
        try:
            for number, test in enumerate(tests(), 1):
                name = test.__name__.replace("_", " ")
                try:
                    test(desk)
                    counts["passed"] += 1
                    print(f"ok {number} - {name}", flush=True)
                except Skip as why:
                    counts["skipped"] += 1
                    print(f"ok {number} - {name} # SKIP {why}", flush=True)
                except Exception:  # Whatever it is, the other tests are run too.
                    counts["failed"] += 1
                    print(f"not ok {number} - {name}", flush=True)
                    print("".join("# " + line for line in traceback.format_exc().splitlines(True)), flush=True)
        finally:
            desk.close()
    print(f"1..{sum(counts.values())}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    # Imported by the tests as `run` too: one Skip for all.
    sys.modules["run"] = sys.modules["__main__"]
    sys.exit(main())

"""`make test`: the suite on the best database there is, then on SQLite what must hold on both."""

import os
import subprocess
import sys

from tests.settings import DATABASES, TEST_DATABASE

NO_TESTS = 5


def run(*arguments: str, database: str) -> int:
    # Importing the settings has named another module here; the suite has its own.
    chosen = {"TEST_DATABASE": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment = {**os.environ, **chosen}
    # Two processes: half of a browser test is waiting, and CI has two cores.
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
    return subprocess.run(command, env=environment).returncode


def main(paths: list[str]) -> int:
    engine = DATABASES["default"]["ENGINE"].rpartition(".")[2]
    first = run(*paths, database=TEST_DATABASE)
    ran = [engine]
    second = 0
    if engine == "postgresql" and first in (0, NO_TESTS):
        second = run("-m", "both_databases", *paths, database="sqlite")
        second = 0 if second == NO_TESTS else second
        ran.append("sqlite (what must hold on both)")
    sys.stdout.write(f"Databases: {', '.join(ran)}\n")
    return first or second


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

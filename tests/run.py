"""`make test`: the suite on the best database there is, then on SQLite what must hold on both."""

import os
import subprocess
import sys

from tests.settings import DATABASES, TEST_DATABASE

NO_TESTS = 5


# CI has two cores. Browsers have both to themselves: their patience is measured in seconds.
IN_TWO = ("-n", "2", "--dist", "worksteal")


def run(*arguments: str, database: str) -> int:
    # Importing the settings has named another module here; the suite has its own.
    chosen = {"TEST_DATABASE": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "pytest", *arguments]
    code = subprocess.run(command, env={**os.environ, **chosen}).returncode
    return 0 if code == NO_TESTS else code


def main(paths: list[str]) -> int:
    engine = DATABASES["default"]["ENGINE"].rpartition(".")[2]
    # Whoever names files wants all that is in them.
    quick = "not browser" if paths else "not browser and not storm"
    code = run(*IN_TWO, "-m", quick, *paths, database=TEST_DATABASE)
    code = code or run("-m", "browser", *paths, database=TEST_DATABASE)
    ran = [engine]
    if engine == "postgresql" and not code:
        both = f"both_databases and {quick}"
        code = run(*IN_TWO, "-m", both, *paths, database="sqlite")
        ran.append("sqlite (what must hold on both)")
    sys.stdout.write(f"Databases: {', '.join(ran)}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

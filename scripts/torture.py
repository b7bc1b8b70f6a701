"""Torture: builds killed at random moments while a site is served, and builds on a disk that fills up.

    python -m scripts.torture [-n KILLS] [--seed SEED] [--lanes LANES]

Each lane has a copy of the project, with a small change before each build, and a Datasette that serves its first site
all the while. A build and all its processes are killed (SIGKILL) at a moment drawn from the whole of its time; one in
ten is a build of the archive from small made-up files, and one in ten is one of two builds that run at once, of which
the other must then end well. After each kill everything visible below build/ must be whole, and the server must answer
as before; in the end a build that nobody disturbs must leave, byte for byte, what it leaves in an untouched copy.

Then the disk: builds on file systems that are too small (scripts/small_disk.py), where mounts are allowed. Exit code 0
where all of it held, else 1.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.lab import copy_inputs
from scripts.bench.library_files import whole_files
from scripts.build import ROOT, fingerprint
from scripts.finished import SUMS, is_whole
from scripts.places import LOCK, PLACES
from scripts.serving import OPTIONS, get, served

BUILD = [sys.executable, "-m", "scripts.build"]
VOTE = "/record/votes.json?roll_call_id=A-RES-ES-11-7&member_id=USA&_shape=array"
ASKED = (VOTE, "/record/roll_calls.csv", "/static/site.css", f"/{SUMS}")
STAGE = re.compile(r"^(\w+) +[\d.]+ s ", re.MULTILINE)
# One kill in so many is of the archive's build; another one in so many is of one of two builds at once.
SELDOM = 10
# A share of the kills waits for the last stage's line, since publishing takes a fraction of a second.
PUBLISHING = 0.2
MOMENT = 0.4
LAST_STAGE = {"build": "assemble", "archive": "load"}
# Of the Library's roll calls, for the archive of a lane.
SHARE = 0.01
# Megabytes that are free when a build begins, so that its stages meet the end of the room one after the other.
ROOM = (0, 1, 4, 6, 9, 12, 15, 18, 22, 26)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="torture", description="Kill builds, fill disks, and look at what is left.")
    parser.add_argument("-n", "--kills", type=int, default=100, help="how many builds are killed")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="to draw the same moments again")
    parser.add_argument("--lanes", type=int, default=2, help="how many projects are tortured at once")
    parser.add_argument("--no-disk", action="store_true", help="leave out the disk that fills up")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    # What ends this ends the servers too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="torture-", dir=ROOT / "build") as name:
        folder = Path(name)
        lanes = [
            Lane(folder / f"lane-{number}", random.Random(f"{options.seed} {number}"))
            for number in range(options.lanes)
        ]
        shares = [len(range(number, options.kills, options.lanes)) for number in range(options.lanes)]
        with ThreadPoolExecutor(options.lanes) as pool:
            try:
                list(pool.map(Lane.run, lanes, shares))
            except KeyboardInterrupt:
                for lane in lanes:
                    lane.told_to_end = True
                raise
        wrong = [fault for lane in lanes for fault in lane.wrong]
        if not options.no_disk:
            wrong += _fill_disks(folder / "disk")
    fell = sum((lane.fell for lane in lanes), Counter[str]())
    print(f"{fell.total()} kills: {', '.join(f'{count} in {stage}' for stage, count in sorted(fell.items()))}")
    print(*wrong, f"{len(wrong)} failures", sep="\n")
    return 1 if wrong else 0


@dataclass
class Lane:
    """A copy of the project whose builds are killed; where the kills fell, and what was wrong after them."""

    root: Path
    chance: random.Random
    fell: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    changes: int = 0
    told_to_end: bool = False

    def run(self, kills: int) -> None:
        """Kill so many builds, then let one end."""
        copy_inputs(self.root)
        library = whole_files(self.root.with_name(f"{self.root.name}-library"), self.root, SHARE)
        archive = [sys.executable, "-m", "scripts.archive", *(f"--{path.name[:2]}={path}" for path in library.paths)]
        seconds = {"build": self._timed(BUILD), "archive": self._timed(archive)}
        # The site is served without the archive, which would make each build longer.
        (self.root / "build/archive").unlink()
        with served([str((self.root / "build/site").resolve()), *OPTIONS]) as url:
            before = [get(url + path) for path in ASKED]
            while self.fell.total() < kills and not self.told_to_end:
                self._change()
                number = self.fell.total() + 1
                if number % SELDOM == 0:
                    self._kill("archive", archive, seconds["archive"])
                    (self.root / "build/archive").unlink(missing_ok=True)
                else:
                    self._kill("build", BUILD, seconds["build"], twice=number % SELDOM == SELDOM // 2)
                self._look()
                if [get(url + path) for path in ASKED] != before:
                    self._fault("the server answers otherwise")
                if number % SELDOM == 0:
                    print(f"{self.root.name}: {self.fell.total()} kills", flush=True)
        if not self.told_to_end:
            self._end()

    def _timed(self, command: list[str]) -> float:
        """How long a build takes that nobody disturbs."""
        before = time.perf_counter()
        subprocess.run(command, cwd=self.root, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - before

    def _change(self) -> None:
        self.changes += 1
        gaps = self.root / "data/GAPS.md"
        gaps.write_text(f"{gaps.read_text(encoding='utf-8')}\nChange {self.changes}.\n", encoding="utf-8")
        table = self.root / "data/un/votes.csv"
        content = table.read_text(encoding="utf-8")
        # One row's note, so that the database changes too.
        row = re.compile(r"^(A-RES-ES-11-7,USA,no,)(?:Change \d+\.)?,", re.MULTILINE)
        table.write_text(row.sub(rf"\g<1>Change {self.changes}.,", content, count=1), encoding="utf-8")
        layouts = self.root / "archive/layouts.yaml"
        layouts.write_text(f"{layouts.read_text(encoding='utf-8')}# Change {self.changes}.\n", encoding="utf-8")

    def _kill(self, kind: str, command: list[str], seconds: float, *, twice: bool = False) -> None:
        """Kill a build at some moment of its time, or one of two; not counted where it was over before."""
        logs = (self.root.with_suffix(".log"), self.root.with_suffix(".other.log"))
        with ExitStack() as stack:
            builds = [stack.enter_context(started(command, self.root, log)) for log in logs[: 1 + twice]]
            # The one that works, or the one that waits for it.
            self.chance.shuffle(builds)
            build = builds[0]
            if self.chance.random() < PUBLISHING:
                build.wait_for(LAST_STAGE[kind])
                time.sleep(self.chance.random() * MOMENT)
            else:
                time.sleep(self.chance.random() * seconds)
            if not build.is_over():
                stages = STAGE.findall(build.said)
                self.fell[f"{'one of two, ' if twice else ''}{kind} after {stages[-1] if stages else 'start'}"] += 1
            build.kill()
            for other in builds[1:]:
                self._ends_well(other)

    def _ends_well(self, build: "Build") -> None:
        if build.process.wait() != 0:
            self._fault(f"the other of two builds ended with {build.process.returncode}: {build.said}")
        elif (self.root / "build/site").resolve().name != fingerprint(self.root):
            self._fault("the other of two builds did not publish")

    def _look(self) -> None:
        """Whatever can be seen below build/ is whole."""
        build = self.root / "build"
        for places in PLACES:
            for place in (build / places).glob("[!.]*"):
                if not is_whole(place):
                    self._fault(f"{place.relative_to(self.root)} is not whole")
        if not is_whole(build / "site"):
            self._fault("build/site does not lead to a whole site")
        if strange := {path.name for path in build.glob("[!.]*")} - {"site", "archive", *PLACES}:
            self._fault(f"build/ has {', '.join(sorted(strange))}")

    def _end(self) -> None:
        """A build that is left alone is the one of an untouched copy, and nothing of the others is left."""
        self._timed(BUILD)
        self._look()
        if left := [path for path in self.root.glob("build/**/.*") if path.name != LOCK]:
            self._fault(f"left over: {', '.join(path.name for path in left)}")
        untouched = self.root.with_name(f"{self.root.name}-untouched")
        shutil.copytree(self.root, untouched, ignore=shutil.ignore_patterns("build", "__pycache__"))
        subprocess.run([*BUILD, "-q"], cwd=untouched, check=True)
        if (untouched / "build/site" / SUMS).read_bytes() != (self.root / "build/site" / SUMS).read_bytes():
            self._fault("the last build is not that of an untouched copy")

    def _fault(self, text: str) -> None:
        self.wrong.append(f"{self.root.name}, change {self.changes}: {text}")
        print(self.wrong[-1], flush=True)


@contextmanager
def started(command: list[str], root: Path, log: Path) -> Iterator["Build"]:
    """A build in a process group of its own, what it says in a file; it does not outlive the block."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=file, stderr=file, start_new_session=True)
    build = Build(process, log)
    try:
        yield build
    finally:
        build.kill()


@dataclass(frozen=True)
class Build:
    """A build that runs, and the file with what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """What it said so far."""
        return self.log.read_text(encoding="utf-8")

    def is_over(self) -> bool:
        """Whether it ended by itself, or was killed."""
        return self.process.poll() is not None

    def wait_for(self, stage: str) -> None:
        """Wait until a stage is through, or all of it is."""
        while not self.is_over() and stage not in STAGE.findall(self.said):
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it and what it started, if it is not over."""
        if not self.is_over():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _fill_disks(root: Path) -> list[str]:
    """What went wrong where builds met the end of the room; says after which stage each did."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        print("mounts are not allowed here, so no disk was filled", flush=True)
        return []
    copy_inputs(root)
    subprocess.run([*BUILD, "-q"], cwd=root, check=True)
    with (root / "data/GAPS.md").open("a", encoding="utf-8") as gaps:
        gaps.write("\nChanged.\n")
    command = ["unshare", "-m", sys.executable, "-m", "scripts.small_disk", str(root), *map(str, ROOM)]
    done = subprocess.run(command, cwd=ROOT, check=False)
    return [] if done.returncode == 0 else ["a build on a small disk did not end as it must"]


if __name__ == "__main__":
    sys.exit(main())

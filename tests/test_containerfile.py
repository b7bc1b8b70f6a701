"""What the Containerfile says, done by hand in plain folders: no container is needed to see that its commands work."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import httpx
import pytest

from scripts.serving import HOST, ROOT, ending, free_port, nginx_command, wait_for
from tests.conftest import INPUTS

Instructions = list[tuple[str, str]]
PORT = "8001"


def read_stages() -> dict[str, Instructions]:
    """Each stage's instructions, by its name; lines that are continued are one."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    stages: dict[str, Instructions] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, rest = line.split(None, 1)
            if keyword == "FROM":
                current = stages.setdefault(rest.split(" AS ")[1], [])
            current.append((keyword, rest.strip()))
    return stages


STAGES = read_stages()


def last(stage: str, keyword: str) -> str:
    return [rest for found, rest in STAGES[stage] if found == keyword][-1]


def command(stage: str, keyword: str = "CMD") -> list[str]:
    """A command in its form as a list."""
    return json.loads(last(stage, keyword).partition("[")[1] + last(stage, keyword).partition("[")[2])


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of the lock for serving, and nothing else of what is installed here."""
    folder = tmp_path_factory.mktemp("packages")
    for name in locked("requirements-serve.lock"):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(installed.locate_file(top))))
    return folder


@pytest.fixture(scope="module")
def laid_out(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the image `site`, as far as the process looks."""
    root = tmp_path_factory.mktemp("image")
    shutil.copytree(site, root / "srv/site")
    return root


def run_as_image(words: list[str], root: Path, packages: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """A command of the image and its environment: with the image's folders and port moved, and its packages alone."""
    moved = [word.replace("/srv", f"{root}/srv").replace(PORT, str(port)).replace("0.0.0.0", HOST) for word in words]
    program = {"datasette": ["-m", "datasette"], "python": []}[moved[0]]
    stated = dict(part.split("=", 1) for part in last("site", "ENV").split() if not part.startswith("PATH="))
    return [sys.executable, "-S", *program, *moved[1:]], {**stated, "PYTHONPATH": str(packages), "PATH": os.defpath}


@pytest.fixture(scope="module")
def running(laid_out: Path, packages: Path) -> Iterator[int]:
    """The process of the image `site`; yields its port."""
    port = free_port()
    words, environment = run_as_image(command("site"), laid_out, packages, port)
    process = subprocess.Popen(words, cwd=laid_out / "srv", env=environment, stderr=subprocess.DEVNULL)
    with ending(process):
        wait_for(f"http://{HOST}:{port}/", process)
        yield port


def test_every_source_is_in_the_checkout_and_the_build_gets_all_it_reads():
    copied = {
        source
        for instructions in STAGES.values()
        for keyword, rest in instructions
        if keyword == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert set(INPUTS) <= copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not {source.split("/")[0] for source in copied} & set(ignored)


def test_what_is_taken_from_a_stage_is_made_there():
    for instructions in STAGES.values():
        for keyword, rest in instructions:
            if keyword == "COPY" and rest.startswith("--from="):
                stage, source = rest.removeprefix("--from=").split()[:2]
                assert any(source in made for found, made in STAGES[stage] if found == "RUN")


def test_packages_are_installed_by_their_hashes_only():
    installs = [rest for instructions in STAGES.values() for _, rest in instructions if "pip install" in rest]
    assert len(installs) == 2 and all("--require-hashes" in install for install in installs)


def test_what_serves_has_the_versions_of_what_builds():
    serving, all_of_it = locked("requirements-serve.lock"), locked("requirements.lock")
    assert serving.items() <= all_of_it.items()
    assert len(serving) < len(all_of_it) / 2


@pytest.mark.parametrize("stage", ["site", "nginx"])
def test_an_image_runs_as_nobody_in_particular(stage: str):
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last(stage, "USER"))
    names = [found for found, _ in STAGES[stage]]
    assert names.index("USER") > max(number for number, found in enumerate(names) if found in ("RUN", "COPY"))


@pytest.mark.parametrize("stage", ["site", "nginx"])
def test_the_port_that_is_named_is_the_port_that_is_asked(stage: str):
    port = last(stage, "EXPOSE")
    assert port in str(command(stage, "HEALTHCHECK"))
    listens = str(command(stage)) if stage == "site" else str(STAGES[stage])
    assert re.search(rf"(listen |--port', '){port}", listens)


def test_the_image_serves_with_its_own_packages_and_writes_nothing(running: int, laid_out: Path):
    before = sorted(path for path in laid_out.rglob("*"))
    for address in ("/", "/record/votes", "/record/search?q=veto", "/record/votes.csv", "/static/downloads/un.zip"):
        assert httpx.get(f"http://{HOST}:{running}{address}", timeout=60).status_code == 200
    assert sorted(path for path in laid_out.rglob("*")) == before


def test_a_container_believes_nginx_about_the_reader(running: int):
    # From another address than the one that is believed without being told.
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.1.9")) as client:
        address = f"http://{HOST}:{running}/record/votes.json?_size=1"
        answer = client.get(address, headers={"x-forwarded-proto": "https"})
    assert answer.headers["link"].startswith("<https://")


def test_the_health_check_tells_a_process_that_answers_from_none(running: int, laid_out: Path, packages: Path):
    check = command("site", "HEALTHCHECK")
    for port, code in ((running, 0), (free_port(), 1)):
        words, environment = run_as_image(check, laid_out, packages, port)
        assert subprocess.run(words, env=environment, stderr=subprocess.DEVNULL).returncode == code


def test_the_other_image_brings_readers_to_it(running: int, laid_out: Path, tmp_path: Path):
    try:
        nginx = nginx_command(tmp_path)[0]
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(f"{error} CI does not skip it.")
        pytest.skip(f"{error} So its image was not tried.")
    port = free_port()
    for name in ("etc/on-the-record", "run/on-the-record"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy2(ROOT / "site/nginx.conf", tmp_path / "etc/on-the-record")
    moved = {"/etc/on-the": f"{tmp_path}/etc/on-the", "/srv": f"{laid_out}/srv", f"site:{PORT}": f"{HOST}:{running}"}
    moved |= {"listen 8080": f"listen {HOST}:{port}", "exec nginx": f"exec {nginx}"}
    if os.geteuid() == 0:
        moved["daemon off;"] = "daemon off; user root;"
    steps = [part.strip() for part in last("nginx", "RUN").split("&&") if "printf" in part]
    assert len(steps) == 2
    for step in [*steps, command("nginx")[2]]:
        for old, new in moved.items():
            step = step.replace(old, new)
        process = subprocess.Popen(["sh", "-c", step], cwd=tmp_path / "run/on-the-record")
        if "nginx.conf" not in step:
            assert process.wait() == 0
    with ending(process):
        wait_for(f"http://{HOST}:{port}/", process)
        answers = [httpx.get(f"http://{HOST}:{port}/record/votes", timeout=60) for _ in range(2)]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT"]

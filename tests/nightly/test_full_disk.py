"""A disk that is really full: a small tmpfs, in a mount namespace of its own.

Needs `unshare` and `nsenter` of util-linux, and root or user namespaces that anybody may make
(https://man7.org/linux/man-pages/man7/user_namespaces.7.html).
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.faults.killing import busy_github, write_archive
from tests.integration.faults.program import HASTY, Ended, contents, environment, run

COMMANDS = ("collect", "report", "import", "migrate")
SHARES = (0.02, 0.3, 0.6, 0.9)
"""Of what the whole result takes: full while tables are made, and at the first, a middle and a late store."""

RECORDS = ("events", "commits", "commit_files", "commit_summaries")
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec cat'


class Disk:
    """A disk of so many bytes at a folder, seen by the programs it runs."""

    def __init__(self, folder: Path, keeper: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self._enter = ["nsenter", f"--target={keeper.pid}", "--user", "--mount", "--preserve-credentials", "--"]

    def run(self, *arguments: str, through: Sequence[str] = (), **variables: str) -> Ended:
        env = environment(self.folder, **variables)
        return run(*arguments, env=env, cwd=self.folder.parent, command=[*self._enter, *through, *HASTY])

    def call(self, *command: str) -> None:
        subprocess.run([*self._enter, *command], check=True)

    def copy(self, name: str) -> Path:
        """What it holds, where everybody sees it."""
        self.call("cp", "-r", str(self.folder), str(self.folder.parent / name))
        return self.folder.parent / name


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Disk]:
    folder.mkdir()
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", str(size), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"mounted\n", "a tmpfs cannot be mounted: this needs root or user namespaces"
        yield Disk(folder, keeper)
        keeper.stdin.close()


@pytest.fixture
def github() -> Iterator[dict[str, str]]:
    """Settings that name a GitHub."""
    with busy_github().serve() as url:
        yield {"GITHUB_API_URL": url, "GITHUB_TOKEN": "token"}


def arguments(command: str, source: Path, target: Path) -> list[str]:
    """Those of a command that fills the database at `target`."""
    if command == "import":
        return ["import", *write_archive(source, files=3, lines=8_000)]
    if command == "migrate":
        archive = write_archive(source, files=3, lines=8_000)
        assert run("import", *archive, env=environment(source), cwd=source).code == 0
        return ["migrate", "--from", f"sqlite:///{source}/events.db", "--to", f"sqlite:///{target}"]
    return [command, "octo/r1", "octo/r2"]


def records(path: Path) -> list[bytes]:
    """What is in a database, once it is known to be sound, in no order: that is the order of storing."""
    contents(path)
    tables = [word for table in RECORDS for word in ("--tables", table)]
    exported = run("export", *tables, env=environment(path.parent), cwd=path.parent)
    assert exported.code == 0, exported.err
    return sorted(exported.out.splitlines()[1:-1])


def one_sentence(ended: Ended) -> bool:
    return (ended.code, ended.err.count(b"\n")) == (1, 1) and ended.err.startswith(b"error: ") and b"full" in ended.err


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_sentence_and_the_same_command_with_room_gives_the_same_result(
    command: str, share: float, github: dict[str, str], tmp_path: Path
) -> None:
    source, calm = tmp_path / "source", tmp_path / "calm"
    source.mkdir()
    calm.mkdir()
    words = arguments(command, source, calm / "events.db")
    assert run(*words, env=environment(calm, **github), cwd=calm).code == 0
    whole = (calm / "events.db").stat().st_size
    with disk(tmp_path / "disk", int(share * whole)) as small:
        words = [word.replace(str(calm), str(small.folder)) for word in words]
        assert one_sentence(ended := small.run(*words, **github)), ended
        contents(small.copy("when-full") / "events.db")
        small.call("mount", "-o", "remount,size=1g", str(small.folder))
        assert (ended := small.run(*words, **github)).code == 0, ended
        with_room = small.copy("with-room")
    assert records(with_room / "events.db") == records(calm / "events.db")


@pytest.mark.parametrize("share", [0.001, 0.5])
@pytest.mark.parametrize("to_stdout", [True, False])
def test_an_export_onto_a_full_disk_is_one_sentence_and_leaves_the_file_that_was_there(
    to_stdout: bool, share: float, tmp_path: Path
) -> None:
    files = write_archive(tmp_path, files=1, lines=20_000)
    assert run("import", *files, env=environment(tmp_path), cwd=tmp_path).code == 0
    whole = run("export", env=environment(tmp_path), cwd=tmp_path).out
    with disk(tmp_path / "disk", int(share * len(whole)) + 4_096) as small:
        small.call("sh", "-c", f"echo before > {small.folder}/export")
        shell = ["sh", "-c", f'"$@" > {small.folder}/other', "sh"] if to_stdout else []
        target = "-" if to_stdout else f"{small.folder}/export"
        ended = small.run("export", target, DATABASE_PATH=str(tmp_path / "events.db"), through=shell)
        assert (ended.code, ended.err.count(b"\n")) == (1, 1), ended
        assert b"cannot be written" in ended.err
        found = small.copy("found")
    assert {path.name for path in found.iterdir()} == {"export", *(["other"] if to_stdout else [])}
    assert (found / "export").read_text() == "before\n"


def test_on_a_disk_without_any_room_a_question_says_so(tmp_path: Path) -> None:
    files = write_archive(tmp_path, files=1, lines=1_000)
    assert run("import", *files, env=environment(tmp_path), cwd=tmp_path).code == 0
    with disk(tmp_path / "disk", 1 << 20) as small:
        small.call("cp", str(tmp_path / "events.db"), str(small.folder))
        small.call("sh", "-c", f"cat /dev/zero > {small.folder}/rest 2> /dev/null || true")
        assert one_sentence(ended := small.run("watch", "list")), ended
        small.call("rm", f"{small.folder}/rest")
        assert (ended := small.run("watch", "list")).code == 0, ended

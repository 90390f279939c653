# SPDX-License-Identifier: GPL-3.0-or-later
"""Many faces in one go: killed, resumed, shared, reported."""

from __future__ import annotations

import collections
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from wrinkle_addon.cli import main
from wrinkle_addon.core.batch import claims, items
from wrinkle_addon.core.batch.claims import Claims
from wrinkle_addon.core.batch.items import Item, read_items
from wrinkle_addon.core.batch.store import Store
from wrinkle_addon.core.batch.work import work
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.progress import silent

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "wrinkle_addon" / "assets" / "demo_photo.jpg"
FILES = ("texture.png", "displacement.exr", "normal_256.png", "fit.npz", "report.json", "batch.json", "thumbnails.jpg")
QUICK = ("--size", "256", "--no_blend")


def photos(folder: Path, count: int) -> Path:
    """A folder with ``count`` small photos that differ a little."""
    folder.mkdir()
    small = cv2.resize(cv2.imread(str(DEMO)), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    for index in range(count):
        cv2.imwrite(str(folder / f"face_{index:03}.jpg"), cv2.convertScaleAbs(small, alpha=1 - index / 1000))
    return folder


def events(out: Path) -> collections.Counter[tuple[str, str]]:
    """How often each event was noted for each item, over all processes."""
    journals = (out / ".batch" / "journal").glob("*.jsonl")
    entries = [json.loads(line) for journal in journals for line in journal.read_text().splitlines()]
    return collections.Counter((entry["event"], entry["name"]) for entry in entries)


def start(source: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wrinkle_addon", "batch", str(source), "--out", str(out), *QUICK, *more]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def results(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.is_dir() and not path.name.startswith("."))


def wait_for(out: Path, count: int) -> None:
    last = time.monotonic() + 120
    while not out.is_dir() or len(results(out)) < count:
        assert time.monotonic() < last
        time.sleep(0.05)


def kill_all(process: subprocess.Popen[str], out: Path) -> None:
    """SIGKILL to the leader and to its workers, which the claims and journals name."""
    pids = {json.loads(claim.read_text())["pid"] for claim in (out / ".batch" / "claims").glob("[!.]*/*")}
    process.kill()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.slow
def test_killed_and_resumed(tmp_path: Path) -> None:
    source, out = photos(tmp_path / "photos", 6), tmp_path / "out"
    (source / "broken.jpg").write_text("no photo")
    killed = start(source, out, "--workers", "2")
    wait_for(out, 2)
    kill_all(killed, out)
    before = {name: (out / name).stat().st_mtime_ns for name in results(out)}
    assert 2 <= len(before) < 6
    resumed = start(source, out, "--workers", "2")
    said, complaints = resumed.communicate(timeout=300)
    assert resumed.returncode == 2, complaints
    assert "1 of 7 faces failed" in complaints
    assert "broken: failed: 'broken.jpg' is not an image" in said
    assert results(out) == [f"face_{index:03}" for index in range(6)]
    assert all((out / name / file).stat().st_size > 0 for name in results(out) for file in FILES)
    assert all((out / name).stat().st_mtime_ns == then for name, then in before.items())
    assert max(count for (event, _), count in events(out).items() if event == "done") == 1
    assert not any((out / ".batch" / "work").iterdir())
    assert not any((out / ".batch" / "claims").glob("[!.]*"))
    with (out / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert [row["status"] for row in rows.values()] == ["failed"] + ["done"] * 6
    assert "not an image" in rows["broken"]["error"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 6
    assert "6 done, 1 failed" in page


@pytest.mark.slow
def test_two_batches_on_one_output_share_the_work(tmp_path: Path) -> None:
    source, out = photos(tmp_path / "photos", 4), tmp_path / "out"
    both = [start(source, out, "--workers", "1") for _ in range(2)]
    for process in both:
        _, complaints = process.communicate(timeout=300)
        assert process.returncode == 0, complaints
    assert events(out) == {(event, f"face_{index:03}"): 1 for index in range(4) for event in ("begin", "done")}


@pytest.mark.slow
def test_changed_photos_and_redo(tmp_path: Path) -> None:
    source, out = photos(tmp_path / "photos", 2), tmp_path / "out"
    arguments = ["batch", str(source), "--out", str(out), "--workers", "1", *QUICK]
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert {count for (event, _), count in events(out).items() if event == "done"} == {1}
    shutil.copy(DEMO, source / "face_001.jpg")
    assert main(arguments) == 0
    assert events(out)["done", "face_000"] == 1
    assert events(out)["done", "face_001"] == 2
    assert main([*arguments, "--redo"]) == 0
    assert events(out)["done", "face_000"] == 2


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is sent the POSIX way")
@pytest.mark.slow
def test_cancel_is_clean(tmp_path: Path) -> None:
    source, out = photos(tmp_path / "photos", 24), tmp_path / "out"
    process = start(source, out, "--workers", "2")
    wait_for(out, 1)
    os.killpg(process.pid, signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 2
    assert complaints == "Cancelled: what is done stays. The same command goes on from there.\n"
    assert not any((out / ".batch" / "work").iterdir())
    assert not any((out / ".batch" / "claims").glob("[!.]*"))
    assert (out / "report.html").is_file()


def test_a_process_that_dies_fails_its_item_and_is_replaced(tmp_path: Path) -> None:
    """The leader's view, with processes that only pretend."""
    from wrinkle_addon.core.batch import processes
    from wrinkle_addon.core.batch.order import Order

    store = Store(tmp_path)
    item = Item("a", ("a.jpg",), signature="1")
    order = Order([], [item], 1)
    log = tmp_path / "log.txt"
    log.write_text("Traceback\nImportError: no such part\n")
    with pytest.raises(WrinkleError, match=r"signal SIGKILL.*no such part"):
        processes.fail_items_of(store, order, os.getpid(), -9, log)
    claim = store.claims.take("a")
    assert claim is not None
    processes.fail_items_of(store, order, os.getpid(), -9, log)
    failure = store.failure(item)
    assert failure is not None
    assert "SIGKILL" in failure["error"]
    claim.release()


def test_a_claim_is_taken_over_when_its_owner_is_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Claims(tmp_path)
    claim = here.take("a")
    assert claim is not None
    assert Claims(tmp_path).take("a") is None
    # the owner's process is gone
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    claim.file.write_text(json.dumps({"host": claims.host(), "pid": child.pid}))
    successor = Claims(tmp_path).take("a")
    assert successor is not None
    assert (successor.generation, successor.held(), claim.held()) == (2, True, False)
    claim.release()
    assert successor.held()
    # an owner on another machine shows only by its heartbeat
    successor.file.write_text(json.dumps({"host": "elsewhere", "pid": 1}))
    assert Claims(tmp_path).take("a") is None
    monkeypatch.setattr(claims, "DEAD_SECONDS", -1.0)
    third = Claims(tmp_path).take("a")
    assert third is not None
    for each in (successor, third):
        each.release()
    assert not (tmp_path / "a").exists()


def test_who_was_overtaken_hands_nothing_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = Item("a", ("a.jpg",), signature="1")
    slow, fast = Store(tmp_path), Store(tmp_path)
    monkeypatch.setattr(claims, "DEAD_SECONDS", -1.0)

    def fast_one(item: Item, folder: Path, progress: object) -> list[str]:
        (folder / "by").write_text("fast")
        return []

    def slow_one(item: Item, folder: Path, progress: object) -> list[str]:
        work(fast, [item], fast_one, lambda: True)
        folder.mkdir(exist_ok=True)
        (folder / "by").write_text("slow")
        return []

    work(slow, [item], slow_one, lambda: True)
    assert (tmp_path / "a" / "by").read_text() == "fast"
    assert events(tmp_path)["done", "a"] == 1
    assert events(tmp_path)["too late", "a"] == 1


def test_a_folder_of_the_users_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.txt").write_text("mine")
    store, item = Store(tmp_path), Item("a", ("a.jpg",), signature="1")
    work(store, [item], lambda item, folder, progress: [], lambda: True)
    failure = store.failure(item)
    assert failure is not None
    assert "not of a batch" in failure["error"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["thesis.txt"]


def test_unexpected_errors_stop_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path)
    both = [Item(name, (name,), signature="1") for name in "ab"]

    def perform(item: Item, folder: Path, progress: object) -> list[str]:
        if item.name == "a":
            raise ZeroDivisionError("oh")
        return ["blurred"]

    work(store, both, perform, lambda: True)
    failure, done = store.failure(both[0]), store.done(both[1])
    assert failure is not None
    assert failure["error"].startswith("Unexpected ZeroDivisionError: oh.")
    assert done is not None
    assert done["warnings"] == ["blurred"]
    assert silent(0, "")
    assert "ZeroDivisionError" in capfd.readouterr().err


def table(folder: Path, text: str) -> Path:
    path = folder / "faces.csv"
    path.write_bytes(text.encode("utf-8-sig"))
    return path


def test_csv(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        'name;photos;expression;model;size\nAnn;a.jpg | sub/b.png;jawOpen|browInnerUp;builtin;512\n;"c.jpg";;;\n',
    )
    first, second = read_items(path, ["expression", "model", "size"])
    assert first.name == "Ann"
    assert first.photos == (str(tmp_path / "a.jpg"), str(tmp_path / "sub/b.png"))
    assert first.options == {"expression": ["jawOpen", "browInnerUp"], "model": ["builtin"], "size": ["512"]}
    assert (second.name, second.options) == ("c", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("photo\na.jpg\n", "has an unknown column 'photo'"),
        ("name\na\n", "has no column 'photos'"),
        ("photos,name\na.jpg,..\n", "gives the name '..' in line 2"),
        ("photos,name\na.jpg,x/y\n", "gives the name 'x/y'"),
        ("photos,name\na.jpg,x\nb.jpg,X\n", "names 'X' twice"),
        ("photos\n,\n", "too many cells in line 2"),
        ("photos,name\n,x\n", "names no photo in line 2"),
        ('photos\n"a.jpg\n', "is damaged in line 1"),
        ("photos\n", "There is no photo"),
        ("", "has no column 'photos'"),
    ],
)
def test_a_wrong_csv_is_one_sentence(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", str(table(tmp_path, text)), "--out", str(tmp_path / "out")]) == 2
    complaint = capsys.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "more", [["--size", "500"], ["--workers", "0"], ["--landmarks", "a.pts"], ["--model", "none.h5"]]
)
def test_wrong_options_are_one_sentence(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photos(tmp_path / "photos", 1)
    assert main(["batch", str(source), "--out", str(tmp_path / "out"), *more]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_gives_one_face_per_photo(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "a.jpg", "c.tif", "c.pts", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).write_text("")
    found = read_items(tmp_path, [])
    assert [item.name for item in found] == ["a.jpg", "a.png", "b", "c"]
    assert found[3].options == {"landmarks": [str(tmp_path / "c.pts")]}
    assert items.signed(found[0], []).signature != items.signed(found[0], ["--size=512"]).signature


def test_options_of_photos_are_handed_to_the_processes_as_they_were_given(tmp_path: Path) -> None:
    from wrinkle_addon.cli import parser
    from wrinkle_addon.cli_batch import _arguments

    given = ["--regions=forehead,glabella", "--regions=all", "--shows=neutral", f"--mask={tmp_path / 'mask.png'}"]
    options = parser().parse_args(["batch", str(tmp_path), f"--out={tmp_path}", *given])
    assert set(given) <= set(_arguments(options))

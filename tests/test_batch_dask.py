# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch on a Dask cluster of real processes, one of which is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_batch import ROOT, events, photos, results, start, wait_for

from wrinkle_addon.cli import main

pytest.importorskip("distributed", reason="the optional package distributed is not installed")
SCHEDULER = ("distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
WORKER = ("distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def start_module(*command: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        with (tmp_path / "dask.txt").open("ab") as log:
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", *command, "--scheduler-file", str(tmp_path / "scheduler.json")],
                    cwd=tmp_path,
                    stdout=log,
                    stderr=log,
                    env=os.environ | {"PYTHONPATH": path},
                )
            )
        return running[-1]

    yield start_module
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_workers_share_the_faces_and_one_may_die(
    tmp_path: Path, launch: Callable[..., subprocess.Popen[bytes]]
) -> None:
    source, out, file = photos(tmp_path / "photos", 8), tmp_path / "out", tmp_path / "scheduler.json"
    launch(*SCHEDULER)
    last = time.monotonic() + 60
    while not file.is_file():
        assert time.monotonic() < last
        time.sleep(0.1)
    workers = [launch(*WORKER) for _ in range(2)]
    batch = start(source, out, "--dask", str(file))
    wait_for(out, 2)
    os.kill(workers[0].pid, signal.SIGKILL)
    launch(*WORKER)
    said, complaints = batch.communicate(timeout=300)
    assert batch.returncode == 0, complaints
    assert said.count(": done") == 8
    assert results(out) == [f"face_{index:03}" for index in range(8)]
    assert {count for (event, _), count in events(out).items() if event == "done"} == {1}
    owners = {journal.name for journal in (out / ".batch" / "journal").iterdir()}
    assert len(owners) >= 2
    assert not any((out / ".batch" / "orders").iterdir())
    assert json.loads((out / "face_000" / "batch.json").read_text())["warnings"] is not None


def test_no_scheduler_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wrinkle_addon.core.batch import dask_cluster

    monkeypatch.setattr(dask_cluster, "_CONNECT_SECONDS", 1)
    source = photos(tmp_path / "photos", 1)
    assert main(["batch", str(source), "--out", str(tmp_path / "out"), "--dask", "tcp://127.0.0.1:9"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("There is no Dask scheduler at 'tcp://127.0.0.1:9'.")
    assert complaint.count("\n") == 1

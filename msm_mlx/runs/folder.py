"""The run folder: which stages are done, from what, and who is working in it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msm_mlx.errors import MsmError
from msm_mlx.files import (
    append_jsonl,
    make_folder,
    replacing,
    sha256_file,
    sha256_json,
    write_json,
    write_text,
    writing,
)
from msm_mlx.runs.layout import CELLS, EVENTS, LOCK, RECIPE, RECORD
from msm_mlx.runs.origins import Claim, Origin, PresentFile, refusal
from msm_mlx.settings_file.dump import dump

SCHEMA = 1
NO_CLAIM = Claim()
ENTRY = frozenset({"key", "inputs", "state", "outputs", "finished", "seconds", "borrowed_from", "crash", "failure"})
"""What the record of a stage says of this very attempt. What else it says is about the outputs, wherever they are."""


@dataclass(frozen=True)
class Status:
    """Whether a stage has to run, and why (not); one that is `refused` may not, for a person's file is in its place.

    `from_elsewhere` says that what it would make was put there.
    """

    cached: bool
    reason: str
    refused: bool = False
    from_elsewhere: bool = False


class RunFolder:
    """A folder that holds everything of one run. Stages are recorded under the hash of all that they read.

    `run.json` is parsed once, and again once the folder is locked: until then another process may have written it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._record: dict[str, Any] | None = None
        self._hashes: dict[str, tuple[tuple[int, ...], str]] = {}

    def hash_of(self, name: str) -> str:
        """The SHA-256 of a file of the run, computed once for as long as the file is the same."""
        path = self.path / name
        stat = path.stat()
        version = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if self._hashes.get(name, (None, ""))[0] != version:
            self._hashes[name] = (version, sha256_file(path))
        return self._hashes[name][1]

    def record(self) -> dict[str, Any]:
        """The content of `run.json`. It belongs to this object; change it by its methods.

        Raises:
            MsmError: if it is damaged.
        """
        if self._record is None:
            self._record = self._read_record()
        return self._record

    def _read_record(self) -> dict[str, Any]:
        path = self.path / RECORD
        if not path.exists():
            return {"schema": SCHEMA, "stages": {}, "files": {}}
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["schema"] == SCHEMA and all(_is_entry(entry) for entry in record["stages"].values()):
                _ = [Origin(**origin) for origin in record["files"].values()]
                return dict(record)
            reason = (
                f"its schema is {record['schema']!r}" if record["schema"] != SCHEMA else "a stage lacks what it needs"
            )
        except OSError as error:
            raise MsmError(f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            reason = f"it is damaged: {error}"
        except (KeyError, TypeError, AttributeError):
            reason = "it lacks what a record has"
        raise MsmError(
            f"{path}: not a run record of this version, for {reason}; move the folder away or choose another with "
            "--run-dir"
        )

    def describe(self, **facts: object) -> None:
        """Add facts about the run to `run.json`."""
        self._write_record(self.record() | facts)

    def _write_record(self, record: dict[str, Any]) -> None:
        write_json(self.path / RECORD, record)
        self._record = record

    def keep_recipe(self, resolved: Mapping[str, object]) -> None:
        """Write the recipe as it was resolved into the folder."""
        write_text(self.path / RECIPE, dump(resolved))

    def status(
        self, stage: str, inputs: Mapping[str, object], outputs: Sequence[str], claim: Claim = NO_CLAIM
    ) -> Status:
        """Whether `stage` is done for these inputs.

        Outputs that somebody has put there or changed by hand are kept, unless they are about something else.
        """
        entry = self.record()["stages"].get(stage)
        files = self._present(outputs)
        changed = _differ_in(entry["inputs"], inputs) if entry else set()
        if reason := refusal(files, stage, inputs, claim, changed):
            return Status(False, reason, refused=True)
        if elsewhere := [file.name for file in files if file.is_from_elsewhere]:
            reason = f"{elsewhere[0]} comes from elsewhere and is kept; delete it to have it made"
            return Status(True, reason, from_elsewhere=True)
        if foreign := next((file for file in files if file.is_foreign(stage)), None):
            assert foreign.origin is not None
            return Status(False, f"{foreign.name} was made for {foreign.origin.about}")
        if entry is None:
            return Status(False, "not run yet")
        if changed:
            return Status(False, f"its inputs changed ({', '.join(sorted(changed))})")
        return self._status_of_same(entry, files, outputs)

    def _status_of_same(self, entry: dict[str, Any], files: Sequence[PresentFile], outputs: Sequence[str]) -> Status:
        """That of a stage whose inputs are those that it began with."""
        if entry["state"] != "done":
            return Status(False, "was interrupted")
        missing = sorted(set(outputs) - {file.name for file in files}, key=list(outputs).index)
        if missing:
            return Status(False, f"{missing[0]} is missing")
        edited = [file.name for file in files if not file.is_unchanged]
        if edited:
            return Status(True, f"{edited[0]} was changed by hand and is kept; delete it to have it made again")
        return Status(True, f"done on {human_moment(entry['finished'])} from the same inputs")

    def keep(self, stage: str, inputs: Mapping[str, object], outputs: Sequence[str], claim: Claim) -> None:
        """Record what outputs that come from elsewhere are kept for, so that they never pass as something else."""
        new = [file for file in self._present(outputs) if file.is_from_elsewhere and not file.is_unchanged]
        if new:
            origin = Origin(stage, claim.about, False, claim.subject_in(inputs))
            self._set_origins({file.name: replace(origin, sha256=file.sha256) for file in new})

    def _present(self, names: Iterable[str]) -> list[PresentFile]:
        """Those of the files that are there."""
        origins = self.record()["files"]
        return [
            PresentFile(name, self.hash_of(name), Origin(**origins[name]) if name in origins else None)
            for name in names
            if (self.path / name).exists()
        ]

    def _set_origins(self, origins: Mapping[str, Origin]) -> None:
        files = self.record()["files"] | {name: origin.plain() for name, origin in origins.items()}
        self._write_record(self.record() | {"files": files})

    def grew(self, stage: str, inputs: Mapping[str, object], names: Collection[str]) -> bool:
        """Whether the last attempt at `stage` had other inputs, but only among those with the given names."""
        entry = self.record()["stages"].get(stage)
        differ = _differ_in(entry["inputs"], inputs) if entry else set()
        return bool(differ) and differ <= set(names)

    def set_aside(self, files: Sequence[tuple[str, str]]) -> list[str]:
        """Give each file that is there its second name; all second names."""
        for name, aside in files:
            if (self.path / name).exists():
                with writing(self.path / aside):
                    (self.path / name).replace(self.path / aside)
        return [aside for _, aside in files]

    def begin(
        self,
        stage: str,
        inputs: Mapping[str, object],
        outputs: Sequence[str],
        scratch: Sequence[str] = (),
        *,
        keeping: Collection[str] = (),
        claim: Claim = NO_CLAIM,
    ) -> None:
        """Record that `stage` runs now and makes `outputs`.

        What is left of these and of `scratch` is removed, but for the files that it is `keeping`, unless an attempt
        with the same inputs made it.
        """
        record = self.record()
        entry = record["stages"].get(stage)
        key = sha256_json(inputs)
        if entry is None or entry["key"] != key:
            for name in {*outputs, *scratch} - set(keeping):
                (self.path / name).unlink(missing_ok=True)
        for other in self._other_makers(stage, outputs):  # what they made is no longer there
            record["stages"].pop(other, None)
        record["stages"][stage] = {"key": key, "inputs": dict(inputs), "state": "started"}
        origin = Origin(stage, claim.about, True, claim.subject_in(inputs))
        self._set_origins(dict.fromkeys(outputs, origin))
        self.event("begin", stage=stage)

    def _other_makers(self, stage: str, names: Collection[str]) -> set[str]:
        """The other stages that have made some of these files."""
        origins = self.record()["files"]
        return {origins[name]["stage"] for name in names if name in origins} - {stage}

    def note(self, stage: str, **facts: object) -> None:
        """Add facts to the record of a stage that runs, and to the events."""
        record = self.record()
        record["stages"][stage] |= facts
        self._write_record(record)
        self.event("note", stage=stage, **facts)

    def finish(self, stage: str, outputs: Sequence[str], seconds: float, borrowed_from: str | None = None) -> None:
        record, hashes = self.record(), {name: self.hash_of(name) for name in outputs}
        entry = record["stages"][stage]
        entry |= {
            "state": "done",
            "outputs": hashes,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
        }
        if borrowed_from:
            entry["borrowed_from"] = borrowed_from
        files = record["files"]
        self._set_origins({name: replace(Origin(**files[name]), sha256=sha) for name, sha in hashes.items()})
        self.event("finish", stage=stage, seconds=round(seconds, 3))

    def arrange(self, stages: Sequence[str]) -> None:
        """Put the records of these stages into this order, whichever began first; all others come before them."""
        record = self.record()
        entries = {name: record["stages"][name] for name in stages if name in record["stages"]}
        others = {name: entry for name, entry in record["stages"].items() if name not in entries}
        if list(record["stages"]) != [*others, *entries]:
            self._write_record(record | {"stages": others | entries})

    def borrow(self, stage: str, inputs: object, outputs: Sequence[str]) -> str | None:
        """Copy the outputs of a stage with the same inputs, and what was noted of it; the name of the run that they are
        of, if there is any.

        That is a neighbour, or this run where they have other names in it.
        """
        key = sha256_json(inputs)
        for neighbour in (self.path, *self._neighbours()):
            try:
                stages = RunFolder(neighbour).record()["stages"].values()
            except MsmError:
                continue
            for entry in stages:
                if neighbour == self.path and list(entry.get("outputs", ())) == list(outputs):
                    continue
                if entry["key"] == key and entry["state"] == "done" and self._copy(neighbour, entry, outputs):
                    if facts := {name: fact for name, fact in entry.items() if name not in ENTRY}:
                        self.note(stage, **facts)
                    return neighbour.name
        return None

    def _neighbours(self) -> list[Path]:
        """The other run folders around this one, nearest first: those beside it, and the cells of grids."""
        beside = self.path.parent
        home = beside.parent.parent if beside.name == CELLS else beside
        records = (
            *sorted(beside.glob(f"*/{RECORD}")),
            *sorted(home.glob(f"*/{RECORD}")),
            *sorted(home.glob(f"*/{CELLS}/*/{RECORD}")),
        )
        return [folder for folder in dict.fromkeys(record.parent for record in records) if folder != self.path]

    def _copy(self, source: Path, entry: dict[str, Any], outputs: Sequence[str]) -> bool:
        """Copy what `entry` recorded, in the order of `outputs`; False if any of it is no longer what it was."""
        recorded: dict[str, str] = entry["outputs"]
        if len(recorded) != len(outputs):
            return False
        if any(not (source / name).exists() or sha256_file(source / name) != sha for name, sha in recorded.items()):
            return False
        for name, target in zip(recorded, outputs, strict=True):
            with replacing(self.path / target) as partial:
                shutil.copyfile(source / name, partial)
        return True

    def event(self, kind: str, **facts: object) -> None:
        """Append a line to `events.jsonl`."""
        append_jsonl(self.path / EVENTS, [{"at": datetime.now(UTC).isoformat(), "event": kind, **facts}])

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; the system lets go of it however the process ends.

        Raises:
            SetupError: if the folder cannot be written.
            MsmError: if another process holds it.
        """
        make_folder(self.path)
        path = self.path / LOCK
        with writing(path):
            file = path.open("a+b", buffering=0)  # so that a full disk is met by write, not again by close
        with file:
            try:
                # filelock makes the same call, takes 40 ms to import, and does not keep the holder's process id
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().decode(errors="replace").strip() or "unknown"
                raise MsmError(
                    f"{self.path}: is in use by another msm-mlx (process {holder}); wait for it, or use --run-dir"
                ) from None
            with writing(path):
                file.truncate(0)
                file.write(str(os.getpid()).encode())
            self._record = None
            yield


def _is_entry(entry: object) -> bool:
    """Whether `entry` is what `begin` and `finish` record of a stage."""
    if not isinstance(entry, dict):
        return False
    if not isinstance(entry.get("key"), str) or not isinstance(entry.get("inputs"), dict):
        return False
    if entry.get("state") == "done":
        return isinstance(entry.get("outputs"), dict) and isinstance(entry.get("finished"), str)
    return entry.get("state") == "started"


def _differ_in(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    """The names of the inputs that differ."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def human_moment(iso: str) -> str:
    """A moment in ISO 8601 as a clock here shows it, `2026-11-25 05:37`; any other text as it is."""
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return iso

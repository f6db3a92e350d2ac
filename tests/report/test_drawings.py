"""Drawings stay inside their frame."""

from __future__ import annotations

import re
from pathlib import Path

from msm_mlx.report.blocks import Figure
from msm_mlx.report.drawings import WIDTH
from msm_mlx.report.page import build_report
from msm_mlx.runs.finished import open_run


def test_drawings_stay_inside_their_frame(run: Path) -> None:
    report = build_report([open_run(run)])
    drawings = [block for part in report.parts for block in part.blocks if isinstance(block, Figure)]
    assert report.figure is not None
    drawings.append(report.figure)
    assert len(drawings) == 4  # domains, midtraining, fine-tuning, arms
    for drawing in drawings:
        places = [float(x) for x in re.findall(r'(?:x[12]?|cx)="([-\d.]+)"', drawing.svg)]
        assert places
        assert all(0 <= x <= WIDTH for x in places)
        assert "nan" not in drawing.svg

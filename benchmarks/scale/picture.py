"""Minutes over readers and workers as a picture, beside what others published."""

from benchmarks.scale.constants import PUBLISHED
from benchmarks.scale.model import Export, Model

_WIDTH, _HEIGHT = 860, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 250, 20, 70
_MOST_MINUTES, _STEP = 80, 20
_READERS = (1, 2, 4, 8, 16, 32)
_INK, _PALE, _STORAGE, _MEMORY, _OTHERS = "#1b2631", "#d5d8dc", "#1f618d", "#58a6c9", "#b03a2e"


def picture(model: Model) -> str:
    """An SVG of 1,000,000,000 rows by 1 to 32 readers, where each mark is double the one before."""
    label = "Minutes to export 1 billion rows, by readers and workers, beside published figures"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="system-ui,Segoe UI,Helvetica,Arial,sans-serif" font-size="13" role="img" '
        f'aria-label="{label}">'
    )
    parts = [
        opening,
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_grid(),
        *_published(),
        *_curve(model, _STORAGE, "pages from storage", in_memory=False),
        *_curve(model, _MEMORY, "pages in memory", in_memory=True),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid() -> list[str]:
    parts = []
    for minutes in range(0, _MOST_MINUTES + 1, _STEP):
        parts.append(_across(minutes, _PALE))
        parts.append(_text(_LEFT - 10, _y(minutes) + 4, f"{minutes}", "end"))
    for index, readers in enumerate(_READERS):
        workers = Export(1, readers).workers
        parts.append(_text(_x(index), _HEIGHT - _BOTTOM + 20, f"{readers}", "middle"))
        parts.append(_text(_x(index), _HEIGHT - _BOTTOM + 38, f"{workers}", "middle"))
    for down, words in ((20, "readers"), (38, "workers (G.1X)")):
        parts.append(_text(_x(len(_READERS) - 1) + 30, _HEIGHT - _BOTTOM + down, words))
    parts.append(_text(_LEFT - 40, _HEIGHT - 12, "minutes to export 1 billion rows, 117 GB of pages"))
    return parts


def _published() -> list[str]:
    known = (
        (PUBLISHED.aws_s3_seconds / 60, -4, "aws_s3, one session: 68"),
        (PUBLISHED.hashed_seconds / 60, 14, "Glue, 7 hashed readers: 64"),
    )
    end = _x(len(_READERS) - 1)
    parts = []
    for minutes, down, words in known:
        parts.append(_across(minutes, _OTHERS, ' stroke-dasharray="6 4"'))
        parts.append(_text(end + 12, _y(minutes) + down, words, fill=_OTHERS))
    return parts


def _curve(model: Model, colour: str, words: str, *, in_memory: bool) -> list[str]:
    minutes = [
        model.estimate(Export(PUBLISHED.rows, readers, in_memory)).seconds / 60 for readers in _READERS
    ]
    points = [(_x(index), _y(value)) for index, value in enumerate(minutes)]
    path = " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>']
    parts += [f'<circle cx="{x:.0f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
    x, y = (_x(0) + 8, _y(4)) if in_memory else (points[1][0] + 12, points[1][1] - 6)
    parts.append(_text(x, y, f"Lakeshot, {words}", fill=colour))
    return parts


def _x(index: int) -> float:
    return _LEFT + index * (_WIDTH - _LEFT - _RIGHT) / (len(_READERS) - 1)


def _y(minutes: float) -> float:
    return _TOP + (1 - minutes / _MOST_MINUTES) * (_HEIGHT - _TOP - _BOTTOM)


def _across(minutes: float, colour: str, more: str = "") -> str:
    left, right, y = _x(0), _x(len(_READERS) - 1), _y(minutes)
    ends = f'x1="{left:.0f}" y1="{y:.1f}" x2="{right:.0f}" y2="{y:.1f}"'
    return f'<line {ends} stroke="{colour}"{more}/>'


def _text(x: float, y: float, words: str, anchor: str = "start", fill: str = _INK) -> str:
    return f'<text x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{words}</text>'

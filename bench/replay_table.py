"""The figures of ``bench.replay`` as a table. Pure."""

from collections.abc import Mapping
from typing import Any, Final

Row = tuple[str, str, str, str]

HEADER: Final[Row] = ("", "measured", "ratio", "target")
ROUND_HEADER: Final = (
    "round",
    "corrected",
    "seconds",
    "fence + plan, s",
    "executor/s",
    "worker/s",
    "live p90, ms",
    "p99, ms",
    "executor, MiB",
    "verify, MiB",
)


def table(found: Mapping[str, Any]) -> str:
    """The rows, for a terminal."""
    lines = [HEADER, *rows(found)]
    widths = [max(len(row[column]) for row in lines) for column in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip()
        for row in lines
    )


def rows(found: Mapping[str, Any]) -> list[Row]:
    """One for each thing that is asked of a replay: what was measured, the ratio, the target."""
    p90, beside = found["live_p90"], found["beside_live"]
    lines = [
        ("a worker alone, events/s on a backlog", f"{found['worker_per_second']:,.0f}", "", ""),
        ("a worker beside live traffic", f"{beside['worker_per_second']:,.0f}", "", ""),
        (
            "an executor alone, corrected/s / a worker alone",
            f"{found['executor_per_second']:,.0f}",
            f"{found['executor_to_worker']:.2f}",
            "≥ 0.8",
        ),
        (
            "an executor beside live traffic / a worker beside the same traffic",
            f"{beside['executor_per_second']:,.0f}",
            f"{beside['to_worker_beside']:.2f}",
            "≥ 0.8",
        ),
        (
            "an executor beside live traffic / a worker alone (the strict reading)",
            f"{beside['executor_per_second']:,.0f}",
            f"{beside['to_worker_alone']:.2f}",
            "≥ 0.8",
        ),
        (
            "fence + plan, s (median, worst)",
            f"{found['plan_seconds']:.2f}, {found['plan_seconds_worst']:.2f}",
            "",
            "< 2",
        ),
        (
            "live p90, ms (without → during)",
            f"{p90['without_ms']:.0f} → {p90['during_ms']:.0f}",
            f"{p90['ratio']:.2f}",
            "≤ 2",
        ),
    ]
    previews = found["preview_seconds_by_slots"]
    seconds = " ".join(f"{took:.1f}" for took in previews.values())
    lines.append((f"preview, s, at {_sizes(previews)}", seconds, "", "< 5"))
    for name, by_slots in found["mib_by_slots"].items():
        sizes = " ".join(f"{mib:.0f}" for mib in by_slots.values())
        first, *_, last = by_slots.values()
        lines.append((f"MiB of the {name} at {_sizes(by_slots)}", sizes, f"{last / first:.2f}", ""))
    return lines


def rounds(found: Mapping[str, Any]) -> list[tuple[object, ...]]:
    """A row for each replay beside live traffic, as ``ROUND_HEADER`` names its columns."""
    return [_round(place, one) for place, one in enumerate(found["rounds"], start=1)]


def _round(place: int, one: Mapping[str, Any]) -> tuple[object, ...]:
    incident, without, during = one["incident"], one["without"], one["during"]
    return (
        str(place),
        incident["corrected"],
        f"{incident['completed_at'] - incident['revoked_at']:.1f}",
        f"{incident['requested_at'] - incident['revoked_at']:.2f}",
        incident["executor_rate"],
        one["worker_rate"],
        f"{without['p90']:.0f} → {during['p90']:.0f}",
        f"{without['p99']:.0f} → {during['p99']:.0f}",
        round(incident["executor_mib"]),
        round(incident["verify_mib"]),
    )


def _sizes(by_slots: Mapping[str, float]) -> str:
    return ", ".join(f"{int(slots) // 1_000}k" for slots in by_slots)

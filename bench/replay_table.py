"""The figures of ``bench.replay`` as a table. Pure."""

from collections.abc import Mapping
from typing import Any


def table(found: Mapping[str, Any]) -> str:
    """One line for each thing that the issue asks for: what was measured, the ratio, the target."""
    p90 = found["live_p90"]
    rows = [
        ("", "measured", "ratio", "target"),
        ("one worker, events/s on a backlog", f"{found['worker_per_second']:,.0f}", "", ""),
        (
            "one executor, corrected/s",
            f"{found['executor_per_second']:,.0f}",
            f"{found['executor_to_worker']:.2f}",
            "≥ 0.8",
        ),
        (
            "one executor beside live traffic",
            f"{found['executor_beside_live_per_second']:,.0f}",
            f"{found['executor_beside_live_per_second'] / found['worker_per_second']:.2f}",
            "",
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
    rows.append((f"preview, s, at {_sizes(previews)}", seconds, "", "< 5"))
    for name, by_slots in found["mib_by_slots"].items():
        sizes = " ".join(f"{mib:.0f}" for mib in by_slots.values())
        first, *_, last = by_slots.values()
        rows.append((f"MiB of the {name} at {_sizes(by_slots)}", sizes, f"{last / first:.2f}", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip()
        for row in rows
    )


def _sizes(by_slots: Mapping[str, float]) -> str:
    return ", ".join(f"{int(slots) // 1_000}k" for slots in by_slots)

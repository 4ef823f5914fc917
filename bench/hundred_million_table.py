"""The figures of ``bench.hundred_million`` as Markdown."""

from collections.abc import Mapping
from typing import Any, Final

LEAST_BYTES: Final = 1_000_000
"""What a topic must have grown by to be shown."""


def table(found: Mapping[str, Any]) -> str:
    """What counts. Pure."""
    phases = found["phases"]
    return "\n\n".join(
        [
            f"{found['slots']:,} slots, worker processes: {found['workers']}, executors: "
            f"{found['executors']}",
            _phases(phases),
            _processes(phases),
            _disk(phases),
            _live(phases["replay"]),
        ]
    )


def _phases(phases: dict[str, Any]) -> str:
    fill, score, replay, verify = (phases[name] for name in ("fill", "score", "replay", "verify"))
    lines = ["| phase | minutes | events | events/s |", "|---|---|---|---|"]
    for name, seconds, events, rate in (
        ("fill", fill["seconds"], fill["slots"], fill["per_second"]),
        ("score", score["seconds"], score["slots"], score["per_second"]),
        ("fence + plan", replay["plan_seconds"], 0, 0),
        ("replay", replay["replay_seconds"], replay["corrected"], replay["executor_rate"]),
        ("verify", verify["seconds"], verify["checked"], verify["per_second"]),
    ):
        counts = f"{events:,} | {rate:,.0f}" if events else " | "
        lines.append(f"| {name} | {seconds / 60:.2f} | {counts} |")
    verdict = "verified" if verify["verified"] else "NOT VERIFIED"
    return "\n".join(
        [
            *lines,
            "",
            f"{verdict}: {verify['checked']:,} checked, {verify['left_behind']:,} left behind",
            f"{replay['chunks']:,} chunks, a certificate of {replay['certificate_bytes']:,} bytes; "
            f"executors gave way {replay['gave_way']} times",
        ]
    )


def _processes(phases: dict[str, Any]) -> str:
    lines = ["| phase | process | how many | peak MiB | cores |", "|---|---|---|---|---|"]
    usages = {name: phases[name]["usage"] for name in ("fill", "score")}
    usages |= {"replay": phases["replay"]["incident"], "verify": phases["verify"]["usage"]}
    for phase, usage in usages.items():
        for role, one in sorted(usage.items(), key=lambda item: -item[1]["cores"]):
            if role == "other":
                continue
            lines.append(
                f"| {phase} | {role} | {one['processes']} | {one['mib']:.0f} | {one['cores']:.2f} |"
            )
    return "\n".join(lines)


def _disk(phases: dict[str, Any]) -> str:
    """What each phase added, how many times more it is uncompressed, and what there is in the end;
    what came live is part of the replay's."""
    lines = ["| phase | topic | GB added | compressed |", "|---|---|---|---|"]
    before: dict[str, int] = {}
    for phase in ("fill", "score", "replay"):
        after = phases[phase]["disk"]
        for topic, size in sorted(after.items()):
            added = size - before.get(topic, 0)
            plain = phases[phase].get("plain", {}).get(topic)
            ratio = f"{plain / added:.1f} ×" if plain and added else ""
            if added >= LEAST_BYTES:
                lines.append(f"| {phase} | {topic} | {added / 1e9:.3f} | {ratio} |")
        before = after
    lines.append(f"| **all** | | {sum(before.values()) / 1e9:.3f} | |")
    return "\n".join(lines)


def _live(replay: dict[str, Any]) -> str:
    lines = ["| live latency, ms | p50 | p90 | p99 | events/s |", "|---|---|---|---|---|"]
    for when, one in replay["latency"].items():
        cells = " | ".join(f"{one[name]:,.0f}" for name in ("p50", "p90", "p99", "per_second"))
        lines.append(f"| {when} | {cells} |")
    return "\n".join(lines)

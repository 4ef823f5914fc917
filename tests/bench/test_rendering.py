"""The page's marked parts are made from results, and nothing else on it moves."""

from dataclasses import asdict, replace
from typing import Any
from xml.etree import ElementTree

from bench import (
    give_way,
    hundred_million_table,
    memory,
    profile,
    replay,
    start,
    swap,
    worker_rate,
)
from bench.incident import Incident
from bench.live import Latency
from bench.machine import describe
from bench.plots import bars, number
from bench.rendering import MARKED, part, plots, provenance, render, unshowable
from bench.suite import MEASUREMENTS, RESULTS, results_of
from bench.suite import PAGE as PERFORMANCE

MACHINE = {**describe(), "cpu": "a | pipe"}
RATE = worker_rate.results(
    {4_000: 80_100.0, 10_000: 90_000.0, 20_000: 85_000.0},
    {"worker": [40_000.0, 50_000.0], "bare": [80_000.0, 80_000.0]},
) | {"machine": MACHINE}
PEERS = {
    "peers": {"quix-constant": "Quix Streams, constant answer"},
    "absent": {"streams-constant": "no javac was found"},
    "median": {
        "worker_per_second": 60_000,
        "quix-constant_per_second": 20_000,
        "worker_to_quix-constant": 3.0,
    },
    "machine": MACHINE,
}
MEMORY = memory.results({1_000_000: 210.4, 20_000_000: 221.0}, 240.4, 600.2) | {"machine": MACHINE}
PROFILE = profile.figures(
    100_000, {"interpreter": 0.8, "librdkafka": 0.3, "broker": 0.5}, {"decode": 30, "trees": 70}
) | {"machine": MACHINE}
INCIDENT = Incident(0.0, 1.0, 9.0, 500_000, 24, 80_000.0, 0, 3.0, 200.0, 140.0, 140.0, 9.0, 5)
REPLAY = replay.results(
    [replay.Alone(slots, [70_000.0, 80_000.0], INCIDENT) for slots in (100_000, 1_000_000)],
    [
        replay.Round(
            50_000.0,
            Latency(100.0, 200.0, 300.0, 1_000.0),
            Latency(120.0, 300.0, 600.0, 1_000.0),
            replace(INCIDENT, executor_rate=45_000.0),
        )
    ],
) | {"machine": MACHINE}
DONE = {"seconds": 60.0, "slots": 100, "per_second": 2.0, "usage": {}}
HUNDRED_MILLION = {
    "slots": 100,
    "workers": 2,
    "executors": 2,
    "phases": {
        "fill": DONE | {"disk": {"slot-created": 6_000_000_000}, "plain": {"slot-created": 3e10}},
        "score": DONE
        | {"disk": {"slot-created": 6_000_000_000, "slot-probability": 5_000_000_000}},
        "replay": {
            "plan_seconds": 1.0,
            "replay_seconds": 600.0,
            "corrected": 100,
            "executor_rate": 2.0,
            "chunks": 4,
            "certificate_bytes": 1_000,
            "gave_way": 0,
            "incident": {},
            "latency": {"before": asdict(Latency(1.0, 2.0, 3.0, 4.0))},
            "disk": {"slot-created": 6_000_000_000, "slot-probability": 9_500_000_000},
        },
        "verify": DONE | {"checked": 100, "verified": True, "left_behind": 0},
    },
}
PAGE = """# Performance
Before, by hand.
<!-- begin worker_rate -->
what stood here
<!-- end worker_rate -->
Between <!-- not a marker -->.
<!-- begin latency -->
an older figure
<!-- end latency -->
After.
"""


def test_a_part_is_made_anew_and_all_around_it_stays() -> None:
    page = render(PAGE, {"worker_rate": RATE})
    assert "what stood here" not in page
    assert "| 2 | 50,000 | 80,000 | 0.62 |" in page
    assert "| **median** | 45,000 | 80,000 | 0.56 |" in page
    made = part("worker_rate", {"worker_rate": RATE})
    assert page == PAGE.replace("what stood here", made or "")


def test_the_bare_loops_batches_are_told_and_the_fastest_is_taken() -> None:
    made = part("worker_rate", {"worker_rate": RATE}) or ""
    assert "80,100/s with 4,000, 90,000/s with 10,000, 85,000/s with 20,000. The rounds" in made
    assert "The rounds are with 10,000." in made


def test_a_part_without_results_stays() -> None:
    assert render(PAGE, {}) == PAGE


def test_every_committed_result_is_shown() -> None:
    results = results_of(RESULTS)
    assert unshowable(results) == {}
    page = render(PERFORMANCE.read_text("utf-8"), results)
    for name, found in results.items():
        assert provenance(found["machine"]) in page, name


def test_a_result_of_another_form_is_left_out_with_its_plot() -> None:
    older = {name: found for name, found in PEERS.items() if name != "absent"}
    results = {"peers": older, "worker_rate": RATE}
    page = "<!-- begin peers -->\nas it was\n<!-- end peers -->\n" + PAGE
    assert list(unshowable(results)) == ["peers"]
    assert render(page, results).startswith("<!-- begin peers -->\nas it was\n")
    assert "| 2 | 50,000 | 80,000 | 0.62 |" in render(page, results)
    assert "peers.svg" not in dict(plots(results))


def test_the_page_has_a_place_for_every_measurement() -> None:
    places = {match[2] for match in MARKED.finditer(PERFORMANCE.read_text("utf-8"))}
    assert places == {"targets", "hundred_million", *(each.name for each in MEASUREMENTS)}


def test_made_twice_it_is_the_same() -> None:
    once = render(PAGE, {"worker_rate": RATE})
    assert render(once, {"worker_rate": RATE}) == once


def test_a_backslash_in_a_result_is_no_reference_to_a_group() -> None:
    found = {"median": {r"a\1b": 1.0}, "machine": MACHINE}
    page = render("<!-- begin any -->\n<!-- end any -->", {"any": found})
    assert r"| a\1b | 1 |" in page


def test_peers_that_were_left_out_are_told_with_their_reason() -> None:
    made = part("peers", {"peers": PEERS}) or ""
    assert "| Quix Streams, constant answer | 20,000 | 3.0 × |" in made
    assert "| streams-constant | left out | no javac was found |" in made
    assert "(performance/peers.svg)" in made


def test_batches_are_rows_and_steps_are_columns() -> None:
    found: dict[str, Any] = {"whole_batch_1": 590.4, "engine_batch_1": 652.0}
    found |= {"whole_batch_1000": 95_333.2, "engine_batch_1000": 165_136.0, "machine": MACHINE}
    found["whole_with_pythons_collection"] = 85_800.0
    made = part("scoring", {"scoring": found}) or ""
    assert "| batch | whole | engine |" in made
    assert "| 1,000 | 95,333 | 165,136 |" in made
    assert "batches of 1,000 and Python's own garbage collection: 85,800, 0.90 of it." in made


def test_memory_has_a_row_for_each_number_of_events_and_the_peak() -> None:
    assert (part("memory", {"memory": MEMORY}) or "").splitlines()[2:6] == [
        "| resident after 1,000,000 events | 210 MiB |",
        "| resident after 20,000,000 events | 221 MiB |",
        "| last / first | 1.05 × |",
        "| the most ever (VmHWM) | 240 MiB |",
    ]


def test_a_start_has_its_steps_and_what_counts() -> None:
    by_delay = {
        0: [{"process ready": 0.8, "model loaded": 1.2, "first commit read": 1.5}],
        3_000: [{"process ready": 0.8, "model loaded": 1.2, "first commit read": 4.5}],
    }
    found = start.results(by_delay, 0.21) | {"machine": MACHINE}
    made = part("start", {"start": found}) or ""
    assert "| model loaded | 1.20 | 0.40 |" in made
    assert "| first commit read | 1.50 | 0.30 |" in made
    assert "| a worker's start to its first commit | 1.50 s |" in made
    assert "| what Kafka's default delay of a group's first rebalance adds | 3.00 s |" in made
    assert "| `creneau --help` | 0.21 s |" in made


def test_promotions_and_giving_way_show_each_round_and_the_worst() -> None:
    found = swap.results([swap.Swap(0.1, 0.2, 0.15), swap.Swap(0.5, 0.3, 0.25)])
    made = part("swap", {"swap": found | {"machine": MACHINE}}) or ""
    assert "| 2 | 0.50 | 0.30 | 0.25 |\n| **median** | 0.30 | 0.25 | 0.20 |" in made
    assert "| **worst** | 0.50 | 0.30 | 0.25 |" in made
    times = give_way.results([0.0, 0.4, 0.3]) | {"machine": MACHINE}
    made = part("give_way", {"give_way": times}) or ""
    assert "| 3 | 0.30 |\n| **median** | 0.30 |\n| **worst** | 0.40 |" in made


def test_an_executor_beside_live_traffic_is_held_against_both_workers() -> None:
    made = part("replay", {"replay": REPLAY}) or ""
    said = "| an executor beside live traffic / a worker"
    assert f"{said} beside the same traffic | 45,000 | 0.90 | ≥ 0.8 |" in made
    assert f"{said} alone (the strict reading) | 45,000 | 0.60 | ≥ 0.8 |" in made
    assert "| 1 | 500,000 | 9.0 | 1.00 | 45,000 | 50,000 | 200 → 300 | 300 → 600 | 200 |" in made


def test_any_other_measurement_shows_its_numbers_but_not_the_machine() -> None:
    found = {"mib": {"early": 210.5}, "seconds": [1, 2], "machine": MACHINE}
    made = part("any", {"any": found}) or ""
    assert "| mib early | 210.50 |" in made
    assert "load before |" not in made


def test_a_plot_is_well_formed_and_its_longest_bar_is_the_largest_figure() -> None:
    drawn = dict(plots({"peers": PEERS}))
    assert list(drawn) == ["peers.svg"]
    rects = ElementTree.fromstring(drawn["peers.svg"]).findall("{http://www.w3.org/2000/svg}rect")
    widths = [float(rect.attrib["width"]) for rect in rects[1:]]
    assert widths == [330.0, 110.0]


def test_what_can_be_drawn_is_well_formed_and_linked() -> None:
    results = {"worker_rate": RATE, "memory": MEMORY, "profile": PROFILE, "replay": REPLAY}
    for name, svg in dict(plots(results)).items():
        ElementTree.fromstring(svg)
        assert f"(performance/{name})" in (part(name.removesuffix(".svg"), results) or "")
    assert len(dict(plots(results))) == len(results)


def test_the_disk_of_100_million_slots_is_summed_up() -> None:
    made = hundred_million_table.table(HUNDRED_MILLION)
    assert "| fill | slot-created | 6.000 | 5.0 × |" in made
    assert "| replay | slot-probability | 4.500 |  |" in made
    assert "| **all** | | 15.500 | |" in made


def test_labels_are_escaped_and_no_figures_make_an_empty_plot() -> None:
    assert "&lt;b&gt; &amp; c" in bars("a", [("<b> & c", 0.0)])
    ElementTree.fromstring(bars("nothing", []))


def test_numbers_are_written_for_people() -> None:
    assert [number(each) for each in (48_719.4, 1.324, 0.0045, 3, 999.5)] == [
        "48,719",
        "1.32",
        "0.0045",
        "3",
        "999.50",
    ]

"""The page's marked parts are made from results, and nothing else on it moves."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from bench import memory, replay, start
from bench.incident import Incident
from bench.live import Latency
from bench.machine import describe
from bench.plots import bars, number
from bench.rendering import part, plots, provenance, render, unshowable
from bench.suite import PAGE as PERFORMANCE
from bench.suite import RESULTS, results_of

MACHINE = {**describe(), "cpu": "a | pipe"}
RATE = {
    "worker_per_second": [40_000, 50_000],
    "bare_per_second": [80_000, 80_000],
    "ratios": [0.5, 0.625],
    "median": {"worker_per_second": 45_000, "bare_per_second": 80_000, "ratio": 0.563},
    "machine": MACHINE,
}
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
    found: dict[str, Any] = {"score_batch_1": 590.4, "engine_batch_1": 652.0}
    found |= {"score_batch_1000": 95_333.2, "engine_batch_1000": 165_136.0, "machine": MACHINE}
    made = part("scoring", {"scoring": found}) or ""
    assert "| batch | score | engine |" in made
    assert "| 1,000 | 95,333 | 165,136 |" in made


def test_memory_has_a_row_for_each_number_of_events_and_the_peak() -> None:
    found = memory.results({1_000_000: 210.4, 20_000_000: 221.0}, 240.4, 600.2)
    found["machine"] = MACHINE
    assert (part("memory", {"memory": found}) or "").splitlines()[2:-2] == [
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


def test_an_executor_beside_live_traffic_is_held_against_both_workers() -> None:
    incident = Incident(0.0, 1.0, 9.0, 500_000, 24, 80_000.0, 0, 3.0, 200.0, 140.0, 140.0, 9.0, 5)
    beside = replace(incident, executor_rate=45_000.0)
    calm, busy = Latency(100.0, 200.0, 300.0, 1_000.0), Latency(120.0, 300.0, 600.0, 1_000.0)
    alone = [replay.Alone(slots, [70_000.0, 80_000.0], incident) for slots in (100_000, 1_000_000)]
    found = replay.results(alone, [replay.Round(50_000.0, calm, busy, beside)])
    made = part("replay", {"replay": found | {"machine": MACHINE}}) or ""
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

"""The searches: each a small world in which one part of the protocol is at risk."""

from dataclasses import replace

from .command import Move
from .decisions import Chunk, Complete, Promote, Request, Revoke
from .rules import Rule
from .space import Scenario
from .state import MARKED, OFFSETS, OUTPUTS, RUNS, Committed, Meta, Output, Run

A_TO_B = Revoke(("A",), "B")
B_TO_C = Revoke(("B",), "C")
FENCE = (A_TO_B, Move.LIST, Move.FENCE)
REPLAY = (*FENCE, Move.PLAN)
SECOND = (B_TO_C, Move.CANCEL, Move.LIST, Move.FENCE, Move.PLAN)

# What live scoring leaves behind when one event was scored by A, A was revoked for B, and the
# partition acknowledged that. Replays can start from here without searching the way here again.
SCORED_BY_A = Output(0, 0, "A", False, False, MARKED)
RUN_OF_A = Run(0, 0, 1, 0, "A", False, False, MARKED)
ACKNOWLEDGED = Committed(1, Meta(1, 1))

HANDOVER = Scenario(
    name="handover",
    covers="a promotion while a partition moves between two workers, either of them a zombie",
    script=(Promote("B"),),
    events=(2,),
    at_least=24_000,
)
ADDED = Scenario(
    name="partition-added",
    covers="a revocation and its fence while a second partition appears; one of the two is idle",
    script=FENCE,
    events=(0, 1),
    additions=1,
    late=frozenset(),
    at_least=48_000,
)
SECOND_REVOCATION = Scenario(
    name="second-revocation",
    covers="promotion, revocation, fence, second revocation under live traffic of two workers",
    script=(*FENCE, B_TO_C),
    events=(2,),
    late=frozenset({OFFSETS}),
    at_least=26_000,
)
PAUSED = Scenario(
    name="paused",
    covers="a revocation without replacement, then a promotion: workers that score nothing",
    script=(Revoke(("A",), None), Move.LIST, Move.FENCE, Promote("B")),
    events=(1,),
    at_least=8_000,
)
PLAN = Scenario(
    name="plan",
    covers="from the first live batch to the completed replay, any marker late in any log",
    script=REPLAY,
    events=(1,),
    executors=1,
    at_least=40_000,
)
RESET = Scenario(
    name="reset",
    covers="an operator resets the group at any moment of a revocation and its replay",
    script=REPLAY,
    events=(1,),
    workers=1,
    executors=1,
    resets=1,
    refused=frozenset({("B", 0)}),
    at_least=18_000,
)
EXPIRED = Scenario(
    name="expired",
    covers="the workers' or the executors' offsets expire at any moment of a replay",
    script=REPLAY,
    events=(1,),
    workers=1,
    executors=1,
    expiries=1,
    at_least=6_000,
)
EXECUTORS = Scenario(
    name="executors",
    covers="two executors, either a zombie or killed, on the chunks of two partitions",
    script=(Move.FENCE, Move.PLAN),
    events=(2, 1),
    partitions=2,
    workers=0,
    executors=2,
    chunk=1,
    crashes=1,
    ledger=(Promote("A"), A_TO_B),
    outputs=((SCORED_BY_A, SCORED_BY_A._replace(offset=1)), (SCORED_BY_A,)),
    runs=(RUN_OF_A._replace(end=2), RUN_OF_A._replace(partition=1)),
    committed=(Committed(2, Meta(1, 2)), Committed(1, Meta(1, 1))),
    at_least=6_500,
)
CANCELLED = Scenario(
    name="cancelled",
    covers="the replacement is revoked, the replay cancelled and a second one planned, any time",
    script=(Move.FENCE, Move.PLAN, *SECOND),
    events=(2,),
    workers=1,
    executors=2,
    chunk=1,
    late=frozenset({RUNS}),
    ledger=(Promote("A"), A_TO_B),
    outputs=((SCORED_BY_A, SCORED_BY_A._replace(offset=1)),),
    runs=(RUN_OF_A._replace(end=2),),
    committed=(Committed(2, Meta(1, 2)),),
    at_least=30_000,
)
REPLAYED_THEN_RESET = Scenario(
    name="replayed-then-reset",
    covers="an operator goes back below a finished replay, and a dead letter lands on top of it",
    script=(B_TO_C, Move.LIST, Move.FENCE, Move.PLAN),
    events=(1,),
    workers=1,
    executors=1,
    resets=1,
    refused=frozenset({("C", 0)}),
    ledger=(Promote("A"), A_TO_B, Request(("A",), "B", (Chunk(0, 0, 1),)), Complete(2)),
    outputs=((SCORED_BY_A, Output(0, 2, "B", True, False, MARKED)),),
    runs=(RUN_OF_A, Run(0, 0, 1, 2, "B", True, False, MARKED)),
    committed=(ACKNOWLEDGED,),
    task_offset=1,
    at_least=8_000,
)

SCENARIOS = (
    HANDOVER,
    ADDED,
    SECOND_REVOCATION,
    PAUSED,
    PLAN,
    RESET,
    EXPIRED,
    EXECUTORS,
    CANCELLED,
    REPLAYED_THEN_RESET,
)

# Where the absence of a rule shows, and as what.
BREAKS_IN: dict[Rule, tuple[Scenario, str]] = {
    Rule.FRESH_LEDGER: (ADDED, "I6"),
    Rule.WORKER_REQUIRES_STABLE: (HANDOVER, "I3"),
    Rule.EXECUTOR_REQUIRES_STABLE: (EXECUTORS, "I5"),
    Rule.METADATA_IN_TRANSACTION: (HANDOVER, "I3"),
    Rule.RUN_IN_TRANSACTION: (HANDOVER, "I3"),
    Rule.FENCE_ALL_PARTITIONS: (ADDED, "I6"),
    Rule.FENCE_AWAITS_EPOCH: (SECOND_REVOCATION, "I6"),
    Rule.NO_METADATA_NO_FENCE: (SECOND_REVOCATION, "I6"),
    Rule.PARTITIONS_AFTER_REVOCATION: (ADDED, "I6"),
    Rule.IDLE_ACKNOWLEDGES: (PLAN, "no progress"),
    Rule.PLAN_AWAITS_MARKERS: (EXPIRED, "I4"),
    Rule.COMPLETION_AWAITS_MARKERS: (EXECUTORS, "I4"),
    Rule.GAPS_ARE_SCANNED: (RESET, "I4"),
    Rule.RESET_IS_RECORDED: (RESET, "I4"),
    Rule.DEAD_LETTERS_COVER_NOTHING: (RESET, "I4"),
    Rule.HELD_IS_WITHDRAWN: (RESET, "I4"),
    Rule.EXPIRY_IS_RECORDED: (EXPIRED, "I4"),
    Rule.EXPIRY_IS_RECOVERED: (EXPIRED, "I1"),
    Rule.DONE_MEANS_RUN: (EXPIRED, "I5"),
    Rule.TASK_OFFSET_IN_TRANSACTION: (EXECUTORS, "I5"),
    Rule.BATCH_BOUND_TO_GENERATION: (HANDOVER, "I1"),
    Rule.EVERY_REVOKED_MODEL: (CANCELLED, "I4"),
}

# Each is redundant while the other holds: only without both does something break.
SECOND_LINE_OF: dict[Rule, tuple[Rule, Scenario]] = {
    Rule.AWAIT_METADATA_EPOCH: (Rule.FRESH_LEDGER, HANDOVER),
    Rule.NEWEST_REPLAY_COUNTS: (Rule.DEAD_LETTERS_COVER_NOTHING, REPLAYED_THEN_RESET),
}

# The same with larger bounds: minutes, not seconds.
SOAK = (
    replace(
        ADDED,
        name="partition-added-busy",
        covers="partition-added with an event in both partitions, scored in joint transactions",
        events=(1, 1),
        joint=True,
    ),
    replace(
        SECOND_REVOCATION,
        name="second-revocation-three-events",
        events=(3,),
        crashes=1,
    ),
    replace(
        RESET,
        name="reset-two-workers",
        covers="reset with a second worker, so that a zombie meets the operator",
        workers=2,
        late=frozenset({RUNS, OFFSETS}),
    ),
    replace(
        CANCELLED,
        name="cancelled-late",
        covers="cancelled with late markers in every log",
        late=frozenset({OUTPUTS, RUNS, OFFSETS}),
    ),
    replace(
        PLAN,
        name="whole-replay",
        covers="from the first live batch to the certificate: two workers, two executors",
        executors=2,
        late=frozenset({OUTPUTS, RUNS}),
    ),
)

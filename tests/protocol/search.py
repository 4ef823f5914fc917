"""Breadth-first search of every state, so the first trace found is a shortest one."""

import gc
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True)
class Space(Generic[S]):
    """What is searched: every state is replaced by its `canonical` one before it is compared."""

    beginning: S
    successors: Callable[[S], Iterable[tuple[str, S]]]
    canonical: Callable[[S], S]
    violation: Callable[[S], str | None]
    reached: Callable[[S], bool]


@dataclass(frozen=True)
class Found:
    """What a search saw: the states, and the shortest way to a violation if there is one."""

    states: int
    depth: int
    broken: str | None
    trace: tuple[str, ...]


def search(space: Space[S]) -> Found:
    """Explore everything; stop at a violation.

    Also violated: a state after which no state that is `reached` can follow any more.
    The collector of cycles is off meanwhile: states have none, and it would walk them all.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _search(space)
    finally:
        if collecting:
            gc.enable()


def _search(space: Space[S]) -> Found:
    first = space.canonical(space.beginning)
    numbers = {first: 0}
    parents = [0]
    edges: list[tuple[int, ...]] = []
    goals: list[int] = []
    states = [first]
    for origin, state in enumerate(states):  # grows as it is walked: breadth first
        if space.reached(state):
            goals.append(origin)
        following = []
        for _, after in space.successors(state):
            after = space.canonical(after)
            number = numbers.setdefault(after, len(states))
            following.append(number)
            if number == len(states):
                states.append(after)
                parents.append(origin)
                broken = space.violation(after)
                if broken is not None:
                    return _found(space, states, parents, number, broken)
        edges.append(tuple(following))
    stuck = _cut_off(edges, goals)
    if stuck is not None:
        return _found(space, states, parents, stuck, "no progress: the goal is out of reach")
    return Found(len(states), len(_path(parents, len(states) - 1)), None, ())


def _path(parents: list[int], number: int) -> list[int]:
    """The numbers of the states on the way to one, without the first state."""
    path = []
    while number:
        path.append(number)
        number = parents[number]
    return path[::-1]


def _found(space: Space[S], states: list[S], parents: list[int], number: int, broken: str) -> Found:
    """Walk the way again without exchanging anything, so that names stay the same along it."""
    labels = []
    state = space.beginning
    path = _path(parents, number)
    for step in path:
        label, state = next(
            (label, after)
            for label, after in space.successors(state)
            if space.canonical(after) == states[step]
        )
        labels.append(label)
    return Found(len(states), len(path), broken, tuple(labels))


def _cut_off(edges: list[tuple[int, ...]], goals: list[int]) -> int | None:
    """The state nearest to the beginning from which no goal can be reached."""
    before: list[list[int]] = [[] for _ in edges]
    for origin, following in enumerate(edges):
        for number in following:
            before[number].append(origin)
    reaching = bytearray(len(edges))
    todo = list(goals)
    while todo:
        number = todo.pop()
        if not reaching[number]:
            reaching[number] = 1
            todo.extend(before[number])
    cut_off = reaching.find(0)
    return None if cut_off < 0 else cut_off

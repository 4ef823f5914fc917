"""Workers are interchangeable, and so are executors: one state stands for both numberings."""

from .state import Command, Output, Run, State, Transaction


def canonical(state: State) -> State:
    """The state with each pair of interchangeable processes in one fixed order.

    The order is that of their hashes, so it holds within one run of Python; where two different
    processes should hash alike, both numberings stay, which costs states and nothing else.
    """
    processes = state.processes
    for i in range(len(processes) - 1):
        one, other = processes[i], processes[i + 1]
        if one.group == other.group and hash(one) > hash(other):
            state = _swap(state, i, i + 1)
    return state


def _swap(state: State, i: int, j: int) -> State:
    processes = list(state.processes)
    writing = processes[i].transaction, processes[j].transaction
    processes[i], processes[j] = processes[j], processes[i]
    state = state._replace(processes=tuple(processes))
    return state if writing == (None, None) else _renumbered(state, writing, {i: j, j: i})


def _renumbered(state: State, writing: tuple[Transaction | None, ...], to: dict[int, int]) -> State:
    """The logs, and who awaits whom, with the writers' numbers exchanged."""
    touched = {log for transaction in writing if transaction for log in transaction.unmarked}
    outputs = tuple(
        tuple(_as(output, to) for output in log) if p in touched else log
        for p, log in enumerate(state.outputs)
    )
    runs = tuple(_as_run(run, to) for run in state.runs)
    return state._replace(
        outputs=outputs,
        runs=runs,
        command=_as_command(state.command, to),
        completing=None if state.completing is None else _as_awaited(state.completing, to),
    )


def _as(output: Output, to: dict[int, int]) -> Output:
    number = to.get(output.writer, output.writer)
    return output if number == output.writer else output._replace(writer=number)


def _as_run(run: Run, to: dict[int, int]) -> Run:
    number = to.get(run.writer, run.writer)
    return run if number == run.writer else run._replace(writer=number)


def _as_command(command: Command, to: dict[int, int]) -> Command:
    return command._replace(awaits=_as_awaited(command.awaits, to)) if command.awaits else command


def _as_awaited(
    awaited: tuple[tuple[int, int], ...], to: dict[int, int]
) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((to.get(writer, writer), log) for writer, log in awaited))

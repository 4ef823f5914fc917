"""Run a program that dies with the process that started it, killed or not.

``python -I -S watched.py FD PROGRAM ARGUMENTS…``: this process becomes PROGRAM (same process id),
and leaves a child behind that reads the pipe FD. The starter holds the pipe's other end; when the
starter is gone, however it went, the pipe ends and the child kills PROGRAM. Works wherever there
are pipes, and whichever thread started it (Linux's own parent-death signal follows the thread).
"""

import os
import select
import signal
import sys

_POLL_SECONDS = 1.0


def _watch(pipe: int, program: int) -> None:
    while os.getppid() == program:
        readable, _, _ = select.select([pipe], [], [], _POLL_SECONDS)
        if readable and not os.read(pipe, 1):
            if os.getppid() == program:
                os.kill(program, signal.SIGKILL)
            return


def main() -> None:
    pipe, command = int(sys.argv[1]), sys.argv[2:]
    program = os.getpid()
    if os.fork() == 0:
        _watch(pipe, program)
        os._exit(0)
    os.close(pipe)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()

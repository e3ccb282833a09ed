"""Open tapes belong to the context: tasks of asyncio that run at the same time do not see each other's tapes."""

import asyncio
import threading

import numpy as np

import gradtape as gt
from gradtape.arrays.record import STATE


async def step(variable, turns):
    with gt.GradientTape() as tape:
        y = variable * 1.0
        for _ in range(turns):
            await asyncio.sleep(0)
            y = np.sin(y) * variable
        seen = tape.watched_variables()
        open_here = len(STATE.recordings)
    return tape.gradient(y, variable), seen, open_here


def test_tasks_at_the_same_time_keep_their_tapes_apart():
    variables = [gt.Variable(0.1 * k) for k in range(1, 9)]

    async def together():
        return await asyncio.gather(*[step(v, 3 + k % 4) for k, v in enumerate(variables)])

    alone = [asyncio.run(step(v, 3 + k % 4)) for k, v in enumerate(variables)]
    for variable, (g, seen, count), (expected, _, _) in zip(variables, asyncio.run(together()), alone, strict=True):
        assert float(g) == float(expected)
        assert seen == (variable,)
        assert count == 1


def test_what_a_task_computes_for_the_tape_around_it_is_recorded():
    x = gt.Variable(3.0)

    async def square():
        await asyncio.sleep(0)
        return x * x

    async def total():
        with gt.GradientTape() as tape:
            a, b = await asyncio.gather(square(), square())
            y = a + b
        return tape.gradient(y, x)

    assert float(asyncio.run(total())) == 12.0


def test_a_task_that_outlives_the_tape_does_no_harm():
    x = gt.Variable(3.0)

    async def late(closed):
        await closed.wait()
        y = x * x
        return gt.gradients(y * 2.0, y)

    async def main():
        closed = asyncio.Event()
        with gt.GradientTape() as tape:
            y = x * x * x
            task = asyncio.create_task(late(closed))
            await asyncio.sleep(0)
        g = tape.gradient(y, x)
        closed.set()
        return g, await task, tape

    g, (h,), tape = asyncio.run(main())
    assert float(g) == 27.0
    assert float(h) == 2.0
    assert "UsedUp" in type(_error(lambda: tape.gradient(g, x))).__name__


def _error(call):
    try:
        call()
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        return error
    return None


def test_another_thread_sees_no_tape():
    x, out = gt.Variable(3.0), []
    with gt.GradientTape() as tape:
        thread = threading.Thread(target=lambda: out.append((x * x, len(STATE.recordings))))
        thread.start()
        thread.join()
    y, count = out[0]
    assert count == 0
    assert float(tape.gradient(y, x, unconnected_gradients="zero")) == 0.0

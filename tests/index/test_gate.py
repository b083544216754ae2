"""Many look at once, or one changes things."""

import threading

from index.gate import Gate


def test_readers_look_together() -> None:
    gate, both_inside = Gate(), threading.Barrier(2, timeout=60)

    def look() -> None:
        with gate.looking():
            both_inside.wait()

    other = threading.Thread(target=look)
    other.start()
    look()  # would hang here, and the barrier break, if they took turns
    other.join()


def test_nobody_looks_while_one_changes() -> None:
    gate, seen, value = Gate(), set(), [0, 0]

    def change() -> None:
        for n in range(200):
            with gate.changing():
                value[0] = n
                value[1] = n

    def look() -> None:
        for _ in range(400):
            with gate.looking():
                seen.add(value[0] == value[1])

    threads = [threading.Thread(target=t) for t in (change, look, look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert seen == {True}


def test_a_waiting_writer_goes_before_new_readers() -> None:
    gate, order, first_is_in, may_leave = Gate(), [], threading.Event(), threading.Event()

    def first() -> None:
        with gate.looking():
            first_is_in.set()
            may_leave.wait(60)

    def writer() -> None:
        with gate.changing():
            order.append("writer")

    def late() -> None:
        with gate.looking():
            order.append("late")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert first_is_in.wait(60)
    threads.append(threading.Thread(target=writer))
    threads[1].start()
    while not gate._writers_waiting:
        threading.Event().wait(0.001)
    threads.append(threading.Thread(target=late))
    threads[2].start()
    may_leave.set()
    for thread in threads:
        thread.join(timeout=60)
    assert order == ["writer", "late"]

"""Measures Vistazo against named references, side by side in one run; ratios, not boasts.

    python -m benchmarks [decode fidelity encode index http bulk] [--quick] [--work DIR]
    python -m benchmarks hostile [--size 20000] [--clients 1]
    python -m benchmarks overload [--seconds 300]
    python -m benchmarks writes [--products 20000] [--seconds 10] [--rounds 5]
    python -m benchmarks puts [--seconds 20] [--rounds 3]
    python -m benchmarks bulk --products 100000
    python -m benchmarks boosts [--searches 32]
    python -m benchmarks million [vectors filters peers plot] [--size 1000000] [--cache DIR]

Real photos are used where they are (VISTAZO_SHARED or ../shared/data), the drawn shop elsewhere.
Results go to benchmarks/results/<name>.json, with the machine they were measured on.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import bench_boosts, bench_puts, bench_writes, million
from benchmarks.bench import Bench
from benchmarks.pairing import Pairing, as_json
from benchmarks.result_files import ROOT, save


def main() -> None:
    """Run the named benchmarks, or all."""
    own = {
        "million": million.main,
        "writes": bench_writes.main,
        "puts": bench_puts.main,
        "boosts": bench_boosts.main,
    }
    if sys.argv[1:2] and sys.argv[1] in own:  # these have options of their own
        own[sys.argv[1]](sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    names = ("decode", "fidelity", "encode", "index", "http", "bulk")
    parser.add_argument(
        "names",
        nargs="*",
        help=f"which of {', '.join(names)} (all by default), hostile, overload",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--products", type=int, default=0, help="bulk: so many, by repeating the catalogue; kept"
    )
    parser.add_argument("--size", type=int, default=20_000, help="hostile: how many uploads")
    parser.add_argument(
        "--clients", type=int, default=1, help="hostile: how many send them at once"
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="overload: how long")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "bench")
    args = parser.parse_args()
    unknown = set(args.names) - {*names, "hostile", "overload"}
    if unknown:
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}")
    bench = Bench(args.work, args.quick, args)
    for name in args.names or names:
        act: Callable[[], list[Pairing]] = getattr(bench, name)
        found = act()
        for pairing in found:
            print(pairing.line(), flush=True)
        if found:
            save(name, [as_json(p) for p in found])


if __name__ == "__main__":
    main()

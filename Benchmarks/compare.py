#!/usr/bin/env python3
"""Times Squall, ONNX Runtime and PyTorch on the same networks, turn by turn in one go.

usage: compare.py CORPUS --squall PROGRAM [--threads 1,2] [--rounds 3] [--seconds 3] [--runs 3]
                  [--only A,B] [--engines squall,ort,torch] [--report FILE] [--json FILE] [--resume]
                  [--readme FILE]

CORPUS is a folder as `build_corpus.py` of the networks makes it: one folder a network with model.onnx,
test_data_set_0 and meta.json. Each measurement is a process of its own: load, one run that does not
count, then runs for --seconds (--runs at least). Rounds go round the engines, so that a busy neighbour
meets all of them; what is shown is the median over rounds. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE,
which halve OpenBLAS for whoever uses it, are unset for every contestant.

Memory is what the whole process held at its peak, the interpreter of the peers included. A process that
would take more than the machine has fails, and the table has a dash.

Results are kept in the --json file after each network; with --resume, networks that are in it are not
measured again. --readme puts the table between the two "benchmarks" comments of a README.
"""
import argparse
import glob
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time

def own_peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_inputs(folder):
    import onnx
    from onnx import numpy_helper

    inputs = {}
    for index in range(len(glob.glob(f"{folder}/test_data_set_0/input_*.pb"))):
        with open(f"{folder}/test_data_set_0/input_{index}.pb", "rb") as file:
            tensor = onnx.TensorProto.FromString(file.read())
        inputs[tensor.name] = numpy_helper.to_array(tensor).copy()
    return inputs


def timed(run, seconds, least):
    start = time.perf_counter()
    run()
    first = time.perf_counter() - start
    times = []
    start = time.perf_counter()
    while len(times) < least or (time.perf_counter() - start < seconds and len(times) < 200):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return {"first": first, "run": statistics.median(times), "runs": len(times)}


def ort_child(folder, threads, seconds, least, networks):
    import onnxruntime as ort

    inputs = read_inputs(folder)
    base = own_peak()
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    start = time.perf_counter()
    session = ort.InferenceSession(
        f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    load = time.perf_counter() - start
    result = timed(lambda: session.run(None, inputs), seconds, least)
    return {**result, "load": load, "peak": own_peak(), "base": base}


def torch_child(folder, threads, seconds, least, networks):
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    sys.path.insert(0, networks)
    import networks as family

    inputs = read_inputs(folder)
    base = own_peak()
    with open(f"{folder}/meta.json") as file:
        meta = json.load(file)
    start = time.perf_counter()
    # Weights do not matter for the time.
    built = family.build(os.path.basename(folder), meta["size"], calibrate=False)
    arguments = [
        torch.from_numpy(inputs[name]).to(value.dtype) if name in inputs else value
        for name, value in built.inputs.items()
    ]
    load = time.perf_counter() - start
    with torch.inference_mode():
        result = timed(lambda: built.module(*arguments), seconds, least)
    return {**result, "load": load, "peak": own_peak(), "base": base}


def squall(program, folder, threads, seconds, runs):
    command = [program, "bench", folder, "--threads", str(threads), "--runs", str(runs), "--json"]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {
        "first": report["first_run_seconds"], "run": report["run_seconds"]["median"],
        "load": report["load_seconds"], "peak": report["peak_rss_bytes"], "base": 0,
        "arena": report["arena_bytes"], "operators": report["operators"][:5],
        "ceiling": report["peak_multiply_adds"],
    }


def ask(engine, folder, threads, arguments):
    """What a process of its own says of one network."""
    child = [
        sys.executable, "-W", "ignore", __file__, folder, "--child", engine, "--threads",
        str(threads), "--seconds", str(arguments.seconds), "--runs", str(arguments.runs),
        "--networks", arguments.networks,
    ]
    done = subprocess.run(child, capture_output=True, text=True, preexec_fn=bound_memory)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"ended with {done.returncode}"]
        raise RuntimeError(f"{engine}: {reason[0]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(engine, folder, threads, arguments, expected):
    environment = {
        key: value for key, value in os.environ.items()
        if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    }
    environment.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    os.environ.clear()
    os.environ.update(environment)
    if engine == "squall":
        runs = max(arguments.runs, min(200, int(arguments.seconds / max(expected or 0.1, 1e-4))))
        return squall(arguments.squall, folder, threads, arguments.seconds, runs)
    return ask(engine, folder, threads, arguments)


def bound_memory():
    """Lets a peer fail rather than take the memory of everything else on the machine."""
    with open("/proc/meminfo") as file:
        free = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    # Address space, of which libraries reserve some that they never touch.
    limit = free * 1024 + (4 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def count_child(folder, threads, seconds, least, networks):
    """Multiply-adds of products and convolutions as PyTorch counts them, which no fusion changes."""
    import copy

    import torch
    from torch.utils.flop_counter import FlopCounterMode

    sys.path.insert(0, networks)
    import networks as family

    with open(f"{folder}/meta.json") as file:
        meta = json.load(file)
    built = family.build(os.path.basename(folder), meta["size"], calibrate=False)
    # Tensors without memory, where the network can do without values.
    with FlopCounterMode(display=False) as counter, torch.no_grad(), torch.device("meta"):
        copy.deepcopy(built.module).to("meta")(*[v.to("meta") for v in built.inputs.values()])
    return {"multiply_adds": counter.get_total_flops() // 2}


def middle(rounds, key):
    return statistics.median(entry[key] for entry in rounds)


def table(results):
    lines = [
        "| network | threads | Squall, ms | × ONNX Runtime | × PyTorch | × best | of peak | load, ms"
        " | × best | memory, MB | × best |", "|" + " --- |" * 11,
    ]
    for (name, threads), entry in sorted(results.items()):
        own = entry["engines"].get("squall")
        if not own:
            continue
        peers = {engine: entry["engines"].get(engine) for engine in ("ort", "torch")}

        def ratio(engine, key, peers=peers, own=own):
            peer = peers[engine]
            return f"{middle(own, key) / middle(peer, key):.2f}" if peer else "–"

        def best(key, among=("ort", "torch"), peers=peers, own=own):
            known = [middle(peers[engine], key) for engine in among if peers[engine]]
            return f"{middle(own, key) / min(known):.2f}" if known else "–"

        adds = entry["multiply_adds"]
        ceiling = max(turn["ceiling"] for turn in own)
        share = f"{adds / middle(own, 'run') / ceiling:.0%}" if adds else "–"
        lines.append(
            f"| {name} | {threads} | {middle(own, 'run') * 1e3:.1f} | {ratio('ort', 'run')} "
            f"| {ratio('torch', 'run')} | {best('run')} | {share} | {middle(own, 'load') * 1e3:.0f} "
            f"| {best('load', among=('ort',))} | {middle(own, 'peak') / 1e6:.0f} | {best('peak')} |")
    return "\n".join(lines)


def versions():
    code = "import torch, onnxruntime; print(onnxruntime.__version__, torch.__version__)"
    ort, torch = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    with open("/proc/cpuinfo") as file:
        lines = [line for line in file if line.startswith("model name")]
    processor = lines[0].split(":", 1)[1].strip() if lines else platform.processor()
    return (
        f"{time.strftime('%Y-%m-%d')}, {len(lines)} cores of {processor}, {platform.system()}; "
        f"ONNX Runtime {ort}, PyTorch {torch} (eager)")


def into_readme(path, text):
    """Puts `text` between the two comments of the README that say where it goes."""
    with open(path) as file:
        readme = file.read()
    begin, end = "<!-- benchmarks -->\n", "<!-- /benchmarks -->"
    if begin not in readme or end not in readme:
        sys.exit(f"{path}: has no place between {begin.strip()} and {end}")
    before, rest = readme.split(begin, 1)
    with open(path, "w") as file:
        file.write(before + begin + text + end + rest.split(end, 1)[1])


def kept_results(path):
    """What an earlier call measured: by network and number of threads."""
    if not path or not os.path.exists(path):
        return {}
    with open(path) as file:
        return {(entry.pop("name"), entry.pop("threads")): entry for entry in json.load(file)}


def keep(path, results):
    if not path:
        return
    with open(path + ".part", "w") as file:
        json.dump([{"name": n, "threads": c, **e} for (n, c), e in results.items()], file, indent=1)
    os.replace(path + ".part", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--squall", default=".build/release/squall")
    parser.add_argument("--networks", default="", help="the folder with networks.py")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--readme")
    parser.add_argument("--only")
    parser.add_argument("--engines", default="squall,ort,torch")
    parser.add_argument("--report")
    parser.add_argument("--json")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child = {"ort": ort_child, "torch": torch_child, "count": count_child}[arguments.child]
        print(json.dumps(child(
            arguments.corpus, int(arguments.threads), arguments.seconds, arguments.runs,
            arguments.networks)))
        return
    engines = arguments.engines.split(",")
    counts = [int(count) for count in arguments.threads.split(",")]
    names = arguments.only.split(",") if arguments.only else sorted(
        name for name in os.listdir(arguments.corpus)
        if os.path.exists(os.path.join(arguments.corpus, name, "meta.json")))
    results = kept_results(arguments.json) if arguments.resume else {}
    for name in names:
        folder = os.path.abspath(os.path.join(arguments.corpus, name))
        with open(f"{folder}/meta.json") as file:
            meta = json.load(file)
        adds = meta.get("multiply_adds")
        if not adds and any((name, count) not in results for count in counts):
            try:
                adds = ask("count", folder, 1, arguments)["multiply_adds"]
            except (RuntimeError, ValueError) as error:
                print(f"{name}: cannot count its multiply-adds: {error}", file=sys.stderr)
        own = [engine for engine in engines if engine in meta.get("peers", engines) + ["squall"]]
        for count in counts:
            if (name, count) in results:
                continue
            entry = {"multiply_adds": adds, "engines": {}}
            expected = None
            for _ in range(arguments.rounds):
                for engine in own:
                    try:
                        result = measure(engine, folder, count, arguments, expected)
                    except (RuntimeError, subprocess.CalledProcessError, ValueError) as error:
                        print(f"{name}: {error}", file=sys.stderr)
                        continue
                    if engine == "squall":
                        expected = result["run"]
                    entry["engines"].setdefault(engine, []).append(result)
            results[name, count] = entry
            keep(arguments.json, results)
            print(table({(name, count): entry}).splitlines()[-1], flush=True)
    ceilings = {
        count: max(
            (turn["ceiling"] for (_, c), entry in results.items() if c == count
             for turn in entry["engines"].get("squall", [])), default=0)
        for count in counts
    }
    text = (
        f"{versions()}. Peak {', '.join(f'{rate / 1e9:.0f}' for rate in ceilings.values())} G "
        f"multiply-adds a second with {', '.join(map(str, counts))} threads, measured in registers; "
        "of peak counts the multiply-adds of direct convolutions, of which Winograd's do without "
        f"most.\n\n{table(results)}\n")
    if arguments.report:
        with open(arguments.report, "w") as file:
            file.write(text)
    if arguments.readme:
        into_readme(arguments.readme, text)
    print(text)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the Pangu graph at its full size, with random weights, as a network folder for compare.py.

usage: pangu_full.py NETWORKS OUT

NETWORKS is the folder with networks.py, whose Pangu3D this is: 721 x 1440 points, 13 levels, widths 192
and 384, depths 2-6-6-2, heads 6-12-12-6, windows 2 x 6 x 12, patches 2 x 4 x 4. OUT/pangu_full gets
model.onnx, the inputs in test_data_set_0 and meta.json. The network is traced with tensors that have a
shape and no memory, so that writing it takes little more than its weights; it is not run here.
"""
import copy
import json
import os
import sys
import time

HEIGHT, WIDTH = 721, 1440


def main():
    networks, out = sys.argv[1:]
    import numpy as np
    import onnx
    import torch
    from onnx import numpy_helper
    from torch.utils.flop_counter import FlopCounterMode

    sys.path.insert(0, networks)
    import networks as family

    torch.manual_seed(0)
    start = time.time()
    module = family.Pangu3D(HEIGHT, WIDTH).eval()
    family.init_weights(module, 1.0)
    shapes = {"input": (5, 13, HEIGHT, WIDTH), "input_surface": (4, HEIGHT, WIDTH)}
    with FlopCounterMode(display=False) as counter, torch.no_grad(), torch.device("meta"):
        copy.deepcopy(module).to("meta")(*[torch.empty(shape) for shape in shapes.values()])
    adds = counter.get_total_flops() // 2
    folder = os.path.join(out, "pangu_full")
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    random = np.random.default_rng(11)
    inputs = {name: random.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
    # Traced with tensors without memory: run for real, it would take tens of gigabytes.
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fakes = [mode.from_tensor(torch.from_numpy(value)) for value in inputs.values()]
    program = torch.export.export(module, tuple(fakes), strict=False)
    exported = torch.onnx.export(
        program, dynamo=True, opset_version=18, input_names=list(inputs), verbose=False,
        output_names=["output", "output_surface"])
    exported.save(os.path.join(folder, "model.onnx"), external_data=True)
    for index, (name, value) in enumerate(inputs.items()):
        with open(os.path.join(data, f"input_{index}.pb"), "wb") as file:
            file.write(numpy_helper.from_array(value, name).SerializeToString())
    meta = {
        "name": "pangu_full", "size": "full", "multiply_adds": int(adds),
        "parameters": sum(p.numel() for p in module.parameters()),
        "build_s": round(time.time() - start, 1), "peers": ["ort"],
    }
    with open(os.path.join(folder, "meta.json"), "w") as file:
        json.dump(meta, file, indent=1)
    model = onnx.load(os.path.join(folder, "model.onnx"), load_external_data=False)
    print(f"pangu_full: {len(model.graph.node)} nodes, {adds / 1e9:.0f} G multiply-adds")


if __name__ == "__main__":
    main()

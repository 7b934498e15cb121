# Models/convective-rain/training. Weights to network.onnx, with its reference vectors.
"""``python export.py WEIGHTS.pt`` writes ../network.onnx and ../tests/test_data_set_*.

The input is ``history`` [batch, 7, height, width], the output ``exceedance``
[batch, 8 leads, 8 thresholds, height, width]. The expected output of the reference vectors is
PyTorch's own, in single precision, on simulated rain.
"""

import json
import os
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper

import manifest
import pipeline
from motion_vectors import blobs
from network import ConvectiveRain

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def export(net, path):
    net.eval().requires_grad_(False)
    axes = {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(
        net, torch.zeros(1, 7, 64, 64), path, opset_version=17, dynamo=False,
        input_names=["history"], output_names=["exceedance"],
        dynamic_axes={"history": axes, "exceedance": {0: "batch", 3: "height", 4: "width"}},
    )
    model = onnx.load(path)
    model.producer_name = "squall-training"
    model.doc_string = "Squall convective-rain: exceedance probabilities in the moving frame."
    onnx.checker.check_model(model)
    onnx.save(model, path)
    print(path, os.path.getsize(path), "bytes;", sorted({n.op_type for n in model.graph.node}))


def vectors(net, folder):
    """Two cases: 32 x 16 with a missing sector, and 16 x 16, both simulated."""
    for k, (h, w, spacing) in enumerate(((32, 16, 1.0), (16, 16, 2.0))):
        frames = blobs(h, w, [0, 10, 20, 30], (0.3, 0.2), 0.0, 10 + k, (w / 2, h / 2))
        u, v = np.full((2, h, w), 0.3, np.float32)
        slots = pipeline.history(frames, [0, 10, 20, 30], 30, u, v * 2 / 3)
        x = pipeline.channels(slots, spacing)[None]
        with torch.no_grad():
            y = net(torch.from_numpy(x)).numpy()
        case = os.path.join(folder, f"test_data_set_{k}")
        os.makedirs(case, exist_ok=True)
        for name, what, a in (("input_0.pb", "history", x), ("output_0.pb", "exceedance", y)):
            with open(os.path.join(case, name), "wb") as f:
                f.write(numpy_helper.from_array(a, what).SerializeToString())
        with open(os.path.join(folder, "tolerance.json"), "w") as f:
            json.dump({"rtol": 1e-3, "atol": 1e-5}, f)


def check(net, path):
    """ONNX Runtime agrees with PyTorch, at other sizes and batches too."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((1, 7, 64, 96), (2, 7, 32, 16)):
        x = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
        with torch.no_grad():
            y = net(torch.from_numpy(x)).numpy()
        print(shape, "ONNX Runtime differs by", np.abs(session.run(None, {"history": x})[0] - y).max())


def main(weights):
    torch.manual_seed(0)
    net = ConvectiveRain()
    if weights != "untrained":
        net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    net.eval().requires_grad_(False)
    export(net, os.path.join(HOME, "network.onnx"))
    check(net, os.path.join(HOME, "network.onnx"))
    vectors(net, os.path.join(HOME, "tests"))
    manifest.write(HOME)


if __name__ == "__main__":
    main(sys.argv[1])

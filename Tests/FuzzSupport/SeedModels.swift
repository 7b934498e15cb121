// Fuzz support: the models that fuzzing starts from, all of our own making.

/// Small models that between them use every part of the format and every family of operators.
public enum SeedModels {
  /// The models by name.
  public static var all: [(name: String, bytes: [UInt8])] {
    single + structures.map { ($0.0, $0.1) }
  }

  private typealias W = ModelWriter

  /// One node between floats `x` [1, 2, 4, 4] or as given, with the constants it needs.
  private static func one(
    _ operation: String, inputs: [String] = ["x"], outputs: [String] = ["y"],
    _ attributes: [(String, W.Value)] = [], x: [String] = ["1", "2", "4", "4"], type: Int = 1,
    constants: [WireMessage] = [], domain: String = "", opset: Int = 21
  ) -> (name: String, bytes: [UInt8]) {
    let ports =
      (inputs.contains("x") ? [W.port(11, "x", x, type: type)] : [])
      + outputs.filter { !$0.isEmpty }.map { W.port(12, $0) }
    let graph = W.graph(
      [W.node(operation, inputs, outputs, attributes, domain: domain)], constants: constants,
      ports)
    return ((domain + "-" + operation).lowercased(), W.model(graph, opset: opset))
  }

  private static let rows = ["3", "4"]

  private static var single: [(name: String, bytes: [UInt8])] {
    // One statement each: as one literal they would keep the type checker busy for minutes.
    var list: [(name: String, bytes: [UInt8])] = []
    list.append(
      one(
        "Conv", inputs: ["x", "w", "b"],
        [("strides", .ints([2, 1])), ("pads", .ints([1, 1, 1, 1])), ("group", .int(2))],
        constants: [W.weights("w", [4, 1, 3, 3]), W.weights("b", [4])]))
    list.append(
      one(
        "ConvTranspose", inputs: ["x", "w"],
        [("strides", .ints([2, 2])), ("output_padding", .ints([1, 1]))],
        constants: [W.weights("w", [2, 3, 3, 3])]))
    list.append(
      one(
        "DeformConv", inputs: ["x", "w", "o"], x: ["1", "1", "3", "3"],
        constants: [W.weights("w", [1, 1, 2, 2]), W.weights("o", [1, 8, 2, 2])]))
    list.append(
      one(
        "MaxPool", outputs: ["y", "i"],
        [("kernel_shape", .ints([3, 2])), ("ceil_mode", .int(1)), ("dilations", .ints([1, 2]))]))
    list.append(
      one(
        "AveragePool", [("kernel_shape", .ints([2, 2])), ("auto_pad", .text("SAME_UPPER"))]))
    list.append(one("LpPool", [("kernel_shape", .ints([2, 2])), ("p", .int(3))]))
    list.append(one("GlobalAveragePool"))
    list.append(
      one(
        "MaxUnpool", inputs: ["x", "i"], [("kernel_shape", .ints([2, 2]))],
        x: ["1", "1", "1", "2"],
        constants: [W.integers("i", [3, 5], [1, 1, 1, 2])]))
    list.append(
      one(
        "BatchNormalization", inputs: ["x", "s", "s", "s", "v"],
        constants: [W.weights("s", [2]), W.weights("v", [2])]))
    list.append(
      one(
        "GroupNormalization", inputs: ["x", "s", "s"], [("num_groups", .int(2))],
        constants: [W.weights("s", [2])]))
    list.append(
      one(
        "LayerNormalization", inputs: ["x", "s"], [("axis", .int(-1))],
        constants: [W.weights("s", [4])]))
    list.append(one("LRN", [("size", .int(3))]))
    list.append(one("Softmax", [("axis", .int(1))]))
    list.append(
      one(
        "LSTM", inputs: ["x", "w", "r", "", "l"], outputs: ["y", "h", "c"],
        [("hidden_size", .int(2))], x: ["3", "1", "2"],
        constants: [
          W.weights("w", [1, 8, 2]), W.weights("r", [1, 8, 2]),
          W.tensor("l", [1], type: 6, [3, 0, 0, 0]),
        ]))
    list.append(
      one(
        "GRU", inputs: ["x", "w", "r"], [("hidden_size", .int(2))], x: ["3", "1", "2"],
        constants: [W.weights("w", [1, 6, 2]), W.weights("r", [1, 6, 2])]))
    list.append(
      one(
        "RNN", inputs: ["x", "w", "r"],
        [("hidden_size", .int(2)), ("direction", .text("reverse"))], x: ["3", "1", "2"],
        constants: [W.weights("w", [1, 2, 2]), W.weights("r", [1, 2, 2])]))
    list.append(
      one(
        "Attention", inputs: ["x", "x", "x"], [("is_causal", .int(1))], opset: 23))
    list.append(
      one(
        "MultiHeadAttention", inputs: ["x", "x", "x"], [("num_heads", .int(2))],
        x: ["1", "3", "4"], domain: "com.microsoft"))
    list.append(
      one(
        "RotaryEmbedding", inputs: ["x", "c", "c"], x: ["1", "2", "3", "4"],
        constants: [W.weights("c", [1, 3, 2])], opset: 23))
    list.append(one("Einsum", inputs: ["x", "x"], [("equation", .text("ij,kj->ik"))], x: rows))
    list.append(one("MatMul", inputs: ["x", "w"], x: rows, constants: [W.weights("w", [4, 3])]))
    list.append(
      one(
        "Gemm", inputs: ["x", "w", "b"], [("transB", .int(1)), ("alpha", .float(0.5))], x: rows,
        constants: [W.weights("w", [5, 4]), W.weights("b", [5])]))
    list.append(
      one(
        "DFT", inputs: ["x", "", "a"], [("onesided", .int(1))], x: ["1", "6", "1"],
        constants: [W.integers("a", [1], [])]))
    list.append(
      one(
        "STFT", inputs: ["x", "s", "", "l"], x: ["1", "16", "1"],
        constants: [W.integers("s", [4], []), W.integers("l", [8], [])]))
    list.append(
      one(
        "GridSample", inputs: ["x", "g"], [("mode", .text("cubic"))],
        constants: [W.weights("g", [1, 2, 2, 2])]))
    list.append(
      one(
        "AffineGrid", inputs: ["x", "s"], x: ["1", "2", "3"],
        constants: [W.integers("s", [1, 1, 2, 3])]))
    list.append(
      one(
        "Resize", inputs: ["x", "", "", "s"], [("mode", .text("cubic"))],
        constants: [W.integers("s", [1, 2, 7, 3])]))
    list.append(
      one(
        "Resize", inputs: ["x", "r", "k"],
        [("coordinate_transformation_mode", .text("tf_crop_and_resize"))],
        constants: [
          W.tensor("r", [8], type: 1, W.floats([0, 0, 0, 0, 1, 1, 1, 1])),
          W.tensor("k", [4], type: 1, W.floats([1, 1, 2, 0.5])),
        ],
        opset: 11
      ))
    list.append(
      one(
        "RoiAlign", inputs: ["x", "r", "b"],
        [("output_height", .int(2)), ("output_width", .int(2))],
        constants: [
          W.tensor("r", [1, 4], type: 1, W.floats([0, 0, 3, 3])), W.integers("b", [0]),
        ]))
    list.append(
      one("TopK", inputs: ["x", "k"], outputs: ["y", "i"], constants: [W.integers("k", [2])]))
    list.append(one("NonZero"))
    list.append(one("Unique", outputs: ["y", "i", "j", "c"], [("axis", .int(1))]))
    list.append(
      one(
        "NonMaxSuppression", inputs: ["b", "s", "m"],
        constants: [
          W.weights("b", [1, 3, 4]), W.weights("s", [1, 2, 3]), W.integers("m", [2], []),
        ]))
    list.append(
      one(
        "Gather", inputs: ["x", "i"], [("axis", .int(2))],
        constants: [W.integers("i", [0, -1, 2, 1], [2, 2])]))
    list.append(
      one(
        "GatherND", inputs: ["x", "i"], x: rows,
        constants: [W.integers("i", [0, 1, 2, 3], [2, 2])]))
    list.append(
      one(
        "GatherElements", inputs: ["x", "i"], [("axis", .int(1))], x: rows,
        constants: [W.integers("i", [0, 1, 2, 3], [2, 2])]))
    list.append(
      one(
        "ScatterND", inputs: ["x", "i", "u"], [("reduction", .text("add"))], x: rows,
        constants: [W.integers("i", [0, 1, 2, 3], [2, 2]), W.weights("u", [2])]))
    list.append(
      one(
        "ScatterElements", inputs: ["x", "i", "u"], [("axis", .int(1))], x: rows,
        constants: [W.integers("i", [0, 1, 2, 3], [2, 2]), W.weights("u", [2, 2])]))
    list.append(
      one(
        "OneHot", inputs: ["i", "d", "v"],
        constants: [W.integers("i", [0, 5, -1]), W.integers("d", [4], []), W.weights("v", [2])]))
    list.append(
      one(
        "CumSum", inputs: ["x", "a"], [("reverse", .int(1))], constants: [W.integers("a", [1], [])])
    )
    list.append(one("Trilu", [("upper", .int(0))], x: rows))
    list.append(one("EyeLike", [("k", .int(1))], x: rows))
    list.append(
      one(
        "Compress", inputs: ["x", "c"], x: rows,
        constants: [W.tensor("c", [3], type: 9, [1, 0, 1])]))
    list.append(
      one(
        "Pad", inputs: ["x", "p"], [("mode", .text("reflect"))], x: rows,
        constants: [W.integers("p", [1, 2, 0, 3])]))
    list.append(
      one(
        "Slice", inputs: ["x", "s", "e", "a", "t"],
        constants: [
          W.integers("s", [-1, 0]), W.integers("e", [-5, 3]), W.integers("a", [2, 3]),
          W.integers("t", [-2, 2]),
        ]))
    list.append(
      one(
        "Split", inputs: ["x"], outputs: ["y", "z"], [("axis", .int(2)), ("num_outputs", .int(2))]))
    list.append(one("Concat", inputs: ["x", "x"], [("axis", .int(1))]))
    list.append(one("Reshape", inputs: ["x", "s"], constants: [W.integers("s", [0, -1, 8])]))
    list.append(one("Transpose", [("perm", .ints([0, 2, 3, 1]))]))
    list.append(one("Tile", inputs: ["x", "r"], x: rows, constants: [W.integers("r", [2, 3])]))
    list.append(
      one("Expand", inputs: ["x", "s"], x: ["3", "1"], constants: [W.integers("s", [2, 3, 4])]))
    list.append(one("Unsqueeze", inputs: ["x", "a"], constants: [W.integers("a", [0, -1])]))
    list.append(one("Squeeze", inputs: ["x", "a"], constants: [W.integers("a", [0])]))
    list.append(
      one(
        "DepthToSpace", [("blocksize", .int(2)), ("mode", .text("CRD"))], x: ["1", "4", "2", "3"]))
    list.append(one("SpaceToDepth", [("blocksize", .int(2))]))
    list.append(
      one(
        "Col2Im", inputs: ["x", "s", "k"], x: ["1", "5", "5"],
        constants: [W.integers("s", [5, 5]), W.integers("k", [1, 5])]))
    list.append(one("ReduceMean", inputs: ["x", "a"], constants: [W.integers("a", [-1, 1])]))
    list.append(one("ReduceLogSumExp", [("axes", .ints([1])), ("keepdims", .int(0))], opset: 13))
    list.append(one("ArgMax", [("axis", .int(-1)), ("select_last_index", .int(1))]))
    list.append(
      one(
        "Range", inputs: ["a", "b", "c"],
        constants: [W.integers("a", [0], []), W.integers("b", [9], []), W.integers("c", [2], [])]))
    list.append(one("ConstantOfShape", inputs: ["s"], constants: [W.integers("s", [2, 3])]))
    list.append(one("Clip", inputs: ["x", "a", "a"], constants: [W.weights("a", [])]))
    list.append(one("Mod", inputs: ["x", "x"], [("fmod", .int(0))], type: 7))
    list.append(one("BitShift", inputs: ["x", "x"], [("direction", .text("LEFT"))], type: 13))
    list.append(one("Pow", inputs: ["x", "x"], type: 6))
    list.append(one("Div", inputs: ["x", "x"], type: 6))
    list.append(one("Cast", [("to", .int(3))]))
    list.append(
      one(
        "Where", inputs: ["c", "x", "x"],
        constants: [W.tensor("c", [4], type: 9, [1, 0, 1, 0])]))
    list.append(
      one(
        "QuantizeLinear", inputs: ["x", "s", "z"], [("axis", .int(1))],
        constants: [W.weights("s", [2]), W.tensor("z", [2], type: 2, [3, 128])]))
    list.append(
      one(
        "DequantizeLinear", inputs: ["q", "s"], [("block_size", .int(2)), ("axis", .int(1))],
        constants: [
          W.tensor("q", [2, 4], type: 3, [1, 2, 3, 4, 5, 6, 7, 255]), W.weights("s", [2, 2]),
        ]))
    list.append(one("DynamicQuantizeLinear", outputs: ["y", "s", "z"]))
    list.append(
      one(
        "MatMulInteger", inputs: ["x", "w"], x: rows, type: 2,
        constants: [W.tensor("w", [4, 2], type: 3, [1, 2, 3, 4, 5, 6, 7, 8])]))
    list.append(
      one(
        "ConvInteger", inputs: ["x", "w"], type: 2,
        constants: [W.tensor("w", [1, 2, 2, 2], type: 2, [1, 2, 3, 4, 5, 6, 7, 8])]))
    list.append(one("RandomNormal", inputs: [], [("shape", .ints([2, 3])), ("seed", .float(3))]))
    list.append(one("Multinomial", [("sample_size", .int(4))], x: rows))
    list.append(
      one(
        "Dropout", inputs: ["x", "r", "t"], outputs: ["y", "m"],
        constants: [W.tensor("r", [], type: 1, W.floats([0.5])), W.tensor("t", [], type: 9, [1])]))
    list.append(
      one(
        "NegativeLogLikelihoodLoss", inputs: ["x", "t"], x: rows,
        constants: [W.integers("t", [0, 3, 1])]))
    list.append(
      one(
        "SoftmaxCrossEntropyLoss", inputs: ["x", "t"], outputs: ["y", "p"], x: rows,
        constants: [W.integers("t", [0, 3, 1])]))
    list.append(
      one(
        "ReverseSequence", inputs: ["x", "l"], x: rows,
        constants: [W.integers("l", [1, 2, 3, 0])]))
    list.append(one("HannWindow", inputs: ["n"], constants: [W.integers("n", [9], [])]))
    list.append(
      one(
        "MelWeightMatrix", inputs: ["a", "b", "c", "d", "e"],
        constants: [
          W.integers("a", [4], []), W.integers("b", [8], []), W.integers("c", [800], []),
          W.tensor("d", [], type: 1, W.floats([0])), W.tensor("e", [], type: 1, W.floats([300])),
        ]))
    list.append(
      one(
        "CenterCropPad", inputs: ["x", "s"], [("axes", .ints([2, 3]))],
        constants: [W.integers("s", [2, 6])]))
    return list
  }

  /// Models whose structure, not whose operators, is the point.
  private static var structures: [(String, [UInt8])] {
    let x = W.port(11, "x", ["n", "3"]), y = W.port(12, "y")
    func branch(_ operation: String) -> WireMessage {
      W.graph([W.node(operation, ["x"], ["b"])], [W.port(12, "b")])
    }
    let condition = W.tensor("c", [], type: 9, [1])
    let count = W.integers("n", [5], [])
    let body = W.graph(
      [
        W.node("Add", ["s", "x"], ["t"]), W.node("Identity", ["q"], ["p"]),
        W.node("ReduceMax", ["t"], ["o"], [("keepdims", .int(0))]),
      ],
      [
        W.port(11, "i", [], type: 7), W.port(11, "q", [], type: 9), W.port(11, "s"),
        W.port(12, "p"), W.port(12, "t"), W.port(12, "o"),
      ])
    let step = W.graph(
      [W.node("Add", ["s", "v"], ["t"]), W.node("Relu", ["t"], ["o"])],
      [W.port(11, "s"), W.port(11, "v"), W.port(12, "t"), W.port(12, "o")])
    let sparse = WireMessage(
      .sparseTensor,
      [
        (1, .message(W.weights("w", [2]))), (2, .message(W.integers("", [1, 5]))),
        W.int(3, 2), W.int(3, 3),
      ])
    let external = WireMessage(
      .tensor,
      [
        W.int(1, 3), W.int(2, 1), W.text(8, "w"), W.int(14, 1),
        (13, .message(WireMessage(.leaf, [W.text(1, "location"), W.text(2, "data.bin")]))),
        (13, .message(WireMessage(.leaf, [W.text(1, "offset"), W.text(2, "4")]))),
        (13, .message(WireMessage(.leaf, [W.text(1, "length"), W.text(2, "12")]))),
      ])
    let typed = WireMessage(
      .tensor,
      [W.int(1, 3), W.int(2, 1), W.text(8, "w"), (4, .bytes(W.floats([1, 2, 3])))])
    return [
      (
        "if",
        W.model(
          W.graph(
            [
              W.node(
                "If", ["c"], ["y"],
                [("then_branch", .graph(branch("Neg"))), ("else_branch", .graph(branch("Abs")))])
            ], constants: [condition], [x, y]))
      ),
      (
        "loop",
        W.model(
          W.graph(
            [W.node("Loop", ["n", "", "x"], ["y", "z"], [("body", .graph(body))])],
            constants: [count], [x, y, W.port(12, "z")]))
      ),
      (
        "scan",
        W.model(
          W.graph(
            [
              W.node(
                "Scan", ["w", "x"], ["s", "y"],
                [("body", .graph(step)), ("num_scan_inputs", .int(1))])
            ], constants: [W.weights("w", [3])], [x, y]))
      ),
      (
        "function",
        W.model(
          W.graph([W.node("Outer", ["x"], ["y"], [("k", .float(2))], domain: "f")], [x, y]),
          functions: [
            W.function(
              "Inner", ["a"], ["b"], [W.node("LeakyRelu", ["a"], ["b"], [("alpha", .float(0.1))])]),
            W.function(
              "Outer", ["a"], ["b"],
              [
                W.node("Inner", ["a"], ["m"], domain: "f"),
                W.node("Elu", ["m"], ["b"], [("alpha", .reference("k"))]),
              ], attributes: [W.attribute("k", .float(1))]),
          ])
      ),
      (
        "sparse",
        W.model(
          WireMessage(
            .graph,
            [
              (1, .message(W.node("Add", ["x", "w"], ["y"]))), (15, .message(sparse)), x, y,
            ]))
      ),
      (
        "external",
        W.model(W.graph([W.node("Mul", ["x", "w"], ["y"])], constants: [external], [x, y]))
      ),
      (
        "typed",
        W.model(
          W.graph([W.node("Sub", ["x", "w"], ["y"])], constants: [typed], [x, y]), opset: 13)
      ),
      (
        "sequence",
        W.model(
          W.graph(
            [
              W.node("SequenceConstruct", ["x", "x"], ["a"]),
              W.node("SequenceInsert", ["a", "x"], ["b"]),
              W.node("SequenceErase", ["b", "zero"], ["d"]),
              W.node("SequenceAt", ["d", "zero"], ["e"]),
              W.node("SplitToSequence", ["e"], ["f"], [("axis", .int(1)), ("keepdims", .int(0))]),
              W.node("SequenceLength", ["f"], ["l"]),
              W.node("ConcatFromSequence", ["f"], ["y"], [("axis", .int(0))]),
              W.node("Optional", ["f"], ["o"]), W.node("OptionalHasElement", ["o"], ["h"]),
            ], constants: [W.integers("zero", [0], [])],
            [x, y, W.port(12, "l"), W.port(12, "h")]))
      ),
      (
        "shapes",
        W.model(
          W.graph(
            [
              W.node("Shape", ["x"], ["s"]), W.node("Gather", ["s", "zero"], ["n"]),
              W.node("Unsqueeze", ["n", "axes"], ["u"]),
              W.node("Concat", ["u", "minus"], ["r"], [("axis", .int(0))]),
              W.node("Reshape", ["x", "r"], ["m"]), W.node("ConstantOfShape", ["r2"], ["k"]),
              W.node("Mul", ["r", "two"], ["r2"]), W.node("Size", ["m"], ["z"]),
              W.node("Range", ["zero", "z", "one"], ["g"]),
              W.node("Cast", ["g"], ["f"], [("to", .int(1))]), W.node("Identity", ["m"], ["y"]),
            ],
            constants: [
              W.integers("zero", [0], []), W.integers("one", [1], []), W.integers("axes", [0]),
              W.integers("minus", [3]), W.integers("two", [2]),
            ], [x, y, W.port(12, "k"), W.port(12, "f")]))
      ),
      (
        "network",
        W.model(
          W.graph(
            [
              W.node("Conv", ["x", "w"], ["a"], [("pads", .ints([1, 1, 1, 1]))]),
              W.node("BatchNormalization", ["a", "s", "s", "s", "v"], ["b"]),
              W.node("Relu", ["b"], ["r"]), W.node("Add", ["r", "x"], ["e"]),
              W.node("Sigmoid", ["e"], ["g"]), W.node("Mul", ["e", "g"], ["m"]),
              W.node("ReduceMean", ["m", "axes"], ["d"]), W.node("Sub", ["m", "d"], ["q"]),
              W.node("MatMul", ["q", "p"], ["k"]), W.node("Add", ["k", "bias"], ["l"]),
              W.node("Softmax", ["l"], ["y"], [("axis", .int(-1))]),
            ],
            constants: [
              W.weights("w", [2, 2, 3, 3]), W.weights("s", [2]), W.weights("v", [2]),
              W.integers("axes", [-1]), W.weights("p", [4, 4]), W.weights("bias", [4]),
            ], [W.port(11, "x", ["1", "2", "h", "4"]), y]))
      ),
    ]
  }
}

// Room: ONNXFormat. Reads `ModelProto`: the front door for model files.

public import Foundation

extension ONNXModel {
  /// Reads the model file at `url`; its weights, and its external data beside it, stay mapped.
  ///
  /// **Throws.** `ONNXError`, naming the file, when it is missing, is not ONNX, is damaged, breaks
  /// ONNX's rules, or points to external data outside its own folder.
  public init(contentsOf url: URL) throws(ONNXError) {
    do {
      let file = try MappedFile(contentsOf: url)
      try FileKind.refuseKnownOthers(file)
      try self.init(file: file, folder: url.deletingLastPathComponent().path)
    } catch {
      throw error.about(url.path)
    }
  }

  /// Reads a model held in memory; `folder` is where its external data may lie, if it may have any.
  ///
  /// **Throws.** `ONNXError` as `init(contentsOf:)`.
  public init(bytes: [UInt8], folder: URL? = nil) throws(ONNXError) {
    let file = MappedFile(copying: bytes)
    try FileKind.refuseKnownOthers(file)
    try self.init(file: file, folder: folder?.path)
  }

  private init(file: MappedFile, folder: String?) throws(ONNXError) {
    let context = ReadingContext(file: file, folder: folder)
    var reader = ModelReader(context: context)
    try file.withBytes { bytes throws(ONNXError) in try reader.read(WireReader(bytes)) }
    self = try reader.checkedModel()
  }

  init(
    parts: ModelReader, opsets: [String: Int], graph: ONNXGraph, functions: [ONNXFunction]
  ) {
    irVersion = parts.irVersion
    opsetImports = opsets
    producerName = parts.producerName
    producerVersion = parts.producerVersion
    domain = parts.domain
    modelVersion = parts.modelVersion
    documentation = parts.documentation
    metadata = parts.metadata
    self.graph = graph
    self.functions = functions
    remarks = parts.context.remarks
    files = parts.context.files
  }
}

/// The parts of a model while it is being read.
struct ModelReader {
  let context: ReadingContext
  private(set) var irVersion = 0
  private(set) var producerName = ""
  private(set) var producerVersion = ""
  private(set) var domain = ""
  private(set) var modelVersion = 0
  private(set) var documentation = ""
  private(set) var metadata: [String: String] = [:]
  private var opsets: [String: Int] = [:]
  private var graph: ONNXGraph?
  private var functions: [ONNXFunction] = []

  init(context: ReadingContext) { self.context = context }

  mutating func read(_ message: WireReader) throws(ONNXError) {
    var reader = message
    while let field = try reader.nextField() {
      switch field.number {
      case 1: irVersion = try reader.int(field)
      case 2: producerName = try reader.text(field)
      case 3: producerVersion = try reader.text(field)
      case 4: domain = try reader.text(field)
      case 5: modelVersion = try reader.int(field)
      case 6: documentation = try reader.text(field)
      case 7: try setOnce(&graph, try readGraph(try reader.message(field), context), "a graph")
      case 8: try Self.addOpset(try reader.message(field), to: &opsets)
      case 14:
        let entry = try readEntry(try reader.message(field))
        metadata[entry.key] = entry.value
      case 20:
        context.remark("holds training steps, which are not read")
        try reader.skip(field)
      case 25:
        let message = try reader.message(field)
        functions.append(
          try within("function \(functions.count)") { () throws(ONNXError) in
            try readFunction(message, context)
          })
      default: try reader.skip(field)
      }
    }
  }

  /// Reads an `OperatorSetIdProto` into `opsets`.
  static func addOpset(
    _ message: WireReader, to opsets: inout [String: Int]
  ) throws(ONNXError) {
    var reader = message
    var domain = ""
    var version = 0
    while let field = try reader.nextField() {
      switch field.number {
      case 1: domain = canonicalDomain(try reader.name(field))
      case 2: version = try reader.int(field)
      default: try reader.skip(field)
      }
    }
    let name = domain.isEmpty ? "ai.onnx" : domain
    guard version >= 1 else {
      throw ONNXError(
        .invalidGraph,
        "imports version \(version) of operator set \(ONNXError.quoted(name)); export it again")
    }
    if let other = opsets[domain], other != version {
      throw ONNXError(
        .invalidGraph,
        "imports operator set \(ONNXError.quoted(name)) in versions \(other) and \(version); "
          + "export it again with one")
    }
    opsets[domain] = version
  }

  /// The model, once its parts agree with each other.
  func checkedModel() throws(ONNXError) -> ONNXModel {
    guard irVersion >= 3 else {
      throw ONNXError(
        irVersion == 0 ? .malformed : .unsupported,
        irVersion == 0
          ? "has no IR version, so it is not an ONNX model; export the network to ONNX"
          : "is of IR version \(irVersion), older than 3; export the network again")
    }
    guard !opsets.isEmpty else {
      throw ONNXError(
        .invalidGraph, "imports no operator set, so its operators have no meaning; export it again")
    }
    guard let graph else {
      throw ONNXError(.truncated, "has no graph; the file is cut short, fetch or export it again")
    }
    if irVersion > ONNXModel.newestKnownIRVersion {
      context.remark(
        "is of IR version \(irVersion), newer than \(ONNXModel.newestKnownIRVersion): "
          + "what is new in it is ignored")
    }
    let sorted = try within("graph \(ONNXError.quoted(graph.name))") { () throws(ONNXError) in
      guard !graph.outputs.isEmpty else {
        throw ONNXError(.invalidGraph, "has no outputs; export the network again")
      }
      return try sortedModelGraph(graph, context)
    }
    try requireStandardOpset(sorted.nodes, opsets)
    let inherited = functions.map { $0.inheriting(opsets) }
    for function in inherited {
      try within("function \(ONNXError.quoted(function.name))") { () throws(ONNXError) in
        try requireStandardOpset(function.nodes, function.opsetImports)
      }
    }
    try checkFunctionCalls(graph: sorted, functions: inherited)
    return ONNXModel(parts: self, opsets: opsets, graph: sorted, functions: inherited)
  }
}

/// The name under which a domain is known here: empty for ONNX's own.
func canonicalDomain(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

private func requireStandardOpset(
  _ nodes: [ONNXNode], _ opsets: [String: Int]
) throws(ONNXError) {
  guard opsets[""] == nil, let node = nodes.first(where: { $0.domain.isEmpty }) else { return }
  throw ONNXError(
    .invalidGraph,
    "\(node.label) is a standard operator but the file does not say of which operator set; "
      + "export it again")
}

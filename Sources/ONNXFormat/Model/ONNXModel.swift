// Room: ONNXFormat. A whole model file as a value.

/// What an ONNX file says: versions, the graph, functions and notes; weights stay in the file.
///
/// **Source.** ONNX IR specification.
public struct ONNXModel: Sendable {
  /// The newest IR version whose rules are known here; newer files are read as if they kept them.
  public static let newestKnownIRVersion = 14

  /// The version of the file format, at least 3.
  public let irVersion: Int
  /// The operator set version of each domain; the empty domain is ONNX's own.
  public let opsetImports: [String: Int]
  /// The program that wrote the file.
  public let producerName: String
  /// That program's version.
  public let producerVersion: String
  /// The model's name space, as in `com.example`.
  public let domain: String
  /// The model's own version.
  public let modelVersion: Int
  /// What the file's author says of it.
  public let documentation: String
  /// Further notes in the file.
  public let metadata: [String: String]
  /// The graph.
  public let graph: ONNXGraph
  /// Functions that nodes may call as if they were operators; they do not call each other in circles.
  public let functions: [ONNXFunction]
  /// What was unusual and put right while reading, one line each, for logs.
  public let remarks: [String]
  /// The file and those of its external data, each once; empty for a model made in memory.
  package let files: [MappedFile]
}

/// A function of the model's own, made of nodes.
public struct ONNXFunction: Sendable {
  /// The operator's name.
  public let name: String
  /// The operator's domain.
  public let domain: String
  /// Which of several functions of that name it is; mostly empty.
  public let overload: String
  /// Names of the inputs inside the function.
  public let inputs: [String]
  /// Names of the outputs inside the function.
  public let outputs: [String]
  /// Attributes that have no default.
  public let attributeNames: [String]
  /// Attributes with their defaults.
  public let attributeDefaults: [String: ONNXAttribute]
  /// The nodes, each after those it needs.
  public let nodes: [ONNXNode]
  /// The operator set version of each domain inside the function; the model's where it gives none.
  public let opsetImports: [String: Int]
  /// Types of values inside the function, as far as the file gives them.
  public let valueInfo: [ONNXValueInfo]
}

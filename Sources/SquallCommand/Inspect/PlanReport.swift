// Room: SquallCommand. What `squall inspect --plan` says: passes, steps and memory.

internal import Foundation
internal import Networks
internal import Tensors

/// A network's graph before and after the passes, and its plan for one set of lengths.
struct PlanReport: Encodable {
  struct Change: Encodable {
    let pass: String
    let gone: [String: Int]
    let made: [String: Int]
  }

  struct Step: Encodable {
    let operation: String
    let node: String
    let kernel: String
    let inputs: [String]
    let outputs: [String]
  }

  let kind = "plan"
  let path: String
  let inputs: [String: [Int]]
  let operatorsBefore: [String: Int]
  let operatorsAfter: [String: Int]
  let passes: [Change]
  let steps: [Step]
  let arenaBytes: Int
  let arenaLowerBound: Int

  init(
    path: String, lengths: [NamedLength], memoryLimit: Int? = nil
  ) throws(NetworkError) {
    self.path = path
    let network = try CompiledNetwork(
      contentsOf: URL(filePath: path), options: .init(memoryLimit: memoryLimit))
    let shapes = try network.shapes(
      lengths: Dictionary(lengths.map { ($0.name, $0.length) }, uniquingKeysWith: { $1 }))
    let review = try network.review(for: shapes)
    inputs = shapes.mapValues(\.dimensions)
    operatorsBefore = review.before
    operatorsAfter = review.after
    passes = review.changes.map { Change(pass: $0.pass, gone: $0.gone, made: $0.made) }
    steps = review.steps.map {
      Step(
        operation: $0.operation, node: $0.node, kernel: $0.kernel, inputs: $0.inputs,
        outputs: $0.outputs)
    }
    arenaBytes = review.arenaBytes
    arenaLowerBound = review.arenaLowerBound
  }

  /// The report for people.
  var text: String {
    var page = Page()
    page.add("network", path)
    page.add("before", Self.census(operatorsBefore))
    page.add("after", Self.census(operatorsAfter))
    let more = Double(arenaBytes - arenaLowerBound) / Double(max(arenaLowerBound, 1)) * 100
    page.add(
      "memory",
      "\(Page.bytes(arenaBytes)) for intermediate values; no order of places needs less than "
        + "\(Page.bytes(arenaLowerBound)) (\(String(format: "%.1f", more)) % more)")
    page.table(
      "inputs",
      inputs.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value)"] })
    page.table(
      "passes",
      passes.map { change in
        let gone = change.gone.isEmpty ? "" : "less \(Self.list(change.gone))"
        let made = change.made.isEmpty ? "" : "more \(Self.list(change.made))"
        let all = [gone, made].filter { !$0.isEmpty }
        return [change.pass, all.isEmpty ? "nothing" : all.joined(separator: "; ")]
      })
    page.table(
      "steps",
      steps.enumerated().map { index, step in
        [
          "\(index + 1)", step.operation, step.kernel,
          step.inputs.prefix(3).joined(separator: " ") + (step.inputs.count > 3 ? " …" : ""),
          "→ \(step.outputs.joined(separator: " "))", step.node,
        ]
      })
    return page.text
  }

  private static func census(_ operators: [String: Int]) -> String {
    "\(Page.count(operators.values.reduce(0, +))): \(list(operators))"
  }

  private static func list(_ operators: [String: Int]) -> String {
    operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { $0.value == 1 ? $0.key : "\($0.key) ×\($0.value)" }.joined(separator: ", ")
  }
}

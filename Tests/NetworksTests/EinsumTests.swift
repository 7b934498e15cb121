// Tests of Networks: Einsum against sums over all labels.

import Networks
import TestSupport
import Tensors
import Testing

@Suite struct EinsumTests {
  private static let lengths: [Character: Int] = [
    "a": 3, "b": 2, "h": 5, "w": 7, "n": 4, "d": 6, "e": 9, "k": 1,
  ]

  /// The definition: every combination of labels.
  private func naive(_ terms: [String], _ output: String, _ values: [[Float]]) -> [Double] {
    let labels = Array(Set(terms.joined())).sorted()
    let counts = labels.map { Self.lengths[$0] ?? 1 }
    func place(_ term: String, _ at: [Character: Int]) -> Int {
      term.reduce(0) { $0 * (Self.lengths[$1] ?? 1) + (at[$1] ?? 0) }
    }
    var result = [Double](
      repeating: 0, count: output.reduce(1) { $0 * (Self.lengths[$1] ?? 1) })
    for index in 0..<counts.reduce(1, *) {
      var (rest, at) = (index, [Character: Int]())
      for (label, count) in zip(labels, counts) {
        at[label] = rest % count
        rest /= count
      }
      result[place(output, at)] += zip(terms, values).reduce(1.0) {
        $0 * Double($1.1[place($1.0, at)])
      }
    }
    return result
  }

  @Test(arguments: [
    "bhwnd,nde->bhwne", "bhwnd,ned->bhwne", "nde,bhwnd->bhwne", "hwd,de->hwe", "hwd,de->ehw",
    "bhd,bwd->bhw", "dh,dw->hw", "hd,wd->wh", "bhwd,bhwe->bde", "ab,hw->ahbw", "ab,hw->habw",
    "d,d->", "d,de->e", "hd,d->h", "bhw,bhw->bhw", "bhd,dbw->hbw", "hk,kw->hw", "kd,de->ke",
    "bhnd,nbde->nbhe", "hdw,dwe->he", "hwd,wde->he", "bhd,wd->bh", "hh,hw->w", "abh,wab->wh",
    "ahwnd,nde->nehwa", "bhw,wnd,ne->bhde",
  ])
  func agreesWithItsDefinition(equation: String) throws {
    let sides = equation.split(separator: "->", omittingEmptySubsequences: false).map(String.init)
    let terms = sides[0].split(separator: ",").map(String.init)
    var generator = SeededGenerator(seed: 12)
    let shapes = terms.map { Shape($0.map { Self.lengths[$0] ?? 1 }) }
    let values = shapes.map { generator.floats($0.count) }
    let expected = naive(terms, sides[1], values)
    let tensors = zip(values, shapes).map { Tensor($0, shape: $1) }
    // Each operand in turn, or none, is a constant, whose matrices are packed.
    for constant in -1..<terms.count {
      var graph = TestGraph()
      var given: [Tensor] = []
      let inputs = tensors.enumerated().map { index, tensor -> ValueID in
        if index == constant { return graph.constant(tensor) }
        given.append(tensor)
        return graph.input("x\(index)", tensor.shape.dimensions)
      }
      let result = try graph.one("Einsum", inputs, ["equation": .string(equation)])
      graph.graph.outputs = [result]
      let y = try #require(graph.run(given).first)
      #expect(y.shape.dimensions == sides[1].map { Self.lengths[$0] ?? 1 }, "\(constant)")
      #expect(
        zip(y.elements(as: Float.self), expected).allSatisfy { abs(Double($0) - $1) < 1e-4 },
        "\(constant)")
    }
  }
}

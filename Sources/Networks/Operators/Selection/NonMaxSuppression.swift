// Room: Networks. The operator NonMaxSuppression.

internal import Tensors

/// For each class the boxes with the best scores, without those that overlap a better one too much.
package struct NonMaxSuppressionOperator: DynamicOperator {
  private let isCentred: Bool

  package init(_ node: NodeDescription) throws { isCentred = try node.flag("center_point_box") }

  package var keepsInputs: Bool { false }

  package func evaluate(_ inputs: DynamicInputs) throws -> [NetworkValue?] {
    let (boxes, scores) = (try inputs.tensor(0), try inputs.tensor(1))
    guard boxes.shape.rank == 3, boxes.shape[2] == 4, scores.shape.rank == 3,
      scores.shape[0] == boxes.shape[0], scores.shape[2] == boxes.shape[1],
      boxes.elementType == .float32, scores.elementType == .float32
    else {
      throw OperatorFault.invalid("scores \(scores.shape) do not fit boxes \(boxes.shape)")
    }
    let limit = try inputs.optionalTensor(2)?.integerElements(input: 2).first ?? 0
    let overlap = try inputs.optionalTensor(3)?.numericElements().first ?? 0
    let threshold = try inputs.optionalTensor(4)?.numericElements().first
    let (corners, values) = (boxes.elements(as: Float.self), scores.elements(as: Float.self))
    let count = boxes.shape[1]
    var chosen: [Int64] = []
    for batch in 0..<boxes.shape[0] {
      let rectangles = (0..<count).map { Rectangle(corners, (batch * count + $0) * 4, isCentred) }
      for kind in 0..<scores.shape[1] {
        let start = (batch * scores.shape[1] + kind) * count
        let order = (0..<count)
          .filter { Double(values[start + $0]) > threshold ?? -.infinity }
          .sorted { (values[start + $1], $0) < (values[start + $0], $1) }
        var kept: [Int] = []
        for index in order where kept.count < max(limit, 0) {
          if kept.allSatisfy({ rectangles[$0].overlap(rectangles[index]) <= overlap }) {
            kept.append(index)
            chosen += [Int64(batch), Int64(kind), Int64(index)]
          }
        }
      }
    }
    return [.tensor(Tensor(chosen, shape: [chosen.count / 3, 3]))]
  }

  private struct Rectangle {
    var top: Double
    var left: Double
    var bottom: Double
    var right: Double

    init(_ values: [Float], _ start: Int, _ isCentred: Bool) {
      let v = values[start..<start + 4].map(Double.init)
      if isCentred {
        (left, right) = (v[0] - v[2] / 2, v[0] + v[2] / 2)
        (top, bottom) = (v[1] - v[3] / 2, v[1] + v[3] / 2)
      } else {
        (top, bottom) = (min(v[0], v[2]), max(v[0], v[2]))
        (left, right) = (min(v[1], v[3]), max(v[1], v[3]))
      }
    }

    var area: Double { (bottom - top) * (right - left) }

    func overlap(_ other: Rectangle) -> Double {
      let height = min(bottom, other.bottom) - max(top, other.top)
      let width = min(right, other.right) - max(left, other.left)
      guard height > 0, width > 0 else { return 0 }
      let common = height * width
      return common / (area + other.area - common)
    }
  }
}

// Room: Networks. The operator MatMulInteger.

internal import Tensors

/// The matrix product of bytes less their zero points, in 32-bit integers.
package struct MatMulIntegerOperator: Operator {
  package init(_ node: NodeDescription) throws {}

  package func infer(_ inputs: Operands) throws -> [TensorFacts?] {
    try inputs.requireCount(2...4)
    for index in 0...1 { try inputs.requireType(index, .int8, .uint8) }
    let shapes = try MatrixShapes(inputs)
    for (index, length) in [(2, shapes.m), (3, shapes.n)] {
      if let zero = inputs[index]?.shape, zero.count != 1, zero.dimensions != [length] {
        throw OperatorFault.unsupported("zero points of shape \(zero)")
      }
    }
    return [try TensorFacts(.int32, checking: shapes.result)]
  }

  package func prepare(_ inputs: Operands, outputs: [TensorFacts?]) throws -> Kernel {
    let shapes = try MatrixShapes(inputs)
    return Kernel { arguments in
      let product = try IntegerProduct(shapes, arguments, a: 0, b: 1, aZero: 2, bZero: 3)
      let target = try arguments.output().plannedDestination(of: Int32.self)
      product.forEach { index, _, sum in target[index] = Int32(truncatingIfNeeded: sum) }
    }
  }
}

/// Sums of products of bytes less their zero points.
struct IntegerProduct {
  private let shapes: MatrixShapes
  private let a: [Int32]
  private let b: [Int32]
  private let aZeros: [Int32]
  private let bZeros: [Int32]

  init(
    _ shapes: MatrixShapes, _ arguments: KernelArguments, a: Int, b: Int, aZero: Int, bZero: Int
  ) throws {
    func values(_ index: Int) throws -> [Int32] {
      try ElementConversion.convert(arguments.input(index), to: .int32).elements(as: Int32.self)
    }
    self.shapes = shapes
    self.a = try values(a)
    self.b = try values(b)
    aZeros = arguments.optionalInput(aZero) == nil ? [0] : try values(aZero)
    bZeros = arguments.optionalInput(bZero) == nil ? [0] : try values(bZero)
  }

  /// Calls `body` with each result's place, its column, and its sum.
  func forEach(_ body: (_ index: Int, _ column: Int, _ sum: Int) -> Void) {
    let (m, n, k) = (shapes.m, shapes.n, shapes.k)
    shapes.forEachMatrix(nanoseconds: Double(m * n * k)) { index, left, right in
      for row in 0..<m {
        let aZero = aZeros[aZeros.count == 1 ? 0 : row]
        for column in 0..<n {
          let bZero = bZeros[bZeros.count == 1 ? 0 : column]
          var sum = 0
          for step in 0..<k {
            sum +=
              Int(a[left * m * k + row * k + step] - aZero)
              * Int(b[right * k * n + step * n + column] - bZero)
          }
          body((index * m + row) * n + column, column, sum)
        }
      }
    }
  }
}

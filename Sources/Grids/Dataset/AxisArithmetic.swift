// Room: Grids. Arithmetic on coordinates that several readers share.

/// Edges that neighbours share, as two a cell.
func pairedEdges(_ edges: [Double]) -> [Double] {
  zip(edges, edges.dropFirst()).flatMap { [$0, $1] }
}

/// Longitudes that jump by 360° once or more, as one series without jumps; nil where there are none.
func unwrappedLongitudes(_ values: [Double]) -> [Double]? {
  guard values.allSatisfy({ $0.isFinite && abs($0) <= 1e4 }),
    zip(values, values.dropFirst()).contains(where: { abs($1 - $0) > 180 })
  else { return nil }
  var turn = 0.0
  var previous = values[0]
  return values.map { value in
    turn -= ((value - previous) / 360).rounded() * 360
    previous = value
    return value + turn
  }
}

/// A row-major matrix with rows and columns exchanged.
func transposed<T>(_ values: [T], rows: Int, columns: Int) -> [T] {
  guard rows > 0, columns > 0, values.count == rows * columns else { return values }
  return [T](unsafeUninitializedCapacity: values.count) { output, count in
    // Blocks keep both the rows read and the rows written in the nearest cache.
    let block = 32
    for rowStart in stride(from: 0, to: rows, by: block) {
      for columnStart in stride(from: 0, to: columns, by: block) {
        for column in columnStart..<min(columnStart + block, columns) {
          for row in rowStart..<min(rowStart + block, rows) {
            output.initializeElement(at: column * rows + row, to: values[row * columns + column])
          }
        }
      }
    }
    count = values.count
  }
}

// Tests of Nowcasting. Cutting grids into overlapping pieces.

import Nowcasting
import Testing

@Suite struct TilingTests {
  @Test(arguments: [
    (256, 256), (16, 16), (17, 900), (640, 710), (1226, 760), (2200, 1900), (4400, 3800),
    (100_000, 40), (333, 5000),
  ])
  func piecesCoverTheGridAndTheirSharesAddUp(_ size: (rows: Int, columns: Int)) {
    let tiling = Tiling(cells: 300_000, overlap: 96)
    let (rows, columns) = tiling.cut(rows: size.rows, columns: size.columns, multiple: 16)
    for (axis, length) in [(rows, size.rows), (columns, size.columns)] {
      let padded = (length + 15) / 16 * 16
      #expect(axis.pieces.first?.lowerBound == 0 && axis.pieces.last?.upperBound == padded)
      #expect(Set(axis.pieces.map(\.count)).count == 1)
      #expect(axis.pieces.allSatisfy { $0.lowerBound % 16 == 0 && $0.count % 16 == 0 })
      var total = [Float](repeating: 0, count: padded)
      for (piece, shares) in zip(axis.pieces, axis.shares) {
        for (cell, share) in zip(piece, shares) { total[cell] += share }
      }
      #expect(total.allSatisfy { abs($0 - 1) < 1e-5 })
      for (piece, next) in zip(axis.pieces, axis.pieces.dropFirst()) {
        #expect(piece.upperBound - next.lowerBound >= 96 - 16)
      }
    }
    let area = (rows.pieces.first?.count ?? 0) * (columns.pieces.first?.count ?? 0)
    #expect(area <= 300_000)
  }

  @Test func aGridThatFitsIsOnePiece() {
    let (rows, columns) = Tiling().cut(rows: 512, columns: 500, multiple: 16)
    #expect(rows.pieces == [0..<512] && columns.pieces == [0..<512])
    #expect(columns.shares == [[Float](repeating: 1, count: 512)])
  }

  @Test func whatIsCutIsNotMuchMoreThanTheGrid() {
    let (rows, columns) = Tiling(cells: 448 * 1024, overlap: 128)
      .cut(rows: 1226, columns: 760, multiple: 16)
    let work =
      rows.pieces.reduce(0) { $0 + $1.count } * columns.pieces.reduce(0) { $0 + $1.count }
    #expect(work < 1226 * 760 * 14 / 10)
  }

  @Test func theEdgesOfPiecesCountNothing() {
    let (rows, _) = Tiling(cells: 400 * 16, overlap: 128).cut(rows: 640, columns: 16, multiple: 16)
    #expect(rows.pieces.count > 1)
    for (index, shares) in rows.shares.enumerated() {
      if index > 0 { #expect(shares.first == 0) }
      if index + 1 < rows.shares.count { #expect(shares.last == 0) }
    }
  }
}

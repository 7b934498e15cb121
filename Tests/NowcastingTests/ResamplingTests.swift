// Tests of Nowcasting. Between the input's grid and the working grid.

import Nowcasting
import Testing

@Suite struct ResamplingTests {
  @Test func blocksAreMeansOfWhatIsSeen() {
    let field = Plane(
      rows: 2, columns: 6, values: [1, 3, .nan, 4, .nan, .nan, 5, 7, .nan, 6, .nan, 9])
    let coarse = Resampling.coarsened(field, by: 2)
    #expect(coarse.rows == 1 && coarse.columns == 3)
    #expect(coarse[0, 0] == 4 && coarse[0, 1] == 5 && coarse[0, 2].isNaN)
  }

  @Test func lastBlocksReachBeyondTheGrid() {
    let field = Plane(rows: 3, columns: 5) { Float($0 * 10 + $1) }
    let coarse = Resampling.coarsened(field, by: 2)
    #expect(coarse.rows == 2 && coarse.columns == 3)
    // Two of four cells are enough, one of four is not.
    #expect(coarse[0, 2] == 9 && coarse[1, 0] == 20.5 && coarse[1, 2].isNaN)
  }

  @Test(arguments: [2, 3, 4])
  func aStraightSlopeComesBack(_ factor: Int) {
    let (rows, columns) = (12 * factor, 10 * factor)
    let field = Plane(rows: rows, columns: columns) { Float($0) * 0.5 + Float($1) }
    let coarse = Resampling.coarsened(field, by: factor)
    let fine = Resampling.refined([coarse], by: factor, rows: rows, columns: columns)[0]
    for row in factor..<rows - factor {
      for column in factor..<columns - factor {
        #expect(abs(fine[row, column] - field[row, column]) < 1e-3)
      }
    }
  }

  @Test func missingBlocksStayMissing() {
    let coarse = Plane(rows: 6, columns: 6, repeating: 2).hiding(rows: 2..<4, columns: 2..<4)
    let fine = Resampling.refined([coarse], by: 2, rows: 12, columns: 11)[0]
    #expect(fine.values.allSatisfy { $0.isNaN || $0 == 2 })
    #expect(fine[5, 5].isNaN && fine[6, 6].isNaN && fine[0, 0] == 2 && fine[11, 10] == 2)
  }

  @Test func aFactorOfOneChangesNothing() {
    let field = Scene(rows: 20, columns: 30).rain(at: 0)
    #expect(Resampling.coarsened(field, by: 1).isIdentical(to: field))
    #expect(
      Resampling.refined([field], by: 1, rows: 20, columns: 30)[0].isIdentical(to: field))
  }
}

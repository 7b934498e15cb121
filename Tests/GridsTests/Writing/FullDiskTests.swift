// Tests of Grids: forecasts onto a disk that fills up.

import GridFiles
import Grids
import TestSupport
import Testing

struct FullDiskTests {
  @Test(.enabled(if: SmallDisk.isAvailable), arguments: [0, 40, 100, 200, 400])
  func leavesNothingBehind(kilobytes: Int) throws {
    // Zero kilobytes would mean no limit.
    let disk = try SmallDisk(kilobytes: max(kilobytes, 4))
    let path = disk.path + "/out.nc"
    var random = SeededGenerator(seed: 7)
    let cells = FieldWriterTests.grid.width * FieldWriterTests.grid.height
    let error = #expect(throws: GridError.self) {
      let writer = try FieldWriter(
        path: path,
        description: FieldFileDescription(
          grid: FieldWriterTests.grid,
          time: .forecast(from: try CFTime(iso8601: "2020-10-31T04:20Z")),
          variables: [FieldVariable(name: "noise", attributes: ["units": "1"])]))
      for step in 1...60 {
        try writer.append(
          leadTime: .seconds(60 * step), fields: ["noise": random.floats(cells, in: 0...1)])
      }
      try writer.commit()
    }
    #expect(error?.exitStatus == 74 || error?.exitStatus == 73, "\(error.map(\.description) ?? "")")
    #expect(error?.description.contains("space") == true, "\(error.map(\.description) ?? "")")
    #expect(error?.path == path)
    #expect(try disk.contents() == [])
  }
}

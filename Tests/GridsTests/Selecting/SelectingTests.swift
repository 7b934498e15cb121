// Tests of Grids: choosing times, levels, boxes, entries and the nearest cell.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

struct SelectingTests {
  let start = OceanFile.start
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func field(_ change: (inout OceanFile) -> Void = { _ in }) throws -> Field {
    var ocean = OceanFile()
    change(&ocean)
    return try GridDataset(paths: [try folder.write(ocean.bytes, "a.nc")]).field("temp")
  }

  @Test(arguments: [
    ("2016-07-11", [1]), ("2016-07-11/2016-07-12", [1, 2]), ("/2016-07-11", [0, 1]),
    ("2016-07-11/", [1, 2]), ("2016", [0, 1, 2]), ("2016-07", [0, 1, 2]), ("first", [0]),
    ("last", [2]), ("2016-07-12T00", [2]), ("2016-07-10T00:00Z/2016-07-12/2", [0, 2]),
    ("2016/2016/P2D", [0, 2]),
  ])
  func times(text: String, expected: [Int]) throws {
    let field = try field()
    let chosen = try field.selecting(times: TimeSelection(text))
    #expect(chosen.times == expected.map { field.times[$0] })
    #expect(try chosen.values() == chosen.expectedOcean(start: start))
  }

  @Test func everyMonth() throws {
    let field = try field { $0.times = [0, 10, 25, 40, 60, 90, 370] }
    let chosen = try field.selecting(times: TimeSelection("2016/2018/P1M"))
    #expect(
      chosen.times.map { String($0.iso8601.prefix(10)) } == [
        "2016-07-10", "2016-08-04", "2016-09-08", "2016-10-08", "2017-07-15",
      ])
    #expect(try field.selecting(times: TimeSelection("//P1Y")).times.count == 2)
  }

  @Test func timesThatAreNotThere() throws {
    let field = try field()
    let near = try field.selecting(times: .nearest("2016-07-11T13:00"))
    #expect(near.times.map(\.iso8601) == ["2016-07-12T00:00:00Z"])
    let error = #expect(throws: GridError.self) {
      try field.selecting(times: TimeSelection("2017"))
    }
    #expect(error?.message.contains("the last 2016-07-12T00:00:00Z") == true)
    for bad in ["July", "2016-13", "/", "2016/2017/x", "2016-07-11T12:00/a", "1/2/3/4", ""] {
      #expect(throws: GridError.self, "\(bad)") {
        try field.selecting(times: TimeSelection(bad))
      }
    }
  }

  @Test(arguments: [
    ("50 m", [1]), ("50", [1]), ("0/100 m", [0, 1]), ("0/0.1 km", [0, 1]), ("~40 m", [1]),
    ("5,500", [0, 2]), ("500,5 m", [2, 0]), ("#2", [2]), ("last", [2]), ("5e1 m", [1]),
  ])
  func levels(text: String, expected: [Int]) throws {
    let field = try field()
    let chosen = try field.selecting(levels: LevelSelection(text))
    #expect(chosen.vertical?.values == expected.compactMap { field.vertical?.values[$0] })
    #expect(try chosen.values() == chosen.expectedOcean(start: start))
  }

  @Test func levelsThatAreNotThere() throws {
    let field = try field()
    let error = #expect(throws: GridError.self) {
      try field.selecting(levels: LevelSelection("51 m"))
    }
    #expect(error?.message.contains("5, 50, 500 m") == true)
    #expect(throws: GridError.self) { try field.selecting(levels: LevelSelection("500 hPa")) }
    for bad in ["deep", "1/2/3", "", "~1,2", "#-1", "#9"] {
      #expect(throws: GridError.self, "\(bad)") {
        try field.selecting(levels: LevelSelection(bad))
      }
    }
  }

  @Test(arguments: [
    ("70,150,-5,15", [0.0, 10], [72.0, 144]), ("-80,10,-90,90", [-10, 0, 10, 20], [-72, 0]),
    ("280,80,0,0", [0], [288, 360, 432]), ("-180,180,-10,-10", [-10], [-144, -72, 0, 72, 144]),
    ("0,360,-10,-10", [-10], [0, 72, 144, 216, 288]),
  ])
  func boxes(text: String, latitudes: [Double], longitudes: [Double]) throws {
    let chosen = try field().selecting(box: GeographicBox(text))
    #expect(chosen.horizontal?.y.values == latitudes)
    #expect(chosen.horizontal?.x.values == longitudes)
    #expect(try chosen.values() == chosen.expectedOcean(start: start))
  }

  @Test func boxesThatHoldNothing() throws {
    let error = #expect(throws: GridError.self) {
      try field().selecting(box: GeographicBox("1,2,40,50"))
    }
    #expect(error?.message.contains("latitudes from -10 to 20") == true)
    for bad in ["1,2,3", "a,b,c,d", "0,1,10,-10", "nan,1,2,3"] {
      #expect(throws: GridError.self, "\(bad)") { try GeographicBox(bad) }
    }
  }

  @Test(arguments: [-180.0, 0, 20, -30])
  func rolling(start west: Double) throws {
    let rolled = try field { $0.longitudes.reverse() }.rolled(toLongitude: west)
    let values = try #require(rolled.horizontal?.x.values)
    #expect(values.count == 5 && values.allSatisfy { $0 >= west && $0 < west + 360 })
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 })
    // Longitudes between 360 and 380 are those between 0 and 20.
    #expect(try rolled.values() == rolled.expectedOcean(start: start))
  }

  @Test func turningRows() throws {
    let northUp = try field().ordered(northUp: true)
    #expect(northUp.horizontal?.y.values == [20, 10, 0, -10])
    #expect(try northUp.values() == northUp.expectedOcean(start: start))
    #expect(try northUp.ordered(northUp: false).horizontal?.y.values == [-10, 0, 10, 20])
    #expect(try northUp.ordered(levelsAscending: false).vertical?.values == [500, 50, 5])
  }

  @Test func nearestCell() throws {
    let field = try field()
    let (near, distance) = try field.nearest(longitude: -75, latitude: 8)
    #expect(near.horizontal?.x.values == [288] && near.horizontal?.y.values == [10])
    #expect(distance > 300 && distance < 420)
    #expect(near.shape == [2, 3, 3, 1, 1])
    #expect(throws: GridError.self) { try field.nearest(longitude: .nan, latitude: 0) }
  }

  @Test func members() throws {
    let field = try field()
    let second = try field.selecting("2", along: "member")
    #expect(second.shape[0] == 1)
    #expect(try second.values() == second.expectedOcean(start: start))
    #expect(try field.selecting("#0", along: "realization").others[0].values == .numbers([1]))
    let error = #expect(throws: GridError.self) { try field.selecting("7", along: "member") }
    #expect(error?.message.contains("it has 1, 2") == true)
    let axis = #expect(throws: GridError.self) { try field.selecting("7", along: "run") }
    #expect(axis?.message.contains("it has member") == true)
  }

  @Test func curvilinearWindow() throws {
    // Columns follow the meridians from 100° eastwards around the Earth; rows tilt a little.
    let (rows, columns) = (6, 36)
    var file = ClassicFile()
    file.addDimension("y", rows)
    file.addDimension("x", columns)
    var latitudes: [Float] = []
    var longitudes: [Float] = []
    for row in 0..<rows {
      for column in 0..<columns {
        latitudes.append(Float(row * 10 - 20) + Float(column % 2))
        let longitude = Float(100 + column * 10)
        longitudes.append(longitude > 180 ? longitude - 360 : longitude)
      }
    }
    file.addVariable(
      "nav_lat", ["y", "x"], .floats(latitudes), attributes: [("units", .text("degrees_north"))])
    file.addVariable(
      "nav_lon", ["y", "x"], .floats(longitudes), attributes: [("units", .text("degrees_east"))])
    file.addVariable(
      "sst", ["y", "x"], .floats((0..<rows * columns).map(Float.init)),
      attributes: [("coordinates", .text("nav_lat nav_lon"))])
    let field = try GridDataset(paths: [try folder.write(file.bytes, "orca.nc")]).field("sst")
    #expect(field.horizontal?.kind == .curvilinear)
    let part = try field.selecting(box: GeographicBox("85,115,0,10"))
    #expect(part.shape == [1, 1, 2, 3])
    #expect(part.horizontal?.longitude?.values.doubles == [90, 100, 110, 90, 100, 110])
    let values = try part.values()
    #expect(values.prefix(3) == [107, 72, 73])
    #expect(values[3].isNaN && values[4] == 108 && values[5].isNaN, "11° north lies outside")
    #expect(try part.taking([1], along: .y).values()[1] == 108)
    let (near, distance) = try field.nearest(longitude: 91, latitude: -9)
    #expect(distance < 120 && near.height == 1)
    #expect(try near.values() == [71])
  }
}

// Tests of SquallCommand: `squall regrid`, from files to a file on another grid.

import Foundation
import GridFiles
import Grids
import TestSupport
import Testing

@Suite struct RegridTests {
  private func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let writer = try FieldWriter(
      path: folder.path("sst.nc"),
      description: FieldFileDescription(
        grid: try HorizontalGrid(spec: "r36x18"),
        time: .times([try CFTime(iso8601: "2016-07-11T20:30Z")]),
        variables: [
          FieldVariable(
            name: "sst", attributes: ["standard_name": "sea_surface_temperature", "units": "K"])
        ]))
    try writer.write((0..<648).map { 280 + Float($0 / 36) }, to: "sst")
    try writer.commit()
    return folder
  }

  @Test func aMapGoesToAnotherGrid() throws {
    let folder = try folder()
    let outcome = try Program.run(
      [
        "regrid", "sst.nc", "-o", "out.nc", "--onto=-4:9:1,51:61:1", "--compression", "deflate=4",
        "--digits", "4", "--checksum", "--json",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let variables = try #require(outcome.object?["variables"] as? [[String: Any]])
    #expect(variables.first?["name"] as? String == "sst")
    #expect(variables.first?["values"] as? Int == 14 * 11)
    #expect(variables.first?["missing"] as? Int == 0)
    #expect(folder.contents == ["out.nc", "out.nc.sha256", "sst.nc"])
    let field = try GridDataset(paths: [folder.path("out.nc")]).field("sst")
    #expect(field.shape == [1, 1, 11, 14])
    #expect(field.standardName == "sea_surface_temperature")
  }

  @Test func theGridOfAFileIsAGrid() throws {
    let folder = try folder()
    var outcome = try Program.run(
      ["regrid", "sst.nc", "-o", "part.nc", "--box=170,-170,-20,20"], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    outcome = try Program.run(
      ["regrid", "sst.nc", "-o", "same.nc", "--onto", "part.nc", "--method", "nearest"],
      in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let values = try ["part.nc", "same.nc"].map {
      try GridDataset(paths: [folder.path($0)]).field("sst").values()
    }
    #expect(values[0] == values[1])
    #expect(outcome.output.contains("sst         time 1 × lat 4 × lon 3; from 287 to 290"))
  }

  /// Command lines that cannot work, their exit codes, and words of their one line.
  static let mistakes: [(arguments: [String], status: Int32, says: String)] = [
    (["--onto", "r36"], 64, "names no grid"),
    (["--onto", "r36x18", "--method", "cubist"], 64, "there is no method 'cubist'"),
    (["--time", "1999"], 65, "no time lies in '1999'"),
    (["--time", "yesterday"], 64, "yesterday"),
    (["--variable", "salt"], 65, "salt"),
    (["--box=1,2,3"], 64, "1,2,3"),
    (["--digits", "9"], 64, "--digits is 9"),
    (["--compression", "zip"], 64, "--compression is 'zip'"),
    (["--entry", "member"], 64, "--entry"),
  ]

  @Test(arguments: mistakes.indices) func mistakesAreSaidInOneLine(_ index: Int) throws {
    let (arguments, status, says) = Self.mistakes[index]
    let folder = try folder()
    let outcome = try Program.run(["regrid", "sst.nc", "-o", "out.nc"] + arguments, in: folder.url)
    #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
    #expect(outcome.errors.contains(says), "\(outcome.errors)")
    #expect(outcome.errors.filter { $0 == "\n" }.count == 1)
    #expect(folder.contents == ["sst.nc"])
  }
}

// Tests of GridFiles: NetCDF-4 files of the right length with holes and wild bytes, on which HDF5 itself
// may crash. Each batch runs in a process of its own.

import Foundation
import GridFiles
import TestSupport
import Testing

struct DamagedFileTests {
  @Test(arguments: [UInt64](1...4))
  func endsInOneOfTwoOrderlyWays(seed: UInt64) async throws {
    await #expect(processExitsWith: .exitCode(65)) { [seed] in
      DamagedFileGuard.install(prefix: "test: ")
      let folder = try TemporaryFolder()
      let whole = try BadInputTests.sample(in: folder)
      var random = SeededGenerator(seed: seed)
      for round in 0..<150 {
        var bytes = whole
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 1...4096, using: &random))
        for place in start..<end {
          bytes[place] = round % 2 == 0 ? 0 : .random(in: .min ... .max, using: &random)
        }
        let path = try folder.write(bytes, "damaged.nc")
        do throws(GridFileError) {
          let file = try NetCDFFile(path: path)
          for variable in file.variables { _ = try? file.values(of: variable) }
        } catch {
          if error.code.exitStatus != 65 { exit(1) }
        }
      }
      try? FileManager.default.removeItem(at: folder.url)
      exit(65)
    }
  }
}

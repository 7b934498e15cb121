import Foundation
import Squall

/// `NowcastProgram MODEL FRAMES…` prints the heaviest rain of each lead time.
@main struct NowcastProgram {
  static func main() async throws {
    let paths = CommandLine.arguments.dropFirst()
    let model = try ModelPackage(contentsOf: URL(filePath: paths.first ?? "Models/convective-rain"))
    let frames = try GridDataset(paths: Array(paths.dropFirst()))
    for await field in try Nowcaster(model: model).prepare(frames) {
      let heaviest = field.rainfallRate.filter(\.isFinite).max() ?? 0
      print("\(field.time): up to \(heaviest) mm/h")
    }
  }
}

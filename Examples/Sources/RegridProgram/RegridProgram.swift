import Foundation
import Squall

/// `RegridProgram OUT.nc FILES…` prints the wettest place of each time and writes all of them on a
/// grid of longitudes and latitudes.
@main struct RegridProgram {
  static func main() throws {
    let paths = Array(CommandLine.arguments.dropFirst())
    guard paths.count > 1 else { return print("usage: RegridProgram OUT.nc FILES...") }
    let dataset = try GridDataset(paths: Array(paths.dropFirst()))
    let rain = try dataset.field(dataset.variable(called: "rainfall_rate"))
    let places = try rain.grid().geometry().centres()
    for (index, time) in rain.times.enumerated() {
      let layer = try rain.layer(time: index)
      guard
        let wettest = layer.indices.filter({ !layer[$0].isNaN }).max(by: { layer[$0] < layer[$1] })
      else { continue }
      let (east, north) = (places.longitudes[wettest], places.latitudes[wettest])
      print("\(time): \(layer[wettest]) \(rain.units) at \(north) °N, \(east) °E")
    }

    var conversion = GridConversion()
    conversion.target = try HorizontalGrid(spec: "119.4:121.8:0.02,35:37:0.02")
    conversion.method = .conservative
    let report = try conversion.run(dataset, writingTo: paths[0])
    for variable in report.variables {
      print("\(variable.name): \(variable.count - variable.missing) of \(variable.count) cells")
    }
  }
}

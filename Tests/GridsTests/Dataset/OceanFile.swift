// Test support of Grids: a small ocean with every kind of axis, in any order of dimensions.

import Grids
import TestSupport

/// A NetCDF-3 file with `temp(member, time, depth, lat, lon)`, whose values tell their place.
struct OceanFile {
  var members: [Double]? = [1, 2]
  var times: [Double] = [0, 1, 2]
  var timeUnits = "days since 2016-07-10"
  var depths: [Double] = [5, 50, 500]
  var latitudes: [Double] = [-10, 0, 10, 20]
  var longitudes: [Double] = [0, 72, 144, 216, 288]
  var order = ["member", "time", "depth", "lat", "lon"]
  var units = "degC"
  var name = "temp"
  var attributes: [(String, ClassicFile.Values)] = []
  /// What is added to all values.
  var shift: Float = 0

  /// What the times count from.
  static let start =
    CFTime(year: 2016, month: 7, day: 10) ?? CFTimeUnits.secondsSince1970().reference

  private var lengths: [String: Int] {
    [
      "member": members?.count ?? 1, "time": times.count, "depth": depths.count,
      "lat": latitudes.count, "lon": longitudes.count,
    ]
  }

  /// The value at a place: a digit for the index along each axis.
  static func value(
    _ member: Double, _ time: Double, _ depth: Double, _ latitude: Double, _ longitude: Double
  ) -> Float {
    Float(member * 1000 + time * 100 + depth + latitude * 0.1 + longitude * 0.001)
  }

  var file: ClassicFile {
    var file = ClassicFile()
    let order = order.filter { $0 != "member" || members != nil }
    for dimension in order { file.addDimension(dimension, lengths[dimension] ?? 1) }
    if let members {
      file.addVariable(
        "member", ["member"], .doubles(members),
        attributes: [("standard_name", .text("realization"))])
    }
    file.addVariable(
      "time", ["time"], .doubles(times), attributes: [("units", .text(timeUnits))])
    file.addVariable(
      "depth", ["depth"], .doubles(depths),
      attributes: [("units", .text("m")), ("positive", .text("down"))])
    file.addVariable(
      "lat", ["lat"], .doubles(latitudes), attributes: [("units", .text("degrees_north"))])
    file.addVariable(
      "lon", ["lon"], .doubles(longitudes), attributes: [("units", .text("degrees_east"))])
    file.addVariable(
      name, order, .floats(values(order)),
      attributes: [("units", .text(units)), ("long_name", .text("Temperature"))] + attributes)
    return file
  }

  var bytes: [UInt8] { file.bytes }

  private func values(_ order: [String]) -> [Float] {
    let shape = order.map { lengths[$0] ?? 1 }
    return (0..<shape.reduce(1, *)).map { number in
      var place: [String: Int] = [:]
      var rest = number
      for (dimension, length) in zip(order, shape).reversed() {
        place[dimension] = rest % length
        rest /= length
      }
      let at = { (axis: String) in place[axis] ?? 0 }
      return OceanFile.value(
        members?[at("member")] ?? 0, times[at("time")], depths[at("depth")],
        latitudes[at("lat")], longitudes[at("lon")]) + shift
    }
  }
}

extension Field {
  /// The values that `OceanFile` gives the places of this field.
  func expectedOcean(start: CFTime) -> [Float] {
    let members: [Double] =
      if case .numbers(let values)? = others.first?.values { values } else { [0] }
    let days = time.map { $0.times.map { $0.since(start) / .seconds(86400) } } ?? [0]
    let (y, x) = (horizontal?.y.values ?? [0], horizontal?.x.values ?? [0])
    return members.flatMap { member in
      days.flatMap { day in
        (vertical?.values ?? [0]).flatMap { depth in
          y.flatMap { latitude in
            x.map { longitude in
              let turned = longitude < 0 ? longitude + 360 : longitude
              return OceanFile.value(
                member, day, depth, latitude, turned >= 360 ? turned - 360 : turned)
            }
          }
        }
      }
    }
  }
}

// Test support: a program that writes a file and may be killed while it does.
//
// KilledWriter write PATH SEED      writes four times of seed SEED
// KilledWriter append PATH SEED     adds the next time to the file
// KilledWriter resume PATH SEED     begins or goes on with four times, through a journal

import GridFiles
import Grids

let arguments = CommandLine.arguments
guard arguments.count == 4, let seed = UInt32(arguments[3]) else { fatalError("wrong usage") }
let (mode, path) = (arguments[1], arguments[2])

let axis = { (name: String, units: String, count: Int) in
  HorizontalAxis(
    name: name, values: (0..<count).map { Double($0) * 0.25 }, units: units,
    attributes: ["units": .text(units)])
}
let reference = try CFTime(iso8601: "2024-01-01T00:00Z")
let isFixed = mode != "append" && mode != "begin"
let description = FieldFileDescription(
  grid: HorizontalGrid(
    kind: .geographic, x: axis("lon", "degrees_east", 48), y: axis("lat", "degrees_north", 40)),
  time: .forecast(from: reference, count: isFixed ? 4 : nil),
  variables: [
    FieldVariable(
      name: "sst",
      attributes: ["standard_name": "sea_surface_temperature", "units": "degree_Celsius"])
  ], storage: FileStorage(hasChecksumFile: mode == "write"))

func append(_ writer: FieldWriter, _ step: Int) throws {
  var state = seed &* 2_654_435_761 &+ UInt32(step)
  let values = (0..<(48 * 40)).map { _ -> Float in
    state = state &* 1_664_525 &+ 1_013_904_223
    return Float(state >> 12) / 65536
  }
  try writer.append(leadTime: .seconds(3600 * step), fields: ["sst": values])
}

let writer =
  switch mode {
  case "append": try FieldWriter(appendingTo: path, description: description)
  case "resume": try FieldWriter(resuming: path, description: description)
  default: try FieldWriter(path: path, description: description)
  }
let last = mode == "append" ? writer.times.count + 1 : mode == "begin" ? 1 : 4
for step in writer.times.count..<last { try append(writer, step + 1) }
try writer.commit()

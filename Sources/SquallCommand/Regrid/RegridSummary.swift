// Room: SquallCommand. What `squall regrid` says when it is done.

internal import Foundation
internal import Grids

/// What was written, and how much of it is missing.
struct RegridSummary: Encodable {
  struct Axis: Encodable {
    let name: String
    let length: Int
  }

  struct Variable: Encodable {
    let name: String
    let axes: [Axis]
    let minimum: Double?
    let maximum: Double?
    let missing: Int
    let values: Int
    let unreachedCells: Int
    let filledValues: Int?
    let farthestFillKilometres: Double?
  }

  let output: String
  let outputBytes: Int
  let variables: [Variable]
  let notes: [String]
  let seconds: Double

  init(_ report: ConversionReport, seconds: Double) {
    output = report.path
    let attributes = try? FileManager.default.attributesOfItem(atPath: report.path)
    outputBytes = attributes?[.size] as? Int ?? 0
    variables = report.variables.map { variable in
      Variable(
        name: variable.name, axes: variable.axes.map { Axis(name: $0.name, length: $0.length) },
        minimum: variable.range.map { Double($0.lowerBound) },
        maximum: variable.range.map { Double($0.upperBound) }, missing: variable.missing,
        values: variable.count, unreachedCells: variable.unreached,
        filledValues: variable.filling?.filled,
        farthestFillKilometres: variable.filling?.farthestKilometres)
    }
    notes = report.notes
    self.seconds = seconds
  }

  var text: String {
    var page = Page()
    page.add("wrote", "\(output), \(Page.bytes(outputBytes))")
    for variable in variables {
      let axes = variable.axes.map { "\($0.name) \($0.length)" }.joined(separator: " × ")
      var words = axes
      if let minimum = variable.minimum, let maximum = variable.maximum {
        words += String(format: "; from %.6g to %.6g", minimum, maximum)
      }
      if variable.missing > 0 {
        let share = Double(variable.missing) / Double(max(variable.values, 1)) * 100
        words += String(format: "; %.1f %% missing", share)
      }
      if let filled = variable.filledValues, let far = variable.farthestFillKilometres {
        words += "; \(Page.count(filled)) values filled"
        if filled > 0 { words += String(format: " from up to %.0f km away", far) }
      }
      if variable.unreachedCells > 0 {
        words += "; \(Page.count(variable.unreachedCells)) cells lie outside the input's grid"
      }
      page.add(variable.name, words)
    }
    for note in notes { page.add("note", note) }
    page.add("seconds", String(format: "%.2f", seconds))
    return page.text
  }
}

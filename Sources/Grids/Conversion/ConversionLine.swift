// Room: Grids. One variable on its way from the input's grid to the output file.

import GridFiles

/// A variable of a conversion: what is read, how it is regridded, and what came of it.
struct ConversionLine {
  let field: Field
  /// The field as it will be in the output, on the target grid.
  let output: OutputField
  private let steps: ConversionSteps
  private(set) var notes: [String]
  private var filling: FillReport?
  private var missing = 0
  private var least = Float.infinity
  private var largest = -Float.infinity

  /// The lines of all fields; those on equal grids share their weights.
  static func make(
    _ fields: [Field], _ conversion: GridConversion
  ) throws(GridError) -> [ConversionLine] {
    var known: [(grid: HorizontalGrid, steps: ConversionSteps)] = []
    var lines: [ConversionLine] = []
    for field in fields {
      let grid = try field.grid()
      var steps: ConversionSteps
      if let same = known.first(where: { grid.difference(from: $0.grid) == nil }) {
        steps = same.steps
      } else {
        steps = try ConversionSteps(from: grid, conversion)
        known.append((grid, steps))
      }
      if let axis = field.vertical, axis.count > 1 {
        steps.levels = conversion.targetLevels?.axis(like: axis)
      }
      if let levels = steps.levels { steps.interpolation = .init(for: levels, conversion) }
      let output = OutputField(field, on: conversion.target ?? grid, levels: steps.levels)
      lines.append(
        ConversionLine(
          field: field, output: output, steps: steps, notes: field.notes + output.notes))
    }
    return lines
  }

  private init(field: Field, output: OutputField, steps: ConversionSteps, notes: [String]) {
    self.field = field
    self.output = output
    self.steps = steps
    self.notes = notes
  }

  /// The number of horizontal layers.
  var layerCount: Int { field.shape.dropLast(2).reduce(1, *) }

  var report: ConversionReport.Variable {
    let layers = output.axes.dropLast(2).reduce(1) { $0 * $1.length }
    return ConversionReport.Variable(
      name: output.variable.name, axes: output.axes,
      unreached: steps.regridder?.unmappedCount ?? 0, missing: missing,
      count: layers * output.grid.width * output.grid.height, filling: filling,
      range: least <= largest ? least...largest : nil)
  }

  /// Reads, regrids and writes all layers; `done` is told how many more are finished.
  mutating func convert(
    within bytes: Int, to writer: FieldWriter, _ done: (Int) -> Void
  ) throws(GridError) {
    let layer = max(1, field.width * field.height * MemoryLayout<Float>.stride)
    let levelsAtOnce = max(1, min(field.levelCount, bytes / layer))
    // Times go together only where all levels do, so that each write is one box.
    let timesAtOnce =
      levelsAtOnce < field.levelCount || steps.levels != nil
      ? 1 : max(1, min(field.timeCount, bytes / layer / field.levelCount))
    for entry in 0..<field.shape.dropLast(4).reduce(1, *) {
      let others = position(of: entry)
      for time in stride(from: 0, to: field.timeCount, by: timesAtOnce) {
        let times = time..<min(time + timesAtOnce, field.timeCount)
        var columns: [Float] = []
        for level in stride(from: 0, to: field.levelCount, by: levelsAtOnce) {
          let levels = level..<min(level + levelsAtOnce, field.levelCount)
          let values = try regridded(others, times, levels)
          if steps.levels == nil {
            try write(values, others, times, levels, to: writer)
          } else {
            columns += values
          }
          done(times.count * levels.count)
        }
        if let target = steps.levels, let source = field.vertical {
          let values = try steps.interpolation.apply(columns, from: source, to: target)
          try write(values, others, times, 0..<target.count, to: writer)
        }
      }
    }
  }

  private func regridded(
    _ others: [Int], _ times: Range<Int>, _ levels: Range<Int>
  ) throws(GridError) -> [Float] {
    let box = FieldBox(
      others.map { $0..<$0 + 1 } + [times, levels, 0..<field.height, 0..<field.width])
    let values = try field.values(in: box)
    guard let regridder = steps.regridder else { return values }
    return try regridder.apply(values)
  }

  /// Fills what is missing in the output's layers and writes them.
  private mutating func write(
    _ layers: [Float], _ others: [Int], _ times: Range<Int>, _ levels: Range<Int>,
    to writer: FieldWriter
  ) throws(GridError) {
    var values = layers
    if let filler = steps.filler {
      filling = (filling ?? FillReport()) + (try filler.fill(&values))
    }
    count(values)
    let perTime = values.count / max(1, times.count)
    for (index, time) in times.enumerated() {
      let own = Array(values[index * perTime..<(index + 1) * perTime])
      var place = output.position(others: others, time: time)
      guard let axis = output.vertical, levels.count < axis.count else {
        try writer.write(own, to: output.variable.name, at: place)
        continue
      }
      let perLevel = own.count / levels.count
      for (step, level) in levels.enumerated() {
        place[leafName(axis.name)] = level
        try writer.write(
          Array(own[step * perLevel..<(step + 1) * perLevel]), to: output.variable.name, at: place)
      }
    }
  }

  private mutating func count(_ values: [Float]) {
    for value in values {
      if value.isNaN {
        missing += 1
      } else {
        least = min(least, value)
        largest = max(largest, value)
      }
    }
  }

  /// The indices along the other axes of combination `entry`.
  private func position(of entry: Int) -> [Int] {
    var rest = entry
    var place = field.others.map { _ in 0 }
    for axis in field.others.indices.reversed() {
      let length = max(1, field.shape[axis])
      place[axis] = rest % length
      rest /= length
    }
    return place
  }
}

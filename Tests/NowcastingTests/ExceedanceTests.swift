// Tests of Nowcasting. From probabilities to rain rates.

import Forecasting
import Foundation
import Nowcasting
import TestSupport
import Testing

@Suite struct ExceedanceTests {
  let output: ExceedanceOutput

  init() throws {
    output = try ModelPackage(
      contentsOf: SharedFolder.checkout.appending(path: "Models/convective-rain")
    ).manifest.output
  }

  /// The same probabilities in every cell of a small grid: `body(lead, threshold)`.
  func exceedance(
    _ analysis: Plane, _ body: (Int, Int) -> Float
  ) -> Exceedance {
    var result = Exceedance(
      analysis: analysis, output: output, leadCount: output.leadsMinutes.count)
    let (rows, columns) = (0..<analysis.rows, 0..<analysis.columns)
    var values: [Float] = []
    for lead in output.leadsMinutes.indices {
      for threshold in output.thresholds.indices {
        values += [Float](repeating: body(lead, threshold), count: analysis.count)
      }
    }
    let ones = { (range: Range<Int>) in range.map { _ in Float(1) } }
    values.withUnsafeBufferPointer {
      result.take($0, rows: rows, ones(rows), columns: columns, ones(columns))
    }
    return result
  }

  /// The rate by the words of the manifest, in double precision.
  func rate(_ p: [Double], _ cuts: [Double]) -> Double {
    let thresholds = output.thresholds
    guard let k = thresholds.indices.last(where: { p[$0] >= cuts[$0] }) else { return 0 }
    let excess = p[k] - cuts[k]
    guard k + 1 < thresholds.count else {
      return thresholds[k] * pow(2, excess / (1 - cuts[k]))
    }
    let next = p[k + 1] - cuts[k + 1]
    return exp(
      log(thresholds[k]) + excess / (excess - next) * (log(thresholds[k + 1]) - log(thresholds[k])))
  }

  let still = Advection.displacement(Motion(still: 4, columns: 5), minutes: 10)

  @Test(arguments: [0.05, 0.15, 0.3, 0.45, 0.6, 0.8, 0.97, 1.0])
  func ratesAreTheQuantileThatTheManifestStates(_ top: Double) {
    let analysis = Plane(rows: 4, columns: 5, repeating: 3)
    let steepness = 0.35
    let p = output.thresholds.indices.map { top * exp(-steepness * Double($0)) }
    let answer = exceedance(analysis) { _, threshold in Float(p[threshold]) }
    for (lead, minutes) in output.leadsMinutes.enumerated() {
      let fields = answer.fields(at: minutes, along: still, withProbabilities: true)
      let wanted = rate(p, output.cuts[lead])
      #expect(fields.rate.values.allSatisfy { abs(Double($0) - wanted) <= 2e-3 * wanted + 1e-6 })
      for (plane, probability) in zip(fields.probabilities, p) {
        #expect(plane.values.allSatisfy { abs(Double($0) - probability) < 2e-5 })
      }
    }
  }

  @Test func beyondTheHighestThresholdTheRateDoublesAtMost() {
    let analysis = Plane(rows: 4, columns: 5, repeating: 90)
    let answer = exceedance(analysis) { _, _ in 1 }
    let fields = answer.fields(at: 10, along: still, withProbabilities: false)
    #expect(fields.rate.values.allSatisfy { abs($0 - 100) < 0.01 })
    #expect(fields.probabilities.isEmpty)
  }

  @Test func betweenLeadsProbabilitiesAreLinear() {
    let analysis = Plane(rows: 4, columns: 5, repeating: 3)
    let answer = exceedance(analysis) { lead, _ in Float(lead + 1) / 10 }
    let leads = output.leadsMinutes
    for lead in 1..<leads.count {
      let minutes = 0.25 * leads[lead - 1] + 0.75 * leads[lead]
      let fields = answer.fields(at: minutes, along: still, withProbabilities: true)
      let wanted = (Float(lead) + 0.75) / 10
      #expect(fields.probabilities.allSatisfy { abs($0[2, 2] - wanted) < 2e-5 })
    }
  }

  @Test func beforeTheFirstLeadTheAnalysisCounts() {
    let analysis = Plane(rows: 4, columns: 5, repeating: 3)
    let answer = exceedance(analysis) { _, _ in 0.5 }
    let half = output.leadsMinutes[0] / 2
    let fields = answer.fields(at: half, along: still, withProbabilities: true)
    for (threshold, plane) in zip(output.thresholds, fields.probabilities) {
      #expect(abs(plane[0, 0] - (threshold <= 3 ? 0.75 : 0.25)) < 2e-5)
    }
  }

  @Test func whatWasNotSeenIsMissingWhereItArrives() {
    let analysis = Plane(rows: 4, columns: 5, repeating: 3).hiding(rows: 0..<4, columns: 0..<2)
    let answer = exceedance(analysis) { _, _ in 0.9 }
    let motion = Motion(
      u: Plane(rows: 4, columns: 5, repeating: 0.2), v: Plane(rows: 4, columns: 5, repeating: 0))
    let fields = answer.fields(
      at: 10, along: Advection.displacement(motion, minutes: 10), withProbabilities: true)
    for row in 0..<4 {
      for column in 0..<5 {
        #expect(fields.rate[row, column].isNaN == (column < 4))
        #expect(fields.probabilities[0][row, column].isNaN == (column < 4))
      }
    }
  }
}

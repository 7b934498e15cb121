// Room: SquallCommand. What `squall check` says of one case and of all.

internal import Foundation

/// How one reference case came out.
struct CaseReport: Codable {
  enum Status: String, Codable {
    case pass, fail, unsupported
  }

  let name: String
  let status: Status
  /// The largest difference in the outputs' own units; nil where nothing was compared or one side
  /// is not finite.
  let maxAbs: Double?
  /// The largest difference relative to the reference.
  let maxRel: Double?
  let seconds: Double
  let detail: String

  enum CodingKeys: String, CodingKey {
    case name, status, maxAbs, maxRel, seconds, detail
  }

  /// With explicit nulls, so that every case has the same keys.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(status, forKey: .status)
    try container.encode(maxAbs.flatMap { $0.isFinite ? $0 : nil }, forKey: .maxAbs)
    try container.encode(maxRel.flatMap { $0.isFinite ? $0 : nil }, forKey: .maxRel)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(detail, forKey: .detail)
  }

  /// The same report with what it is about before its detail.
  func named(_ label: String) -> CaseReport {
    CaseReport(
      name: name, status: status, maxAbs: maxAbs, maxRel: maxRel, seconds: seconds,
      detail: "\(label): \(detail)")
  }

  /// The line that other tools read.
  var line: String {
    switch status {
    case .pass: "pass \(name) max_abs=\(number(maxAbs)) max_rel=\(number(maxRel))"
    case .fail: "FAIL \(name) \(detail)"
    case .unsupported: "unsupported \(name) \(detail)"
    }
  }

  private func number(_ value: Double?) -> String {
    guard let value else { return "nan" }
    return value == 0 ? "0" : String(format: "%.3g", value)
  }
}

/// All cases of one call.
struct CheckReport: Encodable {
  let cases: [CaseReport]

  func count(_ status: CaseReport.Status) -> Int { cases.count { $0.status == status } }

  /// The last line that other tools read.
  var line: String {
    "\(count(.pass)) passed, \(count(.fail)) failed, \(count(.unsupported)) unsupported"
  }
}

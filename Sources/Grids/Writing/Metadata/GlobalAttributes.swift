// Room: Grids. The global attributes of a file: what was given, and what the description implies.

internal import GridFiles

/// Composes the global attributes of CF-1.11 and ACDD-1.3.
///
/// **Source**: CF 1.11 section 2.6; Attribute Convention for Data Discovery 1-3.
struct GlobalAttributes {
  let description: FieldFileDescription
  /// The valid times that are in the file.
  var times: [CFTime]

  private var metadata: FileMetadata { description.metadata }

  /// All of them, those given last, so that they win.
  func compose() -> NetCDFAttributes {
    var result: NetCDFAttributes = ["Conventions": "CF-1.11, ACDD-1.3"]
    let software = "Squall \(SquallRelease.version)"
    result.add("title", metadata.title ?? title)
    result.add("summary", metadata.summary ?? summary)
    result.add("keywords", keywords)
    result.add("keywords_vocabulary", metadata.keywords.isEmpty ? "CF Standard Name Table" : nil)
    result.add("id", metadata.identifier ?? identifier)
    result.add("naming_authority", stated(metadata.namingAuthority))
    result.add("institution", stated(metadata.institution ?? metadata.creator.institution))
    result.add("source", metadata.source ?? software)
    result.add("history", history)
    result.add("references", metadata.references)
    result.add("comment", stated(metadata.comment))
    result.add("processing_level", metadata.processingLevel ?? processingLevel)
    result.add("product_version", metadata.productVersion)
    result.add("project", stated(metadata.project))
    result.add("license", stated(metadata.license))
    result.add("acknowledgement", stated(metadata.acknowledgement))
    result.add("standard_name_vocabulary", "CF Standard Name Table")
    add(metadata.creator, "creator", to: &result)
    add(metadata.publisher, "publisher", to: &result)
    addDates(to: &result)
    result = result.merging(inputs)
    result = result.merging(SpatialExtent(description).attributes(unstated: metadata.unstated))
    result = result.merging(TimeCoverage(description.time, times).attributes)
    return result.merging(metadata.attributes).withoutEmptyTexts
  }

  private func stated(_ text: String?) -> String? { text ?? metadata.unstated }

  private func add(
    _ party: FileMetadata.Party, _ role: String, to result: inout NetCDFAttributes
  ) {
    result.add("\(role)_name", stated(party.name))
    result.add("\(role)_email", stated(party.email))
    result.add("\(role)_url", stated(party.url))
    result.add("\(role)_type", party.type)
    result.add("\(role)_institution", party.institution)
  }

  // MARK: What it is

  private var isForecast: Bool { !description.time.referenceTimes.isEmpty }

  private var processingLevel: String { isForecast ? "forecast" : "derived" }

  /// The names that people read, of measurements rather than of what goes with them.
  private var subjects: [String] {
    let fields = description.variables.filter { !$0.isFlag && $0.isOnGrid }
    return (fields.isEmpty ? description.variables : fields).map { variable in
      variable.attributes.text("long_name")
        ?? variable.attributes.text("standard_name")?.replacing("_", with: " ") ?? variable.name
    }
  }

  private var title: String {
    let listed = subjects.prefix(4).joined(separator: ", ")
    let what = subjects.count > 4 ? "\(listed) and \(subjects.count - 4) more" : listed
    guard isForecast, let reference = description.time.referenceTimes.first else { return what }
    return "Forecast from \(reference.iso8601): \(what)"
  }

  private var summary: String {
    let grid = description.grid
    let kind =
      switch grid.kind {
      case .geographic: "latitude-longitude"
      case .projected: grid.mapping?.projection?.replacing("_", with: " ") ?? "projected"
      case .angular: "satellite view"
      case .curvilinear: "curvilinear"
      case .index: "numbered"
      }
    var text = subjects.joined(separator: ", ")
    text += " on a \(kind) grid of \(grid.height) rows and \(grid.width) columns"
    for axis in description.verticalAxes where axis.count > 1 {
      text += ", \(axis.count) levels of \(axis.name)"
    }
    if let first = times.first, let last = times.last {
      text +=
        times.count == 1
        ? ", at \(first.iso8601)"
        : ", \(times.count) times from \(first.iso8601) to \(last.iso8601)"
    }
    return text + "."
  }

  private var keywords: String {
    if !metadata.keywords.isEmpty { return metadata.keywords.joined(separator: ", ") }
    var names: [String] = []
    for variable in description.variables {
      let name = variable.attributes.text("standard_name") ?? variable.name
      if !names.contains(name) { names.append(name) }
    }
    return names.joined(separator: ", ")
  }

  /// The same for the same content, and another for other content, as far as the description goes.
  private var identifier: String {
    let grid = description.grid
    var parts = [metadata.title ?? title, metadata.source ?? "", metadata.productVersion ?? ""]
    parts += description.variables.map { "\($0.name) \($0.attributes.text("units") ?? "")" }
    parts += [grid.x, grid.y].flatMap { axis in
      [axis.name] + [axis.values.first, axis.values.last].map { "\($0 ?? 0)" } + ["\(axis.count)"]
    }
    parts += [grid.mapping?.projection ?? ""] + metadata.inputs.map { $0.sha256 ?? $0.name }
    parts += [times.first, times.last].map { $0?.iso8601 ?? "" }
    parts += description.time.referenceTimes.map(\.iso8601)
    let digest = SHA256.hexDigest(of: Array(parts.joined(separator: "\n").utf8)).prefix(16)
    let names = description.variables.prefix(3).map(\.name).joined(separator: "-")
    let start = times.first.map { "-" + $0.iso8601.filter { $0 != "-" && $0 != ":" } } ?? ""
    return names.map { $0.isWhitespace ? "_" : String($0) }.joined() + start + "-\(digest)"
  }

  // MARK: When and from what

  /// The time of making, and where it comes from.
  private var creation: (time: CFTime, origin: String)? {
    switch metadata.clock {
    case .time(let time): return (time, "clock or SOURCE_DATE_EPOCH")
    case .data:
      if let reference = description.time.referenceTimes.max() {
        return (reference, "forecast reference time, so that the same input gives the same file")
      }
      return times.last.map {
        ($0, "last time of the data, so that the same input gives the same file")
      }
    }
  }

  private func addDates(to result: inout NetCDFAttributes) {
    guard let creation else { return }
    let text = creation.time.iso8601
    for name in ["date_created", "date_modified", "date_issued", "date_metadata_modified"] {
      result.add(name, text)
    }
    result.add("date_created_origin", creation.origin)
  }

  private var history: String {
    let line =
      (creation.map { "\($0.time.iso8601): " } ?? "") + "Squall \(SquallRelease.version): "
      + (metadata.action ?? "wrote \(description.variables.map(\.name).joined(separator: ", "))")
    guard let before = metadata.inputHistory?.trimmingBlanks, !before.isEmpty else { return line }
    return line + "\n" + before
  }

  private var inputs: NetCDFAttributes {
    var result: NetCDFAttributes = [:]
    guard !metadata.inputs.isEmpty else { return result }
    result.add("input_files", metadata.inputs.map(\.name).joined(separator: " "))
    let sums = metadata.inputs.compactMap(\.sha256)
    if sums.count == metadata.inputs.count {
      result.add("input_sha256", sums.joined(separator: " "))
    }
    return result
  }
}

extension NetCDFAttributes {
  mutating func add(_ name: String, _ text: String?) {
    if let text, !text.trimmingBlanks.isEmpty { self[name] = .text(text) }
  }
}

// Room: Forecasting. From YAML to a manifest, every number checked.

extension ModelManifest {
  /// Reads a manifest's text; `file` is its name in messages.
  ///
  /// **Throws** `ForecastError.invalidManifest` naming the line and the key.
  init(yaml text: String, file: String) throws(ForecastError) {
    let top = try ManifestNode.load(text, file: file)
    try top.mapping([
      "name", "version", "title", "kind", "licence", "network", "network_sha256", "grid",
      "history", "input", "output", "motion", "advection", "trained_range", "references",
    ])
    name = try top.required("name").string()
    version = try top.required("version").string()
    title = try top.required("title").string()
    licence = try top.optional("licence")?.string()
    kind = try top.required("kind").choice(Kind.self)
    networkFile = try top.required("network").fileName()
    networkSHA256 = try top.optional("network_sha256")?.sha256()
    grid = try WorkingGrid(top.required("grid"))
    history = try FrameHistory(top.required("history"))
    input = try NetworkInput(top.required("input"), ages: history.agesMinutes)
    output = try ExceedanceOutput(top.required("output"))
    motion = try MotionSettings(top.required("motion"))
    advection = try AdvectionSettings(top.required("advection"))
    trainedRange = try TrainedRange(top.required("trained_range"))
    references = try top.optional("references")?.strings() ?? []
  }
}

extension WorkingGrid {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping(["spacing_km", "coarsen_below_km", "coarsen_to_km", "multiple_of"])
    spacingKilometres = try node.required("spacing_km").range(above: 0)
    coarsenBelowKilometres = try node.required("coarsen_below_km").positive()
    coarsenToKilometres = try node.required("coarsen_to_km").positive()
    multiple = try node.required("multiple_of").integer(1...1024)
  }
}

extension FrameHistory {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping([
      "variable", "units", "ages_minutes", "minimum_frames", "maximum_gap_minutes",
    ])
    let variable = try node.required("variable")
    guard try variable.string() == "rainfall_rate" else {
      throw variable.error("must be rainfall_rate, the only history known here")
    }
    let units = try node.required("units")
    guard try units.string() == "mm h-1" else { throw units.error("must be mm h-1") }
    let ages = try node.required("ages_minutes")
    agesMinutes = try ages.increasingMinutes()
    guard agesMinutes[0] == 0, agesMinutes.count <= 64 else {
      throw ages.error("must begin with 0, the reference time, and have at most 64 entries")
    }
    minimumFrames = try node.required("minimum_frames").integer(1...64)
    maximumGapMinutes = try node.required("maximum_gap_minutes").minutes()
  }
}

extension NetworkInput {
  fileprivate init(_ node: ManifestNode, ages: [Double]) throws(ForecastError) {
    try node.mapping(["name", "channels"])
    name = try node.required("name").string()
    var channels: [InputChannel] = []
    for entry in try node.required("channels").list() {
      channels.append(try InputChannel(entry, ages: ages))
    }
    guard !channels.isEmpty, channels.count <= 1024 else {
      throw node.error("needs 1 to 1024 channels")
    }
    self.channels = channels
  }
}

extension InputChannel {
  fileprivate init(_ node: ManifestNode, ages: [Double]) throws(ForecastError) {
    let content = try node.required("content")
    switch try content.string() {
    case "rain":
      let age = try node.required("age_minutes")
      guard let slot = ages.firstIndex(of: try age.number()) else {
        throw age.error("must be one of history.ages_minutes")
      }
      self = .rain(slot: slot, try RainTransform(node))
    case "seen_now":
      try node.mapping(["content"])
      self = .seenNow
    case "seen_always":
      try node.mapping(["content"])
      self = .seenAlways
    case "log2_spacing_km":
      try node.mapping(["content"])
      self = .log2Spacing
    default:
      throw content.error("must be rain, seen_now, seen_always or log2_spacing_km")
    }
  }
}

extension RainTransform {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping([
      "content", "age_minutes", "transform", "scale", "maximum", "divide", "missing",
    ])
    curve = try node.required("transform").choice(Curve.self)
    scale = try node.optional("scale")?.positive() ?? 1
    maximum = try node.required("maximum").positive()
    divisor = try node.optional("divide")?.positive() ?? 1
    missing = try node.required("missing").number()
  }
}

extension ExceedanceOutput {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping([
      "name", "leads_minutes", "thresholds_mm_per_hour", "between_leads", "rate_cuts",
    ])
    name = try node.required("name").string()
    let leads = try node.required("leads_minutes")
    leadsMinutes = try leads.increasingMinutes()
    guard leadsMinutes[0] > 0 else { throw leads.error("must be above 0") }
    let levels = try node.required("thresholds_mm_per_hour")
    thresholds = try levels.increasingNumbers()
    guard thresholds[0] > 0, thresholds.count <= 256 else {
      throw levels.error("must be above 0, and at most 256")
    }
    if let between = node.optional("between_leads"), try between.string() != "linear" {
      throw between.error("must be linear")
    }
    let table = try node.required("rate_cuts")
    var cuts: [[Double]] = []
    for row in try table.list() {
      let numbers = try row.numbers()
      guard numbers.count == thresholds.count, numbers.allSatisfy({ $0 > 0 && $0 < 1 }) else {
        throw row.error("needs \(thresholds.count) probabilities between 0 and 1")
      }
      cuts.append(numbers)
    }
    guard cuts.count == leadsMinutes.count else {
      throw table.error("needs \(leadsMinutes.count) rows, one a lead")
    }
    self.cuts = cuts
  }
}

extension MotionSettings {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping([
      "method", "floor_mm_per_hour", "cap_mm_per_hour", "maximum_frames",
      "minimum_step_minutes", "maximum_age_minutes", "finest_level", "coarsest_level",
      "iterations", "window_radius_cells", "residual_scale", "damping",
      "maximum_cells_per_minute",
    ])
    let method = try node.required("method")
    guard try method.string() == "multiscale-lucas-kanade" else {
      throw method.error("must be multiscale-lucas-kanade")
    }
    let coarsest = try node.required("coarsest_level").integer(0...16)
    self.init(
      floor: try node.required("floor_mm_per_hour").positive(),
      cap: try node.required("cap_mm_per_hour").positive(),
      maximumFrames: try node.required("maximum_frames").integer(2...64),
      minimumStepMinutes: try node.required("minimum_step_minutes").minutes(),
      maximumAgeMinutes: try node.required("maximum_age_minutes").minutes(),
      finestLevel: try node.required("finest_level").integer(0...coarsest),
      coarsestLevel: coarsest,
      iterations: try node.required("iterations").integer(1...100),
      windowRadius: try node.required("window_radius_cells").integer(1...100),
      residualScale: try node.required("residual_scale").positive(),
      damping: try node.required("damping").positive(),
      maximumSpeed: try node.required("maximum_cells_per_minute").positive())
  }
}

extension AdvectionSettings {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping(["method", "step_minutes", "iterations"])
    let method = try node.required("method")
    guard try method.string() == "semi-lagrangian-backward" else {
      throw method.error("must be semi-lagrangian-backward")
    }
    self.init(
      stepMinutes: try node.required("step_minutes").minutes(from: 0.1),
      iterations: try node.required("iterations").integer(1...20))
  }
}

extension TrainedRange {
  fileprivate init(_ node: ManifestNode) throws(ForecastError) {
    try node.mapping([
      "rainfall_rate_mm_per_hour", "spacing_km", "step_minutes", "lead_minutes",
    ])
    rainfallRate = try node.required("rainfall_rate_mm_per_hour").range(above: -1)
    spacingKilometres = try node.required("spacing_km").range(above: 0)
    stepMinutes = try node.required("step_minutes").range(above: 0)
    leadMinutes = try node.required("lead_minutes").range(above: -1)
  }
}

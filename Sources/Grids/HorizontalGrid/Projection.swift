// Room: Grids. Map projections through PROJ: from distances on a map to places on Earth.

internal import CPROJ
internal import Foundation
internal import GridFiles

/// A map projection that PROJ knows, as a text of `+key=value` words.
///
/// Every use makes a PROJ context of its own, so that threads share nothing; none opens the network
/// or needs PROJ's database.
struct Projection: Sendable, Equatable {
  /// The words, without units: coordinates are metres.
  let text: String
  /// The name of the projection, such as `lcc`; nil where there is none.
  let name: String?
  /// Whether PROJ gives places for coordinates beyond the edge of the map, which are not there.
  private let hasEdge: Bool

  /// Takes any text that PROJ reads: `+proj=…`, WKT of either kind.
  ///
  /// Edge cases: units in the text are dropped; the caller converts to metres.
  /// Throws: `GridError` with code `layout` for a text that PROJ does not understand.
  init(_ text: String) throws(GridError) {
    let trimmed = text.trimmingBlanks
    let isWords = trimmed.hasPrefix("+") || trimmed.hasPrefix("proj=")
    let words = isWords ? trimmed : try Self.words(ofCRS: trimmed)
    self.text = words.split(whereSeparator: \.isWhitespace)
      .map { $0.hasPrefix("+") ? String($0) : "+" + $0 }
      .filter { word in
        !["+units=", "+to_meter=", "+vunits=", "+type=", "+axis="].contains {
          word.hasPrefix($0)
        } && word != "+no_defs" && word != "+wktext"
      }
      .joined(separator: " ")
    name = self.text.split(separator: " ").first { $0.hasPrefix("+proj=") }
      .map { String($0.dropFirst(6)) }
    hasEdge = ["sinu", "aeqd", "laea", "ortho", "geos", "nsper"].contains(name ?? "")
    try Self.withProjection(self.text) { _ in }
  }

  /// Whether the coordinates are longitudes and latitudes themselves.
  var isGeographic: Bool { ["longlat", "latlong", "lonlat", "latlon"].contains(name ?? "") }

  /// Whether the ellipsoid is given in kilometres, as in some radar files: so are coordinates then.
  var isInKilometres: Bool {
    text.split(separator: " ").contains { word in
      guard word.hasPrefix("+a=") || word.hasPrefix("+R="), let radius = Double(word.dropFirst(3))
      else { return false }
      return radius > 6000 && radius < 7000
    }
  }

  /// Longitude and latitude in degrees of places on the map, in metres.
  ///
  /// Edge cases: NaN for places that the projection does not show.
  func places(
    x: [Double], y: [Double], threads: Int
  ) -> (longitudes: [Double], latitudes: [Double]) {
    let parts = Parallel.mapRanges(min(x.count, y.count), of: 1 << 14, threads: threads) { range in
      part(x: Array(x[range]), y: Array(y[range]))
    }
    return (parts.flatMap(\.0), parts.flatMap(\.1))
  }

  private func part(x: [Double], y: [Double]) -> ([Double], [Double]) {
    let nowhere = [Double](repeating: .nan, count: x.count)
    let result = try? Self.withProjection(text) { projection in
      var (longitudes, latitudes) = (x, y)
      Self.transform(projection, PJ_INV, &longitudes, &latitudes)
      var (backX, backY) = (longitudes, latitudes)
      if hasEdge { Self.transform(projection, PJ_FWD, &backX, &backY) }
      for index in x.indices {
        let isShown =
          longitudes[index].isFinite && latitudes[index].isFinite
          && (!hasEdge || (agree(backX[index], x[index]) && agree(backY[index], y[index])))
        longitudes[index] = isShown ? longitudes[index] / radiansPerDegree : .nan
        latitudes[index] = isShown ? latitudes[index] / radiansPerDegree : .nan
      }
      return (longitudes, latitudes)
    }
    return result ?? (nowhere, nowhere)
  }

  private func agree(_ back: Double, _ there: Double) -> Bool {
    abs(back - there) <= 1 + 1e-6 * abs(there)
  }

  private static func transform(
    _ projection: OpaquePointer, _ direction: PJ_DIRECTION, _ x: inout [Double],
    _ y: inout [Double]
  ) {
    let (count, stride) = (x.count, MemoryLayout<Double>.stride)
    x.withUnsafeMutableBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        _ = proj_trans_generic(
          projection, direction, x.baseAddress, stride, count, y.baseAddress, stride, count,
          nil, 0, 0, nil, 0, 0)
      }
    }
    proj_errno_reset(projection)
  }

  private static func withContext<R>(
    _ body: (OpaquePointer) throws(GridError) -> R
  ) throws(GridError) -> R {
    guard let context = proj_context_create() else {
      throw GridError(.layout, "PROJ cannot be started: too little memory")
    }
    defer { proj_context_destroy(context) }
    proj_log_level(context, PJ_LOG_NONE)
    proj_context_set_enable_network(context, 0)
    return try body(context)
  }

  private static func withProjection<R>(
    _ text: String, _ body: (OpaquePointer) throws(GridError) -> R
  ) throws(GridError) -> R {
    try withContext { (context) throws(GridError) in
      guard let projection = proj_create(context, text) else {
        throw failure(context, text)
      }
      defer { proj_destroy(projection) }
      return try body(projection)
    }
  }

  /// The `+key=value` words of a coordinate reference system in WKT.
  private static func words(ofCRS text: String) throws(GridError) -> String {
    try withContext { (context) throws(GridError) in
      guard var system = proj_create(context, text), proj_is_crs(system) != 0 else {
        throw failure(context, text)
      }
      defer { proj_destroy(system) }
      if proj_get_type(system) == PJ_TYPE_COMPOUND_CRS,
        let horizontal = proj_crs_get_sub_crs(context, system, 0)
      {
        proj_destroy(system)
        system = horizontal
      }
      if proj_get_type(system) == PJ_TYPE_BOUND_CRS,
        let inner = proj_get_source_crs(context, system)
      {
        proj_destroy(system)
        system = inner
      }
      guard let words = proj_as_proj_string(context, system, PJ_PROJ_5, nil) else {
        throw failure(context, text)
      }
      return String(cString: words)
    }
  }

  private static func failure(_ context: OpaquePointer, _ text: String) -> GridError {
    let number = proj_context_errno(context)
    let reason =
      number == 0
      ? "not understood" : proj_context_errno_string(context, number).map { String(cString: $0) }
    return GridError(
      .layout, "PROJ cannot use the projection '\(text.prefix(120))': \(reason ?? "not understood")"
    )
  }
}

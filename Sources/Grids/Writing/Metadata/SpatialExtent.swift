// Room: Grids. Where a file's values lie, as ACDD says it.

internal import GridFiles

/// The extent of a file in latitude, longitude and height.
struct SpatialExtent {
  private let grid: HorizontalGrid
  private let vertical: (range: ClosedRange<Double>, axis: VerticalAxis)?

  init(_ description: FieldFileDescription) {
    grid = description.grid
    let used = Set(description.variables.compactMap(\.verticalAxis))
    let axis =
      description.verticalAxes.first { used.contains($0.name) && $0.kind != .index }
      ?? description.scalarHeight
    vertical = axis.flatMap { axis in
      SpatialExtent.range(axis.writtenValues).map { ($0, axis) }
    }
  }

  func attributes(unstated: String?) -> NetCDFAttributes {
    var result: NetCDFAttributes = [:]
    addHorizontal(to: &result)
    addVertical(to: &result, unstated)
    return result
  }

  private func addHorizontal(to result: inout NetCDFAttributes) {
    guard let latitudes = grid.latitudeValues, let longitudes = grid.longitudeValues,
      let (south, north) = SpatialExtent.range(latitudes).map({ ($0.lowerBound, $0.upperBound) }),
      let (west, east) = SpatialExtent.range(longitudes).map({ ($0.lowerBound, $0.upperBound) })
    else { return }
    result["geospatial_lat_min"] = .double([south])
    result["geospatial_lat_max"] = .double([north])
    result["geospatial_lat_units"] = "degrees_north"
    result["geospatial_lon_min"] = .double([west])
    result["geospatial_lon_max"] = .double([east])
    result["geospatial_lon_units"] = "degrees_east"
    if grid.isOnPlaces {
      addResolution(grid.y, "lat", to: &result)
      addResolution(grid.x, "lon", to: &result)
    } else if let spacing = grid.spacingKilometres {
      result.add("geospatial_lat_resolution", "\(SpatialExtent.short(spacing.y)) km")
      result.add("geospatial_lon_resolution", "\(SpatialExtent.short(spacing.x)) km")
    }
    // ACDD's order is that of EPSG:4326, latitude first.
    let corners = [(south, west), (south, east), (north, east), (north, west), (south, west)]
    let text =
      south == north || west == east
      ? "POINT (\(south) \(west))"
      : "POLYGON ((" + corners.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + "))"
    result.add("geospatial_bounds", text)
    result.add("geospatial_bounds_crs", "EPSG:4326")
  }

  private func addResolution(
    _ axis: HorizontalAxis, _ name: String, to result: inout NetCDFAttributes
  ) {
    guard axis.count > 1 else { return }
    let step = SpatialExtent.short(axis.step)
    result.add(
      "geospatial_\(name)_resolution",
      axis.isRegular ? "\(step) degree" : "\(step) degree (mean)")
  }

  private func addVertical(to result: inout NetCDFAttributes, _ unstated: String?) {
    guard let vertical else {
      // Fields without levels are the surface's, or a whole column's seen from it.
      if unstated != nil { addSurface(to: &result) }
      return
    }
    let axis = vertical.axis
    result["geospatial_vertical_min"] = .double([vertical.range.lowerBound])
    result["geospatial_vertical_max"] = .double([vertical.range.upperBound])
    result.add("geospatial_vertical_positive", axis.positive.rawValue)
    result.add("geospatial_vertical_units", axis.units.isEmpty ? "1" : axis.units)
    let system: String? =
      switch axis.kind {
      case .depth: "EPSG:5831"
      case .height: "EPSG:5829"
      case .pressure, .parametric, .index: unstated
      }
    result.add("geospatial_bounds_vertical_crs", system)
    if axis.count > 1 {
      let steps = zip(axis.values, axis.values.dropFirst()).map { abs($1 - $0) }
      let (least, most) = (steps.min() ?? 0, steps.max() ?? 0)
      let units = axis.units.isEmpty ? "" : " \(axis.units)"
      let text =
        most - least <= 0.01 * most
        ? "\(SpatialExtent.short(most))\(units)"
        : "\(SpatialExtent.short(least)) to \(SpatialExtent.short(most))\(units)"
      result.add("geospatial_vertical_resolution", text)
    } else {
      result.add("geospatial_vertical_resolution", "single level")
    }
  }

  private func addSurface(to result: inout NetCDFAttributes) {
    result["geospatial_vertical_min"] = .double([0])
    result["geospatial_vertical_max"] = .double([0])
    result["geospatial_vertical_positive"] = "up"
    result["geospatial_vertical_units"] = "m"
    result["geospatial_bounds_vertical_crs"] = "EPSG:5829"
    result["geospatial_vertical_resolution"] = "single level"
  }

  /// The least and the greatest finite number, or nil where there is none.
  static func range(_ values: [Double]) -> ClosedRange<Double>? {
    var (least, greatest) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite && abs(value) < 1e30 {
      least = min(least, value)
      greatest = max(greatest, value)
    }
    return least <= greatest ? least...greatest : nil
  }

  /// A number with at most six significant digits.
  static func short(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return "0" }
    var scale = 1.0
    var magnitude = abs(number)
    while magnitude < 1e5, scale < 1e12 {
      magnitude *= 10
      scale *= 10
    }
    let rounded = (number * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension FieldFileDescription {
  /// The scalar coordinate that says at what height values hold, as an axis of one level.
  var scalarHeight: VerticalAxis? {
    for coordinate in coordinates where coordinate.isScalar {
      guard let value = coordinate.values.doubles?.first,
        let positive = coordinate.attributes.text("positive")?.lowercased()
      else { continue }
      let name = coordinate.attributes.text("standard_name") ?? coordinate.name
      return VerticalAxis(
        name: coordinate.name, kind: name == "depth" ? .depth : .height, values: [value],
        units: coordinate.attributes.text("units") ?? "", positive: positive == "up" ? .up : .down)
    }
    return nil
  }
}

extension HorizontalGrid {
  /// The latitudes as they are written, of rows or of cells; nil where none are known.
  var latitudeValues: [Double]? {
    latitude?.writtenValues ?? (isOnPlaces ? y.writtenValues : nil)
  }

  /// The longitudes as they are written, of columns or of cells; nil where none are known.
  var longitudeValues: [Double]? {
    longitude?.writtenValues ?? (isOnPlaces ? x.writtenValues : nil)
  }
}

extension AuxiliaryCoordinate {
  /// The values without what stands for missing ones.
  fileprivate var writtenValues: [Double]? {
    Packing(type: values.type, attributes: attributes).doubles(values)
  }
}

extension HorizontalAxis {
  /// The coordinates as the file has them, rounded to single precision where that is their type.
  var writtenValues: [Double] { type == .float ? values.map { Double(Float($0)) } : values }
}

extension VerticalAxis {
  /// The coordinates as the file has them, rounded to single precision where that is their type.
  var writtenValues: [Double] { type == .float ? values.map { Double(Float($0)) } : values }
}

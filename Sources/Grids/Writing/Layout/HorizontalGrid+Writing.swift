// Room: Grids. What CF asks of a horizontal grid in a file, where the grid as read lacks it.

internal import GridFiles

extension HorizontalGrid {
  /// The attributes that CF asks of an axis of this grid.
  ///
  /// Source: CF 1.11 sections 4.1, 4.2 and 5.6.
  func standardAttributes(_ letter: LayoutBuilder.AxisLetter) -> NetCDFAttributes {
    let isX = letter == .x
    if isRotated {
      return [
        "standard_name": .text(isX ? "grid_longitude" : "grid_latitude"),
        "long_name": .text(isX ? "longitude in rotated grid" : "latitude in rotated grid"),
        "units": "degrees",
      ]
    }
    switch kind {
    case .geographic:
      return HorizontalGrid.placeAttributes(letter)
    case .projected:
      return [
        "standard_name": .text(isX ? "projection_x_coordinate" : "projection_y_coordinate"),
        "long_name": .text(isX ? "x coordinate of projection" : "y coordinate of projection"),
      ]
    case .angular:
      return [
        "standard_name": .text(
          isX ? "projection_x_angular_coordinate" : "projection_y_angular_coordinate"),
        "long_name": .text(isX ? "viewing angle along x" : "viewing angle along y"),
      ]
    case .curvilinear, .index:
      return ["long_name": .text(isX ? "column" : "row")]
    }
  }

  /// Whether the axes are latitude and longitude about another pole.
  var isRotated: Bool { mapping?.projection == "rotated_latitude_longitude" }

  /// Whether the axes themselves are latitude and longitude.
  var isOnPlaces: Bool { kind == .geographic && !isRotated }

  /// What latitudes (`.y`) and longitudes (`.x`) are called.
  static func placeAttributes(_ letter: LayoutBuilder.AxisLetter) -> NetCDFAttributes {
    letter == .x
      ? ["standard_name": "longitude", "long_name": "longitude", "units": "degrees_east"]
      : ["standard_name": "latitude", "long_name": "latitude", "units": "degrees_north"]
  }

  /// The units of an axis's coordinates as they are meant.
  func writtenUnits(_ axis: HorizontalAxis) -> String {
    claimsMetresButMeansKilometres && axis.units == "m" ? "km" : axis.units
  }

  /// The grid mapping with what CF asks for and the rest of it implies.
  ///
  /// Source: CF 1.11 appendix F: lengths are in metres, and an oblique Mercator projection has its
  /// azimuth in `azimuth_of_central_line`; some checkers look for `azimuth`, so both are there.
  var writtenMapping: GridMapping? {
    guard var mapping = mapping?.completed else { return nil }
    if claimsMetresButMeansKilometres {
      for name in ["semi_major_axis", "semi_minor_axis", "earth_radius"] {
        if let kilometres = mapping.attributes.number(name) {
          mapping.attributes[name] = .double([kilometres * 1000])
        }
      }
    }
    if mapping.projection == "oblique_mercator" {
      let azimuth =
        mapping.attributes["azimuth_of_central_line"] ?? mapping.attributes["azimuth"]
      mapping.attributes["azimuth_of_central_line"] = azimuth
      mapping.attributes["azimuth"] = azimuth
    }
    return mapping
  }

  /// This grid with latitude and longitude of every cell where its axes are others and the projection
  /// tells them, in single precision, which is two metres; the grid itself otherwise.
  ///
  /// Source: CF 1.11 section 5.6.
  var withPlaces: HorizontalGrid {
    guard latitude == nil || longitude == nil, kind == .projected || kind == .angular || isRotated,
      let geometry = try? withWrittenMapping.geometry()
    else { return self }
    let centres = geometry.centres()
    let fill: Float = 9.9692099683868690e+36
    let stored = { (degrees: [Double]) in
      NetCDFValues.float(degrees.map { $0.isFinite ? Float($0) : fill })
    }
    let isWhole = centres.latitudes.allSatisfy(\.isFinite)
    let attributes: NetCDFAttributes = isWhole ? [:] : ["_FillValue": .float([fill])]
    var result = self
    result.latitude = AuxiliaryCoordinate(
      name: "lat", attributes: attributes, values: stored(centres.latitudes))
    result.longitude = AuxiliaryCoordinate(
      name: "lon", attributes: attributes, values: stored(centres.longitudes))
    return result
  }

  private var withWrittenMapping: HorizontalGrid {
    var result = self
    if !claimsMetresButMeansKilometres { result.mapping = writtenMapping }
    return result
  }

  /// Contiguous edges half-way between neighbours, two a cell; nil where there is one cell, or
  /// where coordinates are only numbers.
  ///
  /// Edge cases: latitudes end at the poles; the outermost cells are as wide as their neighbours.
  func midpointBounds(_ axis: HorizontalAxis, _ letter: LayoutBuilder.AxisLetter) -> [Double]? {
    let values = axis.writtenValues
    guard values.count > 1, isOnPlaces || isRotated || kind == .projected || kind == .angular
    else {
      return nil
    }
    var edges = zip(values, values.dropFirst()).map { ($0 + $1) / 2 }
    edges.insert(values[0] - (edges[0] - values[0]), at: 0)
    let last = values[values.count - 1]
    edges.append(last + (last - edges[edges.count - 1]))
    if kind == .geographic, letter == .y {
      edges = edges.map { min(max($0, -90), 90) }
    }
    return zip(edges, edges.dropFirst()).flatMap { [$0, $1] }
  }
}

extension NetCDFAttributes {
  /// Without attributes that describe how numbers were stored, or which other variables of its file
  /// belonged to a variable: the writer has its own.
  var withoutLayout: NetCDFAttributes {
    var result = self
    for name in [
      "_FillValue", "missing_value", "scale_factor", "add_offset", "_Unsigned", "valid_range",
      "valid_min", "valid_max", "actual_range", "_CoordinateAxisType", "_ChunkSizes", "_Storage",
      "_DeflateLevel", "_Shuffle", "_Endianness", "_NoFill", "_Netcdf4Dimid",
      "_Netcdf4Coordinates", "_NCProperties", "DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME",
      "coordinates", "grid_mapping", "bounds", "climatology", "cell_measures",
      "least_significant_digit", "quantization", "quantization_nsd", "quantization_nsb",
      "_QuantizeBitGroomNumberOfSignificantDigits",
      "_QuantizeGranularBitRoundNumberOfSignificantDigits",
      "_QuantizeBitRoundNumberOfSignificantBits",
    ] {
      result[name] = nil
    }
    return result.withoutEmptyTexts
  }

  /// Without texts that say nothing, which checkers object to.
  var withoutEmptyTexts: NetCDFAttributes {
    var result = self
    for element in self where element.value.string?.trimmingBlanks.isEmpty ?? false {
      result[element.name] = nil
    }
    return result
  }
}

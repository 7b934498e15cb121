// Room: Nowcasting. What a nowcast's file says about itself, and its values in the file's form.

internal import Forecasting
internal import Foundation
internal import GridFiles
internal import Grids

extension Nowcast {
  /// Variables, coordinates and provenance of the file.
  ///
  /// Nothing here depends on the clock: operational archives compare files by their checksums.
  var fileDescription: ForecastDescription {
    var rate = ForecastVariable.rainfallRate()
    rate.attributes["ancillary_variables"] = "quality_flag"
    var variables = [rate]
    var coordinates: [ForecastCoordinate] = []
    if options.probabilities {
      var probability = ForecastVariable.probabilityOfRainfallRate()
      probability.attributes["ancillary_variables"] = "quality_flag"
      variables.append(probability)
      coordinates.append(.rainfallRateThreshold(thresholds))
    }
    variables.append(
      .qualityFlag(
        longName: "what stands behind the nowcast of each cell", flags: NowcastQuality.meanings))
    return ForecastDescription(
      grid: grid, referenceTime: referenceTime, leadTimeCount: leadTimes.count,
      coordinates: coordinates, variables: variables, attributes: provenance)
  }

  private var provenance: NetCDFAttributes {
    let manifest = model.manifest
    let model = "\(manifest.name) \(manifest.version)"
    let squall = "Squall \(SquallRelease.version)"
    var attributes: NetCDFAttributes = [
      "title": .text("Convective nowcast from \(referenceTime.iso8601)"),
      "institution": .text("produced with \(squall)"),
      "source": .text("\(squall), trained network \(model)"),
      "history": .text("\(squall): nowcast from \(inputTimes.count) frames with \(model)"),
      "comment": .text(
        "Rain rate is the quantile of the predicted distribution that the model package states; "
          + "missing cells are those whose content was not observed."),
      "model_name": .text(manifest.name), "model_version": .text(manifest.version),
      "network_sha256": .text(self.model.networkSHA256),
      "squall_version": .text(SquallRelease.version),
      "input_files": .text(inputFiles.joined(separator: " ")),
      "input_times": .text(inputTimes.map(\.iso8601).joined(separator: " ")),
    ]
    if !manifest.references.isEmpty {
      attributes["references"] = .text(manifest.references.joined(separator: "; "))
    }
    if !missingTimes.isEmpty {
      attributes["input_times_missing"] = .text(
        missingTimes.map(\.iso8601).joined(separator: " "))
    }
    if !notes.isEmpty { attributes["input_notes"] = .text(notes.joined(separator: "; ")) }
    return attributes
  }

  /// One lead time's values as the file stores them.
  func values(of field: NowcastField) -> [String: NetCDFValues] {
    var values: [String: NetCDFValues] = [
      "rainfall_rate": .float(field.rainfallRate),
      "quality_flag": .uint8(field.quality.map(\.rawValue)),
    ]
    if options.probabilities {
      values["probability_of_rainfall_rate_above_threshold"] = .float(
        field.probabilities.flatMap(\.self))
    }
    return values
  }
}

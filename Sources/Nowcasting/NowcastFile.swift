// Room: Nowcasting. What a nowcast's file says about itself, and its values in the file's form.

internal import Forecasting
internal import Foundation
internal import GridFiles
internal import Grids

extension Nowcast {
  /// Variables, coordinates and provenance of the file.
  ///
  /// Nothing here depends on the clock: operational archives compare files by their checksums. What
  /// only a person can know (who made it, under which licence) comes from `metadata`.
  func fileDescription(_ metadata: FileMetadata) -> FieldFileDescription {
    var rate = FieldVariable.rainfallRate()
    rate.attributes["ancillary_variables"] = "quality_flag"
    rate.attributes["cell_methods"] = "time: point"
    var variables = [rate]
    var coordinates: [FieldCoordinate] = [.height(0)]
    if options.probabilities {
      var probability = FieldVariable.probabilityOfRainfallRate()
      probability.attributes["ancillary_variables"] = "quality_flag"
      variables.append(probability)
      coordinates.append(.rainfallRateThreshold(thresholds))
    }
    variables.append(
      .qualityFlag(
        longName: "what stands behind the nowcast of each cell", flags: NowcastQuality.meanings))
    return FieldFileDescription(
      grid: grid, time: .forecast(from: referenceTime, count: leadTimes.count),
      coordinates: coordinates, variables: variables, metadata: provenance(metadata))
  }

  private func provenance(_ given: FileMetadata) -> FileMetadata {
    let manifest = model.manifest
    let model = "\(manifest.name) \(manifest.version)"
    let squall = "Squall \(SquallRelease.version)"
    var metadata = given
    metadata.title = given.title ?? "Convective nowcast from \(referenceTime.iso8601)"
    metadata.institution = given.institution ?? "produced with \(squall)"
    metadata.source = given.source ?? "\(squall), trained network \(model)"
    metadata.processingLevel = given.processingLevel ?? "nowcast"
    metadata.productVersion = given.productVersion ?? manifest.version
    metadata.action = "nowcast from \(inputTimes.count) frames with \(model)"
    metadata.comment =
      given.comment
      ?? "Rain rate is the quantile of the predicted distribution that the model package states; "
      + "missing cells are those whose content was not observed."
    metadata.inputs = inputFiles.map { FileMetadata.Input(name: $0) }
    if given.references == nil, !manifest.references.isEmpty {
      metadata.references = manifest.references.joined(separator: "; ")
    }
    var attributes: NetCDFAttributes = [
      "model_name": .text(manifest.name), "model_version": .text(manifest.version),
      "network_sha256": .text(self.model.networkSHA256),
      "squall_version": .text(SquallRelease.version),
      "input_times": .text(inputTimes.map(\.iso8601).joined(separator: " ")),
    ]
    if !missingTimes.isEmpty {
      attributes["input_times_missing"] = .text(
        missingTimes.map(\.iso8601).joined(separator: " "))
    }
    if !notes.isEmpty { attributes["input_notes"] = .text(notes.joined(separator: "; ")) }
    metadata.attributes = attributes.merging(given.attributes)
    return metadata
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

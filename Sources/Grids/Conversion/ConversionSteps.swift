// Room: Grids. What happens to a layer between the input's grid and the output.

/// The steps that fields on one grid share.
struct ConversionSteps {
  /// To the target grid, where there is one.
  let regridder: Regridder?
  /// Fills what is missing on the target grid, where that is asked for.
  let filler: SeaFiller?
  /// The levels of the output, where they are other ones.
  var levels: VerticalAxis?
  /// How values get there.
  var interpolation = VerticalInterpolation()

  init(from grid: HorizontalGrid, _ conversion: GridConversion) throws(GridError) {
    let target = conversion.target ?? grid
    if let target = conversion.target {
      regridder = try Regridder(
        from: grid, to: target, method: conversion.method, options: conversion.regridding)
    } else {
      regridder = nil
    }
    if let method = conversion.filling {
      filler = SeaFiller(
        try target.geometry(), method: method, maximumKilometres: conversion.fillingReach,
        threads: conversion.regridding.threads)
    } else {
      filler = nil
    }
  }
}

extension VerticalInterpolation {
  /// Pressures lie evenly in their logarithm, unless the conversion says otherwise.
  init(for levels: VerticalAxis, _ conversion: GridConversion) {
    let usual: VerticalMethod = levels.kind == .pressure ? .logarithmic : .linear
    self.init(
      method: conversion.targetLevels?.method ?? usual,
      extrapolation: conversion.targetLevels?.extrapolation ?? .none,
      threads: conversion.regridding.threads)
  }
}

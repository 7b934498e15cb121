// Room: GridFiles. What a kind of store must offer so that a file can be read from it.

/// Where the values of an open file come from: netCDF-C, or a Zarr store.
protocol FileSource: AnyObject, Sendable {
  /// Reads `box`, which takes every element and lies inside `variable`, as stored, in the byte order of
  /// this machine; `bytes` has just its size.
  func read(
    _ variable: NetCDFVariable, _ box: NetCDFBox, _ bytes: UnsafeMutableRawBufferPointer
  ) throws(GridFileError)

  /// Reads `box` of a variable of type `string`.
  func texts(_ variable: NetCDFVariable, _ box: NetCDFBox) throws(GridFileError) -> [String]
}

/// What a file says about itself.
struct FileDescription: Sendable {
  var format: NetCDFFormat
  var dimensions: [NetCDFDimension]
  var variables: [NetCDFVariable]
  var attributes: NetCDFAttributes
}

extension NetCDFFile {
  /// Reads a dense box as it is stored.
  func readDense(
    _ variable: NetCDFVariable, _ box: NetCDFBox, _ bytes: UnsafeMutableRawBufferPointer
  ) throws(GridFileError) {
    try source.read(variable, box, bytes)
  }

  /// Reads a box of texts.
  func texts(_ variable: NetCDFVariable, _ box: NetCDFBox) throws(GridFileError) -> [String] {
    if let complaint = variable.complaint(about: box) {
      throw GridFileError(.outOfBounds, path: path, variable: variable.name, complaint)
    }
    guard box.isDense else {
      throw GridFileError(
        .unsupported, path: path, variable: variable.name,
        "holds texts, which are read without gaps; leave out the stride")
    }
    return try source.texts(variable, box)
  }
}

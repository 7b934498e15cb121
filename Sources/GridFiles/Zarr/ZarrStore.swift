// Room: GridFiles. A Zarr store as a NetCDF file: its arrays are variables, its groups are groups.

/// An open Zarr store of format 2, by NCZarr, by xarray or by any other writer.
///
/// Read here and not by netCDF-C, whose NCZarr ends the process on damaged stores and lacks the codecs that
/// xarray uses.
/// Source: Zarr storage specification version 2; xarray, "Zarr Encoding Specification"; netCDF-C,
/// "NCZarr Representation".
final class ZarrStore: FileSource {
  let folder: ZarrFolder
  let arrays: [ZarrArray]
  let description: FileDescription
  let chunks = ZarrChunkCache()

  /// Reads what the store says about itself.
  init(_ folder: ZarrFolder) throws(GridFileError) {
    self.folder = folder
    var reader = ZarrMetadataReader(folder)
    description = try reader.read()
    arrays = reader.arrays
  }

  func read(
    _ variable: NetCDFVariable, _ box: NetCDFBox, _ bytes: UnsafeMutableRawBufferPointer
  ) throws(GridFileError) {
    let array = arrays[Int(variable.id.raw)]
    guard let size = array.element.storedSize, let base = bytes.baseAddress else { return }
    let outSize = variable.type.size
    try eachChunk(of: array, box) { (chunk) throws(GridFileError) in
      let stored = try plainChunk(array, chunk.index, size)
      stored.withUnsafeBytes { source in
        guard let origin = source.baseAddress else { return }
        chunk.eachRow { from, step, count, to in
          array.element.copy(
            origin + from * size, step: step * size, count: count,
            to: base + to * outSize)
        }
      }
    }
  }

  func texts(_ variable: NetCDFVariable, _ box: NetCDFBox) throws(GridFileError) -> [String] {
    let array = arrays[Int(variable.id.raw)]
    guard let elements = box.elements, elements <= 1 << 28 else {
      throw GridFileError(
        .outOfBounds, path: folder.path, variable: variable.name,
        "is too large to read at once (\(box.count)); read a part")
    }
    var texts = [String](repeating: "", count: elements)
    try eachChunk(of: array, box) { (chunk) throws(GridFileError) in
      let stored = try textChunk(array, chunk.index)
      chunk.eachRow { from, step, count, to in
        for index in 0..<count { texts[to + index] = stored[from + index * step] }
      }
    }
    return texts
  }

  // MARK: Chunks

  private func eachChunk(
    of array: ZarrArray, _ box: NetCDFBox,
    _ body: (ZarrChunkPart) throws(GridFileError) -> Void
  ) throws(GridFileError) {
    // A scalar of NCZarr has the shape [1] in its store.
    let rank = array.chunks.count
    var box = box
    if box.count.isEmpty, rank == 1 { box = NetCDFBox(all: [1]) }
    guard box.count.count == rank, !box.count.contains(0) else { return }
    let first = (0..<rank).map { box.start[$0] / array.chunks[$0] }
    let last = (0..<rank).map { (box.start[$0] + box.count[$0] - 1) / array.chunks[$0] }
    var index = first
    while true {
      try body(ZarrChunkPart(index: index, array: array, box: box))
      var axis = rank - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] <= last[axis] { break }
        index[axis] = first[axis]
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private func plainChunk(
    _ array: ZarrArray, _ index: [Int], _ size: Int
  ) throws(GridFileError) -> [UInt8] {
    let key = array.name + "/" + array.key(index)
    if let known = chunks.find(key) { return known }
    guard let bytes = array.chunkBytes else { return [] }
    guard let stored = try unpacked(array, key, limit: bytes) else {
      let fill = array.fillBytes
      var filled: [UInt8] = []
      filled.reserveCapacity(bytes)
      for _ in 0..<bytes / max(fill.count, 1) { filled += fill }
      chunks.keep(key, filled)
      return filled
    }
    guard stored.count == bytes else { throw damaged(array, key) }
    chunks.keep(key, stored)
    return stored
  }

  private func textChunk(
    _ array: ZarrArray, _ index: [Int]
  ) throws(GridFileError) -> [String] {
    let key = array.name + "/" + array.key(index)
    let count = checkedProduct(array.chunks) ?? 0
    if let size = array.element.storedSize {
      let bytes = try plainChunk(array, index, size)
      return (0..<count).map { array.element.text(bytes[$0 * size..<($0 + 1) * size]) }
    }
    guard let bytes = try unpacked(array, key, limit: 1 << 30) else {
      return [String](repeating: array.fill.text ?? "", count: count)
    }
    var texts: [String] = []
    var place = 4
    for _ in 0..<count {
      let length = littleEndian(bytes, at: place)
      guard place <= bytes.count - 4, length <= bytes.count - place - 4 else {
        throw damaged(array, key)
      }
      texts.append(TextDecoder.text(bytes[place + 4..<place + 4 + length]))
      place += 4 + length
    }
    return texts
  }

  /// The bytes of a chunk, unpacked; nil where the store has no such chunk.
  private func unpacked(
    _ array: ZarrArray, _ key: String, limit: Int
  ) throws(GridFileError) -> [UInt8]? {
    let plain = key.hasPrefix("/") ? String(key.dropFirst()) : key
    guard var bytes = try folder.bytes(plain, limit: 1 << 31) else { return nil }
    for codec in array.codecs {
      guard let next = codec.decode(bytes, limit: limit) else { throw damaged(array, plain) }
      bytes = next
    }
    return bytes
  }

  private func damaged(_ array: ZarrArray, _ key: String) -> GridFileError {
    GridFileError(
      .corrupt, path: folder.path, variable: array.name,
      "chunk '\(key)' is damaged; fetch or write the store again")
  }
}

// Room: GridFiles. How much HDF5 may keep of a variable's chunks, so that frames which share chunks do not
// decompress them again and again.

internal import CNetCDF

/// The chunk caches that were made larger than usual; used behind the library's gate only.
enum ChunkCaches {
  private struct Entry {
    var handle: Int32
    var group: Int32
    var variable: Int32
    var bytes: Int
  }

  /// What netCDF-C gives a variable by itself.
  private static let usual = 16 << 20
  /// The most that one variable gets, and all together.
  private static let largest = 64 << 20
  private static let total = 128 << 20

  nonisolated(unsafe) private static var entries: [Entry] = []

  /// Makes room for all chunks that `box` touches where it leaves parts of them for later reads.
  static func prepare(_ handle: Int32, _ variable: NetCDFVariable, _ box: NetCDFBox) {
    let chunks = variable.storage.chunkShape
    guard chunks.count == box.count.count, !chunks.isEmpty, chunks.allSatisfy({ $0 > 0 }) else {
      return
    }
    var touched = 1
    var isPartial = false
    for axis in chunks.indices {
      let (start, end) = (box.start[axis], box.start[axis] + box.count[axis])
      guard end > start else { return }
      let (first, last) = (start / chunks[axis], (end - 1) / chunks[axis])
      isPartial =
        isPartial || start % chunks[axis] != 0
        || (end % chunks[axis] != 0 && end < variable.dimensions[axis].length)
      guard let product = checkedProduct([touched, last - first + 1]) else { return }
      touched = product
    }
    guard isPartial, let bytes = checkedProduct(chunks + [variable.type.size, touched]),
      bytes > usual, bytes <= largest
    else { return }
    let known = entries.firstIndex {
      $0.handle == handle && $0.group == variable.group.raw && $0.variable == variable.id.raw
    }
    if let known {
      if entries[known].bytes >= bytes { return }
      entries.remove(at: known)
    }
    while entries.reduce(bytes, { $0 + $1.bytes }) > total, let oldest = entries.first {
      _ = nc_set_var_chunk_cache(oldest.group, oldest.variable, usual, 1009, 0.75)
      entries.removeFirst()
    }
    // HDF5 asks for many more slots than chunks, since each slot holds one.
    let slots = min(touched, 1 << 16) * 20 + 1
    if nc_set_var_chunk_cache(variable.group.raw, variable.id.raw, bytes, slots, 0.75) == NC_NOERR {
      entries.append(
        Entry(
          handle: handle, group: variable.group.raw, variable: variable.id.raw, bytes: bytes))
    }
  }

  /// Forgets the caches of a file that is closed.
  static func forget(_ handle: Int32) { entries.removeAll { $0.handle == handle } }
}

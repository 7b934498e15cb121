// Room: GridFiles. Unpacks Blosc frames, in which xarray compresses Zarr chunks, and LZ4 inside them.

/// Blosc format 2: blocks, each compressed by itself and shuffled by bytes or bits.
///
/// Source: c-blosc, README_CHUNK_FORMAT.rst.
enum Blosc {
  /// Unpacks a frame of at most `limit` bytes; nil where it is damaged or of a kind that is not known.
  static func decode(_ input: [UInt8], limit: Int) -> [UInt8]? {
    guard input.count >= 16 else { return nil }
    let (flags, typeSize) = (input[2], max(Int(input[3]), 1))
    let (size, blockSize) = (littleEndian(input, at: 4), littleEndian(input, at: 8))
    guard size <= limit else { return nil }
    if flags & 2 != 0 {
      return input.count - 16 >= size ? Array(input[16..<16 + size]) : nil
    }
    guard size > 0 else { return [] }
    guard blockSize > 0, blockSize <= max(size, 1) else { return nil }
    let blocks = (size - 1) / blockSize + 1
    guard blocks <= (input.count - 16) / 4 else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(size)
    for block in 0..<blocks {
      let length = min(blockSize, size - block * blockSize)
      // Short last blocks are never split, nor those of wide elements.
      let isSplit =
        flags & 0x10 == 0 && typeSize <= 16 && blockSize / typeSize >= 128 && length == blockSize
      let parts = isSplit ? typeSize : 1
      var place = littleEndian(input, at: 16 + 4 * block)
      var bytes: [UInt8] = []
      for _ in 0..<parts {
        let partLength = length / parts
        guard place >= 16, place <= input.count - 4 else { return nil }
        let stored = littleEndian(input, at: place)
        place += 4
        guard stored > 0, stored <= input.count - place else { return nil }
        let part = input[place..<place + stored]
        place += stored
        if stored == partLength {
          bytes += part
        } else {
          guard let plain = inflated(part, codec: flags >> 5, count: partLength) else { return nil }
          bytes += plain
        }
      }
      guard bytes.count == length else { return nil }
      if flags & 1 != 0, typeSize > 1 { bytes = unshuffled(bytes, elementSize: typeSize) }
      if flags & 4 != 0 { bytes = unshuffledBits(bytes, elementSize: typeSize) }
      output += bytes
    }
    return output
  }

  private static func inflated(_ part: ArraySlice<UInt8>, codec: UInt8, count: Int) -> [UInt8]? {
    let output: [UInt8]? =
      switch codec {
      case 1: LZ4.decode(part, count: count)
      case 3: ZarrCodec.inflate(part, limit: count)
      case 4: ZarrCodec.zstandard(part, limit: count)
      default: nil
      }
    return output?.count == count ? output : nil
  }

  /// Puts the bytes of each element together again; what is left over at the end stays.
  static func unshuffled(_ input: [UInt8], elementSize: Int) -> [UInt8] {
    let count = input.count / elementSize
    guard elementSize > 1, count > 0 else { return input }
    var output = input
    output.withUnsafeMutableBufferPointer { output in
      input.withUnsafeBufferPointer { input in
        for byte in 0..<elementSize {
          let row = byte * count
          for index in 0..<count { output[index * elementSize + byte] = input[row + index] }
        }
      }
    }
    return output
  }

  /// The same for bits, as bitshuffle leaves them; elements are shuffled only in groups of eight.
  private static func unshuffledBits(_ input: [UInt8], elementSize: Int) -> [UInt8] {
    let count = input.count / elementSize
    guard count > 0, count % 8 == 0 else { return input }
    var output = input
    for index in 0..<count * elementSize { output[index] = 0 }
    let rowBytes = count / 8
    for bit in 0..<8 * elementSize {
      for group in 0..<rowBytes {
        let packed = input[bit * rowBytes + group]
        guard packed != 0 else { continue }
        for lane in 0..<8 where packed >> UInt8(lane) & 1 != 0 {
          output[(group * 8 + lane) * elementSize + bit / 8] |= 1 << UInt8(bit % 8)
        }
      }
    }
    return output
  }
}

/// LZ4 blocks.
///
/// Source: lz4, doc/lz4_Block_format.md.
enum LZ4 {
  /// Unpacks a block that has `count` bytes; nil where it has not.
  static func decode(_ input: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
    guard count >= 0 else { return nil }
    var isSound = true
    let output = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { output, filled in
      filled = 0
      isSound = input.withUnsafeBufferPointer { decode($0, into: output, count, &filled) }
    }
    return isSound && output.count == count ? output : nil
  }

  private static func decode(
    _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>,
    _ count: Int, _ filled: inout Int
  ) -> Bool {
    var place = 0
    while place < input.count {
      let token = Int(input[place])
      place += 1
      guard let literals = length(token >> 4, input, &place), literals <= input.count - place,
        literals <= count - filled
      else { return false }
      for index in 0..<literals { output[filled + index] = input[place + index] }
      place += literals
      filled += literals
      if place == input.count { return true }
      guard place + 2 <= input.count else { return false }
      let distance = Int(input[place]) | Int(input[place + 1]) << 8
      place += 2
      guard let more = length(token & 15, input, &place), distance > 0, distance <= filled,
        more + 4 <= count - filled
      else { return false }
      // The copy may overlap what it writes.
      for index in filled..<filled + more + 4 { output[index] = output[index - distance] }
      filled += more + 4
    }
    return true
  }

  private static func length(
    _ nibble: Int, _ input: UnsafeBufferPointer<UInt8>, _ place: inout Int
  ) -> Int? {
    guard nibble == 15 else { return nibble }
    var total = nibble
    while place < input.count {
      let byte = Int(input[place])
      place += 1
      total += byte
      if byte != 255 { return total }
    }
    return nil
  }
}

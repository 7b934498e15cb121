// Room: GridFiles. Moves numbers from a source to their place in a result, block by block, unpacking on the way.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension NetCDFFile {
  /// Bytes of stored numbers that are held at once while a larger part is unpacked.
  private static let stagingBytes = 4 << 20
  /// Bytes that a processor core still has at hand after they were read, when it comes to mark them.
  private static let nearBytes = 1 << 20

  /// Refuses a read for which there cannot be memory, before the attempt ends the process.
  func prepare(_ bytes: Int, _ variable: NetCDFVariable) throws(GridFileError) {
    guard bytes > 1 << 28 else { return }
    let pages = max(sysconf(Int32(_SC_PHYS_PAGES)), 0)
    let memory = pages.multipliedReportingOverflow(by: max(sysconf(Int32(_SC_PAGESIZE)), 0))
    let trial = malloc(bytes)
    free(trial)
    guard trial != nil, memory.overflow || memory.partialValue == 0 || bytes < memory.partialValue
    else {
      throw GridFileError(
        .outOfBounds, path: path, variable: variable.name,
        "needs \(bytes >> 20) MiB at once, more than this machine has; read a part")
    }
  }

  /// Asks for large pages below a large result: touching its small pages one by one takes longer than
  /// reading into them.
  func advise<T>(_ buffer: UnsafeMutableBufferPointer<T>) {
    #if os(Linux)
      let bytes = buffer.count * MemoryLayout<T>.stride
      guard bytes >= 8 << 20, let base = buffer.baseAddress else { return }
      let page = 1 << 12
      let start = (Int(bitPattern: base) + page - 1) & ~(page - 1)
      let end = (Int(bitPattern: base) + bytes) & ~(page - 1)
      guard end > start else { return }
      _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, 14)  // MADV_HUGEPAGE
    #endif
  }

  /// Reads `box` as physical numbers into `output`, which has just as many elements.
  func fill<R: PhysicalNumber>(
    _ output: UnsafeMutableBufferPointer<R>, from variable: NetCDFVariable, _ box: NetCDFBox
  ) throws(GridFileError) {
    let packing = Packing(variable)
    switch packing.storedType {
    case .int8: try stage(output, variable, box, Unpacker<Int8, R>(packing))
    case .uint8: try stage(output, variable, box, Unpacker<UInt8, R>(packing))
    case .int16: try stage(output, variable, box, Unpacker<Int16, R>(packing))
    case .uint16: try stage(output, variable, box, Unpacker<UInt16, R>(packing))
    case .int32: try stage(output, variable, box, Unpacker<Int32, R>(packing))
    case .uint32: try stage(output, variable, box, Unpacker<UInt32, R>(packing))
    case .int64: try stage(output, variable, box, Unpacker<Int64, R>(packing))
    case .uint64: try stage(output, variable, box, Unpacker<UInt64, R>(packing))
    case .float: try stage(output, variable, box, Unpacker<Float, R>(packing))
    case .double: try stage(output, variable, box, Unpacker<Double, R>(packing))
    case .char, .string, .userDefined:
      throw GridFileError(
        .unsupported, path: path, variable: variable.name,
        "holds no numbers; choose another variable")
    }
  }

  /// Reads `box` as it is stored into `output`, which has just as many elements.
  func copy<T: NetCDFNumber>(
    _ output: UnsafeMutableBufferPointer<T>, from variable: NetCDFVariable, _ box: NetCDFBox
  ) throws(GridFileError) {
    if box.isDense { return try readDense(variable, box, UnsafeMutableRawBufferPointer(output)) }
    try eachBlock(variable, box, T.self) { input, step, count, offset in
      for index in 0..<count { output[offset + index] = input[index * step] }
    }
  }

  private func stage<T: NetCDFNumber, R: PhysicalNumber>(
    _ output: UnsafeMutableBufferPointer<R>, _ variable: NetCDFVariable, _ box: NetCDFBox,
    _ unpacker: Unpacker<T, R>
  ) throws(GridFileError) {
    guard let target = output.baseAddress else { return }
    if T.self == R.self, !unpacker.changesNumbers, box.isDense {
      return try readInPlace(output, variable, box, unpacker)
    }
    try eachBlock(variable, box, T.self) { input, step, count, offset in
      unpacker.unpack(input, step: step, count: count, into: target + offset)
    }
  }

  /// Reads numbers that are physical as they are stored straight into `output`.
  private func readInPlace<T: NetCDFNumber, R: PhysicalNumber>(
    _ output: UnsafeMutableBufferPointer<R>, _ variable: NetCDFVariable, _ box: NetCDFBox,
    _ unpacker: Unpacker<T, R>
  ) throws(GridFileError) {
    guard variable.storage.chunkShape.isEmpty else {
      try readDense(variable, box, UnsafeMutableRawBufferPointer(output))
      return unpacker.mark(output)
    }
    // Blocks of contiguous variables follow each other in the result, and are marked while they are near.
    let elements = NetCDFFile.nearBytes / MemoryLayout<R>.stride
    var offset = 0
    for block in NetCDFBlocks(box, chunks: [], elements: elements) {
      let count = block.elements ?? 0
      guard count <= output.count - offset else { return }
      let part = UnsafeMutableBufferPointer(rebasing: output[offset..<offset + count])
      try readDense(variable, block, UnsafeMutableRawBufferPointer(part))
      unpacker.mark(part)
      offset += count
    }
  }

  /// Reads `box` block by block and hands on the rows of each: where they begin, the distance between
  /// elements taken, their number, and their place in the result.
  private func eachBlock<T: NetCDFNumber>(
    _ variable: NetCDFVariable, _ box: NetCDFBox, _ type: T.Type,
    _ body: (UnsafePointer<T>, _ step: Int, _ count: Int, _ offset: Int) -> Void
  ) throws(GridFileError) {
    precondition(variable.type.size == MemoryLayout<T>.stride)
    let size = MemoryLayout<T>.stride
    let blocks = NetCDFBlocks(
      box, chunks: variable.storage.chunkShape, elements: NetCDFFile.stagingBytes / size)
    var iterator = blocks.makeIterator()
    var scratch: UnsafeMutableRawBufferPointer?
    defer { scratch?.deallocate() }
    while let (block, place) = iterator.nextWithPlace() {
      let spans = block.count.indices.map(block.span)
      guard let elements = checkedProduct(spans), elements <= NetCDFFile.largestRead / size else {
        throw GridFileError(
          .outOfBounds, path: path, variable: variable.name, "is too large to read; read a part")
      }
      let bytes = elements * size
      if bytes > scratch?.count ?? -1 {
        try prepare(bytes, variable)
        scratch?.deallocate()
        scratch = .allocate(byteCount: max(bytes, 16), alignment: 64)
      }
      guard let scratch, let origin = scratch.baseAddress else { return }
      let dense = NetCDFBox(start: block.start, count: spans)
      try readDense(variable, dense, UnsafeMutableRawBufferPointer(rebasing: scratch[..<bytes]))
      let input = UnsafePointer(origin.assumingMemoryBound(to: T.self))
      rows(of: block, spans: spans, at: place, in: box) { source, step, count, offset in
        body(input + source, step, count, offset)
      }
    }
  }

  /// Goes through the longest runs of `block` that lie together in the result.
  private func rows(
    of block: NetCDFBox, spans: [Int], at place: [Int], in box: NetCDFBox,
    _ body: (_ source: Int, _ step: Int, _ count: Int, _ offset: Int) -> Void
  ) {
    let rank = block.count.count
    guard rank > 0 else { return body(0, 1, 1, 0) }
    // Axes from `axis` on form one run: those behind it are whole and dense.
    var axis = rank - 1
    var count = block.count[axis]
    while axis > 0, block.count[axis] == box.count[axis], spans[axis] == block.count[axis],
      spans[axis - 1] == block.count[axis - 1]
    {
      axis -= 1
      count *= block.count[axis]
    }
    let isSparse = axis == rank - 1 && spans[axis] != block.count[axis]
    let step = isSparse ? block.stride[axis] : 1
    var (sourceSteps, offsetSteps) = (
      [Int](repeating: 1, count: rank), [Int](repeating: 1, count: rank)
    )
    for other in (0..<rank - 1).reversed() {
      sourceSteps[other] = sourceSteps[other + 1] * spans[other + 1]
      offsetSteps[other] = offsetSteps[other + 1] * box.count[other + 1]
    }
    var index = [Int](repeating: 0, count: axis)
    var source = 0
    var offset = (0..<rank).reduce(0) { $0 + place[$1] * offsetSteps[$1] }
    while true {
      body(source, step, count, offset)
      var turning = axis - 1
      while turning >= 0 {
        let stride = block.count[turning] > 1 ? block.stride[turning] : 1
        index[turning] += 1
        source += stride * sourceSteps[turning]
        offset += offsetSteps[turning]
        if index[turning] < block.count[turning] { break }
        source -= index[turning] * stride * sourceSteps[turning]
        offset -= index[turning] * offsetSteps[turning]
        index[turning] = 0
        turning -= 1
      }
      if turning < 0 { return }
    }
  }
}

// Room: GridFiles. HDF5 attributes, and values that lead to heaps and other objects.

/// The objects in one collection of the global heap: their sizes by number.
struct HDF5GlobalHeap {
  var sizes: [Int: Int] = [:]
}

extension HDF5Checker {
  func attributeInfo(
    _ body: inout HDF5Bytes, _ object: inout HDF5Object
  ) throws(HDF5Complaint) {
    let (version, flags) = (try body.byte(), try body.byte())
    guard version == 0, flags <= 3 else { throw .damaged("attributes of an unknown kind") }
    if flags & 1 != 0 { try body.skip(2) }
    let (heap, tree) = (try body.address(), try body.address())
    let order = flags & 2 != 0 ? try body.address() : nil
    guard (heap == nil) == (tree == nil) else { throw .damaged("attributes without an index") }
    guard let heap, let tree else { return }
    let byName = try records(of: tree, type: 8)
    if let order {
      let byOrder = Set(try records(of: order, type: 9).map { Array($0.prefix(8)) })
      guard byOrder == Set(byName.map { Array($0.prefix(8)) }) else {
        throw .damaged("attributes with two indexes that differ")
      }
    }
    for record in byName {
      // Number in the heap, flags, order, hash.
      guard record.count == 17 else { throw .damaged("an impossible index") }
      guard record[record.startIndex + 8] & 2 == 0 else {
        throw .unsupported("has shared descriptions; rewrite it with 'nccopy' or h5repack")
      }
      var bytes = try heapObject(heap, record.prefix(8))
      try attribute(&bytes, &object)
    }
  }

  func attribute(_ body: inout HDF5Bytes, _ object: inout HDF5Object) throws(HDF5Complaint) {
    let version = try body.byte()
    let flags = try body.byte()
    guard (1...3).contains(version), version == 1 || flags <= 3 else {
      throw .damaged("an attribute of an unknown kind")
    }
    let (nameSize, typeSize, shapeSize) = (try body.short(), try body.short(), try body.short())
    if version == 3 {
      guard try body.byte() <= 1 else { throw .damaged("an attribute of an unknown kind") }
    }
    let padded = { (size: Int) in version == 1 ? (size + 7) / 8 * 8 : size }
    var nameBytes = try body.piece(padded(nameSize))
    let name = try nameBytes.text()
    guard !name.isEmpty, name.count < nameSize, object.attributes.insert(name).inserted else {
      throw .damaged("an attribute without a name")
    }
    var typeBytes = try body.piece(padded(typeSize))
    let type: HDF5Type
    if version > 1, flags & 1 != 0 {
      type = try sharedAttributeType(&typeBytes)
    } else {
      type = try HDF5Type(&typeBytes)
    }
    guard version == 1 || flags & 2 == 0 else {
      throw .unsupported("has shared descriptions; rewrite it with 'nccopy' or h5repack")
    }
    var shapeBytes = try body.piece(padded(shapeSize))
    let shape = try HDF5Shape(&shapeBytes)
    guard let size = checkedProduct([shape.elements, type.size]), size <= body.remaining else {
      throw .damaged("an attribute that is not all there")
    }
    let values = try body.take(size)
    try checkValues(values, type)
    let text = TextDecoder.text(name)
    guard HDF5Checker.internalNames.contains(text) else { return }
    object.internalAttributes.append((text, shape, type))
    // HDF5 1.10 frees its copy of a class twice where it has the length of this one and differs.
    if text == "CLASS", type.kind == .string, type.isZeroTerminated, size == 16,
      !values.elementsEqual("DIMENSION_SCALE\0".utf8)
    {
      throw .damaged("an impossible class")
    }
  }

  private static let internalNames: Set<String> = [
    "CLASS", "NAME", "DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates",
    "_QuantizeBitGroomNumberOfSignificantDigits",
    "_QuantizeGranularBitRoundNumberOfSignificantDigits",
    "_QuantizeBitRoundNumberOfSignificantBits",
  ]

  /// Checks that attributes that are read into memory of a known size have that size.
  func checkInternalAttributes(_ object: HDF5Object, rank: Int) throws(HDF5Complaint) {
    for (name, shape, type) in object.internalAttributes {
      let isSound =
        switch name {
        case "CLASS": true
        case "NAME": type.kind == .string || type.kind == .variableLength
        case "DIMENSION_LIST":
          type.kind == .variableLength && type.isMadeOfReferences && shape.elements == rank
        case "_Netcdf4Coordinates": type.number == 0 && shape.elements == rank
        default: type.number == 0 && shape.elements == 1
        }
      guard isSound else { throw .damaged("an attribute '\(name)' of another kind") }
    }
  }

  private func sharedAttributeType(_ body: inout HDF5Bytes) throws(HDF5Complaint) -> HDF5Type {
    let (version, kind) = (try body.byte(), try body.byte())
    guard (1...3).contains(version), version < 3 || kind == 2 else {
      throw .unsupported("has shared descriptions; rewrite it with 'nccopy' or h5repack")
    }
    if version == 1 { try body.skip(6) }
    guard let address = try body.address(), let type = try object(at: address).type else {
      throw .damaged("a type that is nowhere")
    }
    return type
  }

  /// Checks what values of `type` lead to.
  func checkValues(_ bytes: ArraySlice<UInt8>, _ type: HDF5Type) throws(HDF5Complaint) {
    guard type.hasPointers else { return }
    var values = HDF5Bytes(bytes, offsetSize: offsetSize, lengthSize: lengthSize)
    for _ in 0..<bytes.count / type.size {
      var value = try values.piece(type.size)
      switch type.kind {
      case .reference where type.size == offsetSize:
        // Zero stands for none.
        if let address = try value.address(), address != 0 { references.insert(address) }
      case .variableLength:
        let count = try value.word()
        let (address, number) = (try value.address(), try value.word())
        guard let address, address != 0, count > 0 else { continue }
        let heap = try globalHeap(address)
        guard let size = heap.sizes[number], let needed = checkedProduct([count, type.baseSize]),
          size >= needed
        else { throw .damaged("a value that is not all there") }
        if type.isMadeOfReferences { try checkReferences(in: address, number, count) }
      default: return
      }
    }
  }

  /// The collection at `address`, checked from end to end.
  private func globalHeap(_ address: Int) throws(HDF5Complaint) -> HDF5GlobalHeap {
    if let known = heaps[address] { return known }
    var heap = HDF5GlobalHeap()
    try eachHeapObject(address) { (number, bytes) in heap.sizes[number] = bytes.count }
    heaps[address] = heap
    return heap
  }

  private func checkReferences(
    in address: Int, _ wanted: Int, _ count: Int
  ) throws(HDF5Complaint) {
    var found: ArraySlice<UInt8> = []
    try eachHeapObject(address) { (number, bytes) in if number == wanted { found = bytes } }
    var values = HDF5Bytes(found, offsetSize: offsetSize, lengthSize: lengthSize)
    for _ in 0..<count {
      if let target = try values.address(), target != 0 { references.insert(target) }
    }
  }

  private func eachHeapObject(
    _ address: Int, _ body: (Int, ArraySlice<UInt8>) -> Void
  ) throws(HDF5Complaint) {
    var head = try piece(at: address, count: 8 + lengthSize)
    try head.expect("GCOL")
    guard try head.byte() == 1 else { throw .damaged("a heap of an unknown kind") }
    try head.skip(3)
    let size = try head.length()
    guard size >= 4096, holds(address, size) else { throw .damaged("a heap beyond its end") }
    var all = try piece(at: address, count: size)
    try all.skip(8 + lengthSize)
    let headSize = 8 + lengthSize
    var numbers: Set<Int> = []
    while all.remaining >= headSize {
      let number = try all.short()
      try all.skip(6)
      let length = try all.length()
      if number == 0 {
        // What is free counts with its head and ends the heap.
        guard length >= headSize, length - headSize == all.remaining else {
          throw .damaged("a heap with impossible gaps")
        }
        return
      }
      let (padded, overflow) = length.addingReportingOverflow(7)
      guard !overflow, numbers.insert(number).inserted else {
        throw .damaged("a heap with two objects of one number")
      }
      let bytes = try all.take(length)
      body(number, bytes)
      try all.skip(min(padded / 8 * 8 - length, all.remaining))
    }
  }
}

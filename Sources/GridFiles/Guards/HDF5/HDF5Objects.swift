// Room: GridFiles. HDF5 object headers: the messages that describe a group, a dataset or a named type.

/// What is known of an object.
struct HDF5Object {
  struct Link {
    enum Target {
      case object(Int)
      case path([UInt8])
      case outside
    }

    var name: [UInt8]
    var target: Target
  }

  var shape: HDF5Shape?
  var type: HDF5Type?
  var filters: HDF5Filters?
  var layout: HDF5Layout?
  var symbolTable: (tree: Int, heap: Int)?
  var linkInfo: (heap: Int, tree: Int)?
  var links: [Link] = []
  var isNewGroup = false
  var isGroup: Bool { symbolTable != nil || isNewGroup }
  /// Sizes of fill values, to be compared with that of the type.
  var fillSizes: [Int] = []
  var attributes: Set<[UInt8]> = []
  /// The attributes that netCDF-C and HDF5 read for themselves, into memory of a size they take for granted.
  var internalAttributes: [(name: String, shape: HDF5Shape, type: HDF5Type)] = []
}

extension HDF5Checker {
  /// Reads the object at `address` once, with its attributes and the index of its chunks.
  func object(at address: Int) throws(HDF5Complaint) -> HDF5Object {
    if let known = objects[address] { return known }
    guard objects.count < 1 << 20 else { throw .damaged("objects without end") }
    // Rings of shared types end here.
    objects[address] = HDF5Object()
    var object = HDF5Object()
    let head = try piece(at: address, count: 4)
    let isNew = head.bytes.elementsEqual("OHDR".utf8)
    if isNew { try newHeader(address, &object) } else { try oldHeader(address, &object) }
    try finish(&object)
    objects[address] = object
    return object
  }

  private func oldHeader(
    _ address: Int, _ object: inout HDF5Object
  ) throws(HDF5Complaint) {
    var head = try piece(at: address, count: 16)
    let (version, reserved, count) = (try head.byte(), try head.byte(), try head.short())
    try head.skip(4)
    let size = try head.word()
    guard version == 1, reserved == 0, size % 8 == 0 else {
      throw .damaged("an object of an unknown kind")
    }
    var blocks = [(address: address + 16, size: size)]
    var (next, seen) = (0, 0)
    while next < blocks.count {
      guard blocks.count < 4096 else { throw .damaged("an object without end") }
      var block = try piece(at: blocks[next].address, count: blocks[next].size)
      next += 1
      while block.remaining >= 8 {
        let (type, length, flags) = (try block.short(), try block.short(), try block.byte())
        try block.skip(3)
        guard length % 8 == 0 else { throw .damaged("a message of odd length") }
        var body = try block.piece(length)
        seen += 1
        guard seen <= count else { throw .damaged("more messages than it counts") }
        if type == 0x10 {
          blocks.append(try continuation(&body))
        } else {
          try message(type, flags, &body, &object)
        }
      }
      guard block.remaining == 0 else { throw .damaged("an object that ends early") }
    }
    guard seen == count else { throw .damaged("fewer messages than it counts") }
  }

  private func continuation(
    _ body: inout HDF5Bytes
  ) throws(HDF5Complaint) -> (address: Int, size: Int) {
    guard let address = try body.address() else { throw .damaged("an object that goes on nowhere") }
    let size = try body.length()
    guard holds(address, size), size > 0 else { throw .damaged("an address beyond its end") }
    return (address, size)
  }

  private func newHeader(
    _ address: Int, _ object: inout HDF5Object
  ) throws(HDF5Complaint) {
    var head = try piece(at: address, count: min(34, max(file.length - base - address, 0)))
    try head.expect("OHDR")
    let (version, flags) = (try head.byte(), try head.byte())
    guard version == 2, flags <= 63 else { throw .damaged("an object of an unknown kind") }
    if flags & 0x20 != 0 { try head.skip(16) }
    if flags & 0x10 != 0 { try head.skip(4) }
    let size = try head.count(1 << (flags & 3))
    let start = head.place - head.bytes.startIndex
    guard holds(address, start), holds(address + start, size), size <= Int.max - start - 4 else {
      throw .damaged("an address beyond its end")
    }
    try checkSum(at: address, count: start + size + 4)
    var blocks = [(address: address + start, size: size)]
    var next = 0
    while next < blocks.count {
      guard blocks.count < 4096 else { throw .damaged("an object without end") }
      var block = try piece(at: blocks[next].address, count: blocks[next].size)
      next += 1
      let headSize = flags & 4 != 0 ? 6 : 4
      // What is left over is shorter than a message.
      while block.remaining >= headSize {
        let (type, length, messageFlags) = (try block.byte(), try block.short(), try block.byte())
        if flags & 4 != 0 { try block.skip(2) }
        var body = try block.piece(length)
        if type == 0x10 {
          let (place, size) = try continuation(&body)
          guard size > 8 else { throw .damaged("an object that goes on nowhere") }
          var more = try piece(at: place, count: 4)
          try more.expect("OCHK")
          try checkSum(at: place, count: size)
          blocks.append((place + 4, size - 8))
        } else {
          try message(type, messageFlags, &body, &object)
        }
      }
    }
  }

  // MARK: Messages

  private func message(
    _ type: Int, _ flags: Int, _ body: inout HDF5Bytes, _ object: inout HDF5Object
  ) throws(HDF5Complaint) {
    if flags & 2 != 0 {
      guard type == 3 else {
        throw .unsupported("has shared descriptions; rewrite it with 'nccopy' or h5repack")
      }
      object.type = try sharedType(&body)
      return
    }
    switch type {
    case 1:
      guard object.shape == nil else { throw .damaged("a dataset with two shapes") }
      object.shape = try HDF5Shape(&body)
    case 2: try linkInfo(&body, &object)
    case 3:
      guard object.type == nil else { throw .damaged("a dataset with two types") }
      object.type = try HDF5Type(&body)
    case 4:
      let size = try body.word()
      try body.skip(size)
      if size > 0 { object.fillSizes.append(size) }
    case 5: try fill(&body, &object)
    case 6:
      object.isNewGroup = true
      object.links.append(try link(&body))
    case 7: throw .unsupported("keeps its values in other files; join them with h5repack")
    case 8:
      guard object.layout == nil else { throw .damaged("a dataset with two layouts") }
      object.layout = try HDF5Layout(&body)
    case 0xA:
      object.isNewGroup = true
      let (version, flags) = (try body.byte(), try body.byte())
      guard version == 0, flags <= 3 else { throw .damaged("a group of an unknown kind") }
      try body.skip((flags & 1 != 0 ? 4 : 0) + (flags & 2 != 0 ? 4 : 0))
    case 0xB:
      guard object.filters == nil else { throw .damaged("a dataset filtered twice") }
      object.filters = try HDF5Filters(&body)
    case 0xC: try attribute(&body, &object)
    case 0xD: _ = try body.text()
    case 0xE: try body.skip(14)
    case 0xF: throw .unsupported("has shared descriptions; rewrite it with 'nccopy' or h5repack")
    case 0x11:
      guard let tree = try body.address(), let heap = try body.address(),
        object.symbolTable == nil
      else { throw .damaged("a group without an index") }
      object.symbolTable = (tree, heap)
    case 0x12:
      guard try body.byte() == 1 else { throw .damaged("a time of an unknown kind") }
      try body.skip(7)
    case 0x13:
      guard try body.byte() == 0 else { throw .damaged("an impossible superblock") }
      (chunkK, groupK, leafK) = (try body.short(), try body.short(), try body.short())
      guard leafK > 0, groupK > 0, chunkK > 0 else { throw .damaged("an impossible superblock") }
    case 0x15: try attributeInfo(&body, &object)
    case 0x16:
      guard try body.byte() == 0 else { throw .damaged("a count of an unknown kind") }
      try body.skip(4)
    case 0, 0x17, 0x18: break
    case 0x14:
      throw .unsupported("is one of several files that belong together; join them with h5repart")
    default: throw .damaged("a message of an unknown kind")
    }
  }

  private func sharedType(_ body: inout HDF5Bytes) throws(HDF5Complaint) -> HDF5Type {
    let (version, kind) = (try body.byte(), try body.byte())
    guard (1...3).contains(version) else { throw .damaged("a type of an unknown kind") }
    if version == 1 { try body.skip(6) }
    guard version < 3 || kind == 2 else {
      throw .unsupported("has shared descriptions; rewrite it with 'nccopy' or h5repack")
    }
    guard let address = try body.address(), let type = try object(at: address).type else {
      throw .damaged("a type that is nowhere")
    }
    return type
  }

  private func fill(
    _ body: inout HDF5Bytes, _ object: inout HDF5Object
  ) throws(HDF5Complaint) {
    let version = try body.byte()
    let isDefined: Bool
    switch version {
    case 1, 2:
      let (allocation, writing) = (try body.byte(), try body.byte())
      guard allocation <= 3, writing <= 2 else { throw .damaged("an impossible fill value") }
      isDefined = try body.byte() != 0 || version == 1
    case 3:
      let flags = try body.byte()
      guard flags < 64, flags & 0x30 != 0x30 else { throw .damaged("an impossible fill value") }
      isDefined = flags & 0x20 != 0
    default: throw .damaged("a fill value of an unknown kind")
    }
    guard isDefined else { return }
    let size = try body.word()
    if size == 0xFFFF_FFFF { return }
    try body.skip(size)
    if size > 0 { object.fillSizes.append(size) }
  }

  /// Checks that the parts of an object fit together.
  private func finish(_ object: inout HDF5Object) throws(HDF5Complaint) {
    if object.layout != nil {
      guard !object.isGroup, let shape = object.shape, let type = object.type else {
        throw .damaged("a dataset without shape or type")
      }
      for size in object.fillSizes where size != type.size {
        throw .damaged("a fill value of another type")
      }
      try checkInternalAttributes(object, rank: shape.lengths.count)
      try checkLayout(object, shape, type)
    } else if object.shape != nil, !object.isGroup {
      throw .damaged("a dataset without values")
    }
  }
}

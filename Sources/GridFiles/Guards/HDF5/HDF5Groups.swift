// Room: GridFiles. HDF5 groups: what they link to, in the old way and in the new, and where rings are.

extension HDF5Checker {
  /// Follows the links of the group at `address`; `path` holds the groups above it.
  ///
  /// netCDF-C opens every group by every name it has, so a ring of groups would never end.
  func group(at address: Int, path: [Int], name: String) throws(HDF5Complaint) {
    guard path.count < 64 else { throw .damaged("groups inside groups without end") }
    let known = try object(at: address)
    guard known.isGroup else {
      if path.isEmpty { throw .damaged("no root group") }
      if known.layout == nil, let type = known.type, ![5, 6, 8, 9].contains(type.number) {
        throw .unsupported(
          "names a plain type, '\(name)', on which netCDF gives up; rewrite it without named types")
      }
      return
    }
    guard !path.contains(address) else { throw rings(name) }
    visits += 1
    guard visits < 1 << 16 else { throw .damaged("groups without end") }
    let links = try self.links(of: address)
    var names: Set<[UInt8]> = []
    for link in links {
      guard !link.name.isEmpty, !link.name.contains(UInt8(ascii: "/")),
        names.insert(link.name).inserted
      else { throw .damaged("two links of one name") }
      let full = name + "/" + TextDecoder.text(link.name)
      switch link.target {
      case .object(let target): try group(at: target, path: path + [address], name: full)
      case .outside:
        throw .unsupported(
          "has a link to another file, '\(full)', which is not followed; replace it with what it "
            + "leads to, for example with h5copy")
      case .path(let words):
        guard let target = try resolve(words, from: path + [address], depth: 0) else {
          throw .unsupported(
            "has a link to nothing, '\(full)', on which netCDF gives up; remove it with h5py")
        }
        try group(at: target, path: path + [address], name: full)
      }
    }
  }

  private func rings(_ name: String) -> HDF5Complaint {
    .unsupported("has a link in a ring, '\(name)', which never ends; remove it with h5py")
  }

  /// The object that a path leads to from the last of `groups`, or nil where there is none.
  private func resolve(
    _ words: [UInt8], from groups: [Int], depth: Int
  ) throws(HDF5Complaint) -> Int? {
    guard depth < 16, let root = groups.first, let last = groups.last else { return nil }
    var place = words.first == UInt8(ascii: "/") ? root : last
    var above = words.first == UInt8(ascii: "/") ? [root] : groups
    for part in words.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      guard try object(at: place).isGroup,
        let link = try links(of: place).first(where: { $0.name.elementsEqual(part) })
      else { return nil }
      switch link.target {
      case .object(let target): place = target
      case .outside: return nil
      case .path(let next):
        guard let target = try resolve(next, from: above, depth: depth + 1) else { return nil }
        place = target
      }
      above.append(place)
    }
    return place
  }

  private func links(of address: Int) throws(HDF5Complaint) -> [HDF5Object.Link] {
    if let known = linksByGroup[address] { return known }
    let object = try object(at: address)
    var links = object.links
    if let table = object.symbolTable { links += try symbols(table.tree, table.heap) }
    if let info = object.linkInfo {
      for record in try records(of: info.tree, type: 5) {
        var bytes = try heapObject(info.heap, record.dropFirst(4))
        links.append(try link(&bytes))
      }
    }
    linksByGroup[address] = links
    return links
  }

  // MARK: New groups

  func linkInfo(_ body: inout HDF5Bytes, _ object: inout HDF5Object) throws(HDF5Complaint) {
    let (version, flags) = (try body.byte(), try body.byte())
    guard version == 0, flags <= 3 else { throw .damaged("a group of an unknown kind") }
    object.isNewGroup = true
    if flags & 1 != 0 { try body.skip(8) }
    let (heap, tree) = (try body.address(), try body.address())
    guard (heap == nil) == (tree == nil) else { throw .damaged("a group without an index") }
    let order = flags & 2 != 0 ? try body.address() : nil
    guard let heap, let tree else { return }
    object.linkInfo = (heap, tree)
    // Where both indexes are there, they must lead to the same links.
    if let order {
      let byOrder = Set(try records(of: order, type: 6).map { Array($0.suffix(7)) })
      let byName = Set(try records(of: tree, type: 5).map { Array($0.suffix(7)) })
      guard byOrder == byName else { throw .damaged("a group with two indexes that differ") }
    }
  }

  func link(_ body: inout HDF5Bytes) throws(HDF5Complaint) -> HDF5Object.Link {
    let (version, flags) = (try body.byte(), try body.byte())
    guard version == 1, flags <= 31 else { throw .damaged("a link of an unknown kind") }
    let kind = flags & 8 != 0 ? try body.byte() : 0
    if flags & 4 != 0 { try body.skip(8) }
    if flags & 16 != 0 {
      guard try body.byte() <= 1 else { throw .damaged("a link of an unknown kind") }
    }
    let length = try body.count(1 << (flags & 3))
    let name = Array(try body.take(length))
    guard length > 0, !name.contains(0) else { throw .damaged("a link without a name") }
    switch kind {
    case 0:
      guard let address = try body.address() else { throw .damaged("a link to nowhere") }
      return HDF5Object.Link(name: name, target: .object(address))
    case 1:
      let path = Array(try body.take(try body.short()))
      guard !path.isEmpty else { throw .damaged("a link to nowhere") }
      return HDF5Object.Link(name: name, target: .path(path.filter { $0 != 0 }))
    default: return HDF5Object.Link(name: name, target: .outside)
    }
  }

  // MARK: Old groups

  private func symbols(_ tree: Int, _ heap: Int) throws(HDF5Complaint) -> [HDF5Object.Link] {
    let names = try localHeap(heap)
    var links: [HDF5Object.Link] = []
    var seen: Set<Int> = []
    try symbolNode(tree, level: nil, names, &seen, &links)
    return links
  }

  private func symbolNode(
    _ address: Int, level: Int?, _ names: ArraySlice<UInt8>, _ seen: inout Set<Int>,
    _ links: inout [HDF5Object.Link]
  ) throws(HDF5Complaint) {
    let size = 8 + 2 * offsetSize + 2 * groupK * offsetSize + (2 * groupK + 1) * lengthSize
    guard seen.insert(address).inserted else { throw .damaged("an index with rings") }
    var node = try piece(at: address, count: size)
    try node.expect("TREE")
    let (type, found, count) = (try node.byte(), try node.byte(), try node.short())
    _ = try node.address()
    _ = try node.address()
    guard type == 0, found == level ?? found, found < 32, count <= 2 * groupK else {
      throw .damaged("an impossible index")
    }
    for _ in 0..<count {
      guard try node.length() < names.count else { throw .damaged("a name that is nowhere") }
      guard let child = try node.address() else {
        throw .damaged("a part of an index that is nowhere")
      }
      if found > 0 {
        try symbolNode(child, level: found - 1, names, &seen, &links)
      } else {
        guard seen.insert(child).inserted else { throw .damaged("an index with rings") }
        try symbolLeaf(child, names, &links)
      }
    }
    guard count > 0 else { return }
    guard try node.length() < names.count else { throw .damaged("a name that is nowhere") }
  }

  private func symbolLeaf(
    _ address: Int, _ names: ArraySlice<UInt8>, _ links: inout [HDF5Object.Link]
  ) throws(HDF5Complaint) {
    let entrySize = lengthSize + offsetSize + 24
    var leaf = try piece(at: address, count: 8 + 2 * leafK * entrySize)
    try leaf.expect("SNOD")
    guard try leaf.byte() == 1 else { throw .damaged("an impossible index") }
    try leaf.skip(1)
    let count = try leaf.short()
    guard count <= 2 * leafK else { throw .damaged("an impossible index") }
    for _ in 0..<count {
      let name = try text(names, at: try leaf.count(offsetSize))
      let header = try leaf.address()
      let cache = try leaf.word()
      try leaf.skip(4)
      var scratch = try leaf.piece(16)
      switch cache {
      case 0, 1:
        guard let header else { throw .damaged("a link to nowhere") }
        links.append(HDF5Object.Link(name: name, target: .object(header)))
        guard cache == 1 else { continue }
        _ = try object(at: header)
        try checkCache(of: header, try scratch.address(), try scratch.address())
      case 2:
        let path = try text(names, at: try scratch.word())
        links.append(HDF5Object.Link(name: name, target: .path(path)))
      default: throw .damaged("a link of an unknown kind")
      }
    }
  }

  private func text(
    _ names: ArraySlice<UInt8>, at offset: Int
  ) throws(HDF5Complaint) -> [UInt8] {
    guard offset < names.count,
      let end = names[(names.startIndex + offset)...].firstIndex(of: 0)
    else { throw .damaged("a name that is nowhere") }
    return Array(names[names.startIndex + offset..<end])
  }

  /// The names of an old group, after a look at the list of what is free among them.
  private func localHeap(_ address: Int) throws(HDF5Complaint) -> ArraySlice<UInt8> {
    var head = try piece(at: address, count: 8 + 2 * lengthSize + offsetSize)
    try head.expect("HEAP")
    guard try head.byte() == 0 else { throw .damaged("names of an unknown kind") }
    try head.skip(3)
    let size = try head.length()
    let none = lengthSize == 8 ? UInt64.max : UInt64(1) << UInt64(8 * lengthSize) - 1
    var free = try head.number(lengthSize)
    guard let data = try head.address(), holds(data, size) else {
      throw .damaged("names that are nowhere")
    }
    var bytes = try piece(at: data, count: size)
    let start = bytes.place
    var steps = 0
    while free != 1, free != none {
      steps += 1
      guard steps <= size / (2 * lengthSize) + 1, let offset = Int(exactly: free), offset < size
      else { throw .damaged("names with rings in them") }
      try bytes.move(to: start + offset)
      free = try bytes.number(lengthSize)
      let length = try bytes.length()
      guard length >= 2 * lengthSize, length <= size - offset else {
        throw .damaged("names with impossible gaps")
      }
    }
    return bytes.bytes
  }
}

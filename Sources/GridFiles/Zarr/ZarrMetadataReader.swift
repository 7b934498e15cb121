// Room: GridFiles. Turns the descriptions in a Zarr store into dimensions, variables and attributes.

struct ZarrMetadataReader {
  private let folder: ZarrFolder
  private(set) var arrays: [ZarrArray] = []
  private var dimensions: [NetCDFDimension] = []
  private var lengths: [String: Int] = [:]

  init(_ folder: ZarrFolder) { self.folder = folder }

  mutating func read() throws(GridFileError) -> FileDescription {
    let all = try folder.descriptions()
    let byKey = Dictionary(all.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    var variables: [NetCDFVariable] = []
    for (key, value) in all where key == ".zarray" || key.hasSuffix("/.zarray") {
      let prefix = String(key.dropLast(".zarray".count))
      // The store may be a single array, which then takes the folder's name.
      let name = prefix.isEmpty ? "" : String(prefix.dropLast())
      let array: ZarrArray
      do throws(ZarrComplaint) {
        array = try ZarrArray(name: name, value)
      } catch {
        switch error {
        case .damaged(let words):
          throw GridFileError(
            .corrupt, path: folder.path, variable: name,
            "'\(key)' is damaged: \(words); fetch or write the store again")
        case .unsupported(let words):
          throw GridFileError(
            .unsupported, path: folder.path, variable: name, "\(words); write the store anew")
        }
      }
      variables.append(
        try variable(
          array, attributes: byKey[prefix + ".zattrs"] ?? .object([]),
          extra: value["_NCZARR_ARRAY"] ?? byKey[prefix + ".nczarray"] ?? .object([]),
          attributeTypes: byKey[prefix + ".nczattr"]))
    }
    return FileDescription(
      format: .zarr, dimensions: dimensions, variables: variables,
      attributes: attributes(byKey[".zattrs"] ?? .object([]), types: byKey[".nczattr"]))
  }

  private mutating func variable(
    _ array: ZarrArray, attributes json: JSONValue, extra: JSONValue, attributeTypes: JSONValue?
  ) throws(GridFileError) -> NetCDFVariable {
    let display = array.name.isEmpty ? "array" : array.name
    let references = extra["dimrefs"]?.texts
    let isScalar =
      references?.isEmpty == true && (array.shape == [1] || array.shape.isEmpty)
    var names: [String]?
    if let references, references.count == array.shape.count {
      names = references.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
    } else if let given = json["_ARRAY_DIMENSIONS"]?.texts, given.count == array.shape.count {
      let group = array.name.lastIndex(of: "/").map { String(array.name[...$0]) } ?? ""
      names = given.map { group + $0 }
    }
    var shape: [NetCDFDimension] = []
    for (axis, length) in array.shape.enumerated() where !isScalar {
      let name = names?[axis] ?? "phony_dim_\(length)"
      if let known = lengths[name], known != length {
        throw GridFileError(
          .corrupt, path: folder.path, variable: display,
          "has \(length) elements along '\(name)', others have \(known); write the store again")
      }
      let dimension = NetCDFDimension(name: name, length: length, isUnlimited: false)
      if lengths.updateValue(length, forKey: name) == nil { dimensions.append(dimension) }
      shape.append(dimension)
    }
    var found = attributes(json, types: attributeTypes)
    let type = array.element.type
    // As xarray does; but zarr fills with 0 unless told otherwise, and coordinates miss no values.
    let isCoordinate = shape.count == 1 && shape[0].name == display
    if !isCoordinate, found["_FillValue"] == nil, type.isNumeric,
      let fill = array.fillValue(as: type)
    {
      found["_FillValue"] = fill
    }
    let identifier = Int32(clamping: arrays.count)
    arrays.append(array)
    return NetCDFVariable(
      name: display, type: type, dimensions: shape, attributes: found,
      storage: NetCDFStorage(
        chunkShape: isScalar ? [] : array.chunks, deflateLevel: array.deflateLevel,
        isShuffled: false),
      isPrefilled: false, group: GroupID(raw: -1), id: VariableID(raw: identifier))
  }

  // MARK: Attributes

  private static let hidden: Set<String> = [
    "_ARRAY_DIMENSIONS", "_NCZARR_ATTR", "_NCZARR_ATTRS", "_NCZARR_GROUP", "_NCZARR_ARRAY",
    "_nczarr_attrs", "_NCProperties",
  ]

  private func attributes(_ json: JSONValue, types: JSONValue?) -> NetCDFAttributes {
    let types = (json["_NCZARR_ATTR"] ?? types)?["types"]
    var elements: [NetCDFAttributes.Element] = []
    for member in json.members ?? [] where !ZarrMetadataReader.hidden.contains(member.name) {
      guard let value = value(member.value, type: types?[member.name]?.text) else { continue }
      elements.append(NetCDFAttributes.Element(name: member.name, value: value))
    }
    return NetCDFAttributes(elements)
  }

  /// A JSON value as that of an attribute; `type` is what NCZarr says it was.
  private func value(_ json: JSONValue, type: String?) -> NetCDFValues? {
    if let text = json.text { return .text(text) }
    if let texts = json.texts, !texts.isEmpty { return .strings(texts) }
    if case .bool(let isTrue) = json { return .int8([isTrue ? 1 : 0]) }
    let elements = json.elements ?? [json]
    let numbers = elements.compactMap(\.double)
    guard !numbers.isEmpty, numbers.count == elements.count else { return nil }
    if let type, let typed = typed(numbers, as: type) { return typed }
    let integers = elements.compactMap(\.integer)
    return integers.count == elements.count ? .int64(integers.map(Int64.init)) : .double(numbers)
  }

  private func typed(_ numbers: [Double], as dtype: String) -> NetCDFValues? {
    func all<T: NetCDFNumber>(_ make: ([T]) -> NetCDFValues) -> NetCDFValues? {
      let values = numbers.compactMap { T(nearest: $0) }
      return values.count == numbers.count ? make(values) : nil
    }
    switch dtype.dropFirst() {
    case "i1": return all(NetCDFValues.int8)
    case "u1": return all(NetCDFValues.uint8)
    case "i2": return all(NetCDFValues.int16)
    case "u2": return all(NetCDFValues.uint16)
    case "i4": return all(NetCDFValues.int32)
    case "u4": return all(NetCDFValues.uint32)
    case "f4": return all(NetCDFValues.float)
    case "f8": return all(NetCDFValues.double)
    default: return nil
    }
  }
}

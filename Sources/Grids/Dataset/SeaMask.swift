// Room: Grids. Where a field's sea is: told by its missing values, or by a mask that lies beside it.

internal import GridFiles

/// Which cells are sea, at one level for all or at each.
public struct SeaMask: Sendable, Equatable {
  /// Whether each cell is sea, `levels × height × width`.
  public var isSea: [Bool]
  /// The number of levels; 1 where the mask holds for all.
  public var levels: Int
  /// Rows.
  public var height: Int
  /// Cells in a row.
  public var width: Int
  /// Where the mask comes from, for a person.
  public var source: String

  /// The part of the cells that is land, 0 to 1.
  public var landFraction: Double {
    isSea.isEmpty ? 0 : Double(isSea.count { !$0 }) / Double(isSea.count)
  }

  /// The mask of one level.
  public func layer(_ level: Int) -> [Bool] {
    let size = height * width
    let level = levels == 1 ? 0 : level
    guard level >= 0, level < levels, isSea.count == levels * size else { return [] }
    return Array(isSea[level * size..<(level + 1) * size])
  }
}

extension Field {
  /// The mask that the field's own missing values make, at all its levels.
  ///
  /// Edge cases: levels that are all alike become one.
  public func seaMask(time: Int = 0, others: [Int] = []) throws(GridError) -> SeaMask {
    let isSea = try volume(time: time, others: others).map { !$0.isNaN }
    var mask = SeaMask(
      isSea: isSea, levels: levelCount, height: height, width: width,
      source: "missing values of '\(name)'")
    mask.joinLevels()
    return mask
  }
}

extension SeaMask {
  fileprivate mutating func joinLevels() {
    let first = layer(0)
    guard levels > 1, (1..<levels).allSatisfy({ layer($0) == first }) else { return }
    isSea = first
    levels = 1
  }
}

extension GridDataset {
  /// The mask that lies beside `field` in the dataset: a land or sea mask or fraction by standard name,
  /// or what models call one (`tmask`, `mask_rho`, `lsm`, `LANDMASK`); nil where there is none.
  public func seaMask(for field: Field) throws(GridError) -> SeaMask? {
    let candidates = variables.compactMap { variable -> (GridVariable, MaskMeaning)? in
      guard variable.isGridded, variable.name != field.name,
        let meaning = MaskMeaning(variable, for: field)
      else { return nil }
      return (variable, meaning)
    }
    let ranked = candidates.sorted { $0.1.rank < $1.1.rank }
    for (variable, meaning) in ranked {
      guard let found = try? self.field(variable), let placed = found.placed(like: field) else {
        continue
      }
      let values = try placed.volume()
      var mask = SeaMask(
        isSea: values.map(meaning.isSea), levels: placed.levelCount, height: placed.height,
        width: placed.width, source: "'\(variable.name)'")
      mask.joinLevels()
      return mask
    }
    return nil
  }
}

extension Field {
  /// This field at the cells, and at the levels if it has as many, of `other`; nil where it lies on
  /// another grid.
  func placed(like other: Field) -> Field? {
    let (own, wanted) = (source.shape.suffix(3), other.source.shape.suffix(3))
    guard own.last == wanted.last, own.dropLast().last == wanted.dropLast().last,
      sameDimension(own.count, other, fromEnd: 1), sameDimension(own.count, other, fromEnd: 2)
    else { return nil }
    var field = self
    let (y, x) = (other.selection[other.selection.count - 2], other.selection.last ?? [])
    field.selection[field.selection.count - 2] = y
    field.selection[field.selection.count - 1] = x
    field.horizontal = other.horizontal
    if own.first == wanted.first, own.first != 1 {
      field.selection[field.selection.count - 3] = other.selection[other.selection.count - 3]
      field.vertical = other.vertical
    }
    return field
  }

  private func sameDimension(_ count: Int, _ other: Field, fromEnd place: Int) -> Bool {
    let (a, b) = (dimensionNames, other.dimensionNames)
    return a[a.count - place] == b[b.count - place]
  }
}

/// How the numbers of a mask tell sea from land.
private enum MaskMeaning {
  case seaIsOne, seaIsZero, seaFraction(Float), landFraction(Float)

  var rank: Int {
    switch self {
    case .seaIsOne, .seaIsZero: 0
    case .seaFraction, .landFraction: 1
    }
  }

  func isSea(_ value: Float) -> Bool {
    switch self {
    case .seaIsOne: value > 0.5
    case .seaIsZero: value < 0.5
    case .seaFraction(let whole): value >= 0.5 * whole
    case .landFraction(let whole): value < 0.5 * whole
    }
  }

  init?(_ variable: GridVariable, for field: Field) {
    let whole: Float = variable.units == "%" ? 100 : 1
    switch variable.standardName {
    case "sea_binary_mask": self = .seaIsOne
    case "land_binary_mask": self = .seaIsZero
    case "sea_area_fraction": self = .seaFraction(whole)
    case "land_area_fraction": self = .landFraction(whole)
    default:
      // Where several staggered masks have the same dimensions, the level's name tells the right one.
      let stagger = field.vertical.flatMap { axis in
        axis.name.hasPrefix("dept") ? axis.name.last.map(String.init) : nil
      }
      switch variable.name.lowercased() {
      case "mask", "mask_rho", "mask_u", "mask_v", "mask_psi", "wet", "wet_t", "maskc", "sea_mask",
        "oceanmask":
        self = .seaIsOne
      case "tmask" where stagger == nil || stagger == "t" || stagger == "h": self = .seaIsOne
      case "umask" where stagger == "u": self = .seaIsOne
      case "vmask" where stagger == "v": self = .seaIsOne
      case "wmask" where stagger == "w": self = .seaIsOne
      case "landmask", "xland_mask", "lsm", "land_mask": self = .seaIsZero
      case "hfacc", "sftof": self = .seaFraction(whole)
      case "sftlf": self = .landFraction(whole)
      default: return nil
      }
    }
  }
}

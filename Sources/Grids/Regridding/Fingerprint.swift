// Room: Grids. A short number that stands for much data, to tell whether it is the same.

/// A 128-bit fingerprint: not against forgers, but against chance and damage.
struct Fingerprint: Sendable {
  private var a: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var b: UInt64 = 0xd1b5_4a32_d192_ed03

  mutating func add(_ word: UInt64) {
    a = (a ^ word) &* 0xff51_afd7_ed55_8ccd
    a ^= a >> 29
    b = (b &+ word) &* 0xc4ce_b9fe_1a85_ec53
    b ^= b >> 32
  }

  mutating func add(_ values: [Double]) {
    add(UInt64(values.count))
    for value in values { add(value.bitPattern) }
  }

  mutating func add(_ values: [Int32]) {
    add(UInt64(values.count))
    for value in values { add(UInt64(UInt32(bitPattern: value))) }
  }

  mutating func add(_ mask: [Bool]?) {
    guard let mask else { return add(UInt64.max) }
    add(UInt64(mask.count))
    for start in stride(from: 0, to: mask.count, by: 64) {
      var word: UInt64 = 0
      for bit in 0..<min(64, mask.count - start) where mask[start + bit] { word |= 1 << bit }
      add(word)
    }
  }

  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    for byte in text.utf8 { add(UInt64(byte)) }
  }

  mutating func add(_ geometry: GridGeometry) {
    switch geometry.shape {
    case .rectilinear(let grid):
      add("rectilinear")
      for values in [
        grid.longitudes, grid.latitudes, grid.longitudeBounds, grid.latitudeBounds,
      ] { add(values) }
    case .curvilinear(let grid):
      add("curvilinear")
      add(UInt64(grid.width))
      add(grid.longitudes)
      add(grid.latitudes)
      switch grid.corners {
      case .shared(let x, let y):
        add(x)
        add(y)
      case .own(let count, let x, let y):
        add(UInt64(count))
        add(x)
        add(y)
      }
    }
  }

  /// 32 hexadecimal digits.
  var text: String {
    [a ^ (b >> 31), b ^ (a >> 33)].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

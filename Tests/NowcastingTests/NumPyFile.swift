// Tests of Nowcasting. The reference vectors of a model package, as NumPy wrote them.

import Foundation
import Nowcasting

/// The planes of a `.npy` file of little-endian floats, version 1, last two dimensions y and x.
struct NumPyFile {
  let shape: [Int]
  let values: [Float]

  init(_ url: URL) throws {
    let data = try Data(contentsOf: url)
    let length = Int(data[8]) | Int(data[9]) << 8
    let header = String(decoding: data[10..<10 + length], as: UTF8.self)
    guard header.contains("'<f4'"), header.contains("'fortran_order': False"),
      let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")")
    else { throw CocoaError(.fileReadCorruptFile) }
    shape = header[header.index(after: open)..<close].split(separator: ",").compactMap {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    let bytes = [UInt8](data[(10 + length)...])
    values = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// The planes along the leading dimension.
  var planes: [Plane] {
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    return stride(from: 0, to: values.count, by: rows * columns).map {
      Plane(rows: rows, columns: columns, values: Array(values[$0..<$0 + rows * columns]))
    }
  }
}

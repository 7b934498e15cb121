// Room: Networks. Which rows each window of attention reads, and where its results go.

internal import Tensors

/// Attention seen as windows: sets of rows whose queries, keys and values meet nobody else's.
///
/// Made from the strided walks of attention over the rows that products make; nil for attention whose
/// rows are shared between windows, as where all queries see all keys.
package final class WindowRows: Sendable {
  /// One head of one window.
  struct Head: Sendable {
    /// Its number among the items of attention.
    var item: Int
    /// Its first column in rows of queries, keys, values and results.
    var query: Int, key: Int, value: Int, result: Int
  }

  /// The rows of a window.
  let length: Int
  let count: Int
  /// Window by window.
  let heads: [Head]
  let headsPerWindow: Int
  /// For each source, window by window, its rows; -1 for a row of zeros.
  let origins: [RowList]
  /// Window by window, the rows of the result; -1 for those that nobody wants.
  let targets: RowList
  /// For each source, whether what a window writes is read by no other window.
  let keepsToItself: [Bool]

  /// The rows that attention of windows may have.
  private static let longestWindow = 1 << 10

  /// Rows as a product makes them of a source.
  struct Rows {
    var width: Int, count: Int
    var list: RowList?
    /// The number of rows in the source.
    var sourceCount: Int
  }

  /// `rows` are those of queries, keys and values; `width` is that of the rows of attention's result,
  /// and `tail` numbers those of its rows that are taken.
  init?(_ attention: FusedAttention, _ rows: [Rows], width: Int, tail: RowList?, outputRows: Int) {
    let walks = [attention.query, attention.key, attention.value, attention.result]
    let rank = attention.result.shape.count
    let (length, depth) = (attention.result.shape[rank - 2], attention.result.shape[rank - 1])
    guard let batch = try? attention.batch, batch.count > 0, rows.count == 3,
      length > 1, length <= Self.longestWindow, width > 0,
      attention.query.shape.suffix(1) == attention.key.shape.dropLast().suffix(1),
      attention.query.shape.dropLast().last == length, attention.key.shape.last == length,
      attention.value.shape.dropLast().last == length,
      rows.allSatisfy({ $0.count == rows[0].count && $0.width > 0 })
    else { return nil }
    let resultRows = attention.output.count / width
    let size = attention.query.shape[attention.query.shape.count - 1]
    let places = zip(walks, rows.map(\.width) + [width]).enumerated().map { index, place in
      Self.place(
        place.0, isTurned: index == 1, width: place.1, columns: index < 2 ? size : depth)
    }
    var offsets: [[Int]] = []
    var steps: [Int] = []
    for (walk, place) in zip(walks, places) {
      guard let place,
        let own = try? MatrixPlace.offsets(
          Array(walk.shape.dropLast(2)), Array(walk.strides.dropLast(2)), walk.offset, batch)
      else { return nil }
      offsets.append(own)
      steps.append(place)
    }
    guard steps[0] == steps[1], steps[0] == steps[2] else { return nil }

    var windows: [Int: Int] = [:]
    var members: [(start: Int, target: Int, heads: [Head])] = []
    for item in 0..<batch.count {
      let starts = (0..<4).map { offsets[$0][item] / ($0 < 3 ? rows[$0].width : width) }
      let columns = (0..<4).map { offsets[$0][item] % ($0 < 3 ? rows[$0].width : width) }
      guard offsets.allSatisfy({ $0[item] >= 0 }), starts[0] == starts[1], starts[0] == starts[2],
        zip(columns, [size, size, depth, depth]).enumerated().allSatisfy({ index, own in
          own.0 + own.1 <= (index < 3 ? rows[index].width : width)
        })
      else { return nil }
      let head = Head(
        item: item, query: columns[0], key: columns[1], value: columns[2], result: columns[3])
      if let known = windows[starts[0]] {
        guard members[known].target == starts[3] else { return nil }
        members[known].heads.append(head)
      } else {
        windows[starts[0]] = members.count
        members.append((starts[0], starts[3], [head]))
      }
    }
    let perWindow = members[0].heads.count
    guard perWindow * depth == width, members.count * length == resultRows,
      members.allSatisfy({ member in
        member.heads.count == perWindow
          && Set(member.heads.map(\.result)).count == perWindow
          && member.heads.allSatisfy { $0.result.isMultiple(of: depth) }
      })
    else { return nil }

    // Where the rows of attention's result go.
    var places4 = [Int32](repeating: -1, count: resultRows)
    if let tail {
      guard tail.count == outputRows else { return nil }
      for (index, row) in tail.indices.enumerated() {
        guard row >= 0, Int(row) < resultRows, places4[Int(row)] < 0 else { return nil }
        places4[Int(row)] = Int32(index)
      }
    } else {
      guard outputRows == resultRows else { return nil }
      for row in 0..<resultRows { places4[row] = Int32(row) }
    }
    var seen = [Bool](repeating: false, count: rows[0].count)
    var written = [Bool](repeating: false, count: resultRows)
    var numbers: [Int] = []
    var targets: [Int32] = []
    numbers.reserveCapacity(resultRows)
    targets.reserveCapacity(resultRows)
    for member in members {
      for index in 0..<length {
        let (row, target) = (member.start + index * steps[0], member.target + index * steps[3])
        guard row < seen.count, target < written.count, !seen[row], !written[target] else {
          return nil
        }
        (seen[row], written[target]) = (true, true)
        numbers.append(row)
        targets.append(places4[target])
      }
    }
    var origins: [RowList] = []
    var keeps: [Bool] = []
    for own in rows {
      let list =
        own.list.map { list in numbers.map { list.indices[$0] } } ?? numbers.map(Int32.init)
      origins.append(RowList(list))
      keeps.append(
        Self.keepsToItself(list, targets, length, sourceCount: max(own.sourceCount, outputRows)))
    }
    (self.length, self.count, headsPerWindow) = (length, members.count, perWindow)
    heads = members.flatMap(\.heads)
    (self.origins, self.targets, keepsToItself) = (origins, RowList(targets), keeps)
  }

  /// By how many rows a matrix's rows lie apart; nil where they are no parts of whole rows.
  private static func place(
    _ walk: StridedWalk, isTurned: Bool, width: Int, columns: Int
  ) -> Int? {
    let rank = walk.shape.count
    let (along, down) = isTurned ? (rank - 2, rank - 1) : (rank - 1, rank - 2)
    guard walk.shape[along] == columns, walk.strides[along] == 1, walk.strides[down] > 0,
      walk.strides[down].isMultiple(of: width)
    else { return nil }
    return walk.strides[down] / width
  }

  private static func keepsToItself(
    _ origins: [Int32], _ targets: [Int32], _ length: Int, sourceCount: Int
  ) -> Bool {
    var reader = [Int32](repeating: -1, count: sourceCount)
    for (index, row) in origins.enumerated() where row >= 0 {
      guard Int(row) < sourceCount else { return false }
      let window = Int32(index / length)
      guard reader[Int(row)] < 0 || reader[Int(row)] == window else { return false }
      reader[Int(row)] = window
    }
    return targets.enumerated().allSatisfy { index, row in
      row < 0 || reader[Int(row)] < 0 || reader[Int(row)] == Int32(index / length)
    }
  }
}

// Room: Tensors. A convolution's window in pieces for Winograd's way.

/// A window in pieces of 3 × 3 taps, each of which sees planes of its own where taps lie apart.
///
/// Taps beyond three are the first of another window, three steps further; the results of all are
/// summed up like those of channels. A dilated window never mixes rows or columns that are not alike
/// modulo the dilation: each such phase is a plane.
struct WinogradCut: Sendable {
  struct Axis: Sendable {
    /// Taps, how many windows of three they are, and how far apart neighbours lie.
    let taps: Int, windows: Int, step: Int
    /// Zeros before the first value.
    let before: Int
    /// Windows all of whose taps there are. A last one without its third is 0 at infinity.
    var wholeWindows: Int { taps / 3 }

    fileprivate init?(_ axis: WindowAxis, length: Int) {
      guard axis.stride == 1, (2...12).contains(axis.taps), length > 0,
        (1...32).contains(axis.dilation), axis.dilation <= length
      else { return nil }
      (taps, windows) = (axis.taps, (axis.taps + 2) / 3)
      (step, before) = (axis.dilation, axis.before)
    }
  }

  let vertical: Axis, horizontal: Axis

  init?(_ convolution: ConvolutionCore, outSize: [Int]) {
    guard convolution.groupInChannels > 1, outSize.allSatisfy({ $0 > 0 }),
      let vertical = Axis(convolution.vertical, length: outSize[1]),
      let horizontal = Axis(convolution.horizontal, length: outSize[2])
    else { return nil }
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  /// Windows of 3 × 3 for each in channel.
  var windowCount: Int { vertical.windows * horizontal.windows }
  /// Planes that a sheet of results falls into.
  var phaseCount: Int { vertical.step * horizontal.step }
  /// Rows and columns of the largest of them.
  func phaseSize(_ outSize: [Int]) -> [Int] {
    [
      (outSize[1] + vertical.step - 1) / vertical.step,
      (outSize[2] + horizontal.step - 1) / horizontal.step,
    ]
  }
}

// A piece without its third row or column of taps is 0 wherever that row's or column's point is
// infinity, which is the last of them: products over it need not be summed up.
extension WinogradCut {
  /// A piece's place among those of the window.
  struct Window: Sendable, Hashable {
    var y: Int, x: Int
  }

  /// All pieces, in an order in which those that are not 0 at some point are neighbours: those that
  /// miss columns, whole ones, those that miss rows, those that miss both.
  var windows: [Window] {
    let (rows, columns) = (vertical.wholeWindows, horizontal.wholeWindows)
    func all(_ rows: Range<Int>, _ columns: Range<Int>) -> [Window] {
      rows.flatMap { y in columns.map { Window(y: y, x: $0) } }
    }
    let (low, right) = (rows..<vertical.windows, columns..<horizontal.windows)
    return all(0..<rows, right) + all(0..<rows, 0..<columns) + all(low, 0..<columns)
      + all(low, right)
  }

  /// Which of `windows` count at a point of tiles of `side` × `side` results.
  func windows(row: Int, column: Int, side: Int) -> Range<Int> {
    let (rows, columns) = (vertical.wholeWindows, horizontal.wholeWindows)
    let first = column > side ? rows * (horizontal.windows - columns) : 0
    let seen = column > side ? columns : horizontal.windows
    return first..<first + seen * (row > side ? rows : vertical.windows)
  }

  /// Matrices of weights by which values are multiplied, each for one piece at one point.
  func products(side: Int) -> Double {
    let rows = (side + 1) * vertical.windows + vertical.wholeWindows
    let columns = (side + 1) * horizontal.windows + horizontal.wholeWindows
    return Double(rows * columns)
  }

  /// Where each of a piece's nine taps is among the window's; -1 where there is none.
  func places(of window: Window) -> [Int] {
    (0..<9).map { tap in
      let (i, j) = (3 * window.y + tap / 3, 3 * window.x + tap % 3)
      return i < vertical.taps && j < horizontal.taps ? i * horizontal.taps + j : -1
    }
  }
}

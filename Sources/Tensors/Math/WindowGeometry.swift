// Room: Tensors. How a window of taps walks along one axis: convolution and pooling share it.

/// A window of `taps` values, `dilation` apart, that moves by `stride` over a padded axis.
public struct WindowAxis: Sendable, Hashable {
  /// The number of taps.
  public var taps: Int
  /// The step between windows.
  public var stride: Int
  /// The step between a window's taps.
  public var dilation: Int
  /// Padding before the first and after the last value.
  public var before: Int, after: Int

  /// A window along one axis; traps on none of its values: `outputLength` checks them.
  public init(taps: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int = 0) {
    self.taps = taps
    self.stride = stride
    self.dilation = dilation
    self.before = before
    self.after = after
  }

  /// Whether each window sees one value, at its own place.
  package var seesItsPlace: Bool { taps == 1 && stride == 1 && before == 0 && after == 0 }

  /// How far the last tap lies from the first.
  var reach: Int { (taps - 1) * dilation }

  /// How many windows fit: `(length + before + after - reach - 1) / stride + 1`, the division
  /// rounded up with `ceiling` (ONNX `ceil_mode`, whose last window must start inside the axis or
  /// its leading padding).
  ///
  /// **Throws** `shapeMismatch` when no window fits or a value makes no sense.
  public func outputLength(_ length: Int, ceiling: Bool = false) throws(TensorError) -> Int {
    let limit = 1 << 40
    let values = [taps, stride, dilation, before + 1, after + 1]
    guard values.allSatisfy({ $0 > 0 && $0 < 1 << 31 }), length >= 0, length < limit else {
      throw TensorError(
        .shapeMismatch,
        "window of \(taps) taps, stride \(stride), dilation \(dilation), padding \(before) and "
          + "\(after) over \(length) values: each must be a positive, sensible number")
    }
    let (reach, overflow) = (taps - 1).multipliedReportingOverflow(by: dilation)
    let room = length + before + after - 1 - (overflow ? limit : reach)
    guard room >= 0, !overflow else {
      throw TensorError(
        .shapeMismatch,
        "a window \(taps) long with dilation \(dilation) does not fit \(length) values with "
          + "padding \(before) and \(after)")
    }
    var count = (ceiling ? room + stride - 1 : room) / stride + 1
    if ceiling, (count - 1) * stride >= length + before { count -= 1 }
    return count
  }
}

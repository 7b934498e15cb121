// Room: Networks. Values that hold one number for each channel of an image.

internal import Tensors

extension Shape {
  /// How much further on the next image's numbers begin in a value of this shape, where it holds one
  /// for each channel of `image`, all images having the same or each its own; nil where it does not.
  func channelStep(in image: Shape) -> Int? {
    guard image.rank >= 2, rank <= image.rank else { return nil }
    let lengths = [Int](repeating: 1, count: image.rank - rank) + dimensions
    guard lengths[1] == image[1], lengths[2...].allSatisfy({ $0 == 1 }) else { return nil }
    if lengths[0] == 1 { return 0 }
    return lengths[0] == image[0] ? image[1] : nil
  }
}

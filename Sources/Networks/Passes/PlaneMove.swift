// Room: Networks. Transpositions between channels in planes and channels side by side.

internal import Tensors

/// A transposition of images `[image, inner, outer]` to `[image, outer, inner]`, whatever dimensions
/// make up each.
struct PlaneMove {
  /// The lengths of the result's last dimension and of the one before.
  var inner: Int, outer: Int

  /// What `node` does to its input 0, if it is that.
  init?(_ node: GraphNode, output: ValueID, _ rewriter: inout GraphRewriter) {
    guard let facts = rewriter.facts(output), facts.shape.count > 0,
      facts.elementType == .float32, let operands = rewriter.operands(of: node),
      FactTable.hasNeededContents(node, operands), let source = operands[0],
      source.elementType == .float32, source.shape.count == facts.shape.count,
      let walk = StridedWalk(of: node, output, operands, facts.shape)
    else { return nil }
    guard walk.offset == 0, walk.strides.allSatisfy({ $0 > 0 }) else { return nil }
    // Dimensions that walk as one are one.
    var axes: [(length: Int, stride: Int)] = []
    for (length, stride) in zip(walk.shape, walk.strides) where length > 1 {
      if let last = axes.last, last.stride == stride * length {
        axes[axes.count - 1] = (last.length * length, stride)
      } else {
        axes.append((length, stride))
      }
    }
    guard (2...3).contains(axes.count) else { return nil }
    let (outer, inner) = (axes[axes.count - 2], axes[axes.count - 1])
    // The one that the source has last walks one by one, the other from row to row of it.
    guard outer.stride == 1, inner.stride == outer.length,
      axes.count == 2 || axes[0].stride == outer.length * inner.length
    else { return nil }
    (self.inner, self.outer) = (inner.length, outer.length)
  }
}

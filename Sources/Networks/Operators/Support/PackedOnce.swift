// Room: Networks. What an operator makes of its constant weights once, for all plans.

internal import Synchronization
package import Tensors

/// Keeps what was made of constant weights, so that plans for other shapes do not pack them again.
package final class PackedOnce<Packed: Sendable>: Sendable {
  private struct Entry {
    var weights: Int
    var variant: [Int]
    var packed: Packed
  }

  private let entries = Mutex<[Entry]>([])

  package init() {}

  /// What `make` makes of `weights`; `variant` says with what other settings.
  package func get(
    _ weights: Tensor, variant: [Int], make: () throws -> Packed
  ) throws -> Packed {
    let place = Int(bitPattern: weights.storage.base) &+ weights.offset
    let known = entries.withLock { entries in
      entries.first { $0.weights == place && $0.variant == variant }?.packed
    }
    if let known { return known }
    let made = try make()
    entries.withLock { $0.append(Entry(weights: place, variant: variant, packed: made)) }
    return made
  }
}

// Room: Networks. What an operator makes of its constant weights once, for all plans.

internal import Synchronization
package import Tensors

/// Keeps what was made of constant weights, so that plans for other shapes do not pack them again.
package final class PackedOnce<Packed: Sendable>: Sendable {
  private struct Entry {
    /// Held, so that no other weights can come to lie at their place.
    var constants: [Tensor]
    var variant: [Int]
    var activation: Activation
    var packed: Packed
  }

  private let entries = Mutex<[Entry]>([])
  /// Constants that each plan computes anew are kept for so many plans.
  private static var kept: Int { 16 }

  package init() {}

  /// What `make` makes of `weights` and the other constants; `variant` and `activation` say with
  /// what other settings.
  package func get(
    _ weights: Tensor, _ others: Tensor?..., variant: [Int], activation: Activation = .none,
    make: () throws -> Packed
  ) throws -> Packed {
    let constants = [weights] + others.compactMap { $0 }
    let known = entries.withLock { entries in
      entries.first {
        $0.variant == variant && $0.activation == activation
          && $0.constants.map(Self.place) == constants.map(Self.place)
      }?.packed
    }
    if let known { return known }
    let made = try make()
    entries.withLock { entries in
      if entries.count >= Self.kept { entries.removeFirst() }
      entries.append(
        Entry(constants: constants, variant: variant, activation: activation, packed: made))
    }
    return made
  }

  private static func place(_ tensor: Tensor) -> Int {
    tensor.storage.place &+ tensor.offset * tensor.elementType.byteWidth
  }
}

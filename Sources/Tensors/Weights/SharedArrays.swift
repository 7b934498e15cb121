// Room: Tensors. Arrays made of the same weights in the same way, made once for all who use them.

internal import Synchronization

/// Arrays made from weights, found again as long as somebody holds them and their weights.
///
/// A recurrent network that is written out step by step has the same weights in each of its steps.
final class SharedArrays: Sendable {
  /// What was made of which tensors, and how.
  struct Name: Hashable {
    fileprivate var layout: String
    fileprivate var variant: KernelVariant
    fileprivate var element: ObjectIdentifier
    /// Settings, and how each source lies in its storage.
    fileprivate var numbers: [Int]
    fileprivate var storages: [ObjectIdentifier?]

    init(
      _ layout: String, _ element: Any.Type, settings: [Int], of sources: [Tensor?], count: Int
    ) {
      self.layout = layout
      variant = .current
      self.element = ObjectIdentifier(element)
      storages = sources.map { $0.map { ObjectIdentifier($0.storage) } }
      numbers = [count, settings.count] + settings
      for case let source? in sources {
        numbers += [source.offset, source.shape.rank] + source.shape.dimensions + source.strides
      }
    }
  }

  private struct Entry {
    weak var array: AnyObject?
    /// Another storage may come to lie where one was: a name is good while they live.
    var storages: [Weak]
  }

  private struct Weak {
    weak var storage: TensorStorage?
  }

  // Unchecked: entries hold weak references, which may be read from any thread.
  private struct Entries: @unchecked Sendable {
    var all: [Name: Entry] = [:]
    var pruned = 0
  }

  private let entries = Mutex(Entries())

  /// The array of that name, while it lives.
  func find<Element>(_ name: Name, as _: Element.Type) -> AlignedArray<Element>? {
    let found: (any AnyObject & Sendable)? = entries.withLock { entries in
      guard let entry = entries.all[name], entry.storages.allSatisfy({ $0.storage != nil })
      else { return nil }
      return entry.array as? AlignedArray<Element>
    }
    return found as? AlignedArray<Element>
  }

  func add<Element>(_ array: AlignedArray<Element>, _ name: Name, of sources: [Tensor?]) {
    let storages = sources.compactMap { $0.map { Weak(storage: $0.storage) } }
    nonisolated(unsafe) let entry = Entry(array: array, storages: storages)
    entries.withLock { entries in
      if entries.all.count > 2 * entries.pruned + 64 {
        entries.all = entries.all.filter { $0.value.array != nil }
        entries.pruned = entries.all.count
      }
      entries.all[name] = entry
    }
  }
}

// Room: Networks. Where a run's time goes, by operator.

internal import Dispatch
internal import Synchronization

/// Collects how often each operator ran and how long it took, over any number of runs.
///
/// Give one to `CompiledNetwork.run`; operators inside branches and loops are counted themselves
/// and also in the time of the `If`, `Loop` or `Scan` around them.
public final class ProfileRecorder: Sendable {
  /// One operator's share.
  public struct Entry: Sendable, Hashable {
    /// The operator, as in `Conv` or `com.microsoft.FusedConv`.
    public var opType: String
    /// How many nodes of it were run.
    public var calls: Int
    /// How long they took together, in seconds.
    public var seconds: Double
  }

  private let byOperator = Mutex<[String: (calls: Int, nanoseconds: UInt64)]>([:])

  /// An empty record.
  public init() {}

  /// The operators met so far, the most costly first.
  public var entries: [Entry] {
    byOperator.withLock { table in
      table.map {
        Entry(opType: $0.key, calls: $0.value.calls, seconds: Double($0.value.nanoseconds) * 1e-9)
      }
    }.sorted { ($1.seconds, $0.opType) < ($0.seconds, $1.opType) }
  }

  func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

  func record(_ node: GraphNode, since start: UInt64) {
    let elapsed = now() &- start
    let name = node.domain.isEmpty ? node.opType : "\(node.domain).\(node.opType)"
    byOperator.withLock { table in
      let known = table[name] ?? (0, 0)
      table[name] = (known.calls + 1, known.nanoseconds &+ elapsed)
    }
  }
}

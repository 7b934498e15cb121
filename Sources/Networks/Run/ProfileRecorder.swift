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

  /// One node's share.
  public struct NodeEntry: Sendable, Hashable {
    /// The node's name in the file, or its first output's.
    public var name: String
    /// The operator, as in `Conv` or `com.microsoft.FusedConv`.
    public var opType: String
    /// How often it ran.
    public var calls: Int
    /// How long that took, in seconds.
    public var seconds: Double
  }

  private struct NodeKey: Hashable {
    var name: String
    var opType: String
  }

  private let byNode = Mutex<[NodeKey: (calls: Int, nanoseconds: UInt64)]>([:])
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

  /// The nodes met so far, the most costly first.
  public var nodes: [NodeEntry] {
    byNode.withLock { table in
      table.map {
        NodeEntry(
          name: $0.key.name, opType: $0.key.opType, calls: $0.value.calls,
          seconds: Double($0.value.nanoseconds) * 1e-9)
      }
    }.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }

  func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

  func record(_ node: GraphNode, since start: UInt64) {
    let elapsed = now() &- start
    let name = node.domain.isEmpty ? node.opType : "\(node.domain).\(node.opType)"
    byNode.withLock { table in
      let known = table[NodeKey(name: node.name, opType: name)] ?? (0, 0)
      table[NodeKey(name: node.name, opType: name)] = (
        known.calls + 1, known.nanoseconds &+ elapsed
      )
    }
    byOperator.withLock { table in
      let known = table[name] ?? (0, 0)
      table[name] = (known.calls + 1, known.nanoseconds &+ elapsed)
    }
  }
}

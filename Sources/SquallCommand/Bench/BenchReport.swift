// Room: SquallCommand. What `squall bench` says: how long loading and running take, in how much
// memory, and where the time goes.

internal import Foundation
internal import Networks

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Times and memory of a network.
struct BenchReport: Encodable {
  struct Spread: Encodable {
    let min: Double
    let median: Double
    let max: Double

    /// Of one number or more.
    init(_ seconds: [Double]) {
      let sorted = seconds.sorted()
      let middle = sorted.count / 2
      min = sorted.first ?? 0
      max = sorted.last ?? 0
      median =
        sorted.isEmpty
        ? 0 : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
  }

  struct OperatorShare: Encodable {
    let opType: String
    let calls: Int
    let seconds: Double
  }

  struct NodeShare: Encodable {
    let name: String
    let opType: String
    let seconds: Double
  }

  let path: String
  let threads: Int
  let runs: Int
  /// From the path to a network that could run: reading, compiling, planning for these shapes.
  let loadSeconds: Double
  /// The first run, which also packs weights.
  let firstRunSeconds: Double
  let runSeconds: Spread
  let arenaBytes: Int
  let peakRssBytes: Int
  /// Float32 multiply-adds a second that the machine has to give with these threads, measured now.
  let peakMultiplyAdds: Double
  /// One run's share, the most costly first. What runs inside a loop or branch counts there too.
  let operators: [OperatorShare]
  /// The most costly nodes of one run.
  let nodes: [NodeShare]

  /// The most memory that this process has held at once.
  static var peakMemory: Int {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which has another type in each C library.
    guard getrusage(0, &usage) == 0 else { return 0 }
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss * 1024
    #endif
  }

  /// The report for people.
  var text: String {
    var page = Page()
    page.add("network", path)
    page.add("threads", "\(threads)")
    page.add(
      "load",
      "\(Self.time(loadSeconds)), first run \(Self.time(firstRunSeconds))")
    page.add(
      "run",
      "\(Self.time(runSeconds.median)), from \(Self.time(runSeconds.min)) to "
        + "\(Self.time(runSeconds.max)) in \(runs) runs")
    page.add(
      "memory",
      "\(Page.bytes(peakRssBytes)) at most, \(Page.bytes(arenaBytes)) of it for intermediate values"
    )
    page.add(
      "peak", String(format: "%.0f G multiply-adds a second, measured now", peakMultiplyAdds / 1e9))
    let total = operators.reduce(0) { $0 + $1.seconds }
    page.table(
      "operators",
      operators.map {
        [
          Self.share($0.seconds, of: total), Self.time($0.seconds), "×\(Page.count($0.calls))",
          $0.opType,
        ]
      })
    page.table(
      "nodes",
      nodes.map {
        [Self.share($0.seconds, of: total), Self.time($0.seconds), $0.opType, $0.name]
      })
    return page.text
  }

  /// Networks take from microseconds to minutes.
  private static func time(_ seconds: Double) -> String {
    seconds < 0.9995 ? String(format: "%.3f ms", seconds * 1e3) : Page.seconds(seconds)
  }

  private static func share(_ seconds: Double, of total: Double) -> String {
    String(format: "%5.1f %%", total > 0 ? seconds / total * 100 : 0)
  }
}

// Room: GridFiles. What killed processes have left behind: recognised by its name, and removed.

internal import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Unfinished files whose owner is dead.
///
/// A hidden file's name ends in `.HOST-PROCESS-START-RANDOM.part`: the machine (and, in containers,
/// the set of processes) that its owner ran on, the owner's number and the moment at which it
/// started. Files of other machines, and of processes that still run, are left alone.
enum Leftovers {
  private static let visited = Mutex<[String: ContinuousClock.Instant]>([:])

  /// The end of a new hidden name of this process.
  static func suffix() -> String {
    let random = String(UInt32.random(in: .min ... .max), radix: 36)
    let start = String(startTime(of: getpid()) ?? 0, radix: 36)
    return ".\(host)-\(getpid())-\(start)-\(random).part"
  }

  /// Removes what dead processes have left in `folder`, not more often than once a minute: a run
  /// that writes thousands of files does not look at all of them each time.
  static func removeOnce(in folder: String) {
    let now = ContinuousClock.now
    let isDue = visited.withLock { visited in
      if let last = visited[folder], now - last < .seconds(60) { return false }
      visited[folder] = now
      return true
    }
    guard isDue, let directory = opendir(folder.isEmpty ? "." : folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if isAbandoned(name) { unlink(folder + name) }
    }
  }

  /// Whether `name` is that of a hidden file of this machine whose owner is dead.
  static func isAbandoned(_ name: String) -> Bool {
    guard name.hasPrefix("."), name.hasSuffix(".part") else { return false }
    let parts = name.dropLast(5).split(separator: ".").last?.split(separator: "-") ?? []
    guard parts.count == 4, parts[0] == host, let process = Int32(parts[1]), process > 0,
      let start = UInt64(parts[2], radix: 36)
    else { return false }
    if kill(process, 0) != 0, errno == ESRCH { return true }
    guard start != 0, let now = startTime(of: process) else { return false }
    return now != start
  }

  /// Stands for this machine and, on Linux, for the set of processes whose numbers this process sees.
  private static let host: String = {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, 255)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let processes = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    for byte in bytes + Array((processes ?? "").utf8) {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return String(hash >> 24, radix: 36)
  }()

  /// The moment at which a process started, in ticks since the machine did; nil where it is over or
  /// the system does not say.
  private static func startTime(of process: Int32) -> UInt64? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
      // The program's name, in parentheses, may hold anything.
      let end = data.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = String(decoding: data[(end + 1)...], as: UTF8.self).split(separator: " ")
    guard fields.count > 19 else { return nil }
    // A zombie has ended and waits only to be counted.
    return fields[0] == "Z" || fields[0] == "X" ? .max : UInt64(fields[19])
  }
}

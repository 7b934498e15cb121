// Test support: another process, which can be killed at a chosen moment.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A program that was built beside the tests, running.
public struct Child {
  private let process: pid_t

  /// Where the program called `name` lies, beside the test bundle; nil where it was not built.
  public static func path(of name: String) -> String? {
    let bundle =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    for candidate in [bundle, CommandLine.arguments[0]] {
      let program = URL(filePath: candidate).deletingLastPathComponent().appending(path: name)
      if FileManager.default.isExecutableFile(atPath: program.path) { return program.path }
    }
    return nil
  }

  /// Starts `program`; what it says is thrown away.
  public init(_ program: String, _ arguments: [String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in [1, 2] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    #if canImport(Glibc)
      // HDF5 locks what it has open, and a child that inherits the descriptor keeps the lock. Those
      // that are not open do no harm.
      for descriptor: Int32 in 3..<512 {
        posix_spawn_file_actions_addclose(&actions, descriptor)
      }
    #endif
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    guard posix_spawn(&process, program, &actions, nil, &words, environ) == 0 else {
      throw CocoaError(.executableLoad)
    }
    self.process = process
  }

  /// Ends it without a chance to tidy up.
  public func kill() { _ = Foundation.kill(process, SIGKILL) }

  /// Waits for its end; the exit status, or nil where a signal ended it.
  @discardableResult
  public func wait() -> Int32? {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? (status >> 8) & 0xff : nil
  }
}

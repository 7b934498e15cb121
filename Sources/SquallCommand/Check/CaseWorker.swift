// Room: SquallCommand. A child process that runs reference cases, so that a crash ends only a case.

package import Foundation

/// A copy of this program that reads the paths of cases on its standard input, one a line, and
/// answers each with one line of JSON on its standard output.
///
/// It is started when first needed and again after it has died.
package final class CaseWorker {
  /// How a case ended, seen from outside.
  package enum Answer: Equatable {
    /// The worker's line.
    case line(String)
    /// The worker died; the text says of what.
    case died(String)
    /// The worker did not answer in time and was ended.
    case timedOut
  }

  private let executable: URL
  private let arguments: [String]
  private var process: Process?
  private var input: FileHandle?
  private var output: FileHandle?
  private var messages: FileHandle?
  private var pending: [UInt8] = []
  private var lastWords: [UInt8] = []

  /// A worker that runs `executable` with `arguments`.
  package init(executable: URL, arguments: [String]) {
    self.executable = executable
    self.arguments = arguments
  }

  deinit { stop() }

  /// Gives the worker one line and waits for its answer.
  package func ask(_ line: String, timeout: Duration) throws -> Answer {
    if process?.isRunning != true { try start() }
    guard let input, let output, let messages, let process else {
      throw Failure(.bug, "the worker for reference cases did not start: report this")
    }
    lastWords.removeAll()
    guard Self.writeAll(Array((line + "\n").utf8), to: input.fileDescriptor) else {
      return .died(endOfProcess(process))
    }
    let deadline = ContinuousClock.now + timeout
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(...end)
        return .line(text)
      }
      let left = deadline - ContinuousClock.now
      guard left > .zero else {
        stop()
        return .timedOut
      }
      var descriptors = [
        pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: messages.fileDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      let milliseconds = Int32(clamping: left.components.seconds * 1000 + 1)
      guard poll(&descriptors, 2, min(milliseconds, 1000)) > 0 else { continue }
      if descriptors[1].revents != 0 {
        lastWords += Self.readSome(messages.fileDescriptor) ?? []
        lastWords.removeFirst(max(lastWords.count - 4096, 0))
      }
      if descriptors[0].revents != 0 {
        guard let bytes = Self.readSome(output.fileDescriptor), !bytes.isEmpty else {
          return .died(endOfProcess(process))
        }
        pending += bytes
      }
    }
  }

  /// Ends the worker, whatever it is doing.
  func stop() {
    guard let process else { return }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    forget()
  }

  private func start() throws(Failure) {
    forget()
    let process = Process()
    let pipes = (input: Pipe(), output: Pipe(), messages: Pipe())
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = pipes.input
    process.standardOutput = pipes.output
    process.standardError = pipes.messages
    // A crash is told in one line here; the trace would only take time.
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { _, new in new })
    do {
      try process.run()
    } catch {
      throw Failure(.runFailed, "cannot start \(executable.path): \(error.localizedDescription)")
    }
    self.process = process
    input = pipes.input.fileHandleForWriting
    output = pipes.output.fileHandleForReading
    messages = pipes.messages.fileHandleForReading
    signal(SIGPIPE, SIG_IGN)
  }

  private func forget() {
    process = nil
    input = nil
    output = nil
    messages = nil
    pending.removeAll()
  }

  /// How the process died, with the last thing it said.
  private func endOfProcess(_ process: Process) -> String {
    // It has closed its output; give it a moment to be gone, then insist.
    process.waitUntilExit()
    if let messages { lastWords += Self.readSome(messages.fileDescriptor, waiting: false) ?? [] }
    let said = String(decoding: lastWords, as: UTF8.self)
      .split(whereSeparator: \.isNewline)
      .first { $0.contains("Fatal error") || $0.contains("rror:") }
      .map { ": \(Console.oneLine(String($0)).prefix(200))" }
    forget()
    return process.terminationReason == .uncaughtSignal
      ? "crashed with signal \(process.terminationStatus)\(said ?? "")"
      : "ended the worker with exit code \(process.terminationStatus)\(said ?? "")"
  }

  private static func readSome(_ descriptor: Int32, waiting: Bool = true) -> [UInt8]? {
    if !waiting {
      var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&one, 1, 0) > 0 else { return nil }
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
      count = max(read(descriptor, buffer.baseAddress, buffer.count), 0)
    }
    return bytes.isEmpty ? nil : bytes
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written <= 0 {
        if written < 0, errno == EINTR { continue }
        return false
      }
      rest = rest.dropFirst(written)
    }
    return true
  }
}

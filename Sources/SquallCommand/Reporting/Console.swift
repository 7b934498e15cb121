// Room: SquallCommand. Standard output and standard error: results on one, all talk on the other.

internal import Foundation

/// Writes to the two standard streams.
enum Console {
  /// Whether somebody watches standard error.
  static let isWatched = isatty(STDERR_FILENO) == 1

  /// Prints a result line on standard output.
  ///
  /// A reader that went away is no failure of the run; a full disk is.
  static func print(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  /// Prints a remark for a person on standard error.
  static func note(_ text: String) {
    Progress.clear()
    write(oneLine(text) + "\n", to: STDERR_FILENO)
  }

  /// Prints the one line that says why the run failed.
  static func error(_ text: String) {
    note("squall: \(text)")
  }

  /// Ends the process.
  ///
  /// Without the libraries' exit handlers: HDF5's crashes when a file could not be closed because
  /// the disk was full. Nothing of ours waits for them.
  static func finish(_ status: ExitStatus) -> Never {
    Progress.clear()
    _exit(status.rawValue)
  }

  /// `text` with line breaks and control characters replaced by spaces.
  static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline)
      .map { line in
        String(
          line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
            .map(Character.init)
        ).trimmingCharacters(in: .whitespaces)
      }
      .joined(separator: " ")
  }

  static func write(_ text: String, to descriptor: Int32) {
    var bytes = ArraySlice(text.utf8)
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        bytes = bytes.dropFirst(written)
      } else if errno != EINTR {
        if descriptor == STDOUT_FILENO {
          let reason = String(cString: strerror(errno))
          write("squall: standard output: \(reason)\n", to: STDERR_FILENO)
          _exit(ExitStatus.inputOutput.rawValue)
        }
        return
      }
    }
  }
}

/// One line that is rewritten in place, shown only where standard error is a terminal.
enum Progress {
  /// Shows `text` in place of what was shown before.
  static func show(_ text: String) {
    guard Console.isWatched else { return }
    Console.write("\r\u{1B}[K\(Console.oneLine(text).prefix(100))", to: STDERR_FILENO)
  }

  /// Takes the line away.
  static func clear() {
    guard Console.isWatched else { return }
    Console.write("\r\u{1B}[K", to: STDERR_FILENO)
  }
}

// Fuzzing: libFuzzer's way into the reading of grid files.

internal import Foundation
internal import TestSupport

/// One input, whose answer is always 0: only a crash counts.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  GridTarget.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Called once, before all inputs.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  if let path = ProcessInfo.processInfo.environment["SQUALL_FUZZ_SEEDS"] {
    GridSeeds.write(into: URL(filePath: path))
  }
  return 0
}
